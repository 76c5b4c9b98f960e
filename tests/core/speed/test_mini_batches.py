"""Samples copied out of the data, batch by batch."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from sknn_edu.core.speed.mini_batches import (
    COPIED_AT_ONCE,
    SMALL_DATA,
    MiniBatches,
    Samples,
    fill_targets,
)

DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32])
CONTAINERS = pytest.mark.parametrize("container", [np.asarray, csr_array])


@CONTAINERS
@pytest.mark.parametrize(
    ("n", "n_features", "batch_size"),
    [(10, 3, 4), (7, COPIED_AT_ONCE, 2), (6, 1, 5), (40, SMALL_DATA // 32, 3)],
)
@DTYPES
def test_batches_are_the_rows_in_order_with_a_column_of_ones(
    container, n, n_features, batch_size, dtype
):
    X = np.random.default_rng(0).normal(size=(n, n_features)).astype(dtype)
    y, weight = np.arange(n, dtype=dtype)[:, np.newaxis], np.arange(n, dtype=dtype)
    order = np.random.default_rng(1).permutation(n)
    shown = []
    for samples in MiniBatches(container(X), y, 1, weight, batch_size, dtype).over(order):
        inputs = samples.X.toarray() if container is csr_array else samples.X[:, :-1]
        if container is np.asarray:
            assert (samples.X[:, -1] == 1).all()
        assert samples.X.dtype == samples.y.dtype == dtype
        assert samples.total() == samples.weight.sum()
        assert samples.n % batch_size == 0 or len(shown) + samples.n == n
        rows = samples.y[0].astype(int)
        np.testing.assert_array_equal(inputs, X[rows])
        np.testing.assert_array_equal(samples.weight, rows)
        shown.extend(rows)
    np.testing.assert_array_equal(shown, order)


@CONTAINERS
def test_each_item_contains_its_samples_batch_by_batch(container):
    X, y = np.arange(22.0).reshape(11, 2), np.arange(11.0)[:, np.newaxis]
    batches = MiniBatches(container(X), y, 1, np.ones(11), 4, np.float64)
    (samples,) = batches.over(np.arange(11)[::-1])
    assert [batch.n for batch in samples.batches] == [4, 4, 3]
    assert [batch.total() for batch in samples.batches] == [4, 4, 3]
    shown = np.hstack([batch.y[0] for batch in samples.batches])
    np.testing.assert_array_equal(shown, np.arange(11)[::-1])
    for batch in samples.batches:
        batch.outputs[...] = batch.y
    np.testing.assert_array_equal(samples.outputs, samples.y)


def test_class_numbers_become_columns_with_a_single_one():
    batches = MiniBatches(np.ones((4, 2)), np.array([2, 0, 1, 2]), 3, None, 3, np.float32)
    shown = [samples.y.copy() for samples in batches.over(np.array([3, 1, 2]))]
    np.testing.assert_array_equal(np.hstack(shown), [[0, 1, 0], [0, 0, 1], [1, 0, 0]])


def test_several_columns_of_class_numbers_give_one_1_each():
    # two classes at outputs 0 and 1, three at outputs 2 to 4
    targets = np.full((5, 2), np.nan)
    fill_targets(targets, np.array([[0, 4], [1, 2]]))
    np.testing.assert_array_equal(targets.T, [[1, 0, 0, 0, 1], [0, 1, 1, 0, 0]])
    fill_targets(targets[:2], np.array([[0.5, -1.0], [2.0, 3.0]]))
    np.testing.assert_array_equal(targets[:2].T, [[0.5, -1], [2, 3]])


@DTYPES
def test_smoothed_targets_are_moved_towards_uniform_ones(dtype):
    uniform = np.full((3, 1), 1 / 3, dtype)
    batches = MiniBatches(np.ones((2, 1), dtype), np.array([2, 0]), 3, None, 2, dtype, 0.3, uniform)
    (samples,) = batches.over(np.array([0, 1]))
    assert samples.y.dtype == dtype
    np.testing.assert_allclose(samples.y.T, [[0.1, 0.1, 0.8], [0.8, 0.1, 0.1]], rtol=1e-6)


def test_a_single_batch_of_all_samples_is_copied_once_in_the_order_of_the_data():
    y = np.arange(5.0)[:, np.newaxis]
    batches = MiniBatches(np.ones((5, 2)), y, 1, None, 5, np.float64)
    first, second = (next(batches.over(order)) for order in (np.arange(5)[::-1], np.arange(5)))
    assert first is second
    np.testing.assert_array_equal(first.y[0], y[:, 0])


def test_a_single_batch_of_some_samples_contains_these_samples():
    y = np.arange(5.0)[:, np.newaxis]
    batches = MiniBatches(np.ones((5, 2)), y, 1, None, 5, np.float64)
    (samples,) = batches.over(np.array([4, 2]))
    np.testing.assert_array_equal(samples.y[0], [4, 2])


def test_in_order_copies_small_data_only_once():
    X = np.arange(2000.0)[:, np.newaxis]
    few = MiniBatches(X, X, 1, None, 300, np.float64)
    assert next(few.in_order()) is next(few.in_order())
    many = MiniBatches(np.tile(X, 100), X, 1, None, 300, np.float64)
    shown = [batch.y[0].copy() for samples in many.in_order() for batch in samples.batches]
    assert max(map(len, shown)) == 300
    np.testing.assert_array_equal(np.hstack(shown), X[:, 0])


@DTYPES
def test_float64_data_is_converted_to_the_dtype_of_the_network(dtype):
    X = np.random.default_rng(0).normal(size=(6, 2))
    batches = MiniBatches(X, X, 2, None, 4, dtype)
    (samples,) = batches.over(np.arange(6))
    assert samples.X.dtype == samples.y.dtype == dtype
    np.testing.assert_array_equal(samples.X[:, :-1], X.astype(dtype))


def test_the_data_is_never_written_to():
    X, y, weight = np.ones((6, 2)), np.ones((6, 1)), np.ones(6)
    for array in (X, y, weight):
        array.flags.writeable = False
    for samples in MiniBatches(X, y, 1, weight, 4, np.float64, 0.5, np.zeros((1, 1))).over(
        np.arange(6)
    ):
        samples.X[:], samples.y[:], samples.weight[:] = 0, 0, 0
    assert X.min() == y.min() == weight.min() == 1


def test_losses_are_summed_with_their_weights():
    losses, empty = np.array([1.0, 2.0, 4.0]), np.zeros((1, 3))
    assert Samples(empty.T, empty, None, empty, 3).sum(losses) == 7
    assert Samples(empty.T, empty, None, empty, 3).total() == 3
    weighted = Samples(empty.T, empty, np.array([1.0, 0.0, 0.5]), empty, 3)
    assert (weighted.sum(losses), weighted.total()) == (3, 1.5)
