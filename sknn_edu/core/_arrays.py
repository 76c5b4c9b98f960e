"""Names for the arrays that the chapters pass to one another, and a way to walk along long ones."""

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.sparse import issparse

Array: TypeAlias = npt.NDArray[Any]
"""A floating-point array, float64 or float32 (targets may also be bool or class indices)."""

Indices: TypeAlias = npt.NDArray[np.intp]
"""Row numbers or class numbers."""

CHUNK = 8192
"""So many numbers of a few vectors fit the processor's cache together."""


def is_sparse(X: Any) -> bool:
    """Tell whether X is a SciPy sparse array, which keeps only what is not 0."""
    return bool(issparse(X))


def chunks(*vectors: Array) -> Iterator[tuple[Array, ...]]:
    """Yield the same piece of each of several equally long vectors, as views.

    Several passes over a piece in the cache are faster than as many passes over the whole
    (``examples/benchmarks``, W4 and W5).
    """
    if vectors[0].size <= CHUNK:
        yield vectors
        return
    for start in range(0, vectors[0].size, CHUNK):
        yield tuple(vector[start : start + CHUNK] for vector in vectors)


def scalars(dtype: Any, *values: float) -> list[Array]:
    """Return numbers as arrays of no dimension, with which NumPy computes faster than with floats.

    It need not find out anew what dtype 0.9 should have (``examples/benchmarks``, W1 and W9).
    """
    return [np.array(value, dtype) for value in values]
