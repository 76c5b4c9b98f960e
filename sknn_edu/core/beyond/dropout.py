"""How can neurons be kept from relying on one another?

Dropout switches off hidden neurons at random during training, independently for each neuron, each
sample and each step::

    a <- a r,   r = 1 / (1 - rate) with probability 1 - rate, else 0

The expected value of a stays the same, so prediction needs no correction. Each sample trains a
network with fewer neurons (Srivastava et al. 2014, J. Mach. Learn. Res. 15).

``network.py`` lets its caller wrap the activation of a hidden layer. Dropout does that: an
activation followed by dropout has the methods of an activation.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sknn_edu.core.speed.arrays import Array, zeros

N_DRAWS = 2**16
"""A draw has this many possible values, so rates are rounded to multiples of 1 / N_DRAWS."""


class Dropout:
    """Dropout after each hidden layer.

    Parameters
    ----------
    rates : sequence of float
        The dropout probability of each hidden layer, in [0, 1).
    rng : numpy.random.Generator
        Draws the neurons to switch off; its state advances.

    Attributes
    ----------
    strength : float
        All rates are multiplied by this factor, which :meth:`scheduled` changes during training.
    """

    def __init__(self, rates: Sequence[float], rng: np.random.Generator) -> None:
        self.rates, self.rng, self.strength = tuple(rates), rng, 1.0

    def __call__(self, k: int, activation: Any, n_neurons: int, m: int, dtype: Any) -> Any:
        """Return the activation of hidden layer k followed by dropout, for m samples."""
        return DroppedOut(self, k, activation, zeros((n_neurons, m), dtype))

    def draw(self, k: int, like: Array) -> Array:
        """Return the factors r for hidden layer k, with the shape and dtype of ``like``."""
        # 16 random bits per neuron take a third of the time of 32
        silenced = min(round(self.strength * self.rates[k] * N_DRAWS), N_DRAWS - 1)
        draws = self.rng.bit_generator.random_raw(-(-like.size // 4)).view(np.uint16)[: like.size]
        r = (draws >= np.uint16(silenced)).astype(like.dtype)
        r *= like.dtype.type(N_DRAWS / (N_DRAWS - silenced))
        return r.reshape(like.shape)

    def scheduled(self, schedule: Callable[[float], float]) -> Callable[[float], float]:
        """Return a function that computes the schedule and also sets ``strength`` to its value."""

        def factor(progress: float) -> float:
            self.strength = schedule(progress)
            return self.strength

        return factor


class DroppedOut:
    """An activation followed by dropout, with the methods of an Activation.

    Parameters
    ----------
    dropout : Dropout
    k : int
        The index of the hidden layer, from 0.
    activation : Activation
    a : ndarray (n_neurons, m)
        Buffer for the activations before dropout.
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
        """Multiply delta by da/dz = r g'(z)."""
        delta *= self._r
        self.activation.backward(z, self._a, delta)
