"""Which functions can turn a neuron's weighted sum into its output?

A hidden layer can use any function a = g(z) with a known derivative g'(z). It must be non-linear,
because a network of linear layers only computes another linear function (``identity`` is here to
show that).

Backpropagation multiplies what arrives at a by the derivative: delta <- delta * g'(z). Most
derivatives below can be computed from a itself, so z need not be kept; a function whose derivative
needs z says so. Each function stands with its derivative right below it, and :data:`ACTIVATIONS`
lists them all: to add an activation, write the two functions and one line there. initializers.py
says how the weights that produce z should start.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import pi, sqrt
from typing import Any, ClassVar

import numpy as np
from scipy.special import ndtr

from sknn_edu.core.sigmoid_neuron import sigmoid_backward
from sknn_edu.core.speed.arrays import Array, scalar


@dataclass(frozen=True)
class Activation:
    """A function of the weighted sum, with its derivative.

    To make one of your own, write the two functions at the top level of a module, so that they
    can be pickled, and pass ``Activation("name", forward, backward)`` as ``activation``.

    Parameters
    ----------
    name : str
        The name that users write.
    forward : callable ``forward(z, a) -> None``
        Writes a = g(z), elementwise; both are one-dimensional and may be the same array.
    backward : callable ``backward(z, a, delta) -> None``
        Multiplies delta by g'(z) in place. It may overwrite z and a, which are not needed
        afterwards.
    keeps_z : bool
        Whether backward looks at z. If not, z and a are the same array in training.
    glorot_factor : float
        The numerator of the initial weights' bound, see :func:`~.initializers.glorot_uniform`:
        6 for functions with slope 1 at 0; 2 for the sigmoid, as in scikit-learn.

    Examples
    --------
    >>> from sknn_edu import MLPRegressor
    >>> from sknn_edu.core.activations import Activation
    >>> def square(z, a):
    ...     a[...] = z * z
    >>> def square_backward(z, a, delta):
    ...     delta *= 2 * z
    >>> parabola = Activation("parabola", square, square_backward, keeps_z=True)
    >>> mlp = MLPRegressor(hidden_layer_sizes=4, activation=parabola, solver="lbfgs")
    >>> mlp.fit([[-1.0], [0.0], [1.0], [2.0]], [1.0, 0.0, 1.0, 4.0]).predict([[3.0]]).round(1)
    array([9.])
    """

    parameter_kinds: ClassVar[tuple[str, ...]] = ()
    """Names of what each neuron learns besides its weights and bias; here nothing."""

    name: str
    forward: Callable[[Array, Array], None]
    backward: Callable[[Array, Array, Array], None]
    keeps_z: bool = False
    glorot_factor: float = 6.0

    def with_parameters(
        self, learned: Sequence[Array], gradient: Sequence[Array] | None = None
    ) -> Any:
        """Return the activation with the values of its parameters; one without returns itself.

        Parameters
        ----------
        learned : sequence of ndarray (n_neurons,)
            One array for each name in ``parameter_kinds``.
        gradient : sequence of ndarray (n_neurons,), or None
            In training, when arrays have one column per sample: where the derivatives are
            written. None at prediction, when arrays have one row per sample.
        """
        return self


def identity(z: Array, a: Array) -> None:
    """a = z."""
    if a is not z:
        a[...] = z


def identity_backward(z: Array, a: Array, delta: Array) -> None:
    """da/dz = 1."""


def logistic(z: Array, a: Array) -> None:
    """a = 1 / (1 + e^-z), in (0, 1).

    Computed as (1 + tanh(z / 2)) / 2, a quarter of the time of sigmoid_neuron.py's formula. The
    absolute error is at most 1e-16, the relative error of a small a is not: good enough for a
    hidden layer, too coarse for a probability.
    """
    np.multiply(z, 0.5, out=a)
    np.tanh(a, out=a)
    a *= 0.5
    a += 0.5


def logistic_backward(z: Array, a: Array, delta: Array) -> None:
    """da/dz = a (1 - a)."""
    sigmoid_backward(a, delta)


def tanh(z: Array, a: Array) -> None:
    """a = (e^z - e^-z) / (e^z + e^-z), in (-1, 1)."""
    np.tanh(z, out=a)


def tanh_backward(z: Array, a: Array, delta: Array) -> None:
    """da/dz = 1 - a^2."""
    np.multiply(a, a, out=a)
    np.subtract(1, a, out=a)
    delta *= a


ZEROS = {dtype: np.zeros(2**18, dtype) for dtype in (np.float32, np.float64)}
ZERO = {dtype: scalar(0, dtype) for dtype in (np.float32, np.float64)}


def relu(z: Array, a: Array) -> None:
    """a = max(0, z).

    NumPy's maximum uses vector instructions for two arrays, but not for an array and a single 0:
    an array of zeros is 3 to 7 times as fast (``examples/benchmarks``, W3 and W4).
    """
    zeros = ZEROS[z.dtype.type]
    if z.size <= zeros.size:
        np.maximum(z, zeros[: z.size], out=a)
        return
    for start in range(0, z.size, zeros.size):
        relu(z[start : start + zeros.size], a[start : start + zeros.size])


def negative_part(z: Array, out: Array | None = None) -> Array:
    """Return min(0, z), in ``out`` if that is given; like :func:`relu` with an array of zeros."""
    zeros = ZEROS[z.dtype.type]
    if z.size > zeros.size:
        zeros = np.zeros_like(z)
    negative: Array = np.minimum(z, zeros[: z.size], out=out)
    return negative


def exp_minus_1_below(z: Array) -> Array:
    """Return e^z - 1 below 0, else 0; ``expm1`` would take 8 times as long as ``exp``."""
    below = negative_part(z)
    np.exp(below, out=below)
    below -= 1
    return below


def step_at_0(a: Array, below: float, above: float) -> Array:
    """Return one number where a <= 0 and another where a > 0, computed arithmetically.

    ``where`` takes 5 to 10 times as long.
    """
    step = (a > ZERO[a.dtype.type]).astype(a.dtype)
    step *= above - below
    step += below
    return step


def relu_backward(z: Array, a: Array, delta: Array) -> None:
    """da/dz = 1 where z > 0, else 0."""
    delta *= a > ZERO[a.dtype.type]


LEAKY_SLOPE = 0.01
"""The slope of leaky_relu below 0."""


def leaky_relu(z: Array, a: Array) -> None:
    """a = max(z, z / 100): a neuron with z < 0 still learns (Maas et al. 2013)."""
    np.maximum(z, LEAKY_SLOPE * z, out=a)


def leaky_relu_backward(z: Array, a: Array, delta: Array) -> None:
    """da/dz = 1 where z > 0, else 1/100."""
    delta *= step_at_0(a, LEAKY_SLOPE, 1.0)


def elu(z: Array, a: Array) -> None:
    """a = z above 0, e^z - 1 below (Clevert et al., arXiv 1511.07289).

    Near 0 the absolute error is at most 1e-16.
    """
    np.maximum(z, exp_minus_1_below(z), out=a)


def elu_backward(z: Array, a: Array, delta: Array) -> None:
    """da/dz = 1 above 0, a + 1 = e^z below."""
    slope = negative_part(a)
    slope += 1
    delta *= slope


SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


def selu(z: Array, a: Array) -> None:
    """a = 1.0507 z above 0, 1.7581 (e^z - 1) below: layers keep mean 0 and variance 1.

    Klambauer et al., arXiv 1706.02515. Near 0 the absolute error is at most 1e-16.
    """
    below = exp_minus_1_below(z)
    below *= SELU_SCALE * SELU_ALPHA
    relu(z, a)
    a *= SELU_SCALE
    a += below


def selu_backward(z: Array, a: Array, delta: Array) -> None:
    """da/dz = 1.0507 above 0, a + 1.7581 below."""
    step = step_at_0(a, SELU_SCALE * SELU_ALPHA, SELU_SCALE)
    negative_part(a, out=a)
    a += step
    delta *= a


def gelu(z: Array, a: Array) -> None:
    """a = z P(N <= z), N standard normal (Hendrycks and Gimpel, arXiv 1606.08415)."""
    np.multiply(z, ndtr(z), out=a)


def gelu_backward(z: Array, a: Array, delta: Array) -> None:
    """da/dz = P(N <= z) + z p(z), p the normal density."""
    density = np.exp(-0.5 * z * z)
    density *= 1 / sqrt(2 * pi)
    density *= z
    density += ndtr(z)
    delta *= density


def silu(z: Array, a: Array) -> None:
    """a = z s(z), s the sigmoid; also called swish (Elfwing et al., arXiv 1702.03118)."""
    s = np.empty_like(z)
    logistic(z, s)
    np.multiply(z, s, out=a)


def silu_backward(z: Array, a: Array, delta: Array) -> None:
    """da/dz = s + z s (1 - s) = s + a (1 - s)."""
    s = np.empty_like(z)
    logistic(z, s)
    np.multiply(a, s, out=z)
    a -= z
    a += s
    delta *= a


def softplus(z: Array, a: Array) -> None:
    """a = log(1 + e^z), a smooth relu.

    Computed as max(0, z) + log(1 + e^-|z|). The absolute error is at most 1e-16; ``logaddexp``
    would take 8 times as long.
    """
    bend = np.abs(z)
    np.negative(bend, out=bend)
    np.exp(bend, out=bend)
    bend += 1
    np.log(bend, out=bend)
    relu(z, a)
    a += bend


def softplus_backward(z: Array, a: Array, delta: Array) -> None:
    """da/dz = s(z) = 1 - e^-a."""
    np.negative(a, out=a)
    np.exp(a, out=a)
    np.subtract(1, a, out=a)
    delta *= a


MISH_LINEAR_FROM = 20.0
"""For larger z, tanh(log(1 + e^z)) is 1 to the last digit."""


def mish(z: Array, a: Array) -> None:
    """a = z tanh(log(1 + e^z)) (Misra, arXiv 1908.08681).

    With n = e^z (e^z + 2) the tanh is n / (n + 2): one exponential instead of three functions.
    """
    e = np.clip(z, -np.inf, MISH_LINEAR_FROM)  # a third of the time of minimum
    np.exp(e, out=e)
    n = e + 2
    n *= e
    np.add(n, 2, out=e)
    n /= e
    np.multiply(z, n, out=a)


def mish_backward(z: Array, a: Array, delta: Array) -> None:
    """da/dz = t + z s (1 - t^2) with t = tanh(log(1 + e^z)), s = e^z / (1 + e^z)."""
    s = np.clip(z, -np.inf, MISH_LINEAR_FROM)
    np.exp(s, out=s)
    t = s + 2
    t *= s
    np.add(t, 2, out=a)
    t /= a
    np.add(s, 1, out=a)
    s /= a
    s *= z
    np.multiply(t, t, out=a)
    np.subtract(1, a, out=a)
    s *= a
    t += s
    delta *= t


ACTIVATIONS: dict[str, Activation] = {
    activation.name: activation
    for activation in (
        Activation("identity", identity, identity_backward),
        Activation("logistic", logistic, logistic_backward, glorot_factor=2.0),
        Activation("tanh", tanh, tanh_backward),
        Activation("relu", relu, relu_backward),
        Activation("leaky_relu", leaky_relu, leaky_relu_backward),
        Activation("elu", elu, elu_backward),
        Activation("selu", selu, selu_backward),
        Activation("gelu", gelu, gelu_backward, keeps_z=True),
        Activation("silu", silu, silu_backward, keeps_z=True),
        Activation("softplus", softplus, softplus_backward),
        Activation("mish", mish, mish_backward, keeps_z=True),
    )
}
"""All activations of the course by name."""
