"""Labels in ONNX, which have the type int64 or string."""

import numpy as np
from skl2onnx.common.data_types import Int64TensorType, StringTensorType


def onnx_labels(classes):
    """Return labels as int64 or as strings.

    Parameters
    ----------
    classes : ndarray (n_classes,)
        Ints, bools, whole floats or strings.

    Returns
    -------
    labels : ndarray (n_classes,) of int64 or str

    Raises
    ------
    ValueError
        If ONNX has no type for the labels.
    """
    values = classes.tolist()
    if all(isinstance(label, str) for label in values):
        return np.array(values)
    if all(isinstance(label, int | float) and label == int(label) for label in values):
        return np.array(values).astype(np.int64)
    raise ValueError(
        "For ONNX, classes_ must be ints, bools, whole floats or strings; got "
        f"{classes!r}. Train with y.astype(str), or with integers as labels."
    )


def onnx_label_columns(columns):
    """Return the labels of several columns, which have a common tensor in ONNX.

    Parameters
    ----------
    columns : list of ndarray (n_classes,)

    Returns
    -------
    labels : list of ndarray (n_classes,), all of int64 or all of str

    Raises
    ------
    ValueError
        If some columns contain numbers and others strings.
    """
    labels = [onnx_labels(classes) for classes in columns]
    if len({column.dtype.kind for column in labels}) > 1:
        raise ValueError(
            "For ONNX, the labels of all columns must be numbers, or those of all columns must be "
            f"strings; got {columns}. Train with y.astype(str)."
        )
    return labels


def label_type(labels):
    """Return the skl2onnx type of labels that :func:`onnx_labels` has returned."""
    return Int64TensorType if labels.dtype.kind == "i" else StringTensorType
