"""Samples that are not in this process: the seam for training on several machines.

``fit`` accepts :class:`RemoteSamples` as X. Targets and weights, a few bytes for each sample, are
here as always, so everything that is learned from them is learned as always: classes, class
weights, the unit of the targets, the validation split. What needs the features goes through the
methods of this class. :mod:`sknn_edu.distributed` implements them on Dask.
"""

from functools import partial

import numpy as np
from scipy.sparse import issparse

from sknn_edu.core.gradient_descent import GradientDescent
from sknn_edu.core.lbfgs import MeanLoss


class RemoteSamples:
    """Samples on other machines; a base class.

    Attributes
    ----------
    shape : tuple of int
    ndim : int
        2.
    dtype : dtype
    is_sparse : bool
    is_lost : bool
        Whether the machines are gone.
    shuffles : bool
        Whether the learner shuffles the samples before an epoch; otherwise the order that it is
        given is shuffled already.

    Notes
    -----
    Methods that implementations have besides those below:

    - ``checked(estimator, y, dtype, reset)`` returns the checked samples and y, as
      :func:`check_remote` describes.
    - ``X[rows]`` returns some of the samples, in this order; they stay where they are.
    - ``to_local()`` returns them as an array of this process.
    - ``map_rows(function)`` returns ``function(X)``, which has a row for each row of X, computed
      where the samples are.
    - ``per_block(function)`` returns a list of ``function(X)`` for each block of rows.
    - ``batches(architecture, y, weight, targets, batch_size, dtype)`` returns what the learner and
      the mean loss take as their ``batches``.
    """

    ndim, is_lost, shuffles = 2, False, False
    learner, mean_loss = GradientDescent, MeanLoss

    def __array__(self, dtype=None, copy=None):
        """Return the samples as an array of this process, for scorers and callbacks."""
        X = self.to_local()
        return np.asarray(X.toarray() if issparse(X) else X, dtype)

    def column_range(self):
        """Return the smallest and the largest value of each column."""
        low, high = zip(*self.per_block(column_range), strict=True)
        return np.min(low, axis=0), np.max(high, axis=0)


def is_remote(X):
    """Return whether samples are not in this process."""
    return isinstance(X, RemoteSamples)


def is_sparse_matrix(X):
    """Return whether samples, wherever they are, are sparse."""
    return X.is_sparse if isinstance(X, RemoteSamples) else issparse(X)


def to_local(X):
    """Return samples as an array or sparse matrix of this process."""
    return X.to_local() if is_remote(X) else X


def map_rows(function, X):
    """Return ``function(X)``, which has a row for each row of X, computed where the samples are."""
    return X.map_rows(function) if is_remote(X) else function(X)


def column_range(X):
    """Return the smallest and the largest value of each column of X, wherever it is."""
    if is_remote(X):
        return X.column_range()
    low, high = X.min(axis=0), X.max(axis=0)
    return (low.toarray().ravel(), high.toarray().ravel()) if issparse(X) else (low, high)


def output_sums_of(architecture, parameters, X):
    """Return z of the output layer for samples X: (n_samples, n_outputs)."""
    if not is_remote(X):
        return architecture.output_sums(parameters, X)
    return X.map_rows(partial(output_sums_at, architecture, parameters.theta))


def output_sums_at(architecture, theta, X):
    """Return z of the output layer for local samples X and a vector of all parameters."""
    parameters = architecture.parameters(theta.dtype)
    parameters.theta[:] = theta
    return architecture.output_sums(parameters, X)
