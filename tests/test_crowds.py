"""A seed gives the same result in other processes, in many threads, and during other fits."""

import copy
import json
import pickle
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import joblib
import numpy as np
import pytest
from joblib import parallel_config
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.model_selection import GridSearchCV, cross_val_score
from threadpoolctl import threadpool_info, threadpool_limits

from sknn_edu import MLPClassifier, MLPRegressor, PerceptronClassifier, SigmoidNeuronClassifier
from tests.callbacks import Quiet

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = make_classification(150, 8, n_informative=5, n_classes=3, random_state=0)
ESTIMATORS = {
    "perceptron": PerceptronClassifier(average=True, max_iter=20, random_state=0),
    "neuron": SigmoidNeuronClassifier(max_iter=20, random_state=0),
    "classifier": MLPClassifier(
        (12, 5), dropout=0.1, early_stopping=True, max_iter=15, random_state=0
    ),
    "regressor": MLPRegressor(hidden_layer_sizes=9, solver="lbfgs", max_iter=15, random_state=0),
}
GRIDS = {
    "perceptron": {"eta0": [0.1, 1.0]},
    "neuron": {"alpha": [0.1, 1.0]},
    "classifier": {"alpha": [0.1, 1.0]},
    "regressor": {"alpha": [0.1, 1.0]},
}
DTYPES = ["float32", "float64"]
each_estimator = pytest.mark.parametrize("name", ESTIMATORS)


def learned(model):
    """Return all parameters of a fitted model as one vector."""
    if hasattr(model, "coefs_"):
        layers = [*model.coefs_, *model.intercepts_]
    else:
        layers = [model.coef_, model.intercept_]
    return np.concatenate([np.ravel(layer) for layer in layers])


def bits(model):
    return joblib.hash(learned(model))


def answers(model, samples):
    names = ("predict", "predict_proba", "predict_log_proba", "decision_function")
    return joblib.hash([getattr(model, name)(samples) for name in names if hasattr(model, name)])


def blas_threads():
    return {
        library["filepath"]: library["num_threads"]
        for library in threadpool_info()
        if library["user_api"] == "blas"
    }


# -- processes ---------------------------------------------------------------------------------


def bits_of_all():
    """Fit each estimator with each dtype; the other process does the same."""
    return {
        f"{name} {dtype}": bits(clone(estimator).fit(X.astype(dtype), Y))
        for name, estimator in ESTIMATORS.items()
        for dtype in DTYPES
    }


def test_one_seed_gives_the_same_bits_in_another_process():
    script = (
        "import json, warnings; warnings.simplefilter('ignore')\n"
        "from tests.test_crowds import bits_of_all\n"
        "print(json.dumps(bits_of_all()))"
    )
    run = subprocess.run(
        [sys.executable, "-c", script],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(run.stdout) == bits_of_all()


def search_for(name, **how):
    return GridSearchCV(ESTIMATORS[name], GRIDS[name], cv=3, error_score="raise", **how)


def scores_and_bits(search):
    splits = [search.cv_results_[f"split{k}_test_score"].tolist() for k in range(3)]
    return splits, bits(search.best_estimator_)


@each_estimator
def test_a_grid_search_in_processes_gives_the_same_bits(name):
    alone, together = (search_for(name, n_jobs=n).fit(X, Y) for n in (1, 2))
    assert scores_and_bits(together) == scores_and_bits(alone)


@each_estimator
def test_a_grid_search_in_threads_gives_the_same_bits(name):
    alone = search_for(name).fit(X, Y)
    with parallel_config("threading", n_jobs=2):
        together = search_for(name).fit(X, Y)
    assert scores_and_bits(together) == scores_and_bits(alone)


@each_estimator
def test_cross_validation_in_processes_gives_the_same_scores(name):
    alone, together = (cross_val_score(ESTIMATORS[name], X, Y, cv=4, n_jobs=n) for n in (1, 2))
    np.testing.assert_array_equal(together, alone)


def score_and_most_threads(model, samples, targets):
    return {"score": model.score(samples, targets), "threads": max(blas_threads().values())}


@each_estimator
def test_the_processes_of_a_grid_search_share_the_processors(name):
    search = search_for(name, n_jobs=2, scoring=score_and_most_threads, refit=False).fit(X, Y)
    threads = {*np.ravel([search.cv_results_[f"split{k}_test_threads"] for k in range(3)])}
    assert threads == {max(1, joblib.cpu_count() // 2)}


@each_estimator
def test_a_pickled_estimator_learns_the_same_bits(name):
    sent = pickle.loads(pickle.dumps(ESTIMATORS[name]))
    assert bits(sent.fit(X, Y)) == bits(clone(ESTIMATORS[name]).fit(X, Y))


@pytest.mark.parametrize("dtype", DTYPES)
@each_estimator
def test_a_model_pickled_between_two_epochs_continues_with_the_same_bits(name, dtype):
    model, samples = clone(ESTIMATORS[name]), X.astype(dtype)
    if name in ("neuron", "regressor"):
        model.set_params(solver="adam")
    more = {} if name == "regressor" else {"classes": [0, 1, 2]}
    model.partial_fit(samples, Y, **more).partial_fit(samples, Y)
    sent = pickle.loads(pickle.dumps(model))
    assert bits(sent.partial_fit(samples, Y)) == bits(model.partial_fit(samples, Y))


# -- threads of BLAS ---------------------------------------------------------------------------

LONG_X, LONG_Y = np.random.default_rng(0).normal(size=(240, 3000)), np.arange(240) % 3
LONG_SUMS = {
    "perceptron": PerceptronClassifier(max_iter=20, random_state=0),
    "neuron, lbfgs": SigmoidNeuronClassifier(max_iter=20),
    "neuron, gd": SigmoidNeuronClassifier(solver="gd", max_iter=20),
    "classifier, adam": MLPClassifier(6, max_iter=20, random_state=0),
    "classifier, sgd": MLPClassifier(6, solver="sgd", max_iter=20, random_state=0),
    "regressor, adam": MLPRegressor(hidden_layer_sizes=6, max_iter=20, random_state=0),
    "regressor, lbfgs": MLPRegressor(
        hidden_layer_sizes=6, solver="lbfgs", max_iter=20, random_state=0
    ),
}
TOLERANCE = {"float64": 1e-11, "float32": 1e-4}
"""The largest difference, relative to the largest weight, between one and two BLAS threads."""


def fit_with(n_threads, estimator, samples, targets):
    with threadpool_limits(n_threads, user_api="blas"):
        return clone(estimator).fit(samples, targets)


@pytest.mark.parametrize("dtype", DTYPES)
@each_estimator
def test_small_models_have_the_same_bits_with_one_and_with_two_blas_threads(name, dtype):
    with_one, with_two = (fit_with(n, ESTIMATORS[name], X.astype(dtype), Y) for n in (1, 2))
    assert bits(with_one) == bits(with_two)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", LONG_SUMS)
def test_long_sums_differ_by_rounding_with_the_number_of_threads_of_blas(name, dtype):
    samples = LONG_X.astype(dtype)
    with_one, with_two, repeated = (
        fit_with(n, LONG_SUMS[name], samples, LONG_Y) for n in (1, 2, 2)
    )
    assert bits(with_two) == bits(repeated)
    a, b = learned(with_one), learned(with_two)
    assert np.abs(a - b).max() <= TOLERANCE[dtype] * np.abs(a).max()


# -- threads of Python -------------------------------------------------------------------------


@pytest.mark.parametrize("beside", ["regressor", "classifier"])
@each_estimator
def test_many_threads_predict_while_another_fits(name, beside):
    model = clone(ESTIMATORS[name]).fit(X, Y)
    expected = bits(clone(ESTIMATORS[beside]).fit(X, Y))
    asked = [np.roll(X, k, axis=0) for k in range(8)]
    expected_answers = [{answers(model, samples)} for samples in asked]
    start, done = threading.Barrier(9), threading.Event()

    def ask(samples):
        start.wait()
        return {answers(model, samples) for _ in range(10)}

    def fit():
        start.wait()
        fits = [bits(clone(ESTIMATORS[beside]).fit(X, Y))]
        while not done.is_set():
            fits.append(bits(clone(ESTIMATORS[beside]).fit(X, Y)))
        return set(fits)

    with ThreadPoolExecutor(9) as pool:
        fits = pool.submit(fit)
        try:
            assert list(pool.map(ask, asked)) == expected_answers
        finally:
            done.set()
        assert fits.result() == {expected}


class PredictElsewhere(Quiet):
    """Predicts with the estimator in training in another thread, and keeps the errors."""

    def __init__(self):
        self.errors = []

    def on_fit_task_begin(self, estimator, context):
        with ThreadPoolExecutor(1) as pool:
            self.errors.append(pool.submit(estimator.predict, X).exception())
        assert estimator.hidden_activations(X).shape == (150, 5)  # in this thread

    def on_fit_task_end(self, estimator, context):
        with ThreadPoolExecutor(1) as pool:
            self.errors.append(pool.submit(copy.deepcopy(estimator).predict, X).exception())


@pytest.mark.usefixtures("needs_callbacks")
def test_predict_in_another_thread_is_refused_while_the_same_object_is_fitted_again():
    model = clone(ESTIMATORS["classifier"]).fit(X, Y)
    before, callback = answers(model, X), PredictElsewhere()
    copied = copy.deepcopy(model)
    model.set_callbacks(callback).fit(X, Y)
    refused = [error for error in callback.errors if error is not None]
    assert len(refused) == len(callback.errors) // 2 > 10
    assert all(isinstance(error, RuntimeError) for error in refused)
    assert "is being fitted in another thread" in str(refused[0])
    assert answers(model.set_callbacks(), X) == answers(copied, X) == before
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(answers, model, X).result() == before


@pytest.mark.parametrize("dtype", DTYPES)
def test_lbfgs_in_two_threads_at_once_gives_the_same_bits_and_restores_the_threads(dtype):
    samples, before = X.astype(dtype), blas_threads()
    models = [ESTIMATORS["neuron"], ESTIMATORS["regressor"]]
    expected = [bits(clone(model).fit(samples, Y)) for model in models]
    start = threading.Barrier(2)

    def fit(model):
        start.wait()
        return {bits(clone(model).fit(samples, Y)) for _ in range(15)}

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(fit, models)) == [{value} for value in expected]
    assert blas_threads() == before


class LetGo(Quiet):
    """A callback that, after the third iteration, lets another fit end and waits for it."""

    def __init__(self, leave, thread):
        self.left, self.leave, self.thread = 3, leave, thread

    def on_fit_task_end(self, estimator, context):
        self.left -= context.task_name == "epoch"
        if self.left == 0:
            self.leave.set()
            self.thread.join()


class Wait(Quiet):
    """A callback that holds a fit in its first iteration."""

    def __init__(self, entered, leave):
        self.entered, self.leave = entered, leave

    def on_fit_task_end(self, estimator, context):
        self.entered.set()
        self.leave.wait(10)
        self.leave.set()  # so that the other fit ends even if this one has waited in vain


def test_lbfgs_gives_the_same_bits_if_an_earlier_fit_ends_first():
    pytest.importorskip("sklearn.callback")
    # from 10,000 parameters on, OpenBLAS uses two threads to sum a vector
    large = MLPRegressor(hidden_layer_sizes=1200, solver="lbfgs", max_iter=12, random_state=0)
    expected = bits(clone(large).fit(X, Y))
    entered, leave = threading.Event(), threading.Event()
    first = clone(ESTIMATORS["regressor"]).set_callbacks(Wait(entered, leave))
    thread = threading.Thread(target=first.fit, args=(X, Y))
    thread.start()
    assert entered.wait(30)
    assert bits(clone(large).set_callbacks(LetGo(leave, thread)).fit(X, Y)) == expected
