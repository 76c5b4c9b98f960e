"""Dropout of hidden neurons."""

import itertools

import numpy as np
import pytest

from sknn_edu.core.beyond.dropout import Dropout
from sknn_edu.core.beyond.parametric_activations import ALL_ACTIVATIONS
from sknn_edu.core.losses import LOSSES
from sknn_edu.core.network import Architecture, Network
from tests.core.beyond.architectures import DTYPES, same_dropout
from tests.core.gradients import (
    assert_each_derivative,
    assert_float32_agrees,
    assert_slopes_along_directions,
    loss_and_gradient,
    random_parameters,
    readable,
    targets_for,
    with_ones,
)

SQUARED_ERROR = LOSSES["squared_error", "identity"]


def architecture_with(activation, loss=SQUARED_ERROR):
    return Architecture((3, 4, 5, 2), (ALL_ACTIVATIONS[activation],) * 2, loss)


def samples(loss=SQUARED_ERROR, m=6):
    rng = np.random.default_rng(1)
    return rng.normal(size=(m, 3)), targets_for(loss, 2, m, rng)


@pytest.mark.parametrize("activation", ["tanh", "relu", "gelu", "parametric_relu"])
def test_gradient_under_dropout_is_the_slope_of_the_loss_under_dropout(activation):
    architecture = architecture_with(activation)
    parameters = random_parameters(architecture)
    assert_each_derivative(architecture, parameters, *samples(), new_between_layers=same_dropout)


@pytest.mark.parametrize(
    ("activation", "loss"), list(itertools.product(ALL_ACTIVATIONS, LOSSES)), ids=readable
)
def test_gradient_under_dropout_is_a_slope_for_each_activation_and_loss(activation, loss):
    architecture = architecture_with(activation, LOSSES[loss])
    parameters, (X, y) = random_parameters(architecture), samples(LOSSES[loss])
    options = {"alpha": 0.3, "new_between_layers": same_dropout}
    assert_slopes_along_directions(architecture, parameters, X, y, n_directions=2, **options)


@pytest.mark.parametrize("activation", ALL_ACTIVATIONS)
def test_float32_gives_the_gradient_of_float64(activation):
    X, y = samples()
    assert_float32_agrees(architecture_with(activation), X, y, new_between_layers=same_dropout)


@DTYPES
def test_dropout_switches_off_its_share_of_neurons_and_keeps_the_mean(dtype):
    factors = Dropout((0.0, 0.25), np.random.default_rng(0)).draw(1, np.empty((100, 1000), dtype))
    assert factors.dtype == dtype
    assert (factors == 0).mean() == pytest.approx(0.25, abs=0.01)
    assert factors.mean() == pytest.approx(1, abs=0.01)
    assert set(np.unique(factors)) == {0, dtype(1 / 0.75)}


def test_dropout_draws_new_factors_at_every_step():
    dropout = Dropout((0.5,), np.random.default_rng(0))
    first, second = (dropout.draw(0, np.empty(100)) for _ in range(2))
    assert not np.array_equal(first, second)


def test_dropped_neurons_output_0_and_the_others_are_scaled_up():
    architecture = architecture_with("tanh")
    parameters, (X, _) = random_parameters(architecture), samples()
    network = Network(architecture, parameters, parameters.zeros_like(), 6, same_dropout())
    outputs = network.forward(with_ones(X)).copy()
    rng, a = same_dropout(), X
    for k, n_neurons in enumerate((4, 5)):
        r = rng.draw(k, np.empty(n_neurons * 6)).reshape(n_neurons, 6)
        a = r.T * np.tanh(a @ parameters.weights[k] + parameters.biases[k])
        np.testing.assert_allclose(network.layers[k].a.T, a, rtol=1e-12)
    z = a @ parameters.weights[2] + parameters.biases[2]
    np.testing.assert_allclose(outputs.T, z, rtol=1e-12)


@pytest.mark.parametrize("activation", ALL_ACTIVATIONS)
def test_a_rate_of_0_disables_dropout(activation):
    architecture = architecture_with(activation)
    parameters, (X, y) = random_parameters(architecture), samples()
    plain = loss_and_gradient(architecture, parameters, X, y)
    dropped = loss_and_gradient(
        architecture,
        parameters,
        X,
        y,
        new_between_layers=lambda: Dropout((0.0, 0.0), np.random.default_rng(0)),
    )
    assert dropped[0] == plain[0]
    np.testing.assert_array_equal(dropped[1], plain[1])


def test_a_schedule_sets_the_strength_of_dropout():
    dropout = Dropout((0.5,), np.random.default_rng(0))
    schedule = dropout.scheduled(lambda progress: 1 - progress)
    assert schedule(0.25) == dropout.strength == 0.75
    share = (dropout.draw(0, np.empty(100_000)) == 0).mean()
    assert share == pytest.approx(0.375, abs=0.01)
    schedule(1.0)
    assert (dropout.draw(0, np.empty(100)) == 1).all()
