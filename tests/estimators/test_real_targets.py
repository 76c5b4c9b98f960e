"""Scaled targets: the network learns standardized targets and predicts in the user's unit."""

import pickle

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from sklearn import config_context
from sklearn.base import clone
from sklearn.metrics import r2_score
from sklearn.model_selection import cross_val_score

from sknn_edu import AveragingRegressor, MLPRegressor, tabular_pipeline
from sknn_edu.estimators.real_targets import find_unit
from tests.problems import TRAIN, VALIDATION, A, B

COUNTS = np.exp(B / 2)
TRAIN, VALIDATION = TRAIN[: len(B)], VALIDATION[: len(B)]
EACH_DTYPE = pytest.mark.parametrize("dtype", [np.float64, np.float32])


def scaled(**options):
    options = {
        "learning_rate_init": 0.02,
        "max_iter": 80,
        "tol": 0,
        "n_iter_no_change": 99,
    } | options
    options = {"learning_rate": "cosine"} | options if "solver" not in options else options
    return MLPRegressor(hidden_layer_sizes=8, scale_target=True, random_state=0, **options)


def test_target_scaling_worked_by_hand():
    # weights 1, 1, 2: mean (0 + 4 + 2 * 4) / 4 = 3, variance (9 + 1 + 2 * 1) / 4 = 3
    y, share = np.array([[0.0], [4.0], [4.0]]), np.array([0.25, 0.25, 0.5])
    center, scale = find_unit(y, share, "identity")
    np.testing.assert_allclose([*center, *scale], [3, np.sqrt(3)])
    center, scale = find_unit(y, share, "exp")
    np.testing.assert_allclose([*center, *scale], [0, 3])


@pytest.mark.parametrize("y", [np.full((5, 1), 7.0), np.full((5, 1), 0.1), np.zeros((5, 1))])
@pytest.mark.parametrize("output", ["identity", "exp"])
def test_constant_targets_can_be_scaled(y, output):
    center, scale = find_unit(y, np.full(5, 0.2), output)
    assert np.isfinite([*center, *scale]).all()
    assert (scale > 0).all()


def test_scaling_of_huge_targets_does_not_overflow():
    center, scale = find_unit(np.array([[-1e300], [1e300]]), np.full(2, 0.5), "identity")
    np.testing.assert_allclose([*center, *scale], [0, 1e300])


@EACH_DTYPE
@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "huber", "quantile"])
def test_the_fit_does_not_depend_on_the_unit_of_the_targets(loss, dtype):
    X, model = A.astype(dtype), scaled(loss=loss)
    expected = clone(model).fit(X, B).predict(X)
    for factor, offset in [(1000.0, 0.0), (1.0, 1e8), (1e-9, 0.0), (1e100, 0.0)]:
        predictions = clone(model).fit(X, factor * B + offset).predict(X)
        assert predictions.dtype == np.float64
        close = 1e-3 if dtype == np.float32 else 1e-5
        np.testing.assert_allclose((predictions - offset) / factor, expected, atol=close)


@pytest.mark.parametrize("loss", ["poisson", "gamma"])
def test_amounts_are_divided_by_their_mean(loss):
    model = scaled(loss=loss).fit(A, COUNTS)
    np.testing.assert_allclose(model.target_scale_, COUNTS.mean())
    assert model.target_center_ == 0
    assert model.predict(A).min() > 0
    in_cents = clone(model).fit(A, 100 * COUNTS)
    np.testing.assert_allclose(in_cents.predict(A), 100 * model.predict(A), rtol=1e-6)
    assert model.score(A, COUNTS) > 0.8


def test_each_of_several_targets_is_scaled_separately():
    y = np.column_stack([B, 1e6 * B + 5, -B])
    model = scaled().fit(A, y)
    np.testing.assert_allclose(model.target_scale_, y.std(axis=0))
    assert model.predict(A).shape == y.shape
    assert model.score(A, y) > 0.9


def test_parameters_at_their_default_change_nothing():
    plain = MLPRegressor(hidden_layer_sizes=4, max_iter=20, solver="lbfgs", random_state=0, tol=1)
    plain.fit(A, B)
    np.testing.assert_array_equal([plain.target_center_, plain.target_scale_], [[0], [1]])
    assert plain.predict(A.astype(np.float32)).dtype == np.float64
    assert clone(plain).fit(A.astype(np.float32), B).predict(A).dtype == np.float32


def test_quantiles_clipping_and_gradients_are_in_the_unit_of_the_targets():
    y = 1000 * B + 1e6
    model = scaled(loss="quantile", quantile=[0.1, 0.5, 0.9], clip_output=True).fit(A, y)
    low, middle, high = model.predict(A).T
    assert (low <= middle).all()
    assert (middle <= high).all()
    assert y.min() <= low.min()
    assert high.max() <= y.max()
    assert model.score(A, y) == r2_score(y, middle)
    x = A[3]
    for k, gradient in enumerate(model.input_gradient(x[np.newaxis])[0]):
        unclipped = clone(model).set_params(clip_output=False).fit(A, y)
        expected = approx_fprime(x, lambda x, k=k, m=unclipped: m.predict([x])[0, k], 1e-6)
        np.testing.assert_allclose(gradient, expected, rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("scoring", [None, "loss", "neg_mean_absolute_error"])
def test_a_validation_set_is_compared_in_the_right_unit(scoring):
    y = 1000 * B + 1e5
    model = scaled(early_stopping=True, scoring=scoring)
    model.fit(A[TRAIN], y[TRAIN], X_val=A[VALIDATION], y_val=y[VALIDATION])
    assert model.best_epoch_ > 20
    assert model.score(A[VALIDATION], y[VALIDATION]) > 0.9
    if scoring is None:
        score = model.score(A[VALIDATION], y[VALIDATION])
        np.testing.assert_allclose(model.best_validation_score_, score, rtol=1e-9)
    if scoring == "neg_mean_absolute_error":
        error = np.abs(model.predict(A[VALIDATION]) - y[VALIDATION]).mean()
        np.testing.assert_allclose(model.best_validation_score_, -error)


def test_partial_fit_and_warm_start_keep_the_scaling_of_the_first_call():
    model = scaled(solver="adam").partial_fit(A, B)
    unit = model.target_center_, model.target_scale_
    model.partial_fit(A, 1000 * B)
    assert (model.target_center_, model.target_scale_) == unit
    np.testing.assert_array_equal(model.target_range_, [[1000 * B.min()], [1000 * B.max()]])
    warm = scaled(solver="lbfgs", max_iter=3000, tol=1e-4, warm_start=True).fit(A, B)
    before = warm.target_scale_
    warm.set_params(scale_target=False).fit(A, B)
    assert warm.target_scale_ == before
    assert warm.score(A, B) > 0.9


def test_target_scaling_uses_weights_and_ignores_rows_of_weight_0():
    weight = np.arange(len(B)) % 3
    outlier = np.where(weight == 0, 1e9, B)
    model = scaled(solver="lbfgs", max_iter=3000, tol=1e-4).fit(A, outlier, sample_weight=weight)
    expected = np.average(B, weights=weight)
    np.testing.assert_allclose(model.target_center_, expected)
    repeated = scaled(solver="lbfgs", max_iter=3000, tol=1e-4).fit(
        A.repeat(weight, axis=0), B.repeat(weight)
    )
    np.testing.assert_allclose(model.target_scale_, repeated.target_scale_)


def test_a_saved_network_keeps_its_target_scaling():
    model = scaled(solver="lbfgs", max_iter=3000, tol=1e-4).fit(A, 1000 * B)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(A), model.predict(A))


def test_float32_keeps_the_differences_of_large_targets():
    model = scaled(dtype="float32").fit(A, B + 1e9)
    predictions = model.predict(A)
    assert np.unique(predictions).size == len(A)
    assert r2_score(B + 1e9, predictions) > 0.9


def test_a_loss_whose_output_has_a_fixed_range_is_refused():
    with pytest.raises(ValueError, match="scale_target=True needs a loss whose output"):
        find_unit(np.ones((3, 1)), np.full(3, 1 / 3), "logistic")


def test_an_average_of_several_quantiles_is_scored_by_the_middle_one():
    model = AveragingRegressor(scaled(loss="quantile", quantile=[0.1, 0.5, 0.9]), n_estimators=2)
    model.fit(A, B)
    assert model.score(A, B) == r2_score(B, model.predict(A)[:, 1])


def test_the_regression_pipeline_is_cross_validated_under_metadata_routing():
    model = tabular_pipeline(
        "regressor", n_estimators=1, max_iter=5, hidden_layer_sizes=8, random_state=0
    )
    with config_context(enable_metadata_routing=True):
        assert cross_val_score(model, A, 1000 * B, cv=2).size == 2


@pytest.mark.parametrize("loss", ["poisson", "gamma"])
def test_the_regression_pipeline_learns_counts_and_amounts(loss):
    model = tabular_pipeline("regressor", n_estimators=1, max_iter=30, loss=loss, random_state=0)
    assert model.fit(A, COUNTS).score(A, COUNTS) > 0.5
