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
    """Real numbers in one or several columns, encoded as (y - center) / scale: (n, n_outputs).

    Parameters
    ----------
    n_outputs : int
        The columns of y, or the number of quantiles.
    target_range : ndarray (2, n_columns)
        The smallest and the largest target.
    center, scale : ndarray (n_columns,)
        The unit in which the network computes; 0 and 1 are the user's own.
    loss_name : str or Loss
    quantiles : tuple of float
        For the quantile loss; several quantiles are predicted for a single column.
    clip : bool
        Whether predictions are clipped to the range.
    """

    name, learned = "real", ("n_outputs", "target_range", "center", "scale")

    n_outputs: int
    target_range: np.ndarray
    center: np.ndarray
    scale: np.ndarray
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
        """Return the targets for checked y.

        When training continues, the unit stays that of the first fit, and the range also covers
        the targets of earlier fits.
        """
        n_outputs, parameters = 1 if y.ndim == 1 else y.shape[1], cls.parameters_of(estimator)
        n_quantiles = len(parameters["quantiles"])
        if parameters["loss_name"] == "quantile" and n_quantiles > 1:
            if n_outputs > 1:
                raise ValueError(
                    f"Several quantiles can be predicted for one target, but y has {n_outputs} "
                    "columns. Ask for one quantile, or fit one regressor per column."
                )
            n_outputs = n_quantiles
        y, share = weighted_rows(y.reshape(y.shape[0], -1), weight)
        target_range = np.stack([y.min(axis=0), y.max(axis=0)]).astype(float)
        if known is not None:
            (low, high), (new_low, new_high) = known.target_range, target_range
            target_range = np.stack([np.minimum(low, new_low), np.maximum(high, new_high)])
            unit = known.center, known.scale
        elif estimator.scale_target:
            loss = regression_loss(parameters["loss_name"], parameters["quantiles"])
            unit = find_unit(y, share, loss.output)
        else:
            unit = np.zeros(y.shape[1]), np.ones(y.shape[1])
        return cls(n_outputs, target_range, *unit, **parameters)

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

        if not all(a.dtype == float and a.shape == shape[1:] for a in (self.center, self.scale)):
            raise ValueError("the unit of the targets has another shape or dtype")
        if not (np.isfinite([self.center, self.scale]).all() and (self.scale > 0).all()):
            raise ValueError("the unit of the targets is not finite and above 0")

    def attributes(self):
        names = "target_range_", "target_center_", "target_scale_"
        values = self.target_range, self.center, self.scale
        return {**dict(zip(names, values, strict=True)), **super().attributes()}

    @property
    def is_scaled(self):
        """Whether the network computes in another unit than the user's."""
        return bool((self.center != 0).any() or (self.scale != 1).any())

    def to_own_unit(self, y):
        """Return y (n, n_columns) in the network's unit."""
        return (y.astype(float) - self.center) / self.scale if self.is_scaled else y

    def to_users_unit(self, outputs):
        """Return outputs (n, n_outputs) in the user's unit: in float64 if scaled."""
        return outputs.astype(float) * self.scale + self.center if self.is_scaled else outputs

    @property
    def output(self):
        return self.loss().output

    def loss(self) -> Loss:
        """Return the loss to minimise."""
        return regression_loss(self.loss_name, self.quantiles)

    def encode(self, y, X):
        y = y.reshape(X.shape[0], -1)
        check_n_columns(y, 1 if self.output == "in_order" else self.n_outputs)
        lowest = {"poisson": "y >= 0", "gamma": "y > 0"}.get(self.loss_name)
        if lowest and (y.min() < 0 or (self.loss_name == "gamma" and y.min() == 0)):
            raise ValueError(
                f"loss={self.loss_name!r} is for counts, rates and amounts, {lowest}; the smallest "
                f"y is {y.min()}. Use loss='squared_error' for targets that may be negative."
            )
        y = self.to_own_unit(y).astype(X.dtype, copy=False)
        if not np.isfinite(y).all():
            raise ValueError(
                f"y has values that are too large for {X.dtype}. Use scale_target=True."
            )
        return np.broadcast_to(y, (y.shape[0], self.n_outputs))  # each quantile has the same

    def predict(self, z, clip_range=None):
        """Return predictions for weighted sums z (n, n_outputs), which may be overwritten."""
        y = self.to_users_unit(self._outputs(z))
        if clip_range is not None:
            np.clip(y, *clip_range.astype(y.dtype), out=y)
        return y[:, 0] if y.shape[1] == 1 else y

    def _outputs(self, z):
        """Return outputs for weighted sums z (n, n_outputs), which may be overwritten."""
        outputs = np.ascontiguousarray(z.T)  # as in training: one column per sample
        with np.errstate(over="ignore"):
            self.loss().activate(outputs)
        return outputs.T

    def middle(self, predictions):
        """Return the predictions; of several quantiles, those of the middle one."""
        return predictions[:, self.n_outputs // 2] if self.output == "in_order" else predictions

    def score(self, z, y, weight):
        """Return R^2, which does not depend on the unit; NaN for outputs that are not finite."""
        outputs = self._outputs(z.copy())
        if self.clip:
            np.clip(outputs, *self.to_own_unit(self.target_range).astype(z.dtype), out=outputs)
        if not np.isfinite(outputs).all():
            return np.nan
        y = y[:, 0] if self.output == "in_order" else y
        return r2_score(y, self.middle(outputs), sample_weight=weight)

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
        if self.is_scaled:
            gradients *= self.scale.astype(gradients.dtype)[:, np.newaxis]
        return gradients


def regression_loss(name, levels):
    """Return the loss with this name, of these levels if it is that of quantiles; or a Loss."""
    if name == "quantile":
        return quantiles(levels)
    return name if isinstance(name, Loss) else LOSSES[name, REGRESSION_OUTPUTS[name]]


def weighted_rows(y, weight):
    """Return the rows of y with a weight above 0, and the share of each in the total."""
    if weight is None:
        return y, np.full(len(y), 1 / len(y))
    rows = weight > 0
    return y[rows], weight[rows].astype(float) / weight[rows].sum(dtype=float)


def find_unit(y, share, output):
    """Return the unit (center, scale) in which targets are about 1 in size.

    Parameters
    ----------
    y : ndarray (n, n_columns)
    share : ndarray (n,)
        Of each row in the total weight.
    output : str
        The name of the output activation. Targets for 'exp' stay above 0: they are divided by
        their mean. The others get mean 0 and standard deviation 1.

    Returns
    -------
    center, scale : ndarray (n_columns,)
    """
    y, n_columns = y.astype(float), y.shape[1]
    center = share @ y
    if output == "exp":
        return np.zeros(n_columns), np.where(center > 0, center, 1)
    if output not in ("identity", "in_order"):
        raise ValueError(
            f"scale_target=True needs a loss whose output is 'identity' or 'exp', since {output!r} "
            "has a fixed range. Use scale_target=False."
        )
    largest = np.abs(y - center).max(axis=0)
    largest[largest <= 1e-15 * np.abs(center)] = 0  # a constant column, up to rounding
    parts = np.divide(y - center, largest, out=np.zeros_like(y), where=largest > 0)
    deviation = largest * np.sqrt(share @ parts**2)
    return center, np.where(deviation > 0, deviation, 1)


REGRESSION_KINDS = [RealTargets]
"""The kinds of targets of a regressor; the first that accepts y is used."""
