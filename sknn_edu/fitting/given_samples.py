"""Check the X that users pass, and add remedies to scikit-learn's error messages.

NumPy silently converts dates to nanoseconds and ignores masks. Therefore everything except an array
of plain numbers is checked here before scikit-learn checks it. :func:`explained` adds the remedy to
scikit-learn's own errors. The checks of y are in :mod:`~sknn_edu.fitting.given_targets`.
"""

import datetime as dt
from decimal import Decimal
from numbers import Integral, Number, Real
from reprlib import Repr

import numpy as np
from scipy.sparse import issparse

NUMBERS = "fiub"
"""The kinds of NumPy dtypes that are numbers and need no check."""

TABLE = (
    "or learn from the table as it is: sknn_edu.tabular_pipeline('classifier') or "
    "tabular_pipeline('regressor')."
)

IMPUTER = f"for example with SimpleImputer, {TABLE}"
ENCODE = f"Encode text as numbers, for example with OneHotEncoder, {TABLE}"
STACK = "Give each of their entries a column of its own, for example with np.stack."
REPLACE = f"Replace them with NaN, X[pd.isna(X)] = np.nan, and impute them, {IMPUTER}"

TIMES = (dt.date, dt.time, dt.timedelta, np.datetime64, np.timedelta64)

KINDS_OF_VALUES = [
    ("boolean", (bool, np.bool_)),
    ("text", (str, bytes)),
    ("date", TIMES),
    ("integer", Integral),
    ("number", Number),
    ("nested", (list, tuple, np.ndarray)),
]
"""The kinds of values and their types; the first entry that matches a type is its kind."""

SHORT = Repr()
"""Shows values in error messages: only the beginning of lists and long texts."""
SHORT.maxstring = SHORT.maxother = 100


# -- X -----------------------------------------------------------------------------------------


def refuse_unreadable(X, name="X"):
    """Refuse samples that NumPy would convert to meaningless numbers.

    Parameters
    ----------
    X : array-like, data frame or sparse matrix
    name : str
        The name of X in error messages.

    Raises
    ------
    ValueError
        If X has masked values, duplicate column names, dates or durations.
    TypeError
        If X is a lazy frame.
    """
    refuse_lazy(X, name)
    refuse_masked(X, name)
    if is_frame(X):
        refuse_duplicate_names(X, name)
    for column, values in columns_to_look_at(X):
        if "date" in kinds_of_types(values):
            raise ValueError(
                f"{name} must contain numbers, but has dates or durations in column {column}, such "
                f"as {first_of_kind(values, 'date')}. Convert them: subtract a reference date and "
                "divide by a unit of time, (column - pd.Timestamp('2020-01-01')) / "
                f"pd.Timedelta(days=1), {TABLE}"
            )


def refuse_lazy(X, name="X"):
    """Refuse a frame whose rows have not been computed."""
    if hasattr(type(X), "collect"):  # not a column of this name
        raise TypeError(
            f"{name} must be a table or an array; got a {type(X).__name__}, whose rows have not "
            f"been computed. Pass {name}.collect()."
        )


def refuse_masked(array, name):
    """Refuse an array with masked values."""
    if isinstance(array, np.ma.MaskedArray) and np.ma.is_masked(array):
        n_masked = int(np.ma.count_masked(array))
        raise ValueError(
            f"{name} must not have masked values, because scikit-learn ignores the mask; got a "
            f"masked array with {n_masked} masked values. Drop these samples, or replace the "
            f"masked values with {name}.filled(value)."
        )


def refuse_duplicate_names(X, name):
    """Refuse a data frame in which two columns have the same name."""
    if getattr(X.columns, "is_unique", False):  # pandas
        return
    names = list(X.columns)
    if len(set(names)) < len(names):
        twice = next(column for k, column in enumerate(names) if column in names[:k])
        raise ValueError(
            f"{name} must have unique column names, but has several columns named {twice!r}. "
            "Rename them, or pass X.to_numpy()."
        )


def is_frame(X):
    """Return whether X is a data frame of any library."""
    return hasattr(X, "columns") and hasattr(X, "dtypes") and len(getattr(X, "shape", ())) == 2


def columns_to_look_at(X):
    """Yield the label and the values of each column that may contain other values than numbers."""
    if is_frame(X):
        others = {dtype for dtype in set(X.dtypes) if not is_of_numbers(dtype)}
        if others:
            for name, dtype in zip(X.columns, X.dtypes, strict=True):
                if dtype in others:
                    yield repr(name), np.asarray(X[name])
        return
    array = as_array(X)
    if array is not None and array.ndim == 2 and array.dtype.kind not in NUMBERS:
        for k, values in enumerate(array.T):
            yield str(k), values


def is_of_numbers(dtype):
    """Return whether a dtype of NumPy, pandas or polars is one of numbers or booleans."""
    kind = getattr(dtype, "kind", None)
    return kind in NUMBERS if kind else getattr(dtype, "is_numeric", bool)()


def as_array(data):
    """Return array-like data as an array, or None for sparse or ragged data."""
    if issparse(data):
        return None
    try:
        return np.asarray(data)
    except ValueError:  # ragged
        return None


# -- values ------------------------------------------------------------------------------------


def type_kind(value_type):
    """Return the kind of a type: 'missing', one of KINDS_OF_VALUES, or the name of the type."""
    if value_type.__name__ in ("NoneType", "NAType", "NaTType"):
        return "missing"
    kinds = (kind for kind, types in KINDS_OF_VALUES if issubclass(value_type, types))
    is_period = value_type.__name__ == "Period"
    return next(kinds, "date" if is_period else value_type.__name__)


def kinds_of_types(values):
    """Return the set of kinds of the values of an array, judged only by their types.

    This is faster than :func:`kinds_of`, but does not find NaN and NaT.
    """
    if values.dtype.kind in "mM":
        return {"date"}
    types = set(map(type, values.ravel().tolist())) if values.dtype.kind == "O" else ()
    return set(map(type_kind, types or {values.dtype.type}))


def kinds_of(values):
    """Return the set of kinds of the values of an array; NaN and NaT are 'missing'."""
    if values.dtype.kind in "mM":
        return {"date"} | ({"missing"} if np.isnat(values).any() else set())
    if values.dtype.kind != "O":
        return {type_kind(values.dtype.type)}
    flat = values.ravel().tolist()
    kinds = set(map(type_kind, set(map(type, flat))))
    if kinds & {"number", "date"} and any(map(is_missing, flat)):
        kinds.add("missing")
    return kinds


def is_missing(value):
    """Return whether a Python object is None, NaN, NaT or pandas' NA."""
    if value is None or isinstance(value, str):
        return value is None
    if isinstance(value, np.datetime64 | np.timedelta64):
        return bool(np.isnat(value))
    if isinstance(value, Decimal):
        return value.is_nan()
    if isinstance(value, Real):
        return bool(value != value)
    return type(value).__name__ in ("NAType", "NaTType")


def first_of_kind(values, kind):
    """Return the first value of this kind as text for an error message."""
    is_it = is_missing if kind == "missing" else lambda value: type_kind(type(value)) == kind
    first = next(value for value in values.ravel() if is_it(value))
    if isinstance(first, np.datetime64 | np.timedelta64):
        return str(first)
    return SHORT.repr(first.item() if isinstance(first, np.generic) else first)


# -- scikit-learn's errors ---------------------------------------------------------------------


def explained(error, X, y=None, n_features=None):
    """Return an error of scikit-learn with a remedy added to its message.

    Parameters
    ----------
    error : ValueError or TypeError
        scikit-learn's error about X or y.
    X, y : array-like
        The data as the user passed it.
    n_features : int or None
        The number of features that X must have.

    Returns
    -------
    error : ValueError or TypeError
        A new error with the remedy, or the same error if no remedy is known.
    """
    message = str(error)
    remedies = (about_shapes(message, X, y, n_features), about_values(message, X))
    remedy = next(filter(None, remedies), None)
    if remedy is None:
        return error
    kind = TypeError if isinstance(error, TypeError) else ValueError
    return kind(f"{error}\n{remedy}")


def about_shapes(message, X, y, n_features):
    """Return the remedy for X or y of the wrong shape, such as a transposed X, or None."""
    array, y_array = as_array(X), None if y is None else as_array(y)
    shape = X.shape if array is None and issparse(X) else np.shape(array)
    y_shape = np.shape(y_array)
    if "inhomogeneous" in message:
        name, what = ("X", "feature") if array is None and not issparse(X) else ("y", "output")
        return (
            f"The rows of {name} have different numbers of entries. Each sample needs one value "
            f"for each {what}."
        )
    if len(shape) != 2:
        return about_form(array)
    if len(y_shape) == 2 and y_shape[0] == 1 < y_shape[1] == shape[0]:
        return f"y has the shape {y_shape}, a single row. Pass a vector, np.ravel(y)."
    if "1d array" in message and len(y_shape) == 2:
        return (
            "This classifier learns a single label per sample. If y is one-hot encoded, pass "
            "np.argmax(y, axis=1). For several labels per sample use MLPClassifier."
        )
    n_samples = y_shape[0] if y_shape else None
    if shape[0] != n_samples is not None and shape[1] == n_samples:
        return (
            f"X has {shape[0]} rows and {shape[1]} columns, and y has {n_samples} entries. X seems "
            "to be transposed: samples must be rows. Pass X.T."
        )
    if n_features is not None and shape[1] != n_features == shape[0]:
        return (
            f"X has {n_features} rows, and seems to be transposed: samples must be rows. Pass X.T."
        )
    return None


def about_form(array):
    """Return the remedy for X that is not read as rows of values, or None."""
    if array is not None and (array.dtype.names or "dict" in kinds_of_types(array)):
        return "X has named columns, but is not a data frame. Pass pd.DataFrame(X)."
    return None


def about_values(message, X):
    """Return the remedy for values in X or y that are not numbers, or None."""
    found = {}
    for name, values in columns_to_look_at(X):
        for kind in kinds_of_types(values):
            found.setdefault(kind, (name, values))
    if "text" in found:
        return f"{told('text', 'text', *found['text'])} {ENCODE}"
    if "Input X contains NaN" in message:
        return f"Impute the missing values in X, {IMPUTER}"
    if "Input y contains NaN" in message:
        return (
            "Drop the samples whose target is missing. If y contains labels, you can also replace "
            "missing labels by a new one, such as 'unknown'."
        )
    if "nested" in found:
        return f"{told('lists or arrays', 'nested', *found['nested'])} {STACK}"
    other = sorted(found.keys() - {"boolean", "integer", "number", "date", "missing"})
    if other:
        what = f"objects of the type {other[0]}"
        return f"{told(what, other[0], *found[other[0]])} Convert them to numbers."
    if "missing" in found and "argument must be" in message:
        return f"{told('missing values', 'missing', *found['missing'])} {REPLACE}"
    return None


def told(what, kind, column, values):
    """Return in words what a column has that it should not have."""
    return f"X has {what} in column {column}, such as {first_of_kind(values, kind)}."
