"""Learning-rate multipliers for each kind of parameter."""

from dataclasses import replace

import numpy as np
import pytest

from sknn_edu.core.beyond.factored_weights import CATEGORY_VECTOR, FEATURE_SCALE
from sknn_edu.core.beyond.number_embedding import KIND as NUMBER_EMBEDDING
from sknn_edu.core.beyond.parametrization import NTK, PARAMETRIZATIONS, STANDARD, Parametrization
from sknn_edu.core.network import Architecture, is_weight
from sknn_edu.core.optimizers import OPTIMIZERS
from tests.core.beyond.architectures import COMBINED, FACTORED, SQUARED_ERROR
from tests.core.test_optimizers import constants_of, new_state, take_step

ADAM = OPTIMIZERS["adam"]


def multipliers_of(parametrization, architecture, optimizer=ADAM, dtype=np.float64):
    """Parameters whose values are the multipliers of their learning rates."""
    multipliers = architecture.parameters(dtype)
    multipliers.theta[:] = parametrization.learning_rate_multipliers(multipliers, optimizer)
    return multipliers


def test_the_standard_parametrization_changes_no_learning_rate():
    for architecture in (FACTORED["scale"], COMBINED["all"]):
        assert (multipliers_of(STANDARD, architecture).theta == 1).all()
    assert PARAMETRIZATIONS == {"standard": STANDARD, "ntk": NTK}


@pytest.mark.parametrize("solver", ["adam", "sgd", "rmsprop", "adamw"])
def test_ntk_multipliers_give_the_step_of_the_scaled_forward_pass(solver):
    # z = U x / sqrt(n) learned as U must move as W = U / sqrt(n) learned with the multipliers
    n, optimizer = (
        16,
        replace(OPTIMIZERS[solver], **({} if solver == "sgd" else {"epsilon": 1e-30})),
    )
    parameters = Architecture((n, 1), (), SQUARED_ERROR).parameters(np.float64)
    parametrization = Parametrization(divides_by_fan_in=True)
    multipliers = parametrization.learning_rate_multipliers(parameters, optimizer)
    rng = np.random.default_rng(0)
    U, gradients = rng.normal(size=(3, n))[0], rng.normal(size=(3, n))
    W, state_U, state_W = U / np.sqrt(n), new_state(optimizer, U), new_state(optimizer, U)
    for t, dW in enumerate(gradients, 1):
        take_step(optimizer, U, dW / np.sqrt(n), state_U, 0.1)
        rate = optimizer.step_size(0.1, t) * multipliers[:-1]
        constants = constants_of(optimizer, np.float64)
        optimizer.move(W, dW.copy(), state_W.vectors, constants, rate, np.empty(n))
        np.testing.assert_allclose(W, U / np.sqrt(n), rtol=1e-10)


def test_each_kind_of_parameter_has_its_own_multiplier():
    multipliers = multipliers_of(NTK, COMBINED["all"])
    assert {b for bias in multipliers.biases for b in bias} == {0.1}
    assert {s for (slope,) in multipliers.of_activations for s in slope} == {0.1}
    kinds = [spec.kind for spec in multipliers.specs[-1]]
    assert kinds == [FEATURE_SCALE, CATEGORY_VECTOR, *[NUMBER_EMBEDDING] * 4]
    scale, *others = multipliers.of_inputs
    assert (scale == 6).all()
    assert all((values == 1).all() for values in others)
    sizes = np.array([W.shape[0] for W in multipliers.weights])
    np.testing.assert_allclose([W[0, 0] for W in multipliers.weights], sizes**-0.5)
    assert all(len(np.unique(W)) == 1 for W in multipliers.weights)


def test_every_kind_of_parameter_can_have_a_multiplier():
    parametrization = Parametrization(2.0, 3.0, 4.0, 5.0, 6.0)
    multipliers = multipliers_of(parametrization, COMBINED["all"])
    assert (multipliers.biases[0] == 2).all()
    assert (multipliers.of_activations[0][0] == 4).all()
    assert [values.flat[0] for values in multipliers.of_inputs] == [3, 5, 6, 6, 6, 6]
    assert (multipliers.weights[0] == 1).all()


def test_plain_gradient_descent_divides_the_rate_by_the_fan_in():
    architecture = Architecture((16, 2), (), SQUARED_ERROR)
    (W,) = multipliers_of(NTK, architecture, OPTIMIZERS["sgd"]).weights
    np.testing.assert_allclose(W, 1 / 16)
    (W,) = multipliers_of(NTK, architecture).weights
    np.testing.assert_allclose(W, 1 / 4)


def test_multipliers_have_the_dtype_of_the_parameters():
    parameters = COMBINED["all"].parameters(np.float32)
    assert NTK.learning_rate_multipliers(parameters, ADAM).dtype == np.float32


@pytest.mark.parametrize("wrong", [-1, np.inf, np.nan, "x"])
@pytest.mark.parametrize(
    "kind", ["bias", "feature_scale", "slope", "category_vector", "number_embedding"]
)
def test_invalid_multipliers_are_refused(kind, wrong):
    with pytest.raises(ValueError, match="finite numbers >= 0"):
        Parametrization(**{kind: wrong})


@pytest.mark.parametrize("name", COMBINED)
def test_penalties_only_act_on_weights(name):
    marked = COMBINED[name].parameters(np.float64)
    marked.theta[:] = marked.per_parameter(is_weight)
    assert all((W == 1).all() for W in marked.weights)
    assert all((b == 0).all() for b in marked.biases)
    assert marked.theta.sum() == sum(W.size for W in marked.weights)
