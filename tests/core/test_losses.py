"""Every loss in the registry, the softmax, and the L2 penalty."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.optimize import minimize_scalar

from sknn_edu.core.losses import (
    LOSSES,
    OUTPUTS,
    Loss,
    SoftmaxOfEach,
    add_l2,
    mean,
    quantile,
    quantiles,
    soft_cross_entropy,
    softmax,
    undo_smoothing,
    within_0_and_1,
)
from tests.core.gradients import targets_for

DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32])
EACH_LOSS = pytest.mark.parametrize("loss", LOSSES.values(), ids=["-".join(key) for key in LOSSES])


def value(loss, y, z):
    a = z.copy()
    loss.activate(a)
    return loss.value(y, a)


@EACH_LOSS
def test_delta_is_the_slope_of_the_value_along_z(loss):
    rng = np.random.default_rng(0)
    z = rng.normal(size=(3, 5))
    y = targets_for(loss, 3, 5, rng)
    direction = rng.normal(size=z.shape)
    h = 1e-6
    numeric = (value(loss, y, z + h * direction) - value(loss, y, z - h * direction)) / (2 * h)
    delta = z.copy()
    loss.activate(delta)
    loss.delta(y, delta)
    np.testing.assert_allclose((delta * direction).sum(axis=0), numeric, rtol=1e-7, atol=1e-9)


@EACH_LOSS
@DTYPES
def test_value_is_one_number_per_sample_and_not_negative(loss, dtype):
    rng = np.random.default_rng(1)
    z = rng.normal(size=(3, 5)).astype(dtype)
    losses = value(loss, targets_for(loss, 3, 5, rng), z)
    assert losses.shape == (5,)
    assert losses.min() >= 0


@EACH_LOSS
def test_float32_stays_float32(loss):
    rng = np.random.default_rng(1)
    a = rng.normal(size=(3, 5)).astype(np.float32)
    y = targets_for(loss, 3, 5, rng).astype(np.float32)
    loss.activate(a)
    assert loss.value(y, a).dtype == np.float32
    loss.delta(y, a)
    assert a.dtype == np.float32


def test_registry_keys_are_name_and_output():
    assert all(key == (loss.name, loss.output) for key, loss in LOSSES.items())
    assert all(loss.activate is OUTPUTS[loss.output] for loss in LOSSES.values())


def test_values_worked_by_hand():
    # squared error (2 - 0)^2 / 2 + (1 - 2)^2 / 2
    loss = LOSSES["squared_error", "identity"]
    assert loss.value(np.array([[0.0], [2.0]]), np.array([[2.0], [1.0]])) == pytest.approx(2.5)
    # -log of the probability 1/4 of the true class
    loss = LOSSES["log_loss", "softmax"]
    assert loss.value(np.array([[0.0], [1.0]]), np.array([[0.75], [0.25]])) == pytest.approx(
        np.log(4)
    )
    # Poisson 3 log(3 / 2) - 3 + 2, and y = 0: just a
    loss = LOSSES["poisson", "exp"]
    values = loss.value(np.array([[3.0, 0.0]]), np.array([[2.0, 2.0]]))
    np.testing.assert_allclose(values, [3 * np.log(1.5) - 1, 2])


@given(
    z=hnp.arrays(np.float64, (4, 3), elements=st.floats(-1e6, 1e6)),
    shift=st.floats(-1e3, 1e3),
)
def test_softmax_columns_sum_to_one_whatever_is_added_to_all(z, shift):
    a, moved = z.copy(), z + shift
    softmax(a)
    softmax(moved)
    np.testing.assert_allclose(a.sum(axis=0), 1, rtol=1e-12)
    np.testing.assert_allclose(a, moved, atol=1e-6)


def test_regression_losses_worked_by_hand():
    y, a = np.array([[1.0, 1.0]]), np.array([[1.5, 4.0]])  # errors 1/2 and 3
    for name, expected in {
        "absolute_error": [0.5, 3],
        "huber": [0.125, 2.5],
        "log_cosh": np.log(np.cosh([0.5, 3])),
        "quantile": [0.25, 1.5],
    }.items():
        np.testing.assert_allclose(LOSSES[name, "identity"].value(y, a), expected)
    ratio = 1 / a[0]
    np.testing.assert_allclose(LOSSES["gamma", "exp"].value(y, a), ratio - np.log(ratio) - 1)


def test_losses_are_those_of_scikit_learn():
    from sklearn.metrics import mean_gamma_deviance, mean_pinball_loss

    rng = np.random.default_rng(0)
    y, a = rng.exponential(size=(2, 1, 50)) + 0.1
    gamma = LOSSES["gamma", "exp"].value(y, a).mean()
    assert gamma == pytest.approx(mean_gamma_deviance(y[0], a[0]) / 2)
    pinball = quantiles((0.2,)).value(y, a).mean()
    assert pinball == pytest.approx(mean_pinball_loss(y[0], a[0], alpha=0.2))


def test_quantiles_never_cross_and_have_the_slope_of_their_loss():
    loss = quantiles((0.1, 0.5, 0.9))
    rng = np.random.default_rng(0)
    z, y = rng.normal(size=(3, 40)) * 3, np.repeat(rng.normal(size=(1, 40)), 3, axis=0)
    a = z.copy()
    loss.activate(a)
    assert (np.diff(a, axis=0) > 0).all()
    direction, h = rng.normal(size=z.shape), 1e-6
    numeric = (value(loss, y, z + h * direction) - value(loss, y, z - h * direction)) / (2 * h)
    loss.delta(y, a)
    np.testing.assert_allclose((a * direction).sum(axis=0), numeric, rtol=1e-6)


def test_softmax_of_each_column_is_a_softmax_of_its_classes():
    z = np.random.default_rng(0).normal(size=(5, 4))
    first, second = z[:2].copy(), z[2:].copy()
    softmax(first)
    softmax(second)
    SoftmaxOfEach((2, 3))(z)
    np.testing.assert_array_equal(z, np.vstack([first, second]))


def test_soft_cross_entropy_of_a_sure_class_is_the_cross_entropy():
    y, a = np.array([[0.0], [1.0]]), np.array([[0.75], [0.25]])
    assert soft_cross_entropy(y, a) == pytest.approx(np.log(4))
    half = np.full((2, 1), 0.5)
    assert soft_cross_entropy(half, half) == pytest.approx(np.log(2))


@DTYPES
def test_the_l2_penalty_acts_on_parameters_with_a_strength(dtype):
    # n = 4 samples, alpha = 1/2: alpha / (2 n) ||W||^2 = 1/16 * 4 * 2^2, gradient alpha / n W = 1/4
    theta, g = np.full(6, 2, dtype), np.full(6, 10, dtype)
    strengths = np.array([1, 1, 1, 1, 0, 0], dtype) * dtype(0.5 / 4)
    assert add_l2(g, theta, strengths, np.empty_like(g)) == 1.0
    np.testing.assert_array_equal(g, [10.25, 10.25, 10.25, 10.25, 10, 10])
    assert add_l2(g, theta, np.array(0.5 / 4, dtype), np.empty_like(g)) == 1.5
    np.testing.assert_array_equal(g, [10.5, 10.5, 10.5, 10.5, 10.25, 10.25])


@DTYPES
def test_probabilities_too_small_for_their_dtype_keep_their_order(dtype):
    log_p = np.array([-2000.0, -1000.0, np.log(0.5)], dtype)
    p = np.array([0.0, 0.0, 0.5], dtype)
    within_0_and_1(p, lambda: log_p)
    assert 0 < p[0] < p[1] < 1e-30
    assert p[2] == 0.5
    sure = np.array([0.5, 1.0], dtype)
    within_0_and_1(sure, lambda: pytest.fail("there are no small probabilities"))
    assert sure[0] == 0.5
    assert sure[1] < 1


@DTYPES
def test_undo_smoothing_recovers_the_probabilities_before_smoothing(dtype):
    p, smoothing = np.array([0.05, 0.3, 0.65], dtype), 0.1
    smoothed = (1 - smoothing) * p + smoothing / 3
    unsmoothed = undo_smoothing(smoothed.astype(dtype), smoothing, 3)
    np.testing.assert_allclose(unsmoothed / unsmoothed.sum(), p, rtol=0.03)
    sure = undo_smoothing(np.array([0.0, 0.01, 0.99], dtype), smoothing, 3)
    assert 0 < sure[0] < sure[1] < sure[2]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("smoothing", [5e-324, 1e-300, 1e-40, 1e-17])
def test_undo_smoothing_ignores_smoothing_below_the_precision(smoothing, dtype):
    p = np.array([[0.0, 0.25, 0.75], [1.0, 0.0, 0.0]], dtype)
    np.testing.assert_array_equal(undo_smoothing(p, smoothing, 3), p)


# -- the best constant -------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("name", "output"), [key for key in LOSSES if key[1] != "softmax"])
def test_no_constant_has_a_smaller_mean_loss_than_the_best(name, output, dtype):
    loss, rng = LOSSES[name, output], np.random.default_rng(0)
    y = rng.gamma(2.0, size=(2, 40)).astype(dtype)
    if output == "logistic":
        y = (y > 1).astype(dtype)
    share = rng.random(40)
    share /= share.sum()

    def mean_loss(a, k):
        outputs = np.full((1, 40), a, dtype=dtype)
        return float(loss.value(y[k : k + 1], outputs) @ share)

    best = loss.best_constant(y, share)
    for k in range(2):
        bounds = (float(y[k].min()) + 1e-6, float(y[k].max()) - 1e-6)
        found = minimize_scalar(mean_loss, args=(k,), bounds=bounds, method="bounded")
        assert mean_loss(best[k], k) <= found.fun * (1 + 1e-5)


def test_best_constants_worked_by_hand():
    y, share = np.array([[1.0, 2.0, 9.0]]), np.array([0.25, 0.25, 0.5])
    assert mean(y, share) == 5.25
    assert quantile(y, share) == 2  # half of the weight is at most 2
    assert quantile(y, share, 0.9) == 9
    levels = quantiles((0.1, 0.5, 0.9)).best_constant(np.repeat(y, 3, axis=0), share)
    np.testing.assert_array_equal(levels, [1, 2, 9])
    # from 3 to 8 the slopes of huber are 1, 1 and -1, whose weighted mean is 0
    assert 3 - 1e-6 <= LOSSES["huber", "identity"].best_constant(y, share)[0] <= 8 + 1e-6


@DTYPES
def test_best_constants_between_a_majority_and_an_outlier_worked_by_hand(dtype):
    y, share = np.array([[0.0, 10.0]], dtype), np.array([0.75, 0.25])
    for loss, expected in {
        LOSSES["squared_error", "identity"]: 2.5,
        LOSSES["absolute_error", "identity"]: 0,
        LOSSES["huber", "identity"]: 1 / 3,  # 3/4 a = 1/4
        LOSSES["log_cosh", "identity"]: np.log(2) / 2,  # 3/4 tanh a = 1/4
        quantiles((0.7,)): 0,
        quantiles((0.8,)): 10,
    }.items():
        np.testing.assert_allclose(loss.best_constant(y, share), [expected], atol=1e-6)


@pytest.mark.parametrize("q", [0.01, 0.3, 0.5, 0.99])
def test_a_quantile_is_the_first_target_that_reaches_its_share(q):
    rng = np.random.default_rng(0)
    for n in (1, 2, 7, 50):
        y, share = np.round(rng.normal(size=(1, n)), 1), rng.integers(0, 4, n) + 1e-3
        share /= share.sum()
        (a,) = quantile(y, share, q)
        assert share[y[0] <= a].sum() >= q * (1 - 1e-6)
        assert share[y[0] < a].sum() < q


@pytest.mark.parametrize("levels", [(0.05,), (0.5,), (0.95,), (0.1, 0.5, 0.9)], ids=str)
@DTYPES
def test_no_constants_have_a_smaller_pinball_loss_than_the_quantiles(levels, dtype):
    loss, rng = quantiles(levels), np.random.default_rng(1)
    y = np.repeat(rng.normal(size=(1, 30)).astype(dtype), len(levels), axis=0)
    share = rng.dirichlet(np.ones(30))

    def mean_loss(constants):
        outputs = np.repeat(np.array(constants, dtype)[:, np.newaxis], 30, axis=1)
        return loss.value(y, outputs) @ share

    best = loss.best_constant(y, share)
    assert (np.diff(best) >= 0).all()
    for k in range(len(levels)):
        others = [mean_loss([*best[:k], a, *best[k + 1 :]]) for a in y[k]]  # minimal at a target
        assert mean_loss(best) <= min(others) * (1 + 1e-6)


@EACH_LOSS
def test_the_best_constant_of_equal_targets_is_that_target(loss):
    y, share = np.array([[1.0, 1.0], [0.0, 0.0]]), np.array([0.9, 0.1])
    np.testing.assert_allclose(loss.best_constant(y, share), [1, 0], atol=1e-12)


@EACH_LOSS
def test_a_sample_of_weight_0_does_not_change_the_best_constant(loss):
    rng = np.random.default_rng(2)
    y, share = targets_for(loss, 3, 8, rng), rng.dirichlet(np.ones(8))
    with_another = np.column_stack([y, np.full(3, 100.0)])
    best = loss.best_constant(with_another, np.append(share, 0))
    np.testing.assert_allclose(best, loss.best_constant(y, share), atol=1e-6)


def test_a_custom_loss_has_no_best_constant_unless_given():
    huber = LOSSES["huber", "identity"]
    assert huber.best_constant is not None
    own = Loss("own", huber.output, huber.activate, huber.value, huber.delta)
    assert own.best_constant is None
