"""The history of a fit: its curves, scores on validation samples, callbacks and verbose output."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from sknn_edu.fitting.callbacks import new_progress_bar


@dataclass
class History:
    """Records the curves of one fit; implements :class:`sknn_edu.core.training.Monitor`.

    Parameters
    ----------
    estimator : estimator
        Its parameters ``verbose``, ``tol`` and ``n_iter_no_change`` are used.
    tasks : FitTasks or None
        Tells the callbacks about epochs; None if there are no callbacks.
    measure : callable ``measure() -> (loss, score)`` or None
        Computes the loss and the score of the current parameters on the validation samples.
    steers : bool
        Whether early stopping looks at the validation score instead of the training loss.
    rate : callable ``rate() -> float`` or None
        Returns the learning rate of the last step.
    loss_format : str
        The format in which the loss of an epoch is printed.

    Attributes
    ----------
    losses, rates, validation_losses, scores : list of float
        One number per epoch.
    """

    estimator: Any
    tasks: Any = None
    measure: Callable[[], tuple[float, float]] | None = None
    steers: bool = False
    rate: Callable[[], float] | None = None
    loss_format: str = "loss = {:.8f}"
    losses: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    validation_losses: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)

    @cached_property
    def prints(self):
        """Whether to print the loss of each epoch; ``verbose=2`` shows a progress bar instead."""
        verbose = self.estimator.verbose
        return verbose and (verbose != 2 or new_progress_bar() is None)

    @property
    def n_epochs(self):
        return len(self.losses)

    @property
    def wants_stop(self):
        return self.tasks is not None and self.tasks.stop

    def epoch_begins(self):
        if self.tasks is not None:
            self.tasks.epoch_begins()

    def epoch_ended(self, loss):
        if self.measure is not None:  # first, so that all curves stay equally long if interrupted
            validation_loss, score = self.measure()
            self.validation_losses.append(validation_loss)
            self.scores.append(score)
        self.losses.append(loss)
        if self.rate is not None:
            self.rates.append(self.rate())
        if self.prints:
            print(f"Iteration {self.n_epochs}, {self.loss_format.format(loss)}")
            if self.measure is not None:
                print(f"Validation score: {score:f}")
        if self.tasks is not None:
            self.tasks.epoch_ended()
        return -score if self.steers else loss

    def plateau_reached(self, continues):
        what = "Validation score" if self.steers else "Training loss"
        then = "Lowering the learning rate." if continues else "Stopping."
        if self.prints:
            print(
                f"{what} did not improve more than tol={self.estimator.tol:f} for "
                f"{self.estimator.n_iter_no_change} consecutive epochs. {then}"
            )

    def fit_ended(self):
        """Tell the callbacks that the fit has ended."""
        if self.tasks is not None:
            self.tasks.fit_ended()


# -- the fitted attributes --------------------------------------------------------------------

CURVES = (
    "loss_curve_",
    "validation_loss_curve_",
    "validation_scores_",
    "learning_rate_curve_",
)
"""Attributes with one number per epoch."""


def continued_curves(estimator, history, continuing):
    """Return the curves of a fit; if it continues an earlier one, they include the earlier ones."""

    def continued(name, values):
        return [*((continuing and getattr(estimator, name, None)) or []), *values]

    curves = {
        "loss_curve_": continued("loss_curve_", history.losses),
        "learning_rate_curve_": continued("learning_rate_curve_", history.rates),
        "validation_scores_": None,
        "validation_loss_curve_": None,
    }
    if history.measure is not None:
        curves["validation_scores_"] = continued("validation_scores_", history.scores)
        curves["validation_loss_curve_"] = continued(
            "validation_loss_curve_", history.validation_losses
        )
    return curves


def record(estimator, curves, n_seen, n_epochs, best_so_far, steers):
    """Set the fitted attributes that describe the training of `n_epochs` epochs."""
    vars(estimator).update(curves)
    estimator.t_, estimator.n_iter_ = n_seen, n_epochs
    losses, scores = estimator.loss_curve_, estimator.validation_scores_
    estimator.loss_ = losses[-1] if losses else np.inf
    estimator.best_epoch_ = len(losses) - best_so_far.n_epochs + best_so_far.best_epoch
    estimator.best_loss_ = None if steers else best_so_far.best
    estimator.best_validation_score_ = None
    if scores is not None:
        of_this_fit = scores[-n_epochs:] if n_epochs else []
        best = max((score for score in of_this_fit if np.isfinite(score)), default=np.nan)
        if steers and np.isfinite(best_so_far.best):
            best = -best_so_far.best
        estimator.best_validation_score_ = best
