"""Ten thousand fits in one process: memory stays flat, and each BLAS keeps its threads."""

import gc
import multiprocessing
import os
import pickle
import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from threadpoolctl import threadpool_info

from sknn_edu import MLPClassifier, PerceptronClassifier, tabular_pipeline
from tests.slow import tally
from tests.slow.fits import random_fit

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc"),
]

N_FITS, N_CONFIGURATIONS = 10_000, 500
MEASURED_EVERY, N_TO_WARM_UP = 1_000, 2
"""Fits between two measurements, and the number of measurements that do not count."""

MAX_GROWTH, MAX_MORE_OBJECTS = 4 * 2**20, 500
"""Bytes and objects by which the process may grow in 8,000 fits."""


def resident():
    """Return the resident memory of this process in bytes."""
    gc.collect()
    n_pages = int(Path("/proc/self/statm").read_text().split()[1])
    return n_pages * os.sysconf("SC_PAGE_SIZE")


def n_threads():
    """Return the number of threads of each BLAS."""
    return {info["filepath"]: info["num_threads"] for info in threadpool_info()}


def small_fit(k):
    """Return the model and the data of the k-th fit: all estimators and solvers take turns."""
    model, data = random_fit(k % N_CONFIGURATIONS, max_epochs=8)
    X, y = data["X"], np.arange(data["X"].shape[0]) % 3
    if k % 10 == 0:
        return PerceptronClassifier(max_iter=5), {"X": X, "y": y}
    if k % 10 == 1:
        return MLPClassifier(4, solver="lbfgs", max_iter=5), {"X": X, "y": y}
    if k % 50 == 2:
        options = {"hidden_layer_sizes": 4, "max_iter": 2, "n_estimators": 2}
        table = np.random.default_rng(k % N_CONFIGURATIONS).normal(size=(60, 3))
        return tabular_pipeline("classifier", **options), {"X": table, "y": np.arange(60) % 3}
    return model, data


def soak(connection):
    """Fit, predict, copy and pickle; send what was measured."""
    warnings.simplefilter("ignore")
    threads, memory, n_objects = [n_threads()], [], []
    for k in range(N_FITS):
        model, data = small_fit(k)
        model.fit(**data)
        pickle.loads(pickle.dumps(model)).predict(data["X"])
        clone(model)
        if (k + 1) % MEASURED_EVERY == 0:
            memory.append(resident())
            n_objects.append(len(gc.get_objects()))
            threads.append(n_threads())
    connection.send((memory, n_objects, threads))


def test_ten_thousand_fits_do_not_change_memory_and_threads():
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=soak, args=(sender,))
    process.start()
    sender.close()  # otherwise there would be no end if the process failed
    memory, n_objects, threads = receiver.recv()
    process.join()
    count = tally.counts["small fits in one process: flat memory, same threads"]
    count.add(N_FITS, 0, 0)
    assert max(memory) - memory[N_TO_WARM_UP - 1] < MAX_GROWTH, memory
    assert max(n_objects) - n_objects[N_TO_WARM_UP - 1] < MAX_MORE_OBJECTS, n_objects
    assert threads == threads[:1] * len(threads)
    count.held = N_FITS
    print(memory, n_objects)
