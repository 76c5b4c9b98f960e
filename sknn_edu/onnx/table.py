"""The converter of TabularPreprocessor, and the types of a table's columns.

ONNX has no missing strings, so a missing category is represented by the empty string. A missing
number is NaN.
"""

import numpy as np
from skl2onnx.common.data_types import (
    BooleanTensorType,
    DoubleTensorType,
    FloatTensorType,
    Int64TensorType,
    StringTensorType,
)
from sklearn.utils.validation import check_is_fitted

from sknn_edu.onnx.graph import Graph
from sknn_edu.onnx.operators import check_ready, n_samples
from sknn_edu.tables.feature_names import input_names
from sknn_edu.tables.preprocessor import TabularPreprocessor
from sknn_edu.tables.reader import Number
from sknn_edu.tables.scaling import halved

TYPES = {"category": StringTensorType, "boolean": BooleanTensorType}
"""The type of each kind of column; all other kinds are double."""


def initial_types(model):
    """Return the input types of a pipeline for tables, for ``skl2onnx.to_onnx``.

    The ONNX model has one input for each column of the table. The inputs of categorical columns
    are strings, those of boolean columns are booleans, and all others are double.

    Parameters
    ----------
    model : TabularPreprocessor or Pipeline that begins with one
        The fitted model.

    Returns
    -------
    types : list of tuple (str, skl2onnx type)
        The name of each column, and its type with the shape (n_samples, 1), for any n_samples.

    Raises
    ------
    TypeError
        If the model is not a TabularPreprocessor and does not begin with one.
    sklearn.exceptions.NotFittedError
        If the model is not fitted.

    Examples
    --------
    >>> import pandas as pd
    >>> from skl2onnx import to_onnx
    >>> from sknn_edu import tabular_pipeline
    >>> from sknn_edu.onnx import initial_types
    >>> table = pd.DataFrame({"size": [70.0, 120.0, 45.0] * 5, "city": ["Ulm", "Bonn", "Rom"] * 5})
    >>> model = tabular_pipeline("regressor", n_estimators=1, random_state=0)
    >>> model = model.fit(table, table["size"])
    >>> proto = to_onnx(model, initial_types=initial_types(model))
    >>> [column.name for column in proto.graph.input]
    ['size', 'city']
    """
    preprocessor = model[0] if hasattr(model, "steps") else model
    if not isinstance(preprocessor, TabularPreprocessor):
        raise TypeError(
            "model must be a TabularPreprocessor or a pipeline that begins with one; got "
            f"{type(preprocessor).__name__}. Convert other models with to_onnx(model, X[:1])."
        )
    check_is_fitted(preprocessor)
    kinds = zip(input_names(preprocessor, None), preprocessor.kinds_, strict=True)
    return [(name, TYPES.get(kind, DoubleTensorType)([None, 1])) for name, kind in kinds]


def convert_preprocessor(scope, operator, container):
    """Add the nodes of a TabularPreprocessor: numbers, missing indicators and categories."""
    model = operator.raw_operator
    dtype = np.dtype(model.dtype).type
    graph, columns = Graph(scope, container, np.float64), columns_of_inputs(operator)
    parts = number_nodes(graph, model, columns, dtype)
    for j, levels in zip(model.categories_, model.levels_, strict=True):
        parts.append(level_nodes(graph, levels, *columns(graph, j), dtype))
    graph.output(graph.add("Concat", *parts, axis=1), operator.outputs[0])


def declare_preprocessor(operator):
    """Declare the output of a TabularPreprocessor; refuse columns that ONNX cannot read."""
    model = operator.raw_operator
    check_ready(model, operator)
    names = input_names(model, None)
    readers = zip(model.numbers_, model.readers_, strict=True)
    read = [repr(names[j]) for j, reader in readers if not isinstance(reader, Number)]
    if read:
        raise ValueError(
            "For ONNX, a TabularPreprocessor must not read dates or text, but it does so in the "
            f"columns {', '.join(read)}. Convert these columns to numbers or drop them before "
            "training, or train with TabularPreprocessor(reader=None) or "
            "tabular_pipeline(..., reader=None): then texts are categories, and dates are numbers "
            "of days since 1970."
        )
    floats = FloatTensorType if model.dtype == "float32" else DoubleTensorType
    operator.outputs[0].set_type(floats([n_samples(operator), len(model.get_feature_names_out())]))


def columns_of_inputs(operator):
    """Return ``column(graph, j)``, which returns the name and the type of column j.

    The shape of the column is (n_samples, 1).
    """
    variables = operator.inputs

    def column(graph, j):
        if len(variables) > 1:
            return variables[j].full_name, type(variables[j].type)
        return graph.columns(variables[0].full_name, j, j + 1), type(variables[0].type)

    return column


def number_nodes(graph, model, column, dtype):
    """Return the names of the scaled and clipped numbers and of the missing indicators."""
    if not model.numbers_:
        return []
    raw = [graph.cast(column(graph, j)[0], np.float64) for j in model.numbers_]
    x = graph.add("Concat", *raw, axis=1)
    half = halved(model.scale_)
    z = graph.add("Sub", graph.add("Mul", x, half), model.center_ * half)
    z = graph.add("Div", z, model.scale_ * half)
    largest = float(np.sqrt(np.finfo(dtype).max))
    z = graph.add("Min", graph.add("Max", z, -largest), largest)
    if model.smooth_clip is not None:
        share = graph.add("Div", z, float(model.smooth_clip))
        root = graph.add("Sqrt", graph.add("Add", graph.add("Mul", share, share), 1.0))
        z = graph.add("Div", z, root)
    is_missing = graph.add("IsNaN", x)
    parts = [graph.cast(graph.add("Where", is_missing, 0.0, z), dtype)]
    if model.missing_indicator and model.gaps_.any():
        indicators = graph.cast(is_missing, dtype)
        parts.append(graph.add("Gather", indicators, np.flatnonzero(model.gaps_), axis=1))
    return parts


def level_nodes(graph, levels, column, column_type, dtype):
    """Return the one-hot encoding of a categorical column.

    Parameters
    ----------
    graph : Graph
    levels : Levels
    column : str
        The name of the column (n_samples, 1).
    column_type : type
        The skl2onnx type of the column.
    dtype : {numpy.float32, numpy.float64}

    Returns
    -------
    encoded : str
        The name of the encoded column (n_samples, n_columns) in this dtype.
    """
    codes = {"" if name is None else name: k for k, name in enumerate(levels.names)}
    keys = {"keys_strings": list(codes)}
    if column_type is not StringTensorType:
        if column_type is BooleanTensorType:
            column = graph.cast(column, np.int64)
            codes = {int(name == "True"): k for name, k in codes.items() if name}
        elif column_type is Int64TensorType:
            codes = {int(name): k for name, k in codes.items() if is_whole(name)}
        else:
            raise ValueError(
                "The type of a categorical column must be StringTensorType, Int64TensorType or "
                f"BooleanTensorType; got {column_type.__name__}. Pass "
                "initial_types=sknn_edu.onnx.initial_types(model) to to_onnx."
            )
        keys = {"keys_int64s": list(codes)}
    code = graph.add(
        "LabelEncoder", column, op_domain="ai.onnx.ml",
        op_version=2, values_int64s=list(codes.values()),
        default_int64=levels.other_code, **keys,
    )  # fmt: skip
    one_hot = graph.cast(graph.add("Equal", code, np.arange(levels.n_codes)), dtype)
    if levels.n_codes == 2:
        return graph.add("Sub", graph.columns(one_hot, 1, 2), graph.columns(one_hot, 0, 1))
    return one_hot


def is_whole(name):
    """Return whether the name of a category is an integer in its usual notation."""
    return name.lstrip("-").isdecimal() and str(int(name)) == name
