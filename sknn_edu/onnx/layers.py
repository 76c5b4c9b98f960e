"""The nodes of the layers of a fitted network.

Each layer is one Gemm node (a W + b), followed by the nodes of its activation.
"""

from math import pi

import numpy as np

from sknn_edu.core.beyond.number_embedding import EmbeddedNumbers
from sknn_edu.core.beyond.parametric_activations import PREFIX, MixedWithIdentity
from sknn_edu.core.network import DENSE
from sknn_edu.onnx.nodes import activation_nodes


def sums_of_outputs(graph, network, X):
    """Return the weighted sums z (n_samples, n_outputs) of the output layer.

    Parameters
    ----------
    graph : Graph
    network : FittedNetwork
    X : str
        The name of the features (n_samples, n_features).

    Returns
    -------
    z : str
        The name of the sums.
    """
    return through_layers(graph, network, X, len(network.weights))


def through_layers(graph, network, X, n_layers):
    """Return the activations after n_layers layers, or z for the output layer.

    Parameters
    ----------
    graph : Graph
    network : FittedNetwork
    X : str
        The name of the features (n_samples, n_features).
    n_layers : int
        The number of layers to compute.

    Returns
    -------
    a : str
        The name of the result (n_samples, n_neurons).
    """
    a = first_layer_inputs(graph, network, X)
    for k in range(n_layers):
        a = graph.add("Gemm", a, network.weights[k], network.biases[k])
        if k < len(network.activations):
            a = activate(graph, network.activations[k], a)
    return a


def activate(graph, activation, z):
    """Return the activations of a layer with weighted sums z.

    Parameters
    ----------
    graph : Graph
    activation : Activation or MixedWithIdentity
    z : str
        The name of the sums (n_samples, n_neurons).

    Returns
    -------
    a : str
        The name of the activations.
    """
    if not isinstance(activation, MixedWithIdentity):
        return activation_nodes(activation.name, activation.forward)(graph, z)
    g = activation.activation
    nodes = activation_nodes(g.name.removeprefix(PREFIX), g.forward)
    change = graph.add("Sub", nodes(graph, z), z)
    return graph.add("Add", z, graph.add("Mul", change, activation.alpha))


def first_layer_inputs(graph, network, X):
    """Return the inputs of the first layer.

    Parameters
    ----------
    graph : Graph
    network : FittedNetwork
    X : str
        The name of the features (n_samples, n_features).

    Returns
    -------
    inputs : str
        The name of the inputs (n_samples, n_inputs).

    Raises
    ------
    NotImplementedError
        If the network has inputs that cannot be converted.
    """
    if network.inputs is DENSE:
        return X
    if isinstance(network.inputs, EmbeddedNumbers):
        return embedded_numbers(graph, network.inputs, network.learned_inputs, X)
    raise NotImplementedError(
        "The inputs of the first layer must be features or embedded numbers to convert the network "
        f"to ONNX; got {type(network.inputs).__name__}. Add their nodes to "
        "sknn_edu.onnx.layers.first_layer_inputs, or train without them."
    )


def embedded_numbers(graph, embedding, learned, X):
    """Return the unchanged features, and the functions of the embedded features.

    With w, phi (c, h), W (c, h, e) and b (c, e), the functions of the c embedded columns are
    cos(2 pi w x + phi) W + b.

    Parameters
    ----------
    graph : Graph
    embedding : EmbeddedNumbers
    learned : list of ndarray
        w, phi, W and b.
    X : str
        The name of the features (n_samples, n_features).

    Returns
    -------
    inputs : str
        The name of the inputs (n_samples, n_inputs).
    """
    w, phi, W, b = learned
    columns = np.array(embedding.columns)[:, np.newaxis]
    x = graph.add("Gather", X, columns, axis=1)  # (n_samples, c, 1)
    angles = graph.add("Add", graph.add("Mul", x, 2 * pi * w), phi)  # (n_samples, c, h)
    functions = graph.add("Einsum", graph.add_float32("Cos", angles), W, equation="nch,che->nce")
    functions = graph.add("Add", functions, b)
    flat = graph.add("Reshape", functions, np.array([-1, b.size]))
    kept = graph.add("Gather", X, np.array(embedding.kept, dtype=np.int64), axis=1)
    return graph.add("Concat", kept, flat, axis=1)
