"""Chapter 5, the numbers: what exactly does a network learn?

A weight for each pair of neurons in neighbouring layers, a bias for each neuron. A bias is a weight
whose input is always 1, so a layer is one block [W; b]. All blocks lie in one vector theta, one
after the other: what moves theta (chapter 7) need not know that there are layers.

Networks that learn more than that (a bend for each neuron, chapter 3; a first layer in factors,
chapter 13; embedded numbers, chapter 14) have those numbers at the end of theta.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from typing import Any

import numpy as np

from sknn_edu.core._arrays import Array, zeros
from sknn_edu.core.activations import Activation
from sknn_edu.core.embeddings import NumberEmbedding
from sknn_edu.core.factors import Factors
from sknn_edu.core.losses import Loss


@dataclass(frozen=True)
class Network:
    """The shape of a network: it holds no numbers, so one network serves any parameters.

    Parameters
    ----------
    layer_sizes : tuple of int
        Inputs of the first layer, hidden neurons of each layer, outputs. The inputs are the
        features, or what an embedding makes of them.
    activations : tuple of Activation
        One for each hidden layer.
    loss : Loss
        It owns the output activation.
    factors : Factors or None
        What the first layer's weights are made of, see chapter 13.
    embedding : NumberEmbedding or None
        What is made of the features before the first layer, see chapter 14.
    """

    layer_sizes: tuple[int, ...]
    activations: tuple[Activation, ...]
    loss: Loss
    factors: Factors | None = None
    embedding: NumberEmbedding | None = None

    def parameters(self, dtype: Any) -> "Parameters":
        """Return new parameters, all 0."""
        return Parameters(self.layer_sizes, dtype, self.activations, self.factors, self.embedding)

    def copy_of(self, parameters: "Parameters", dtype: Any) -> "Parameters":
        """Return a copy of this network's parameters in a dtype."""
        copy = self.parameters(dtype)
        copy.theta[...] = parameters.theta
        return copy

    def each(self, number: Callable[[str, int], float], dtype: Any) -> Array:
        """Return a vector as long as theta: ``number(kind, n_in)`` for each parameter.

        The kinds are those of :meth:`Parameters.by_kind`.
        """
        vector = self.parameters(dtype)
        for kind, n_in, part in vector.by_kind():
            part[...] = number(kind, n_in)
        return vector.theta


def is_weight(kind: str, _n_in: int) -> float:
    """Tell weights, which penalties act on, from everything else: for :meth:`Network.each`."""
    return float(kind == "weight")


class Parameters:
    """One contiguous vector theta, and views of it.

    Lives within one call of fit; estimators keep ``weights`` and ``biases`` as ``coefs_`` and
    ``intercepts_``.

    Attributes
    ----------
    theta : ndarray
        All that is learned.
    blocks : list of ndarray (n_in + 1, n_out)
        [W; b] of each layer, as the network computes with it. All are views of theta, but for a
        first layer in factors: that block is made by :meth:`compose`.
    learned : list of ndarray (n_in + 1, n_out)
        The same, where what is learned is not the block but a factor of it: that factor.
    bends : list of ndarray (n_out,) or None
        One for each hidden layer: how much a parametric activation bends.
    factors, embedding : list of ndarray
        What chapters 13 and 14 learn besides.
    """

    def __init__(
        self,
        layer_sizes: Sequence[int],
        dtype: Any,
        activations: Sequence[Activation] = (),
        factors: Factors | None = None,
        embedding: NumberEmbedding | None = None,
    ) -> None:
        self._factoring, self._embedding = factors, embedding
        sizes = tuple(layer_sizes)
        if factors is not None:
            sizes = (factors.n_inner, *sizes[1:])
        blocks = [(n_in + 1, n_out) for n_in, n_out in pairwise(sizes)]
        bends = [(n,) for g, n in zip(activations, sizes[1:], strict=False) if g.is_parametric]
        of_factors = [] if factors is None else factors.shapes()
        of_embedding = [] if embedding is None else embedding.shapes()
        shapes = [*blocks, *bends, *of_factors, *of_embedding]
        ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
        self.theta: Array = zeros(int(ends[-1]), dtype)
        parts = [
            part.reshape(shape)
            for part, shape in zip(np.split(self.theta, ends[:-1]), shapes, strict=True)
        ]
        taken = iter(parts)
        self.learned: list[Array] = [next(taken) for _ in blocks]
        self.bends: list[Array | None] = [
            next(taken) if g.is_parametric else None for g in activations
        ]
        self.factors: list[Array] = [next(taken) for _ in of_factors]
        self.embedding: list[Array] = list(taken)
        self.blocks: list[Array] = list(self.learned)
        if factors is not None:
            self.blocks[0] = zeros((layer_sizes[0] + 1, sizes[1]), dtype)

    @property
    def weights(self) -> list[Array]:
        """W of each layer (n_in, n_out), as the network computes with it."""
        self.compose()
        return [block[:-1] for block in self.blocks]

    @property
    def biases(self) -> list[Array]:
        """b of each layer (n_out,)."""
        return [block[-1] for block in self.learned]

    def compose(self) -> None:
        """Bring the block of a first layer in factors up to date."""
        if self._factoring is not None:
            self._factoring.compose(self.learned[0], self.factors, self.blocks[0])

    def decompose_slope(self, parameters: "Parameters") -> None:
        """Hand the derivatives of a first layer down to its factors; these are derivatives."""
        if self._factoring is not None:
            self._factoring.chain(
                parameters.learned[0],
                parameters.factors,
                self.blocks[0],
                self.learned[0],
                self.factors,
            )

    def load(self, weights: Sequence[Array], biases: Sequence[Array]) -> None:
        """Copy the given weights (n_in, n_out) and biases (n_out,) of each layer into theta.

        Those of a first layer in factors are divided by the factors, which are there already.
        """
        first, *others = weights
        if self._factoring is not None:
            first = self._factoring.divide(first, self.factors)
        for block, W, b in zip(self.learned, [first, *others], biases, strict=True):
            block[:-1], block[-1] = W, b

    def makes(self, W: Array) -> bool:
        """Tell whether the first layer has the weights W: factors cannot make all there are."""
        if self._factoring is None:
            return True
        off, largest = np.abs(self.weights[0] - W).max(), np.abs(W).max()
        dtypes = np.result_type(W, np.float32), self.theta.dtype
        return bool(off <= sqrt(max(np.finfo(dtype).eps for dtype in dtypes)) * largest)

    def load_others(
        self,
        bends: Sequence[Array | None],
        factors: Sequence[Array],
        embedding: Sequence[Array],
    ) -> None:
        """Copy what is learned besides weights and biases into theta; do so before these."""
        own = [*self.bends, *self.factors, *self.embedding]
        for mine, given in zip(own, [*bends, *factors, *embedding], strict=True):
            if mine is not None:
                mine[...] = given

    def by_kind(self) -> Iterator[tuple[str, int, Array]]:
        """Yield every part of theta with its kind and, for a weight, its number of inputs, else 1.

        The kinds are "weight", "bias", "bend", and those of the factors and of the embedding.
        """
        for block in self.learned:
            n_in = block.shape[0] - 1
            yield "weight", n_in, block[:-1]
            yield "bias", 1, block[-1]
        for bend in self.bends:
            if bend is not None:
                yield "bend", 1, bend
        for makes, parts in ((self._factoring, self.factors), (self._embedding, self.embedding)):
            if makes is not None:
                for kind, part in zip(makes.kinds(), parts, strict=True):
                    yield kind, 1, part
