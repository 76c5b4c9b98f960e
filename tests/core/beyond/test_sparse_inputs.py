"""Samples that are mostly zeros."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array

from sknn_edu.core.beyond.parametric_activations import ALL_ACTIVATIONS
from sknn_edu.core.beyond.sparse_inputs import SparseInputs, with_sparse_inputs
from sknn_edu.core.gradient_descent import GradientDescent, Regularization
from sknn_edu.core.losses import LOSSES
from sknn_edu.core.network import Architecture
from sknn_edu.core.optimizers import Adam
from sknn_edu.core.schedules import Constant
from sknn_edu.core.speed.mini_batches import MiniBatches
from tests.core.beyond.architectures import (
    DTYPES,
    FACTORED,
    SQUARED_ERROR,
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
    loss_and_gradient,
    random_parameters,
    readable,
    targets_for,
)

DENSE_ARCHITECTURES = {
    "plain": architecture_with(),
    "parametric": architecture_with(activation="parametric_mish"),
    "without hidden layers": architecture_with(n_hidden=()),
    **FACTORED,
    "factored and parametric": architecture_with(FACTORED["scale"].inputs, "parametric_selu"),
}
EACH = pytest.mark.parametrize("name", DENSE_ARCHITECTURES)


def sparse_table(n):
    X = table(n)
    X[::2, 0] = X[1::3, 5] = 0
    X[3] = 0
    return X


def test_sparse_samples_give_the_gradient_of_dense_ones():
    architecture = Architecture(
        (3, 4, 5, 2), (ALL_ACTIVATIONS["tanh"],) * 2, LOSSES["log_loss", "softmax"]
    )
    parameters = random_parameters(architecture)
    X = np.random.default_rng(2).normal(size=(6, 3)) * (np.arange(18).reshape(6, 3) % 2)
    y = np.array([[1.0, 0, 0, 1, 0, 1], [0, 1, 1, 0, 1, 0]])
    dense, of_dense = loss_and_gradient(architecture, parameters, X, y)
    sparse, of_sparse = loss_and_gradient(
        with_sparse_inputs(architecture), parameters, csr_array(X), y
    )
    assert dense == pytest.approx(sparse, rel=1e-14)
    np.testing.assert_allclose(of_dense, of_sparse, rtol=1e-12)


@EACH
@pytest.mark.parametrize("between_layers", [None, same_dropout])
def test_sparse_samples_give_the_gradient_of_dense_ones_in_every_network(name, between_layers):
    architecture, X, y = DENSE_ARCHITECTURES[name], sparse_table(9), targets(9)
    options = {"new_between_layers": between_layers if architecture.activations else None}
    parameters = random_parameters(architecture)
    dense = loss_and_gradient(architecture, parameters, X, y, **options)
    sparse_architecture = with_sparse_inputs(architecture)
    sparse = loss_and_gradient(sparse_architecture, parameters, csr_array(X), y, **options)
    assert dense[0] == pytest.approx(sparse[0], rel=1e-13)
    np.testing.assert_allclose(sparse[1], dense[1], rtol=1e-11, atol=1e-13)


@EACH
def test_every_derivative_is_the_slope_of_the_mean_loss(name):
    architecture = with_sparse_inputs(DENSE_ARCHITECTURES[name])
    parameters = random_parameters(architecture)
    assert_each_derivative(architecture, parameters, csr_array(sparse_table(9)), targets(9))


@pytest.mark.parametrize("activation", ALL_ACTIVATIONS)
@pytest.mark.parametrize("loss", LOSSES, ids=readable)
def test_gradient_is_the_slope_for_each_activation_and_loss(activation, loss):
    architecture = replace(architecture_with(SparseInputs(), activation), loss=LOSSES[loss])
    y = targets_for(architecture.loss, 2, 9, np.random.default_rng(1))
    parameters, X = random_parameters(architecture), csr_array(sparse_table(9))
    parameters.theta *= 0.3
    assert_slopes_along_directions(architecture, parameters, X, y, n_directions=2, alpha=0.3)


@EACH
def test_float32_gives_the_gradient_of_float64(name):
    architecture = with_sparse_inputs(DENSE_ARCHITECTURES[name])
    assert_float32_agrees(architecture, csr_array(sparse_table(9)), targets(9))


@DTYPES
@EACH
def test_prediction_agrees_with_training(name, dtype):
    architecture = with_sparse_inputs(DENSE_ARCHITECTURES[name])
    assert_prediction_agrees(architecture, csr_array(sparse_table(9).astype(dtype)), dtype)


@EACH
def test_the_parameters_are_those_of_the_dense_network(name):
    dense = DENSE_ARCHITECTURES[name]
    sparse = with_sparse_inputs(dense)
    assert sparse.parameters(np.float64).specs == dense.parameters(np.float64).specs
    assert (sparse.layer_sizes, sparse.loss) == (dense.layer_sizes, dense.loss)


def test_training_on_sparse_samples_agrees_with_dense_samples():
    X, thetas = sparse_table(40), []
    y = targets(40).T
    for container, adapt in ((np.asarray, lambda dense: dense), (csr_array, with_sparse_inputs)):
        architecture = adapt(FACTORED["scale"])
        parameters = random_parameters(architecture)
        batches = MiniBatches(container(X), y, 2, np.arange(40.0), 9, np.float64)
        learner = GradientDescent(
            architecture,
            parameters,
            batches,
            Adam(),
            Constant(),
            0.01,
            3,
            Regularization(alpha=0.1),
        )
        losses = [learner.epoch(np.random.default_rng(0).permutation(40)) for _ in range(3)]
        thetas.append((losses, parameters.theta))
    np.testing.assert_allclose(thetas[0][0], thetas[1][0], rtol=1e-11)
    np.testing.assert_allclose(thetas[0][1], thetas[1][1], rtol=1e-9, atol=1e-11)


def test_the_first_layer_worked_by_hand():
    # x = (0, 3): z = (3*2 + 10, 3*4 + 20); y = 0: delta = z, dW = x delta, db = delta
    architecture = Architecture((2, 2), (), SQUARED_ERROR, SparseInputs())
    parameters = architecture.parameters(np.float64)
    parameters.weights[0][...] = [[7, 7], [2, 4]]
    parameters.biases[0][...] = [10, 20]
    X = csr_array([[0.0, 3.0]])
    loss, gradient = loss_and_gradient(architecture, parameters, X, np.zeros((2, 1)))
    assert loss == (16**2 + 32**2) / 2
    np.testing.assert_array_equal(gradient, [0, 0, 48, 96, 16, 32])
