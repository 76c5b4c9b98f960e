"""A fit that a callback stopped continues with the same bits."""

import pickle
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from sknn_edu import MLPClassifier
from tests.callbacks import StopAfter
from tests.problems import X, Y, explodes_at_half_time

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"early_stopping": True},
        {"solver": "sgd", "learning_rate": "invscaling", "learning_rate_init": 0.05},
        {"dropout": 0.3, "learning_rate": "one_cycle", "early_stopping": True},
    ],
    ids=str,
)
def test_a_stopped_fit_continues_in_another_process_with_the_same_bits(tmp_path, params):
    pytest.importorskip("sklearn.callback")
    model = MLPClassifier(6, max_iter=20, batch_size=40, tol=0, random_state=0, **params)
    whole = clone(model).fit(X, Y)
    stopped = clone(model).set_params(warm_start=True).set_callbacks(StopAfter(8)).fit(X, Y)
    assert stopped.n_iter_ == 8
    stopped.set_callbacks()
    (tmp_path / "stopped.pickle").write_bytes(pickle.dumps(stopped))
    script = (
        "import pickle, pathlib, warnings; warnings.simplefilter('ignore')\n"
        "from sklearn.datasets import load_iris\n"
        "from sklearn.preprocessing import StandardScaler\n"
        "X, Y = load_iris(return_X_y=True)\n"
        "model = pickle.loads(pathlib.Path('stopped.pickle').read_bytes())\n"
        "model.fit(StandardScaler().fit_transform(X), Y)\n"
        "pathlib.Path('resumed.pickle').write_bytes(pickle.dumps(model))\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True)
    resumed = pickle.loads((tmp_path / "resumed.pickle").read_bytes())
    assert resumed.n_iter_ == whole.n_iter_
    assert resumed.loss_curve_ == whole.loss_curve_
    assert resumed.best_epoch_ == whole.best_epoch_
    for ours, theirs in zip(resumed.coefs_, whole.coefs_, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_fit_with_one_batch_per_epoch_continues_with_the_same_bits():
    pytest.importorskip("sklearn.callback")
    model = MLPClassifier(5, max_iter=20, learning_rate_init=0.01, random_state=0)
    whole = clone(model).fit(X, Y)
    model.set_params(warm_start=True).set_callbacks(StopAfter(6)).fit(X, Y)
    model.set_callbacks().fit(X, Y)
    np.testing.assert_array_equal(model.coefs_[0], whole.coefs_[0])
    assert model.loss_curve_ == whole.loss_curve_


@pytest.mark.parametrize(
    "change", [{"scoring": "loss"}, {"early_stopping": False}, {"solver": "sgd"}], ids=str
)
def test_a_stopped_fit_with_another_stopping_rule_is_an_ordinary_warm_start(change):
    pytest.importorskip("sklearn.callback")
    model = MLPClassifier(5, max_iter=10, early_stopping=True, warm_start=True, random_state=0)
    model.set_callbacks(StopAfter(4)).fit(X, Y)
    model.set_callbacks().set_params(**change).fit(X, Y)
    assert model.n_iter_ == 10
    assert len(model.loss_curve_) == 14
    assert (model.best_loss_ is None) == model.early_stopping


PLATEAU = {"tol": 0.02, "n_iter_no_change": 2}
CONFIGURATIONS = {
    "out of epochs": {"tol": 0, "max_iter": 9},
    "plateau": {**PLATEAU, "max_iter": 30},
    "adaptive": {**PLATEAU, "solver": "sgd", "learning_rate": "adaptive", "max_iter": 12},
    "early stopping": {**PLATEAU, "early_stopping": True, "max_iter": 30},
    "last best": {"early_stopping": "last_best", "max_iter": 8},
    "dropout and a schedule": {"dropout": 0.3, "learning_rate": "one_cycle", "max_iter": 8},
    "invscaling, small batches": {
        "solver": "sgd",
        "learning_rate": "invscaling",
        "batch_size": 40,
        "max_iter": 7,
        "tol": 0,
    },
    "recipe": {
        "activation": "parametric_mish",
        "feature_scale": True,
        "number_embedding": "pbld",
        "dropout": 0.1,
        "weight_decay": 0.1,
        "regularization_schedule": "flat_cosine",
        "max_iter": 6,
    },
}


def outcome(model):
    """The fitted attributes, without the training state."""
    arrays = [*model.coefs_, *model.intercepts_, *model.embedding_]
    curves = model.loss_curve_, model.learning_rate_curve_, model.validation_scores_
    numbers = model.n_iter_, model.t_, model.best_epoch_, model.loss_, model.best_loss_
    return [array.tobytes() for array in arrays], repr(curves), repr(numbers)  # of nan, too


@pytest.mark.parametrize("name", CONFIGURATIONS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_stopping_after_any_epoch_and_continuing_changes_nothing(name, dtype):
    pytest.importorskip("sklearn.callback")
    options = {"learning_rate_init": 0.02, "random_state": 0, **CONFIGURATIONS[name]}
    model = MLPClassifier(5, dtype=dtype, **options)
    whole = clone(model).fit(X, Y)
    for epoch in range(1, whole.n_iter_ + 1):
        stopped = clone(model).set_params(warm_start=True).set_callbacks(StopAfter(epoch))
        stopped.fit(X, Y)
        assert stopped.n_iter_ == epoch
        assert outcome(stopped.set_callbacks().fit(X, Y)) == outcome(whole)


def test_a_fit_that_is_stopped_after_every_epoch_ends_as_one_that_is_never_stopped():
    pytest.importorskip("sklearn.callback")
    options = CONFIGURATIONS["adaptive"] | {"learning_rate_init": 0.02, "random_state": 0}
    whole, model = (MLPClassifier(5, warm_start=True, **options) for _ in range(2))
    whole.fit(X, Y)
    model.set_callbacks(StopAfter(1)).fit(X, Y)
    while hasattr(model, "_training_state"):
        model = pickle.loads(pickle.dumps(model.set_callbacks())).set_callbacks(StopAfter(1))
        model.fit(X, Y)
    assert outcome(model) == outcome(whole)


def test_a_continued_fit_that_diverges_ends_as_the_uninterrupted_one():
    pytest.importorskip("sklearn.callback")
    model = MLPClassifier(
        5, "identity", solver="sgd", learning_rate=explodes_at_half_time, max_iter=40,
        learning_rate_init=0.05, early_stopping=True, n_iter_no_change=np.inf, random_state=0,
        warm_start=True,
    )  # fmt: skip
    with pytest.warns(ConvergenceWarning, match="Training diverged in epoch"):
        whole = clone(model).fit(X, Y)
    is_finite = np.isfinite(whole.validation_scores_)
    assert is_finite[0]
    assert not is_finite[-2:].any()
    for epoch in range(1, whole.n_iter_):
        stopped = clone(model).set_callbacks(StopAfter(epoch)).fit(X, Y).set_callbacks()
        with pytest.warns(ConvergenceWarning, match=f"diverged in epoch {whole.n_iter_};"):
            stopped.fit(X, Y)
        assert outcome(stopped) == outcome(whole)


@pytest.mark.parametrize("rate", ["constant", "adaptive"])
def test_partial_fit_trains_even_on_a_plateau(rate):
    model = MLPClassifier(
        5, solver="sgd", learning_rate=rate, tol=10, n_iter_no_change=1, random_state=0
    )
    weights = []
    for _ in range(12):  # each epoch improves by less than tol, so all are a plateau
        model.partial_fit(X, Y, classes=[0, 1, 2])
        weights.append(model.coefs_[0].copy())
    assert all((a != b).any() for a, b in pairwise(weights))
