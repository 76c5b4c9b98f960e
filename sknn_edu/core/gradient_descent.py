"""Chapter 10: how does a network learn from many samples without seeing all of them at each step?

*Gradient descent in mini-batches.* Show the network a few samples, ask backpropagation (chapter 5)
for the slope of their mean loss, let the optimiser (chapter 7) move theta with the learning rate
of the schedule (chapter 8), go on with the next few. The slope of a few samples is a noisy guess
of the slope of all, but a hundred cheap steps beat an exact one.

The loss of an epoch is the mean over samples, weighted where samples have weights, of what each
cost at the moment when it was shown.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sknn_edu.core._types import Array, Indices, is_sparse
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
        if not is_sparse(X):
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
        if is_sparse(self.X):
            return self.X[rows]
        inputs = self._inputs[: rows.size]
        gathered = self._gathered[: rows.size]
        self.X.take(rows, axis=0, out=gathered, mode="clip")  # "raise" would copy `out` first
        inputs[:, :-1] = gathered
        return inputs


@dataclass
class Pace:
    """What the steps carry from one to the next, over epochs and over pauses between two calls."""

    optimizer_state: Any
    eta: float
    n_seen: int = 0


@dataclass
class GradientDescent:
    """A network in training: a :class:`~.training.Learner`.

    Parameters
    ----------
    network, parameters, batches
        What learns, from what. ``parameters`` is moved in place.
    optimizer, schedule
        How to step.
    eta_0 : float
        The initial learning rate.
    alpha : float
        L2 penalty, see :func:`~.network.l2_penalty`.
    pace : Pace
        Moved on in place; :meth:`begin` makes one.
    """

    network: Network
    parameters: Parameters
    batches: MiniBatches
    optimizer: Optimizer
    schedule: Schedule
    eta_0: float
    alpha: float
    pace: Pace = field(init=False)

    def __post_init__(self) -> None:
        theta = self.parameters.theta
        self.pace = Pace(self.optimizer.init_state(theta), self.eta_0)
        self._gradient = Parameters(self.network.layer_sizes, theta.dtype)
        self._workspaces: dict[int, Workspace] = {}

    def epoch(self, order: Indices) -> float:
        """Take one step for each batch; return the mean loss, L2 penalty included."""
        loss = total = 0.0
        for batch in self.batches.over(order):
            if batch.total > 0:  # samples that all weigh nothing ask for no change
                loss += self.step(batch)
                total += batch.total
        pace = self.pace
        pace.n_seen += order.size
        pace.eta = self.schedule.after_epoch(pace.eta, self.eta_0, pace.n_seen)
        return loss / total

    def step(self, batch: Batch) -> float:
        """Move theta once; return the loss of the batch, summed over its samples."""
        parameters, gradient = self.parameters, self._gradient
        m = batch.X.shape[0]
        if m not in self._workspaces:
            dtype = parameters.theta.dtype
            self._workspaces[m] = Workspace(self.network.layer_sizes, m, dtype)
        workspace = self._workspaces[m]
        loss = self.network.loss_and_gradient(parameters, batch, workspace, gradient)
        if self.alpha > 0:
            loss += l2_penalty(parameters, self.alpha, batch.total, gradient)
        self.optimizer.step(
            parameters.theta, gradient.theta, self.pace.optimizer_state, self.pace.eta
        )
        return loss

    def is_perfect(self, loss: float) -> bool:
        return False

    def is_finite(self) -> bool:
        return bool(np.isfinite(self.parameters.theta).all())

    def goes_on(self) -> bool:
        eta = self.schedule.on_plateau(self.pace.eta)
        if eta is None:
            return False
        self.pace.eta = eta
        return True

    def snapshot(self) -> Array:
        return self.parameters.theta.copy()

    def restore(self, snapshot: Array) -> None:
        self.parameters.theta[:] = snapshot
