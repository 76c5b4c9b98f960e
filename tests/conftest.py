"""Settings and fixtures of the whole suite."""

import numpy as np
import pytest
from hypothesis import settings

from tests.slow import tally

# tests never time anything, and every run tries the same examples
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def needs_callbacks():
    """Skip a test if this version of scikit-learn has no callbacks."""
    pytest.importorskip("sklearn.callback")


@pytest.fixture(autouse=True)
def _repeat():
    """Seed NumPy's global generator, which estimators with random_state=None use."""
    np.random.seed(0)


@pytest.fixture(autouse=True)
def _tally(request):
    """Add the counts of a slow test to its report."""
    tally.counts.clear()
    yield
    rows = tally.taken()
    if rows and request.node.get_closest_marker("slow"):
        request.node.user_properties.append((tally.PROPERTY, rows))


def pytest_terminal_summary(terminalreporter):
    """Print a table of the counts of all slow tests."""
    reports = [
        report
        for of_category in terminalreporter.stats.values()
        for report in of_category
        if getattr(report, "when", None) == "teardown"
    ]
    lines = tally.lines_of(reports)
    if lines:
        terminalreporter.section("what has been tried")
    for line in lines:
        terminalreporter.write_line(line)
