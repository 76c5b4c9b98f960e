"""The sigmoid neuron as a classifier."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_iris, make_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.preprocessing import scale

from sknn_edu import SigmoidNeuronClassifier


def test_sigmoid_neuron_worked_by_hand():
    neuron = SigmoidNeuronClassifier.from_weights([10, 10], bias=-15, classes=("no", "yes"))
    assert neuron.predict([[1, 0], [1, 1]]).tolist() == ["no", "yes"]
    np.testing.assert_allclose(
        neuron.predict_proba([[1, 1]]), [[1 / (1 + np.e**5), 1 / (1 + np.e**-5)]]
    )


@pytest.mark.parametrize("alpha", [1.0, 3.0, 30.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_neuron_is_logistic_regression(alpha, weighted):
    X, y = load_breast_cancer(return_X_y=True)
    X = scale(X)
    weight = np.random.default_rng(0).uniform(0.5, 2, y.size) if weighted else None
    neuron = SigmoidNeuronClassifier(alpha=alpha).fit(X, y, sample_weight=weight)
    peer = LogisticRegression(C=1 / alpha, tol=1e-12, max_iter=10_000)
    peer.fit(X, y, sample_weight=weight)
    np.testing.assert_allclose(neuron.coef_, peer.coef_, atol=1e-4)
    np.testing.assert_allclose(neuron.intercept_, peer.intercept_, atol=1e-4)
    np.testing.assert_allclose(neuron.predict_proba(X), peer.predict_proba(X), atol=1e-4)


def test_several_neurons_equal_one_vs_rest_of_scikit_learn():
    X, y = load_iris(return_X_y=True)
    X = scale(X)
    neuron = SigmoidNeuronClassifier(alpha=1.0).fit(X, y)
    peer = OneVsRestClassifier(LogisticRegression(tol=1e-12, max_iter=10_000)).fit(X, y)
    np.testing.assert_allclose(neuron.coef_, [e.coef_[0] for e in peer.estimators_], atol=1e-4)
    np.testing.assert_allclose(neuron.predict_proba(X), peer.predict_proba(X), atol=1e-4)
    np.testing.assert_allclose(neuron.predict_proba(X).sum(axis=1), 1)


def test_balanced_class_weights_equal_those_of_logistic_regression():
    X, y = make_classification(300, 4, weights=[0.9], random_state=0)
    neuron = SigmoidNeuronClassifier(alpha=1.0, class_weight="balanced").fit(X, y)
    peer = LogisticRegression(class_weight="balanced", tol=1e-12, max_iter=1000).fit(X, y)
    np.testing.assert_allclose(neuron.coef_, peer.coef_, atol=1e-4)


@pytest.mark.parametrize("solver", ["gd", "sgd", "adam"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_every_solver_finds_the_minimum_that_lbfgs_finds(solver):
    X, y = make_classification(200, 4, flip_y=0.2, random_state=0)
    best = SigmoidNeuronClassifier(alpha=1.0).fit(X, y)
    neuron = SigmoidNeuronClassifier(
        solver=solver, alpha=1.0, max_iter=2000, tol=0, n_iter_no_change=50, batch_size=200
    )
    neuron.fit(X, y)
    np.testing.assert_allclose(neuron.coef_, best.coef_, atol=2e-3)


def test_plain_gradient_descent_never_raises_the_loss():
    X, y = make_classification(200, 4, random_state=0)
    with pytest.warns(ConvergenceWarning):
        neuron = SigmoidNeuronClassifier(solver="gd", max_iter=50).fit(100 * X, y)
    assert (np.diff(neuron.loss_curve_) <= 0).all()
    assert neuron.loss_curve_[0] == pytest.approx(np.log(2))


def test_squared_error_learns_more_slowly_from_a_confidently_wrong_start():
    X, y = np.array([[1.0]] * 20 + [[-1.0]] * 20), np.repeat([1, 0], 20)
    losses = {}
    for loss in ("log_loss", "squared_error"):
        neuron = SigmoidNeuronClassifier.from_weights(
            [-8.0], loss=loss, solver="gd", warm_start=True, max_iter=20, learning_rate_init=1.0
        )
        with pytest.warns(ConvergenceWarning):
            neuron.fit(X, y)
        losses[loss] = neuron.score(X, y)
    assert losses == {"log_loss": 1.0, "squared_error": 0.0}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("solver", ["lbfgs", "gd", "sgd", "adam"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_neuron_keeps_the_dtype(dtype, solver):
    X, y = load_iris(return_X_y=True)
    neuron = SigmoidNeuronClassifier(solver=solver, max_iter=20).fit(scale(X).astype(dtype), y)
    assert neuron.coef_.dtype == neuron.intercept_.dtype == dtype
    assert neuron.predict_proba(X.astype(dtype)).dtype == dtype
    other = np.float32 if dtype is np.float64 else np.float64
    forced = clone(neuron).set_params(dtype=np.dtype(other).name).fit(X.astype(dtype), y)
    assert forced.coef_.dtype == other


def test_log_probabilities_of_saturated_neurons_are_finite():
    sure = SigmoidNeuronClassifier.from_weights(np.eye(3) * 1e6, classes=(0, 1, 2))
    log_p = sure.predict_log_proba([[1.0, 0, 0], [-1, -1, -2]])
    assert np.isfinite(log_p).all()
    np.testing.assert_allclose(np.exp(log_p).sum(axis=1), 1)
