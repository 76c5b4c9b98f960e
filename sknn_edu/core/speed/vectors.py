"""Scaling, adding and multiplying vectors with SciPy's BLAS.

A call has half the overhead of NumPy's arithmetic (an eighth of a microsecond instead of a
quarter), and ``y <- y + a x`` takes one pass over memory instead of two. Small networks spend much
of a step on such calls (``examples/benchmarks``, W9).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy.linalg import blas

from sknn_edu.core.speed.arrays import Array

MAX_LENGTH = 10_000
"""The longest vectors to use; for longer ones OpenBLAS uses several threads.

The threads of SciPy's BLAS would then compete with those of NumPy's BLAS for the processors.
"""


class VectorOperations(NamedTuple):
    """Operations on contiguous vectors of one dtype."""

    scale: Callable[[float, Array], Any]
    """``scale(a, x)``: x <- a x."""

    add: Callable[..., Any]
    """``add(x, y)``: y <- y + x; ``add(x, y, a=a)``: y <- y + a x."""

    dot: Callable[[Array, Array], float]
    """``dot(x, y)``: the sum of the products x_i y_i."""


OPERATIONS = {
    np.float32: VectorOperations(blas.sscal, blas.saxpy, blas.sdot),
    np.float64: VectorOperations(blas.dscal, blas.daxpy, blas.ddot),
}


def vector_operations(like: Array) -> VectorOperations:
    """Return the operations for the dtype of an array."""
    return OPERATIONS[like.dtype.type]
