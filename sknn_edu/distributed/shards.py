"""Training on all shards at once: rounds of local steps, and sums of losses and gradients."""

from dataclasses import dataclass
from math import ceil
from typing import Any

import cloudpickle
import numpy as np

from sknn_edu.core.gradient_descent import GradientDescent
from sknn_edu.core.lbfgs import MeanLoss
from sknn_edu.distributed.outer_momentum import OuterMomentum
from sknn_edu.distributed.shard_tasks import LocalSteps, Shard, add, average, of_shard, take_steps


@dataclass(frozen=True, eq=False)
class Round:
    """What shards need to know for some steps of an epoch.

    Attributes
    ----------
    steps : bytes
        A pickled :class:`~sknn_edu.distributed.shard_tasks.LocalSteps`.
    vectors : list of ndarray
        theta, and what the optimiser remembers.
    drift : ndarray or None
        What each shard adds to theta for each step.
    epoch, start, n_steps : int
        The steps ``start``, ``start + 1``, ... of this epoch.
    """

    steps: bytes
    vectors: list[np.ndarray]
    drift: Any
    epoch: int
    start: int
    n_steps: int

    @property
    def n_bytes(self):
        """The bytes of what shards are given, and of what they return, at most."""
        return sum(vector.nbytes for vector in (*self.vectors, self.drift) if vector is not None)

    def equals(self, other):
        """Return whether another round would learn the same."""
        numbers = self.steps, self.epoch, self.start, self.n_steps
        return numbers == (other.steps, other.epoch, other.start, other.n_steps) and all(
            map(np.array_equal, [*self.vectors, self.drift], [*other.vectors, other.drift])
        )


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
        self._rows, self._ahead = None, None

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
        for start in range(0, self._n_steps, self._steps_in_round(learner)):
            this = self._round(learner, start)
            learned = self._learned(this)
            learned.leave(learner)
            self._momentum.note(learner.parameters.theta - this.vectors[0], this.n_steps)
            loss, total = loss + learned.loss, total + learned.total
        return loss, total

    def work_ahead(self, learner):
        """Let the workers begin the next epoch while this process looks at the last one.

        If something changes in between, such as the learning rate, their work is done again.
        """
        ends = learner.state.n_epochs >= learner.n_epochs or not learner.is_finite()
        if ends or len(self.shards) == 1 or not self.samples.works_ahead:
            return
        next_round = self._round(learner, 0)
        futures = self.cluster.begin(lambda: self._submit(next_round))
        self._ahead = None if futures is None else (next_round, futures)

    def _distribute(self, learner, order):
        """Find out how the shards are to train, and tell them on which of their samples."""
        samples, n = self.samples, order.size
        rows, _ = samples.split(order)
        self._rows, self._sizes = rows, [part.size for part in rows]
        uses_all = self.batch_size >= n
        self._batch_sizes = [max(min(self.batch_size, n_k), 1) for n_k in self._sizes]
        self._shares = [min(b / self.batch_size, 1) for b in self._batch_sizes]
        if uses_all and self.weight is not None:
            starts = np.cumsum([0, *samples.sizes])
            pairs = zip(starts, rows, strict=False)
            weights = [self.weight[start + part].sum() for start, part in pairs]
            self._shares = [float(w / sum(weights)) for w in weights]
        self._n_steps = max(
            ceil(size / batch) for size, batch in zip(self._sizes, self._batch_sizes, strict=True)
        )
        momentum = 0.0 if uses_all or len(rows) == 1 else samples.outer_momentum
        self._momentum = OuterMomentum(momentum, len(rows))
        if len(rows) > 1:
            self._rows = [
                None if part.size == size else self.cluster.send(part, k)
                for k, (part, size) in enumerate(zip(rows, samples.sizes, strict=True))
            ]

    def _steps_in_round(self, learner):
        """Return the number of steps of a round in this epoch."""
        given, n = self.samples.batches_per_round, self._n_steps
        if given is None:
            return self._momentum.steps_in_round(n, learner.state.n_epochs)
        return min(given, n)

    def _round(self, learner, start):
        """Return the round that begins with this step of an epoch."""
        state, samples = learner.state, self.samples
        n_steps = min(self._steps_in_round(learner), self._n_steps - start)
        return Round(
            cloudpickle.dumps(LocalSteps.of(learner, samples.shuffles and samples.shuffle)),
            [vector.copy() for vector in (learner.parameters.theta, *state.vectors)],
            self._momentum.per_step(n_steps),
            state.n_epochs,
            start,
            n_steps,
        )

    def _learned(self, this):
        """Return what the shards learn in a round, which may have begun already."""
        ahead, self._ahead = self._ahead, None
        begun = [ahead[1]] if ahead is not None and ahead[0].equals(this) else []
        return self.cluster.gather_combined(
            average,
            lambda: begun.pop() if begun else self._submit(this),
            this.n_bytes,
            len(self.shards),
        )

    def _submit(self, this):
        """Return the futures of what the shards learn in a round."""
        cluster, samples, n = self.cluster, self.samples, len(self.shards)
        given = cluster.share((this.vectors, this.drift), this.n_bytes, n)
        steps, futures = cluster.share(this.steps, len(this.steps), n), []
        for k, (shard, rows) in enumerate(zip(self.shards, self._rows, strict=True)):
            batch_size = self._batch_sizes[k]
            if this.start * batch_size >= self._sizes[k]:
                continue
            if isinstance(rows, np.ndarray):  # of a single shard, in a new order each time
                rows = cluster.share(rows, rows.nbytes, 1)
            seed = (samples.seed, k, this.epoch) if samples.shuffles else None
            limits = this.start, this.n_steps, batch_size, self._shares[k]
            futures.append(
                cluster.submit(take_steps, steps, shard, rows, given, seed, limits, home=k)
            )
        return futures

    # -- the loss of all samples ---------------------------------------------------------------

    def loss_and_gradient(self, theta, total):
        """Return the sum of the losses, and of the gradients of the mean loss, at theta."""
        cluster, n = self.cluster, len(self.shards)

        def submit():
            shared = cluster.share(theta, theta.nbytes, n)
            options = self.architecture, self.batch_size, self.dtype, total
            return [
                cluster.submit(of_shard, shard, shared, options, home=k)
                for k, shard in enumerate(self.shards)
            ]

        return cluster.gather_combined(add, submit, theta.nbytes, n)


class SharedDescent(GradientDescent):
    """Gradient descent in which each shard takes its steps from common parameters."""

    def epoch(self, order):
        loss = super().epoch(order)
        self.batches.work_ahead(self)
        return loss

    def learn(self, order, n_samples, n_steps_done=0):
        return self.batches.learn(self, order)


class SummedLoss(MeanLoss):
    """The mean loss, to which each shard contributes the loss and gradient of its samples."""

    def of_samples(self):
        loss, gradient = self.batches.loss_and_gradient(self.parameters.theta, self._total)
        self._sum.theta[:] = gradient
        return loss, self._sum.theta
