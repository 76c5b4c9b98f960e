"""Samples that training does not learn from: how well does it do on them, epoch by epoch?"""

import numpy as np
from sklearn.metrics import check_scoring

from sknn_edu._base import check_sample_weight, takes_weights
from sknn_edu.core._mini_batches import fill_targets
from sknn_edu.core.network import answers


class ValidationSet:
    """Samples to validate on.

    Parameters
    ----------
    X : ndarray or CSR array (n, n_features)
        Checked, in the dtype of training.
    y : ndarray
        Checked and encoded as for training.
    weight : ndarray (n,) or None
    X_given, y_given : array-like of n rows
        The same samples as the user gave them: what callbacks and scorers work with.
    """

    def __init__(self, X, y, weight, X_given, y_given):
        self.X, self.y, self.weight = X, y, weight
        self.X_given, self.y_given = X_given, y_given

    def arrays(self):
        """Return X, y and the weights, checked and encoded."""
        return self.X, self.y, self.weight

    def as_given(self):
        """Return X, y and the weights for a monitor to score."""
        return self.X_given, self.y_given, self.weight


def check_validation_set(estimator, X, X_val, y_val, sample_weight_val):
    """Return the user's validation set, checked like the training samples X, or None."""
    if X_val is None and y_val is None:
        if sample_weight_val is not None:
            raise ValueError(
                "sample_weight_val was given without X_val and y_val: pass the samples too."
            )
        return None
    if X_val is None or y_val is None:
        given, missing = ("y_val", "X_val") if X_val is None else ("X_val", "y_val")
        raise ValueError(f"{given} was given without {missing}: a validation set needs both.")
    checked, y_given = estimator._check_data(X_val, y_val, X.dtype, reset=False)
    try:
        encoded = estimator._encode(y_given, checked)
    except (ValueError, TypeError) as error:
        raise ValueError(f"y_val does not fit what is trained on: {error}") from error
    weight = check_sample_weight(sample_weight_val, checked)
    return ValidationSet(checked, encoded, weight, X_val, y_given)


class Validation:
    """Measures a network in training on a validation set.

    Parameters
    ----------
    estimator : TrainableNetwork
        Its ``scoring`` is read.
    network, parameters
        What is in training.
    samples : ValidationSet
    """

    def __init__(self, estimator, network, parameters, samples):
        self.estimator, self.network, self.parameters = estimator, network, parameters
        self.samples = samples
        n, n_outputs, dtype = samples.X.shape[0], network.layer_sizes[-1], parameters.theta.dtype
        self._targets = np.empty((n_outputs, n), dtype=dtype)
        fill_targets(self._targets, samples.y)
        self._scorer, self._weight = None, {}
        if estimator.scoring not in (None, "loss"):
            self._scorer = check_scoring(estimator, estimator.scoring)
            if samples.weight is not None and takes_weights(self._scorer):
                self._weight = {"sample_weight": samples.weight}

    def measure(self):
        """Return the mean loss, without penalties, and the score, of which more is better."""
        z = answers(self.network, self.parameters, self.samples.X)
        if not np.isfinite(z).all():
            return np.nan, np.nan
        a = np.array(z.T, dtype=self._targets.dtype, order="C")
        self.network.loss.activate(a)
        losses = self.network.loss.value(self._targets, a)
        loss = float(np.average(losses, weights=self.samples.weight))
        return loss, -loss if self.estimator.scoring == "loss" else self._score(z)

    def _score(self, z):
        samples = self.samples
        if self._scorer is None:
            return float(self.estimator._validation_score(z, samples.y, samples.weight))
        fitted = self.estimator._as_if_fitted(self.parameters)
        try:
            return float(self._scorer(fitted, samples.X, samples.y_given, **self._weight))
        except AttributeError as error:
            raise ValueError(
                f"scoring={self.estimator.scoring!r} asks for something that "
                f"{type(fitted).__name__} does not have: {error}. Choose another score."
            ) from error
