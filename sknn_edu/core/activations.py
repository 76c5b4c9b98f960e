"""Chapter 3: what may a neuron answer to its weighted sum?

Any function a = g(z) whose slope g'(z) is known will do for a hidden layer. It must bend, though:
layers of straight lines make only another straight line (``identity`` is here to show that).

Backpropagation multiplies the blame that arrives at a by the slope: delta <- delta * g'(z). Every
slope below is written in terms of a itself, so z need not be kept. Each function stands with its
derivative right below it, and :data:`ACTIVATIONS` lists them all: to add an activation, write the
two functions and one line there. Chapter 4 says how the weights that make z should start.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sknn_edu.core._arrays import Array, scalar
from sknn_edu.core.sigmoid_neuron import sigmoid_backward


@dataclass(frozen=True)
class Activation:
    """A function of the weighted sum, with its derivative.

    Parameters
    ----------
    name : str
        The word that users write.
    forward : callable ``forward(z) -> None``
        Overwrites z, which is C-contiguous, with a = g(z), elementwise.
    backward : callable ``backward(a, delta) -> None``
        Multiplies delta by g'(z) in place. `a` has served its purpose by then and may be
        overwritten.
    glorot_factor : float
        The numerator of the initial weights' bound, see :func:`~.initializers.glorot_uniform`:
        6 for functions with slope 1 at 0; 2 for the sigmoid, as scikit-learn has it.
    """

    name: str
    forward: Callable[[Array], None]
    backward: Callable[[Array, Array], None]
    glorot_factor: float = 6.0


def identity(z: Array) -> None:
    """a = z."""


def identity_backward(a: Array, delta: Array) -> None:
    """da/dz = 1."""


def logistic(z: Array) -> None:
    """a = 1 / (1 + e^-z), in (0, 1).

    As (1 + tanh(z / 2)) / 2 NumPy computes it in a quarter of the time that chapter 2's takes. It
    is exact to 1e-16, not to a share of a: enough within a network, too coarse for a probability.
    """
    z *= 0.5
    np.tanh(z, out=z)
    z *= 0.5
    z += 0.5


def tanh(z: Array) -> None:
    """a = (e^z - e^-z) / (e^z + e^-z), in (-1, 1)."""
    np.tanh(z, out=z)


def tanh_backward(a: Array, delta: Array) -> None:
    """da/dz = 1 - a^2."""
    np.multiply(a, a, out=a)
    np.subtract(1, a, out=a)
    delta *= a


ZEROS = {dtype: np.zeros(2**18, dtype) for dtype in (np.float32, np.float64)}
ZERO = {dtype: scalar(0, dtype) for dtype in (np.float32, np.float64)}


def relu(z: Array) -> None:
    """a = max(0, z).

    Against an array of zeros NumPy compares several numbers at once, against a single 0 it does
    not: 3 to 7 times faster (``examples/benchmarks``, W3 and W4).
    """
    zeros, flat = ZEROS[z.dtype.type], z.reshape(-1)
    if flat.size <= zeros.size:
        np.maximum(flat, zeros[: flat.size], out=flat)
        return
    for start in range(0, flat.size, zeros.size):
        relu(flat[start : start + zeros.size])


def relu_backward(a: Array, delta: Array) -> None:
    """da/dz = 1 where the neuron fired, else 0."""
    np.multiply(delta, a > ZERO[a.dtype.type], out=delta)


ACTIVATIONS: dict[str, Activation] = {
    activation.name: activation
    for activation in (
        Activation("identity", identity, identity_backward),
        Activation("logistic", logistic, sigmoid_backward, glorot_factor=2.0),
        Activation("tanh", tanh, tanh_backward),
        Activation("relu", relu, relu_backward),
    )
}
