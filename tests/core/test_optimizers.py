"""Chapter 7: steps by hand, and by scikit-learn's optimisers."""

import numpy as np
import pytest
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer

from sknn_edu.core.optimizers import OPTIMIZERS, SGD, Adam, RMSprop, State, as_scalars


def take_step(optimizer, theta, g, state, eta):
    """Move the whole of theta one step along its gradient g."""
    state.t += 1
    rate, constants = optimizer.rate(eta, state.t), as_scalars(optimizer.constants(), theta.dtype)
    optimizer.move(theta, g, state.vectors, constants, rate, np.empty_like(theta))


def walk(optimizer, theta, gradients, eta):
    state = State(optimizer, theta)
    for grad in gradients:
        take_step(optimizer, theta, grad, state, eta)
    return theta


def test_plain_gradient_descent_goes_down_the_slope():
    theta = walk(SGD(momentum=0, nesterov=False), np.array([1.0, 2.0]), [np.array([1.0, -1])], 0.5)
    np.testing.assert_array_equal(theta, [0.5, 2.5])


def test_adams_first_step_is_the_learning_rate_whatever_the_slope():
    theta = walk(Adam(epsilon=1e-30), np.zeros(3), [np.array([1e-3, -5.0, 100.0])], 0.1)
    np.testing.assert_allclose(theta, [-0.1, 0.1, -0.1])


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (SGD(0.9, True), lambda p: SGDOptimizer(p, 0.01, momentum=0.9, nesterov=True)),
        (SGD(0.5, False), lambda p: SGDOptimizer(p, 0.01, momentum=0.5, nesterov=False)),
        (Adam(0.8, 0.99, 1e-6), lambda p: AdamOptimizer(p, 0.01, 0.8, 0.99, 1e-6)),
    ],
)
def test_ten_steps_are_those_of_scikit_learn(ours, theirs):
    rng = np.random.default_rng(0)
    start = rng.normal(size=5)
    gradients = rng.normal(size=(10, 5))
    params = [start.copy()]
    peer = theirs(params)
    for grad in gradients:
        peer.update_params(params, [grad])
    np.testing.assert_allclose(
        walk(ours, start, gradients, 0.01), params[0], rtol=1e-13, atol=1e-15
    )


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_float32_stays_float32(optimizer):
    theta = np.ones(4, np.float32)
    state = State(optimizer, theta)
    take_step(optimizer, theta, np.ones(4, np.float32), state, 0.1)
    assert {array.dtype for array in [theta, *state.vectors]} == {np.dtype(np.float32)}


def test_two_steps_of_rmsprop_worked_by_hand():
    # v = 0.25 * 4 = 1, step 2 / 1; v = 0.75 * 1 + 0.25 * 1 = 1, step 1 / 1
    optimizer = RMSprop(rho=0.75, epsilon=1e-300)
    theta = walk(optimizer, np.zeros(1), [np.array([2.0]), np.array([-1.0])], 0.1)
    np.testing.assert_allclose(theta, [-0.2 + 0.1])
