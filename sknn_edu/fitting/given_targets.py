"""What users pass as y: labels keep their kind, and what is neither labels nor numbers is refused.

NumPy and scikit-learn turn nullable integers into floats, so that large ids merge, and a list of
texts and numbers into texts. Here the kind of y is what its values are.
"""

import numpy as np

from sknn_edu.fitting.given_samples import (
    NUMBERS,
    as_array,
    first_of_kind,
    is_frame,
    kinds_of,
    refuse_duplicate_names,
    refuse_masked,
)


def readable_labels(y, name="y"):
    """Return class labels as an array that keeps their kind.

    Integers stay integers and booleans stay booleans, whether they come as a nullable, Arrow or
    categorical column, or as objects.

    Parameters
    ----------
    y : array-like or sparse matrix (n_samples,) or (n_samples, n_columns)
    name : str
        What to call it.

    Returns
    -------
    y : ndarray or sparse matrix
        Of objects only for text, and for several columns of different kinds.

    Raises
    ------
    ValueError
        If labels are missing, masked, of several kinds, or of a kind that has no order.
    """
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


def labels_of_one_kind(values, name):
    """Return labels in the dtype of their kind; refuse missing labels, and several kinds."""
    if values.dtype.kind == "T":  # NumPy's variable-width strings, which scikit-learn lacks
        values = values.astype(object)
    kinds = kinds_of(values)
    if "missing" in kinds:
        raise ValueError(
            f"{name} has samples without a label: {first_of_kind(values, 'missing')}. Drop them, "
            "or fill the gaps with a label of their own, such as 'unknown'."
        )
    if kinds == {"integer", "number"}:
        kinds = {"number"}
    if len(kinds) > 1:
        examples = ", ".join(first_of_kind(values, kind) for kind in sorted(kinds))
        raise ValueError(
            f"{name} has labels of several kinds, {' and '.join(sorted(kinds))}: {examples}. Give "
            "all labels one type, for example text: [str(label) for label in y]."
        )
    if values.dtype.kind != "O" or kinds <= {"text", "nested"}:
        return values
    (kind,) = kinds
    if kind not in ("boolean", "integer", "number"):
        raise ValueError(
            f"{name} has labels of the type {type(values.ravel()[0]).__name__}, such as "
            f"{values.ravel()[0]!r}. Labels are text, integers or booleans: convert them, for "
            "example with [str(label) for label in y]."
        )
    return as_integers(values, name) if kind == "integer" else values.astype(DTYPES[kind])


DTYPES = {"boolean": bool, "number": float}


def as_integers(values, name="y"):
    """Return Python's integers as int64, or uint64 where they need it."""
    if values.size == 0:
        return values.astype(np.int64)
    smallest, largest = min(values.ravel()), max(values.ravel())
    for dtype in (np.int64, np.uint64):
        if np.iinfo(dtype).min <= smallest and largest <= np.iinfo(dtype).max:
            return values.astype(dtype)
    raise ValueError(
        f"{name} has integers from {smallest} to {largest}, which no dtype of 64 bits holds. Use "
        "text as labels: [str(label) for label in y]."
    )


def side_by_side(labels):
    """Return the labels of each column as one array, of objects if their types differ."""
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
    """Refuse targets of a regression that are no numbers: text, dates, gaps, other objects."""
    refuse_masked(y, name)
    array = as_array(y)
    if array is None or array.dtype.kind in NUMBERS:
        return
    kinds = kinds_of(array) - {"integer", "number", "boolean"}
    if not kinds:
        return
    kind = next((kind for kind in ("text", "date", "missing") if kind in kinds), min(kinds))
    remedies = {
        "text": "For labels use MLPClassifier; for numbers written as text y.astype(float).",
        "date": "Subtract a reference date and divide by a unit of time, such as "
        "np.timedelta64(1, 'D').",
        "missing": "Drop these samples.",
    }
    raise ValueError(
        f"{name} must be numbers for a regression; it has values of the kind {kind}, such as "
        f"{first_of_kind(array, kind)}. {remedies.get(kind, 'Convert them to numbers.')}"
    )


# -- scikit-learn's errors ---------------------------------------------------------------------

PROBABILITIES = (
    "y has probabilities, but a classifier learns labels. The same loss comes from each sample "
    "once per class, with its probability as weight. For MLPClassifier and "
    "SigmoidNeuronClassifier: fit({samples}, sample_weight={weight})."
)


def explained_label_error(error, y):
    """Return scikit-learn's error about labels y that are real numbers, with the remedy added."""
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
