"""A fit that a callback stopped continues with the same bits."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
from sklearn.base import clone

from sknn_edu import MLPClassifier
from tests.callbacks import StopAfter
from tests.problems import X, Y

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
