"""Blocks of samples on the workers of a Dask cluster, and training on all of them at once."""

from dataclasses import dataclass, field, replace
from math import ceil
from typing import Any

import cloudpickle
import numpy as np
import scipy.sparse
from scipy.sparse import issparse

from sknn_edu.core.gradient_descent import GradientDescent
from sknn_edu.core.lbfgs import MeanLoss
from sknn_edu.core.optimizers import OptimizerState
from sknn_edu.core.training import shuffled
from sknn_edu.fitting.remote import RemoteSamples, make_batches


class DaskSamples(RemoteSamples):
    """Checked samples on the workers; what a network in training sees of them.

    Parameters
    ----------
    cluster : Cluster
    blocks : list of Kept
        ndarray (n, n_features) or CSR array each; on their workers.
    sizes : list of int
        Their numbers of rows.
    n_features, dtype, is_sparse
        What they have in common.
    seed : int
        Of what blocks draw for themselves, if there are several.
    shuffle : bool
        Whether blocks shuffle their samples before each epoch, if there are several.
    batches_per_round : int or None
        After so many batches, or after each epoch, the blocks' parameters are averaged.
    outer_momentum : float or 'auto'
        See :func:`outer_momentum`.
    places : ndarray (n_samples,) or None
        Where each sample is among the rows of all blocks; None if they are in this order.
    """

    def __init__(
        self,
        cluster,
        blocks,
        sizes,
        n_features,
        dtype,
        is_sparse,
        *,
        seed=0,
        shuffle=True,
        batches_per_round=None,
        outer_momentum="auto",
        places=None,
    ):
        self.cluster, self.blocks, self.sizes, self.places = cluster, blocks, sizes, places
        self.shape, self.dtype, self.is_sparse = (int(sum(sizes)), n_features), dtype, is_sparse
        self.seed, self.shuffle, self.batches_per_round = seed, shuffle, batches_per_round
        self.outer_momentum = outer_momentum
        self.known_range = None

    learner, mean_loss = property(lambda self: SharedDescent), property(lambda self: SummedLoss)

    @property
    def is_lost(self):
        return self.cluster.is_lost

    @property
    def shuffles(self):
        return len(self.blocks) > 1

    def split(self, rows):
        """Return for each block which of its rows are among these rows, in their order.

        Parameters
        ----------
        rows : ndarray of int

        Returns
        -------
        parts : list of ndarray of int
            Row numbers within each block.
        places : ndarray (rows.size,)
            Where each of the rows is in the concatenation of the parts.
        """
        if self.places is not None:
            rows = self.places[rows]
        stops = np.cumsum(self.sizes)
        of_block = np.searchsorted(stops, rows, side="right")
        sorter = np.argsort(of_block, kind="stable")
        counts = np.bincount(of_block, minlength=len(stops))
        local = (rows - (stops - self.sizes)[of_block])[sorter]
        places = np.empty_like(sorter)
        places[sorter] = np.arange(sorter.size)
        return np.split(local, np.cumsum(counts)[:-1]), places

    def __getitem__(self, rows):
        """Return some of the samples; they stay on their workers."""
        parts, places = self.split(np.arange(self.shape[0])[rows])
        there = [k for k, part in enumerate(parts) if part.size]
        blocks = [self.cluster.derive(take_rows, self.blocks[k], parts[k], home=k) for k in there]
        return DaskSamples(
            self.cluster, blocks, [parts[k].size for k in there], self.shape[1], self.dtype,
            self.is_sparse, seed=self.seed, shuffle=self.shuffle, places=places,
        )  # fmt: skip

    def per_block(self, function):
        task = cloudpickle.dumps(function)

        def submit():
            shared, parts = self.cluster.share(task, len(task)), enumerate(self.blocks)
            return [self.cluster.submit(call_pickled, shared, part, home=k) for k, part in parts]

        return self.cluster.gather(submit)

    def map_rows(self, function):
        results = np.concatenate(self.per_block(function))
        return results if self.places is None else results[self.places]

    def column_range(self):
        if self.known_range is None:
            self.known_range = super().column_range()
        return self.known_range

    def to_local(self):
        parts = self.per_block(as_it_is)
        if self.is_sparse:
            X = scipy.sparse.vstack(parts, format="csr")
        else:
            X = np.concatenate(parts)
        return X if self.places is None else X[self.places]

    def __array__(self, dtype=None, copy=None):
        """Return the samples as an array of this process, for scorers and callbacks."""
        X = self.to_local()
        return np.asarray(X.toarray() if issparse(X) else X, dtype)

    def batches(self, architecture, y, weight, targets, batch_size, dtype):
        return Shards(self, architecture, y, weight, targets, batch_size, dtype)


class Shards:
    """The training samples with their targets and weights, on the workers.

    Parameters
    ----------
    samples : DaskSamples
    architecture : Architecture
    y, weight, targets
        See :class:`~sknn_edu.fitting.fit.TrainingData`; y and weights of all samples.
    batch_size : int
        Of a network in training; smaller in a smaller shard.
    dtype : dtype
        Of the computation.
    """

    def __init__(self, samples, architecture, y, weight, targets, batch_size, dtype):
        self.samples, self.cluster, self.architecture = samples, samples.cluster, architecture
        self.y, self.weight, self.batch_size, self.dtype = y, weight, batch_size, dtype
        parts, _ = samples.split(np.arange(samples.shape[0]))
        starts = np.cumsum([0, *samples.sizes])
        order = samples.places
        if order is not None:  # as the blocks have them
            order = np.argsort(order, kind="stable")
            y, weight = y[order], None if weight is None else weight[order]
        if y.dtype.kind == "i":
            y = y.astype(np.result_type(np.min_scalar_type(int(y.max(initial=0))), np.int8))
        self.shards = []
        for k, block in enumerate(samples.blocks):
            rows = slice(starts[k], starts[k + 1])
            of_block = None if weight is None else weight[rows]
            sent = self.cluster.send((y[rows], of_block, targets), k)
            self.shards.append(self.cluster.derive(Shard.of, block, sent, home=k))
        self._rows, self._velocity = None, None

    # -- mini-batches --------------------------------------------------------------------------

    def learn(self, learner, order):
        """Train for an epoch, in rounds; return the sum of the losses, and of the weights.

        The learner's parameters and the state of its optimiser are overwritten.
        """
        if self._rows is None:
            self._distribute(learner, order)
        if len(self.shards) == 1:
            self._rows[0] = self.samples.split(order)[0][0]
        loss = total = 0.0
        n_steps = max(ceil(n / b) for n, b in zip(self._sizes, self._batch_sizes, strict=True))
        per_round = self.samples.batches_per_round or n_steps
        for start in range(0, n_steps, per_round):
            before, theta = learner.parameters.theta.copy(), learner.parameters.theta
            learned = self._round(learner, start, per_round)
            learned.leave(learner)
            loss, total = loss + learned.loss, total + learned.total
            if self._momentum > 0:
                self._move_on(theta, theta - before)
        return loss, total

    def _move_on(self, theta, step):
        """Add momentum to theta after the step of a round, but not after the first, long one."""
        if self._velocity is None:
            self._velocity = np.zeros_like(step)
            return
        self._velocity = self._momentum * self._velocity + step
        theta += self._momentum * self._velocity

    def _distribute(self, learner, order):
        """Find out how the shards are to train, and tell them on which of their samples."""
        samples, n = self.samples, order.size
        rows, _ = samples.split(order)
        self._rows, self._sizes = rows, [part.size for part in rows]
        uses_all = self.batch_size >= n
        of_shard = shard_batch_size(self.batch_size, len([size for size in self._sizes if size]))
        self._batch_sizes = [max(min(n if uses_all else of_shard, n_k), 1) for n_k in self._sizes]
        self._shares = [min(b / self.batch_size, 1) for b in self._batch_sizes]
        if uses_all and self.weight is not None:
            starts = np.cumsum([0, *samples.sizes])
            weights = [self.weight[start + part].sum() for start, part in zip(starts, rows)]
            self._shares = [float(w / sum(weights)) for w in weights]
        self._momentum = samples.outer_momentum
        if self._momentum == "auto":
            self._momentum = 0.0 if uses_all else outer_momentum(learner.optimizer, len(rows))
        if len(rows) > 1:
            self._rows = [
                None if part.size == size else self.cluster.send(part, k)
                for k, (part, size) in enumerate(zip(rows, samples.sizes, strict=True))
            ]

    def _round(self, learner, start, n_steps):
        """Return what the shards have learned in steps start, start + 1, ... of this epoch."""
        cluster, samples, state = self.cluster, self.samples, learner.state
        vectors = [learner.parameters.theta, *state.vectors]
        task = cloudpickle.dumps(LocalSteps.of(learner, samples.shuffles and samples.shuffle))

        n_bytes = sum(vector.nbytes for vector in vectors)

        def submit():
            shared, futures = cluster.share(vectors, n_bytes), []
            for k, (shard, rows) in enumerate(zip(self.shards, self._rows, strict=True)):
                batch_size = self._batch_sizes[k]
                if start * batch_size >= self._sizes[k]:
                    continue
                if isinstance(rows, np.ndarray):
                    rows = cluster.share(rows, rows.nbytes)
                seed = (samples.seed, k, state.n_epochs) if samples.shuffles else None
                limits = start, n_steps, batch_size, self._shares[k]
                futures.append(
                    cluster.submit(take_steps, task, shard, rows, shared, seed, limits, home=k)
                )
            return futures

        return cluster.gather_combined(average, submit, n_bytes)

    # -- the loss of all samples ---------------------------------------------------------------

    def loss_and_gradient(self, theta, total):
        """Return the sum of the losses, and of the gradients of the mean loss, at theta."""
        cluster = self.cluster

        def submit():
            shared = cluster.share(theta, theta.nbytes)
            options = self.architecture, self.batch_size, self.dtype, total
            return [
                cluster.submit(of_shard, shard, shared, options, home=k)
                for k, shard in enumerate(self.shards)
            ]

        return cluster.gather_combined(add, submit, theta.nbytes)


SMALLEST_BATCH = 32
"""Shards do not divide batches into smaller ones, which would be slow."""


def shard_batch_size(batch_size, n_shards):
    """Return how many samples a mini-batch of one shard has.

    Together the shards show as many samples in a step as one machine does, so that an epoch has as
    many steps; only many shards take larger batches and fewer steps.
    """
    return max(ceil(batch_size / n_shards), min(batch_size, SMALLEST_BATCH))


def outer_momentum(optimizer, n_shards):
    """Return the momentum of the steps from round to round: 1 - 1 / sqrt(n_shards), or 0.

    A gradient of a smaller batch is noisier, and optimisers such as Adam divide by its size, noise
    included. So the part of a step that the shards have in common, which alone is left of their
    mean, is shorter by up to the square root of their number. Momentum makes up for it, since in
    the long run it multiplies steps by 1 / (1 - momentum). Plain gradient descent needs none.
    """
    return 1 - n_shards**-0.5 if getattr(optimizer, "ignores_scale", False) else 0.0


class SharedDescent(GradientDescent):
    """Gradient descent in which each shard takes its steps from common parameters."""

    def learn(self, order):
        return self.batches.learn(self, order)


class SummedLoss(MeanLoss):
    """The mean loss, to which each shard contributes the loss and gradient of its samples."""

    def of_samples(self):
        loss, gradient = self.batches.loss_and_gradient(self.parameters.theta, self._total)
        self._sum.theta[:] = gradient
        return loss, self._sum.theta


# -- what workers do ---------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Shard:
    """Samples on a worker, with what is needed to learn from them."""

    X: Any
    y: np.ndarray
    weight: np.ndarray | None
    targets: Any

    @classmethod
    def of(cls, X, sent):
        return cls(X, *sent)


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


def call_pickled(function, X):
    """Return ``function(X)`` for a pickled function."""
    return cloudpickle.loads(function)(X)


def as_it_is(X):
    """Return X."""
    return X


def take_rows(X, rows):
    """Return some rows of X."""
    return X[rows]


def take_steps(task, shard, rows, vectors, seed, limits):
    """Return what a shard learns in some steps of an epoch from common parameters.

    Parameters
    ----------
    task : bytes
        A pickled :class:`LocalSteps`, so that each task has its own.
    shard : Shard
    rows : ndarray of int or None
        The rows to train on, in their order, or to shuffle; None for all.
    vectors : list of ndarray
        theta, and what the optimiser remembers.
    seed : tuple of int or None
        From which to draw; None if the order and the random numbers of dropout are given.
    limits : tuple
        The first step, the number of steps, the batch size, and the share of the L2 penalty.
    """
    start, n_steps, batch_size, share = limits
    steps = cloudpickle.loads(task)
    rows = np.arange(shard.X.shape[0]) if rows is None else rows
    if seed is not None:
        if steps.shuffle:
            rows = shuffled(
                rows, np.random.RandomState(np.random.MT19937(np.random.SeedSequence(seed)))
            )
        if steps.between_layers is not None:
            steps.between_layers.rng = np.random.default_rng([*seed, start])
    learner = steps.learner(shard, vectors, batch_size, share)
    learner.begin_epoch(rows.size, start)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        loss, total = learner.learn(rows[start * batch_size : (start + n_steps) * batch_size])
    draws = None
    if seed is None and steps.between_layers is not None:
        draws = steps.between_layers.rng.bit_generator.state
    state = learner.state
    vectors = [learner.parameters.theta, *state.vectors]
    return Learned(loss, total, vectors, state.t, state.rate, draws)


def average(*learned):
    """Return the mean of what shards have learned, weighted by samples, in their order."""
    total = sum(part.total for part in learned)
    shares = [part.total / total if total > 0 else 1 / len(learned) for part in learned]
    return Learned(
        sum(part.loss for part in learned),
        total,
        [weighted_sum(vectors, shares) for vectors in zip(*(p.vectors for p in learned))],
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


def of_shard(shard, theta, options):
    """Return the sum of a shard's losses, and the gradient of its part of the mean loss."""
    architecture, batch_size, dtype, total = options
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
