"""A converted pipeline for tables predicts what the pipeline predicts."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sknn_edu import (
    AveragingClassifier,
    AveragingRegressor,
    MLPClassifier,
    MLPRegressor,
    PerceptronClassifier,
    TabularPreprocessor,
    tabular_pipeline,
)
from tests.onnx.conversion import COLUMNS, MAY_STOP_EARLY, onnx, ort, skl2onnx, sknn_onnx

pytestmark = [
    MAY_STOP_EARLY,
    pytest.mark.filterwarnings("ignore:The network is no better than a constant"),
    pytest.mark.filterwarnings("ignore:Column 'day' contains dates"),
]
QUICK = {"n_estimators": 3, "max_iter": 8, "hidden_layer_sizes": (16, 16), "random_state": 0}
ENDS = np.array([1e8, 1.7e308, -1.7e308, 0.0])


def random_table(seed, n=120):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "x": rng.normal(1e6, 1, n),
            "gaps": np.where(rng.random(n) < 0.2, np.nan, rng.lognormal(0, 2, n)),
            "wide": rng.choice(ENDS, n),
            "constant": np.full(n, 3.5),
            "count": rng.integers(0, 9, n),
            "flag": rng.random(n) < 0.5,
            "two": rng.choice(["yes", "no"], n),
            "town": rng.choice(["Ulm", "Bonn", "Rom", None], n),
            "many": [f"street {k}" for k in rng.geometric(0.01, n)],
            "nothing": np.full(n, np.nan),
        }
    )
    return table.drop(columns=rng.choice(table.columns, rng.integers(0, 5), replace=False))


def new_values(table):
    """Return a table with categories that were not in training, and more missing values."""
    later = table.copy()
    for name in set(later) & {"two", "town", "many"}:
        later.loc[:9, name] = "Paris"
    for name in set(later) & {"x", "gaps"}:
        later.loc[5:12, name] = np.nan
    return later


def inputs_of(table, types):
    made = {}
    for name, of_type in types:
        column = table[name]
        if type(of_type).__name__ == "StringTensorType":
            values = column.fillna("").to_numpy(dtype=object)
        else:
            values = column.to_numpy(bool if "Bool" in type(of_type).__name__ else float)
        made[name] = values[:, np.newaxis]
    return made


def run_table(model, table, **options):
    types = sknn_onnx.initial_types(model)
    proto = skl2onnx.to_onnx(model, initial_types=types, options=options or None)
    onnx.checker.check_model(proto, full_check=True)
    session = ort.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, inputs_of(table, types))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_table_gives_the_same_features_in_onnx(seed, dtype):
    table = random_table(seed)
    model = TabularPreprocessor(dtype=dtype, min_frequency=3).fit(table)
    for rows in (table, new_values(table)):
        (made,) = run_table(model, rows)
        assert made.dtype == dtype
        np.testing.assert_allclose(made, model.transform(rows), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    "options", [{"scaling": "none"}, {"smooth_clip": None, "scaling": "standard"}]
)
def test_every_scaling_gives_the_same_features_in_onnx(options):
    table = random_table(7).select_dtypes("number")
    model = TabularPreprocessor(missing_indicator=False, **options).fit(table)
    (made,) = run_table(model, table)
    np.testing.assert_allclose(made, model.transform(table), rtol=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_the_regression_pipeline_predicts_the_same_numbers(seed):
    table = random_table(seed)
    y = 1e8 + np.random.default_rng(seed).normal(size=len(table))
    model = tabular_pipeline("regressor", **QUICK).fit(table, y)
    later = new_values(table)
    (made,) = run_table(model, later)
    np.testing.assert_allclose(made[:, 0], model.predict(later), rtol=0, atol=1e-4 * y.std())


@pytest.mark.parametrize("seed", range(4))
def test_the_classification_pipeline_gives_the_same_labels(seed):
    table = random_table(seed)
    y = np.random.default_rng(seed).choice(["a", "b", "c"][: 2 + seed % 2], len(table))
    model = tabular_pipeline("classifier", **QUICK).fit(table, y)
    later = new_values(table)
    label, p = run_table(model, later, zipmap=False)
    expected = model.predict_proba(later)
    np.testing.assert_allclose(p, expected, atol=1e-5)
    best_two = np.sort(expected, axis=1)[:, -2:]
    is_clear = best_two[:, 1] - best_two[:, 0] > 1e-5
    np.testing.assert_array_equal(label[is_clear], model.predict(later)[is_clear])


def test_an_array_of_numbers_is_a_single_input():
    X, y = load_iris(return_X_y=True)
    X[::7, 1] = np.nan
    model = tabular_pipeline("classifier", **QUICK).fit(X, y)
    proto = skl2onnx.to_onnx(model, X[:1], options={"zipmap": False})
    session = ort.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
    _, p = session.run(None, {"X": X})
    np.testing.assert_allclose(p, model.predict_proba(X), atol=1e-5)


@pytest.mark.parametrize("y", ["several", "multilabel", "binary"])
def test_averages_give_the_same_predictions_in_onnx_for_every_kind_of_target(y):
    X, classes = load_iris(return_X_y=True)
    Y = {
        "several": COLUMNS["strings"],
        "multilabel": np.eye(3, dtype=int)[classes] | (X[:, :3] > 5),
        "binary": classes > 0,
    }[y]
    network = MLPClassifier(5, solver="lbfgs", max_iter=20)
    model = AveragingClassifier(network, n_estimators=2, random_state=0).fit(X, Y)
    proto = skl2onnx.to_onnx(model, X[:1], options={"zipmap": False})
    session = ort.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
    label, p = session.run(None, {"X": X})
    np.testing.assert_array_equal(label, model.predict(X))
    np.testing.assert_allclose(p, model.predict_proba(X), atol=1e-9)


def test_averages_support_zipmap_and_perceptrons():
    X, y = load_iris(return_X_y=True)
    model = AveragingClassifier(PerceptronClassifier(), n_estimators=2, random_state=0).fit(X, y)
    proto = skl2onnx.to_onnx(model, X[:1])
    session = ort.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
    assert sorted(session.run(None, {"X": X})[1][0]) == [0, 1, 2]


def test_members_that_are_not_networks_are_refused():
    X, y = load_iris(return_X_y=True)
    members = make_pipeline(TabularPreprocessor(), MLPRegressor(max_iter=3))
    model = AveragingRegressor(members, n_estimators=1).fit(X, y)
    with pytest.raises(TypeError, match=r"must be networks of sknn_edu.*before the average"):
        skl2onnx.to_onnx(model, X[:1])


def test_dates_are_refused_by_column_name_and_accepted_with_reader_None():
    table = pd.DataFrame({"day": pd.to_datetime(["2024-01-01", "2024-01-02"] * 5), "x": range(10)})
    y = [0, 1] * 5
    model = tabular_pipeline(LogisticRegression()).fit(table, y)
    with pytest.raises(ValueError, match=r"For ONNX, .* columns 'day'\. .*reader=None"):
        run_table(model, table)
    model = tabular_pipeline("classifier", reader=None, **QUICK).fit(table, y)
    days = table.assign(day=(table["day"] - pd.Timestamp("1970-01-01")) / pd.Timedelta(days=1))
    _, p = run_table(model, days, zipmap=False)
    np.testing.assert_allclose(p, model.predict_proba(table), atol=1e-5)


def test_categories_may_be_whole_numbers():
    table = pd.DataFrame({"code": pd.Categorical([1, 2, 30] * 5)})
    model = TabularPreprocessor().fit(table)
    of_ints = [("code", skl2onnx.common.data_types.Int64TensorType([None, 1]))]
    proto = skl2onnx.to_onnx(model, initial_types=of_ints)
    session = ort.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
    (made,) = session.run(None, {"code": table.astype(np.int64).to_numpy()})
    np.testing.assert_array_equal(made, model.transform(table))
    of_floats = [("code", skl2onnx.common.data_types.FloatTensorType([None, 1]))]
    with pytest.raises(ValueError, match="The type of a categorical column must be StringTensor"):
        skl2onnx.to_onnx(model, initial_types=of_floats)


def test_initial_types_need_a_pipeline_that_begins_with_a_preprocessor():
    with pytest.raises(TypeError, match="must be a TabularPreprocessor or a pipeline that begins"):
        sknn_onnx.initial_types(LogisticRegression())
