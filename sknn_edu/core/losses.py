"""Chapter 6: how wrong is the network, and which way is better?

A loss compares the output a with the target y; its derivative with respect to the output's
weighted sum z, the first delta, is where backpropagation begins. A loss owns its output
activation, because the two belong together: for the pairs (squared error, identity),
(cross-entropy, sigmoid), (cross-entropy, softmax) and (Poisson deviance, exp) the derivative is
the plain error a - y, and no other chapter needs to know why.

All arrays have one column per sample. A *value* is the loss of each sample, summed over outputs;
training takes the (weighted) mean over samples. :data:`LOSSES` lists every pair of a loss and an
output activation; the optimisers of chapter 7 see only the gradient.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import xlogy

from sknn_edu.core._arrays import Array
from sknn_edu.core.sigmoid_neuron import (
    clipped_log,
    cross_entropy,
    error_delta,
    sigmoid,
    squared_error,
    squared_error_delta,
)


@dataclass(frozen=True)
class Loss:
    """A loss with the output activation that it is meant for.

    To make one of your own, write the functions at the top level of a module, so that they can be
    pickled, and pass ``Loss("name", "identity", activate, value, delta)`` as ``loss``.

    Parameters
    ----------
    name : str
        The word that users write, such as ``"log_loss"``.
    output : str
        The name of the output activation, such as ``"softmax"``.
    activate : callable ``activate(z) -> None``
        Overwrites z (n_outputs, m) with the output a.
    value : callable ``value(y, a) -> losses``
        The loss of each sample, shape (m,).
    delta : callable ``delta(y, a) -> None``
        Overwrites a, which is C-contiguous, with dL/dz, shape (n_outputs, m), for the loss summed
        over samples.

    Notes
    -----
    The target y is a floating-point array (n_outputs, m); classes are columns with a single 1.
    """

    name: str
    output: str
    activate: Callable[[Array], None]
    value: Callable[[Array, Array], Array]
    delta: Callable[[Array, Array], None]


def identity(z: Array) -> None:
    """a = z."""


# Cross-entropy with softmax: L = -log a_y, for one class among several.


def softmax(z: Array) -> None:
    """a_k = e^(z_k) / sum_j e^(z_j). The largest z is taken off first, so nothing overflows."""
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


class SoftmaxOfEach:
    """Softmax for several questions at once, each with its own classes: k_1 outputs, k_2, ...

    Parameters
    ----------
    sizes : tuple of int
        The number of classes of each question.
    """

    def __init__(self, sizes: tuple[int, ...]) -> None:
        self.sizes = sizes

    def __call__(self, z: Array) -> None:
        stop = 0
        for size in self.sizes:
            start, stop = stop, stop + size
            softmax(z[start:stop])


# Losses of z = a that are kinder to outliers than the squared error, with e = a - y.


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


# The pinball loss: minimal where a share q of the targets lies below a (Koenker and Bassett 1978).


@dataclass(frozen=True)
class Pinball:
    """L = q (y - a) where y is above a, else (1 - q) (a - y), summed over the quantiles asked for.

    Parameters
    ----------
    levels : tuple of float
        The q of each output, increasing, in (0, 1).
    """

    levels: tuple[float, ...]

    def _q(self, a: Array) -> Array:
        return np.array(self.levels, dtype=a.dtype)[:, np.newaxis]

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
    """a_1 = z_1 and a_j = a_(j-1) + log(1 + e^(z_j)): outputs that can never cross."""
    np.logaddexp(z[1:], z.dtype.type(0), out=z[1:])
    np.cumsum(z, axis=0, out=z)


def quantiles(levels: tuple[float, ...]) -> Loss:
    """Return the pinball loss for one quantile, or for several that never cross."""
    pinball = Pinball(levels)
    if len(levels) == 1:
        return Loss("quantile", "identity", identity, pinball.value, pinball.delta)
    return Loss("quantile", "in_order", in_order, pinball.value, pinball.delta_in_order)


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


# Half the gamma deviance with exp: L = y / a - log(y / a) - 1, for y > 0 whose spread grows with y.


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
    """Keep probabilities p, as their functions do, strictly between 0 and 1 and in their order.

    What lies below the smallest normal number would underflow to 0, where order and logarithm are
    lost. It is moved to about that number instead, in the order of ``log_p()``, the exact
    logarithms, which are asked for only where needed.
    """
    info = np.finfo(p.dtype)
    low = p < 1e4 * info.tiny
    if low.any():
        bottom = np.log(1e4 * info.tiny)
        depth = (bottom - log_p()[low]) / 1000  # >= 0
        p[low] = np.exp(bottom - 9 * depth / (1 + depth))
    np.minimum(p, 1 - info.epsneg, out=p)


BEND_OF_UNSMOOTHED = 0.2
"""How soft the corner at 0 is in :func:`undo_smoothing`, as a share of s / k."""


def undo_smoothing(p: Array, smoothing: float, k: int) -> Array:
    """Return what a network believes that was trained on smoothed targets, before normalisation.

    Targets y of k classes were moved to (1 - s) y + s / k, so what the network learns to say is
    q = (1 - s) p + s / k, and p = (q - s / k) / (1 - s). Certain as it may be, some q fall below
    s / k; a soft corner, t log(1 + e^((q - s / k) / t)), keeps those above 0 and in their order.
    """
    floor = smoothing / k
    t = BEND_OF_UNSMOOTHED * floor
    believed: Array = np.logaddexp(p.dtype.type(0), (p - p.dtype.type(floor)) / p.dtype.type(t))
    return believed


LOSSES: dict[tuple[str, str], Loss] = {
    (loss.name, loss.output): loss
    for loss in (
        Loss("squared_error", "identity", identity, squared_error, error_delta),
        Loss("squared_error", "logistic", sigmoid, squared_error, squared_error_delta),
        Loss("absolute_error", "identity", identity, absolute_error, absolute_error_delta),
        Loss("huber", "identity", identity, huber, huber_delta),
        Loss("log_cosh", "identity", identity, log_cosh, log_cosh_delta),
        quantiles((0.5,)),
        Loss("log_loss", "logistic", sigmoid, cross_entropy, error_delta),
        Loss("log_loss", "softmax", softmax, categorical_cross_entropy, error_delta),
        Loss("poisson", "exp", exp, poisson_deviance, error_delta),
        Loss("gamma", "exp", exp, gamma_deviance, gamma_delta),
    )
}

OUTPUTS: dict[str, Callable[[Array], None]] = {
    "in_order": in_order,
    **{loss.output: loss.activate for loss in LOSSES.values()},
}
"""The output activations by name."""
