"""The multi-layer perceptron as a regressor."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import make_regression
from sklearn.metrics import mean_pinball_loss
from sklearn.model_selection import cross_validate

from sknn_edu import MLPRegressor
from sknn_edu.core.losses import LOSSES, Loss
from tests.problems import A, B
from tests.table_options import DTYPES, SETTLED, numbers_and_levels

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_absolute_error_predicts_the_median_and_squared_error_the_mean():
    constant_X, y = np.zeros((101, 1)), np.r_[np.zeros(60), np.full(41, 10.0)]
    params = {"hidden_layer_sizes": (), "solver": "adam", "learning_rate_init": 0.1, "alpha": 0}
    params |= {"max_iter": 2000, "tol": 0, "random_state": 0, "batch_size": 101}
    params |= {"learning_rate": "cosine"}
    median = MLPRegressor("absolute_error", **params).fit(constant_X, y)
    mean = MLPRegressor("squared_error", **params).fit(constant_X, y)
    assert median.predict(constant_X[:1])[0] == pytest.approx(0, abs=0.01)
    assert mean.predict(constant_X[:1])[0] == pytest.approx(y.mean(), abs=0.01)


def test_gamma_needs_positive_targets_and_predicts_them():
    with pytest.raises(ValueError, match="y > 0"):
        MLPRegressor("gamma").fit(A, np.abs(B) * (B > 0))
    amounts = np.exp(B)
    model = MLPRegressor("gamma", random_state=0, learning_rate_init=0.01).fit(A, amounts)
    assert model.predict(A).min() > 0
    assert model.score(A, amounts) > 0.9


def test_fortran_ordered_targets_give_the_same_predictions():
    A, B = make_regression(60, 4, n_targets=3, random_state=0)
    model = MLPRegressor(hidden_layer_sizes=4, max_iter=4, random_state=0)
    plain = clone(model).fit(A, B).predict(A)
    np.testing.assert_array_equal(model.fit(A, np.asfortranarray(B)).predict(A), plain)
    assert plain.shape == (60, 3)


@SETTLED
@DTYPES
def test_outputs_are_clipped_to_the_range_of_the_targets(dtype):
    X, y = numbers_and_levels(dtype)
    weight = np.where(np.abs(y) < 1, 1.0, 0.0)
    low, high = y[weight > 0].min(), y[weight > 0].max()
    network = MLPRegressor(learning_rate_init=0.05, random_state=0).fit(X, y, weight)
    np.testing.assert_array_equal(network.target_range_, [[low], [high]])
    assert network.predict(100 * X).max() > high
    clipped = network.set_params(clip_output=True).predict(100 * X)
    np.testing.assert_allclose([clipped.min(), clipped.max()], [low, high], rtol=1e-6)
    network.partial_fit(X[:1], [100.0])
    np.testing.assert_array_equal(network.target_range_, [[low], [100]])
    network.fit(X, y)
    np.testing.assert_array_equal(network.target_range_, [[y.min()], [y.max()]])


# -- quantiles -------------------------------------------------------------------------------------


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
    upper = MLPRegressor("quantile", 20, quantile=0.9, random_state=0, max_iter=100).fit(x, y)
    assert mean_pinball_loss(y, upper.predict(x), alpha=0.9) == pytest.approx(
        mean_pinball_loss(y, predicted[:, 2], alpha=0.9), rel=0.1
    )


@pytest.mark.parametrize(
    "quantile", [0, 1, [0.5, 0.1], [0.5, 0.5], [], "median", ["a"], [[0.1, 0.9]]]
)
def test_wrong_quantiles_are_refused(quantile):
    with pytest.raises(ValueError, match="quantile"):
        MLPRegressor("quantile", quantile=quantile).fit(A, B)


def test_several_quantiles_of_several_targets_are_refused():
    with pytest.raises(ValueError, match="Several quantiles can be predicted for one target"):
        MLPRegressor("quantile", quantile=[0.1, 0.9]).fit(A, np.stack([B, B], axis=1))


def test_several_quantiles_are_scored_by_the_middle_one():
    model = MLPRegressor("quantile", 5, quantile=[0.1, 0.5, 0.9], max_iter=5, random_state=0)
    model.fit(A, B, X_val=A, y_val=B)
    assert model.score(A, B) == pytest.approx(model.validation_scores_[-1])
    assert np.isfinite(cross_validate(model, A, B, cv=2)["test_score"]).all()


# -- custom losses ---------------------------------------------------------------------------------


def quartic(y, a):
    return ((a - y) ** 4).sum(axis=0)


def quartic_delta(y, a):
    a -= y
    np.multiply(4, a**3, out=a)


def no_change(z):
    pass


def test_a_custom_loss_trains_clones_and_pickles():
    custom = Loss("quartic", "identity", no_change, quartic, quartic_delta)
    model = MLPRegressor(custom, 20, random_state=0, learning_rate_init=0.01)
    unpickled = pickle.loads(pickle.dumps(clone(model).fit(A, B)))
    assert unpickled.score(A, B) > 0.9
    assert unpickled.loss_ < unpickled.loss_curve_[0] / 10


def test_input_gradient_refuses_an_output_of_unknown_derivative():
    model = MLPRegressor(LOSSES["squared_error", "logistic"], 4, max_iter=3, random_state=0)
    model.fit(A, (B > 0).astype(float))
    step = np.array([[1e-6, 0, 0, 0]])
    slope = (model.predict(A[:3] + step) - model.predict(A[:3] - step)) / 2e-6
    np.testing.assert_allclose(model.input_gradient(A[:3])[:, 0], slope, rtol=1e-5)
    for name in ("odd", "logistic"):
        custom = Loss("own", name, no_change, quartic, quartic_delta)
        with pytest.raises(ValueError, match="input_gradient knows"):
            MLPRegressor(custom, 4, max_iter=3, random_state=0).fit(A, B).input_gradient(A)


def test_a_custom_output_activation_may_flatten_its_argument():
    def double(z):
        flat = z.reshape(-1)
        flat *= 2

    doubled = Loss("doubled", "double", double, quartic, quartic_delta)
    model = MLPRegressor(doubled, 4, max_iter=3, random_state=0).fit(A, np.stack([B, -B], axis=1))
    np.testing.assert_allclose(model.predict(A), 2 * model._output_sums(A))
