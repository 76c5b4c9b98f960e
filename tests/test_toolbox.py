"""What scikit-learn's networks lack, seen from the estimators."""

import pickle
import subprocess
import sys
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris, make_regression
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import log_loss, mean_pinball_loss
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn_edu import (
    HiddenLayerTransformer,
    MLPClassifier,
    MLPRegressor,
    PerceptronClassifier,
    SigmoidNeuronClassifier,
    ValidationMonitor,
    find_learning_rate,
)
from sknn_edu.core.activations import ACTIVATIONS, Activation
from sknn_edu.core.initializers import INITIALIZERS
from sknn_edu.core.losses import LOSSES, Loss, undo_smoothing
from sknn_edu.core.network import Pass
from sknn_edu.core.optimizers import SGD, Adam, AdamW
from sknn_edu.core.schedules import SCHEDULES, Curve
from tests.callbacks import StopAfter
from tests.labels import EACH_FORM, in_form

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = load_iris(return_X_y=True)
X = StandardScaler().fit_transform(X)
A, B = make_regression(120, 4, noise=5, random_state=0)
B = B / B.std()
TRAIN, VAL = np.arange(150) % 3 > 0, np.arange(150) % 3 == 0


# -- class_weight ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [partial(MLPClassifier, 5), SigmoidNeuronClassifier])
def test_class_weight_is_sample_weight(kind):
    factors = {0: 1.0, 1: 5.0, 2: 0.5}
    by_class = kind(max_iter=20, random_state=0, class_weight=factors).fit(X, Y)
    weight = np.array([factors[label] for label in Y])
    by_sample = kind(max_iter=20, random_state=0).fit(X, Y, sample_weight=weight)
    np.testing.assert_allclose(by_class.predict_proba(X), by_sample.predict_proba(X), rtol=1e-10)


def test_a_chunk_that_lacks_a_class_cannot_be_balanced():
    columns = np.stack([Y, (Y + 1) % 3], axis=1)
    model = MLPClassifier(5, class_weight="balanced", random_state=0)
    for y, classes in ((Y, [0, 1, 2]), (columns, [[0, 1, 2], [0, 1, 2]])):
        with pytest.raises(ValueError, match="needs samples of every class"):
            clone(model).partial_fit(X[:60], y[:60], classes=classes)


def test_balanced_class_weight_of_several_columns():
    columns = np.stack([Y, (Y == 0).astype(int)], axis=1)
    model = MLPClassifier(5, class_weight="balanced", max_iter=5, random_state=0).fit(X, columns)
    assert model.predict(X).shape == (150, 2)
    labels = np.stack([Y == 0, Y > 0], axis=1).astype(int)
    model = MLPClassifier(5, class_weight="balanced", max_iter=5, random_state=0).fit(X, labels)
    assert model.predict(X).shape == (150, 2)


# -- a validation set of one's own ---------------------------------------------------------------


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_validation_curves_are_the_loss_and_score_on_the_validation_set(solver):
    model = MLPClassifier(5, solver=solver, max_iter=12, random_state=0)
    model.fit(X[TRAIN], Y[TRAIN], X_val=X[VAL], y_val=Y[VAL])
    assert len(model.validation_loss_curve_) == len(model.loss_curve_) == model.n_iter_
    assert model.validation_scores_[-1] == pytest.approx(model.score(X[VAL], Y[VAL]))
    expected = log_loss(Y[VAL], model.predict_proba(X[VAL]))
    assert model.validation_loss_curve_[-1] == pytest.approx(expected)
    plain = MLPClassifier(5, solver=solver, max_iter=12, random_state=0).fit(X[TRAIN], Y[TRAIN])
    np.testing.assert_array_equal(plain.coefs_[0], model.coefs_[0])
    assert plain.validation_scores_ is None


def test_validation_weights_count():
    weight = np.where(Y[VAL] == 0, 3.0, 0.0)
    model = MLPClassifier(5, max_iter=5, random_state=0)
    model.fit(X[TRAIN], Y[TRAIN], X_val=X[VAL], y_val=Y[VAL], sample_weight_val=weight)
    assert model.validation_scores_[-1] == pytest.approx(
        model.score(X[VAL], Y[VAL], sample_weight=weight)
    )


def test_validation_set_passes_through_a_pipeline_and_metadata_routing():
    raw = load_iris().data
    with config_context(enable_metadata_routing=True):
        mlp = MLPClassifier(5, max_iter=10, random_state=0, early_stopping=True)
        mlp.set_fit_request(X_val=True, y_val=True)
        pipeline = make_pipeline(StandardScaler(), mlp)
        pipeline.set_params(transform_input=["X_val"])
        pipeline.fit(raw[TRAIN], Y[TRAIN], X_val=raw[VAL], y_val=Y[VAL])
        scaler = StandardScaler().fit(raw[TRAIN])
        by_hand = clone(mlp).fit(
            scaler.transform(raw[TRAIN]),
            Y[TRAIN],
            X_val=scaler.transform(raw[VAL]),
            y_val=Y[VAL],
        )
        assert pipeline[-1].validation_scores_ == by_hand.validation_scores_
        search = GridSearchCV(mlp, {"alpha": [1e-4, 1e-2]}, cv=2)
        search.fit(X[TRAIN], Y[TRAIN], X_val=X[VAL], y_val=Y[VAL])
        assert len(search.best_estimator_.validation_scores_) > 0


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"X_val": X[VAL]}, "X_val was given without y_val"),
        ({"y_val": Y[VAL]}, "y_val was given without X_val"),
        ({"sample_weight_val": Y[VAL]}, "without X_val and y_val"),
        ({"X_val": X[VAL][:, :2], "y_val": Y[VAL]}, "2 features"),
        ({"X_val": X[VAL], "y_val": Y[VAL] + 7}, "not among the classes"),
    ],
)
def test_a_wrong_validation_set_is_refused_before_training(given, message):
    with pytest.raises(ValueError, match=message):
        MLPClassifier(5).fit(X[TRAIN], Y[TRAIN], **given)


def test_partial_fit_measures_a_validation_set():
    model = MLPClassifier(5, random_state=0)
    for _ in range(3):
        model.partial_fit(X[TRAIN], Y[TRAIN], classes=[0, 1, 2], X_val=X[VAL], y_val=Y[VAL])
    assert len(model.validation_loss_curve_) == 3
    assert model.validation_scores_[-1] == pytest.approx(model.score(X[VAL], Y[VAL]))


# -- early stopping that one can steer -----------------------------------------------------------


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize(
    "scoring", [None, "loss", "neg_log_loss", lambda mlp, X, y: mlp.score(X, y)]
)
def test_early_stopping_ends_with_the_weights_of_the_best_epoch(solver, scoring):
    model = MLPClassifier(
        8, solver=solver, early_stopping=True, scoring=scoring, max_iter=40, random_state=0
    )
    model.fit(X[TRAIN], Y[TRAIN], X_val=X[VAL], y_val=Y[VAL])
    best = model.best_epoch_
    assert model.validation_scores_[best - 1] == max(model.validation_scores_)
    assert model.best_validation_score_ == max(model.validation_scores_)
    now = log_loss(Y[VAL], model.predict_proba(X[VAL]))
    assert now == pytest.approx(model.validation_loss_curve_[best - 1])


def test_early_stopping_of_lbfgs_stops_it():
    digits, labels = load_digits(return_X_y=True)
    model = MLPClassifier(20, solver="lbfgs", early_stopping=True, random_state=0, max_iter=500)
    model.fit(digits / 16, labels)
    assert model.n_iter_ < 200
    assert model.n_iter_ - model.best_epoch_ >= 10


def test_a_warm_start_stops_early_by_scores_of_its_own():
    model = MLPClassifier(8, early_stopping=True, warm_start=True, max_iter=5, random_state=0)
    first = model.fit(X, Y).coefs_[0].copy()
    model.fit(X, Y)
    assert len(model.validation_scores_) == 10
    assert not np.array_equal(first, model.coefs_[0])
    assert 5 < model.best_epoch_ <= 10


def test_an_unknown_scorer_is_refused():
    with pytest.raises(ValueError, match="nonsense"):
        MLPClassifier(early_stopping=True, scoring="nonsense").fit(X, Y)


# -- regularisation ------------------------------------------------------------------------------


def test_dropout_is_off_at_prediction_and_one_seed_gives_one_result():
    params = {"dropout": [0.5, 0.2], "max_iter": 10, "random_state": 0}
    first, second = (MLPClassifier((20, 10), **params).fit(X, Y) for _ in range(2))
    np.testing.assert_array_equal(first.predict_proba(X), second.predict_proba(X))
    np.testing.assert_array_equal(first.predict_proba(X), first.predict_proba(X))
    without = MLPClassifier((20, 10), max_iter=10, random_state=0).fit(X, Y)
    assert not np.array_equal(without.coefs_[0], first.coefs_[0])


def test_weight_decay_of_a_network_without_slope_is_geometric():
    # all weight on nothing to learn: y constant 0 and X zero leave only the decay
    model = MLPRegressor(hidden_layer_sizes=(), solver="sgd", alpha=0.0, weight_decay=0.5)
    model.set_params(learning_rate_init=0.1, max_iter=3, tol=0, momentum=0.0, random_state=0)
    model.fit(np.zeros((4, 2)), np.zeros(4))
    start = MLPRegressor(hidden_layer_sizes=(), random_state=0, max_iter=1, alpha=0.0)
    start.set_params(learning_rate_init=1e-300, solver="sgd").fit(np.zeros((4, 2)), np.zeros(4))
    np.testing.assert_allclose(model.coefs_[0], start.coefs_[0] * 0.95**3, rtol=1e-12)


def test_adamw_has_a_decay_of_its_own():
    plain = MLPRegressor(solver="adam", max_iter=5, random_state=0).fit(A, B)
    decayed = MLPRegressor(solver="adamw", max_iter=5, random_state=0).fit(A, B)
    explicit = MLPRegressor(weight_decay=0.01, max_iter=5, random_state=0).fit(A, B)
    np.testing.assert_array_equal(decayed.coefs_[0], explicit.coefs_[0])
    assert np.linalg.norm(decayed.coefs_[0]) < np.linalg.norm(plain.coefs_[0])


def test_clipped_steps_of_gradient_descent_are_at_most_that_long():
    model = MLPRegressor(hidden_layer_sizes=3, solver="sgd", momentum=0.0, alpha=0.0, max_iter=1)
    model.set_params(batch_size=120, random_state=0, learning_rate_init=0.1)
    start = clone(model).set_params(learning_rate_init=1e-300).fit(A, 100 * B)
    moved = clone(model).set_params(clip_norm=2.0).fit(A, 100 * B)
    step = [W - W0 for W, W0 in zip(moved.coefs_, start.coefs_, strict=True)]
    step += [b - b0 for b, b0 in zip(moved.intercepts_, start.intercepts_, strict=True)]
    assert np.linalg.norm(np.concatenate([part.ravel() for part in step])) == pytest.approx(0.2)


def test_label_smoothing_keeps_probabilities_from_certainty():
    sharp = MLPClassifier(20, solver="lbfgs", random_state=0, max_iter=200).fit(X, Y)
    soft = clone(sharp).set_params(label_smoothing=0.3).fit(X, Y)
    # 70 % + 30 % / 3: what the best network says where the classes are clear
    assert sharp.predict_proba(X).max() > 0.99
    assert soft.predict_proba(X[:50])[:, 0].mean() == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_label_smoothing_of_two_classes_and_of_labels(dtype):
    two = MLPClassifier(4, label_smoothing=0.2, random_state=0).fit(X.astype(dtype), Y > 0)
    assert two.predict_proba(X.astype(dtype)).dtype == dtype
    labels = np.stack([Y == 0, Y > 0], axis=1).astype(int)
    assert MLPClassifier(4, label_smoothing=0.2, random_state=0).fit(X, labels).score(X, labels) > 0


def test_undone_smoothing_says_what_the_network_believes():
    # k = 4, s = 0.2: q = 0.85 for the class and 0.05 for the others is certainty
    q = np.array([[0.85, 0.05, 0.05, 0.05], [0.45, 0.45, 0.05, 0.05]])
    p = undo_smoothing(q, 0.2, 4)
    p /= p.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(p, [[1, 0, 0, 0], [0.5, 0.5, 0, 0]], atol=0.03)
    assert (p > 0).all()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@EACH_FORM
def test_undone_smoothing_keeps_classes_order_and_sums(form, dtype):
    y = in_form(form, Y)
    data = X.astype(dtype)
    soft = MLPClassifier(9, label_smoothing=0.2, random_state=0, max_iter=50).fit(data, y)
    sharp = clone(soft).set_params(undo_smoothing=True).fit(data, y)
    np.testing.assert_array_equal(sharp.predict(data), soft.predict(data))
    before, after = soft.predict_proba(data), sharp.predict_proba(data)
    logs = sharp.predict_log_proba(data)
    if form != "columns":
        before, after, logs = [before], [after], [logs]
    for q, p, log_p in zip(before, after, logs, strict=True):
        assert p.dtype == dtype
        assert ((p > 0) & (p < 1)).all()
        np.testing.assert_allclose(np.exp(log_p), p, rtol=1e-5)
        if form != "labels":
            np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-5)
            np.testing.assert_array_equal(p.argmax(axis=1), q.argmax(axis=1))
        if form == "two":  # the order of samples stays too
            np.testing.assert_array_equal(np.argsort(p[:, 1]), np.argsort(q[:, 1]))
        assert p.max() > q.max()


@pytest.mark.parametrize(
    "params",
    [
        {"dropout": 0.1},
        {"weight_decay": 0.1},
        {"clip_norm": 1.0},
        {"warmup_fraction": 0.1},
        {"learning_rate": "cosine"},
    ],
    ids=str,
)
def test_lbfgs_refuses_what_it_cannot_do(params):
    with pytest.raises(ValueError, match="has no meaning for solver='lbfgs'"):
        MLPClassifier(solver="lbfgs", **params).fit(X, Y)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"dropout": [0.1, 0.2, 0.3]}, "one for each of the 2 hidden layers"),
        ({"dropout": 1.0}, "dropout"),
        ({"dropout": [0.1, -1]}, "dropout"),
        ({"activation": ["relu"]}, "one for each of the 2 hidden layers"),
        ({"activation": ["relu", "nonsense"]}, "activation"),
        ({"label_smoothing": 1.5}, "label_smoothing"),
        ({"learning_rate": lambda progress: -progress}, "finite factor of at least 0"),
        ({"solver": SGD}, "solver"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_wrong_parameters_are_refused(params, message):
    with pytest.raises(ValueError, match=message):
        MLPClassifier((5, 5), **params).fit(X, Y)


# -- activations, optimisers, schedules of one's own -----------------------------------------------


def square(z, a):
    np.multiply(z, z, out=a)


def square_backward(z, a, delta):  # noqa: ARG001
    delta *= 2 * z


PARABOLA = Activation("parabola", square, square_backward, keeps_z=True)


def test_an_activation_of_ones_own_trains_clones_pickles_and_searches():
    model = MLPRegressor(hidden_layer_sizes=4, activation=PARABOLA, solver="lbfgs", random_state=0)
    line = np.linspace(-1, 1, 40)[:, np.newaxis]
    again = pickle.loads(pickle.dumps(clone(model).fit(line, line[:, 0] ** 2)))
    assert again.score(line, line[:, 0] ** 2) > 0.999
    search = GridSearchCV(model, {"activation": ["relu", PARABOLA]}, cv=2)
    assert search.fit(line, line[:, 0] ** 2).best_params_["activation"] == PARABOLA


def test_each_hidden_layer_may_have_its_activation():
    model = MLPRegressor(hidden_layer_sizes=(5, 5), max_iter=5, random_state=0)
    same, listed, mixed = (
        clone(model).set_params(activation=activation).fit(A, B)
        for activation in ("tanh", ["tanh", "tanh"], ["tanh", "relu"])
    )
    np.testing.assert_array_equal(same.coefs_[0], listed.coefs_[0])
    assert not np.array_equal(same.coefs_[0], mixed.coefs_[0])
    by_hand = np.maximum(
        np.tanh(A @ mixed.coefs_[0] + mixed.intercepts_[0]) @ mixed.coefs_[1]
        + mixed.intercepts_[1],
        0,
    )
    np.testing.assert_allclose(mixed.hidden_activations(A), by_hand, rtol=1e-10)


def test_an_optimiser_with_its_own_hyperparameters_clones_pickles_and_searches():
    named = MLPClassifier(5, beta_2=0.95, max_iter=5, random_state=0).fit(X, Y)
    given_one = MLPClassifier(5, solver=Adam(beta_2=0.95), max_iter=5, random_state=0)
    again = pickle.loads(pickle.dumps(clone(given_one).fit(X, Y)))
    np.testing.assert_array_equal(named.coefs_[0], again.coefs_[0])
    search = GridSearchCV(given_one, {"solver": [Adam(), AdamW(), SGD(momentum=0.5)]}, cv=2)
    assert isinstance(search.fit(X, Y).best_params_["solver"], Adam | SGD)


def test_the_learning_rate_curve_follows_the_schedule():
    params = {"max_iter": 10, "random_state": 0, "learning_rate_init": 0.01, "batch_size": 50}
    cosine = MLPClassifier(5, learning_rate="cosine", **params).fit(X, Y)
    assert cosine.n_iter_ == 10
    middle = (np.arange(10) * 3 + 2.5) / 30  # of the last of three steps of each epoch
    expected = 0.005 * (1 + np.cos(np.pi * middle))
    np.testing.assert_allclose(cosine.learning_rate_curve_, expected)
    own = MLPClassifier(5, learning_rate=SCHEDULES["cosine"].curve, **params).fit(X, Y)
    np.testing.assert_array_equal(own.coefs_[0], cosine.coefs_[0])
    constant = MLPClassifier(5, **params).fit(X, Y)
    assert set(constant.learning_rate_curve_) == {0.01}


def test_planned_schedules_run_to_their_end():
    flat = np.zeros(40)
    model = MLPRegressor(
        hidden_layer_sizes=3, learning_rate="one_cycle", max_iter=60, warmup_fraction=0.5
    )
    assert model.fit(np.zeros((40, 2)), flat).n_iter_ == 60


# -- regression losses ----------------------------------------------------------------------------


def test_absolute_error_predicts_the_median_and_squared_error_the_mean():
    nothing, y = np.zeros((101, 1)), np.r_[np.zeros(60), np.full(41, 10.0)]
    params = {"hidden_layer_sizes": (), "solver": "adam", "learning_rate_init": 0.1, "alpha": 0}
    params |= {"max_iter": 2000, "tol": 0, "random_state": 0, "batch_size": 101}
    params |= {"learning_rate": "cosine"}
    median = MLPRegressor("absolute_error", **params).fit(nothing, y)
    mean = MLPRegressor("squared_error", **params).fit(nothing, y)
    assert median.predict(nothing[:1])[0] == pytest.approx(0, abs=0.01)
    assert mean.predict(nothing[:1])[0] == pytest.approx(y.mean(), abs=0.01)


def test_quantiles_are_reached_and_never_cross():
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (2000, 1))
    y = x[:, 0] + (1 + x[:, 0]) * rng.normal(size=2000)
    levels = [0.1, 0.5, 0.9]
    model = MLPRegressor("quantile", 20, quantile=levels, random_state=0, max_iter=100).fit(x, y)
    predicted = model.predict(x)
    assert predicted.shape == (2000, 3)
    assert (np.diff(predicted, axis=1) >= 0).all()
    np.testing.assert_allclose((y[:, np.newaxis] <= predicted).mean(axis=0), levels, atol=0.03)
    one = MLPRegressor("quantile", 20, quantile=0.9, random_state=0, max_iter=100).fit(x, y)
    assert mean_pinball_loss(y, one.predict(x), alpha=0.9) == pytest.approx(
        mean_pinball_loss(y, predicted[:, 2], alpha=0.9), rel=0.1
    )


@pytest.mark.parametrize(
    "quantile", [0, 1, [0.5, 0.1], [0.5, 0.5], [], "median", ["a"], [[0.1, 0.9]]]
)
def test_wrong_quantiles_are_refused(quantile):
    with pytest.raises(ValueError, match="quantile"):
        MLPRegressor("quantile", quantile=quantile).fit(A, B)


def test_several_quantiles_of_several_targets_are_refused():
    with pytest.raises(ValueError, match="Several quantiles of one target"):
        MLPRegressor("quantile", quantile=[0.1, 0.9]).fit(A, np.stack([B, B], axis=1))


def test_gamma_needs_positive_targets_and_predicts_them():
    with pytest.raises(ValueError, match="y > 0"):
        MLPRegressor("gamma").fit(A, np.abs(B) * (B > 0))
    amounts = np.exp(B)
    model = MLPRegressor("gamma", random_state=0, learning_rate_init=0.01).fit(A, amounts)
    assert model.predict(A).min() > 0
    assert model.score(A, amounts) > 0.9


def quartic(y, a):
    return ((a - y) ** 4).sum(axis=0)


def quartic_delta(y, a):
    a -= y
    np.multiply(4, a**3, out=a)


def no_change(z):
    pass


def test_a_loss_of_ones_own():
    own = Loss("quartic", "identity", no_change, quartic, quartic_delta)
    model = MLPRegressor(own, 20, random_state=0, learning_rate_init=0.01)
    again = pickle.loads(pickle.dumps(clone(model).fit(A, B)))
    assert again.score(A, B) > 0.9
    assert again.loss_ < again.loss_curve_[0] / 10


# -- several columns of classes --------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_columns_of_classes_are_learned_side_by_side(dtype):
    columns = np.stack([Y, (Y + 1) % 3, (Y == 1)], axis=1).astype(int)
    model = MLPClassifier(20, random_state=0, max_iter=300).fit(X.astype(dtype), columns)
    assert [list(classes) for classes in model.classes_] == [[0, 1, 2], [0, 1, 2], [0, 1]]
    assert model.score(X.astype(dtype), columns) > 0.8
    probabilities = model.predict_proba(X.astype(dtype))
    assert [p.shape for p in probabilities] == [(150, 3), (150, 3), (150, 2)]
    for p, logarithm in zip(probabilities, model.predict_log_proba(X.astype(dtype)), strict=True):
        assert p.dtype == dtype
        np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-5)
        np.testing.assert_allclose(np.exp(logarithm), p, rtol=1e-4)


def test_columns_of_strings_and_chunks_that_lack_classes():
    columns = np.stack([np.array(["a", "b", "c"])[Y], np.array(["x", "y", "z"])[Y]], axis=1)
    classes = [np.unique(column) for column in columns.T]
    model = MLPClassifier(10, random_state=0, learning_rate_init=0.02)
    for _ in range(30):
        for rows in (slice(0, 60), slice(60, 110), slice(110, 150)):
            model.partial_fit(X[rows], columns[rows], classes=classes)
    assert set(model.predict(X)[:, 0]) <= {"a", "b", "c"}
    assert model.score(X, columns) > 0.6
    with pytest.raises(ValueError, match="several columns"):
        model.partial_fit(X, Y)


def test_columns_stop_early_by_samples_that_are_right_in_all_columns():
    columns = np.stack([Y, (Y + 1) % 3], axis=1)
    model = MLPClassifier(10, random_state=0, early_stopping=True).fit(X, columns)
    assert 0 <= model.best_validation_score_ <= 1


# -- inside the network --------------------------------------------------------------------------


def test_hidden_activations_by_hand():
    model = MLPClassifier((6, 4), "tanh", max_iter=5, random_state=0).fit(X, Y)
    first = np.tanh(X @ model.coefs_[0] + model.intercepts_[0])
    np.testing.assert_allclose(model.hidden_activations(X, layer=0), first, rtol=1e-10)
    np.testing.assert_allclose(model.hidden_activations(X, layer=-2), first, rtol=1e-10)
    sparse = model.hidden_activations(csr_array(X), layer=0)
    np.testing.assert_allclose(sparse, first, rtol=1e-10)
    with pytest.raises(ValueError, match="layer must be an int from -2 to 1"):
        model.hidden_activations(X, layer=2)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("loss", ["squared_error", "poisson", "quantile"])
def test_input_gradient_is_the_slope_of_predict(loss, dtype):
    levels = [0.2, 0.5, 0.8] if loss == "quantile" else 0.5
    model = MLPRegressor(loss, (6, 4), "tanh", quantile=levels, max_iter=30, random_state=0)
    model.fit(A.astype(dtype), np.abs(B))
    at, h = A[:5].astype(dtype), 1e-6 if dtype is np.float64 else 1e-2
    slopes = model.input_gradient(at)
    assert slopes.dtype == dtype
    for j in range(4):
        step = np.zeros(4, dtype)
        step[j] = h
        numeric = (model.predict(at + step) - model.predict(at - step)) / (2 * h)
        tolerance = 1e-5 if dtype is np.float64 else 5e-3
        np.testing.assert_allclose(slopes[..., j], numeric, rtol=tolerance, atol=tolerance)


def test_hidden_layer_transformer_in_a_pipeline():
    network = MLPClassifier(7, max_iter=20, random_state=0)
    features = HiddenLayerTransformer(network).fit(X, Y)
    np.testing.assert_array_equal(features.transform(X), features.estimator_.hidden_activations(X))
    assert list(features.get_feature_names_out())[-1] == "hiddenlayertransformer6"
    model = make_pipeline(StandardScaler(), clone(features), SigmoidNeuronClassifier())
    assert cross_validate(model, X, Y, cv=3)["test_score"].mean() > 0.8
    trained = network.fit(X, Y)
    frozen = HiddenLayerTransformer(FrozenEstimator(trained)).fit(X, Y)
    np.testing.assert_array_equal(frozen.transform(X), trained.hidden_activations(X))
    with pytest.raises(TypeError, match="hidden layers to look at"):
        HiddenLayerTransformer(StandardScaler()).fit(X, Y)


# -- stopping, resuming, slimming ------------------------------------------------------------------


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
def test_a_stopped_fit_goes_on_in_another_process_as_if_it_had_not_been_stopped(tmp_path, params):
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


def test_slim_leaves_the_parameters_and_a_few_kilobytes():
    model = MLPClassifier((200, 100), max_iter=3, random_state=0).fit(X, Y)
    model.partial_fit(X, Y)
    n_bytes = sum(array.nbytes for array in model.coefs_ + model.intercepts_)
    assert len(pickle.dumps(model)) > 2.5 * n_bytes
    before = model.predict_proba(X)
    assert len(pickle.dumps(model.slim())) < n_bytes + 6000
    np.testing.assert_array_equal(model.predict_proba(X), before)
    model.partial_fit(X, Y)
    neuron = SigmoidNeuronClassifier(solver="sgd").partial_fit(X, Y, classes=[0, 1, 2])
    assert len(pickle.dumps(neuron)) > 3000 > len(pickle.dumps(neuron.slim()))


# -- callbacks -------------------------------------------------------------------------------------


ESTIMATORS = [
    MLPClassifier(4, max_iter=6, random_state=0),
    MLPClassifier(4, max_iter=6, random_state=0, solver="lbfgs"),
    SigmoidNeuronClassifier(max_iter=6),
    SigmoidNeuronClassifier(max_iter=6, solver="adam", random_state=0),
    PerceptronClassifier(max_iter=6, random_state=0),
]


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=str)
def test_callbacks_see_each_epoch_and_may_stop_the_fit(estimator):
    ScoringMonitor = pytest.importorskip("sklearn.callback").ScoringMonitor
    monitor = ScoringMonitor(scoring="accuracy")
    model = clone(estimator).set_callbacks(monitor).fit(X, Y)
    scores = {"epoch": [], "fit": []}
    for row in monitor.get_logs().data:
        scores[row["task_name"]].append(row["accuracy"])
    assert len(scores["epoch"]) == model.n_iter_
    assert scores["epoch"][-1] == scores["fit"][0] == pytest.approx(model.score(X, Y))
    stopped = clone(estimator).set_callbacks(StopAfter(2)).fit(X, Y)
    assert stopped.n_iter_ == 2


def test_callbacks_work_within_a_pipeline_and_a_grid_search():
    ScoringMonitor = pytest.importorskip("sklearn.callback").ScoringMonitor
    monitor = ScoringMonitor(scoring="accuracy")
    mlp = MLPClassifier(4, max_iter=3, random_state=0).set_callbacks(monitor)
    search = GridSearchCV(make_pipeline(StandardScaler(), mlp), {"mlpclassifier__alpha": [0, 1]})
    search.set_params(cv=2).fit(X, Y)
    rows = [row for log in monitor.get_logs(select="all") for row in log.data]
    assert sum(row["task_name"] == "epoch" for row in rows) == 5 * 3


def test_the_validation_monitor_scores_the_validation_set():
    pytest.importorskip("sklearn.callback")

    monitor = ValidationMonitor(scoring="accuracy")
    mlp = MLPClassifier(4, max_iter=5, random_state=0).set_callbacks(monitor)
    mlp.fit(X[TRAIN], Y[TRAIN], X_val=X[VAL], y_val=Y[VAL])
    rows = [row for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    assert [row["accuracy"] for row in rows] == mlp.validation_scores_


def test_a_callback_that_fails_leaves_the_estimator_as_it_was():
    pytest.importorskip("sklearn.callback")

    class Broken(StopAfter):
        def on_fit_task_end(self, estimator, context):
            raise RuntimeError("broken callback")

    model = MLPClassifier(4, max_iter=5, random_state=0).fit(X, Y)
    before = model.predict_proba(X)
    with pytest.raises(RuntimeError, match="broken callback"):
        model.set_callbacks(Broken(1)).fit(X, Y)
    np.testing.assert_array_equal(model.predict_proba(X), before)


def test_an_older_scikit_learn_is_told_which_version_brings_callbacks():
    try:
        import sklearn.callback  # noqa: F401
    except ImportError:
        with pytest.raises(ImportError, match=r"scikit-learn 1\.9 or newer"):
            MLPClassifier().set_callbacks(StopAfter(1))
        with pytest.raises(ImportError, match="ValidationMonitor needs"):
            ValidationMonitor(scoring="accuracy")
        with pytest.raises(ImportError, match="verbose=2"):
            MLPClassifier(verbose=2).fit(X, Y)
    else:
        assert MLPClassifier().set_callbacks(StopAfter(1)) is not None


def test_verbose_2_shows_a_progress_bar_and_verbose_1_prints(capsys):
    pytest.importorskip("sklearn.callback")
    model = MLPClassifier(4, max_iter=3, random_state=0)
    clone(model).set_params(verbose=1).fit(X, Y)
    assert "Iteration 3, loss = " in capsys.readouterr().out
    fitted = clone(model).set_params(verbose=2).fit(X, Y)
    shown = capsys.readouterr().out
    assert "MLPClassifier" in shown
    assert "Iteration" not in shown
    assert not getattr(fitted, "_skl_callbacks", None)


# -- the range test --------------------------------------------------------------------------------


def test_find_learning_rate_suggests_a_rate_that_learns():
    model = MLPClassifier(20, random_state=0, max_iter=30)
    search = find_learning_rate(model, X, Y)
    assert not hasattr(model, "coefs_")
    assert np.diff(search.rates).min() > 0
    assert search.rates.shape == search.losses.shape
    better = clone(model).set_params(learning_rate_init=search.suggestion).fit(X, Y)
    assert better.loss_ < clone(model).set_params(learning_rate_init=1e-5).fit(X, Y).loss_
    assert search.plot().get_xscale() == "log"


def test_find_learning_rate_refuses_what_has_none():
    with pytest.raises(ValueError, match="lbfgs has not"):
        find_learning_rate(MLPClassifier(solver="lbfgs"), X, Y)
    with pytest.raises(ValueError, match="0 < low < high"):
        find_learning_rate(MLPClassifier(), X, Y, low=1, high=0.1)


# -- found by attacking it -------------------------------------------------------------------------


def test_verbose_2_is_silent_under_a_meta_estimator_and_beside_a_bar_of_ones_own(capsys):
    ProgressBar = pytest.importorskip("sklearn.callback").ProgressBar
    model = MLPClassifier(4, max_iter=3, random_state=0, verbose=2)
    make_pipeline(StandardScaler(), clone(model)).fit(X, Y)
    GridSearchCV(clone(model), {"alpha": [0, 1]}, cv=2, error_score="raise").fit(X, Y)
    assert capsys.readouterr().out == ""
    clone(model).set_callbacks(ProgressBar()).fit(X, Y)
    assert "MLPClassifier" in capsys.readouterr().out


def test_a_plain_scorer_is_called_without_weights():
    def share_right(mlp, X, y):
        return (mlp.predict(X) == y).mean()

    model = MLPClassifier(4, early_stopping=True, scoring=share_right, class_weight="balanced")
    model.set_params(random_state=0, max_iter=5).fit(X, Y, sample_weight=np.ones(150))
    assert len(model.validation_scores_) == 5


def test_an_adaptive_schedule_goes_on_after_its_warm_up():
    model = MLPClassifier(5, learning_rate="adaptive", solver="sgd", tol=0.1, n_iter_no_change=3)
    model.set_params(max_iter=150, warmup_fraction=0.1, random_state=0).fit(X, Y)
    assert 15 < model.n_iter_ < 150
    assert min(model.learning_rate_curve_[15:]) < 1e-5


def test_each_call_of_partial_fit_is_an_epoch_of_the_schedule_whatever_its_size():
    model = MLPClassifier(5, learning_rate="cosine", max_iter=10, batch_size=20, random_state=0)
    for n in (150, 150, 40, 150):
        model.partial_fit(X[:n], Y[:n], classes=[0, 1, 2])
    last = np.array([0, 1, 2, 3]) + 1 - 0.5 / np.array([8, 8, 2, 8])
    expected = 0.0005 * (1 + np.cos(np.pi * last / 10))
    np.testing.assert_allclose(model.learning_rate_curve_, expected)


def test_a_first_chunk_may_lack_classes_in_each_column():
    columns = np.stack([Y, (Y + 1) % 3], axis=1)
    few = (columns < 2).all(axis=1)
    model = MLPClassifier(5, random_state=0)
    model.partial_fit(X[few], columns[few], classes=[[0, 1, 2], [0, 1, 2]])
    assert [p.shape[1] for p in model.partial_fit(X, columns).predict_proba(X)] == [3, 3]


@pytest.mark.parametrize(
    ("model", "y", "y_val"),
    [
        (MLPRegressor(), np.stack([B, B], axis=1), B),
        (MLPRegressor(), B, np.stack([B, B], axis=1)),
        (MLPRegressor("poisson"), np.abs(B), B),
        (MLPClassifier(), np.stack([np.round(B), np.round(-B)], axis=1), np.round(B)),
    ],
)
def test_targets_to_validate_on_are_of_the_kind_of_those_to_train_on(model, y, y_val):
    with pytest.raises(ValueError, match="y_val"):
        model.fit(A, y, X_val=A, y_val=y_val)


@pytest.mark.parametrize("wrong", [[{0: -1, 1: 1}, {0: 1, 1: 1}], [{0: 1, 1: 1}], {0: 1, 1: 1}])
def test_wrong_class_weights_of_several_columns_are_refused(wrong):
    labels = np.stack([Y == 0, Y > 0], axis=1).astype(int)
    with pytest.raises(ValueError, match="class_weight"):
        MLPClassifier(4, class_weight=wrong).fit(X, labels)


def test_balanced_columns_heed_the_weights_of_samples():
    labels = np.stack([Y == 0, Y > 0], axis=1).astype(int)
    weight = (np.arange(150) % 5 > 0).astype(float)
    model = MLPClassifier(4, class_weight="balanced", solver="lbfgs", max_iter=20, random_state=0)
    weighted = clone(model).fit(X, labels, sample_weight=weight)
    removed = clone(model).fit(X[weight > 0], labels[weight > 0])
    np.testing.assert_allclose(weighted.predict_proba(X), removed.predict_proba(X), rtol=1e-6)


def test_several_quantiles_are_scored_by_the_middle_one():
    model = MLPRegressor("quantile", 5, quantile=[0.1, 0.5, 0.9], max_iter=5, random_state=0)
    model.fit(A, B, X_val=A, y_val=B)
    assert model.score(A, B) == pytest.approx(model.validation_scores_[-1])
    assert np.isfinite(cross_validate(model, A, B, cv=2)["test_score"]).all()


@pytest.mark.parametrize(
    "change", [{"scoring": "loss"}, {"early_stopping": False}, {"solver": "sgd"}], ids=str
)
def test_a_stopped_fit_with_another_aim_is_an_ordinary_warm_start(change):
    pytest.importorskip("sklearn.callback")
    model = MLPClassifier(5, max_iter=10, early_stopping=True, warm_start=True, random_state=0)
    model.set_callbacks(StopAfter(4)).fit(X, Y)
    model.set_callbacks().set_params(**change).fit(X, Y)
    assert model.n_iter_ == 10
    assert len(model.loss_curve_) == 14
    assert (model.best_loss_ is None) == model.early_stopping


def test_columns_of_numbers_and_of_strings():
    pandas = pytest.importorskip("pandas")
    names = np.array(["a", "b", "c"])[Y]
    columns = pandas.DataFrame({"name": names, "number": Y})
    model = MLPClassifier(5, random_state=0, max_iter=20).fit(X, columns)
    predicted = model.predict(X)
    assert set(map(type, predicted[0])) == {str, int}
    assert 0 <= model.score(X, columns) <= 1


def test_input_gradient_of_an_output_whose_slope_is_not_known_is_refused():
    model = MLPRegressor(LOSSES["squared_error", "logistic"], 4, max_iter=3, random_state=0)
    model.fit(A, (B > 0).astype(float))
    step = np.array([[1e-6, 0, 0, 0]])
    slope = (model.predict(A[:3] + step) - model.predict(A[:3] - step)) / 2e-6
    np.testing.assert_allclose(model.input_gradient(A[:3])[:, 0], slope, rtol=1e-5)
    own = Loss("own", "odd", no_change, quartic, quartic_delta)
    with pytest.raises(ValueError, match="input_gradient knows"):
        MLPRegressor(own, 4, max_iter=3, random_state=0).fit(A, B).input_gradient(A)


def test_the_validation_monitor_scores_as_the_estimator_does_by_default():
    pytest.importorskip("sklearn.callback")
    monitor = ValidationMonitor()
    model = MLPClassifier(4, max_iter=3, random_state=0).set_callbacks(monitor)
    model.fit(X, Y, X_val=X[VAL], y_val=Y[VAL])
    assert monitor.get_logs().data[-1]["score"] == model.score(X[VAL], Y[VAL])


def test_a_fit_of_one_batch_resumes_to_the_same_bits():
    pytest.importorskip("sklearn.callback")
    model = MLPClassifier(5, max_iter=20, learning_rate_init=0.01, random_state=0)
    whole = clone(model).fit(X, Y)
    model.set_params(warm_start=True).set_callbacks(StopAfter(6)).fit(X, Y)
    model.set_callbacks().fit(X, Y)
    np.testing.assert_array_equal(model.coefs_[0], whole.coefs_[0])
    assert model.loss_curve_ == whole.loss_curve_


def test_partial_fit_after_partial_fit_with_a_validation_set_is_not_refused():
    model = MLPClassifier(5, early_stopping=True, random_state=0)
    model.partial_fit(X, Y, classes=[0, 1, 2], X_val=X[VAL], y_val=Y[VAL]).partial_fit(X, Y)


def test_partial_fit_with_a_validation_set_does_not_replace_the_best_weights_either():
    model = MLPClassifier(5, early_stopping=True, random_state=0, max_iter=5).fit(X, Y)
    with pytest.raises(ValueError, match=r"set_params\(early_stopping=False\)"):
        model.partial_fit(X, Y, X_val=X[VAL], y_val=Y[VAL])


def test_lbfgs_that_takes_no_step_has_no_score():
    model = MLPClassifier(5, solver="lbfgs", early_stopping=True, tol=1e9, random_state=0)
    model.fit(X, Y)
    assert model.n_iter_ == 0
    assert np.isnan(model.best_validation_score_)


@pytest.mark.parametrize("scoring", ["neg_max_error", lambda mlp, X, y: -mlp.score(X, y)])
def test_a_score_that_knows_no_weights_is_taken_without(scoring):
    model = MLPRegressor(hidden_layer_sizes=4, early_stopping=True, scoring=scoring, max_iter=3)
    model.set_params(random_state=0).fit(A, B, sample_weight=np.linspace(0.5, 1, 120))
    assert len(model.validation_scores_) == 3


def test_labels_to_validate_on_are_zeros_and_ones():
    labels = np.stack([Y == 0, Y > 0], axis=1).astype(int)
    with pytest.raises(ValueError, match=r"y_val .* only 0 and 1"):
        MLPClassifier(4).fit(X, labels, X_val=X, y_val=labels + 5)


def test_one_column_to_validate_on_may_be_a_matrix():
    column = Y[VAL][:, np.newaxis]
    with pytest.warns(UserWarning, match="column-vector"):
        MLPClassifier(4, max_iter=2).fit(X, Y, X_val=X[VAL], y_val=column)


def test_hidden_layer_transformer_refuses_a_layer_before_it_trains():
    with pytest.raises(ValueError, match="layer must be an int from -1 to 0"):
        HiddenLayerTransformer(MLPClassifier(5), layer=3).fit(X, Y)
    trained = MLPClassifier(5, max_iter=3, random_state=0).fit(X, Y)
    assert HiddenLayerTransformer(FrozenEstimator(trained)).fit(X).transform(X).shape == (150, 5)


def test_an_interrupt_while_validating_leaves_curves_of_one_length():
    calls = []

    def impatient(*_):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return len(calls)

    model = MLPClassifier(4, early_stopping=True, scoring=impatient, random_state=0)
    with pytest.warns(UserWarning, match="interrupted by user after 2 whole epochs"):
        model.fit(X, Y)
    assert len(model.loss_curve_) == len(model.validation_scores_) == model.best_epoch_ == 2


@pytest.mark.filterwarnings("error")
def test_a_planned_end_is_no_failure_to_converge():
    model = MLPClassifier(4, early_stopping=True, learning_rate="one_cycle", n_iter_no_change=99)
    model.set_params(max_iter=5, random_state=0).fit(X, Y)


@pytest.mark.parametrize(("n", "share", "size"), [(150, 0.125, 19), (3000, 0.125, 200)])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_batch_may_be_a_share_of_the_samples_up_to_200(n, share, size):
    data, y = np.resize(X, (n, 4)), np.resize(Y, n)
    model = MLPClassifier(4, batch_size=share, max_iter=2, random_state=0, tol=0)
    same = clone(model).set_params(batch_size=size)
    np.testing.assert_array_equal(model.fit(data, y).coefs_[0], same.fit(data, y).coefs_[0])


@pytest.mark.parametrize("wrong", [0.0, 1.0, 1.5, 0, "half"])
def test_other_sizes_of_batches_are_refused(wrong):
    with pytest.raises(ValueError, match="'batch_size' parameter"):
        MLPClassifier(batch_size=wrong).fit(X, Y)


# -- everything with everything --------------------------------------------------------------------


def wave(z, a):
    np.sin(z, out=a)


def wave_backward(z, a, delta):  # noqa: ARG001
    delta *= np.cos(z)


SHARED = {
    "hidden_layer_sizes": st.sampled_from([(), (4,), (5, 3)]),
    "activation": st.sampled_from(
        [*ACTIVATIONS, Activation("wave", wave, wave_backward, keeps_z=True)]
    ),
    "init": st.sampled_from(list(INITIALIZERS)),
    "solver": st.sampled_from(["adam", "sgd", "lbfgs", "adamw", "rmsprop", Adam(beta_2=0.95)]),
    "alpha": st.sampled_from([0.0, 1e-4, 0.1]),
    "batch_size": st.sampled_from(["auto", 32, 7, 0.3]),
    "shuffle": st.booleans(),
    "early_stopping": st.booleans(),
    "scoring": st.sampled_from([None, "loss"]),
    "dtype": st.sampled_from(["float64", "float32"]),
    "warm_start": st.booleans(),
}
STOCHASTIC = {
    "learning_rate": st.sampled_from([*SCHEDULES, Curve(SCHEDULES["step"].curve)]),
    "warmup_fraction": st.sampled_from([0.0, 0.2]),
    "dropout": st.sampled_from([0.0, 0.2]),
    "weight_decay": st.sampled_from(["auto", 0.1]),
    "clip_norm": st.sampled_from([None, 1.0]),
}


@st.composite
def networks(draw):
    params = draw(st.fixed_dictionaries(SHARED))
    if params["solver"] != "lbfgs":
        params |= draw(st.fixed_dictionaries(STOCHASTIC))
    if draw(st.booleans()):
        classifier = MLPClassifier(
            label_smoothing=draw(st.sampled_from([0.0, 0.1])),
            class_weight=draw(st.sampled_from([None, "balanced"])),
        )
        return classifier.set_params(**params)
    loss = draw(st.sampled_from([name for name, out in LOSSES if out in ("identity", "exp")]))
    levels = draw(st.sampled_from([0.3, [0.1, 0.9]]))
    return MLPRegressor(loss, quantile=levels).set_params(**params)


@given(model=networks(), weighted=st.booleans(), columns=st.booleans())
@settings(max_examples=60)
def test_any_valid_combination_learns_clones_and_pickles(model, weighted, columns):
    model.set_params(max_iter=15, learning_rate_init=0.01, random_state=0)
    if isinstance(model, MLPClassifier):
        data, y = X, np.stack([Y, Y == 0], axis=1).astype(int) if columns else Y
    else:
        data, y = A / 3, np.abs(B) / 3 + 0.1
    weight = np.linspace(0.5, 1.5, len(data)) if weighted else None
    fitted = clone(model).fit(data, y, sample_weight=weight)
    assert np.isfinite(fitted.loss_curve_).all()
    assert min(fitted.loss_curve_) <= fitted.loss_curve_[0]
    predicted = fitted.predict(data)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict(data), predicted)
    np.testing.assert_array_equal(
        clone(fitted).fit(data, y, sample_weight=weight).predict(data), predicted
    )
    if model.hidden_layer_sizes:
        assert np.isfinite(fitted.hidden_activations(data)).all()
    check_slope(fitted, data, y, weight)


def check_slope(fitted, data, y, weight):
    """Compare the gradient with finite differences, dropout left out.

    A little beside the fitted weights: at these, losses with a kink may sit in it.
    """
    network = fitted._network(data, continuing=True)
    parameters, gradient = (network.parameters(np.float64) for _ in range(2))
    parameters.load_others(*fitted._others())
    parameters.load(fitted.coefs_, fitted.intercepts_)
    parameters.theta += 0.1 * np.random.default_rng(1).normal(size=parameters.theta.size)
    n, encoded = len(data), fitted._encode(y, data)
    share = np.full(n, 1 / n) if weight is None else weight / weight.sum()
    samples = next(fitted._batches(data, encoded, None, network, n, np.float64).over(np.arange(n)))
    work = Pass(network, parameters, gradient, n)
    said = work.forward(samples.X)
    if isinstance(fitted, MLPClassifier):  # where the loss is cut off it has no slope
        share = share * ((said > 1e-9) & (said < 1 - 1e-9)).all(axis=0)
    work.backward(samples.X, samples.y, share)
    slope, start, h = gradient.theta.copy(), parameters.theta.copy(), 1e-6
    direction = np.random.default_rng(0).normal(size=start.size)
    losses = []
    for sign in (1, -1):
        parameters.theta[:] = start + sign * h * direction
        losses.append(network.loss.value(samples.y, work.forward(samples.X)) @ share)
    assert slope @ direction == pytest.approx((losses[0] - losses[1]) / (2 * h), rel=1e-3, abs=1e-4)
