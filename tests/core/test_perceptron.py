"""The perceptron rule, sample by sample."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from sknn_edu.core.perceptron import BLOCK, MistakeDriven, Perceptron, learn_epoch, winners


def one_by_one(W, b, X, y, order, eta, fit_intercept):
    """The rule as the tutorial states it, and the means of the weights after each sample."""
    W, b = W.copy(), b.copy()
    sum_W, sum_b = np.zeros_like(W), np.zeros_like(b)
    mistakes = np.zeros(eta.size, dtype=int)
    for i in order:
        z = X[i] @ W + b
        predicted = winners(z[np.newaxis])[0]
        if predicted != y[i]:
            mistakes[y[i]] += 1
            if z.size == 1:
                changes = [(0, eta[y[i]] if y[i] == 1 else -eta[y[i]])]
            else:
                changes = [(y[i], eta[y[i]]), (predicted, -eta[y[i]])]
            for column, change in changes:
                W[:, column] += change * X[i]
                b[column] += change * fit_intercept
        sum_W, sum_b = sum_W + W, sum_b + b
    return W, b, mistakes, sum_W / len(order), sum_b / len(order)


@pytest.mark.parametrize("container", [np.asarray, csr_array])
@pytest.mark.parametrize("fit_intercept", [True, False])
@given(n_classes=st.integers(2, 4), seed=st.integers(0, 1000))
def test_an_epoch_in_blocks_equals_the_rule_sample_by_sample(
    container, fit_intercept, n_classes, seed
):
    rng = np.random.default_rng(seed)
    n = BLOCK + 30
    X = rng.integers(-3, 4, size=(n, 3)).astype(float)  # whole numbers: sums are exact
    y = rng.integers(n_classes, size=n)
    k = 1 if n_classes == 2 else n_classes
    eta = rng.integers(1, 3, size=n_classes).astype(float)
    order = rng.permutation(n)
    perceptron = Perceptron.start(np.zeros((3, k)), np.zeros(k))
    mistakes = learn_epoch(perceptron, container(X), y, order, eta, fit_intercept)
    W, b, expected, mean_W, mean_b = one_by_one(
        np.zeros((3, k)), np.zeros(k), X, y, order, eta, fit_intercept
    )
    np.testing.assert_array_equal(perceptron.W, W)
    np.testing.assert_array_equal(perceptron.b, b)
    np.testing.assert_array_equal(mistakes, expected)
    np.testing.assert_allclose(perceptron.average()[0], mean_W, atol=1e-9)
    np.testing.assert_allclose(perceptron.average()[1], mean_b, atol=1e-9)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_wide_sparse_samples_are_learned_like_dense_ones(n_classes, dtype):
    rng = np.random.default_rng(0)
    n, n_features, k = 700, 300, 1 if n_classes == 2 else n_classes
    X = rng.integers(-3, 4, size=(n, n_features)) * (rng.random((n, n_features)) < 0.02)
    X, y = X.astype(dtype), (X[:, :n_classes].argmax(axis=1) + (X[:, 9] > 0)) % n_classes
    learned = []
    for container in (np.asarray, csr_array):
        perceptron = Perceptron.start(np.zeros((n_features, k), dtype), np.zeros(k, dtype))
        mistakes = [
            learn_epoch(perceptron, container(X), y, rng.permutation(n), np.ones(n_classes), True)
            for rng in map(np.random.default_rng, range(4))  # many mistakes, then few
        ]
        learned.append((perceptron.W, perceptron.b, perceptron.late_W, np.array(mistakes)))
    for dense, sparse in zip(*learned, strict=True):
        np.testing.assert_array_equal(sparse, dense)
    assert learned[0][3].sum(axis=1)[-1] < learned[0][3].sum(axis=1)[0] / 2


def test_an_entry_of_a_sparse_sample_may_be_stored_in_two_parts():
    X = csr_array((np.array([1.0, 2.0]), np.array([0, 0]), np.array([0, 2])), shape=(1, 1))
    perceptron = Perceptron.start(np.zeros((1, 1)), np.zeros(1))
    learn_epoch(perceptron, X, np.zeros(1, int), np.arange(1), np.ones(2), fit_intercept=True)
    np.testing.assert_array_equal(perceptron.W, [[-3]])
    assert X.nnz == 2


def test_a_weighted_sum_of_0_fires():
    np.testing.assert_array_equal(winners(np.array([[0.0], [-1e-300]])), [1, 0])


def test_the_first_of_several_tied_classes_wins():
    np.testing.assert_array_equal(winners(np.array([[1.0, 2.0, 2.0]])), [1])


def test_an_and_gate_worked_by_hand():
    # z = 0 fires: a mistake on (0, 0), b = -1; (1, 1) stays below: w = (1, 1), b = 0
    X, y = np.array([[0.0, 0.0], [1.0, 1.0]]), np.array([0, 1])
    perceptron = Perceptron.start(np.zeros((2, 1)), np.zeros(1))
    n_mistakes = learn_epoch(perceptron, X, y, np.arange(2), np.ones(2), fit_intercept=True)
    np.testing.assert_array_equal(n_mistakes, [1, 1])
    np.testing.assert_array_equal(perceptron.W, [[1], [1]])
    np.testing.assert_array_equal(perceptron.b, [0])
    W, b = perceptron.average()  # after each sample w = 0, then (1, 1); b = -1, then 0
    np.testing.assert_array_equal(W, [[0.5], [0.5]])
    np.testing.assert_array_equal(b, [-0.5])
    assert perceptron.t == 2


def test_a_learner_counts_its_mistakes_until_there_are_none():
    X, y = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([0, 0, 0, 1])
    perceptron = Perceptron.start(np.zeros((2, 1)), np.zeros(1))
    learner = MistakeDriven(perceptron, X, y, np.ones(2), fit_intercept=True)
    losses = [learner.epoch(np.arange(4)) for _ in range(10)]
    assert losses[0] > 0
    np.testing.assert_array_equal(np.array(learner.mistake_curve) / 4, losses)
    assert learner.is_perfect(losses[-1])
    assert learner.is_finite()
    assert not learner.continues_after_plateau()


def test_the_loss_weighs_mistakes_by_the_learning_rate_of_their_class():
    # both samples start below 0 or on it: the second is misclassified, and counts three times
    X, y = np.array([[-1.0], [-1.0]]), np.array([0, 1])
    perceptron = Perceptron.start(np.ones((1, 1)), np.zeros(1))
    learner = MistakeDriven(perceptron, X, y, np.array([1.0, 3.0]), fit_intercept=False)
    assert learner.epoch(np.arange(2)) == 0.75


def test_a_snapshot_is_independent_of_further_learning():
    perceptron = Perceptron.start(np.ones((1, 1)), np.zeros(1))
    learner = MistakeDriven(perceptron, -np.ones((1, 1)), np.ones(1, int), np.ones(2), True)
    snapshot = learner.snapshot()
    learner.epoch(np.arange(1))
    assert learner.perceptron.W[0, 0] == 0
    learner.restore(snapshot)
    assert learner.perceptron.W[0, 0] == 1
