"""How each output changes when a feature changes a little."""

import numpy as np
import pytest

from sknn_edu.core.beyond import input_gradient
from sknn_edu.core.beyond.input_gradient import input_gradients
from sknn_edu.core.beyond.parametric_activations import ALL_ACTIVATIONS
from sknn_edu.core.losses import LOSSES
from sknn_edu.core.network import Architecture
from tests.core.beyond.architectures import DTYPES, SQUARED_ERROR
from tests.core.gradients import random_parameters, readable


def architecture_with(activation, loss=SQUARED_ERROR):
    return Architecture((3, 4, 5, 2), (ALL_ACTIVATIONS[activation],) * 2, loss)


def samples(dtype=np.float64, n=6):
    return np.random.default_rng(1).normal(size=(n, 3)).astype(dtype)


@pytest.mark.parametrize("activation", ALL_ACTIVATIONS)
@DTYPES
def test_input_gradients_are_the_slopes_of_the_output_sums(activation, dtype):
    architecture = architecture_with(activation)
    parameters = random_parameters(architecture, dtype)
    X = samples(dtype)
    gradients = input_gradients(architecture, parameters, X)
    h = 1e-6 if dtype is np.float64 else 1e-3
    assert gradients.shape == (6, 2, 3)
    assert gradients.dtype == dtype
    for j in range(3):
        step = np.zeros(3, dtype)
        step[j] = h
        above = architecture.output_sums(parameters, X + step)
        below = architecture.output_sums(parameters, X - step)
        tolerance = 1e-5 if dtype is np.float64 else 0.05
        np.testing.assert_allclose(
            gradients[:, :, j], (above - below) / (2 * h), rtol=tolerance, atol=tolerance
        )


def test_a_network_without_hidden_layers_has_its_weights_as_gradient():
    architecture = Architecture((3, 2), (), SQUARED_ERROR)
    parameters = random_parameters(architecture)
    gradients = input_gradients(architecture, parameters, samples())
    np.testing.assert_allclose(gradients, np.tile(parameters.weights[0].T, (6, 1, 1)))


def test_two_layers_worked_by_hand():
    # hidden z = (x, -x) at x = 2, relu' = (1, 0); output z = 3 a_1 + 5 a_2: slope 3
    architecture = Architecture((1, 2, 1), (ALL_ACTIVATIONS["relu"],), SQUARED_ERROR)
    parameters = architecture.parameters(np.float64)
    parameters.weights[0][...] = [[1, -1]]
    parameters.weights[1][...] = [[3], [5]]
    X = np.array([[2.0], [-2.0]])
    np.testing.assert_array_equal(input_gradients(architecture, parameters, X), [[[3]], [[-5]]])


@pytest.mark.parametrize("loss", LOSSES, ids=readable)
def test_input_gradients_do_not_depend_on_the_loss(loss):
    architecture, other = architecture_with("tanh"), architecture_with("tanh", LOSSES[loss])
    parameters = random_parameters(architecture)
    np.testing.assert_array_equal(
        input_gradients(other, parameters, samples()),
        input_gradients(architecture, parameters, samples()),
    )


def test_gradients_do_not_depend_on_how_the_rows_are_split(monkeypatch):
    architecture = architecture_with("parametric_mish")
    parameters, X = random_parameters(architecture), samples(n=11)
    at_once = input_gradients(architecture, parameters, X)
    monkeypatch.setattr(input_gradient, "ROWS_AT_ONCE", 3)
    np.testing.assert_allclose(
        input_gradients(architecture, parameters, X), at_once, rtol=1e-12, atol=1e-14
    )


def test_input_gradients_change_neither_samples_nor_parameters():
    architecture = architecture_with("gelu")
    parameters, X = random_parameters(architecture), samples()
    theta = parameters.theta.copy()
    X.flags.writeable = False
    input_gradients(architecture, parameters, X)
    np.testing.assert_array_equal(parameters.theta, theta)
