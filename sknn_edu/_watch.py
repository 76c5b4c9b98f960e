"""Who watches a fit: curves, scores on held-out samples, and what verbose estimators print."""

from math import isfinite


class Watch:
    """Keeps the curves of one fit; a :class:`sknn_edu.core.training.Monitor`.

    Parameters
    ----------
    estimator : estimator
        Its ``verbose``, ``tol`` and ``n_iter_no_change`` are read.
    score : callable ``score() -> float`` or None
        The score of the parameters as they stand, on samples held out. It is what training
        maximises where it is given; else training minimises the loss.
    loss_format : str
        How to print the loss of an epoch.
    """

    def __init__(self, estimator, score=None, loss_format="loss = {:.8f}"):
        self.estimator = estimator
        self.score = score
        self.loss_format = loss_format
        self.losses = []
        self.scores = []

    @property
    def n_epochs(self):
        return len(self.losses)

    def epoch_ended(self, loss):
        self.losses.append(loss)
        if self.estimator.verbose:
            print(f"Iteration {self.n_epochs}, {self.loss_format.format(loss)}")
        if self.score is None:
            return loss
        score = self.score()
        self.scores.append(score)
        if self.estimator.verbose:
            print(f"Validation score: {score:f}")
        return -score

    def plateau_reached(self, goes_on):
        what = "Training loss" if self.score is None else "Validation score"
        then = "Lowering the learning rate." if goes_on else "Stopping."
        if self.estimator.verbose:
            print(
                f"{what} did not improve more than tol={self.estimator.tol:f} for "
                f"{self.estimator.n_iter_no_change} consecutive epochs. {then}"
            )

    def best_score_was_finite(self):
        """Tell whether there is an epoch to go back to."""
        return any(isfinite(score) for score in self.scores)
