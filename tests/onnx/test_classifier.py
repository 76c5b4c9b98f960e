"""A converted classifier gives the labels and probabilities of the classifier."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingClassifier, StackingClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.onnx.conversion import (
    CLASSIFIERS,
    CLOSE,
    COLUMNS,
    EACH_CLASSIFIER,
    MAY_STOP_EARLY,
    NAMES,
    NETWORK,
    PERCEPTRON,
    RAW,
    X32,
    X,
    Y,
    assert_same_answers,
    class_name,
    onnx_outputs,
    run,
    skl2onnx,
)

pytestmark = MAY_STOP_EARLY

LABELS = {
    "two ints": (Y > 0) * 3 - 1,
    "three ints": Y - 1,
    "two strings": np.where(Y > 0, "yes", "no"),
    "three strings": NAMES,
    "objects": NAMES.astype(object),
    "bools": Y > 0,
    "whole floats": Y + 1.0,
}


@pytest.mark.parametrize("labels", LABELS)
@EACH_CLASSIFIER
def test_classifiers_in_a_pipeline_give_the_same_predictions_in_onnx(classifier, labels):
    model = make_pipeline(StandardScaler(), clone(classifier)).fit(RAW, LABELS[labels])
    assert_same_answers(model, RAW.astype(np.float32))


@pytest.mark.parametrize("classifier", CLASSIFIERS[1:], ids=class_name)
def test_classifiers_give_the_same_predictions_in_float64(classifier):
    for y in (Y, Y > 0):
        assert_same_answers(clone(classifier).fit(X, y), X)


@pytest.mark.parametrize("n_labels", [2, 3])
def test_multilabel_classifiers_give_the_same_predictions_in_onnx(n_labels):
    y = np.stack([Y > 0, Y > 1, Y == 1], axis=1)[:, :n_labels]
    assert_same_answers(clone(NETWORK).fit(X, y), X32)


@pytest.mark.parametrize("columns", COLUMNS)
def test_several_columns_of_classes_give_a_matrix_of_labels_and_a_sequence(columns):
    mlp = clone(NETWORK).fit(X, COLUMNS[columns])
    assert_same_answers(mlp, X32)
    whatever_the_option = onnx_outputs(mlp, X32)
    assert list(whatever_the_option) == ["label", "probabilities"]
    z = np.hstack(onnx_outputs(mlp, X32, zipmap=False, raw_scores=True)["probabilities"])
    np.testing.assert_allclose(z, mlp.decision_function(X32), **CLOSE[np.float32])


@EACH_CLASSIFIER
def test_raw_scores_are_the_decision_function(classifier):
    for y in (Y, Y > 0):
        fitted = clone(classifier).fit(X, y)
        z = onnx_outputs(fitted, X32, zipmap=False, raw_scores=True)["probabilities"]
        expected = fitted.decision_function(X32)
        if expected.ndim == 1:
            expected = np.stack([-expected, expected], axis=1)
        np.testing.assert_allclose(z, expected, rtol=1e-5, atol=1e-4)  # sums of up to 1e2


@pytest.mark.parametrize("opset", [14, 18, 22])
def test_older_opsets_of_onnx_are_supported(opset):
    mlp = clone(NETWORK).fit(X, COLUMNS["ints"])
    proto = skl2onnx.to_onnx(mlp, X32[:1], target_opset=opset)
    np.testing.assert_array_equal(run(proto, X32)["label"], mlp.predict(X32))


# -- within estimators of scikit-learn ---------------------------------------------------------


@pytest.mark.parametrize("classifier", [NETWORK, PERCEPTRON], ids=class_name)
@pytest.mark.parametrize(
    "around",
    [
        lambda c: GridSearchCV(c, {"random_state": [0, 1]}, cv=2),
        lambda c: CalibratedClassifierCV(c, cv=2),
        lambda c: BaggingClassifier(c, n_estimators=3, random_state=0),
        lambda c: StackingClassifier([("c", c)], cv=2),
    ],
)
def test_meta_estimators_of_scikit_learn_give_the_same_predictions_in_onnx(around, classifier):
    assert_same_answers(around(clone(classifier)).fit(X, NAMES), X32)


def test_one_perceptron_against_the_rest_needs_raw_scores():
    model = OneVsRestClassifier(PERCEPTRON).fit(X, Y)
    label = onnx_outputs(model, X32, zipmap=False, raw_scores=True)["label"]
    np.testing.assert_array_equal(label, model.predict(X32))
