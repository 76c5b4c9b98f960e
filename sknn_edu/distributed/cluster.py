"""A Dask cluster that may lose workers: what was lost is made again.

Dask runs a task again if its worker dies, and makes what the task needs again if it knows how: the
partitions of a Dask collection. It does not know how to make data that this process has sent. So
each such value is a :class:`Kept`, which remembers how it is made.
"""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import uuid4
from weakref import WeakSet

import numpy as np
from dask.highlevelgraph import HighLevelGraph, MaterializedLayer
from dask.utils import funcname
from distributed import Future, get_client, worker_client
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

LARGEST_MESSAGE = 6_000_000
"""At most so many bytes travel with tasks; Dask warns of messages of 10 MB."""

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


@dataclass(frozen=True, eq=False)
class Call:
    """A task that is not submitted yet: ``function(*inputs)``.

    Parameters
    ----------
    function : callable
    inputs : tuple
        Results of other tasks, :class:`Kept`, Future or Call; or values that travel with the task.
    home : int or None
        It runs on the worker that is the home of this block, if that worker is there.
    is_urgent : bool
        Whether it comes before others that wait for the same worker.
    """

    function: Callable[..., Any]
    inputs: tuple
    home: int | None = None
    is_urgent: bool = False


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
        self._following, self._last = None, []

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
            self.assign(len(self._homes))  # it can only be sent to a worker that is there
            sent = self.client.scatter([data], workers=[self.worker(home)], hash=False)[0]
            return self._submit([Call(aligned, (sent,), home)])[0]

        return self.keep(make)

    def derive(self, function, *inputs, home):
        """Return ``function(*inputs)``, kept; inputs may be kept, too."""
        return self.keep(lambda: self._submit([Call(function, inputs, home)])[0])

    def share(self, data, n_bytes, n_tasks):
        """Return data for all workers: sent once if it is large, else to be sent with the tasks."""
        if n_bytes <= LARGEST_MESSAGE and n_bytes * n_tasks <= SMALL:
            return data
        return self.client.scatter([data], broadcast=True, hash=False)[0]

    # -- work ----------------------------------------------------------------------------------

    def _submit(self, calls):
        """Return the futures of calls, which go to the scheduler as one message.

        Messages right after each other wait for 10 ms. What several tasks of a message are given is
        in it once.
        """
        layers, needs = {}, {}
        keys = [self._add(call, layers, needs) for call in calls]
        return self.client.get(HighLevelGraph(layers, needs), keys, sync=False) if keys else []

    def _add(self, call, layers, needs):
        """Add a call to the layers of a graph, with the calls that it needs; return its key."""
        key = f"{funcname(call.function)}-{uuid4().hex}"
        values, results, needs[key] = [], {}, set()
        for place, value in enumerate(call.inputs):
            if isinstance(value, Call):
                results[place] = self._add(value, layers, needs)
                needs[key].add(results[place])
            elif isinstance(value, Kept | Future):
                results[place] = value.future if isinstance(value, Kept) else value
            values.append(None if place in results else value)
        how = {"priority": 1} if call.is_urgent else {}
        if call.home is not None:
            how |= {"workers": [self.worker(call.home)], "allow_other_workers": True}
        function = partial(call_with_results, call.function, values, list(results))
        layers[key] = MaterializedLayer({key: (function, *results.values())}, annotations=how)
        return key

    def follow(self, make_calls, take):
        """Submit calls along with those of the next :meth:`gather`, which does not wait for them.

        Parameters
        ----------
        make_calls : callable ``make_calls() -> list of Call``
        take : callable ``take(futures)``
        """
        self._following = make_calls, take

    def gather(self, make_calls, meanwhile=None):
        """Return the results of the calls that ``make_calls()`` returns; redo them if data is lost.

        There may be futures among the calls. ``meanwhile()`` is called while the workers compute.
        If the scheduler is lost this raises KeyboardInterrupt, which ends training as if the user
        had stopped it: with the parameters of the last round.
        """
        for attempt in range(MAX_TRIES):
            self._refuse_if_lost()
            try:
                if attempt > 0:
                    self.assign(len(self._homes))
                futures = self._begun(make_calls())
                if meanwhile is not None:
                    meanwhile()
                return self.client.gather(futures)
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

    def begin(self, make_calls):
        """Return the futures of calls, or None if that is not possible now."""
        try:
            if self.client.status == "running":
                return self._begun(make_calls())
        except (CancelledError, CommClosedError, OSError):
            pass  # gather will say so
        return None

    def _begun(self, calls):
        """Return the futures of calls, and begin what was to follow."""
        (following, take), self._following = self._following or (list, list), None
        waiting = [call for call in calls if isinstance(call, Call)]
        submitted = self._submit([*waiting, *following()])
        take(submitted[len(waiting) :])
        new = iter(submitted)
        futures = [next(new) if isinstance(call, Call) else call for call in calls]
        # earlier results are dropped only now: that message would have kept the tasks waiting
        self._last = [*futures, *new]
        self.assign(len(self._homes))  # for the next calls, while the workers compute
        return futures

    def _refuse_if_lost(self, error=None):
        if self.client.status != "running":
            self.is_lost = True
            raise KeyboardInterrupt from error

    def combined(self, function, calls, n_bytes):
        """Return calls that leave less to combine; their order and grouping are always the same.

        ``function(*results)`` returns one result of the same kind, also if there is only one. Each
        result has `n_bytes`. Small ones come to the client as they are, and the caller combines
        them there; of large ones there is one call left.
        """
        at_most = FAN_IN if n_bytes * min(len(calls), FAN_IN) <= SMALL else 1
        while len(calls) > at_most:
            calls = [
                Call(function, tuple(calls[k : k + FAN_IN])) for k in range(0, len(calls), FAN_IN)
            ]
        return calls

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


def call_with_results(function, values, places, *results):
    """Return ``function(*values)``, with the results of other tasks in their places."""
    values = list(values)
    for place, result in zip(places, results, strict=True):
        values[place] = result
    return function(*values)


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
