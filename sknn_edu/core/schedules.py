"""Chapter 8: should the steps stay as long as they were at the start?

Near the bottom of a valley long steps jump from side to side. A schedule says what the learning
rate eta is to be: after each epoch, at each step as training makes progress, and on a plateau,
when the loss has not improved for a while: stop, or go on with smaller steps. Chapter 9 says when
a plateau is reached. :data:`SCHEDULES` lists them all.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import cos, exp, floor, log, log2, pi


class Schedule:
    """What training asks of a schedule; this one keeps eta, and a plateau is the end."""

    @property
    def moves_each_step(self) -> bool:
        """Whether ``at`` depends on the progress."""
        return False

    @property
    def has_an_end(self) -> bool:
        """Whether training should run to its last epoch, plateau or not."""
        return False

    def after_epoch(self, eta: float, eta_0: float, n_seen: int) -> float:
        """Return the next eta, given the initial one and the number of samples seen so far."""
        return eta

    def at(self, eta: float, eta_0: float, progress: float) -> float:
        """Return the learning rate of a step, made after this share of all steps, in [0, 1]."""
        return eta

    def on_plateau(self, eta: float) -> float | None:
        """Return the eta to go on with, or None to stop."""
        return None


@dataclass(frozen=True)
class Constant(Schedule):
    """eta stays; a plateau is the end."""


@dataclass(frozen=True)
class InverseScaling(Schedule):
    """eta = eta_0 / (n_seen + 1)^power_t after each epoch; a plateau is the end."""

    power_t: float = 0.5

    def after_epoch(self, eta: float, eta_0: float, n_seen: int) -> float:
        return eta_0 * exp(-self.power_t * log(n_seen + 1))


@dataclass(frozen=True)
class Adaptive(Schedule):
    """eta stays while the loss falls; a plateau divides it by 5 as long as it is above 1e-6."""

    def on_plateau(self, eta: float) -> float | None:
        return eta / 5 if eta > 1e-6 else None


@dataclass(frozen=True)
class Curve(Schedule):
    """eta = eta_0 curve(progress), with the progress of training from 0 to 1.

    Parameters
    ----------
    curve : callable ``curve(progress) -> factor``
        The factor must be a finite number of at least 0.
    """

    curve: Callable[[float], float]

    @property
    def moves_each_step(self) -> bool:
        return True

    @property
    def has_an_end(self) -> bool:
        return True

    def at(self, eta: float, eta_0: float, progress: float) -> float:
        return eta_0 * self.curve(progress)


def cosine(progress: float) -> float:
    """(1 + cos(pi progress)) / 2: slowly, fast, slowly from 1 to 0 (arXiv 1608.03983, eq. 5)."""
    return 0.5 * (1 + cos(pi * progress))


def one_cycle(progress: float) -> float:
    """Up from 1/25 to 1 for 30 % of training, then down to 1/250,000 (Smith, arXiv 1708.07120)."""
    low, peak, end = 1 / 25, 0.3, 1 / 250_000
    if progress < peak:
        return low + (1 - low) * cosine(1 - progress / peak)
    return end + (1 - end) * cosine((progress - peak) / (1 - peak))


def step(progress: float) -> float:
    """1, 1/10, 1/100 for a third of training each."""
    return float(0.1 ** min(floor(3 * progress), 2))


def coslog4(progress: float) -> float:
    """(1 - cos(2 pi log2(1 + 15 progress))) / 2: up and down four times, each time more slowly.

    The early rounds try many step sizes, the last goes down to 0 (Holzmueller et al., arXiv
    2407.04491, section 3).
    """
    return 0.5 * (1 - cos(2 * pi * log2(1 + 15 * progress)))


def flat_cosine(progress: float) -> float:
    """1 for the first half of training, then down to 0 along a cosine."""
    return cosine(max(0.0, 2 * progress - 1))


@dataclass(frozen=True)
class WarmUp(Schedule):
    """Another schedule, whose eta first grows in a straight line from next to 0.

    Parameters
    ----------
    schedule : Schedule
    share : float
        The share of training that the growth takes, in (0, 1].
    """

    schedule: Schedule = field(default_factory=Constant)
    share: float = 0.1

    @property
    def moves_each_step(self) -> bool:
        return True

    @property
    def has_an_end(self) -> bool:
        return self.schedule.has_an_end

    def after_epoch(self, eta: float, eta_0: float, n_seen: int) -> float:
        return self.schedule.after_epoch(eta, eta_0, n_seen)

    def at(self, eta: float, eta_0: float, progress: float) -> float:
        return self.schedule.at(eta, eta_0, progress) * min(1.0, progress / self.share)

    def on_plateau(self, eta: float) -> float | None:
        return self.schedule.on_plateau(eta)


SCHEDULES: dict[str, Schedule] = {
    "constant": Constant(),
    "invscaling": InverseScaling(),
    "adaptive": Adaptive(),
    "cosine": Curve(cosine),
    "one_cycle": Curve(one_cycle),
    "step": Curve(step),
    "coslog4": Curve(coslog4),
    "flat_cosine": Curve(flat_cosine),
}
