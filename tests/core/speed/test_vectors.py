"""Vectors are scaled, added and multiplied in place."""

import numpy as np
import pytest

from sknn_edu.core.speed.vectors import MAX_LENGTH, vector_operations


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("n", [1, 7, 1000, MAX_LENGTH])
def test_vectors_are_scaled_and_added_in_place(n, dtype):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, n)).astype(dtype)
    old_x, old_y = x.copy(), y.copy()
    scale, add, dot = vector_operations(x)
    assert dot(x, y) == pytest.approx(float(old_x @ old_y), rel=1e-4)
    add(x, y)
    np.testing.assert_array_equal(y, old_x + old_y)
    add(x, y, a=-0.25)  # a power of 2, so that the product is exact
    np.testing.assert_array_equal(y, old_x + old_y - dtype(0.25) * old_x)
    scale(0.9, x)
    np.testing.assert_array_equal(x, dtype(0.9) * old_x)
    assert x.dtype == y.dtype == dtype


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_operations_on_a_slice_only_change_the_slice(dtype):
    theta = np.arange(6, dtype=dtype)
    scale, add, _ = vector_operations(theta)
    scale(2, theta[1:3])
    add(np.ones(2, dtype), theta[4:])
    np.testing.assert_array_equal(theta, [0, 2, 4, 3, 5, 6])
