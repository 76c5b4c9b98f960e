"""The kinds of columns, and the numbers or categories that are read from them."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl
import pytest

from sknn_edu import TabularPreprocessor
from sknn_edu.tables.columns import Column


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
    "objects with a zone": pd.Series(
        [day.replace(tzinfo=UTC).astimezone(BERLIN) for day in DAYS], dtype=object
    ),
    "objects": pd.Series(DAYS, dtype=object),
    "periods": pd.Series([pd.Period(day, "h") for day in DAYS]),
    "polars": pl.Series(DAYS),
    "polars with a zone": pl.Series(DAYS)
    .dt.replace_time_zone("UTC")
    .dt.convert_time_zone("Asia/Tokyo"),
}


def one_column(values):
    return (pl.DataFrame if isinstance(values, pl.Series) else pd.DataFrame)({"a": values})


@pytest.mark.parametrize("times", TIMES.values(), ids=TIMES)
def test_a_date_is_the_same_number_in_every_form(times):
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
def test_dates_durations_and_times_of_python_are_days(values, days):
    for table in (pd.DataFrame({"a": values}), pl.DataFrame({"a": values}), [[v] for v in values]):
        made = TabularPreprocessor("none", None, dtype="float64").fit_transform(table)
        np.testing.assert_allclose(made[[0, 2], 0], days)
        np.testing.assert_array_equal(made[:, -1], [0, 1, 0])


def test_boolean_columns_accept_0_and_1_and_text_later():
    model = TabularPreprocessor().fit(pd.DataFrame({"a": [True, False, True]}))
    for again in ([1, 0, 1], [1.0, 0.0, np.nan], [np.True_, False, None], ["True", "False", "x"]):
        made = model.transform(pd.DataFrame({"a": again}))[:, 0]
        np.testing.assert_array_equal(made[:2], [1, -1])
        assert made[2] == (1 if again[2] == 1 else 0)


VALUES_OF_KIND = {
    "numbers": [1.0, 2.0],
    "dates": [datetime(2020, 1, 1), datetime(2020, 1, 2)],
    "durations": [timedelta(1), timedelta(2)],
    "categories": ["u", "v"],
}


@pytest.mark.parametrize("before", VALUES_OF_KIND)
@pytest.mark.parametrize("now", VALUES_OF_KIND)
@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_a_column_of_another_kind_than_in_training_is_refused(before, now, frame):
    model = TabularPreprocessor().fit(frame({"a": VALUES_OF_KIND[before]}))
    table = frame({"a": VALUES_OF_KIND[now]})
    if now == before or (before, now) == ("categories", "numbers"):
        model.transform(table)
    else:
        with pytest.raises(ValueError, match=f"Column 'a' contained {before} in training"):
            model.transform(table)
    model.transform(frame({"a": [None, None]}))


def test_words_among_numbers_are_named_in_the_warning_and_in_the_error():
    prices = pd.DataFrame({"price": [1.5, "N/A", 2.5, 1.5]})
    with pytest.warns(UserWarning, match=r"Column 'price' contains numbers and also 'N/A', so it"):
        model = TabularPreprocessor().fit(prices)
    assert model.kinds_ == ["category"]
    model.transform(prices)
    model = TabularPreprocessor().fit(prices.iloc[2:])
    with pytest.raises(ValueError, match=r"now contains 'N/A'\. Replace it with NaN"):
        model.transform(prices)


@pytest.mark.parametrize("empty", [[None, None], [np.nan, np.nan], [pd.NaT, pd.NaT]])
def test_a_column_without_values_is_dropped_and_later_accepts_any_values(empty):
    table = pd.DataFrame({"a": empty, "b": [1.0, 2.0]})
    model = TabularPreprocessor().set_output(transform="pandas").fit(table)
    assert model.kinds_ == ["nothing", "number"]
    for later in VALUES_OF_KIND.values():
        assert list(model.transform(table.assign(a=later))) == ["b"]


def test_numbers_in_a_list_of_rows_stay_numbers():
    made = TabularPreprocessor().fit([[1.5, "u"], [2.5, "v"], [3.5, "u"]])
    assert made.kinds_ == ["number", "category"]


@pytest.mark.filterwarnings("ignore:.*lists, arrays or the like")
def test_polars_columns_without_a_numpy_array_are_read():
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


def test_complex_columns_are_refused():
    with pytest.raises(ValueError, match="Complex data not supported"):
        TabularPreprocessor().fit(pd.DataFrame({"a": [1 + 2j]}))


def test_integers_beyond_float64_are_infinite():
    with pytest.raises(ValueError, match="infinite"):
        TabularPreprocessor().fit(pd.DataFrame({"a": [10**400, 1]}, dtype=object))


def test_numbers_with_the_category_dtype_are_categories():
    codes = pd.DataFrame({"code": pd.Categorical([1, 2, 3, None])})
    model = TabularPreprocessor().fit(codes)
    assert model.get_feature_names_out().tolist() == ["code_1", "code_2", "code_3", "code_None"]
    as_numbers = pd.DataFrame({"code": [1.0, 2.0, 3.0, np.nan]})
    np.testing.assert_array_equal(model.transform(as_numbers), np.eye(4))


@pytest.mark.parametrize(
    "table",
    [
        pl.DataFrame({"a": [[1], [1, 2], [1]]}),
        pl.DataFrame({"a": [{"k": 1}, {"k": 2}, {"k": 1}]}),
        pd.DataFrame({"a": [np.ones(2), np.zeros(2), np.ones(2)]}),
        pd.DataFrame({"a": [{1}, None, {1}]}),
    ],
    ids=["lists", "dicts", "arrays", "sets"],
)
def test_lists_in_a_column_are_categories_with_a_warning(table):
    with pytest.warns(UserWarning, match="Column 'a' contains lists, arrays or the like.*np.stack"):
        made = TabularPreprocessor(reader=None).fit_transform(table)
    np.testing.assert_array_equal(made[0], made[2])
    assert (made[0] != made[1]).any()


def test_decimals_are_numbers():
    prices = [Decimal("1.5"), None, Decimal("2.5")]
    made = TabularPreprocessor(smooth_clip=None).fit_transform(pl.DataFrame({"price": prices}))
    np.testing.assert_allclose(made, [[-1, 0], [0, 1], [1, 0]])
    prices[1] = Decimal("sNaN")
    again = TabularPreprocessor(smooth_clip=None).fit_transform(pd.DataFrame({"price": prices}))
    np.testing.assert_array_equal(again, made)


def test_nullable_columns_of_pandas_need_no_conversion():
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


def test_the_error_names_the_column_with_infinite_numbers():
    table = pd.DataFrame({"a": [1.0, np.inf], "b": [1, 2]})
    with pytest.raises(ValueError, match=r"column 'a' has infinite values"):
        TabularPreprocessor().fit(table)


def test_words_in_a_column_of_numbers_are_refused():
    model = TabularPreprocessor().fit(pd.DataFrame({"a": [1.0, 2.0]}))
    with pytest.raises(ValueError, match=r"Column 'a' contained numbers in training"):
        model.transform(pd.DataFrame({"a": ["one"]}))


@pytest.mark.parametrize(
    ("values", "kinds"),
    [
        (np.array([1, 2]), {"number"}),
        (np.array([True, False]), {"boolean"}),
        (np.array(["u", "v"]), {"category"}),
        (np.array(["2020-01-01"], dtype="M8[D]"), {"date"}),
        (np.array([np.nan, np.nan]), set()),
        (np.array([1, "u", None, True], dtype=object), {"number", "category", "boolean"}),
    ],
)
def test_a_column_knows_the_kinds_of_its_values(values, kinds):
    assert Column(values).kinds() == kinds


def test_a_column_separates_missing_values_from_the_others():
    column = Column(np.array([1.0, None, pd.NA, pd.NaT, np.nan, Decimal("NaN"), "u"], dtype=object))
    assert column.missing.tolist() == [False, True, True, True, True, True, False]
    assert column.as_text("category").tolist() == ["1", None, None, None, None, None, "u"]


def test_records_are_refused():
    with pytest.raises(ValueError, match=r"not supported: expected numbers, .*; got dtype"):
        Column(np.zeros(2, dtype=[("a", float)])).kinds()
