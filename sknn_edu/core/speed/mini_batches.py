"""Mini-batches: samples copied out of the training data, a few at a time."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from sknn_edu.core.speed.arrays import Array, Indices, RowCopies, zeros

COPIED_AT_ONCE = 65_536
"""Small mini-batches are copied out of X several at a time: about this many numbers in total."""

SMALL_DATA = 2**18
"""If X has at most this many numbers, it is first copied as a whole, with a column of ones.

The rows of a batch then have to be copied only once, not twice (``examples/benchmarks``, W2 and
grid).
"""


class Samples:
    """Samples copied out of the data, in the order in which training uses them.

    Attributes
    ----------
    X : ndarray (n, n_features + 1) or CSR array (n, n_features)
        The last column of a dense X consists of ones; sparse X has no such column.
    y : ndarray (n_outputs, n)
        The targets, one column per sample.
    weight : ndarray (n,) or None
    outputs : ndarray (n_outputs, n)
        Buffer for the network's outputs.
    n : int
        The number of samples.
    batches : list of Samples
        The same samples split into mini-batches of `batch_size`; views of the arrays above.
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
        """Return the sum of the weights, or the number of samples if there are no weights."""
        return float(self.n if self.weight is None else self.weight.sum())

    def sum(self, losses: Array) -> float:
        """Return the weighted sum of the losses (n,) of these samples."""
        return float(losses.sum() if self.weight is None else losses @ self.weight)


class MiniBatches:
    """Yields the training samples in mini-batches, in any order.

    About ``COPIED_AT_ONCE`` numbers are copied at a time, but at least one batch.

    Parameters
    ----------
    X : ndarray (n_samples, n_features), C-contiguous, or CSR array
    y : ndarray (n_samples, n_outputs), or integer array (n_samples,) or (n_samples, k)
        An integer array contains the indices of the outputs with the target 1; the other outputs
        have the target 0.
    n_outputs : int
    weight : ndarray (n_samples,) or None
    batch_size : int
        The number of samples in a batch; the last batch may be smaller.
    dtype : dtype
        The dtype of the network's computations.
    smoothing : float
        Label smoothing, in [0, 1): y <- (1 - smoothing) y + smoothing uniform_target.
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
        self._views: dict[int, Samples] = {}  # one for each number of rows
        self._inputs: Array | None = None  # a buffer whose last column consists of ones
        if isinstance(X, np.ndarray):
            if X.size <= SMALL_DATA and X.dtype == dtype:
                X = np.hstack([X, np.ones((n_samples, 1), dtype)])
            else:
                self._inputs = zeros((n_rows, n_features + 1), dtype)
                self._inputs[:, -1] = 1
        self._copies = RowCopies(X, n_rows)

    def over(self, order: Indices) -> Iterator[Samples]:
        """Yield the rows of the data in this order, one or more whole batches at a time.

        Each item overwrites the previous one. If all samples fit one batch, they are yielded in
        the order of the data, because the mean over a batch does not depend on the order.
        """
        if self.batch_size >= order.size == len(self.y):
            yield from self.in_order()
        else:
            yield from self._walk(order)

    def in_order(self) -> Iterator[Samples]:
        """Yield all samples in the order of the data; small data is copied at the first call only.

        Do not use it together with :meth:`over` in another order, which overwrites that copy.
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
            if n not in self._views:  # making views takes time (W1 and W9), so keep them
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
    """Write y into targets (n_outputs, n).

    y has one row of targets per sample, or integers: the indices of the outputs with the target 1.
    """
    if y.dtype.kind == "i":
        targets[...] = 0
        targets[y.T, np.arange(len(y))] = 1
    else:
        targets[...] = y.T
