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
from typing import Any, NamedTuple

import numpy as np

from sknn_edu.core._arrays import Array, Indices, is_sparse
from sknn_edu.core.network import Network, Parameters, Pass, l2_penalty, l2_strengths
from sknn_edu.core.optimizers import Optimizer
from sknn_edu.core.schedules import Schedule

GATHER = 65_536
"""Small mini-batches are copied out of X several at a time: about this many numbers at once."""


class Group(NamedTuple):
    """Some mini-batches' worth of samples, copied out of the data in the order of their showing.

    ``X`` is (n, n_features + 1) with a last column of ones, or sparse (n, n_features) without;
    ``y`` has n rows (targets, or class numbers); ``weight`` is (n,) or None.
    """

    X: Any
    y: Array
    weight: Array | None

    def rows(self, start: int, stop: int) -> "Group":
        """Return some of the samples, as views."""
        weight = None if self.weight is None else self.weight[start:stop]
        return Group(self.X[start:stop], self.y[start:stop], weight)

    def total(self) -> float:
        """Return the sum of the weights, or the number of samples where they have none."""
        return float(len(self.y) if self.weight is None else self.weight.sum())


class MiniBatches:
    """Samples, handed out in any order; about GATHER numbers, or one batch, are copied at a time.

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
        n_samples, n_features = X.shape
        self._n_at_once = batch_size * max(1, GATHER // (batch_size * (n_features + 1)))
        self._whole: Group | None = None
        if not is_sparse(X):
            n_rows = min(n_samples, self._n_at_once)
            self._gathered = np.empty((n_rows, n_features), dtype=X.dtype)
            self._inputs = np.ones((n_rows, n_features + 1), dtype=dtype)

    def over(self, order: Indices) -> Iterator[Group]:
        """Yield the rows of the data named by `order`, whole batches at a time.

        What is yielded is overwritten when the next is asked for.
        """
        if self.batch_size >= order.size == len(self.y):  # one batch: the order does not matter
            if self._whole is None:
                self._whole = self._take(order)
            yield self._whole
            return
        for start in range(0, order.size, self._n_at_once):
            yield self._take(order[start : start + self._n_at_once])

    def _take(self, rows: Indices) -> Group:
        y = self.y.take(rows, axis=0)
        weight = None if self.weight is None else self.weight.take(rows)
        if is_sparse(self.X):
            return Group(self.X[rows], y, weight)
        inputs = self._inputs[: rows.size]
        gathered = self._gathered[: rows.size]
        self.X.take(rows, axis=0, out=gathered, mode="clip")  # "raise" would copy `out` first
        inputs[:, :-1] = gathered
        return Group(inputs, y, weight)


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

    Attributes
    ----------
    pace : Pace
        Made fresh and moved on in place; put an earlier one in its place to go on from there.
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
        sizes = self.network.layer_sizes
        self._gradient = Parameters(sizes, theta.dtype)
        self._strengths = l2_strengths(sizes, self.alpha, theta.dtype)
        self._shared_strengths: dict[float, Array] = {}
        self._passes: dict[int, Pass] = {}

    def epoch(self, order: Indices) -> float:
        """Take one step for each batch; return the mean loss, L2 penalty included."""
        loss = total = 0.0
        for group in self.batches.over(order):
            n = len(group.y)
            outputs = np.empty((self.network.layer_sizes[-1], n), dtype=self._gradient.theta.dtype)
            for start in range(0, n, self.batches.batch_size):
                stop = min(start + self.batches.batch_size, n)
                loss += self.step(group.rows(start, stop), outputs[:, start:stop])
            losses = self.network.loss.value(group.y.T, outputs)  # of many batches at once
            loss += float(losses.sum() if group.weight is None else losses @ group.weight)
            total += group.total()
        pace = self.pace
        pace.n_seen += order.size
        pace.eta = self.schedule.after_epoch(pace.eta, self.eta_0, pace.n_seen)
        return loss / total

    def step(self, batch: Group, outputs: Array) -> float:
        """Move theta once; write what the network said before, and return the L2 penalty."""
        m = len(batch.y)
        if m not in self._passes:
            self._passes[m] = Pass(self.network, self.parameters, self._gradient, m)
        work = self._passes[m]
        outputs[...] = work.forward(batch.X)
        total = batch.total()
        if total == 0:  # samples that all weigh nothing ask for no change
            return 0.0
        share = 1 / total if batch.weight is None else batch.weight / total
        work.backward(batch.X, batch.y.T, share)
        theta, grad, penalty = self.parameters.theta, self._gradient.theta, 0.0
        if self.alpha > 0:
            penalty = l2_penalty(theta, self._strengths_over(total, batch), total, grad)
        self.optimizer.step(theta, grad, self.pace.optimizer_state, self.pace.eta)
        return penalty

    def _strengths_over(self, total: float, batch: Group) -> Array:
        """Return the strengths of the L2 penalty over n; batches without weights share theirs."""
        if batch.weight is not None:
            return self._strengths / total
        if total not in self._shared_strengths:
            self._shared_strengths[total] = self._strengths / total
        return self._shared_strengths[total]

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
