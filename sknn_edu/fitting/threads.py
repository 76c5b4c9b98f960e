"""Keep the threads of SciPy's BLAS and of NumPy's BLAS from slowing each other down.

The wheels of NumPy and SciPy each contain a BLAS library with its own threads. While the threads of
one library spin, waiting for work, those of the other find no free processor. A step of L-BFGS
inside SciPy then takes milliseconds instead of microseconds (``examples/benchmarks``, lbfgs).
Therefore SciPy's BLAS is limited to one thread, which is enough for its short vectors. NumPy's
matrix products still use all threads.
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
    """Limits SciPy's BLAS to one thread while at least one fit is inside.

    The number of BLAS threads is a setting of the whole process, but several fits may run in
    different Python threads and end in any order. So the first fit to enter sets the limit, and
    the last one to leave restores the old number.
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
    """Let any Python thread set the limit; threadpoolctl >= 3.8 only lets the first one do so."""
    for library in _blas_of_scipy().lib_controllers:
        if hasattr(library, "clear_controlling_thread"):
            library.clear_controlling_thread(force=True)


_one_thread = _OneThread()


def _start_over_after_fork():
    global _one_thread
    _one_thread = _OneThread()  # the parent's fits do not run in the child


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_over_after_fork)


@contextmanager
def one_thread_for_scipy():
    """Limit SciPy's BLAS, if it is separate from NumPy's, to one thread within this context.

    Several fits may be inside at the same time, in any Python threads. The number of threads is
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
