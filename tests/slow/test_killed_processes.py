"""A fit that is killed at any moment, even while writing, continues to the same bits."""

import builtins
import io
import multiprocessing
import os
import pickle
import random
import signal
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone

from sknn_edu import Checkpoint, MLPClassifier, MLPRegressor, SigmoidNeuronClassifier
from tests.problems import A, B, X, Y
from tests.slow import tally
from tests.slow.fits import outcome

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("needs_callbacks"),
    pytest.mark.filterwarnings("ignore::UserWarning"),  # such as ConvergenceWarning
    pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal here"),
]

SHARED = {"random_state": 0, "n_iter_no_change": 10_000, "warm_start": True}
FITS = {
    "dropout": (MLPClassifier(8, batch_size=50, dropout=0.1, max_iter=800, **SHARED), X, Y),
    "wide": (MLPClassifier((200, 200), "tanh", max_iter=250, **SHARED), X, Y),
    "neuron": (SigmoidNeuronClassifier(solver="adam", max_iter=900, **SHARED), X, Y),
    "for tables": (
        MLPRegressor(
            hidden_layer_sizes=6,
            activation="parametric_mish",
            feature_scale=True,
            number_embedding="pbld",
            early_stopping="last_best",
            learning_rate="coslog4",
            weight_decay=0.1,
            regularization_schedule="flat_cosine",
            max_iter=500,
            **SHARED,
        ),
        A,
        B,
    ),
}
"""Fits of a few seconds; the wide network spends most of its time writing checkpoints."""

N_KILLS = 50
STAGES = ("bytes", "fsync", "before the renaming", "after the renaming")


def train(name, path, answer, started, stage=None, share=0.0, n_whole=0):
    """Fit, from the checkpoint if there is one, like a user's script; write the attributes."""
    warnings.simplefilter("ignore")
    model, *data = FITS[name]
    checkpoint = Checkpoint(path)
    model = clone(model).set_callbacks(checkpoint)
    if checkpoint.exists():
        checkpoint.restore(model)
    if stage is not None:
        size = path.stat().st_size if path.exists() else 2_000
        die_in_a_write(path.parent, stage, int(share * size), n_whole)
    started.set()
    model.fit(*data)
    answer.with_suffix(".part").write_bytes(pickle.dumps(outcome(model.set_callbacks())))
    answer.with_suffix(".part").rename(answer)


def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)


def die_in_a_write(folder, stage, n_bytes, n_whole):
    """Kill this process in one of the next writes of a file in the folder.

    Parameters
    ----------
    folder : Path
    stage : {'bytes', 'fsync', 'before the renaming', 'after the renaming'}
        When to kill; 'bytes' means after n_bytes bytes of the file.
    n_bytes : int
        The number of bytes to write.
    n_whole : int
        The number of files that are written completely before.
    """
    real_open, real_fsync, real_replace = open, os.fsync, os.replace
    n_left = n_whole + 1

    class Torn(io.FileIO):
        n_bytes_left = n_bytes

        def write(self, data):
            data = memoryview(data).cast("B")
            if len(data) >= self.n_bytes_left:
                super().write(data[: self.n_bytes_left])
                die()
            self.n_bytes_left -= len(data)
            return super().write(data)

    def opened(path, mode="r", *options, **more):
        nonlocal n_left
        if isinstance(path, int) or Path(path).parent != folder or not {*mode} & {*"wx"}:
            return real_open(path, mode, *options, **more)
        n_left -= 1
        if n_left == 0 and stage == "bytes":
            return Torn(path, mode.replace("b", ""))
        return real_open(path, mode, *options, **more)

    def fsync(file):
        return die() if n_left == 0 and stage == "fsync" else real_fsync(file)

    def replace(*paths):
        if n_left == 0 and stage == "before the renaming":
            die()
        real_replace(*paths)
        if n_left == 0 and stage == "after the renaming":
            die()

    builtins.open = io.open = opened
    os.fsync, os.replace = fsync, replace


@pytest.fixture(scope="module")
def context():
    """Return a multiprocessing context whose processes start quickly."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


@pytest.fixture(params=FITS)
def fit(request, context, tmp_path):
    return Fit(request.param, context, tmp_path)


class Fit:
    """A fit in a process that is killed and started again."""

    def __init__(self, name, context, folder):
        self.name, self.context = name, context
        (folder / "checkpoint").mkdir()
        self.path, self.answer = folder / "checkpoint" / "fit", folder / "answer"
        self.n_epochs = 0

    def start(self, *stage):
        started = self.context.Event()
        arguments = (self.name, self.path, self.answer, started, *stage)
        process = self.context.Process(target=train, args=arguments)
        process.start()
        assert started.wait(120)
        return process

    def check_file(self):
        """Check that the file is complete, and not older than before."""
        if self.path.exists():
            model, *_ = FITS[self.name]
            n_epochs = Checkpoint(self.path).restore(clone(model)).n_iter_
            assert self.n_epochs <= n_epochs <= model.max_iter
            self.n_epochs = n_epochs
        else:
            assert self.n_epochs == 0

    def finish(self):
        """Let the process end, and compare its result with an uninterrupted fit."""
        process = self.start()
        process.join()
        self.check_answer(process)

    def check_answer(self, process):
        assert process.exitcode == 0
        model, *data = FITS[self.name]
        expected = outcome(clone(model).fit(*data))
        assert pickle.loads(self.answer.read_bytes()) == expected

    def start_over(self):
        self.path.unlink()
        self.answer.unlink()
        self.n_epochs = 0


def test_a_process_that_is_killed_at_random_moments_ends_with_the_same_bits(fit):
    rng, n_kills, longest, epochs = random.Random(0), 0, 0.05, set()
    while n_kills < N_KILLS:
        process = fit.start()
        time.sleep(rng.uniform(0, longest))
        process.kill()
        process.join()
        if process.exitcode == 0:  # it was faster
            fit.check_answer(process)
            fit.start_over()
            continue
        n_kills += 1
        with tally.attempt("kills at random moments: complete file"):
            assert process.exitcode == -signal.SIGKILL
            fit.check_file()
        epochs.add(fit.n_epochs)
        if fit.n_epochs == 0:  # on a busy machine the fit has not started yet
            longest *= 1.5
    assert len(epochs) > 5  # it was killed during training
    with tally.attempt("fits after many kills: same bits"):
        fit.finish()


def test_a_process_that_is_killed_while_it_writes_ends_with_the_same_bits(fit):
    rng = np.random.default_rng(0)
    for k in range(N_KILLS):
        stage = STAGES[max(k % 8 - 4, 0)]
        process = fit.start(stage, float(rng.random()), int(rng.integers(3)))
        process.join()
        with tally.attempt("kills during the write: complete file"):
            assert process.exitcode == -signal.SIGKILL
            fit.check_file()
    assert fit.n_epochs > 0
    with tally.attempt("fits after many kills: same bits"):
        fit.finish()
