"""Time contestants against each other.

The contestants take turns: each round measures every contestant once, so that disturbances affect
all of them in the same way. A round gives one ratio for each pair of contestants. The report shows
the median, the smallest and the largest of these ratios.
"""

import gc
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import NamedTuple

from threadpoolctl import threadpool_info

Measurement = Callable[[], float]
"""Does the work once and returns the measurement in seconds or megabytes."""


class Spread(NamedTuple):
    """The median, the smallest and the largest of several numbers."""

    median: float
    low: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    return Spread(median(values), min(values), max(values))


def pairwise_ratio(above: Sequence[float], below: Sequence[float]) -> Spread:
    """Return the spread of the ratios ``above / below``, one for each round."""
    return spread([a / b for a, b in zip(above, below, strict=True)])


def take_turns(measurements: Mapping[str, Measurement], rounds: int) -> dict[str, list[float]]:
    """Call each measurement once per round; every other round has the opposite order."""
    taken: dict[str, list[float]] = {name: [] for name in measurements}
    for k in range(rounds):
        names = list(measurements)
        for name in reversed(names) if k % 2 else names:
            gc.collect()
            taken[name].append(measurements[name]())
    return taken


def seconds(work: Callable[[], object]) -> float:
    """Return the duration of one call in seconds."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def busy_elsewhere() -> float | None:
    """Return the processor seconds that all other programs have used since the system started.

    Only differences between two calls are meaningful. Returns None on systems without ``/proc``.
    """
    try:
        ticks = [int(field) for field in Path("/proc/stat").read_text().split()[1:9]]
    except OSError:
        return None
    idle = ticks[3] + ticks[4]
    own = int(sum(os.times()[2:4]) * os.sysconf("SC_CLK_TCK"))  # children that have ended
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[2]) == os.getpgrp():  # this process and its workers
                own += int(fields[11]) + int(fields[12])
    return (sum(ticks) - idle - own) / os.sysconf("SC_CLK_TCK")


def blas_libraries() -> list[dict]:
    """Return threadpoolctl's information about the BLAS libraries loaded so far."""
    return [library for library in threadpool_info() if library["user_api"] == "blas"]


def blas_threads() -> int:
    """Return the number of threads that matrix products use."""
    return max((library["num_threads"] for library in blas_libraries()), default=1)


def describe_blas() -> str:
    """Return the names of the loaded BLAS libraries and their numbers of threads."""
    said = {
        f"{library['internal_api']} {library['version']} ({library.get('architecture')}): "
        f"threads={library['num_threads']}"
        for library in blas_libraries()
    }
    return "; ".join(sorted(said)) or "unknown BLAS"
