"""Momentum from round to round.

K shards with the usual batches take as many steps together as one machine, but their mean moves
only as far as a single shard does. So each step of a shard also repeats a share mu of the mean
movement per step in the last round:

theta_k <- theta_k + mu (theta_r - theta_(r-1)) / n before each step, with the common parameters
theta_r that round r begins with, and the n steps of the round before.

What all shards agree on from round to round grows up to 1 / (1 - mu) times; steps that go back and
forth do not. The movement comes in small portions, so that the shard's own steps correct it where
it would go too far; one jump between the rounds would not allow that. A round is an epoch, but the
first epoch has several, so that the momentum builds up early.

The idea is that of FedCM (J. Xu et al., arXiv 2106.10874), which mixes the movement into the
gradients. Here it is added to the steps, so that it works with any optimiser.
"""

from itertools import pairwise
from math import ceil, log2

ENOUGH_STEPS = 20
"""The automatic momentum is smaller in rounds with fewer steps, and after them.

There it would come on top of the momentum that the optimiser has.
"""

FIRST_ROUNDS = 4
"""The first epoch has up to so many rounds, so that the momentum builds up early."""

PORTIONS = 10
"""A shard adds the movement in at most so many portions."""


class OuterMomentum:
    """The mean movement of all shards in the last round, and the share of it that they repeat.

    Parameters
    ----------
    momentum : float or 'auto'
        mu in [0, 1); ``'auto'`` lets a movement grow up to 1 + log2 K times.
    K : float
        How many times fewer steps an epoch has than on one machine: the number of shards, if they
        are equally large.
    """

    def __init__(self, momentum, K):
        self.momentum = momentum if momentum == "auto" else float(momentum)
        self.K, self._per_step, self._n_steps = K, None, 0

    def note(self, movement, n_steps):
        """Note how far theta has moved in a round."""
        self._per_step, self._n_steps = movement / n_steps, n_steps

    def steps_in_round(self, n_steps, epoch):
        """Return how many of the steps of an epoch a round has; epochs count from 0."""
        n_rounds = 1
        if epoch == 0 and self.K > 1 and self.momentum != 0:
            n_rounds = min(max(n_steps // ENOUGH_STEPS, 1), FIRST_ROUNDS)
        return ceil(n_steps / n_rounds)

    def per_step(self, n_steps):
        """Return what each shard adds to theta for each step of a round, or None."""
        mu = self.momentum
        if mu == "auto":
            share = min(n_steps, self._n_steps) / ENOUGH_STEPS
            mu = (1 - 1 / (1 + log2(self.K))) * min(share, 1)
        return None if mu == 0 or self._per_step is None else mu * self._per_step


def portions(start, stop):
    """Return the bounds of portions of the steps start, ..., stop - 1."""
    n = min(PORTIONS, stop - start)
    return pairwise(start + (stop - start) * k // n for k in range(n + 1))
