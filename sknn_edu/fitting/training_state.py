"""The state that a fit needs to continue as if it had never been interrupted."""

import zlib
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy.sparse import issparse

from sknn_edu.core.optimizers import OptimizerState
from sknn_edu.core.training import BestSoFar


@dataclass
class TrainingState:
    """The state of training.

    It is updated during a fit and kept on the estimator between two calls: by ``fit`` if it was
    stopped before its end, and always by ``partial_fit``. A :class:`Checkpoint` writes it to a
    file.

    Attributes
    ----------
    solver : str or Optimizer
    n_samples : int
        The number of samples, including held-out samples.
    rng : RandomState
        Shuffles the samples.
    eta_0 : float
        The initial learning rate.
    optimizer_state : OptimizerState or None
        None before the first step.
    best_so_far : BestSoFar
    dropout_rng : Generator or None
    stopping_rule : tuple or None
        (early_stopping, scoring, whether a validation set was passed). A fit can only continue
        with the same rule.
    order, held_out : ndarray of int or None
        The rows to train on and the rows to score; None after partial_fit.
    theta : ndarray or None
        All parameters when the fit was stopped; None after partial_fit.
    checksum : int or None
        The checksum of the data with which the fit must continue; None if it is not checked.
    """

    solver: Any
    n_samples: int
    rng: np.random.RandomState
    eta_0: float = 0.0
    optimizer_state: OptimizerState | None = None
    best_so_far: BestSoFar = field(default_factory=BestSoFar)
    dropout_rng: np.random.Generator | None = None
    stopping_rule: Any = None
    order: np.ndarray | None = None
    held_out: np.ndarray | None = None
    theta: np.ndarray | None = None
    checksum: int | None = None

    def resumed(self, rng, incremental):
        """Return a copy of the state to continue from.

        ``incremental`` says whether partial_fit continues. Epochs without improvement are counted
        over successive calls of partial_fit, and over successive calls of fit, but the count
        starts again when partial_fit follows fit.
        """
        counts_on = self.order is None or not incremental
        best = replace(self.best_so_far, last_parameters=None) if counts_on else BestSoFar()
        return replace(
            self,
            rng=rng,
            optimizer_state=deepcopy(self.optimizer_state),
            best_so_far=best,
            dropout_rng=deepcopy(self.dropout_rng),
            order=None if incremental else self.order.copy(),
            held_out=None if incremental else self.held_out,
            checksum=None,
        )

    def between_calls(self, theta, incremental):
        """Return the state to keep after a call that may be continued."""
        if incremental:
            return replace(self, stopping_rule=None, order=None, held_out=None, theta=None)
        last = self.best_so_far.last_parameters
        return replace(self, theta=(theta if last is None else last).copy())


def check_rows(state, weight):
    """Refuse a checkpoint whose rows are not exactly the rows with a positive weight."""
    rows = np.sort(np.concatenate([state.order, state.held_out]))
    used = np.arange(state.n_samples) if weight is None else np.flatnonzero(weight > 0)
    if not np.array_equal(rows, used):
        raise ValueError(
            "The rows in the checkpoint must be exactly the samples with a positive weight, but "
            "they differ, so the checkpoint was not written by a fit on these samples. Delete it "
            "to start over."
        )


def checksum(*arrays):
    """Return a checksum of these arrays, which may be dense, CSR or None."""
    total = 0
    for array in arrays:
        parts = (array.data, array.indices, array.indptr) if issparse(array) else (array,)
        for part in parts:
            if part is not None:
                total = zlib.crc32(np.ascontiguousarray(part).view(np.uint8), total)
    return total
