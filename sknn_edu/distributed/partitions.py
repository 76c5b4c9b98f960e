"""What users pass: Dask collections, or data of this process, as blocks of rows on workers."""

from functools import partial

import numpy as np
import scipy.sparse
from dask import compute
from dask.base import is_dask_collection
from scipy.sparse import issparse

from sknn_edu.distributed.cluster import Call, aligned
from sknn_edu.distributed.remote_blocks import DaskSamples
from sknn_edu.fitting.estimator import check_samples, check_with_first, rows_of
from sknn_edu.fitting.remote import RemoteSamples, column_range

MOST_BLOCKS = 256
"""L-BFGS sums over at most this many blocks, so that their number does not depend on workers."""

MEMORY_SHARE = 0.6
"""A block and the partitions that it is made of must fit this share of a worker's memory."""


def is_array(collection):
    """Return whether a Dask collection is an array rather than a data frame or a series."""
    return hasattr(collection, "chunks") and hasattr(collection, "rechunk")


def parts_of(collection, name):
    """Return the partitions of a Dask collection, delayed: blocks of rows with all columns."""
    if not hasattr(collection, "to_delayed") or not (
        is_array(collection) or hasattr(collection, "npartitions")
    ):
        raise TypeError(
            f"{name} must be a Dask array, data frame or series, or data of this process, such as "
            f"a NumPy array; got {type(collection).__name__}."
        )
    if not is_array(collection):
        return list(collection.to_delayed())
    if collection.ndim > 1 and len(collection.chunks[1]) > 1:
        collection = collection.rechunk({1: -1})
    return list(collection.to_delayed().ravel())


def to_client(data):
    """Return data as this process has it: a Dask collection is computed."""
    return compute(data)[0] if is_dask_collection(data) else data


# -- what workers do ---------------------------------------------------------------------------


def describe(X):
    """Return (the number of rows, whether X is sparse, its bytes)."""
    if issparse(X):
        n_bytes = X.data.nbytes + (X.indices.nbytes + X.indptr.nbytes if X.format == "csr" else 0)
    elif hasattr(X, "memory_usage"):
        n_bytes = int(X.memory_usage(deep=False).sum())
    else:
        n_bytes = int(getattr(X, "nbytes", 0))
    return np.shape(X)[0], issparse(X), n_bytes


def join(check, is_sparse, *parts):
    """Return partitions as one checked block."""
    checked = [check(part) for part in parts]
    if is_sparse:
        checked = [part if issparse(part) else scipy.sparse.csr_array(part) for part in checked]
        X = checked[0] if len(checked) == 1 else scipy.sparse.vstack(checked, format="csr")
    else:
        X = checked[0] if len(checked) == 1 else np.concatenate(checked)
    return aligned(X)


def side_by_side_rows(parts):
    """Return parts of y, or of weights, as one: series and frames stay what they are."""
    if hasattr(parts[0], "iloc"):
        import pandas as pd

        return pd.concat(parts)
    return scipy.sparse.vstack(parts) if issparse(parts[0]) else np.concatenate(parts)


# -- groups of partitions ----------------------------------------------------------------------


def contiguous_groups(sizes, n_groups):
    """Return lists of positions: neighbours, of about the same total size; none is empty.

    Parameters
    ----------
    sizes : list of int
    n_groups : int
        At most as many as there are sizes.
    """
    ends, starts = np.cumsum(sizes), [0]
    for k in range(1, n_groups):
        nearest = int(np.abs(ends - ends[-1] * k / n_groups).argmin()) + 1
        starts.append(min(max(nearest, starts[-1] + 1), len(sizes) - (n_groups - k)))
    return [list(range(*pair)) for pair in zip(starts, [*starts[1:], len(sizes)], strict=True)]


def number_of_shards(wanted, most, solver, n_workers, *, has_partitions):
    """Return the number of shards: as wanted, or the default, but at most `most`."""
    if wanted is None:
        wanted = MOST_BLOCKS if solver == "lbfgs" and has_partitions else n_workers
    return max(min(wanted, most), 1)


# -- samples that fit accepts ------------------------------------------------------------------


class SamplesToSend(RemoteSamples):
    """Samples of this process, before they are checked and sent to the workers.

    Parameters
    ----------
    cluster : Cluster
    X : array-like, data frame or sparse matrix
    options : dict
        ``wanted`` shards, ``solver``, and what :class:`DaskSamples` takes.
    """

    def __init__(self, cluster, X, wanted, solver, options):
        self.cluster, self.X, self.wanted, self.solver = cluster, X, wanted, solver
        self.options = options

    @property
    def shape(self):
        return np.shape(self.X)

    def to_local(self):
        return self.X

    def checked(self, estimator, y, dtype, reset):
        X, y = check_samples(estimator, self.X, y, dtype, reset)
        cluster, n = self.cluster, X.shape[0]
        n_blocks = number_of_shards(
            self.wanted, n, self.solver, cluster.n_workers(), has_partitions=False
        )
        self.n_blocks = n_blocks
        stops = [n * (k + 1) // n_blocks for k in range(n_blocks)]
        pieces = [X[start:stop] for start, stop in zip([0, *stops], stops, strict=False)]
        n_bytes = [describe(piece)[-1] for piece in pieces]
        refuse_too_large(cluster, n_bytes, sum(n_bytes), n_blocks)
        cluster.assign(n_blocks)
        blocks = [cluster.send(piece, k) for k, piece in enumerate(pieces)]
        sizes = [piece.shape[0] for piece in pieces]
        samples = DaskSamples(
            cluster, blocks, sizes, X.shape[1], X.dtype, issparse(X), **self.options
        )
        samples.known_range = column_range(X)
        return samples, y


class Partitions(RemoteSamples):
    """Partitions of a Dask collection, before they are checked and joined to blocks.

    Parameters
    ----------
    cluster : Cluster
    X : Dask array or data frame
    y, sample_weight : Dask collection, array-like or None
    wanted, solver, options
        See :class:`SamplesToSend`.

    Attributes
    ----------
    y, sample_weight
        In this process.
    """

    def __init__(self, cluster, X, y, sample_weight, wanted, solver, options):
        self.cluster, self.wanted, self.solver, self.options = cluster, wanted, solver, options
        self._refuse_known_to_be_too_large(X)
        given = {"X": X, "y": y, "sample_weight": sample_weight}
        delayed = {
            name: parts_of(data, name) for name, data in given.items() if is_dask_collection(data)
        }
        futures = dict(zip(delayed, self._computed(delayed.values()), strict=True))
        self._X = futures.pop("X")
        self._describe()
        here = {name: self._gathered(name, parts) for name, parts in futures.items()}
        self.y, self.sample_weight = here.get("y", y), here.get("sample_weight", sample_weight)
        self.shape = sum(self.sizes), self._n_features

    def _computed(self, lists):
        """Return lists of futures of lists of delayed partitions, computed at the same time."""
        futures = iter(self.cluster.client.compute([part for parts in lists for part in parts]))
        return [[next(futures) for _ in parts] for parts in lists]

    def _gathered(self, name, futures):
        """Return the partitions of y, or of the weights, as one; refuse others than those of X."""
        parts = self.cluster.gather(lambda: futures)
        sizes = [np.shape(part)[0] for part in parts]
        if len(sizes) == len(self.sizes):
            for k, (n, size) in enumerate(zip(self.sizes, sizes, strict=True)):
                if size != n:
                    raise ValueError(
                        f"In partition {k}, X has {n} rows, but {name} has {size}. Give {name} the "
                        "rows of X."
                    )
        if sum(sizes) != sum(self.sizes):
            raise ValueError(f"X has {sum(self.sizes)} rows, but {name} has {sum(sizes)}.")
        return side_by_side_rows([part for part, n in zip(parts, sizes, strict=True) if n])

    def _describe(self):
        """Find out how large the partitions are, and look at the first sample."""
        cluster = self.cluster
        found = cluster.gather(lambda: [Call(describe, (part,)) for part in self._X])
        self.sizes, sparse, self._n_bytes = zip(*found, strict=True)
        if sum(self.sizes) == 0:
            raise ValueError(
                f"X has {len(self.sizes)} partitions, but no samples (shape=(0, ...)); a minimum "
                "of 1 is required."
            )
        self.is_sparse = any(sparse)
        filled = self._X[next(k for k, size in enumerate(self.sizes) if size)]
        (self._first,) = cluster.gather(lambda: [Call(rows_of, (filled, [0]))])
        self._n_features = np.shape(self._first)[1] if np.ndim(self._first) == 2 else 1

    def _refuse_known_to_be_too_large(self, X):
        if is_array(X) and not np.isnan(X.nbytes):
            most = number_of_shards(
                self.wanted, X.numblocks[0], self.solver, self.cluster.n_workers(),
                has_partitions=True,
            )  # fmt: skip
            refuse_too_large(self.cluster, [X.nbytes / most], X.nbytes, most)

    def checked(self, estimator, y, dtype, reset):
        check, dtype, y = check_with_first(estimator, self._first, y, dtype, reset)
        if y.shape[0] != self.shape[0]:
            raise ValueError(f"X has {self.shape[0]} rows, but y has {y.shape[0]}.")
        cluster, filled = self.cluster, [k for k, size in enumerate(self.sizes) if size]
        n_blocks = number_of_shards(
            self.wanted, len(filled), self.solver, cluster.n_workers(), has_partitions=True
        )
        groups = contiguous_groups([self.sizes[k] for k in filled], n_blocks)
        groups = [[filled[k] for k in group] for group in groups]
        self.n_blocks = len(groups)
        n_bytes = [sum(self._n_bytes[k] for k in group) for group in groups]
        refuse_too_large(cluster, n_bytes, sum(n_bytes), n_blocks)
        cluster.assign(len(groups))
        blocks = [
            cluster.derive(
                partial(join, check, self.is_sparse), *(self._X[k] for k in group), home=home
            )
            for home, group in enumerate(groups)
        ]
        sizes = [sum(self.sizes[k] for k in group) for group in groups]
        samples = DaskSamples(
            cluster, blocks, sizes, self._n_features, dtype, self.is_sparse, **self.options
        )
        samples.column_range()  # computes and checks all blocks
        self._X = None  # the workers need not keep them
        self.to_local = samples.to_local
        return samples, y


def refuse_too_large(cluster, n_bytes, total, n_blocks):
    """Refuse blocks that do not fit the memory of a worker; Dask spills those that do."""
    limit = cluster.smallest_memory()
    if max(n_bytes) > MEMORY_SHARE * limit:
        raise MemoryError(
            f"X has {total:,.0f} bytes; in {n_blocks} shards the largest has {max(n_bytes):,.0f}, "
            f"which is more than {MEMORY_SHARE:.0%} of a worker's memory limit of {limit:,.0f} "
            "bytes. Use more shards (n_shards) and smaller partitions, X.rechunk(...) or "
            "X.repartition(...), workers with more memory, or float32."
        )
