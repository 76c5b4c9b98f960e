"""Chapter 5: layers by hand, and the gradient against finite differences."""

import itertools

import numpy as np
import pytest
from scipy.sparse import csr_array

from sknn_edu.core.activations import ACTIVATIONS
from sknn_edu.core.losses import LOSSES
from sknn_edu.core.network import (
    ROWS_AT_A_TIME,
    Dropout,
    Pass,
    add_l2,
    answers,
    input_gradients,
    output_sums,
)
from sknn_edu.core.parameters import Network, Parameters, is_weight
from tests.core.test_losses import targets_for


def with_ones(X):
    return np.hstack([X, np.ones((X.shape[0], 1), X.dtype)])


def random_network(activation, loss, sizes=(3, 4, 5, 2), dtype=np.float64):
    network = Network(sizes, (ACTIVATIONS[activation],) * (len(sizes) - 2), LOSSES[loss])
    parameters = network.parameters(dtype)
    parameters.theta[:] = np.random.default_rng(0).normal(size=parameters.theta.size)
    return network, parameters


def mean_loss(network, parameters, X, y, weight=None, alpha=0.0):
    """The mean loss of the samples, with penalty, and its gradient."""
    gradient = network.parameters(parameters.theta.dtype)
    weight = np.ones(X.shape[0]) if weight is None else weight
    n = weight.sum()
    work = Pass(network, parameters, gradient, X.shape[0])
    loss = network.loss.value(y, work.forward(X)) @ weight
    work.backward(X, y, weight / n)
    strengths = network.each(is_weight, parameters.theta.dtype) * (alpha / n)
    g = gradient.theta
    penalty = add_l2(g, parameters.theta, strengths, np.empty_like(g))
    return loss / n + penalty, g


@pytest.mark.parametrize(
    ("activation", "loss", "weighted"),
    list(itertools.product(ACTIVATIONS, LOSSES, [False, True])),
)
def test_gradient_is_the_slope_of_the_mean_loss(activation, loss, weighted):
    network, parameters = random_network(activation, loss)
    rng = np.random.default_rng(1)
    X = with_ones(rng.normal(size=(6, 3)))
    y = targets_for(network.loss, 2, 6, rng)
    weight = rng.uniform(0, 2, 6) if weighted else None
    _, gradient = mean_loss(network, parameters, X, y, weight, alpha=0.3)
    start = parameters.theta.copy()
    for _ in range(5):
        direction = rng.normal(size=start.size)
        h = 1e-6
        parameters.theta[:] = start + h * direction
        above, _ = mean_loss(network, parameters, X, y, weight, alpha=0.3)
        parameters.theta[:] = start - h * direction
        below, _ = mean_loss(network, parameters, X, y, weight, alpha=0.3)
        assert gradient @ direction == pytest.approx((above - below) / (2 * h), rel=1e-5)


def test_two_layers_worked_by_hand():
    # x = (1, 2); hidden z = (1*1 + 2*0 + 0, 1*(-1) + 2*1 - 2) = (1, -1), relu a = (1, 0)
    # output z = 1*3 + 0*5 + 1 = 4; y = 2: L = 2, delta = 2
    # dW2 = (2, 0), db2 = 2; delta1 = (3, 5) * 2 * (1, 0) = (6, 0); dW1 = x delta1, db1 = delta1
    network = Network((2, 2, 1), (ACTIVATIONS["relu"],), LOSSES["squared_error", "identity"])
    parameters = network.parameters(np.float64)
    parameters.load(
        [np.array([[1.0, -1.0], [0.0, 1.0]]), np.array([[3.0], [5.0]])],
        [np.array([0.0, -2.0]), np.array([1.0])],
    )
    X, y = np.array([[1.0, 2.0, 1.0]]), np.array([[2.0]])
    gradient = network.parameters(np.float64)
    work = Pass(network, parameters, gradient, 1)
    assert network.loss.value(y, work.forward(X)) == 2.0
    work.backward(X, y, work.share)
    np.testing.assert_array_equal(gradient.weights[0], [[6, 0], [12, 0]])
    np.testing.assert_array_equal(gradient.biases[0], [6, 0])
    np.testing.assert_array_equal(gradient.weights[1], [[2], [0]])
    np.testing.assert_array_equal(gradient.biases[1], [2])


def test_sparse_samples_give_the_gradient_of_dense_ones():
    network, parameters = random_network("tanh", ("log_loss", "softmax"))
    X = np.random.default_rng(2).normal(size=(6, 3)) * (np.arange(18).reshape(6, 3) % 2)
    y = np.array([[1.0, 0, 0, 1, 0, 1], [0, 1, 1, 0, 1, 0]])
    dense, of_dense = mean_loss(network, parameters, with_ones(X), y)
    sparse, of_sparse = mean_loss(network, parameters, csr_array(X), y)
    assert dense == pytest.approx(sparse, rel=1e-14)
    np.testing.assert_allclose(of_dense, of_sparse, rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_views_and_vector_are_one_memory(dtype):
    parameters = Parameters((3, 4, 2), dtype)
    parameters.weights[1][...] = 7
    parameters.biases[0][...] = 3
    assert parameters.theta.dtype == dtype
    assert (parameters.theta == 7).sum() == 8
    assert (parameters.theta == 3).sum() == 4


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("n_samples", [1, ROWS_AT_A_TIME - 1, 2 * ROWS_AT_A_TIME + 1])
def test_output_sums_do_not_depend_on_the_walk_over_the_rows(dtype, n_samples):
    network, parameters = random_network("tanh", ("squared_error", "identity"), dtype=dtype)
    X = np.random.default_rng(3).normal(size=(n_samples, 3)).astype(dtype)
    z = output_sums(network.activations, parameters.weights, parameters.biases, X)
    a = X
    for k, (W, b) in enumerate(zip(parameters.weights, parameters.biases, strict=True)):
        a = a @ W + b
        if k < 2:
            a = np.tanh(a)
    assert z.dtype == dtype
    np.testing.assert_allclose(z, a, rtol=1e-12 if dtype is np.float64 else 1e-3, atol=1e-5)
    sparse = output_sums(network.activations, parameters.weights, parameters.biases, csr_array(X))
    np.testing.assert_allclose(z, sparse, rtol=1e-12 if dtype is np.float64 else 1e-3, atol=1e-5)


def test_l2_penalty_leaves_biases_free():
    # n = 4 samples, alpha = 1/2: alpha / (2 n) ||W||^2 = 1/16 * 4 * 2^2, slope alpha / n W = 1/4
    theta, g = np.full(6, 2.0), np.full(6, 10.0)
    strengths = Network((2, 2), (), LOSSES["squared_error", "identity"]).each(is_weight, float) * (
        0.5 / 4
    )
    assert add_l2(g, theta, strengths, np.empty_like(g)) == 1.0
    np.testing.assert_array_equal(g, [10.25, 10.25, 10.25, 10.25, 10, 10])


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_input_gradients_are_the_slopes_of_the_output_sums(activation, dtype):
    network, parameters = random_network(activation, ("squared_error", "identity"), dtype=dtype)
    X = np.random.default_rng(1).normal(size=(6, 3)).astype(dtype)
    slopes = input_gradients(network, parameters, X)
    h = 1e-6 if dtype is np.float64 else 1e-3
    assert slopes.shape == (6, 2, 3)
    assert slopes.dtype == dtype
    for j in range(3):
        step = np.zeros(3, dtype)
        step[j] = h
        numeric = (
            answers(network, parameters, X + step) - answers(network, parameters, X - step)
        ) / (2 * h)
        tolerance = 1e-5 if dtype is np.float64 else 0.05
        np.testing.assert_allclose(slopes[:, :, j], numeric, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("activation", ["tanh", "relu", "gelu"])
def test_gradient_under_dropout_is_the_slope_of_the_thinned_network(activation):
    network, parameters = random_network(activation, ("squared_error", "identity"))
    rng = np.random.default_rng(1)
    X, y = with_ones(rng.normal(size=(6, 3))), rng.normal(size=(2, 6))
    gradient = network.parameters(np.float64)

    def thinned():
        """The same neurons are silenced each time: the dice start anew."""
        dropout = Dropout((0.5, 0.25), np.random.default_rng(7))
        return Pass(network, parameters, gradient, 6, dropout)

    work = thinned()
    work.forward(X)
    work.backward(X, y, work.share)
    slope, start, h = gradient.theta.copy(), parameters.theta.copy(), 1e-6
    direction = rng.normal(size=start.size)
    losses = []
    for sign in (1, -1):
        parameters.theta[:] = start + sign * h * direction
        losses.append(network.loss.value(y, thinned().forward(X)).mean())
    assert slope @ direction == pytest.approx((losses[0] - losses[1]) / (2 * h), rel=1e-5)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_dropout_silences_its_share_and_keeps_the_mean(dtype):
    factors = Dropout((0.0, 0.25), np.random.default_rng(0)).draw(1, np.empty((100, 1000), dtype))
    assert factors.dtype == dtype
    assert (factors == 0).mean() == pytest.approx(0.25, abs=0.01)
    assert factors.mean() == pytest.approx(1, abs=0.01)
