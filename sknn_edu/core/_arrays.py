"""Names for the arrays that the chapters pass to one another."""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
"""A floating-point array, float64 or float32 (targets may also be bool or class indices)."""

Indices: TypeAlias = npt.NDArray[np.intp]
"""Row numbers or class numbers."""


def is_sparse(X: Any) -> bool:
    """Tell whether X, an ndarray or a SciPy sparse array, is the latter.

    A tenth of the time that SciPy's ``issparse`` takes (``examples/benchmarks``, W9).
    """
    return not isinstance(X, np.ndarray)


def scalar(value: float, dtype: Any) -> Array:
    """Return a number as an array of no dimension, with which NumPy computes faster than a float.

    It need not find out anew what dtype 0.9 should have (``examples/benchmarks``, W1 and W9).
    """
    return np.array(value, dtype)


CACHE_LINE = 64  # bytes


def zeros(shape: int | tuple[int, ...], dtype: Any) -> Array:
    """Return an array of zeros that begins where a line of the processor's cache does.

    Passes over it take up to a quarter less time than over one that NumPy has placed anywhere
    (``examples/benchmarks``, W9).
    """
    n_bytes = int(np.prod(shape)) * np.dtype(dtype).itemsize
    memory = np.zeros(n_bytes + CACHE_LINE, np.uint8)
    start = -memory.ctypes.data % CACHE_LINE
    aligned: Array = memory[start : start + n_bytes].view(dtype).reshape(shape)
    return aligned


class RowCopies:
    """Copies rows out of X, each time over the last ones: (rows.size, n_features), or sparse.

    Four times faster than ``X[rows]``, which finds new memory for each copy
    (``examples/benchmarks``, perceptron and W9).
    """

    def __init__(self, X: Any, most_rows: int) -> None:
        self._X = X
        if not is_sparse(X):
            self._buffer = zeros((min(most_rows, X.shape[0]), X.shape[1]), X.dtype)

    def __call__(self, rows: Indices) -> Any:
        if is_sparse(self._X):
            return self._X[rows]
        copies = self._buffer[: rows.size]
        self._X.take(rows, axis=0, out=copies, mode="clip")  # "raise" would copy `out` first
        return copies
