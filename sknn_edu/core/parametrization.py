"""Chapter 12: how long should the step of each parameter be?

One learning rate for all is a choice of units. A neuron that adds up a thousand weights moves a
thousand times as far as one that adds up a single one when each weight takes the same step. In the
*neural tangent parametrisation* a layer computes

    z = 1 / sqrt(n_in) U^T a + b,

and U is learned, whose numbers are of size 1 in layers of any width. Nothing needs to be computed
so: with W = U / sqrt(n_in) the network is what it was, and a step of eta along U is one of
eta / sqrt(n_in) along W with an optimiser like Adam, whose steps do not depend on the length of
gradients; with plain gradient descent, whose do, dL/dU = dL/dW / sqrt(n_in) divides once more.
Units are learning rates, so they are all that is changed here.
"""

from dataclasses import dataclass
from math import inf
from numbers import Real
from typing import Any

from sknn_edu.core._arrays import Array
from sknn_edu.core.optimizers import Optimizer
from sknn_edu.core.parameters import Network


@dataclass(frozen=True)
class Parametrization:
    """Factors of the learning rate for each kind of parameter.

    Parameters
    ----------
    bias, scale, bend, category, embedding : float, default=1.0
        For biases, the scale of each feature, the bend of parametric activations, the levels'
        vectors of categories, and the numbers of embedded features.
    divides_by_fan_in : bool, default=False
        Whether weights are learned in units of 1 / sqrt(n_in).

    References
    ----------
    A. Jacot, F. Gabriel, C. Hongler, "Neural tangent kernel", arXiv 1806.07572, section 2; the
    factors of :data:`NTK` are those of RealMLP, Holzmueller et al., arXiv 2407.04491.
    """

    bias: float = 1.0
    scale: float = 1.0
    bend: float = 1.0
    category: float = 1.0
    embedding: float = 1.0
    divides_by_fan_in: bool = False

    def __post_init__(self) -> None:
        numbers = self.bias, self.scale, self.bend, self.category, self.embedding
        if not all(isinstance(factor, Real) and 0 <= factor < inf for factor in numbers):
            raise ValueError(f"the factors must be finite numbers of at least 0; got {self}.")

    def factors(self, network: Network, optimizer: Optimizer, dtype: Any) -> Array | None:
        """Return the factor of each parameter in theta, or None where all are 1."""
        if self == STANDARD:
            return None
        power = 0.5 if getattr(optimizer, "ignores_scale", False) else 1.0

        def factor(kind: str, n_in: int) -> float:
            if kind == "weight":
                return n_in**-power if self.divides_by_fan_in and n_in > 0 else 1.0
            return float(getattr(self, kind))

        return network.each(factor, dtype)


STANDARD = Parametrization()
NTK = Parametrization(bias=0.1, scale=6.0, bend=0.1, divides_by_fan_in=True)

PARAMETRIZATIONS: dict[str, Parametrization] = {"standard": STANDARD, "ntk": NTK}
"""The parametrisations by the names that users write."""
