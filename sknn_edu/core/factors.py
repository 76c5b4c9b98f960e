"""Chapter 13: is there a form in which the same first layer is easier to learn?

What a network says depends on the weights, how it learns on what they are made of. Two ways to
make the weights W (n_inputs, n_out) of the first layer:

*A scale for each feature*, W_j = s_j U_j: a feature that says little fades as one number falls,
where otherwise all the weights that lead away from it would have to.

*An embedding of each category*. A category with L levels comes as L inputs of which one is 1. Give
each level a vector of k numbers, E (L, k), and let the first layer learn weights of those, U (k,
n_out): then W = E U for the L inputs, and similar levels may get similar vectors.

Both change nothing about what a trained network is: the product is multiplied out, and what is left
is weights. The derivatives follow from those of W by the chain rule.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from sknn_edu.core._arrays import Array


@dataclass(frozen=True)
class Factors:
    """What the first layer's weights are made of: numbers of their own, and these learned besides.

    Parameters
    ----------
    n_inputs : int
    scales : bool
        Whether each input has a scale s.
    groups : tuple of (int, int)
        Start and stop of the inputs that are the levels of one category, in order.
    n_dimensions : int
        The length k of a level's vector.
    """

    n_inputs: int
    scales: bool
    groups: tuple[tuple[int, int], ...] = ()
    n_dimensions: int = 0

    @property
    def n_inner(self) -> int:
        """How many rows U has: a category has k in place of its levels."""
        n_levels = sum(stop - start for start, stop in self.groups)
        return self.n_inputs - n_levels + len(self.groups) * self.n_dimensions

    def shapes(self) -> list[tuple[int, ...]]:
        """Return the shapes of s, if there is one, and of E of each category."""
        of_levels = [(stop - start, self.n_dimensions) for start, stop in self.groups]
        return [(self.n_inner,), *of_levels] if self.scales else list(of_levels)

    def kinds(self) -> list[str]:
        """Return what each of these is."""
        return ["scale"] * self.scales + ["category"] * len(self.groups)

    def fill(self, rng: np.random.RandomState, own: list[Array]) -> None:
        """Give s its start, 1, and the levels' vectors theirs, from N(0, 1)."""
        for kind, numbers in zip(self.kinds(), own, strict=True):
            numbers[...] = 1 if kind == "scale" else rng.normal(size=numbers.shape)

    def compose(self, U: Array, own: list[Array], block: Array) -> None:
        """Write [W; b] (n_inputs + 1, n_out) made of [U; b] (n_inner + 1, n_out) into block."""
        scaled = self._scaled(U, own)
        for rows, inner, E in self._parts(own):
            if E is None:
                block[rows] = scaled[inner]
            else:
                np.matmul(E, scaled[inner], out=block[rows])  # W = E U   (L, n_out)
        block[-1] = U[-1]

    def inner(self, X: Any, own: list[Array]) -> Any:
        """Return what U is multiplied with, for inputs X (n_samples, n_inputs): s E^T x."""
        if self.groups:
            X = np.hstack([X[:, j] if E is None else X[:, j] @ E for j, _, E in self._parts(own)])
        return X * own[0] if self.scales and isinstance(X, np.ndarray) else X

    def divide(self, W: Array, own: list[Array]) -> Array:
        """Return the U (n_inner, n_out) of which W is made, as nearly as can be."""
        U = np.empty((self.n_inner, W.shape[1]), W.dtype)
        for rows, inner, E in self._parts(own):
            U[inner] = W[rows] if E is None else np.linalg.lstsq(E, W[rows], rcond=None)[0]
        if self.scales:
            s = own[0][:, np.newaxis]
            np.divide(U, s, out=U, where=s != 0)
        return U

    def chain(
        self, U: Array, own: list[Array], dblock: Array, dU: Array, down: list[Array]
    ) -> None:
        """Write the derivatives by U and by the rest, given those by [W; b]."""
        scaled = self._scaled(U, own)
        for (rows, inner, E), (_, _, dE) in zip(self._parts(own), self._parts(down), strict=True):
            if E is None:
                dU[inner] = dblock[rows]
            else:
                np.matmul(dblock[rows], scaled[inner].T, out=dE)  # dE = dW U^T   (L, k)
                np.matmul(E.T, dblock[rows], out=dU[inner])  # dU = E^T dW   (k, n_out)
        dU[-1] = dblock[-1]
        if self.scales:
            np.einsum("jk,jk->j", dU[:-1], U[:-1], out=down[0])  # ds_j = sum_k dW_jk V_jk
            dU[:-1] *= own[0][:, np.newaxis]  # dU_j = s_j dW_j

    def _scaled(self, U: Array, own: list[Array]) -> Array:
        """Return s U without its bias, (n_inner, n_out)."""
        return own[0][:, np.newaxis] * U[:-1] if self.scales else U[:-1]

    def _parts(self, own: list[Array]) -> list[tuple[slice, slice, Array | None]]:
        """Return inputs, the rows of U that they are made of, and the E between, if there is."""
        levels = iter(own[int(self.scales) :])
        parts: list[tuple[slice, slice, Array | None]] = []
        end = inner = 0
        for start, stop in self.groups:
            if start > end:
                parts.append((slice(end, start), slice(inner, inner + start - end), None))
                inner += start - end
            parts.append(
                (slice(start, stop), slice(inner, inner + self.n_dimensions), next(levels))
            )
            end, inner = stop, inner + self.n_dimensions
        if end < self.n_inputs:
            parts.append(
                (slice(end, self.n_inputs), slice(inner, inner + self.n_inputs - end), None)
            )
        return parts


def find_groups(X: Array, longer_than: int) -> tuple[tuple[int, int], ...]:
    """Find the categories in X: runs of more than so many 0/1 columns of which at most one is 1.

    A run ends where every row has its 1, where a row would have two, or where a column holds
    other numbers. Two categories that are never both present might be taken for one; their levels
    then share a space of vectors, which does no harm.
    """
    is_one = X == 1
    is_binary = [*(is_one | (X == 0)).all(axis=0).tolist(), False]  # with an end to the last run
    groups, start = [], 0
    has_one = np.zeros(len(X), dtype=bool)
    for j, goes_on in enumerate(is_binary):
        if not goes_on or has_one.all() or (has_one & is_one[:, j]).any():
            if j - start > longer_than:
                groups.append((start, j))
            start = j if goes_on else j + 1
            has_one[:] = False
        if goes_on:
            has_one |= is_one[:, j]
    return tuple(groups)
