"""Arithmetic at the ends of the range of floats."""

import numpy as np
import pytest
from hypothesis import strategies as st

from sknn_edu import MLPClassifier, MLPRegressor, PerceptronClassifier, SigmoidNeuronClassifier
from sknn_edu.core.beyond.parametric_activations import ALL_ACTIVATIONS as ACTIVATIONS
from sknn_edu.core.gradient_descent import clip_norm
from sknn_edu.core.losses import (
    LOSSES,
    Loss,
    SoftmaxOfEach,
    error_delta,
    quantiles,
    soft_cross_entropy,
)
from tests.fuzz.checks import X4, Y4, check_sound, is_finite, refusal_of
from tests.slow import tally
from tests.strategies import fuzz


@st.composite
def sums(draw, n_rows=3):
    """Draw weighted sums (n_rows, m) up to the largest number of their dtype."""
    dtype = draw(st.sampled_from([np.float64, np.float32]))
    info = np.finfo(dtype)
    ends = [0, 1, 40, 90, 104, 710, 746, info.eps, info.max, info.max / 2, info.tiny]
    signed = [float(sign * end) for end in (*ends, info.smallest_subnormal) for sign in (1, -1)]
    anywhere = st.floats(width=np.dtype(dtype).itemsize * 8, allow_nan=False, allow_infinity=False)
    number = st.sampled_from(signed) | anywhere
    m = draw(st.integers(1, 4))
    z = draw(st.lists(number, min_size=n_rows * m, max_size=n_rows * m))
    return np.array(z, dtype=dtype).reshape(n_rows, m)


EACH_LOSS = [
    *LOSSES.values(),
    quantiles((0.1, 0.5, 0.9)),
    Loss("log_loss", "softmax_of_each", SoftmaxOfEach((1, 2)), soft_cross_entropy, error_delta),
]


def targets_for(loss, z, numbers):
    """Return targets that suit the loss: classes, or numbers of any size."""
    if loss.name == "log_loss" or loss.output == "logistic":
        y = (np.arange(len(z))[:, np.newaxis] == np.arange(z.shape[1]) % len(z)).astype(z.dtype)
        return np.ones_like(z) if loss.output == "softmax_of_each" else y
    info = np.finfo(z.dtype)
    y = np.resize(np.clip(numbers, info.min, info.max).astype(z.dtype), z.shape)
    if loss.output == "exp":
        y = np.abs(y)
    return np.maximum(y, info.tiny) if loss.name == "gamma" else y


@fuzz(
    quick=50,
    slow=2_500,
    over=[pytest.param(loss, id=f"{loss.name}-{loss.output}") for loss in EACH_LOSS],
    z=sums(),
    numbers=sums(),
)
def test_losses_and_their_derivatives_are_never_nan(loss, z, numbers):
    with tally.attempt("losses and their derivatives: never nan"):
        check_loss(loss, z, numbers)


def check_loss(loss, z, numbers):
    with np.errstate(all="ignore"):  # they may be infinite
        y, a = targets_for(loss, z, numbers), z.copy()
        loss.activate(a)
        value, delta = loss.value(y, a), a.copy()
        loss.delta(y, delta)
        error = np.abs(a - y).sum(axis=0)
    assert value.dtype == delta.dtype == z.dtype
    assert not np.isnan([*a.flat, *value, *delta.flat]).any()
    if loss.output not in ("identity", "in_order", "exp"):
        assert ((a >= 0) & (a <= 1)).all()
        assert is_finite(value)
        assert (np.abs(delta) <= 1).all()
    elif loss.name in ("absolute_error", "huber", "log_cosh", "quantile"):
        assert is_finite(value[np.isfinite(error)])


@fuzz(
    quick=50,
    slow=2_500,
    over=[pytest.param(g, id=name) for name, g in ACTIVATIONS.items()],
    z=sums(),
)
def test_activations_and_their_derivatives_are_never_nan(g, z):
    with tally.attempt("activations and their derivatives: never nan"):
        check_activation(g, z)


def check_activation(g, z):
    z = z.reshape(-1)
    given_z = z.copy()
    with np.errstate(all="ignore"):
        a, derivative = np.empty_like(z) if g.keeps_z else z, np.ones_like(z)  # as in training
        g.forward(z, a)
        activated = a.copy()
        g.backward(z, a, derivative)
        assert (np.abs(activated) <= 1.1 * np.abs(given_z) + 2).all()
    assert activated.dtype == derivative.dtype == z.dtype
    assert ((derivative > -0.2) & (derivative < 1.8)).all()


# -- examples --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "X", "weight"),
    [
        (PerceptronClassifier(eta0=1e-60), X4.astype(np.float32), {}),
        (PerceptronClassifier(eta0=1e-200, class_weight={0: 1e-200, 1: 1e-200}), X4, {}),
        (
            MLPClassifier(3, max_iter=2, class_weight={0: 1e-200, 1: 1e-200}),
            X4,
            {"sample_weight": np.full(4, 1e-200)},
        ),
        (
            SigmoidNeuronClassifier(class_weight={0: 1e-200, 1: 1e-200}),
            X4,
            {"sample_weight": np.full(4, 1e-200)},
        ),
    ],
    ids=["eta0 in float32", "eta0 times class_weight", "weights of a network", "of a neuron"],
)
def test_rates_and_weights_that_underflow_to_0_are_refused_or_harmless(model, X, weight):
    if refusal_of(lambda: model.fit(X, Y4, **weight)) is None:
        check_sound(model, X)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_poisson_can_learn_a_count_that_is_certainly_0(solver):
    model = MLPRegressor("poisson", (), solver=solver, max_iter=8, random_state=0)
    X = np.array([[0.0], [-1e4]])  # the weight starts above 0: exp(-1e4 w) is 0
    assert refusal_of(lambda: model.fit(X, [1.0, 0.0])) is None


@pytest.mark.parametrize(("dtype", "size"), [(np.float64, 1e200), (np.float32, 1e25)])
def test_gradients_of_any_size_are_clipped_to_the_requested_norm(dtype, size):
    g = np.array([3 * size, 4 * size], dtype=dtype)
    with np.errstate(over="ignore"):
        clip_norm(g, 5.0)
    np.testing.assert_allclose(g, [3, 4], rtol=1e-6)
