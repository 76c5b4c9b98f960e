"""Chapter 6: every loss in the registry, and the softmax."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sknn_edu.core.losses import LOSSES, softmax


def targets_for(loss, n_outputs, m, rng):
    if loss.output == "softmax":
        return np.eye(n_outputs)[:, rng.integers(n_outputs, size=m)]
    if loss.output == "logistic":
        return np.round(rng.random((n_outputs, m)))
    return rng.exponential(size=(n_outputs, m))


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
