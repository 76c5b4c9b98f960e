"""The range test of learning rates."""

import numpy as np
import pytest
from sklearn.base import clone

from sknn_edu import MLPClassifier, find_learning_rate
from tests.problems import X, Y

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_find_learning_rate_suggests_a_rate_that_learns():
    model = MLPClassifier(20, random_state=0, max_iter=30)
    search = find_learning_rate(model, X, Y)
    assert not hasattr(model, "coefs_")
    assert np.diff(search.rates).min() > 0
    assert search.rates.shape == search.losses.shape
    better = clone(model).set_params(learning_rate_init=search.suggestion).fit(X, Y)
    assert better.loss_ < clone(model).set_params(learning_rate_init=1e-5).fit(X, Y).loss_
    assert search.plot().get_xscale() == "log"


def test_find_learning_rate_refuses_lbfgs_and_wrong_limits():
    with pytest.raises(ValueError, match="other than lbfgs"):
        find_learning_rate(MLPClassifier(solver="lbfgs"), X, Y)
    with pytest.raises(ValueError, match="0 < low < high"):
        find_learning_rate(MLPClassifier(), X, Y, low=1, high=0.1)
