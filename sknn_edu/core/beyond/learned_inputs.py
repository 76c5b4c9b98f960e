"""What if the inputs of the first layer have parameters to learn, too?

In the course, :class:`~sknn_edu.core.network.Inputs` have three tasks: they list the arrays to
learn, make the first layer, and compute the weights for prediction. Inputs with learned arrays must
also initialize them, continue from fitted weights, and differentiate with respect to the features.
"""

from dataclasses import dataclass
from typing import Any

from numpy.random import RandomState

from sknn_edu.core.network import Inputs
from sknn_edu.core.speed.arrays import Array


@dataclass(frozen=True)
class LearnedInputs(Inputs):
    """Inputs with learned arrays; ``learned`` holds the arrays that :meth:`specs` describes.

    The defaults leave the arrays at 0, and change neither the features nor the weights.
    """

    def initialize(self, rng: RandomState, learned: list[Array]) -> None:
        """Give the learned arrays their initial values."""

    def learned_inputs(self, X: Any, learned: list[Array]) -> Any:
        """Return the inputs that the learned weights are multiplied by, computed from X."""
        return X

    def chain_rule(self, X: Array, learned: list[Array], gradients: Array) -> Array:
        """Return the gradients with respect to the features.

        ``gradients`` are those with respect to the inputs of the first layer.
        """
        return gradients

    def decompose(self, W: Array, learned: list[Array]) -> Array:
        """Return the weights for which :meth:`compose` gives W, or the least-squares solution."""
        return W
