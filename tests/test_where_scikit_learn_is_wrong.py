"""Intended differences: each test passes for our class and fails for scikit-learn's.

The xfail is strict: if scikit-learn fixes one of these, its test passes here, and that is reported.
"""

import pickle
import warnings

import numpy as np
import pytest
import scipy
from packaging.version import Version
from sklearn import neural_network
from sklearn.datasets import load_iris, make_classification, make_regression
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import scale

import sknn_edu

pytestmark = pytest.mark.filterwarnings("ignore")

ours_holds_theirs_fails = pytest.mark.parametrize(
    "package",
    [
        pytest.param(sknn_edu, id="ours"),
        pytest.param(neural_network, id="theirs", marks=pytest.mark.xfail(strict=True)),
    ],
)
X, Y = make_classification(120, 6, random_state=0)


@ours_holds_theirs_fails
def test_1_gradient_of_several_targets_is_that_of_the_reported_loss(package):
    A, targets = make_regression(50, 4, n_targets=3, random_state=0)
    targets = scale(targets)
    params = {"solver": "sgd", "alpha": 0, "momentum": 0, "max_iter": 1, "shuffle": False}
    model = package.MLPRegressor(
        hidden_layer_sizes=(), learning_rate_init=1e-6, random_state=0, batch_size=50, **params
    )
    losses, thetas = [], []
    for k in range(2):
        model.set_params(max_iter=k + 1).fit(A, targets)
        losses.append(model.loss_)
        thetas.append(np.concatenate([model.coefs_[0].ravel(), model.intercepts_[0]]))
    gradient = (
        thetas[0] - thetas[1]
    ) / 1e-6  # the second step started where losses[1] was measured
    # the first step, along nearly the same gradient, lowered the loss by eta |gradient|^2
    assert (losses[0] - losses[1]) / 1e-6 == pytest.approx(gradient @ gradient, rel=1e-3)


@ours_holds_theirs_fails
def test_2_early_stopping_under_warm_start_ends_with_the_weights_of_its_best_score(package):
    model = package.MLPClassifier(
        early_stopping=True, warm_start=True, random_state=0, max_iter=60
    ).fit(X, Y)
    noise = np.random.RandomState(1).permutation(Y)  # no epoch will reach the earlier score
    model.set_params(learning_rate_init=0.1).fit(X, noise)
    held_out = train_test_split(
        np.arange(120), random_state=np.random.RandomState(0), test_size=0.1, stratify=noise
    )[1]
    assert model.best_validation_score_ == max(model.validation_scores_[-model.n_iter_ :])
    assert model.score(X[held_out], noise[held_out]) == model.best_validation_score_


@ours_holds_theirs_fails
def test_3_a_batch_that_weighs_nothing_is_skipped(package):
    weight = np.repeat([1.0, 0.0], 60)
    model = package.MLPClassifier(shuffle=False, batch_size=20, max_iter=3, random_state=0)
    model.fit(X, Y, sample_weight=weight)
    half = package.MLPClassifier(shuffle=False, batch_size=20, max_iter=3, random_state=0)
    half.fit(X[:60], Y[:60])
    np.testing.assert_allclose(model.coefs_[0], half.coefs_[0])


@ours_holds_theirs_fails
def test_4_partial_fit_continues_the_random_numbers_of_its_seed(package):
    params = {"batch_size": 1, "solver": "sgd", "momentum": 0}
    seed = package.MLPRegressor(random_state=0, **params)
    stream = package.MLPRegressor(random_state=np.random.RandomState(0), **params)
    for _ in range(3):
        seed.partial_fit(X, Y)
        stream.partial_fit(X, Y)
    np.testing.assert_array_equal(seed.coefs_[0], stream.coefs_[0])


@ours_holds_theirs_fails
@pytest.mark.skipif(Version(scipy.__version__) < Version("1.15"), reason="SciPy printed itself")
def test_5a_verbose_lbfgs_prints_its_iterations(package, capfd):
    package.MLPClassifier(solver="lbfgs", max_iter=3, verbose=True, random_state=0).fit(X, Y)
    assert "loss = " in capfd.readouterr().out


@ours_holds_theirs_fails
def test_5b_lbfgs_keeps_float32(package):
    model = package.MLPClassifier(solver="lbfgs", max_iter=3, random_state=0)
    model.fit(X.astype(np.float32), Y)
    assert {array.dtype for array in model.coefs_ + model.intercepts_} == {np.dtype(np.float32)}


@ours_holds_theirs_fails
def test_5c_lbfgs_has_a_loss_curve(package):
    model = package.MLPClassifier(solver="lbfgs", max_iter=7, random_state=0).fit(X, Y)
    assert len(model.loss_curve_) == model.n_iter_ == 7
    assert (np.diff(model.loss_curve_) < 0).all()
    assert model.loss_curve_[-1] == model.loss_


@ours_holds_theirs_fails
def test_6_a_warm_start_with_other_layers_says_what_is_wrong(package):
    model = package.MLPClassifier(4, warm_start=True, max_iter=2, random_state=0).fit(X, Y)
    with pytest.raises(ValueError, match="hidden_layer_sizes"):
        model.set_params(hidden_layer_sizes=5).fit(X, Y)


@ours_holds_theirs_fails
def test_7_a_warm_start_forgets_the_best_loss_of_the_first_fit(package):
    model = package.MLPRegressor(
        hidden_layer_sizes=10, warm_start=True, max_iter=60, random_state=0, n_iter_no_change=3
    )
    model.fit(X, Y)
    harder = 100.0 * Y  # no loss of this fit will be below the best loss of the first
    model.fit(X, harder)
    assert model.n_iter_ == 60
    assert model.best_loss_ == min(model.loss_curve_[-60:])


@ours_holds_theirs_fails
def test_8a_the_epoch_loss_is_weighted(package):
    weight = np.linspace(0, 2, 120) ** 3
    unmoved = {"learning_rate_init": 1e-12, "alpha": 0, "max_iter": 1, "random_state": 0}
    model = package.MLPClassifier(batch_size=20, shuffle=False, **unmoved)
    model.fit(X, Y, sample_weight=weight)
    expected = log_loss(Y, model.predict_proba(X), sample_weight=weight)
    assert model.loss_ == pytest.approx(expected, rel=1e-6)


@ours_holds_theirs_fails
def test_8b_early_stopping_holds_out_no_sample_that_weighs_nothing(package):
    weight = np.zeros(120)
    weight[:12] = 1
    model = package.MLPRegressor(
        early_stopping=True, max_iter=3, random_state=0, validation_fraction=0.25
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, Y, sample_weight=weight)
    only = package.MLPRegressor(
        early_stopping=True, max_iter=3, random_state=0, validation_fraction=0.25
    ).fit(X[:12], Y[:12])
    np.testing.assert_allclose(model.validation_scores_, only.validation_scores_)


@ours_holds_theirs_fails
@pytest.mark.parametrize("early_stopping", [False, True])
def test_9_a_pickle_is_the_parameters_and_little_more(package, early_stopping):
    model = package.MLPClassifier((200, 100), early_stopping=early_stopping, max_iter=5).fit(X, Y)
    n_bytes = sum(array.nbytes for array in model.coefs_ + model.intercepts_)
    assert len(pickle.dumps(model)) < n_bytes + 8_000


@ours_holds_theirs_fails
def test_10_log_probabilities_are_finite_where_the_log_softmax_is(package):
    A, b = load_iris(return_X_y=True)
    model = package.MLPClassifier(max_iter=20, random_state=0).fit(A, b)
    log_p = model.predict_log_proba(1e4 * A)
    assert np.isfinite(log_p).all()
    assert log_p.min() < -1000


@ours_holds_theirs_fails
def test_11_partial_fit_needs_no_split_so_early_stopping_does_not_hinder_it(package):
    model = package.MLPClassifier(early_stopping=True, random_state=0)
    model.partial_fit(X, Y, classes=[0, 1]).partial_fit(X, Y)
    plain = package.MLPClassifier(random_state=0)
    plain.partial_fit(X, Y, classes=[0, 1]).partial_fit(X, Y)
    np.testing.assert_array_equal(model.coefs_[0], plain.coefs_[0])


@ours_holds_theirs_fails
def test_12_the_learning_rate_schedule_holds_for_adam(package):
    params = {"random_state": 0, "max_iter": 5}
    constant = package.MLPClassifier(**params).fit(X, Y)
    falling = package.MLPClassifier(learning_rate="invscaling", **params).fit(X, Y)
    assert not np.array_equal(constant.coefs_[0], falling.coefs_[0])


@ours_holds_theirs_fails
def test_12_early_stopping_holds_for_lbfgs(package):
    model = package.MLPClassifier(solver="lbfgs", early_stopping=True, random_state=0).fit(X, Y)
    assert len(model.validation_scores_) == model.n_iter_
