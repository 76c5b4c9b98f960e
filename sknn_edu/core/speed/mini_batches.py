"""Samples copied out of the data, some at a time: what gradient_descent.py takes its steps on."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from sknn_edu.core.speed.arrays import Array, Indices, RowCopies, zeros

COPIED_AT_ONCE = 65_536
"""Several small mini-batches are copied out of X at once: about this many numbers in total."""

SMALL_DATA = 2**18
"""Data of at most this many numbers is copied once together with its column of ones.

Each batch is then copied once, not twice (``examples/benchmarks``, W2 and grid).
"""


class Samples:
    """Some samples, copied out of the data in the order in which they are shown.

    Attributes
    ----------
    X : ndarray (n, n_features + 1) with a last column of ones, or sparse (n, n_features) without
    y : ndarray (n_outputs, n)
        The targets, one column per sample.
    weight : ndarray (n,) or None
    outputs : ndarray (n_outputs, n)
        Memory for the network's outputs.
    n : int
    batches : list of Samples
        The same samples, `batch_size` at a time; these are views.
    """

    def __init__(
        self, X: Any, y: Array, weight: Array | None, outputs: Array, batch_size: int
    ) -> None:
        self.X, self.y, self.weight, self.outputs = X, y, weight, outputs
        self.n = int(y.shape[1])
        self.batches = [self]
        if batch_size < self.n:
            parts = [slice(k, k + batch_size) for k in range(0, self.n, batch_size)]
            self.batches = [self._part(rows, batch_size) for rows in parts]

    def _part(self, rows: slice, batch_size: int) -> "Samples":
        weight = None if self.weight is None else self.weight[rows]
        return Samples(self.X[rows], self.y[:, rows], weight, self.outputs[:, rows], batch_size)

    def total(self) -> float:
        """Return the sum of the weights, or the number of samples if they have none."""
        return float(self.n if self.weight is None else self.weight.sum())

    def sum(self, losses: Array) -> float:
        """Return the weighted sum of the losses (n,) of these samples."""
        return float(losses.sum() if self.weight is None else losses @ self.weight)


class MiniBatches:
    """The training samples, handed out in any order.

    About ``COPIED_AT_ONCE`` numbers, or one batch, are copied at a time.

    Parameters
    ----------
    X : ndarray (n_samples, n_features), C-contiguous, or CSR array
    y : ndarray (n_samples, n_outputs), or integer array (n_samples,) or (n_samples, k)
        An integer array holds the numbers of the outputs whose target is 1; the others have 0.
    n_outputs : int
    weight : ndarray (n_samples,) or None
    batch_size : int
        Samples in a batch; the last batch may be smaller.
    dtype : dtype
        What the network computes in.
    smoothing : float
        Label smoothing: how far targets are moved towards ``uniform_target``, in [0, 1).
    uniform_target : ndarray (n_outputs, 1) or None
        The target that favours no class: 1 / n_classes.
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
        uniform_target: Array | None = None,
    ) -> None:
        self.X, self.y, self.weight = X, y, weight
        self.smoothing, self.uniform_target = smoothing, uniform_target
        self.batch_size = batch_size
        n_samples, n_features = X.shape
        numbers_in_batch = batch_size * (n_features + 1 + n_outputs)
        self._n_at_once = batch_size * max(1, COPIED_AT_ONCE // numbers_in_batch)
        self._all: Samples | None = None
        n_rows = min(n_samples, self._n_at_once)
        self._targets, self._outputs = np.empty((2, n_outputs, n_rows), dtype=dtype)
        self._weight = None if weight is None else np.empty(n_rows, dtype=weight.dtype)
        self._views: dict[int, Samples] = {}  # by number of rows
        self._inputs: Array | None = None  # copies are placed beside its column of ones
        if isinstance(X, np.ndarray):
            if X.size <= SMALL_DATA and X.dtype == dtype:
                X = np.hstack([X, np.ones((n_samples, 1), dtype)])
            else:
                self._inputs = zeros((n_rows, n_features + 1), dtype)
                self._inputs[:, -1] = 1
        self._copies = RowCopies(X, n_rows)

    def over(self, order: Indices) -> Iterator[Samples]:
        """Yield the rows of the data in this order, several whole batches at a time.

        What is yielded is overwritten by the next item. If all samples fit one batch, they come in
        their own order, because the mean over a batch does not depend on it.
        """
        if self.batch_size >= order.size == len(self.y):
            yield from self.in_order()
        else:
            yield from self._walk(order)

    def in_order(self) -> Iterator[Samples]:
        """Yield all the data like :meth:`over`, in its own order; small data is copied once.

        Not together with :meth:`over` in another order, which overwrites that copy.
        """
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
        if self._copies.is_sparse:
            samples = self._view(copies, n)
        else:
            if n not in self._views:  # made once, not at each call (W1 and W9)
                inputs = copies if self._inputs is None else self._inputs[:n]
                self._views[n] = self._view(inputs, n)
            samples = self._views[n]
            if self._inputs is not None:
                samples.X[:, :-1] = copies
        fill_targets(samples.y, self.y.take(rows, axis=0))
        if self.smoothing:
            samples.y += self.smoothing * (self.uniform_target - samples.y)
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
