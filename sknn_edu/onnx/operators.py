"""Functions that read skl2onnx's operators, for all converters.

An operator is skl2onnx's record of one estimator in a model: the estimator, its input variables and
its output variables.
"""

import numpy as np
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType
from sklearn.utils.validation import check_is_fitted

from sknn_edu.onnx.graph import Graph


def alias_of(estimator_class):
    """Return the name under which an estimator class is registered with skl2onnx."""
    return f"SknnEdu{estimator_class.__name__}"


def float_type(operator):
    """Return the skl2onnx type of the computation: double if an input is double, else float."""
    is_double = any(isinstance(variable.type, DoubleTensorType) for variable in operator.inputs)
    return DoubleTensorType if is_double else FloatTensorType


def start_graph(scope, operator, container):
    """Return the Graph to which the nodes of an operator are added."""
    dtype = np.float64 if float_type(operator) is DoubleTensorType else np.float32
    return Graph(scope, container, dtype)


def input_features(graph, operator):
    """Return the inputs of an operator as a single value (n_samples, n_features) in graph.dtype."""
    parts = [
        variable.full_name
        if isinstance(variable.type, float_type(operator))
        else graph.cast(variable.full_name, graph.dtype)
        for variable in operator.inputs
    ]
    return parts[0] if len(parts) == 1 else graph.add("Concat", *parts, axis=1)


def n_samples(operator):
    """Return the number of rows that the model expects, or None for any number."""
    return operator.inputs[0].get_first_dimension()


def check_ready(estimator, operator):
    """Refuse an estimator that is not fitted, or inputs with another number of features.

    Parameters
    ----------
    estimator : estimator
    operator : skl2onnx.common._topology.Operator

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If the estimator is not fitted.
    ValueError
        If the inputs have another number of features.
    """
    check_is_fitted(estimator)
    widths = [variable.get_second_dimension() for variable in operator.inputs]
    known = all(isinstance(width, int) for width in widths)
    if known and sum(widths) != estimator.n_features_in_:
        raise ValueError(
            f"{type(estimator).__name__} was fitted with {estimator.n_features_in_} features, but "
            f"the inputs of the ONNX model have {sum(widths)}. Call to_onnx with some rows of the "
            "training samples, or with their initial_types."
        )
