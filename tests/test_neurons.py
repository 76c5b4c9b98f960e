"""The perceptron and the sigmoid neuron as estimators."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_iris, make_blobs, make_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.preprocessing import scale

from sknn_edu import PerceptronClassifier, SigmoidNeuronClassifier

CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
GATES = {"and": [0, 0, 0, 1], "or": [0, 1, 1, 1], "nand": [1, 1, 1, 0], "nor": [1, 0, 0, 0]}


def test_and_gate_by_hand():
    gate = PerceptronClassifier.from_weights([1.0, 1.0], threshold=2.0, classes=(0, 1))
    np.testing.assert_array_equal(gate.decision_function(CORNERS), [-2, -1, -1, 0])
    np.testing.assert_array_equal(gate.predict(CORNERS), [0, 0, 0, 1])  # the tie fires
    np.testing.assert_array_equal(gate.predict_proba(CORNERS)[:, 1], [0, 0, 0, 1])


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("seed", range(5))
def test_gates_are_learned(gate, seed):
    unit = PerceptronClassifier(random_state=seed).fit(CORNERS, GATES[gate])
    assert unit.converged_
    assert unit.mistake_curve_[-1] == 0
    assert unit.n_iter_ == len(unit.mistake_curve_) < 20
    assert unit.t_ == 1 + 4 * unit.n_iter_
    np.testing.assert_array_equal(unit.predict(CORNERS), GATES[gate])


def test_first_epoch_of_the_and_gate_worked_by_hand():
    # w = (0, 0), b = 0 answers yes to all. (0,0): b = -1. (0,1): z = -1, right. (1,0): right.
    # (1,1): z = -1, wrong: w = (1, 1), b = 0. Two mistakes.
    with pytest.warns(ConvergenceWarning, match="still made 2 mistakes"):
        unit = PerceptronClassifier(shuffle=False, max_iter=1).fit(CORNERS, GATES["and"])
    np.testing.assert_array_equal(unit.coef_, [[1, 1]])
    np.testing.assert_array_equal(unit.intercept_, [0])
    assert unit.mistake_curve_ == [2]


def test_xor_has_no_line_and_never_converges():
    with pytest.warns(ConvergenceWarning, match="average=True"):
        unit = PerceptronClassifier(max_iter=50, tol=None).fit(CORNERS, [0, 1, 1, 0])
    assert not unit.converged_
    assert unit.n_iter_ == 50


@pytest.mark.parametrize("n_classes", [2, 3, 5])
@pytest.mark.parametrize("seed", range(3))
def test_separable_classes_are_separated(n_classes, seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(500, 8))
    z = X @ rng.normal(size=(8, n_classes))
    ranked = np.sort(z, axis=1)
    clear = ranked[:, -1] - ranked[:, -2] > 0.3
    X, y = X[clear], z[clear].argmax(axis=1)
    unit = PerceptronClassifier(random_state=seed).fit(X, y)
    assert unit.converged_
    assert unit.score(X, y) == 1


def test_patience_ends_training_on_classes_that_overlap():
    X, y = make_classification(300, 5, flip_y=0.3, random_state=0)
    unit = PerceptronClassifier(random_state=0, n_iter_no_change=5).fit(X, y)
    assert not unit.converged_
    assert unit.n_iter_ < 100


def test_averaged_weights_are_steadier_on_classes_that_overlap():
    X, y = make_classification(400, 5, flip_y=0.2, random_state=1)
    scores = {
        average: [
            PerceptronClassifier(average=average, random_state=s, n_iter_no_change=5)
            .fit(X[:200], y[:200])
            .score(X[200:], y[200:])
            for s in range(10)
        ]
        for average in (False, True)
    }
    assert np.mean(scores[True]) > np.mean(scores[False])
    assert np.std(scores[True]) < np.std(scores[False])


@pytest.mark.parametrize("average", [False, True])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_partial_fit_goes_on_as_one_fit_would(average, n_classes):
    X, y = make_blobs(120, centers=n_classes, cluster_std=4, random_state=0)
    params = {"average": average, "shuffle": False, "tol": None}
    with pytest.warns(ConvergenceWarning):
        whole = PerceptronClassifier(max_iter=4, **params).fit(X, y)
    parts = PerceptronClassifier(**params)
    for k in range(4):
        parts.partial_fit(X, y, classes=np.unique(y))
        if k == 1:
            parts = pickle.loads(pickle.dumps(parts))
    np.testing.assert_array_equal(whole.coef_, parts.coef_)
    np.testing.assert_array_equal(whole.intercept_, parts.intercept_)
    assert whole.mistake_curve_ == parts.mistake_curve_
    assert whole.t_ == parts.t_


def test_weights_that_somebody_sets_are_learned_on_from():
    unit = PerceptronClassifier(random_state=0).partial_fit(CORNERS, GATES["and"], classes=[0, 1])
    unit.coef_, unit.intercept_ = np.array([[10, 10]]), np.array([-15])
    unit.partial_fit(CORNERS, GATES["and"])
    np.testing.assert_array_equal(unit.coef_, [[10, 10]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_perceptron_keeps_the_dtype(dtype):
    X, y = load_iris(return_X_y=True)
    unit = PerceptronClassifier(random_state=0, n_iter_no_change=3).fit(X.astype(dtype), y)
    assert unit.coef_.dtype == unit.intercept_.dtype == dtype
    assert unit.decision_function(X.astype(dtype)).dtype == dtype


def test_perceptron_stops_early_on_a_validation_score():
    X, y = make_classification(400, 5, flip_y=0.2, random_state=1)
    unit = PerceptronClassifier(early_stopping=True, random_state=0, n_iter_no_change=5).fit(X, y)
    assert unit.score(X, y) > 0.75


def test_perceptron_prints_its_epochs(capsys):
    PerceptronClassifier(verbose=1, random_state=0).fit(CORNERS, GATES["or"])
    assert "Iteration 1, share of mistakes = " in capsys.readouterr().out


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


def test_neurons_one_against_the_rest_are_scikit_learns():
    X, y = load_iris(return_X_y=True)
    X = scale(X)
    neuron = SigmoidNeuronClassifier(alpha=1.0).fit(X, y)
    peer = OneVsRestClassifier(LogisticRegression(tol=1e-12, max_iter=10_000)).fit(X, y)
    np.testing.assert_allclose(neuron.coef_, [e.coef_[0] for e in peer.estimators_], atol=1e-4)
    np.testing.assert_allclose(neuron.predict_proba(X), peer.predict_proba(X), atol=1e-4)
    np.testing.assert_allclose(neuron.predict_proba(X).sum(axis=1), 1)


def test_balanced_class_weights_are_logistic_regressions():
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


def test_neuron_by_hand():
    neuron = SigmoidNeuronClassifier.from_weights([10, 10], bias=-15, classes=("no", "yes"))
    assert neuron.predict([[1, 0], [1, 1]]).tolist() == ["no", "yes"]
    np.testing.assert_allclose(
        neuron.predict_proba([[1, 1]]), [[1 / (1 + np.e**5), 1 / (1 + np.e**-5)]]
    )


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


def test_log_probabilities_of_sure_neurons_are_finite():
    sure = SigmoidNeuronClassifier.from_weights(np.eye(3) * 1e6, classes=(0, 1, 2))
    log_p = sure.predict_log_proba([[1.0, 0, 0], [-1, -1, -2]])
    assert np.isfinite(log_p).all()
    np.testing.assert_allclose(np.exp(log_p).sum(axis=1), 1)
