"""Chapter 4: where do the weights start?

Not at zero: two neurons of a layer that start alike receive the same blame and stay alike for
ever. Random, then, and of a size that neither drowns nor saturates the next layer. Glorot and
Bengio (2010, eq. 16) keep the variance of activations and of deltas about equal from layer to
layer by drawing from a uniform distribution with bound sqrt(6 / (n_in + n_out)).

Chapter 5 fills the layers of a network with these numbers.
"""

from math import sqrt

from numpy.random import RandomState

from sknn_edu.core._arrays import Array


def glorot_uniform(rng: RandomState, factor: float, W: Array, b: Array) -> None:
    """Fill W (n_in, n_out) and then b (n_out,) from U(-bound, bound).

    ``bound = sqrt(factor / (n_in + n_out))``. The numbers are drawn in float64 whatever the dtype
    of W, weights before biases: scikit-learn's order, so that one seed gives both the same start.

    References
    ----------
    X. Glorot and Y. Bengio, "Understanding the difficulty of training deep feedforward neural
    networks", AISTATS 2010, equation 16.
    """
    n_in, n_out = W.shape
    bound = sqrt(factor / (n_in + n_out))
    W[...] = rng.uniform(-bound, bound, (n_in, n_out))
    b[...] = rng.uniform(-bound, bound, n_out)
