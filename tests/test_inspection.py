"""Blackboard, gradient check and pictures."""

import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn_edu import MLPClassifier, MLPRegressor, PerceptronClassifier, SigmoidNeuronClassifier
from sknn_edu.core.activations import ACTIVATIONS, Activation
from sknn_edu.inspection import (
    ActivationDisplay,
    LossCurveDisplay,
    NetworkDisplay,
    WeightsDisplay,
    check_gradient,
    trace,
)

mpl.use("Agg")
pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:More than 20 figures"),
]
X, Y = load_iris(return_X_y=True)
X = StandardScaler().fit_transform(X)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


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


def test_dropout_is_left_out_of_a_trace_and_chance_is_not_moved():
    chance = np.random.RandomState(0)
    mlp = MLPClassifier(6, solver="sgd", momentum=0.0, dropout=0.5, random_state=chance)
    mlp.set_params(max_iter=3, learning_rate_init=0.1, alpha=0.0).fit(X, Y)
    before = chance.get_state()[2]
    layer = trace(mlp, X[:4], Y[:4]).layers[0]
    np.testing.assert_allclose(layer.change_W, -0.1 * layer.dW, atol=1e-15)
    assert chance.get_state()[2] == before


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


def test_a_trace_reads_as_text_and_as_html():
    neuron = SigmoidNeuronClassifier.from_weights([10, 10], bias=-15)
    board = trace(neuron, [[0, 1], [1, 1]], [0, 1])
    text, html = str(board), board._repr_html_()
    for part in ("Forward: layer 1 of 1, logistic", "W1^T X^T + b1", "delta1", "dW1"):
        assert part in text
        assert part in html
    assert max(map(len, text.splitlines())) <= 130
    assert html.count("<table") == html.count("</table>") == 1
    assert board.layers[0].change_W is None  # lbfgs makes no such steps


def test_what_cannot_be_traced_is_refused():
    with pytest.raises(TypeError, match="SigmoidNeuronClassifier, MLPClassifier or MLPRegressor"):
        trace(PerceptronClassifier(), X, Y)
    with pytest.raises(TypeError, match="dense"):
        trace(MLPClassifier(5), csr_array(X), Y)


@pytest.mark.parametrize(
    "estimator",
    [
        MLPClassifier((5, 4), "tanh", random_state=0),
        MLPClassifier(5, "silu", dtype="float32", random_state=0),
        MLPRegressor("huber", (5,), "elu", random_state=0),
        SigmoidNeuronClassifier(loss="squared_error"),
    ],
    ids=str,
)
def test_the_gradient_is_right_fresh_and_fitted(estimator):
    assert check_gradient(estimator, X, Y).error < 1e-6
    assert check_gradient(clone(estimator).set_params(max_iter=5).fit(X, Y), X, Y).error < 1e-6


def test_at_a_minimum_rounding_is_no_error():
    neuron = SigmoidNeuronClassifier(alpha=0).fit(X[::3], Y[::3])
    assert check_gradient(neuron, X[::3], Y[::3]).error < 1e-6


def test_check_gradient_refuses_what_trace_refuses():
    with pytest.raises(TypeError, match="SigmoidNeuronClassifier, MLPClassifier or MLPRegressor"):
        check_gradient(make_pipeline(StandardScaler(), MLPClassifier()), X, Y)
    with pytest.raises(TypeError, match="dense"):
        check_gradient(MLPClassifier(5), csr_array(X), Y)


def wrong_backward(z, a, delta):  # noqa: ARG001
    delta *= 1.1 * (1 - a * a)


def test_a_wrong_derivative_is_found():
    wrong = Activation("wrong", ACTIVATIONS["tanh"].forward, wrong_backward)
    assert check_gradient(MLPClassifier(5, wrong, random_state=0), X, Y).error > 1e-3


def test_loss_curves_of_several_estimators_in_one_picture():
    one = MLPClassifier(5, early_stopping=True, random_state=0).fit(X, Y)
    other = make_pipeline(StandardScaler(), MLPClassifier(5, max_iter=9, random_state=0)).fit(X, Y)
    display = LossCurveDisplay.from_estimator(one, other)
    labels = display.ax_.get_legend_handles_labels()[1]
    assert "MLPClassifier 1, validation" in labels
    assert f"MLPClassifier 1, best epoch {one.best_epoch_}" in labels
    assert display.figure_ is display.ax_.figure
    lines = display.ax_.get_lines()
    np.testing.assert_array_equal(lines[0].get_ydata(), one.loss_curve_)


def test_the_best_epoch_may_lie_before_the_first_validation():
    mlp = MLPClassifier(5, random_state=0, learning_rate_init=1.0, solver="sgd")
    mlp.partial_fit(X, Y, classes=[0, 1, 2]).set_params(learning_rate_init=50.0)
    for _ in range(3):
        mlp.partial_fit(X, Y)
    mlp.partial_fit(X, Y, X_val=X, y_val=Y)
    LossCurveDisplay.from_estimator(mlp)


def test_what_has_no_curve_or_no_layers_is_refused():
    mlp = MLPClassifier(5, max_iter=2).fit(X, Y)
    perceptron = PerceptronClassifier(max_iter=3).fit(X, Y)
    with pytest.raises(ValueError, match="different names"):
        LossCurveDisplay.from_estimator(mlp, mlp, names=["a", "a"])
    for one in (perceptron, MLPClassifier(), mlp.slim()):
        with pytest.raises(ValueError, match="no loss_curve_ to draw"):
            LossCurveDisplay.from_estimator(one)
    with pytest.raises(TypeError, match="fitted SigmoidNeuronClassifier"):
        NetworkDisplay.from_estimator(perceptron)
    with pytest.raises(ValueError, match="one sample of 4 features"):
        NetworkDisplay.from_estimator(mlp, [1, 2])
    pipeline = make_pipeline(StandardScaler(), MLPClassifier(3, max_iter=2)).fit(X, Y)
    assert NetworkDisplay.from_estimator(pipeline, X[0]).answers[0].size == 4


def test_each_output_neuron_is_shown_with_its_own_answer():
    neurons = SigmoidNeuronClassifier().fit(X, Y)
    display = NetworkDisplay.from_estimator(neurons, X[0])
    np.testing.assert_allclose(display.answers[-1], trace(neurons, X[:1], Y[:1]).layers[0].a[:, 0])
    alone = MLPClassifier(3, max_iter=2).fit(X, np.ones(150))
    assert NetworkDisplay.from_estimator(alone, X[0]).answers[-1].size == 1


def test_the_network_says_what_it_leaves_out():
    digits, labels = load_digits(return_X_y=True)
    mlp = MLPClassifier(20, max_iter=3, random_state=0).fit(digits / 16, labels)
    display = NetworkDisplay.from_estimator(mlp, digits[0] / 16)
    texts = [text.get_text() for text in display.ax_.texts]
    assert "52 more\nnot drawn" in texts
    assert "8 more\nnot drawn" in texts
    np.testing.assert_allclose(display.answers[-1], mlp.predict_proba(digits[:1] / 16)[0])
    np.testing.assert_allclose(display.answers[1], mlp.hidden_activations(digits[:1] / 16)[0])


@pytest.mark.parametrize(
    "estimator",
    [SigmoidNeuronClassifier(), MLPRegressor(hidden_layer_sizes=(3, 2), max_iter=3)],
    ids=str,
)
def test_neurons_and_regressors_are_drawn_too(estimator):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=["a", "b", "c", "d"])
    display = NetworkDisplay.from_estimator(estimator.fit(frame, Y > 0), frame.iloc[0])
    assert "a" in [text.get_text() for text in display.ax_.texts]


@pytest.mark.parametrize("name", [*ACTIVATIONS, "step"])
def test_each_activation_is_drawn_with_its_derivative(name):
    ax = ActivationDisplay(name).plot().ax_
    assert ax.get_title() == name
    assert len(ax.get_lines()) == 4
    with pytest.raises(ValueError, match="activation must be 'step'"):
        ActivationDisplay("nonsense").plot()


def test_weights_as_images():
    digits, labels = load_digits(return_X_y=True)
    mlp = MLPClassifier(12, max_iter=2, random_state=0).fit(digits / 16, labels)
    display = WeightsDisplay.from_estimator(mlp, (8, 8), most=10)
    np.testing.assert_array_equal(display.images[3].ravel(), mlp.coefs_[0][:, 3])
    assert display.left_out == 2
    assert "2 more not drawn" in display.ax_.get_title()
    with pytest.raises(ValueError, match="height \\* width = 64"):
        WeightsDisplay.from_estimator(mlp, (8, 9))


def test_the_estimators_never_import_the_pictures():
    code = (
        "import sknn_edu, sys\n"
        "print([m for m in sys.modules if m.startswith(('sknn_edu.inspection', 'matplotlib'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
