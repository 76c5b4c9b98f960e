"""Probabilities from margins: one slope, fitted by the cross-entropy with smoothed targets."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from sknn_edu.core.beyond.margins import fit_slope, margin_probabilities, smoothed_targets

RNG = np.random.default_rng(0)
EACH_NUMBER_OF_CLASSES = pytest.mark.parametrize("k", [1, 3, 5])


def overlapping(k, n=300):
    """Weighted sums of k units for n samples, and their class numbers; k = 1 has two classes."""
    y = RNG.integers(0, max(k, 2), n)
    if k == 1:
        return (2 * y - 1 + RNG.normal(size=n))[:, np.newaxis], y
    return np.eye(k)[y] * 2 + RNG.normal(size=(n, k)), y


def cross_entropy(s, z, y):
    both = np.hstack([np.zeros_like(z), z]) if z.shape[1] == 1 else z
    return -(smoothed_targets(y, both.shape[1]) * log_softmax(s * both, axis=1)).sum(axis=1).mean()


def test_targets_worked_by_hand():
    # two samples of class 0 and one of class 1, of two classes: 3/4 and 1/4, and 1/3 and 2/3
    targets = smoothed_targets(np.array([0, 0, 1]), 2)
    np.testing.assert_allclose(targets, [[3 / 4, 1 / 4], [3 / 4, 1 / 4], [1 / 3, 2 / 3]])


@EACH_NUMBER_OF_CLASSES
def test_the_slope_has_the_smallest_cross_entropy(k):
    z, y = overlapping(k)
    best = minimize_scalar(lambda s: cross_entropy(s, z, y), bounds=(1e-3, 100), method="bounded")
    np.testing.assert_allclose(fit_slope(z, y), best.x, rtol=1e-4)
    for factor in (1e-9, 1e9):  # the slope compensates for the scale of the sums
        np.testing.assert_allclose(fit_slope(factor * z, y), best.x / factor, rtol=1e-4)


@EACH_NUMBER_OF_CLASSES
def test_probabilities_sum_to_1_rank_like_the_sums_and_agree_with_the_prediction(k):
    z, y = overlapping(k)
    p = margin_probabilities(fit_slope(z, y), z)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    winner = (z[:, 0] >= 0).astype(int) if k == 1 else z.argmax(axis=1)
    np.testing.assert_array_equal(p.argmax(axis=1), winner)
    if k == 1:
        np.testing.assert_array_equal(p[:, 1].argsort(), z[:, 0].argsort())


def test_probabilities_agree_with_the_prediction_in_a_tie_and_under_rounding():
    p = margin_probabilities(1.0, np.array([[0.0], [-0.0], [800.0], [-800.0]]))
    assert p.argmax(axis=1).tolist() == [1, 1, 1, 0]
    p = margin_probabilities(1.0, np.array([[0.0, 1e-17], [0.0, 0.0], [-900.0, 900.0]]))
    assert p.argmax(axis=1).tolist() == [1, 0, 1]


def test_separable_classes_have_a_finite_slope():
    z, y = np.array([[-2.0], [-1.0], [1.0], [2.0]]), np.array([0, 0, 1, 1])
    s = fit_slope(z, y)
    assert 0.5 < s < 2
    assert margin_probabilities(s, z)[3, 1] > 0.75


@pytest.mark.parametrize(
    ("z", "y"),
    [
        (np.array([[1.0], [-1.0]]), np.array([0, 1])),  # each on the wrong side
        (np.zeros((3, 1)), np.array([0, 1, 1])),
        (np.full((2, 3), np.inf), np.array([0, 1])),
        (np.array([[3.0]]), np.array([1])),
    ],
    ids=["wrong", "zeros", "infinite", "one sample"],
)
def test_uninformative_sums_have_a_positive_slope(z, y):
    with np.errstate(invalid="ignore"):
        s = fit_slope(z, y)
    assert 0 < s < np.inf


def test_slopes_worked_by_hand():
    # one sample of each of two classes at the margins -1 and 1: p = 2/3, the odds e^s are 2
    assert fit_slope(np.array([[-1.0], [1.0]]), np.array([0, 1])) == pytest.approx(np.log(2))
    # the same with a unit for each class, whose sums differ by 1
    assert fit_slope(np.eye(2), np.array([0, 1])) == pytest.approx(np.log(2))
    # of three classes: p = e^s / (e^s + 2) = 2/4
    assert fit_slope(np.eye(3), np.array([0, 1, 2])) == pytest.approx(np.log(2))
    # nine samples of each class: p = 10/11
    z, y = np.repeat([[-1.0], [1.0]], 9, axis=0), np.repeat([0, 1], 9)
    assert fit_slope(z, y) == pytest.approx(np.log(10))


@EACH_NUMBER_OF_CLASSES
def test_the_derivative_of_the_cross_entropy_is_0_at_the_best_slope(k):
    z, y = overlapping(k)
    both = np.hstack([-z, z]) / 2 if k == 1 else z
    error = margin_probabilities(fit_slope(z, y), z) - smoothed_targets(y, both.shape[1])
    assert abs((both * error).sum(axis=1).mean()) < 1e-7


def test_one_very_large_sum_does_not_determine_the_slope():
    z, y = overlapping(1, n=2000)
    z[0], y[0] = 1000.0, 1
    best = minimize_scalar(lambda s: cross_entropy(s, z, y), bounds=(1e-3, 100), method="bounded")
    np.testing.assert_allclose(fit_slope(z, y), best.x, rtol=1e-4)


def test_targets_of_a_chunk_without_samples_of_a_class_still_sum_to_1():
    targets = smoothed_targets(np.array([2, 2]), 3)
    np.testing.assert_allclose(targets, [[1 / 5, 1 / 5, 3 / 5]] * 2)
    assert fit_slope(np.array([[0.0, 0.0, 1.0]] * 2), np.array([2, 2])) == pytest.approx(np.log(3))


@EACH_NUMBER_OF_CLASSES
def test_margins_that_are_mostly_wrong_give_probabilities_close_to_uniform(k):
    z, y = overlapping(k)
    p = margin_probabilities(fit_slope(-z, y), -z)
    np.testing.assert_allclose(p, 1 / p.shape[1], atol=0.006)
    assert (np.ptp(p, axis=1) > 0).all()


@pytest.mark.parametrize("k", [3, 5])
def test_each_row_ranks_the_classes_like_their_sums(k):
    z, y = overlapping(k)
    p = margin_probabilities(fit_slope(z, y), z)
    np.testing.assert_array_equal(p.argsort(axis=1), z.argsort(axis=1))


@EACH_NUMBER_OF_CLASSES
@pytest.mark.parametrize("s", [1e-12, 1.0, 1e12])
@pytest.mark.parametrize("digits", [0, 1, 16])
def test_the_most_probable_class_is_the_prediction_despite_rounding(k, s, digits):
    z = np.round(RNG.normal(size=(2000, k)), digits)  # with few digits there are many ties
    p = margin_probabilities(s, z)
    winner = (z[:, 0] >= 0).astype(int) if k == 1 else z.argmax(axis=1)
    np.testing.assert_array_equal(p.argmax(axis=1), winner)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    assert 0 <= p.min() <= p.max() <= 1
