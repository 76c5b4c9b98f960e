"""Chapter 10: how does a network learn from many samples without seeing all of them at each step?

*Gradient descent in mini-batches.* Show the network a few samples, ask backpropagation (chapter 5)
for the slope of their mean loss, let the optimiser (chapter 7) move theta with the learning rate
of the schedule (chapter 8), go on with the next few. The slope of a few samples is a noisy guess
of the slope of all, but a hundred cheap steps beat an exact one.

The loss of an epoch is the mean over samples, weighted where samples have weights, of what each
cost at the moment when it was shown.
"""

from dataclasses import dataclass, field

import numpy as np

from sknn_edu.core._arrays import Array, Indices, scalar
from sknn_edu.core._mini_batches import MiniBatches, Samples
from sknn_edu.core.network import Network, Parameters, Pass, l2_strengths, with_l2
from sknn_edu.core.optimizers import Optimizer, State, as_scalars
from sknn_edu.core.schedules import Schedule

STRETCH = 32_768
"""So many parameters, with their gradient and all that belongs to them, fit the cache."""


@dataclass
class Pace:
    """What the steps carry from one to the next, over epochs and over pauses between two calls."""

    optimizer_state: State
    eta: float
    n_seen: int = 0


class Mover:
    """Moves theta along its gradient, one stretch after the other.

    All that happens to a stretch happens while it is in the processor's cache: many passes over a
    short piece are faster than as many over the whole (``examples/benchmarks``, W4, W5, sparse).

    Parameters
    ----------
    optimizer : Optimizer
    state : State
        What the optimiser remembers; moved on in place.
    theta, grad : ndarray
        Views are kept: what they hold at each step is what counts.
    strengths : ndarray
        As long as theta: the L2 penalty alpha of each parameter, :func:`~.network.l2_strengths`.
    """

    def __init__(
        self, optimizer: Optimizer, state: State, theta: Array, grad: Array, strengths: Array
    ) -> None:
        self.optimizer, self.state = optimizer, state
        self._constants = as_scalars(optimizer.constants(), theta.dtype)
        self._rate = scalar(0, theta.dtype)
        stretches = [slice(k, k + STRETCH) for k in range(0, theta.size, STRETCH)]
        self._parts = [(theta[s], grad[s], [v[s] for v in state.vectors]) for s in stretches]
        self._strengths = [one_if_all_alike(strengths[s]) for s in stretches]
        self._penalises = bool(strengths.any())
        self._n, self._strengths_over_n = 1.0, self._strengths

    def step(self, eta: float, n: float) -> float:
        """Take a step on the mean loss of n samples with L2 penalty; return n times the penalty."""
        self.state.t += 1
        self._rate[()] = self.optimizer.rate(eta, self.state.t)
        if self._penalises and n != self._n:
            self._n = n
            self._strengths_over_n = [np.asarray(strength / n) for strength in self._strengths]
        penalty = 0.0
        for (theta, g, memory), strength in zip(self._parts, self._strengths_over_n, strict=True):
            if self._penalises:
                g, of_part = with_l2(g, theta, strength)
                penalty += of_part
            self.optimizer.move(theta, g, memory, self._constants, self._rate)
        return n * penalty


def one_if_all_alike(vector: Array) -> Array:
    """Return a single number in place of a vector that says the same one again and again."""
    return np.asarray(vector[0]) if (vector == vector[0]).all() else vector


@dataclass
class GradientDescent:
    """A network in training: a :class:`~.training.Learner`.

    Parameters
    ----------
    network, parameters, batches
        What learns, from what. ``parameters`` is moved in place.
    optimizer, schedule
        How to step.
    eta_0 : float
        The initial learning rate.
    alpha : float
        L2 penalty, see :func:`~.network.with_l2`.

    Attributes
    ----------
    pace : Pace
        Made fresh, and moved on in place.
    """

    network: Network
    parameters: Parameters
    batches: MiniBatches
    optimizer: Optimizer
    schedule: Schedule
    eta_0: float
    alpha: float
    pace: Pace = field(init=False)

    def __post_init__(self) -> None:
        theta = self.parameters.theta
        self._gradient = Parameters(self.network.layer_sizes, theta.dtype)
        self._passes: dict[int, Pass] = {}
        self.go_on_from(Pace(State(self.optimizer, theta), self.eta_0))

    def go_on_from(self, pace: Pace) -> None:
        """Take over the pace of an earlier training of the same network."""
        theta = self.parameters.theta
        strengths = l2_strengths(self.network.layer_sizes, self.alpha, theta.dtype)
        self.pace = pace
        self._mover = Mover(
            self.optimizer, pace.optimizer_state, theta, self._gradient.theta, strengths
        )

    def epoch(self, order: Indices) -> float:
        """Take one step for each batch; return the mean loss, L2 penalty included."""
        loss = total = 0.0
        for samples in self.batches.over(order):
            outputs = np.empty_like(samples.y)
            for start in range(0, samples.n, self.batches.batch_size):
                stop = start + self.batches.batch_size
                loss += self.step(samples.part(start, stop), outputs[:, start:stop])
            loss += samples.sum(self.network.loss.value(samples.y, outputs))  # of many batches
            total += samples.total()
        pace = self.pace
        pace.n_seen += order.size
        pace.eta = self.schedule.after_epoch(pace.eta, self.eta_0, pace.n_seen)
        return loss / total

    def step(self, batch: Samples, outputs: Array) -> float:
        """Move theta once; write what the network said before, and return the L2 penalty."""
        work = self._pass(batch.n)
        outputs[...] = work.forward(batch.X)
        total = batch.total()
        if total == 0:  # samples that all weigh nothing ask for no change
            return 0.0
        share = work.share if batch.weight is None else batch.weight / total
        work.backward(batch.X, batch.y, share)
        return self._mover.step(self.pace.eta, total)

    def _pass(self, m: int) -> Pass:
        if m not in self._passes:
            self._passes[m] = Pass(self.network, self.parameters, self._gradient, m)
        return self._passes[m]

    def is_perfect(self, loss: float) -> bool:
        return False

    def is_finite(self) -> bool:
        return bool(np.isfinite(self.parameters.theta).all())

    def goes_on(self) -> bool:
        eta = self.schedule.on_plateau(self.pace.eta)
        if eta is None:
            return False
        self.pace.eta = eta
        return True

    def snapshot(self) -> Array:
        return self.parameters.theta.copy()

    def restore(self, snapshot: Array) -> None:
        self.parameters.theta[:] = snapshot
