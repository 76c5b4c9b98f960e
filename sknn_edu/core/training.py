"""Chapter 9: how does a network learn from all the samples, and when is it done?

*Gradient descent in mini-batches.* Show the network a few samples, ask backpropagation for the
slope of their mean loss, let the optimiser move theta, go on with the next few. When every sample
has been seen an epoch is over: note its loss, shuffle, begin again, until the loss (or a score on
samples held out) has not improved for a while.

*L-BFGS* looks at all samples at each step instead, and uses the recent steps to guess how the
slope bends. It comes from SciPy; this chapter only hands it the loss and its gradient.

The loss of an epoch is the mean over samples, weighted where samples have weights, of what each
sample cost at the moment when it was shown.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from math import inf, isfinite
from typing import Any, Protocol

import numpy as np
from numpy.random import RandomState
from scipy.optimize import OptimizeResult, minimize
from scipy.sparse import issparse

from sknn_edu.core._types import Array, Indices
from sknn_edu.core.network import Batch, Network, Parameters, Workspace, l2_penalty
from sknn_edu.core.optimizers import Optimizer
from sknn_edu.core.schedules import Schedule

GATHER = 65_536
"""Small mini-batches are copied out of X several at a time: about this many numbers at once."""


class MiniBatches:
    """Samples, handed out a batch at a time in any order. X is never copied as a whole.

    Parameters
    ----------
    X : ndarray (n_samples, n_features), C-contiguous, or CSR array
    y : ndarray with n_samples rows
    weight : ndarray (n_samples,) or None
    batch_size : int
        Samples in a batch; the last one may be smaller.
    dtype : dtype
        What the network computes in.
    """

    def __init__(self, X: Any, y: Array, weight: Array | None, batch_size: int, dtype: Any) -> None:
        self.X, self.y, self.weight = X, y, weight
        self.batch_size = batch_size
        self.dtype = dtype
        n_samples, n_features = X.shape
        self._per_gather = batch_size * max(1, GATHER // (batch_size * (n_features + 1)))
        if not issparse(X):
            n_rows = min(n_samples, self._per_gather)
            self._gathered = np.empty((n_rows, n_features), dtype=X.dtype)
            self._inputs = np.ones((n_rows, n_features + 1), dtype=dtype)

    def over(self, order: Indices) -> Iterator[Batch]:
        """Yield the rows of X named by `order` in batches; a batch is valid until the next one."""
        for start in range(0, order.size, self._per_gather):
            rows = order[start : start + self._per_gather]
            X = self._take(rows)
            y = self.y.take(rows, axis=0)
            weight = None if self.weight is None else self.weight.take(rows)
            for i in range(0, rows.size, self.batch_size):
                j = min(i + self.batch_size, rows.size)
                if weight is None:
                    yield Batch(X[i:j], y[i:j], None, j - i)
                else:
                    yield Batch(X[i:j], y[i:j], weight[i:j], float(weight[i:j].sum()))

    def _take(self, rows: Indices) -> Any:
        if issparse(self.X):
            return self.X[rows]
        inputs = self._inputs[: rows.size]
        gathered = self._gathered[: rows.size]
        self.X.take(rows, axis=0, out=gathered, mode="clip")  # "raise" would copy `out` first
        inputs[:, :-1] = gathered
        return inputs


class Monitor(Protocol):
    """Who watches the training: it keeps the curves, prints, and judges each epoch."""

    def epoch_ended(self, loss: float) -> float:
        """Take note of an epoch's mean loss; return the number that training is to minimise."""

    def plateau_reached(self, eta: float | None) -> None:
        """Training goes on with the learning rate `eta` now, or stops if it is None."""


class Outcome(Enum):
    """Why training ended."""

    PLATEAU = auto()
    OUT_OF_EPOCHS = auto()
    INTERRUPTED = auto()
    DIVERGED = auto()


@dataclass
class Progress:
    """What training carries from one epoch to the next, and over a pause between two calls."""

    optimizer_state: Any
    rng: RandomState
    eta: float
    n_seen: int = 0
    best: float = inf
    n_stalled: int = 0

    def judge(self, objective: float, tol: float) -> bool:
        """Count the epochs without an improvement by `tol`; tell whether this is the best one."""
        self.n_stalled = 0 if objective <= self.best - tol else self.n_stalled + 1
        if is_best := objective < self.best:
            self.best = objective
        return is_best


@dataclass(frozen=True)
class GradientDescent:
    """How to train: the hyperparameters that belong to no single step.

    Parameters
    ----------
    optimizer, schedule : Optimizer, Schedule
    eta_0 : float
        The initial learning rate.
    alpha : float
        L2 penalty, see :func:`~.network.l2_penalty`.
    tol, patience : float
        Training is on a plateau after more than `patience` epochs in a row that did not improve
        the monitor's number by `tol`.
    max_epochs : int
    shuffle : bool
        Show the samples in a new order in each epoch.
    keep_best : bool
        End with the theta of the epoch that the monitor liked best, not of the last.
    """

    optimizer: Optimizer
    schedule: Schedule
    eta_0: float
    alpha: float
    tol: float
    patience: float
    max_epochs: int
    shuffle: bool
    keep_best: bool

    def begin(self, parameters: Parameters, rng: RandomState) -> Progress:
        """Return the progress of a training that has yet to make its first step."""
        return Progress(self.optimizer.init_state(parameters.theta), rng, self.eta_0)

    def train(
        self,
        network: Network,
        parameters: Parameters,
        batches: MiniBatches,
        order: Indices,
        progress: Progress,
        monitor: Monitor,
    ) -> Outcome:
        """Move ``parameters`` and ``progress`` in place, epoch by epoch, until there is a reason to stop.

        ``order`` names the rows to train on. An interrupt from the keyboard ends training with
        what was learned so far.
        """
        best_theta = parameters.theta.copy() if self.keep_best else None
        step = _Step(self, network, parameters, progress)
        try:
            for _ in range(self.max_epochs):
                if self.shuffle:
                    order = shuffled(order, progress.rng)
                with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                    loss = step.epoch(batches, order)
                    is_best = progress.judge(monitor.epoch_ended(loss), self.tol)
                progress.n_seen += order.size
                if not isfinite(loss) and not np.isfinite(parameters.theta).all():
                    return Outcome.DIVERGED
                if is_best and best_theta is not None:
                    best_theta[:] = parameters.theta
                progress.eta = self.schedule.after_epoch(progress.eta, self.eta_0, progress.n_seen)
                if progress.n_stalled > self.patience:
                    eta = self.schedule.on_plateau(progress.eta)
                    monitor.plateau_reached(eta)
                    if eta is None:
                        return Outcome.PLATEAU
                    progress.eta, progress.n_stalled = eta, 0
            return Outcome.OUT_OF_EPOCHS
        except KeyboardInterrupt:
            return Outcome.INTERRUPTED
        finally:
            if best_theta is not None:
                parameters.theta[:] = best_theta


class _Step:
    """Forward, backward, move; with the buffers for it, a workspace for each size of batch."""

    def __init__(
        self,
        method: GradientDescent,
        network: Network,
        parameters: Parameters,
        progress: Progress,
    ) -> None:
        self.method, self.network, self.parameters = method, network, parameters
        self.progress = progress
        self.gradient = Parameters(network.layer_sizes, parameters.theta.dtype)
        self.workspaces: dict[int, Workspace] = {}

    def epoch(self, batches: MiniBatches, order: Indices) -> float:
        """Take one step for each batch; return the mean loss, L2 penalty included."""
        loss = total = 0.0
        for batch in batches.over(order):
            if batch.total > 0:  # samples that all weigh nothing ask for no change
                loss += self.step(batch)
                total += batch.total
        return loss / total

    def step(self, batch: Batch) -> float:
        """Move theta once; return the loss of the batch, summed over its samples."""
        m = batch.X.shape[0]
        if m not in self.workspaces:
            dtype = self.parameters.theta.dtype
            self.workspaces[m] = Workspace(self.network.layer_sizes, m, dtype)
        parameters, gradient, progress = self.parameters, self.gradient, self.progress
        loss = self.network.loss_and_gradient(parameters, batch, self.workspaces[m], gradient)
        if self.method.alpha > 0:
            loss += l2_penalty(parameters, self.method.alpha, batch.total, gradient)
        self.method.optimizer.step(
            parameters.theta, gradient.theta, progress.optimizer_state, progress.eta
        )
        return loss


def shuffled(order: Indices, rng: RandomState) -> Indices:
    """Return `order` in a random order: scikit-learn's way, so that one seed gives the same epochs."""
    permutation = np.arange(order.size)
    rng.shuffle(permutation)
    return order[permutation]


@dataclass(frozen=True)
class LBFGS:
    """Quasi-Newton training on all samples at once, by SciPy's L-BFGS-B.

    It computes in float64 whatever the dtype of the data, because its line search compares losses
    that differ in late digits. Samples are walked over in batches whose gradients are added up, so
    memory does not grow with them.

    Parameters
    ----------
    alpha : float
        L2 penalty, see :func:`~.network.l2_penalty`.
    tol : float
        Stop when no entry of the gradient exceeds it.
    max_iter, max_fun : int
        At most this many iterations, and evaluations of the loss.

    References
    ----------
    R. Byrd, P. Lu, J. Nocedal, C. Zhu, "A limited memory algorithm for bound constrained
    optimization", SIAM J. Sci. Comput. 16 (1995).
    """

    alpha: float
    tol: float
    max_iter: int
    max_fun: int

    def train(
        self,
        network: Network,
        parameters: Parameters,
        batches: MiniBatches,
        order: Indices,
        monitor: Monitor,
    ) -> "LBFGSReport":
        """Move ``parameters`` (float64) in place to where L-BFGS ends."""
        total = float(order.size if batches.weight is None else batches.weight[order].sum())
        gradient = Parameters(network.layer_sizes, np.float64)
        gradient_of_batch = Parameters(network.layer_sizes, np.float64)
        workspaces: dict[int, Workspace] = {}
        report = LBFGSReport(x=parameters.theta.copy())

        def mean_loss_and_gradient(theta: Array) -> tuple[float, Array]:
            parameters.theta[:] = theta
            gradient.theta[:] = 0
            loss = 0.0
            for batch in batches.over(order):
                m = batch.X.shape[0]
                if m not in workspaces:
                    workspaces[m] = Workspace(network.layer_sizes, m, np.float64)
                share = batch._replace(total=total)
                loss += network.loss_and_gradient(
                    parameters, share, workspaces[m], gradient_of_batch
                )
                gradient.theta += gradient_of_batch.theta
            loss += l2_penalty(parameters, self.alpha, total, gradient)
            return loss / total, gradient.theta.copy()

        def iteration_ended(intermediate_result: OptimizeResult) -> None:
            report.x[:] = intermediate_result.x
            report.n_iter += 1
            report.loss = float(intermediate_result.fun)
            monitor.epoch_ended(report.loss)

        try:
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                result = minimize(
                    mean_loss_and_gradient,
                    report.x,
                    method="L-BFGS-B",
                    jac=True,
                    callback=iteration_ended,
                    options={"maxiter": self.max_iter, "maxfun": self.max_fun, "gtol": self.tol},
                )
            report.finish(result)
        except KeyboardInterrupt:
            report.outcome = Outcome.INTERRUPTED
        parameters.theta[:] = report.x
        return report


@dataclass
class LBFGSReport:
    """How L-BFGS ended, and where."""

    x: Array
    outcome: Outcome = Outcome.OUT_OF_EPOCHS
    n_iter: int = 0
    loss: float = inf
    message: str = ""

    def finish(self, result: OptimizeResult) -> None:
        """Take over SciPy's verdict."""
        self.x[:] = result.x
        self.n_iter, self.loss, self.message = int(result.nit), float(result.fun), result.message
        if not (isfinite(self.loss) and np.isfinite(self.x).all()):
            self.outcome = Outcome.DIVERGED
        elif result.status == 0:
            self.outcome = Outcome.PLATEAU
