"""Chapters 9 to 11: epochs, mini-batches, L-BFGS."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from sknn_edu.core._arrays import zeros
from sknn_edu.core._mini_batches import GATHER, MiniBatches
from sknn_edu.core.activations import ACTIVATIONS
from sknn_edu.core.gradient_descent import STRETCH, GradientDescent, Mover, Regularization
from sknn_edu.core.lbfgs import LBFGS
from sknn_edu.core.losses import LOSSES
from sknn_edu.core.network import add_l2
from sknn_edu.core.optimizers import OPTIMIZERS, SGD, State
from sknn_edu.core.parameters import Network, is_weight
from sknn_edu.core.schedules import Adaptive, Constant, Curve
from sknn_edu.core.training import Epochs, Outcome, Patience, shuffled
from tests.core.test_optimizers import take_step


class Scripted:
    """A learner whose losses are written down beforehand."""

    def __init__(self, losses, goes_on=False, finite=True):
        self.losses, self.plateau, self.finite = iter(losses), goes_on, finite
        self.epochs, self.orders = 0, []

    def epoch(self, order):
        self.orders.append(order.copy())
        self.epochs += 1
        loss = next(self.losses)
        if isinstance(loss, BaseException):
            raise loss
        return loss

    def is_perfect(self, loss):
        return loss == 0

    def is_finite(self):
        return self.finite

    def goes_on(self):
        return self.plateau

    def snapshot(self):
        return self.epochs

    def restore(self, snapshot):
        self.epochs = snapshot


class Silent:
    wants_stop = False

    def epoch_begins(self):
        pass

    def epoch_ended(self, loss):
        return loss

    def plateau_reached(self, goes_on):
        pass


def run(learner, **options):
    settings = {"max_epochs": 9, "tol": 0.1, "patience": 2, "shuffle": False, "keep_best": False}
    patience = Patience()
    epochs = Epochs(**{**settings, **options})
    rng = np.random.RandomState(0)
    return epochs.run(learner, np.arange(4), rng, patience, Silent()), patience


def test_a_plateau_is_more_epochs_without_improvement_than_the_patience():
    learner = Scripted([3, 2, 1.95, 1.94, 1.93, 1])
    assert run(learner)[0] is Outcome.PLATEAU
    assert learner.epochs == 5


def test_nothing_is_a_plateau_in_the_first_epochs_of_grace():
    learner = Scripted([1.0] * 9)
    assert run(learner, grace=6)[0] is Outcome.PLATEAU
    assert learner.epochs == 7


def test_small_gains_that_add_up_are_no_improvement_but_move_the_best():
    _, patience = run(Scripted([1.0, 0.95, 0.89, 0.88]), max_epochs=4)
    assert (patience.best, patience.n_stalled) == (0.88, 3)


def test_training_ends_when_the_epochs_are_used_up():
    assert run(Scripted(range(100, 1, -1)))[0] is Outcome.OUT_OF_EPOCHS


def test_training_ends_at_once_when_nothing_is_left_to_learn():
    learner = Scripted([1, 0, 1])
    assert run(learner)[0] is Outcome.PERFECT
    assert learner.epochs == 2


def test_divergence_ends_training_in_its_epoch():
    for learner, epochs in ((Scripted([1, np.nan, 1]), 2), (Scripted([2, 1], finite=False), 1)):
        assert run(learner)[0] is Outcome.DIVERGED
        assert learner.epochs == epochs


def test_an_interrupt_ends_training_and_keeps_what_was_learned():
    learner = Scripted([3, 2, KeyboardInterrupt(), 1])
    assert run(learner)[0] is Outcome.INTERRUPTED


def test_keep_best_goes_back_to_the_best_epoch():
    learner = Scripted([3, 1, 2, 2, 2, 2, 2, 2, 2])
    run(learner, keep_best=True, patience=100)
    assert learner.epochs == 2


def test_a_learner_may_go_on_after_a_plateau():
    learner = Scripted([1.0] * 9, goes_on=True)
    assert run(learner)[0] is Outcome.OUT_OF_EPOCHS


def test_shuffling_shows_each_sample_once_in_an_order_of_its_own_each_epoch():
    learner = Scripted([3, 2, 1])
    run(learner, shuffle=True, max_epochs=3)
    assert all(sorted(order) == [0, 1, 2, 3] for order in learner.orders)
    assert len({tuple(order) for order in learner.orders}) > 1


def test_shuffled_is_scikit_learns():
    from sklearn.utils import shuffle

    order = np.arange(10)[::-1]
    ours = shuffled(order, np.random.RandomState(3))
    np.testing.assert_array_equal(ours, shuffle(order, random_state=np.random.RandomState(3)))


@pytest.mark.parametrize("container", [np.asarray, csr_array])
@pytest.mark.parametrize(("n", "n_features", "batch_size"), [(10, 3, 4), (7, GATHER, 2), (6, 1, 5)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_batches_are_the_rows_in_order_with_a_column_of_ones(
    container, n, n_features, batch_size, dtype
):
    X = np.random.default_rng(0).normal(size=(n, n_features)).astype(dtype)
    y, weight = np.arange(n, dtype=dtype)[:, np.newaxis], np.arange(n, dtype=dtype)
    order = np.random.default_rng(1).permutation(n)
    shown = []
    for samples in MiniBatches(container(X), y, 1, weight, batch_size, dtype).over(order):
        inputs = samples.X.toarray() if container is csr_array else samples.X[:, :-1]
        if container is np.asarray:
            assert (samples.X[:, -1] == 1).all()
        assert samples.X.dtype == samples.y.dtype == dtype
        assert samples.total() == samples.weight.sum()
        assert samples.n % batch_size == 0 or len(shown) + samples.n == n
        rows = samples.y[0].astype(int)
        np.testing.assert_array_equal(inputs, X[rows])
        np.testing.assert_array_equal(samples.weight, rows)
        shown.extend(rows)
    np.testing.assert_array_equal(shown, order)


def test_class_numbers_become_columns_with_a_single_one():
    batches = MiniBatches(np.ones((4, 2)), np.array([2, 0, 1, 2]), 3, None, 3, np.float32)
    shown = [samples.y.copy() for samples in batches.over(np.array([3, 1, 2]))]
    np.testing.assert_array_equal(np.hstack(shown), [[0, 1, 0], [0, 0, 1], [1, 0, 0]])


def test_one_batch_of_all_samples_is_gathered_once_in_their_own_order():
    y = np.arange(5.0)[:, np.newaxis]
    batches = MiniBatches(np.ones((5, 2)), y, 1, None, 5, np.float64)
    first, second = (next(batches.over(order)) for order in (np.arange(5)[::-1], np.arange(5)))
    assert first is second
    np.testing.assert_array_equal(first.y[0], y[:, 0])


def test_all_samples_in_their_own_order_are_copied_once_if_they_are_few():
    X = np.arange(2000.0)[:, np.newaxis]
    few = MiniBatches(X, X, 1, None, 300, np.float64)
    assert next(few.in_order()) is next(few.in_order())
    many = MiniBatches(np.tile(X, 100), X, 1, None, 300, np.float64)
    shown = [b.y[0].copy() for block in many.in_order() for b in block.batches]
    assert max(map(len, shown)) == 300
    np.testing.assert_array_equal(np.hstack(shown), X[:, 0])


@pytest.mark.parametrize("shape", [(), 5, (3, 7)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_arrays_of_the_engine_begin_with_a_cache_line(shape, dtype):
    made = zeros(shape, dtype)
    assert made.ctypes.data % 64 == 0
    assert made.dtype == dtype
    np.testing.assert_array_equal(made, np.zeros(shape))


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
@pytest.mark.parametrize(
    ("alpha", "decay", "clip"), [(0, 0, np.inf), (0.5, 0, np.inf), (0.5, 0.1, 1.0), (0, 0.1, 1.0)]
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_moving_stretch_by_stretch_is_moving_all_at_once(optimizer, alpha, decay, clip, dtype):
    rng = np.random.default_rng(0)
    sizes, loss = (STRETCH // 8, 10, 3), LOSSES["squared_error", "identity"]
    network = Network(sizes, (ACTIVATIONS["relu"],), loss)
    mask = network.each(is_weight, dtype)
    theta = rng.normal(size=mask.size).astype(dtype)
    grad = np.empty_like(theta)
    whole, state = theta.copy(), State(optimizer, theta)
    wanted = Regularization(alpha=alpha, weight_decay=decay, clip_norm=clip)
    mover = Mover(optimizer, State(optimizer, theta), theta, grad, mask, wanted)
    for n in (10, 10, 4):  # batches of different sizes
        grad[:] = rng.normal(size=grad.size)
        shortened = grad * dtype(min(1, clip / np.linalg.norm(grad)))
        whole -= dtype(0.1 * decay) * mask * whole
        penalty = add_l2(shortened, whole, mask * dtype(alpha / n), np.empty_like(whole))
        assert mover.step(0.1, n) == pytest.approx(n * penalty, rel=1e-5)
        take_step(optimizer, whole, shortened, state, 0.1)
    tolerance = 1e-12 if dtype is np.float64 else 1e-5
    assert np.linalg.norm(theta - whole) < tolerance * np.linalg.norm(whole)


def regression(n=40, weight=None):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 3))
    y = X @ [[1.0], [2.0], [-1.0]] + 0.5
    network = Network((3, 1), (), LOSSES["squared_error", "identity"])
    batches = MiniBatches(X, y, 1, weight, 10, np.float64)
    return network, network.parameters(np.float64), batches


def test_gradient_descent_solves_a_linear_regression():
    network, parameters, batches = regression()
    learner = GradientDescent(network, parameters, batches, SGD(), Constant(), 0.1, 400)
    for _ in range(100):
        loss = learner.epoch(np.arange(40))
    assert loss < 1e-12
    np.testing.assert_allclose(parameters.theta, [1, 2, -1, 0.5], rtol=1e-6)
    assert learner.pace.n_seen == 4000


def test_batches_that_weigh_nothing_are_skipped():
    weight = np.repeat([1.0, 0.0], 20)
    network, parameters, batches = regression(weight=weight)
    half_network, half_parameters, half_batches = regression()
    plain = SGD(0, False)
    all_rows = GradientDescent(network, parameters, batches, plain, Constant(), 0.1, 4)
    half = GradientDescent(half_network, half_parameters, half_batches, plain, Constant(), 0.1, 4)
    assert all_rows.epoch(np.arange(40)) == pytest.approx(half.epoch(np.arange(20)), rel=1e-14)
    np.testing.assert_array_equal(parameters.theta, half_parameters.theta)


def test_a_plateau_lowers_the_learning_rate_of_an_adaptive_schedule():
    network, parameters, batches = regression()
    learner = GradientDescent(network, parameters, batches, SGD(), Adaptive(), 1e-6 * 5, 4)
    assert learner.goes_on()
    assert learner.pace.eta == pytest.approx(1e-6)
    assert not learner.goes_on()


def test_lbfgs_walks_over_batches_to_the_solution_of_ridge_regression():
    weight = np.random.default_rng(1).uniform(0.5, 2, 40)
    network, parameters, batches = regression(weight=weight)
    report = LBFGS(alpha=3.0, tol=1e-12, ftol=0.0, max_iter=100, max_fun=1000).train(
        network, parameters, batches, Silent(), Patience()
    )
    A = next(batches.in_order()).X  # with a column of ones
    ridge = np.diag([3.0, 3.0, 3.0, 0.0])
    expected = np.linalg.solve(
        A.T @ (weight[:, None] * A) + ridge, A.T @ (weight * batches.y[:, 0])
    )
    assert report.outcome is Outcome.PLATEAU
    np.testing.assert_allclose(parameters.theta, expected, rtol=1e-6)


def test_lbfgs_keeps_its_last_iterate_when_interrupted():
    class Impatient(Silent):
        def epoch_ended(self, loss):
            raise KeyboardInterrupt

    network = Network((3, 2, 1), (ACTIVATIONS["tanh"],), LOSSES["squared_error", "identity"])
    parameters = network.parameters(np.float64)
    parameters.theta[:] = start = np.random.default_rng(0).normal(size=parameters.theta.size)
    _, _, batches = regression()
    method = LBFGS(0.0, 1e-5, 0.0, 100, 1000)
    report = method.train(network, parameters, batches, Impatient(), Patience())
    assert report.outcome is Outcome.INTERRUPTED
    assert report.n_iter == 1
    assert not np.array_equal(parameters.theta, start)


def test_lbfgs_stops_and_goes_back_when_the_monitor_no_longer_likes_it():
    network, parameters, batches = regression()

    class Fastidious(Silent):
        """Likes the third iteration best."""

        liked = iter([3, 2, 1, 5, 5, 5, 5, 5, 5])

        def epoch_ended(self, loss):
            objective = next(self.liked)
            if objective == 1:
                self.best = parameters.theta.copy()
            return objective

    monitor, patience = Fastidious(), Patience()
    report = LBFGS(0.0, 0.0, 0.0, 100, 1000, patience=1, keep_best=True).train(
        network, parameters, batches, monitor, patience
    )
    assert report.outcome is Outcome.PLATEAU
    assert (report.n_iter, patience.best_epoch) == (5, 3)
    np.testing.assert_array_equal(parameters.theta, monitor.best)


def test_the_rate_of_each_step_follows_the_curve_of_its_progress():
    network, parameters, batches = regression()
    seen = []

    def falling(progress):
        seen.append(progress)
        return 1 - progress

    learner = GradientDescent(network, parameters, batches, SGD(), Curve(falling), 0.1, n_epochs=2)
    learner.epoch(np.arange(40))
    np.testing.assert_allclose(seen, [1 / 16, 3 / 16, 5 / 16, 7 / 16])
    assert learner.pace.rate == pytest.approx(0.1 * 9 / 16)
