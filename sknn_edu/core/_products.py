"""How NumPy multiplies two matrices soonest: the choice is made once for each shape.

There are three ways, and all write the same product into an array made beforehand:

- ``A.dot(B, out)`` begins soonest, but fills ``out`` with zeros first: best for small products.
- ``np.matmul(A, B, out=out)`` begins later and writes ``out`` once: best for large ones.
- Pieces. OpenBLAS copies both matrices into an order of its own before it multiplies; on
  processors with AVX-512 it spares itself that for small ones. What is up to twice as large is done
  1.2 to 1.5 times as fast in two or three small pieces by one thread, about as fast as whole by
  two. On other processors pieces cost a few per cent.

The times behind this are those of ``examples/benchmarks``: W1 and W9 for the first, W4 and W5 for
the second, W2 and grid for the third.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from sknn_edu.core._arrays import Array

Product: TypeAlias = Callable[[Array, Array, Array], object]
"""A function ``(A, B, out)`` that writes the product A B to ``out``."""

CLEARED_FOR_NOTHING = 65_536
"""From so many bytes of ``out`` on, filling it with zeros costs more than a late beginning."""

SMALL = 1_000_000
"""OpenBLAS calls products of up to so many multiplications small."""

TOO_LARGE = 2**21
"""From so many on, two threads at the whole are faster than one at pieces."""

STEP = 16
"""OpenBLAS likes the pieces to have a multiple of so many rows or columns."""


def likes_pieces(build: Mapping[str, Any]) -> bool:
    """Tell from ``numpy.show_config(mode="dicts")`` whether this is such an OpenBLAS."""
    blas = build.get("Build Dependencies", {}).get("blas", {}).get("name", "")
    features = build.get("SIMD Extensions", {}).get("found", [])
    return "openblas" in blas and any(name.startswith(("AVX512", "X86_V4")) for name in features)


LIKES_PIECES = likes_pieces(np.show_config(mode="dicts"))


def pieces(length: int, work: int) -> list[slice]:
    """Cut `length` rows, or columns, that take `work` multiplications each, where that pays."""
    if not LIKES_PIECES or not SMALL < length * work < TOO_LARGE:
        return [slice(length)]
    at_once = SMALL // work // STEP * STEP or length
    return [slice(k, k + at_once) for k in range(0, length, at_once)]


def whole(n_rows: int, n_inner: int, n_columns: int, dtype: Any) -> Product:
    """Return the product of (n_rows, n_inner) and (n_inner, n_columns)."""
    n_bytes = n_rows * n_columns * np.dtype(dtype).itemsize
    if n_bytes < CLEARED_FOR_NOTHING or n_inner == 1:  # matmul has no fast way for a single 1
        return np.ndarray.dot
    return _matmul


def by_rows(n_rows: int, n_inner: int, n_columns: int, dtype: Any) -> Product:
    """Return the same product, some rows of A at a time where that is faster."""
    parts = pieces(n_rows, n_inner * n_columns)

    def product(A: Array, B: Array, out: Array) -> None:
        for some in parts:
            np.matmul(A[some], B, out=out[some])

    return product if len(parts) > 1 else whole(n_rows, n_inner, n_columns, dtype)


def by_columns(n_rows: int, n_inner: int, n_columns: int, dtype: Any) -> Product:
    """Return the same product, some columns of B at a time where that is faster."""
    parts = pieces(n_columns, n_rows * n_inner)

    def product(A: Array, B: Array, out: Array) -> None:
        for some in parts:
            np.matmul(A, B[:, some], out=out[:, some])

    return product if len(parts) > 1 else whole(n_rows, n_inner, n_columns, dtype)


def _matmul(A: Array, B: Array, out: Array) -> None:
    np.matmul(A, B, out=out)
