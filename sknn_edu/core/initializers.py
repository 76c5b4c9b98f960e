"""Chapter 4: where do the weights start?

Not at zero: two neurons of a layer that start alike receive the same blame and stay alike for
ever. Random, then, and of a size that neither drowns nor saturates the next layer: what a neuron
adds up should vary about as much as each of its inputs, so the more inputs, the smaller the
weights. :data:`INITIALIZERS` lists the recipes. Chapter 5 fills the layers of a network with these
numbers.
"""

from collections.abc import Callable, Sequence
from math import sqrt
from typing import Any

import numpy as np
from numpy.random import RandomState

from sknn_edu.core._arrays import Array
from sknn_edu.core.activations import Activation

DATA_DRIVEN = "data_driven"
"""The name of the start that looks at samples, :func:`data_driven`."""

ROWS_LOOKED_AT = 4096
"""So many samples are enough for it."""

Initializer = Callable[[RandomState, Activation, Array, Array], None]
"""Fills W (n_in, n_out) and then b (n_out,) of a layer; numbers are drawn in float64."""


def glorot_uniform(rng: RandomState, g: Activation, W: Array, b: Array) -> None:
    """Fill W and then b from U(-bound, bound), bound = sqrt(factor / (n_in + n_out)).

    So the variance of activations and that of deltas stay about equal from layer to layer. The
    factor is that of the activation. Biases are drawn too, after the weights: scikit-learn's way,
    so that one seed gives both the same start.

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

    Half of the sums are cut off, hence the 2 (He et al., arXiv 1502.01852, equation 10).
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
    """Fill W with a random rotation (or a part of one) and b with 0: lengths are kept.

    Saxe et al., arXiv 1312.6120. The signs make all rotations equally likely.
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
"""The recipes that look at one layer at a time, by the names that users write."""


def data_driven(
    rng: RandomState,
    activations: Sequence[Activation],
    weights: Sequence[Array],
    biases: Sequence[Array],
    X: Any,
) -> None:
    """Fill W and b of each layer so that its neurons are of use to these samples (n, n_in).

    W is drawn from N(0, 1) and divided by the standard deviation of what the neuron then adds up,
    so that it varies by 1 over the samples. b is minus that sum somewhere between five samples: the
    neuron bends among the data. Where nothing varies, W is drawn from N(0, 1 / n_in). The last
    layer starts at 0, with no opinion.

    References
    ----------
    D. Holzmueller, L. Grinsztajn, I. Steinwart, "Better by default", arXiv 2407.04491, appendix A;
    I. Steinwart, "A sober look at neural network initializations", arXiv 1903.11482 (biases).
    """
    a = X
    for g, W, b in zip(activations, weights, biases, strict=False):
        W[...] = rng.normal(size=W.shape)
        z = a @ W
        spread = z.std(axis=0)
        spread[spread <= SMALLEST_SPREAD * np.abs(z).max(axis=0, initial=0)] = sqrt(W.shape[0])
        W /= spread
        z /= spread
        some = z[rng.randint(len(z), size=(5, z.shape[1])), np.arange(z.shape[1])]
        shares = rng.dirichlet(np.ones(5), size=z.shape[1]).T
        b[...] = -(shares * some).sum(axis=0)
        z += b
        a = np.empty_like(z)
        g.forward(z.reshape(-1), a.reshape(-1))
    weights[-1][...] = 0
    biases[-1][...] = 0


SMALLEST_SPREAD = 1e-5
"""A sum whose standard deviation is a smaller share of its size than this does not vary."""
