"""The fastest way to multiply two matrices in NumPy, chosen once for each shape.

There are three ways. All write the same product into an array allocated beforehand:

- ``A.dot(B, out)`` has the lowest overhead, but fills ``out`` with zeros first: best for small
  products.
- ``np.matmul(A, B, out=out)`` has more overhead and writes ``out`` once: best for large products.
- Blocks. OpenBLAS copies both matrices into a layout of its own before it multiplies them. On
  processors with AVX-512 it has kernels that skip the copy for small matrices. A product up to
  twice that size is 1.2 to 1.5 times as fast when it is split into two or three small blocks and
  runs in one thread, and about as fast with two threads. On other processors blocks cost a few
  per cent.

The measurements are those of ``examples/benchmarks``: W1 and W9 for the first, W4 and W5 for the
second, W2 and grid for the third. The choice depends on shapes and processor only, so the same
seed gives the same bits.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from sknn_edu.core.speed.arrays import Array

Product: TypeAlias = Callable[[Array, Array, Array], object]
"""A function ``(A, B, out)`` that writes the product A B to ``out``."""

MATMUL_FROM_BYTES = 65_536
"""From this size of ``out`` on, filling it with zeros costs more than matmul's overhead."""

SMALL_PRODUCT = 1_000_000
"""Up to this many multiplications OpenBLAS uses its kernels for small matrices."""

LARGE_PRODUCT = 2**21
"""From this many multiplications on, two threads are faster on the whole than on blocks."""

BLOCK_MULTIPLE = 16
"""Blocks have a multiple of this many rows or columns, which OpenBLAS handles best."""


def prefers_blocks(build: Mapping[str, Any]) -> bool:
    """Return whether ``numpy.show_config(mode="dicts")`` shows OpenBLAS on AVX-512."""
    blas = build.get("Build Dependencies", {}).get("blas", {}).get("name", "")
    features = build.get("SIMD Extensions", {}).get("found", [])
    return "openblas" in blas and any(name.startswith(("AVX512", "X86_V4")) for name in features)


PREFERS_BLOCKS = prefers_blocks(np.show_config(mode="dicts"))


def fastest_product(
    n_rows: int, n_inner: int, n_columns: int, dtype: Any, split: str = ""
) -> Product:
    """Return the fastest product of (n_rows, n_inner) and (n_inner, n_columns).

    Parameters
    ----------
    n_rows, n_inner, n_columns : int
    dtype : dtype
    split : {"", "rows", "columns"}
        Whether the product may be computed in blocks: of rows of the first matrix, or of columns
        of the second one.
    """
    if split and PREFERS_BLOCKS and SMALL_PRODUCT < n_rows * n_inner * n_columns < LARGE_PRODUCT:
        if split == "rows":
            return by_rows(blocks(n_rows, n_inner * n_columns))
        return by_columns(blocks(n_columns, n_rows * n_inner))
    n_bytes = n_rows * n_columns * np.dtype(dtype).itemsize
    if n_bytes < MATMUL_FROM_BYTES or n_inner == 1:  # matmul has no fast way for a single 1
        return np.ndarray.dot
    return matmul


def blocks(length: int, work: int) -> list[slice]:
    """Split `length` rows, or columns, of `work` multiplications each into small products."""
    size = SMALL_PRODUCT // work // BLOCK_MULTIPLE * BLOCK_MULTIPLE or length
    return [slice(k, k + size) for k in range(0, length, size)]


def by_rows(blocks: list[slice]) -> Product:
    """Return a product that is computed in blocks of rows of A."""

    def product(A: Array, B: Array, out: Array) -> None:
        for block in blocks:
            np.matmul(A[block], B, out=out[block])

    return product


def by_columns(blocks: list[slice]) -> Product:
    """Return a product that is computed in blocks of columns of B."""

    def product(A: Array, B: Array, out: Array) -> None:
        for block in blocks:
            np.matmul(A, B[:, block], out=out[:, block])

    return product


def matmul(A: Array, B: Array, out: Array) -> None:
    """Write the product A B, computed as a whole."""
    np.matmul(A, B, out=out)
