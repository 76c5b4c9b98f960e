"""The converter of regressors."""

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
    """Add the nodes of a regressor: its layers, its output activation, and clipping."""
    graph = start_graph(scope, operator, container)
    network = fitted_network(operator.raw_operator)
    z = sums_of_outputs(graph, network, input_features(graph, operator))
    y = output_nodes(network.loss)(graph, z)
    if network.clip_range is not None:
        low, high = network.clip_range
        y = graph.add("Min", graph.add("Max", y, low), high)
    graph.output(y, operator.outputs[0])


def declare_regressor(operator):
    """Declare the output of a regressor: (n_samples, n_outputs)."""
    check_ready(operator.raw_operator, operator)
    n_outputs = fitted_network(operator.raw_operator).biases[-1].size
    operator.outputs[0].set_type(float_type(operator)([n_samples(operator), n_outputs]))
