"""Chapter 8: should the steps stay as long as they were at the start?

Near the bottom of a valley long steps jump from side to side. A schedule says what the learning
rate eta is to be after each epoch, and what is to happen on a plateau, when the loss has not
improved for a while: stop, or go on with smaller steps.

The three schedules are scikit-learn's. Chapter 9 says when a plateau is reached.
"""

from dataclasses import dataclass
from math import exp, log
from typing import Protocol


class Schedule(Protocol):
    """What training asks of a schedule."""

    def after_epoch(self, eta: float, eta_0: float, n_seen: int) -> float:
        """Return the next eta, given the initial one and the number of samples seen so far."""

    def on_plateau(self, eta: float) -> float | None:
        """Return the eta to go on with, or None to stop."""


@dataclass(frozen=True)
class Constant:
    """eta stays; a plateau is the end."""

    def after_epoch(self, eta: float, eta_0: float, n_seen: int) -> float:
        return eta

    def on_plateau(self, eta: float) -> float | None:
        return None


@dataclass(frozen=True)
class InverseScaling:
    """eta = eta_0 / (n_seen + 1)^power_t after each epoch; a plateau is the end."""

    power_t: float = 0.5

    def after_epoch(self, eta: float, eta_0: float, n_seen: int) -> float:
        return eta_0 * exp(-self.power_t * log(n_seen + 1))

    def on_plateau(self, eta: float) -> float | None:
        return None


@dataclass(frozen=True)
class Adaptive:
    """eta stays while the loss falls; a plateau divides it by 5 as long as it is above 1e-6."""

    def after_epoch(self, eta: float, eta_0: float, n_seen: int) -> float:
        return eta

    def on_plateau(self, eta: float) -> float | None:
        return eta / 5 if eta > 1e-6 else None
