"""Backpropagation compared with finite differences."""

import pytest
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn_edu import MLPClassifier, MLPRegressor, SigmoidNeuronClassifier
from sknn_edu.core.activations import Activation
from sknn_edu.core.beyond.parametric_activations import ALL_ACTIVATIONS as ACTIVATIONS
from sknn_edu.inspection import check_gradient
from tests.problems import X, Y

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize(
    "estimator",
    [
        MLPClassifier((5, 4), "tanh", random_state=0),
        MLPClassifier(5, "silu", dtype="float32", random_state=0),
        MLPRegressor("huber", (5,), "elu", random_state=0),
        SigmoidNeuronClassifier(loss="squared_error"),
    ],
    ids=str,
)
def test_the_gradient_is_right_before_and_after_fit(estimator):
    assert check_gradient(estimator, X, Y).error < 1e-6
    assert check_gradient(clone(estimator).set_params(max_iter=5).fit(X, Y), X, Y).error < 1e-6


def test_rounding_at_a_minimum_is_tolerated():
    neuron = SigmoidNeuronClassifier(alpha=0).fit(X[::3], Y[::3])
    assert check_gradient(neuron, X[::3], Y[::3]).error < 1e-6


def wrong_backward(z, a, delta):  # noqa: ARG001
    delta *= 1.1 * (1 - a * a)


def test_a_wrong_derivative_is_found():
    wrong = Activation("wrong", ACTIVATIONS["tanh"].forward, wrong_backward)
    assert check_gradient(MLPClassifier(5, wrong, random_state=0), X, Y).error > 1e-3


def test_check_gradient_refuses_what_trace_refuses():
    with pytest.raises(TypeError, match="SigmoidNeuronClassifier, MLPClassifier or MLPRegressor"):
        check_gradient(make_pipeline(StandardScaler(), MLPClassifier()), X, Y)
    with pytest.raises(TypeError, match="dense"):
        check_gradient(MLPClassifier(5), csr_array(X), Y)
