"""The perceptron as a classifier."""

import pickle

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_array
from scipy.special import expit, log_softmax
from sklearn.base import clone
from sklearn.datasets import load_iris, make_blobs, make_classification
from sklearn.ensemble import StackingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, log_loss, roc_auc_score
from sklearn.model_selection import TunedThresholdClassifierCV

from sknn_edu import PerceptronClassifier
from sknn_edu.core.beyond.margins import fit_slope, smoothed_targets
from tests.problems import X, Y

CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
GATES = {"and": [0, 0, 0, 1], "or": [0, 1, 1, 1], "nand": [1, 1, 1, 0], "nor": [1, 0, 0, 0]}


def test_and_gate_worked_by_hand():
    gate = PerceptronClassifier.from_weights([1.0, 1.0], threshold=2.0, classes=(0, 1))
    np.testing.assert_array_equal(gate.decision_function(CORNERS), [-2, -1, -1, 0])
    np.testing.assert_array_equal(gate.predict(CORNERS), [0, 0, 0, 1])  # the tie fires
    np.testing.assert_array_equal(gate.predict_proba(CORNERS)[:, 1], [0, 0, 0, 1])


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("seed", range(5))
def test_gates_are_learned(gate, seed):
    unit = PerceptronClassifier(random_state=seed).fit(CORNERS, GATES[gate])
    assert unit.converged_
    assert unit.mistake_curve_[-1] == 0
    assert unit.n_iter_ == len(unit.mistake_curve_) < 20
    assert unit.t_ == 1 + 4 * unit.n_iter_
    np.testing.assert_array_equal(unit.predict(CORNERS), GATES[gate])


def test_first_epoch_of_the_and_gate_worked_by_hand():
    # w = (0, 0), b = 0 answers yes to all. (0,0): b = -1. (0,1): z = -1, right. (1,0): right.
    # (1,1): z = -1, wrong: w = (1, 1), b = 0. Two mistakes.
    with pytest.warns(ConvergenceWarning, match="still made 2 mistakes"):
        unit = PerceptronClassifier(shuffle=False, max_iter=1).fit(CORNERS, GATES["and"])
    np.testing.assert_array_equal(unit.coef_, [[1, 1]])
    np.testing.assert_array_equal(unit.intercept_, [0])
    assert unit.mistake_curve_ == [2]


def test_a_perceptron_never_converges_on_xor():
    with pytest.warns(ConvergenceWarning, match="average=True"):
        unit = PerceptronClassifier(max_iter=50, tol=None).fit(CORNERS, [0, 1, 1, 0])
    assert not unit.converged_
    assert unit.n_iter_ == 50


@pytest.mark.parametrize("n_classes", [2, 3, 5])
@pytest.mark.parametrize("seed", range(3))
def test_separable_classes_are_separated(n_classes, seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(500, 8))
    z = X @ rng.normal(size=(8, n_classes))
    ranked = np.sort(z, axis=1)
    clear = ranked[:, -1] - ranked[:, -2] > 0.3
    X, y = X[clear], z[clear].argmax(axis=1)
    unit = PerceptronClassifier(random_state=seed).fit(X, y)
    assert unit.converged_
    assert unit.score(X, y) == 1


def test_training_on_overlapping_classes_stops_after_n_iter_no_change_epochs():
    X, y = make_classification(300, 5, flip_y=0.3, random_state=0)
    unit = PerceptronClassifier(random_state=0, n_iter_no_change=5).fit(X, y)
    assert not unit.converged_
    assert unit.n_iter_ < 100


def test_averaged_weights_are_better_and_more_stable_on_overlapping_classes():
    X, y = make_classification(400, 5, flip_y=0.2, random_state=1)
    scores = {
        average: [
            PerceptronClassifier(average=average, random_state=s, n_iter_no_change=5)
            .fit(X[:200], y[:200])
            .score(X[200:], y[200:])
            for s in range(10)
        ]
        for average in (False, True)
    }
    assert np.mean(scores[True]) > np.mean(scores[False])
    assert np.std(scores[True]) < np.std(scores[False])


@pytest.mark.parametrize("average", [False, True])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_repeated_partial_fit_equals_one_fit(average, n_classes):
    X, y = make_blobs(120, centers=n_classes, cluster_std=4, random_state=0)
    params = {"average": average, "shuffle": False, "tol": None}
    with pytest.warns(ConvergenceWarning):
        whole = PerceptronClassifier(max_iter=4, **params).fit(X, y)
    parts = PerceptronClassifier(**params)
    for k in range(4):
        parts.partial_fit(X, y, classes=np.unique(y))
        if k == 1:
            parts = pickle.loads(pickle.dumps(parts))
    np.testing.assert_array_equal(whole.coef_, parts.coef_)
    np.testing.assert_array_equal(whole.intercept_, parts.intercept_)
    assert whole.mistake_curve_ == parts.mistake_curve_
    assert whole.t_ == parts.t_


def test_partial_fit_continues_from_assigned_weights():
    unit = PerceptronClassifier(random_state=0).partial_fit(CORNERS, GATES["and"], classes=[0, 1])
    unit.coef_, unit.intercept_ = np.array([[10, 10]]), np.array([-15])
    unit.partial_fit(CORNERS, GATES["and"])
    np.testing.assert_array_equal(unit.coef_, [[10, 10]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_perceptron_keeps_the_dtype(dtype):
    X, y = load_iris(return_X_y=True)
    unit = PerceptronClassifier(random_state=0, n_iter_no_change=3).fit(X.astype(dtype), y)
    assert unit.coef_.dtype == unit.intercept_.dtype == dtype
    assert unit.decision_function(X.astype(dtype)).dtype == dtype


def test_perceptron_stops_early_on_a_validation_score():
    X, y = make_classification(400, 5, flip_y=0.2, random_state=1)
    unit = PerceptronClassifier(early_stopping=True, random_state=0, n_iter_no_change=5).fit(X, y)
    assert unit.score(X, y) > 0.75


def test_perceptron_prints_its_epochs(capsys):
    PerceptronClassifier(verbose=1, random_state=0).fit(CORNERS, GATES["or"])
    assert "Iteration 1, share of mistakes = " in capsys.readouterr().out


# -- probabilities -----------------------------------------------------------------------------

OUT_OF_EPOCHS = pytest.mark.filterwarnings("ignore:The perceptron still made")


@OUT_OF_EPOCHS
@pytest.mark.parametrize("average", [False, True])
@pytest.mark.parametrize("y", [Y, Y > 0], ids=["three classes", "two"])
@pytest.mark.parametrize("make", [np.asarray, csr_array], ids=["dense", "sparse"])
def test_probabilities_rank_like_the_margins_and_agree_with_predict(average, y, make):
    perceptron = PerceptronClassifier(average=average, max_iter=20, tol=None, random_state=0)
    perceptron.fit(make(X), y)
    p, z = perceptron.predict_proba(make(X)), perceptron.decision_function(make(X))
    np.testing.assert_allclose(p.sum(axis=1), 1)
    np.testing.assert_array_equal(
        perceptron.classes_[p.argmax(axis=1)], perceptron.predict(make(X))
    )
    if z.ndim == 1:
        assert roc_auc_score(y, p[:, 1]) == roc_auc_score(y, z)
    assert log_loss(y, p) < log_loss(y, np.full_like(p, 1 / p.shape[1]))


def test_the_slope_is_fitted_to_the_samples_of_each_call():
    perceptron = PerceptronClassifier(random_state=0)
    slopes = [perceptron.partial_fit(X[:50], Y[:50] > 0, classes=[False, True]).slope_]
    slopes.append(perceptron.partial_fit(X, Y > 0).slope_)
    z = perceptron.decision_function(X)[:, np.newaxis]
    assert slopes[1] == fit_slope(z, (Y > 0).astype(int)) != slopes[0]


def test_a_perceptron_with_weights_set_by_hand_predicts_probabilities_0_and_1():
    gate = PerceptronClassifier.from_weights([1.0, 1.0], threshold=2.0)
    assert gate.slope_ == np.inf
    assert gate.predict_proba(CORNERS).tolist() == [[1, 0], [1, 0], [1, 0], [0, 1]]
    gate.partial_fit(CORNERS, [0, 0, 0, 1])
    assert 0 < gate.predict_proba(CORNERS)[0, 1] < 0.5 < gate.predict_proba(CORNERS)[3, 1] < 1


@OUT_OF_EPOCHS
def test_a_tuned_threshold_changes_the_predictions():
    data, y = make_classification(400, 6, weights=[0.9], flip_y=0.1, random_state=0)
    perceptron = PerceptronClassifier(average=True, max_iter=20, tol=None, random_state=0)
    tuned = TunedThresholdClassifierCV(perceptron, scoring="f1", response_method="predict_proba")
    tuned.fit(data, y)
    assert 0 < tuned.best_threshold_ < 1
    assert (tuned.predict(data) != tuned.estimator_.predict(data)).any()


def slope_by_hand(perceptron, samples, y):
    """Return the slope with the smallest cross-entropy for the sums of these samples."""
    z = np.reshape(perceptron.decision_function(samples), (len(y), -1)).astype(float)
    if z.shape[1] == 1:
        z = np.hstack([np.zeros_like(z), z])
    targets, largest = smoothed_targets(y, z.shape[1]), np.abs(z).max()

    def cross_entropy(log_s):
        return -(targets * log_softmax(np.exp(log_s) / largest * z, axis=1)).sum(axis=1).mean()

    return np.exp(minimize_scalar(cross_entropy, bounds=(-5, 9), method="bounded").x) / largest


@OUT_OF_EPOCHS
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    "params",
    [
        {},
        {"average": True},
        {"class_weight": "balanced"},
        {"class_weight": {0: 1, 1: 3}},
        {"early_stopping": True},
        {"eta0": 1e-6},
        {"fit_intercept": False},
    ],
    ids=str,
)
@pytest.mark.parametrize("y", [Y, (Y == 1).astype(int)], ids=["three classes", "two"])
def test_the_slope_is_the_best_one_for_all_samples_whatever_the_parameters(params, y, dtype):
    perceptron = PerceptronClassifier(max_iter=20, random_state=0, tol=None, **params)
    perceptron.fit(X.astype(dtype), y)
    np.testing.assert_allclose(
        perceptron.slope_, slope_by_hand(perceptron, X.astype(dtype), y), rtol=1e-3
    )
    p = perceptron.predict_proba(X.astype(dtype))
    assert p.dtype == np.float64
    np.testing.assert_array_equal(p.argmax(axis=1), perceptron.predict(X.astype(dtype)))


@pytest.mark.parametrize("gate", GATES)
def test_a_learned_gate_is_right_with_probabilities_below_1(gate):
    unit = PerceptronClassifier(random_state=0).fit(CORNERS, GATES[gate])
    p = unit.predict_proba(CORNERS)
    assert 0 < unit.slope_ < np.inf
    assert 0 < p.min() < p.max() < 1
    np.testing.assert_array_equal(p.argmax(axis=1), GATES[gate])


def test_the_slope_of_the_and_gate_satisfies_its_equation():
    unit = PerceptronClassifier(shuffle=False).fit(CORNERS, GATES["and"])
    z = unit.decision_function(CORNERS)
    # one yes and three no: targets of 2/3 and 1/5, and the mean of z (p - y) is 0
    error = expit(unit.slope_ * z) - np.array([1 / 5, 1 / 5, 1 / 5, 2 / 3])
    assert abs(z @ error) < 1e-6


@OUT_OF_EPOCHS
def test_a_perceptron_is_unsure_about_xor():
    unit = PerceptronClassifier(max_iter=20, tol=None, random_state=0).fit(CORNERS, [0, 1, 1, 0])
    assert 0 < unit.slope_ < np.inf
    np.testing.assert_allclose(unit.predict_proba(CORNERS), 0.5, atol=0.01)


@OUT_OF_EPOCHS
@pytest.mark.parametrize("average", [False, True])
@pytest.mark.parametrize("n_classes", [2, 4])
def test_probabilities_are_better_calibrated_than_0_and_1(average, n_classes):
    data, y = make_classification(
        600, 8, n_informative=5, n_classes=n_classes, flip_y=0.1, random_state=0
    )
    unit = PerceptronClassifier(average=average, max_iter=20, tol=None, random_state=0)
    unit.fit(data[:400], y[:400])
    p, truth = unit.predict_proba(data[400:]), np.eye(n_classes)[y[400:]]
    certain = np.eye(n_classes)[unit.predict(data[400:])]
    assert log_loss(y[400:], p) < np.log(n_classes) < log_loss(y[400:], certain)
    assert ((p - truth) ** 2).mean() < ((certain - truth) ** 2).mean()


@OUT_OF_EPOCHS
@pytest.mark.parametrize("make", [np.asarray, csr_array], ids=["dense", "sparse"])
def test_the_ranks_of_many_samples_are_those_of_their_margins(make):
    data, y = make_classification(2000, 8, flip_y=0.2, weights=[0.8], random_state=1)
    unit = PerceptronClassifier(max_iter=5, tol=None, random_state=0).fit(make(data), y)
    p, z = unit.predict_proba(make(data))[:, 1], unit.decision_function(make(data))
    np.testing.assert_array_equal(p.argsort(kind="stable"), z.argsort(kind="stable"))
    assert roc_auc_score(y, p) == roc_auc_score(y, z) > 0.7


@OUT_OF_EPOCHS
def test_a_warm_start_fits_the_slope_to_the_samples_of_the_last_fit():
    unit = PerceptronClassifier(warm_start=True, max_iter=5, tol=None, random_state=0)
    first = unit.fit(X, Y).slope_
    second = unit.fit(X[::2], Y[::2]).slope_
    assert second != first
    np.testing.assert_allclose(second, slope_by_hand(unit, X[::2], Y[::2]), rtol=1e-3)


@OUT_OF_EPOCHS
def test_a_copy_keeps_the_slope_and_a_clone_does_not():
    unit = PerceptronClassifier(max_iter=5, tol=None, random_state=0).fit(X, Y)
    copy = pickle.loads(pickle.dumps(unit))
    np.testing.assert_array_equal(copy.predict_proba(X), unit.predict_proba(X))
    assert not hasattr(clone(unit), "slope_")


@OUT_OF_EPOCHS
def test_a_perceptron_saved_by_a_version_without_slopes_predicts_0_and_1():
    unit = PerceptronClassifier(max_iter=5, tol=None, random_state=0).fit(X, Y)
    del unit.slope_
    np.testing.assert_array_equal(unit.predict_proba(X), np.eye(3)[unit.predict(X)])


@pytest.mark.parametrize("y", [[0, 1], [0, 1, 2]], ids=["two classes", "three"])
def test_samples_far_from_the_threshold_are_certain_without_a_warning(y):
    unit = PerceptronClassifier(random_state=0).fit(np.eye(3)[: len(y)], y)
    far = 1e12 * np.vstack([np.eye(3), -np.eye(3)])
    p = unit.predict_proba(far)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    np.testing.assert_array_equal(p.argmax(axis=1), unit.predict(far))
    assert set(p[:2].ravel()) == {0, 1}


def test_a_single_learned_sample_gives_odds_of_2():
    # it is wrongly answered with yes, z = 0, then b = -1 and w = -x: z = -2, and p = 1/3
    unit = PerceptronClassifier().partial_fit([[1.0]], ["no"], classes=["no", "yes"])
    assert unit.decision_function([[1.0]]) == -2
    assert unit.slope_ == pytest.approx(np.log(2) / 2)
    np.testing.assert_allclose(unit.predict_proba([[1.0], [3.0]]), [[2 / 3, 1 / 3], [4 / 5, 1 / 5]])


def test_identical_samples_give_a_slope_of_1_and_even_odds():
    with pytest.warns(ConvergenceWarning):
        unit = PerceptronClassifier(max_iter=4, tol=None).fit(np.zeros((4, 2)), [0, 1, 0, 1])
    unit.coef_, unit.intercept_ = unit.coef_ * 0, unit.intercept_ * 0
    np.testing.assert_allclose(unit.predict_proba(np.ones((2, 2))), 0.5)


@OUT_OF_EPOCHS
def test_a_tuned_threshold_raises_the_balanced_accuracy_on_other_samples():
    data, y = make_classification(900, 6, weights=[0.9], flip_y=0.05, class_sep=0.7, random_state=0)
    perceptron = PerceptronClassifier(average=True, max_iter=10, tol=None, random_state=0)
    tuned = TunedThresholdClassifierCV(
        perceptron, scoring="balanced_accuracy", response_method="predict_proba", cv=3
    ).fit(data[:600], y[:600])
    scores = [
        balanced_accuracy_score(y[600:], model.predict(data[600:]))
        for model in (tuned.estimator_, tuned)
    ]
    assert scores[1] > scores[0] + 0.1


@OUT_OF_EPOCHS
def test_a_stack_learns_more_from_probabilities_than_from_predictions():
    data, y = make_classification(600, 10, flip_y=0.1, class_sep=0.8, random_state=0)
    members = [
        ("steady", PerceptronClassifier(average=True, max_iter=10, tol=None, random_state=0)),
        ("last", PerceptronClassifier(max_iter=5, tol=None, random_state=1)),
    ]
    losses = {}
    for method in ("predict_proba", "predict"):
        stack = StackingClassifier(members, LogisticRegression(), stack_method=method, cv=3)
        stack.fit(data[:400], y[:400])
        losses[method] = log_loss(y[400:], stack.predict_proba(data[400:]))
    assert losses["predict_proba"] < losses["predict"]
