"""Every activation in the registry; a new activation is tested automatically."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sknn_edu.core.activations import ACTIVATIONS

SUMS = hnp.arrays(np.float64, 12, elements=st.floats(-30, 30))
NOT_MONOTONE = ("gelu", "silu", "mish")
DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32])
EACH_ACTIVATION = pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)


def value(activation, z):
    a = np.empty_like(z)
    activation.forward(z, a)
    return a


def slope(activation, z, keeps_z):
    z = z.copy()
    a = np.empty_like(z) if keeps_z else z
    activation.forward(z, a)
    delta = np.ones_like(z)
    activation.backward(z, a, delta)
    return delta


@EACH_ACTIVATION
@DTYPES
def test_backward_is_the_slope_of_forward(activation, dtype):
    z = np.array([-3.0, -1.5, -0.4, 0.3, 1.1, 2.5], dtype=dtype)
    h = 1e-6 if dtype is np.float64 else 1e-2
    numeric = (value(activation, z + dtype(h)) - value(activation, z - dtype(h))) / (2 * h)
    computed = slope(activation, z, activation.keeps_z)
    np.testing.assert_allclose(computed, numeric, rtol=2e-3, atol=1e-5)


@EACH_ACTIVATION
@DTYPES
def test_backward_multiplies_delta_by_the_slope(activation, dtype):
    z = np.array([-3.0, -0.4, 0.3, 2.5], dtype=dtype)
    arriving = np.array([2.0, -1.0, 0.0, 0.5], dtype=dtype)
    delta, a = arriving.copy(), np.empty_like(z)
    activation.forward(z, a)
    activation.backward(z.copy(), a, delta)
    np.testing.assert_allclose(delta, arriving * slope(activation, z, True), rtol=1e-6)


@EACH_ACTIVATION
@given(z=SUMS)
def test_forward_is_elementwise_and_may_overwrite_z(activation, z):
    a = value(activation, z)
    assert value(activation, z[:1].copy())[0] == a[0]
    activation.forward(z, z)
    np.testing.assert_array_equal(z, a)


@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if name not in NOT_MONOTONE])
@given(z=SUMS)
def test_forward_never_decreases(name, z):
    a = value(ACTIVATIONS[name], z)
    assert (np.diff(a.ravel()[np.argsort(z, axis=None)]) >= -1e-15).all()


@EACH_ACTIVATION
@DTYPES
@pytest.mark.filterwarnings("ignore:overflow")
def test_huge_sums_give_finite_numbers_of_the_same_dtype(activation, dtype):
    z = np.array([[-1e30, 0.0, 1e30]], dtype=dtype)
    assert np.isfinite(value(activation, z)).all()
    delta = slope(activation, z, activation.keeps_z)
    assert delta.dtype == dtype
    assert np.isfinite(delta).all()


def test_relu_works_on_more_numbers_than_its_buffer_of_zeros():
    z = np.random.default_rng(0).normal(size=3 * 2**17)
    np.testing.assert_array_equal(value(ACTIVATIONS["relu"], z), np.maximum(z, 0))


def test_values_worked_by_hand():
    z = np.array([-1.0, 0.0, 2.0])
    for name, expected in {
        "identity": [-1, 0, 2],
        "relu": [0, 0, 2],
        "leaky_relu": [-0.01, 0, 2],
        "logistic": [1 / (1 + np.e), 0.5, 1 / (1 + np.exp(-2))],
        "tanh": [-0.7615941559557649, 0, 0.9640275800758169],
        "elu": [np.exp(-1) - 1, 0, 2],
        "selu": [1.7580993408473766 * (np.exp(-1) - 1), 0, 2 * 1.0507009873554805],
        "gelu": [-0.15865525393145707, 0, 2 * 0.9772498680518208],  # z P(N <= z), from a table
        "silu": [-1 / (1 + np.e), 0, 2 / (1 + np.exp(-2))],
        "softplus": [np.log(1 + np.exp(-1)), np.log(2), np.log(1 + np.exp(2))],
        "mish": [-np.tanh(np.log(1 + np.exp(-1))), 0, 2 * np.tanh(np.log(1 + np.exp(2)))],
    }.items():
        np.testing.assert_allclose(value(ACTIVATIONS[name], z), expected, rtol=1e-14)


def test_registry_keys_are_names():
    assert all(name == activation.name for name, activation in ACTIVATIONS.items())


def test_activations_of_the_course_have_no_parameters():
    for activation in ACTIVATIONS.values():
        assert activation.parameter_kinds == ()
        assert activation.with_parameters([]) is activation
