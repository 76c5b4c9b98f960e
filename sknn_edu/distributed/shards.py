"""Training on all shards at once: rounds of local steps, and sums of losses and gradients."""

from math import ceil

import cloudpickle
import numpy as np

from sknn_edu.core.gradient_descent import GradientDescent
from sknn_edu.core.lbfgs import MeanLoss
from sknn_edu.distributed.shard_tasks import LocalSteps, Shard, add, average, of_shard, take_steps


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
        self._batch_sizes = [max(min(self.batch_size, n_k), 1) for n_k in self._sizes]
        self._shares = [min(b / self.batch_size, 1) for b in self._batch_sizes]
        if uses_all and self.weight is not None:
            starts = np.cumsum([0, *samples.sizes])
            pairs = zip(starts, rows, strict=False)
            weights = [self.weight[start + part].sum() for start, part in pairs]
            self._shares = [float(w / sum(weights)) for w in weights]
        self._momentum = 0.0 if uses_all else samples.outer_momentum
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
        n_bytes, n = sum(vector.nbytes for vector in vectors), len(self.shards)

        def submit():
            shared, futures = cluster.share(vectors, n_bytes, n), []
            steps = cluster.share(task, len(task), n)
            for k, (shard, rows) in enumerate(zip(self.shards, self._rows, strict=True)):
                batch_size = self._batch_sizes[k]
                if start * batch_size >= self._sizes[k]:
                    continue
                if isinstance(rows, np.ndarray):  # of a single shard, in a new order each time
                    rows = cluster.share(rows, rows.nbytes, 1)
                seed = (samples.seed, k, state.n_epochs) if samples.shuffles else None
                limits = start, n_steps, batch_size, self._shares[k]
                futures.append(
                    cluster.submit(take_steps, steps, shard, rows, shared, seed, limits, home=k)
                )
            return futures

        return cluster.gather_combined(average, submit, n_bytes, n)

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

    def learn(self, order, n_samples, n_steps_done=0):
        return self.batches.learn(self, order)


class SummedLoss(MeanLoss):
    """The mean loss, to which each shard contributes the loss and gradient of its samples."""

    def of_samples(self):
        loss, gradient = self.batches.loss_and_gradient(self.parameters.theta, self._total)
        self._sum.theta[:] = gradient
        return loss, self._sum.theta
