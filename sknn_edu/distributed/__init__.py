"""Training on all workers of a Dask cluster at once (extra ``distributed``).

- :mod:`~sknn_edu.distributed.data_parallel` - the meta-estimator
- :mod:`~sknn_edu.distributed.partitions` - Dask collections, or data of this process, as blocks
- :mod:`~sknn_edu.distributed.remote_blocks` - checked blocks on the workers
- :mod:`~sknn_edu.distributed.shards` - training on all of them, from this process
- :mod:`~sknn_edu.distributed.shard_tasks` - what a worker does with its shard
- :mod:`~sknn_edu.distributed.lazy` - predictions for Dask collections
- :mod:`~sknn_edu.distributed.cluster` - workers that may be lost

Nothing else in the package imports it.
"""

try:
    import distributed  # noqa: F401
except ImportError as error:
    raise ImportError(
        "sknn_edu.distributed trains on a Dask cluster and needs the package distributed: "
        'pip install "sknn_edu[distributed]".'
    ) from error

from sknn_edu.distributed.data_parallel import DataParallel

__all__ = ["DataParallel"]
