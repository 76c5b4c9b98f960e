"""Chapter 14: what is in a number besides its size?

A neuron can only ask whether a number is large: to find out whether it is odd, or near 3, takes
many. So show the network several functions of the number. Waves are a good choice, since sums of
waves make any function (Fourier), and how fast and from where each wave starts can be learned::

    c = cos(2 pi w x + phi)        (n_waves, m)      for each feature x
    e = W^T c + b                  (n_outputs, m)    what the first layer sees

By the chain rule, with delta = dL/de and s = sin(2 pi w x + phi)::

    dW = c delta^T,   db = sum delta,   delta_c = W delta
    dphi = -sum delta_c s,   dw = -2 pi sum delta_c s x

The waves start slow: w is drawn from a narrow normal distribution. If the number itself is shown
too this is the PBLD embedding of Holzmueller et al., arXiv 2407.04491, section 3, after Gorishniy
et al., arXiv 2203.05556.
"""

from dataclasses import dataclass
from math import inf, pi, sqrt
from numbers import Integral, Real
from typing import Any

import numpy as np

from sknn_edu.core._arrays import Array, zeros


@dataclass(frozen=True)
class Waves:
    """What is made of each number.

    Parameters
    ----------
    n_waves : int, default=16
        Waves for each feature.
    n_functions : int, default=3
        Functions made of these, for the first layer to see.
    keeps_number : bool, default=True
        Whether the first layer also sees the number itself.
    sigma : float, default=0.1
        The standard deviation of the first w, in periods for each unit of x.

    Examples
    --------
    >>> from sknn_edu import MLPRegressor
    >>> from sknn_edu.core.embeddings import Waves
    >>> mlp = MLPRegressor(number_embedding=Waves(n_waves=8, sigma=1.0))
    """

    n_waves: int = 16
    n_functions: int = 3
    keeps_number: bool = True
    sigma: float = 0.1

    def __post_init__(self) -> None:
        numbers = self.n_waves, self.n_functions
        are_whole = all(isinstance(n, Integral) and not isinstance(n, bool) for n in numbers)
        is_real = isinstance(self.sigma, Real) and 0 < self.sigma < inf
        if not (are_whole and min(numbers) >= 1 and is_real):
            raise ValueError(
                f"n_waves and n_functions must be ints >= 1, and sigma a number > 0; got {self}."
            )


EMBEDDINGS: dict[str, Waves] = {
    "pbld": Waves(),
    "periodic": Waves(n_functions=4, keeps_number=False),
}
"""The embeddings of numbers by the names that users write."""


@dataclass(frozen=True)
class NumberEmbedding:
    """Functions of some of the features, for the first layer to see.

    Its numbers are four arrays: w and phi (n_columns, n_waves), W (n_columns, n_waves, n_functions)
    and b (n_columns, n_functions).

    Parameters
    ----------
    n_features : int
    columns : tuple of int
        The features to embed; the others are handed on as they are.
    waves : Waves
    """

    n_features: int
    columns: tuple[int, ...]
    waves: Waves

    @property
    def kept(self) -> list[int]:
        """The features that are handed on."""
        every = range(self.n_features)
        return [j for j in every if self.waves.keeps_number or j not in self.columns]

    @property
    def n_inputs(self) -> int:
        """How many inputs of the first layer it makes: first those handed on, then functions."""
        return len(self.kept) + len(self.columns) * self.waves.n_functions

    def shapes(self) -> list[tuple[int, ...]]:
        """Return the shapes of w, phi, W and b."""
        c, h, e = len(self.columns), self.waves.n_waves, self.waves.n_functions
        return [(c, h), (c, h), (c, h, e), (c, e)]

    def kinds(self) -> list[str]:
        """Return what each of these is."""
        return ["embedding"] * 4

    def fill(self, rng: np.random.RandomState, own: list[Array]) -> None:
        """Give w, phi, W and b their start."""
        w, phi, W, b = own
        w[...] = rng.normal(0, self.waves.sigma, w.shape)
        phi[...] = rng.uniform(-pi, pi, phi.shape)
        bound = 1 / sqrt(self.waves.n_waves)
        W[...] = rng.uniform(-bound, bound, W.shape)
        b[...] = rng.uniform(-bound, bound, b.shape)

    def embed(self, X: Array, own: list[Array], rows_at_a_time: int) -> Array:
        """Return what the first layer sees of X: (n_samples, n_inputs)."""
        seen = np.empty((len(X), self.n_inputs), X.dtype)
        for start in range(0, len(X), rows_at_a_time):
            some = X[start : start + rows_at_a_time]
            work = EmbeddingPass(self, own, own, len(some), X.dtype)
            seen[start : start + rows_at_a_time] = work.forward(some)[:-1].T
        return seen

    def chain(self, X: Array, own: list[Array], slopes: Array) -> Array:
        """Return derivatives by the features (n_samples, n_outputs, n_features).

        Given are those by the inputs of the first layer, (n_samples, n_outputs, n_inputs).
        """
        w, phi, W, _ = own
        angles = 2 * pi * w * X[:, self.columns, np.newaxis] + phi  # (n_samples, c, n_waves)
        of_functions = np.einsum("nch,che->nce", -2 * pi * w * np.sin(angles), W)  # de/dx
        n_samples, n_outputs, _ = slopes.shape
        n_kept, columns = len(self.kept), list(self.columns)
        by_functions = slopes[:, :, n_kept:].reshape(n_samples, n_outputs, len(columns), -1)
        by_features = np.zeros((n_samples, n_outputs, self.n_features), slopes.dtype)
        by_features[:, :, self.kept] = slopes[:, :, :n_kept]
        by_features[:, :, columns] += np.einsum("noce,nce->noc", by_functions, of_functions)
        return by_features


class EmbeddingPass:
    """Forward and backward propagation of m samples through an embedding.

    Parameters
    ----------
    embedding : NumberEmbedding
    own, slopes : list of ndarray
        Its numbers, and where their derivatives are written; they stay the same objects.
    m : int
    dtype : dtype
    """

    def __init__(
        self, embedding: NumberEmbedding, own: list[Array], slopes: list[Array], m: int, dtype: Any
    ) -> None:
        self.own, self._slopes = own, slopes
        self._columns, self._kept = list(embedding.columns), embedding.kept
        c, h, e = len(self._columns), embedding.waves.n_waves, embedding.waves.n_functions
        self.n_kept = len(self._kept)
        self.inputs = zeros((embedding.n_inputs + 1, m), dtype)  # with a last row of ones
        self.inputs[-1] = 1
        self._functions = self.inputs[self.n_kept : -1].reshape(c, e, m)
        self._x = zeros((c, 1, m), dtype)
        self._angles, self._cosines = zeros((c, h, m), dtype), zeros((c, h, m), dtype)

    def forward(self, X: Array) -> Array:
        """Return the inputs of the first layer and a row of ones, (n_inputs + 1, m).

        Of X, (m, n_features) or more, the first n_features columns are looked at.
        """
        w, phi, W, b = self.own
        self.inputs[: self.n_kept] = X.T[self._kept]
        self._x[:, 0] = X.T[self._columns]
        np.multiply((2 * pi * w)[:, :, np.newaxis], self._x, out=self._angles)
        self._angles += phi[:, :, np.newaxis]
        np.cos(self._angles, out=self._cosines)
        np.matmul(W.transpose(0, 2, 1), self._cosines, out=self._functions)  # e = W^T c + b
        self._functions += b[:, :, np.newaxis]
        return self.inputs

    def backward(self, delta: Array) -> None:
        """Write the derivatives, given those of the functions, (n_columns n_functions, m)."""
        _, _, W, _ = self.own
        dw, dphi, dW, db = self._slopes
        delta = delta.reshape(self._functions.shape)
        np.matmul(self._cosines, delta.transpose(0, 2, 1), out=dW)  # dW = c delta^T
        delta.sum(axis=2, out=db)
        of_waves = np.matmul(W, delta, out=self._cosines)  # delta_c = W delta
        of_waves *= np.sin(self._angles, out=self._angles)
        np.negative(of_waves.sum(axis=2), out=dphi)  # dphi = -sum delta_c s
        dw[...] = np.matmul(of_waves, self._x.transpose(0, 2, 1))[:, :, 0]
        dw *= -2 * pi  # dw = -2 pi sum delta_c s x


def worth_embedding(X: Array) -> tuple[int, ...]:
    """Return the columns of X with more than two values: of two, all functions are straight."""
    low, high = X.min(axis=0), X.max(axis=0)
    return tuple(np.flatnonzero(~((low == X) | (high == X)).all(axis=0)).tolist())
