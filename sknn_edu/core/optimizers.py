"""Chapter 7: given the slope, how far and which way should the weights move?

Every optimiser sees the network as one vector theta and its gradient g = dL/dtheta; layers are
none of its business. Gradient descent goes straight down, theta <- theta - eta g. Momentum lets
the steps build up speed along a valley; Adam gives each weight a step of its own.

An optimiser is a frozen set of hyperparameters. What it must remember between steps is a state
that it makes with ``init_state`` and updates in ``step``. The learning rate eta is handed in at
each step, because it moves by a schedule: chapter 8.
"""

from dataclasses import dataclass
from math import sqrt
from typing import Any, Protocol

import numpy as np

from sknn_edu.core._arrays import Array, chunks, scalars


class Optimizer(Protocol):
    """What training asks of an optimiser."""

    def init_state(self, theta: Array) -> Any:
        """Return what the optimiser remembers before its first step."""

    def step(self, theta: Array, grad: Array, state: Any, eta: float) -> None:
        """Move theta in place and update the state in place; grad may be overwritten."""


@dataclass
class SGDState:
    """The velocity v, as long as theta."""

    v: Array


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

    momentum: float = 0.9
    nesterov: bool = True

    def init_state(self, theta: Array) -> SGDState:
        return SGDState(v=np.zeros_like(theta))

    def step(self, theta: Array, grad: Array, state: SGDState, eta: float) -> None:
        v = state.v
        grad *= eta
        v *= self.momentum
        v -= grad  # v <- mu v - eta g
        if self.nesterov:
            theta -= grad
            np.multiply(v, self.momentum, out=grad)
            theta += grad  # theta <- theta + mu v - eta g
        else:
            theta += v


@dataclass
class AdamState:
    """Decaying sums of the gradient, M, and of its square, V; t counts the steps."""

    M: Array
    V: Array
    t: int = 0


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

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8

    def init_state(self, theta: Array) -> AdamState:
        return AdamState(M=np.zeros_like(theta), V=np.zeros_like(theta))

    def step(self, theta: Array, grad: Array, state: AdamState, eta: float) -> None:
        state.t += 1
        eta *= sqrt(1 - self.beta_2**state.t) / (1 - self.beta_1**state.t)
        eta *= (1 - self.beta_1) / sqrt(1 - self.beta_2)  # for M / sqrt(V)
        beta_1, beta_2, eta_t, epsilon = scalars(
            theta.dtype, self.beta_1, self.beta_2, eta, self.epsilon / sqrt(1 - self.beta_2)
        )
        for theta_, g, M, V in chunks(theta, grad, state.M, state.V):
            M *= beta_1
            M += g
            V *= beta_2
            np.multiply(g, g, out=g)
            V += g
            np.sqrt(V, out=g)
            g += epsilon
            np.divide(M, g, out=g)
            g *= eta_t
            theta_ -= g
