"""Measure the memory of a process that fits a network to a file larger than its memory limit.

python memmap.py                          # 4 GiB in the folder for temporary files, 500 MiB limit
python memmap.py --gib 2 --path /data/X   # another size and another path (the file is removed)
python memmap.py --may-grow 200           # another limit, in MiB

X is a memory-mapped float32 file with 100 features, and y is an array in memory. A fresh process
maps the file, fits a small network, so that everything is loaded, and then fits ``MLPClassifier``
to the whole file for one epoch. The parent process measures its memory.

Only *anonymous* memory counts: pages without a file, which the kernel can only free by swapping.
The pages of the mapped file are in the page cache. They count towards the resident size, but the
kernel drops them when another program needs memory, so they are not counted here. There are two
measurements:

- The parent process reads ``RssAnon`` in ``/proc/<pid>/status`` every millisecond. The result is
  the peak minus the value before the fit. This is the memory in use, but shorter peaks are missed.
- ``RLIMIT_DATA`` limits the private writable memory, used or not, to ``--may-grow`` above the value
  before the fit. Nothing is missed, because the fit fails if it asks for more.

y exists before the fit and is not counted. Its encoded copy and the order of the samples are
counted. Linux only.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

N_FEATURES = 100
ROWS_AT_ONCE = 50_000


def status(pid: int | str, name: str) -> float:
    """Return an entry of /proc/<pid>/status in MiB; 0 if the process has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))


def write(path: Path, gib: float) -> int:
    """Write X and return its number of rows.

    The same block of random numbers is repeated; only feature 0 is drawn for each row.
    """
    n_samples = int(gib * 2**30) // (4 * N_FEATURES)
    X = np.memmap(path, np.float32, "w+", shape=(n_samples, N_FEATURES))
    rng = np.random.default_rng(0)
    block = rng.standard_normal((ROWS_AT_ONCE, N_FEATURES), dtype=np.float32)
    for start in range(0, n_samples, ROWS_AT_ONCE):
        rows = X[start : start + ROWS_AT_ONCE]
        rows[:] = block[: len(rows)]
        rows[:, 0] = rng.standard_normal(len(rows), dtype=np.float32)
    X.flush()
    return n_samples


def fit(path: Path, may_grow: float) -> None:
    """Fit to the file in the fresh process; print "fit" before, and seconds and accuracy after."""
    from sknn_edu import MLPClassifier

    warnings.simplefilter("ignore")  # one epoch does not converge
    X = np.memmap(path, np.float32, "r").reshape(-1, N_FEATURES)
    y = np.concatenate([X[k : k + ROWS_AT_ONCE, 0] > 0 for k in range(0, len(X), ROWS_AT_ONCE)])
    y = y.astype(int)
    network = MLPClassifier(max_iter=1, random_state=0)
    network.fit(X[:300], y[:300])  # loads all modules and starts all threads
    limit = int((status("self", "VmData") + may_grow) * 2**20)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    print("fit", flush=True)
    start = time.perf_counter()
    network.fit(X, y)
    seconds = time.perf_counter() - start
    print(f"{seconds:.1f} {network.score(X[:ROWS_AT_ONCE], y[:ROWS_AT_ONCE]):.3f}", flush=True)


def growth_of(path: Path, may_grow: float) -> tuple[float, float, float]:
    """Fit in a fresh process; return its growth in MiB, the seconds and the accuracy."""
    command = [sys.executable, __file__, "--fit", str(path), "--may-grow", str(may_grow)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        if child.stdout.readline() != "fit\n":
            raise RuntimeError("The fresh process ended before its fit.")
        before = peak = status(child.pid, "RssAnon")
        while child.poll() is None:
            peak = max(peak, status(child.pid, "RssAnon"))
            time.sleep(0.001)
        if child.returncode:
            raise RuntimeError(f"The fit failed: more than {may_grow:.0f} MiB?")
        seconds, accuracy = map(float, child.stdout.read().split())
    return peak - before, seconds, accuracy


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gib", type=float, default=4, help="size of the file")
    parser.add_argument("--path", type=Path, help="where to write it (a new file)")
    parser.add_argument("--may-grow", type=float, default=500, help="MiB of memory for the fit")
    parser.add_argument("--fit", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.fit:
        fit(args.fit, args.may_grow)
        sys.exit()
    with tempfile.TemporaryDirectory() as directory:
        path = args.path or Path(directory) / "X"
        path.touch(exist_ok=False)
        try:
            n_samples = write(path, args.gib)
            growth, seconds, accuracy = growth_of(path, args.may_grow)
        finally:
            path.unlink()
    print(
        f"X: {args.gib:g} GiB, {n_samples} samples. One epoch: {seconds:.1f} s, accuracy "
        f"{accuracy:.3f}, {growth:.0f} MiB of extra memory (limit {args.may_grow:.0f})."
    )
