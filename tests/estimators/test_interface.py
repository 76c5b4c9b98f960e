"""The interface of estimators for inspection and export."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

from sknn_edu import MLPClassifier, MLPRegressor, PerceptronClassifier, SigmoidNeuronClassifier
from sknn_edu.estimators.interface import fitted_network, is_inspectable, training_problem
from tests.problems import A, B, X, Y

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
SOME = {"max_iter": 8, "random_state": 0}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"feature_scale": True},
        {"number_embedding": "pbld", "feature_scale": True},
        {"activation": ["parametric_mish", "tanh"]},
    ],
    ids=str,
)
def test_layer_outputs_of_a_fitted_network_end_with_its_predictions(options):
    mlp = MLPRegressor(hidden_layer_sizes=(5, 4), **options, **SOME).fit(A, B)
    inputs, first, second, outputs = fitted_network(mlp).layer_outputs(A)
    np.testing.assert_allclose(outputs[:, 0], mlp.predict(A), rtol=1e-10)
    np.testing.assert_allclose(first, mlp.hidden_activations(A, 0), rtol=1e-10)
    np.testing.assert_allclose(second, mlp.hidden_activations(A, 1), rtol=1e-10)
    assert inputs.shape[1] == mlp.coefs_[0].shape[0]


@pytest.mark.parametrize("y", [Y, Y > 0], ids=["three classes", "two"])
def test_a_perceptron_outputs_1_for_the_predicted_class(y):
    perceptron = PerceptronClassifier(**SOME).fit(X, y)
    outputs = fitted_network(perceptron).layer_outputs(X)[-1]
    is_predicted = perceptron.predict(X)[:, np.newaxis] == perceptron.classes_
    expected = is_predicted if outputs.shape[1] > 1 else is_predicted[:, 1:]
    np.testing.assert_array_equal(outputs, expected)


def test_the_interface_contains_smoothing_and_clipping_only_if_enabled():
    mlp = MLPClassifier(3, label_smoothing=0.1, **SOME).fit(X, Y)
    assert fitted_network(mlp).smoothing == 0
    assert fitted_network(mlp.set_params(undo_smoothing=True)).smoothing == 0.1
    regressor = MLPRegressor(hidden_layer_sizes=3, **SOME).fit(A, B)
    assert fitted_network(regressor).clip_range is None
    clip_range = fitted_network(regressor.set_params(clip_output=True)).clip_range
    np.testing.assert_array_equal(clip_range, [[B.min()], [B.max()]])


def test_other_estimators_and_unfitted_ones_are_refused():
    assert not is_inspectable(LogisticRegression())
    with pytest.raises(TypeError, match="SigmoidNeuronClassifier, MLPClassifier or MLPRegressor"):
        fitted_network(LogisticRegression())
    for estimator in (PerceptronClassifier(), SigmoidNeuronClassifier(), MLPClassifier()):
        with pytest.raises(NotFittedError):
            fitted_network(estimator)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_training_problem_of_an_unfitted_network_has_the_initial_parameters_of_fit(solver):
    mlp = MLPClassifier(3, solver=solver, **SOME)
    problem = training_problem(mlp, X, Y)
    assert not hasattr(mlp, "coefs_")
    assert (problem.learner is None) == (solver == "lbfgs")
    rng = np.random.RandomState(0)
    bound = np.sqrt(6 / (4 + 3))
    np.testing.assert_array_equal(problem.parameters.weights[0], rng.uniform(-bound, bound, (4, 3)))
    assert problem.samples.n == len(X)
