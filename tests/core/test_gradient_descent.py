"""Mini-batches, and one step of gradient descent."""

import numpy as np
import pytest

from sknn_edu.core.activations import ACTIVATIONS
from sknn_edu.core.beyond.dropout import Dropout
from sknn_edu.core.gradient_descent import (
    GradientDescent,
    ParameterUpdate,
    Regularization,
    clip_norm,
)
from sknn_edu.core.losses import LOSSES, add_l2
from sknn_edu.core.network import Architecture, is_weight
from sknn_edu.core.optimizers import OPTIMIZERS, SGD
from sknn_edu.core.schedules import Adaptive, Constant, Curve, InverseScaling
from sknn_edu.core.speed.chunks import CHUNK_LENGTH
from sknn_edu.core.speed.mini_batches import MiniBatches
from tests.core.gradients import loss_and_gradient, random_parameters
from tests.core.test_optimizers import new_state, take_step

SQUARED_ERROR = LOSSES["squared_error", "identity"]
DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32])
EACH_OPTIMIZER = pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)


def regression(n=40, weight=None):
    """Forty samples on a plane, in batches of ten, and a network without hidden layers."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 3))
    y = X @ [[1.0], [2.0], [-1.0]] + 0.5
    architecture = Architecture((3, 1), (), SQUARED_ERROR)
    batches = MiniBatches(X, y, 1, weight, 10, np.float64)
    return architecture, architecture.parameters(np.float64), batches


def learner_with(optimizer=None, schedule=None, eta_0=0.1, n_epochs=4, weight=None, **options):
    architecture, parameters, batches = regression(weight=weight)
    optimizer, schedule = optimizer or SGD(0, False), schedule or Constant()
    return GradientDescent(
        architecture, parameters, batches, optimizer, schedule, eta_0, n_epochs, **options
    )


# -- one step ----------------------------------------------------------------------------------


@EACH_OPTIMIZER
@pytest.mark.parametrize(
    ("alpha", "decay", "max_norm"),
    [(0, 0, np.inf), (0.5, 0, np.inf), (0.5, 0.1, 1.0), (0, 0.1, 1.0)],
)
@DTYPES
def test_updating_chunk_by_chunk_equals_updating_all_at_once(
    optimizer, alpha, decay, max_norm, dtype
):
    rng = np.random.default_rng(0)
    sizes = (CHUNK_LENGTH // 8, 10, 3)
    parameters = Architecture(sizes, (ACTIVATIONS["relu"],), SQUARED_ERROR).parameters(dtype)
    gradient, weights = parameters.zeros_like(), parameters.per_parameter(is_weight)
    theta, g = parameters.theta, gradient.theta
    theta[:] = rng.normal(size=theta.size)
    whole, state = theta.copy(), new_state(optimizer, theta)
    regularization = Regularization(alpha=alpha, weight_decay=decay, max_norm=max_norm)
    update = ParameterUpdate(
        optimizer, new_state(optimizer, theta), parameters, gradient, regularization
    )
    for n in (10, 10, 4):  # batches of different sizes
        g[:] = rng.normal(size=g.size)
        clipped = g * dtype(min(1, max_norm / np.linalg.norm(g)))
        whole -= dtype(0.1 * decay) * weights * whole
        penalty = add_l2(clipped, whole, weights * dtype(alpha / n), np.empty_like(whole))
        assert update.step(0.1, n) == pytest.approx(n * penalty, rel=1e-5)
        take_step(optimizer, whole, clipped, state, 0.1)
    tolerance = 1e-12 if dtype is np.float64 else 1e-5
    assert np.linalg.norm(theta - whole) < tolerance * np.linalg.norm(whole)


@EACH_OPTIMIZER
@DTYPES
def test_multipliers_act_chunk_by_chunk_too(optimizer, dtype):
    rng = np.random.default_rng(0)
    sizes = (CHUNK_LENGTH // 8, 10, 3)
    parameters = Architecture(sizes, (ACTIVATIONS["relu"],), SQUARED_ERROR).parameters(dtype)
    gradient = parameters.zeros_like()
    theta, g = parameters.theta, gradient.theta
    multipliers = np.repeat([1, 3], [theta.size - 1000, 1000]).astype(dtype)
    whole, state = theta.copy(), new_state(optimizer, theta)
    update = ParameterUpdate(
        optimizer, new_state(optimizer, theta), parameters, gradient, Regularization(), multipliers
    )
    for n in (10, 4):
        g[:] = rng.normal(size=g.size)
        take_step(optimizer, whole, g.copy(), state, 0.1, multipliers)
        assert update.step(0.1, n) == 0
    tolerance = 1e-12 if dtype is np.float64 else 1e-5
    assert np.linalg.norm(theta - whole) < tolerance * np.linalg.norm(whole)


def test_one_regularised_step_worked_by_hand():
    # theta = (W, b) = (4, 2), eta = 1/2, g = (3, 4) clipped to norm 1: (0.6, 0.8)
    # decay 1/4: W = 4 - 1/2 * 1/4 * 4 = 3.5; L2 with alpha / n = 2 / 4: gradient + 1.75,
    # penalty alpha / 2 * 3.5^2
    parameters = Architecture((1, 1), (), SQUARED_ERROR).parameters(np.float64)
    gradient, optimizer = parameters.zeros_like(), SGD(0, False)
    parameters.theta[:], gradient.theta[:] = [4, 2], [3, 4]
    state = new_state(optimizer, parameters.theta)
    regularization = Regularization(alpha=2.0, weight_decay=0.25, max_norm=1.0)
    update = ParameterUpdate(optimizer, state, parameters, gradient, regularization)
    assert update.step(0.5, 4) == 12.25
    np.testing.assert_allclose(parameters.theta, [3.5 - 0.5 * (0.6 + 1.75), 2 - 0.5 * 0.8])
    assert state.t == 1


def test_the_decay_factor_scales_the_decay():
    parameters = Architecture((1, 1), (), SQUARED_ERROR).parameters(np.float64)
    optimizer = SGD(0, False)
    parameters.theta[:] = 8
    state = new_state(optimizer, parameters.theta)
    update = ParameterUpdate(
        optimizer, state, parameters, parameters.zeros_like(), Regularization(weight_decay=0.25)
    )
    update.step(0.5, 1, decay_factor=0.5)
    np.testing.assert_array_equal(parameters.theta, [8 - 8 / 16, 8])


@DTYPES
def test_only_long_gradients_are_clipped(dtype):
    g = np.array([3, 4], dtype)
    clip_norm(g, 5.0)
    np.testing.assert_array_equal(g, [3, 4])
    clip_norm(g, 2.5)
    np.testing.assert_allclose(g, [1.5, 2])
    assert g.dtype == dtype


@DTYPES
@pytest.mark.filterwarnings("ignore:overflow")
def test_a_gradient_whose_square_overflows_is_clipped_as_well(dtype):
    huge = np.finfo(dtype).max / 10
    g = np.array([3, -4], dtype) * dtype(huge / 5)
    clip_norm(g, 5.0)
    np.testing.assert_allclose(g, [3, -4], rtol=1e-6)


# -- epochs ------------------------------------------------------------------------------------


def test_gradient_descent_solves_a_linear_regression():
    learner = learner_with(SGD(), n_epochs=400)
    for _ in range(100):
        loss = learner.epoch(np.arange(40))
    assert loss < 1e-12
    np.testing.assert_allclose(learner.parameters.theta, [1, 2, -1, 0.5], rtol=1e-6)
    assert learner.state.n_seen == 4000
    assert (learner.state.n_epochs, learner.state.t) == (100, 400)


def test_an_epoch_takes_one_step_for_each_batch():
    learner, order = learner_with(), np.random.default_rng(1).permutation(40)
    architecture, parameters, batches = regression()
    X, y, loss = batches.X[order], batches.y[order], 0.0
    for rows in np.split(np.arange(40), 4):
        of_batch, g = loss_and_gradient(architecture, parameters, X[rows], y[rows].T, alpha=0)
        loss += of_batch / 4
        parameters.theta[:] -= 0.1 * g
    assert learner.epoch(order) == pytest.approx(loss, rel=1e-12)
    np.testing.assert_allclose(learner.parameters.theta, parameters.theta, rtol=1e-12)


def test_the_last_batch_may_be_smaller():
    learner, order = learner_with(), np.arange(25)
    architecture, parameters, batches = regression()
    loss = 0.0
    for rows in np.split(order, [10, 20]):
        X, y = batches.X[rows], batches.y[rows].T
        of_batch, g = loss_and_gradient(architecture, parameters, X, y)
        loss += of_batch * len(rows) / 25
        parameters.theta[:] -= 0.1 * g
    assert learner.epoch(order) == pytest.approx(loss, rel=1e-12)
    np.testing.assert_allclose(learner.parameters.theta, parameters.theta, rtol=1e-12)


def test_the_loss_of_an_epoch_includes_the_penalty():
    learner = learner_with(eta_0=0.0, regularization=Regularization(alpha=2.0))
    learner.parameters.theta[:] = [3, 4, 0, 7]
    without = learner_with(eta_0=0.0)
    without.parameters.theta[:] = [3, 4, 0, 7]
    # alpha / (2 n) ||W||^2 = 25 / 10 for each batch of ten
    penalty = learner.epoch(np.arange(40)) - without.epoch(np.arange(40))
    assert penalty == pytest.approx(2.5)


def test_batches_of_weight_0_are_skipped():
    weight = np.repeat([1.0, 0.0], 20)
    all_rows, half = learner_with(weight=weight), learner_with()
    assert all_rows.epoch(np.arange(40)) == pytest.approx(half.epoch(np.arange(20)), rel=1e-14)
    np.testing.assert_array_equal(all_rows.parameters.theta, half.parameters.theta)
    assert all_rows.state.t == half.state.t == 2


def test_a_weight_of_2_counts_a_sample_twice():
    weight = np.ones(40)
    weight[:5] = 2
    weighted, repeated = learner_with(weight=weight), learner_with()
    repeated.batches = MiniBatches(repeated.batches.X, repeated.batches.y, 1, None, 15, np.float64)
    order = np.concatenate([np.arange(10), np.arange(5)])
    loss = weighted.epoch(np.arange(10))
    assert loss == pytest.approx(repeated.epoch(order), rel=1e-12)
    np.testing.assert_allclose(weighted.parameters.theta, repeated.parameters.theta, rtol=1e-12)


# -- learning rates ----------------------------------------------------------------------------


def test_a_plateau_lowers_the_learning_rate_of_an_adaptive_schedule():
    learner = learner_with(SGD(), Adaptive(), eta_0=1e-6 * 5)
    assert learner.continues_after_plateau()
    assert learner.state.eta == pytest.approx(1e-6)
    assert not learner.continues_after_plateau()


def test_the_rate_of_each_step_follows_the_curve_of_its_progress():
    seen = []

    def falling(progress):
        seen.append(progress)
        return 1 - progress

    learner = learner_with(SGD(), Curve(falling), n_epochs=2)
    learner.epoch(np.arange(40))
    np.testing.assert_allclose(seen, [1 / 16, 3 / 16, 5 / 16, 7 / 16])
    assert learner.state.rate == pytest.approx(0.1 * 9 / 16)
    assert learner.depends_on_n_epochs


def test_invscaling_lowers_the_learning_rate_after_each_epoch():
    learner = learner_with(SGD(), InverseScaling(0.5))
    learner.epoch(np.arange(40))
    assert learner.state.rate == 0.1
    assert learner.state.eta == pytest.approx(0.1 / 41**0.5)
    assert not learner.depends_on_n_epochs


def test_regularisation_follows_its_schedule():
    seen = []

    def falling(progress):
        seen.append(progress)
        return 1 - progress

    regularization = Regularization(weight_decay=0.25, schedule=falling)
    learner = learner_with(n_epochs=2, regularization=regularization)
    learner.epoch(np.arange(40))
    np.testing.assert_allclose(seen, [1 / 16, 3 / 16, 5 / 16, 7 / 16])
    assert learner.depends_on_n_epochs


def test_a_multiplier_of_0_keeps_a_parameter_where_it_is():
    learner = learner_with(multipliers=np.array([1.0, 0.0, 1.0, 1.0]))
    learner.epoch(np.arange(40))
    assert (learner.parameters.theta != 0).tolist() == [True, False, True, True]


# -- state -------------------------------------------------------------------------------------


@EACH_OPTIMIZER
def test_training_continues_from_its_state_without_any_difference(optimizer):
    at_once, first = (learner_with(optimizer, InverseScaling()) for _ in range(2))
    for _ in range(4):
        at_once.epoch(np.arange(40))
    for _ in range(2):
        first.epoch(np.arange(40))
    second = learner_with(optimizer, InverseScaling(), state=first.state)
    second.parameters.theta[:] = first.parameters.theta
    for _ in range(2):
        second.epoch(np.arange(40))
    np.testing.assert_array_equal(second.parameters.theta, at_once.parameters.theta)
    assert second.state.t == at_once.state.t == 16


def test_a_snapshot_is_independent_of_further_steps():
    learner = learner_with()
    learner.epoch(np.arange(40))
    snapshot, theta = learner.snapshot(), learner.parameters.theta.copy()
    learner.epoch(np.arange(40))
    assert not np.array_equal(learner.parameters.theta, theta)
    learner.restore(snapshot)
    np.testing.assert_array_equal(learner.parameters.theta, theta)


@pytest.mark.filterwarnings("ignore:overflow")
def test_is_finite_detects_a_single_infinite_parameter():
    learner = learner_with()
    assert not learner.is_perfect(0.0)
    assert learner.is_finite()
    learner.parameters.theta[1] = 1e300  # its square is not
    assert learner.is_finite()
    learner.parameters.theta[1] = np.nan
    assert not learner.is_finite()


def test_dropout_only_acts_in_training():
    architecture = Architecture((3, 8, 1), (ACTIVATIONS["tanh"],), SQUARED_ERROR)
    thetas = []
    for seed in (0, 0, 1):
        parameters = random_parameters(architecture)
        dropout = Dropout((0.5,), np.random.default_rng(seed))
        learner = GradientDescent(
            architecture,
            parameters,
            regression()[2],
            SGD(),
            Constant(),
            0.01,
            1,
            between_layers=dropout,
        )
        learner.epoch(np.arange(40))
        thetas.append(parameters.theta)
    np.testing.assert_array_equal(thetas[0], thetas[1])
    assert not np.array_equal(thetas[0], thetas[2])
    X = regression()[2].X
    np.testing.assert_array_equal(
        architecture.output_sums(parameters, X), architecture.output_sums(parameters, X)
    )
