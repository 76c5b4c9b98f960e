"""Functions of numbers as inputs of the first layer."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from sknn_edu.core.beyond import number_embedding
from sknn_edu.core.beyond.number_embedding import (
    EMBEDDINGS,
    EmbeddedNumbers,
    Waves,
    columns_to_embed,
)
from sknn_edu.core.beyond.parametric_activations import ALL_ACTIVATIONS
from sknn_edu.core.losses import LOSSES
from tests.core.beyond.architectures import (
    DTYPES,
    EMBEDDED,
    N_FEATURES,
    PBLD,
    PERIODIC,
    architecture_with,
    same_dropout,
    table,
    targets,
)
from tests.core.gradients import (
    assert_each_derivative,
    assert_float32_agrees,
    assert_prediction_agrees,
    assert_slopes_along_directions,
    random_parameters,
    readable,
    targets_for,
)

EACH = pytest.mark.parametrize("name", EMBEDDED)
EACH_EMBEDDING = pytest.mark.parametrize("embedding", [PBLD, PERIODIC], ids=["pbld", "periodic"])


def shapes_of(embedding):
    return [spec.shape for spec in embedding.specs(embedding.n_inputs)[1]]


@EACH
def test_every_derivative_is_the_slope_of_the_mean_loss(name):
    architecture = EMBEDDED[name]
    assert_each_derivative(architecture, random_parameters(architecture), table(9), targets(9))


@EACH
def test_every_derivative_under_dropout_is_the_slope_of_the_loss_under_dropout(name):
    architecture, parameters = EMBEDDED[name], random_parameters(EMBEDDED[name])
    options = {"new_between_layers": same_dropout}
    assert_each_derivative(architecture, parameters, table(9), targets(9), **options)


@pytest.mark.parametrize(
    ("activation", "loss"), list(itertools.product(ALL_ACTIVATIONS, LOSSES)), ids=readable
)
def test_gradient_is_the_slope_for_each_activation_and_loss(activation, loss):
    architecture = replace(architecture_with(PBLD, activation), loss=LOSSES[loss])
    y = targets_for(architecture.loss, 2, 9, np.random.default_rng(1))
    parameters = random_parameters(architecture)
    parameters.theta *= 0.3
    assert_slopes_along_directions(architecture, parameters, table(9), y, n_directions=2, alpha=0.3)


@EACH
def test_float32_gives_the_gradient_of_float64(name):
    assert_float32_agrees(EMBEDDED[name], table(9), targets(9))


@DTYPES
@EACH
def test_prediction_agrees_with_training(name, dtype):
    assert_prediction_agrees(EMBEDDED[name], table(9, dtype), dtype)


def test_an_embedded_number_worked_by_hand():
    # x = 2, w = 1/8, phi = pi / 2: c = cos(2 pi 2 / 8 + pi / 2) = cos(pi) = -1; e = 3 c + 1 = -2
    embedding = EmbeddedNumbers(1, (0,), Waves(n_waves=1, n_functions=1))
    learned = [np.array([[1 / 8]]), np.array([[np.pi / 2]]), np.array([[[3.0]]]), np.array([[1.0]])]
    np.testing.assert_allclose(embedding.transform(np.array([[2.0]]), learned), [[2, -2]])


def test_features_that_are_not_embedded_are_inputs_unchanged():
    X, learned = table(11), [np.ones(shape) for shape in shapes_of(PBLD)]
    np.testing.assert_array_equal(PBLD.transform(X, learned)[:, :N_FEATURES], X)
    learned = [np.ones(shape) for shape in shapes_of(PERIODIC)]
    np.testing.assert_array_equal(
        PERIODIC.transform(X, learned)[:, : N_FEATURES - 2], np.delete(X, [0, 5], axis=1)
    )
    assert PBLD.n_inputs == N_FEATURES + 2 * 3
    assert PERIODIC.n_inputs == N_FEATURES - 2 + 2 * 4


def test_a_column_with_two_values_is_not_embedded():
    assert columns_to_embed(table(50), Waves()) == (0, 5)
    assert columns_to_embed(np.ones((5, 2)), Waves()) == ()


@DTYPES
@EACH_EMBEDDING
def test_embedding_does_not_depend_on_how_the_rows_are_split(embedding, dtype, monkeypatch):
    X, learned = table(11, dtype), [np.ones(shape, dtype) for shape in shapes_of(embedding)]
    at_once = embedding.transform(X, learned)
    assert at_once.shape == (11, embedding.n_inputs)
    assert at_once.dtype == dtype
    monkeypatch.setattr(number_embedding, "ROWS_AT_ONCE", 3)
    np.testing.assert_allclose(embedding.transform(X, learned), at_once, rtol=1e-6)


@EACH_EMBEDDING
def test_the_chain_rule_gives_the_gradient_of_embedded_features(embedding):
    rng = np.random.default_rng(0)
    X, learned = table(4), [rng.normal(size=shape) for shape in shapes_of(embedding)]
    direction, h = rng.normal(size=(1, 1, embedding.n_inputs)), 1e-6
    gradients = embedding.chain_rule(X, learned, np.repeat(direction, 4, axis=0))
    for j in range(N_FEATURES):
        step = h * (np.arange(N_FEATURES) == j)
        rise = embedding.transform(X + step, learned) - embedding.transform(X - step, learned)
        np.testing.assert_allclose(gradients[:, 0, j], rise @ direction[0, 0] / (2 * h), atol=1e-6)


@EACH_EMBEDDING
def test_initial_frequencies_are_small_and_phases_cover_the_circle(embedding):
    wide = replace(embedding, waves=replace(embedding.waves, n_waves=2000, sigma=0.3))
    w, phi, W, b = learned = [np.zeros(shape) for shape in shapes_of(wide)]
    wide.initialize(np.random.RandomState(0), learned)
    assert w.std() == pytest.approx(0.3, rel=0.05)
    assert 3.1 < np.abs(phi).max() <= np.pi
    bound = 1 / np.sqrt(2000)
    assert 0.99 * bound < np.abs(W).max() <= bound
    assert 0 < np.abs(b).max() <= bound


@pytest.mark.parametrize(
    "wrong",
    [
        {"n_waves": 0},
        {"n_waves": 2.5},
        {"n_functions": 0},
        {"n_functions": True},
        {"sigma": 0.0},
        {"sigma": "x"},
    ],
)
def test_invalid_waves_are_refused(wrong):
    with pytest.raises(ValueError, match="n_waves and n_functions must be ints >= 1, and sigma"):
        Waves(**wrong)


def test_hundreds_of_columns_are_only_embedded_on_request():
    X = np.random.default_rng(0).normal(size=(9, 101))
    assert columns_to_embed(X, EMBEDDINGS["auto"]) == ()
    assert columns_to_embed(X[:, 1:], EMBEDDINGS["auto"]) == tuple(range(100))
    assert columns_to_embed(X, EMBEDDINGS["pbld"]) == tuple(range(101))
