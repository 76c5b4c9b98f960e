"""Names for the arrays that the chapters pass to one another."""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.sparse import issparse

Array: TypeAlias = npt.NDArray[Any]
"""A floating-point array, float64 or float32 (targets may also be bool or class indices)."""

Indices: TypeAlias = npt.NDArray[np.intp]
"""Row numbers or class numbers."""


def is_sparse(X: Any) -> bool:
    """Tell whether X is a SciPy sparse array, which keeps only what is not 0."""
    return bool(issparse(X))


def scalar(value: float, dtype: Any) -> Array:
    """Return a number as an array of no dimension, with which NumPy computes faster than a float.

    It need not find out anew what dtype 0.9 should have (``examples/benchmarks``, W1 and W9).
    """
    return np.array(value, dtype)
