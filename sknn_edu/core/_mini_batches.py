"""What the steps of chapter 10 are fed with: samples copied out of the data, some at a time."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from sknn_edu.core._arrays import Array, Indices, RowCopies, is_sparse

GATHER = 65_536
"""Small mini-batches are copied out of X several at a time: about this many numbers at once."""


class Samples(NamedTuple):
    """Some samples, copied out of the data in the order of their showing.

    ``X`` is (n, n_features + 1) with a last column of ones, or sparse (n, n_features) without;
    ``y`` is (n_outputs, n), one column a sample; ``weight`` is (n,) or None.
    """

    X: Any
    y: Array
    weight: Array | None

    @property
    def n(self) -> int:
        return int(self.y.shape[1])

    def part(self, start: int, stop: int) -> "Samples":
        """Return some of the samples, as views."""
        weight = None if self.weight is None else self.weight[start:stop]
        return Samples(self.X[start:stop], self.y[:, start:stop], weight)

    def total(self) -> float:
        """Return the sum of the weights, or the number of samples where they have none."""
        return float(self.y.shape[1] if self.weight is None else self.weight.sum())

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
        self._targets = np.empty((n_outputs, n_rows), dtype=dtype)
        self._copies = RowCopies(X, n_rows)
        if not is_sparse(X):
            self._inputs = np.ones((n_rows, n_features + 1), dtype=dtype)

    def over(self, order: Indices) -> Iterator[Samples]:
        """Yield the rows of the data named by `order`, whole batches at a time.

        What is yielded is overwritten when the next is asked for. If all samples are one batch they
        come in their own order, which makes no difference.
        """
        if self.batch_size >= order.size == len(self.y):
            if self._all is None:
                self._all = self._take(np.arange(order.size))
            yield self._all
            return
        for start in range(0, order.size, self._n_at_once):
            yield self._take(order[start : start + self._n_at_once])

    def _take(self, rows: Indices) -> Samples:
        weight = None if self.weight is None else self.weight.take(rows)
        return Samples(self._inputs_of(rows), self._targets_of(rows), weight)

    def _inputs_of(self, rows: Indices) -> Any:
        copies = self._copies(rows)
        if is_sparse(copies):
            return copies
        inputs = self._inputs[: rows.size]
        inputs[:, :-1] = copies
        return inputs

    def _targets_of(self, rows: Indices) -> Array:
        targets = self._targets[:, : rows.size]
        fill_targets(targets, self.y.take(rows, axis=0))
        if self.smoothing:
            targets += self.smoothing * (self.ignorance - targets)
        return targets


def fill_targets(targets: Array, y: Array) -> None:
    """Write y, rows of targets or of output numbers, into targets (n_outputs, n)."""
    if y.dtype.kind == "i":
        targets[...] = 0
        targets[y.T, np.arange(len(y))] = 1
    else:
        targets[...] = y.T
