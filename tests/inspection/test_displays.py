"""Pictures of networks, weights, activations and loss curves."""

import subprocess
import sys

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn_edu import MLPClassifier, MLPRegressor, PerceptronClassifier, SigmoidNeuronClassifier
from sknn_edu.core.beyond.parametric_activations import ALL_ACTIVATIONS as ACTIVATIONS
from sknn_edu.inspection import (
    ActivationDisplay,
    LossCurveDisplay,
    NetworkDisplay,
    WeightsDisplay,
    trace,
)
from tests.problems import X, Y
from tests.table_options import OPTIONS, SETTLED, fitted

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_loss_curves_of_several_estimators_are_drawn_in_one_plot():
    first = MLPClassifier(5, early_stopping=True, random_state=0).fit(X, Y)
    second = make_pipeline(StandardScaler(), MLPClassifier(5, max_iter=9, random_state=0)).fit(X, Y)
    display = LossCurveDisplay.from_estimator(first, second)
    labels = display.ax_.get_legend_handles_labels()[1]
    assert "MLPClassifier 1, validation" in labels
    assert f"MLPClassifier 1, best epoch {first.best_epoch_}" in labels
    assert display.figure_ is display.ax_.figure
    lines = display.ax_.get_lines()
    np.testing.assert_array_equal(lines[0].get_ydata(), first.loss_curve_)


def test_the_best_epoch_may_lie_before_the_first_validation():
    mlp = MLPClassifier(5, random_state=0, learning_rate_init=1.0, solver="sgd")
    mlp.partial_fit(X, Y, classes=[0, 1, 2]).set_params(learning_rate_init=50.0)
    for _ in range(3):
        mlp.partial_fit(X, Y)
    mlp.partial_fit(X, Y, X_val=X, y_val=Y)
    LossCurveDisplay.from_estimator(mlp)


def test_estimators_without_a_curve_or_layers_are_refused():
    mlp = MLPClassifier(5, max_iter=2).fit(X, Y)
    perceptron = PerceptronClassifier(max_iter=3).fit(X, Y)
    with pytest.raises(ValueError, match="different names"):
        LossCurveDisplay.from_estimator(mlp, mlp, names=["a", "a"])
    for estimator in (perceptron, MLPClassifier(), mlp.slim()):
        with pytest.raises(ValueError, match="must have a loss_curve_"):
            LossCurveDisplay.from_estimator(estimator)
    assert len(NetworkDisplay.from_estimator(perceptron, X[0]).activations) == 2
    with pytest.raises(TypeError, match="SigmoidNeuronClassifier, MLPClassifier or MLPRegressor"):
        NetworkDisplay.from_estimator(StandardScaler().fit(X))
    with pytest.raises(ValueError, match="a single sample with 4 features"):
        NetworkDisplay.from_estimator(mlp, [1, 2])
    pipeline = make_pipeline(StandardScaler(), MLPClassifier(3, max_iter=2)).fit(X, Y)
    assert NetworkDisplay.from_estimator(pipeline, X[0]).activations[0].size == 4


def test_each_output_neuron_is_shown_with_its_activation():
    neurons = SigmoidNeuronClassifier().fit(X, Y)
    display = NetworkDisplay.from_estimator(neurons, X[0])
    np.testing.assert_allclose(
        display.activations[-1], trace(neurons, X[:1], Y[:1]).layers[0].a[:, 0]
    )
    alone = MLPClassifier(3, max_iter=2).fit(X, np.ones(150))
    assert NetworkDisplay.from_estimator(alone, X[0]).activations[-1].size == 1


def test_the_network_display_counts_the_neurons_it_leaves_out():
    digits, labels = load_digits(return_X_y=True)
    mlp = MLPClassifier(20, max_iter=3, random_state=0).fit(digits / 16, labels)
    display = NetworkDisplay.from_estimator(mlp, digits[0] / 16)
    texts = [text.get_text() for text in display.ax_.texts]
    assert "52 more\nnot drawn" in texts
    assert "8 more\nnot drawn" in texts
    np.testing.assert_allclose(display.activations[-1], mlp.predict_proba(digits[:1] / 16)[0])
    np.testing.assert_allclose(display.activations[1], mlp.hidden_activations(digits[:1] / 16)[0])


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


@SETTLED
def test_networks_of_every_option_can_be_drawn():
    network, X = fitted(OPTIONS["all"])
    display = NetworkDisplay.from_estimator(network, x=X[0])
    assert len(display.activations[-1]) == 1
    np.testing.assert_allclose(display.activations[-1], network.predict(X[:1]))


@pytest.mark.parametrize("name", [*ACTIVATIONS, "step"])
def test_each_activation_is_drawn_with_its_derivative(name):
    ax = ActivationDisplay(name).plot().ax_
    assert ax.get_title() == name
    assert len(ax.get_lines()) == 4
    with pytest.raises(ValueError, match="activation must be 'step'"):
        ActivationDisplay("nonsense").plot()


def test_first_layer_weights_are_drawn_as_images():
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
