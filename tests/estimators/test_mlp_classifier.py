"""The multi-layer perceptron as a classifier."""

import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.base import clone
from sklearn.datasets import load_iris

from sknn_edu import MLPClassifier
from sknn_edu.core.losses import undo_smoothing
from tests.labels import EACH_FORM, in_form
from tests.problems import X, Y

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_iris_is_learned():
    A, b = load_iris(return_X_y=True)
    model = MLPClassifier(20, solver="lbfgs", alpha=0.1, max_iter=500, random_state=0).fit(A, b)
    assert model.score(A, b) > 0.97


def test_decision_function_is_the_log_odds():
    model = MLPClassifier(5, max_iter=20, random_state=0).fit(X, Y)
    z = model.decision_function(X)
    np.testing.assert_allclose(model.predict_log_proba(X), log_softmax(z, axis=1), rtol=1e-12)
    two = MLPClassifier(5, max_iter=20, random_state=0).fit(X, Y == 1)
    p = two.predict_proba(X)
    np.testing.assert_allclose(two.decision_function(X), np.log(p[:, 1] / p[:, 0]), rtol=1e-6)


def test_log_probabilities_keep_their_order_when_probabilities_underflow():
    model = MLPClassifier(5, max_iter=20, random_state=0).fit(X, Y)
    z = model.decision_function(1e6 * X)
    p = model.predict_proba(1e6 * X)
    assert 0 < p.min() < p.max() < 1
    np.testing.assert_array_equal(p.argsort(axis=1), z.argsort(axis=1))
    np.testing.assert_allclose(p.sum(axis=1), 1)


# -- label smoothing -------------------------------------------------------------------------------


def test_label_smoothing_limits_the_largest_probability():
    sharp = MLPClassifier(20, solver="lbfgs", random_state=0, max_iter=200).fit(X, Y)
    soft = clone(sharp).set_params(label_smoothing=0.3).fit(X, Y)
    # for samples whose class is clear, the best prediction is 70 % + 30 % / 3
    assert sharp.predict_proba(X).max() > 0.99
    assert soft.predict_proba(X[:50])[:, 0].mean() == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_label_smoothing_of_two_classes_and_of_labels(dtype):
    two = MLPClassifier(4, label_smoothing=0.2, random_state=0).fit(X.astype(dtype), Y > 0)
    assert two.predict_proba(X.astype(dtype)).dtype == dtype
    labels = np.stack([Y == 0, Y > 1], axis=1).astype(int)
    assert MLPClassifier(4, label_smoothing=0.2, random_state=0).fit(X, labels).score(X, labels) > 0


def test_undo_smoothing_recovers_the_unsmoothed_probabilities():
    # k = 4, s = 0.2: q = 0.85 for one class and 0.05 for the others means certainty
    q = np.array([[0.85, 0.05, 0.05, 0.05], [0.45, 0.45, 0.05, 0.05]])
    p = undo_smoothing(q, 0.2, 4)
    p /= p.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(p, [[1, 0, 0, 0], [0.5, 0.5, 0, 0]], atol=0.03)
    assert (p > 0).all()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@EACH_FORM
def test_undo_smoothing_keeps_predictions_order_and_sums(form, dtype):
    y = in_form(form, Y)
    data = X.astype(dtype)
    soft = MLPClassifier(9, label_smoothing=0.2, random_state=0, max_iter=50).fit(data, y)
    sharp = clone(soft).set_params(undo_smoothing=True).fit(data, y)
    np.testing.assert_array_equal(sharp.predict(data), soft.predict(data))
    before, after = soft.predict_proba(data), sharp.predict_proba(data)
    logs = sharp.predict_log_proba(data)
    if form != "columns":
        before, after, logs = [before], [after], [logs]
    for q, p, log_p in zip(before, after, logs, strict=True):
        assert p.dtype == dtype
        assert ((p > 0) & (p < 1)).all()
        np.testing.assert_allclose(np.exp(log_p), p, rtol=1e-5)
        if form != "labels":
            np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-5)
            np.testing.assert_array_equal(p.argmax(axis=1), q.argmax(axis=1))
        if form == "two":  # the order of the samples is kept, too
            np.testing.assert_array_equal(np.argsort(p[:, 1]), np.argsort(q[:, 1]))
        assert p.max() > q.max()
