"""Which learning rate? Try a range of them in one short training run."""

from typing import NamedTuple

import numpy as np
from scipy.sparse import issparse
from sklearn.base import clone
from sklearn.utils import check_random_state

from sknn_edu.core.beyond.sparse_inputs import with_sparse_inputs
from sknn_edu.core.training import shuffled
from sknn_edu.estimators.mlp import BaseMLP
from sknn_edu.fitting.fit import (
    check_training_data,
    make_batches,
    n_in_batch,
    start_learner,
    start_parameters,
)
from sknn_edu.fitting.training_state import TrainingState
from sknn_edu.plotting import new_axes


class LearningRateSearch(NamedTuple):
    """The result of :func:`find_learning_rate`.

    Attributes
    ----------
    rates : ndarray of shape (n_steps,)
        The learning rates, increasing.
    losses : ndarray of shape (n_steps,)
        The smoothed mean loss of the mini-batch at each step.
    suggestion : float
        The rate at which the loss falls most steeply: a good ``learning_rate_init``.
    """

    rates: np.ndarray
    losses: np.ndarray
    suggestion: float

    def plot(self, ax=None):
        """Draw the loss over the learning rate, and the suggestion.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        ax : matplotlib Axes
            Where it was drawn.

        Raises
        ------
        ImportError
            If Matplotlib is not installed.
        """
        ax = new_axes(ax, (6, 3.5))
        ax.plot(self.rates, self.losses)
        ax.axvline(self.suggestion, color="C1", linestyle="--", label=f"{self.suggestion:.2g}")
        ax.set(xscale="log", xlabel="learning rate", ylabel="loss of a mini-batch, smoothed")
        ax.legend(title="suggestion")
        return ax


INSTEAD = (
    "Of an average pass its estimator; of a pipeline its last step, with "
    "pipeline[:-1].fit_transform(X, y) for X."
)
"""What to pass for an estimator that contains the network."""


def find_learning_rate(estimator, X, y, *, low=1e-6, high=1.0, n_steps=200, smoothing=0.9):
    """Train a copy of a network with a growing learning rate, and see where the loss falls.

    The learning rate is multiplied by a constant factor after each mini-batch, from `low` to
    `high`; the run ends early when the loss exceeds four times its minimum (Smith, arXiv
    1506.01186, section 3.3). The estimator itself is not changed.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
        With any solver but 'lbfgs'.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        The samples, scaled as for fit.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Their targets.
    low, high : float, default=1e-6 and 1.0
        The first and the last rate, 0 < low < high.
    n_steps : int, default=200
        The number of steps, at least 10.
    smoothing : float, default=0.9
        Decay rate of the running mean of the loss, in [0, 1).

    Returns
    -------
    search : LearningRateSearch
        ``rates``, ``losses``, ``suggestion``, and ``plot()``.

    Raises
    ------
    ValueError
        If a parameter is out of its range, the solver has no learning rate, or the loss diverges at
        once.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sknn_edu import MLPClassifier, find_learning_rate
    >>> X, y = load_digits(return_X_y=True)
    >>> search = find_learning_rate(MLPClassifier(random_state=0), X / 16, y)
    >>> 1e-4 < search.suggestion < 1e-1
    True
    """
    if not isinstance(estimator, BaseMLP) or estimator.solver == "lbfgs":
        raise ValueError(
            "estimator must be an MLPClassifier or MLPRegressor with a solver other than lbfgs; "
            f"got {estimator!r}. {INSTEAD}"
        )
    if not (0 < low < high < np.inf and n_steps >= 10 and 0 <= smoothing < 1):
        raise ValueError(
            "find_learning_rate needs 0 < low < high, n_steps >= 10 and 0 <= smoothing < 1; got "
            f"low={low}, high={high}, n_steps={n_steps}, smoothing={smoothing}."
        )
    rates = np.geomspace(low, high, n_steps)
    copy = clone(estimator).set_params(learning_rate="constant", warmup_fraction=0.0)
    running = weight = 0.0
    smooth = []
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for loss in batch_losses(copy, X, y, rates):
            running = smoothing * running + (1 - smoothing) * loss
            weight = smoothing * weight + (1 - smoothing)
            if not np.isfinite(running) or (smooth and running / weight > 4 * min(smooth)):
                break
            smooth.append(running / weight)
    if len(smooth) < 3:
        raise ValueError(
            f"The loss diverged at once, at a learning rate of low={low}. Scale the features, for "
            "example with StandardScaler, or lower low."
        )
    curve, tried = np.array(smooth), rates[: len(smooth)]
    slope = np.gradient(curve, np.log(tried))
    steepest = int(np.argmin(slope[: int(np.argmin(curve)) + 1]))
    return LearningRateSearch(tried, curve, float(tried[steepest]))


def batch_losses(estimator, X, y, rates):
    """Train from the beginning with one learning rate per batch; yield the mean loss of each batch.

    Parameters
    ----------
    estimator : Trainable
        An unfitted copy, which remains unfitted.
    X, y : array-like
        The training data as the user passed it.
    rates : iterable of float
        The learning rate of each batch.

    Yields
    ------
    loss : float
        The mean loss of a batch, without penalty. Batches of total weight 0 yield nothing.
    """
    estimator._validate_params()
    data = check_training_data(estimator, X, y, None, continuing=False, classes=None)
    plan = estimator._make_plan(data.X, data.targets, continuing=False)
    architecture = plan.architecture
    if issparse(data.X):
        architecture = with_sparse_inputs(architecture)
    rng, order = check_random_state(estimator.random_state), np.arange(data.X.shape[0])
    parameters = start_parameters(estimator, architecture, data.X, rng, continuing=False)
    settings = estimator._training_settings(plan, data.X, data.weight)
    batch_size = n_in_batch(settings.batch_size, order.size)
    batches = make_batches(data, architecture, batch_size, data.X.dtype)
    state = TrainingState(estimator.solver, order.size, rng)
    learner = start_learner(architecture, parameters, batches, settings, state)
    remaining = iter(rates)
    while True:
        order = shuffled(order, rng)
        for samples in batches.over(order):
            for batch in samples.batches:
                rate = next(remaining, None)
                if rate is None:
                    return
                learner.state.eta = rate
                learner.step(batch)
                if batch.total() > 0:
                    loss = batch.sum(architecture.loss.value(batch.y, batch.outputs))
                    yield loss / batch.total()
