"""Chapter 5: how do many neurons answer together, and who is to blame when they are wrong?

*Forward propagation.* A layer hands its activations to every neuron of the next one, so the
weighted sums of a layer are one matrix product. A bias is a weight whose input is always 1: the
activations carry a last row of ones, and W carries b as its last row::

    z = W^T a + b = [W; b]^T [a; 1]        (n_out, m)     one column per sample
    a = g(z)

*Backpropagation.* Let delta = dL/dz of a layer. By the chain rule, from the last to the first::

    [dW; db] = [a; 1] delta^T              (n_in + 1, n_out)    the blame of each weight
    delta <- (W delta) * g'(z)             (n_in, m)            handed down to the layer before

where the first delta comes from the loss (chapter 6). All weights and biases live in one vector
theta, all their derivatives in one vector of the same order (:mod:`~sknn_edu.core.parameters`):
chapter 7 moves the one along the other and need not know that there are layers.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sknn_edu.core._arrays import Array, is_sparse, scalar, zeros
from sknn_edu.core._products import by_columns, by_rows, whole
from sknn_edu.core._vectors import vectors
from sknn_edu.core.activations import Activation, for_columns, for_rows
from sknn_edu.core.embeddings import EmbeddingPass
from sknn_edu.core.losses import Loss, identity
from sknn_edu.core.parameters import Network, Parameters


class Layer:
    """One layer at work on m samples: its parameters, their gradient, and buffers.

    All are views and arrays made beforehand, so that a step creates next to nothing. z, a and what
    is handed on are one memory unless the activation needs z for its slope, or dropout a; in the
    last layer, whose loss writes delta over a, so is delta.
    """

    def __init__(
        self,
        block: Array,
        dblock: Array,
        m: int,
        keeps_z: bool = False,
        drops: bool = False,
        is_last: bool = False,
    ) -> None:
        n_in, n_out, dtype = len(block) - 1, block.shape[1], block.dtype
        self.block, self.block_T = block, block.T  # [W; b] and its transpose
        self.W = block[:-1]  # (n_in, n_out)
        self.dblock = dblock  # [dW; db]   (n_in + 1, n_out)
        self.outputs = zeros((n_out + 1, m), dtype)  # [a; 1]
        self.outputs[-1] = 1
        self.handed_on = self.outputs[:-1]  # (n_out, m)
        self.a = zeros((n_out, m), dtype) if drops else self.handed_on
        self.z = zeros((n_out, m), dtype) if keeps_z else self.a
        self.delta = self.a if is_last else zeros((n_out, m), dtype)
        self.delta_T = self.delta.T
        # Functions (A, B, out) that write A B, see _products: up, of blame and down.
        self.product_up = by_rows(n_out, n_in + 1, m, dtype)
        self.product_of_blame = whole(n_in + 1, m, n_out, dtype)
        self.product_down = by_rows(n_in, n_out, m, dtype)
        self.flat_z, self.flat_a, self.flat_delta = (  # the same memory, in one row
            numbers.reshape(-1) for numbers in (self.z, self.a, self.delta)
        )


class Dropout:
    """Silences each hidden neuron for each sample with a probability, anew at every step.

    a <- a r with r = 1 / (1 - rate) where a random number is at least the rate, else 0: on average
    a stays what it was, so nothing has to be done at prediction. Each sample trains a thinner
    network, and no neuron can rely on another (Srivastava et al. 2014, J. Mach. Learn. Res. 15).

    Parameters
    ----------
    rates : sequence of float
        The probability for each hidden layer, in [0, 1).
    rng : numpy.random.Generator

    Attributes
    ----------
    strength : float
        A factor of the rates, for a schedule to move.
    """

    def __init__(self, rates: Sequence[float], rng: np.random.Generator) -> None:
        self.rates, self.rng, self.strength = tuple(rates), rng, 1.0

    def draw(self, k: int, like: Array) -> Array:
        """Return the factors r of hidden layer k, in the shape of its activations."""
        rate = self.strength * self.rates[k]
        r = self.rng.random(like.shape, dtype=np.float32) >= rate
        return np.multiply(r, 1 / (1 - rate), dtype=like.dtype)


class Pass:
    """Forward and backward propagation of m samples through a network.

    Parameters
    ----------
    network : ~sknn_edu.core.parameters.Network
    parameters, gradient : Parameters
        What is read, and where the derivatives are written; they stay the same objects.
    m : int
        The number of samples.
    dropout : Dropout or None
    """

    def __init__(
        self,
        network: Network,
        parameters: Parameters,
        gradient: Parameters,
        m: int,
        dropout: Dropout | None = None,
    ) -> None:
        self.loss, self.dropout = network.loss, dropout
        self.share = scalar(1 / m, parameters.theta.dtype)  # of each sample in their mean
        self._parameters, self._gradient = parameters, gradient
        self._is_composed = network.factors is not None
        self.embedding = None
        if network.embedding is not None:
            own, slopes = parameters.embedding, gradient.embedding
            dtype = parameters.theta.dtype
            self.embedding = EmbeddingPass(network.embedding, own, slopes, m, dtype)
        self.layers = [
            Layer(block, dblock, m, keeps_z=g.keeps_z or g.is_parametric, drops=dropout is not None)
            for block, dblock, g in zip(
                parameters.blocks, gradient.blocks, network.activations, strict=False
            )
        ]
        self.layers.append(Layer(parameters.blocks[-1], gradient.blocks[-1], m, is_last=True))
        # Pieces pay for the transposed X, not for [a; 1], which lies in memory as it is multiplied.
        block = self.layers[0].block
        self._product_with_inputs = by_columns(len(block), m, block.shape[1], block.dtype)
        self.activations = for_columns(network.activations, parameters.bends, gradient.bends)
        neighbours = zip(self.activations, self.layers, self.layers[1:], strict=False)
        self._up = list(enumerate(neighbours))
        self._down = self._up[::-1]
        self._factors: dict[int, Array] = {}  # of dropout, by hidden layer

    def forward(self, X: Any) -> Array:
        """Return the outputs (n_outputs, m) for X: (m, n_features + 1) with a last column of ones.

        Sparse X comes without that column. What is returned is overwritten by :meth:`backward`.
        """
        layer = self.layers[0]
        if self._is_composed:
            self._parameters.compose()
        if is_sparse(X):
            layer.z[...] = (X @ layer.W).T
            layer.z += layer.block[-1][:, np.newaxis]
        elif self.embedding is not None:
            layer.product_up(layer.block_T, self.embedding.forward(X), layer.z)
        else:
            layer.product_up(layer.block_T, X.T, layer.z)  # z = [W; b]^T [a; 1]   (n_out, m)
        for k, (g, below, layer) in self._up:
            g.forward(below.flat_z, below.flat_a)  # a = g(z)
            if self.dropout is not None:
                self._factors[k] = self.dropout.draw(k, below.a)
                np.multiply(below.a, self._factors[k], out=below.handed_on)
            layer.product_up(layer.block_T, below.outputs, layer.z)
        self.loss.activate(layer.a)
        return layer.a

    def backward(self, X: Any, y: Array, share: Array) -> None:
        """Write the gradient of the loss of the samples, each times its `share`.

        Call after :meth:`forward` on the same X. ``share`` is 1 / m for the gradient of the mean,
        or an array (m,). ``y`` is (n_outputs, m).
        """
        self.delta_of_first_layer(y, share)
        first = self.layers[0]
        if is_sparse(X):
            first.dblock[:-1] = X.T @ first.delta_T
            first.delta.sum(axis=1, out=first.dblock[-1])
        elif self.embedding is not None:
            first.product_of_blame(self.embedding.inputs, first.delta_T, first.dblock)
            self.embedding.backward(first.W[self.embedding.n_kept :] @ first.delta)
        else:
            self._product_with_inputs(X.T, first.delta_T, first.dblock)
        if self._is_composed:
            self._gradient.decompose_slope(self._parameters)

    def delta_of_first_layer(self, y: Array, share: Array) -> Array:
        """Carry delta from the loss down to the first layer, writing the gradients above it."""
        layer = self.layers[-1]
        self.loss.delta(y, layer.a)
        layer.delta *= share  # delta = dL/dz   (n_outputs, m)
        for k, (g, below, layer) in self._down:
            # [dW; db] = [a; 1] delta^T   (n_in + 1, n_out)
            layer.product_of_blame(below.outputs, layer.delta_T, layer.dblock)
            layer.product_down(layer.W, layer.delta, below.delta)  # W delta   (n_in, m)
            if self.dropout is not None:
                below.delta *= self._factors[k]
            g.backward(below.flat_z, below.flat_a, below.flat_delta)  # * g'(z)
        return self.layers[0].delta


def add_l2(g: Array, theta: Array, strengths: Array, slope: Array) -> float:
    """Add the slope of the L2 penalty to the gradient g, and return the penalty.

    The penalty of a batch is alpha / (2 n) ||W||^2, next to its mean loss, as in scikit-learn; n is
    the number of samples (the sum of their weights). ``strengths`` are alpha / n for each weight
    and 0 for each bias. All may be any part of the parameters; ``slope`` is room to work in.
    """
    _, add, dot = vectors(theta)
    np.multiply(strengths, theta, out=slope)  # alpha W / n
    add(slope, g)
    return 0.5 * dot(slope, theta)


ROWS_AT_A_TIME = 2048
"""Prediction walks over this many samples at once, so its memory does not grow with X."""


def output_sums(
    activations: Sequence[Activation],
    weights: Sequence[Array],
    biases: Sequence[Array],
    X: Any,
) -> Array:
    """Return z of the last of these layers for each row of X: (n_samples, n_out), in X's dtype.

    Forward propagation that keeps nothing but its end, and one row per sample as X has it, since
    there is no way back to prepare for. Nothing is shared between calls, so it may run in many
    threads at once.
    """
    z_out = np.empty((X.shape[0], weights[-1].shape[1]), dtype=X.dtype)
    for start in range(0, X.shape[0], ROWS_AT_A_TIME):
        a = X[start : start + ROWS_AT_A_TIME]
        for k, (W, b) in enumerate(zip(weights, biases, strict=True)):
            z = a @ W
            z += b  # z = a W + b   (m, n_out)
            if k < len(weights) - 1:
                flat = z.reshape(-1)
                activations[k].forward(flat, flat)
            a = z
        z_out[start : start + ROWS_AT_A_TIME] = z
    return z_out


def seen_by_first_layer(network: Network, parameters: Parameters, X: Any) -> Any:
    """Return the inputs of the first layer for samples X: the features, or what is made of them."""
    if network.embedding is None:
        return X
    return network.embedding.embed(X, parameters.embedding, ROWS_AT_A_TIME)


def inner_inputs(network: Network, parameters: Parameters, X: Any) -> Any:
    """Return what the learned weights of the first layer are multiplied with, for samples X."""
    seen = seen_by_first_layer(network, parameters, X)
    return seen if network.factors is None else network.factors.inner(seen, parameters.factors)


def answers(network: Network, parameters: Parameters, X: Any) -> Array:
    """Return the output sums (n_samples, n_outputs) of a network in training."""
    activations = for_rows(network.activations, parameters.bends)
    seen = seen_by_first_layer(network, parameters, X)
    return output_sums(activations, parameters.weights, parameters.biases, seen)


def input_gradients(network: Network, parameters: Parameters, X: Array) -> Array:
    """Return dz_k/dx for each sample and each output z_k: (n_samples, n_outputs, n_inputs).

    Backpropagation, begun with delta = 1 at one output and carried one layer further than training
    does: dz_k/dx = W delta of the first layer. X is what the first layer sees.
    """
    (n_samples, n_inputs), n_outputs = X.shape, network.layer_sizes[-1]
    network = replace(network, loss=ONE_OUTPUT)
    unused = network.parameters(X.dtype)
    gradients = np.empty((n_samples, n_outputs, n_inputs), dtype=X.dtype)
    for start in range(0, n_samples, ROWS_AT_A_TIME):
        some = X[start : start + ROWS_AT_A_TIME]
        inputs = np.hstack([some, np.ones((len(some), 1), X.dtype)])
        work = Pass(network, parameters, unused, len(some))
        for k in range(n_outputs):
            chosen = np.zeros((n_outputs, len(some)), X.dtype)
            chosen[k] = 1
            work.forward(inputs)
            delta = work.delta_of_first_layer(chosen, scalar(1, X.dtype))
            gradients[start : start + len(some), k] = (work.layers[0].W @ delta).T
    return gradients


def _choose(y: Array, a: Array) -> None:
    """delta = 1 at the chosen output, whatever it says."""
    a[...] = y


ONE_OUTPUT = Loss("chosen", "identity", identity, lambda y, a: (y * a).sum(axis=0), _choose)
"""Not a loss but one of the outputs, z_k: where :func:`input_gradients` begins."""
