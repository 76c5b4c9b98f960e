"""The converter of HiddenLayerTransformer."""

from sknn_edu.estimators.interface import fitted_network
from sknn_edu.onnx.layers import through_layers
from sknn_edu.onnx.operators import (
    check_ready,
    float_type,
    input_features,
    n_samples,
    start_graph,
)


def convert_transformer(scope, operator, container):
    """Add the nodes of a HiddenLayerTransformer: the layers up to its hidden layer."""
    graph = start_graph(scope, operator, container)
    network, n_layers = network_and_depth(operator.raw_operator)
    a = through_layers(graph, network, input_features(graph, operator), n_layers)
    graph.output(a, operator.outputs[0])


def declare_transformer(operator):
    """Declare the output of a HiddenLayerTransformer: (n_samples, n_neurons)."""
    check_ready(operator.raw_operator, operator)
    network, n_layers = network_and_depth(operator.raw_operator)
    n_neurons = network.biases[n_layers - 1].size
    operator.outputs[0].set_type(float_type(operator)([n_samples(operator), n_neurons]))


def network_and_depth(transformer):
    """Return the FittedNetwork of a transformer, and the number of layers up to its layer."""
    network = fitted_network(transformer.estimator_)
    n_hidden = len(network.weights) - 1
    return network, transformer.layer % n_hidden + 1  # a negative layer counts from the end
