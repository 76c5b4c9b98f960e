"""Chapter 7: given the slope, how far and which way should the weights move?

Every optimiser sees the network as one vector theta and its gradient g = dL/dtheta; layers are
none of its business. Gradient descent goes straight down, theta <- theta - eta g. Momentum lets
the steps build up speed along a valley; Adam gives each weight a step of its own.

An optimiser is a frozen set of hyperparameters. What it remembers between steps are vectors as long
as theta. Each parameter moves by itself, so ``move`` may be given theta stretch by stretch, each
with the same stretch of everything else. The learning rate eta is handed in at each step, because
it moves by a schedule: chapter 8.
"""

from dataclasses import dataclass
from math import sqrt
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np

from sknn_edu.core._arrays import Array, scalar, zeros
from sknn_edu.core._vectors import vectors


@runtime_checkable
class Optimizer(Protocol):
    """What training asks of an optimiser.

    It may also have ``ignores_scale = True``: its steps stay the same when all gradients are k
    times as long. Chapter 12 wants to know.
    """

    n_vectors: ClassVar[int]
    """How many vectors as long as theta it remembers; they start at 0."""

    def rate(self, eta: float, t: int) -> float:
        """Return the factor of step t = 1, 2, ... that the learning rate eta gives."""

    def constants(self) -> tuple[float, ...]:
        """Return the numbers that ``move`` needs and that stay the same."""

    def move(
        self,
        theta: Array,
        g: Array,
        memory: list[Array],
        constants: list[Array],
        rate: float | Array,
        step: Array,
    ) -> None:
        """Move theta and what is remembered in place.

        The constants come as arrays of no dimension. The rate is an array as long as theta where
        parameters have rates of their own. ``step`` is an array as long as theta to work in, and g
        may be overwritten, too. All are contiguous and of one dtype.
        """


class State:
    """What an optimiser remembers of its way: vectors as long as theta, and the number of steps."""

    def __init__(self, optimizer: Optimizer, theta: Array) -> None:
        self.vectors = [zeros(theta.size, theta.dtype) for _ in range(optimizer.n_vectors)]
        self.t = 0

    @classmethod
    def of(cls, vectors: list[Array], t: int) -> "State":
        """Return the state that has these vectors after t steps."""
        state = cls.__new__(cls)
        state.vectors, state.t = vectors, t
        return state


def common_rate(way: Array, rate: float | Array) -> float:
    """Return the learning rate of all numbers in `way`; rates of their own are multiplied in."""
    if isinstance(rate, float):
        return rate
    way *= rate
    return 1.0


def as_scalars(values: tuple[float, ...], dtype: Any) -> list[Array]:
    """Return the numbers as :func:`~._arrays.scalar` arrays."""
    return [scalar(value, dtype) for value in values]


@dataclass(frozen=True)
class SGD:
    """Gradient descent with momentum, one mini-batch at a time.

    v <- mu v - eta g, and theta <- theta + v; with Nesterov's look-ahead, and the new v,
    theta <- theta + mu v - eta g (Sutskever et al. 2013, in the form of Bengio et al., arXiv
    1212.0901, equation 7).

    Parameters
    ----------
    momentum : float, default=0.9
        mu in [0, 1]; 0 is plain gradient descent.
    nesterov : bool, default=True
        Look ahead along the velocity.
    """

    n_vectors: ClassVar[int] = 1
    ignores_scale: ClassVar[bool] = False

    momentum: float = 0.9
    nesterov: bool = True

    def rate(self, eta: float, t: int) -> float:
        return eta

    def constants(self) -> tuple[float, ...]:
        return ()

    def move(
        self,
        theta: Array,
        g: Array,
        memory: list[Array],
        constants: list[Array],
        rate: float | Array,
        step: Array,
    ) -> None:
        (v,), (scale, add, _) = memory, vectors(theta)
        eta = common_rate(g, rate)
        scale(self.momentum, v)
        add(g, v, a=-eta)  # v <- mu v - eta g
        if self.nesterov:
            add(v, theta, a=self.momentum)
            add(g, theta, a=-eta)  # theta <- theta + mu v - eta g
        else:
            add(v, theta)


@dataclass(frozen=True)
class Adam:
    """Adaptive moment estimation: each weight's step is scaled by the size of its own gradients.

    With running means of the gradient and of its square,
    m_t = beta_1 m_(t-1) + (1 - beta_1) g and v_t = beta_2 v_(t-1) + (1 - beta_2) g^2,
    theta <- theta - eta sqrt(1 - beta_2^t) / (1 - beta_1^t) m_t / (sqrt(v_t) + epsilon).
    The code keeps the sums M = m_t / (1 - beta_1) and V = v_t / (1 - beta_2), whose factors move
    into eta and epsilon: two passes over all the parameters less.

    Parameters
    ----------
    beta_1, beta_2 : float, default=0.9 and 0.999
        How much of the running means of g and of g^2 is kept at a step, in [0, 1).
    epsilon : float, default=1e-8
        Keeps the quotient finite where the gradient has always been 0.

    References
    ----------
    D. Kingma and J. Ba, "Adam: A method for stochastic optimization", arXiv 1412.6980: algorithm 1
    in the more efficient order given at the end of its section 2.
    """

    n_vectors: ClassVar[int] = 2
    ignores_scale: ClassVar[bool] = True

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8

    def rate(self, eta: float, t: int) -> float:
        unbiased = sqrt(1 - self.beta_2**t) / (1 - self.beta_1**t)
        return eta * unbiased * (1 - self.beta_1) / sqrt(1 - self.beta_2)  # for M / sqrt(V)

    def constants(self) -> tuple[float, ...]:
        return (self.epsilon / sqrt(1 - self.beta_2),)

    def move(
        self,
        theta: Array,
        g: Array,
        memory: list[Array],
        constants: list[Array],
        rate: float | Array,
        step: Array,
    ) -> None:
        (M, V), (epsilon,), (scale, add, _) = memory, constants, vectors(theta)
        scale(self.beta_1, M)
        add(g, M)  # decaying sum of g
        scale(self.beta_2, V)
        np.multiply(g, g, out=step)
        add(step, V)  # decaying sum of g^2
        np.sqrt(V, out=step)
        step += epsilon
        np.divide(M, step, out=step)
        add(step, theta, a=-common_rate(step, rate))


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with decoupled weight decay: each step also shrinks the weights by eta times the decay.

    Unlike an L2 penalty, whose pull Adam rescales with the gradient, the decay is the same for all
    weights (not the biases).

    Parameters
    ----------
    beta_1, beta_2, epsilon : float
        As in :class:`Adam`.
    weight_decay : float, default=0.01
        The decay.

    References
    ----------
    I. Loshchilov and F. Hutter, "Decoupled weight decay regularization", arXiv 1711.05101,
    algorithm 2.
    """

    weight_decay: float = 0.01


@dataclass(frozen=True)
class RMSprop:
    """Each step is divided by the root of the running mean of the squared gradient.

    v <- rho v + (1 - rho) g^2 and theta <- theta - eta g / (sqrt(v) + epsilon): Adam without its
    memory of directions (Tieleman and Hinton 2012, lecture 6.5 of "Neural networks for machine
    learning").

    Parameters
    ----------
    rho : float, default=0.99
        How much of the running mean is kept at a step, in [0, 1).
    epsilon : float, default=1e-8
        Keeps the quotient finite where the gradient has always been 0.
    """

    n_vectors: ClassVar[int] = 1
    ignores_scale: ClassVar[bool] = True

    rho: float = 0.99
    epsilon: float = 1e-8

    def rate(self, eta: float, t: int) -> float:
        return eta

    def constants(self) -> tuple[float, ...]:
        return (self.epsilon,)

    def move(
        self,
        theta: Array,
        g: Array,
        memory: list[Array],
        constants: list[Array],
        rate: float | Array,
        step: Array,
    ) -> None:
        (v,), (epsilon,), (scale, add, _) = memory, constants, vectors(theta)
        np.multiply(g, g, out=step)
        scale(self.rho, v)
        add(step, v, a=1 - self.rho)
        np.sqrt(v, out=step)
        step += epsilon
        np.divide(g, step, out=step)
        add(step, theta, a=-common_rate(step, rate))


OPTIMIZERS: dict[str, Optimizer] = {
    "sgd": SGD(),
    "adam": Adam(),
    "adamw": AdamW(),
    "rmsprop": RMSprop(),
}
"""The optimisers by the names that users write, with their usual hyperparameters."""
