"""Kinds of targets: labels, columns of labels, and the weights of their classes."""

from functools import partial

import numpy as np
import pytest
from sklearn.base import clone

from sknn_edu import MLPClassifier, SigmoidNeuronClassifier
from tests.problems import X, Y

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


# -- several columns of classes --------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_columns_of_classes_are_learned_side_by_side(dtype):
    columns = np.stack([Y, (Y + 1) % 3, (Y == 1)], axis=1).astype(int)
    model = MLPClassifier(20, random_state=0, max_iter=300).fit(X.astype(dtype), columns)
    assert [list(classes) for classes in model.classes_] == [[0, 1, 2], [0, 1, 2], [0, 1]]
    assert model.score(X.astype(dtype), columns) > 0.8
    probabilities = model.predict_proba(X.astype(dtype))
    assert [p.shape for p in probabilities] == [(150, 3), (150, 3), (150, 2)]
    for p, logarithm in zip(probabilities, model.predict_log_proba(X.astype(dtype)), strict=True):
        assert p.dtype == dtype
        np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-5)
        np.testing.assert_allclose(np.exp(logarithm), p, rtol=1e-4)


def test_chunks_of_partial_fit_may_lack_classes_of_string_columns():
    columns = np.stack([np.array(["a", "b", "c"])[Y], np.array(["x", "y", "z"])[Y]], axis=1)
    classes = [np.unique(column) for column in columns.T]
    model = MLPClassifier(10, random_state=0, learning_rate_init=0.02)
    for _ in range(30):
        for rows in (slice(0, 60), slice(60, 110), slice(110, 150)):
            model.partial_fit(X[rows], columns[rows], classes=classes)
    assert set(model.predict(X)[:, 0]) <= {"a", "b", "c"}
    assert model.score(X, columns) > 0.6
    with pytest.raises(ValueError, match="several columns"):
        model.partial_fit(X, Y)


def test_early_stopping_scores_samples_that_are_right_in_all_columns():
    columns = np.stack([Y, (Y + 1) % 3], axis=1)
    model = MLPClassifier(10, random_state=0, early_stopping=True).fit(X, columns)
    assert 0 <= model.best_validation_score_ <= 1


def test_columns_of_numbers_and_of_strings_keep_their_types():
    pandas = pytest.importorskip("pandas")
    names = np.array(["a", "b", "c"])[Y]
    columns = pandas.DataFrame({"name": names, "number": Y})
    model = MLPClassifier(5, random_state=0, max_iter=20).fit(X, columns)
    predicted = model.predict(X)
    assert set(map(type, predicted[0])) == {str, int}
    assert 0 <= model.score(X, columns) <= 1


def test_a_first_chunk_may_lack_classes_in_each_column():
    columns = np.stack([Y, (Y + 1) % 3], axis=1)
    few = (columns < 2).all(axis=1)
    model = MLPClassifier(5, random_state=0)
    model.partial_fit(X[few], columns[few], classes=[[0, 1, 2], [0, 1, 2]])
    assert [p.shape[1] for p in model.partial_fit(X, columns).predict_proba(X)] == [3, 3]


# -- partial_fit -----------------------------------------------------------------------------------


def test_partial_fit_refuses_targets_of_another_kind():
    model = MLPClassifier(4, random_state=0).partial_fit(X, Y, classes=[0, 1, 2])
    indicator = np.eye(3, dtype=int)[Y]
    indicator[0] = 1
    with pytest.raises(ValueError, match="same kind"):
        model.partial_fit(X, indicator)
    with pytest.raises(ValueError, match="column numbers"):
        MLPClassifier().partial_fit(X, indicator, classes=[0, 1])


def test_data_for_partial_fit_may_lack_classes_even_with_warm_start():
    model = MLPClassifier(4, warm_start=True, max_iter=2, random_state=0).fit(X, Y)
    model.partial_fit(X[Y == 1], Y[Y == 1])
    with pytest.raises(ValueError, match="same classes"):
        model.fit(X, Y + 10)


# -- class_weight ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [partial(MLPClassifier, 5), SigmoidNeuronClassifier])
def test_class_weight_is_sample_weight(kind):
    class_weight = {0: 1.0, 1: 5.0, 2: 0.5}
    by_class = kind(max_iter=20, random_state=0, class_weight=class_weight).fit(X, Y)
    weight = np.array([class_weight[label] for label in Y])
    by_sample = kind(max_iter=20, random_state=0).fit(X, Y, sample_weight=weight)
    np.testing.assert_allclose(by_class.predict_proba(X), by_sample.predict_proba(X), rtol=1e-10)


def test_a_chunk_that_lacks_a_class_cannot_be_balanced():
    columns = np.stack([Y, (Y + 1) % 3], axis=1)
    model = MLPClassifier(5, class_weight="balanced", random_state=0)
    for y, classes in ((Y, [0, 1, 2]), (columns, [[0, 1, 2], [0, 1, 2]])):
        with pytest.raises(ValueError, match="needs samples of every class"):
            clone(model).partial_fit(X[:60], y[:60], classes=classes)


def test_balanced_class_weight_of_several_columns():
    columns = np.stack([Y, (Y == 0).astype(int)], axis=1)
    model = MLPClassifier(5, class_weight="balanced", max_iter=5, random_state=0).fit(X, columns)
    assert model.predict(X).shape == (150, 2)
    labels = np.stack([Y == 0, Y > 1], axis=1).astype(int)
    model = MLPClassifier(5, class_weight="balanced", max_iter=5, random_state=0).fit(X, labels)
    assert model.predict(X).shape == (150, 2)


@pytest.mark.parametrize("wrong", [[{0: -1, 1: 1}, {0: 1, 1: 1}], [{0: 1, 1: 1}], {0: 1, 1: 1}])
def test_wrong_class_weights_of_several_columns_are_refused(wrong):
    labels = np.stack([Y == 0, Y > 1], axis=1).astype(int)
    with pytest.raises(ValueError, match="class_weight"):
        MLPClassifier(4, class_weight=wrong).fit(X, labels)


def test_balanced_class_weights_of_several_columns_use_sample_weights():
    labels = np.stack([Y == 0, Y > 1], axis=1).astype(int)
    weight = (np.arange(150) % 5 > 0).astype(float)
    model = MLPClassifier(4, class_weight="balanced", solver="lbfgs", max_iter=20, random_state=0)
    weighted = clone(model).fit(X, labels, sample_weight=weight)
    removed = clone(model).fit(X[weight > 0], labels[weight > 0])
    np.testing.assert_allclose(weighted.predict_proba(X), removed.predict_proba(X), rtol=1e-6)
