"""Where should the weights start?

Not at zero: two neurons of a layer that start with equal weights receive equal gradients and stay
equal forever. So they start at random, and at the right scale: if a neuron's weighted sum varies
about as much as each of its inputs, signals neither fade nor explode from layer to layer. The more
inputs, the smaller the weights. :data:`INITIALIZERS` lists the recipes. The layers that they fill
are in network.py.
"""

from collections.abc import Callable
from math import sqrt

import numpy as np
from numpy.random import RandomState

from sknn_edu.core.activations import Activation
from sknn_edu.core.speed.arrays import Array

Initializer = Callable[[RandomState, Activation, Array, Array], None]
"""Fills W (n_in, n_out) and then b (n_out,) of a layer; numbers are drawn in float64."""


def glorot_uniform(rng: RandomState, g: Activation, W: Array, b: Array) -> None:
    """Fill W and then b from U(-bound, bound), bound = sqrt(factor / (n_in + n_out)).

    This keeps the variances of activations and of deltas about equal from layer to layer. The
    factor is that of the activation. Biases are drawn as well, after the weights, as in
    scikit-learn, so that the same seed gives the same initial values.

    References
    ----------
    X. Glorot and Y. Bengio, "Understanding the difficulty of training deep feedforward neural
    networks", AISTATS 2010, equation 16.
    """
    n_in, n_out = W.shape
    bound = sqrt(g.glorot_factor / (n_in + n_out))
    W[...] = rng.uniform(-bound, bound, (n_in, n_out))
    b[...] = rng.uniform(-bound, bound, n_out)


def glorot(rng: RandomState, g: Activation, W: Array, b: Array) -> None:
    """Fill W from U(-bound, bound), bound = sqrt(6 / (n_in + n_out)), and b with 0."""
    bound = sqrt(6 / (W.shape[0] + W.shape[1]))
    W[...] = rng.uniform(-bound, bound, W.shape)
    b[...] = 0


def he(rng: RandomState, g: Activation, W: Array, b: Array) -> None:
    """Fill W from N(0, 2 / n_in) and b with 0: for relu and its relatives.

    relu sets half of the sums to 0, hence the 2 (He et al., arXiv 1502.01852, equation 10).
    """
    W[...] = rng.normal(0, sqrt(2 / W.shape[0]), W.shape)
    b[...] = 0


def lecun(rng: RandomState, g: Activation, W: Array, b: Array) -> None:
    """Fill W from N(0, 1 / n_in) and b with 0: for selu and tanh.

    LeCun et al., "Efficient BackProp", 1998, equation 16.
    """
    W[...] = rng.normal(0, sqrt(1 / W.shape[0]), W.shape)
    b[...] = 0


def orthogonal(rng: RandomState, g: Activation, W: Array, b: Array) -> None:
    """Fill W with a random orthogonal matrix (or a part of one) and b with 0.

    Such a matrix preserves lengths (Saxe et al., arXiv 1312.6120). The signs make all orthogonal
    matrices equally likely.
    """
    n_in, n_out = W.shape
    Q, R = np.linalg.qr(rng.normal(size=(max(n_in, n_out), min(n_in, n_out))))
    Q *= np.sign(np.diag(R))
    W[...] = Q if n_in >= n_out else Q.T
    b[...] = 0


INITIALIZERS: dict[str, Initializer] = {
    "auto": glorot_uniform,
    "glorot": glorot,
    "he": he,
    "lecun": lecun,
    "orthogonal": orthogonal,
}
"""The recipes by name."""
