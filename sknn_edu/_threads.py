"""Keep SciPy's BLAS from waiting beside NumPy's.

The wheels of NumPy and of SciPy each bring a BLAS library with threads of its own. While the
threads of one spin in wait for work, the other's find no processor free: a step of L-BFGS within
SciPy then takes milliseconds instead of microseconds (``examples/benchmarks``, lbfgs). Its vectors
are short, so one thread is all that it needs; NumPy's matrix products keep theirs.
"""

import threading
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from threadpoolctl import ThreadpoolController  # comes with scikit-learn

_one_at_a_time = threading.Lock()


@cache
def _blas_of_scipy():
    controller = ThreadpoolController()
    paths = [Path(library.filepath) for library in controller.lib_controllers]
    own = [path for path in paths if {"scipy", "scipy.libs"} & set(path.parts[-3:-1])]
    return controller.select(filepath=[str(path) for path in own])


@contextmanager
def one_thread_for_scipy():
    """Let SciPy's own BLAS, where it has one, run in one thread within this context.

    The number of threads belongs to the whole process. While one Python thread is within, another
    that enters leaves it alone, so that the first restores what it found: OpenBLAS heeds only the
    Python thread that lowered the number when it is raised again.
    """
    if not _one_at_a_time.acquire(blocking=False):
        yield
        return
    try:
        with _blas_of_scipy().limit(limits=1):
            yield
    finally:
        _one_at_a_time.release()
