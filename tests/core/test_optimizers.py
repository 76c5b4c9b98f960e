"""Steps of optimisers, worked by hand and compared with scikit-learn's optimisers."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer

from sknn_edu.core.optimizers import (
    OPTIMIZERS,
    SGD,
    Adam,
    AdamW,
    Optimizer,
    OptimizerState,
    RMSprop,
    common_rate,
    decay_weights,
)

EACH_OPTIMIZER = pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)


def new_state(optimizer, theta, eta=0.1):
    return OptimizerState([np.zeros_like(theta) for _ in range(optimizer.n_vectors)], eta, eta)


def constants_of(optimizer, dtype):
    return [np.array(value, dtype) for value in optimizer.constants()]


def take_step(optimizer, theta, g, state, eta, multipliers=None):
    """Move the whole of theta one step against its gradient g."""
    state.t += 1
    rate = optimizer.step_size(eta, state.t)
    if multipliers is not None:
        rate = multipliers * theta.dtype.type(rate)
    constants = constants_of(optimizer, theta.dtype)
    optimizer.move(theta, g, state.vectors, constants, rate, np.empty_like(theta))


def take_steps(optimizer, theta, gradients, eta):
    state = new_state(optimizer, theta)
    for g in gradients:
        take_step(optimizer, theta, g, state, eta)
    return theta


def test_plain_gradient_descent_steps_against_the_gradient():
    gradients = [np.array([1.0, -1.0])]
    theta = take_steps(SGD(momentum=0, nesterov=False), np.array([1.0, 2.0]), gradients, 0.5)
    np.testing.assert_array_equal(theta, [0.5, 2.5])


def test_two_steps_with_momentum_worked_by_hand():
    # mu = 1/2, eta = 1, g = 4 and 2: v = -4, then -2 - 2 = -4
    gradients = [np.array([4.0]), np.array([2.0])]
    theta = take_steps(SGD(0.5, nesterov=False), np.zeros(1), map(np.copy, gradients), 1.0)
    np.testing.assert_array_equal(theta, [-8])
    # with the look-ahead mu v - g: -2 - 4 = -6, then -2 - 2 = -4
    theta = take_steps(SGD(0.5, nesterov=True), np.zeros(1), map(np.copy, gradients), 1.0)
    np.testing.assert_array_equal(theta, [-10])


def test_adams_first_step_is_the_learning_rate_whatever_the_gradient():
    theta = take_steps(Adam(epsilon=1e-30), np.zeros(3), [np.array([1e-3, -5.0, 100.0])], 0.1)
    np.testing.assert_allclose(theta, [-0.1, 0.1, -0.1])


def test_two_steps_of_rmsprop_worked_by_hand():
    # v = 0.25 * 4 = 1, step 2 / 1; v = 0.75 * 1 + 0.25 * 1 = 1, step 1 / 1
    optimizer = RMSprop(rho=0.75, epsilon=1e-300)
    theta = take_steps(optimizer, np.zeros(1), [np.array([2.0]), np.array([-1.0])], 0.1)
    np.testing.assert_allclose(theta, [-0.2 + 0.1])


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
    for g in gradients:
        peer.update_params(params, [g])
    np.testing.assert_allclose(
        take_steps(ours, start, gradients, 0.01), params[0], rtol=1e-13, atol=1e-15
    )


@EACH_OPTIMIZER
def test_float32_stays_float32(optimizer):
    theta = np.ones(4, np.float32)
    state = new_state(optimizer, theta)
    take_step(optimizer, theta, np.ones(4, np.float32), state, 0.1)
    assert {array.dtype for array in [theta, *state.vectors]} == {np.dtype(np.float32)}


@EACH_OPTIMIZER
def test_each_parameter_is_updated_independently(optimizer):
    rng = np.random.default_rng(0)
    start, gradients = rng.normal(size=5), rng.normal(size=(3, 5))
    together = take_steps(optimizer, start.copy(), gradients.copy(), 0.1)
    for part in (slice(0, 2), slice(2, 5)):
        alone = take_steps(optimizer, start[part].copy(), gradients[:, part].copy(), 0.1)
        np.testing.assert_allclose(alone, together[part], rtol=1e-15)


@EACH_OPTIMIZER
def test_a_multiplier_of_the_learning_rate_acts_on_its_parameter(optimizer):
    g, multipliers = np.array([0.5, -1.0, 2.0]), np.array([0.0, 1.0, 3.0])
    theta = np.zeros(3)
    take_step(optimizer, theta, g.copy(), new_state(optimizer, theta), 0.1, multipliers)
    plain = take_steps(optimizer, np.zeros(3), [g], 0.1)
    np.testing.assert_allclose(theta, multipliers * plain, rtol=1e-14)


@EACH_OPTIMIZER
def test_steps_ignore_the_scale_of_the_gradient_if_ignores_scale_is_set(optimizer):
    if optimizer.ignores_scale:
        optimizer = replace(optimizer, epsilon=1e-300)
    gradients = np.random.default_rng(0).normal(size=(3, 4))
    plain = take_steps(optimizer, np.zeros(4), gradients.copy(), 0.1)
    scaled = take_steps(optimizer, np.zeros(4), 1000 * gradients, 0.1)
    expected = plain if optimizer.ignores_scale else 1000 * plain
    np.testing.assert_allclose(scaled, expected, rtol=1e-12)


@EACH_OPTIMIZER
def test_every_optimiser_implements_the_protocol(optimizer):
    assert isinstance(optimizer, Optimizer)


def test_adamw_is_adam_with_a_default_weight_decay():
    gradients = np.random.default_rng(0).normal(size=(3, 4))
    adam = take_steps(Adam(), np.ones(4), gradients.copy(), 0.1)
    adamw = take_steps(AdamW(weight_decay=0.5), np.ones(4), gradients.copy(), 0.1)
    np.testing.assert_array_equal(adam, adamw)
    assert AdamW().weight_decay == 0.01


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_decay_shrinks_weights_and_leaves_biases_alone(dtype):
    # eta lambda = 1/2 * 1/4
    theta = np.array([8, -8, 8], dtype)
    decay_weights(theta, np.array([1, 1, 0], dtype), np.array(0.125, dtype))
    np.testing.assert_array_equal(theta, [7, -7, 8])
    decay_weights(theta[:2], np.array(1, dtype), np.array(1, dtype))
    np.testing.assert_array_equal(theta, [0, 0, 8])
    assert theta.dtype == dtype


def test_a_common_rate_stays_a_scalar_and_multipliers_give_individual_rates():
    step = np.array([1.0, 2.0])
    assert common_rate(step, 0.5) == 0.5
    np.testing.assert_array_equal(step, [1, 2])
    assert common_rate(step, np.array([0.5, 2.0])) == 1.0
    np.testing.assert_array_equal(step, [0.5, 4])
