"""Settings and fixtures of the whole suite."""

import pytest
from hypothesis import settings

settings.register_profile("untimed", deadline=None)  # tests never time anything
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def needs_callbacks():
    """Skip a test if this version of scikit-learn has no callbacks."""
    pytest.importorskip("sklearn.callback")
