"""Products in any of their ways are the same product; vectors move in place."""

import numpy as np
import pytest

from sknn_edu.core import _products
from sknn_edu.core._products import by_columns, by_rows, likes_pieces, pieces, whole
from sknn_edu.core._vectors import AT_MOST, vectors
from sknn_edu.core.activations import ACTIVATIONS
from sknn_edu.core.losses import LOSSES
from sknn_edu.core.network import Pass
from sknn_edu.core.parameters import Network

DTYPES = [np.float64, np.float32]
SIZES = [(3, 2, 4), (100, 65, 200), (65, 200, 100), (100, 1, 200), (1, 9, 1), (40, 170, 300)]


@pytest.mark.parametrize("has_small_kernels", [True, False])
@pytest.mark.parametrize("way", [whole, by_rows, by_columns])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", SIZES)
def test_every_way_writes_the_same_product(size, dtype, way, has_small_kernels, monkeypatch):
    monkeypatch.setattr(_products, "LIKES_PIECES", has_small_kernels)
    n_rows, n_inner, n_columns = size
    rng = np.random.default_rng(0)
    A = rng.normal(size=(n_inner, n_rows)).astype(dtype).T  # as W^T and X^T are, rows are columns
    B = rng.normal(size=(n_columns, n_inner)).astype(dtype).T
    out = np.full((n_rows, n_columns), np.nan, dtype)
    way(*size, dtype)(A, B, out)
    tolerance = 1e-13 if dtype is np.float64 else 1e-5
    np.testing.assert_allclose(out, A @ B, rtol=0, atol=tolerance * n_inner)


@pytest.mark.parametrize(("length", "work"), [(100, 13_000), (65, 20_000), (30, 65_000), (9, 9)])
def test_pieces_hold_each_row_once_and_are_small(length, work, monkeypatch):
    monkeypatch.setattr(_products, "LIKES_PIECES", True)
    parts = pieces(length, work)
    np.testing.assert_array_equal(
        np.concatenate([np.arange(length)[some] for some in parts]), np.arange(length)
    )
    assert len(parts) == 1 or all((s.stop - s.start) * work <= _products.SMALL for s in parts)


def test_the_digits_are_cut_at_64_neurons_and_large_products_are_not_cut(monkeypatch):
    monkeypatch.setattr(_products, "LIKES_PIECES", True)
    assert pieces(100, 65 * 200) == [slice(0, 64), slice(64, 128)]
    assert pieces(256, 257 * 256) == [slice(256)]
    assert pieces(100, 31 * 200) == [slice(100)]


def test_pieces_are_for_openblas_with_avx_512():
    def build(blas, *features):
        return {
            "Build Dependencies": {"blas": {"name": blas}},
            "SIMD Extensions": {"found": list(features)},
        }

    assert likes_pieces(build("scipy-openblas", "X86_V3", "X86_V4"))
    assert likes_pieces(build("openblas64", "AVX2", "AVX512F"))
    assert not likes_pieces(build("scipy-openblas", "AVX2"))
    assert not likes_pieces(build("accelerate"))
    assert not likes_pieces(build("mkl", "AVX512F"))
    assert not likes_pieces({})


@pytest.mark.parametrize("dtype", DTYPES)
def test_backpropagation_in_pieces_gives_the_same_gradient(dtype, monkeypatch):
    network = Network((64, 100, 90, 10), (ACTIVATIONS["tanh"],) * 2, LOSSES["log_loss", "softmax"])
    rng = np.random.default_rng(0)
    X = np.hstack([rng.normal(size=(200, 64)), np.ones((200, 1))]).astype(dtype)
    y = np.eye(10, dtype=dtype)[:, rng.integers(10, size=200)]
    parameters = network.parameters(dtype)
    parameters.theta[:] = rng.normal(size=parameters.theta.size) / 10
    gradients = []
    for has_small_kernels in (True, False):
        monkeypatch.setattr(_products, "LIKES_PIECES", has_small_kernels)
        gradient = network.parameters(dtype)
        work = Pass(network, parameters, gradient, 200)
        work.forward(X)
        work.backward(X, y, work.share)
        gradients.append(gradient.theta)
    tolerance = 1e-14 if dtype is np.float64 else 1e-6
    np.testing.assert_allclose(*gradients, rtol=0, atol=tolerance)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [1, 7, 1000, AT_MOST])
def test_vectors_are_scaled_and_added_in_place(n, dtype):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, n)).astype(dtype)
    old_x, old_y = x.copy(), y.copy()
    scale, add, dot = vectors(x)
    assert dot(x, y) == pytest.approx(float(old_x @ old_y), rel=1e-4)
    add(x, y)
    np.testing.assert_array_equal(y, old_x + old_y)
    add(x, y, a=-0.25)  # a power of 2, so that the product is exact
    np.testing.assert_array_equal(y, old_x + old_y - dtype(0.25) * old_x)
    scale(0.9, x)
    np.testing.assert_array_equal(x, dtype(0.9) * old_x)
    assert x.dtype == y.dtype == dtype
