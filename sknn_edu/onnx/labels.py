"""Labels in ONNX, which has two types for them: int64 and strings."""

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
        If ONNX has no type for them.
    """
    values = classes.tolist()
    if all(isinstance(label, str) for label in values):
        return np.array(values)
    if all(isinstance(label, int | float) and label == int(label) for label in values):
        return np.array(values).astype(np.int64)
    raise ValueError(
        "classes_ must be ints, bools, whole floats or strings, which ONNX has as labels; got "
        f"{classes!r}. Train with y.astype(str), or with the numbers of the classes."
    )


def onnx_label_columns(columns):
    """Return the labels of several columns, which share one tensor.

    Parameters
    ----------
    columns : list of ndarray (n_classes,)

    Returns
    -------
    labels : list of ndarray (n_classes,), all of int64 or all of str

    Raises
    ------
    ValueError
        If some columns have numbers and others strings.
    """
    labels = [onnx_labels(classes) for classes in columns]
    if len({column.dtype.kind for column in labels}) > 1:
        raise ValueError(
            "The columns of classes must be all numbers or all strings, since ONNX has one tensor "
            f"for their labels; got {columns}. Train with y.astype(str)."
        )
    return labels


def label_type(labels):
    """Return skl2onnx's type of labels that :func:`onnx_labels` has returned."""
    return Int64TensorType if labels.dtype.kind == "i" else StringTensorType
