"""A fit that is stopped, copied, saved and crashed many times ends with the same bits."""

import pickle
from copy import deepcopy

import joblib
import numpy as np
import pytest
from sklearn.base import clone

from sknn_edu import Checkpoint
from tests.callbacks import Quiet, StopAfter
from tests.slow import tally
from tests.slow.fits import outcome, random_fit

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("needs_callbacks"),
    pytest.mark.filterwarnings("ignore::UserWarning"),  # such as ConvergenceWarning
]

N_BLOCKS, N_CHAINS = 10, 300


class Crash(Exception):
    """The exception that ends a fit."""


class CrashIn(Quiet):
    """A callback that crashes at the beginning of an epoch."""

    def __init__(self, epoch):
        self.left = epoch

    def on_fit_task_begin(self, estimator, context):
        self.left -= context.task_name == "epoch"
        if self.left == 0:
            raise Crash


class Chain:
    """A fit that is interrupted again and again.

    Parameters
    ----------
    unfitted : estimator
    data : dict
        The parameters of fit.
    rng : Generator
        Chooses the interruptions.
    folder : Path
        For the files.
    """

    def __init__(self, unfitted, data, rng, folder):
        self.unfitted, self.data, self.rng, self.folder = unfitted, data, rng, folder
        self.model, self.steps = clone(unfitted), []

    def run(self):
        """Train until the fit ends by itself; return the model."""
        for _ in range(60):
            ends = self.crash() if self.rng.random() < 0.4 else self.stop()
            if ends:
                return self.model
        self.steps.append("to the end")
        return self.model.set_callbacks().fit(**self.data)

    def stop(self):
        """Let a callback stop the fit after some epochs; then copy the model in some way."""
        n_epochs = int(self.rng.integers(1, 6))
        callback = StopAfter(n_epochs)
        self.model.set_callbacks(callback).fit(**self.data)
        self.model.set_callbacks()
        copied = [self.pickled, deepcopy, self.dumped, lambda model: model][self.rng.integers(4)]
        self.model = copied(self.model)
        self.steps.append(f"stop after {n_epochs}, {getattr(copied, '__name__', '')}")
        return callback.left > 0

    def crash(self):
        """Crash in an epoch of a fit with a checkpoint; continue from the file with a new model."""
        epoch, every = int(self.rng.integers(1, 8)), int(self.rng.integers(1, 4))
        checkpoint = Checkpoint(self.folder / f"{len(self.steps)}", every=every)
        before = deepcopy(self.model)
        try:
            self.model.set_callbacks(checkpoint, CrashIn(epoch)).fit(**self.data)
        except Crash:
            self.steps.append(f"crash in {epoch}, saved every {every}")
            self.model = before
            if checkpoint.exists():
                self.model = checkpoint.restore(clone(self.unfitted))
            return False
        self.model.set_callbacks()
        return True

    def pickled(self, model):
        return pickle.loads(pickle.dumps(model))

    def dumped(self, model):
        path = self.folder / "model.joblib"
        joblib.dump(model, path)
        return joblib.load(path)


@pytest.mark.parametrize("block", range(N_BLOCKS))
def test_a_fit_that_is_interrupted_again_and_again_ends_with_the_same_bits(block, tmp_path):
    for seed in range(block * N_CHAINS, (block + 1) * N_CHAINS):
        folder = tmp_path / str(seed)
        folder.mkdir()
        check_chain(seed, folder)


def check_chain(seed, folder):
    model, data = random_fit(seed, max_epochs=30)
    chain = Chain(model, data, np.random.default_rng(seed), folder)
    with tally.attempt("chains of interruptions: same bits"):
        expected = outcome(clone(model).fit(**data))
        found = outcome(chain.run())
        assert found.keys() == expected.keys()
        differing = [name for name in expected if found[name] != expected[name]]
        assert not differing, f"seed {seed}: {model}, {chain.steps}"
