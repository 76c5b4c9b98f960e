"""A Dask cluster that may lose workers: what was lost is made again.

Dask runs a task again if its worker dies, and makes what the task needs again if it knows how: the
partitions of a Dask collection. It does not know how to make data that this process has sent. So
each such value is a :class:`Kept`, which remembers how it is made.
"""

from collections import Counter
from concurrent.futures import CancelledError
from contextlib import contextmanager
from weakref import WeakSet

import numpy as np
from distributed import get_client, worker_client
from distributed.comm import CommClosedError
from distributed.scheduler import KilledWorker
from distributed.worker import thread_state
from scipy.sparse import issparse

MAX_TRIES = 5
"""A round is given up when so many attempts in a row have lost data."""

SMALL = 2**24
"""Up to this many bytes, of all tasks together, travel with the tasks and back to the client.

More is sent to the workers once and combined there, which takes two more round trips.
"""

FAN_IN = 16
"""So many results are combined by one task."""

LOST = (
    "The connection to Dask's scheduler {address} was lost, so training cannot go on. The model as "
    "it was after {n} whole {what} is kept as estimator_. To go on from there, set warm_start=True "
    "on the estimator, connect a new Client and call fit again."
)

LOST_EARLY = (
    "The connection to Dask's scheduler {address} was lost before training began. Connect a new "
    "Client and call fit again."
)

GIVEN_UP = (
    "Data was lost with a worker {n} times in a row, or cannot be made again: {error}. Partitions "
    "that were scattered, or made from such, are lost with their worker; make them from files or "
    "from tasks."
)

NO_CLIENT = (
    "DataParallel trains on a Dask cluster, and there is no client that is connected to one. Start "
    "one, client = distributed.Client(...), before fit; or pass it, fit(X, y, client=client)."
)


class SchedulerLostError(ConnectionError):
    """The connection to Dask's scheduler was lost."""


class Kept:
    """A value on the cluster, made when it is needed, and again if it is lost.

    Parameters
    ----------
    make : callable ``make() -> Future``
    """

    def __init__(self, make):
        self._make, self._future = make, None

    @property
    def future(self):
        if self._future is None or self._future.status in ("cancelled", "lost"):
            self._future = self._make()
        return self._future

    def forget(self):
        """Let it be made again."""
        self._future = None


class Cluster:
    """The workers that a client is connected to.

    Parameters
    ----------
    client : distributed.Client

    Attributes
    ----------
    is_lost : bool
        Whether the scheduler is gone.
    """

    def __init__(self, client):
        self.client, self.is_lost = client, False
        self.address = client.scheduler.address
        self._homes, self._addresses, self._kept = {}, [], WeakSet()

    # -- values on the cluster -----------------------------------------------------------------

    def keep(self, make):
        """Return a :class:`Kept`."""
        kept = Kept(make)
        self._kept.add(kept)
        return kept

    def send(self, data, home):
        """Return arrays of this process, kept on the worker that is the home of a block.

        Parameters
        ----------
        data : ndarray, CSR array or other object, or a tuple of them
        home : int
        """

        def make():
            sent = self.client.scatter([data], workers=[self.worker(home)], hash=False)[0]
            return self.submit(aligned, sent, home=home)

        return self.keep(make)

    def derive(self, function, *inputs, home):
        """Return ``function(*inputs)``, kept; inputs may be kept, too."""
        return self.keep(lambda: self.submit(function, *inputs, home=home))

    def share(self, data, n_bytes, n_tasks):
        """Return data for all workers: sent once if it is large, else to be sent with each task."""
        if n_bytes * n_tasks <= SMALL:
            return data
        return self.client.scatter([data], broadcast=True, hash=False)[0]

    # -- work ----------------------------------------------------------------------------------

    def submit(self, function, *inputs, home):
        """Return the future of ``function(*inputs)``, preferably on the worker of a home."""
        inputs = [value.future if isinstance(value, Kept) else value for value in inputs]
        place = {"workers": [self.worker(home)], "allow_other_workers": True}
        return self.client.submit(function, *inputs, pure=False, **place)

    def begin(self, submit):
        """Return the futures that ``submit()`` returns, or None if that is not possible now."""
        try:
            if self.client.status == "running":
                self.assign(len(self._homes))
                return submit()
        except (CancelledError, CommClosedError, OSError):
            pass  # gather will say so
        return None

    def gather(self, submit):
        """Return the results of the futures that ``submit()`` returns; redo it if data is lost.

        If the scheduler is lost this raises KeyboardInterrupt, which ends training as if the user
        had stopped it: with the parameters of the last round.
        """
        for attempt in range(MAX_TRIES):
            self._refuse_if_lost()
            try:
                self.assign(len(self._homes))
                return self.client.gather(submit())
            except (CancelledError, CommClosedError, OSError) as error:
                self._refuse_if_lost(error)
                if not isinstance(error, CancelledError | CommClosedError):
                    raise  # a file that a task cannot read, say
                if attempt + 1 == MAX_TRIES:
                    raise RuntimeError(GIVEN_UP.format(n=MAX_TRIES, error=error)) from error
                if attempt > 0:  # what the client believes to be there may be gone
                    for kept in self._kept:
                        kept.forget()
            except KilledWorker as error:
                raise RuntimeError(
                    f"Several workers died one after the other while they computed the same task: "
                    f"{error} If they ran out of memory, use more shards (n_shards), smaller "
                    "partitions or workers with more memory."
                ) from error
        return None

    def _refuse_if_lost(self, error=None):
        if self.client.status != "running":
            self.is_lost = True
            raise KeyboardInterrupt from error

    def gather_combined(self, function, submit, n_bytes, n_tasks):
        """Return the results of ``submit()`` as one; order and grouping are always the same.

        ``function(*results)`` returns one result of the same kind, also if there is only one. The
        `n_tasks` results have `n_bytes` each: small ones are combined here, large ones on the
        workers.
        """
        at_most = FAN_IN if n_bytes * min(n_tasks, FAN_IN) <= SMALL else 1

        def submit_all():
            futures = submit()
            while len(futures) > at_most:
                futures = [
                    self.client.submit(function, *group, pure=False) for group in groups_of(futures)
                ]
            return futures

        results = self.gather(submit_all)
        return function(*results) if at_most > 1 else results[0]

    # -- workers -------------------------------------------------------------------------------

    def worker(self, home):
        """Return the address of the worker where a block is at home."""
        if home not in self._homes:
            self.assign(home + 1)
        return self._homes[home]

    def assign(self, n_homes):
        """Give each block a home; blocks of a lost worker move, and new workers get their share."""
        addresses = sorted(self.client.nthreads())
        if not addresses:
            self.client.wait_for_workers(1)
            addresses = sorted(self.client.nthreads())
        if addresses == self._addresses and n_homes <= len(self._homes):
            return
        self._addresses = addresses
        homes = {k: self._homes.get(k) for k in range(max(n_homes, len(self._homes)))}
        counts = Counter(dict.fromkeys(addresses, 0))
        counts.update(home for home in homes.values() if home in counts)
        for k, home in homes.items():
            is_there = home in counts
            if not is_there or counts[home] > min(counts.values()) + 1:
                fewest = min(addresses, key=lambda address: (counts[address], address))
                counts[fewest] += 1
                homes[k] = fewest
                if is_there:
                    counts[home] -= 1
        self._homes = homes

    def n_workers(self):
        """Return the number of workers."""
        return len(self.client.nthreads())

    def smallest_memory(self):
        """Return the memory limit of the smallest worker, in bytes; infinite where none is set."""
        workers = self.client.scheduler_info(n_workers=-1)["workers"].values()
        return min((w.get("memory_limit") or np.inf for w in workers), default=np.inf)


def aligned(data):
    """Return arrays at addresses that are a multiple of the size of a number.

    Arrays that come over the network start at any byte, and then everything takes half as long
    again.
    """
    if isinstance(data, tuple):
        return tuple(map(aligned, data))
    if isinstance(data, np.ndarray):
        return np.require(data, requirements="A")
    if issparse(data):
        parts = tuple(map(aligned, (data.data, data.indices, data.indptr)))
        return type(data)(parts, shape=data.shape)
    return data


def groups_of(items):
    """Return neighbours in groups of ``FAN_IN``."""
    return [items[k : k + FAN_IN] for k in range(0, len(items), FAN_IN)]


@contextmanager
def connected(client):
    """Within this context the client, or the current one if it is None, is at work.

    Within a task of Dask it is one whose thread does not count as busy while it waits.
    """
    if client is None:
        try:
            client = get_client()
        except ValueError:
            raise ValueError(NO_CLIENT) from None
    if getattr(thread_state, "execution_state", None) is None:
        yield client
        return
    with worker_client() as client:
        yield client
