"""What all estimators with a network share."""

import pickle
import tracemalloc

import numpy as np
import pytest

from sknn_edu import MLPClassifier, SigmoidNeuronClassifier
from sknn_edu.core.network import ROWS_AT_ONCE
from sknn_edu.estimators.network_estimator import in_batches
from tests.problems import X, Y

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_slim_keeps_the_parameters_and_a_few_kilobytes():
    model = MLPClassifier((200, 100), max_iter=3, random_state=0).fit(X, Y)
    model.partial_fit(X, Y)
    n_bytes = sum(array.nbytes for array in model.coefs_ + model.intercepts_)
    assert len(pickle.dumps(model)) > 2.5 * n_bytes
    before = model.predict_proba(X)
    assert len(pickle.dumps(model.slim())) < n_bytes + 6000
    np.testing.assert_array_equal(model.predict_proba(X), before)
    model.partial_fit(X, Y)
    neuron = SigmoidNeuronClassifier(solver="sgd").partial_fit(X, Y, classes=[0, 1, 2])
    assert len(pickle.dumps(neuron)) > 3000 > len(pickle.dumps(neuron.slim()))


def test_results_for_many_samples_are_computed_in_batches():
    rows = np.arange(2 * ROWS_AT_ONCE + 3)
    sizes = []

    def of_rows(batch):
        sizes.append(rows[batch].size)
        return [rows[batch] * 2.0, np.array(["a", "b"], object)[rows[batch] % 2]]

    doubled, letters = in_batches(of_rows, rows.size)
    np.testing.assert_array_equal(doubled, rows * 2.0)
    assert letters.dtype == object
    assert letters[-2:].tolist() == ["b", "a"]
    assert sizes == [ROWS_AT_ONCE, ROWS_AT_ONCE, 3]
    np.testing.assert_array_equal(in_batches(lambda batch: rows[batch], rows.size), rows)


@pytest.mark.parametrize("estimator", [MLPClassifier(3, max_iter=1), SigmoidNeuronClassifier()])
def test_prediction_keeps_no_sums_of_all_outputs_in_memory(estimator):
    n_classes, n_samples = 200, 40_000
    rng = np.random.default_rng(0)
    estimator.set_params(max_iter=1, random_state=0)
    estimator.fit(rng.standard_normal((2 * n_classes, 2)), np.repeat(np.arange(n_classes), 2))
    X_new = rng.standard_normal((n_samples, 2))
    n_bytes = 8 * n_classes * n_samples
    for method, limit in (("predict", 0.6), ("predict_proba", 1.6), ("predict_log_proba", 1.6)):
        tracemalloc.start()
        try:
            getattr(estimator, method)(X_new)
            assert tracemalloc.get_traced_memory()[1] < limit * n_bytes
        finally:
            tracemalloc.stop()
    p = estimator.predict_proba(X_new)
    np.testing.assert_allclose(p[-5:], estimator.predict_proba(X_new[-5:]), atol=1e-12)
