"""Measure one fit on two worker processes, beside one process with one and with two threads.

    python examples/benchmarks/data_parallel.py             # everything: about an hour
    python examples/benchmarks/data_parallel.py --quick     # the same, small: two minutes
    python examples/benchmarks/data_parallel.py W4 lbfgs    # some of it
    python examples/benchmarks/data_parallel.py --write     # also write data_parallel_results.json

Run it on a machine that does nothing else: ``pip install "sknn_edu[distributed]"``. Each contestant
is a process of its own, so that it starts with nothing loaded; the cluster is a scheduler and two
workers with one BLAS thread each. Measured are the seconds of an epoch, the time to the validation
loss that one process with one thread ends with, the bytes that pass the loopback interface in a
round, and the peak memory of scheduler and workers. From these the plan at the end computes what
more workers would gain.
"""

import argparse
import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import workloads
from threadpoolctl import threadpool_limits

from sknn_edu import MLPClassifier, MLPRegressor

HERE = Path(__file__).parent
RESULTS = HERE / "data_parallel_results.json"
CONTESTANTS = ("one thread", "two threads", "two workers")
TARGET = 1.6
"""Two workers are to be this many times as fast as one process with one thread."""

ALIKE = 0.02
"""The final validation loss may differ by this share from that of one process."""

ROWS_AT_ONCE = 250_000
MIB = 2**20


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

    def network(self, quick):
        options = {
            "hidden_layer_sizes": self.hidden,
            "batch_size": self.batch_size,
            "solver": self.solver,
            "max_iter": 3 if quick else self.epochs,
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
    Task("W4", "50,000 x 100, regression, (256, 256), batch 256", regression,
         lambda: workloads.regression(5_000, 100), (256, 256), 256, 20),
    Task("W5", "60,000 x 784, 10 classes, (512, 256), batch 256", classes,
         lambda: workloads.classes(2_600, 784, 10), (512, 256), 256, 10),
    Task("parquet", "5,000,000 x 50 float32 from Parquet, (100,), batch 1000",
         lambda: many(5_000_000), lambda: many(50_000), (100,), 1000, 5, from_parquet=True),
    Task("W4-lbfgs", "50,000 x 100, regression, (256, 256), lbfgs", regression,
         lambda: workloads.regression(5_000, 100), (256, 256), 256, 30, solver="lbfgs"),
    Task("W5-lbfgs", "60,000 x 784, 10 classes, (512, 256), lbfgs", classes,
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
    """Yield a client of a scheduler and two workers, each a process of its own."""
    from distributed import Client

    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    address, quiet = f"tcp://127.0.0.1:{port}", {"stderr": subprocess.DEVNULL}
    dask = str(Path(sys.executable).with_name("dask"))
    scheduler = ["scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
    worker = ["worker", address, "--nthreads", "1", "--no-dashboard", "--memory-limit", "0"]
    started = [subprocess.Popen([dask, *scheduler], **quiet)]
    started += [subprocess.Popen([dask, *worker], **quiet) for _ in range(2)]
    try:
        with Client(address) as client:
            client.wait_for_workers(2, timeout=60)
            yield client
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait()


def peak_memory():
    """Return the largest resident size of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def bytes_on_loopback():
    lines = Path("/proc/net/dev").read_text(encoding="ascii").splitlines()
    return next(int(line.split(":")[1].split()[8]) for line in lines if line.strip()[:3] == "lo:")


def train(fit, network):
    """Fit with a clock; return what was measured."""
    clock = Clock()
    network.set_callbacks(clock)
    start = time.perf_counter()
    fitted = fit(network)
    times = clock.times[: len(fitted.loss_curve_)]
    return {
        "seconds": [t - start for t in times],
        "bytes": float(np.median(np.diff(clock.sent[: len(times)]))),
        "losses": fitted.loss_curve_,
        "validation_losses": fitted.validation_loss_curve_,
    }


def run_contestant(task, contestant, folder, quick):
    """Return what one contestant takes."""
    validation = np.load(folder / "validation.npz")
    options = {"X_val": validation["X"], "y_val": validation["y"]}
    network = task.network(quick)
    if contestant != "two workers":
        X, y = read_here(task, folder)
        with threadpool_limits(1 if contestant == "one thread" else 2):
            found = train(lambda network: network.fit(X, y, **options), network)
        return found | {"memory": {"process": peak_memory()}}
    from sknn_edu.distributed import DataParallel

    with two_workers() as client:
        X, y = read_on_workers(task, folder)
        found = train(
            lambda network: DataParallel(network, n_shards=2).fit(X, y, **options).estimator_,
            network,
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


# -- what is reported --------------------------------------------------------------------------


def seconds_to(loss, found):
    """Return how long a contestant took to this validation loss; None if it never got there."""
    pairs = zip(found["validation_losses"], found["seconds"], strict=False)
    return next((seconds for reached, seconds in pairs if reached <= loss), None)


def seconds_an_epoch(found):
    """Return the median time of an epoch after the first, which also brings the data."""
    return float(np.median(np.diff(found["seconds"])))


def report(task, results):
    base = results["one thread"]
    loss, an_epoch = base["validation_losses"][-1] * (1 + ALIKE), seconds_an_epoch(base)
    print(f"\n{task.name}: {task.title}\n")
    print(
        "| | s an epoch | times one thread | s to the loss | last validation loss | memory, MiB |"
    )
    print("|---|---|---|---|---|---|")
    for name, found in results.items():
        reached = seconds_to(loss, found)
        memory = ", ".join(f"{who} {mib:.0f}" for who, mib in found["memory"].items())
        print(
            f"| {name} | {seconds_an_epoch(found):.3f} "
            f"| {an_epoch / seconds_an_epoch(found):.2f} "
            f"| {'never' if reached is None else f'{reached:.2f}'} "
            f"| {found['validation_losses'][-1]:.5f} | {memory} |"
        )
    parallel = results["two workers"]
    ratio = an_epoch / seconds_an_epoch(parallel)
    apart = parallel["validation_losses"][-1] / base["validation_losses"][-1] - 1
    print(
        f"\n{ratio:.2f} times one thread ({TARGET} wanted); last validation loss {apart:+.1%}; "
        f"{parallel['bytes'] / MIB:.2f} MiB sent a round; a round trip takes "
        f"{1000 * parallel['round_trip']:.1f} ms."
    )


BANDWIDTH = 1.25e9
"""Bytes a second between two machines: 10 Gbit/s."""

OPERATIONS = 6
"""For each parameter and sample: two forward, four backward."""


def plan(speed, latency, n_samples=10**8):
    """Print what more workers would gain in local steps, for 10^8 samples.

    An epoch on K workers takes n c / K for the computation, a round trip whose scheduling grows
    with K, and the transfer of 12 bytes for each parameter (Adam, float32) to all workers in a
    tree and back in a tree of 16:

    t = n c / K + latency (1 + K / 16) + 12 P (log2 K + 16 log16 K) / B.

    Parameters
    ----------
    speed : float
        Operations a second of one worker.
    latency : float
        Seconds of a round trip of two tasks.
    """
    print(f"\nThe plan: {n_samples:.0e} samples, a round each epoch,")
    print(f"{speed / 1e9:.1f} Gflop/s a worker,")
    print(f"{1000 * latency:.1f} ms a round trip, {8 * BANDWIDTH / 1e9:.0f} Gbit/s.\n")
    counts = 10, 100, 1000
    print("| parameters | " + " | ".join(f"{K} workers" for K in counts) + " | the network binds |")
    print("|---|" + "---|" * (len(counts) + 1))
    for power in range(4, 9):
        P, gains, binds = 10**power, [], "-"
        alone = n_samples * OPERATIONS * P / speed
        for K in counts:
            transfer = 12 * P * (np.log2(K) + 16 * np.log(K) / np.log(16)) / BANDWIDTH
            overhead = latency * (1 + K / 16) + transfer
            gains.append(alone / (alone / K + overhead))
            if overhead > alone / K and binds == "-":
                binds = f"from {K} workers"
        row = " | ".join(f"{gain:.1f} times" for gain in gains)
        print(f"| 10^{power} | {row} | {binds} |")


def speed_of(task, found, quick):
    """Return the operations a second of one process with one thread."""
    network = task.network(quick)
    sizes = [{"W4": 100, "W5": 784}.get(task.name[:2], 50), *network.hidden_layer_sizes]
    sizes.append(10 if task.name.startswith("W5") else 1)
    n_parameters = sum(a * b for a, b in pairwise(sizes))
    return OPERATIONS * n_parameters * found["n_samples"] / seconds_an_epoch(found["one thread"])


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    known = [task.name for task in TASKS]
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to run: {', '.join(known)}")
    parser.add_argument("--quick", action="store_true", help="smaller data, 3 epochs")
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS.name}")
    parser.add_argument("--contestant", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    if options.contestant:
        name, contestant, folder = options.contestant
        task = next(task for task in TASKS if task.name == name)
        print(json.dumps(run_contestant(task, contestant, Path(folder), options.quick)))
        return
    all_results = {}
    for task in TASKS:
        if options.names and not any(name in task.name for name in options.names):
            continue
        with tempfile.TemporaryDirectory() as folder:
            write_data(task, options.quick, Path(folder))
            results = {
                contestant: in_a_process(task, contestant, Path(folder), options.quick)
                for contestant in CONTESTANTS
            }
            report(task, results)
            with np.load(Path(folder) / "validation.npz") as validation:
                results["n_samples"] = 9 * len(validation["y"])
        all_results[task.name] = results
    local = [task for task in TASKS if task.solver == "adam" and task.name in all_results]
    if local:
        found = all_results[local[0].name]
        speed = speed_of(local[0], found, options.quick)
        plan(speed, found["two workers"]["round_trip"])
    if options.write:
        RESULTS.write_text(json.dumps(all_results, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
