"""Validation: the loss and score on samples that training does not use."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import check_scoring

from sknn_edu.core.speed.mini_batches import fill_targets
from sknn_edu.fitting.estimator import check_sample_weight, rows_of, takes_weights, warn
from sknn_edu.fitting.remote import (
    column_range,
    is_remote,
    is_sparse_matrix,
    output_sums_of,
    to_local,
)

IN_A_PIPELINE = (
    "A pipeline transforms X before the network, but not X_val. To transform X_val, too, call "
    "sklearn.set_config(enable_metadata_routing=True) and use "
    "Pipeline(steps, transform_input=['X_val']) or tabular_pipeline(...)."
)
"""The remedy for a validation set that the steps of a pipeline have not transformed."""


@dataclass(frozen=True, eq=False)
class ValidationSet:
    """The validation samples.

    Attributes
    ----------
    X : ndarray or CSR array (n, n_features)
        Checked, in the dtype of the training samples.
    y : ndarray
        Checked, and encoded like the training targets.
    weight : ndarray (n,) or None
    X_given, y_given : array-like of n rows
        The same samples before encoding, for callbacks and scorers.
    """

    X: Any
    y: np.ndarray
    weight: np.ndarray | None
    X_given: Any
    y_given: Any

    def arrays(self):
        """Return X, y and the weights, checked and encoded."""
        return self.X, self.y, self.weight

    def as_given(self):
        """Return X, y and the weights for callbacks, before encoding."""
        return self.X_given, self.y_given, self.weight


def check_validation_set(estimator, targets, data, X_val, y_val, sample_weight_val):
    """Return the user's validation set, checked like the training samples, or None.

    Parameters
    ----------
    estimator : estimator
    targets : Targets
    data : TrainingData
    X_val, y_val, sample_weight_val : array-like or None
        The validation set as the user passed it.

    Returns
    -------
    validation_set : ValidationSet or None
        None if X_val and y_val are None.

    Raises
    ------
    ValueError
        If only a part of the validation set was passed, or if it does not fit the training samples.
    """
    X = data.X
    if X_val is None and y_val is None:
        if sample_weight_val is not None:
            raise ValueError(
                "sample_weight_val requires X_val and y_val, which are None. Pass them, too."
            )
        return None
    if X_val is None or y_val is None:
        given, missing = ("y_val", "X_val") if X_val is None else ("X_val", "y_val")
        raise ValueError(
            f"A validation set needs both X_val and y_val; got {given}, but {missing} is None. "
            f"Pass {missing}, too."
        )
    refuse_names_of_its_own(X_val, data.X_given)
    try:
        checked, y_given = estimator._check_data(X_val, y_val, X.dtype, reset=False)
    except (ValueError, TypeError) as error:
        hint = f" {IN_A_PIPELINE}" if np.shape(X_val)[1:] != X.shape[1:] else ""
        raise type(error)(f"In the validation set, X_val and y_val: {error}{hint}") from None
    warn_of_another_scale(checked, X)
    try:
        encoded = targets.encode(y_given, checked)
    except (ValueError, TypeError) as error:
        raise ValueError(f"y_val does not fit the training targets: {error}") from error
    weight = None
    if sample_weight_val is not None:
        weight = check_sample_weight(sample_weight_val, checked)
    return ValidationSet(checked, encoded, weight, X_val, y_given)


def refuse_names_of_its_own(X_val, X):
    """Refuse X_val with named columns if X has no column names."""
    if hasattr(X_val, "columns") and not hasattr(X, "columns"):
        raise ValueError(
            f"X_val must not have column names if X has none; got a {type(X_val).__name__} with "
            f"named columns as X_val and a {type(X).__name__} as X. {IN_A_PIPELINE}"
        )


def warn_of_another_scale(X_val, X):
    """Warn if most columns of dense X_val lie completely outside the range of X."""
    if is_sparse_matrix(X) or is_sparse_matrix(X_val) or X.shape[1] < 2:
        return
    (low, high), (low_val, high_val) = column_range(X), column_range(X_val)
    is_apart = (low_val > high) | (high_val < low)
    if np.count_nonzero(is_apart) > X.shape[1] / 2:
        warn(
            f"X_val seems to be scaled differently from X: in {np.count_nonzero(is_apart)} of "
            f"{X.shape[1]} columns all of its values are outside the range of the training "
            f"samples. {IN_A_PIPELINE}"
        )


def held_out_set(data, rows):
    """Return the validation set that consists of the given rows of the training data."""
    X_given = data.X_given if hasattr(data.X_given, "columns") else data.X
    X = data.X[rows]
    return ValidationSet(
        X,
        data.y[rows],
        None if data.sample_weight is None else data.sample_weight[rows],
        X_given=X if is_remote(X) else rows_of(X_given, rows),
        y_given=rows_of(data.y_given, rows),
    )


class Validation:
    """Computes the loss and the score of a network in training on a validation set.

    Parameters
    ----------
    estimator : estimator
        Its parameter ``scoring`` is used.
    architecture : Architecture
    parameters : Parameters
        The parameters in training; :meth:`measure` uses their current values.
    targets : Targets
    samples : ValidationSet
    """

    def __init__(self, estimator, architecture, parameters, targets, samples):
        self.estimator, self.targets, self.samples = estimator, targets, samples
        self.architecture, self.parameters = architecture, parameters
        n, dtype = samples.X.shape[0], parameters.theta.dtype
        self._y = np.empty((architecture.layer_sizes[-1], n), dtype=dtype)
        fill_targets(self._y, samples.y)
        self._scorer, self._X, self._weight = None, None, {}
        if estimator.scoring not in (None, "loss"):
            self._scorer = check_scoring(estimator, estimator.scoring)
            self._X = to_local(samples.X)
            if samples.weight is not None and takes_weights(self._scorer):
                self._weight = {"sample_weight": samples.weight}

    def measure(self):
        """Return the mean loss, without penalty, and the score; a higher score is better."""
        z = output_sums_of(self.architecture, self.parameters, self.samples.X)
        if not np.isfinite(z).all():
            return np.nan, np.nan
        a = np.array(z.T, dtype=self._y.dtype, order="C")
        self.architecture.loss.activate(a)
        losses = self.architecture.loss.value(self._y, a)
        loss = float(np.average(losses, weights=self.samples.weight))
        return loss, -loss if self.estimator.scoring == "loss" else self._score(z)

    def _score(self, z):
        samples = self.samples
        if self._scorer is None:
            return float(self.targets.score(z, samples.y, samples.weight))
        fitted = self.estimator._fitted_copy(self.architecture, self.parameters)
        try:
            return float(self._scorer(fitted, self._X, samples.y_given, **self._weight))
        except AttributeError as error:
            raise ValueError(
                f"scoring={self.estimator.scoring!r} does not work with {type(fitted).__name__}: "
                f"{error}. Choose another scoring."
            ) from error
