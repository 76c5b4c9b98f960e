"""One fit on all workers of a Dask cluster: :class:`sknn_edu.distributed.DataParallel`.

The page docs/howto/data_parallel.md shows code that the last tests run.
"""

import pickle
import re
import subprocess
import sys
import warnings
from pathlib import Path

import dask.array as da
import numpy as np
import pytest
from distributed import Client
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import make_regression
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from sknn_edu import (
    Checkpoint,
    MLPClassifier,
    MLPRegressor,
    SigmoidNeuronClassifier,
    ValidationMonitor,
)
from sknn_edu.distributed import DataParallel
from sknn_edu.distributed.cluster import Cluster, aligned
from sknn_edu.distributed.partitions import contiguous_groups
from tests.callbacks import StopAfter
from tests.distributed.on_dask import LOCAL, assert_same_fit, here, on_cluster, parameters
from tests.killing import TIMEOUT

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "data_parallel.md"


# -- lbfgs: exact ------------------------------------------------------------------------------


@pytest.mark.parametrize("class_weight", [None, "balanced"])
@pytest.mark.usefixtures("client")
def test_lbfgs_takes_the_steps_of_one_machine(data, class_weight):
    mlp = MLPClassifier(10, solver="lbfgs", max_iter=20, class_weight=class_weight, random_state=0)
    model = DataParallel(mlp).fit(*on_cluster(*data)).estimator_
    expected = here(mlp, *data)
    np.testing.assert_allclose(model.loss_curve_[0], expected.loss_curve_[0], rtol=1e-12)
    np.testing.assert_allclose(parameters(model), parameters(expected), rtol=0, atol=1e-8)


@pytest.mark.usefixtures("client")
def test_the_bits_depend_on_the_partitions_and_not_on_the_workers(data):
    neuron = SigmoidNeuronClassifier(max_iter=15)
    mlp = MLPClassifier(5, max_iter=3, early_stopping=True, random_state=0)
    models = [DataParallel(neuron).fit(*on_cluster(*data)) for _ in range(2)]
    local = [DataParallel(mlp, n_shards=3).fit(*on_cluster(*data))]
    with Client(
        n_workers=1, set_as_default=False, **{k: v for k, v in LOCAL.items() if k != "n_workers"}
    ) as other:
        models.append(DataParallel(neuron).fit(*on_cluster(*data), client=other))
        local.append(DataParallel(mlp, n_shards=3).fit(*on_cluster(*data), client=other))
    assert_same_fit(*(model.estimator_ for model in local))
    assert [model.n_shards_ for model in models] == [4, 4, 4]
    for model in models[1:]:
        np.testing.assert_array_equal(
            parameters(model.estimator_), parameters(models[0].estimator_)
        )


@pytest.mark.usefixtures("client")
def test_lbfgs_with_early_stopping_holds_out_the_same_samples(data):
    mlp = MLPClassifier(
        5, solver="lbfgs", max_iter=15, early_stopping=True, scoring="loss", random_state=0
    )
    model, expected = DataParallel(mlp).fit(*on_cluster(*data)), here(mlp, *data)
    np.testing.assert_allclose(
        model.estimator_.validation_scores_, expected.validation_scores_, rtol=1e-9
    )


# -- local steps -------------------------------------------------------------------------------

ONE_SHARD = {
    "adam": {},
    "adamw with dropout and schedules": {
        "solver": "adamw", "dropout": 0.2, "regularization_schedule": "cosine",
        "learning_rate": "one_cycle",
    },
    "sgd that stops early": {
        "solver": "sgd", "learning_rate": "adaptive", "early_stopping": True, "max_iter": 25,
        "n_iter_no_change": 2, "learning_rate_init": 0.05,
    },
    "class weights, float32, last_best": {
        "class_weight": "balanced", "dtype": "float32", "early_stopping": "last_best",
        "scoring": "f1_macro",
    },
    "label smoothing, data-driven start": {
        "label_smoothing": 0.1, "init": "data_driven", "shuffle": False,
    },
    "feature scale, parametrization": {"feature_scale": True, "parametrization": "ntk"},
    "clipping, warm-up": {
        "clip_norm": 0.5, "warmup_fraction": 0.2, "activation": "parametric_mish",
    },
}  # fmt: skip


@pytest.mark.parametrize("options", ONE_SHARD.values(), ids=ONE_SHARD)
@pytest.mark.usefixtures("client")
def test_one_shard_gives_the_numbers_of_one_machine(data, options):
    mlp = MLPClassifier(10, random_state=0, **{"max_iter": 6, **options})
    model = DataParallel(mlp, n_shards=1).fit(*on_cluster(*data))
    assert model.n_shards_ == 1
    assert_same_fit(model.estimator_, here(mlp, *data))


@pytest.mark.usefixtures("client")
def test_one_shard_of_a_regression_gives_the_numbers_of_one_machine():
    X, y = make_regression(600, 8, n_targets=2, random_state=0)
    mlp = MLPRegressor(
        hidden_layer_sizes=10, scale_target=True, early_stopping=True, max_iter=8, random_state=0
    )
    model = DataParallel(mlp, n_shards=1).fit(*on_cluster(X, y, sizes=(200, 400)))
    assert_same_fit(model.estimator_, here(mlp, X, y))
    np.testing.assert_array_equal(model.estimator_.target_scale_, here(mlp, X, y).target_scale_)


@pytest.mark.usefixtures("client")
def test_several_shards_give_the_same_bits_every_time_and_learn(data):
    X, y, weight = data
    options = {"batch_size": 50, "learning_rate_init": 0.005, "dropout": 0.1}
    mlp = MLPClassifier(20, max_iter=40, **options, random_state=0)
    parallel = DataParallel(mlp, n_shards=3)
    first, second = (clone(parallel).fit(*on_cluster(X, y, weight)) for _ in range(2))
    assert first.n_shards_ == 3
    assert_same_fit(first.estimator_, second.estimator_)
    assert first.estimator_.score(X, y) > 0.95 * here(mlp, X, y, weight).score(X, y)
    other = clone(parallel).set_params(estimator__random_state=1).fit(*on_cluster(X, y, weight))
    assert not np.array_equal(parameters(other.estimator_), parameters(first.estimator_))


@pytest.mark.usefixtures("client")
def test_full_batch_gradient_descent_on_shards_is_that_of_one_machine(data):
    X, y, weight = data
    neuron = SigmoidNeuronClassifier(solver="gd", max_iter=30)
    model = DataParallel(neuron).fit(*on_cluster(X, y, weight))
    expected = here(neuron, X, y, weight)
    assert model.n_shards_ == 2
    np.testing.assert_allclose(parameters(model.estimator_), parameters(expected), atol=1e-12)


@pytest.mark.usefixtures("client")
def test_rounds_may_be_shorter_than_an_epoch(data):
    X, y, _ = data
    mlp = MLPClassifier(10, solver="sgd", momentum=0.0, max_iter=3, batch_size=50, random_state=0)
    one = DataParallel(mlp, n_shards=1, batches_per_round=3).fit(X, y).estimator_
    expected = here(mlp, X, y)
    np.testing.assert_array_equal(parameters(one), parameters(expected))
    np.testing.assert_allclose(one.loss_curve_, expected.loss_curve_, rtol=1e-12)
    two = DataParallel(mlp, n_shards=2, batches_per_round=3).fit(X, y).estimator_
    assert two.loss_curve_[-1] < two.loss_curve_[0]


@pytest.mark.usefixtures("client")
def test_lbfgs_ends_where_a_callback_ends_it(data):
    mlp = MLPClassifier(10, solver="lbfgs", max_iter=50, random_state=0)
    stopped = clone(mlp).set_callbacks(StopAfter(3))
    model = DataParallel(stopped).fit(*on_cluster(*data))
    expected = here(clone(mlp).set_params(max_iter=3), *data)
    assert model.estimator_.n_iter_ == len(model.estimator_.loss_curve_) == 3
    np.testing.assert_allclose(parameters(model.estimator_), parameters(expected), rtol=1e-9)


@pytest.mark.usefixtures("client")
def test_lbfgs_ends_where_early_stopping_ends_it(data):
    X, y, _ = data
    mlp = MLPClassifier(
        10, solver="lbfgs", max_iter=200, early_stopping=True, n_iter_no_change=2, random_state=0
    )
    validation = {"X_val": X[:100], "y_val": y[:100]}
    model, expected = (
        DataParallel(mlp).fit(*on_cluster(X, y), **validation).estimator_,
        here(mlp, X, y, **validation),
    )
    assert (model.n_iter_, model.best_epoch_) == (expected.n_iter_, expected.best_epoch_)
    assert model.n_iter_ < 200
    np.testing.assert_allclose(parameters(model), parameters(expected), rtol=1e-6)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.usefixtures("client")
def test_callbacks_and_a_validation_set_mean_what_they_mean_on_one_machine(data, solver):
    X, y, _ = data
    mlp = MLPClassifier(10, solver=solver, max_iter=4, random_state=0)
    monitor, expected = ValidationMonitor(scoring="accuracy"), ValidationMonitor(scoring="accuracy")
    validation = {"X_val": X[:100], "y_val": y[:100]}
    model = DataParallel(mlp, n_shards=1).set_callbacks(monitor)
    model.fit(*on_cluster(X, y), **validation)
    here(clone(mlp).set_callbacks(expected), X, y, **validation)
    assert len(model.estimator_.validation_scores_) == 4
    found, wanted = (
        [row["accuracy"] for row in m.get_logs().data if row["task_name"] == "epoch"]
        for m in (monitor, expected)
    )
    assert found == wanted == model.estimator_.validation_scores_


@pytest.mark.parametrize("from_dask", [True, False], ids=["Dask", "NumPy"])
@pytest.mark.usefixtures("client")
def test_scores_of_the_training_samples_are_those_of_one_machine(data, from_dask):
    callback = pytest.importorskip("sklearn.callback")
    X, y, _ = data
    mlp = MLPClassifier(10, max_iter=3, random_state=0)
    monitor, expected = (callback.ScoringMonitor(scoring="neg_log_loss") for _ in range(2))
    given = on_cluster(X, y) if from_dask else (X, y)
    DataParallel(mlp, n_shards=1).set_callbacks(monitor).fit(*given)
    here(clone(mlp).set_callbacks(expected), X, y)
    found, wanted = (
        [row["neg_log_loss"] for row in m.get_logs().data if row["task_name"] == "epoch"]
        for m in (monitor, expected)
    )
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


# -- what partitions may be like ---------------------------------------------------------------


@pytest.mark.usefixtures("client")
def test_partitions_may_be_empty_unequal_and_lack_classes(data):
    X, y, _ = data
    rows = np.argsort(y, kind="stable")
    X, y = X[rows], y[rows].astype(str)
    A, b = on_cluster(X, y, sizes=(3, 0, 640, 0, 357))
    mlp = MLPClassifier(10, max_iter=5, random_state=0)
    one = DataParallel(mlp, n_shards=1).fit(A, b)
    assert_same_fit(one.estimator_, here(mlp, X, y))
    several = DataParallel(mlp, n_shards=5).fit(A, b)
    assert several.n_shards_ <= 3
    assert several.classes_.tolist() == ["0", "1", "2"]


@pytest.mark.usefixtures("client")
def test_blocks_may_be_sparse(data):
    X, y, _ = data
    X = np.where(np.abs(X) > 1, X, 0)
    A, b = on_cluster(X, y)
    mlp = MLPClassifier(10, max_iter=3, early_stopping=True, random_state=0)
    model = DataParallel(mlp, n_shards=1).fit(A.map_blocks(sparse.csr_matrix), b)
    assert_same_fit(model.estimator_, here(mlp, sparse.csr_array(X), y))
    lbfgs = MLPClassifier(5, solver="lbfgs", max_iter=5, random_state=0)
    model = DataParallel(lbfgs).fit(A.map_blocks(sparse.csr_array), b)
    expected = here(lbfgs, sparse.csr_array(X), y)
    np.testing.assert_allclose(parameters(model.estimator_), parameters(expected), atol=1e-9)


@pytest.mark.usefixtures("client")
def test_data_frames_bring_their_names_and_unknown_sizes(data):
    pd, dd = pytest.importorskip("pandas"), pytest.importorskip("dask.dataframe")
    X, y, _ = data
    frame = pd.DataFrame(X, columns=[f"x{k}" for k in range(12)]).assign(y=y)
    parts = dd.from_pandas(frame, npartitions=3)
    parts = parts[parts.x0 > -1]  # how many rows that are is not known
    mlp = MLPClassifier(5, max_iter=3, random_state=0)
    model = DataParallel(mlp, n_shards=1).fit(parts.drop(columns="y"), parts.y)
    frame = frame[frame.x0 > -1]
    expected = here(mlp, frame.drop(columns="y"), frame.y)
    assert_same_fit(model.estimator_, expected)
    assert model.feature_names_in_.tolist() == list(frame.columns[:-1])
    predicted = model.predict(parts.drop(columns="y"))
    np.testing.assert_array_equal(predicted.compute(), expected.predict(frame.drop(columns="y")))
    arrays = parts.drop(columns="y").to_dask_array(), parts.y.repartition(npartitions=2)
    model = DataParallel(mlp, n_shards=1).fit(*arrays)
    np.testing.assert_array_equal(parameters(model.estimator_), parameters(expected))


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize(
    "options", [{"number_embedding": "pbld"}, {"category_embedding": 2, "feature_scale": True}]
)
def test_what_is_embedded_is_found_in_all_partitions(data, options):
    X, y, _ = data
    categories = np.eye(4)[np.random.default_rng(0).integers(0, 4, 1000)]
    X = np.hstack([X[:, :3], categories])
    X[:, 1] = X[:, 1] > 0
    X[-1, 1] = 2  # more than two values, but not in most partitions
    mlp = MLPClassifier(5, max_iter=3, random_state=0, **options)
    model = DataParallel(mlp, n_shards=1).fit(*on_cluster(X, y))
    assert_same_fit(model.estimator_, here(mlp, X, y))
    lbfgs = clone(mlp).set_params(solver="lbfgs")
    model = DataParallel(lbfgs).fit(*on_cluster(X, y))
    expected = here(lbfgs, X, y)
    assert [W.shape for W in model.estimator_.coefs_] == [W.shape for W in expected.coefs_]
    np.testing.assert_allclose(parameters(model.estimator_), parameters(expected), atol=1e-9)


@pytest.mark.parametrize(
    ("sizes", "n_groups", "groups"),
    [
        ([1, 1, 1, 1], 2, [[0, 1], [2, 3]]),
        ([1, 1000, 1, 1], 4, [[0], [1], [2], [3]]),
        ([1000, 1, 1, 1], 2, [[0], [1, 2, 3]]),
        ([1, 1, 1, 1000], 3, [[0, 1], [2], [3]]),
        ([5], 1, [[0]]),
    ],
)
def test_shards_are_neighbouring_partitions_of_about_the_same_size(sizes, n_groups, groups):
    assert contiguous_groups(sizes, n_groups) == groups


def test_what_arrives_at_an_odd_address_is_moved():
    memory = np.zeros(81, np.uint8)
    odd = memory[1:].view(float)
    assert not odd.flags.aligned
    moved, (inside, label) = aligned(odd), aligned((odd, "label"))
    assert moved.flags.aligned
    assert inside.flags.aligned
    assert label == "label"
    assert aligned(moved) is moved
    matrix = sparse.csr_array(np.eye(10))
    matrix.data = odd
    assert aligned(matrix).data.flags.aligned


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_large_parameters_are_combined_on_the_workers_to_the_same_bits(data, monkeypatch, solver):
    X, y, weight = data
    parallel = DataParallel(MLPClassifier(5, solver=solver, max_iter=3, random_state=0))
    here_combined = clone(parallel).fit(*on_cluster(X, y, weight)).estimator_
    monkeypatch.setattr("sknn_edu.distributed.cluster.SMALL", 0)
    assert_same_fit(clone(parallel).fit(*on_cluster(X, y, weight)).estimator_, here_combined)


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize(("max_iter", "is_same"), [(1, True), (3, False)])
def test_outer_momentum_acts_after_the_first_round(data, max_iter, is_same):
    X, y, _ = data
    mlp = MLPClassifier(5, max_iter=max_iter, batch_size=50, random_state=0)
    fitted = [
        DataParallel(mlp, outer_momentum=momentum).fit(*on_cluster(X, y)).estimator_
        for momentum in (0.0, 0.5)
    ]
    first, second = map(parameters, fitted)
    assert np.array_equal(first, second) == is_same


# -- refused -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("client")
def test_what_does_not_fit_together_is_refused_by_name(data):
    X, y, _ = data
    A, b = on_cluster(X, y)
    model = DataParallel(MLPClassifier(5, max_iter=2))
    whole = da.from_array(y)
    with pytest.raises(ValueError, match=r"X has 1000 rows, but y has \d+\."):
        model.fit(A, whole[whole > 0])
    with pytest.raises(ValueError, match=r"In partition 0, X has 400 rows, but y has \d+"):
        model.fit(A, b[b > 0])
    X[900, 3] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        model.fit(*on_cluster(X, y))
    with pytest.raises(ValueError, match="X has 1000 rows, but y has 7"):
        model.fit(A, y[:7])
    with pytest.raises(ValueError, match="estimator must be"):
        DataParallel(LogisticRegression()).fit(A, b)
    with pytest.raises(ValueError, match="batches_per_round=3 has no meaning"):
        DataParallel(MLPClassifier(solver="lbfgs"), batches_per_round=3).fit(A, b)
    with pytest.raises(ValueError, match="Checkpoint cannot save"):
        DataParallel(MLPClassifier()).set_callbacks(Checkpoint("x")).fit(A, b)


def test_no_client_is_refused_by_name():
    code = (
        "from sknn_edu import MLPClassifier; from sknn_edu.distributed import DataParallel; "
        "DataParallel(MLPClassifier()).fit([[0.], [1.]], [0, 1])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "there is no client" in done.stderr


@pytest.mark.usefixtures("client")
def test_what_does_not_fit_the_memory_is_refused_with_the_number_of_bytes(data, monkeypatch):
    monkeypatch.setattr(Cluster, "smallest_memory", lambda _: 100_000)
    with pytest.raises(
        MemoryError, match=r"X has 96,000 bytes; in 1 shards the largest has 96,000"
    ):
        DataParallel(MLPClassifier(5), n_shards=1).fit(*on_cluster(*data))
    DataParallel(MLPClassifier(5, max_iter=1)).fit(*on_cluster(*data))


# -- a good citizen ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def in_process():
    with Client(
        processes=False, n_workers=1, threads_per_worker=2, dashboard_address="127.0.0.1:0"
    ) as client:
        yield client


def quick(estimator, **options):
    return DataParallel(estimator(**options), n_shards=2)


@pytest.mark.usefixtures("in_process")
@parametrize_with_checks(
    [
        quick(SigmoidNeuronClassifier, max_iter=10),
        quick(MLPClassifier, hidden_layer_sizes=10, solver="lbfgs", max_iter=30, random_state=0),
        quick(
            MLPRegressor, hidden_layer_sizes=10, solver="lbfgs", max_iter=50, random_state=0,
        ),
    ]
)  # fmt: skip
def test_scikit_learns_estimator_checks(estimator, check):
    check(estimator)


@pytest.mark.usefixtures("client")
def test_pipelines_searches_pickles_and_clones(data):
    X, y, _ = data
    mlp = MLPClassifier(5, solver="lbfgs", max_iter=20, random_state=0)
    model = make_pipeline(StandardScaler(), DataParallel(mlp, n_shards=2))
    search = GridSearchCV(model, {"dataparallel__estimator__alpha": [1e-4, 1]}, cv=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted = search.fit(X, y).best_estimator_
    copied = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(copied.predict(X), fitted.predict(X))
    inner = pickle.dumps(fitted[-1].estimator_)
    assert b"dask" not in inner
    assert b"distributed" not in inner
    assert clone(fitted[-1]).get_params()["n_shards"] == 2


@pytest.mark.usefixtures("client")
def test_predictions_of_dask_collections_are_lazy_and_the_same(data):
    X, y, _ = data
    A, b = on_cluster(X, y, sizes=(400, 0, 300, 300))
    model = DataParallel(MLPClassifier(5, max_iter=3, random_state=0)).fit(A, b)
    for method in ("predict", "predict_proba", "predict_log_proba", "decision_function"):
        lazy = getattr(model, method)(A)
        assert isinstance(lazy, da.Array)
        expected = getattr(model.estimator_, method)(X)
        assert (lazy.shape, lazy.dtype) == (expected.shape, expected.dtype)
        np.testing.assert_allclose(lazy.compute(), expected, rtol=1e-12)
    assert model.score(A, b) == model.estimator_.score(X, y)


def test_a_task_of_dask_may_fit_too(client, data):
    X, y, _ = data
    parallel = DataParallel(SigmoidNeuronClassifier(max_iter=3), n_shards=2)
    fitted = client.submit(lambda: parallel.fit(X, y)).result(timeout=TIMEOUT)
    np.testing.assert_array_equal(
        parameters(fitted.estimator_), parameters(clone(parallel).fit(X, y).estimator_)
    )


# -- the page ----------------------------------------------------------------------------------


def test_the_code_of_the_page_runs_as_it_is(tmp_path):
    text = PAGE.read_text(encoding="utf-8")
    code = "\n\n".join(re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE))
    script = tmp_path / "page.py"
    script.write_text(code, encoding="utf-8")
    command = [sys.executable, "-W", "error", script]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    score, n_epochs = done.stdout.splitlines()[0].split()
    assert float(score) > 0.9
    assert int(n_epochs) <= 20
