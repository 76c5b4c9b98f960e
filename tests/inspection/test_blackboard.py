"""One training step on the blackboard."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone

from sknn_edu import MLPClassifier, MLPRegressor, PerceptronClassifier, SigmoidNeuronClassifier
from sknn_edu.core.network import Network
from sknn_edu.estimators.interface import training_problem
from sknn_edu.inspection import trace
from tests.problems import X, Y
from tests.table_options import NETWORK, OPTIONS, SETTLED, numbers_and_levels

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_a_two_two_one_network_worked_by_hand():
    # as in tests/core/test_network.py: x = (1, 2), hidden z = (1, -1), a = (1, 0), output z = 4
    # y = 2: L = 2, delta = 2; dW2 = (2, 0); delta1 = (6, 0); dW1 = ((6, 0), (12, 0))
    mlp = MLPRegressor(hidden_layer_sizes=2, solver="sgd", momentum=0.0, alpha=0.0, max_iter=1)
    mlp.set_params(learning_rate_init=0.1).fit([[1.0, 2.0]], [2.0])
    mlp.coefs_ = [np.array([[1.0, -1.0], [0.0, 1.0]]), np.array([[3.0], [5.0]])]
    mlp.intercepts_ = [np.array([0.0, -2.0]), np.array([1.0])]
    board = trace(mlp, [[1.0, 2.0]], [2.0])
    hidden, output = board.layers
    np.testing.assert_array_equal(hidden.z[:, 0], [1, -1])
    np.testing.assert_array_equal(hidden.a[:, 0], [1, 0])
    assert board.loss == 2
    np.testing.assert_array_equal(output.delta, [[2]])
    np.testing.assert_array_equal(output.dW, [[2], [0]])
    np.testing.assert_array_equal(hidden.delta[:, 0], [6, 0])
    np.testing.assert_array_equal(hidden.dW, [[6, 0], [12, 0]])
    np.testing.assert_allclose(hidden.change_W, [[-0.6, 0], [-1.2, 0]])
    np.testing.assert_allclose(output.change_b, [-0.2])
    assert mlp.coefs_[0][0, 0] == 1  # nothing was changed


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("activation", ["tanh", "relu", "gelu"])
def test_the_first_step_of_a_fresh_network_is_that_of_fit(activation, dtype):
    mlp = MLPClassifier((5, 4), activation, max_iter=1, random_state=0, class_weight="balanced")
    data = X.astype(dtype)
    board = trace(mlp, data, Y)
    assert not hasattr(mlp, "coefs_")
    fitted = clone(mlp).fit(data, Y)
    for layer, W, b in zip(board.layers, fitted.coefs_, fitted.intercepts_, strict=True):
        np.testing.assert_allclose(layer.W + layer.change_W, W, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(layer.b + layer.change_b, b, rtol=1e-4, atol=1e-6)
    assert board.loss == pytest.approx(fitted.loss_curve_[0], rel=1e-5)


def test_a_trace_ignores_dropout_and_does_not_advance_the_random_state():
    rng = np.random.RandomState(0)
    mlp = MLPClassifier(6, solver="sgd", momentum=0.0, dropout=0.5, random_state=rng)
    mlp.set_params(max_iter=3, learning_rate_init=0.1, alpha=0.0).fit(X, Y)
    before = rng.get_state()[2]
    layer = trace(mlp, X[:4], Y[:4]).layers[0]
    np.testing.assert_allclose(layer.change_W, -0.1 * layer.dW, atol=1e-15)
    assert rng.get_state()[2] == before


@SETTLED
@pytest.mark.parametrize("name", ["scale", "pbld", "periodic", "categories", "parametric", "all"])
def test_a_trace_shows_every_gradient_that_the_network_computes(name):
    X, y = numbers_and_levels(n=40)
    options = {**NETWORK, **OPTIONS[name], "learning_rate_init": 0.1, "dropout": 0.0}
    network = MLPRegressor(**options).fit(X, y)
    board, h = trace(network, X, y), 1e-6
    np.testing.assert_allclose(board.layers[-1].a[0], network.predict(X), rtol=1e-10)
    for layer in board.layers:
        z = layer.W.T @ layer.inputs + layer.b[:, np.newaxis]
        np.testing.assert_allclose(layer.z, z, rtol=1e-9, atol=1e-9)
    problem = training_problem(network, X, y)
    theta, parameters = problem.parameters.theta, problem.parameters
    engine = Network(problem.architecture, parameters, parameters.zeros_like(), problem.samples.n)
    direction = np.random.default_rng(0).normal(size=theta.size)
    start, losses = theta.copy(), []
    for sign in (1, -1):
        theta[:] = start + sign * h * direction
        fit = engine.loss.value(problem.samples.y, engine.forward(problem.samples.X)).mean()
        penalty = sum((W * W).sum() for W in parameters.weights) * board.alpha_over_n / 2
        losses.append(fit + penalty)
    shown = [value for layer in board.layers for value in (layer.dW, layer.db)]
    shown += [parameter.gradient for parameter in board.extra]
    gradient = np.concatenate([value.ravel() for value in shown])
    assert gradient @ direction == pytest.approx((losses[0] - losses[1]) / (2 * h), rel=1e-5)
    assert str(board).count("Learned besides weights and biases") == (len(board.extra) > 0)


def test_a_trace_has_a_text_and_an_html_representation():
    neuron = SigmoidNeuronClassifier.from_weights([10, 10], bias=-15)
    board = trace(neuron, [[0, 1], [1, 1]], [0, 1])
    text, html = str(board), board._repr_html_()
    for part in ("Forward: layer 1 of 1, logistic", "W1^T X^T + b1", "delta1", "dW1"):
        assert part in text
        assert part in html
    assert max(map(len, text.splitlines())) <= 130
    assert html.count("<table") == html.count("</table>") == 1
    assert board.layers[0].change_W is None  # lbfgs has no optimiser steps


@pytest.mark.parametrize(
    ("estimator", "y"),
    [
        (MLPRegressor(max_iter=2), X[:2, 0]),
        (MLPRegressor(max_iter=2), np.ones((2, 3))),
        (MLPClassifier(max_iter=2), [0, 1]),
        (MLPClassifier(max_iter=2), [[5, 0], [2, 2]]),
    ],
)
def test_targets_that_do_not_fit_are_refused(estimator, y):
    fitted = clone(estimator).fit(X, np.stack([Y > 0, Y > 1], axis=1).astype(int))
    with pytest.raises(ValueError, match="y "):
        trace(fitted, X[:2], y)


def test_perceptrons_and_sparse_samples_are_refused():
    with pytest.raises(TypeError, match="SigmoidNeuronClassifier, MLPClassifier or MLPRegressor"):
        trace(PerceptronClassifier(), X, Y)
    with pytest.raises(TypeError, match="dense"):
        trace(MLPClassifier(5), csr_array(X), Y)
