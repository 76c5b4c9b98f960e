"""Every way to multiply two matrices gives the same product."""

import numpy as np
import pytest

from sknn_edu.core.activations import ACTIVATIONS
from sknn_edu.core.losses import LOSSES
from sknn_edu.core.network import Architecture
from sknn_edu.core.speed import products
from sknn_edu.core.speed.products import (
    SMALL_PRODUCT,
    blocks,
    by_columns,
    by_rows,
    fastest_product,
    matmul,
    prefers_blocks,
)
from tests.core.gradients import loss_and_gradient

DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32])
SIZES = [(3, 2, 4), (100, 65, 200), (65, 200, 100), (100, 1, 200), (1, 9, 1), (40, 170, 300)]


def assert_multiplies(product, size, dtype):
    n_rows, n_inner, n_columns = size
    rng = np.random.default_rng(0)
    A = rng.normal(size=(n_inner, n_rows)).astype(dtype).T  # as W^T and X^T are, rows are columns
    B = rng.normal(size=(n_columns, n_inner)).astype(dtype).T
    out = np.full((n_rows, n_columns), np.nan, dtype)
    product(A, B, out)
    tolerance = 1e-13 if dtype is np.float64 else 1e-5
    np.testing.assert_allclose(out, A @ B, rtol=0, atol=tolerance * n_inner)


@pytest.mark.parametrize("has_small_kernels", [True, False])
@pytest.mark.parametrize("split", ["", "rows", "columns"])
@DTYPES
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_all_ways_of_multiplying_give_the_same_product(
    size, dtype, split, has_small_kernels, monkeypatch
):
    monkeypatch.setattr(products, "PREFERS_BLOCKS", has_small_kernels)
    assert_multiplies(fastest_product(*size, dtype, split=split), size, dtype)


@DTYPES
def test_blocks_of_any_size_give_the_product(dtype):
    parts = [slice(0, 7), slice(7, 14), slice(14, 21)]  # the last one is shorter
    assert_multiplies(by_rows(parts), (20, 9, 6), dtype)
    assert_multiplies(by_columns(parts), (6, 9, 20), dtype)
    assert_multiplies(matmul, (20, 9, 6), dtype)


@pytest.mark.parametrize(("length", "work"), [(100, 13_000), (65, 20_000), (30, 65_000), (9, 9)])
def test_blocks_contain_each_row_once_and_are_small(length, work):
    parts = blocks(length, work)
    np.testing.assert_array_equal(
        np.concatenate([np.arange(length)[part] for part in parts]), np.arange(length)
    )
    assert len(parts) == 1 or all((s.stop - s.start) * work <= SMALL_PRODUCT for s in parts)


def test_the_digits_are_split_at_64_neurons():
    assert blocks(100, 65 * 200) == [slice(0, 64), slice(64, 128)]


@pytest.mark.parametrize("split", ["rows", "columns"])
def test_small_and_large_products_are_not_split(split, monkeypatch):
    monkeypatch.setattr(products, "PREFERS_BLOCKS", True)
    assert fastest_product(256, 257, 256, float, split) is matmul
    assert fastest_product(100, 31, 200, float, split) is matmul
    assert fastest_product(100, 31, 20, float, split) is np.ndarray.dot


@pytest.mark.parametrize("split", ["rows", "columns"])
def test_medium_products_are_split_if_blocks_are_faster(split, monkeypatch):
    monkeypatch.setattr(products, "PREFERS_BLOCKS", True)
    assert fastest_product(100, 65, 200, float, split).__name__ == "product"
    assert fastest_product(100, 65, 200, float) is matmul
    monkeypatch.setattr(products, "PREFERS_BLOCKS", False)
    assert fastest_product(100, 65, 200, float, split) is matmul


def test_large_outputs_use_matmul_and_small_outputs_use_dot():
    assert fastest_product(64, 9, 128, np.float64) is matmul
    assert fastest_product(64, 9, 128, np.float32) is np.ndarray.dot
    assert fastest_product(64, 9, 127, np.float64) is np.ndarray.dot
    assert fastest_product(64, 1, 1280, np.float64) is np.ndarray.dot


def test_blocks_are_only_used_with_openblas_on_avx_512():
    def build(blas, *features):
        return {
            "Build Dependencies": {"blas": {"name": blas}},
            "SIMD Extensions": {"found": list(features)},
        }

    assert prefers_blocks(build("scipy-openblas", "X86_V3", "X86_V4"))
    assert prefers_blocks(build("openblas64", "AVX2", "AVX512F"))
    assert not prefers_blocks(build("scipy-openblas", "AVX2"))
    assert not prefers_blocks(build("accelerate"))
    assert not prefers_blocks(build("mkl", "AVX512F"))
    assert not prefers_blocks({})


@DTYPES
def test_backpropagation_in_blocks_gives_the_same_gradient(dtype, monkeypatch):
    architecture = Architecture(
        (64, 100, 90, 10), (ACTIVATIONS["tanh"],) * 2, LOSSES["log_loss", "softmax"]
    )
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 64)).astype(dtype)
    y = np.eye(10, dtype=dtype)[:, rng.integers(10, size=200)]
    parameters = architecture.parameters(dtype)
    parameters.theta[:] = rng.normal(size=parameters.theta.size) / 10
    gradients = []
    for has_small_kernels in (True, False):
        monkeypatch.setattr(products, "PREFERS_BLOCKS", has_small_kernels)
        gradients.append(loss_and_gradient(architecture, parameters, X, y)[1])
    tolerance = 1e-14 if dtype is np.float64 else 1e-6
    np.testing.assert_allclose(*gradients, rtol=0, atol=tolerance)
