"""Epochs, batches, schedules, warnings and interrupts of fit and partial_fit."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from sknn_edu import MLPClassifier, MLPRegressor
from sknn_edu.core import gradient_descent, lbfgs
from sknn_edu.core.schedules import SCHEDULES
from tests.problems import VALIDATION, X, Y

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


# -- partial_fit -----------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", [MLPClassifier, MLPRegressor])
@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_partial_fit_equals_one_epoch_of_fit_to_the_bit(cls, solver):
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


def test_partial_fit_on_chunks_equals_the_batches_of_an_epoch_to_the_bit():
    params = {"shuffle": False, "random_state": 0, "batch_size": 50}
    whole = MLPClassifier(max_iter=1, **params).fit(X, Y)
    chunks = MLPClassifier(**params)
    for start in range(0, 150, 50):
        chunks.partial_fit(X[start : start + 50], Y[start : start + 50], classes=[0, 1, 2])
    np.testing.assert_array_equal(whole.coefs_[0], chunks.coefs_[0])


def test_the_solver_may_change_between_partial_fits():
    model = MLPClassifier(4, random_state=0).partial_fit(X, Y, classes=[0, 1, 2])
    model.set_params(solver="sgd").partial_fit(X, Y)
    model.set_params(solver="lbfgs", hidden_layer_sizes=7, max_iter=3).fit(X, Y)
    model.set_params(solver="adam").partial_fit(X, Y)
    assert model.coefs_[0].shape == (4, 7)


def test_a_changed_learning_rate_applies_from_the_next_partial_fit():
    model = MLPClassifier(4, random_state=0).partial_fit(X, Y, classes=[0, 1, 2])
    before = model.coefs_[0].copy()
    model.set_params(learning_rate_init=1e-12).partial_fit(X, Y)
    np.testing.assert_allclose(model.coefs_[0], before, atol=1e-9)


def test_partial_fit_after_early_stopping_is_refused_with_the_remedy():
    model = MLPClassifier(early_stopping=True, max_iter=5, random_state=0).fit(X, Y)
    with pytest.raises(ValueError, match=r"set_params\(early_stopping=False\)"):
        model.partial_fit(X, Y)
    model.set_params(early_stopping=False).partial_fit(X, Y)


def test_partial_fit_may_follow_partial_fit_with_a_validation_set():
    model = MLPClassifier(5, early_stopping=True, random_state=0)
    model.partial_fit(
        X, Y, classes=[0, 1, 2], X_val=X[VALIDATION], y_val=Y[VALIDATION]
    ).partial_fit(X, Y)


def test_partial_fit_with_a_validation_set_is_refused_after_early_stopping():
    model = MLPClassifier(5, early_stopping=True, random_state=0, max_iter=5).fit(X, Y)
    with pytest.raises(ValueError, match=r"set_params\(early_stopping=False\)"):
        model.partial_fit(X, Y, X_val=X[VALIDATION], y_val=Y[VALIDATION])


# -- batches ---------------------------------------------------------------------------------------


def test_a_batch_size_above_the_number_of_samples_warns_and_uses_them_all():
    with pytest.warns(UserWarning, match="batch_size=500 is larger"):
        large = MLPClassifier(4, batch_size=500, max_iter=3, random_state=0).fit(X, Y)
    whole = MLPClassifier(4, batch_size=150, max_iter=3, random_state=0).fit(X, Y)
    np.testing.assert_array_equal(large.coefs_[0], whole.coefs_[0])


@pytest.mark.parametrize(("n", "share", "size"), [(150, 0.125, 19), (3000, 0.125, 200)])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_batch_size_may_be_a_fraction_of_the_samples_up_to_200(n, share, size):
    data, y = np.resize(X, (n, 4)), np.resize(Y, n)
    model = MLPClassifier(4, batch_size=share, max_iter=2, random_state=0, tol=0)
    same = clone(model).set_params(batch_size=size)
    np.testing.assert_array_equal(model.fit(data, y).coefs_[0], same.fit(data, y).coefs_[0])


@pytest.mark.parametrize("wrong", [0.0, 1.0, 1.5, 0, "half"])
def test_wrong_batch_sizes_are_refused(wrong):
    with pytest.raises(ValueError, match="'batch_size' parameter"):
        MLPClassifier(batch_size=wrong).fit(X, Y)


# -- schedules of the learning rate ----------------------------------------------------------------


def test_the_learning_rate_curve_follows_the_schedule():
    params = {"max_iter": 10, "random_state": 0, "learning_rate_init": 0.01, "batch_size": 50}
    cosine = MLPClassifier(5, learning_rate="cosine", **params).fit(X, Y)
    assert cosine.n_iter_ == 10
    middle = (np.arange(10) * 3 + 2.5) / 30  # the middle of the last of three steps in each epoch
    expected = 0.005 * (1 + np.cos(np.pi * middle))
    np.testing.assert_allclose(cosine.learning_rate_curve_, expected)
    by_function = MLPClassifier(5, learning_rate=SCHEDULES["cosine"].curve, **params).fit(X, Y)
    np.testing.assert_array_equal(by_function.coefs_[0], cosine.coefs_[0])
    constant = MLPClassifier(5, **params).fit(X, Y)
    assert set(constant.learning_rate_curve_) == {0.01}


def test_planned_schedules_run_to_their_end():
    flat = np.zeros(40)
    model = MLPRegressor(
        hidden_layer_sizes=3, learning_rate="one_cycle", max_iter=60, warmup_fraction=0.5
    )
    assert model.fit(np.zeros((40, 2)), flat).n_iter_ == 60


def test_an_adaptive_schedule_continues_after_its_warmup():
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


# -- warnings and interrupts -----------------------------------------------------------------------


def test_too_few_epochs_give_a_warning():
    with pytest.warns(ConvergenceWarning, match="max_iter=2"):
        MLPClassifier(max_iter=2).fit(X, Y)


@pytest.mark.filterwarnings("error")
def test_reaching_a_planned_last_epoch_gives_no_convergence_warning():
    model = MLPClassifier(4, early_stopping=True, learning_rate="one_cycle", n_iter_no_change=99)
    model.set_params(max_iter=5, random_state=0).fit(X, Y)


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

    def penalty(*args, **kwargs):
        count.append(1)
        if len(count) == 12:
            raise KeyboardInterrupt
        return real(*args, **kwargs)

    monkeypatch.setattr(lbfgs, "add_l2", penalty)
    with pytest.warns(UserWarning, match="interrupted by user after"):
        model.fit(X, Y)
    assert 0 < model.n_iter_ < 12
    assert model.loss_ == model.loss_curve_[-1] < model.loss_curve_[0]


def test_an_interrupt_while_validating_leaves_curves_of_one_length():
    calls = []

    def interrupted_score(*_):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return len(calls)

    model = MLPClassifier(4, early_stopping=True, scoring=interrupted_score, random_state=0)
    with pytest.warns(UserWarning, match="interrupted by user after 2 whole epochs"):
        model.fit(X, Y)
    assert len(model.loss_curve_) == len(model.validation_scores_) == model.best_epoch_ == 2
