"""What a fit needs to go on as if it had never been interrupted."""

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
    """The state of training: at work during a fit, and kept on the estimator between two calls.

    ``fit`` keeps it if it was stopped before its end, ``partial_fit`` always, and a
    :class:`Checkpoint` writes it to a file.

    Attributes
    ----------
    solver : str or Optimizer
    n_samples : int
        Held-out samples included.
    rng : RandomState
        Shuffles the samples.
    eta_0 : float
        The initial learning rate.
    optimizer_state : OptimizerState or None
        None before the first step.
    best_so_far : BestSoFar
    dropout_rng : Generator or None
    stopping_rule : tuple or None
        (early_stopping, scoring, whether a validation set was passed); a fit can only go on with
        the same.
    order, held_out : ndarray of int or None
        The rows to train on and to score on; None after partial_fit.
    theta : ndarray or None
        All parameters when the fit was stopped; None after partial_fit.
    checksum : int or None
        Of the samples with which the fit must go on; None if that is not checked.
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
        """Return a state to continue from, which leaves this one as it is.

        ``incremental`` says whether partial_fit goes on: a plateau is counted over several calls
        of partial_fit, or over the calls of fit, but not from one to the other.
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
    """Refuse a checkpoint whose rows are not all the rows with a weight (n_samples,) above 0."""
    rows = np.sort(np.concatenate([state.order, state.held_out]))
    used = np.arange(state.n_samples) if weight is None else np.flatnonzero(weight > 0)
    if not np.array_equal(rows, used):
        raise ValueError(
            "The checkpoint trains and holds out other rows than there are with a weight above 0, "
            "so it is not one of a fit on these samples. Delete it to start over."
        )


def checksum(*arrays):
    """Return a number that identifies these arrays: dense, CSR or None."""
    total = 0
    for array in arrays:
        parts = (array.data, array.indices, array.indptr) if issparse(array) else (array,)
        for part in parts:
            if part is not None:
                total = zlib.crc32(np.ascontiguousarray(part).view(np.uint8), total)
    return total
