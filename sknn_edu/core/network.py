"""How do many neurons compute together, and how much does each weight add to the error?

*Forward propagation.* Each neuron of a layer receives all activations of the layer before, so the
weighted sums of a layer are one matrix product. A bias is a weight whose input is always 1: the
activations have a last row of ones, and W has b as its last row::

    z = W^T a + b = [W; b]^T [a; 1]        (n_out, m)           one column per sample
    a = g(z)

*Backpropagation.* Let delta = dL/dz of a layer. By the chain rule, from the last layer to the
first::

    [dW; db] = [a; 1] delta^T              (n_in + 1, n_out)    a is what the layer received
    delta <- (W delta) * g'(z)             (n_in, m)            passed to the layer before

The first delta comes from the loss (losses.py). All weights and biases are views of one vector
theta, and their derivatives of one vector in the same order: an optimiser (optimizers.py) moves
theta against this gradient and does not need to know that there are layers.

An :class:`Architecture` says which layers there are, :class:`Parameters` are the numbers that they
learn, a :class:`Network` computes with both.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np

from sknn_edu.core.activations import Activation
from sknn_edu.core.losses import Loss
from sknn_edu.core.speed.arrays import Array, scalar, zeros
from sknn_edu.core.speed.products import fastest_product


@dataclass(frozen=True)
class ParameterSpec:
    """What one array of parameters is.

    Parameters
    ----------
    kind : str
        "weight", "bias", or a name that an activation or the inputs give.
    shape : tuple of int
    fan_in : int
        For weights, the number of inputs of a neuron.
    """

    kind: str
    shape: tuple[int, ...]
    fan_in: int = 1


class Parameters:
    """All that a network learns: one contiguous vector theta, and views of it.

    Parameters
    ----------
    specs : list of list of ParameterSpec
        For each layer a weight and a bias, for each hidden activation what it learns, and last
        what the inputs learn.
    n_layers : int
    dtype : dtype

    Attributes
    ----------
    theta : ndarray (n_parameters,)
        Starts at 0.
    weights, biases : list of ndarray (n_in, n_out) and (n_out,)
        W and b of each layer.
    blocks : list of ndarray (n_in + 1, n_out)
        [W; b] of each layer.
    of_activations : list of list of ndarray
        What each hidden activation learns; nothing in a plain network.
    of_inputs : list of ndarray
        What the inputs learn; nothing in a plain network.
    """

    def __init__(self, specs: list[list[ParameterSpec]], n_layers: int, dtype: Any) -> None:
        self.specs, self.n_layers = specs, n_layers
        stops = np.cumsum([prod(spec.shape) for group in specs for spec in group]).tolist()
        self.theta: Array = zeros(stops[-1], dtype)
        parts = iter([self.theta[start:stop] for start, stop in pairwise([0, *stops])])
        groups = [[next(parts).reshape(spec.shape) for spec in group] for group in specs]
        self.weights: list[Array] = [W for W, _ in groups[:n_layers]]
        self.biases: list[Array] = [b for _, b in groups[:n_layers]]
        ends = pairwise([0, *stops[1 : 2 * n_layers : 2]])
        self.blocks: list[Array] = [
            self.theta[start:stop].reshape(-1, b.size)
            for (start, stop), b in zip(ends, self.biases, strict=True)
        ]
        self.of_activations, self.of_inputs = groups[n_layers:-1], groups[-1]

    def astype(self, dtype: Any) -> "Parameters":
        """Return a copy in a dtype."""
        copy = Parameters(self.specs, self.n_layers, dtype)
        copy.theta[:] = self.theta
        return copy

    def zeros_like(self) -> "Parameters":
        """Return parameters of the same shapes, all 0: for a gradient."""
        return Parameters(self.specs, self.n_layers, self.theta.dtype)

    def per_parameter(self, value: Callable[[ParameterSpec], float]) -> Array:
        """Return a vector as long as theta with ``value(spec)`` for each parameter."""
        specs = [spec for group in self.specs for spec in group]
        values = np.array([value(spec) for spec in specs], self.theta.dtype)
        return np.repeat(values, [prod(spec.shape) for spec in specs])


def is_weight(spec: ParameterSpec) -> float:
    """Return 1 for weights, which penalties act on, else 0; for ``per_parameter``."""
    return float(spec.kind == "weight")


class Layer:
    """One layer at work on m samples: views of its parameters and gradient, and its buffers.

    Everything is allocated beforehand, so that a step allocates next to nothing. z, a and what the
    next layer receives share memory unless the activation needs z for its derivative. In the last
    layer delta shares memory with a, which the loss overwrites.
    """

    def __init__(
        self, block: Array, dblock: Array, m: int, keeps_z: bool, is_first: bool, is_last: bool
    ) -> None:
        n_in, n_out, dtype = len(block) - 1, block.shape[1], block.dtype
        self.block, self.block_T = block, block.T  # [W; b] and its transpose
        self.W = block[:-1]  # (n_in, n_out)
        self.dblock = dblock  # [dW; db]   (n_in + 1, n_out)
        self.outputs = zeros((n_out + 1, m), dtype)  # [a; 1]
        self.outputs[-1] = 1
        self.a = self.outputs[:-1]  # (n_out, m)
        self.z = zeros((n_out, m), dtype) if keeps_z else self.a
        self.delta = self.a if is_last else zeros((n_out, m), dtype)
        self.delta_T = self.delta.T
        self.flat_z, self.flat_a, self.flat_delta = (  # the same memory, in one row
            values.reshape(-1) for values in (self.z, self.a, self.delta)
        )
        # Functions (A, B, out) that write the product A B. Blocks pay off for the gradient of the
        # first layer, because the memory order of X^T is not that of the product.
        self.product_forward = fastest_product(n_out, n_in + 1, m, dtype, split="rows")
        blocks = "columns" if is_first else ""
        self.product_gradient = fastest_product(n_in + 1, m, n_out, dtype, split=blocks)
        if not is_first:
            self.product_backward = fastest_product(n_in, n_out, m, dtype, split="rows")


@dataclass(frozen=True)
class DenseFirstLayer:
    """The first layer, which receives the samples."""

    layer: Layer

    def forward(self, X: Any) -> None:
        """Write z = [W; b]^T [x; 1] for X (m, n_features + 1) with a last column of ones."""
        layer = self.layer
        layer.product_forward(layer.block_T, X.T, layer.z)

    def backward(self, X: Any) -> None:
        """Write [dW; db] = [x; 1] delta^T."""
        layer = self.layer
        layer.product_gradient(X.T, layer.delta_T, layer.dblock)


@dataclass(frozen=True)
class Inputs:
    """What the first layer receives: dense samples, as they are.

    Other kinds of inputs (:mod:`sknn_edu.core.beyond`) override these methods: sparse samples;
    functions of the features that learn parameters of their own; first-layer weights that are
    computed from other parameters. ``learned`` are the arrays of :meth:`specs`.
    """

    def specs(self, n_inputs: int) -> tuple[int, list[ParameterSpec]]:
        """Return how many rows of W are learned for the first layer, and what else is learned."""
        return n_inputs, []

    def first_layer(
        self,
        block: Array,
        dblock: Array,
        learned: list[Array],
        dlearned: list[Array],
        m: int,
        **options: bool,
    ) -> Any:
        """Return the first layer at work on m samples; gradients go to dblock and dlearned."""
        return DenseFirstLayer(Layer(block, dblock, m, is_first=True, **options))

    def transform(self, X: Any, learned: list[Array]) -> Any:
        """Return what the weights of the first layer are multiplied by: (n_samples, n_inputs)."""
        return X

    def compose(self, W: Array, learned: list[Array]) -> Array:
        """Return the weights (n_inputs, n_out) of the first layer, given the learned rows of W."""
        return W


DENSE = Inputs()


@dataclass(frozen=True)
class Architecture:
    """The layers of a network: their sizes and functions, without any numbers.

    Parameters
    ----------
    layer_sizes : tuple of int
        The inputs of the first layer, the neurons of each hidden layer, the outputs.
    activations : tuple of Activation
        One for each hidden layer.
    loss : Loss
        It owns the output activation.
    inputs : Inputs
        What the first layer receives.
    """

    layer_sizes: tuple[int, ...]
    activations: tuple[Activation, ...]
    loss: Loss
    inputs: Inputs = DENSE

    def specs(self) -> list[list[ParameterSpec]]:
        """Return what all parameters are; see :class:`Parameters`."""
        n_inputs, *sizes = self.layer_sizes
        n_rows, of_inputs = self.inputs.specs(n_inputs)
        specs = [
            [ParameterSpec("weight", (n_in, n_out), n_in), ParameterSpec("bias", (n_out,))]
            for n_in, n_out in pairwise((n_rows, *sizes))
        ]
        for g, n_out in zip(self.activations, sizes, strict=False):
            specs.append([ParameterSpec(kind, (n_out,)) for kind in g.parameter_kinds])
        return [*specs, of_inputs]

    def parameters(self, dtype: Any) -> Parameters:
        """Return new parameters, all 0."""
        return Parameters(self.specs(), len(self.layer_sizes) - 1, dtype)

    def fitted_weights(self, parameters: Parameters) -> list[Array]:
        """Return W of each layer (n_in, n_out), as prediction uses it."""
        first, *others = parameters.weights
        return [self.inputs.compose(first, parameters.of_inputs), *others]

    def fitted_activations(self, of_activations: list[list[Array]]) -> list[Any]:
        """Return the activations with the values of their parameters, for one row per sample."""
        return [
            g.with_parameters(learned) if learned else g
            for g, learned in zip(self.activations, of_activations, strict=True)
        ]

    def output_sums(self, parameters: Parameters, X: Any) -> Array:
        """Return z of the output layer for samples X: (n_samples, n_outputs)."""
        return output_sums(
            self.fitted_activations(parameters.of_activations),
            self.fitted_weights(parameters),
            parameters.biases,
            self.inputs.transform(X, parameters.of_inputs),
        )


class Network:
    """Forward and backward propagation of m samples.

    Parameters
    ----------
    architecture : Architecture
    parameters, gradient : Parameters
        What is read, and where the derivatives are written; both stay the same objects.
    m : int
        The number of samples.
    between_layers : callable or None
        ``between_layers(k, activation, n_neurons, m, dtype)`` returns what takes the place of
        hidden activation k, for example the same activation with dropout.
    """

    def __init__(
        self,
        architecture: Architecture,
        parameters: Parameters,
        gradient: Parameters,
        m: int,
        between_layers: Callable[..., Any] | None = None,
    ) -> None:
        self.loss = architecture.loss
        self.share = scalar(1 / m, parameters.theta.dtype)  # of each sample in the mean
        keeps_z = [*(g.keeps_z for g in architecture.activations), False]
        (block, *blocks), (dblock, *dblocks) = parameters.blocks, gradient.blocks
        self.first = architecture.inputs.first_layer(
            block,
            dblock,
            parameters.of_inputs,
            gradient.of_inputs,
            m,
            keeps_z=keeps_z[0],
            is_last=not blocks,
        )
        self.layers: list[Layer] = [self.first.layer]
        for block, dblock, keeps in zip(blocks, dblocks, keeps_z[1:], strict=True):
            is_last = len(self.layers) == len(blocks)
            self.layers.append(Layer(block, dblock, m, keeps, is_first=False, is_last=is_last))
        learned = zip(parameters.of_activations, gradient.of_activations, strict=True)
        self.activations: list[Any] = [
            g.with_parameters(values, derivatives) if values else g
            for g, (values, derivatives) in zip(architecture.activations, learned, strict=True)
        ]
        if between_layers is not None:
            self.activations = [
                between_layers(k, g, *layer.a.shape, layer.a.dtype)
                for k, (g, layer) in enumerate(zip(self.activations, self.layers, strict=False))
            ]
        self._up = list(zip(self.activations, self.layers, self.layers[1:], strict=False))
        self._down = self._up[::-1]

    def forward(self, X: Any) -> Array:
        """Return the outputs (n_outputs, m) for X: (m, n_features + 1) with a last column of ones.

        :meth:`backward` overwrites what is returned.
        """
        self.first.forward(X)
        for g, below, layer in self._up:
            g.forward(below.flat_z, below.flat_a)  # a = g(z)
            layer.product_forward(layer.block_T, below.outputs, layer.z)  # z = [W; b]^T [a; 1]
        outputs = self.layers[-1].a
        self.loss.activate(outputs)
        return outputs

    def backward(self, X: Any, y: Array, share: Array) -> None:
        """Write the gradient of the sum of the samples' losses, each times its share.

        Call it after :meth:`forward` on the same X.

        Parameters
        ----------
        X : ndarray (m, n_features + 1)
        y : ndarray (n_outputs, m)
            The targets.
        share : ndarray () or (m,)
            1 / m for the gradient of the mean, or the share of each sample in it.
        """
        self.backpropagate(y, share)
        self.first.backward(X)

    def backpropagate(self, y: Array, share: Array) -> Array:
        """Return delta of the first layer (n_out, m), writing the gradients of the layers above."""
        layer = self.layers[-1]
        self.loss.delta(y, layer.a)
        layer.delta *= share  # delta = dL/dz   (n_outputs, m)
        for g, below, layer in self._down:
            # [dW; db] = [a; 1] delta^T   (n_in + 1, n_out)
            layer.product_gradient(below.outputs, layer.delta_T, layer.dblock)
            layer.product_backward(layer.W, layer.delta, below.delta)  # W delta   (n_in, m)
            g.backward(below.flat_z, below.flat_a, below.flat_delta)  # * g'(z)
        return self.layers[0].delta


ROWS_AT_ONCE = 2048
"""Prediction takes this many samples at once, so that its memory does not grow with X."""


def output_sums(
    activations: Sequence[Activation], weights: Sequence[Array], biases: Sequence[Array], X: Any
) -> Array:
    """Return z of the last of these layers for each row of X: (n_samples, n_out), in X's dtype.

    Forward propagation for prediction, with one row per sample as in X. It keeps nothing for a
    backward pass and shares nothing between calls, so it may run in many threads at once.
    """
    z_out = np.empty((X.shape[0], weights[-1].shape[1]), dtype=X.dtype)
    for start in range(0, X.shape[0], ROWS_AT_ONCE):
        a = X[start : start + ROWS_AT_ONCE]
        for k, (W, b) in enumerate(zip(weights, biases, strict=True)):
            z = a @ W
            z += b  # z = a W + b   (m, n_out)
            if k < len(weights) - 1:
                activate_rows(activations[k], z)
            a = z
        z_out[start : start + ROWS_AT_ONCE] = z
    return z_out


NUMBERS_AT_ONCE = 2**16
"""In prediction an activation is computed on this many numbers at once, which fit the cache."""


def activate_rows(activation: Activation, z: Array) -> None:
    """Overwrite z (m, n_neurons), one row per sample, with g(z).

    Some rows at a time, because activations with intermediate results then run in the cache.
    """
    flat, n_neurons = z.reshape(-1), z.shape[1]
    n_numbers = max(NUMBERS_AT_ONCE // n_neurons, 1) * n_neurons
    for start in range(0, flat.size, n_numbers):
        chunk = flat[start : start + n_numbers]
        activation.forward(chunk, chunk)
