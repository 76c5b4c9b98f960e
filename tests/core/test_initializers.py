"""Chapter 4: the bounds and variances, and the order of the draws."""

import numpy as np
import pytest

from sknn_edu.core.activations import ACTIVATIONS
from sknn_edu.core.initializers import INITIALIZERS, glorot_uniform

RELU, LOGISTIC = ACTIVATIONS["relu"], ACTIVATIONS["logistic"]


def start(name, n_in, n_out, dtype=np.float64, g=RELU):
    W, b = np.empty((n_in, n_out), dtype), np.empty(n_out, dtype)
    INITIALIZERS[name](np.random.RandomState(0), g, W, b)
    return W, b


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_weights_fill_the_glorot_interval(dtype):
    W, b = start("auto", 200, 100, dtype)
    bound = np.sqrt(6 / 300)
    assert np.abs(W).max() <= bound
    assert np.abs(W).max() > 0.99 * bound
    assert np.abs(b).max() <= bound
    assert W.std() == pytest.approx(bound / np.sqrt(3), rel=0.02)


def test_the_sigmoids_interval_is_narrower():
    assert np.abs(start("auto", 200, 100, g=LOGISTIC)[0]).max() <= np.sqrt(2 / 300)


def test_float32_weights_are_the_float64_ones_rounded():
    drawn = []
    for dtype in (np.float64, np.float32):
        W, b = np.empty((3, 2), dtype), np.empty(2, dtype)
        glorot_uniform(np.random.RandomState(0), LOGISTIC, W, b)
        drawn.append((W, b))
    for wide, narrow in zip(*drawn, strict=True):
        np.testing.assert_array_equal(wide.astype(np.float32), narrow)


@pytest.mark.parametrize(("name", "variance"), [("he", 2 / 200), ("lecun", 1 / 200)])
def test_variance_is_a_share_of_the_inputs(name, variance):
    W, b = start(name, 200, 300)
    assert W.var() == pytest.approx(variance, rel=0.03)
    np.testing.assert_array_equal(b, 0)


def test_glorot_without_biases():
    W, b = start("glorot", 200, 100)
    assert 0.99 * np.sqrt(6 / 300) < np.abs(W).max() <= np.sqrt(6 / 300)
    np.testing.assert_array_equal(b, 0)


@pytest.mark.parametrize(("n_in", "n_out"), [(5, 5), (8, 3), (3, 8), (1, 4)])
def test_orthogonal_weights_keep_lengths(n_in, n_out):
    W, _ = start("orthogonal", n_in, n_out)
    few = W.T @ W if n_in >= n_out else W @ W.T
    np.testing.assert_allclose(few, np.eye(min(n_in, n_out)), atol=1e-14)
