"""Averages of several trained copies of an estimator."""

from types import SimpleNamespace

import numpy as np
import pytest
from joblib import parallel_config
from scipy.special import expit, softmax
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.utils.estimator_checks import check_estimator
from threadpoolctl import ThreadpoolController, threadpool_limits

from sknn_edu import (
    AveragingClassifier,
    AveragingRegressor,
    HiddenLayerTransformer,
    MLPClassifier,
    MLPRegressor,
    ValidationMonitor,
    tabular_pipeline,
)
from sknn_edu.tables import averaging
from sknn_edu.tables.averaging import n_processes

MAY_NOT_CONVERGE = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
MLP = MLPClassifier(hidden_layer_sizes=4, solver="lbfgs", max_iter=8)


@MAY_NOT_CONVERGE
def test_an_average_is_the_mean_of_its_members():
    X, y = load_iris(return_X_y=True)
    model = AveragingClassifier(MLP, n_estimators=3, random_state=0).fit(X, y)
    p = [member.predict_proba(X) for member in model.estimators_]
    assert not np.array_equal(p[0], p[1])
    np.testing.assert_allclose(model.predict_proba(X), np.mean(p, axis=0), rtol=1e-12)
    np.testing.assert_array_equal(model.predict(X), model.predict_proba(X).argmax(axis=1))
    np.testing.assert_allclose(np.exp(model.predict_log_proba(X)), model.predict_proba(X))
    mlp = MLPRegressor(hidden_layer_sizes=4, solver="lbfgs", max_iter=8)
    regressor = AveragingRegressor(mlp, n_estimators=3, random_state=0).fit(X, y)
    predictions = [member.predict(X) for member in regressor.estimators_]
    np.testing.assert_allclose(regressor.predict(X), np.mean(predictions, axis=0), rtol=1e-12)


@MAY_NOT_CONVERGE
def test_the_decision_function_of_an_average_agrees_with_its_probabilities():
    X, y = load_iris(return_X_y=True)
    model = AveragingClassifier(MLP, n_estimators=2, random_state=0)
    three = model.fit(X, y)
    np.testing.assert_allclose(softmax(three.decision_function(X), axis=1), three.predict_proba(X))
    two = clone(model).fit(X, y > 0)
    np.testing.assert_allclose(expit(two.decision_function(X)), two.predict_proba(X)[:, 1])
    labels = np.column_stack([y == 0, y > 1]).astype(int)
    multilabel = clone(model).fit(X, labels)
    np.testing.assert_allclose(
        expit(multilabel.decision_function(X)), multilabel.predict_proba(X), rtol=1e-5
    )
    columns = clone(model).fit(X, np.column_stack([y, y[::-1]]))
    assert columns.decision_function(X).shape == (150, 6)


@MAY_NOT_CONVERGE
def test_an_average_is_reproducible_with_any_number_of_processes():
    X, y = load_iris(return_X_y=True)
    model = AveragingClassifier(MLP, n_estimators=2, random_state=0)
    first = model.fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(clone(model).fit(X, y).predict_proba(X), first)
    parallel = clone(model).set_params(n_jobs=2).fit(X, y)
    np.testing.assert_allclose(parallel.predict_proba(X), first, rtol=1e-6)


@MAY_NOT_CONVERGE
def test_weights_reach_every_member():
    X, y = load_iris(return_X_y=True)
    weight = np.where(y == 2, 0.0, 1.0)
    model = AveragingClassifier(MLP, n_estimators=2, random_state=0).fit(X, y, weight)
    assert set(model.predict(X)) <= {0, 1}


@MAY_NOT_CONVERGE
def test_predictions_for_several_columns_have_the_form_of_y():
    X, y = load_iris(return_X_y=True)
    labels = np.column_stack([y == 0, y > 1]).astype(int)
    model = AveragingClassifier(MLP, n_estimators=2, random_state=0).fit(X, labels)
    assert (model.predict(X) == labels).mean() > 0.9
    columns = np.column_stack([np.array(["a", "b", "c"])[y], np.array(["u", "v", "w"])[y]])
    model.fit(X, columns)
    assert model.predict(X).shape == columns.shape
    assert (model.predict(X) == columns).mean() > 0.8
    assert [p.shape for p in model.predict_proba(X)] == [(150, 3), (150, 3)]


@pytest.mark.parametrize(
    "estimator",
    [
        AveragingClassifier(MLPClassifier(8, solver="lbfgs"), n_estimators=2, random_state=0),
        AveragingRegressor(
            MLPRegressor(hidden_layer_sizes=8, solver="lbfgs"), n_estimators=2, random_state=0
        ),
    ],
    ids=["classifier", "regressor"],
)
@MAY_NOT_CONVERGE
def test_averages_pass_every_check_of_scikit_learn(estimator):
    assert len(check_estimator(estimator, on_skip=None)) > 40


@MAY_NOT_CONVERGE
@pytest.mark.parametrize("second", [list("uvw"), [0, 1, 2]], ids=["strings", "strings and numbers"])
def test_a_sample_counts_as_right_only_if_all_columns_are(second):
    X, y = load_iris(return_X_y=True)
    columns = np.empty((150, 2), dtype=object)
    columns[:, 0], columns[:, 1] = np.array(["a", "b", "c"])[y], np.array(second)[y]
    model = AveragingClassifier(MLP, n_estimators=2, random_state=0).fit(X, columns)
    right = (model.predict(X) == columns).all(axis=1)
    assert model.score(X, columns) == right.mean() > 0.8
    weight = np.arange(150)
    assert model.score(X, columns, weight) == pytest.approx(np.average(right, weights=weight))
    with pytest.raises(ValueError, match="y must have the shape of the predictions"):
        model.score(X, columns[:, 0])


@MAY_NOT_CONVERGE
def test_members_that_are_pipelines_get_different_seeds():
    X, y = load_iris(return_X_y=True)
    model = AveragingClassifier(make_pipeline(StandardScaler(), MLP), random_state=0).fit(X, y)
    assert len({member.predict_proba(X).tobytes() for member in model.estimators_}) == 4
    again = clone(model).fit(X, y)
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))


@MAY_NOT_CONVERGE
def test_a_validation_set_reaches_the_members_by_routing():
    X, y = load_iris(return_X_y=True)
    mlp = MLPClassifier(hidden_layer_sizes=4, max_iter=3)
    direct = AveragingClassifier(mlp, n_estimators=2, random_state=0)
    direct.fit(X, y, X_val=X[::3], y_val=y[::3], sample_weight=np.ones(150))
    with config_context(enable_metadata_routing=True):
        routed = make_pipeline(AveragingClassifier(mlp, n_estimators=2, random_state=0))
        routed.fit(X, y, X_val=X[::3], y_val=y[::3], sample_weight=np.ones(150))
        assert routed.score(X, y, sample_weight=np.ones(150)) == direct.score(X, y)
    for ours, theirs in zip(routed[-1].estimators_, direct.estimators_, strict=True):
        assert ours.validation_loss_curve_ == theirs.validation_loss_curve_


@MAY_NOT_CONVERGE
def test_a_member_that_declines_weights_does_not_receive_them():
    X, y = load_iris(return_X_y=True)
    weight = (y > 0).astype(float)
    with config_context(enable_metadata_routing=True):
        declining = clone(MLP).set_fit_request(sample_weight=False)
        average = AveragingClassifier(declining, n_estimators=1, random_state=0)
        weighted, plain = clone(average).fit(X, y, sample_weight=weight), clone(average).fit(X, y)
    np.testing.assert_array_equal(weighted.predict_proba(X), plain.predict_proba(X))


@pytest.mark.parametrize(
    ("average", "estimator", "message"),
    [
        (AveragingClassifier, LinearSVC(), "'estimator' parameter"),
        (AveragingRegressor, StandardScaler(), "'estimator' parameter"),
        (AveragingRegressor, "mean", "'estimator' parameter"),
        (
            AveragingRegressor,
            MLPClassifier(),
            "AveragingRegressor must be a regressor; got MLPClassifier",
        ),
    ],
)
def test_members_of_another_kind_are_refused(average, estimator, message):
    with pytest.raises(ValueError, match=message):
        average(estimator).fit([[0.0], [1.0]], [0, 1])


# -- side by side, and followed ----------------------------------------------------------------


def small_average(**options):
    network = MLPClassifier(8, max_iter=5, tol=0, early_stopping=True)
    return AveragingClassifier(network, n_estimators=3, random_state=0, **options)


@MAY_NOT_CONVERGE
def test_members_are_the_same_in_several_processes_and_one_after_the_other():
    X, y = load_iris(return_X_y=True)
    in_two, in_turn = small_average(n_jobs=2).fit(X, y), small_average(n_jobs=1).fit(X, y)
    np.testing.assert_allclose(in_two.predict_proba(X), in_turn.predict_proba(X), rtol=0, atol=1e-9)


def test_n_processes_is_1_for_few_samples_one_blas_thread_or_a_daemon(monkeypatch):
    blas = ThreadpoolController().select(user_api="blas").lib_controllers
    n_threads = max((library.num_threads for library in blas), default=1)
    network = MLPClassifier()
    assert n_processes(network, 1000) == n_threads
    assert n_processes(network, 999) == 1
    with threadpool_limits(1):  # as in the workers of a parallel search
        assert n_processes(network, 10**6) == 1
    monkeypatch.setattr(averaging, "current_process", lambda: SimpleNamespace(daemon=True))
    assert n_processes(network, 10**6) == 1


@pytest.mark.usefixtures("needs_callbacks")
def test_an_estimator_with_callbacks_stays_in_its_process():
    network = MLPClassifier().set_callbacks(ValidationMonitor())
    assert n_processes(network, 10**6) == 1
    assert n_processes(make_pipeline(StandardScaler(), network), 10**6) == 1


@MAY_NOT_CONVERGE
def test_many_samples_are_learned_in_processes_by_default():
    X = np.random.default_rng(0).normal(size=(1200, 3))
    y = X[:, 0] > 0
    p = small_average().fit(X, y).predict_proba(X)
    np.testing.assert_allclose(p, small_average(n_jobs=1).fit(X, y).predict_proba(X), atol=1e-9)
    with parallel_config(n_jobs=1):
        np.testing.assert_allclose(small_average().fit(X, y).predict_proba(X), p, atol=1e-9)


@MAY_NOT_CONVERGE
@pytest.mark.usefixtures("needs_callbacks")
def test_a_monitor_set_on_an_average_follows_every_member():
    X, y = load_iris(return_X_y=True)
    monitor = ValidationMonitor(scoring="neg_log_loss")
    model = small_average(n_jobs=1).set_callbacks(monitor)
    model.fit(X, y)
    assert len(monitor.get_logs().data) == 3 * 6


@MAY_NOT_CONVERGE
@pytest.mark.usefixtures("needs_callbacks")
def test_one_progress_bar_shows_all_members(capsys):
    from sklearn.callback import ProgressBar

    X, y = load_iris(return_X_y=True)
    for model in (small_average(), HiddenLayerTransformer(small_average().estimator)):
        bar = ProgressBar()
        model.set_callbacks(bar).fit(X, y)
        out = capsys.readouterr().out
        assert f"{type(model).__name__} - fit" in out
        assert model._skl_callbacks == [bar]
        assert not hasattr(model.estimator, "_skl_callbacks")


@pytest.mark.usefixtures("needs_callbacks")
def test_a_monitor_on_a_pipeline_is_refused_before_training():
    model = tabular_pipeline("classifier", n_estimators=1)
    with pytest.raises(ValueError, match=r"ValidationMonitor .* was set on a Pipeline.*\[-1\]"):
        model.set_callbacks(ValidationMonitor()).fit([[1.0], [2.0]], [0, 1])
