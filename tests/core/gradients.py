"""Compare the gradients of whole networks with finite differences."""

import numpy as np
import pytest

from sknn_edu.core.losses import add_l2
from sknn_edu.core.network import Network, is_weight
from sknn_edu.core.speed.arrays import is_sparse


def readable(value):
    """The name of a parametrized test's activation or loss."""
    return "-".join(value) if isinstance(value, tuple) else str(value)


def with_ones(X):
    return np.hstack([X, np.ones((X.shape[0], 1), X.dtype)])


def random_parameters(architecture, dtype=np.float64, seed=0):
    parameters = architecture.parameters(dtype)
    parameters.theta[:] = np.random.default_rng(seed).normal(size=parameters.theta.size)
    return parameters


def targets_for(loss, n_outputs, m, rng):
    if loss.output == "softmax":
        return np.eye(n_outputs)[:, rng.integers(n_outputs, size=m)]
    if loss.output == "logistic":
        return np.round(rng.random((n_outputs, m)))
    return rng.exponential(size=(n_outputs, m)) + 0.1


def loss_and_gradient(
    architecture, parameters, X, y, weight=None, alpha=0.0, new_between_layers=None
):
    """The mean loss of the samples X (m, n_features), with L2 penalty, and its gradient."""
    between_layers = None if new_between_layers is None else new_between_layers()
    gradient = parameters.zeros_like()
    network = Network(architecture, parameters, gradient, X.shape[0], between_layers)
    inputs = X if is_sparse(X) else with_ones(X)
    weight = np.ones(X.shape[0], y.dtype) if weight is None else weight
    n = weight.sum()
    loss = network.loss.value(y, network.forward(inputs)) @ weight
    network.backward(inputs, y, weight / n)
    strengths = parameters.per_parameter(is_weight) * parameters.theta.dtype.type(alpha / n)
    penalty = add_l2(gradient.theta, parameters.theta, strengths, np.empty_like(parameters.theta))
    return float(loss / n + penalty), gradient.theta


def assert_slopes_along_directions(architecture, parameters, X, y, n_directions=5, **options):
    """Assert that the gradient gives the slope of the mean loss along random directions."""
    _, gradient = loss_and_gradient(architecture, parameters, X, y, **options)
    start, h, rng = parameters.theta.copy(), 1e-6, np.random.default_rng(2)
    for _ in range(n_directions):
        direction = rng.normal(size=start.size)
        parameters.theta[:] = start + h * direction
        above, _ = loss_and_gradient(architecture, parameters, X, y, **options)
        parameters.theta[:] = start - h * direction
        below, _ = loss_and_gradient(architecture, parameters, X, y, **options)
        assert gradient @ direction == pytest.approx((above - below) / (2 * h), rel=1e-5)
    parameters.theta[:] = start


def assert_each_derivative(architecture, parameters, X, y, **options):
    """Assert that each entry of the gradient is the slope of the mean loss along its parameter."""
    _, gradient = loss_and_gradient(architecture, parameters, X, y, **options)
    start, h = parameters.theta.copy(), 1e-6
    for j in range(start.size):
        sides = []
        for step in (h, -h):
            parameters.theta[:] = start
            parameters.theta[j] += step
            sides.append(loss_and_gradient(architecture, parameters, X, y, **options)[0])
        assert gradient[j] == pytest.approx((sides[0] - sides[1]) / (2 * h), rel=1e-5, abs=1e-7)
    parameters.theta[:] = start


def assert_float32_agrees(architecture, X, y, **options):
    """Assert that the gradient in float32 agrees with the gradient in float64."""
    parameters = random_parameters(architecture)
    _, exact = loss_and_gradient(architecture, parameters, X, y, **options)
    _, rounded = loss_and_gradient(
        architecture,
        parameters.astype(np.float32),
        X.astype(np.float32),
        y.astype(np.float32),
        **options,
    )
    assert rounded.dtype == np.float32
    np.testing.assert_allclose(rounded, exact, rtol=1e-3, atol=1e-4 * np.abs(exact).max())


def assert_prediction_agrees(architecture, X, dtype):
    """Assert that prediction gives the weighted sums of training, unchanged by the loss.

    X is (m, n_features), dense or sparse, in the dtype.
    """
    parameters = random_parameters(architecture, dtype)
    network = Network(architecture, parameters, parameters.zeros_like(), X.shape[0])
    outputs = network.forward(X if is_sparse(X) else with_ones(X)).T
    z = architecture.output_sums(parameters, X)
    assert z.dtype == dtype
    np.testing.assert_allclose(z, outputs, rtol=1e-10 if dtype is np.float64 else 1e-3, atol=1e-4)
