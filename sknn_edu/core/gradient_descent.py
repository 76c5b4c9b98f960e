"""How does a network learn from many samples without using all of them at each step?

*Gradient descent in mini-batches.* Take a few samples, compute the gradient of their mean loss by
backpropagation (network.py), let the optimiser (optimizers.py) move theta at the learning rate of
the schedule (schedules.py), and continue with the next few. The gradient of a few samples is a
noisy estimate of the gradient of all, but a hundred cheap steps are better than one exact step.

The loss of an epoch is the mean over samples, weighted if samples have weights, of the loss that
each sample had when it was shown.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from math import inf, isfinite, sqrt
from typing import Any

import numpy as np

from sknn_edu.core.losses import add_l2
from sknn_edu.core.network import Architecture, Network, Parameters, is_weight
from sknn_edu.core.optimizers import Optimizer, OptimizerState, decay_weights
from sknn_edu.core.schedules import Schedule
from sknn_edu.core.speed.arrays import Array, Indices, scalar, zeros
from sknn_edu.core.speed.chunks import split_into_chunks
from sknn_edu.core.speed.mini_batches import MiniBatches, Samples


@dataclass(frozen=True)
class Regularization:
    """What keeps a network from fitting its training samples too closely; all off by default.

    Parameters
    ----------
    alpha : float
        L2 penalty, see :func:`~.losses.add_l2`.
    weight_decay : float
        Each step also shrinks the weights, see :func:`~.optimizers.decay_weights`.
    max_norm : float
        The gradient is scaled down to this norm if it is longer, see :func:`clip_norm`.
    schedule : callable ``schedule(progress) -> factor``, or None
        How weight decay changes as training progresses from 0 to 1.
    """

    alpha: float = 0.0
    weight_decay: float = 0.0
    max_norm: float = inf
    schedule: Callable[[float], float] | None = None


class ParameterUpdate:
    """Moves theta against its gradient: clipping, weight decay, L2 penalty, then the optimiser.

    Parameters
    ----------
    optimizer : Optimizer
    state : OptimizerState
        Advanced in place.
    parameters, gradient : Parameters
        Read and updated at each step, so they must stay the same objects.
    regularization : Regularization
    multipliers : ndarray (n_parameters,) or None
        Factors of the learning rate for each parameter; None stands for 1.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        state: OptimizerState,
        parameters: Parameters,
        gradient: Parameters,
        regularization: Regularization,
        multipliers: Array | None = None,
    ) -> None:
        theta = parameters.theta
        self.optimizer, self.state, self.regularization = optimizer, state, regularization
        self._penalises, self._decays = regularization.alpha > 0, regularization.weight_decay > 0
        self._clips = regularization.max_norm < inf
        self._gradient, self._n = gradient.theta, 0.0
        self._constants = [scalar(value, theta.dtype) for value in optimizer.constants()]
        self._shrinkage = scalar(0, theta.dtype)
        self._chunks = split_into_chunks(
            theta, gradient.theta, state.vectors, parameters.per_parameter(is_weight), multipliers
        )

    def step(self, eta: float, n: float, decay_factor: float = 1.0) -> float:
        """Take a step on the mean loss of n samples and return n times the L2 penalty.

        Parameters
        ----------
        eta : float
            The learning rate.
        n : float
            The number of samples, or the sum of their weights.
        decay_factor : float
            A factor of the weight decay.
        """
        state, optimizer, penalty = self.state, self.optimizer, 0.0
        state.t += 1
        rate = optimizer.step_size(eta, state.t)
        if self._clips:
            clip_norm(self._gradient, self.regularization.max_norm)
        if self._decays:
            self._shrinkage[()] = eta * decay_factor * self.regularization.weight_decay
        if self._penalises and n != self._n:
            self._set_l2(n)
        for chunk in self._chunks:
            theta, g = chunk.theta, chunk.gradient
            if self._decays:
                decay_weights(theta, chunk.is_weight, self._shrinkage)
            if self._penalises:
                penalty += add_l2(g, theta, chunk.l2, chunk.workspace)
            rates = chunk.rates_at(rate)
            optimizer.move(theta, g, chunk.memory, self._constants, rates, chunk.workspace)
        return n * penalty

    def _set_l2(self, n: float) -> None:
        self._n = n
        for chunk in self._chunks:
            np.multiply(chunk.is_weight, self.regularization.alpha / n, out=chunk.l2)


def clip_norm(g: Array, max_norm: float) -> None:
    """Scale the vector g in place to a Euclidean norm of at most `max_norm`."""
    norm = sqrt(float(g.dot(g)))
    if norm == inf:  # the square of an entry has overflowed, not the entry
        g /= np.abs(g).max()
        norm = sqrt(float(g.dot(g)))
        g *= max_norm / norm
    elif norm > max_norm:
        g *= max_norm / norm


@dataclass
class GradientDescent:
    """A network in training: a :class:`~.training.Learner`.

    Parameters
    ----------
    architecture, parameters, batches
        What learns, and from which samples. ``parameters`` is updated in place.
    optimizer, schedule
        How to step.
    eta_0 : float
        The initial learning rate.
    n_epochs : int
        The number of epochs that schedules plan for.
    regularization : Regularization
    multipliers : ndarray (n_parameters,) or None
        Factors of the learning rate for each parameter.
    between_layers : callable or None
        See :class:`~.network.Network`.
    state : OptimizerState or None
        The state to continue from, updated in place; None starts over.
    """

    architecture: Architecture
    parameters: Parameters
    batches: MiniBatches
    optimizer: Optimizer
    schedule: Schedule
    eta_0: float
    n_epochs: int
    regularization: Regularization = Regularization()
    multipliers: Array | None = None
    between_layers: Callable[..., Any] | None = None
    state: OptimizerState = None  # type: ignore[assignment]
    _networks: dict[int, Network] = field(default_factory=dict)  # by number of samples

    def __post_init__(self) -> None:
        theta, n_vectors = self.parameters.theta, self.optimizer.n_vectors
        if self.state is None:
            vectors = [zeros(theta.size, theta.dtype) for _ in range(n_vectors)]
            self.state = OptimizerState(vectors, self.eta_0, self.eta_0)
        self._n_steps, self._n_steps_done = 1, 0  # in this epoch
        self._rate_moves = self.schedule.moves_each_step
        self._gradient = self.parameters.zeros_like()

    @cached_property
    def _update(self) -> ParameterUpdate:
        return ParameterUpdate(
            self.optimizer,
            self.state,
            self.parameters,
            self._gradient,
            self.regularization,
            self.multipliers,
        )

    @property
    def depends_on_n_epochs(self) -> bool:
        """Whether the steps depend on how many epochs there will be."""
        return self._rate_moves or self.regularization.schedule is not None

    def epoch(self, order: Indices) -> float:
        """Take one step for each batch; return the mean loss, L2 penalty included."""
        loss, total = self.learn(order, order.size)
        state = self.state
        state.n_seen += order.size
        state.n_epochs += 1
        state.eta = float(self.schedule.after_epoch(state.eta, self.eta_0, state.n_seen))
        return loss / total

    def learn(self, order: Indices, n_samples: int, n_steps_done: int = 0) -> tuple[float, float]:
        """Take one step for each batch; return the sum of the losses, and of the weights.

        The epoch has `n_samples`; schedules look at how many of its steps are done.
        """
        loss = total = 0.0
        self._n_steps = -(-n_samples // self.batches.batch_size)
        self._n_steps_done = n_steps_done
        for samples in self.batches.over(order):
            for batch in samples.batches:
                loss += self.step(batch)
            loss += samples.sum(self.architecture.loss.value(samples.y, samples.outputs))
            total += samples.total()
        return loss, total

    def step(self, batch: Samples) -> float:
        """Move theta once; write the outputs from before, and return n times the L2 penalty."""
        schedule, state = self.regularization.schedule, self.state
        decay_factor = 1.0 if schedule is None else schedule(self._progress())
        network = self._networks.get(batch.n)
        if network is None:
            network = self._networks[batch.n] = Network(
                self.architecture, self.parameters, self._gradient, batch.n, self.between_layers
            )
        batch.outputs[...] = network.forward(batch.X)
        n = batch.total()
        if n == 0:  # samples of weight 0 change nothing
            return 0.0
        share = network.share if batch.weight is None else batch.weight / n
        network.backward(batch.X, batch.y, share)
        state.rate = state.eta
        if self._rate_moves:
            state.rate = float(self.schedule.at(state.eta, self.eta_0, self._progress()))
        self._n_steps_done += 1
        return self._update.step(state.rate, n, decay_factor)

    def _progress(self) -> float:
        """Return which share of all steps has been taken, counting half of this one."""
        epochs = self.state.n_epochs + (self._n_steps_done + 0.5) / self._n_steps
        return min(epochs / self.n_epochs, 1.0)

    def is_perfect(self, loss: float) -> bool:
        return False

    def is_finite(self) -> bool:
        theta = self.parameters.theta
        return isfinite(theta.dot(theta)) or bool(np.isfinite(theta).all())  # the first is fast

    def continues_after_plateau(self) -> bool:
        eta = self.schedule.on_plateau(self.state.eta)
        if eta is None:
            return False
        self.state.eta = float(eta)
        return True

    def snapshot(self) -> Array:
        return self.parameters.theta.copy()

    def restore(self, snapshot: Array) -> None:
        self.parameters.theta[:] = snapshot
