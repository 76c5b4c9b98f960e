"""Ctrl-C at any moment of a fit: it ends as documented, and leaves nothing behind."""

import gc
import random
import signal

import pytest
from sklearn.base import clone
from threadpoolctl import threadpool_info

from sknn_edu import (
    Checkpoint,
    MLPClassifier,
    MLPRegressor,
    PerceptronClassifier,
    SigmoidNeuronClassifier,
)
from sknn_edu.fitting.checkpoint_file import Lock
from tests.problems import X, Y
from tests.slow import tally

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("needs_callbacks"),
    pytest.mark.filterwarnings("ignore::UserWarning"),  # such as ConvergenceWarning
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),  # of zipfile
    pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no such timer here"),
]
N_INTERRUPTS = 600
PRIVATE = {"_fitting_thread", "_running_fit", "_validation_samples", "_callback_fit_ctx"}
SHARED = {"warm_start": True, "random_state": 0, "n_iter_no_change": 99}
FITS = {
    "network": MLPClassifier(5, max_iter=60, early_stopping=True, **SHARED),
    "neuron": SigmoidNeuronClassifier(solver="adam", max_iter=60, **SHARED),
    "lbfgs": MLPRegressor(hidden_layer_sizes=5, solver="lbfgs", max_iter=200, random_state=0),
    "perceptron": PerceptronClassifier(max_iter=100, tol=None, random_state=0),
}


@pytest.fixture
def interrupts():
    """Yield a function that triggers an interrupt after a number of seconds; 0 cancels it."""

    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    yield lambda seconds: signal.setitimer(signal.ITIMER_REAL, seconds)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("name", FITS)
def test_an_interrupt_at_any_moment_leaves_nothing_behind(name, interrupts, tmp_path):
    rng, n_threads = random.Random(0), [blas["num_threads"] for blas in threadpool_info()]
    for k in range(N_INTERRUPTS):
        model, path = clone(FITS[name]), tmp_path / str(k)
        if name in ("network", "neuron"):
            model.set_callbacks(Checkpoint(path))
        before, is_fitted = set(vars(model)), False
        try:
            interrupts(rng.uniform(0.0005, 0.03))
            model.fit(X, Y)
            is_fitted = True
            interrupts(0)
        except KeyboardInterrupt:
            pass
        with tally.attempt("interrupts: nothing left behind"):
            gc.collect()
            assert not PRIVATE & set(vars(model))
            if is_fitted:
                assert model.predict(X).shape == Y.shape
            else:
                assert set(vars(model)) == before
            Lock(path).release()
            assert not list(tmp_path.glob("*.part"))
            assert [blas["num_threads"] for blas in threadpool_info()] == n_threads
