"""One warning if a network is no better than a constant and there is something to learn."""

import re
import warnings

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.special import entr
from sklearn.base import clone
from sklearn.datasets import load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss, mean_pinball_loss
from sklearn.utils.class_weight import compute_sample_weight

from sknn_edu import MLPClassifier, MLPRegressor, SigmoidNeuronClassifier, tabular_pipeline
from sknn_edu.core.gradient_descent import GradientDescent
from sknn_edu.core.losses import LOSSES, Loss
from sknn_edu.core.network import Architecture
from sknn_edu.fitting import usefulness
from tests.callbacks import StopAfter
from tests.problems import A, B, X, Y, explodes_at_half_time

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
    return "is no better than a constant" in warning_of(model, X, y, **fit_params)


# -- an alarm ----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("make", [np.asarray, csr_array], ids=["dense", "sparse"])
def test_a_network_stuck_on_unscaled_features_gives_a_warning(make, dtype):
    message = warning_of(MLPClassifier(**SGD), make(WINE.astype(dtype)), CULTIVAR)
    # the classes have 59, 71 and 48 of 178 samples: their entropy is 1.086 nats
    assert "is not below that of a constant prediction, 1.086" in message
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


def test_a_network_stuck_on_xor_gives_a_warning():
    corners = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    stuck = MLPClassifier(2, "logistic", random_state=0, max_iter=3000)
    assert says_so(stuck, corners, [0, 1, 1, 0])
    solved = MLPClassifier(4, "tanh", solver="lbfgs", random_state=1, max_iter=3000)
    assert not says_so(solved, corners, [0, 1, 1, 0])


def test_more_epochs_are_only_suggested_while_the_loss_falls():
    short = MLPRegressor(hidden_layer_sizes=5, max_iter=3, learning_rate_init=1e-4, random_state=0)
    assert "increase max_iter (now 3, which was reached)" in warning_of(
        short, WINE * 1e-2, WINE[:, 0]
    )
    assert "max_iter" not in warning_of(MLPClassifier(**SGD), WINE, CULTIVAR)


# -- no alarm ----------------------------------------------------------------------------------


@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
@pytest.mark.parametrize("alpha", [1e-4, 1e3])
def test_there_is_no_warning_if_a_constant_is_the_best_model(solver, alpha):
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


def test_noise_hardly_ever_gives_a_warning():
    alarms = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        y = rng.normal(size=50)
        lazy = MLPRegressor(hidden_layer_sizes=3, max_iter=2, random_state=seed)
        alarms += says_so(lazy, rng.normal(size=(50, 8)), y)
    assert alarms <= 3


def test_partial_fit_and_stopped_fits_give_no_warning():
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


def test_custom_losses_give_no_warning():
    own = Loss("quartic", "identity", no_change, quartic, quartic_delta)
    mlp = MLPRegressor(own, hidden_layer_sizes=(), max_iter=2, learning_rate_init=1e-9)
    assert not says_so(mlp.set_params(random_state=0), A, B)


@pytest.mark.parametrize("early_stopping", [False, True])
def test_a_good_fit_needs_no_additional_pass_over_the_data(early_stopping, monkeypatch):
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


def test_samples_of_weight_0_are_ignored():
    # all samples of positive weight have class 0, so there is nothing to learn
    weight = (CULTIVAR == 0).astype(float)
    assert not says_so(MLPClassifier(**SGD), WINE, CULTIVAR, sample_weight=weight)
    alarm = warning_of(MLPClassifier(**SGD), WINE, CULTIVAR, sample_weight=1 + 99 * weight)
    shares = np.array([59 * 100, 71, 48]) / (59 * 100 + 71 + 48)
    assert f"{-(shares @ np.log(shares)):.4g}" in alarm


# -- lbfgs -------------------------------------------------------------------------------------


def test_lbfgs_suggests_more_iterations_or_more_evaluations_when_they_run_out():
    mlp = MLPClassifier(4, solver="lbfgs", random_state=0)
    assert "Increase max_iter (now 5)" in warning_of(clone(mlp).set_params(max_iter=5), X, Y)
    assert "Increase max_fun (now 6)" in warning_of(clone(mlp).set_params(max_fun=6), X, Y)


@pytest.mark.parametrize(
    ("model", "factor"),
    [
        (MLPClassifier(random_state=0), 1),
        (MLPClassifier(random_state=0), 1e6),
        (SigmoidNeuronClassifier(), 1e6),
    ],
    ids=str,
)
def test_lbfgs_that_hardly_moves_suggests_scaling_and_not_more_iterations(model, factor):
    model = clone(model).set_params(solver="lbfgs")
    message = warning_of(model, WINE * factor, CULTIVAR)
    assert model.n_iter_ <= 2
    assert "scale the features" in message
    assert "max_iter" not in message


# -- the numbers -------------------------------------------------------------------------------


def numbers_in(message):
    """Return the two losses that a warning compares: reached, and of the constant."""
    pattern = r"training samples, (\S+) without penalty, .* a constant prediction, (\S+)\. Try"
    return [float(number) for number in re.search(pattern, message).groups()]


# A neuron starts with weights of 0. With this learning rate it stays there: all probabilities 1/2.
ASLEEP = {"solver": "sgd", "learning_rate_init": 1e-12, "max_iter": 1}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("loss", "y", "weight", "expected"),
    [
        ("log_loss", [0, 0, 0, 1], None, (np.log(2), entr([3 / 4, 1 / 4]).sum())),
        ("log_loss", [0, 0, 0, 1], [1, 1, 1, 9], (np.log(2), entr([3 / 12, 9 / 12]).sum())),
        # half the squared error: 1/2 (1/2)^2, and 1/2 p (1 - p) for p = 1/4
        ("squared_error", [0, 0, 0, 1], None, (1 / 8, 3 / 32)),
        # three neurons, each against the rest: shares of 1/2, 1/4 and 1/4
        (
            "log_loss",
            [0, 0, 1, 2],
            None,
            (3 * np.log(2), np.log(2) + 2 * entr([3 / 4, 1 / 4]).sum()),
        ),
        ("squared_error", [0, 0, 1, 2], None, (3 / 8, 1 / 8 + 2 * 3 / 32)),
    ],
)
def test_both_losses_worked_by_hand_for_a_neuron_that_stays_at_0(loss, y, weight, expected, dtype):
    y = np.tile(y, 10)
    weight = None if weight is None else np.tile(weight, 10)
    asleep = SigmoidNeuronClassifier(loss, **ASLEEP)
    message = warning_of(asleep, y[:, np.newaxis].astype(dtype), y, sample_weight=weight)
    np.testing.assert_allclose(numbers_in(message), expected, rtol=1e-3)


@pytest.mark.parametrize(
    "params",
    [{"alpha": 50.0}, {"dropout": 0.5}, {"label_smoothing": 0.3}, {"early_stopping": True}],
    ids=str,
)
def test_the_loss_is_that_of_the_fitted_network_and_not_of_its_training(params):
    rows = np.repeat(np.arange(178), 5)  # so that held-out samples are like the others
    network = MLPClassifier(5, max_iter=30, **SGD, **params)
    reached, _ = numbers_in(warning_of(network, WINE[rows], CULTIVAR[rows]))
    expected = log_loss(CULTIVAR[rows], network.predict_proba(WINE[rows]))
    np.testing.assert_allclose(reached, expected, rtol=0.02 if "early_stopping" in params else 1e-3)


def test_class_weights_count_in_both_losses():
    network = MLPClassifier(5, max_iter=30, class_weight="balanced", **SGD)
    reached, constant = numbers_in(warning_of(network, WINE, CULTIVAR))
    weight = compute_sample_weight("balanced", CULTIVAR)
    expected = log_loss(CULTIVAR, network.predict_proba(WINE), sample_weight=weight)
    np.testing.assert_allclose([reached, constant], [expected, np.log(3)], rtol=1e-3)


USELESS = {"solver": "sgd", "learning_rate_init": 1e-9, "max_iter": 2, "random_state": 0}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("make", [np.asarray, csr_array], ids=["dense", "sparse"])
@pytest.mark.parametrize("loss", [name for name, output in LOSSES if output in ("identity", "exp")])
def test_both_losses_of_a_regressor_are_those_of_its_predictions_and_of_a_constant(
    loss, make, dtype
):
    features = RNG.normal(size=(120, 3))
    y = np.round(10 + 30 * np.exp(features[:, 0]))
    weight = RNG.integers(1, 4, 120)
    network = MLPRegressor(loss, hidden_layer_sizes=4, **USELESS)
    message = warning_of(network, make(features.astype(dtype)), y, sample_weight=weight)
    value = LOSSES[loss, network.out_activation_].value
    predicted = network.predict(make(features.astype(dtype))).astype(float)
    expected = [
        np.average(value(y[np.newaxis], predicted[np.newaxis]), weights=weight),
        min(
            np.average(value(y[np.newaxis], np.full((1, 120), a)), weights=weight)
            for a in np.linspace(y.min(), y.max(), 2001)
        ),
    ]
    np.testing.assert_allclose(numbers_in(message), expected, rtol=2e-3)


def test_losses_of_several_outputs_and_of_several_quantiles_are_sums():
    y = 100 + np.column_stack([A[:, 0], 3 * A[:, 1]])
    _, constant = numbers_in(warning_of(MLPRegressor(hidden_layer_sizes=4, **USELESS), A, y))
    np.testing.assert_allclose(constant, y.var(axis=0).sum() / 2, rtol=1e-3)
    several = MLPRegressor("quantile", hidden_layer_sizes=4, quantile=[0.1, 0.5, 0.9], **USELESS)
    _, constant = numbers_in(warning_of(several, A, y[:, 0]))
    expected = [
        mean_pinball_loss(y[:, 0], np.full(120, np.quantile(y[:, 0], q)), alpha=q)
        for q in (0.1, 0.5, 0.9)
    ]
    np.testing.assert_allclose(constant, sum(expected), rtol=1e-3)


def test_many_samples_are_scored_in_batches(monkeypatch):
    at_once = warning_of(MLPClassifier(**SGD, max_iter=3), WINE, CULTIVAR)
    monkeypatch.setattr(usefulness, "SCORED_AT_ONCE", 7)
    in_parts = warning_of(MLPClassifier(**SGD, max_iter=3), WINE, CULTIVAR)
    assert at_once == in_parts != ""


# -- what there is to learn --------------------------------------------------------------------


def notices(features, y, weight=None):
    """Return whether there is a warning for a network that has learned nothing."""
    useless = MLPRegressor(hidden_layer_sizes=4, **USELESS)
    return says_so(useless, features, np.asarray(y) + 100.0, sample_weight=weight)


def test_increasing_decreasing_product_and_distance_relations_are_detected():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 4))
    noise = rng.normal(size=300)
    assert notices(x, np.exp(5 * x[:, 3]))
    assert notices(x, -x[:, 1] + noise)
    assert notices(x, x[:, 0] * x[:, 2] > 0)  # XOR
    assert notices(x, x[:, 0] ** 2 + x[:, 1] ** 2 < 1)  # a disc
    assert notices(1e9 + 1e-3 * x, 1e-3 * x[:, 0])
    assert notices(csr_array(np.where(x > 1, x, 0)), x[:, 2] > 1)
    assert notices(x, np.column_stack([noise, x[:, 0]]))
    assert notices(np.column_stack([rng.normal(size=(300, 150)), x]), x[:, 3])
    assert not notices(x, noise)
    assert not notices(x, np.column_stack([noise, noise]))


def test_only_samples_of_positive_weight_are_tested():
    rng = np.random.default_rng(2)
    x, noise = rng.normal(size=(200, 3)), rng.normal(size=200)
    first = np.arange(200) < 100
    y = np.where(first, noise, 5 * x[:, 0])
    assert notices(x, y)
    assert notices(x, y, (~first).astype(float))
    assert not notices(x, y, first.astype(float))


def test_a_rare_class_is_detected_with_and_without_class_weights():
    rng = np.random.default_rng(3)
    y = (np.arange(900) < 30).astype(int)
    features = rng.normal(size=(900, 3)) + 3 * y[:, np.newaxis]
    for class_weight in (None, {1: 10}):
        asleep = SigmoidNeuronClassifier(**ASLEEP, class_weight=class_weight)
        assert says_so(asleep, features, y)


# -- small, large and one-sided data -----------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2])
@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_one_or_two_samples_give_no_warning(solver, n):
    model = MLPRegressor(hidden_layer_sizes=3, solver=solver, max_iter=2, random_state=0)
    assert not says_so(model, np.eye(2)[:n], [100.0, -100.0][:n])
    classifier = MLPClassifier(3, solver=solver, max_iter=2, random_state=0)
    assert not says_so(classifier, np.eye(2)[:n], ["a", "b"][:n])


def test_unscaled_targets_in_a_large_unit_give_a_warning():
    network = MLPRegressor(hidden_layer_sizes=5, max_iter=100, learning_rate_init=0.01)
    network.set_params(random_state=0)
    assert "target" in warning_of(network, A, 1e8 * B)
    assert not says_so(clone(network).set_params(scale_target=True), A, 1e8 * B)


def test_a_target_that_underflows_counts_as_constant():
    assert not says_so(MLPRegressor(hidden_layer_sizes=3, **USELESS), A, 1e-200 * B)


@pytest.mark.parametrize("kind", ["classifier", "regressor"])
def test_the_recipe_gives_no_warning_on_noise(kind):
    rng = np.random.default_rng(4)
    y = rng.integers(0, 2, 120) if kind == "classifier" else rng.normal(size=120)
    model = tabular_pipeline(kind, max_iter=4, n_estimators=2, random_state=0)
    assert not says_so(model, rng.normal(size=(120, 3)), y)


def test_a_single_neuron_on_xor_gives_a_warning():
    corners = np.tile([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], (25, 1))
    neuron = SigmoidNeuronClassifier()
    reached, constant = numbers_in(warning_of(neuron, corners, np.tile([0, 1, 1, 0], 25)))
    assert reached == constant == pytest.approx(np.log(2), rel=1e-3)


# -- remedies ----------------------------------------------------------------------------------


def test_the_warning_names_a_very_large_penalty():
    network = MLPRegressor(hidden_layer_sizes=4, solver="lbfgs", alpha=1e7, random_state=0)
    assert "lower alpha (now 10000000.0)" in warning_of(network, A, B)
    assert "alpha" not in warning_of(MLPRegressor(hidden_layer_sizes=4, **USELESS), A, B + 100)


def test_the_warning_only_names_parameters_that_the_estimator_uses():
    by_steps = warning_of(SigmoidNeuronClassifier(**ASLEEP), WINE, CULTIVAR)
    assert "lower learning_rate_init (now 1e-12)" in by_steps
    assert "activation" not in by_steps
    all_at_once = warning_of(MLPClassifier(solver="lbfgs", random_state=0), WINE, CULTIVAR)
    assert "learning_rate_init" not in all_at_once
    assert "choose another activation (now 'relu')" in all_at_once


# -- how training ended ------------------------------------------------------------------------


def test_divergence_also_reports_a_useless_best_epoch():
    useless = MLPRegressor(hidden_layer_sizes=5, early_stopping=True, **SGD)
    message = warning_of(useless.set_params(learning_rate_init=10.0), A * 100, B * 100)
    assert message.startswith("Training diverged, and no earlier epoch gave a useful model. The ")
    good = MLPRegressor(hidden_layer_sizes=5, learning_rate=explodes_at_half_time, **SGD)
    good.set_params(learning_rate_init=0.01, early_stopping=True, max_iter=40, n_iter_no_change=40)
    message = warning_of(good, A, B)
    assert "the weights are those of the best epoch before" in message
    assert "no better than a constant" not in message


def late_and_large(progress):
    """A schedule that learns first and then, in the last of 20 epochs, takes huge steps."""
    return 1.0 if progress < 0.95 else 1e4


def test_a_rise_of_the_loss_in_the_last_epoch_is_checked():
    """The curve is still below the constant, because each loss is computed before the step."""
    spoiled = MLPClassifier(5, learning_rate=late_and_large, learning_rate_init=0.5, **SGD)
    spoiled.set_params(max_iter=20, batch_size=10)
    assert says_so(spoiled, X, Y)
    assert spoiled.loss_curve_[-2] < np.log(3)


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_a_resumed_fit_gives_the_same_warning_as_an_uninterrupted_fit(solver, early_stopping):
    pytest.importorskip("sklearn.callback")
    network = MLPClassifier(5, solver=solver, max_iter=20, early_stopping=early_stopping)
    network.set_params(random_state=0, warm_start=True)
    whole = warning_of(clone(network), WINE, CULTIVAR)
    parts = clone(network).set_callbacks(StopAfter(4))
    assert warning_of(parts, WINE, CULTIVAR) == ""
    assert warning_of(parts.set_callbacks(), WINE, CULTIVAR) == whole != ""


def test_a_warm_start_only_considers_its_own_epochs():
    network = SigmoidNeuronClassifier(**ASLEEP, warm_start=True)
    assert says_so(network, X, Y)
    assert not says_so(network.set_params(solver="lbfgs", max_iter=1000), X, Y)
    network.set_params(solver="sgd", learning_rate_init=1e4, max_iter=2)
    assert says_so(network, X, Y[::-1])  # the curve before was good


def test_an_interrupted_fit_only_warns_of_the_interrupt(monkeypatch):
    original = GradientDescent.epoch

    def epoch(self, order):
        if self.state.n_epochs == 2:
            raise KeyboardInterrupt
        return original(self, order)

    monkeypatch.setattr(GradientDescent, "epoch", epoch)
    with pytest.warns(UserWarning, match="interrupted by user after 2 whole epochs") as record:
        MLPClassifier(**SGD).fit(WINE, CULTIVAR)
    assert len(record) == 1
