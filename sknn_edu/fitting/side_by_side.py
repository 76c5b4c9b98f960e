"""Fits that run side by side in threads, each with one thread of BLAS.

A matrix product of a few hundred rows gains little from a second thread, while two products in two
threads take the time of one. Threads of Python suffice, because NumPy releases the interpreter's
lock during a product. Several threads of BLAS for each fit would be of no use: OpenBLAS lets only
one of the fits have them at a time.
"""

from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import ContextVar, copy_context
from threading import Event

from sklearn import config_context, get_config
from threadpoolctl import ThreadpoolController

PATIENCE = 0.1
"""Seconds between two looks at an interrupt of the keyboard."""

_interrupt: ContextVar[Event | None] = ContextVar("interrupt", default=None)


def is_interrupted():
    """Return whether the fits that run side by side with this one were interrupted."""
    interrupt = _interrupt.get()
    return interrupt is not None and interrupt.is_set()


def run_side_by_side(jobs, n_threads=None):
    """Run jobs in several threads, each with one thread of BLAS.

    A keyboard interrupt makes the fits that are running stop after their epoch; those
    that have not begun are left out.

    Parameters
    ----------
    jobs : list of callable
        Each takes no argument.
    n_threads : int, optional
        The largest number of threads; by default as many as BLAS may use here, which is 1 in the
        workers of a parallel search. With 1 the jobs run one after the other.

    Returns
    -------
    results : list
        What the jobs returned, in their order; after an interrupt there may be fewer.

    Raises
    ------
    KeyboardInterrupt
        If no job had begun.
    """
    blas = ThreadpoolController().select(user_api="blas")
    if n_threads is None:
        n_threads = max((library.num_threads for library in blas.lib_controllers), default=1)
    n_workers = min(n_threads, len(jobs))
    if n_workers == 1:
        return [job() for job in jobs]
    interrupt, config = Event(), get_config()

    def run(job):
        _interrupt.set(interrupt)
        with config_context(**config):  # which scikit-learn keeps for each thread
            return job()

    with blas.limit(limits=1), ThreadPoolExecutor(n_workers) as pool:
        futures = []
        try:
            for job in jobs:
                futures.append(pool.submit(copy_context().run, run, job))  # noqa: PERF401
            while not any_failed(futures) and wait(futures, timeout=PATIENCE).not_done:
                pass  # a wait without an end cannot be interrupted on Windows
        except KeyboardInterrupt:
            interrupt.set()
            futures = [future for future in futures if not future.cancel()]
            if not futures:
                raise
        if any_failed(futures):
            interrupt.set()
            futures = [future for future in futures if not future.cancel()]
        return [future.result() for future in futures]


def any_failed(futures):
    """Return whether one of the jobs has raised an error."""
    return any(future.done() and future.exception() is not None for future in futures)
