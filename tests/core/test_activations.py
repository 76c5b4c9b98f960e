"""Chapter 3: every activation in the registry, so a new one is tested by being added."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sknn_edu.core.activations import ACTIVATIONS

SUMS = hnp.arrays(np.float64, (3, 4), elements=st.floats(-30, 30))


def slope(activation, z):
    a = z.copy()
    activation.forward(a)
    delta = np.ones_like(z)
    activation.backward(a, delta)
    return delta


@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_backward_is_the_slope_of_forward(activation, dtype):
    z = np.array([[-3.0, -1.5, -0.4], [0.3, 1.1, 2.5]], dtype=dtype)
    h = 1e-6 if dtype is np.float64 else 1e-2
    above, below = z + dtype(h), z - dtype(h)
    activation.forward(above)
    activation.forward(below)
    np.testing.assert_allclose(slope(activation, z), (above - below) / (2 * h), rtol=2e-3)


@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)
@given(z=SUMS)
def test_forward_is_elementwise_and_does_not_fall(activation, z):
    a = z.copy()
    activation.forward(a)
    single = z[:1, :1].copy()
    activation.forward(single)
    assert single[0, 0] == a[0, 0]
    assert (np.diff(a.ravel()[np.argsort(z, axis=None)]) >= -1e-15).all()


@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_huge_sums_stay_numbers_of_the_same_dtype(activation, dtype):
    a = np.array([[-1e30, 0.0, 1e30]], dtype=dtype)
    activation.forward(a)
    delta = np.ones_like(a)
    activation.backward(a, delta)
    assert delta.dtype == dtype
    assert np.isfinite(delta).all()


def test_values_worked_by_hand():
    z = np.array([-1.0, 0.0, 2.0])
    for name, expected in {
        "identity": [-1, 0, 2],
        "relu": [0, 0, 2],
        "logistic": [1 / (1 + np.e), 0.5, 1 / (1 + np.exp(-2))],
        "tanh": [-0.7615941559557649, 0, 0.9640275800758169],
    }.items():
        a = z.copy()
        ACTIVATIONS[name].forward(a)
        np.testing.assert_allclose(a, expected, rtol=1e-15)
