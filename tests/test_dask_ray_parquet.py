"""Many processes and data larger than memory: Dask, Ray and Parquet files.

Each test needs a package that the others do not (``pip install "sknn_edu[distributed]"``) and is
skipped without it. The pages docs/howto/dask.md, ray.md and out_of_core.md show the same code as
the functions up to "What the tests need"; the last two tests check that.
"""

import os
import re
import secrets
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from inspect import getsource
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.base import clone
from sklearn.datasets import load_digits, make_classification
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from sknn_edu import MLPClassifier, MLPRegressor, PerceptronClassifier, SigmoidNeuronClassifier
from tests.killing import TIMEOUT, killing_who_writes, wait_to_be_killed

PAGES = Path(__file__).parents[1] / "docs" / "howto"
MIB = 2**20
RAY_ENVIRONMENT = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # as there by default: on the loopback interface only
    "RAY_AUTH_TOKEN": secrets.token_hex(32),  # otherwise it writes one into the home directory
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_worker_niceness": "0",  # otherwise 15: other processes have priority
}

# -- the code of the pages ---------------------------------------------------------------------


def fit_on_dask(client, search, X, y):
    """Fit a search whose cv is a list of (train, test); a worker may die."""
    client.amm.stop()  # Dask's memory manager would drop all copies but one
    rows = [part for fold in search.cv for part in fold]
    with parallel_config(backend="dask", scatter=[X, y, *rows]):
        return search.fit(X, y)


def fit_on_ray(search, X, y):
    """Fit a search on Ray; a worker may die."""
    restart = {"max_restarts": 3, "max_task_retries": 3}
    with parallel_config(backend="ray", n_jobs=-1, ray_remote_args=restart):
        return search.fit(X, y)


def blocks(file, groups, features, target):
    """Yield X and y of these row groups in order, 10,000 rows at a time."""
    names = [*features, target]
    for batch in file.iter_batches(10_000, row_groups=groups, columns=names):
        *columns, y = (batch.column(name).to_numpy() for name in names)
        yield np.column_stack(columns), y


def train(model, file, groups, features, target, *, classes, n_passes, seed=0):
    """Train on these row groups in a new order per pass; return the scaler."""
    scaler, rng = StandardScaler(), np.random.default_rng(seed)
    for X, _ in blocks(file, groups, features, target):
        scaler.partial_fit(X)
    for _ in range(n_passes):
        for X, y in blocks(file, rng.permutation(groups), features, target):
            model.partial_fit(scaler.transform(X), y, classes=classes)
    return scaler


# -- what the tests need -----------------------------------------------------------------------


def code_of(page):
    text = (PAGES / page).read_text(encoding="utf-8")
    return "\n\n".join(re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE))


class ScoreAndDieOnce:
    """A scorer whose first call, in any process, writes its process id and waits to be killed.

    So the kill always comes while the task is running.
    """

    def __init__(self, mark):
        self.mark = str(mark)

    def __call__(self, estimator, X, y):
        wait_to_be_killed(self.mark)
        return float(np.log(estimator.predict_proba(X)[np.arange(len(y)), y]).mean())


@pytest.fixture
def mark(tmp_path):
    return tmp_path / "mark"


@pytest.fixture
def digits():
    X, y = load_digits(return_X_y=True)
    return X / 16, y


@pytest.fixture
def search(digits, mark):
    """Return a search whose first score kills its process."""
    network = MLPClassifier(learning_rate="cosine", max_iter=5, random_state=0)
    grid = {"alpha": [1e-4, 1e-2, 1], "hidden_layer_sizes": [(20,), (30,)]}
    folds = list(StratifiedKFold(3).split(*digits))
    scorer = ScoreAndDieOnce(mark)
    return GridSearchCV(network, grid, cv=folds, scoring=scorer, n_jobs=2, error_score="raise")


def scores_of(search):
    wanted = [name for name in search.cv_results_ if "score" in name and "time" not in name]
    return {name: search.cv_results_[name].tolist() for name in wanted}


def scores_here(search, digits, mark):
    """Return the scores of the search in this process, with one BLAS thread as the workers have."""
    mark.write_text("no process is killed here", encoding="ascii")
    with threadpool_limits(limits=1):
        here = clone(search).set_params(n_jobs=1).fit(*digits)
    mark.unlink()
    return scores_of(here)


@pytest.fixture(scope="module")
def dask_client():
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def ray_cluster():
    with pytest.MonkeyPatch.context() as patch:
        for name, value in RAY_ENVIRONMENT.items():
            patch.setenv(name, value)
        ray = pytest.importorskip("ray")
        joblib_on_ray = pytest.importorskip("ray.util.joblib")
        options = {"include_dashboard": False, "log_to_driver": False}
        try:
            ray.init(num_cpus=2, object_store_memory=100 * MIB, **options)
            joblib_on_ray.register_ray()
            yield ray
        finally:
            ray.shutdown()


# -- searches ----------------------------------------------------------------------------------


def test_a_grid_search_on_dask_survives_a_killed_worker_with_the_same_scores(
    dask_client, search, digits, mark
):
    expected = scores_here(search, digits, mark)
    before = dask_client.run(os.getpid).values()
    with killing_who_writes(mark) as killed:
        found = fit_on_dask(dask_client, search, *digits)
    assert len(killed) == 1
    assert set(killed) <= set(before)
    assert scores_of(found) == expected
    dask_client.wait_for_workers(2, timeout=TIMEOUT)  # the nanny has started another
    after = dask_client.run(os.getpid).values()
    assert len(after) == 2
    assert not set(killed) & set(after)


@pytest.mark.usefixtures("ray_cluster")
def test_a_grid_search_on_ray_survives_a_killed_worker_with_the_same_scores(search, digits, mark):
    expected = scores_here(search, digits, mark)
    with killing_who_writes(mark) as killed:
        found = fit_on_ray(search, *digits)
    assert len(killed) == 1
    assert killed[0] != os.getpid()
    assert scores_of(found) == expected


def test_a_grid_search_on_ray_fails_with_a_killed_worker_unless_told_to_restart_it(
    ray_cluster, search, digits, mark
):
    with (
        killing_who_writes(mark) as killed,
        parallel_config(backend="ray", n_jobs=-1),
        pytest.raises(ray_cluster.exceptions.ActorDiedError),
    ):
        search.fit(*digits)
    assert len(killed) == 1


# -- Dask arrays -------------------------------------------------------------------------------


@pytest.mark.usefixtures("dask_client")
@pytest.mark.parametrize(
    "estimator",
    [
        PerceptronClassifier(random_state=0),
        SigmoidNeuronClassifier(solver="adam", random_state=0),
        MLPClassifier(20, random_state=0),
        MLPRegressor(hidden_layer_sizes=20, random_state=0),
    ],
    ids=lambda e: type(e).__name__,
)
def test_incremental_over_dask_arrays_is_partial_fit_on_the_blocks_in_order(estimator):
    da = pytest.importorskip("dask.array")
    wrappers = pytest.importorskip("dask_ml.wrappers")
    X, y = make_classification(2000, 20, random_state=0)
    known = {} if isinstance(estimator, MLPRegressor) else {"classes": [0, 1]}
    A, b = da.from_array(X, chunks=(500, 20)), da.from_array(y, chunks=500)
    incremental = wrappers.Incremental(estimator, shuffle_blocks=False).fit(A, b, **known)

    expected = clone(estimator)
    with threadpool_limits(limits=1):
        for start in range(0, 2000, 500):
            block = slice(start, start + 500)
            expected.partial_fit(X[block], y[block], **known)
    for found, wanted in zip(weights(incremental.estimator_), weights(expected), strict=True):
        np.testing.assert_array_equal(found, wanted)
    np.testing.assert_allclose(incremental.predict(A).compute(), expected.predict(X))


def weights(estimator):
    if hasattr(estimator, "coef_"):
        return [estimator.coef_, estimator.intercept_]
    return [*estimator.coefs_, *estimator.intercepts_]


# -- a file larger than memory -----------------------------------------------------------------

N_GROUPS, GROUP = 32, 25_000
FEATURES = [f"x{k}" for k in range(100)]
MAY_GROW = 150 * MIB
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")


@pytest.fixture(scope="module")
def large_file(tmp_path_factory):
    """Write 306 MiB of samples; a tenth of their labels, "line" and "circle", are wrong."""
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    path = tmp_path_factory.mktemp("large") / "samples.parquet"
    fields = [*((name, pa.float32()) for name in FEATURES), ("line", pa.int8())]
    schema = pa.schema([*fields, ("circle", pa.int8())])
    scales = np.arange(1, 101, dtype=np.float32)[:, np.newaxis]
    rng = np.random.default_rng(0)
    try:
        with pq.ParquetWriter(path, schema, compression="none", use_dictionary=False) as writer:
            for _ in range(N_GROUPS):
                X = rng.standard_normal((len(FEATURES), GROUP), dtype=np.float32)
                wrong = rng.random(GROUP) < 0.1
                line, circle = X[0] + X[1] > 0, X[0] ** 2 + X[1] ** 2 > 1.4
                targets = [(right ^ wrong).astype(np.int8) for right in (line, circle)]
                columns = [*(scales * X + 20), *targets]
                writer.write_table(pa.Table.from_arrays(columns, schema=schema))
        assert path.stat().st_size > 2 * MAY_GROW
        yield path
    finally:
        path.unlink(missing_ok=True)


def status(name):
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


def open_and_limit_memory(path):
    """Return the Parquet file, and limit this process to MAY_GROW more memory, used or not.

    A small fit before loads the libraries and starts their threads.
    """
    import resource  # not on Windows

    import pyarrow.parquet as pq

    file = pq.ParquetFile(path, pre_buffer=False)
    X, y = next(blocks(file, [0], FEATURES, "line"))
    MLPClassifier(2).partial_fit(StandardScaler().fit_transform(X[:300]), y[:300], classes=[0, 1])
    limit = status("VmData") + MAY_GROW
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    return file


def train_within_limits(path, model, target):
    """Return the accuracy on the last row group, and the growth of the resident size."""
    file, before = open_and_limit_memory(path), status("VmHWM")
    groups = np.arange(N_GROUPS - 1)
    with threadpool_limits(limits=1):
        scaler = train(model, file, groups, FEATURES, target, classes=[0, 1], n_passes=3)
    held_out = blocks(file, [N_GROUPS - 1], FEATURES, target)
    right = [model.predict(scaler.transform(X)) == y for X, y in held_out]
    return np.concatenate(right).mean(), status("VmHWM") - before


def read_within_limits(path):
    open_and_limit_memory(path).read()


def in_a_fresh_process(function, *args):
    with (
        pytest.MonkeyPatch.context() as patch,
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool,
    ):
        patch.setenv("ARROW_DEFAULT_MEMORY_POOL", "system")  # the default reserves 1 GiB at once
        return pool.submit(function, *args).result()


@linux_only
@pytest.mark.parametrize(
    ("model", "target"),
    [
        (
            SigmoidNeuronClassifier(
                solver="adam", alpha=1e-4, learning_rate_init=0.001, random_state=0
            ),
            "line",
        ),
        (
            MLPClassifier(  # 3 passes of 78 blocks are 234 epochs to it
                20, learning_rate_init=0.002, learning_rate="cosine", max_iter=234, random_state=0
            ),
            "circle",
        ),
    ],
    ids=["SigmoidNeuronClassifier", "MLPClassifier"],
)
def test_a_parquet_file_larger_than_memory_is_learned_in_shuffled_passes(large_file, model, target):
    accuracy, growth = in_a_fresh_process(train_within_limits, large_file, model, target)
    assert 0.88 < accuracy < 0.92  # a tenth of the labels is wrong
    assert growth < MAY_GROW


@linux_only
def test_the_same_memory_is_too_small_to_read_the_file(large_file):
    with pytest.raises(MemoryError):
        in_a_fresh_process(read_within_limits, large_file)


# -- the pages ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "functions"),
    [
        ("dask.md", [fit_on_dask]),
        ("ray.md", [fit_on_ray]),
        ("out_of_core.md", [blocks, train]),
    ],
)
def test_the_pages_show_the_code_that_is_tested(page, functions):
    assert all(getsource(function) in code_of(page) for function in functions)


@pytest.mark.parametrize(
    ("page", "packages"),
    [
        ("dask.md", ["distributed", "dask_ml"]),
        ("ray.md", ["ray"]),
        ("out_of_core.md", ["pyarrow"]),
    ],
)
def test_the_code_of_the_pages_runs_as_it_is(page, packages, tmp_path):
    for package in packages:
        pytest.importorskip(package)
    script = tmp_path / "page.py"
    script.write_text(code_of(page), encoding="utf-8")
    command = [sys.executable, "-W", "error", script]
    environment = os.environ | RAY_ENVIRONMENT
    subprocess.run(command, cwd=tmp_path, env=environment, timeout=2 * TIMEOUT, check=True)
