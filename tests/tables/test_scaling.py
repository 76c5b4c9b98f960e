"""Centres and scales of the numbers of a table, with and without weights."""

import numpy as np
import pytest

from sknn_edu.tables.scaling import as_frequencies, center_and_scale, scale_and_clip

SCALINGS = pytest.mark.parametrize("scaling", ["robust", "standard"])


@SCALINGS
def test_an_integer_weight_equals_repeated_rows(scaling):
    rng = np.random.default_rng(0)
    numbers, weight = rng.normal(size=(40, 3)), rng.integers(1, 5, 40).astype(float)
    numbers[rng.random((40, 3)) < 0.2] = np.nan
    weighted = center_and_scale(numbers, scaling, weight)
    repeated = center_and_scale(np.repeat(numbers, weight.astype(int), axis=0), scaling)
    np.testing.assert_allclose(weighted, repeated, rtol=1e-12)


@SCALINGS
def test_equal_weights_change_nothing(scaling):
    numbers = np.random.default_rng(1).normal(size=(31, 2))
    expected = center_and_scale(numbers, scaling)
    weight = as_frequencies(np.full(31, 0.3))
    np.testing.assert_allclose(center_and_scale(numbers, scaling, weight), expected, rtol=1e-12)


def test_other_weights_are_scaled_to_a_mean_of_1():
    np.testing.assert_allclose(as_frequencies(np.array([0.5, 1.0])), [2 / 3, 4 / 3])
    np.testing.assert_array_equal(as_frequencies(np.array([2.0, 1.0])), [2, 1])


@SCALINGS
def test_a_column_that_spans_all_of_float64_keeps_its_order(scaling):
    x = np.array([-1.7e308, -1e308, 0.0, 1e308, 1.7e308])[:, np.newaxis]
    center, scale = center_and_scale(x, scaling)
    z = scale_and_clip(x, center, scale, 3.0, 1e150)[:, 0]
    assert np.isfinite(scale).all()
    assert (np.diff(z) > 0.1).all()


def test_a_large_centre_does_not_reduce_the_precision():
    x = 1e8 + np.arange(5.0)[:, np.newaxis]
    z = scale_and_clip(x, *center_and_scale(x, "robust"), None, 1e150)
    np.testing.assert_array_equal(z[:, 0], [-1, -0.5, 0, 0.5, 1])
