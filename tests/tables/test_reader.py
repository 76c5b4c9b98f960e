"""Dates, prices and prose are converted to numbers, row by row."""

import builtins
from datetime import datetime, timedelta

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from sklearn.datasets import load_diabetes

from sknn_edu import TabularPreprocessor
from sknn_edu.tables.columns import Column
from sknn_edu.tables.reader import look_at_text

RNG = np.random.default_rng(0)
NOON = datetime(2024, 1, 1, 12)
WORDS = ["red", "green", "blue", "large", "small", "round", "old", "new", "soft", "loud"]


def sentence():
    return " ".join(RNG.choice(WORDS, 6))


def text(values):
    return Column(np.array(values, dtype=object))


def plain(**options):
    return TabularPreprocessor("none", None, dtype="float64", **options)


# -- text --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "looks_like"),
    [
        (["Ulm", "Bonn", "Rom"], "words"),
        (["$5", "$7", None], "numbers"),
        (["2024-05-13", "unknown"], "dates"),
        ([sentence() for _ in range(100)], "prose"),
        ([sentence() for _ in range(20)], "words"),  # too few to tell
        ([f"u{k:03}" for k in range(100)], "identifiers"),
        ([f"u{k % 90}" for k in range(100)], "words"),
        (["yes it is so", "no it is not"] * 50, "words"),
        (["01234", "99999"], "words"),
    ],
    ids=range(9),
)
def test_look_at_text_recognises_each_kind_of_text(values, looks_like):
    values = [np.nan if value is None else value for value in values]
    assert look_at_text(text(values))[0] == looks_like


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_prices_are_numbers_of_full_precision(frame):
    prices = ["$123,456,789.01", "$123,456,789.02", "n/a", None]
    table = frame({"price": prices})
    model = plain().fit(table)
    made = model.transform(table)
    np.testing.assert_array_equal(made[:, 0], [123456789.01, 123456789.02, 0, 0])
    np.testing.assert_array_equal(made[:, 1], [0, 0, 1, 1])
    assert model.kinds_ == ["number"]
    later = pd.DataFrame({"price": [7, "$8", "free"]}, dtype=object)
    np.testing.assert_array_equal(model.transform(later), [[7, 0], [8, 0], [0, 1]])


def test_an_ambiguous_column_is_named_and_categorical():
    table = pd.DataFrame({"a": ["1.234", "2.500"], "day": ["05/06/2024", "07/08/2024"]})
    number = r"Column 'a' is treated as categorical: '1\.234' could mean 1\.234 or 1234"
    with (
        pytest.warns(
            UserWarning, match="Column 'day' is treated as categorical: '05/06/2024' could"
        ),
        pytest.warns(UserWarning, match=number),
    ):
        model = TabularPreprocessor().fit(table)
    assert model.kinds_ == ["category", "category"]


def test_categorical_columns_of_a_frame_are_never_parsed():
    values = ["1", "2", "1"]
    for table in (
        pd.DataFrame({"a": pd.Categorical(values)}),
        pl.DataFrame({"a": values}, schema={"a": pl.Categorical}),
        pl.DataFrame({"a": values}, schema={"a": pl.Enum(["1", "2"])}),
    ):
        assert TabularPreprocessor().fit(table).kinds_ == ["category"]


def test_identifiers_are_dropped_with_a_warning():
    table = pd.DataFrame({"id": [f"u{k:03}" for k in range(50)], "x": np.arange(50.0)})
    with pytest.warns(UserWarning, match="Column 'id' is dropped, because nearly all of its texts"):
        model = TabularPreprocessor().fit(table)
    assert model.kinds_ == ["identifier", "number"]
    assert model.get_feature_names_out().tolist() == ["x"]
    assert model.transform(table.assign(id=7)).shape == (50, 1)


def test_prose_becomes_features_that_distinguish_its_words():
    texts = [sentence() for _ in range(300)]
    is_red = np.array(["red" in one for one in texts])
    model = TabularPreprocessor().fit(pd.DataFrame({"note": texts}))
    made = model.transform(pd.DataFrame({"note": texts}))
    assert model.kinds_ == ["text"]
    assert made.shape == (300, 30)
    design = np.column_stack([made, np.ones(300)])
    fitted = design @ np.linalg.lstsq(design, is_red.astype(float), rcond=None)[0]
    assert ((fitted > 0.5) == is_red).mean() > 0.9


def test_prose_of_few_letters_becomes_fewer_numbers():
    texts = [" ".join(RNG.choice(["x", "y", "no"], 6)) for _ in range(300)]
    model = TabularPreprocessor().fit(pd.DataFrame({"note": texts}))
    assert model.kinds_ == ["text"]
    assert model.transform(pd.DataFrame({"note": texts})).shape[1] < 30


# -- dates -------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [pd.Series, pl.Series, lambda x: pd.Series(x, dtype=object)])
def test_dates_become_features_for_season_day_weekday_and_hour(form):
    dates = [NOON + timedelta(hours=7 * k) for k in range(2000)]
    table = (
        pd.DataFrame({"t": form(dates)}) if form is not pl.Series else pl.DataFrame({"t": dates})
    )
    model = plain().fit(table)
    names = model.get_feature_names_out().tolist()
    made = dict(zip(names, model.transform(table).T, strict=True))
    np.testing.assert_allclose(
        made["t"], [(d - datetime(1970, 1, 1)) / timedelta(1) for d in dates]
    )
    angle = 2 * np.pi * np.array([d.hour for d in dates]) / 24
    np.testing.assert_allclose(made["t_hour_circular_0"], np.sin(angle), atol=1e-6)
    np.testing.assert_allclose(made["t_hour_circular_1"], np.cos(angle), atol=1e-6)
    angle = 2 * np.pi * np.array([d.isoweekday() for d in dates]) / 7
    np.testing.assert_allclose(made["t_weekday_circular_0"], np.sin(angle), atol=1e-6)
    assert "t_month_circular_0" in names


def test_date_features_that_do_not_vary_are_left_out():
    table = pd.DataFrame({"t": pd.to_datetime(["2024-05-13", "2024-05-20"])})
    names = TabularPreprocessor().fit(table).get_feature_names_out().tolist()
    assert names == ["t", "t_day_circular_0", "t_day_circular_1"]


def test_dates_stored_as_text_are_read_like_date_objects():
    dates = pd.date_range("2023-01-01", periods=500, freq="11h")
    typed, written = (
        pd.DataFrame({"t": dates}),
        pd.DataFrame({"t": dates.strftime("%d.%m.%Y %H:%M")}),
    )
    model = plain().fit(written)
    np.testing.assert_allclose(model.transform(written), plain().fit_transform(typed))
    np.testing.assert_allclose(model.transform(typed), model.transform(written))


def test_words_for_missing_among_dates_are_missing_values():
    table = pd.DataFrame({"t": [NOON, "unknown", NOON + timedelta(1)]}, dtype=object)
    model = plain().fit(table)
    assert model.kinds_ == ["date"]
    made = model.transform(table)
    np.testing.assert_array_equal(made[:, -1], [0, 1, 0])
    for k in range(3):
        np.testing.assert_array_equal(model.transform(table.iloc[[k]])[0], made[k])


# -- without the package -----------------------------------------------------------------------

NEEDING = {
    "dates": pd.to_datetime(["2024-05-13", "2024-05-14"]),
    "dates as text": ["2024-05-13", "2024-05-14"],
    "prose": [sentence() for _ in range(100)],
}


@pytest.fixture
def _no_skrub(monkeypatch):
    imported = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name == "skrub":
            raise ImportError(name)
        return imported(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)


@pytest.mark.usefixtures("_no_skrub")
@pytest.mark.parametrize("values", NEEDING.values(), ids=NEEDING)
def test_without_skrub_the_error_names_the_column_the_extra_and_the_remedy(values):
    table = pd.DataFrame({"when": values})
    with pytest.raises(ImportError, match=r"column 'when', .*sknn_edu\[tables\].*reader=None"):
        TabularPreprocessor().fit(table)
    with pytest.warns(UserWarning, match=r"Column 'when' .*because of reader=None"):
        TabularPreprocessor(reader=None).fit(table)


@pytest.mark.usefixtures("_no_skrub")
def test_numbers_words_and_prices_do_not_need_skrub():
    table = pd.DataFrame({"a": [1.0, 2.0], "b": ["u", "v"], "c": ["$1", "$2"], "d": [True, False]})
    assert TabularPreprocessor().fit(table).kinds_ == ["number", "category", "number", "boolean"]


def test_with_reader_None_text_is_categorical_and_a_date_is_a_number_of_days():
    table = pd.DataFrame({"a": ["1", "2", "1"], "t": pd.to_datetime(["2020-01-01"] * 3)})
    with (
        pytest.warns(UserWarning, match="Column 't' contains dates"),
        pytest.warns(UserWarning, match="Column 'a' contains text that looks like numbers"),
    ):
        model = TabularPreprocessor(reader=None).fit(table)
    assert model.get_feature_names_out().tolist() == ["t", "a_2"]


# -- rows --------------------------------------------------------------------------------------


def odd_columns(n):
    """Return columns of every kind as Python lists, some with missing values."""
    every = {
        "number": RNG.normal(size=n).tolist(),
        "large": (RNG.normal(size=n) * 1e300).tolist(),
        "price": [f"${x:,.2f}" for x in RNG.lognormal(6, 2, n)],
        "percent": [f"{x:.1f} %" for x in RNG.uniform(0, 100, n)],
        "date": [NOON + timedelta(minutes=int(m)) for m in RNG.integers(10**6, size=n)],
        "written": [
            f"{NOON + timedelta(hours=int(h)):%d.%m.%Y}" for h in RNG.integers(10**4, size=n)
        ],
        "prose": [sentence() for _ in range(n)],
        "duration": [timedelta(seconds=int(s)) for s in RNG.integers(10**6, size=n)],
        "flag": [bool(x) for x in RNG.integers(2, size=n)],
        "town": [f"town {x}" for x in RNG.geometric(0.02, size=n)],
        "empty": [None] * n,
    }
    return {
        name: [None if RNG.random() < 0.1 and k else value for k, value in enumerate(values)]
        for name, values in every.items()
    }


COLUMNS = odd_columns(200)
TABLE = pd.DataFrame(COLUMNS)


@settings(max_examples=10)
@given(
    names=st.sets(st.sampled_from(sorted(set(TABLE) - {"empty"})), min_size=1),
    rows=st.lists(st.integers(0, 199), min_size=1, max_size=30),
    dtype=st.sampled_from(["float32", "float64"]),
)
def test_the_features_of_a_row_do_not_depend_on_other_rows(names, rows, dtype):
    table = TABLE[[*sorted(names), "empty"]]
    model = TabularPreprocessor(dtype=dtype).fit(table)
    among = model.transform(table)
    np.testing.assert_array_equal(model.transform(table.iloc[rows]), among[rows])
    np.testing.assert_array_equal(model.transform(table.iloc[rows[:1]]), among[rows[:1]])
    polars = pl.DataFrame({name: COLUMNS[name] for name in table})
    np.testing.assert_array_equal(model.transform(polars), among)


# -- report ------------------------------------------------------------------------------------


def test_a_report_describes_each_column():
    report = TabularPreprocessor().fit(TABLE).report()
    assert report.loc["price", "read as"] == "numbers like 1,234.5 $, written as text"
    assert report.loc["written", "read as"] == "dates like %d.%m.%Y, written as text"
    assert report.loc["empty"].tolist() == ["nothing", 0, 1.0]
    assert report.loc["number", "missing"] == TABLE["number"].isna().mean()
    made = TabularPreprocessor().fit_transform(TABLE)
    assert report["features"].sum() == made.shape[1]


def test_a_report_works_without_column_names():
    X = load_diabetes().data
    assert TabularPreprocessor().fit(X).report().index[0] == "x0"
