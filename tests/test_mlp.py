"""The networks as estimators: what scikit-learn's own tests do not ask."""

import pickle

import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.base import clone
from sklearn.datasets import load_iris, make_classification, make_regression
from sklearn.exceptions import ConvergenceWarning

from sknn_edu import MLPClassifier, MLPRegressor
from sknn_edu.core import gradient_descent, lbfgs

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = make_classification(150, 6, n_classes=3, n_informative=4, random_state=0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_dtype_of_the_samples_is_kept(dtype, solver):
    samples = X.astype(dtype)
    model = MLPClassifier(5, solver=solver, max_iter=10, random_state=0).fit(samples, Y)
    assert {a.dtype for a in model.coefs_ + model.intercepts_} == {np.dtype(dtype)}
    for method in ("predict_proba", "predict_log_proba", "decision_function"):
        assert getattr(model, method)(samples).dtype == dtype
    regressor = MLPRegressor(hidden_layer_sizes=5, solver=solver, max_iter=10, random_state=0)
    assert regressor.fit(samples, Y).predict(samples).dtype == dtype


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_dtype_parameter_wins_over_the_dtype_of_the_samples(dtype, solver):
    other = np.float64 if dtype == "float32" else np.float32
    model = MLPClassifier(5, solver=solver, dtype=dtype, max_iter=5, random_state=0)
    model.fit(X.astype(other), Y)
    assert model.coefs_[0].dtype == dtype


@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_float32_agrees_with_float64_as_far_as_it_can(solver):
    model = MLPClassifier((8, 4), solver=solver, max_iter=20, random_state=0)
    wide = clone(model).fit(X, Y).predict_proba(X)
    narrow = model.set_params(dtype="float32").fit(X, Y).predict_proba(X)
    np.testing.assert_allclose(wide, narrow, atol=1e-3)


def test_float32_weights_count_samples_as_often_as_they_say():
    weight = np.arange(150) % 3
    model = MLPRegressor(hidden_layer_sizes=5, dtype="float32", max_iter=50, random_state=0)
    weighted = clone(model).fit(X, Y, sample_weight=weight).predict(X)
    repeated = model.fit(X.repeat(weight, axis=0), Y.repeat(weight)).predict(X)
    np.testing.assert_allclose(weighted, repeated, atol=1e-4)


def test_decision_function_is_the_log_odds():
    model = MLPClassifier(5, max_iter=20, random_state=0).fit(X, Y)
    z = model.decision_function(X)
    np.testing.assert_allclose(model.predict_log_proba(X), log_softmax(z, axis=1), rtol=1e-12)
    two = MLPClassifier(5, max_iter=20, random_state=0).fit(X, Y == 1)
    p = two.predict_proba(X)
    np.testing.assert_allclose(two.decision_function(X), np.log(p[:, 1] / p[:, 0]), rtol=1e-6)


def test_probabilities_keep_their_order_where_they_would_underflow():
    model = MLPClassifier(5, max_iter=20, random_state=0).fit(X, Y)
    z = model.decision_function(1e6 * X)
    p = model.predict_proba(1e6 * X)
    assert 0 < p.min() < p.max() < 1
    np.testing.assert_array_equal(p.argsort(axis=1), z.argsort(axis=1))
    np.testing.assert_allclose(p.sum(axis=1), 1)


@pytest.mark.parametrize("dtype", [np.float64, np.int64, np.float16])
def test_arrays_put_in_place_of_the_weights_are_the_model(dtype):
    model = MLPRegressor(hidden_layer_sizes=(), max_iter=1).fit(X[:, :3], Y)
    model.coefs_[0] = np.array([[1], [2], [3]], dtype=dtype)
    model.intercepts_[0] = [0.5]
    assert model.predict([[0.5, 0.5, 0.1]]) == pytest.approx(2.3)
    model.set_params(learning_rate_init=1e-9).partial_fit(X[:, :3], Y)
    np.testing.assert_allclose(model.coefs_[0], [[1], [2], [3]], atol=1e-6)


@pytest.mark.parametrize("cls", [MLPClassifier, MLPRegressor])
@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_partial_fit_is_an_epoch_of_fit_to_the_bit(cls, solver):
    params = {"solver": solver, "shuffle": False, "random_state": 0, "batch_size": 40}
    whole = cls(max_iter=6, **params).fit(X, Y)
    parts = cls(**params)
    for k in range(6):
        parts.partial_fit(X, Y, **({"classes": [0, 1, 2]} if cls is MLPClassifier else {}))
        if k % 2:
            parts = pickle.loads(pickle.dumps(parts))
    for a, b in zip(
        whole.coefs_ + whole.intercepts_, parts.coefs_ + parts.intercepts_, strict=True
    ):
        np.testing.assert_array_equal(a, b)
    assert whole.loss_curve_ == parts.loss_curve_
    assert whole.t_ == parts.t_


def test_chunks_are_batches_of_one_epoch_to_the_bit():
    params = {"shuffle": False, "random_state": 0, "batch_size": 50}
    whole = MLPClassifier(max_iter=1, **params).fit(X, Y)
    chunks = MLPClassifier(**params)
    for start in range(0, 150, 50):
        chunks.partial_fit(X[start : start + 50], Y[start : start + 50], classes=[0, 1, 2])
    np.testing.assert_array_equal(whole.coefs_[0], chunks.coefs_[0])


def test_another_solver_between_partial_fits_begins_anew():
    model = MLPClassifier(4, random_state=0).partial_fit(X, Y, classes=[0, 1, 2])
    model.set_params(solver="sgd").partial_fit(X, Y)
    model.set_params(solver="lbfgs", hidden_layer_sizes=7, max_iter=3).fit(X, Y)
    model.set_params(solver="adam").partial_fit(X, Y)
    assert model.coefs_[0].shape == (6, 7)


def test_a_changed_learning_rate_counts_from_the_next_partial_fit():
    model = MLPClassifier(4, random_state=0).partial_fit(X, Y, classes=[0, 1, 2])
    before = model.coefs_[0].copy()
    model.set_params(learning_rate_init=1e-12).partial_fit(X, Y)
    np.testing.assert_allclose(model.coefs_[0], before, atol=1e-9)


def test_partial_fit_keeps_to_the_kind_of_its_targets():
    model = MLPClassifier(4, random_state=0).partial_fit(X, Y, classes=[0, 1, 2])
    indicator = np.eye(3, dtype=int)[Y]
    indicator[0] = 1
    with pytest.raises(ValueError, match="same kind"):
        model.partial_fit(X, indicator)
    with pytest.raises(ValueError, match="column numbers"):
        MLPClassifier().partial_fit(X, indicator, classes=[0, 1])


def test_a_batch_may_lack_classes_even_under_warm_start():
    model = MLPClassifier(4, warm_start=True, max_iter=2, random_state=0).fit(X, Y)
    model.partial_fit(X[Y == 1], Y[Y == 1])
    with pytest.raises(ValueError, match="same classes"):
        model.fit(X, Y + 10)


def test_partial_fit_after_early_stopping_is_refused_with_the_remedy():
    model = MLPClassifier(early_stopping=True, max_iter=5, random_state=0).fit(X, Y)
    with pytest.raises(ValueError, match=r"set_params\(early_stopping=False\)"):
        model.partial_fit(X, Y)
    model.set_params(early_stopping=False).partial_fit(X, Y)


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("epochs", [0, 3])
def test_an_interrupt_keeps_what_was_learned(monkeypatch, epochs, early_stopping):
    model = MLPClassifier(4, random_state=0, max_iter=50, early_stopping=early_stopping)
    real, count = gradient_descent.GradientDescent.epoch, []

    def epoch(self, order):
        if len(count) == epochs:
            samples = next(self.batches.over(order))
            self.step(samples.batches[0])
            raise KeyboardInterrupt
        count.append(1)
        return real(self, order)

    monkeypatch.setattr(gradient_descent.GradientDescent, "epoch", epoch)
    with pytest.warns(UserWarning, match=f"interrupted by user after {epochs} whole epochs"):
        model.fit(X, Y)
    assert model.n_iter_ == len(model.loss_curve_) == epochs
    assert model.predict(X).shape == (150,)
    monkeypatch.undo()
    model.set_params(early_stopping=False, validation_fraction=0.1)
    if not early_stopping:
        model.partial_fit(X, Y)
        assert len(model.loss_curve_) == epochs + 1


def test_an_interrupt_of_lbfgs_keeps_its_last_iterate(monkeypatch):
    model = MLPClassifier(4, solver="lbfgs", random_state=0)
    real, count = lbfgs.add_l2, []

    def penalty(*args):
        count.append(1)
        if len(count) == 12:
            raise KeyboardInterrupt
        return real(*args)

    monkeypatch.setattr(lbfgs, "add_l2", penalty)
    with pytest.warns(UserWarning, match="interrupted by user after"):
        model.fit(X, Y)
    assert 0 < model.n_iter_ < 12
    assert model.loss_ == model.loss_curve_[-1] < model.loss_curve_[0]


def test_a_large_batch_warns_and_is_all_samples():
    with pytest.warns(UserWarning, match="batch_size=500 is larger"):
        large = MLPClassifier(4, batch_size=500, max_iter=3, random_state=0).fit(X, Y)
    whole = MLPClassifier(4, batch_size=150, max_iter=3, random_state=0).fit(X, Y)
    np.testing.assert_array_equal(large.coefs_[0], whole.coefs_[0])


def test_too_few_epochs_warn():
    with pytest.warns(ConvergenceWarning, match="max_iter=2"):
        MLPClassifier(max_iter=2).fit(X, Y)


def test_fortran_targets_and_columns_of_targets():
    A, B = make_regression(60, 4, n_targets=3, random_state=0)
    model = MLPRegressor(hidden_layer_sizes=4, max_iter=4, random_state=0)
    plain = clone(model).fit(A, B).predict(A)
    np.testing.assert_array_equal(model.fit(A, np.asfortranarray(B)).predict(A), plain)
    assert plain.shape == (60, 3)


def test_training_learns_iris():
    A, b = load_iris(return_X_y=True)
    model = MLPClassifier(20, solver="lbfgs", alpha=0.1, max_iter=500, random_state=0).fit(A, b)
    assert model.score(A, b) > 0.97


@pytest.mark.parametrize("cls", [MLPClassifier, MLPRegressor])
def test_every_parameter_has_its_entry_in_the_docstring(cls):
    entries = [line.split(" : ")[0] for line in cls.__doc__.splitlines() if " : " in line]
    assert [name for name in cls().get_params() if name not in entries] == []


def test_a_warning_points_at_the_line_that_called_fit():
    with pytest.warns(ConvergenceWarning) as caught:
        MLPClassifier(max_iter=2).fit(X, Y)
    assert [warning.filename for warning in caught] == [__file__]
