"""Can the initial weights take the samples into account?

The recipes in ``initializers.py`` assume that all inputs have about the same scale. Data-driven
initialization measures the scale instead: it divides each neuron's weights by the standard
deviation of the neuron's weighted sum on the training samples, and chooses the bias so that the
non-linear part of the activation lies among the samples.

References
----------
D. Holzmueller, L. Grinsztajn, I. Steinwart, "Better by default", arXiv 2407.04491, appendix A;
I. Steinwart, "A sober look at neural network initializations", arXiv 1903.11482 (biases).
"""

from collections.abc import Sequence
from math import sqrt
from typing import Any

import numpy as np
from numpy.random import RandomState

from sknn_edu.core.activations import Activation
from sknn_edu.core.speed.arrays import Array

NAME = "data_driven"
"""The value of the parameter ``init``."""

MAX_ROWS = 4096
"""The statistics are computed on at most this many samples."""

CONSTANT_BELOW = 1e-5
"""A weighted sum z counts as constant if its standard deviation is at most this times max |z|."""


def data_driven(
    rng: RandomState,
    activations: Sequence[Activation],
    weights: Sequence[Array],
    biases: Sequence[Array],
    X: Any,
) -> None:
    """Initialize W and b of each layer in place, using the samples X (n, n_in).

    W is drawn from N(0, 1) and divided by the standard deviation of its neuron's weighted sum, so
    that each pre-activation has standard deviation 1 on the samples; where the sum is constant, W
    is drawn from N(0, 1 / n_in). b is minus a random convex combination of the weighted sums of
    five samples. The last layer starts at 0, so that all outputs are equal.
    """
    a = X
    for g, W, b in zip(activations, weights, biases, strict=False):
        W[...] = rng.normal(size=W.shape)
        z = a @ W
        spread = z.std(axis=0)
        is_constant = spread <= CONSTANT_BELOW * np.abs(z).max(axis=0, initial=0)
        spread[is_constant] = sqrt(W.shape[0])
        W /= spread
        z /= spread
        columns = np.arange(z.shape[1])
        five = z[rng.randint(len(z), size=(5, z.shape[1])), columns]
        shares = rng.dirichlet(np.ones(5), size=z.shape[1]).T
        b[...] = -(shares * five).sum(axis=0)
        z += b
        a = np.empty_like(z)
        g.forward(z.reshape(-1), a.reshape(-1))
    weights[-1][...] = 0
    biases[-1][...] = 0
