"""Measure one fit on two worker processes, beside one process with one and with two threads.

    python examples/benchmarks/data_parallel.py             # everything: a quarter of an hour
    python examples/benchmarks/data_parallel.py --quick     # the same, small: two minutes
    python examples/benchmarks/data_parallel.py W4 lbfgs    # some of it
    python examples/benchmarks/data_parallel.py --write     # also store what was measured

Run it on a machine that does nothing else: ``pip install "sknn_edu[distributed]"``. Each contestant
is a process of its own, so that it starts with nothing loaded; the cluster is a scheduler and two
workers with one BLAS thread each, set up as the how-to page on DataParallel recommends. The
contestants take turns, three times, and ratios compare those of the same turn. Measured are the
seconds of an epoch, the time from reading the data to the validation loss that one process with
one thread ends with, the bytes that pass the loopback interface in a round, and the peak memory of
scheduler and workers. ``--write`` also writes the tables of that page, and the plan what more
workers would gain.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import data_parallel_report as report
import figures
import numpy as np
import workloads
from report import environment
from threadpoolctl import threadpool_limits

from sknn_edu import MLPClassifier, MLPRegressor

CONTESTANTS = ("one thread", "two threads", "two workers")
TURNS = 3
"""So often each contestant runs."""

SHARDS = 2, 3, 4, 8, 16
"""Numbers of shards whose losses are compared."""

ROWS_AT_ONCE = 250_000

SETTINGS = {
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
    "DASK_DISTRIBUTED__NANNY__PRE_SPAWN_ENVIRON": "{'MALLOC_TRIM_THRESHOLD_': None}",
}
"""Settings of Dask, in the environment of scheduler and workers."""


# -- what is trained ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Task:
    """A network to train, and its samples; the last tenth are validation samples."""

    name: str
    title: str
    make_data: object
    quick_data: object
    hidden: tuple
    batch_size: int
    epochs: int
    from_parquet: bool = False
    solver: str = "adam"
    counts: tuple = ()

    def network(self, quick):
        options = {
            "hidden_layer_sizes": self.hidden,
            "batch_size": self.batch_size,
            "solver": self.solver,
            "max_iter": 4 if quick else self.epochs,
            "tol": 0.0,
            "n_iter_no_change": np.inf,
            "random_state": 0,
        }
        return (MLPRegressor if self.name.startswith("W4") else MLPClassifier)(**options)


def many(n):
    """Return n x 50 samples in float32, and whether the product of two features is above 0."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, 50), dtype=np.float32)
    return X, ((X[:, 0] * X[:, 1] + X[:, 2]) > 0).astype(np.int8)


def regression():
    return workloads.regression(50_000, 100)


def classes():
    return workloads.classes(60_000, 784, 10)


TASKS = [
    Task("W4", "W4, 50,000 x 100, (256, 256), Adam", regression,
         lambda: workloads.regression(5_000, 100), (256, 256), 256, 20, counts=SHARDS),
    Task("W5", "W5, 60,000 x 784, (512, 256), Adam", classes,
         lambda: workloads.classes(2_600, 784, 10), (512, 256), 256, 10, counts=SHARDS),
    Task("parquet", "5,000,000 x 50 from Parquet, (100,), Adam, float32",
         lambda: many(5_000_000), lambda: many(50_000), (100,), 1000, 5, from_parquet=True),
    Task("W4-lbfgs", "W4, L-BFGS", regression,
         lambda: workloads.regression(5_000, 100), (256, 256), 256, 30, solver="lbfgs"),
    Task("W5-lbfgs", "W5, L-BFGS", classes,
         lambda: workloads.classes(2_600, 784, 10), (512, 256), 256, 15, solver="lbfgs"),
]  # fmt: skip


def write_data(task, quick, folder):
    """Write the samples where every contestant can read them."""
    X, y = (task.quick_data if quick else task.make_data)()
    n = X.shape[0] * 9 // 10
    np.savez(folder / "validation.npz", X=X[n:], y=y[n:])
    if not task.from_parquet:
        np.save(folder / "X.npy", X[:n])
        np.save(folder / "y.npy", y[:n])
        return
    import pyarrow as pa
    import pyarrow.parquet as pq

    for k, start in enumerate(range(0, n, min(ROWS_AT_ONCE, n // 4 + 1))):
        rows = slice(start, min(start + min(ROWS_AT_ONCE, n // 4 + 1), n))
        columns = {f"x{j:02}": X[rows, j] for j in range(X.shape[1])} | {"y": y[rows]}
        pq.write_table(pa.table(columns), folder / f"part-{k:03}.parquet")


# -- a contestant, in a process of its own -----------------------------------------------------


class Clock:
    """A callback that notes when each epoch ends, and how many bytes have been sent by then."""

    def __init__(self):
        self.times, self.sent = [], []

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        self.times.append(time.perf_counter())
        self.sent.append(bytes_on_loopback())


def read_here(task, folder):
    if task.from_parquet:
        import pyarrow.parquet as pq

        table = pq.read_table(sorted(folder.glob("part-*.parquet")))
        names = [name for name in table.column_names if name != "y"]
        return np.column_stack([table[name].to_numpy() for name in names]), table["y"].to_numpy()
    return np.load(folder / "X.npy"), np.load(folder / "y.npy")


def read_on_workers(task, folder):
    import dask.array as da

    if task.from_parquet:
        import dask.dataframe as dd

        frame = dd.read_parquet(str(folder / "part-*.parquet"))
        return frame.drop(columns="y").to_dask_array(), frame["y"].to_dask_array()
    X, y = read_here(task, folder)
    n = -(-len(X) // 2)
    return da.from_array(X, chunks=(n, -1)), da.from_array(y, chunks=n)


@contextmanager
def two_workers():
    """Yield a client of a scheduler and two workers, each a process of its own.

    Dask's profiler, which interrupts workers a hundred times a second, is off, and workers keep the
    memory that a round needs.
    """
    from distributed import Client

    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    options = {"stderr": subprocess.DEVNULL, "env": os.environ | SETTINGS}
    dask = str(Path(sys.executable).with_name("dask"))
    scheduler = ["scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
    worker = ["worker", address, "--nthreads", "1", "--no-dashboard", "--memory-limit", "0"]
    started = [subprocess.Popen([dask, *scheduler], **options)]
    started += [subprocess.Popen([dask, *worker], **options) for _ in range(2)]
    try:
        with Client(address, direct_to_workers=True) as client:
            client.wait_for_workers(2, timeout=60)
            yield client
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait()


def peak_memory():
    """Return the largest resident size of this process so far, in MiB.

    getrusage would also count what its parent had before it started this process.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def bytes_on_loopback():
    lines = Path("/proc/net/dev").read_text(encoding="ascii").splitlines()
    return next(int(line.split(":")[1].split()[8]) for line in lines if line.strip()[:3] == "lo:")


def train(fit, network, start):
    """Fit with a clock that has run since then; return what was measured."""
    clock = Clock()
    network.set_callbacks(clock)
    fitted = fit(network)
    times = clock.times[: len(fitted.loss_curve_)]
    return {
        "seconds": [round(t - start, 4) for t in times],
        "bytes": float(np.median(np.diff(clock.sent[: len(times)]))),
        "validation_losses": fitted.validation_loss_curve_,
    }


def run_contestant(task, contestant, folder, quick):
    """Return what one contestant takes."""
    validation = np.load(folder / "validation.npz")
    options = {"X_val": validation["X"], "y_val": validation["y"]}
    network = task.network(quick)
    if contestant != "two workers":
        start = time.perf_counter()
        X, y = read_here(task, folder)
        with threadpool_limits(1 if contestant == "one thread" else 2):
            found = train(lambda network: network.fit(X, y, **options), network, start)
        return found | {"memory": {"process": peak_memory()}}
    from sknn_edu.distributed import DataParallel

    with two_workers() as client:
        start = time.perf_counter()
        X, y = read_on_workers(task, folder)
        found = train(
            lambda network: DataParallel(network, n_shards=2).fit(X, y, **options).estimator_,
            network,
            start,
        )
        of_workers = client.run(peak_memory).values()
        memory = {"scheduler": client.run_on_scheduler(peak_memory), "worker": max(of_workers)}
        return found | {
            "memory": memory | {"process": peak_memory()},
            "round_trip": round_trip(client),
        }


def round_trip(client):
    """Return the seconds that two tasks which do nothing take, at best."""
    taken = []
    for _ in range(20):
        start = time.perf_counter()
        client.gather([client.submit(int, k, pure=False) for k in range(2)])
        taken.append(time.perf_counter() - start)
    return min(taken)


def in_a_process(task, contestant, folder, quick):
    """Run a contestant in a fresh process."""
    arguments = [sys.executable, __file__, "--contestant", task.name, contestant, str(folder)]
    threads = "2" if contestant == "two threads" else "1"
    environment = os.environ | {"OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads}
    done = subprocess.run(
        arguments + ["--quick"] * quick, capture_output=True, text=True, env=environment
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    known = [task.name for task in TASKS]
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to run: {', '.join(known)}")
    parser.add_argument("--quick", action="store_true", help="smaller data, 4 epochs, one turn")
    parser.add_argument(
        "--write", action="store_true", help=f"write {report.STORED.name} and the documentation"
    )
    parser.add_argument("--contestant", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.quick and options.write:
        parser.error("--write stores what users read, which small data cannot tell: no --quick")
    warnings.simplefilter("ignore")
    if options.contestant:
        name, contestant, folder = options.contestant
        task = next(task for task in TASKS if task.name == name)
        print(json.dumps(run_contestant(task, contestant, Path(folder), options.quick)))
        return
    for task in TASKS:
        if options.names and not any(name in task.name for name in options.names):
            continue
        found = measure(task, options.quick)
        print(f"\n{task.title}\n\n{report.table_of_task(found)}")
        ratio = np.median(report.times_one_thread(found, "two workers"))
        print(
            f"\n{ratio:.2f} times one thread (at least {report.TARGET} wanted); last validation "
            f"loss {report.apart(found):+.1%} (at most {report.ALIKE:+.0%} wanted)"
        )
        if task.solver == "adam":
            if task.counts and not options.quick:
                found["shards"] = losses_on_shards(task)
                print(f"\n{report.table_of_shards({task.name: found})}")
            print(f"\nThe plan for 10^8 samples:\n\n{report.plan_of(found, 10**8)}")
        if options.write:
            report.store({task.name: found}, environment())
    if options.write:
        figures.write()


def measure(task, quick):
    """Let the contestants take turns; return what was found."""
    runs = {contestant: [] for contestant in CONTESTANTS}
    with tempfile.TemporaryDirectory() as folder:
        write_data(task, quick, Path(folder))
        for _ in range(1 if quick else TURNS):
            for contestant in CONTESTANTS:
                runs[contestant].append(in_a_process(task, contestant, Path(folder), quick))
        with np.load(Path(folder) / "validation.npz") as validation:
            n_samples, n_features = 9 * len(validation["y"]), validation["X"].shape[1]
    n_outputs = 10 if task.name.startswith("W5") else 1
    return {
        "title": task.title,
        "n_samples": n_samples,
        "layer_sizes": [n_features, *task.hidden, n_outputs],
        "runs": runs,
    }


def losses_on_shards(task):
    """Return the last validation losses with several shards, without and with momentum."""
    from distributed import Client

    from sknn_edu.distributed import DataParallel

    X, y = task.make_data()
    n = X.shape[0] * 9 // 10
    losses = {}
    with Client(processes=False, n_workers=1, threads_per_worker=2, dashboard_address=None):
        for momentum, n_shards in product((0.0, "auto"), task.counts):
            options = {"n_shards": n_shards, "outer_momentum": momentum}
            parallel = DataParallel(task.network(quick=False), **options)
            parallel.fit(X[:n], y[:n], X_val=X[n:], y_val=y[n:])
            reached = parallel.estimator_.validation_loss_curve_[-1]
            losses.setdefault(str(momentum), {})[n_shards] = reached
    return losses


if __name__ == "__main__":
    main()
