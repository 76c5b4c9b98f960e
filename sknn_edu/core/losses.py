"""How wrong is the network's output, and how should it change?

A loss compares the output a with the target y. Its derivative with respect to the output's weighted
sum z, delta, is where learning starts. A loss owns its output activation, because the two belong
together: for (squared error, identity), (cross-entropy, sigmoid), (cross-entropy, softmax) and
(Poisson deviance, exp) the derivative is the plain error a - y. For softmax, for example::

    a_k = e^(z_k) / sum_j e^(z_j)
    L = -log a_y = log(sum_j e^(z_j)) - z_y
    dL/dz_k = a_k - y_k                         y_k is 1 for the class y, else 0

All arrays have one column per sample. The *value* is the loss of each sample, summed over outputs;
training minimises the (weighted) mean over samples, and an L2 penalty on the weights
(:func:`add_l2`). :data:`LOSSES` lists every pair of a loss and an output activation. The optimisers
(optimizers.py) only see the gradient.

A network that has learned anything is better than a constant output. Which constant is best depends
on the loss: for the squared error and all losses whose delta is a - y it is the mean of the
targets, for the absolute error the median, for the pinball loss a quantile.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.special import xlogy

from sknn_edu.core.sigmoid_neuron import (
    clipped_log,
    cross_entropy,
    error_delta,
    sigmoid,
    squared_error,
    squared_error_delta,
)
from sknn_edu.core.speed.arrays import Array
from sknn_edu.core.speed.vectors import vector_operations


@dataclass(frozen=True)
class Loss:
    """A loss with its output activation.

    To make one of your own, write the functions at the top level of a module, so that they can be
    pickled, and pass ``Loss("name", "identity", activate, value, delta)`` as ``loss``.

    Parameters
    ----------
    name : str
        The name that users write, such as ``"log_loss"``.
    output : str
        The name of the output activation, such as ``"softmax"``.
    activate : callable ``activate(z) -> None``
        Overwrites z (n_outputs, m) with the output a.
    value : callable ``value(y, a) -> losses``
        The loss of each sample, shape (m,).
    delta : callable ``delta(y, a) -> None``
        Overwrites a, which is C-contiguous, with dL/dz, shape (n_outputs, m), for the loss summed
        over samples.
    best_constant : callable ``best_constant(y, share) -> a`` or None
        The constant output (n_outputs,) with the smallest mean loss, where each sample has a
        share (m,) of the mean. With None no fit is compared with a constant.

    Notes
    -----
    The target y is a floating-point array (n_outputs, m); a class is a column with a single 1.
    """

    name: str
    output: str
    activate: Callable[[Array], None]
    value: Callable[[Array, Array], Array]
    delta: Callable[[Array, Array], None]
    best_constant: Callable[[Array, Array], Array] | None = None


def mean(y: Array, share: Array) -> Array:
    """Return the mean of the targets of each output: where the mean of a - y is 0."""
    means: Array = y @ share
    return means


def quantile(y: Array, share: Array, q: float | Array = 0.5) -> Array:
    """Return for each output the smallest target that is at least the share q of all; or median."""
    order = y.argsort(axis=1)
    is_reached = share[order].cumsum(axis=1) >= np.reshape(q, (-1, 1)) * (1 - 1e-6)
    columns = np.take_along_axis(order, is_reached.argmax(axis=1)[:, np.newaxis], axis=1)
    quantiles: Array = np.take_along_axis(y, columns, axis=1)[:, 0]
    return quantiles


def zero_of(delta: Callable[[Array, Array], None], y: Array, share: Array) -> Array:
    """Return where the mean of a delta that rises with a = z is 0, by halving an interval."""
    y, share = y[:, share > 0], share[share > 0]
    low, high = y.min(axis=1), y.max(axis=1)
    for _ in range(60):  # to the last digit, even beside an outlier
        a = (low + high) / 2
        slopes = np.repeat(a[:, np.newaxis], y.shape[1], axis=1)
        delta(y, slopes)
        is_above = (slopes * share).sum(axis=1) > 0
        low, high = np.where(is_above, low, a), np.where(is_above, a, high)
    zero: Array = (low + high) / 2
    return zero


def identity_output(z: Array) -> None:
    """a = z."""


# Cross-entropy with softmax: L = -log a_y, for one class among several.


def softmax(z: Array) -> None:
    """a_k = e^(z_k) / sum_j e^(z_j). Subtracting the largest z first prevents overflow."""
    z -= np.maximum.reduce(z)
    np.exp(z, out=z)
    z /= np.add.reduce(z)


def categorical_cross_entropy(y: Array, a: Array) -> Array:
    """L = -log sum_k y_k a_k in nats; y_k is 1 for the class of the sample, 0 for the others."""
    losses: Array = -clipped_log((y * a).sum(axis=0))
    return losses


def soft_cross_entropy(y: Array, a: Array) -> Array:
    """L = -sum_k y_k log a_k in nats; y_k is the share of class k, as in label smoothing."""
    losses: Array = -(y * clipped_log(a)).sum(axis=0)
    return losses


@dataclass(frozen=True)
class SoftmaxOfEach:
    """Softmax for several target columns at once, each with classes of its own.

    Parameters
    ----------
    sizes : tuple of int
        The number of classes of each column: the first k_1 outputs belong to the first column, the
        next k_2 to the second, and so on.
    """

    sizes: tuple[int, ...]

    def __call__(self, z: Array) -> None:
        stop = 0
        for size in self.sizes:
            start, stop = stop, stop + size
            softmax(z[start:stop])


# Losses with a = z that are less sensitive to outliers than the squared error; e = a - y.


def absolute_error(y: Array, a: Array) -> Array:
    """L = |e|: minimal at the median."""
    losses: Array = np.abs(a - y).sum(axis=0)
    return losses


def absolute_error_delta(y: Array, a: Array) -> None:
    """dL/dz = sign(e)."""
    a -= y
    np.sign(a, out=a)


def huber(y: Array, a: Array) -> Array:
    """L = e^2 / 2 where |e| <= 1, else |e| - 1/2 (Huber 1964)."""
    e = np.abs(a - y)
    losses: Array = np.where(e <= 1, 0.5 * e * e, e - 0.5).sum(axis=0)
    return losses


def huber_delta(y: Array, a: Array) -> None:
    """dL/dz = e kept within [-1, 1]."""
    a -= y
    np.clip(a, -1, 1, out=a)


def log_cosh(y: Array, a: Array) -> Array:
    """L = log cosh e: e^2 / 2 for small errors, |e| - log 2 for large ones."""
    e = np.abs(a - y)
    losses: Array = (e + np.log1p(np.exp(-2 * e)) - np.log(2).astype(e.dtype)).sum(axis=0)
    return losses


def log_cosh_delta(y: Array, a: Array) -> None:
    """dL/dz = tanh e."""
    a -= y
    np.tanh(a, out=a)


# The pinball loss: minimal where a fraction q of the targets is below a (Koenker, Bassett 1978).


@dataclass(frozen=True)
class Pinball:
    """L = q (y - a) where y > a, else (1 - q) (a - y), summed over the quantiles.

    Parameters
    ----------
    levels : tuple of float
        The q of each output, increasing, in (0, 1).
    """

    levels: tuple[float, ...]

    def _q(self, a: Array) -> Array:
        return np.array(self.levels, dtype=a.dtype)[:, np.newaxis]

    def best_constant(self, y: Array, share: Array) -> Array:
        """Return the quantiles of the targets (n_outputs,)."""
        return quantile(y, share, np.array(self.levels))

    def value(self, y: Array, a: Array) -> Array:
        """Return the loss of each sample (m,)."""
        e = y - a
        losses: Array = np.maximum(self._q(a) * e, (self._q(a) - 1) * e).sum(axis=0)
        return losses

    def delta(self, y: Array, a: Array) -> None:
        """dL/dz = dL/da = 1 - q where a > y, else -q, for one quantile."""
        np.subtract(a > y, self._q(a), out=a)

    def delta_in_order(self, y: Array, a: Array) -> None:
        """dL/dz_1 = sum_k dL/da_k and dL/dz_j = s(z_j) sum_(k >= j) dL/da_k, see in_order."""
        gap = a[:-1] - a[1:]
        gap[np.isnan(gap)] = -np.inf  # both have overflowed
        slope = -np.expm1(gap)  # s(z_j) = 1 - e^-softplus(z_j)
        np.subtract(a > y, self._q(a), out=a)
        a[...] = np.cumsum(a[::-1], axis=0)[::-1]
        a[1:] *= slope


def in_order(z: Array) -> None:
    """a_1 = z_1 and a_j = a_(j-1) + log(1 + e^(z_j)): quantiles that never cross."""
    np.logaddexp(z[1:], z.dtype.type(0), out=z[1:])
    np.cumsum(z, axis=0, out=z)


def quantiles(levels: tuple[float, ...]) -> Loss:
    """Return the pinball loss for one quantile, or for several that never cross."""
    pinball = Pinball(levels)
    if len(levels) == 1:
        output, activate, delta = "identity", identity_output, pinball.delta
    else:
        output, activate, delta = "in_order", in_order, pinball.delta_in_order
    return Loss("quantile", output, activate, pinball.value, delta, pinball.best_constant)


# Half the Poisson deviance with exp: L = y log(y / a) - y + a, for counts and rates y >= 0.


def exp(z: Array) -> None:
    """a = e^z > 0."""
    np.exp(z, out=z)


def poisson_deviance(y: Array, a: Array) -> Array:
    """L = y log(y / a) - y + a, summed over outputs; 0 when a = y."""
    ratio = np.divide(y, a, out=np.ones_like(a), where=y > 0)
    losses = xlogy(y, np.maximum(ratio, np.finfo(a.dtype).tiny)) - y + a
    losses[np.isinf(a)] = np.inf
    total: Array = losses.sum(axis=0)
    return total


# Half the gamma deviance with exp: L = y / a - log(y / a) - 1, for y > 0 whose spread grows with
# its mean.


def gamma_deviance(y: Array, a: Array) -> Array:
    """L = y / a - log(y / a) - 1, summed over outputs; 0 when a = y."""
    ratio = y / a
    losses = ratio - np.log(ratio) - 1
    losses[np.isinf(ratio)] = np.inf
    total: Array = losses.sum(axis=0)
    return total


def gamma_delta(y: Array, a: Array) -> None:
    """dL/dz = 1 - y / a."""
    np.divide(y, a, out=a)
    np.subtract(1, a, out=a)


def within_0_and_1(p: Array, log_p: Callable[[], Array]) -> None:
    """Overwrite probabilities p such that they lie strictly between 0 and 1 and keep their order.

    Probabilities below the smallest normal number would underflow to 0 and lose their order and
    their logarithm. They are moved to about that number instead, in the order of ``log_p()``, the
    exact logarithms, which is only called if there are such probabilities.
    """
    info = np.finfo(p.dtype)
    low = p < 1e4 * info.tiny
    if low.any():
        bottom = np.log(1e4 * info.tiny)
        depth = (bottom - log_p()[low]) / 1000  # >= 0
        p[low] = np.exp(bottom - 9 * depth / (1 + depth))
    np.minimum(p, 1 - info.epsneg, out=p)


UNSMOOTHED_CORNER = 0.2
"""Width of the soft corner at 0 in :func:`undo_smoothing`, as a share of s / k."""


def undo_smoothing(p: Array, smoothing: float, k: int) -> Array:
    """Return the probabilities behind those of a network with smoothed targets, not normalised.

    Label smoothing moves the targets y of k classes to (1 - s) y + s / k, so the network learns to
    predict q = (1 - s) p + s / k, and p = (q - s / k) / (1 - s). A confident network predicts some
    q below s / k; a soft corner, t log(1 + e^((q - s / k) / t)), keeps those above 0 and in order.
    Smoothing below the precision of p has changed nothing, so there is nothing to undo.
    """
    if smoothing < np.finfo(p.dtype).eps:
        return p
    floor = smoothing / k
    t = UNSMOOTHED_CORNER * floor
    unsmoothed: Array = np.logaddexp(p.dtype.type(0), (p - p.dtype.type(floor)) / p.dtype.type(t))
    return unsmoothed


LOSSES: dict[tuple[str, str], Loss] = {
    (loss.name, loss.output): loss
    for loss in (
        Loss("squared_error", "identity", identity_output, squared_error, error_delta, mean),
        Loss("squared_error", "logistic", sigmoid, squared_error, squared_error_delta, mean),
        Loss(
            "absolute_error",
            "identity",
            identity_output,
            absolute_error,
            absolute_error_delta,
            quantile,
        ),
        Loss(
            "huber", "identity", identity_output, huber, huber_delta, partial(zero_of, huber_delta)
        ),
        Loss(
            "log_cosh",
            "identity",
            identity_output,
            log_cosh,
            log_cosh_delta,
            partial(zero_of, log_cosh_delta),
        ),
        quantiles((0.5,)),
        Loss("log_loss", "logistic", sigmoid, cross_entropy, error_delta, mean),
        Loss("log_loss", "softmax", softmax, categorical_cross_entropy, error_delta, mean),
        Loss("poisson", "exp", exp, poisson_deviance, error_delta, mean),
        Loss("gamma", "exp", exp, gamma_deviance, gamma_delta, mean),
    )
}

OUTPUTS: dict[str, Callable[[Array], None]] = {
    "in_order": in_order,
    **{loss.output: loss.activate for loss in LOSSES.values()},
}
"""The output activations by name."""


def add_l2(g: Array, theta: Array, strengths: Array, workspace: Array) -> float:
    """Add the gradient of the L2 penalty to g, and return the penalty.

    The penalty of a batch is alpha / (2 n) ||W||^2, beside its mean loss, as in scikit-learn; n is
    the number of samples, or the sum of their weights.

    Parameters
    ----------
    g, theta : ndarray (length,)
        The gradient and the parameters, or the same chunk of both.
    strengths : ndarray (length,) or ()
        alpha / n for weights, 0 for everything else.
    workspace : ndarray (length,)
        Overwritten.
    """
    _, add, dot = vector_operations(theta)
    if strengths.ndim == 0:
        strength = float(strengths)
        add(theta, g, a=strength)
        return 0.5 * strength * dot(theta, theta)
    np.multiply(strengths, theta, out=workspace)  # alpha W / n
    add(workspace, g)
    return 0.5 * dot(workspace, theta)
