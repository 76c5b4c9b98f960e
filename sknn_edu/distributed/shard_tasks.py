"""What a worker does with its shard: pure functions, which Dask may run again anywhere."""

from dataclasses import dataclass, field, replace
from math import ceil
from typing import Any

import cloudpickle
import numpy as np

from sknn_edu.core.gradient_descent import GradientDescent
from sknn_edu.core.lbfgs import MeanLoss
from sknn_edu.core.optimizers import OptimizerState
from sknn_edu.distributed.outer_momentum import portions
from sknn_edu.fitting.fit import make_batches


@dataclass(frozen=True, eq=False)
class Shard:
    """Samples on a worker, with what is needed to learn from them.

    It is made in each task: X and the rest are values of the cluster, whose size Dask knows.
    """

    X: Any
    y: np.ndarray
    weight: np.ndarray | None
    targets: Any


@dataclass(frozen=True, eq=False)
class LocalSteps:
    """How shards take their steps: the fields of a learner that do not change."""

    shuffle: bool
    eta_0: float
    options: dict
    regularization: Any
    between_layers: Any
    architecture: Any
    state: OptimizerState

    @classmethod
    def of(cls, learner, shuffle):
        names = "optimizer", "schedule", "eta_0", "n_epochs", "multipliers"
        return cls(
            shuffle,
            learner.eta_0,
            {name: getattr(learner, name) for name in names},
            learner.regularization,
            learner.between_layers,
            learner.architecture,
            replace(learner.state, vectors=[]),
        )

    def learner(self, shard, vectors, batch_size, share):
        """Return gradient descent on a shard, from copies of these vectors."""
        theta, *vectors = vectors
        parameters = self.architecture.parameters(theta.dtype)
        parameters.theta[:] = theta
        regularization = self.regularization
        if share != 1:  # as in a batch of the usual size
            regularization = replace(regularization, alpha=regularization.alpha * share)
        return GradientDescent(
            self.architecture,
            parameters,
            make_batches(shard, self.architecture, batch_size, theta.dtype),
            regularization=regularization,
            between_layers=self.between_layers,
            state=replace(self.state, vectors=[vector.copy() for vector in vectors]),
            **self.options,
        )


@dataclass(frozen=True, eq=False)
class Learned:
    """What shards have learned in a round.

    Attributes
    ----------
    loss, total : float
        The sums of losses, and of weights.
    vectors : list of ndarray
        The mean parameters, and the mean of what the optimiser remembers.
    t : float
        The mean number of steps.
    rate : float
        The learning rate of the last step of the first shard.
    draws : dict or None
        The state of what dropout draws from, of a single shard.
    """

    loss: float
    total: float
    vectors: list[np.ndarray] = field(repr=False)
    t: float
    rate: float
    draws: Any = None

    def leave(self, learner):
        """Give a learner what was learned."""
        state = learner.state
        for vector, mean in zip(
            [learner.parameters.theta, *state.vectors], self.vectors, strict=True
        ):
            vector[:] = mean
        state.t, state.rate = round(self.t), self.rate
        if self.draws is not None:
            learner.between_layers.rng.bit_generator.state = self.draws


def take_steps(task, X, rest, rows, given, seed, limits):
    """Return what a shard learns in some steps of an epoch from common parameters.

    Parameters
    ----------
    task : bytes
        A pickled :class:`LocalSteps`, so that each task has its own.
    X, rest : array, tuple
        What a :class:`Shard` is made of.
    rows : ndarray of int or None
        The rows to train on, in their order, or to shuffle; None for all.
    given : tuple
        theta and what the optimiser remembers, as a list; and what is added to theta for each
        step, or None.
    seed : tuple of int or None
        From which to draw; None if the order and the random numbers of dropout are given.
    limits : tuple
        The first step, the number of steps, the batch size, and the share of the L2 penalty.
    """
    start, n_steps, batch_size, share = limits
    steps, (vectors, drift) = cloudpickle.loads(task), given
    rows = np.arange(X.shape[0]) if rows is None else np.require(rows, requirements="A")
    if seed is not None:
        if steps.shuffle:
            rows = np.random.default_rng(seed).permutation(rows)
        if steps.between_layers is not None:
            steps.between_layers.rng = np.random.default_rng([*seed, start])
    learner = steps.learner(Shard(X, *rest), vectors, batch_size, share)
    stop = min(start + n_steps, ceil(rows.size / batch_size))
    loss = total = 0.0
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for first, end in [(start, stop)] if drift is None else portions(start, stop):
            if drift is not None:
                learner.parameters.theta += (end - first) * drift
            shown = rows[first * batch_size : end * batch_size]
            of_portion, weight = learner.learn(shown, rows.size, first)
            loss, total = loss + of_portion, total + weight
    draws = None
    if seed is None and steps.between_layers is not None:
        draws = steps.between_layers.rng.bit_generator.state
    state = learner.state
    vectors = [learner.parameters.theta, *state.vectors]
    return Learned(loss, total, vectors, state.t, state.rate, draws)


def average(*learned):
    """Return the mean of what shards have learned, weighted by samples, in their order."""
    if len(learned) == 1:
        return learned[0]
    total = sum(part.total for part in learned)
    shares = [part.total / total if total > 0 else 1 / len(learned) for part in learned]
    return Learned(
        sum(part.loss for part in learned),
        total,
        [weighted_sum(v, shares) for v in zip(*(p.vectors for p in learned), strict=True)],
        sum(share * part.t for share, part in zip(shares, learned, strict=True)),
        learned[0].rate,
        learned[0].draws,
    )


def weighted_sum(vectors, shares):
    """Return the sum of vectors times their shares, in this order."""
    result = vectors[0] * shares[0]
    for vector, share in zip(vectors[1:], shares[1:], strict=True):
        result += vector * share
    return result


def of_shard(X, rest, theta, options):
    """Return the sum of a shard's losses, and the gradient of its part of the mean loss."""
    shard, (architecture, batch_size, dtype, total) = Shard(X, *rest), options
    parameters = architecture.parameters(dtype)
    parameters.theta[:] = theta
    batches = make_batches(shard, architecture, min(batch_size, len(shard.y)), dtype)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        loss, gradient = MeanLoss(architecture, parameters, batches, 0.0, total).of_samples()
    return loss, gradient.copy()


def add(*parts):
    """Return the sums of losses and of gradients, in this order."""
    loss, gradient = parts[0][0], parts[0][1].copy()
    for other_loss, other in parts[1:]:
        loss += other_loss
        gradient += other
    return loss, gradient
