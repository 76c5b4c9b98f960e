"""Any valid combination of parameters learns, clones and pickles, with the right gradient."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone

from sknn_edu import MLPClassifier, MLPRegressor
from sknn_edu.core.activations import Activation
from sknn_edu.core.beyond.parametric_activations import ALL_ACTIVATIONS as ACTIVATIONS
from sknn_edu.core.initializers import INITIALIZERS
from sknn_edu.core.losses import LOSSES
from sknn_edu.core.network import Network
from sknn_edu.core.optimizers import Adam
from sknn_edu.core.schedules import SCHEDULES, Curve
from sknn_edu.estimators.interface import training_problem
from tests.problems import A, B, X, Y

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def wave(z, a):
    np.sin(z, out=a)


def wave_backward(z, a, delta):  # noqa: ARG001
    delta *= np.cos(z)


SHARED = {
    "hidden_layer_sizes": st.sampled_from([(), (4,), (5, 3)]),
    "activation": st.sampled_from(
        [*ACTIVATIONS, Activation("wave", wave, wave_backward, keeps_z=True)]
    ),
    "init": st.sampled_from(list(INITIALIZERS)),
    "solver": st.sampled_from(["adam", "sgd", "lbfgs", "adamw", "rmsprop", Adam(beta_2=0.95)]),
    "alpha": st.sampled_from([0.0, 1e-4, 0.1]),
    "batch_size": st.sampled_from(["auto", 32, 7, 0.3]),
    "shuffle": st.booleans(),
    "early_stopping": st.booleans(),
    "scoring": st.sampled_from([None, "loss"]),
    "dtype": st.sampled_from(["float64", "float32"]),
    "warm_start": st.booleans(),
}
STOCHASTIC = {
    "learning_rate": st.sampled_from([*SCHEDULES, Curve(SCHEDULES["step"].curve)]),
    "warmup_fraction": st.sampled_from([0.0, 0.2]),
    "dropout": st.sampled_from([0.0, 0.2]),
    "weight_decay": st.sampled_from(["auto", 0.1]),
    "clip_norm": st.sampled_from([None, 1.0]),
}


@st.composite
def networks(draw):
    params = draw(st.fixed_dictionaries(SHARED))
    if params["solver"] != "lbfgs":
        params |= draw(st.fixed_dictionaries(STOCHASTIC))
    if draw(st.booleans()):
        classifier = MLPClassifier(
            label_smoothing=draw(st.sampled_from([0.0, 0.1])),
            class_weight=draw(st.sampled_from([None, "balanced"])),
        )
        return classifier.set_params(**params)
    loss = draw(st.sampled_from([name for name, out in LOSSES if out in ("identity", "exp")]))
    levels = draw(st.sampled_from([0.3, [0.1, 0.9]]))
    return MLPRegressor(loss, quantile=levels).set_params(**params)


@given(model=networks(), weighted=st.booleans(), columns=st.booleans())
@settings(max_examples=60)
def test_any_valid_combination_learns_clones_and_pickles(model, weighted, columns):
    model.set_params(max_iter=15, learning_rate_init=0.01, random_state=0)
    if isinstance(model, MLPClassifier):
        data, y = X, np.stack([Y, Y == 0], axis=1).astype(int) if columns else Y
    else:
        data, y = A / 3, np.abs(B) / 3 + 0.1
    weight = np.linspace(0.5, 1.5, len(data)) if weighted else None
    fitted = clone(model).fit(data, y, sample_weight=weight)
    assert np.isfinite(fitted.loss_curve_).all()
    assert min(fitted.loss_curve_) <= fitted.loss_curve_[0]
    predicted = fitted.predict(data)
    unpickled = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(unpickled.predict(data), predicted)
    np.testing.assert_array_equal(
        clone(fitted).fit(data, y, sample_weight=weight).predict(data), predicted
    )
    if model.hidden_layer_sizes:
        assert np.isfinite(fitted.hidden_activations(data)).all()
    check_gradient(fitted, data, y, weight)


def check_gradient(fitted, data, y, weight):
    """Compare the gradient with finite differences, without dropout.

    It is checked near the fitted weights, not at them: there, a loss with a kink may not be
    differentiable.
    """
    problem = training_problem(fitted, data, y, dtype="float64")
    parameters, samples, n = problem.parameters, problem.samples, len(data)
    gradient = parameters.zeros_like()
    parameters.theta += 0.1 * np.random.default_rng(1).normal(size=parameters.theta.size)
    share = np.full(n, 1 / n) if weight is None else weight / weight.sum()
    network = Network(problem.architecture, parameters, gradient, n)
    outputs = network.forward(samples.X)
    if isinstance(fitted, MLPClassifier):  # where the loss is clipped its derivative is 0
        share = share * ((outputs > 1e-9) & (outputs < 1 - 1e-9)).all(axis=0)
    network.backward(samples.X, samples.y, share)
    direction, start = np.random.default_rng(0).normal(size=gradient.theta.size), parameters.theta
    analytic, start, slopes = gradient.theta @ direction, start.copy(), []
    for h in (1e-6, 1e-8):  # the first may reach over a kink of selu or relu
        losses = []
        for sign in (1, -1):
            parameters.theta[:] = start + sign * h * direction
            losses.append(network.loss.value(samples.y, network.forward(samples.X)) @ share)
        slopes.append((losses[0] - losses[1]) / (2 * h))
    assert analytic in [pytest.approx(slope, rel=1e-3, abs=1e-4) for slope in slopes]
