"""Thousands of damaged and forged checkpoints: refused, or a fit that ends, in bounded memory."""

import random

import numpy as np
import pytest
from sklearn.base import clone

from tests.fitting.forgery import (
    SAVED_FITS,
    attack,
    damaged,
    forged_arrays,
    forged_facts,
    save,
)
from tests.slow import tally

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("needs_callbacks"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]
N_FORGED, N_DAMAGED = 2_000, 3_000


@pytest.fixture(params=SAVED_FITS)
def saved(request, tmp_path):
    return save(request.param, tmp_path)


@pytest.mark.parametrize("forged", [forged_facts, forged_arrays])
def test_forged_checkpoints_with_a_valid_digest_are_refused_or_give_a_fit_that_ends(saved, forged):
    resource = pytest.importorskip("resource")
    rng = random.Random(1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(N_FORGED):
        with tally.attempt("forged checkpoints: an error or a fit that ends") as refusals:
            refusals.append(None if attack(saved, forged(rng.choice)) else "refused")
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert after - before < 300 * 2**10  # in KiB


def test_damaged_checkpoints_are_refused_or_change_nothing(saved):
    rng, right = random.Random(1), saved.restored()._training_state
    for _ in range(N_DAMAGED):
        saved.checkpoint.path.write_bytes(damaged(saved.whole, rng))
        with tally.attempt("damaged checkpoints: an error or the same state") as refusals:
            try:
                state = saved.checkpoint.restore(clone(saved.estimator))._training_state
            except ValueError as error:
                assert "is damaged" in str(error)  # noqa: PT017
                refusals.append(error)
                continue
            np.testing.assert_array_equal(state.theta, right.theta)
            np.testing.assert_array_equal(state.order, right.order)
