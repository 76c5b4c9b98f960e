"""Tables as people have them: the preprocessor, the pipeline, and the options that it uses."""

import copy
import pickle
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes, load_iris
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.utils.estimator_checks import check_estimator

from sknn_edu import (
    RECIPES,
    AveragingClassifier,
    AveragingRegressor,
    Checkpoint,
    MLPClassifier,
    MLPRegressor,
    TabularPreprocessor,
    tabular_pipeline,
)
from sknn_edu.core.embeddings import Waves
from sknn_edu.core.network import Pass
from sknn_edu.core.parametrization import NTK
from sknn_edu.inspection import NetworkDisplay, check_gradient, trace
from sknn_edu.inspection._problem import problem

DTYPES = pytest.mark.parametrize("dtype", ["float32", "float64"])
QUICK = {"max_iter": 3, "random_state": 0, "n_estimators": 2}


def columns(n=60):
    """Columns of every kind, some with gaps, as Python lists."""
    rng = np.random.default_rng(0)
    return {
        "income": [None if k % 7 == 0 else float(x) for k, x in enumerate(rng.lognormal(9, 1, n))],
        "rooms": [int(x) for x in rng.integers(1, 6, n)],
        "owner": [bool(x) for x in rng.integers(2, size=n)],
        "city": [("Ulm", "Bonn", "Rom", None)[k] for k in rng.integers(4, size=n)],
        "plan": [("basic", "gold")[k] for k in rng.integers(2, size=n)],
        "since": [datetime(2020, 1, 1 + int(k)) for k in rng.integers(28, size=n)],
    }


def pandas_table():
    table = pd.DataFrame(columns())
    return table.astype({"plan": "category"})


def polars_table():
    return pl.DataFrame(columns()).with_columns(pl.col("plan").cast(pl.Categorical))


def array_table():
    return np.array(list(zip(*columns().values(), strict=True)), dtype=object)


def targets(kind):
    income = np.array([0 if x is None else x for x in columns()["income"]])
    return np.where(income > 9000, "rich", "poor") if kind == "classifier" else income


# -- the preprocessor --------------------------------------------------------------------------


def test_numbers_worked_by_hand():
    # median 3, quartiles 2 and 4: z = (x - 3) / 2, and z / sqrt(1 + (z / 3)^2)
    X = np.array([[1.0], [2.0], [3.0], [4.0], [5.0]])
    z = np.array([-1, -0.5, 0, 0.5, 1])
    made = TabularPreprocessor(dtype="float64").fit_transform(X)
    np.testing.assert_allclose(made[:, 0], z / np.sqrt(1 + z**2 / 9))
    plain = TabularPreprocessor(smooth_clip=None).fit_transform(X)
    np.testing.assert_allclose(plain[:, 0], z)
    assert plain.dtype == np.float32


def test_numbers_far_out_stay_within_the_bound():
    model = TabularPreprocessor().fit(np.arange(9.0)[:, np.newaxis])
    far = model.transform(np.array([[-1e308], [1e308]]))
    np.testing.assert_allclose(far[:, 0], [-3, 3])


def test_where_the_middle_half_is_one_number_the_range_takes_its_place():
    X = np.array([[0.0], [0], [0], [0], [0], [0], [0], [10]])
    model = TabularPreprocessor(smooth_clip=None).fit(X)
    np.testing.assert_allclose(model.transform(X)[:, 0], [0, 0, 0, 0, 0, 0, 0, 2])


def test_a_feature_of_one_value_becomes_0_and_one_of_none_is_left_out():
    X = np.array([[5.0, np.nan]] * 4)
    made = TabularPreprocessor().fit_transform(X)
    np.testing.assert_array_equal(made, np.zeros((4, 1)))
    np.testing.assert_array_equal(TabularPreprocessor().fit(X).transform([[6.0, 1.0]]), [[0]])


def test_standard_scaling_is_that_of_scikit_learn():
    X = np.random.default_rng(0).normal(3, 2, size=(50, 2))
    made = TabularPreprocessor("standard", smooth_clip=None, dtype="float64").fit_transform(X)
    np.testing.assert_allclose(made, (X - X.mean(axis=0)) / X.std(axis=0))


def test_a_gap_becomes_0_and_is_marked():
    X = np.array([[1.0, 1], [np.nan, 2], [3, 3]])
    made = TabularPreprocessor().fit_transform(X)
    assert made.shape == (3, 3)
    assert made[1, 0] == 0
    np.testing.assert_array_equal(made[:, 2], [0, 1, 0])
    assert TabularPreprocessor(missing_indicator=False).fit_transform(X).shape == (3, 2)


def test_gaps_that_training_did_not_have_become_0():
    model = TabularPreprocessor().fit([[1.0], [2.0], [3.0]])
    np.testing.assert_array_equal(model.transform([[np.nan]]), [[0]])


def test_two_levels_are_one_column_and_more_are_one_each():
    table = pd.DataFrame({"a": ["n", "y", "n"], "b": ["u", "v", "w"]})
    model = TabularPreprocessor().fit(table)
    np.testing.assert_array_equal(
        model.transform(table), [[-1, 1, 0, 0], [1, 0, 1, 0], [-1, 0, 0, 1]]
    )
    np.testing.assert_array_equal(
        model.transform(pd.DataFrame({"a": ["new"], "b": ["new"]})), [[0, 0, 0, 0]]
    )
    assert model.get_feature_names_out().tolist() == ["a_y", "b_u", "b_v", "b_w"]


def test_a_gap_among_levels_is_a_level_where_training_had_gaps():
    table = pd.DataFrame({"a": ["n", None, "y"]})
    model = TabularPreprocessor().fit(table)
    assert model.get_feature_names_out().tolist() == ["a_n", "a_y", "a_None"]
    without = TabularPreprocessor().fit(table.dropna())
    np.testing.assert_array_equal(without.transform(table)[:, 0], [-1, 0, 1])


def test_rare_levels_share_a_column():
    table = pd.DataFrame({"a": list("uuuuvvvvwxyz"), "b": list("mmmmmmnnnnnn")})
    model = TabularPreprocessor(max_categories=3).fit(table)
    names = ["a_u", "a_v", "a_infrequent_sklearn", "b_n"]
    assert model.get_feature_names_out().tolist() == names
    np.testing.assert_array_equal(model.transform(table)[-1], [0, 0, 1, 1])


def test_a_column_of_names_does_not_become_thousands_of_columns():
    table = pd.DataFrame({"name": [f"name {k}" for k in range(500)]})
    assert TabularPreprocessor().fit_transform(table).shape == (500, 100)
    assert TabularPreprocessor(max_categories=None).fit_transform(table).shape == (500, 500)


def test_every_kind_of_column_has_its_names():
    names = TabularPreprocessor().fit(pandas_table()).get_feature_names_out().tolist()
    assert names == [
        "income",
        "rooms",
        "since",
        "income_missing",
        "owner_True",
        "city_Bonn",
        "city_Rom",
        "city_Ulm",
        "city_None",
        "plan_gold",
    ]


@pytest.mark.parametrize("table", [polars_table, array_table])
def test_pandas_polars_and_arrays_become_the_same_numbers(table):
    expected = TabularPreprocessor().fit_transform(pandas_table())
    np.testing.assert_allclose(TabularPreprocessor().fit_transform(table()), expected, rtol=1e-6)


def test_a_frame_of_pandas_fits_one_of_polars():
    model = TabularPreprocessor().fit(pandas_table())
    np.testing.assert_allclose(
        model.transform(polars_table()), model.transform(pandas_table()), rtol=1e-6
    )


def test_dates_are_numbers_of_days():
    days = pd.DataFrame({"day": pd.to_datetime(["2020-01-01", "2020-01-03", None])})
    model = TabularPreprocessor().fit(days)
    assert model.center_[0] == (datetime(2020, 1, 2) - datetime(1970, 1, 1)).days
    polars = pl.DataFrame({"day": [date(2020, 1, 1), date(2020, 1, 3), None]})
    np.testing.assert_array_equal(model.transform(polars), model.transform(days))


DAYS = [datetime(2020, 1, 1), datetime(2020, 1, 2), datetime(2020, 1, 4, 12)]
BERLIN = ZoneInfo("Europe/Berlin")
TIMES = {
    "naive": pd.Series(DAYS),
    "zone": pd.Series(DAYS).dt.tz_localize("UTC").dt.tz_convert(BERLIN),
    "zone of each": pd.Series(
        [day.replace(tzinfo=UTC).astimezone(BERLIN) for day in DAYS], dtype=object
    ),
    "objects": pd.Series(DAYS, dtype=object),
    "periods": pd.Series([pd.Period(day, "h") for day in DAYS]),
    "polars": pl.Series(DAYS),
    "polars of a zone": pl.Series(DAYS)
    .dt.replace_time_zone("UTC")
    .dt.convert_time_zone("Asia/Tokyo"),
}


def one_column(values):
    return (pl.DataFrame if isinstance(values, pl.Series) else pd.DataFrame)({"a": values})


@pytest.mark.parametrize("times", TIMES.values(), ids=TIMES)
def test_a_moment_is_the_same_number_in_whatever_form_it_comes(times):
    model = TabularPreprocessor("none", None, dtype="float64").fit(one_column(times))
    assert model.kinds_ == ["date"]
    np.testing.assert_allclose(
        model.transform(one_column(times))[:, 0], [18262, 18263, 18265.5], rtol=1e-12
    )
    np.testing.assert_array_equal(
        model.transform(one_column(TIMES["naive"])), model.transform(one_column(times))
    )


@pytest.mark.parametrize(
    ("values", "days"),
    [
        ([date(2020, 1, 1), None, date(2020, 1, 3)], [18262, 18264]),
        ([timedelta(hours=12), None, timedelta(days=2)], [0.5, 2]),
        ([time(6), None, time(18)], [0.25, 0.75]),
    ],
    ids=["dates", "durations", "times of a day"],
)
def test_times_of_python_are_days(values, days):
    for table in (pd.DataFrame({"a": values}), pl.DataFrame({"a": values}), [[v] for v in values]):
        made = TabularPreprocessor("none", None, dtype="float64").fit_transform(table)
        np.testing.assert_allclose(made[[0, 2], 0], days)
        np.testing.assert_array_equal(made[:, 1], [0, 1, 0])


def test_booleans_are_known_again_as_0_and_1():
    model = TabularPreprocessor().fit(pd.DataFrame({"a": [True, False, True]}))
    for again in ([1, 0, 1], [1.0, 0.0, np.nan], [np.True_, False, None], ["True", "False", "x"]):
        made = model.transform(pd.DataFrame({"a": again}))[:, 0]
        np.testing.assert_array_equal(made[:2], [1, -1])
        assert made[2] == (1 if again[2] == 1 else 0)


OF_A_KIND = {
    "numbers": [1.0, 2.0],
    "dates": [datetime(2020, 1, 1), datetime(2020, 1, 2)],
    "durations": [timedelta(1), timedelta(2)],
    "categories": ["u", "v"],
}


@pytest.mark.parametrize("before", OF_A_KIND)
@pytest.mark.parametrize("now", OF_A_KIND)
@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_a_column_that_is_of_another_kind_than_in_training_is_refused(before, now, frame):
    model = TabularPreprocessor().fit(frame({"a": OF_A_KIND[before]}))
    table = frame({"a": OF_A_KIND[now]})
    if now == before or (before, now) == ("categories", "numbers"):
        model.transform(table)
    else:
        with pytest.raises(ValueError, match=f"Column 'a' held {before} in training"):
            model.transform(table)
    model.transform(frame({"a": [None, None]}))


def test_words_among_numbers_are_named():
    prices = pd.DataFrame({"price": [1.5, "N/A", 2.5, 1.5]})
    with pytest.warns(UserWarning, match=r"'price' holds numbers and also 'N/A', so it is taken"):
        model = TabularPreprocessor().fit(prices)
    assert model.kinds_ == ["category"]
    model.transform(prices)
    model = TabularPreprocessor().fit(prices.iloc[2:])
    with pytest.raises(ValueError, match=r"now there is 'N/A'. Replace it by NaN"):
        model.transform(prices)


@pytest.mark.parametrize("empty", [[None, None], [np.nan, np.nan], [pd.NaT, pd.NaT]])
def test_a_column_without_values_is_left_out_and_may_hold_anything_later(empty):
    table = pd.DataFrame({"a": empty, "b": [1.0, 2.0]})
    model = TabularPreprocessor().set_output(transform="pandas").fit(table)
    assert model.kinds_ == ["nothing", "number"]
    for later in OF_A_KIND.values():
        assert list(model.transform(table.assign(a=later))) == ["b"]


def test_large_and_small_numbers_have_a_middle_and_a_spread():
    x = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    for scaling in ("robust", "standard"):
        model = TabularPreprocessor(scaling, dtype="float64")
        expected = model.fit_transform(x[:, np.newaxis])
        for unit in (1e200, 1e-200, 8e307):
            made = model.fit_transform(unit * x[:, np.newaxis])
            np.testing.assert_allclose(made, expected, rtol=1e-12)


@DTYPES
def test_without_a_bound_numbers_stay_finite_and_so_do_their_squares(dtype):
    model = TabularPreprocessor("none", None, dtype=dtype)
    made = model.fit_transform([[1e308], [-1e308], [1.0]])
    assert np.isfinite(np.square(made)).all()
    np.testing.assert_array_equal(np.sign(made[:, 0]), [1, -1, 1])


def test_names_are_different_whatever_columns_and_levels_are_called():
    table = pd.DataFrame(
        {
            "a": [1.0, None, 3.0],
            "a_missing": [1.0, 2.0, 3.0],
            "b": ["None", None, "x"],
            "b_None": [1.0, 2.0, 3.0],
        }
    )
    made = TabularPreprocessor().set_output(transform="pandas").fit_transform(table)
    assert list(made) == [
        "a", "a_missing", "b_None", "a_missing_2", "b_None_2", "b_x", "b_None_3",
    ]  # fmt: skip


def test_lists_of_rows_keep_their_numbers():
    made = TabularPreprocessor().fit([[1.5, "u"], [2.5, "v"], [3.5, "u"]])
    assert made.kinds_ == ["number", "category"]


def test_columns_of_polars_that_numpy_has_no_array_for_are_read():
    table = pl.DataFrame(
        {
            "large": pl.Series([1, 2, None], dtype=pl.Int128),
            "pair": pl.Series([[1, 2], [3, 4], [1, 2]], dtype=pl.Array(pl.Int64, 2)),
            "record": [{"x": 1}, {"x": 2}, {"x": 1}],
        }
    )
    model = TabularPreprocessor().fit(table)
    assert model.kinds_ == ["number", "category", "category"]
    np.testing.assert_array_equal(model.transform(table)[:, 2:], [[-1, -1], [1, 1], [-1, -1]])


def test_plans_for_a_table_are_refused():
    with pytest.raises(TypeError, match=r"pass X.collect\(\); got a LazyFrame"):
        TabularPreprocessor().fit(pl.DataFrame({"a": [1]}).lazy())


def test_complex_columns_are_refused():
    with pytest.raises(ValueError, match="Complex data not supported"):
        TabularPreprocessor().fit(pd.DataFrame({"a": [1 + 2j]}))


def test_integers_that_are_no_float_are_infinite():
    with pytest.raises(ValueError, match="infinite"):
        TabularPreprocessor().fit(pd.DataFrame({"a": [10**400, 1]}, dtype=object))


def test_numbers_that_are_called_categories_are_categories():
    codes = pd.DataFrame({"code": pd.Categorical([1, 2, 3, None])})
    model = TabularPreprocessor().fit(codes)
    assert model.get_feature_names_out().tolist() == ["code_1", "code_2", "code_3", "code_None"]
    as_numbers = pd.DataFrame({"code": [1.0, 2.0, 3.0, np.nan]})
    np.testing.assert_array_equal(model.transform(as_numbers), np.eye(4))


def test_lists_in_a_column_are_levels():
    made = TabularPreprocessor().fit_transform(pl.DataFrame({"a": [[1], [1, 2], [1]]}))
    np.testing.assert_array_equal(made, [[1], [-1], [1]])


def test_decimals_are_numbers():
    prices = [Decimal("1.5"), None, Decimal("2.5")]
    made = TabularPreprocessor(smooth_clip=None).fit_transform(pl.DataFrame({"price": prices}))
    np.testing.assert_allclose(made, [[-1, 0], [0, 1], [1, 0]])
    prices[1] = Decimal("sNaN")
    again = TabularPreprocessor(smooth_clip=None).fit_transform(pd.DataFrame({"price": prices}))
    np.testing.assert_array_equal(again, made)


@pytest.mark.parametrize("kind", RECIPES)
def test_targets_may_be_series(kind):
    expected = tabular_pipeline(kind, **QUICK).fit(pandas_table(), targets(kind))
    for table, y in (
        (pandas_table(), pd.Series(targets(kind), name="y")),
        (polars_table(), pl.Series("y", targets(kind))),
    ):
        model = tabular_pipeline(kind, **QUICK).fit(table, y)
        np.testing.assert_array_equal(
            model.predict(pandas_table()), expected.predict(pandas_table())
        )


def test_nullable_columns_of_pandas_are_taken_as_they_are():
    table = pd.DataFrame(
        {
            "a": pd.array([1, None, 3], dtype="Int64"),
            "b": pd.array([True, None, False], dtype="boolean"),
            "c": pd.array(["u", None, "v"], dtype="string"),
        }
    )
    made = TabularPreprocessor().set_output(transform="pandas").fit_transform(table)
    assert list(made) == [
        "a", "a_missing", "b_False", "b_True", "b_None", "c_u", "c_v", "c_None",
    ]  # fmt: skip
    assert made.loc[1, "a"] == 0


def test_frames_come_out_where_they_are_asked_for():
    for library, frame in (("pandas", pd.DataFrame), ("polars", pl.DataFrame)):
        made = TabularPreprocessor().set_output(transform=library).fit_transform(pandas_table())
        assert isinstance(made, frame)


def test_the_table_is_not_changed():
    table = pandas_table()
    before = table.copy(deep=True)
    TabularPreprocessor().fit_transform(table)
    pd.testing.assert_frame_equal(table, before)


def test_infinite_numbers_are_named():
    table = pd.DataFrame({"a": [1.0, np.inf], "b": [1, 2]})
    with pytest.raises(ValueError, match=r"Column 'a' has infinite values"):
        TabularPreprocessor().fit(table)


def test_words_among_what_were_numbers_are_refused():
    model = TabularPreprocessor().fit(pd.DataFrame({"a": [1.0, 2.0]}))
    with pytest.raises(ValueError, match=r"Column 'a' held numbers in training"):
        model.transform(pd.DataFrame({"a": ["one"]}))


def test_other_columns_are_refused():
    model = TabularPreprocessor().fit(pandas_table())
    with pytest.raises(ValueError, match="feature names"):
        model.transform(pandas_table().rename(columns={"city": "town"}))


def test_sparse_tables_are_refused():
    with pytest.raises(TypeError, match=r"pass\s+X.toarray"):
        TabularPreprocessor().fit(csr_array(np.eye(3)))


@pytest.mark.parametrize("table", [pd.DataFrame({"a": []}), pd.DataFrame(index=[0, 1])])
def test_empty_tables_are_refused(table):
    with pytest.raises(ValueError, match=r"X must have rows and columns|0 feature"):
        TabularPreprocessor().fit(table)


def test_a_failed_fit_leaves_the_preprocessor_as_it_was():
    model = TabularPreprocessor().fit(pandas_table())
    before = model.transform(pandas_table())
    with pytest.raises(ValueError, match="infinite"):
        model.fit(pd.DataFrame({"other": [1.0, np.inf]}))
    np.testing.assert_array_equal(model.transform(pandas_table()), before)


def test_wrong_parameters_are_named():
    with pytest.raises(ValueError, match="'scaling' parameter"):
        TabularPreprocessor(scaling="max").fit([[1.0]])


@pytest.mark.parametrize(
    "estimator",
    [TabularPreprocessor(), TabularPreprocessor("none", None, dtype="float64")],
    ids=["recipe", "plain"],
)
def test_the_preprocessor_passes_every_check_of_scikit_learn(estimator):
    assert len(check_estimator(estimator, on_skip=None)) > 20


# -- the pipeline ------------------------------------------------------------------------------


@pytest.mark.parametrize("table", [pandas_table, polars_table, array_table])
@pytest.mark.parametrize("kind", RECIPES)
def test_a_raw_table_is_learned_and_answered(kind, table):
    X, y = table(), targets(kind)
    model = tabular_pipeline(kind, **QUICK).fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    np.testing.assert_array_equal(clone(model).fit(X, y).predict(X), model.predict(X))
    if kind == "classifier":
        assert set(model.predict(X)) <= {"rich", "poor"}
        np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1, rtol=1e-6)
    else:
        assert y.min() <= model.predict(X).min() <= model.predict(X).max() <= y.max() * (1 + 1e-6)


@pytest.mark.parametrize("kind", RECIPES)
def test_a_recipe_is_a_dict_of_parameters(kind):
    network = MLPClassifier() if kind == "classifier" else MLPRegressor()
    assert network.set_params(**RECIPES[kind]).get_params() | RECIPES[kind] == network.get_params()


@pytest.mark.parametrize("kind", RECIPES)
def test_overrides_change_the_recipe(kind):
    model = tabular_pipeline(kind, dropout=0.5, preprocessor__smooth_clip=None)
    network = (model[-1] if kind == "classifier" else model[-1].regressor).estimator
    assert network.dropout == 0.5
    assert network.activation == RECIPES[kind]["activation"]
    assert model["preprocessor"].smooth_clip is None


def test_levels_that_training_did_not_have_can_be_predicted():
    X, y = pandas_table(), targets("classifier")
    model = tabular_pipeline("classifier", **QUICK).fit(X, y)
    new = X.head(3).assign(city=["Paris", None, "Ulm"], plan=["new", "gold", "new"])
    assert model.predict(new).shape == (3,)


def test_a_pipeline_is_searched_and_cross_validated():
    X, y = pandas_table(), targets("classifier")
    grid = {"classifier__estimator__dropout": [0.0, 0.3], "preprocessor__smooth_clip": [3, None]}
    search = GridSearchCV(tabular_pipeline("classifier", **QUICK), grid, cv=2).fit(X, y)
    assert set(search.best_params_) == set(grid)
    assert cross_val_score(tabular_pipeline("regressor", **QUICK), X, targets("r"), cv=2).size == 2


def test_a_pipeline_gives_its_feature_names():
    model = tabular_pipeline("classifier", **QUICK).fit(pandas_table(), targets("classifier"))
    names = model[:-1].get_feature_names_out()
    assert names[0] == "income"
    assert len(names) == model[-1].n_features_in_


@pytest.mark.parametrize("kind", RECIPES)
def test_weights_of_samples_go_through_a_pipeline(kind):
    X, y = pandas_table(), targets(kind)
    weight = np.where(X["rooms"] > 2, 1.0, 0.0)
    model = tabular_pipeline(kind, **QUICK).fit(X, y, **{f"{kind}__sample_weight": weight})
    without = clone(model).fit(X, y)
    answer = "predict_proba" if kind == "classifier" else "predict"
    assert not np.array_equal(getattr(model, answer)(X), getattr(without, answer)(X))


def test_an_estimator_of_ones_own_is_used_as_it_is():
    table = pandas_table()
    lr = tabular_pipeline(LogisticRegression(C=3.0), max_iter=500).fit(table, targets("classifier"))
    assert lr[-1].C == 3.0
    assert lr[-1].max_iter == 500
    model = tabular_pipeline(Ridge()).fit(table, targets("regressor"))
    assert isinstance(model[-1], TransformedTargetRegressor)
    own = TransformedTargetRegressor(MLPRegressor(max_iter=3), func=np.log1p, inverse_func=np.expm1)
    assert tabular_pipeline(own)[-1].func is np.log1p


@pytest.mark.parametrize("wrong", ["clasifier", TabularPreprocessor()])
def test_what_is_neither_classifier_nor_regressor_is_refused(wrong):
    with pytest.raises(ValueError, match="must be"):
        tabular_pipeline(wrong)


def test_a_parameter_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match="Invalid parameter 'depth'"):
        tabular_pipeline("classifier", depth=3)


def test_a_recipe_learns_iris_and_diabetes():
    X, y = load_iris(return_X_y=True)
    model = tabular_pipeline("classifier", max_iter=30, n_estimators=2, random_state=0)
    assert cross_val_score(model, X, y, cv=3).mean() > 0.92
    X, y = load_diabetes(return_X_y=True)
    model = tabular_pipeline("regressor", max_iter=30, n_estimators=2, random_state=0)
    assert cross_val_score(model, X, y, cv=3).mean() > 0.38


# -- averages ----------------------------------------------------------------------------------

ONE = MLPClassifier(hidden_layer_sizes=4, solver="lbfgs", max_iter=8)
SETTLED = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@SETTLED
def test_an_average_is_the_mean_of_its_members():
    X, y = load_iris(return_X_y=True)
    model = AveragingClassifier(ONE, n_estimators=3, random_state=0).fit(X, y)
    each = [one.predict_proba(X) for one in model.estimators_]
    assert not np.array_equal(each[0], each[1])
    np.testing.assert_allclose(model.predict_proba(X), np.mean(each, axis=0), rtol=1e-12)
    np.testing.assert_array_equal(model.predict(X), model.predict_proba(X).argmax(axis=1))
    np.testing.assert_allclose(np.exp(model.predict_log_proba(X)), model.predict_proba(X))
    one = MLPRegressor(hidden_layer_sizes=4, solver="lbfgs", max_iter=8)
    regressor = AveragingRegressor(one, n_estimators=3, random_state=0).fit(X, y)
    each = [one.predict(X) for one in regressor.estimators_]
    np.testing.assert_allclose(regressor.predict(X), np.mean(each, axis=0), rtol=1e-12)


@SETTLED
def test_an_average_repeats_and_does_not_depend_on_the_number_of_processes():
    X, y = load_iris(return_X_y=True)
    model = AveragingClassifier(ONE, n_estimators=2, random_state=0)
    first = model.fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(clone(model).fit(X, y).predict_proba(X), first)
    beside = clone(model).set_params(n_jobs=2).fit(X, y)
    np.testing.assert_allclose(beside.predict_proba(X), first, rtol=1e-6)


@SETTLED
def test_weights_reach_every_member():
    X, y = load_iris(return_X_y=True)
    weight = np.where(y == 2, 0.0, 1.0)
    model = AveragingClassifier(ONE, n_estimators=2, random_state=0).fit(X, y, weight)
    assert set(model.predict(X)) <= {0, 1}


@SETTLED
def test_averages_of_several_columns_have_the_form_of_y():
    X, y = load_iris(return_X_y=True)
    labels = np.column_stack([y == 0, y > 0]).astype(int)
    model = AveragingClassifier(ONE, n_estimators=2, random_state=0).fit(X, labels)
    assert (model.predict(X) == labels).mean() > 0.9
    columns = np.column_stack([np.array(["a", "b", "c"])[y], np.array(["u", "v", "w"])[y]])
    model.fit(X, columns)
    assert model.predict(X).shape == columns.shape
    assert (model.predict(X) == columns).mean() > 0.8
    assert [p.shape for p in model.predict_proba(X)] == [(150, 3), (150, 3)]


@pytest.mark.parametrize(
    "estimator",
    [
        AveragingClassifier(MLPClassifier(8, solver="lbfgs"), n_estimators=2, random_state=0),
        AveragingRegressor(
            MLPRegressor(hidden_layer_sizes=8, solver="lbfgs"), n_estimators=2, random_state=0
        ),
    ],
    ids=["classifier", "regressor"],
)
@SETTLED
def test_averages_pass_every_check_of_scikit_learn(estimator):
    assert len(check_estimator(estimator, on_skip=None)) > 40


# -- the options, each alone -------------------------------------------------------------------

OPTIONS = {
    "ntk": {"parametrization": "ntk"},
    "ntk of one's own": {"parametrization": NTK},
    "scale": {"feature_scale": True},
    "pbld": {"number_embedding": "pbld"},
    "periodic": {"number_embedding": "periodic"},
    "waves": {"number_embedding": Waves(n_waves=4, sigma=1.0)},
    "categories": {"category_embedding": 2},
    "parametric": {"activation": ["parametric_selu", "tanh"]},
    "data": {"init": "data_driven"},
    "schedule": {"dropout": 0.3, "weight_decay": 0.1, "regularization_schedule": "flat_cosine"},
    "coslog4": {"learning_rate": "coslog4"},
    "last_best": {"early_stopping": "last_best"},
}
OPTIONS["all"] = {name: value for some in OPTIONS.values() for name, value in some.items()}
OPTIONS["all"] |= {"number_embedding": "pbld", "learning_rate_init": 0.01}
EACH_OPTION = pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
NETWORK = {"hidden_layer_sizes": (9, 7), "max_iter": 8, "batch_size": 20, "random_state": 0}


def numbers_and_levels(dtype="float64", n=80):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 7))
    X[:, 2:6] = np.eye(4)[rng.integers(4, size=n)]
    return X.astype(dtype), X[:, 0] + X[:, 2] - X[:, 3] + 0.5 * np.sin(3 * X[:, 1])


def fitted(options, dtype="float64", kind="regressor", **more):
    X, y = numbers_and_levels(dtype)
    network = MLPRegressor() if kind == "regressor" else MLPClassifier()
    network.set_params(**{**NETWORK, **options, **more})
    return network.fit(X, y if kind == "regressor" else np.digitize(y, [-0.5, 0.5])), X


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
class TestEachOption:
    @DTYPES
    @EACH_OPTION
    @pytest.mark.parametrize("kind", RECIPES)
    def test_it_trains_in_the_dtype_of_x_and_repeats(self, options, dtype, kind):
        network, X = fitted(options, dtype, kind)
        again, _ = fitted(options, dtype, kind)
        assert network.predict(X[:2]).shape == (2,)
        assert all(W.dtype == dtype for W in network.coefs_)
        assert network.loss_curve_[-1] < network.loss_curve_[0]
        assert network.loss_curve_ == again.loss_curve_
        np.testing.assert_array_equal(network._output_sums(X), again._output_sums(X))
        copied = pickle.loads(pickle.dumps(network))
        np.testing.assert_array_equal(copied._output_sums(X), network._output_sums(X))

    @EACH_OPTION
    def test_its_gradient_is_right_fresh_and_fitted(self, options):
        options = {**options, "early_stopping": False}
        network, X = fitted(options)
        _, y = numbers_and_levels()
        smooth = {"activation": ["parametric_mish", "tanh"]} if "activation" in options else {}
        fresh = MLPRegressor(**{**NETWORK, **options, "init": "glorot", **smooth})
        assert check_gradient(fresh, X, y).error < 1e-5
        assert check_gradient(network, X, y).error < 1e-5

    @EACH_OPTION
    def test_the_curves_belong_to_the_answers(self, options):
        network, X = fitted(options, early_stopping=False, dropout=0.0, weight_decay=0.0)
        _, y = numbers_and_levels()
        before = network._output_sums(X)[:, 0]
        more = copy.deepcopy(network).set_params(max_iter=1, batch_size=80, warm_start=True)
        more.fit(X, y)
        penalty = network.alpha / (2 * len(X)) * sum((W**2).sum() for W in network.coefs_)
        loss = 0.5 * ((before - y) ** 2).mean()
        is_plain = network.feature_scale_ is None and not network.category_vectors_
        if is_plain:  # else the penalty is on the factors
            loss += penalty
        assert more.loss_curve_[-1] == pytest.approx(loss, rel=1e-9 if is_plain else 1e-3)

    @EACH_OPTION
    def test_partial_fit_goes_on_where_it_stopped(self, options):
        X, y = numbers_and_levels()
        options = {**options, "early_stopping": False, "max_iter": 3, "batch_size": 80}
        whole = MLPRegressor(**{**NETWORK, **options}).fit(X, y)
        parts = MLPRegressor(**{**NETWORK, **options})
        for _ in range(3):
            parts.partial_fit(X, y)
        np.testing.assert_allclose(parts.predict(X), whole.predict(X), rtol=1e-6, atol=1e-8)

    @EACH_OPTION
    def test_input_gradients_are_slopes_of_the_prediction(self, options):
        network, X = fitted(options)
        slopes, h = network.input_gradient(X), 1e-6
        for j in (0, 1, 3, 6):
            step = h * (np.arange(7) == j)
            rise = (network.predict(X + step) - network.predict(X - step)) / (2 * h)
            np.testing.assert_allclose(slopes[:, j], rise, rtol=1e-4, atol=1e-6)

    @EACH_OPTION
    def test_hidden_activations_lead_to_the_answer(self, options):
        network, X = fitted(options)
        a = network.hidden_activations(X)
        z = a @ network.coefs_[-1] + network.intercepts_[-1]
        np.testing.assert_allclose(z[:, 0], network.predict(X), rtol=1e-10)

    @EACH_OPTION
    def test_a_fit_goes_on_from_a_checkpoint_with_the_same_bits(self, options, tmp_path):
        pytest.importorskip("sklearn.callback")
        X, y = numbers_and_levels()

        class Crash(Checkpoint):
            def on_fit_task_end(self, estimator, context, **kwargs):
                super().on_fit_task_end(estimator, context, **kwargs)
                if len(self.seen) == 4:
                    raise RuntimeError("crash")
                self.seen.append(1)

        checkpoint = Crash(tmp_path / "fit")
        checkpoint.seen = []
        parameters = {**NETWORK, **options, "warm_start": True}
        whole = MLPRegressor(**parameters).fit(X, y)
        broken = MLPRegressor(**parameters).set_callbacks(checkpoint)
        with pytest.raises(RuntimeError, match="crash"):
            broken.fit(X, y)
        resumed = Checkpoint(tmp_path / "fit").restore(MLPRegressor(**parameters))
        resumed.predict(X)
        resumed.fit(X, y)
        assert resumed.loss_curve_ == whole.loss_curve_
        np.testing.assert_array_equal(resumed.predict(X), whole.predict(X))


@SETTLED
def test_a_blackboard_of_embedded_numbers_and_bends_shows_the_gradient():
    X, y = numbers_and_levels(n=5)
    options = {"number_embedding": "pbld", "activation": ["parametric_mish", "parametric_relu"]}
    network = MLPRegressor(hidden_layer_sizes=(9, 7), alpha=0.0, learning_rate_init=0.1, **options)
    network.fit(X, y)
    assert np.ptp(network.activation_bends_[0]) > 0
    board = trace(network, X, y)
    np.testing.assert_allclose(board.layers[-1].a[0], network.predict(X), rtol=1e-10)
    checked, parameters, samples, _ = problem(network, X, y)
    gradient = checked.parameters(float)
    work = Pass(checked, parameters, gradient, samples.n)
    work.forward(samples.X)
    work.backward(samples.X, samples.y, work.share)
    for layer, dW in zip(board.layers, gradient.weights, strict=True):
        np.testing.assert_allclose(layer.dW, dW, atol=1e-12)


@SETTLED
def test_a_blackboard_of_factors_is_refused():
    network, X = fitted(OPTIONS["scale"])
    with pytest.raises(ValueError, match="set feature_scale=False"):
        trace(network, X[:3], [1.0, 2.0, 3.0])


@SETTLED
def test_networks_of_every_option_can_be_drawn():
    network, X = fitted(OPTIONS["all"])
    display = NetworkDisplay.from_estimator(network, x=X[0])
    assert len(display.answers[-1]) == 1
    np.testing.assert_allclose(display.answers[-1], network.predict(X[:1]))


@SETTLED
def test_a_parameter_changed_after_fit_does_not_change_the_embedding():
    network, X = fitted(OPTIONS["pbld"])
    before = network.predict(X)
    np.testing.assert_array_equal(network.set_params(number_embedding=None).predict(X), before)


@pytest.mark.parametrize("name", ["scale", "pbld", "categories", "parametric", "data"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_lbfgs_learns_these_too(name):
    network, _ = fitted(OPTIONS[name], solver="lbfgs", max_iter=100)
    assert network.loss_ < 0.05


def test_lbfgs_has_no_neural_tangent_units():
    with pytest.raises(ValueError, match="parametrization='ntk' has no meaning"):
        fitted(OPTIONS["ntk"], solver="lbfgs")


@pytest.mark.parametrize("name", ["pbld", "categories"])
def test_embeddings_need_dense_samples(name):
    X, y = numbers_and_levels()
    with pytest.raises(TypeError, match="needs dense samples"):
        MLPRegressor(**NETWORK, **OPTIONS[name]).fit(csr_array(X), y)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_sparse_features_have_scales_too():
    X, y = numbers_and_levels()
    dense = MLPRegressor(**NETWORK, feature_scale=True, parametrization="ntk").fit(X, y)
    sparse = clone(dense).fit(csr_array(X), y)
    np.testing.assert_allclose(sparse.predict(csr_array(X)), dense.predict(X), rtol=1e-8)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_network_of_another_structure_is_not_continued():
    network, X = fitted(OPTIONS["scale"], warm_start=True)
    _, y = numbers_and_levels()
    with pytest.raises(ValueError, match=r"Restore them, or start anew"):
        network.set_params(feature_scale=False).fit(X, y)
    network.set_params(feature_scale=True).fit(X, y)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_weights_put_in_their_place_are_what_training_goes_on_from():
    network, X = fitted(OPTIONS["scale"])
    _, y = numbers_and_levels()
    network.coefs_[0] = 0 * network.coefs_[0]
    network.set_params(learning_rate_init=1e-12).partial_fit(X, y)
    np.testing.assert_allclose(network.coefs_[0], 0, atol=1e-10)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_outputs_are_clipped_to_the_range_of_the_targets():
    X, y = numbers_and_levels()
    network = MLPRegressor(learning_rate_init=0.05, random_state=0, clip_output=True).fit(X, y)
    far = network.predict(100 * X)
    assert y.min() == far.min()
    assert y.max() == far.max()
    network.partial_fit(X[:1], [100.0])
    np.testing.assert_array_equal(network.target_range_, [[y.min()], [100]])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_of_epochs_that_score_alike_the_last_is_the_best():
    X, y = load_iris(return_X_y=True)
    mlp = MLPClassifier(random_state=0, max_iter=60, learning_rate_init=0.01)
    last = mlp.set_params(early_stopping="last_best").fit(X, y)
    assert last.n_iter_ == 60
    scores = np.array(last.validation_scores_)
    assert last.best_epoch_ == 1 + np.flatnonzero(scores == scores.max())[-1]
    assert (scores == scores.max()).sum() > 1


@pytest.mark.parametrize("kind", RECIPES)
@pytest.mark.parametrize("n", [4, 5, 12])
def test_a_table_of_a_few_rows_is_no_mistake(kind, n):
    X, y = pandas_table().head(n), np.arange(n) % 2
    model = tabular_pipeline(kind, **QUICK).fit(X, y)
    assert model.predict(X).shape == (n,)


def test_a_class_of_one_sample_can_be_learned():
    X, y = pandas_table(), np.array(["no"] * 59 + ["yes"])
    model = tabular_pipeline("classifier", **QUICK).fit(X, y)
    assert model.predict_proba(X).shape == (60, 2)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"parametrization": "tangent"}, "'parametrization' parameter"),
        ({"number_embedding": "waves"}, "'number_embedding' parameter"),
        ({"category_embedding": 0}, "'category_embedding' parameter"),
        ({"regularization_schedule": "adaptive"}, "'regularization_schedule' parameter"),
        ({"regularization_schedule": lambda _: 2.0}, "a factor from 0 to 1"),
        ({"early_stopping": "best"}, "'early_stopping' parameter"),
    ],
)
def test_wrong_options_are_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        fitted(wrong)
