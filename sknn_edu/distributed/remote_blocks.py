"""Checked samples on the workers of a Dask cluster: what a network in training sees of them."""

import cloudpickle
import numpy as np
import scipy.sparse

from sknn_edu.distributed.cluster import Call
from sknn_edu.distributed.shards import Shards, SharedDescent, SummedLoss
from sknn_edu.fitting.remote import RemoteSamples


class DaskSamples(RemoteSamples):
    """Checked samples on the workers; what a network in training sees of them.

    Parameters
    ----------
    cluster : Cluster
    blocks : list of Kept
        ndarray (n, n_features) or CSR array each; on their workers.
    sizes : list of int
        Their numbers of rows.
    n_features, dtype, is_sparse
        What they have in common.
    seed : int
        Of what blocks draw for themselves, if there are several.
    shuffle : bool
        Whether blocks shuffle their samples before each epoch, if there are several.
    batches_per_round : int or None
        After at most so many batches, or after each epoch, the blocks' parameters are averaged.
    outer_momentum : float or 'auto'
        See :class:`~sknn_edu.distributed.outer_momentum.OuterMomentum`.
    places : ndarray (n_samples,) or None
        Where each sample is among the rows of all blocks; None if they are in this order.
    """

    def __init__(
        self,
        cluster,
        blocks,
        sizes,
        n_features,
        dtype,
        is_sparse,
        *,
        seed=0,
        shuffle=True,
        batches_per_round=None,
        outer_momentum="auto",
        places=None,
    ):
        self.cluster, self.blocks, self.sizes, self.places = cluster, blocks, sizes, places
        self.shape, self.dtype, self.is_sparse = (int(sum(sizes)), n_features), dtype, is_sparse
        self.seed, self.shuffle, self.batches_per_round = seed, shuffle, batches_per_round
        self.outer_momentum = outer_momentum
        self.known_range = None

    learner, mean_loss = SharedDescent, SummedLoss

    @property
    def is_lost(self):
        return self.cluster.is_lost

    @property
    def shuffles(self):
        return len(self.blocks) > 1

    def split(self, rows):
        """Return for each block which of its rows are among these rows, in their order.

        Parameters
        ----------
        rows : ndarray of int

        Returns
        -------
        parts : list of ndarray of int
            Row numbers within each block.
        places : ndarray (rows.size,)
            Where each of the rows is in the concatenation of the parts.
        """
        if self.places is not None:
            rows = self.places[rows]
        stops = np.cumsum(self.sizes)
        of_block = np.searchsorted(stops, rows, side="right")
        sorter = np.argsort(of_block, kind="stable")
        counts = np.bincount(of_block, minlength=len(stops))
        local = (rows - (stops - self.sizes)[of_block])[sorter]
        places = np.empty_like(sorter)
        places[sorter] = np.arange(sorter.size)
        return np.split(local, np.cumsum(counts)[:-1]), places

    def __getitem__(self, rows):
        """Return some of the samples; they stay on their workers."""
        parts, places = self.split(np.arange(self.shape[0])[rows])
        there = [k for k, part in enumerate(parts) if part.size]
        blocks = [self.cluster.derive(take_rows, self.blocks[k], parts[k], home=k) for k in there]
        return DaskSamples(
            self.cluster, blocks, [parts[k].size for k in there], self.shape[1], self.dtype,
            self.is_sparse, seed=self.seed, shuffle=self.shuffle, places=places,
        )  # fmt: skip

    def per_block(self, function):
        task = cloudpickle.dumps(function)

        def make_calls():
            shared = self.cluster.share(task, len(task), len(self.blocks))
            return [
                Call(call_pickled, (shared, block), k, is_urgent=True)
                for k, block in enumerate(self.blocks)
            ]

        return self.cluster.gather(make_calls)

    def map_rows(self, function):
        results = np.concatenate(self.per_block(function))
        return results if self.places is None else results[self.places]

    def column_range(self):
        if self.known_range is None:
            self.known_range = super().column_range()
        return self.known_range

    def to_local(self):
        parts = self.per_block(as_it_is)
        is_sparse = self.is_sparse
        X = scipy.sparse.vstack(parts, format="csr") if is_sparse else np.concatenate(parts)
        return X if self.places is None else X[self.places]

    def batches(self, architecture, y, weight, targets, batch_size, dtype):
        return Shards(self, architecture, y, weight, targets, batch_size, dtype)


# -- what workers do ---------------------------------------------------------------------------


def call_pickled(function, X):
    """Return ``function(X)`` for a pickled function."""
    return cloudpickle.loads(function)(X)


def as_it_is(X):
    """Return X."""
    return X


def take_rows(X, rows):
    """Return some rows of X."""
    return X[rows]
