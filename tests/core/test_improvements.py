"""Chapters 12 and 13, parametric activations and the start from data: what changes, what not."""

from dataclasses import replace

import numpy as np
import pytest

from sknn_edu.core.activations import ACTIVATIONS, Bent, for_rows, parametric
from sknn_edu.core.embeddings import EMBEDDINGS, NumberEmbedding, Waves, worth_embedding
from sknn_edu.core.factors import Factors, find_groups
from sknn_edu.core.initializers import data_driven
from sknn_edu.core.losses import LOSSES
from sknn_edu.core.network import Pass, answers, inner_inputs
from sknn_edu.core.optimizers import OPTIMIZERS, State
from sknn_edu.core.parameters import Network, is_weight
from sknn_edu.core.parametrization import NTK, STANDARD, Parametrization
from tests.core.test_optimizers import take_step

SQUARED_ERROR = LOSSES["squared_error", "identity"]
DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32])

# Seven features: 0 and 5 numbers, 1 to 4 a category of four levels, 6 a category of two.
N_FEATURES = 7
EMBEDDED = NumberEmbedding(N_FEATURES, (0, 5), Waves(n_waves=5, sigma=0.7))
PERIODIC = NumberEmbedding(N_FEATURES, (0, 5), replace(EMBEDDINGS["periodic"], sigma=0.7))


def table(n, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, N_FEATURES))
    X[:, 1:5] = np.eye(4)[rng.integers(4, size=n)]
    X[:, 6] = rng.integers(2, size=n)
    return X.astype(dtype)


def network_with(factors=None, embedding=None, activation="tanh", n_hidden=(6, 4)):
    n_inputs = N_FEATURES if embedding is None else embedding.n_inputs
    g = ACTIVATIONS[activation]
    return Network(
        (n_inputs, *n_hidden, 2), (g,) * len(n_hidden), SQUARED_ERROR, factors, embedding
    )


NETWORKS = {
    "scale": network_with(Factors(N_FEATURES, scales=True)),
    "category": network_with(Factors(N_FEATURES, False, ((1, 5),), 2)),
    "scale and category": network_with(Factors(N_FEATURES, True, ((1, 5),), 3)),
    "pbld": network_with(embedding=EMBEDDED),
    "periodic": network_with(embedding=PERIODIC),
    "parametric": network_with(activation="parametric_mish"),
    "all": network_with(
        Factors(EMBEDDED.n_inputs, True, ((1, 5),), 2), EMBEDDED, "parametric_selu"
    ),
}


def random_parameters(network, dtype=np.float64):
    parameters = network.parameters(dtype)
    parameters.theta[:] = np.random.default_rng(3).normal(size=parameters.theta.size)
    return parameters


def loss_and_gradient(network, parameters, X, y):
    gradient = network.parameters(parameters.theta.dtype)
    work = Pass(network, parameters, gradient, len(X))
    inputs = np.hstack([X, np.ones((len(X), 1), X.dtype)])
    loss = network.loss.value(y, work.forward(inputs)).mean()
    work.backward(inputs, y, work.share)
    return float(loss), gradient.theta


@pytest.mark.parametrize("name", NETWORKS)
def test_every_derivative_is_the_slope_of_the_mean_loss(name):
    network, X = NETWORKS[name], table(9)
    parameters, y = random_parameters(network), np.random.default_rng(1).normal(size=(2, 9))
    _, gradient = loss_and_gradient(network, parameters, X, y)
    start, h = parameters.theta.copy(), 1e-6
    for j in range(start.size):
        sides = []
        for step in (h, -h):
            parameters.theta[:] = start
            parameters.theta[j] += step
            sides.append(loss_and_gradient(network, parameters, X, y)[0])
        assert gradient[j] == pytest.approx((sides[0] - sides[1]) / (2 * h), rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("name", NETWORKS)
def test_float32_gives_the_gradient_of_float64(name):
    network, X = NETWORKS[name], table(9)
    y = np.random.default_rng(1).normal(size=(2, 9))
    _, exact = loss_and_gradient(network, random_parameters(network), X, y)
    _, rough = loss_and_gradient(
        network, random_parameters(network, np.float32), X.astype(np.float32), y.astype(np.float32)
    )
    assert rough.dtype == np.float32
    np.testing.assert_allclose(rough, exact, rtol=1e-3, atol=1e-4 * np.abs(exact).max())


@DTYPES
@pytest.mark.parametrize("name", NETWORKS)
def test_answers_are_those_of_training(name, dtype):
    network, X = NETWORKS[name], table(9, dtype)
    parameters = random_parameters(network, dtype)
    work = Pass(network, parameters, network.parameters(dtype), 9)
    said = work.forward(np.hstack([X, np.ones((9, 1), dtype)])).T
    z = answers(network, parameters, X)
    assert z.dtype == dtype
    np.testing.assert_allclose(z, said, rtol=1e-10 if dtype is np.float64 else 1e-3, atol=1e-4)


# -- factors of the first layer ----------------------------------------------------------------


def test_a_first_layer_in_factors_worked_by_hand():
    # one number with s = 2 and V = (3,), a category of two levels with vectors 1 and 10, whose
    # scale is 5 and whose V is (7,): W = (2 3, 1 5 7, 10 5 7)
    factors = Factors(3, True, ((1, 3),), 1)
    V, own = np.array([[3.0], [7.0], [0.5]]), [np.array([2.0, 5.0]), np.array([[1.0], [10.0]])]
    block = np.empty((4, 1))
    factors.compose(V, own, block)
    np.testing.assert_array_equal(block[:, 0], [6, 35, 350, 0.5])
    # dW = (1, 1, 1), db = 1: dV = (2, 5 (1 + 10), 1), ds = (3, (1 + 10) 7), dE = (5 7, 5 7)
    dV, ds, dE = np.empty((3, 1)), np.empty(2), np.empty((2, 1))
    factors.chain(V, own, np.ones((4, 1)), dV, [ds, dE])
    np.testing.assert_array_equal(dV[:, 0], [2, 55, 1])
    np.testing.assert_array_equal(ds, [3, 77])
    np.testing.assert_array_equal(dE[:, 0], [35, 35])


@DTYPES
@pytest.mark.parametrize("name", ["scale", "category", "scale and category"])
def test_factors_can_be_divided_out_again(name, dtype):
    network = NETWORKS[name]
    parameters, again = random_parameters(network, dtype), network.parameters(dtype)
    again.load_others(parameters.bends, parameters.factors, parameters.embedding)
    again.load(parameters.weights, parameters.biases)
    tolerance = 1e-10 if dtype is np.float64 else 1e-3
    np.testing.assert_allclose(again.theta, parameters.theta, rtol=tolerance, atol=tolerance)


def test_a_feature_of_scale_zero_stays_silent_when_weights_are_loaded():
    network = NETWORKS["scale"]
    parameters = random_parameters(network)
    parameters.factors[0][2] = 0
    again = network.parameters(float)
    again.load_others(parameters.bends, parameters.factors, parameters.embedding)
    again.load(parameters.weights, parameters.biases)
    assert (again.weights[0][2] == 0).all()
    np.testing.assert_allclose(again.weights[0], parameters.weights[0], rtol=1e-12)


def test_the_inner_inputs_times_v_are_the_inputs_times_w():
    for network in NETWORKS.values():
        parameters, X = random_parameters(network), table(9)
        if network.embedding is None:
            V = parameters.learned[0][:-1]
            np.testing.assert_allclose(
                inner_inputs(network, parameters, X) @ V, X @ parameters.weights[0], atol=1e-12
            )


def test_groups_are_runs_of_columns_of_which_one_is_1():
    X = table(50)
    assert find_groups(X, longer_than=3) == ((1, 5),)
    assert find_groups(X, longer_than=4) == ()


def test_neighbouring_categories_are_told_apart():
    rng = np.random.default_rng(0)
    levels = [np.eye(k)[rng.integers(k, size=200)] for k in (5, 3, 9)]
    X = np.hstack(levels)
    assert find_groups(X, longer_than=2) == ((0, 5), (5, 8), (8, 17))
    assert find_groups(X, longer_than=3) == ((0, 5), (8, 17))


def test_categories_with_gaps_are_told_apart_where_two_levels_meet():
    rng = np.random.default_rng(0)
    X = np.hstack([np.eye(5)[rng.integers(5, size=300)], np.eye(4)[rng.integers(4, size=300)]])
    X[::10, :5] = 0
    assert find_groups(X, longer_than=2) == ((0, 5), (5, 9))


def test_numbers_are_no_category():
    assert find_groups(np.random.default_rng(0).normal(size=(20, 9)), longer_than=1) == ()


# -- embedded numbers --------------------------------------------------------------------------


def test_an_embedded_number_worked_by_hand():
    # x = 2, w = 1/8, phi = pi / 2: c = cos(2 pi 2 / 8 + pi / 2) = cos(pi) = -1; e = 3 c + 1 = -2
    embedding = NumberEmbedding(1, (0,), Waves(n_waves=1, n_functions=1))
    own = [np.array([[1 / 8]]), np.array([[np.pi / 2]]), np.array([[[3.0]]]), np.array([[1.0]])]
    np.testing.assert_allclose(embedding.embed(np.array([[2.0]]), own, 10), [[2, -2]])


def test_a_column_of_two_values_is_not_worth_embedding():
    assert worth_embedding(table(50)) == (0, 5)


@DTYPES
@pytest.mark.parametrize("embedding", [EMBEDDED, PERIODIC])
def test_embedding_does_not_depend_on_the_walk_over_the_rows(embedding, dtype):
    X, own = table(11, dtype), [np.ones(shape, dtype) for shape in embedding.shapes()]
    at_once = embedding.embed(X, own, 100)
    assert at_once.shape == (11, embedding.n_inputs)
    assert at_once.dtype == dtype
    np.testing.assert_allclose(embedding.embed(X, own, 3), at_once, rtol=1e-6)


@pytest.mark.parametrize("embedding", [EMBEDDED, PERIODIC])
def test_slopes_are_chained_through_an_embedding(embedding):
    rng = np.random.default_rng(0)
    X, own = table(4), [rng.normal(size=shape) for shape in embedding.shapes()]
    direction, h = rng.normal(size=(1, 1, embedding.n_inputs)), 1e-6
    slopes = embedding.chain(X, own, np.repeat(direction, 4, axis=0))
    for j in range(N_FEATURES):
        step = h * (np.arange(N_FEATURES) == j)
        rise = embedding.embed(X + step, own, 10) - embedding.embed(X - step, own, 10)
        np.testing.assert_allclose(slopes[:, 0, j], rise @ direction[0, 0] / (2 * h), atol=1e-6)


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
def test_waves_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValueError, match="n_waves and n_functions must be ints >= 1, and sigma"):
        Waves(**wrong)


@pytest.mark.parametrize("wrong", [-1, np.inf, np.nan, "x"])
def test_factors_of_the_learning_rate_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValueError, match="finite numbers of at least 0"):
        Parametrization(bend=wrong)


# -- parametric activations --------------------------------------------------------------------


@DTYPES
@pytest.mark.parametrize("name", ["relu", "selu", "mish", "tanh", "gelu"])
def test_a_bend_of_one_is_the_activation_and_of_zero_a_straight_line(name, dtype):
    g, z = ACTIVATIONS[name], np.linspace(-3, 3, 12).astype(dtype)
    a, bent = np.empty_like(z), np.empty_like(z)
    g.forward(z, a)
    Bent(g, np.ones((1, 3), dtype)).forward(z, bent)
    np.testing.assert_allclose(bent, a, rtol=1e-5, atol=1e-6)
    Bent(g, np.zeros((1, 3), dtype)).forward(z, bent)
    np.testing.assert_array_equal(bent, z)


def test_each_neuron_has_its_bend():
    relu = parametric(ACTIVATIONS["relu"])
    (rows,) = for_rows([relu], [np.array([1.0, 0.5])])
    a = np.array([[-2.0, -2.0], [4.0, 4.0]])
    rows.forward(a.reshape(-1), a.reshape(-1))
    np.testing.assert_array_equal(a, [[0, -1], [4, 4]])


# -- parametrisation ---------------------------------------------------------------------------


def test_the_standard_parametrisation_has_no_factors():
    assert STANDARD.factors(NETWORKS["scale"], OPTIMIZERS["adam"], float) is None


@pytest.mark.parametrize("solver", ["adam", "sgd", "rmsprop"])
def test_a_step_in_neural_tangent_units_is_that_of_the_scaled_forward_pass(solver):
    # z = V x / sqrt(n) learned as V must move as W = V / sqrt(n) learned with the factors
    n, optimizer = (
        16,
        replace(OPTIMIZERS[solver], **({} if solver == "sgd" else {"epsilon": 1e-30})),
    )
    network = Network((n, 1), (), SQUARED_ERROR)
    factors = Parametrization(divides_by_fan_in=True).factors(network, optimizer, float)
    rng = np.random.default_rng(0)
    V, dW = rng.normal(size=(3, n))[0], rng.normal(size=(3, n))
    W, state_V, state_W = V / np.sqrt(n), State(optimizer, V), State(optimizer, V)
    for t, slope in enumerate(dW, 1):
        take_step(optimizer, V, slope / np.sqrt(n), state_V, 0.1)
        state_W.t = t
        rate = optimizer.rate(0.1, t) * factors[:-1]
        constants = [np.array(c) for c in optimizer.constants()]
        optimizer.move(W, slope.copy(), state_W.vectors, constants, rate, np.empty(n))
        np.testing.assert_allclose(W, V / np.sqrt(n), rtol=1e-10)


def test_each_kind_has_its_learning_rate_factor():
    network = NETWORKS["all"]
    by_kind = network.parameters(float)
    by_kind.theta[:] = NTK.factors(network, OPTIMIZERS["adam"], float)
    said = {kind: np.unique(part).tolist() for kind, _, part in by_kind.by_kind()}
    assert said["bias"] == [0.1]
    assert said["scale"] == [6.0]
    assert said["bend"] == [0.1]
    assert said["embedding"] == [1.0]
    assert said["category"] == [1.0]
    sizes = [W.shape[0] - 1 for W in by_kind.learned]
    np.testing.assert_allclose([W[0, 0] for W in by_kind.learned], np.array(sizes) ** -0.5)


def test_penalties_act_on_weights_alone():
    network = NETWORKS["all"]
    marked = network.parameters(float)
    marked.theta[:] = network.each(is_weight, float)
    assert all((block[:-1] == 1).all() and (block[-1] == 0).all() for block in marked.learned)
    assert marked.theta.sum() == sum(block[:-1].size for block in marked.learned)


# -- the start from data -----------------------------------------------------------------------


def started(X, sizes=(7, 60, 50, 2), activation="mish"):
    network = Network(sizes, (ACTIVATIONS[activation],) * (len(sizes) - 2), SQUARED_ERROR)
    parameters = network.parameters(X.dtype)
    rng = np.random.RandomState(0)
    data_driven(rng, network.activations, parameters.weights, parameters.biases, X)
    return network, parameters


@DTYPES
def test_a_start_from_data_lets_every_sum_vary_by_one(dtype):
    X = table(200, dtype)
    network, parameters = started(X)
    a = X
    for k in range(2):
        z = a @ parameters.weights[k]
        np.testing.assert_allclose(z.std(axis=0), 1, rtol=1e-3)
        z += parameters.biases[k]
        a = np.empty_like(z)
        network.activations[k].forward(z.reshape(-1), a.reshape(-1))
    assert (answers(network, parameters, X) == 0).all()


def test_a_start_from_data_bends_every_neuron_among_the_data():
    X = table(200)
    _, parameters = started(X)
    z = X @ parameters.weights[0] + parameters.biases[0]
    assert (z.min(axis=0) < 0).all()
    assert (z.max(axis=0) > 0).all()


def test_a_start_from_samples_that_do_not_vary_is_finite():
    _, parameters = started(np.full((10, 7), 3.0))
    assert np.isfinite(parameters.theta).all()
    assert 0.1 < parameters.weights[0].std() * np.sqrt(7) < 10
