"""Given the gradient, how far and in which direction should the weights move?

Every optimiser sees the network as one vector theta with its gradient g = dL/dtheta and does not
need to know about layers. Gradient descent takes a step against the gradient,
theta <- theta - eta g. Momentum lets the steps build up speed along a valley; Adam gives each
weight a step size of its own; AdamW also shrinks the weights.

An optimiser is a frozen set of hyperparameters. What it remembers between steps is in an
:class:`OptimizerState`: vectors as long as theta. Each parameter moves independently of the others,
so ``move`` may be called with theta in chunks, each with the same chunk of every other vector. The
learning rate eta is an argument of each step, because a schedule (schedules.py) may change it.
"""

from dataclasses import dataclass
from math import sqrt
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np

from sknn_edu.core.speed.arrays import Array
from sknn_edu.core.speed.vectors import vector_operations


@runtime_checkable
class Optimizer(Protocol):
    """What training asks of an optimiser.

    An optimiser may also have ``ignores_scale = True``, if multiplying all gradients by a constant
    leaves its steps unchanged; learning-rate multipliers depend on that.
    """

    n_vectors: ClassVar[int]
    """How many vectors as long as theta it remembers; they start at 0."""

    def step_size(self, eta: float, t: int) -> float:
        """Return the step size of step t = 1, 2, ... for the learning rate eta."""

    def constants(self) -> tuple[float, ...]:
        """Return the numbers that ``move`` needs at every step."""

    def move(
        self,
        theta: Array,
        g: Array,
        memory: list[Array],
        constants: list[Array],
        rate: float | Array,
        step: Array,
    ) -> None:
        """Update theta and the remembered vectors in place.

        Parameters
        ----------
        theta : ndarray (length,)
            Parameters; overwritten with their new values.
        g : ndarray (length,)
            Their gradient; may be overwritten.
        memory : list of ndarray (length,)
            The remembered vectors; overwritten.
        constants : list of ndarray ()
            What :meth:`constants` returned, as arrays without dimensions.
        rate : float or ndarray (length,)
            What :meth:`step_size` returned; an array if parameters have rates of their own.
        step : ndarray (length,)
            Memory for intermediate results.

        All arrays are contiguous and have the same dtype.
        """


@dataclass
class OptimizerState:
    """What gradient descent carries from one step to the next.

    Attributes
    ----------
    vectors : list of ndarray (n_parameters,)
        What the optimiser remembers.
    eta : float
        The learning rate, as the schedule has set it.
    rate : float
        The learning rate of the last step.
    t : int
        The number of steps so far.
    n_seen : int
        The number of samples shown so far, each counted once per epoch.
    n_epochs : int
        The number of epochs so far.
    """

    vectors: list[Array]
    eta: float
    rate: float
    t: int = 0
    n_seen: int = 0
    n_epochs: int = 0


def common_rate(step: Array, rate: float | Array) -> float:
    """Return one learning rate for all of `step`, which is multiplied by rates that differ."""
    if isinstance(rate, float):
        return rate
    step *= rate
    return 1.0


@dataclass(frozen=True)
class SGD:
    """Gradient descent with momentum.

    v <- mu v - eta g, and theta <- theta + v; with Nesterov's look-ahead, and the new v,
    theta <- theta + mu v - eta g (Sutskever et al. 2013, in the form of Bengio et al., arXiv
    1212.0901, equation 7).

    Parameters
    ----------
    momentum : float, default=0.9
        mu in [0, 1]; 0 is plain gradient descent.
    nesterov : bool, default=True
        Whether to look ahead along the velocity.
    """

    n_vectors: ClassVar[int] = 1
    ignores_scale: ClassVar[bool] = False

    momentum: float = 0.9
    nesterov: bool = True

    def step_size(self, eta: float, t: int) -> float:
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
        (v,), (scale, add, _) = memory, vector_operations(theta)
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
    The code keeps M = m_t / (1 - beta_1) and V = v_t / (1 - beta_2) instead and moves the factors
    into eta and epsilon, which saves two passes over all parameters.

    Parameters
    ----------
    beta_1, beta_2 : float, default=0.9 and 0.999
        Decay rates of the running means of g and of g^2, in [0, 1).
    epsilon : float, default=1e-8
        Keeps the quotient finite where the gradient has always been 0; added to the root.

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

    def step_size(self, eta: float, t: int) -> float:
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
        (M, V), (epsilon,), (scale, add, _) = memory, constants, vector_operations(theta)
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
    """Adam with decoupled weight decay: each step also shrinks the weights.

    Before Adam's step each weight, but no bias, moves towards 0: theta <- theta - eta lambda theta
    with the decay lambda. Adam divides the gradient of an L2 penalty by the size of that weight's
    gradients, so weights with large gradients are hardly penalised; decoupled decay shrinks all
    weights by the same factor. Because ``move`` cannot tell weights from biases, gradient descent
    applies :func:`decay_weights` beforehand, for this and for any other optimiser.

    Parameters
    ----------
    beta_1, beta_2, epsilon : float
        As in :class:`Adam`.
    weight_decay : float, default=0.01
        lambda.

    References
    ----------
    I. Loshchilov and F. Hutter, "Decoupled weight decay regularization", arXiv 1711.05101,
    algorithm 2.
    """

    weight_decay: float = 0.01


def decay_weights(theta: Array, is_weight: Array, shrinkage: Array) -> None:
    """Overwrite theta with theta - shrinkage theta where it is a weight.

    Parameters
    ----------
    theta : ndarray (length,)
        Parameters.
    is_weight : ndarray (length,) or ()
        1 for weights, 0 for everything else.
    shrinkage : ndarray ()
        eta lambda.
    """
    if is_weight.ndim == 0:
        vector_operations(theta).scale(1 - float(shrinkage * is_weight), theta)
    else:
        theta -= shrinkage * is_weight * theta


@dataclass(frozen=True)
class RMSprop:
    """Each step is divided by the root of the running mean of the squared gradient.

    v <- rho v + (1 - rho) g^2 and theta <- theta - eta g / (sqrt(v) + epsilon): Adam without
    momentum (Tieleman and Hinton 2012, lecture 6.5 of "Neural networks for machine
    learning").

    Parameters
    ----------
    rho : float, default=0.99
        Decay rate of the running mean, in [0, 1).
    epsilon : float, default=1e-8
        Keeps the quotient finite where the gradient has always been 0; added to the root.
    """

    n_vectors: ClassVar[int] = 1
    ignores_scale: ClassVar[bool] = True

    rho: float = 0.99
    epsilon: float = 1e-8

    def step_size(self, eta: float, t: int) -> float:
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
        (v,), (epsilon,), (scale, add, _) = memory, constants, vector_operations(theta)
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
"""The optimisers by name, with their usual hyperparameters."""
