"""Read a column of a table as numbers or as the names of categories.

Each column has a *kind*: 'number', 'date', 'duration', 'boolean', 'category' or 'nothing'. The kind
depends on its values: a column with values of several kinds is a 'category', and a column with only
missing values is 'nothing'. Missing values are None, NaN, NaT and pandas' NA.
"""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from numbers import Real

import numpy as np

from sknn_edu.fitting.given_samples import is_missing

NOTHING = "nothing"
"""The kind of a column with only missing values in training."""

READABLE_FROM = {
    "number": {"number", "boolean"},
    "date": {"date"},
    "duration": {"duration"},
    "boolean": {"boolean", "number", "category"},
    "category": {"boolean", "number", "category"},
    "text": {"boolean", "number", "category"},
    NOTHING: {"number", "date", "duration", "boolean", "category"},
}
"""For each kind of a column in training, the kinds of values that it accepts in prediction."""

KIND_OF_DTYPE = {"b": "boolean", "i": "number", "u": "number", "f": "number", "M": "date"}
KIND_OF_DTYPE |= {"m": "duration", "U": "category", "S": "category"}
"""The kind of the values for each ``dtype.kind``, except objects, whose types are looked at."""

POLARS_TYPES_WITHOUT_ARRAY = ("Int128", "UInt128", "Array", "Struct")
"""polars types that polars does not convert to a one-dimensional NumPy array."""

NESTED = (list, tuple, set, frozenset, dict, np.ndarray)
"""Types of values that consist of other values."""

MICROSECONDS_PER_DAY = 86_400e6


class Column:
    """The values of a column, separated from its missing values.

    Parameters
    ----------
    values : ndarray of shape (n_samples,)
        The values, of any dtype.
    are_categories : bool, default=False
        Whether the column has a categorical dtype. If so, its text is not parsed.

    Attributes
    ----------
    missing : ndarray of bool of shape (n_samples,)
        True if a value is missing.
    present : ndarray of shape (n_present,)
        The other values, in the dtype of ``values``.

    Examples
    --------
    >>> import numpy as np
    >>> from sknn_edu.tables.columns import Column
    >>> column = Column(np.array([True, None, False], dtype=object))
    >>> column.kinds()
    {'boolean'}
    >>> column.as_text("boolean").tolist()
    ['True', None, 'False']
    """

    def __init__(self, values, are_categories=False):
        self.missing = missing_values(values)
        self.present = values[~self.missing]
        self.are_categories = are_categories

    def take(self, rows):
        """Return a column with some of the rows, given as a boolean mask (n_samples,)."""
        part = Column.__new__(Column)
        part.missing, part.are_categories = self.missing[rows], self.are_categories
        part.present = self.present[rows[~self.missing]]
        return part

    @cached_property
    def _types(self):
        """The set of types of the values in an object array; empty for other dtypes."""
        return set(map(type, self.present)) if self.present.dtype.kind == "O" else set()

    def is_text(self):
        """Return whether all values are strings and the dtype is not categorical."""
        if self.are_categories or self.present.dtype.kind not in "OU":
            return False
        return all(issubclass(of_type, str) for of_type in self._types)

    def kinds(self):
        """Return the set of kinds of the values that are present.

        Returns
        -------
        kinds : set of str
            Empty if there are no values. Only an object array can have several kinds.

        Raises
        ------
        ValueError
            If the dtype is complex or otherwise unsupported.
        """
        dtype_kind = self.present.dtype.kind
        if self.present.size == 0:
            return set()
        if dtype_kind == "O":
            return set(map(kind_of_type, self._types))
        if dtype_kind not in KIND_OF_DTYPE:
            data = "Complex data" if dtype_kind == "c" else "Data of this type"
            raise ValueError(
                f"{data} not supported: expected numbers, booleans, strings, dates or durations; "
                f"got dtype {self.present.dtype}. Convert the column to one of these types."
            )
        return {KIND_OF_DTYPE[dtype_kind]}

    def first_value_outside(self, kinds):
        """Return the first value whose kind is not in ``kinds``; such a value must exist."""
        if self.present.dtype.kind != "O":
            return self.present[0]
        return next(value for value in self.present if kind_of_type(type(value)) not in kinds)

    def is_nested(self):
        """Return whether there are lists, arrays or the like among the values."""
        return any(issubclass(of_type, NESTED) for of_type in self._types)

    def as_numbers(self, kind):
        """Return the values as numbers.

        Parameters
        ----------
        kind : {'number', 'date', 'duration'}
            How to read the values.

        Returns
        -------
        numbers : ndarray of float64 of shape (n_samples,)
            Dates are in days since 1970-01-01 UTC, and durations in days. Missing values are NaN.

        Raises
        ------
        OverflowError
            If a Python int exceeds the range of float64.
        """
        values = self.present
        if kind in TIME_CONVERTERS:
            convert, dtype = TIME_CONVERTERS[kind]
            if values.dtype.kind == "O":
                values = np.array(list(map(convert, values)), dtype)
            values = values.astype(dtype).astype(np.int64) / MICROSECONDS_PER_DAY
        return self.with_missing(values, np.nan, float)

    def as_text(self, kind):
        """Return the values as the names of categories.

        Parameters
        ----------
        kind : {'boolean', 'category'}
            How to read the values.

        Returns
        -------
        names : ndarray of object of shape (n_samples,)
            Strings, and None for missing values.
        """
        name = boolean_name if kind == "boolean" else category_name
        return self.with_missing([name(value) for value in self.present], None, object)

    def with_missing(self, values, placeholder, dtype):
        """Return an array of all rows, given the results for the rows that are not missing.

        Parameters
        ----------
        values : array-like of shape (n_present,) or (n_present, n_features)
            The results for the present values.
        placeholder : float or None
            The result for missing values.
        dtype : type
            The dtype of the returned array.

        Returns
        -------
        all_rows : ndarray of shape (n_samples,) or (n_samples, n_features)
            The results for all rows.
        """
        shape = np.shape(values)[1:] if isinstance(values, np.ndarray) else ()
        all_rows = np.full((len(self.missing), *shape), placeholder, dtype)
        all_rows[~self.missing] = values
        return all_rows


# -- from frames to columns --------------------------------------------------------------------


def columns_of(frame):
    """Return the columns of a pandas or polars frame as a list of :class:`Column`."""
    return [column_of(frame, j) for j in range(frame.shape[1])]


def column_of(frame, j):
    """Return column j of a frame; convert time zones to UTC and pandas categories to text."""
    column = frame.iloc[:, j] if hasattr(frame, "iloc") else frame.to_series(j)
    if str(column.dtype).startswith(POLARS_TYPES_WITHOUT_ARRAY):
        return Column(np.fromiter(column.to_list(), object, len(column)))
    if getattr(column.dtype, "tz", None) is not None:  # polars converts to UTC by itself
        column = column.dt.tz_convert(None)
    values = np.asarray(column.to_numpy())
    if str(column.dtype) == "category":
        return Column(Column(values).as_text("category"), are_categories=True)
    return Column(values, are_categories=str(column.dtype).startswith(("Categorical", "Enum")))


def missing_values(values):
    """Return a boolean mask (n_samples,) of the missing values in values (n_samples,)."""
    if values.dtype.kind == "O":
        return np.fromiter(map(is_missing, values), bool, len(values))
    if values.dtype.kind in "fmM":
        return np.isnan(values)
    return np.zeros(len(values), dtype=bool)


# -- kinds -------------------------------------------------------------------------------------


def kind_of_column(kinds):
    """Return the kind of a column, given the set of kinds of its values."""
    if not kinds:
        return NOTHING
    return next(iter(kinds)) if len(kinds) == 1 else "category"


def kind_of_type(value_type):
    """Return the kind of the values of a Python, NumPy or pandas type."""
    if issubclass(value_type, bool | np.bool_):
        return "boolean"
    if issubclass(value_type, Real | Decimal):
        return "number"
    # pandas' Timestamp is a subclass of date; its Period is not, but has to_timestamp
    if issubclass(value_type, date | np.datetime64) or hasattr(value_type, "to_timestamp"):
        return "date"
    if issubclass(value_type, timedelta | time | np.timedelta64):
        return "duration"
    return "category"


# -- values ------------------------------------------------------------------------------------


def to_datetime64(value):
    """Return a date or time from Python, NumPy or pandas as datetime64[us] in UTC."""
    if hasattr(value, "to_timestamp"):
        value = value.to_timestamp()
    if getattr(value, "tzinfo", None) is not None:
        value = value.astimezone(UTC).replace(tzinfo=None)
    return np.datetime64(value, "us")


def to_timedelta64(value):
    """Return a duration, or a time of day since midnight, as timedelta64[us]."""
    if isinstance(value, time):
        value = datetime.combine(date.min, value.replace(tzinfo=None)) - datetime.min
    return np.timedelta64(value, "us")


TIME_CONVERTERS = {"date": (to_datetime64, "M8[us]"), "duration": (to_timedelta64, "m8[us]")}
"""For each kind of time: the function that converts an object, and the dtype of its result."""


def category_name(value):
    """Return the name of a category: the value as text, where 1.0 and 1 are both '1'."""
    is_whole = isinstance(value, float | np.floating) and value.is_integer()
    return str(int(value) if is_whole else value)


def boolean_name(value):
    """Return 'True' or 'False' for a boolean and for 1 and 0, and any other value as text."""
    is_truth_value = isinstance(value, Real | np.bool_) and value in (0, 1)
    return str(bool(value)) if is_truth_value else str(value)
