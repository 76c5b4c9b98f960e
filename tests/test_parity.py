"""The estimators give the same numbers as scikit-learn's classes."""

import warnings

import numpy as np
import pytest
import sklearn
from packaging.version import Version
from scipy.sparse import csc_array, csr_array
from sklearn import neural_network as theirs
from sklearn.base import clone
from sklearn.datasets import make_classification, make_multilabel_classification, make_regression
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import scale

import sknn_edu as ours

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SKLEARN = Version(sklearn.__version__)
ACTIVATIONS = ["identity", "logistic", "tanh", "relu"]
N = 123  # with batches of 20, the last one has 3 samples


def problems():
    X, y = make_classification(N, 8, random_state=0)
    yield "two classes", "MLPClassifier", {}, X, y
    X, y = make_classification(N, 8, n_classes=4, n_informative=6, random_state=0)
    yield "four classes", "MLPClassifier", {}, X, np.array(list("abcd"))[y]
    X, y = make_multilabel_classification(N, 8, random_state=0)
    yield "labels", "MLPClassifier", {}, scale(X), y
    X, y = make_regression(N, 8, random_state=0)
    yield "regression", "MLPRegressor", {}, X, scale(y)
    counts = np.random.default_rng(0).poisson(np.exp(X[:, 0]))
    yield "counts", "MLPRegressor", {"loss": "poisson"}, X, counts
    X, y = make_regression(N, 8, n_targets=3, random_state=0)
    yield "three targets", "MLPRegressor", {}, X, scale(y)


PROBLEMS = {name: rest for name, *rest in problems()}
ONE_TARGET = [name for name in PROBLEMS if name != "three targets"]
WEIGHT = np.random.default_rng(1).uniform(0, 2, N)
WEIGHT[::7] = 0


def pair(problem, **params):
    name, extra, X, y = PROBLEMS[problem]
    params = {"hidden_layer_sizes": (7, 5), "random_state": 3, "max_iter": 12, **extra, **params}
    return getattr(theirs, name)(**params), getattr(ours, name)(**params), X, y


def assert_same(their, our, X, tol=1e-8, curve=True):
    __tracebackhide__ = True
    for a, b in zip(their.coefs_ + their.intercepts_, our.coefs_ + our.intercepts_, strict=True):
        np.testing.assert_allclose(a, b, rtol=tol, atol=tol)
    if curve:
        np.testing.assert_allclose(their.loss_curve_, our.loss_curve_, rtol=tol, atol=tol)
        assert their.loss_ == pytest.approx(our.loss_, rel=tol)
        if their.best_loss_ is not None:
            assert their.best_loss_ == pytest.approx(our.best_loss_, rel=tol)
    if their.validation_scores_ is not None:
        np.testing.assert_allclose(their.validation_scores_, our.validation_scores_, rtol=tol)
        assert their.best_validation_score_ == pytest.approx(our.best_validation_score_)
    assert (their.n_iter_, their.t_) == (our.n_iter_, our.t_)
    assert (their.n_layers_, their.n_outputs_) == (our.n_layers_, our.n_outputs_)
    assert their.out_activation_ == our.out_activation_
    if hasattr(their, "predict_proba"):
        np.testing.assert_array_equal(their.predict(X), our.predict(X))
        np.testing.assert_allclose(their.predict_proba(X), our.predict_proba(X), atol=tol)
    else:
        np.testing.assert_allclose(their.predict(X), our.predict(X), rtol=tol, atol=tol)


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("batch_size", ["auto", 20])
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["unweighted", "weighted"])
def test_gradient_descent_gives_the_numbers_of_scikit_learn(
    problem, activation, solver, batch_size, weight
):
    their, our, X, y = pair(problem, activation=activation, solver=solver, batch_size=batch_size)
    their.fit(X, y, sample_weight=weight)
    our.fit(X, y, sample_weight=weight)
    # weighted loss curves and multi-output squared error differ: scikit-learn's are wrong
    assert_same(their, our, X, curve=weight is None and problem != "three targets")


@pytest.mark.parametrize("problem", ONE_TARGET)
@pytest.mark.parametrize(
    "params",
    [
        {"shuffle": False, "batch_size": 20},
        {"early_stopping": True, "batch_size": 20, "validation_fraction": 0.2},
        {"solver": "sgd", "early_stopping": True, "shuffle": False},
        {"solver": "sgd", "learning_rate": "invscaling", "power_t": 0.3},
        {"solver": "sgd", "learning_rate": "adaptive", "tol": 1.0, "n_iter_no_change": 2},
        {"solver": "sgd", "momentum": 0.0},
        {"solver": "sgd", "momentum": 0.7, "nesterovs_momentum": False},
        {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3, "learning_rate_init": 0.01},
        {"alpha": 0.0},
        {"alpha": 10.0},
        {"batch_size": 1, "max_iter": 3},
        {"hidden_layer_sizes": ()},
        {"hidden_layer_sizes": 4},
        {"max_iter": 60, "tol": 0.05, "n_iter_no_change": 3},
    ],
    ids=str,
)
def test_parameters_give_the_numbers_of_scikit_learn(problem, params):
    if problem == "four classes" and params.get("early_stopping") and Version("1.9") > SKLEARN:
        pytest.skip("scikit-learn 1.8 cannot stop early on labels that are strings")
    their, our, X, y = pair(problem, **params)
    assert_same(their.fit(X, y), our.fit(X, y), X)


@pytest.mark.parametrize("problem", ONE_TARGET)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["unweighted", "weighted"])
def test_lbfgs_gives_the_numbers_of_scikit_learn(problem, activation, weight):
    their, our, X, y = pair(problem, activation=activation, solver="lbfgs")
    their.fit(X, y, sample_weight=weight)
    our.fit(X, y, sample_weight=weight)
    assert our.t_ == our.n_iter_ * N
    their.t_ = our.t_  # scikit-learn leaves it at 0
    their.validation_scores_ = None
    assert_same(their, our, X, tol=1e-4, curve=False)
    assert their.loss_ == pytest.approx(our.loss_, rel=1e-4)


@pytest.mark.parametrize("container", [csr_array, csc_array])
@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_sparse_samples_learn_as_dense_ones(container, solver):
    _, our, X, y = pair("four classes", solver=solver, batch_size=20)
    X = np.where(np.abs(X) > 1, X, 0)
    dense, sparse = clone(our).fit(X, y), our.fit(container(X), y)
    for a, b in zip(dense.coefs_, sparse.coefs_, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(dense.predict_proba(X), sparse.predict_proba(container(X)))


@pytest.mark.parametrize("problem", ONE_TARGET)
@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_partial_fit_without_shuffling_gives_the_numbers_of_scikit_learn(problem, solver):
    their, our, X, y = pair(problem, solver=solver, shuffle=False, batch_size=20)
    first = {"classes": np.unique(y)} if hasattr(our, "predict_proba") else {}
    if problem == "labels":
        first = {"classes": np.arange(y.shape[1])}
    for k in range(5):
        their.partial_fit(X, y, **(first if k == 0 else {}))
        our.partial_fit(X, y, **(first if k == 0 else {}))
    assert_same(their, our, X)


@pytest.mark.parametrize("problem", ONE_TARGET)
@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_a_warm_start_gives_the_weights_of_scikit_learn(problem, solver):
    their, our, X, y = pair(problem, solver=solver, warm_start=True, max_iter=4)
    for _ in range(3):
        their.fit(X, y)
        our.fit(X, y)
    assert_same(their, our, X)


def test_a_shared_random_state_gives_the_same_draws():
    their, our, X, y = pair("two classes")
    for estimator, rng in ((their, np.random.RandomState(5)), (our, np.random.RandomState(5))):
        estimator.set_params(random_state=rng).fit(X, y)
        estimator.after = rng.randint(1_000_000)
    assert_same(their, our, X)
    assert their.after == our.after


@pytest.mark.parametrize("name", ["MLPClassifier", "MLPRegressor"])
def test_every_parameter_default_and_position_is_scikit_learns(name):
    import inspect

    their = inspect.signature(getattr(theirs, name).__init__).parameters
    our = inspect.signature(getattr(ours, name).__init__).parameters
    assert list(our)[: len(their)] == list(their)
    for parameter in their:
        assert our[parameter].default == their[parameter].default
        assert our[parameter].kind == their[parameter].kind


@pytest.mark.parametrize("name", ["MLPClassifier", "MLPRegressor"])
def test_every_public_attribute_and_method_of_scikit_learns_is_there(name):
    problem = {"MLPClassifier": "two classes", "MLPRegressor": "regression"}[name]
    their, our, X, y = pair(problem)
    their.fit(X, y)
    our.fit(X, y)
    assert {n for n in dir(their) if not n.startswith("_")} <= set(dir(our))


@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_verbose_prints_the_epochs_as_scikit_learn_does(capsys, solver):
    their, our, X, y = pair("regression", solver=solver, verbose=True, early_stopping=True)
    printed = []
    for estimator in (their, our):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            estimator.fit(X, y)
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]
    assert "Iteration 12, loss = " in printed[1]
