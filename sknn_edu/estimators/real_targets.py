"""Real numbers as targets: their losses, and what they predict."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit
from sklearn.metrics import r2_score

from sknn_edu.core.losses import LOSSES, OUTPUTS, Loss, quantiles
from sknn_edu.estimators.targets import Targets, check_n_columns

REGRESSION_OUTPUTS = {name: output for name, output in LOSSES if output in ("identity", "exp")}
"""The output activation that belongs to each loss of a regressor."""


@dataclass(frozen=True, eq=False)
class RealTargets(Targets):
    """Real numbers in one or several columns, encoded as they are: (n, n_outputs).

    Parameters
    ----------
    n_outputs : int
        The columns of y, or the number of quantiles.
    target_range : ndarray (2, n_columns)
        The smallest and the largest target.
    loss_name : str or Loss
    quantiles : tuple of float
        For the quantile loss; several quantiles are predicted for a single column.
    clip : bool
        Whether predictions are clipped to the range.
    """

    name, learned = "real", ("n_outputs", "target_range")

    n_outputs: int
    target_range: np.ndarray
    loss_name: Any = "squared_error"
    quantiles: tuple[float, ...] = (0.5,)
    clip: bool = False

    @classmethod
    def accepts(cls, y, classes):
        return True

    @classmethod
    def parameters_of(cls, estimator):
        """Return the fields that are parameters of the estimator."""
        quantiles = tuple(float(q) for q in np.atleast_1d(estimator.quantile))
        clip = bool(estimator.clip_output)
        return {"loss_name": estimator.loss, "quantiles": quantiles, "clip": clip}

    @classmethod
    def learn(cls, y, weight, known, classes, estimator):
        """Return the targets for checked y; the range also covers that of the last fit."""
        n_outputs, parameters = 1 if y.ndim == 1 else y.shape[1], cls.parameters_of(estimator)
        n_quantiles = len(parameters["quantiles"])
        if parameters["loss_name"] == "quantile" and n_quantiles > 1:
            if n_outputs > 1:
                raise ValueError(
                    f"Several quantiles can be predicted for one target, but y has {n_outputs} "
                    "columns. Ask for one quantile, or fit one regressor per column."
                )
            n_outputs = n_quantiles
        rows = slice(None) if weight is None else weight > 0
        y = y.reshape(y.shape[0], -1)[rows]
        target_range = np.stack([y.min(axis=0), y.max(axis=0)]).astype(float)
        if known is not None:
            (low, high), (new_low, new_high) = known.target_range, target_range
            target_range = np.stack([np.minimum(low, new_low), np.maximum(high, new_high)])
        return cls(n_outputs, target_range, **parameters)

    def check_learned(self):
        is_several = self.output == "in_order"  # quantiles of one column
        n_outputs = len(self.quantiles) if is_several else self.target_range.size // 2
        shape = (2, 1 if is_several else n_outputs)
        if type(self.n_outputs) is not int or self.n_outputs != n_outputs or n_outputs < 1:
            raise ValueError("the number of outputs is another one")
        if self.target_range.dtype != float or self.target_range.shape != shape:
            raise ValueError("the range of the targets has another shape or dtype")
        if (
            not np.isfinite(self.target_range).all()
            or (np.diff(self.target_range, axis=0) < 0).any()
        ):
            raise ValueError("the range of the targets is not finite and in order")

    def attributes(self):
        return {"target_range_": self.target_range, **super().attributes()}

    @property
    def output(self):
        return self.loss().output

    def loss(self) -> Loss:
        """Return the loss to minimise."""
        if self.loss_name == "quantile":
            return quantiles(self.quantiles)
        if isinstance(self.loss_name, Loss):
            return self.loss_name
        return LOSSES[self.loss_name, REGRESSION_OUTPUTS[self.loss_name]]

    def encode(self, y, X):
        y = y.astype(X.dtype, copy=False).reshape(X.shape[0], -1)
        check_n_columns(y, 1 if self.output == "in_order" else self.n_outputs)
        lowest = {"poisson": "y >= 0", "gamma": "y > 0"}.get(self.loss_name)
        if lowest and (y.min() < 0 or (self.loss_name == "gamma" and y.min() == 0)):
            raise ValueError(
                f"loss={self.loss_name!r} is for counts, rates and amounts, {lowest}; the smallest "
                f"y is {y.min()}. Use loss='squared_error' for targets that may be negative."
            )
        if not np.isfinite(y).all():
            raise ValueError(
                f"y has values that are too large for {X.dtype}. Scale y, for example with "
                "TransformedTargetRegressor."
            )
        return np.broadcast_to(y, (y.shape[0], self.n_outputs))  # each quantile has the same

    def predict(self, z, clip_range=None):
        """Return predictions for weighted sums z (n, n_outputs), which may be overwritten."""
        outputs = np.ascontiguousarray(z.T)  # as in training: one column per sample
        with np.errstate(over="ignore"):
            self.loss().activate(outputs)
        z = outputs.T
        if clip_range is not None:
            np.clip(z, *clip_range.astype(z.dtype), out=z)
        return z[:, 0] if z.shape[1] == 1 else z

    def middle(self, predictions):
        """Return the predictions; of several quantiles, those of the middle one."""
        return predictions[:, self.n_outputs // 2] if self.output == "in_order" else predictions

    def score(self, z, y, weight):
        predictions = self.predict(z.copy(), self.target_range if self.clip else None)
        if not np.isfinite(predictions).all():
            return np.nan
        y = y[:, 0] if self.output == "in_order" else y
        return r2_score(y, self.middle(predictions), sample_weight=weight)

    def output_gradients(self, z, gradients):
        """Return gradients of the outputs, given those of the sums z; both may be overwritten."""
        activate = self.loss().activate
        if OUTPUTS.get(self.output, activate) is not activate:
            raise ValueError(
                f"input_gradient knows the derivative of OUTPUTS[{self.output!r}] of "
                f"sknn_edu.core.losses; the loss {self.loss_name!r} gives that name to another "
                "function. Use that one, or another name."
            )
        if self.output == "exp":
            gradients *= np.exp(z)[:, :, np.newaxis]
        elif self.output == "logistic":
            gradients *= (expit(z) * expit(-z))[:, :, np.newaxis]
        elif self.output == "in_order":
            gradients[:, 1:] *= expit(z[:, 1:])[:, :, np.newaxis]
            np.cumsum(gradients, axis=1, out=gradients)
        elif self.output != "identity":
            raise ValueError(
                "input_gradient knows the derivatives of the output activations identity, exp, "
                f"logistic and in_order; the loss {self.loss_name!r} has {self.output!r}."
            )
        return gradients


REGRESSION_KINDS = [RealTargets]
"""The kinds of targets of a regressor; the first that accepts y is used."""
