"""Arrays that are aligned to cache lines, and copies of rows."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from sknn_edu.core.speed.arrays import CACHE_LINE, RowCopies, is_sparse, scalar, zeros

DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32])


@pytest.mark.parametrize("shape", [(), 5, (3, 7)], ids=str)
@DTYPES
def test_arrays_of_zeros_start_at_a_cache_line(shape, dtype):
    array = zeros(shape, dtype)
    assert CACHE_LINE == 64
    assert array.ctypes.data % 64 == 0
    assert array.dtype == dtype
    assert array.flags.c_contiguous
    assert array.flags.writeable
    np.testing.assert_array_equal(array, np.zeros(shape))


def test_arrays_of_zeros_do_not_share_memory():
    first, second = zeros(3, np.float64), zeros(3, np.float64)
    first += 1
    assert (second == 0).all()


@DTYPES
def test_a_scalar_is_a_zero_dimensional_array(dtype):
    half = scalar(0.5, dtype)
    assert half.shape == ()
    assert half.dtype == dtype
    assert half == 0.5


def test_everything_but_an_ndarray_is_sparse():
    assert is_sparse(csr_array(np.eye(2)))
    assert not is_sparse(np.eye(2))


@DTYPES
@pytest.mark.parametrize("container", [np.asarray, csr_array])
def test_rows_are_copied_in_the_requested_order(container, dtype):
    X = np.random.default_rng(0).normal(size=(9, 4)).astype(dtype)
    copies = RowCopies(container(X), 5)
    for rows in ([3, 1, 1, 8, 0], [2], [7, 6]):
        copied = copies(np.array(rows))
        assert copied.dtype == dtype
        copied = copied.toarray() if copies.is_sparse else copied
        np.testing.assert_array_equal(copied, X[rows])


def test_copies_of_dense_rows_share_one_buffer_and_do_not_change_the_data():
    X = np.arange(12.0).reshape(4, 3)
    X.flags.writeable = False
    copies = RowCopies(X, 2)
    first, second = copies(np.array([0, 1])), copies(np.array([3]))
    assert np.shares_memory(first, second)
    assert not np.shares_memory(first, X)
    first[:] = 0
    np.testing.assert_array_equal(X, np.arange(12.0).reshape(4, 3))


def test_a_fortran_ordered_array_is_copied_as_well():
    X = np.asfortranarray(np.arange(12.0).reshape(4, 3))
    np.testing.assert_array_equal(RowCopies(X, 4)(np.array([2, 0])), X[[2, 0]])
