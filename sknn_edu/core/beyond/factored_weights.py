"""Can the first layer be written in a form that is easier to learn?

The output of a network depends on its weights; the way it learns depends on the parameters from
which the weights are computed. This file computes the weights W (n_inputs, n_out) of the first
layer from other parameters, in two ways:

*A scale for each feature*, W_j = s_j U_j. To ignore a feature, the network only has to make one
number small instead of all weights of that feature.

*An embedding of each category*. A category with L levels is one-hot encoded as L inputs. Each level
gets a vector of k numbers, E (L, k), and the first layer learns weights for these numbers,
U (k, n_out). Then W = E U for the L inputs, and similar levels can get similar vectors.

After training the product is computed once, and the fitted network has an ordinary weight matrix.
The derivatives follow from those of W by the chain rule.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from sknn_edu.core.beyond.learned_inputs import LearnedInputs
from sknn_edu.core.network import DENSE, Inputs, ParameterSpec
from sknn_edu.core.speed.arrays import Array, zeros

FEATURE_SCALE, CATEGORY_VECTOR = "feature_scale", "category_vector"
"""The kinds of the learned arrays."""


@dataclass(frozen=True)
class FactoredWeights(LearnedInputs):
    """First-layer weights W that are computed from U, feature scales s and category vectors E.

    Parameters
    ----------
    n_inputs : int
        The number of rows of W.
    has_scales : bool
        Whether each row of U has a scale s.
    groups : tuple of (int, int)
        For each category, the start and stop of the inputs that encode its levels, in ascending
        order.
    n_dimensions : int
        The length k of a level's vector.
    base : Inputs
        The inputs that W is multiplied by.
    """

    n_inputs: int
    has_scales: bool
    groups: tuple[tuple[int, int], ...] = ()
    n_dimensions: int = 0
    base: Inputs = DENSE

    @property
    def n_inner(self) -> int:
        """The number of rows of U: k for each category, and one for each other input."""
        n_levels = sum(stop - start for start, stop in self.groups)
        return self.n_inputs - n_levels + len(self.groups) * self.n_dimensions

    def specs(self, n_inputs: int) -> tuple[int, list[ParameterSpec]]:
        scales = [ParameterSpec(FEATURE_SCALE, (self.n_inner,))] * self.has_scales
        vectors = [
            ParameterSpec(CATEGORY_VECTOR, (stop - start, self.n_dimensions))
            for start, stop in self.groups
        ]
        _, of_base = self.base.specs(n_inputs)
        return self.n_inner, [*scales, *vectors, *of_base]

    def _factors(self, learned: list[Array]) -> list[Array]:
        """Return s, if ``has_scales``, and the E of each category."""
        return learned[: self.has_scales + len(self.groups)]

    def of_base(self, learned: list[Array]) -> list[Array]:
        """Return the arrays that the base learns."""
        return learned[self.has_scales + len(self.groups) :]

    def first_layer(
        self,
        block: Array,
        dblock: Array,
        learned: list[Array],
        dlearned: list[Array],
        m: int,
        **options: bool,
    ) -> "FactoredFirstLayer":
        composed, dcomposed = (
            zeros((self.n_inputs + 1, block.shape[1]), block.dtype) for _ in range(2)
        )
        first = self.base.first_layer(
            composed, dcomposed, self.of_base(learned), self.of_base(dlearned), m, **options
        )
        factors, dfactors = self._factors(learned), self._factors(dlearned)
        return FactoredFirstLayer(self, first, block, dblock, factors, dfactors)

    def initialize(self, rng: np.random.RandomState, learned: list[Array]) -> None:
        if isinstance(self.base, LearnedInputs):
            self.base.initialize(rng, self.of_base(learned))
        for k, values in enumerate(self._factors(learned)):
            is_scale = self.has_scales and k == 0
            values[...] = 1 if is_scale else rng.normal(size=values.shape)

    def transform(self, X: Any, learned: list[Array]) -> Any:
        return self.base.transform(X, self.of_base(learned))

    def compose(self, W: Array, learned: list[Array]) -> Array:
        composed = np.empty((self.n_inputs, W.shape[1]), W.dtype)
        self.compose_into(composed, W, self._factors(learned))
        return composed

    def compose_into(self, W: Array, U: Array, factors: list[Array]) -> None:
        """Write the weights W (n_inputs, n_out), computed from U (n_inner, n_out)."""
        scaled = self._scaled(U, factors)
        for rows, inner, E in self._parts(factors):
            if E is None:
                W[rows] = scaled[inner]
            else:
                np.matmul(E, scaled[inner], out=W[rows])  # W = E U   (L, n_out)

    def decompose(self, W: Array, learned: list[Array]) -> Array:
        factors = self._factors(learned)
        U = np.empty((self.n_inner, W.shape[1]), W.dtype)
        for rows, inner, E in self._parts(factors):
            U[inner] = W[rows] if E is None else np.linalg.lstsq(E, W[rows], rcond=None)[0]
        if self.has_scales:
            s = factors[0][:, np.newaxis]
            np.divide(U, s, out=U, where=s != 0)
        return U

    def learned_inputs(self, X: Any, learned: list[Array]) -> Any:
        """Return s E^T x for the inputs x: what the rows of U are multiplied by."""
        factors = self._factors(learned)
        if isinstance(self.base, LearnedInputs):
            X = self.base.learned_inputs(X, self.of_base(learned))
        if self.groups:
            X = np.hstack(
                [X[:, j] if E is None else X[:, j] @ E for j, _, E in self._parts(factors)]
            )
        return X * factors[0] if self.has_scales and isinstance(X, np.ndarray) else X

    def chain_rule(self, X: Array, learned: list[Array], gradients: Array) -> Array:
        if isinstance(self.base, LearnedInputs):
            return self.base.chain_rule(X, self.of_base(learned), gradients)
        return gradients

    def differentiate(
        self, U: Array, factors: list[Array], dW: Array, dU: Array, dfactors: list[Array]
    ) -> None:
        """Write the derivatives with respect to U, s and E, given those with respect to W."""
        scaled = self._scaled(U, factors)
        for (rows, inner, E), (_, _, dE) in zip(
            self._parts(factors), self._parts(dfactors), strict=True
        ):
            if E is None:
                dU[inner] = dW[rows]
            else:
                np.matmul(dW[rows], scaled[inner].T, out=dE)  # dE = dW U^T   (L, k)
                np.matmul(E.T, dW[rows], out=dU[inner])  # dU = E^T dW   (k, n_out)
        if self.has_scales:
            np.einsum("jk,jk->j", dU, U, out=dfactors[0])  # ds_j = sum_k dW_jk U_jk
            dU *= factors[0][:, np.newaxis]  # dU_j = s_j dW_j

    def _scaled(self, U: Array, factors: list[Array]) -> Array:
        """Return s U, (n_inner, n_out)."""
        return factors[0][:, np.newaxis] * U if self.has_scales else U

    def _parts(self, factors: list[Array]) -> list[tuple[slice, slice, Array | None]]:
        """Return, for each block of W, its rows, the rows of U it is computed from, and E or None.

        E is None for inputs that are not levels of a category.
        """
        vectors = iter(factors[int(self.has_scales) :])
        parts: list[tuple[slice, slice, Array | None]] = []
        end = inner = 0
        for start, stop in self.groups:
            if start > end:
                parts.append((slice(end, start), slice(inner, inner + start - end), None))
                inner += start - end
            block = slice(inner, inner + self.n_dimensions)
            parts.append((slice(start, stop), block, next(vectors)))
            end, inner = stop, inner + self.n_dimensions
        if end < self.n_inputs:
            rest = slice(inner, inner + self.n_inputs - end)
            parts.append((slice(end, self.n_inputs), rest, None))
        return parts


class FactoredFirstLayer:
    """The computation of a first layer with factored weights.

    The forward pass computes W from U, s and E, and then calls that of the base. The backward pass
    calls that of the base, and then applies the chain rule.
    """

    def __init__(
        self,
        factoring: FactoredWeights,
        first: Any,
        block: Array,
        dblock: Array,
        factors: list[Array],
        dfactors: list[Array],
    ) -> None:
        self.factoring, self.first, self.layer = factoring, first, first.layer
        self._block, self._dblock, self._factors, self._dfactors = block, dblock, factors, dfactors

    def forward(self, X: Any) -> None:
        """Write z."""
        composed = self.layer.block
        self.factoring.compose_into(composed[:-1], self._block[:-1], self._factors)
        composed[-1] = self._block[-1]
        self.first.forward(X)

    def backward(self, X: Any) -> None:
        """Write the derivatives with respect to [U; b], s and E."""
        self.first.backward(X)
        dcomposed, dU = self.layer.dblock, self._dblock[:-1]
        self.factoring.differentiate(
            self._block[:-1], self._factors, dcomposed[:-1], dU, self._dfactors
        )
        self._dblock[-1] = dcomposed[-1]


def find_one_hot_groups(X: Array, min_levels: int) -> tuple[tuple[int, int], ...]:
    """Return start and stop of each run of columns in X that looks like a one-hot encoded category.

    Such a run has more than `min_levels` columns, which contain only 0 and 1, and no row with more
    than one 1. A run ends where every row has its 1, where the next column would give a row a
    second 1, or where the next column contains other numbers. Two categories may be mistaken for
    one if no sample has a level of both; their levels then share a vector space, which does no
    harm.
    """
    is_one = X == 1
    is_binary = (is_one | (X == 0)).all(axis=0)
    return one_hot_runs(is_binary, OnesOfRows(is_one), min_levels)


def one_hot_runs(is_binary: Array, ones: Any, min_levels: int) -> tuple[tuple[int, int], ...]:
    """Return the groups of :func:`find_one_hot_groups`.

    Parameters
    ----------
    is_binary : ndarray (n_columns,) of bool
        Whether a column has only the values 0 and 1.
    ones : OnesOfRows or CountsOfOnes
        Where the ones are.
    min_levels : int
    """
    groups, start = [], 0
    for j, continues in enumerate([*is_binary.tolist(), False]):  # the last run ends, too
        if not continues or ones.fill_all_rows() or ones.would_meet(j):
            if j - start > min_levels:
                groups.append((start, j))
            start = j if continues else j + 1
            ones.start_over()
        if continues:
            ones.add(j)
    return tuple(groups)


class OnesOfRows:
    """Which rows have a 1 in one of some columns.

    Parameters
    ----------
    is_one : ndarray (n, n_columns) of bool
    """

    def __init__(self, is_one: Array) -> None:
        self._is_one, self._has_one = is_one, np.zeros(len(is_one), dtype=bool)

    def start_over(self) -> None:
        """Begin with no columns."""
        self._has_one[:] = False

    def add(self, j: int) -> None:
        """Take column j into account, too."""
        self._has_one |= self._is_one[:, j]

    def fill_all_rows(self) -> bool:
        """Return whether every row has a 1."""
        return bool(self._has_one.all())

    def would_meet(self, j: int) -> bool:
        """Return whether some row would have two if column j came, too."""
        return bool((self._has_one & self._is_one[:, j]).any())


class CountsOfOnes:
    """The same as :class:`OnesOfRows`, from numbers that can be added up over parts of the rows.

    Parameters
    ----------
    n : int
        The number of rows.
    together : ndarray (n_columns, n_columns)
        The number of rows that have a 1 in both columns.
    """

    def __init__(self, n: int, together: Array) -> None:
        self._n, self._together, self._columns = n, together, list[int]()

    def start_over(self) -> None:
        """Begin with no columns."""
        self._columns = []

    def add(self, j: int) -> None:
        """Take column j into account, too."""
        self._columns.append(j)

    def fill_all_rows(self) -> bool:
        """Return whether every row has a 1, given that none has two."""
        return bool(self._together.diagonal()[self._columns].sum() == self._n)

    def would_meet(self, j: int) -> bool:
        """Return whether some row would have two if column j came, too."""
        return bool(self._together[self._columns, j].any())


def count_ones(X: Array, columns: Any) -> tuple[Array, Array]:
    """Return for these columns whether they are binary, and ``together`` of the ones in them."""
    X = X[:, columns]
    is_one = X == 1
    ones = is_one.astype(np.float64)
    return (is_one | (X == 0)).all(axis=0), ones.T @ ones
