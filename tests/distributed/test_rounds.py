"""Rounds of :class:`sknn_edu.distributed.DataParallel`: their momentum, and work done ahead."""

from functools import partial
from unittest.mock import Mock

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import make_regression

from sknn_edu import MLPClassifier, MLPRegressor
from sknn_edu.distributed import DataParallel
from sknn_edu.distributed.cluster import Cluster
from sknn_edu.distributed.outer_momentum import OuterMomentum, portions
from sknn_edu.distributed.rounds import Rounds
from sknn_edu.distributed.shard_tasks import take_steps
from tests.distributed.on_dask import assert_same_fit, here, on_cluster, parameters

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.usefixtures("client"),
]


@pytest.fixture
def data(data):
    """Return X and y only."""
    return data[:2]


@pytest.fixture
def validation(data):
    return {"X_val": data[0][:100], "y_val": data[1][:100]}


# -- momentum ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("momentum", "n_shards", "n_steps", "expected"),
    [
        (0.5, 2, 4, 0.5),
        (0.9, 2, 400, 0.9),
        ("auto", 2, 20, 0.5),
        ("auto", 2, 10, 0.25),
        ("auto", 4, 50, 2 / 3),
        ("auto", 8, 50, 0.75),
    ],
)
def test_a_share_of_the_last_movement_is_repeated_in_each_step(
    momentum, n_shards, n_steps, expected
):
    outer = OuterMomentum(momentum, n_shards)
    assert outer.per_step(n_steps) is None, "nothing has moved yet"
    outer.note(np.array([80.0, -40.0]), 40)
    np.testing.assert_allclose(outer.per_step(n_steps), expected * np.array([2.0, -1.0]))


def test_after_a_short_round_the_automatic_momentum_is_as_small_as_in_one():
    outer = OuterMomentum("auto", 2)
    outer.note(np.array([8.0]), 4)
    np.testing.assert_allclose(outer.per_step(100), 0.5 * 4 / 20 * 2.0)


def test_the_precision_of_momentum_is_that_of_the_parameters():
    outer = OuterMomentum(np.float64(0.5), 2)
    outer.note(np.ones(2, np.float32), 1)
    assert outer.per_step(1).dtype == np.float32


def test_no_momentum_and_a_single_shard_repeat_nothing():
    for momentum, n_shards in [(0.0, 2), ("auto", 1)]:
        outer = OuterMomentum(momentum, n_shards)
        outer.note(np.ones(3), 5)
        assert outer.per_step(5) is None


@pytest.mark.parametrize(
    ("n_steps", "epoch", "n_shards", "momentum", "expected"),
    [
        (88, 0, 2, "auto", 22),
        (45, 0, 2, 0.3, 23),
        (39, 0, 2, "auto", 39),
        (2000, 0, 8, "auto", 500),
        (88, 1, 2, "auto", 88),
        (88, 0, 1, "auto", 88),
        (88, 0, 2, 0.0, 88),
    ],
)
def test_only_the_first_epoch_has_several_rounds(n_steps, epoch, n_shards, momentum, expected):
    assert OuterMomentum(momentum, n_shards).steps_in_round(n_steps, epoch) == expected


@pytest.mark.parametrize(("start", "stop"), [(0, 3), (3, 13), (5, 100)])
def test_portions_have_each_step_once(start, stop):
    bounds = list(portions(start, stop))
    assert [k for first, end in bounds for k in range(first, end)] == list(range(start, stop))
    assert len(bounds) <= 10


def learns_only_at_first(progress):
    """Return a learning rate that is 0 after two of four epochs."""
    return 1.0 if progress < 0.5 else 0.0


@pytest.mark.parametrize(("momentum", "share"), [(0.75, 0.75), ("auto", 0.5 * 10 / 20)])
def test_without_a_gradient_each_round_moves_by_a_share_of_the_one_before(data, momentum, share):
    mlp = MLPClassifier(
        5, solver="sgd", momentum=0, batch_size=50, learning_rate=learns_only_at_first,
        random_state=0,
    )  # fmt: skip
    X, y = data
    theta = {}
    for max_iter in (2, 3, 4):
        progress = partial(scaled, learns_only_at_first, max_iter / 4)
        network = clone(mlp).set_params(max_iter=max_iter, learning_rate=progress)
        parallel = DataParallel(network, n_shards=2, outer_momentum=momentum)
        theta[max_iter] = parameters(parallel.fit(*on_cluster(X, y, sizes=(500, 500))).estimator_)
    movement = theta[3] - theta[2]
    assert np.abs(movement).max() > 1e-4
    np.testing.assert_allclose(theta[4] - theta[3], share * movement, rtol=1e-9, atol=1e-15)


def scaled(schedule, factor, progress):
    """Return a schedule's rate for a progress that is a factor of it."""
    return schedule(factor * progress)


def test_momentum_makes_up_for_the_fewer_steps_of_an_epoch():
    X, y = make_regression(8000, 20, noise=1.0, random_state=0)
    X_val, y_val, X, y = X[:1000], y[:1000] / 100, X[1000:], y[1000:] / 100
    mlp = MLPRegressor(hidden_layer_sizes=32, batch_size=50, max_iter=12, tol=0, random_state=0)
    alone = here(mlp, X, y, X_val=X_val, y_val=y_val).validation_loss_curve_[-1]
    losses = {}
    for momentum in ("auto", 0.0):
        parallel = DataParallel(mlp, n_shards=2, outer_momentum=momentum)
        parallel.fit(X, y, X_val=X_val, y_val=y_val)
        losses[momentum] = parallel.estimator_.validation_loss_curve_[-1]
    assert losses["auto"] < 1.02 * alone < losses[0.0] / 1.5


# -- work ahead --------------------------------------------------------------------------------


@pytest.fixture
def n_submitted(monkeypatch):
    """Count the tasks that take steps."""
    submitted, submit = [], Cluster._submit

    def counting(self, calls):
        submitted.extend(call.home for call in calls if call.function is take_steps)
        return submit(self, calls)

    monkeypatch.setattr(Cluster, "_submit", counting)
    return submitted


def fit_without_working_ahead(parallel, *data, **validation):
    """Fit as if the workers waited for the validation of each epoch."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rounds, "work_ahead", Mock())
        return clone(parallel).fit(*data, **validation)


@pytest.mark.parametrize("dropout", [0.0, 0.1])
@pytest.mark.parametrize("batches_per_round", [None, 3])
def test_the_next_epoch_begins_early_with_the_same_bits_and_nothing_is_done_twice(
    data, validation, n_submitted, batches_per_round, dropout, monkeypatch
):
    begun, begin = [], Cluster.begin
    monkeypatch.setattr(
        Cluster, "begin", lambda self, calls: begun.append(begin(self, calls)) or begun[-1]
    )
    mlp = MLPClassifier(
        5, batch_size=50, max_iter=5, learning_rate="cosine", dropout=dropout, random_state=0
    )
    parallel = DataParallel(mlp, n_shards=2, batches_per_round=batches_per_round)
    given = on_cluster(*data, sizes=(500, 500))
    waiting = fit_without_working_ahead(parallel, *given, **validation)
    n_waiting = len(n_submitted)
    ahead = clone(parallel).fit(*given, **validation)
    assert_same_fit(ahead.estimator_, waiting.estimator_)
    n_rounds = 5 * (1 if batches_per_round is None else 4)
    assert (n_waiting, len(n_submitted) - n_waiting) == (2 * n_rounds, 2 * n_rounds)
    assert [len(futures) for futures in begun] == [2, 2, 2, 2], "after each epoch but the last"


def test_work_that_a_lower_learning_rate_makes_useless_is_done_again(data, validation, n_submitted):
    mlp = MLPClassifier(
        5, solver="sgd", learning_rate="adaptive", learning_rate_init=0.5, tol=10.0,
        n_iter_no_change=2, max_iter=8, random_state=0,
    )  # fmt: skip
    parallel = DataParallel(mlp, n_shards=2)
    waiting = fit_without_working_ahead(parallel, *data, **validation)
    n_waiting = len(n_submitted)
    ahead = clone(parallel).fit(*data, **validation)
    assert_same_fit(ahead.estimator_, waiting.estimator_)
    assert min(ahead.estimator_.learning_rate_curve_) < 0.5
    assert len(n_submitted) - n_waiting > n_waiting == 16


@pytest.mark.parametrize("from_cluster", [True, False], ids=["held out", "X_val"])
def test_early_stopping_is_the_same_if_the_next_epoch_begins_before_validation(
    data, validation, n_submitted, from_cluster
):
    mlp = MLPClassifier(
        20, early_stopping=True, learning_rate_init=0.02, n_iter_no_change=2, max_iter=50,
        random_state=0,
    )  # fmt: skip
    parallel, given = DataParallel(mlp, n_shards=2), {} if from_cluster else validation
    waiting = fit_without_working_ahead(parallel, *on_cluster(*data), **given)
    n_waiting = len(n_submitted)
    ahead = clone(parallel).fit(*on_cluster(*data), **given)
    assert_same_fit(ahead.estimator_, waiting.estimator_)
    assert ahead.estimator_.n_iter_ < 50
    assert len(n_submitted) - n_waiting == n_waiting + 2, "one round for nothing at the end"
