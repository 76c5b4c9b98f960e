"""What the slow tests have tried, and how much of it held: the last lines of ``pytest -m slow``.

A test counts its attempts in :data:`counts`. ``tests/conftest.py`` moves the counts into the
report of the test, which pytest-xdist sends from its workers, and prints the sums.
"""

from collections import defaultdict
from contextlib import contextmanager
from dataclasses import astuple, dataclass

PROPERTY = "tried"
"""The name under which the report of a test contains its counts."""


@dataclass
class Count:
    """How often an attack was tried, how often what was claimed held, and how often by a refusal.

    An attempt holds if the test's claim is true of it; an attempt that the package refuses with
    the error that the claim allows is counted in both ``held`` and ``refused``.
    """

    tried: int = 0
    held: int = 0
    refused: int = 0

    def add(self, tried, held, refused):
        self.tried += tried
        self.held += held
        self.refused += refused


counts = defaultdict(Count)
"""The counts of the test at work, by the name of the attack."""


@contextmanager
def attempt(attack):
    """Count an attempt, which holds unless the block raises; ``refusals.append`` marks a refusal.

    Yields
    ------
    refusals : list
        Empty. An attempt counts as refused if it contains anything but None in the end.
    """
    count, refusals = counts[attack], []
    count.tried += 1
    yield refusals
    count.held += 1
    count.refused += any(refusal is not None for refusal in refusals)


def taken():
    """Return the counts as a list of (attack, tried, held, refused), and start over."""
    rows = [(attack, *astuple(count)) for attack, count in counts.items()]
    counts.clear()
    return rows


def lines_of(reports):
    """Return the lines of a table of what the tests of these reports have tried.

    Parameters
    ----------
    reports : iterable of TestReport

    Returns
    -------
    lines : list of str
        Empty if they have tried nothing.
    """
    total = defaultdict(Count)
    for report in reports:
        for name, rows in report.user_properties:
            if name == PROPERTY:
                for attack, *numbers in rows:
                    total[attack].add(*numbers)
    if not total:
        return []
    width = max(map(len, total))
    lines = [f"{'attack':{width}}  {'tried':>9}  {'held':>9}  {'of which refused':>16}"]
    for attack, count in sorted(total.items()):
        lines.append(f"{attack:{width}}  {count.tried:9,}  {count.held:9,}  {count.refused:16,}")
    return lines
