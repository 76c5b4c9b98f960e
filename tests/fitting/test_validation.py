"""Validation sets, scorers and early stopping."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn_edu import MLPClassifier, MLPRegressor
from tests.problems import TRAIN, VALIDATION, A, B, X, Y
from tests.table_options import SETTLED, numbers_and_levels

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


# -- a validation set passed to fit ----------------------------------------------------------------


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_validation_curves_are_the_loss_and_score_on_the_validation_set(solver):
    model = MLPClassifier(5, solver=solver, max_iter=12, random_state=0)
    model.fit(X[TRAIN], Y[TRAIN], X_val=X[VALIDATION], y_val=Y[VALIDATION])
    assert len(model.validation_loss_curve_) == len(model.loss_curve_) == model.n_iter_
    assert model.validation_scores_[-1] == pytest.approx(model.score(X[VALIDATION], Y[VALIDATION]))
    expected = log_loss(Y[VALIDATION], model.predict_proba(X[VALIDATION]))
    assert model.validation_loss_curve_[-1] == pytest.approx(expected)
    plain = MLPClassifier(5, solver=solver, max_iter=12, random_state=0).fit(X[TRAIN], Y[TRAIN])
    np.testing.assert_array_equal(plain.coefs_[0], model.coefs_[0])
    assert plain.validation_scores_ is None


def test_validation_scores_use_sample_weight_val():
    weight = np.where(Y[VALIDATION] == 0, 3.0, 0.0)
    model = MLPClassifier(5, max_iter=5, random_state=0)
    model.fit(
        X[TRAIN], Y[TRAIN], X_val=X[VALIDATION], y_val=Y[VALIDATION], sample_weight_val=weight
    )
    assert model.validation_scores_[-1] == pytest.approx(
        model.score(X[VALIDATION], Y[VALIDATION], sample_weight=weight)
    )


def test_validation_set_passes_through_a_pipeline_and_metadata_routing():
    raw = load_iris().data
    with config_context(enable_metadata_routing=True):
        mlp = MLPClassifier(5, max_iter=10, random_state=0, early_stopping=True)
        pipeline = make_pipeline(StandardScaler(), mlp)
        pipeline.set_params(transform_input=["X_val"])
        pipeline.fit(raw[TRAIN], Y[TRAIN], X_val=raw[VALIDATION], y_val=Y[VALIDATION])
        scaler = StandardScaler().fit(raw[TRAIN])
        by_hand = clone(mlp).fit(
            scaler.transform(raw[TRAIN]),
            Y[TRAIN],
            X_val=scaler.transform(raw[VALIDATION]),
            y_val=Y[VALIDATION],
        )
        assert pipeline[-1].validation_scores_ == by_hand.validation_scores_
        search = GridSearchCV(mlp, {"alpha": [1e-4, 1e-2]}, cv=2)
        search.fit(X[TRAIN], Y[TRAIN], X_val=X[VALIDATION], y_val=Y[VALIDATION])
        assert len(search.best_estimator_.validation_scores_) > 0


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"X_val": X[VALIDATION]}, "got X_val, but y_val is None"),
        ({"y_val": Y[VALIDATION]}, "got y_val, but X_val is None"),
        ({"sample_weight_val": Y[VALIDATION]}, "requires X_val and y_val"),
        ({"X_val": X[VALIDATION][:, :2], "y_val": Y[VALIDATION]}, "2 features"),
        ({"X_val": X[VALIDATION], "y_val": Y[VALIDATION] + 7}, "not among the classes"),
    ],
)
def test_a_wrong_validation_set_is_refused_before_training(given, message):
    with pytest.raises(ValueError, match=message):
        MLPClassifier(5).fit(X[TRAIN], Y[TRAIN], **given)


@pytest.mark.parametrize(
    ("model", "y", "y_val"),
    [
        (MLPRegressor(), np.stack([B, B], axis=1), B),
        (MLPRegressor(), B, np.stack([B, B], axis=1)),
        (MLPRegressor("poisson"), np.abs(B), B),
        (MLPClassifier(), np.stack([np.round(B), np.round(-B)], axis=1), np.round(B)),
    ],
)
def test_validation_targets_must_be_of_the_same_kind_as_training_targets(model, y, y_val):
    with pytest.raises(ValueError, match="y_val"):
        model.fit(A, y, X_val=A, y_val=y_val)


def test_multilabel_validation_targets_must_be_zeros_and_ones():
    labels = np.stack([Y == 0, Y > 1], axis=1).astype(int)
    with pytest.raises(ValueError, match=r"y_val .* only 0 and 1"):
        MLPClassifier(4).fit(X, labels, X_val=X, y_val=labels + 5)


def test_y_val_may_be_a_matrix_of_one_column():
    column = Y[VALIDATION][:, np.newaxis]
    with pytest.warns(UserWarning, match="column-vector"):
        MLPClassifier(4, max_iter=2).fit(X, Y, X_val=X[VALIDATION], y_val=column)


def test_partial_fit_measures_a_validation_set():
    model = MLPClassifier(5, random_state=0)
    for _ in range(3):
        model.partial_fit(
            X[TRAIN], Y[TRAIN], classes=[0, 1, 2], X_val=X[VALIDATION], y_val=Y[VALIDATION]
        )
    assert len(model.validation_loss_curve_) == 3
    assert model.validation_scores_[-1] == pytest.approx(model.score(X[VALIDATION], Y[VALIDATION]))


# -- early stopping --------------------------------------------------------------------------------


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize(
    "scoring", [None, "loss", "neg_log_loss", lambda mlp, X, y: mlp.score(X, y)]
)
def test_early_stopping_ends_with_the_weights_of_the_best_epoch(solver, scoring):
    model = MLPClassifier(
        8, solver=solver, early_stopping=True, scoring=scoring, max_iter=40, random_state=0
    )
    model.fit(X[TRAIN], Y[TRAIN], X_val=X[VALIDATION], y_val=Y[VALIDATION])
    best = model.best_epoch_
    assert model.validation_scores_[best - 1] == max(model.validation_scores_)
    assert model.best_validation_score_ == max(model.validation_scores_)
    now = log_loss(Y[VALIDATION], model.predict_proba(X[VALIDATION]))
    assert now == pytest.approx(model.validation_loss_curve_[best - 1])


def test_early_stopping_of_lbfgs_stops_it():
    digits, labels = load_digits(return_X_y=True)
    model = MLPClassifier(20, solver="lbfgs", early_stopping=True, random_state=0, max_iter=500)
    model.fit(digits / 16, labels)
    assert model.n_iter_ < 200
    assert model.n_iter_ - model.best_epoch_ >= 10


def test_lbfgs_that_takes_no_step_has_no_score():
    model = MLPClassifier(5, solver="lbfgs", early_stopping=True, tol=1e9, random_state=0)
    model.fit(X, Y)
    assert model.n_iter_ == 0
    assert np.isnan(model.best_validation_score_)


def test_a_warm_start_stops_early_by_its_own_scores():
    model = MLPClassifier(8, early_stopping=True, warm_start=True, max_iter=5, random_state=0)
    first = model.fit(X, Y).coefs_[0].copy()
    model.fit(X, Y)
    assert len(model.validation_scores_) == 10
    assert not np.array_equal(first, model.coefs_[0])
    assert 5 < model.best_epoch_ <= 10


# -- scorers ---------------------------------------------------------------------------------------


def test_an_unknown_scorer_is_refused():
    with pytest.raises(ValueError, match="nonsense"):
        MLPClassifier(early_stopping=True, scoring="nonsense").fit(X, Y)


def test_a_scorer_function_is_called_without_weights():
    def share_right(mlp, X, y):
        return (mlp.predict(X) == y).mean()

    model = MLPClassifier(4, early_stopping=True, scoring=share_right, class_weight="balanced")
    model.set_params(random_state=0, max_iter=5).fit(X, Y, sample_weight=np.ones(150))
    assert len(model.validation_scores_) == 5


@pytest.mark.parametrize("scoring", ["neg_max_error", lambda mlp, X, y: -mlp.score(X, y)])
def test_a_scorer_that_takes_no_weights_is_called_without_them(scoring):
    model = MLPRegressor(hidden_layer_sizes=4, early_stopping=True, scoring=scoring, max_iter=3)
    model.set_params(random_state=0).fit(A, B, sample_weight=np.linspace(0.5, 1, 120))
    assert len(model.validation_scores_) == 3


# -- early_stopping='last_best' --------------------------------------------------------------------


@SETTLED
def test_last_best_trains_to_the_end_and_keeps_the_last_of_ties():
    X, y = load_iris(return_X_y=True)
    mlp = MLPClassifier(random_state=0, max_iter=60, learning_rate_init=0.01)
    last = mlp.set_params(early_stopping="last_best").fit(X, y)
    assert last.n_iter_ == 60
    scores = np.array(last.validation_scores_)
    assert last.best_epoch_ == 1 + np.flatnonzero(scores == scores.max())[-1]
    assert (scores == scores.max()).sum() > 1


@SETTLED
def test_last_best_with_lbfgs_continues_past_plateaus_and_keeps_the_last_of_ties():
    X, y = load_iris(return_X_y=True)
    mlp = MLPClassifier(solver="lbfgs", random_state=0, max_iter=60, n_iter_no_change=2, tol=1e-9)
    stops = clone(mlp).set_params(early_stopping=True).fit(X, y)
    goes_on = mlp.set_params(early_stopping="last_best").fit(X, y)
    assert goes_on.n_iter_ > stops.n_iter_
    scores = np.array(goes_on.validation_scores_)
    assert goes_on.best_epoch_ == 1 + np.flatnonzero(scores == scores.max())[-1]
    assert goes_on.best_epoch_ > stops.best_epoch_


@SETTLED
def test_last_best_leaves_samples_to_train_on():
    X, y = numbers_and_levels(n=10)
    mlp = MLPRegressor(early_stopping="last_best", validation_fraction=0.99, max_iter=2)
    mlp.fit(X, y)
    assert mlp.t_ == 2 * 2
    with pytest.raises(ValueError, match="does not support early_stopping='last_best' after fit"):
        mlp.partial_fit(X, y)
