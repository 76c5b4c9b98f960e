"""Can each neuron learn how non-linear it should be?

A parametric activation mixes a function g with the identity. Each neuron learns a slope alpha that
sets the proportion (He et al., arXiv 1502.01852, for g = relu; in this form Holzmueller et al.,
arXiv 2407.04491)::

    a = z + alpha (g(z) - z)

    da/dalpha = g(z) - z          da/dz = (1 - alpha) + alpha g'(z)

Training starts with alpha = 1, which gives g; alpha = 0 gives the identity. A parametric activation
is an :class:`~sknn_edu.core.activations.Activation` with an entry in ``parameter_kinds``.
"""

from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sknn_edu.core.activations import ACTIVATIONS, Activation
from sknn_edu.core.speed.arrays import Array

PREFIX = "parametric_"
"""The name of a parametric activation is this prefix and the name of g."""


@dataclass(frozen=True)
class ParametricActivation(Activation):
    """An activation whose neurons each learn a slope; see :func:`parametric`."""

    parameter_kinds: ClassVar[tuple[str, ...]] = ("slope",)

    def with_parameters(
        self, learned: Sequence[Array], gradient: Sequence[Array] | None = None
    ) -> "MixedWithIdentity":
        (alpha,) = learned
        if gradient is None:
            return MixedWithIdentity(self, alpha[np.newaxis])
        return MixedWithIdentity(self, alpha[:, np.newaxis], gradient[0][:, np.newaxis])


class MixedWithIdentity:
    """A parametric activation with the values of its slopes; has the methods of an Activation.

    Parameters
    ----------
    activation : ParametricActivation
        Its ``forward`` and ``backward`` are those of g.
    alpha : ndarray (n_neurons, 1), or (1, n_neurons) if z has one row per sample
    dalpha : ndarray of the shape of alpha, or None
        The backward pass writes dL/dalpha to it, summed over the samples.
    """

    def __init__(
        self, activation: ParametricActivation, alpha: Array, dalpha: Array | None = None
    ) -> None:
        self.activation, self.alpha, self.dalpha = activation, alpha, dalpha
        has_rows = alpha.shape[1] == 1
        self._shape = (len(alpha), -1) if has_rows else (-1, alpha.shape[1])
        self._sum_over_samples = "ij,ij->i" if has_rows else "ij,ij->j"

    def forward(self, z: Array, a: Array) -> None:
        """a = z + alpha (g(z) - z)."""
        self._g = np.empty_like(z)
        self.activation.forward(z, self._g)  # g(z)
        self._change = self._g - z
        scaled = self._change.reshape(self._shape) * self.alpha
        np.add(z, scaled.reshape(z.shape), out=a)

    def backward(self, z: Array, a: Array, delta: Array) -> None:
        """da/dz = (1 - alpha) + alpha g'(z).

        Also writes dL/dalpha, the sum of delta (g(z) - z) over the samples.
        """
        of_neurons = delta.reshape(self._shape)
        if self.dalpha is not None:  # einsum takes a fifth of the time of (x * y).sum
            change = self._change.reshape(self._shape)
            sums = np.einsum(self._sum_over_samples, change, of_neurons)
            self.dalpha[...] = sums.reshape(self.alpha.shape)
        linear = of_neurons * (1 - self.alpha)
        self.activation.backward(z, self._g, delta)
        of_neurons *= self.alpha
        of_neurons += linear


def parametric(g: Activation) -> ParametricActivation:
    """Return the parametric form of an activation."""
    return ParametricActivation(
        f"{PREFIX}{g.name}", g.forward, g.backward, keeps_z=True, glorot_factor=g.glorot_factor
    )


PARAMETRIC_ACTIVATIONS: dict[str, Activation] = {
    g.name: g for g in (parametric(ACTIVATIONS[name]) for name in ("relu", "selu", "mish"))
}

ALL_ACTIVATIONS: Mapping[str, Activation] = ChainMap(PARAMETRIC_ACTIVATIONS, ACTIVATIONS)
"""All built-in activations, by name: those of the course and the parametric ones."""
