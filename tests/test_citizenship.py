"""The estimators in scikit-learn's tools: pipelines, searches, ensembles, copies, pickles."""

import copy
import pickle
import threading

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from scipy.sparse import coo_array, csc_array, csr_array
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.datasets import load_iris, make_classification, make_regression
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    cross_validate,
    learning_curve,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sknn_edu import MLPClassifier, MLPRegressor, PerceptronClassifier, SigmoidNeuronClassifier

CLASSIFIERS = [
    PerceptronClassifier(random_state=0),
    SigmoidNeuronClassifier(alpha=0.1),
    MLPClassifier(10, early_stopping=True, learning_rate_init=0.02, random_state=0),
]
NEURALS = [
    *CLASSIFIERS,
    MLPRegressor(hidden_layer_sizes=10, solver="lbfgs", alpha=1, max_iter=500, random_state=0),
]
named = pytest.mark.parametrize("estimator", NEURALS, ids=lambda e: type(e).__name__)
named_classifiers = pytest.mark.parametrize(
    "estimator", CLASSIFIERS, ids=lambda e: type(e).__name__
)
X, Y = make_classification(200, 6, class_sep=2, flip_y=0, random_state=0)


@named
def test_grid_search_in_a_pipeline_with_two_jobs(estimator):
    name = type(estimator).__name__.lower()
    parameter = "eta0" if name.startswith("perceptron") else "alpha"
    search = GridSearchCV(
        make_pipeline(StandardScaler(), estimator), {f"{name}__{parameter}": [0.5, 1.0]}, n_jobs=2
    )
    assert search.fit(X, Y).best_score_ > 0.7


@named_classifiers
def test_halving_grid_search_works(estimator):
    parameter = "max_iter"
    search = HalvingGridSearchCV(estimator, {parameter: [200, 300]}, n_jobs=2, random_state=0)
    assert search.fit(X, Y).best_score_ > 0.7


@named_classifiers
@pytest.mark.parametrize(
    "wrap",
    [
        lambda e: CalibratedClassifierCV(e, cv=3),
        lambda e: BaggingClassifier(e, n_estimators=3, random_state=0),
        lambda e: VotingClassifier([("ours", e), ("theirs", LogisticRegression())]),
        lambda e: StackingClassifier([("ours", e)], LogisticRegression(), cv=3),
    ],
    ids=["calibrated", "bagging", "voting", "stacking"],
)
def test_ensembles_of_scikit_learn_work(estimator, wrap):
    assert wrap(estimator).fit(X, Y).score(X, Y) > 0.9


@named
def test_cross_validate_and_learning_curve_work(estimator):
    scores = cross_validate(estimator, X, Y, cv=3, error_score="raise")
    assert np.isfinite(scores["test_score"]).all()
    curve = learning_curve(estimator, X, Y, cv=3, train_sizes=[0.5, 1.0], error_score="raise")
    assert np.isfinite(curve[2]).all()


def test_transformed_target_regressor_works():
    A, b = make_regression(200, 5, random_state=0)
    model = TransformedTargetRegressor(NEURALS[-1], transformer=StandardScaler())
    assert model.fit(A, 1000 + 500 * b).score(A, 1000 + 500 * b) > 0.99


@named
def test_column_transformer_and_frames_with_feature_names_work(estimator):
    frame = pd.DataFrame(X, columns=[f"f{k}" for k in range(6)]).assign(
        colour=np.where(X[:, 0] > 0, "red", "blue")
    )
    columns = make_column_transformer((OneHotEncoder(), ["colour"]), remainder=StandardScaler())
    assert make_pipeline(columns, estimator).fit(frame, Y).score(frame, Y) > 0.7


@named
@pytest.mark.parametrize("library", [pd, pl])
def test_feature_names_are_remembered_and_checked(estimator, library):
    frame = library.DataFrame({f"f{k}": X[:, k] for k in range(6)})
    fitted = clone(estimator).fit(frame, Y)
    assert list(fitted.feature_names_in_) == list(frame.columns)
    np.testing.assert_array_equal(fitted.predict(frame), clone(estimator).fit(X, Y).predict(X))
    with pytest.raises(ValueError, match="feature names"):
        fitted.predict(frame[[*list(frame.columns[1:]), frame.columns[0]]])


@named_classifiers
@pytest.mark.parametrize(
    "labels",
    [
        np.array(["no", "yes"]),
        np.array(["no", "yes"], dtype=object),
        np.array([False, True]),
        np.array([-1, 7]),
        np.array([1.0, 2.0]),
    ],
    ids=lambda labels: f"{labels.dtype}",
)
def test_labels_of_every_kind_are_accepted(estimator, labels):
    fitted = clone(estimator).fit(X, labels[Y])
    np.testing.assert_array_equal(fitted.classes_, labels)
    assert fitted.score(X, labels[Y]) > 0.9


@named
@pytest.mark.parametrize(
    "change",
    [
        np.asfortranarray,
        lambda A: np.repeat(A, 2, axis=0)[::2],
        lambda A: np.hstack([A, A])[:, :6],
        lambda A: A.astype(object),
    ],
    ids=["fortran", "strided rows", "slice of columns", "object"],
)
def test_memory_layout_does_not_matter(estimator, change):
    expected = clone(estimator).fit(X, Y).predict(X)
    changed = change(X)
    changed.setflags(write=False)
    y, weight = Y.copy(), np.ones(200)
    y.setflags(write=False)
    weight.setflags(write=False)
    fitted = clone(estimator).fit(changed, y)
    np.testing.assert_allclose(fitted.predict(changed), expected)


@named
@pytest.mark.parametrize("dtype", [np.float16, np.int8, np.int64, bool])
def test_other_dtypes_become_float64(estimator, dtype):
    samples = (4 * X).astype(dtype)
    fitted = clone(estimator).fit(samples, Y)
    wide = clone(estimator).fit(samples.astype(np.float64), Y)
    np.testing.assert_array_equal(fitted.predict(samples), wide.predict(samples))


@named
@pytest.mark.parametrize("container", [csr_array, csc_array, coo_array])
@pytest.mark.parametrize("index", [np.int32, np.int64])
def test_sparse_samples_are_accepted(estimator, container, index):
    thin = np.where(np.abs(X) > 0.8, X, 0)
    sparse = container(thin)
    if container is not coo_array:
        sparse.indices, sparse.indptr = sparse.indices.astype(index), sparse.indptr.astype(index)
    fitted = clone(estimator).fit(sparse, Y)
    dense = clone(estimator).fit(thin, Y)
    np.testing.assert_allclose(fitted.predict(sparse), dense.predict(thin), atol=0.05)


@named
def test_memory_mapped_samples_are_accepted(estimator, tmp_path):
    joblib.dump(X, tmp_path / "X.joblib")
    mapped = joblib.load(tmp_path / "X.joblib", mmap_mode="r")
    fitted = clone(estimator).fit(mapped, Y)
    np.testing.assert_array_equal(fitted.predict(mapped), clone(estimator).fit(X, Y).predict(X))


@named
def test_nothing_that_the_user_passes_in_is_changed(estimator):
    A, b = X.copy(), Y.copy()
    clone(estimator).fit(A, b).predict(A)
    np.testing.assert_array_equal(A, X)
    np.testing.assert_array_equal(b, Y)


@named
@pytest.mark.parametrize(
    "copied",
    [clone, copy.copy, copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))],
    ids=["clone", "copy", "deepcopy", "pickle"],
)
def test_copies_learn_and_predict_alike(estimator, copied):
    fitted = clone(estimator).fit(X, Y)
    twin = copied(fitted)
    if copied is clone:
        twin.fit(X, Y)
    np.testing.assert_array_equal(twin.predict(X), fitted.predict(X))
    twin.fit(X[::-1], Y[::-1])
    np.testing.assert_array_equal(fitted.predict(X), clone(estimator).fit(X, Y).predict(X))


@named
def test_a_seed_gives_the_same_bits_and_random_state_None_does_not(estimator):
    first, second = (clone(estimator).set_params(random_state=3).fit(X, Y) for _ in range(2))
    again = second.fit(X, Y)
    for name in ("coefs_", "coef_"):
        if hasattr(first, name):
            for a, b in zip(getattr(first, name), getattr(again, name), strict=True):
                np.testing.assert_array_equal(a, b)
    if isinstance(estimator, MLPClassifier | MLPRegressor):
        free = [clone(estimator).set_params(random_state=None).fit(X, Y) for _ in range(2)]
        assert not np.array_equal(free[0].coefs_[0], free[1].coefs_[0])


@named
def test_many_threads_may_predict_at_once(estimator):
    fitted = clone(estimator).fit(X, Y)
    alone = fitted.predict(X)
    answers = [None] * 8

    def answer(k):
        for _ in range(20):
            answers[k] = fitted.predict(X)

    threads = [threading.Thread(target=answer, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(alone, answer) for answer in answers)


@pytest.mark.parametrize("estimator", NEURALS[1:], ids=lambda e: type(e).__name__)
def test_sample_weight_is_routed(estimator):
    with sklearn.config_context(enable_metadata_routing=True):
        routed = make_pipeline(
            StandardScaler().set_fit_request(sample_weight=False),
            clone(estimator).set_fit_request(sample_weight=True),
        )
        weight = np.random.default_rng(0).uniform(0.5, 1, 200)
        routed.fit(X, Y, sample_weight=weight)
        scaled = StandardScaler().fit_transform(X)
        direct = clone(estimator).fit(scaled, Y, sample_weight=weight)
        np.testing.assert_allclose(routed[-1].predict(scaled), direct.predict(scaled))


@named
def test_the_html_representation_links_to_our_documentation(estimator):
    html = clone(estimator)._repr_html_()
    assert f"sknn_edu.{type(estimator).__name__}.html" in html
    assert "scikit-learn.org" not in estimator._get_doc_link()


def test_perceptron_offers_no_sample_weight():
    with pytest.raises(TypeError, match="sample_weight"):
        PerceptronClassifier().fit(X, Y, sample_weight=np.ones(200))


def test_iris_is_learned_by_all_classifiers():
    A, b = load_iris(return_X_y=True)
    for estimator in (
        PerceptronClassifier(average=True, random_state=0),
        SigmoidNeuronClassifier(),
        MLPClassifier(10, solver="lbfgs", alpha=0.1, max_iter=500, random_state=0),
    ):
        assert make_pipeline(StandardScaler(), estimator).fit(A, b).score(A, b) > 0.9


@named
def test_loading_only_warns_if_another_version_saved_the_estimator(estimator, monkeypatch):
    fitted = clone(estimator).fit(X, Y)
    same = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(same.predict(X), fitted.predict(X))
    monkeypatch.setattr("sknn_edu.__version__", "0.0.9")
    saved = pickle.dumps(fitted)
    monkeypatch.undo()
    with pytest.warns(
        UserWarning, match=r"was saved with version 0\.0\.9 of sknn_edu and is loaded"
    ):
        older = pickle.loads(saved)
    np.testing.assert_array_equal(older.predict(X), fitted.predict(X))


@named
def test_a_parameter_that_an_older_version_did_not_have_gets_its_default(estimator):
    fitted = clone(estimator).fit(X, Y)
    state = fitted.__getstate__() | {"_sknn_edu_version": "0.0.9"}
    del state["warm_start"]
    older = type(estimator).__new__(type(estimator))
    with pytest.warns(UserWarning, match="missing parameters are set to their defaults"):
        older.__setstate__(state)
    assert older.get_params() == fitted.get_params()
    older.fit(X, Y)
