"""Predictions for Dask collections: lazy, and computed block by block on the workers."""

import dask.array as da
import numpy as np
from dask import delayed
from dask.base import is_dask_collection

from sknn_edu.distributed.partitions import is_array, parts_of


def of_blocks(estimator, method, X):
    """Return what a method of a fitted estimator returns for X; lazily for a Dask collection.

    Parameters
    ----------
    estimator : estimator
    method : str
        Such as ``'predict'``.
    X : Dask array or data frame, or array-like of shape (n_samples, n_features)

    Returns
    -------
    result : ndarray or Dask array, or a list of them
    """
    if not is_dask_collection(X):
        return getattr(estimator, method)(X)
    results = example_of(estimator, method)
    n_results = len(results) if isinstance(results, list) else None
    examples = results if n_results is not None else [results]
    parts, shared = parts_of(X, "X"), delayed(estimator)
    sizes = X.chunks[0] if is_array(X) else [np.nan] * len(parts)
    blocks = [delayed(of_block, nout=n_results)(shared, method, part, results) for part in parts]
    wholes = []
    for j, example in enumerate(examples):
        columns = example.shape[1:]
        wholes.append(
            da.concatenate(
                [
                    da.from_delayed(
                        block if n_results is None else block[j], (size, *columns), example.dtype
                    )
                    for block, size in zip(blocks, sizes, strict=True)
                ],
                allow_unknown_chunksizes=True,
            )
        )
    return wholes if n_results is not None else wholes[0]


def of_block(estimator, method, X, example):
    """Return what a method returns for some samples; for none, what has the shape of that."""
    if X.shape[0] > 0:
        return getattr(estimator, method)(X)
    return [a[:0] for a in example] if isinstance(example, list) else example[:0]


def example_of(estimator, method):
    """Return what a method returns for one sample, whose features are all 0."""
    x = np.zeros((1, estimator.n_features_in_))
    if hasattr(estimator, "feature_names_in_"):
        import pandas as pd

        x = pd.DataFrame(x, columns=estimator.feature_names_in_)
    return getattr(estimator, method)(x)
