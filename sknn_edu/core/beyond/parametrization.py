"""Which learning rate does each kind of parameter need?

A common learning rate is a choice of units. A neuron that sums a thousand inputs changes a thousand
times as much as one with a single input if every weight takes the same step. In the *neural tangent
parametrization* a layer computes

    z = 1 / sqrt(n_in) U^T a + b,

and learns U, whose entries are of size 1 in layers of any width. The forward pass does not have to
change for that: with W = U / sqrt(n_in) the network stays the same. A step of eta along U is a step
of eta / sqrt(n_in) along W for an optimiser like Adam, whose steps do not depend on the scale of
the gradient. For plain gradient descent, dL/dU = dL/dW / sqrt(n_in) divides once more. So changing
the units means multiplying learning rates, and that is all that happens here.
"""

from dataclasses import astuple, dataclass
from math import inf
from numbers import Real

from sknn_edu.core.network import Parameters, ParameterSpec
from sknn_edu.core.optimizers import Optimizer
from sknn_edu.core.speed.arrays import Array


@dataclass(frozen=True)
class Parametrization:
    """Learning-rate multipliers for each kind of parameter.

    Parameters
    ----------
    bias, feature_scale, slope, category_vector, number_embedding : float, default=1.0
        For biases, the scale of each feature, the slopes of parametric activations, the vectors of
        categories' levels, and the parameters of embedded numbers.
    divides_by_fan_in : bool, default=False
        Whether weights are learned in units of 1 / sqrt(n_in).

    Raises
    ------
    ValueError
        If a multiplier is not a finite number of at least 0.

    References
    ----------
    A. Jacot, F. Gabriel, C. Hongler, "Neural tangent kernel", arXiv 1806.07572, section 2; the
    multipliers of :data:`NTK` are those of RealMLP, Holzmueller et al., arXiv 2407.04491.
    """

    bias: float = 1.0
    feature_scale: float = 1.0
    slope: float = 1.0
    category_vector: float = 1.0
    number_embedding: float = 1.0
    divides_by_fan_in: bool = False

    def __post_init__(self) -> None:
        multipliers: tuple[float, ...] = astuple(self)[:-1]
        if not all(isinstance(factor, Real) and 0 <= factor < inf for factor in multipliers):
            raise ValueError(f"the multipliers must be finite numbers of at least 0; got {self}.")

    def learning_rate_multipliers(self, parameters: Parameters, optimizer: Optimizer) -> Array:
        """Return a multiplier for each parameter in theta."""
        power = 0.5 if getattr(optimizer, "ignores_scale", False) else 1.0

        def multiplier(spec: ParameterSpec) -> float:
            if spec.kind == "weight":
                divides = self.divides_by_fan_in and spec.fan_in > 0
                return float(spec.fan_in**-power) if divides else 1.0
            return float(getattr(self, spec.kind))

        return parameters.per_parameter(multiplier)


STANDARD = Parametrization()
NTK = Parametrization(bias=0.1, feature_scale=6.0, slope=0.1, divides_by_fan_in=True)

PARAMETRIZATIONS: dict[str, Parametrization] = {"standard": STANDARD, "ntk": NTK}
"""The parametrizations by name."""
