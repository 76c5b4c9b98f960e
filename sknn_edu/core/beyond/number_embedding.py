"""What else can the first layer learn about a number besides its size?

A neuron computes a weighted sum, so a single neuron can only tell whether a number is large or
small. Many neurons are needed to tell whether it is odd, or close to 3. The task is easier when the
network receives several functions of the number. Cosines are a good choice, because sums of cosines
can approximate any function (Fourier), and their frequencies and phases can be learned::

    c = cos(2 pi w x + phi)        (n_waves, m)       for each feature x
    e = W^T c + b                  (n_functions, m)   inputs of the first layer

By the chain rule, with delta = dL/de and s = sin(2 pi w x + phi)::

    dW = c delta^T,   db = sum delta,   delta_c = W delta
    dphi = -sum delta_c s,   dw = -2 pi sum delta_c s x

The frequencies w are drawn from a narrow normal distribution, so the initial functions are smooth.
Together with the number itself this is the PBLD embedding of Holzmueller et al., arXiv 2407.04491,
section 3, after Gorishniy et al., arXiv 2203.05556.
"""

from dataclasses import dataclass
from math import inf, pi, sqrt
from numbers import Integral, Real
from typing import Any

import numpy as np

from sknn_edu.core.beyond.learned_inputs import LearnedInputs
from sknn_edu.core.network import ROWS_AT_ONCE, Layer, ParameterSpec
from sknn_edu.core.speed.arrays import Array, zeros
from sknn_edu.core.speed.products import fastest_product

KIND = "number_embedding"
"""The kind of the learned arrays."""


@dataclass(frozen=True)
class Waves:
    """The functions that are computed from each number.

    Parameters
    ----------
    n_waves : int, default=16
        The number of cosines for each feature.
    n_functions : int, default=3
        The number of linear combinations of the cosines; the first layer receives these.
    keeps_number : bool, default=True
        Whether the first layer also receives the number itself.
    sigma : float, default=0.1
        The standard deviation of the initial frequencies w, in periods per unit of x.
    most_columns : int or None, default=None
        Columns with more than two distinct values are embedded only if there are at most this many
        of them. With None there is no limit.

    Raises
    ------
    ValueError
        If ``n_waves`` or ``n_functions`` is not an int >= 1, or ``sigma`` is not a finite
        number > 0.

    Examples
    --------
    >>> from sknn_edu import MLPRegressor
    >>> from sknn_edu.core.beyond.number_embedding import Waves
    >>> mlp = MLPRegressor(number_embedding=Waves(n_waves=8, sigma=1.0))
    """

    n_waves: int = 16
    n_functions: int = 3
    keeps_number: bool = True
    sigma: float = 0.1
    most_columns: int | None = None

    def __post_init__(self) -> None:
        counts = self.n_waves, self.n_functions
        are_ints = all(isinstance(n, Integral) and not isinstance(n, bool) for n in counts)
        is_real = isinstance(self.sigma, Real) and 0 < self.sigma < inf
        if not (are_ints and min(counts) >= 1 and is_real):
            raise ValueError(
                "n_waves and n_functions must be ints >= 1, and sigma must be a finite number > 0; "
                f"got {self}."
            )


EMBEDDINGS: dict[str, Waves] = {
    "pbld": Waves(),
    "periodic": Waves(n_functions=4, keeps_number=False),
    "auto": Waves(most_columns=100),
}
"""The named embeddings, for the parameter ``number_embedding``."""


@dataclass(frozen=True)
class EmbeddedNumbers(LearnedInputs):
    """Inputs of the first layer that include functions of some features.

    The learned arrays are w and phi (n_columns, n_waves), W (n_columns, n_waves, n_functions) and
    b (n_columns, n_functions).

    Parameters
    ----------
    n_features : int
    columns : tuple of int
        The features to embed; the other features are passed on unchanged.
    waves : Waves
    """

    n_features: int
    columns: tuple[int, ...]
    waves: Waves

    @property
    def kept(self) -> list[int]:
        """The features that the first layer receives unchanged."""
        dropped = set() if self.waves.keeps_number else set(self.columns)
        return [j for j in range(self.n_features) if j not in dropped]

    @property
    def n_inputs(self) -> int:
        """The number of inputs of the first layer: unchanged features, then functions."""
        return len(self.kept) + len(self.columns) * self.waves.n_functions

    def specs(self, n_inputs: int) -> tuple[int, list[ParameterSpec]]:
        c, h, e = len(self.columns), self.waves.n_waves, self.waves.n_functions
        shapes: list[tuple[int, ...]] = [(c, h), (c, h), (c, h, e), (c, e)]
        return n_inputs, [ParameterSpec(KIND, shape) for shape in shapes]

    def first_layer(
        self,
        block: Array,
        dblock: Array,
        learned: list[Array],
        dlearned: list[Array],
        m: int,
        **options: bool,
    ) -> "EmbeddedFirstLayer":
        layer = Layer(block, dblock, m, is_first=True, **options)
        work = EmbeddingAtWork(self, learned, dlearned, m, block.dtype)
        return EmbeddedFirstLayer(layer, work)

    def initialize(self, rng: np.random.RandomState, learned: list[Array]) -> None:
        w, phi, W, b = learned
        w[...] = rng.normal(0, self.waves.sigma, w.shape)
        phi[...] = rng.uniform(-pi, pi, phi.shape)
        bound = 1 / sqrt(self.waves.n_waves)
        W[...] = rng.uniform(-bound, bound, W.shape)
        b[...] = rng.uniform(-bound, bound, b.shape)

    def transform(self, X: Array, learned: list[Array]) -> Array:
        inputs = np.empty((len(X), self.n_inputs), X.dtype)
        for start in range(0, len(X), ROWS_AT_ONCE):
            rows = X[start : start + ROWS_AT_ONCE]
            work = EmbeddingAtWork(self, learned, learned, len(rows), X.dtype)
            inputs[start : start + ROWS_AT_ONCE] = work.forward(rows)[:-1].T
        return inputs

    def learned_inputs(self, X: Array, learned: list[Array]) -> Array:
        return self.transform(X, learned)

    def chain_rule(self, X: Array, learned: list[Array], gradients: Array) -> Array:
        w, phi, W, _ = learned
        angles = 2 * pi * w * X[:, self.columns, np.newaxis] + phi  # (n_samples, c, n_waves)
        de_dx = np.einsum("nch,che->nce", -2 * pi * w * np.sin(angles), W)
        n_samples, n_outputs, _ = gradients.shape
        n_kept, columns = len(self.kept), list(self.columns)
        by_functions = gradients[:, :, n_kept:].reshape(n_samples, n_outputs, len(columns), -1)
        by_features = np.zeros((n_samples, n_outputs, self.n_features), gradients.dtype)
        by_features[:, :, self.kept] = gradients[:, :, :n_kept]
        by_features[:, :, columns] += np.einsum("noce,nce->noc", by_functions, de_dx)
        return by_features


class EmbeddedFirstLayer:
    """The computation of the first layer on embedded numbers."""

    def __init__(self, layer: Layer, embedding: "EmbeddingAtWork") -> None:
        self.layer, self.embedding = layer, embedding
        n_rows, n_out = layer.block.shape
        self._product_gradient = fastest_product(n_rows, embedding.m, n_out, layer.block.dtype)

    def forward(self, X: Array) -> None:
        """Write z."""
        layer = self.layer
        layer.product_forward(layer.block_T, self.embedding.forward(X), layer.z)

    def backward(self, X: Array) -> None:
        """Write [dW; db] and the derivatives with respect to the embedding's parameters."""
        layer = self.layer
        self._product_gradient(self.embedding.inputs, layer.delta_T, layer.dblock)
        self.embedding.backward(layer.W[self.embedding.n_kept :] @ layer.delta)


class EmbeddingAtWork:
    """The forward and backward pass of m samples through an embedding.

    Parameters
    ----------
    embedding : EmbeddedNumbers
    learned, dlearned : list of ndarray
        The parameters of the embedding, and the arrays that receive their derivatives. The same
        arrays are used at every step.
    m : int
    dtype : dtype

    Attributes
    ----------
    inputs : ndarray (n_inputs + 1, m)
        The inputs of the first layer, with a last row of ones.
    """

    def __init__(
        self,
        embedding: EmbeddedNumbers,
        learned: list[Array],
        dlearned: list[Array],
        m: int,
        dtype: Any,
    ) -> None:
        self._learned, self._dlearned, self.m = learned, dlearned, m
        self._columns, self._kept = list(embedding.columns), embedding.kept
        c, h, e = len(self._columns), embedding.waves.n_waves, embedding.waves.n_functions
        self.n_kept = len(self._kept)
        self.inputs = zeros((embedding.n_inputs + 1, m), dtype)
        self.inputs[-1] = 1
        self._functions = self.inputs[self.n_kept : -1].reshape(c, e, m)
        self._x = zeros((c, 1, m), dtype)
        self._angles, self._cosines = zeros((c, h, m), dtype), zeros((c, h, m), dtype)

    def forward(self, X: Array) -> Array:
        """Return the inputs of the first layer for X (m, n_features); further columns are ignored.

        Each call overwrites the result of the previous one.
        """
        w, phi, W, b = self._learned
        self.inputs[: self.n_kept] = X.T[self._kept]
        self._x[:, 0] = X.T[self._columns]
        np.multiply((2 * pi * w)[:, :, np.newaxis], self._x, out=self._angles)
        self._angles += phi[:, :, np.newaxis]
        np.cos(self._angles, out=self._cosines)
        np.matmul(W.transpose(0, 2, 1), self._cosines, out=self._functions)  # e = W^T c + b
        self._functions += b[:, :, np.newaxis]
        return self.inputs

    def backward(self, delta: Array) -> None:
        """Write the derivatives of the parameters.

        ``delta`` (n_columns n_functions, m) is the derivative with respect to the functions.
        """
        _, _, W, _ = self._learned
        dw, dphi, dW, db = self._dlearned
        delta = delta.reshape(self._functions.shape)
        np.matmul(self._cosines, delta.transpose(0, 2, 1), out=dW)  # dW = c delta^T
        delta.sum(axis=2, out=db)
        delta_c = np.matmul(W, delta, out=self._cosines)  # delta_c = W delta
        delta_c *= np.sin(self._angles, out=self._angles)
        np.negative(delta_c.sum(axis=2), out=dphi)  # dphi = -sum delta_c s
        dw[...] = np.matmul(delta_c, self._x.transpose(0, 2, 1))[:, :, 0]
        dw *= -2 * pi  # dw = -2 pi sum delta_c s x


def columns_to_embed(X: Array, waves: Waves) -> tuple[int, ...]:
    """Return the columns of X with more than two distinct values, or none if there are too many.

    Any function of two values is linear, so embedding a column with two values gains nothing.
    """
    low, high = X.min(axis=0), X.max(axis=0)
    return chosen_columns(~has_two_values(X, low, high), waves)


def has_two_values(X: Array, low: Array, high: Array) -> Array:
    """Return for each column of X whether it has no other values than these (n_columns,)."""
    is_either: Array = ((low == X) | (high == X)).all(axis=0)
    return is_either


def chosen_columns(has_more: Array, waves: Waves) -> tuple[int, ...]:
    """Return the columns that have more than two values, or none if there are too many."""
    columns = np.flatnonzero(has_more).tolist()
    return tuple(columns) if len(columns) <= (waves.most_columns or inf) else ()
