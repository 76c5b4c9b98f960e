"""When has a machine learned enough?

When every sample has been shown once, an epoch is over. Note its loss, shuffle the samples and
start the next one; stop when the loss, or a score on held-out samples, has not improved for a
while.

This loop serves the perceptron (perceptron.py) as well as the networks. What happens within an
epoch is up to the learner: for networks see gradient_descent.py. L-BFGS (lbfgs.py) has no epochs
and only shares the monitor.
"""

from dataclasses import dataclass
from enum import Enum, auto
from math import inf, isfinite
from typing import Any, Protocol

import numpy as np
from numpy.random import RandomState

from sknn_edu.core.speed.arrays import Indices


class Learner(Protocol):
    """A machine in training."""

    def epoch(self, order: Indices) -> float:
        """Learn from the samples in this order; return the mean loss of the epoch."""

    def is_perfect(self, loss: float) -> bool:
        """Return whether an epoch with this loss leaves nothing to learn."""

    def is_finite(self) -> bool:
        """Return whether all parameters are finite."""

    def continues_after_plateau(self) -> bool:
        """React to a plateau; return whether to go on, with smaller steps."""

    def snapshot(self) -> Any:
        """Return a copy of the parameters."""

    def restore(self, snapshot: Any) -> None:
        """Go back to the parameters of a snapshot."""


class Monitor(Protocol):
    """Follows the training: it keeps the curves, prints, and judges each epoch."""

    wants_stop: bool
    """Whether a callback has asked training to stop."""

    def epoch_begins(self) -> None:
        """Note that an epoch begins."""

    def epoch_ended(self, loss: float) -> float:
        """Note an epoch's mean loss; return the objective that training minimises."""

    def plateau_reached(self, continues: bool) -> None:
        """Note a plateau, and whether training continues after it."""


class Outcome(Enum):
    """Why training ended."""

    PERFECT = auto()
    PLATEAU = auto()
    OUT_OF_EPOCHS = auto()
    INTERRUPTED = auto()
    STOPPED = auto()
    DIVERGED = auto()


RESUMABLE = (Outcome.INTERRUPTED, Outcome.STOPPED)
"""Training that ended in one of these ways can be continued."""


@dataclass
class BestSoFar:
    """The best epoch so far, and how long ago training last improved by tol.

    Attributes
    ----------
    best : float
        The smallest objective.
    best_epoch : int
        Its epoch, counted from 1.
    n_epochs : int
        The number of epochs so far.
    n_stalled : int
        The number of epochs in a row without an improvement by tol.
    best_parameters : object or None
        A snapshot of the learner after the best epoch, if training is to go back to it.
    last_parameters : object or None
        A snapshot at the end, taken before going back.
    """

    best: float = inf
    best_epoch: int = 0
    n_epochs: int = 0
    n_stalled: int = 0
    best_parameters: Any = None
    last_parameters: Any = None

    def update(self, objective: float, tol: float, keep_last_of_ties: bool = False) -> bool:
        """Count an epoch with this objective; return whether it is the best so far.

        Of several equally good epochs the first is the best, or the last if that is asked for.
        """
        self.n_epochs += 1
        self.n_stalled = 0 if objective <= self.best - tol else self.n_stalled + 1
        is_tie = keep_last_of_ties and objective == self.best < inf
        if objective < self.best or is_tie:
            self.best, self.best_epoch = objective, self.n_epochs
            return True
        return False


@dataclass(frozen=True)
class Epochs:
    """How long to train.

    Parameters
    ----------
    max_epochs : int
        Train for at most this many epochs.
    tol, patience : float
        More than `patience` epochs in a row without an improvement by `tol` are a plateau.
    shuffle : bool
        Whether to shuffle the samples before each epoch.
    keep_best : bool
        Whether to end with the parameters of the epoch with the best objective, not the last.
    min_epochs : int
        Nothing counts as a plateau during these first epochs.
    keep_last_of_ties : bool
        Whether the last of several equally good epochs is the best, not the first.
    checks_plateau_first : bool
        Whether a plateau that was reached in an earlier call can end training before its first
        epoch.
    """

    max_epochs: int
    tol: float
    patience: float
    shuffle: bool
    keep_best: bool
    min_epochs: int = 0
    keep_last_of_ties: bool = False
    checks_plateau_first: bool = True

    def run(
        self,
        learner: Learner,
        order: Indices,
        rng: RandomState,
        best_so_far: BestSoFar,
        monitor: Monitor,
    ) -> Outcome:
        """Train until there is a reason to stop, and return it.

        A keyboard interrupt ends training and keeps what has been learned so far.

        Parameters
        ----------
        learner : Learner
        order : ndarray of int
            The samples to train on; shuffled in place.
        rng : RandomState
            Advanced in place.
        best_so_far : BestSoFar
            Updated in place.
        monitor : Monitor
        """
        try:
            return self._run(learner, order, rng, best_so_far, monitor)
        except KeyboardInterrupt:
            return Outcome.INTERRUPTED
        finally:
            if best_so_far.best_parameters is not None:
                best_so_far.last_parameters = learner.snapshot()
                learner.restore(best_so_far.best_parameters)

    def _run(
        self,
        learner: Learner,
        order: Indices,
        rng: RandomState,
        best_so_far: BestSoFar,
        monitor: Monitor,
    ) -> Outcome:
        for k in range(self.max_epochs):
            # before the epoch, not after the last one, so that a stop in between changes nothing
            looks_back = k > 0 or self.checks_plateau_first
            if looks_back and not self._continues(learner, best_so_far, monitor):
                return Outcome.PLATEAU
            monitor.epoch_begins()
            if self.shuffle:
                order[:] = shuffled(order, rng)
            loss = learner.epoch(order)
            objective = monitor.epoch_ended(loss)
            is_best = best_so_far.update(objective, self.tol, self.keep_last_of_ties)
            if not (isfinite(loss) and learner.is_finite()):
                return Outcome.DIVERGED
            if is_best and self.keep_best:
                best_so_far.best_parameters = learner.snapshot()
            if learner.is_perfect(loss):
                return Outcome.PERFECT
            if monitor.wants_stop:
                return Outcome.STOPPED
        continues = self._continues(learner, best_so_far, monitor)
        return Outcome.OUT_OF_EPOCHS if continues else Outcome.PLATEAU

    def _continues(self, learner: Learner, best_so_far: BestSoFar, monitor: Monitor) -> bool:
        """Return whether training goes on: unless it is on a plateau and the learner gives up."""
        is_plateau = best_so_far.n_stalled > self.patience
        if not is_plateau or best_so_far.n_epochs <= self.min_epochs:
            return True
        continues = learner.continues_after_plateau()
        monitor.plateau_reached(continues)
        if continues:
            best_so_far.n_stalled = 0
        return continues


def shuffled(order: Indices, rng: RandomState) -> Indices:
    """Return `order` shuffled as scikit-learn does, so that the same seed gives the same epochs."""
    permutation = np.arange(order.size)
    rng.shuffle(permutation)
    return order[permutation]
