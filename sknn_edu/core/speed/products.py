"""The fastest way to multiply two matrices in NumPy, chosen once for each shape.

There are three ways to write the product into an array that was allocated before:

- ``A.dot(B, out)`` has the lowest overhead, but first fills ``out`` with zeros. It is best for
  small products.
- ``np.matmul(A, B, out=out)`` has more overhead, but writes ``out`` only once. It is best for large
  products.
- Blocks. OpenBLAS copies both matrices into another memory layout before it multiplies them. On
  processors with AVX-512 it has kernels for small matrices that skip the copy. A product of up to
  twice that size is 1.2 to 1.5 times as fast in one thread when it is split into two or three small
  blocks, and about as fast with two threads. On other processors blocks are a few per cent slower.

The measurements are in ``examples/benchmarks``: W1 and W9 for the first way, W4 and W5 for the
second, W2 and grid for the third. The choice depends only on the shapes and the processor, so the
same seed gives the same bits.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from sknn_edu.core.speed.arrays import Array

Product: TypeAlias = Callable[[Array, Array, Array], object]
"""A function ``(A, B, out)`` that writes the product A B to ``out``."""

MATMUL_FROM_BYTES = 65_536
"""If ``out`` has at least this size, filling it with zeros takes longer than matmul's overhead."""

SMALL_PRODUCT = 1_000_000
"""OpenBLAS uses its kernels for small matrices up to this many multiplications."""

LARGE_PRODUCT = 2**21
"""From this many multiplications on, two threads are faster with one product than with blocks."""

BLOCK_MULTIPLE = 16
"""The number of rows or columns in a block is a multiple of this, which OpenBLAS handles best."""


def prefers_blocks(build: Mapping[str, Any]) -> bool:
    """Return whether NumPy uses OpenBLAS on a processor with AVX-512.

    ``build`` is what ``numpy.show_config(mode="dicts")`` returns.
    """
    blas = build.get("Build Dependencies", {}).get("blas", {}).get("name", "")
    features = build.get("SIMD Extensions", {}).get("found", [])
    return "openblas" in blas and any(name.startswith(("AVX512", "X86_V4")) for name in features)


PREFERS_BLOCKS = prefers_blocks(np.show_config(mode="dicts"))


def fastest_product(
    n_rows: int, n_inner: int, n_columns: int, dtype: Any, split: str = ""
) -> Product:
    """Return the fastest product for matrices (n_rows, n_inner) and (n_inner, n_columns).

    Parameters
    ----------
    n_rows, n_inner, n_columns : int
    dtype : dtype
    split : {"", "rows", "columns"}
        Whether the product may be split into blocks: of rows of the first matrix, or of columns of
        the second one.

    Returns
    -------
    product : Product
    """
    if split and PREFERS_BLOCKS and SMALL_PRODUCT < n_rows * n_inner * n_columns < LARGE_PRODUCT:
        if split == "rows":
            return by_rows(blocks(n_rows, n_inner * n_columns))
        return by_columns(blocks(n_columns, n_rows * n_inner))
    n_bytes = n_rows * n_columns * np.dtype(dtype).itemsize
    if n_bytes < MATMUL_FROM_BYTES or n_inner == 1:  # matmul is slow for n_inner = 1
        return np.ndarray.dot
    return matmul


def blocks(length: int, work: int) -> list[slice]:
    """Split `length` rows or columns, each of `work` multiplications, into small products."""
    size = SMALL_PRODUCT // work // BLOCK_MULTIPLE * BLOCK_MULTIPLE or length
    return [slice(k, k + size) for k in range(0, length, size)]


def by_rows(blocks: list[slice]) -> Product:
    """Return a product that is computed separately for each block of rows of A."""

    def product(A: Array, B: Array, out: Array) -> None:
        for block in blocks:
            np.matmul(A[block], B, out=out[block])

    return product


def by_columns(blocks: list[slice]) -> Product:
    """Return a product that is computed separately for each block of columns of B."""

    def product(A: Array, B: Array, out: Array) -> None:
        for block in blocks:
            np.matmul(A, B[:, block], out=out[:, block])

    return product


def matmul(A: Array, B: Array, out: Array) -> None:
    """Write the product A B into ``out``."""
    np.matmul(A, B, out=out)
