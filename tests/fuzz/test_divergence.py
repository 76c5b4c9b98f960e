"""Training that diverges ends with an error that names the remedies."""

import io
import re
from contextlib import redirect_stdout

import numpy as np
import pytest
from hypothesis import strategies as st
from sklearn.base import clone

from sknn_edu import MLPClassifier, MLPRegressor, PerceptronClassifier, SigmoidNeuronClassifier
from sknn_edu.core.beyond.parametric_activations import ALL_ACTIVATIONS as ACTIVATIONS
from tests.callbacks import Quiet
from tests.fuzz.checks import X4, Y4, fitted_parameters, is_finite, overflows, refusal_of
from tests.slow import tally
from tests.strategies import KINDS, REGRESSION_LOSSES, fuzz, scales


@st.composite
def runaways(draw):
    """Draw a network or neuron with a huge learning rate, huge features or huge targets."""
    n, p = draw(st.integers(4, 20)), draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    dtype = draw(st.sampled_from([np.float64, np.float32]))
    sizes = st.sampled_from([1.0, 1.0, *scales(dtype)[4:-1]])
    X, y = rng.normal(size=(n, p)), np.arange(n) % draw(st.integers(2, 3))
    most = np.finfo(dtype).max / 9
    X = (X * min(draw(sizes), most)).astype(dtype)
    shared = {
        "learning_rate_init": 10.0 ** draw(st.integers(-3, 300)),
        "batch_size": draw(st.sampled_from(["auto", 3])),
        "solver": draw(st.sampled_from(["sgd", "adam"])),
        "alpha": draw(st.sampled_from([0.0, 1e-4, 1.0])),
        "random_state": 0,
        "max_iter": 8,
        "n_iter_no_change": 99,
    }
    kind = draw(st.sampled_from(KINDS[1:]))
    if kind is not SigmoidNeuronClassifier:
        shared["activation"] = draw(st.sampled_from([*ACTIVATIONS]))
        shared["hidden_layer_sizes"] = draw(st.sampled_from([(), (3,), (3, 2)]))
    if kind is MLPRegressor:
        y = np.abs(rng.normal(size=n) * min(draw(sizes), most)).astype(dtype)
        shared["loss"] = draw(st.sampled_from(REGRESSION_LOSSES))
    return kind(**shared), X, y


class CheckFinite(Quiet):
    """A callback that records after each epoch whether all parameters are finite."""

    def __init__(self):
        self.finite = []

    def on_fit_task_end(self, estimator, context, fitted_estimator=None):
        if context.task_name == "epoch":
            self.finite.append(all(map(is_finite, fitted_parameters(fitted_estimator))))


@fuzz(quick=120, slow=8_000, runaway=runaways())
def test_divergence_is_an_error_in_its_epoch_that_names_the_remedies(runaway):
    pytest.importorskip("sklearn.callback")
    model, X, y = runaway
    finite_check, printed = CheckFinite(), io.StringIO()
    model = clone(model).set_params(verbose=True).set_callbacks(finite_check)
    with redirect_stdout(printed):
        refusal = refusal_of(lambda: model.fit(X, y))
    losses = [float(line.split("=")[1]) for line in printed.getvalue().splitlines()]
    with tally.attempt("fits that may diverge: finite, or refused in time") as refusals:
        refusals.append(refusal)
        if refusal is None:
            assert is_finite(losses)
            assert all(finite_check.finite)
            return
        assert re.search("[Ss]cale (the features|y)", str(refusal))
        assert "learning_rate_init" in str(refusal)
        assert f"in epoch {len(losses)}:" in str(refusal)
        assert is_finite(losses[:-1])  # otherwise it should have ended earlier
        assert all(finite_check.finite[:-1])


# -- examples --------------------------------------------------------------------------------------


def test_a_perceptron_stops_in_the_epoch_in_which_it_overflows(capsys):
    model = PerceptronClassifier(max_iter=50, eta0=1e10, verbose=True)
    assert "Scale the features" in str(refusal_of(lambda: model.fit(1e300 * X4, 1 - Y4)))
    assert capsys.readouterr().out.count("Iteration") == 1


def test_a_huge_eta0_prints_a_share_of_mistakes(capsys):
    model = PerceptronClassifier(eta0=1e308, fit_intercept=False, max_iter=2, verbose=True)
    assert refusal_of(lambda: model.fit(0.1 * X4, Y4)) is None
    assert "nan" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("model", "X", "y"),
    [
        (PerceptronClassifier(), np.array([[1e169], [-1.5e169]]), Y4[:2]),
        (
            MLPRegressor("squared_error", 3, learning_rate_init=1e200, max_iter=1, random_state=0),
            X4,
            Y4,
        ),
        (MLPClassifier((), learning_rate_init=1e308, max_iter=1, random_state=0), 60 * X4, Y4),
        (
            MLPRegressor("poisson", (), learning_rate_init=1e3, max_iter=1, random_state=0),
            X4,
            10 + Y4,
        ),
        (
            MLPClassifier((), max_iter=1, random_state=2),
            1.7e308 * np.array([[1, -1], [-1, 1], [0, 0]]),
            [0, 1, 2],
        ),
    ],
    ids=["perceptron", "regressor", "classifier", "exp", "softmax"],
)
def test_a_model_whose_sums_overflow_on_its_training_samples_is_refused(model, X, y):
    if refusal_of(lambda: model.fit(X, y)) is None:
        assert not overflows(model, X)
