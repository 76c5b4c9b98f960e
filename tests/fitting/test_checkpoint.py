"""A fit that is killed continues with the same bits; a damaged file is an error."""

import copy
import errno
import functools
import multiprocessing
import os
import random
import time

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.datasets import load_iris

from sknn_edu import (
    AveragingClassifier,
    Checkpoint,
    MLPClassifier,
    MLPRegressor,
    PerceptronClassifier,
)
from sknn_edu import SigmoidNeuronClassifier as Neuron
from sknn_edu.core.activations import ACTIVATIONS
from sknn_edu.core.optimizers import RMSprop
from sknn_edu.core.schedules import Curve
from tests.callbacks import Quiet, StopAfter

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.usefixtures("needs_callbacks"),
]

X, Y = load_iris(return_X_y=True)
X = (X - X.mean(axis=0)) / X.std(axis=0)
NAMES = np.array(["setosa", "versicolor", "virginica"])[Y]
COLUMNS = np.stack([Y, Y % 2], axis=1)
PARAMETERS = {"random_state": 0, "max_iter": 30, "warm_start": True}


def shrink(to, progress):
    return 1 - (1 - to) * progress


class Crash(Exception):
    """The exception that ends a fit in these tests."""


class CrashIn(Quiet):
    """A callback that crashes at the beginning of an epoch."""

    def __init__(self, epoch):
        self.left = epoch

    def on_fit_task_begin(self, estimator, context):
        self.left -= context.task_name == "epoch"
        if self.left == 0:
            raise Crash


def crash(estimator, checkpoint, *data, epoch=13, **more):
    with pytest.raises(Crash):
        clone(estimator).set_callbacks(checkpoint, CrashIn(epoch)).fit(*data, **more)


def assert_same(model, expected):
    """Assert that all fitted attributes have the same bits."""
    found, wanted = (
        {k: v for k, v in vars(m).items() if k.endswith("_")} for m in (model, expected)
    )
    assert found.keys() == wanted.keys()
    for name, value in found.items():
        if isinstance(value, list) and value and isinstance(value[0], np.ndarray):
            for a, b in zip(value, wanted[name], strict=True):
                np.testing.assert_array_equal(a, b, err_msg=name)
        else:
            np.testing.assert_array_equal(value, wanted[name], err_msg=name)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("estimator", "y"),
    [
        (MLPClassifier(5, **PARAMETERS), NAMES),
        (MLPClassifier(5, solver="sgd", learning_rate="adaptive", tol=0.1, **PARAMETERS), Y),
        (MLPClassifier((4, 3), dropout=0.3, early_stopping=True, solver="adamw", **PARAMETERS), Y),
        (
            MLPClassifier(5, solver=RMSprop(), learning_rate="cosine", batch_size=32, **PARAMETERS),
            Y,
        ),
        (MLPClassifier(5, class_weight="balanced", **PARAMETERS), COLUMNS),
        (MLPRegressor(hidden_layer_sizes=5, shuffle=False, **PARAMETERS), X[:, :2]),
        (Neuron(solver="adam", early_stopping=True, **PARAMETERS), Y),
    ],
)
def test_a_continued_fit_ends_with_the_same_bits(estimator, y, dtype, tmp_path):
    data = X.astype(dtype), y
    checkpoint = Checkpoint(tmp_path / "fit", every=5)
    crash(estimator, checkpoint, *data)
    resumed = checkpoint.restore(clone(estimator))
    assert resumed.n_iter_ == len(resumed.loss_curve_) == 10
    assert resumed.predict(data[0]).shape[0] == 150
    assert_same(resumed.fit(*data), clone(estimator).fit(*data))


def test_a_fit_with_weights_and_a_validation_set_continues_on_sparse_samples_and_frames(tmp_path):
    mlp = MLPClassifier(5, early_stopping=True, n_iter_no_change=np.inf, **PARAMETERS)
    weight = np.random.default_rng(0).uniform(0.5, 2, 150)
    for name, samples in {"csr": csr_array(X), "df": pd.DataFrame(X, columns=list("abcd"))}.items():
        checkpoint = Checkpoint(tmp_path / name)
        kept = samples[:50] if isinstance(samples, csr_array) else samples.iloc[:50]
        more = {"sample_weight": weight, "X_val": kept, "y_val": Y[:50]}
        crash(mlp, checkpoint, samples, Y, **more)
        resumed = checkpoint.restore(clone(mlp)).fit(samples, Y, **more)
        assert_same(resumed, clone(mlp).fit(samples, Y, **more))
        more["y_val"] = Y[50:100]
        with pytest.raises(ValueError, match="other samples"):
            checkpoint.restore(clone(mlp)).fit(samples, Y, **more)


@pytest.mark.parametrize("generator", [np.random.MT19937, np.random.PCG64, np.random.Philox])
def test_a_fit_with_a_random_state_object_continues(generator, tmp_path):
    def fresh():
        rng = np.random.RandomState(generator(3))
        return MLPClassifier(5, random_state=rng, max_iter=20, warm_start=True)

    checkpoint = Checkpoint(tmp_path / "fit")
    with pytest.raises(Crash):
        fresh().set_callbacks(checkpoint, CrashIn(8)).fit(X, Y)
    assert_same(checkpoint.restore(fresh()).fit(X, Y), fresh().fit(X, Y))


def test_a_fit_continues_after_it_was_stopped_and_crashed(tmp_path):
    checkpoint = Checkpoint(tmp_path / "fit")
    mlp = MLPClassifier(5, early_stopping=True, n_iter_no_change=np.inf, **PARAMETERS)
    stopped = clone(mlp).set_callbacks(StopAfter(5)).fit(X, Y)
    with pytest.raises(Crash):
        copy.deepcopy(stopped).set_callbacks(checkpoint, CrashIn(7)).fit(X, Y)
    assert_same(checkpoint.restore(clone(mlp)).fit(X, Y), clone(mlp).fit(X, Y))


def test_parameters_that_are_objects_are_compared_by_their_parts(tmp_path):
    checkpoint = Checkpoint(tmp_path / "fit")
    rate = Curve(functools.partial(shrink, 0.5))
    mlp = MLPClassifier(
        5, ACTIVATIONS["gelu"], learning_rate=rate, solver=RMSprop(0.9), **PARAMETERS
    )
    crash(mlp, checkpoint, X, Y)
    other = clone(mlp).set_params(learning_rate=Curve(functools.partial(shrink, 0.25)))
    with pytest.raises(ValueError, match="other parameters: learning_rate"):
        checkpoint.restore(other)
    assert_same(checkpoint.restore(clone(mlp)).fit(X, Y), clone(mlp).fit(X, Y))


def test_max_iter_must_not_change_if_the_learning_rate_depends_on_it(tmp_path):
    checkpoint = Checkpoint(tmp_path / "fit")
    mlp = MLPClassifier(5, learning_rate="cosine", **PARAMETERS)
    crash(mlp, checkpoint, X, Y)
    with pytest.raises(ValueError, match="other parameters: max_iter=30"):
        checkpoint.restore(clone(mlp).set_params(max_iter=50))


def test_after_a_second_crash_a_fit_continues_from_the_second_checkpoint(tmp_path):
    checkpoint, mlp = Checkpoint(tmp_path / "fit", every=4), MLPClassifier(5, **PARAMETERS)
    crash(mlp, checkpoint, X, Y, epoch=9)
    with pytest.raises(Crash):
        checkpoint.restore(clone(mlp)).set_callbacks(checkpoint, CrashIn(9)).fit(X, Y)
    resumed = checkpoint.restore(clone(mlp))
    assert resumed.n_iter_ == 16
    assert_same(resumed.fit(X, Y), clone(mlp).fit(X, Y))


def test_a_restored_fit_may_have_a_larger_max_iter(tmp_path):
    checkpoint, mlp = Checkpoint(tmp_path / "fit"), MLPClassifier(5, **PARAMETERS)
    crash(mlp, checkpoint, X, Y)
    longer = clone(mlp).set_params(max_iter=50)
    assert_same(checkpoint.restore(clone(longer)).fit(X, Y), clone(longer).fit(X, Y))


# -- a real process that is really killed ----------------------------------------------------------


LONG = MLPClassifier(
    8, batch_size=50, dropout=0.1, max_iter=1500, n_iter_no_change=np.inf, random_state=0
).set_params(warm_start=True)


def train(path, started, answer):
    """Fit from the checkpoint if there is one, as a user's script does."""
    checkpoint = Checkpoint(path)
    mlp = clone(LONG).set_callbacks(checkpoint)
    if checkpoint.exists():
        checkpoint.restore(mlp)
    started.set()
    mlp.fit(X, Y)
    answer.put([*mlp.coefs_, *mlp.intercepts_, np.array(mlp.loss_curve_)])


def test_a_process_killed_twenty_times_ends_with_the_same_bits(tmp_path):
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.fitting.test_checkpoint"])
    rng, n_kills, epochs, longest = random.Random(0), 0, [], 0.04
    while n_kills < 20:
        started, answer = context.Event(), context.Queue()
        process = context.Process(target=train, args=(tmp_path / "fit", started, answer))
        process.start()
        assert started.wait(60)
        time.sleep(rng.uniform(0.0, longest))
        process.kill()
        process.join()
        n_kills += 1
        if Checkpoint(tmp_path / "fit").exists():
            epochs.append(Checkpoint(tmp_path / "fit").restore(clone(LONG)).n_iter_)
        else:  # on a busy machine the fit has not started yet
            longest *= 1.5
    assert epochs == sorted(epochs)
    assert 0 < epochs[-1] < 1500  # it was killed during training
    started, answer = context.Event(), context.Queue()
    process = context.Process(target=train, args=(tmp_path / "fit", started, answer))
    process.start()
    resumed = answer.get(timeout=120)
    process.join()
    whole = clone(LONG).fit(X, Y)
    expected = [*whole.coefs_, *whole.intercepts_, np.array(whole.loss_curve_)]
    for a, b in zip(resumed, expected, strict=True):
        np.testing.assert_array_equal(a, b)


# -- errors ----------------------------------------------------------------------------------------


@pytest.fixture
def saved(tmp_path):
    checkpoint = Checkpoint(tmp_path / "fit")
    crash(MLPClassifier(5, **PARAMETERS), checkpoint, X, Y)
    return checkpoint


def test_a_full_disk_raises_an_error_and_keeps_the_previous_checkpoint(saved, monkeypatch):
    before = saved.path.read_bytes()
    fitted = saved.restore(MLPClassifier(5, **PARAMETERS))
    answers = fitted.predict_proba(X)

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=r"could not be written.*No space left.*intact") as caught:
        fitted.set_callbacks(saved).fit(X, Y)
    assert caught.value.errno == errno.ENOSPC
    np.testing.assert_array_equal(fitted.predict_proba(X), answers)
    assert saved.path.read_bytes() == before
    assert sorted(p.name for p in saved.path.parent.iterdir()) == ["fit", "fit.lock"]


def test_other_parameters_other_classes_and_other_samples_are_refused(saved):
    with pytest.raises(ValueError, match=r"other parameters: alpha=0\.0001, beta_1=0\.9"):
        saved.restore(MLPClassifier(5, alpha=1, beta_1=0.5, **PARAMETERS))
    with pytest.raises(ValueError, match=r"by sknn_edu\.MLPClassifier, .* into MLPRegressor"):
        saved.restore(MLPRegressor())
    with pytest.raises(ValueError, match="set_params\\(warm_start=True\\)"):
        saved.restore(MLPClassifier(5, random_state=0))
    for samples, targets in ((X + 1e-9, Y), (X, Y[::-1])):
        with pytest.raises(ValueError, match="other samples"):
            saved.restore(MLPClassifier(5, **PARAMETERS)).fit(samples, targets)
    with pytest.raises(FileNotFoundError):
        Checkpoint("nowhere").restore(MLPClassifier())
    for every in (0, 2.5):
        with pytest.raises(ValueError, match="an int >= 1"):
            Checkpoint("nowhere", every=every)


@pytest.mark.parametrize("estimator", [MLPClassifier(5, solver="lbfgs"), PerceptronClassifier()])
def test_lbfgs_and_perceptrons_cannot_be_saved(estimator, tmp_path):
    with pytest.raises(ValueError, match="Checkpoint cannot save a fit of"):
        estimator.set_callbacks(Checkpoint(tmp_path / "fit")).fit(X, Y)


def test_a_fit_that_cannot_be_saved_is_refused_before_the_first_epoch(tmp_path):
    checkpoint, neuron = Checkpoint(tmp_path / "fit"), Neuron(solver="adam", random_state=0)
    with pytest.raises(ValueError, match="not with partial_fit"):
        clone(neuron).set_callbacks(checkpoint).partial_fit(X, Y, classes=[0, 1, 2])
    shrinking = MLPClassifier(5, learning_rate=lambda progress: 1 - progress, max_iter=3)
    with pytest.raises(ValueError, match=r"cannot identify learning_rate=.*lambda"):
        shrinking.set_callbacks(checkpoint).fit(X, Y)
    with pytest.raises(FileNotFoundError, match="folder of the checkpoint does not exist"):
        clone(neuron).set_callbacks(Checkpoint(tmp_path / "no" / "fit")).fit(X, Y)
    assert not checkpoint.exists()


def test_a_fit_from_scratch_overwrites_no_checkpoint(saved):
    before = saved.path.read_bytes()
    with pytest.raises(FileExistsError, match=r"restore\(estimator\) before fit"):
        MLPClassifier(5, **PARAMETERS).set_callbacks(saved).fit(X, Y)
    assert saved.path.read_bytes() == before


# -- what is neither a Python float nor a function -------------------------------------------------


def float32_cosine(progress):
    return np.float32(0.5 + 0.5 * np.cos(np.pi * progress))


def test_numpy_scalars_as_parameters_and_from_functions_are_saved(tmp_path):
    checkpoint = Checkpoint(tmp_path / "fit", every=np.int64(3))
    scalars = {"alpha": np.float32(1e-3), "learning_rate_init": np.float32(0.01)}
    mlp = MLPClassifier(
        np.array([5, 4]), learning_rate=float32_cosine, batch_size=np.int32(40), **scalars,
        **PARAMETERS,
    )  # fmt: skip
    crash(mlp, checkpoint, X.astype(np.float32), Y)
    resumed = checkpoint.restore(clone(mlp)).fit(X.astype(np.float32), Y)
    assert_same(resumed, clone(mlp).fit(X.astype(np.float32), Y))
    assert type(resumed.learning_rate_curve_[-1]) is float


class Rates:
    def __init__(self, last):
        self.last = last

    def at(self, progress):
        return 1 - (1 - self.last) * progress


def closure(last):
    return lambda progress: 1 - (1 - last) * progress


def test_parameters_are_compared_by_content_not_by_repr(tmp_path):
    checkpoint, mlp = Checkpoint(tmp_path / "fit"), MLPClassifier(5, **PARAMETERS)
    crash(clone(mlp).set_params(learning_rate=Rates(0.1).at), checkpoint, X, Y)
    with pytest.raises(ValueError, match="other parameters: learning_rate"):
        checkpoint.restore(clone(mlp).set_params(learning_rate=Rates(0.2).at))
    assert checkpoint.restore(clone(mlp).set_params(learning_rate=Rates(0.1).at)).n_iter_ == 12
    with pytest.raises(ValueError, match=r"cannot identify learning_rate=.*defined in a module"):
        clone(mlp).set_params(learning_rate=closure(0.1)).set_callbacks(checkpoint).fit(X, Y)


# -- averages --------------------------------------------------------------------------------------


def test_the_members_of_an_average_write_a_file_each_and_continue(tmp_path):
    checkpoint = Checkpoint(tmp_path / "fit", every=4)
    mlp = MLPClassifier(5, max_iter=20, warm_start=True)
    average = AveragingClassifier(mlp, n_estimators=3, random_state=0, n_jobs=1)
    expected = clone(average).fit(X, Y)
    crashing = clone(mlp).set_callbacks(CrashIn(31), checkpoint)  # in epoch 11 of the second member
    with pytest.raises(Crash):
        clone(average).set_params(estimator=crashing).fit(X, Y)
    files = {path.name for path in tmp_path.iterdir()}
    assert files == {"fit.0", "fit.0.lock", "fit.1", "fit.1.lock"}
    resumed = clone(average).set_params(estimator=clone(mlp).set_callbacks(checkpoint)).fit(X, Y)
    for member, wanted in zip(resumed.estimators_, expected.estimators_, strict=True):
        assert_same(member, wanted)


def test_members_of_an_average_in_several_processes_write_separate_files(tmp_path):
    mlp = MLPClassifier(5, max_iter=8, warm_start=True).set_callbacks(Checkpoint(tmp_path / "fit"))
    average = AveragingClassifier(mlp, n_estimators=3, random_state=0, n_jobs=2)
    average.fit(X, Y)
    assert sorted(path.name for path in tmp_path.glob("fit.?")) == ["fit.0", "fit.1", "fit.2"]
