"""Keep SciPy's BLAS from waiting beside NumPy's.

The wheels of NumPy and of SciPy each bring a BLAS library with threads of its own. While the
threads of one spin in wait for work, the other's find no processor free: a step of L-BFGS within
SciPy then takes milliseconds instead of microseconds (``examples/benchmarks``, lbfgs). Its vectors
are short, so one thread is all that it needs; NumPy's matrix products keep theirs.
"""

from functools import cache
from pathlib import Path

from threadpoolctl import ThreadpoolController


@cache
def _blas_of_scipy():
    controller = ThreadpoolController()
    paths = [library.filepath for library in controller.lib_controllers]
    return controller.select(filepath=[path for path in paths if "scipy" in Path(path).parent.name])


def one_thread_for_scipy():
    """Return a context in which SciPy's own BLAS, where it has one, runs in one thread."""
    return _blas_of_scipy().limit(limits=1)
