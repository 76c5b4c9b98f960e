"""First-layer weights that are computed as a product."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array

from sknn_edu.core.beyond.factored_weights import (
    CATEGORY_VECTOR,
    FEATURE_SCALE,
    CountsOfOnes,
    FactoredWeights,
    count_ones,
    find_one_hot_groups,
    one_hot_runs,
)
from sknn_edu.core.beyond.parametric_activations import ALL_ACTIVATIONS
from sknn_edu.core.losses import LOSSES
from sknn_edu.core.network import ParameterSpec
from tests.core.beyond.architectures import (
    DTYPES,
    FACTORED,
    PBLD,
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

EACH = pytest.mark.parametrize("name", FACTORED)


@EACH
def test_every_derivative_is_the_slope_of_the_mean_loss(name):
    architecture = FACTORED[name]
    assert_each_derivative(architecture, random_parameters(architecture), table(9), targets(9))


@EACH
def test_every_derivative_under_dropout_is_the_slope_of_the_loss_under_dropout(name):
    architecture, parameters = FACTORED[name], random_parameters(FACTORED[name])
    options = {"new_between_layers": same_dropout}
    assert_each_derivative(architecture, parameters, table(9), targets(9), **options)


@pytest.mark.parametrize(
    ("activation", "loss"), list(itertools.product(ALL_ACTIVATIONS, LOSSES)), ids=readable
)
def test_gradient_is_the_slope_for_each_activation_and_loss(activation, loss):
    inputs = FACTORED["scale and category"].inputs
    architecture = replace(architecture_with(inputs, activation), loss=LOSSES[loss])
    y = targets_for(architecture.loss, 2, 9, np.random.default_rng(1))
    parameters = random_parameters(architecture)
    parameters.theta *= 0.3
    assert_slopes_along_directions(architecture, parameters, table(9), y, n_directions=2, alpha=0.3)


@EACH
def test_float32_gives_the_gradient_of_float64(name):
    assert_float32_agrees(FACTORED[name], table(9), targets(9))


@DTYPES
@EACH
def test_prediction_agrees_with_training(name, dtype):
    assert_prediction_agrees(FACTORED[name], table(9, dtype), dtype)


def test_a_factored_first_layer_worked_by_hand():
    # one number with s = 2 and U = (3,), a category of two levels with vectors 1 and 10, whose
    # scale is 5 and whose U is (7,): W = (2 3, 1 5 7, 10 5 7)
    factoring = FactoredWeights(3, True, ((1, 3),), 1)
    U, learned = np.array([[3.0], [7.0]]), [np.array([2.0, 5.0]), np.array([[1.0], [10.0]])]
    W = factoring.compose(U, learned)
    np.testing.assert_array_equal(W[:, 0], [6, 35, 350])
    np.testing.assert_allclose(factoring.decompose(W, learned), U, rtol=1e-14)
    # dW = (1, 1, 1): dU = (2, 5 (1 + 10)), ds = (3, (1 + 10) 7), dE = (5 7, 5 7)
    dU, ds, dE = np.empty((2, 1)), np.empty(2), np.empty((2, 1))
    factoring.differentiate(U, learned, np.ones((3, 1)), dU, [ds, dE])
    np.testing.assert_array_equal(dU[:, 0], [2, 55])
    np.testing.assert_array_equal(ds, [3, 77])
    np.testing.assert_array_equal(dE[:, 0], [35, 35])
    # s E^T x for the number 4 and the second level: 2 4 and 5 10
    np.testing.assert_array_equal(
        factoring.learned_inputs(np.array([[4.0, 0.0, 1.0]]), learned), [[8, 50]]
    )


def test_the_bias_of_a_factored_layer_is_not_factored():
    architecture = FACTORED["scale and category"]
    parameters = random_parameters(architecture)
    z = architecture.output_sums(parameters, table(9))
    parameters.biases[-1] += 1
    np.testing.assert_allclose(architecture.output_sums(parameters, table(9)), z + 1, rtol=1e-12)
    hidden = parameters.weights[0].shape[1]
    assert parameters.biases[0].shape == (hidden,)


def test_specs_list_the_learned_factors_before_the_parameters_of_the_base():
    factoring = FactoredWeights(PBLD.n_inputs, True, ((1, 5),), 2, PBLD)
    n_rows, (scale, vectors, *of_base) = factoring.specs(PBLD.n_inputs)
    assert n_rows == factoring.n_inner == PBLD.n_inputs - 4 + 2
    assert scale == ParameterSpec(FEATURE_SCALE, (n_rows,))
    assert vectors == ParameterSpec(CATEGORY_VECTOR, (4, 2))
    assert of_base == PBLD.specs(PBLD.n_inputs)[1]
    learned = [np.empty(spec.shape) for spec in (scale, vectors, *of_base)]
    assert factoring.of_base(learned) == learned[2:]


def test_scales_start_at_1_and_vectors_are_drawn():
    factoring = FactoredWeights(PBLD.n_inputs, True, ((1, 5),), 2, PBLD)
    _, specs = factoring.specs(PBLD.n_inputs)
    learned, of_base = ([np.zeros(spec.shape) for spec in specs] for _ in range(2))
    factoring.initialize(np.random.RandomState(0), learned)
    assert (learned[0] == 1).all()
    assert len(np.unique(learned[1])) == 8
    PBLD.initialize(np.random.RandomState(0), of_base[2:])
    for values, expected in zip(learned[2:], of_base[2:], strict=True):
        np.testing.assert_array_equal(values, expected)  # the base draws first


@DTYPES
@EACH
def test_decompose_inverts_compose(name, dtype):
    architecture = FACTORED[name]
    parameters = random_parameters(architecture, dtype)
    W = architecture.fitted_weights(parameters)[0]
    U = architecture.inputs.decompose(W, parameters.of_inputs)
    assert U.dtype == dtype
    tolerance = 1e-10 if dtype is np.float64 else 1e-3
    again = architecture.inputs.compose(U, parameters.of_inputs)
    np.testing.assert_allclose(again, W, rtol=tolerance, atol=tolerance)
    if name in ("scale", "category", "scale and category"):  # if the factors have full rank
        np.testing.assert_allclose(U, parameters.weights[0], rtol=tolerance, atol=tolerance)


def test_decompose_keeps_a_feature_of_scale_0_at_0():
    architecture = FACTORED["scale"]
    parameters = random_parameters(architecture)
    parameters.of_inputs[0][2] = 0
    W = architecture.fitted_weights(parameters)[0]
    U = architecture.inputs.decompose(W, parameters.of_inputs)
    assert np.isfinite(U).all()
    again = architecture.inputs.compose(U, parameters.of_inputs)
    assert (again[2] == 0).all()
    np.testing.assert_allclose(again, W, rtol=1e-12)


@EACH
def test_composed_weights_share_no_memory_with_learned_parameters(name):
    architecture = FACTORED[name]
    parameters = random_parameters(architecture)
    theta = parameters.theta.copy()
    first, *others = architecture.fitted_weights(parameters)
    first[...] = 0
    np.testing.assert_array_equal(parameters.theta, theta)
    assert all(W is learned for W, learned in zip(others, parameters.weights[1:], strict=True))


# -- one-hot encoded categories ----------------------------------------------------------------


def test_one_hot_groups_are_runs_of_columns_with_at_most_one_1_per_row():
    X = table(50)
    assert find_one_hot_groups(X, min_levels=3) == ((1, 5),)
    assert find_one_hot_groups(X, min_levels=4) == ()


def test_neighbouring_one_hot_categories_are_separated():
    rng = np.random.default_rng(0)
    levels = [np.eye(k)[rng.integers(k, size=200)] for k in (5, 3, 9)]
    X = np.hstack(levels)
    assert find_one_hot_groups(X, min_levels=2) == ((0, 5), (5, 8), (8, 17))
    assert find_one_hot_groups(X, min_levels=3) == ((0, 5), (8, 17))


def test_one_hot_categories_with_missing_values_are_separated_where_two_levels_overlap():
    rng = np.random.default_rng(0)
    X = np.hstack([np.eye(5)[rng.integers(5, size=300)], np.eye(4)[rng.integers(4, size=300)]])
    X[::10, :5] = 0
    assert find_one_hot_groups(X, min_levels=2) == ((0, 5), (5, 9))


def test_numbers_are_not_one_hot_groups():
    X = np.random.default_rng(0).normal(size=(20, 9))
    assert find_one_hot_groups(X, min_levels=1) == ()


def test_scales_act_on_sparse_samples_as_well():
    architecture = FACTORED["scale"]
    parameters, X = random_parameters(architecture), table(9)
    dense = architecture.output_sums(parameters, X)
    np.testing.assert_allclose(
        architecture.output_sums(parameters, csr_array(X)), dense, rtol=1e-12
    )


def test_groups_found_from_counts_of_parts_are_those_of_all_rows():
    rng = np.random.default_rng(0)
    for _ in range(50):
        levels = [np.eye(k)[rng.integers(0, k, 40)] for k in rng.integers(2, 5, 3)]
        X = np.hstack([*levels, rng.integers(0, 3, (40, 1)), rng.random((40, 3)) < 0.1])
        parts = [count_ones(X[k::3], slice(None)) for k in range(3)]
        is_binary, together = zip(*parts, strict=True)
        ones = CountsOfOnes(40, sum(together))
        found = one_hot_runs(np.all(is_binary, axis=0), ones, min_levels=1)
        assert found == find_one_hot_groups(X, min_levels=1)
