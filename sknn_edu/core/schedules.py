"""Should the learning rate stay the same throughout training?

Large steps make quick progress at first, but near a minimum they jump from side to side. A schedule
sets the learning rate eta: after each epoch, at each step as training progresses, and on a plateau,
when the loss has not improved for a while: stop, or continue with smaller steps. training.py
says what counts as a plateau. :data:`SCHEDULES` lists all schedules.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import cos, exp, floor, log, log2, pi
from typing import ClassVar


class Schedule:
    """What training asks of a schedule; this one keeps eta and stops on a plateau."""

    moves_each_step: ClassVar[bool] = False
    """Whether ``at`` depends on the progress."""

    runs_to_the_end: ClassVar[bool] = False
    """Whether training should run to its last epoch, plateau or not."""

    def after_epoch(self, eta: float, eta_0: float, n_seen: int) -> float:
        """Return the next eta, given the initial one and the number of samples seen so far."""
        return eta

    def at(self, eta: float, eta_0: float, progress: float) -> float:
        """Return the learning rate of a step; progress in [0, 1] is the share of steps taken."""
        return eta

    def on_plateau(self, eta: float) -> float | None:
        """Return the eta to continue with, or None to stop."""
        return None


@dataclass(frozen=True)
class Constant(Schedule):
    """eta stays the same; training stops on a plateau."""


@dataclass(frozen=True)
class InverseScaling(Schedule):
    """eta = eta_0 / (n_seen + 1)^power_t after each epoch; training stops on a plateau."""

    power_t: float = 0.5

    def after_epoch(self, eta: float, eta_0: float, n_seen: int) -> float:
        return eta_0 * exp(-self.power_t * log(n_seen + 1))


@dataclass(frozen=True)
class Adaptive(Schedule):
    """A plateau divides eta by 5 while it is above 1e-6, and stops training below."""

    def on_plateau(self, eta: float) -> float | None:
        return eta / 5 if eta > 1e-6 else None


@dataclass(frozen=True)
class Curve(Schedule):
    """eta = eta_0 curve(progress), where progress goes from 0 to 1.

    Parameters
    ----------
    curve : callable ``curve(progress) -> factor``
        The factor must be a finite number of at least 0.
    """

    moves_each_step: ClassVar[bool] = True
    runs_to_the_end: ClassVar[bool] = True

    curve: Callable[[float], float]

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
    """1, 1/10 and 1/100, each for a third of training."""
    return float(0.1 ** min(floor(3 * progress), 2))


def coslog4(progress: float) -> float:
    """(1 - cos(2 pi log2(1 + 15 progress))) / 2: up and down four times, each time more slowly.

    The first cycles try many step sizes, the last ends at 0 (Holzmueller et al., arXiv 2407.04491,
    section 3).
    """
    return 0.5 * (1 - cos(2 * pi * log2(1 + 15 * progress)))


def flat_cosine(progress: float) -> float:
    """1 for the first half of training, then down to 0 along a cosine."""
    return cosine(max(0.0, 2 * progress - 1))


@dataclass(frozen=True)
class WarmUp(Schedule):
    """Another schedule, whose eta first grows linearly from almost 0.

    Parameters
    ----------
    schedule : Schedule
    share : float
        The share of training during which it grows, in (0, 1].
    """

    moves_each_step: ClassVar[bool] = True

    schedule: Schedule = field(default_factory=Constant)
    share: float = 0.1

    @property
    def runs_to_the_end(self) -> bool:  # type: ignore[override]
        return self.schedule.runs_to_the_end

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
"""The schedules by name."""
