"""What if the inputs of the first layer learn, too?

The course asks three things of its :class:`~sknn_edu.core.network.Inputs`: which arrays they learn,
the first layer at work, and the weights for prediction. Inputs that do learn must also know how
these arrays start, how to continue from fitted weights, and how to differentiate with respect to
the features.
"""

from dataclasses import dataclass
from typing import Any

from numpy.random import RandomState

from sknn_edu.core.network import Inputs
from sknn_edu.core.speed.arrays import Array


@dataclass(frozen=True)
class LearnedInputs(Inputs):
    """Inputs that learn arrays of their own; ``learned`` are the arrays of :meth:`specs`.

    By default they start at 0, and change neither the features nor the weights.
    """

    def initialize(self, rng: RandomState, learned: list[Array]) -> None:
        """Give the learned arrays their initial values."""

    def learned_inputs(self, X: Any, learned: list[Array]) -> Any:
        """Return what the learned rows of W are multiplied by."""
        return X

    def chain_rule(self, X: Array, learned: list[Array], gradients: Array) -> Array:
        """Return gradients for the features, given those for the inputs of the first layer."""
        return gradients

    def decompose(self, W: Array, learned: list[Array]) -> Array:
        """Return the rows for which :meth:`compose` gives W, or comes closest to it."""
        return W
