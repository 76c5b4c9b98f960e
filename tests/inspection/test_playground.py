"""What a playground embeds and what it refuses."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.datasets import make_blobs, make_moons
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures

from sknn_edu import MLPClassifier, PerceptronClassifier
from sknn_edu.estimators.interface import fitted_network
from sknn_edu.inspection import Playground
from sknn_edu.inspection.replay import EpochRecorder
from tests.inspection.pages import MOONS, NETWORK, REGRESSOR, unpacked

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.usefixtures("needs_callbacks"),
]


WIDE = make_pipeline(PolynomialFeatures(10), NETWORK)


class Subclass(MLPClassifier):
    pass


def test_a_quarter_is_held_out_and_the_estimator_is_trained_on_the_rest():
    playground = Playground(clone(NETWORK)).fit(*MOONS)
    run, _ = unpacked(playground)
    assert (len(run["train"]["y"]), len(run["test"]["y"])) == (90, 30)
    again = clone(NETWORK).fit(np.reshape(run["train"]["X"], (-1, 2)), run["train"]["y"])
    np.testing.assert_array_equal(again.coefs_[0], playground.estimator_.coefs_[0])
    assert run["about"] == "This page holds 90 samples to train on, 30 to test."


def test_the_recorded_run_is_kept_to_the_last_digit():
    playground = Playground(clone(NETWORK), test_size=0).fit(*MOONS)
    run, content = unpacked(playground)
    assert run["test"] is None
    assert run["recorded"]["curve"] == playground.estimator_.loss_curve_
    network = fitted_network(playground.estimator_)
    layers = zip(network.weights, network.biases, strict=True)
    last = np.concatenate([part.ravel() for layer in layers for part in layer])
    np.testing.assert_array_equal(content.view("<f8")[-last.size :], last)


def test_of_many_samples_some_are_chosen_and_the_page_says_so():
    X, y = make_moons(500, noise=0.2, random_state=0)
    run, _ = unpacked(Playground(clone(NETWORK), max_samples=100).fit(X, y))
    assert run["about"] == (
        "This page holds 75 samples to train on, 25 to test, chosen at random from 500."
    )


def test_test_samples_can_be_given():
    X, y = MOONS
    run, _ = unpacked(Playground(clone(NETWORK)).fit(X[:80], y[:80], X_test=X[80:], y_test=y[80:]))
    np.testing.assert_array_equal(np.reshape(run["test"]["X"], (-1, 2)), X[80:])


def test_a_missing_seed_is_drawn_for_the_page_and_the_estimator():
    playground = Playground(clone(NETWORK).set_params(random_state=None)).fit(*MOONS)
    run, _ = unpacked(playground)
    assert run["parameters"]["random_state"] == playground.estimator_.random_state
    assert playground.estimator.random_state is None


def test_the_page_loads_nothing_from_elsewhere_and_is_small(tmp_path):
    path = Playground(clone(NETWORK), title="<Moons>").fit(*MOONS).save(tmp_path / "page.html")
    html = path.read_text(encoding="utf-8")
    assert not re.search(r"https?:|\bsrc=|\bhref=|@import|url\(|fetch\(", html)
    assert "<title>&lt;Moons&gt;: playground</title>" in html
    payload = re.search(r'<script id="payload"[^>]*>([^<]+)</script>', html).group(1)
    assert len(html) - len(payload) < 300_000


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"early_stopping": True}, "early_stopping must be False.*TrainingReplay"),
        ({"dropout": 0.5}, "dropout must be 0.0"),
        ({"dtype": "float32"}, "dtype must be one of 'auto', 'float64'"),
        ({"solver": "lbfgs"}, "solver must be one of 'sgd', 'gd', 'adam'.*got 'lbfgs'"),
        ({"solver": "adamw"}, "solver must be one of"),
        ({"activation": "gelu"}, "activation must be one of 'identity'.*got 'gelu'"),
        ({"activation": ["relu", "tanh"]}, "activation must be one of"),
        ({"learning_rate": "adaptive"}, "learning_rate must be 'constant'"),
        ({"class_weight": "balanced"}, "class_weight must be None"),
        ({"init": "he"}, "init must be 'auto'"),
        ({"hidden_layer_sizes": (100,)}, "at most 6 layers of at most 64 neurons"),
        ({"hidden_layer_sizes": (2,) * 7}, "at most 6 layers of at most 64 neurons"),
        ({"random_state": np.random.RandomState(0)}, "random_state must be an int"),
        ({"batch_size": 0.5}, "batch_size must be an int or 'auto'.*got 0.5"),
    ],
)
def test_an_option_that_the_page_does_not_have_is_refused_by_name(params, message):
    with pytest.raises(ValueError, match=message):
        Playground(clone(NETWORK).set_params(**params)).fit(*MOONS)


@pytest.mark.parametrize(
    ("playground", "X", "y", "error", "message"),
    [
        (Playground(LogisticRegression()), *MOONS, TypeError, "must be a PerceptronClassifier"),
        (Playground(NETWORK), np.ones((4, 3)), [0, 1, 0, 1], ValueError, "two columns"),
        (Playground(NETWORK), MOONS[0][:9], range(9), ValueError, "2 to 8 classes.*got 9"),
        (
            Playground(PerceptronClassifier()),
            *make_blobs(60, centers=3, random_state=0),
            ValueError,
            "two classes for a playground of a PerceptronClassifier; got 3.*MLPClassifier",
        ),
        (Playground(NETWORK, test_size=1.5), *MOONS, ValueError, "test_size must be a share"),
        (Playground(NETWORK, test_size=0.999), *MOONS, ValueError, "leave some to train on"),
        (Playground(NETWORK, test_size=119), *MOONS, ValueError, "every class of the page"),
        (Playground(NETWORK, max_samples=1), *MOONS, ValueError, "max_samples must be an int"),
        (Playground(NETWORK), csr_array(MOONS[0]), MOONS[1], TypeError, "use X.toarray"),
        (Playground(NETWORK), MOONS[0], MOONS[1][:9], ValueError, "inconsistent numbers"),
        (Playground(NETWORK), MOONS[0], [None, "a"] * 60, ValueError, "missing labels: None"),
        (Playground(REGRESSOR), MOONS[0], [np.nan, 1.0] * 60, ValueError, "y must not contain NaN"),
        (Playground(WIDE), *MOONS, ValueError, "at most 64 features in a playground; got 66"),
        (Playground(Subclass(3)), *MOONS, TypeError, "not a subclass.*Subclass"),
    ],
)
def test_what_the_page_cannot_show_is_refused(playground, X, y, error, message):
    with pytest.raises(error, match=message):
        playground.fit(X, y)
    with pytest.raises(NotFittedError, match="call fit"):
        playground.save("nowhere.html")


@pytest.mark.parametrize(
    ("X_test", "y_test", "message"),
    [
        (MOONS[0][:3], [0, 1, 2], r"labels of y, \[0, 1\]; got \[2\]"),
        (MOONS[0][:3], ["a", "b", "a"], r"labels of y, \[0, 1\]; got \['a', 'b'\]"),
        (MOONS[0][:3], [0, 1], "inconsistent numbers of samples"),
        (MOONS[0][:0], [], "X_test must have at least one sample"),
        (MOONS[0][:3] * np.inf, [0, 1, 0], "X_test must be finite"),
        (MOONS[0][:3], None, "given together"),
        (pd.DataFrame(MOONS[0], columns=["b", "a"]), MOONS[1], "columns of X, .*got .'b', 'a'"),
    ],
)
def test_test_samples_that_do_not_fit_are_refused(X_test, y_test, message):
    X = pd.DataFrame(MOONS[0], columns=["a", "b"])
    with pytest.raises(ValueError, match=message):
        Playground(NETWORK).fit(X, MOONS[1], X_test=X_test, y_test=y_test)


def test_test_samples_may_lack_a_class():
    X, y = MOONS
    run, _ = unpacked(Playground(NETWORK).fit(X, y, X_test=X[y == 1], y_test=y[y == 1]))
    assert set(run["test"]["y"]) == {1}


@pytest.mark.parametrize("params", [{"dropout": 0}, {"hidden_layer_sizes": "5,3"}])
def test_a_default_may_be_written_in_another_type(params):
    run, _ = unpacked(Playground(clone(NETWORK).set_params(**params)).fit(*MOONS))
    assert run["parameters"]["hidden_layer_sizes"] == [5, 3]


def test_callbacks_of_the_estimator_are_called_and_kept():
    network = clone(NETWORK).set_callbacks(seen := EpochRecorder(20))
    playground = Playground(network).fit(*MOONS)
    assert seen.n_epochs == 25
    assert playground.estimator_._skl_callbacks == [seen]
