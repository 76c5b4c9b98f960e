"""Keep the threads of SciPy's BLAS and of NumPy's out of each other's way.

The wheels of NumPy and of SciPy each contain a BLAS library with threads of its own. While the
threads of one spin waiting for work, those of the other find no free processor: a step of L-BFGS
inside SciPy then takes milliseconds instead of microseconds (``examples/benchmarks``, lbfgs). Its
vectors are short, so it needs only one thread; NumPy's matrix products keep theirs.
"""

import os
import threading
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from threadpoolctl import ThreadpoolController  # comes with scikit-learn


@cache
def _blas_of_scipy():
    controller = ThreadpoolController()
    paths = [Path(library.filepath) for library in controller.lib_controllers]
    scipy_paths = [path for path in paths if {"scipy", "scipy.libs"} & set(path.parts[-3:-1])]
    return controller.select(filepath=[str(path) for path in scipy_paths])


class _OneThread:
    """Lowers the number of threads when the first fit enters, and restores it after the last one.

    The number is a setting of the whole process, and fits may run in any Python threads and end in
    any order.
    """

    def __init__(self):
        self._lock, self._n_inside, self._limit = threading.Lock(), 0, None

    def enter(self):
        with self._lock:
            self._n_inside += 1
            if self._n_inside == 1:
                _let_any_thread_set_limits()
                self._limit = _blas_of_scipy().limit(limits=1)
                _let_any_thread_set_limits()

    def leave(self):
        with self._lock:
            self._n_inside -= 1
            if self._n_inside == 0:
                _let_any_thread_set_limits()
                self._limit.restore_original_limits()
                _let_any_thread_set_limits()


def _let_any_thread_set_limits():
    """Since its version 3.8 threadpoolctl ignores all but the first thread that sets a limit."""
    for library in _blas_of_scipy().lib_controllers:
        if hasattr(library, "clear_controlling_thread"):
            library.clear_controlling_thread(force=True)


_one_thread = _OneThread()


def _start_over_after_fork():
    global _one_thread
    _one_thread = _OneThread()  # the fits of the parent do not run in the child


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_over_after_fork)


@contextmanager
def one_thread_for_scipy():
    """Let SciPy's own BLAS, if it has one, run in one thread within this context.

    Several fits may be inside at the same time, in any Python threads; the number of threads is
    restored when the last one leaves.
    """
    if not _blas_of_scipy().lib_controllers:
        yield
        return
    one_thread = _one_thread
    one_thread.enter()
    try:
        yield
    finally:
        one_thread.leave()
