"""Activations whose neurons learn how non-linear they are."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sknn_edu.core.activations import ACTIVATIONS
from sknn_edu.core.beyond.parametric_activations import (
    ALL_ACTIVATIONS,
    PARAMETRIC_ACTIVATIONS,
    PREFIX,
    MixedWithIdentity,
    parametric,
)
from sknn_edu.core.losses import LOSSES
from sknn_edu.core.network import Architecture
from tests.core.beyond.architectures import DTYPES, SQUARED_ERROR
from tests.core.gradients import (
    assert_each_derivative,
    assert_float32_agrees,
    assert_prediction_agrees,
    assert_slopes_along_directions,
    random_parameters,
    readable,
    targets_for,
)

EACH = pytest.mark.parametrize("name", PARAMETRIC_ACTIVATIONS)
SUMS = hnp.arrays(np.float64, 12, elements=st.floats(-30, 30))


def architecture_with(name, loss=SQUARED_ERROR, sizes=(3, 4, 5, 2)):
    return Architecture(sizes, (ALL_ACTIVATIONS[name],) * (len(sizes) - 2), loss)


def samples_for(architecture, m=6):
    rng = np.random.default_rng(1)
    return rng.normal(size=(m, 3)), targets_for(architecture.loss, 2, m, rng)


@pytest.mark.parametrize(
    ("name", "loss", "weighted"),
    list(itertools.product(PARAMETRIC_ACTIVATIONS, LOSSES, [False, True])),
    ids=readable,
)
def test_gradient_is_the_slope_of_the_mean_loss(name, loss, weighted):
    architecture = architecture_with(name, LOSSES[loss])
    X, y = samples_for(architecture)
    weight = np.random.default_rng(3).uniform(0, 2, 6) if weighted else None
    parameters = random_parameters(architecture)
    assert_slopes_along_directions(architecture, parameters, X, y, weight=weight, alpha=0.3)


@EACH
@pytest.mark.parametrize("sizes", [(3, 4, 5, 2), (3, 1, 1, 2)], ids=str)
def test_every_derivative_is_the_slope_of_the_mean_loss(name, sizes):
    architecture = architecture_with(name, sizes=sizes)
    assert_each_derivative(
        architecture, random_parameters(architecture), *samples_for(architecture)
    )


@EACH
def test_float32_gives_the_gradient_of_float64(name):
    architecture = architecture_with(name)
    assert_float32_agrees(architecture, *samples_for(architecture))


@DTYPES
@EACH
@pytest.mark.parametrize("sizes", [(3, 4, 5, 2), (3, 1, 1, 2)], ids=str)
def test_prediction_agrees_with_training(name, dtype, sizes):
    architecture = architecture_with(name, sizes=sizes)
    assert_prediction_agrees(architecture, samples_for(architecture)[0].astype(dtype), dtype)


@DTYPES
@pytest.mark.parametrize("name", ["relu", "selu", "mish", "tanh", "gelu"])
def test_a_slope_of_1_gives_the_activation_and_a_slope_of_0_the_identity(name, dtype):
    g, z = ACTIVATIONS[name], np.linspace(-3, 3, 12).astype(dtype)
    a, mixed = np.empty_like(z), np.empty_like(z)
    g.forward(z, a)
    MixedWithIdentity(parametric(g), np.ones((1, 3), dtype)).forward(z, mixed)
    np.testing.assert_allclose(mixed, a, rtol=1e-5, atol=1e-6)
    MixedWithIdentity(parametric(g), np.zeros((1, 3), dtype)).forward(z, mixed)
    np.testing.assert_array_equal(mixed, z)


def test_each_neuron_has_its_own_slope():
    relu = parametric(ACTIVATIONS["relu"])
    for_rows = relu.with_parameters([np.array([1.0, 0.5])])
    a = np.array([[-2.0, -2.0], [4.0, 4.0]])
    for_rows.forward(a.reshape(-1), a.reshape(-1))
    np.testing.assert_array_equal(a, [[0, -1], [4, 4]])


def test_training_arrays_have_one_row_per_neuron():
    # alpha = (1, 1/2); z = -2: a = 0 and -1, da/dalpha = 0 - z = 2, da/dz = 1 - alpha; z = 4: a = 4
    relu, dalpha = parametric(ACTIVATIONS["relu"]), np.empty(2)
    at_work = relu.with_parameters([np.array([1.0, 0.5])], [dalpha])
    z = np.array([[-2.0, 4.0, -2.0], [-2.0, 4.0, 4.0]])
    a, delta = np.empty_like(z), np.array([[1.0, 1.0, 10.0], [1.0, 1.0, 1.0]])
    at_work.forward(z.reshape(-1), a.reshape(-1))
    np.testing.assert_array_equal(a, [[0, 4, 0], [-1, 4, 4]])
    at_work.backward(z.reshape(-1), a.reshape(-1), delta.reshape(-1))
    np.testing.assert_array_equal(dalpha, [2 + 20, 2])
    np.testing.assert_array_equal(delta, [[0, 1, 0], [0.5, 1, 1]])


@EACH
@given(z=SUMS, alpha=st.floats(-2, 2))
def test_forward_is_elementwise_and_may_overwrite_z(name, z, alpha):
    at_work = ALL_ACTIVATIONS[name].with_parameters([np.array([alpha])])
    a, first = np.empty_like(z), np.empty(1)
    at_work.forward(z, a)
    at_work.forward(z[:1].copy(), first)
    assert first[0] == a[0]
    at_work.forward(z, z)
    np.testing.assert_array_equal(z, a)


@EACH
@DTYPES
@pytest.mark.filterwarnings("ignore:overflow")
def test_huge_sums_give_finite_numbers_of_the_same_dtype(name, dtype):
    dalpha = np.empty(1, dtype)
    at_work = ALL_ACTIVATIONS[name].with_parameters([np.array([0.5], dtype)], [dalpha])
    z, a, delta = np.array([-1e30, 0.0, 1e30], dtype), np.empty(3, dtype), np.ones(3, dtype)
    at_work.forward(z, a)
    assert np.isfinite(a).all()
    at_work.backward(z, a, delta)
    assert a.dtype == delta.dtype == dtype
    assert np.isfinite(delta).all()
    assert np.isfinite(dalpha).all()


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_parametric_form_has_the_functions_of_the_activation(name):
    g = ACTIVATIONS[name]
    form = parametric(g)
    assert (form.forward, form.backward) == (g.forward, g.backward)
    assert form.glorot_factor == g.glorot_factor
    assert form.name == f"{PREFIX}{name}"
    assert form.keeps_z
    assert form.parameter_kinds == ("slope",)


def test_all_activations_are_those_of_the_course_and_the_parametric_ones():
    assert set(ALL_ACTIVATIONS) == {*ACTIVATIONS, *PARAMETRIC_ACTIVATIONS}
    assert all(name == g.name for name, g in ALL_ACTIVATIONS.items())
    assert all(name.startswith(PREFIX) for name in PARAMETRIC_ACTIVATIONS)


def test_each_hidden_layer_has_its_own_slopes():
    parameters = architecture_with("parametric_relu").parameters(np.float64)
    assert [[slope.shape for slope in learned] for learned in parameters.of_activations] == [
        [(4,)],
        [(5,)],
    ]
    mixed = Architecture(
        (3, 4, 5, 2), (ALL_ACTIVATIONS["relu"], ALL_ACTIVATIONS["parametric_relu"]), SQUARED_ERROR
    )
    assert [len(learned) for learned in mixed.parameters(np.float64).of_activations] == [0, 1]
    assert_each_derivative(mixed, random_parameters(mixed), *samples_for(mixed))
