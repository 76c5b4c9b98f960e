"""Long vectors in cache-sized chunks."""

import numpy as np
import pytest

from sknn_edu.core.speed.chunks import CHUNK_LENGTH, scalar_if_constant, split_into_chunks

LENGTHS = pytest.mark.parametrize(
    "n", [1, CHUNK_LENGTH - 1, CHUNK_LENGTH, CHUNK_LENGTH + 1, 3 * CHUNK_LENGTH + 5]
)


@LENGTHS
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_chunks_are_views_that_cover_each_vector_once(n, dtype):
    vectors = [np.zeros(n, dtype) for _ in range(4)]
    theta, gradient, *memory = vectors
    chunks = split_into_chunks(theta, gradient, memory, np.ones(n, dtype), None)
    for chunk in chunks:
        assert chunk.theta.size <= CHUNK_LENGTH
        assert chunk.workspace.size == chunk.theta.size
        assert chunk.workspace.dtype == dtype
        for part in (chunk.theta, chunk.gradient, *chunk.memory):
            part += 1
    assert all((vector == 1).all() for vector in vectors)


def test_chunks_share_their_workspace():
    n = 2 * CHUNK_LENGTH + 5
    first, second, last = split_into_chunks(np.ones(n), np.ones(n), [], np.ones(n), None)
    assert np.shares_memory(first.workspace, second.workspace)
    assert np.shares_memory(first.workspace, last.workspace)
    assert last.workspace.size == 5


def test_constant_vectors_of_a_chunk_become_a_single_number():
    n = 2 * CHUNK_LENGTH
    is_weight, multipliers = np.ones(n), np.full(n, 3.0)
    is_weight[-1], multipliers[0] = 0, 2
    first, second = split_into_chunks(np.ones(n), np.ones(n), [], is_weight, multipliers)
    assert first.is_weight.shape == first.l2.shape == ()
    assert second.is_weight.shape == second.l2.shape == (CHUNK_LENGTH,)
    assert first.multipliers.shape == first.rates.shape == (CHUNK_LENGTH,)
    assert second.multipliers.shape == ()
    assert second.rates is None
    assert (first.is_weight, second.multipliers) == (1, 3)
    np.testing.assert_array_equal(second.is_weight, is_weight[CHUNK_LENGTH:])
    np.testing.assert_array_equal(first.multipliers, multipliers[:CHUNK_LENGTH])
    assert not np.shares_memory(first.l2, first.is_weight)
    assert not np.shares_memory(first.rates, first.multipliers)


def test_without_multipliers_there_are_no_rates():
    (chunk,) = split_into_chunks(np.ones(3), np.ones(3), [], np.ones(3), None)
    assert chunk.multipliers is chunk.rates is None


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_only_a_constant_vector_becomes_a_scalar(dtype):
    constant = scalar_if_constant(np.full(3, 0.5, dtype))
    assert constant.shape == ()
    assert constant.dtype == dtype
    assert constant == 0.5
    other = np.array([0, 0, 1], dtype)
    assert scalar_if_constant(other) is other
