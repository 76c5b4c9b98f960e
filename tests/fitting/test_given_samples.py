"""Samples that NumPy would convert to meaningless numbers are refused."""

import datetime as dt
import decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.sparse import csr_array

from sknn_edu.fitting.given_samples import (
    explained,
    first_of_kind,
    is_missing,
    kinds_of,
    refuse_unreadable,
)

DAY = dt.date(2024, 1, 1)


def objects(*values):
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


@pytest.mark.parametrize(
    ("values", "kinds"),
    [
        (np.array([1.5]), {"number"}),
        (np.array([1]), {"integer"}),
        (np.array(["a"]), {"text"}),
        (np.array(["2024", "NaT"], dtype="M8[s]"), {"date", "missing"}),
        (objects(1, True, "a", None), {"integer", "boolean", "text", "missing"}),
        (objects(1.0, np.nan), {"number", "missing"}),
        (objects(decimal.Decimal("NaN")), {"number", "missing"}),
        (
            objects(DAY, dt.timedelta(1), pd.Period("2024"), np.datetime64("NaT", "s")),
            {"date", "missing"},
        ),
        (objects(pd.NA, pd.NaT), {"missing"}),
        (objects([1], (2,)), {"nested"}),
        (objects({}), {"dict"}),
    ],
    ids=range(11),
)
def test_kinds_of_values_follow_from_their_types(values, kinds):
    assert kinds_of(values) == kinds


@pytest.mark.parametrize("value", [None, np.nan, pd.NaT, pd.NA, np.datetime64("NaT", "s")])
def test_none_nan_nat_and_na_are_missing(value):
    assert is_missing(value)
    assert first_of_kind(objects("a", value), "missing") in (repr(value), str(value))


@pytest.mark.parametrize(
    "value", [list(range(1000)), np.arange(900.0), "word " * 200, {k: k for k in range(99)}],
    ids=["list", "array", "text", "dict"],
)  # fmt: skip
def test_long_values_are_shortened(value):
    values = objects(value)
    (kind,) = kinds_of(values)
    assert len(first_of_kind(values, kind)) <= 100


@pytest.mark.parametrize("value", ["", "nan", 0, 0.0, False, DAY])
def test_other_values_are_not_missing(value):
    assert not is_missing(value)


@pytest.mark.parametrize(
    "X",
    [
        np.eye(2),
        np.eye(2, dtype=object),
        [[1, 2], [3, 4]],
        [[1], [1, 2]],  # ragged: scikit-learn refuses it
        csr_array(np.eye(2)),
        np.ma.array(np.eye(2)),
        pd.DataFrame({"a": [1, 2], "b": pd.Categorical([1, 2])}),
        pd.DataFrame({"a": pd.array([1, None], dtype="Int64")}),
        pl.DataFrame({"a": [1, 2], "b": [0.5, None]}),
        [["1.5", 2]],
    ],
    ids=lambda X: type(X).__name__,
)
def test_numbers_are_accepted(X):
    refuse_unreadable(X)


@pytest.mark.parametrize(
    "X",
    [
        np.zeros((2, 2), dtype="m8[s]"),
        np.array([[1.0, np.timedelta64(1, "D")]], dtype=object),
        [[1, DAY], [2, DAY]],
        pd.DataFrame({0: [1], 1: [dt.time(12)]}),
        pl.DataFrame({"0": [1], "1": [DAY]}),
    ],
    ids=["durations", "objects", "list", "times", "polars"],
)
def test_dates_and_durations_are_refused(X):
    with pytest.raises(ValueError, match=r"X_val must .* dates or durations in column '?[01]'?"):
        refuse_unreadable(X, "X_val")


def test_dates_in_a_pyarrow_column_are_refused():
    pytest.importorskip("pyarrow")
    for dtype in ("timestamp[ns][pyarrow]", "date32[pyarrow]", "duration[s][pyarrow]"):
        values = [dt.timedelta(1)] if dtype.startswith("duration") else [dt.datetime(2024, 1, 1)]
        table = pd.DataFrame({"a": [1.0], "day": pd.Series(values).astype(dtype)})
        with pytest.raises(ValueError, match="column 'day'"):
            refuse_unreadable(table)


def test_duplicate_column_names_of_any_type_are_refused():
    for names in (["a", "a"], [0, 0], [("a", 1), ("a", 1)]):
        with pytest.raises(ValueError, match="several columns named"):
            refuse_unreadable(pd.DataFrame(np.eye(2), columns=pd.Index(names, tupleize_cols=False)))


def test_an_error_without_known_remedy_is_returned_unchanged():
    error = ValueError("something else")
    assert explained(error, np.eye(2), np.ones(2)) is error
    assert explained(error, csr_array(np.eye(2))) is error
    assert explained(error, "text") is error
    assert explained(error, None, None) is error


def test_the_type_of_an_error_is_kept():
    text = np.array([["a"]], dtype=object)
    assert type(explained(TypeError("no"), text)) is TypeError
    assert type(explained(ValueError("no"), text)) is ValueError
