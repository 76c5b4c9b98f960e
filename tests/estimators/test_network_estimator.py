"""What all estimators with a network share."""

import pickle

import numpy as np
import pytest

from sknn_edu import MLPClassifier, SigmoidNeuronClassifier
from tests.problems import X, Y

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_slim_leaves_the_parameters_and_a_few_kilobytes():
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
