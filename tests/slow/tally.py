"""Count the attempts of the slow tests; ``pytest -m slow`` ends with a table of the counts.

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
    """The number of attempts of an attack, of those that held, and of those that were refused.

    An attempt holds if the claim of the test is true. An attempt that the package refuses with an
    error that the claim allows is counted in both ``held`` and ``refused``.
    """

    tried: int = 0
    held: int = 0
    refused: int = 0

    def add(self, tried, held, refused):
        self.tried += tried
        self.held += held
        self.refused += refused


counts = defaultdict(Count)
"""The counts of the current test, by the name of the attack."""


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
    """Return the counts as a list of (attack, tried, held, refused), and reset them."""
    rows = [(attack, *astuple(count)) for attack, count in counts.items()]
    counts.clear()
    return rows


def lines_of(reports):
    """Return the lines of a table of the counts in test reports.

    Parameters
    ----------
    reports : iterable of TestReport

    Returns
    -------
    lines : list of str
        Empty if there are no counts.
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
