"""How can neurons be kept from relying on one another?

Dropout silences each hidden neuron for each sample with a probability, drawn again at every step::

    a <- a r,   r = 1 / (1 - rate) with probability 1 - rate, else 0

On average a stays the same, so nothing has to be done at prediction. Each sample trains a thinner
network (Srivastava et al. 2014, J. Mach. Learn. Res. 15).

It fits the seam between two layers of network.py: an activation followed by dropout is used like an
activation.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sknn_edu.core.speed.arrays import Array, zeros

N_DRAWS = 2**16
"""The number of values of a draw; rates are multiples of its inverse."""


class Dropout:
    """Dropout behind each hidden layer.

    Parameters
    ----------
    rates : sequence of float
        The probability for each hidden layer, in [0, 1).
    rng : numpy.random.Generator
        Draws which neurons are silenced; advanced in place.

    Attributes
    ----------
    strength : float
        A factor of the rates, which :meth:`scheduled` sets.
    """

    def __init__(self, rates: Sequence[float], rng: np.random.Generator) -> None:
        self.rates, self.rng, self.strength = tuple(rates), rng, 1.0

    def __call__(self, k: int, activation: Any, n_neurons: int, m: int, dtype: Any) -> Any:
        """Return the activation of hidden layer k, followed by dropout, for m samples."""
        return DroppedOut(self, k, activation, zeros((n_neurons, m), dtype))

    def draw(self, k: int, like: Array) -> Array:
        """Return the factors r for hidden layer k, in the shape and dtype of an array."""
        # 16 random bits for each neuron, not 32: a third of the time
        silenced = min(round(self.strength * self.rates[k] * N_DRAWS), N_DRAWS - 1)
        draws = self.rng.bit_generator.random_raw(-(-like.size // 4)).view(np.uint16)[: like.size]
        r = (draws >= np.uint16(silenced)).astype(like.dtype)
        r *= like.dtype.type(N_DRAWS / (N_DRAWS - silenced))
        return r.reshape(like.shape)

    def scheduled(self, schedule: Callable[[float], float]) -> Callable[[float], float]:
        """Return the schedule such that each call also sets the strength of dropout."""

        def factor(progress: float) -> float:
            self.strength = schedule(progress)
            return self.strength

        return factor


class DroppedOut:
    """An activation followed by dropout; used like an Activation.

    Parameters
    ----------
    dropout : Dropout
    k : int
        The number of the hidden layer.
    activation : Activation
    a : ndarray (n_neurons, m)
        Memory for the activations before dropout.
    """

    def __init__(self, dropout: Dropout, k: int, activation: Any, a: Array) -> None:
        self.dropout, self.k, self.activation = dropout, k, activation
        self._a, self._r = a.reshape(-1), a.reshape(-1)

    def forward(self, z: Array, a: Array) -> None:
        """a = r g(z)."""
        self.activation.forward(z, self._a)
        self._r = self.dropout.draw(self.k, self._a)
        np.multiply(self._a, self._r, out=a)

    def backward(self, z: Array, a: Array, delta: Array) -> None:
        """da/dz = r g'(z)."""
        delta *= self._r
        self.activation.backward(z, self._a, delta)
