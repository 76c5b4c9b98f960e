"""Check the y that users pass, and keep the type of labels.

NumPy and scikit-learn convert nullable integers to floats, so that large integers can become equal,
and a list of strings and numbers to strings. The functions here look at the values instead, and
refuse values that are neither labels nor numbers.
"""

import numpy as np
from scipy.sparse import issparse

from sknn_edu.fitting.given_samples import (
    NUMBERS,
    SHORT,
    as_array,
    first_of_kind,
    is_frame,
    kinds_of,
    refuse_duplicate_names,
    refuse_lazy,
    refuse_masked,
)


def readable_labels(y, name="y"):
    """Return class labels as an array that keeps their type.

    Integers stay integers and booleans stay booleans, even if y is a nullable, Arrow or categorical
    column, or has the dtype object.

    Parameters
    ----------
    y : array-like or sparse matrix (n_samples,) or (n_samples, n_columns)
    name : str
        The name of y in error messages.

    Returns
    -------
    y : ndarray or sparse matrix
        The dtype is object only for strings, and for columns of different types.

    Raises
    ------
    ValueError
        If labels are missing or masked, if a column has labels of several types, or if labels are
        not strings, numbers or booleans.
    TypeError
        If y does not have an entry for each sample.
    """
    refuse_without_entries(y, name)
    refuse_masked(y, name)
    if is_frame(y):
        refuse_duplicate_names(y, name)
        columns = [readable_labels(y[column], repr(column)) for column in y.columns]
        return side_by_side(columns)
    keeps_kinds = isinstance(y, list | tuple) and not isinstance(next(iter(y), 0), np.ndarray)
    array = np.array(y, dtype=object) if keeps_kinds else as_array(y)
    if array is None:
        return y
    if array.dtype.kind in NUMBERS or array.ndim not in (1, 2):
        return array
    if array.ndim == 1 or array.dtype.kind != "O":
        return labels_of_one_kind(array, name)
    columns = enumerate(array.T)
    return side_by_side([labels_of_one_kind(y_k, f"column {k} of {name}") for k, y_k in columns])


def refuse_without_entries(y, name):
    """Refuse targets that are not a list, an array or the like, such as a dict or a generator."""
    refuse_lazy(y, name)
    is_list = hasattr(y, "__getitem__") and not isinstance(y, str | bytes | dict)
    if not (is_list or hasattr(y, "__array__") or issparse(y)):
        raise TypeError(
            f"{name} must be a list, an array or a column with one entry for each sample; got "
            f"{SHORT.repr(y)} of the type {type(y).__name__}."
        )


def labels_of_one_kind(values, name):
    """Return labels in the dtype of their kind; refuse missing labels and several kinds."""
    if values.dtype.kind == "T":  # scikit-learn does not support variable-width strings
        values = values.astype(object)
    kinds = kinds_of(values)
    if "missing" in kinds:
        raise ValueError(
            f"{name} must have a label for each sample, but has missing labels: "
            f"{first_of_kind(values, 'missing')}. Drop these samples, or replace the missing "
            "labels by a new one, such as 'unknown'."
        )
    if kinds == {"integer", "number"}:
        kinds = {"number"}
    if len(kinds) > 1:
        examples = ", ".join(first_of_kind(values, kind) for kind in sorted(kinds))
        raise ValueError(
            f"{name} must have labels of one type, but has {' and '.join(sorted(kinds))} labels: "
            f"{examples}. Convert all labels to the same type, for example with "
            "[str(label) for label in y]."
        )
    if values.dtype.kind not in "OV" or kinds <= {"text", "nested"}:
        return values
    (kind,) = kinds
    if kind not in ("boolean", "integer", "number"):
        raise ValueError(
            f"The labels in {name} must be strings, numbers or booleans; got values of the type "
            f"{type(values.ravel()[0]).__name__}, such as {values.ravel()[0]!r}. Convert them, for "
            "example with [str(label) for label in y]."
        )
    return as_integers(values, name) if kind == "integer" else values.astype(DTYPES[kind])


DTYPES = {"boolean": bool, "number": float}


def as_integers(values, name="y"):
    """Return Python integers as int64, or as uint64 if int64 is too small for them."""
    if values.size == 0:
        return values.astype(np.int64)
    smallest, largest = min(values.ravel()), max(values.ravel())
    for dtype in (np.int64, np.uint64):
        if np.iinfo(dtype).min <= smallest and largest <= np.iinfo(dtype).max:
            return values.astype(dtype)
    raise ValueError(
        f"Integer labels in {name} must fit a 64-bit dtype; got integers from {smallest} to "
        f"{largest}. Convert the labels to strings: [str(label) for label in y]."
    )


def side_by_side(labels):
    """Return the columns of labels as one array, with the dtype object if their types differ."""
    kinds = {column.dtype.kind for column in labels}
    if kinds <= set(NUMBERS):
        common = np.result_type(*labels)
        labels_in_common = [column.astype(common) for column in labels]
        pairs = zip(labels, labels_in_common, strict=True)
        if all(np.array_equal(new.astype(old.dtype), old) for old, new in pairs):
            return np.stack(labels_in_common, axis=1)
    if len(kinds) > 1:
        labels = [column.astype(object) for column in labels]
    return np.stack(labels, axis=1)


def refuse_unreadable_numbers(y, name="y"):
    """Refuse regression targets that are not numbers: text, dates, missing values, other objects.

    Raises
    ------
    ValueError
        If y has such values, or masked values.
    TypeError
        If y does not have an entry for each sample.
    """
    refuse_without_entries(y, name)
    refuse_masked(y, name)
    array = as_array(y)
    if array is None or array.dtype.kind in NUMBERS:
        return
    kinds = kinds_of(array) - {"integer", "number", "boolean"}
    if not kinds:
        return
    kind = next((kind for kind in ("text", "date", "missing") if kind in kinds), min(kinds))
    remedies = {
        "text": "For labels use MLPClassifier; convert numbers that are stored as text with "
        "y.astype(float).",
        "date": "Subtract a reference date and divide by a unit of time, such as "
        "np.timedelta64(1, 'D').",
        "missing": "Drop these samples.",
    }
    raise ValueError(
        f"{name} must contain numbers for a regression; got values of the kind {kind}, such as "
        f"{first_of_kind(array, kind)}. {remedies.get(kind, 'Convert them to numbers.')}"
    )


# -- scikit-learn's errors ---------------------------------------------------------------------

PROBABILITIES = (
    "y seems to contain probabilities, but a classifier learns labels. To learn from "
    "probabilities, repeat each sample once per class and pass the probability of the class as "
    "its weight. For MLPClassifier and SigmoidNeuronClassifier: "
    "fit({samples}, sample_weight={weight})."
)


def explained_label_error(error, y):
    """Return scikit-learn's error about real numbers as labels, with a remedy added."""
    if y.dtype.kind != "f":
        return error
    remedy = "For real-valued targets use MLPRegressor."
    if y.min() >= 0 and y.max() <= 1 and y.ndim == 1:
        samples = "np.repeat(X, 2, axis=0), np.tile([0, 1], len(y))"
        weight = "np.column_stack([1 - y, y]).ravel()"
        remedy = PROBABILITIES.format(samples=samples, weight=weight)
    elif y.ndim == 2 and y.min() >= 0 and np.allclose(y.sum(axis=1), 1, atol=1e-3):
        k = y.shape[1]
        samples = f"np.repeat(X, {k}, axis=0), np.tile(np.arange({k}), len(y))"
        remedy = PROBABILITIES.format(samples=samples, weight="y.ravel()")
    return ValueError(f"{error} {remedy}")
