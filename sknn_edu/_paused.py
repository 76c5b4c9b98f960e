"""A fit at work, and training between two calls."""

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import issparse

from sknn_edu._watch import Watch
from sknn_edu.core.gradient_descent import Pace
from sknn_edu.core.parameters import Network, Parameters
from sknn_edu.core.training import Patience


@dataclass
class Training:
    """What one fit works with.

    ``samples`` are X, y and their weights, checked and encoded, and those of a validation set that
    was given.
    """

    network: Network
    parameters: Parameters
    rng: np.random.RandomState
    order: np.ndarray
    held_out: np.ndarray | None
    watch: Watch | None
    paused: "Paused | None" = None
    aim: Any = None
    samples: tuple = ()
    continuing: bool = False


@dataclass
class Paused:
    """Training between two calls: of partial_fit, or of a fit that was stopped.

    The rows, and theta as it was when it stopped, are those of a stopped fit, else None. If it has
    a checksum, it is of the samples that it must go on with.
    """

    solver: Any
    eta_0: float
    pace: Pace
    patience: Patience
    rng: np.random.RandomState
    n_samples: int
    aim: Any = None
    order: np.ndarray | None = None
    held_out: np.ndarray | None = None
    theta: np.ndarray | None = None
    checksum: int | None = None

    @classmethod
    def after(cls, training, solver, learner, patience, incremental):
        n = training.order.size + (0 if training.held_out is None else training.held_out.size)
        paused = cls(solver, learner.eta_0, learner.pace, patience, training.rng, n)
        if not incremental:
            last = training.parameters.theta if patience.last is None else patience.last
            paused.order, paused.held_out = training.order, training.held_out
            paused.aim = training.aim
            paused.theta = last.copy()
        return paused


def checksum(*arrays):
    """Return a number that tells these arrays, dense, CSR or None, from others."""
    total = 0
    for array in arrays:
        for part in (array.data, array.indices, array.indptr) if issparse(array) else (array,):
            if part is not None:
                total = zlib.crc32(np.ascontiguousarray(part).view(np.uint8), total)
    return total
