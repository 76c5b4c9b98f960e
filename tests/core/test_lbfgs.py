"""Training with L-BFGS on all samples."""

import numpy as np
import pytest

from sknn_edu.core import lbfgs
from sknn_edu.core.activations import ACTIVATIONS
from sknn_edu.core.lbfgs import LBFGS, MeanLoss, rows_at_once
from sknn_edu.core.losses import LOSSES
from sknn_edu.core.network import Architecture
from sknn_edu.core.speed.mini_batches import MiniBatches
from sknn_edu.core.training import BestSoFar, Outcome
from tests.core.gradients import loss_and_gradient, random_parameters
from tests.core.test_gradient_descent import regression
from tests.core.test_training import Noting, Silent

SQUARED_ERROR = LOSSES["squared_error", "identity"]
HIDDEN = Architecture((3, 2, 1), (ACTIVATIONS["tanh"],), SQUARED_ERROR)


def test_lbfgs_reaches_the_solution_of_ridge_regression_batch_by_batch():
    weight = np.random.default_rng(1).uniform(0.5, 2, 40)
    architecture, parameters, batches = regression(weight=weight)
    report = LBFGS(alpha=3.0, tol=1e-12, ftol=0.0, max_iter=100, max_fun=1000).train(
        architecture, parameters, batches, Silent(), BestSoFar()
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

    parameters = random_parameters(HIDDEN)
    start = parameters.theta.copy()
    method = LBFGS(0.0, 1e-5, 0.0, 100, 1000)
    report = method.train(HIDDEN, parameters, regression()[2], Impatient(), BestSoFar())
    assert report.outcome is Outcome.INTERRUPTED
    assert report.n_iter == 1
    assert not np.array_equal(parameters.theta, start)
    np.testing.assert_array_equal(parameters.theta, report.theta)


def test_lbfgs_stops_on_a_plateau_and_returns_to_the_best_iteration():
    architecture, parameters, batches = regression()

    class HeldOut(Silent):
        """An objective that is best at the third iteration."""

        objectives = iter([3, 2, 1, 5, 5, 5, 5, 5, 5])

        def epoch_ended(self, loss):
            objective = next(self.objectives)
            if objective == 1:
                self.best = parameters.theta.copy()
            return objective

    monitor, best_so_far = HeldOut(), BestSoFar()
    report = LBFGS(0.0, 0.0, 0.0, 100, 1000, patience=1, keep_best=True).train(
        architecture, parameters, batches, monitor, best_so_far
    )
    assert report.outcome is Outcome.PLATEAU
    assert (report.n_iter, best_so_far.best_epoch) == (5, 3)
    np.testing.assert_array_equal(parameters.theta, monitor.best)


@pytest.mark.parametrize(("keep_last_of_ties", "best"), [(False, 2), (True, 4)])
def test_the_best_of_tied_iterations_is_the_first_or_optionally_the_last(keep_last_of_ties, best):
    class Tied(Silent):
        def __init__(self):
            self.objectives = iter([3, 1, 2, 1])

        def epoch_ended(self, loss):
            return next(self.objectives)

    best_so_far = BestSoFar()
    method = LBFGS(0.0, 0.0, 0.0, 4, 1000, keep_best=True, keep_last_of_ties=keep_last_of_ties)
    method.train(HIDDEN, random_parameters(HIDDEN), regression()[2], Tied(), best_so_far)
    assert best_so_far.best_epoch == best


def test_a_monitor_may_stop_lbfgs():
    parameters, monitor = random_parameters(HIDDEN), Noting(stop_after=2)
    method = LBFGS(0.0, 0.0, 0.0, 100, 1000)
    report = method.train(HIDDEN, parameters, regression()[2], monitor, BestSoFar())
    assert report.outcome is Outcome.STOPPED
    assert report.n_iter == 2
    assert monitor.notes == ["begins", "ended"] * 2
    np.testing.assert_array_equal(parameters.theta, report.theta)


def test_iterations_and_evaluations_are_limited():
    for limits in ((2, 1000), (100, 3)):
        parameters = random_parameters(HIDDEN)
        method = LBFGS(0.0, 0.0, 0.0, *limits)
        report = method.train(HIDDEN, parameters, regression()[2], Silent(), BestSoFar())
        assert report.outcome is Outcome.OUT_OF_EPOCHS
        assert report.n_iter <= 3
        assert "EXCEEDS LIMIT" in report.message or "REACHED LIMIT" in report.message


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value")
def test_lbfgs_notices_divergence():
    architecture, parameters, batches = regression()
    batches.y[0] = 1e200
    method = LBFGS(0.0, 1e-5, 0.0, 100, 1000)
    report = method.train(architecture, parameters, batches, Silent(), BestSoFar())
    assert report.outcome is Outcome.DIVERGED


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("batch_size", [7, 40])
def test_the_mean_loss_does_not_depend_on_the_batches(weighted, batch_size):
    weight = np.random.default_rng(1).uniform(0.5, 2, 40) if weighted else None
    X, y = regression()[2].X, regression()[2].y
    batches = MiniBatches(X, y, 1, weight, batch_size, np.float64)
    parameters = random_parameters(HIDDEN)
    theta = parameters.theta.copy()
    mean_loss = MeanLoss(HIDDEN, HIDDEN.parameters(np.float64), batches, alpha=0.7)
    loss, gradient = mean_loss(theta)
    expected_loss, expected = loss_and_gradient(HIDDEN, parameters, X, y.T, weight, alpha=0.7)
    assert loss == pytest.approx(expected_loss, rel=1e-13)
    np.testing.assert_allclose(gradient, expected, rtol=1e-11)


def test_the_gradient_is_the_slope_of_the_mean_loss():
    mean_loss = MeanLoss(HIDDEN, HIDDEN.parameters(np.float64), regression()[2], alpha=0.7)
    theta, h = random_parameters(HIDDEN).theta, 1e-6
    _, gradient = mean_loss(theta)
    for j in range(theta.size):
        step = h * (np.arange(theta.size) == j)
        numeric = (mean_loss(theta + step)[0] - mean_loss(theta - step)[0]) / (2 * h)
        assert gradient[j] == pytest.approx(numeric, rel=1e-5, abs=1e-7)


def test_each_call_returns_a_new_gradient():
    mean_loss = MeanLoss(HIDDEN, HIDDEN.parameters(np.float64), regression()[2], alpha=0.0)
    theta = random_parameters(HIDDEN).theta
    _, first = mean_loss(theta)
    kept = first.copy()
    mean_loss(2 * theta)
    np.testing.assert_array_equal(first, kept)


def test_wide_layers_take_fewer_rows_at_once(monkeypatch):
    monkeypatch.setattr(lbfgs, "ACTIVATIONS_IN_CACHE", 25_000)
    assert rows_at_once(Architecture((3, 25, 1), (), SQUARED_ERROR)) == 1000
    assert rows_at_once(Architecture((3, 2500, 1), (), SQUARED_ERROR)) == 256
