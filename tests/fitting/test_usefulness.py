"""A network that is no better than a constant says so once, if there is something to learn."""

import warnings

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.datasets import load_wine
from sklearn.exceptions import ConvergenceWarning

from sknn_edu import MLPClassifier, MLPRegressor, SigmoidNeuronClassifier
from sknn_edu.core.losses import LOSSES, Loss
from sknn_edu.core.network import Architecture
from tests.callbacks import StopAfter
from tests.problems import A, B, X, Y

WINE, CULTIVAR = load_wine(return_X_y=True)
RNG = np.random.default_rng(0)
SGD = {"solver": "sgd", "random_state": 0}


def warning_of(model, X, y, **fit_params):
    """Return the only ConvergenceWarning of a fit, or an empty string."""
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always", ConvergenceWarning)
        model.fit(X, y, **fit_params)
    messages = [str(w.message) for w in record if issubclass(w.category, ConvergenceWarning)]
    assert len(messages) <= 1
    return "".join(messages)


def says_so(model, X, y, **fit_params):
    return "has learned nothing" in warning_of(model, X, y, **fit_params)


# -- an alarm ----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("make", [np.asarray, csr_array], ids=["dense", "sparse"])
def test_unscaled_features_that_leave_a_constant_are_named(make, dtype):
    message = warning_of(MLPClassifier(**SGD), make(WINE.astype(dtype)), CULTIVAR)
    # the classes have 59, 71 and 48 of 178 samples: their entropy is 1.086 nats
    assert "is not below that of always predicting the same, 1.086" in message
    assert "scale the features, for example" in message


@pytest.mark.parametrize(
    ("model", "y"),
    [
        (MLPClassifier(**SGD), CULTIVAR > 0),
        (MLPClassifier(**SGD, class_weight="balanced"), CULTIVAR),
        (MLPClassifier(**SGD, label_smoothing=0.1), CULTIVAR),
        (MLPClassifier(**SGD, dropout=0.2), CULTIVAR),
        (MLPClassifier(**SGD), np.column_stack([CULTIVAR == 0, CULTIVAR > 1]).astype(int)),
        (MLPClassifier(**SGD), np.column_stack([CULTIVAR, CULTIVAR[::-1]])),
        (MLPClassifier(**SGD, early_stopping=True), CULTIVAR),
        (MLPClassifier(solver="adam", learning_rate_init=1000.0, random_state=0), CULTIVAR),
        (MLPClassifier(solver="lbfgs", random_state=0), CULTIVAR),
        (SigmoidNeuronClassifier(solver="sgd", learning_rate_init=1.0, max_iter=50), CULTIVAR),
        (MLPRegressor(solver="adam", learning_rate_init=1000.0, random_state=0), WINE[:, 0]),
    ],
    ids=str,
)
def test_every_kind_of_target_and_solver_can_fail(model, y):
    assert says_so(model, WINE, y)


@pytest.mark.parametrize("loss", [name for name, output in LOSSES if output in ("identity", "exp")])
def test_every_loss_of_a_regressor_is_compared_with_its_own_constant(loss):
    y = WINE[:, 9]
    far_off = MLPRegressor(loss, hidden_layer_sizes=(), max_iter=2, learning_rate_init=1e-9)
    assert says_so(far_off.set_params(random_state=0, scale_target=True), WINE * 1e-3, y)
    good = MLPRegressor(loss, hidden_layer_sizes=(), max_iter=500, random_state=0)
    good.set_params(learning_rate_init=0.05, scale_target=True)
    assert not says_so(good, (WINE - WINE.mean(axis=0)) / WINE.std(axis=0), y)


def test_an_xor_network_that_is_stuck_is_noticed():
    corners = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    stuck = MLPClassifier(2, "logistic", random_state=0, max_iter=3000)
    assert says_so(stuck, corners, [0, 1, 1, 0])
    solved = MLPClassifier(4, "tanh", solver="lbfgs", random_state=1, max_iter=3000)
    assert not says_so(solved, corners, [0, 1, 1, 0])


def test_more_epochs_are_a_remedy_only_while_the_loss_falls():
    short = MLPRegressor(hidden_layer_sizes=5, max_iter=3, learning_rate_init=1e-4, random_state=0)
    assert "increase max_iter (max_iter=3 was reached)" in warning_of(
        short, WINE * 1e-2, WINE[:, 0]
    )
    assert "max_iter" not in warning_of(MLPClassifier(**SGD), WINE, CULTIVAR)


# -- no alarm ----------------------------------------------------------------------------------


@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
@pytest.mark.parametrize("alpha", [1e-4, 1e3])
def test_where_a_constant_is_all_there_is_to_learn_there_is_no_alarm(solver, alpha):
    classifier = MLPClassifier(4, solver=solver, alpha=alpha, max_iter=8, random_state=0)
    regressor = MLPRegressor(
        hidden_layer_sizes=4, solver=solver, alpha=alpha, max_iter=8, random_state=0
    )
    noise = RNG.normal(size=(200, 5))
    assert not says_so(classifier, noise, RNG.integers(0, 2, 200))  # chance
    assert not says_so(regressor, noise, RNG.normal(size=200))
    assert not says_so(
        classifier, np.zeros((50, 2)), np.arange(50) % 2
    )  # features that are constant
    assert not says_so(regressor, noise, np.full(200, 3.0))  # a target that is constant
    assert not says_so(classifier, noise, np.full(200, "only"))


def test_noise_hardly_ever_gives_an_alarm():
    alarms = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        y = rng.normal(size=50)
        lazy = MLPRegressor(hidden_layer_sizes=3, max_iter=2, random_state=seed)
        alarms += says_so(lazy, rng.normal(size=(50, 8)), y)
    assert alarms <= 3


def test_partial_fit_and_stopped_fits_say_nothing():
    pytest.importorskip("sklearn.callback")
    mlp = MLPClassifier(**SGD)
    mlp.partial_fit(WINE, CULTIVAR, classes=[0, 1, 2])
    stopped = clone(mlp).set_callbacks(StopAfter(2))
    assert warning_of(stopped, WINE, CULTIVAR) == ""


def quartic(y, a):
    return ((a - y) ** 4).sum(axis=0)


def quartic_delta(y, a):
    a[...] = 4 * (a - y) ** 3


def no_change(z):
    pass


def test_losses_of_the_users_own_are_left_out():
    own = Loss("quartic", "identity", no_change, quartic, quartic_delta)
    mlp = MLPRegressor(own, hidden_layer_sizes=(), max_iter=2, learning_rate_init=1e-9)
    assert not says_so(mlp.set_params(random_state=0), A, B)


@pytest.mark.parametrize("early_stopping", [False, True])
def test_a_good_fit_costs_no_pass_over_the_data(early_stopping, monkeypatch):
    mlp = MLPClassifier(learning_rate_init=0.02, max_iter=40, random_state=0)
    mlp.set_params(early_stopping=early_stopping, scoring="loss")
    counted = []
    original = Architecture.output_sums

    def count(self, parameters, samples):
        counted.append(len(samples))
        return original(self, parameters, samples)

    monkeypatch.setattr(Architecture, "output_sums", count)
    assert not says_so(mlp, X, Y)
    assert set(counted) == ({15} if early_stopping else set())  # held-out samples only


def test_samples_of_weight_0_have_no_say():
    # of the samples that weigh, all have class 0: a constant is all there is to learn
    weight = (CULTIVAR == 0).astype(float)
    assert not says_so(MLPClassifier(**SGD), WINE, CULTIVAR, sample_weight=weight)
    alarm = warning_of(MLPClassifier(**SGD), WINE, CULTIVAR, sample_weight=1 + 99 * weight)
    shares = np.array([59 * 100, 71, 48]) / (59 * 100 + 71 + 48)
    assert f"{-(shares @ np.log(shares)):.4g}" in alarm


# -- lbfgs -------------------------------------------------------------------------------------


def test_lbfgs_out_of_iterations_asks_for_more_and_out_of_evaluations_for_those():
    mlp = MLPClassifier(4, solver="lbfgs", random_state=0)
    assert "Increase max_iter (now 5)" in warning_of(clone(mlp).set_params(max_iter=5), X, Y)
    assert "Increase max_fun (now 6)" in warning_of(clone(mlp).set_params(max_fun=6), X, Y)
