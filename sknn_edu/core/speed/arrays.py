"""Names for arrays, and arrays that are aligned in memory."""

from math import prod
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
"""A float64 or float32 array. Targets may also be booleans or class indices."""

Indices: TypeAlias = npt.NDArray[np.intp]
"""Row indices or class indices."""


def is_sparse(X: Any) -> bool:
    """Return whether X, an ndarray or a SciPy sparse array, is sparse.

    This takes a tenth of the time of SciPy's ``issparse`` (``examples/benchmarks``, W9).
    """
    return not isinstance(X, np.ndarray)


def scalar(value: float, dtype: Any) -> Array:
    """Return a number as a zero-dimensional array.

    NumPy computes faster with it than with a Python float, because it does not have to find out
    the dtype of the result at each operation (``examples/benchmarks``, W1 and W9).
    """
    return np.array(value, dtype)


CACHE_LINE = 64  # bytes


def zeros(shape: int | tuple[int, ...], dtype: Any) -> Array:
    """Return an array of zeros that starts at the beginning of a cache line.

    Operations on it take up to a quarter less time than on an array that starts elsewhere
    (``examples/benchmarks``, W9).
    """
    n_bytes = (prod(shape) if isinstance(shape, tuple) else shape) * np.dtype(dtype).itemsize
    memory = np.zeros(n_bytes + CACHE_LINE, np.uint8)
    start = -memory.ctypes.data % CACHE_LINE
    aligned: Array = memory[start : start + n_bytes].view(dtype).reshape(shape)
    return aligned


class RowCopies:
    """Copies rows of X into a buffer.

    A call with ``rows`` returns ``X[rows]``, (rows.size, n_features). For dense X each call
    overwrites the result of the previous one. This is four times faster than ``X[rows]``, which
    allocates memory for each copy (``examples/benchmarks``, perceptron and W9).

    Parameters
    ----------
    X : ndarray or CSR array (n_samples, n_features)
    max_rows : int
        The largest number of rows in a call.
    """

    def __init__(self, X: Any, max_rows: int) -> None:
        self._X, self.is_sparse = X, not isinstance(X, np.ndarray)
        if not self.is_sparse:
            self._buffer = zeros((min(max_rows, X.shape[0]), X.shape[1]), X.dtype)

    def __call__(self, rows: Indices) -> Any:
        if self.is_sparse:
            return self._X[rows]
        copies = self._buffer[: rows.size]
        self._X.take(rows, axis=0, out=copies, mode="clip")  # "raise" would copy `out` first
        return copies
