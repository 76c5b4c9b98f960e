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
from sknn_edu.core.activations import identity
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


# Half the Poisson deviance with exp: L = y log(y / a) - y + a, for counts and rates y >= 0.


def exp(z: Array) -> None:
    """a = e^z > 0."""
    np.exp(z, out=z)


def poisson_deviance(y: Array, a: Array) -> Array:
    """L = y log(y / a) - y + a, summed over outputs; 0 when a = y."""
    losses: Array = (xlogy(y, y / a) - y + a).sum(axis=0)
    return losses


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


LOSSES: dict[tuple[str, str], Loss] = {
    (loss.name, loss.output): loss
    for loss in (
        Loss("squared_error", "identity", identity, squared_error, error_delta),
        Loss("squared_error", "logistic", sigmoid, squared_error, squared_error_delta),
        Loss("log_loss", "logistic", sigmoid, cross_entropy, error_delta),
        Loss("log_loss", "softmax", softmax, categorical_cross_entropy, error_delta),
        Loss("poisson", "exp", exp, poisson_deviance, error_delta),
    )
}

OUTPUTS: dict[str, Callable[[Array], None]] = {
    loss.output: loss.activate for loss in LOSSES.values()
}
"""The output activations by name."""
