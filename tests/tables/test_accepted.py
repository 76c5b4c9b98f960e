"""Every form of table that the preprocessor accepts, fitted, transformed and read row by row."""

import decimal
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pandas as pd
import polars as pl
import pytest

from sknn_edu import TabularPreprocessor

DAYS = [datetime(2024, 1, 1 + k, 6 * k) for k in range(4)]
ROWS = [[1.5, "u", True], [2.5, "v", False], [None, "u", True], [3.5, None, False]]


def categories(values, **options):
    return pd.DataFrame({"a": pd.Categorical(values, **options)})


TABLES = {
    "list of rows": ROWS,
    "list of tuples": [tuple(row) for row in ROWS],
    "array of objects": np.array(ROWS, dtype=object),
    "array of floats": np.array([[1.0, np.nan], [2.0, 5.0], [3.0, 6.0], [4.0, 7.0]]),
    "array of float32": np.arange(8, dtype=np.float32).reshape(4, 2),
    "array of ints": np.arange(8).reshape(4, 2),
    "array of uint8": np.arange(8, dtype=np.uint8).reshape(4, 2),
    "array of booleans": np.array([[True], [False], [True], [True]]),
    "array of strings": np.array([["u"], ["v"], ["u"], ["w"]]),
    "array of bytes": np.array([[b"u"], [b"v"], [b"u"], [b"w"]]),
    "array of dates": np.array(DAYS, dtype="M8[s]")[:, np.newaxis],
    "array of durations": np.arange(4).astype("m8[h]")[:, np.newaxis],
    "names that are strings": pd.DataFrame(ROWS, columns=list("abc")),
    "names that are ints": pd.DataFrame(ROWS, columns=[3, 1, 2]),
    "names that are tuples": pd.DataFrame(
        ROWS, columns=pd.MultiIndex.from_tuples(["ab", "ac", "d "])
    ),
    "names that are dates": pd.DataFrame(ROWS, columns=pd.to_datetime(DAYS[:3])),
    "an index": pd.DataFrame(ROWS, columns=list("abc"), index=list("wxyz")),
    "nullable": pd.DataFrame({"a": [1, None, 3, 4], "b": [True, None, False, True]}).astype(
        {"a": "Int64", "b": "boolean"}
    ),
    "nullable floats": pd.DataFrame({"a": pd.array([1.5, None, 3, 4], dtype="Float32")}),
    "nullable strings": pd.DataFrame({"a": pd.array(["u", None, "v", "u"], dtype="string")}),
    "categories of text": categories(["u", "v", None, "u"]),
    "categories of numbers": categories([1, 2, 2, None]),
    "ordered categories": categories(["low", "high", "low", "high"], ordered=True),
    "periods": pd.DataFrame({"a": pd.period_range("2024-01", periods=4, freq="M")}),
    "time zones": pd.DataFrame({"a": pd.Series(DAYS).dt.tz_localize("Europe/Berlin")}),
    "dates of Python": pd.DataFrame({"a": [d.date() for d in DAYS]}),
    "dates with a zone": pd.DataFrame({"a": [d.replace(tzinfo=UTC) for d in DAYS]}, dtype=object),
    "durations of Python": pd.DataFrame({"a": [timedelta(k) for k in range(4)]}, dtype=object),
    "times of a day": pd.DataFrame({"a": [time(6 * k) for k in range(4)]}),
    "decimals": pd.DataFrame({"a": [decimal.Decimal(k) for k in range(4)]}),
    "a column named like a method": pd.DataFrame({"collect": [1, 2, 3, 4]}),
    "lists": pd.DataFrame({"a": [[1], [1, 2], [1], []]}),
    "dicts": pd.DataFrame({"a": [{"x": 1}, {"x": 2}, {"x": 1}, {}]}),
    "sets": pd.DataFrame({"a": [{1}, {2}, {1}, {3}]}),
    "sparse columns": pd.DataFrame({"a": pd.arrays.SparseArray([0.0, 1.0, 0.0, 2.0])}),
    "intervals": pd.DataFrame({"a": pd.interval_range(0, 4)}),
    "polars": pl.DataFrame({"a": [1, None, 3, 4], "b": ["u", "v", None, "u"]}),
    "polars dates": pl.DataFrame({"a": [date(2024, 1, k) for k in range(1, 5)], "b": DAYS}),
    "polars categories": pl.DataFrame({"a": ["u", "v", None, "u"]}, {"a": pl.Categorical}),
    "polars durations": pl.DataFrame({"a": [timedelta(k) for k in range(4)]}),
    "polars lists": pl.DataFrame({"a": [[1], [1, 2], [1], []]}),
    "polars decimals": pl.DataFrame({"a": [decimal.Decimal(k) for k in range(4)]}),
}


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.filterwarnings("ignore:Column 'a' contains lists, arrays or the like")
def test_a_table_of_this_form_is_read_row_by_row(name):
    table = TABLES[name]
    model = TabularPreprocessor().fit(table)
    made = model.transform(table)
    assert made.shape == (4, len(model.get_feature_names_out()))
    assert np.isfinite(made).all()
    for k in range(4):
        row = table.iloc[[k]] if hasattr(table, "iloc") else table[k : k + 1]
        np.testing.assert_array_equal(model.transform(row)[0], made[k])


ARROW = {
    "ints": ([1, None, 3, 4], "int64"),
    "strings": (["u", None, "v", "u"], "string"),
    "dates": (DAYS, "timestamp[us]"),
    "booleans": ([True, None, False, True], "bool"),
}


@pytest.mark.parametrize("name", ARROW)
def test_arrow_columns_are_read_like_other_columns(name):
    pa = pytest.importorskip("pyarrow")
    values, of_type = ARROW[name]
    dtype = pd.ArrowDtype({"string": pa.string, "bool": pa.bool_}.get(of_type, pa.int64)())
    if name == "dates":
        dtype = pd.ArrowDtype(pa.timestamp("us"))
    arrow = pd.DataFrame({"a": pd.array(values, dtype=dtype)})
    plain = pd.DataFrame({"a": values}, dtype=object if name == "booleans" else None)
    np.testing.assert_array_equal(
        TabularPreprocessor().fit_transform(arrow), TabularPreprocessor().fit_transform(plain)
    )
