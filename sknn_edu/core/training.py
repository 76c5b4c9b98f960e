"""Chapter 9: when has a machine learned enough?

When every sample has been shown once, an epoch is over. Note its loss, put the samples in a new
order, begin again; and stop when nothing is gained any more: when the loss, or a score on samples
held out, has not improved for a while.

This loop serves the perceptron of chapter 1 as well as the networks. What happens within an epoch
is the learner's affair: for networks see chapter 10, gradient descent in mini-batches. L-BFGS,
chapter 11, has no epochs and only shares the monitor.
"""

from dataclasses import dataclass
from enum import Enum, auto
from math import inf, isfinite
from typing import Any, Protocol

import numpy as np
from numpy.random import RandomState

from sknn_edu.core._arrays import Indices


class Learner(Protocol):
    """A machine in training."""

    def epoch(self, order: Indices) -> float:
        """Learn from the samples in this order; return the mean loss of the epoch."""

    def is_perfect(self, loss: float) -> bool:
        """Tell whether an epoch with this loss leaves nothing to learn."""

    def is_finite(self) -> bool:
        """Tell whether all parameters are numbers still."""

    def goes_on(self) -> bool:
        """A plateau is reached: tell whether to go on, with smaller steps."""

    def snapshot(self) -> Any:
        """Return a copy of the parameters."""

    def restore(self, snapshot: Any) -> None:
        """Go back to the parameters of a snapshot."""


class Monitor(Protocol):
    """Who watches the training: it keeps the curves, prints, and judges each epoch."""

    wants_stop: bool
    """Whether somebody has asked for an end."""

    def epoch_begins(self) -> None:
        """Take note that an epoch begins."""

    def epoch_ended(self, loss: float) -> float:
        """Take note of an epoch's mean loss; return the number that training is to minimise."""

    def plateau_reached(self, goes_on: bool) -> None:
        """Take note that the number has not improved for long, and whether training goes on."""


class Outcome(Enum):
    """Why training ended."""

    PERFECT = auto()
    PLATEAU = auto()
    OUT_OF_EPOCHS = auto()
    INTERRUPTED = auto()
    STOPPED = auto()
    DIVERGED = auto()


FINISHED_EARLY = (Outcome.INTERRUPTED, Outcome.STOPPED)
"""Training that ended so can go on."""


@dataclass
class Patience:
    """How long training has been without an improvement by tol on the best epoch so far.

    ``best_epoch`` counts from 1. If the learner is to go back to it, ``keepsake`` is what it was
    then and ``last`` what it was at the end.
    """

    best: float = inf
    best_epoch: int = 0
    n_epochs: int = 0
    n_stalled: int = 0
    keepsake: Any = None
    last: Any = None

    def judge(self, objective: float, tol: float, prefers_last: bool = False) -> bool:
        """Count the epochs without an improvement; tell whether this one is the best so far.

        Of several that are equally good, the first is the best, or else the last.
        """
        self.n_epochs += 1
        self.n_stalled = 0 if objective <= self.best - tol else self.n_stalled + 1
        is_best = objective < self.best or (prefers_last and objective == self.best < inf)
        if is_best:
            self.best, self.best_epoch = objective, self.n_epochs
        return is_best


@dataclass(frozen=True)
class Epochs:
    """How long to train.

    Parameters
    ----------
    max_epochs : int
        At most this many epochs.
    tol, patience : float
        A plateau is more than `patience` epochs in a row without an improvement by `tol`.
    shuffle : bool
        Show the samples in a new order in each epoch.
    keep_best : bool
        End with the parameters of the epoch that the monitor liked best, not of the last.
    grace : int
        In so many first epochs nothing is a plateau.
    prefers_last : bool
        Of several epochs that are equally good the last is the best, not the first.
    """

    max_epochs: int
    tol: float
    patience: float
    shuffle: bool
    keep_best: bool
    grace: int = 0
    prefers_last: bool = False

    def run(
        self,
        learner: Learner,
        order: Indices,
        rng: RandomState,
        patience: Patience,
        monitor: Monitor,
    ) -> Outcome:
        """Train until there is a reason to stop, and return it.

        ``order`` names the samples to train on; it is shuffled in place, and ``patience`` and
        ``rng`` are moved on in place. An interrupt from the keyboard ends training with what was
        learned so far.
        """
        try:
            return self._run(learner, order, rng, patience, monitor)
        except KeyboardInterrupt:
            return Outcome.INTERRUPTED
        finally:
            if patience.keepsake is not None:
                patience.last = learner.snapshot()
                learner.restore(patience.keepsake)

    def _run(
        self,
        learner: Learner,
        order: Indices,
        rng: RandomState,
        patience: Patience,
        monitor: Monitor,
    ) -> Outcome:
        for _ in range(self.max_epochs):
            monitor.epoch_begins()
            if self.shuffle:
                order[:] = shuffled(order, rng)
            loss = learner.epoch(order)
            is_best = patience.judge(monitor.epoch_ended(loss), self.tol, self.prefers_last)
            if not (isfinite(loss) and learner.is_finite()):
                return Outcome.DIVERGED
            if is_best and self.keep_best:
                patience.keepsake = learner.snapshot()
            if learner.is_perfect(loss):
                return Outcome.PERFECT
            if monitor.wants_stop:
                return Outcome.STOPPED
            if patience.n_stalled > self.patience and patience.n_epochs > self.grace:
                goes_on = learner.goes_on()
                monitor.plateau_reached(goes_on)
                if not goes_on:
                    return Outcome.PLATEAU
                patience.n_stalled = 0
        return Outcome.OUT_OF_EPOCHS


def shuffled(order: Indices, rng: RandomState) -> Indices:
    """Return `order` shuffled, scikit-learn's way, so that one seed gives the same epochs."""
    permutation = np.arange(order.size)
    rng.shuffle(permutation)
    return order[permutation]
