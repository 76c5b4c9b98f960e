"""Training on all shards at once: rounds of local steps, after each of which the mean is taken."""

from dataclasses import dataclass
from functools import partial
from math import ceil

import cloudpickle
import numpy as np

from sknn_edu.distributed.cluster import Call
from sknn_edu.distributed.outer_momentum import OuterMomentum
from sknn_edu.distributed.shard_tasks import LocalSteps, average, take_steps


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
    drift: np.ndarray | None
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


class Rounds:
    """The rounds of a fit.

    Parameters
    ----------
    shards : Shards
    order : ndarray of int
        The samples to train on.
    """

    def __init__(self, shards, order):
        self.cluster, self.samples, self.shards = shards.cluster, shards.samples, shards.shards
        samples, (rows, _) = self.samples, self.samples.split(order)
        self._sizes = [part.size for part in rows]
        uses_all = shards.batch_size >= order.size
        self._batch_sizes = [max(min(shards.batch_size, n_k), 1) for n_k in self._sizes]
        self._shares = [min(b / shards.batch_size, 1) for b in self._batch_sizes]
        if uses_all and shards.weight is not None:
            weights = shards.total_weights(rows)
            self._shares = [weight / sum(weights) for weight in weights]
        self._n_steps = max(
            ceil(size / batch) for size, batch in zip(self._sizes, self._batch_sizes, strict=True)
        )
        momentum = 0.0 if uses_all or len(rows) == 1 else samples.outer_momentum
        self._momentum = OuterMomentum(momentum, order.size / max(self._sizes))
        self._holds_out = order.size < samples.shape[0]
        self._rows, self._ahead = rows, None
        if len(rows) > 1:
            self._rows = [
                None if part.size == size else self.cluster.send(part, k)
                for k, (part, size) in enumerate(zip(rows, samples.sizes, strict=True))
            ]

    def learn(self, learner, order):
        """Train for an epoch; return the sum of the losses, and of the weights.

        The learner's parameters and the state of its optimiser are overwritten.
        """
        if len(self.shards) == 1:  # in a new order each time
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

        Samples that are held out are scored by the workers; that comes first. If something changes
        in between, such as the learning rate, the work is done again.
        """
        ends = learner.state.n_epochs >= learner.n_epochs or not learner.is_finite()
        if ends or len(self.shards) == 1:
            return
        this = self._round(learner, 0)
        make_calls = partial(self._calls, this)
        if self._holds_out:
            self.cluster.follow(make_calls, partial(self._note, this))
        else:
            self._note(this, self.cluster.begin(make_calls))

    def _note(self, this, futures):
        """Note the futures of a round that has begun."""
        self._ahead = None if futures is None else (this, futures)

    def _steps_in_round(self, learner):
        """Return the number of steps of a round in this epoch."""
        at_most, n = self.samples.batches_per_round, self._n_steps
        if at_most is None:
            return self._momentum.steps_in_round(n, learner.state.n_epochs)
        return ceil(n / ceil(n / at_most))  # rounds are about equally long

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
        del ahead  # so that Dask drops what is of no use
        found = self.cluster.gather(lambda: begun.pop() if begun else self._calls(this))
        return average(*found)

    def _calls(self, this):
        """Return the calls for what the shards learn in a round."""
        cluster, samples, n = self.cluster, self.samples, len(self.shards)
        given = cluster.share((this.vectors, this.drift), this.n_bytes, n)
        steps, calls = cluster.share(this.steps, len(this.steps), n), []
        for k, (shard, rows) in enumerate(zip(self.shards, self._rows, strict=True)):
            batch_size = self._batch_sizes[k]
            if this.start * batch_size >= self._sizes[k]:
                continue
            if isinstance(rows, np.ndarray):  # of a single shard
                rows = cluster.share(rows, rows.nbytes, 1)
            seed = (samples.seed, k, this.epoch) if samples.shuffles else None
            limits = this.start, this.n_steps, batch_size, self._shares[k]
            calls.append(Call(take_steps, (steps, *shard, rows, given, seed, limits), k))
        return cluster.combined(average, calls, this.n_bytes)
