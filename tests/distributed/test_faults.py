"""Workers and schedulers killed while :class:`sknn_edu.distributed.DataParallel` trains."""

import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import dask
import dask.array as da
import numpy as np
import pytest
from distributed import Client, LocalCluster
from sklearn.base import clone

from sknn_edu import MLPClassifier
from sknn_edu.core.activations import ACTIVATIONS, Activation
from sknn_edu.distributed import DataParallel
from sknn_edu.distributed.cluster import Call, Cluster, SchedulerLostError
from tests.callbacks import Quiet
from tests.distributed.on_dask import LOCAL, assert_same_fit, here, on_cluster
from tests.killing import TIMEOUT, killing_who_writes, wait_to_be_killed

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


STAGES = "spill", "pause", "terminate"
"""What Dask does when a whole process, with its libraries, needs too much memory."""


class DieOnce:
    """A learning rate; the first worker to read it in the second half waits to be killed."""

    def __init__(self, mark):
        self.mark, self.client = str(mark), os.getpid()

    def __call__(self, progress):
        if progress > 0.5 and os.getpid() != self.client:
            wait_to_be_killed(self.mark)
        return 1.0


class DyingRelu:
    """The forward function of an activation; the first worker to call it waits to be killed."""

    def __init__(self, mark):
        self.mark, self.client = str(mark), os.getpid()

    def __call__(self, z, a):
        if os.getpid() != self.client:
            wait_to_be_killed(self.mark)
        np.maximum(z, 0, out=a)


@pytest.mark.parametrize("from_dask", [True, False], ids=["Dask", "NumPy"])
@pytest.mark.parametrize("early_stopping", [True, False])
def test_a_worker_killed_in_a_round_changes_nothing(
    client, data, tmp_path, from_dask, early_stopping
):
    mark = tmp_path / "mark"
    mlp = MLPClassifier(
        10, learning_rate=DieOnce(mark), max_iter=6, early_stopping=early_stopping, random_state=0
    )
    given = on_cluster(*data) if from_dask else data
    parallel = DataParallel(mlp, n_shards=2)
    with killing_who_writes(mark) as killed:
        survivor = clone(parallel).fit(*given)
    assert len(killed) == 1
    undisturbed = clone(parallel).fit(*given)  # the mark is there: nobody waits
    assert_same_fit(survivor.estimator_, undisturbed.estimator_)
    client.wait_for_workers(2, timeout=TIMEOUT)


def test_a_worker_killed_in_an_iteration_of_lbfgs_changes_nothing(client, data, tmp_path):
    mark = tmp_path / "mark"
    relu = ACTIVATIONS["relu"]
    dying = Activation(**{**vars(relu), "name": "dying", "forward": DyingRelu(mark)})
    mlp = MLPClassifier(10, activation=dying, solver="lbfgs", max_iter=8, random_state=0)
    with killing_who_writes(mark) as killed:
        survivor = DataParallel(mlp).fit(*on_cluster(*data))
    assert len(killed) == 1
    assert_same_fit(survivor.estimator_, DataParallel(mlp).fit(*on_cluster(*data)).estimator_)
    client.wait_for_workers(2, timeout=TIMEOUT)


class DeadlyRelu:
    """The forward function of an activation that kills every worker."""

    def __init__(self):
        self.client = os.getpid()

    def __call__(self, z, a):
        if os.getpid() != self.client:
            os.kill(os.getpid(), signal.SIGKILL)
        np.maximum(z, 0, out=a)


def test_a_task_that_kills_every_worker_ends_the_fit_with_an_error_that_says_so(data):
    relu = ACTIVATIONS["relu"]
    deadly = Activation(**{**vars(relu), "name": "deadly", "forward": DeadlyRelu()})
    mlp = MLPClassifier(5, activation=deadly, max_iter=2, random_state=0)
    one_try = {"distributed.scheduler.allowed-failures": 0}
    with (
        dask.config.set(one_try),
        LocalCluster(**LOCAL | {"n_workers": 1}) as cluster,
        Client(cluster, set_as_default=False) as client,
        pytest.raises(RuntimeError, match=r"Several workers died.*use more shards \(n_shards\)"),
    ):
        DataParallel(mlp).fit(*data[:2], client=client)


class SeesSpilling(Quiet):
    """A callback that notes how many bytes of values the workers have in memory."""

    def __init__(self, client):
        self.client, self.n_bytes = client, []

    def on_fit_task_end(self, estimator, context):
        self.n_bytes.append(sum(self.client.run(bytes_in_memory).values()))


def bytes_in_memory(dask_worker):
    return sum(len(pickle.dumps(value)) for value in dask_worker.data.fast.values())


def test_shards_that_do_not_fit_the_memory_together_wait_on_disk(client):
    X = da.random.default_rng(0).standard_normal((40_000, 100), chunks=(5_000, -1))
    y = (X[:, 0] > 0).astype(int)
    mlp = MLPClassifier(2, max_iter=2, random_state=0)
    expected = DataParallel(mlp, n_shards=8).fit(X, y, client=client).estimator_
    keep_16_mb = {f"distributed.worker.memory.{name}": False for name in STAGES} | {
        "distributed.worker.memory.target": 0.25
    }
    with (
        dask.config.set(keep_16_mb),
        LocalCluster(**LOCAL | {"n_workers": 1}, memory_limit="64MB") as cluster,
        Client(cluster, set_as_default=False) as small,
    ):
        callback = SeesSpilling(small)
        parallel = DataParallel(clone(mlp).set_callbacks(callback), n_shards=8)
        model = parallel.fit(X, y, client=small).estimator_
    assert_same_fit(model, expected)
    assert max(callback.n_bytes) < 20e6 < X.nbytes


class KillScheduler(Quiet):
    """A callback that kills a process after some epochs."""

    def __init__(self, pid, epoch):
        self.pid, self.epoch, self.n_epochs = pid, epoch, 0

    def on_fit_task_end(self, estimator, context):
        self.n_epochs += 1
        if self.n_epochs == self.epoch:
            os.kill(self.pid, signal.SIGKILL)


@contextmanager
def cluster_of_processes(n_workers, port):
    """Start a scheduler and workers as processes; yield the address and the scheduler."""
    dask = str(Path(sys.executable).with_name("dask"))
    address, options = f"tcp://127.0.0.1:{port}", {"stderr": subprocess.DEVNULL}
    command = [dask, "scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
    processes = [subprocess.Popen(command, **options)]
    worker = [dask, "worker", address, "--nthreads", "1", "--no-dashboard", "--no-nanny"]
    processes += [subprocess.Popen(worker, **options) for _ in range(n_workers)]
    try:
        yield address, processes[0]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.filterwarnings("ignore")
def test_a_lost_scheduler_is_a_clear_error_that_keeps_the_last_round(data, solver, client):
    X, y, _ = data
    mlp = MLPClassifier(10, solver=solver, max_iter=6, warm_start=True, random_state=0)
    with (
        cluster_of_processes(2, free_port()) as (address, scheduler),
        Client(address, set_as_default=False) as lost,
    ):
        lost.wait_for_workers(2, timeout=TIMEOUT)
        model = DataParallel(mlp, n_shards=2).set_callbacks(KillScheduler(scheduler.pid, 3))
        given = on_cluster(X, y) if solver == "adam" else (X, y)
        with pytest.raises(SchedulerLostError, match="connection to Dask's scheduler tcp"):
            model.fit(*given, client=lost)
    n_before = len(model.estimator_.loss_curve_)
    assert 2 <= n_before <= 4
    expected = here(clone(mlp).set_params(max_iter=n_before), X, y) if solver == "lbfgs" else None
    if expected is not None:
        np.testing.assert_allclose(model.estimator_.loss_curve_, expected.loss_curve_, rtol=1e-9)
    model.set_callbacks()
    model.fit(*on_cluster(X, y), client=client)
    assert len(model.estimator_.loss_curve_) == n_before + 6


class Workers:
    """Stands in for a client: it knows addresses only."""

    class scheduler:
        address = "tcp://nowhere"

    def __init__(self, *addresses):
        self.addresses = addresses

    def nthreads(self):
        return dict.fromkeys(self.addresses, 1)


def test_blocks_of_a_lost_worker_move_and_new_workers_get_their_share():
    cluster = Cluster(Workers("a", "b", "c"))
    cluster.assign(6)
    assert [cluster.worker(k) for k in range(6)] == list("abcabc")
    cluster.client.addresses = "a", "c"
    cluster.assign(6)
    assert [cluster.worker(k) for k in range(6)] == list("aacacc")
    cluster.client.addresses = "a", "c", "d"
    cluster.assign(6)
    homes = [cluster.worker(k) for k in range(6)]
    assert sorted(homes) == list("aaccdd")


def test_data_of_a_lost_worker_is_sent_to_another(client):
    client.wait_for_workers(2, timeout=TIMEOUT)
    cluster = Cluster(client)
    cluster.assign(2)
    kept = [cluster.send(np.arange(5) + k, k) for k in range(2)]

    def sums():
        return [Call(np.sum, (data,), k) for k, data in enumerate(kept)]

    assert cluster.gather(sums) == [10, 15]
    address, pid = next(iter(client.run(os.getpid).items()))
    os.kill(pid, signal.SIGKILL)
    end = time.monotonic() + TIMEOUT
    while address in client.nthreads() and time.monotonic() < end:
        time.sleep(0.05)
    assert cluster.begin(sums) is not None
    assert cluster.gather(sums) == [10, 15]
    client.wait_for_workers(2, timeout=TIMEOUT)


def test_calls_that_need_each_other_are_one_message_and_what_follows_is_not_waited_for(client):
    cluster, taken, messages = Cluster(client), [], []
    submit = cluster._submit
    cluster._submit = lambda calls: messages.append(len(calls)) or submit(calls)
    cluster.assign(2)
    sent = cluster.send(np.arange(3), 0)
    cluster.gather(lambda: [Call(np.sum, (sent,), 0)])
    messages.clear()
    doubled = Call(np.multiply, (sent, 2), 1, is_urgent=True)
    cluster.follow(lambda: [Call(np.negative, (sent,))], taken.extend)
    both, there = cluster.gather(lambda: [Call(np.add, (doubled, [1, 1, 1])), sent.future])
    assert (both.tolist(), there.tolist()) == ([1, 3, 5], [0, 1, 2])
    assert messages == [2], "the call and the one that follows, with the one that is needed"
    assert [future.result().tolist() for future in taken] == [[0, -1, -2]]
    taken.clear()
    cluster.gather(lambda: [Call(np.sum, (sent,))])
    assert taken == [], "what follows is submitted once"
