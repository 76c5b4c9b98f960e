"""What the steps of chapter 10 are fed with: samples copied out of the data, some at a time."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from sknn_edu.core._arrays import Array, Indices, RowCopies, is_sparse, zeros

GATHER = 65_536
"""Small mini-batches are copied out of X several at a time: about this many numbers at once."""


SMALL = 2**18
"""Samples of at most so many numbers are copied once with their column of ones.

They are then copied out once for each batch, not twice (``examples/benchmarks``, W2 and grid).
"""


class Samples:
    """Some samples, copied out of the data in the order of their showing.

    Attributes
    ----------
    X : ndarray (n, n_features + 1) with a last column of ones, or sparse (n, n_features) without
    y : ndarray (n_outputs, n)
        The targets, one column a sample.
    weight : ndarray (n,) or None
    outputs : ndarray (n_outputs, n)
        Room for what a network says to them.
    n : int
    batches : list of Samples
        The same samples, `batch_size` at a time: views.
    """

    def __init__(
        self, X: Any, y: Array, weight: Array | None, outputs: Array, batch_size: int
    ) -> None:
        self.X, self.y, self.weight, self.outputs = X, y, weight, outputs
        self.n = int(y.shape[1])
        self.batches = [self]
        if batch_size < self.n:
            parts = [slice(k, k + batch_size) for k in range(0, self.n, batch_size)]
            self.batches = [self._part(some, batch_size) for some in parts]

    def _part(self, some: slice, batch_size: int) -> "Samples":
        weight = None if self.weight is None else self.weight[some]
        return Samples(self.X[some], self.y[:, some], weight, self.outputs[:, some], batch_size)

    def total(self) -> float:
        """Return the sum of the weights, or the number of samples where they have none."""
        return float(self.n if self.weight is None else self.weight.sum())

    def sum(self, losses: Array) -> float:
        """Return the sum of one loss for each sample, each times its weight."""
        return float(losses.sum() if self.weight is None else losses @ self.weight)


class MiniBatches:
    """Samples, handed out in any order; about GATHER numbers, or one batch, are copied at a time.

    Parameters
    ----------
    X : ndarray (n_samples, n_features), C-contiguous, or CSR array
    y : ndarray (n_samples, n_outputs), or of output numbers (n_samples,) or (n_samples, k)
        An integer array names the outputs that should say 1, all others 0.
    n_outputs : int
        Outputs of the network.
    weight : ndarray (n_samples,) or None
    batch_size : int
        Samples in a batch; the last one may be smaller.
    dtype : dtype
        What the network computes in.
    smoothing : float
        The targets are moved by this share of the way to ``ignorance``: label smoothing.
    ignorance : ndarray (n_outputs, 1) or None
        What an output should say that knows nothing: 1 / n_classes.
    """

    def __init__(
        self,
        X: Any,
        y: Array,
        n_outputs: int,
        weight: Array | None,
        batch_size: int,
        dtype: Any,
        smoothing: float = 0.0,
        ignorance: Array | None = None,
    ) -> None:
        self.X, self.y, self.weight = X, y, weight
        self.smoothing, self.ignorance = smoothing, ignorance
        self.batch_size = batch_size
        n_samples, n_features = X.shape
        numbers_in_batch = batch_size * (n_features + 1 + n_outputs)
        self._n_at_once = batch_size * max(1, GATHER // numbers_in_batch)
        self._all: Samples | None = None
        n_rows = min(n_samples, self._n_at_once)
        self._targets, self._outputs = np.empty((2, n_outputs, n_rows), dtype=dtype)
        self._weight = None if weight is None else np.empty(n_rows, dtype=weight.dtype)
        self._views: dict[int, Samples] = {}  # of so many rows of these arrays
        self._inputs: Array | None = None  # where a column of ones awaits the copies
        if not is_sparse(X):
            if X.size <= SMALL and X.dtype == dtype:
                X = np.hstack([X, np.ones((n_samples, 1), dtype)])
            else:
                self._inputs = zeros((n_rows, n_features + 1), dtype)
                self._inputs[:, -1] = 1
        self._copies = RowCopies(X, n_rows)

    def over(self, order: Indices) -> Iterator[Samples]:
        """Yield the rows of the data named by `order`, whole batches at a time.

        What is yielded is overwritten when the next is asked for. If all samples are one batch they
        come in their own order, which makes no difference.
        """
        if self.batch_size >= order.size == len(self.y):
            yield from self.in_order()
        else:
            yield from self._walk(order)

    def in_order(self) -> Iterator[Samples]:
        """Yield all the data like :meth:`over`, in its own order; a few samples are copied once."""
        everything = np.arange(len(self.y))
        if everything.size > self._n_at_once:
            yield from self._walk(everything)
            return
        if self._all is None:
            self._all = self._take(everything)
        yield self._all

    def _walk(self, order: Indices) -> Iterator[Samples]:
        for start in range(0, order.size, self._n_at_once):
            yield self._take(order[start : start + self._n_at_once])

    def _take(self, rows: Indices) -> Samples:
        copies, n = self._copies(rows), rows.size
        if is_sparse(copies):
            samples = self._view(copies, n)
        else:
            if n not in self._views:  # once, not at each call: W1 and W9
                inputs = copies if self._inputs is None else self._inputs[:n]
                self._views[n] = self._view(inputs, n)
            samples = self._views[n]
            if self._inputs is not None:
                samples.X[:, :-1] = copies
        fill_targets(samples.y, self.y.take(rows, axis=0))
        if self.smoothing:
            samples.y += self.smoothing * (self.ignorance - samples.y)
        if self.weight is not None:
            self.weight.take(rows, out=samples.weight, mode="clip")
        return samples

    def _view(self, X: Any, n: int) -> Samples:
        weight = None if self._weight is None else self._weight[:n]
        return Samples(X, self._targets[:, :n], weight, self._outputs[:, :n], self.batch_size)


def fill_targets(targets: Array, y: Array) -> None:
    """Write y, rows of targets or of output numbers, into targets (n_outputs, n)."""
    if y.dtype.kind == "i":
        targets[...] = 0
        targets[y.T, np.arange(len(y))] = 1
    else:
        targets[...] = y.T
