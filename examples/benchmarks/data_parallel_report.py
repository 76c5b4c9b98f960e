"""What data_parallel.py found, as tables, and the plan that follows from it."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
from markdown_tables import table

STORED = Path(__file__).parent / "data_parallel_results.json"
TARGET = 1.6
"""Two workers are to be this many times as fast as one process with one thread."""

ALIKE = 0.02
"""The final validation loss may be larger by this share than that of one process."""

BANDWIDTH = 1.25e9
"""Bytes a second between two machines: 10 Gbit/s."""

OPERATIONS = 6
"""For each parameter and sample: two forward, four backward."""

COUNTS = 10, 100, 1000
"""How many workers the plan looks at."""

SHOWN = {"0.0": "without", "auto": "with"}
"""How the values of outer_momentum appear in a table."""


# -- storing -----------------------------------------------------------------


def store(found, environment):
    """Add what was found for some tasks to what is stored."""
    known = stored() if STORED.exists() else {"environment": {}, "tasks": {}}
    if known["environment"] != environment:
        known = {"environment": environment, "tasks": {}}
    known["tasks"] |= found
    STORED.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")


def stored():
    """Return the environment, and what was found for each task."""
    return json.loads(STORED.read_text(encoding="utf-8"))


# -- what follows from the turns of a task -----------------------------------


def seconds_an_epoch(run):
    """Return the median time of an epoch after the first, which also brings the data."""
    return float(np.median(np.diff(run["seconds"])))


def seconds_to(loss, run):
    """Return how long a contestant took to this validation loss, or None."""
    pairs = zip(run["validation_losses"], run["seconds"], strict=False)
    return next((seconds for reached, seconds in pairs if reached <= loss), None)


def median(values):
    """Return the median, or None if one of them is None."""
    return None if None in values else float(np.median(values))


def times_one_thread(found, contestant):
    """Return how many times as fast a contestant was, for each turn."""
    pairs = zip(found["runs"]["one thread"], found["runs"][contestant], strict=True)
    return [seconds_an_epoch(base) / seconds_an_epoch(run) for base, run in pairs]


def last_loss(found, contestant):
    """Return the last validation loss."""
    return median([run["validation_losses"][-1] for run in found["runs"][contestant]])


def seconds_to_loss(found, contestant):
    """Return the time until the loss is like the last one of one process, or None."""
    loss = last_loss(found, "one thread") * (1 + ALIKE)
    return median([seconds_to(loss, run) for run in found["runs"][contestant]])


def memory(found, contestant):
    """Return the peak memory of each process, in MiB, as text."""
    runs = [run["memory"] for run in found["runs"][contestant]]
    largest = {who: max(run[who] for run in runs) for who in runs[0]}
    return ", ".join(f"{who} {mib:,.0f}" for who, mib in largest.items())


def apart(found):
    """Return by which share the last loss of two workers is larger."""
    return last_loss(found, "two workers") / last_loss(found, "one thread") - 1


# -- tables ------------------------------------------------------------------


def with_range(ratios):
    """Return a median and the range, as text."""
    return f"{np.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def table_of_task(found):
    """Return what was found for one task."""
    rows = []
    for contestant, runs in found["runs"].items():
        reached = seconds_to_loss(found, contestant)
        rows.append([
            contestant,
            f"{np.median([seconds_an_epoch(run) for run in runs]):.3f}",
            with_range(times_one_thread(found, contestant)),
            "never" if reached is None else f"{reached:.1f}",
            f"{last_loss(found, contestant):.5f}",
            memory(found, contestant),
        ])  # fmt: skip
    head = ["", "s an epoch", "times one thread", "s to the loss", "last loss", "memory, MiB"]
    return table(head, rows)


def table_of_speed(tasks):
    """Return how fast each task is on two workers, and how much travels."""
    rows = [
        [
            found["title"],
            with_range(times_one_thread(found, "two workers")),
            with_range(times_one_thread(found, "two threads")),
            f"{median([run['bytes'] for run in found['runs']['two workers']]) / 2**20:.1f} MiB",
        ]
        for found in tasks.values()
    ]
    return table(["task", "two workers", "two threads", "bytes in a round"], rows)


def table_of_losses(tasks):
    """Return the last validation losses, and the time to that of one process."""
    rows = []
    for found in tasks.values():
        times = [seconds_to_loss(found, one) for one in ("one thread", "two workers")]
        rows.append([
            found["title"],
            f"{last_loss(found, 'one thread'):.4f}",
            f"{last_loss(found, 'two workers'):.4f}",
            f"{round(100 * apart(found), 1) + 0.0:+.1f} %",
            *("-" if seconds is None else f"{seconds:.1f} s" for seconds in times),
        ])  # fmt: skip
    head = ["task", "loss, one process", "loss, two workers", "difference"]
    return table([*head, "time, one process", "time, two workers"], rows)


def table_of_shards(tasks):
    """Return the last validation losses on several shards, without and with momentum."""
    rows, counts = [], []
    for found in tasks.values():
        for momentum, losses in found.get("shards", {}).items():
            counts = list(losses)
            first = f"{found['title']}: {SHOWN[momentum]}"
            alone = f"{last_loss(found, 'one thread'):.4f}"
            rows.append([first, alone, *(f"{loss:.4f}" for loss in losses.values())])
    return table(["", "one process", *(f"{n} shards" for n in counts)], rows)


# -- the plan ----------------------------------------------------------------


def speed_of(found):
    """Return the operations a second of one process with one thread."""
    n_parameters = sum(a * b for a, b in pairwise(found["layer_sizes"]))
    an_epoch = median([seconds_an_epoch(run) for run in found["runs"]["one thread"]])
    return OPERATIONS * n_parameters * found["n_samples"] / an_epoch


def latency_of(found):
    """Return the seconds that two tasks which do nothing take."""
    return median([run["round_trip"] for run in found["runs"]["two workers"]])


def plan(n_samples, speed, latency):
    """Return how many times as fast an epoch would be with more workers.

    An epoch on K workers takes n c / K for the computation, a round trip whose
    scheduling grows with K, and the transfer of 16 bytes for each parameter
    (Adam, float32) to all workers in a tree, and of 12 back in a tree of 16:

    t = n c / K + latency (1 + K / 16) + P (16 log2 K + 12 * 16 log16 K) / B.

    Parameters
    ----------
    n_samples : int
    speed : float
        Operations a second of one worker.
    latency : float
        Seconds of a round trip of two tasks.
    """
    rows = []
    for power in range(4, 9):
        P, gains, binds = 10**power, [], ""
        alone = n_samples * OPERATIONS * P / speed
        for K in COUNTS:
            transfer = P * (16 * np.log2(K) + 12 * 16 * np.log(K) / np.log(16)) / BANDWIDTH
            overhead = latency * (1 + K / 16) + transfer
            gains.append(alone / (alone / K + overhead))
            if overhead > alone / K and not binds:
                binds = f"from {K:,} workers"
        rows.append([f"10^{power}", *(f"{gain:,.3g}" for gain in gains), binds])
    head = ["parameters", *(f"{K:,} workers" for K in COUNTS), "the network limits"]
    return table(head, rows)


def plan_of(found, n_samples):
    """Return the plan that follows from a task."""
    return plan(n_samples, speed_of(found), latency_of(found))


def facts(environment, found):
    """Return what was measured on, and what the plan needs to know of it."""
    return (
        f"Measured on: {environment['processor']}; {environment['system']}; "
        f"{environment['packages']}; {environment['BLAS']}. One thread computes "
        f"{speed_of(found) / 1e9:.0f} Gflop/s in float32 ({found['title']}), and a round trip of "
        f"two tasks takes {1000 * latency_of(found):.0f} ms."
    )
