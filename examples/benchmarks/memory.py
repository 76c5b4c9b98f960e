"""Print the growth of peak memory in a fit, in MB. Run it in a fresh process.

python memory.py sknn_edu 200000 100
python memory.py sklearn.neural_network 200000 100
"""

import importlib
import resource
import sys
import warnings
from pathlib import Path

import numpy as np


def peak_memory() -> float:
    """Return the peak memory of this process so far, in MB.

    On Linux ``ru_maxrss`` of a child process starts at the value of its parent, so ``VmHWM`` is
    read instead.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    bytes_per_unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * bytes_per_unit / 2**20


def growth_in_a_fit(module: str, n_samples: int, n_features: int) -> float:
    kind = importlib.import_module(module).MLPClassifier
    X = np.random.default_rng(0).standard_normal((n_samples, n_features))
    y = (X[:, 0] > 0).astype(int)
    kind(max_iter=1).fit(X[:300], y[:300])  # loads all modules and starts all threads
    before = peak_memory()
    kind(max_iter=2, random_state=0).fit(X, y)
    return peak_memory() - before


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print(growth_in_a_fit(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
