"""What becomes of the columns of a table."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.sparse import csr_array
from sklearn.utils.estimator_checks import check_estimator

from sknn_edu import (
    TabularPreprocessor,
)
from tests.tables import array_table, pandas_table, polars_table

DTYPES = pytest.mark.parametrize("dtype", ["float32", "float64"])


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
