"""The converter of regressors."""

import numpy as np
from skl2onnx.common.data_types import DoubleTensorType

from sknn_edu.estimators.interface import fitted_network
from sknn_edu.onnx.layers import sums_of_outputs
from sknn_edu.onnx.nodes import output_nodes
from sknn_edu.onnx.operators import (
    check_ready,
    float_type,
    input_features,
    n_samples,
    start_graph,
)


def convert_regressor(scope, operator, container):
    """Add the nodes of a regressor: its layers, its output activation and clipping."""
    graph = start_graph(scope, operator, container)
    network = fitted_network(operator.raw_operator)
    y, graph = predictions(graph, network, input_features(graph, operator))
    graph.output(y, operator.outputs[0])


def predictions(graph, network, X):
    """Return the predictions of a network, and a graph in the dtype of the predictions.

    Parameters
    ----------
    graph : Graph
    network : FittedNetwork
    X : str
        The name of the samples.

    Returns
    -------
    y : str
        The name of the predictions (n_samples, n_outputs).
    graph : Graph
        A graph in float64 if the targets were scaled, else the same graph.
    """
    y = output_nodes(network.loss)(graph, sums_of_outputs(graph, network, X))
    if network.unit is not None:
        center, scale = network.unit
        y, graph = graph.cast(y, np.float64), graph.in_double()
        y = graph.add("Add", graph.add("Mul", y, scale), center)
    if network.clip_range is not None:
        low, high = network.clip_range
        y = graph.add("Min", graph.add("Max", y, low), high)
    return y, graph


def declare_regressor(operator):
    """Declare the output of a regressor."""
    check_ready(operator.raw_operator, operator)
    declare_predictions_of(fitted_network(operator.raw_operator), operator)


def declare_predictions_of(network, operator):
    """Declare the predictions of a network: (n_samples, n_outputs).

    Their type is double if the targets were scaled.
    """
    floats = float_type(operator) if network.unit is None else DoubleTensorType
    operator.outputs[0].set_type(floats([n_samples(operator), network.biases[-1].size]))
