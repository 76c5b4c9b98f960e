"""Which learning rate does each kind of parameter need?

If every weight takes a step of the same size, the output of a neuron with a thousand inputs changes
a thousand times as much as that of a neuron with one input. In the *neural tangent parametrization*
a layer computes

    z = 1 / sqrt(n_in) U^T a + b,

and learns U, whose entries have a size of about 1 in layers of any width. The forward pass does not
have to change: the network with W = U / sqrt(n_in) is the same. Only the steps differ. For an
optimiser like Adam, whose steps do not depend on the scale of the gradient, a step of eta along U
is a step of eta / sqrt(n_in) along W. For plain gradient descent the learning rate of W is
eta / n_in, because dL/dU = dL/dW / sqrt(n_in). So this file only multiplies learning rates.
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
    bias : float, default=1.0
        Multiplier for the biases.
    feature_scale : float, default=1.0
        Multiplier for the scales of the features.
    slope : float, default=1.0
        Multiplier for the slopes of parametric activations.
    category_vector : float, default=1.0
        Multiplier for the vectors of the levels of categories.
    number_embedding : float, default=1.0
        Multiplier for the parameters of embedded numbers.
    divides_by_fan_in : bool, default=False
        Whether the learning rate of the weights is divided by sqrt(n_in) for optimisers whose
        steps do not depend on the scale of the gradient, and by n_in for others.

    Raises
    ------
    ValueError
        If a multiplier is not a finite number >= 0.

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
            raise ValueError(f"The multipliers must be finite numbers >= 0; got {self}.")

    def learning_rate_multipliers(self, parameters: Parameters, optimizer: Optimizer) -> Array:
        """Return the multiplier of each parameter, an array of the shape of theta."""
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
"""The named parametrizations, for the parameter ``parametrization``."""
