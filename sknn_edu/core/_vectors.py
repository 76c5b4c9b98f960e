"""Vectors scaled, added and multiplied by SciPy's BLAS.

A call takes an eighth of a microsecond before anything is computed, one of NumPy's arithmetic a
quarter, and ``y <- y + a x`` is one pass over memory instead of two. Small networks spend much of a
step on such calls (``examples/benchmarks``, W9).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy.linalg import blas

from sknn_edu.core._arrays import Array

AT_MOST = 10_000
"""Of longer vectors OpenBLAS gives a part to a second thread.

The threads of SciPy's BLAS and those of NumPy's would then wait for each other's processors.
"""


class Vectors(NamedTuple):
    """What can be done with vectors of one dtype. All must have it and be contiguous."""

    scale: Callable[[float, Array], Any]
    """``scale(a, x)``: x <- a x."""

    add: Callable[..., Any]
    """``add(x, y)``: y <- y + x; ``add(x, y, a=a)``: y <- y + a x."""

    dot: Callable[[Array, Array], float]
    """``dot(x, y)``: the sum of x y."""


VECTORS = {
    np.float32: Vectors(blas.sscal, blas.saxpy, blas.sdot),
    np.float64: Vectors(blas.dscal, blas.daxpy, blas.ddot),
}


def vectors(like: Array) -> Vectors:
    """Return the functions for the dtype of an array."""
    return VECTORS[like.dtype.type]
