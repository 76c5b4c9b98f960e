"""Who watches a fit: curves, validation, callbacks, and what verbose estimators print."""

from math import isfinite


class Watch:
    """Keeps the curves of one fit; a :class:`sknn_edu.core.training.Monitor`.

    Parameters
    ----------
    estimator : estimator
        Its ``verbose``, ``tol`` and ``n_iter_no_change`` are read.
    tasks : Tasks
        What callbacks are told through.
    measure : callable ``measure() -> (loss, score)`` or None
        Of the parameters as they stand, on samples not learned from.
    steers : bool
        Whether training maximises that score; else it minimises the loss.
    rate : callable ``rate() -> float`` or None
        The learning rate of the last step.
    loss_format : str
        How to print the loss of an epoch.
    """

    def __init__(
        self,
        estimator,
        tasks,
        measure=None,
        steers=False,
        rate=None,
        loss_format="loss = {:.8f}",
    ):
        self.estimator, self.tasks = estimator, tasks
        self.measure, self.steers, self.rate = measure, steers, rate
        self.loss_format = loss_format
        self._prints = estimator.verbose and estimator.verbose != 2  # 2 is a progress bar
        self.losses, self.rates = [], []
        self.validation_losses, self.scores = [], []

    @property
    def n_epochs(self):
        return len(self.losses)

    @property
    def wants_stop(self):
        return self.tasks.stop

    def epoch_begins(self):
        self.tasks.epoch_begins()

    def epoch_ended(self, loss):
        if self.measure is not None:  # first, lest an interrupt leave curves of different lengths
            validation_loss, score = self.measure()
            self.validation_losses.append(validation_loss)
            self.scores.append(score)
        self.losses.append(loss)
        if self.rate is not None:
            self.rates.append(self.rate())
        if self._prints:
            print(f"Iteration {self.n_epochs}, {self.loss_format.format(loss)}")
            if self.measure is not None:
                print(f"Validation score: {score:f}")
        self.tasks.epoch_ended()
        return -score if self.steers else loss

    def plateau_reached(self, goes_on):
        what = "Validation score" if self.steers else "Training loss"
        then = "Lowering the learning rate." if goes_on else "Stopping."
        if self._prints:
            print(
                f"{what} did not improve more than tol={self.estimator.tol:f} for "
                f"{self.estimator.n_iter_no_change} consecutive epochs. {then}"
            )

    def best_score_was_finite(self):
        """Tell whether there is an epoch to go back to."""
        return self.steers and any(isfinite(score) for score in self.scores)
