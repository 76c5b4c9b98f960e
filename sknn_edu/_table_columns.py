"""What a column of a table holds, and how it is read: as numbers, or as the names of levels."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from numbers import Real

import numpy as np

NOTHING = "nothing"
"""The kind of a column that has gaps alone."""

ACCEPTED = {
    "number": {"number", "boolean"},
    "date": {"date"},
    "duration": {"duration"},
    "boolean": {"boolean", "number", "category"},
    "category": {"boolean", "number", "category"},
    NOTHING: {"number", "date", "duration", "boolean", "category"},
}
"""The kinds of columns, and the kinds of values that each may be read from."""

OF_DTYPES = {"b": "boolean", "i": "number", "u": "number", "f": "number", "M": "date"}
OF_DTYPES |= {"m": "duration", "U": "category", "S": "category"}
"""What NumPy's kinds of dtypes are; an object is what it is."""

WITHOUT_ARRAY = ("Int128", "UInt128", "Array", "Struct")
"""polars' types that no single array of NumPy holds."""

A_DAY = 86_400e6
"""In microseconds."""


class Column:
    """A column of a table.

    Attributes
    ----------
    gaps : ndarray of bool (n_samples,)
        Where None, NaN, NaT and pandas' NA are.
    present : ndarray
        The values that are there.
    """

    def __init__(self, values):
        self.gaps = gaps_in(values)
        self.present = values[~self.gaps]

    def kinds(self):
        """Return the kinds of the values as a set; objects may be of many."""
        dtype = self.present.dtype.kind
        if self.present.size == 0:
            return set()
        if dtype == "O":
            return set(map(kind_of_type, set(map(type, self.present))))
        if dtype not in OF_DTYPES:
            raise ValueError(f"Complex data not supported, nor any other {self.present.dtype}.")
        return {OF_DTYPES[dtype]}

    def other_than(self, kinds):
        """Return the first value that is none of these kinds."""
        if self.present.dtype.kind != "O":
            return self.present[0]
        return next(value for value in self.present if kind_of_type(type(value)) not in kinds)

    def as_numbers(self, kind):
        """Return numbers, dates or durations in float64; gaps as NaN, times in days."""
        values = self.present
        if kind in TIMES:
            one, dtype = TIMES[kind]
            if values.dtype.kind == "O":
                values = np.array(list(map(one, values)), dtype)
            values = values.astype(dtype).astype(np.int64) / A_DAY
        return self._with_gaps(values, np.nan, float)

    def as_text(self, kind):
        """Return the names of the levels, gaps as None."""
        name = name_of_truth if kind == "boolean" else name_of
        return self._with_gaps([name(value) for value in self.present], None, object)

    def _with_gaps(self, values, gap, dtype):
        """Return an array of these values where some are present, and of something else."""
        column = np.full(len(self.gaps), gap, dtype)
        column[~self.gaps] = values
        return column


def columns_of(frame):
    """Return the columns of a pandas or polars frame."""
    return [column_of(frame, j) for j in range(frame.shape[1])]


def column_of(frame, j):
    """Return a column of a frame; a category as text, times of a zone in UTC."""
    column = frame.iloc[:, j] if hasattr(frame, "iloc") else frame.to_series(j)
    if str(column.dtype).startswith(WITHOUT_ARRAY):
        return Column(np.fromiter(column.to_list(), object, len(column)))
    if getattr(column.dtype, "tz", None) is not None:  # polars' are in UTC anyway
        column = column.dt.tz_convert(None)
    values = Column(np.asarray(column.to_numpy()))
    return Column(values.as_text("category")) if str(column.dtype) == "category" else values


def gaps_in(column):
    """Return where None, NaN, NaT and pandas' NA are: (n_samples,)."""
    if column.dtype.kind == "O":
        return np.fromiter(map(is_missing, column), bool, len(column))
    if column.dtype.kind in "fmM":
        return np.isnan(column)
    return np.zeros(len(column), dtype=bool)


def is_missing(value):
    if value is None or isinstance(value, str):
        return value is None
    if isinstance(value, Decimal):
        return value.is_nan()
    if isinstance(value, Real):
        return value != value
    return type(value).__name__ in ("NAType", "NaTType")


def kind_of(kinds):
    """Return the kind of a column with values of these kinds."""
    if not kinds:
        return NOTHING
    return next(iter(kinds)) if len(kinds) == 1 else "category"


def may_be_read_as(kind, kinds):
    """Tell whether a column with values of these kinds is one of this kind, or close to it."""
    known = kinds & ACCEPTED[kind]
    return known == kinds or (kind == "category" and bool(known))


def kind_of_type(kind):
    """Return what values of a type are; a pandas Timestamp is a date, and so is a Period."""
    if issubclass(kind, bool | np.bool_):
        return "boolean"
    if issubclass(kind, Real | Decimal):
        return "number"
    if issubclass(kind, date | np.datetime64) or hasattr(kind, "to_timestamp"):
        return "date"
    if issubclass(kind, timedelta | time | np.timedelta64):
        return "duration"
    return "category"


def moment(value):
    """Return a date of Python or pandas without its time zone, in UTC."""
    if hasattr(value, "to_timestamp"):
        value = value.to_timestamp()
    if getattr(value, "tzinfo", None) is not None:
        value = value.astimezone(UTC).replace(tzinfo=None)
    return np.datetime64(value, "us")


def length(value):
    """Return a duration; that of a time of day since midnight."""
    if isinstance(value, time):
        value = datetime.combine(date.min, value.replace(tzinfo=None)) - datetime.min
    return np.timedelta64(value, "us")


TIMES = {"date": (moment, "M8[us]"), "duration": (length, "m8[us]")}
"""How an object becomes a time of NumPy, and which."""


def name_of(value):
    """Return the name of a level; 1.0 is the level 1."""
    whole = isinstance(value, float | np.floating) and value.is_integer()
    return str(int(value) if whole else value)


def name_of_truth(value):
    """Return the name of a boolean level; 0 and 1 are False and True."""
    is_one = isinstance(value, Real | np.bool_) and value in (0, 1)
    return str(bool(value)) if is_one else str(value)
