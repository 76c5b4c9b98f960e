"""The bounds and variances of initial weights, and the order of the draws."""

import numpy as np
import pytest

from sknn_edu.core.activations import ACTIVATIONS
from sknn_edu.core.initializers import INITIALIZERS, glorot_uniform

RELU, LOGISTIC = ACTIVATIONS["relu"], ACTIVATIONS["logistic"]


def initial(name, n_in, n_out, dtype=np.float64, g=RELU):
    W, b = np.empty((n_in, n_out), dtype), np.empty(n_out, dtype)
    INITIALIZERS[name](np.random.RandomState(0), g, W, b)
    return W, b


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_weights_fill_the_glorot_interval(dtype):
    W, b = initial("auto", 200, 100, dtype)
    bound = np.sqrt(6 / 300)
    assert np.abs(W).max() <= bound
    assert np.abs(W).max() > 0.99 * bound
    assert np.abs(b).max() <= bound
    assert W.std() == pytest.approx(bound / np.sqrt(3), rel=0.02)


def test_the_sigmoids_interval_is_narrower():
    assert np.abs(initial("auto", 200, 100, g=LOGISTIC)[0]).max() <= np.sqrt(2 / 300)


@pytest.mark.parametrize("name", INITIALIZERS)
def test_float32_weights_are_the_float64_ones_rounded(name):
    wide, narrow = (initial(name, 3, 2, dtype, LOGISTIC) for dtype in (np.float64, np.float32))
    for in_float64, in_float32 in zip(wide, narrow, strict=True):
        np.testing.assert_array_equal(in_float64.astype(np.float32), in_float32)


def test_weights_are_drawn_before_biases_as_in_scikit_learn():
    W, b = np.empty((3, 2)), np.empty(2)
    glorot_uniform(np.random.RandomState(5), RELU, W, b)
    rng, bound = np.random.RandomState(5), np.sqrt(6 / 5)
    np.testing.assert_array_equal(W, rng.uniform(-bound, bound, (3, 2)))
    np.testing.assert_array_equal(b, rng.uniform(-bound, bound, 2))


@pytest.mark.parametrize(("name", "variance"), [("he", 2 / 200), ("lecun", 1 / 200)])
def test_variance_is_inverse_to_the_number_of_inputs(name, variance):
    W, b = initial(name, 200, 300)
    assert W.var() == pytest.approx(variance, rel=0.03)
    np.testing.assert_array_equal(b, 0)


def test_glorot_works_without_biases():
    W, b = initial("glorot", 200, 100)
    assert 0.99 * np.sqrt(6 / 300) < np.abs(W).max() <= np.sqrt(6 / 300)
    np.testing.assert_array_equal(b, 0)


@pytest.mark.parametrize(("n_in", "n_out"), [(5, 5), (8, 3), (3, 8), (1, 4)])
def test_orthogonal_weights_preserve_lengths(n_in, n_out):
    W, b = initial("orthogonal", n_in, n_out)
    product = W.T @ W if n_in >= n_out else W @ W.T
    np.testing.assert_allclose(product, np.eye(min(n_in, n_out)), atol=1e-14)
    np.testing.assert_array_equal(b, 0)


@pytest.mark.parametrize("name", INITIALIZERS)
def test_neurons_of_a_layer_start_with_different_weights(name):
    W, _ = initial(name, 6, 5)
    assert len(np.unique(W)) == W.size
