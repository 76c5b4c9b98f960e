"""The nodes of each activation and each output activation.

To support another function, add an entry to :data:`ACTIVATION_NODES` or :data:`OUTPUT_NODES`.

The nodes are basic operators, because onnxruntime only implements Elu, Selu, LeakyRelu, Softplus
and Mish for float32. Erf has the same limitation, but gelu needs it, so gelu is exact to about 1e-7
even in float64.
"""

from collections.abc import Callable
from math import sqrt

import numpy as np

from sknn_edu.core.activations import ACTIVATIONS, LEAKY_SLOPE, SELU_ALPHA, SELU_SCALE
from sknn_edu.core.losses import OUTPUTS
from sknn_edu.onnx.graph import Graph

Nodes = Callable[[Graph, str], str]
"""A function that adds nodes: it takes the graph and the name of z, and returns the name of a."""


def gelu_nodes(graph, z):
    """Return z P(N <= z) = z (1 + erf(z / sqrt 2)) / 2, with N standard normal."""
    erf = graph.add_float32("Erf", graph.add("Mul", z, sqrt(0.5)))
    return graph.add("Mul", graph.add("Mul", z, 0.5), graph.add("Add", erf, 1))


def selu_nodes(graph, z):
    """Return 1.0507 z above 0 and 1.7581 (e^z - 1) below."""
    below = graph.add("Mul", graph.expm1_below_0(z), SELU_ALPHA)
    return graph.add("Mul", graph.add("Add", graph.add("Relu", z), below), SELU_SCALE)


def mish_nodes(graph, z):
    """Return z tanh(log(1 + e^z)) = z n / (n + 2), with n = e^z (e^z + 2); it is z for z > 20."""
    e = graph.add("Exp", graph.add("Min", z, 20))
    n = graph.add("Mul", e, graph.add("Add", e, 2))
    return graph.add("Mul", z, graph.add("Div", n, graph.add("Add", n, 2)))


ACTIVATION_NODES: dict[str, Nodes] = {
    "identity": lambda _, z: z,
    "logistic": lambda graph, z: graph.add("Sigmoid", z),
    "tanh": lambda graph, z: graph.add("Tanh", z),
    "relu": lambda graph, z: graph.add("Relu", z),
    "leaky_relu": lambda graph, z: graph.add("Max", z, graph.add("Mul", z, LEAKY_SLOPE)),
    "elu": lambda graph, z: graph.add("Max", z, graph.expm1_below_0(z)),
    "selu": selu_nodes,
    "gelu": gelu_nodes,
    "silu": lambda graph, z: graph.add("Mul", z, graph.add("Sigmoid", z)),
    "softplus": lambda graph, z: graph.softplus(z),
    "mish": mish_nodes,
}
"""The nodes of each activation, by name: ``nodes(graph, z)`` adds them and returns the name of a.

A parametric activation needs no entry; it uses the nodes of the function that it mixes with the
identity.
"""


def in_order_nodes(graph, z):
    """Return z_1, z_1 + softplus(z_2), and so on: increasing quantiles, which never cross."""
    first, rest = graph.columns(z, 0, 1), graph.columns(z, 1, np.iinfo(np.int64).max)
    steps = graph.add("Concat", first, graph.softplus(rest), axis=1)
    return graph.add("CumSum", steps, np.array(1))


OUTPUT_NODES: dict[str, Nodes] = {
    "identity": lambda _, z: z,
    "logistic": lambda graph, z: graph.add("Sigmoid", z),
    "softmax": lambda graph, z: graph.add("Softmax", z, axis=1),
    "exp": lambda graph, z: graph.add("Exp", z),
    "in_order": in_order_nodes,
}
"""The nodes of each output activation, by name; z is (n_samples, n_outputs)."""


def activation_nodes(name, forward):
    """Return the entry of ACTIVATION_NODES for an activation.

    Parameters
    ----------
    name : str
    forward : callable
        The function of the activation, to recognise a custom activation with a built-in name.

    Returns
    -------
    nodes : callable ``nodes(graph, z) -> a``

    Raises
    ------
    NotImplementedError
        If there is no such entry.
    """
    built_in = ACTIVATIONS[name].forward if name in ACTIVATIONS else forward
    return _look_up(
        ACTIVATION_NODES,
        name,
        is_replaced=built_in is not forward,
        function=f"activation {name!r}",
        table="ACTIVATION_NODES",
        alternative=f"train with one of {sorted(set(ACTIVATIONS) & set(ACTIVATION_NODES))}",
    )


def output_nodes(loss):
    """Return the entry of OUTPUT_NODES for the output activation of a Loss.

    Parameters
    ----------
    loss : Loss

    Returns
    -------
    nodes : callable ``nodes(graph, z) -> a``

    Raises
    ------
    NotImplementedError
        If there is no such entry.
    """
    return _look_up(
        OUTPUT_NODES,
        loss.output,
        is_replaced=OUTPUTS.get(loss.output, loss.activate) is not loss.activate,
        function=f"loss {loss.name!r} with output activation {loss.output!r}",
        table="OUTPUT_NODES",
        alternative="make the loss with one of the functions in sknn_edu.core.losses.OUTPUTS: "
        f"{sorted(set(OUTPUTS) & set(OUTPUT_NODES))}",
    )


def _look_up(known, name, *, is_replaced, function, table, alternative):
    """Return known[name], or raise an error that explains how to add it."""
    if name in known and not is_replaced:
        return known[name]
    rename = "rename the function, because a built-in function has the same name, and then "
    raise NotImplementedError(
        f"sknn_edu.onnx has no nodes for {function}, and an ONNX model cannot contain Python "
        f"functions. To add the nodes, {rename if is_replaced else ''}set "
        f"sknn_edu.onnx.{table}[name] = nodes, where nodes(graph, z) adds the nodes with graph.add "
        f"and returns the name of the result. Or {alternative}."
    )
