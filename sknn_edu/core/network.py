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
theta, all their derivatives in one vector of the same order: chapter 7 moves the one along the
other and need not know that there are layers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from sknn_edu.core._arrays import Array, is_sparse, scalar
from sknn_edu.core.activations import Activation
from sknn_edu.core.losses import Loss


class Parameters:
    """One contiguous vector theta, and views of it: a block [W; b] (n_in + 1, n_out) per layer.

    Lives within one call of fit; estimators keep the views ``weights`` and ``biases`` as
    ``coefs_`` and ``intercepts_``.
    """

    def __init__(self, layer_sizes: Sequence[int], dtype: Any) -> None:
        shapes = [(n_in + 1, n_out) for n_in, n_out in pairwise(layer_sizes)]
        ends = np.cumsum([rows * columns for rows, columns in shapes])
        self.theta: Array = np.zeros(ends[-1], dtype=dtype)
        self.blocks: list[Array] = [
            part.reshape(shape)
            for part, shape in zip(np.split(self.theta, ends[:-1]), shapes, strict=True)
        ]
        self.weights: list[Array] = [block[:-1] for block in self.blocks]
        self.biases: list[Array] = [block[-1] for block in self.blocks]

    def load(self, weights: Sequence[Array], biases: Sequence[Array]) -> None:
        """Copy the given weights (n_in, n_out) and biases (n_out,) of each layer into theta."""
        for own, given in zip(self.weights + self.biases, [*weights, *biases], strict=True):
            own[...] = given


@dataclass(frozen=True)
class Network:
    """The shape of a network: it holds no numbers, so one network serves any parameters.

    Parameters
    ----------
    layer_sizes : tuple of int
        Features, hidden neurons of each layer, outputs.
    activations : tuple of Activation
        One for each hidden layer.
    loss : Loss
        It owns the output activation.
    """

    layer_sizes: tuple[int, ...]
    activations: tuple[Activation, ...]
    loss: Loss


class Layer:
    """One layer at work on m samples: its parameters, their gradient, and buffers.

    All are views and arrays made beforehand, so that a step creates next to nothing.
    """

    def __init__(self, block: Array, dblock: Array, m: int) -> None:
        n_out = block.shape[1]
        self.block, self.block_T = block, block.T  # [W; b] and its transpose
        self.W = block[:-1]  # (n_in, n_out)
        self.dblock = dblock  # [dW; db]   (n_in + 1, n_out)
        self.outputs = np.ones((n_out + 1, m), dtype=block.dtype)  # [a; 1]
        self.a = self.outputs[:-1]  # (n_out, m)
        self.delta = np.empty((n_out, m), dtype=block.dtype)
        self.delta_T = self.delta.T


class Pass:
    """Forward and backward propagation of m samples through a network.

    The products are written ``A.dot(B, out)``: NumPy needs a third less time to begin with one than
    for ``np.dot`` or ``A @ B`` (``examples/benchmarks``, W1 and W9).

    Parameters
    ----------
    network : Network
    parameters, gradient : Parameters
        What is read, and where the derivatives are written; they stay the same objects.
    m : int
        The number of samples.
    """

    def __init__(
        self, network: Network, parameters: Parameters, gradient: Parameters, m: int
    ) -> None:
        self.network = network
        self.share = scalar(1 / m, parameters.theta.dtype)  # of each sample in their mean
        self.activate = [*(g.forward for g in network.activations), network.loss.activate]
        self.layers = [
            Layer(block, dblock, m)
            for block, dblock in zip(parameters.blocks, gradient.blocks, strict=True)
        ]

    def forward(self, X: Any) -> Array:
        """Return the outputs (n_outputs, m) for X: (m, n_features + 1) with a last column of ones.

        Sparse X comes without that column. What is returned is overwritten by :meth:`backward`.
        """
        inputs = X.T
        for k, (layer, g) in enumerate(zip(self.layers, self.activate, strict=True)):
            if k == 0 and is_sparse(X):
                layer.a[...] = (X @ layer.W).T
                layer.a += layer.block[-1][:, np.newaxis]
            else:
                layer.block_T.dot(inputs, layer.a)  # z = [W; b]^T [a; 1]   (n_out, m)
            g(layer.a)  # a = g(z)
            inputs = layer.outputs
        return layer.a

    def backward(self, X: Any, y: Array, share: Array) -> None:
        """Write the gradient of the loss of the samples, each times its `share`.

        Call after :meth:`forward` on the same X. ``share`` is 1 / m for the gradient of the mean,
        or an array (m,). ``y`` is (n_outputs, m).
        """
        layer = self.layers[-1]
        self.network.loss.delta(y, layer.a)
        np.multiply(layer.a, share, out=layer.delta)  # delta = dL/dz   (n_outputs, m)
        for k in range(len(self.layers) - 1, 0, -1):
            above, layer = self.layers[k], self.layers[k - 1]
            layer.outputs.dot(above.delta_T, above.dblock)  # [dW; db] = [a; 1] delta^T
            above.W.dot(above.delta, layer.delta)  # W delta   (n_in, m)
            self.network.activations[k - 1].backward(layer.a, layer.delta)  # * g'(z)
        if is_sparse(X):
            layer.dblock[:-1] = X.T @ layer.delta_T
            layer.delta.sum(axis=1, out=layer.dblock[-1])
        else:
            X.T.dot(layer.delta_T, layer.dblock)


def l2_strengths(layer_sizes: Sequence[int], alpha: float, dtype: Any) -> Array:
    """Return a vector as long as theta: alpha for each weight, 0 for each bias, which is free."""
    strengths = Parameters(layer_sizes, dtype)
    for W in strengths.weights:
        W[...] = alpha
    return strengths.theta


def with_l2(g: Array, theta: Array, strengths: Array) -> tuple[Array, float]:
    """Return the gradient g with the slope of the L2 penalty added, and the penalty.

    The penalty of a batch is alpha / (2 n) ||W||^2, next to its mean loss, as in scikit-learn; n is
    the number of samples (the sum of their weights). ``strengths`` are alpha / n for each weight
    and 0 for each bias. All three may be any part of the parameters.
    """
    slope = strengths * theta  # alpha W / n
    penalty = 0.5 * float(slope.dot(theta))
    slope += g
    return slope, penalty


ROWS_AT_A_TIME = 2048
"""Prediction walks over this many samples at once, so its memory does not grow with X."""


def output_sums(
    activations: Sequence[Activation],
    weights: Sequence[Array],
    biases: Sequence[Array],
    X: Any,
) -> Array:
    """Return z of the output layer for each row of X: (n_samples, n_outputs), in X's dtype.

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
            if k < len(activations):
                activations[k].forward(z)
            a = z
        z_out[start : start + ROWS_AT_A_TIME] = z
    return z_out
