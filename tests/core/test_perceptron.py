"""Chapter 1: the rule, sample by sample."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from sknn_edu.core.perceptron import BLOCK, Perceptron, learn_epoch, winners


def one_by_one(W, b, X, y, order, eta, fit_intercept):
    """The rule as the tutorial states it; also the mean of the weights after each sample."""
    W, b = W.copy(), b.copy()
    sum_W, sum_b = np.zeros_like(W), np.zeros_like(b)
    mistakes = np.zeros(eta.size, dtype=int)
    for i in order:
        z = X[i] @ W + b
        answer = winners(z[np.newaxis])[0]
        if answer != y[i]:
            mistakes[y[i]] += 1
            if z.size == 1:
                changes = [(0, eta[y[i]] if y[i] == 1 else -eta[y[i]])]
            else:
                changes = [(y[i], eta[y[i]]), (answer, -eta[y[i]])]
            for column, change in changes:
                W[:, column] += change * X[i]
                b[column] += change * fit_intercept
        sum_W, sum_b = sum_W + W, sum_b + b
    return W, b, mistakes, sum_W / len(order), sum_b / len(order)


@pytest.mark.parametrize("container", [np.asarray, csr_array])
@pytest.mark.parametrize("fit_intercept", [True, False])
@given(n_classes=st.integers(2, 4), seed=st.integers(0, 1000))
def test_an_epoch_in_blocks_is_the_rule_one_by_one(container, fit_intercept, n_classes, seed):
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


def test_a_tie_fires():
    np.testing.assert_array_equal(winners(np.array([[0.0], [-1e-300]])), [1, 0])


def test_the_first_of_several_tied_classes_wins():
    np.testing.assert_array_equal(winners(np.array([[1.0, 2.0, 2.0]])), [1])
