"""Chapter 10: how does a network learn from many samples without seeing all of them at each step?

*Gradient descent in mini-batches.* Show the network a few samples, ask backpropagation (chapter 5)
for the slope of their mean loss, let the optimiser (chapter 7) move theta with the learning rate
of the schedule (chapter 8), go on with the next few. The slope of a few samples is a noisy guess
of the slope of all, but a hundred cheap steps beat an exact one.

The loss of an epoch is the mean over samples, weighted where samples have weights, of what each
cost at the moment when it was shown.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf, isfinite, sqrt

import numpy as np

from sknn_edu.core._arrays import Array, Indices, scalar, zeros
from sknn_edu.core._mini_batches import MiniBatches, Samples
from sknn_edu.core._vectors import AT_MOST
from sknn_edu.core.network import Dropout, Pass, add_l2
from sknn_edu.core.optimizers import Optimizer, State, as_scalars
from sknn_edu.core.parameters import Network, Parameters, is_weight
from sknn_edu.core.parametrization import STANDARD, Parametrization
from sknn_edu.core.schedules import Schedule

STRETCH = AT_MOST
"""So many parameters, with their gradient and all that belongs to them, fit the cache, too."""


@dataclass
class Pace:
    """What the steps carry from one to the next, over epochs and over pauses between two calls.

    ``eta`` is the schedule's, ``rate`` what the last step used; ``chance`` decides what dropout
    drops.
    """

    optimizer_state: State
    eta: float
    rate: float
    chance: np.random.Generator | None = None
    n_seen: int = 0
    n_epochs: int = 0


@dataclass(frozen=True)
class Regularization:
    """What keeps a network from learning its samples by heart; all off by default.

    Parameters
    ----------
    alpha : float
        L2 penalty, see :func:`~.network.add_l2`.
    weight_decay : float
        Each step also shrinks the weights, not the biases, by so many learning rates.
    clip_norm : float
        The gradient of the mean loss is shortened to this length where it is longer.
    dropout : tuple of float
        A rate for each hidden layer, see :class:`~.network.Dropout`.
    curve : callable ``curve(progress) -> factor``, or None
        How weight decay and dropout move as training goes on, from 0 to 1.
    """

    alpha: float = 0.0
    weight_decay: float = 0.0
    clip_norm: float = inf
    dropout: tuple[float, ...] = ()
    curve: Callable[[float], float] | None = None


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
    mask : ndarray
        As long as theta: :func:`~.parameters.is_weight`.
    regularization : Regularization
    factors : ndarray or None
        As long as theta: a factor of the learning rate for each parameter, None for 1.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        state: State,
        theta: Array,
        grad: Array,
        mask: Array,
        regularization: Regularization,
        factors: Array | None = None,
    ) -> None:
        self.optimizer, self.state, self.regularization = optimizer, state, regularization
        self._penalises, self._decays = regularization.alpha > 0, regularization.weight_decay > 0
        self._clips = regularization.clip_norm < inf
        self._grad = grad
        self._constants = as_scalars(optimizer.constants(), theta.dtype)
        self._decay = scalar(0, theta.dtype)
        stretches = [slice(k, k + STRETCH) for k in range(0, theta.size, STRETCH)]
        room = zeros(min(STRETCH, theta.size), theta.dtype)
        self._n, self._mask = 0.0, [one_if_all_alike(mask[s]) for s in stretches]
        self._strengths = [zeros(mask.shape, theta.dtype) for mask in self._mask]
        self._factors = [] if factors is None else [one_if_all_alike(factors[s]) for s in stretches]
        self._rates = [zeros(factors.shape, theta.dtype) for factors in self._factors]
        own_rates: list[Array | None] = [*self._rates] or [None] * len(stretches)
        self._parts = [
            (
                theta[s],
                grad[s],
                [v[s] for v in state.vectors],
                strengths,
                rates,
                room[: theta[s].size],
            )
            for s, strengths, rates in zip(stretches, self._strengths, own_rates, strict=True)
        ]

    def step(self, eta: float, n: float, strength: float = 1.0) -> float:
        """Take a step on the mean loss of n samples with L2 penalty; return n times the penalty.

        ``strength`` is a factor of the weight decay.
        """
        state, optimizer, penalty = self.state, self.optimizer, 0.0
        state.t += 1
        rate = optimizer.rate(eta, state.t)
        for factors, rates in zip(self._factors, self._rates, strict=True):
            np.multiply(factors, rate, out=rates)
        if self._clips:
            shorten(self._grad, self.regularization.clip_norm)
        if self._decays:
            self._shrink_weights(eta * strength * self.regularization.weight_decay)
        if self._penalises and n != self._n:
            self._set_strengths(n)
        for theta, g, memory, strengths, own, room in self._parts:
            if self._penalises:
                penalty += add_l2(g, theta, strengths, room)
            optimizer.move(theta, g, memory, self._constants, rate if own is None else own, room)
        return n * penalty

    def _set_strengths(self, n: float) -> None:
        self._n = n
        for strengths, mask in zip(self._strengths, self._mask, strict=True):
            np.multiply(mask, self.regularization.alpha / n, out=strengths)

    def _shrink_weights(self, share: float) -> None:
        self._decay[()] = share
        for (theta, *_), mask in zip(self._parts, self._mask, strict=True):
            theta -= self._decay * mask * theta


def shorten(g: Array, longest: float) -> None:
    """Scale the vector g in place to a length of at most `longest`."""
    length = sqrt(float(g.dot(g)))
    if length == inf:  # the square of a number has overflowed, not the number
        g /= np.abs(g).max()
        length = sqrt(float(g.dot(g)))
        g *= longest / length
    elif length > longest:
        g *= longest / length


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
    n_epochs : int
        How many epochs training is to take at most, for schedules that reckon with the end.
    regularization : Regularization
    parametrization : Parametrization
        In which units the parameters are learned.
    seed : int
        Of what dropout drops.

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
    n_epochs: int
    regularization: Regularization = Regularization()
    parametrization: Parametrization = STANDARD
    seed: int = 0
    pace: Pace = field(init=False)

    def __post_init__(self) -> None:
        theta = self.parameters.theta
        self._n_steps, self._n_steps_done = 1, 0  # in this epoch
        self._rate_moves = self.schedule.moves_each_step
        self._gradient = self.network.parameters(theta.dtype)
        self.go_on_from(Pace(State(self.optimizer, theta), self.eta_0, self.eta_0))

    @property
    def reckons_with_the_end(self) -> bool:
        """Whether the steps depend on how many there will be."""
        return self._rate_moves or self.regularization.curve is not None

    def go_on_from(self, pace: Pace) -> None:
        """Take over the pace of an earlier training of the same network."""
        theta, wanted = self.parameters.theta, self.regularization
        self.pace = pace
        self._passes: dict[int, Pass] = {}
        self._dropout = None
        if any(wanted.dropout):
            pace.chance = pace.chance or np.random.default_rng(self.seed)
            self._dropout = Dropout(wanted.dropout, pace.chance)
        self._mover = Mover(
            self.optimizer,
            pace.optimizer_state,
            theta,
            self._gradient.theta,
            self.network.each(is_weight, theta.dtype),
            wanted,
            self.parametrization.factors(self.network, self.optimizer, theta.dtype),
        )

    def epoch(self, order: Indices) -> float:
        """Take one step for each batch; return the mean loss, L2 penalty included."""
        loss = total = 0.0
        self._n_steps = -(-order.size // self.batches.batch_size)
        self._n_steps_done = 0
        for samples in self.batches.over(order):
            for batch in samples.batches:
                loss += self.step(batch)
            loss += samples.sum(self.network.loss.value(samples.y, samples.outputs))
            total += samples.total()
        pace = self.pace
        pace.n_seen += order.size
        pace.n_epochs += 1
        pace.eta = self.schedule.after_epoch(pace.eta, self.eta_0, pace.n_seen)
        return loss / total

    def step(self, batch: Samples) -> float:
        """Move theta once; write what the network said before, and return the L2 penalty."""
        curve = self.regularization.curve
        strength = 1.0 if curve is None else self._strength_on_the_way(curve)
        work = self._passes.get(batch.n) or self._new_pass(batch.n)
        batch.outputs[...] = work.forward(batch.X)
        n = batch.total()
        if n == 0:  # samples that all weigh nothing ask for no change
            return 0.0
        share = work.share if batch.weight is None else batch.weight / n
        work.backward(batch.X, batch.y, share)
        pace = self.pace
        pace.rate = pace.eta
        if self._rate_moves:
            pace.rate = self.schedule.at(pace.eta, self.eta_0, self._progress())
        self._n_steps_done += 1
        return self._mover.step(pace.rate, n, strength)

    def _progress(self) -> float:
        """Return which share of all steps has been made, this one half."""
        of_epoch = (self._n_steps_done + 0.5) / self._n_steps
        return min((self.pace.n_epochs + of_epoch) / self.n_epochs, 1.0)

    def _strength_on_the_way(self, curve: Callable[[float], float]) -> float:
        """Return the factor of weight decay for this step, and set that of dropout."""
        strength = curve(self._progress())
        if self._dropout is not None:
            self._dropout.strength = strength
        return strength

    def _new_pass(self, m: int) -> Pass:
        work = Pass(self.network, self.parameters, self._gradient, m, self._dropout)
        self._passes[m] = work
        return work

    def is_perfect(self, loss: float) -> bool:
        return False

    def is_finite(self) -> bool:
        theta = self.parameters.theta
        return isfinite(theta.dot(theta)) or bool(np.isfinite(theta).all())  # the first is fast

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
