"""All parts at once: embedded numbers, factored weights, parametric activations and dropout."""

from dataclasses import replace

import numpy as np
import pytest

from sknn_edu.core.activations import ACTIVATIONS
from sknn_edu.core.beyond.dropout import Dropout
from sknn_edu.core.beyond.input_gradient import input_gradients
from sknn_edu.core.beyond.parametric_activations import ALL_ACTIVATIONS
from sknn_edu.core.gradient_descent import GradientDescent
from sknn_edu.core.losses import LOSSES
from sknn_edu.core.network import DENSE
from sknn_edu.core.optimizers import Adam
from sknn_edu.core.schedules import Constant
from sknn_edu.core.speed.mini_batches import MiniBatches
from tests.core.beyond.architectures import (
    COMBINED,
    DTYPES,
    EMBEDDED,
    FACTORED,
    architecture_with,
    same_dropout,
    table,
    targets,
)
from tests.core.gradients import (
    assert_each_derivative,
    assert_float32_agrees,
    assert_prediction_agrees,
    assert_slopes_along_directions,
    random_parameters,
    readable,
    targets_for,
)

EACH = pytest.mark.parametrize("name", COMBINED)
HIDDEN = [name for name in COMBINED if name != "without hidden layers"]


@EACH
def test_every_derivative_is_the_slope_of_the_mean_loss(name):
    architecture = COMBINED[name]
    assert_each_derivative(architecture, random_parameters(architecture), table(9), targets(9))


@EACH
def test_float32_gives_the_gradient_of_float64(name):
    assert_float32_agrees(COMBINED[name], table(9), targets(9))


@DTYPES
@EACH
def test_prediction_agrees_with_training(name, dtype):
    assert_prediction_agrees(COMBINED[name], table(9, dtype), dtype)


@pytest.mark.parametrize("name", HIDDEN)
def test_every_derivative_under_dropout_is_the_slope_of_the_loss_under_dropout(name):
    architecture = COMBINED[name]
    assert_each_derivative(
        architecture,
        random_parameters(architecture),
        table(9),
        targets(9),
        new_between_layers=same_dropout,
    )


@pytest.mark.parametrize("name", HIDDEN)
def test_float32_gives_the_gradient_of_float64_under_dropout(name):
    assert_float32_agrees(COMBINED[name], table(9), targets(9), new_between_layers=same_dropout)


@pytest.mark.parametrize("loss", LOSSES, ids=readable)
def test_the_gradient_of_each_loss_goes_through_all_parts(loss):
    architecture = replace(COMBINED["all"], loss=LOSSES[loss])
    y = targets_for(architecture.loss, 2, 9, np.random.default_rng(1))
    parameters = random_parameters(architecture)
    parameters.theta *= 0.3
    weight = np.random.default_rng(4).uniform(0, 2, 9)
    options = {"weight": weight, "alpha": 0.3, "new_between_layers": same_dropout}
    assert_slopes_along_directions(architecture, parameters, table(9), y, **options)


@pytest.mark.parametrize("activation", ALL_ACTIVATIONS)
def test_the_gradient_of_each_activation_goes_through_all_parts(activation):
    architecture = architecture_with(COMBINED["all"].inputs, activation)
    parameters = random_parameters(architecture)
    options = {"new_between_layers": same_dropout}
    assert_slopes_along_directions(architecture, parameters, table(9), targets(9), **options)


@pytest.mark.parametrize("name", [*COMBINED, *FACTORED, *EMBEDDED])
def test_input_gradients_are_those_of_the_features(name):
    # like the estimators: a dense network with the fitted weights, then the chain rule
    architecture = {**COMBINED, **FACTORED, **EMBEDDED}[name]
    parameters, X = random_parameters(architecture), table(5)
    dense = replace(architecture, inputs=DENSE)
    fitted = dense.parameters(np.float64)
    for slot, W in zip(fitted.weights, architecture.fitted_weights(parameters), strict=True):
        slot[...] = W
    for slot, b in zip(fitted.biases, parameters.biases, strict=True):
        slot[...] = b
    for slots, learned in zip(fitted.of_activations, parameters.of_activations, strict=True):
        for slot, values in zip(slots, learned, strict=True):
            slot[...] = values
    inputs = architecture.inputs.transform(X, parameters.of_inputs)
    gradients = input_gradients(dense, fitted, inputs)
    gradients = architecture.inputs.chain_rule(X, parameters.of_inputs, gradients)
    assert gradients.shape == (5, 2, 7)
    for j in range(7):
        step = 1e-6 * (np.arange(7) == j)
        above = architecture.output_sums(parameters, X + step)
        below = architecture.output_sums(parameters, X - step)
        numeric = (above - below) / 2e-6
        np.testing.assert_allclose(gradients[:, :, j], numeric, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", [*COMBINED, *FACTORED, *EMBEDDED])
def test_learned_inputs_times_learned_rows_equal_inputs_times_weights(name):
    architecture = {**COMBINED, **FACTORED, **EMBEDDED}[name]
    parameters, X = random_parameters(architecture), table(9)
    learned = parameters.of_inputs
    z = architecture.inputs.learned_inputs(X, learned) @ parameters.weights[0]
    expected = (
        architecture.inputs.transform(X, learned) @ architecture.fitted_weights(parameters)[0]
    )
    np.testing.assert_allclose(z, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", [*COMBINED, *FACTORED, *EMBEDDED])
def test_theta_contains_all_learned_parameters(name):
    architecture = {**COMBINED, **FACTORED, **EMBEDDED}[name]
    parameters = architecture.parameters(np.float64)
    parts = [*parameters.weights, *parameters.biases, *parameters.of_inputs]
    parts += [values for learned in parameters.of_activations for values in learned]
    for part in parts:
        part += 1
    assert (parameters.theta == 1).all()
    assert len(parameters.of_activations) == len(architecture.activations)


def test_all_parts_together_learn():
    architecture, X = COMBINED["all"], table(60)
    y = np.column_stack([np.sin(3 * X[:, 0]) + X[:, 2], X[:, 5] ** 2 - X[:, 6]])
    parameters = random_parameters(architecture)
    parameters.theta *= 0.3
    architecture.inputs.initialize(np.random.RandomState(0), parameters.of_inputs)
    for (slope,) in parameters.of_activations:
        slope[...] = 1
    batches = MiniBatches(X, y, 2, None, 20, np.float64)
    dropout = Dropout((0.0, 0.0), np.random.default_rng(0))
    learner = GradientDescent(
        architecture, parameters, batches, Adam(), Constant(), 0.01, 300, between_layers=dropout
    )
    losses = [learner.epoch(np.arange(60)) for _ in range(300)]
    assert losses[-1] < 0.05 * losses[0]
    errors = architecture.output_sums(parameters, X) - y
    assert (errors**2).sum(axis=1).mean() / 2 < 0.05 * losses[0]


def test_the_course_has_no_parametric_activation():
    assert set(ACTIVATIONS) < set(ALL_ACTIVATIONS)
