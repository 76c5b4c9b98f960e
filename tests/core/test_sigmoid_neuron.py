"""The sigmoid neuron, worked by hand."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from sknn_edu.core.sigmoid_neuron import (
    clipped_log,
    cross_entropy,
    error_delta,
    longest_safe_step,
    sigmoid,
    sigmoid_backward,
    squared_error,
    squared_error_delta,
    squared_norms,
)


def neuron(w, b, x):
    a = np.array([[w @ x + b]])
    sigmoid(a)
    return a


def test_one_neuron_worked_by_hand():
    # z = 0.5 * 1 - 0.25 * 2 + 0 = 0, so a = 1/2; y = 1: cross-entropy log 2, delta = -1/2
    a = neuron(np.array([0.5, -0.25]), 0.0, np.array([1.0, 2.0]))
    y = np.array([[True]])
    np.testing.assert_allclose(cross_entropy(y, a), np.log(2))
    np.testing.assert_allclose(squared_error(y, a), 0.125)
    error_delta(y, a)
    np.testing.assert_allclose(a, -0.5)
    a = np.array([[0.5]])
    squared_error_delta(y, a)
    np.testing.assert_allclose(a, -0.5 * 0.25)


def test_squared_error_has_almost_no_slope_if_the_neuron_is_confidently_wrong():
    y = np.array([[True]])
    of_cross_entropy, of_squared_error = np.array([[1e-9]]), np.array([[1e-9]])
    error_delta(y, of_cross_entropy)
    squared_error_delta(y, of_squared_error)
    assert of_cross_entropy[0, 0] == pytest.approx(-1)
    assert abs(of_squared_error[0, 0]) < 1e-8


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_cross_entropy_is_at_most_minus_log_eps(dtype):
    a = np.array([[0.0, 1.0, 1.0]], dtype=dtype)
    y = np.array([[True, False, True]])
    losses = cross_entropy(y, a)
    worst = -np.log(np.finfo(dtype).eps)
    np.testing.assert_allclose(losses, [worst, worst, 0], atol=1e-6)


def test_gradient_descent_with_the_longest_safe_step_never_raises_the_loss():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 3)) * [1, 10, 100]
    y = rng.random((1, 50)) < 0.5
    eta = longest_safe_step(squared_norms(X), None, 0.0)
    w, b, losses = np.zeros(3), 0.0, []
    for _ in range(100):
        a = (w @ X.T + b)[np.newaxis]
        sigmoid(a)
        losses.append(cross_entropy(y, a).mean())
        error_delta(y, a)
        w, b = w - eta * (a @ X)[0] / 50, b - eta * a.mean()
    assert (np.diff(losses) <= 1e-15).all()


def test_the_longest_safe_step_agrees_for_weighted_repeated_and_sparse_samples():
    X = np.array([[3.0, 0.0], [0.0, 1.0]])
    # mean(|x|^2 + 1) = (2 * 9 + 1) / 3 + 1 with the first sample twice
    expected = 4 / (19 / 3 + 1)
    assert longest_safe_step(squared_norms(X[[0, 0, 1]]), None, 0.0) == pytest.approx(expected)
    assert longest_safe_step(squared_norms(X), np.array([2.0, 1.0]), 0.0) == pytest.approx(expected)
    assert longest_safe_step(
        squared_norms(csr_array(X)), np.array([2.0, 1.0]), 0.0
    ) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("loss", "delta"), [(cross_entropy, error_delta), (squared_error, squared_error_delta)]
)
def test_each_delta_is_the_slope_of_its_loss_along_z(loss, delta):
    rng, h = np.random.default_rng(0), 1e-6
    z, y = rng.normal(size=(1, 9)), (rng.random((1, 9)) < 0.5).astype(float)
    above, a, below = z + h, z.copy(), z - h
    for sums in (above, a, below):
        sigmoid(sums)
    numeric = (loss(y, above) - loss(y, below)) / (2 * h)
    delta(y, a)
    np.testing.assert_allclose(a[0], numeric, rtol=1e-6, atol=1e-9)


def test_the_chain_rule_of_the_sigmoid_has_the_factor_a_times_1_minus_a():
    a, arriving = np.array([0.5, 0.25]), np.array([4.0, -16.0])
    sigmoid_backward(a, arriving)
    np.testing.assert_array_equal(arriving, [1, -3])


def test_small_probabilities_are_accurate():
    a = np.array([-700.0, -40.0, 0.0, 40.0])
    sigmoid(a)
    np.testing.assert_allclose(a, [np.exp(-700), np.exp(-40), 0.5, 1], rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_clipped_logarithm_is_finite_and_does_not_change_its_argument(dtype):
    p = np.array([0.0, 0.5, 1.0], dtype)
    eps = np.finfo(dtype).eps
    logarithms = clipped_log(p)
    assert logarithms.dtype == dtype
    np.testing.assert_allclose(logarithms, np.log([eps, 0.5, 1 - eps]), rtol=1e-6)
    np.testing.assert_array_equal(p, [0, 0.5, 1])
