"""Chapter 6: every loss in the registry, and the softmax."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sknn_edu.core.losses import LOSSES, SoftmaxOfEach, quantiles, soft_cross_entropy, softmax


def targets_for(loss, n_outputs, m, rng):
    if loss.output == "softmax":
        return np.eye(n_outputs)[:, rng.integers(n_outputs, size=m)]
    if loss.output == "logistic":
        return np.round(rng.random((n_outputs, m)))
    return rng.exponential(size=(n_outputs, m)) + 0.1


def value(loss, y, z):
    a = z.copy()
    loss.activate(a)
    return loss.value(y, a)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=["-".join(key) for key in LOSSES])
def test_delta_is_the_slope_of_the_value_along_z(loss):
    rng = np.random.default_rng(0)
    z = rng.normal(size=(3, 5))
    y = targets_for(loss, 3, 5, rng)
    direction = rng.normal(size=z.shape)
    h = 1e-6
    numeric = (value(loss, y, z + h * direction) - value(loss, y, z - h * direction)) / (2 * h)
    delta = z.copy()
    loss.activate(delta)
    loss.delta(y, delta)
    np.testing.assert_allclose((delta * direction).sum(axis=0), numeric, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=["-".join(key) for key in LOSSES])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_value_is_one_number_a_sample_and_not_negative(loss, dtype):
    rng = np.random.default_rng(1)
    z = rng.normal(size=(3, 5)).astype(dtype)
    losses = value(loss, targets_for(loss, 3, 5, rng), z)
    assert losses.shape == (5,)
    assert losses.min() >= 0


def test_registry_keys_are_name_and_output():
    assert all(key == (loss.name, loss.output) for key, loss in LOSSES.items())


def test_values_worked_by_hand():
    # squared error (2 - 0)^2 / 2 + (1 - 2)^2 / 2
    loss = LOSSES["squared_error", "identity"]
    assert loss.value(np.array([[0.0], [2.0]]), np.array([[2.0], [1.0]])) == pytest.approx(2.5)
    # -log of the probability 1/4 given to what was true
    loss = LOSSES["log_loss", "softmax"]
    assert loss.value(np.array([[0.0], [1.0]]), np.array([[0.75], [0.25]])) == pytest.approx(
        np.log(4)
    )
    # Poisson 3 log(3 / 2) - 3 + 2, and y = 0: just a
    loss = LOSSES["poisson", "exp"]
    values = loss.value(np.array([[3.0, 0.0]]), np.array([[2.0, 2.0]]))
    np.testing.assert_allclose(values, [3 * np.log(1.5) - 1, 2])


@given(
    z=hnp.arrays(np.float64, (4, 3), elements=st.floats(-1e6, 1e6)),
    shift=st.floats(-1e3, 1e3),
)
def test_softmax_columns_sum_to_one_whatever_is_added_to_all(z, shift):
    a, moved = z.copy(), z + shift
    softmax(a)
    softmax(moved)
    np.testing.assert_allclose(a.sum(axis=0), 1, rtol=1e-12)
    np.testing.assert_allclose(a, moved, atol=1e-6)


def test_regression_losses_worked_by_hand():
    y, a = np.array([[1.0, 1.0]]), np.array([[1.5, 4.0]])  # errors 1/2 and 3
    for name, expected in {
        "absolute_error": [0.5, 3],
        "huber": [0.125, 2.5],
        "log_cosh": np.log(np.cosh([0.5, 3])),
        "quantile": [0.25, 1.5],
    }.items():
        np.testing.assert_allclose(LOSSES[name, "identity"].value(y, a), expected)
    ratio = 1 / a[0]
    np.testing.assert_allclose(LOSSES["gamma", "exp"].value(y, a), ratio - np.log(ratio) - 1)


def test_losses_are_those_of_scikit_learn():
    from sklearn.metrics import mean_gamma_deviance, mean_pinball_loss

    rng = np.random.default_rng(0)
    y, a = rng.exponential(size=(2, 1, 50)) + 0.1
    gamma = LOSSES["gamma", "exp"].value(y, a).mean()
    assert gamma == pytest.approx(mean_gamma_deviance(y[0], a[0]) / 2)
    pinball = quantiles((0.2,)).value(y, a).mean()
    assert pinball == pytest.approx(mean_pinball_loss(y[0], a[0], alpha=0.2))


def test_quantiles_never_cross_and_have_the_slope_of_their_loss():
    loss = quantiles((0.1, 0.5, 0.9))
    rng = np.random.default_rng(0)
    z, y = rng.normal(size=(3, 40)) * 3, np.repeat(rng.normal(size=(1, 40)), 3, axis=0)
    a = z.copy()
    loss.activate(a)
    assert (np.diff(a, axis=0) > 0).all()
    direction, h = rng.normal(size=z.shape), 1e-6
    numeric = (value(loss, y, z + h * direction) - value(loss, y, z - h * direction)) / (2 * h)
    loss.delta(y, a)
    np.testing.assert_allclose((a * direction).sum(axis=0), numeric, rtol=1e-6)


def test_softmax_of_each_question_is_a_softmax_of_its_own():
    z = np.random.default_rng(0).normal(size=(5, 4))
    first, second = z[:2].copy(), z[2:].copy()
    softmax(first)
    softmax(second)
    SoftmaxOfEach((2, 3))(z)
    np.testing.assert_array_equal(z, np.vstack([first, second]))


def test_soft_cross_entropy_of_a_sure_class_is_the_cross_entropy():
    y, a = np.array([[0.0], [1.0]]), np.array([[0.75], [0.25]])
    assert soft_cross_entropy(y, a) == pytest.approx(np.log(4))
    half = np.full((2, 1), 0.5)
    assert soft_cross_entropy(half, half) == pytest.approx(np.log(2))
