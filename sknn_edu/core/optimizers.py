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
    """Decaying sums of the gradient, m, and of its square, v; t counts the steps.

    The paper's running means are (1 - beta_1) m and (1 - beta_2) v; leaving those factors to the
    end saves two passes over all the parameters.
    """

    m: Array
    v: Array
    t: int = 0


@dataclass(frozen=True)
class Adam:
    """Adaptive moment estimation: each weight's step is scaled by the size of its own gradients.

    m <- beta_1 m + (1 - beta_1) g, v <- beta_2 v + (1 - beta_2) g^2, and
    theta <- theta - eta sqrt(1 - beta_2^t) / (1 - beta_1^t) m / (sqrt(v) + epsilon).

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
        return AdamState(m=np.zeros_like(theta), v=np.zeros_like(theta))

    def step(self, theta: Array, grad: Array, state: AdamState, eta: float) -> None:
        state.t += 1
        eta *= sqrt(1 - self.beta_2**state.t) / (1 - self.beta_1**state.t)
        eta *= (1 - self.beta_1) / sqrt(1 - self.beta_2)  # for m / sqrt(v) of the sums
        beta_1, beta_2, eta_t, epsilon = scalars(
            theta.dtype, self.beta_1, self.beta_2, eta, self.epsilon / sqrt(1 - self.beta_2)
        )
        for theta_, g, m, v in chunks(theta, grad, state.m, state.v):
            m *= beta_1
            m += g
            v *= beta_2
            np.multiply(g, g, out=g)
            v += g
            np.sqrt(v, out=g)
            g += epsilon
            np.divide(m, g, out=g)
            g *= eta_t
            theta_ -= g
