"""Layers worked by hand, and the gradient compared with finite differences."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array

from sknn_edu.core import network as network_module
from sknn_edu.core.activations import ACTIVATIONS
from sknn_edu.core.losses import LOSSES
from sknn_edu.core.network import (
    DENSE,
    ROWS_AT_ONCE,
    Architecture,
    Network,
    Parameters,
    ParameterSpec,
    is_weight,
    output_sums,
)
from tests.core.gradients import (
    assert_each_derivative,
    assert_float32_agrees,
    assert_prediction_agrees,
    assert_slopes_along_directions,
    loss_and_gradient,
    random_parameters,
    readable,
    targets_for,
    with_ones,
)

SQUARED_ERROR = LOSSES["squared_error", "identity"]
DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32])
LAYER_SIZES = pytest.mark.parametrize(
    "sizes", [(3, 2), (3, 1, 2), (3, 4, 5, 2), (1, 2, 3, 4, 1)], ids=str
)


def architecture_with(activation, loss=("squared_error", "identity"), sizes=(3, 4, 5, 2)):
    return Architecture(sizes, (ACTIVATIONS[activation],) * (len(sizes) - 2), LOSSES[loss])


def samples_for(architecture, m=6):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(m, architecture.layer_sizes[0]))
    return X, targets_for(architecture.loss, architecture.layer_sizes[-1], m, rng)


# -- gradients ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("activation", "loss", "weighted"),
    list(itertools.product(ACTIVATIONS, LOSSES, [False, True])),
    ids=readable,
)
def test_gradient_is_the_slope_of_the_mean_loss(activation, loss, weighted):
    architecture = architecture_with(activation, loss)
    X, y = samples_for(architecture)
    weight = np.random.default_rng(3).uniform(0, 2, 6) if weighted else None
    parameters = random_parameters(architecture)
    assert_slopes_along_directions(architecture, parameters, X, y, weight=weight, alpha=0.3)


@LAYER_SIZES
def test_each_derivative_is_the_slope_of_the_mean_loss(sizes):
    architecture = architecture_with("tanh", sizes=sizes)
    X, y = samples_for(architecture)
    assert_each_derivative(architecture, random_parameters(architecture), X, y, alpha=0.3)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_float32_gives_the_gradient_of_float64(activation):
    architecture = architecture_with(activation)
    assert_float32_agrees(architecture, *samples_for(architecture), alpha=0.3)


@pytest.mark.parametrize("loss", LOSSES, ids=readable)
def test_float32_gives_the_gradient_of_float64_for_each_loss(loss):
    architecture = architecture_with("tanh", loss)
    assert_float32_agrees(architecture, *samples_for(architecture))


def test_layers_may_have_different_activations():
    activations = tuple(ACTIVATIONS[name] for name in ("gelu", "relu", "logistic"))
    architecture = Architecture((3, 4, 5, 3, 2), activations, SQUARED_ERROR)
    X, y = samples_for(architecture)
    assert_slopes_along_directions(architecture, random_parameters(architecture), X, y)


def test_two_layers_worked_by_hand():
    # x = (1, 2); hidden z = (1*1 + 2*0 + 0, 1*(-1) + 2*1 - 2) = (1, -1), relu a = (1, 0)
    # output z = 1*3 + 0*5 + 1 = 4; y = 2: L = 2, delta = 2
    # dW2 = (2, 0), db2 = 2; delta1 = (3, 5) * 2 * (1, 0) = (6, 0); dW1 = x delta1, db1 = delta1
    architecture = Architecture((2, 2, 1), (ACTIVATIONS["relu"],), SQUARED_ERROR)
    parameters = architecture.parameters(np.float64)
    parameters.weights[0][...] = [[1, -1], [0, 1]]
    parameters.biases[0][...] = [0, -2]
    parameters.weights[1][...] = [[3], [5]]
    parameters.biases[1][...] = 1
    X, y = np.array([[1.0, 2.0, 1.0]]), np.array([[2.0]])
    gradient = parameters.zeros_like()
    network = Network(architecture, parameters, gradient, 1)
    assert SQUARED_ERROR.value(y, network.forward(X)) == 2.0
    network.backward(X, y, network.share)
    np.testing.assert_array_equal(gradient.weights[0], [[6, 0], [12, 0]])
    np.testing.assert_array_equal(gradient.biases[0], [6, 0])
    np.testing.assert_array_equal(gradient.weights[1], [[2], [0]])
    np.testing.assert_array_equal(gradient.biases[1], [2])


def test_backpropagation_returns_the_delta_of_the_first_layer():
    architecture = architecture_with("tanh")
    X, y = samples_for(architecture)
    parameters = random_parameters(architecture)
    gradient = parameters.zeros_like()
    network = Network(architecture, parameters, gradient, 6)
    network.forward(with_ones(X))
    delta = network.backpropagate(y, network.share).copy()
    assert delta.shape == (4, 6)
    assert (gradient.blocks[0] == 0).all()
    assert all((block != 0).any() for block in gradient.blocks[1:])
    network.first.backward(with_ones(X))
    np.testing.assert_allclose(gradient.blocks[0], with_ones(X).T @ delta.T, rtol=1e-13)


def test_a_network_can_be_reused_for_several_steps():
    architecture = architecture_with("relu")
    X, y = samples_for(architecture)
    parameters = random_parameters(architecture)
    gradient = parameters.zeros_like()
    network = Network(architecture, parameters, gradient, 6)
    for seed in range(3):
        parameters.theta[:] = np.random.default_rng(seed).normal(size=parameters.theta.size)
        network.forward(with_ones(X))
        network.backward(with_ones(X), y, network.share)
        _, expected = loss_and_gradient(architecture, parameters, X, y)
        np.testing.assert_allclose(gradient.theta, expected, rtol=1e-13, atol=1e-15)


def test_between_layers_replaces_the_activation():
    class Doubled:
        def __init__(self, activation):
            self.activation = activation

        def forward(self, z, a):
            self.activation.forward(z, a)
            a *= 2

        def backward(self, z, a, delta):
            delta *= 2
            a /= 2
            self.activation.backward(z, a, delta)

    calls = []

    def between_layers(k, activation, n_neurons, m, dtype):
        calls.append((k, activation.name, n_neurons, m, dtype))
        return Doubled(activation)

    architecture = architecture_with("tanh")
    X, y = samples_for(architecture)
    parameters = random_parameters(architecture)
    assert_each_derivative(
        architecture, parameters, X, y, new_between_layers=lambda: between_layers
    )
    assert calls[:2] == [(0, "tanh", 4, 6, np.float64), (1, "tanh", 5, 6, np.float64)]
    a = X
    for k in range(2):
        a = 2 * np.tanh(a @ parameters.weights[k] + parameters.biases[k])
    network = Network(architecture, parameters, parameters.zeros_like(), 6, between_layers)
    z = a @ parameters.weights[2] + parameters.biases[2]
    np.testing.assert_allclose(network.forward(with_ones(X)).T, z, rtol=1e-12)


# -- parameters --------------------------------------------------------------------------------


@DTYPES
def test_views_and_vector_share_memory(dtype):
    parameters = Architecture((3, 4, 2), (ACTIVATIONS["relu"],), SQUARED_ERROR).parameters(dtype)
    parameters.weights[1][...] = 7
    parameters.biases[0][...] = 3
    assert parameters.theta.dtype == dtype
    assert (parameters.theta == 7).sum() == 8
    assert (parameters.theta == 3).sum() == 4


@LAYER_SIZES
def test_a_block_is_the_weights_with_the_biases_as_its_last_row(sizes):
    parameters = random_parameters(architecture_with("tanh", sizes=sizes))
    for block, W, b in zip(parameters.blocks, parameters.weights, parameters.biases, strict=True):
        np.testing.assert_array_equal(block, np.vstack([W, b]))
        assert np.shares_memory(block, parameters.theta)
    blocks = np.concatenate([block.ravel() for block in parameters.blocks])
    np.testing.assert_array_equal(blocks, parameters.theta)
    assert parameters.of_activations == [[]] * (len(sizes) - 2)
    assert parameters.of_inputs == []


def test_new_parameters_are_zero_and_copies_are_independent():
    parameters = architecture_with("tanh").parameters(np.float64)
    assert (parameters.theta == 0).all()
    parameters.theta[:] = np.linspace(-1, 1, parameters.theta.size)
    narrow = parameters.astype(np.float32)
    np.testing.assert_array_equal(narrow.theta, parameters.theta.astype(np.float32))
    zeros = parameters.zeros_like()
    assert [W.shape for W in zeros.weights] == [W.shape for W in parameters.weights]
    narrow.theta[:] = zeros.theta[:] = 5
    assert np.abs(parameters.theta).max() == 1


def test_theta_contains_every_kind_of_parameter():
    specs = [
        [ParameterSpec("weight", (2, 3), 2), ParameterSpec("bias", (3,))],
        [ParameterSpec("weight", (3, 1), 3), ParameterSpec("bias", (1,))],
        [ParameterSpec("slope", (3,))],
        [ParameterSpec("vector", (2, 2)), ParameterSpec("scale", (2,))],
    ]
    parameters = Parameters(specs, 2, np.float64)
    parameters.theta[:] = np.arange(22)
    np.testing.assert_array_equal(parameters.weights[0], [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(parameters.biases[0], [6, 7, 8])
    np.testing.assert_array_equal(parameters.weights[1], [[9], [10], [11]])
    np.testing.assert_array_equal(parameters.biases[1], [12])
    ((slope,),) = parameters.of_activations
    np.testing.assert_array_equal(slope, [13, 14, 15])
    vector, scale = parameters.of_inputs
    np.testing.assert_array_equal(vector, [[16, 17], [18, 19]])
    np.testing.assert_array_equal(scale, [20, 21])
    fan_in = parameters.per_parameter(lambda spec: spec.fan_in)
    np.testing.assert_array_equal(fan_in, [2] * 6 + [1] * 3 + [3] * 3 + [1] * 10)


@DTYPES
def test_is_weight_is_1_for_weights_only(dtype):
    parameters = architecture_with("tanh").parameters(dtype)
    parameters.theta[:] = parameters.per_parameter(is_weight)
    assert parameters.per_parameter(is_weight).dtype == dtype
    assert all((W == 1).all() for W in parameters.weights)
    assert all((b == 0).all() for b in parameters.biases)


def test_the_l2_penalty_of_a_network_ignores_biases():
    # n = 4 samples, alpha = 1/2: alpha / (2 n) ||W||^2 = 1/16 * 4 * 2^2, gradient alpha / n W = 1/4
    architecture = Architecture((2, 2), (), SQUARED_ERROR)
    parameters = architecture.parameters(np.float64)
    parameters.theta[:] = 2
    X = np.zeros((4, 2))
    y = np.full((2, 4), 2.0)  # the biases: no loss but the penalty
    penalty, g = loss_and_gradient(architecture, parameters, X, y, alpha=0.5)
    assert penalty == 1.0
    np.testing.assert_array_equal(g, [0.25, 0.25, 0.25, 0.25, 0, 0])


# -- prediction --------------------------------------------------------------------------------


@DTYPES
@pytest.mark.parametrize("n_samples", [1, ROWS_AT_ONCE - 1, 2 * ROWS_AT_ONCE + 1])
def test_output_sums_do_not_depend_on_how_the_rows_are_split(dtype, n_samples):
    architecture = architecture_with("tanh")
    parameters = random_parameters(architecture, dtype)
    X = np.random.default_rng(3).normal(size=(n_samples, 3)).astype(dtype)
    z = architecture.output_sums(parameters, X)
    a = X
    for k, (W, b) in enumerate(zip(parameters.weights, parameters.biases, strict=True)):
        a = a @ W + b
        if k < 2:
            a = np.tanh(a)
    assert z.dtype == dtype
    np.testing.assert_allclose(z, a, rtol=1e-12 if dtype is np.float64 else 1e-3, atol=1e-5)
    sparse = output_sums(
        architecture.activations, parameters.weights, parameters.biases, csr_array(X)
    )
    np.testing.assert_allclose(z, sparse, rtol=1e-12 if dtype is np.float64 else 1e-3, atol=1e-5)


@DTYPES
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_prediction_agrees_with_training(activation, dtype):
    architecture = architecture_with(activation)
    X, _ = samples_for(architecture)
    assert_prediction_agrees(architecture, X.astype(dtype), dtype)


def test_prediction_changes_neither_samples_nor_parameters():
    architecture = architecture_with("gelu")
    parameters, (X, _) = random_parameters(architecture), samples_for(architecture)
    theta = parameters.theta.copy()
    X.flags.writeable = parameters.theta.flags.writeable = False
    first = architecture.output_sums(parameters, X)
    np.testing.assert_array_equal(architecture.output_sums(parameters, X), first)
    np.testing.assert_array_equal(parameters.theta, theta)


def test_prediction_multiplies_a_limited_number_of_rows_at_a_time(monkeypatch):
    n_rows = []

    def forward(z, a):
        n_rows.append(z.size // 4)
        np.tanh(z, out=a)

    architecture = architecture_with("tanh", sizes=(3, 4, 2))
    counting = replace(ACTIVATIONS["tanh"], forward=forward)
    parameters, (X, _) = random_parameters(architecture), samples_for(architecture, 11)
    monkeypatch.setattr(network_module, "ROWS_AT_ONCE", 5)
    output_sums([counting], parameters.weights, parameters.biases, X)
    assert n_rows == [5, 5, 1]


def test_prediction_activates_a_limited_number_of_rows_at_a_time(monkeypatch):
    sizes = []

    def forward(z, a):
        sizes.append(z.size)
        np.tanh(z, out=a)

    z = np.random.default_rng(0).standard_normal((7, 4))
    expected = np.tanh(z)
    monkeypatch.setattr(network_module, "NUMBERS_AT_ONCE", 14)  # 3 rows of 4
    network_module.activate_rows(replace(ACTIVATIONS["tanh"], forward=forward), z)
    np.testing.assert_array_equal(z, expected)
    assert sizes == [12, 12, 4]
    monkeypatch.setattr(network_module, "NUMBERS_AT_ONCE", 1)  # at least a row
    network_module.activate_rows(ACTIVATIONS["tanh"], z)
    np.testing.assert_array_equal(z, np.tanh(expected))


def test_dense_inputs_reach_the_first_layer_unchanged():
    X, W = np.ones((2, 3)), np.ones((3, 4))
    assert DENSE.specs(3) == (3, [])
    assert DENSE.transform(X, []) is X
    assert DENSE.compose(W, []) is W
