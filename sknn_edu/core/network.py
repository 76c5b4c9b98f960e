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
from typing import Any, NamedTuple

import numpy as np

from sknn_edu.core._types import Array, is_sparse
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


class Batch(NamedTuple):
    """Some samples: what the network is shown at one step.

    ``X`` is (m, n_features + 1) with a last column of ones, or sparse (m, n_features) without;
    ``y`` has m rows (targets, or class numbers); ``weight`` is (m,) or None; ``total`` is the sum
    of the weights, m where there are none.
    """

    X: Any
    y: Array
    weight: Array | None
    total: float


class Workspace:
    """The arrays that one forward and backward pass over m samples fills; made once, used often."""

    def __init__(self, layer_sizes: Sequence[int], m: int, dtype: Any) -> None:
        hidden = [np.ones((n_units + 1, m), dtype=dtype) for n_units in layer_sizes[1:-1]]
        output = np.empty((layer_sizes[-1], m), dtype=dtype)
        self.inputs: list[Array] = hidden  # [a; 1] of each hidden layer
        self.z: list[Array] = [*(a[:-1] for a in hidden), output]  # z of each layer, then its a
        self.delta: list[Array] = [np.empty_like(z) for z in self.z[:-1]]


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

    def forward(self, parameters: Parameters, X: Any, workspace: Workspace) -> None:
        """Fill ``workspace.z`` with the activation of every layer for the samples X."""
        a = X.T
        for k, (block, z) in enumerate(zip(parameters.blocks, workspace.z, strict=True)):
            weighted_sums(block, a, z)  # z = [W; b]^T [a; 1]   (n_out, m)
            if k < len(self.activations):
                self.activations[k].forward(z)  # a = g(z)
                a = workspace.inputs[k]
        self.loss.activate(workspace.z[-1])

    def backward(
        self, parameters: Parameters, batch: Batch, workspace: Workspace, gradient: Parameters
    ) -> None:
        """Fill ``gradient`` with the derivative of the batch's mean loss; use up ``workspace``.

        Call after :meth:`forward` on the same batch.
        """
        delta = workspace.z[-1]
        self.loss.delta(batch.y.T, delta)  # delta = dL/dz   (n_outputs, m)
        if batch.weight is None:
            delta /= batch.total
        else:
            delta *= batch.weight / batch.total
        for k in range(len(self.activations), 0, -1):
            a = workspace.inputs[k - 1]
            blame(a, delta, gradient.blocks[k])  # [dW; db] = [a; 1] delta^T   (n_in + 1, n_out)
            np.matmul(parameters.weights[k], delta, out=workspace.delta[k - 1])
            delta = workspace.delta[k - 1]  # W delta   (n_in, m)
            self.activations[k - 1].backward(a[:-1], delta)  # * g'(z)
        blame(batch.X.T, delta, gradient.blocks[0])

    def loss_and_gradient(
        self, parameters: Parameters, batch: Batch, workspace: Workspace, gradient: Parameters
    ) -> float:
        """Return the loss of the batch, summed over samples; write its mean's gradient."""
        self.forward(parameters, batch.X, workspace)
        losses = self.loss.value(batch.y.T, workspace.z[-1])
        loss = losses.sum() if batch.weight is None else losses @ batch.weight
        self.backward(parameters, batch, workspace, gradient)
        return float(loss)


def weighted_sums(block: Array, a: Any, z: Array) -> None:
    """Write z = [W; b]^T [a; 1] (n_out, m). Sparse a comes without its row of ones."""
    if is_sparse(a):
        z[...] = (a.T @ block[:-1]).T
        z += block[-1][:, np.newaxis]
    else:
        np.matmul(block.T, a, out=z)


def blame(a: Any, delta: Array, dblock: Array) -> None:
    """Write [dW; db] = [a; 1] delta^T (n_in + 1, n_out). Sparse a comes without its row of ones."""
    if is_sparse(a):
        dblock[:-1] = a @ delta.T
        delta.sum(axis=1, out=dblock[-1])
    else:
        np.matmul(a, delta.T, out=dblock)


def l2_penalty(parameters: Parameters, alpha: float, n: float, gradient: Parameters) -> float:
    """Add alpha W / n to dW of each layer and return the penalty alpha ||W||^2 / 2.

    Biases are free. n is the number of samples (the sum of their weights) in the batch: as in
    scikit-learn, the penalty of a batch is alpha / (2 n) ||W||^2, next to its mean loss.
    """
    squares = 0.0
    for W, dW in zip(parameters.weights, gradient.weights, strict=True):
        flat = W.reshape(-1)
        squares += float(flat @ flat)
        dW += (alpha / n) * W
    return 0.5 * alpha * squares


ROWS_AT_A_TIME = 1024
"""Prediction walks over this many samples at once, so its memory does not grow with X."""


def output_sums(
    activations: Sequence[Activation],
    weights: Sequence[Array],
    biases: Sequence[Array],
    X: Any,
) -> Array:
    """Return z of the output layer for each row of X: (n_samples, n_outputs), in X's dtype.

    Forward propagation that keeps nothing but its end. Nothing is shared between calls, so it may
    run in many threads at once.
    """
    z_out = np.empty((X.shape[0], weights[-1].shape[1]), dtype=X.dtype)
    for start in range(0, X.shape[0], ROWS_AT_A_TIME):
        a = X[start : start + ROWS_AT_A_TIME].T
        for k, (W, b) in enumerate(zip(weights, biases, strict=True)):
            z = (a.T @ W).T if is_sparse(a) else W.T @ a
            z += b[:, np.newaxis]  # z = W^T a + b   (n_out, m)
            if k < len(activations):
                activations[k].forward(z)
            a = z
        z_out[start : start + ROWS_AT_A_TIME] = z.T
    return z_out
