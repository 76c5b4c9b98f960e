"""Chapter 4: the bound, and the order of the draws."""

import numpy as np
import pytest

from sknn_edu.core.initializers import glorot_uniform


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_weights_fill_the_glorot_interval(dtype):
    W, b = np.empty((200, 100), dtype), np.empty(100, dtype)
    glorot_uniform(np.random.RandomState(0), 6.0, W, b)
    bound = np.sqrt(6 / 300)
    assert np.abs(W).max() <= bound
    assert np.abs(W).max() > 0.99 * bound
    assert np.abs(b).max() <= bound
    assert W.std() == pytest.approx(bound / np.sqrt(3), rel=0.02)


def test_float32_weights_are_the_float64_ones_rounded():
    drawn = []
    for dtype in (np.float64, np.float32):
        W, b = np.empty((3, 2), dtype), np.empty(2, dtype)
        glorot_uniform(np.random.RandomState(0), 2.0, W, b)
        drawn.append((W, b))
    for wide, narrow in zip(*drawn, strict=True):
        np.testing.assert_array_equal(wide.astype(np.float32), narrow)
