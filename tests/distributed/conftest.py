"""Fixtures of the tests of training on Dask."""

import numpy as np
import pytest
from distributed import Client, LocalCluster
from sklearn.datasets import make_classification

from tests.distributed.on_dask import LOCAL
from tests.killing import TIMEOUT


@pytest.fixture(scope="module")
def client():
    """Yield the client of two workers, each a process of its own."""
    with LocalCluster(**LOCAL) as cluster, Client(cluster) as client:
        yield client
        client.wait_for_workers(2, timeout=TIMEOUT)


@pytest.fixture
def data():
    """Return X, y and sample weights of 1000 samples in three classes."""
    X, y = make_classification(1000, 12, n_informative=8, n_classes=3, random_state=0)
    return X, y, np.random.default_rng(0).uniform(0.5, 2, 1000)
