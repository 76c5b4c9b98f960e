"""The training samples and their targets on the workers, and what learns from them."""

from functools import partial

import numpy as np
from scipy.optimize import OptimizeResult

from sknn_edu.core.gradient_descent import GradientDescent
from sknn_edu.core.lbfgs import MeanLoss
from sknn_edu.distributed.cluster import Call
from sknn_edu.distributed.rounds import Rounds
from sknn_edu.distributed.shard_tasks import add, of_shard


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
        self.shards = []  # X, and the rest
        for k, block in enumerate(samples.blocks):
            rows = slice(starts[k], starts[k + 1])
            of_block = None if weight is None else weight[rows]
            self.shards.append((block, self.cluster.send((y[rows], of_block, targets), k)))
        self._weight, self._rounds = weight, None

    def total_weights(self, rows):
        """Return the sum of the weights of these rows of each shard."""
        starts = np.cumsum([0, *self.samples.sizes])
        pairs = zip(starts, rows, strict=False)
        return [float(self._weight[start + part].sum()) for start, part in pairs]

    def learn(self, learner, order):
        """Train for an epoch; return the sum of the losses, and of the weights."""
        self._rounds = self._rounds or Rounds(self, order)
        return self._rounds.learn(learner, order)

    def work_ahead(self, learner):
        """Let the workers begin the next epoch."""
        self._rounds.work_ahead(learner)

    def loss_and_gradient(self, theta, total, meanwhile):
        """Return the sum of the losses, and of the gradients of the mean loss, at theta.

        ``meanwhile()`` is called while the workers compute.
        """
        cluster, n = self.cluster, len(self.shards)

        def make_calls():
            shared = cluster.share(theta, theta.nbytes, n)
            options = self.architecture, self.batch_size, self.dtype, total
            calls = [
                Call(of_shard, (*shard, shared, options), k) for k, shard in enumerate(self.shards)
            ]
            return cluster.combined(add, calls, theta.nbytes)

        return add(*cluster.gather(make_calls, meanwhile))


class SharedDescent(GradientDescent):
    """Gradient descent in which each shard takes its steps from common parameters."""

    def epoch(self, order):
        loss = super().epoch(order)
        self.batches.work_ahead(self)
        return loss

    def learn(self, order, n_samples, n_steps_done=0):
        return self.batches.learn(self, order)


class SummedLoss(MeanLoss):
    """The mean loss, to which each shard contributes the loss and gradient of its samples.

    What follows an iteration, such as validation, is postponed until the workers compute what the
    next iteration needs. If it ends training, their work was in vain.
    """

    _postponed = None

    def calls_back(self, callback):
        def postpone(intermediate_result):
            x = intermediate_result.x.copy()  # SciPy goes on with the original
            self._postponed = partial(callback, OptimizeResult(intermediate_result, x=x))

        return postpone

    def catch_up(self):
        postponed, self._postponed = self._postponed, None
        if postponed is not None:
            postponed()

    def of_samples(self):
        theta = self.parameters.theta.copy()  # what is postponed has parameters of its own
        try:
            loss, gradient = self.batches.loss_and_gradient(theta, self._total, self.catch_up)
        except KeyboardInterrupt:
            self.catch_up()  # the last iteration counts
            raise
        self.parameters.theta[:], self._sum.theta[:] = theta, gradient
        return loss, self._sum.theta
