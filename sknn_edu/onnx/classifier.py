"""The converter of classifiers.

The label rules of a :class:`~sknn_edu.estimators.interface.FittedNetwork` define how to compute
labels and probabilities from its weighted sums. The outputs of one rule are two tensors; those of
several rules are a matrix of labels and a sequence of probability tensors.
"""

import numpy as np
from skl2onnx.common.data_types import FloatTensorType, SequenceType
from sklearn.utils.validation import check_is_fitted

from sknn_edu.estimators.interface import fitted_network
from sknn_edu.onnx.label_rules import labels_and_scores, n_label_columns, sums_for
from sknn_edu.onnx.labels import label_type, onnx_label_columns, onnx_labels
from sknn_edu.onnx.layers import sums_of_outputs
from sknn_edu.onnx.operators import (
    alias_of,
    check_ready,
    float_type,
    input_features,
    n_samples,
    start_graph,
)
from sknn_edu.onnx.zipmap import ZipMap


def convert_classifier(scope, operator, container):
    """Add the nodes of a classifier: its layers, labels, and probabilities or weighted sums."""
    graph, model = start_graph(scope, operator, container), operator.raw_operator
    network = fitted_network(model)
    z = sums_of_outputs(graph, network, input_features(graph, operator))
    raw = scope.get_options(model, {"raw_scores": False})["raw_scores"]
    output_answers(graph, operator, *answers(graph, network, z, raw))


def output_answers(graph, operator, labels, scores):
    """Connect the labels and scores of each rule to the outputs of a classifier."""
    label, score = labels[0], scores[0]
    if len(labels) > 1:
        label = graph.add("Concat", *labels, axis=1)
        score = graph.add("SequenceConstruct", *scores)
    for value, variable in zip((label, score), operator.outputs, strict=True):
        graph.output(value, variable)


def answers(graph, network, z, raw):
    """Return the labels, and the probabilities or weighted sums, of each rule.

    Parameters
    ----------
    graph : Graph
    network : FittedNetwork
    z : str
        The name of the weighted sums (n_samples, n_outputs).
    raw : bool
        Whether to return weighted sums instead of probabilities.

    Returns
    -------
    labels, scores : tuple of str
        The names of the values, one for each rule.
    """
    rules, n_outputs = network.label_rules, network.biases[-1].size
    has_columns = len(rules) > 1
    options = {"raw": raw, "keepdims": has_columns, "smoothing": network.smoothing}
    pairs = [
        labels_and_scores(graph, rule, sums_for(graph, rule, z, n_outputs), labels, **options)
        for rule, labels in zip(rules, labels_of(network), strict=True)
    ]
    return tuple(zip(*pairs, strict=True))


def labels_of(network):
    """Return the possible labels of each rule: all int64 or all strings."""
    return onnx_label_columns(
        [
            np.arange(2) if rule.decision == "each positive" else rule.labels
            for rule in network.label_rules
        ]
    )


def declare_classifier(operator):
    """Declare the outputs of a classifier."""
    check_ready(operator.raw_operator, operator)
    declare_answers_of(fitted_network(operator.raw_operator), operator)


def declare_answers_of(network, operator):
    """Declare the outputs of a network: labels and scores."""
    (label, scores), n = operator.outputs, n_samples(operator)
    rules, labels, floats = network.label_rules, labels_of(network), float_type(operator)
    n_columns = sum(n_label_columns(rule, network.biases[-1].size) for rule in rules)
    if len(rules) > 1:
        label.set_type(label_type(labels[0])([n, n_columns]))
        scores.set_type(SequenceType(floats([n, None])))
        return
    (rule,) = rules
    is_matrix = rule.decision == "each positive"
    label.set_type(label_type(labels[0])([n, n_columns] if is_matrix else [n]))
    scores.set_type(floats([n, rule.labels.size]))


def parse_classifier(scope, model, inputs, custom_parsers=None):  # noqa: ARG001, skl2onnx's own
    """Declare a classifier, followed by a ZipMap if the option ``zipmap`` is set.

    Parameters
    ----------
    scope : skl2onnx.common._topology.Scope
    model : estimator
        The classifier.
    inputs : list of skl2onnx.common._topology.Variable
    custom_parsers : dict or None
        Not used.

    Returns
    -------
    outputs : list of skl2onnx.common._topology.Variable
    """
    check_is_fitted(model)
    return parse_answers_of(fitted_network(model), scope, model, inputs)


def parse_answers_of(network, scope, model, inputs):
    """Declare a classifier with the outputs of a network; see :func:`parse_classifier`."""
    outputs = declare_operator(scope, model, inputs, ["label", "probabilities"])
    rules, zipmap = network.label_rules, scope.get_options(model, {"zipmap": True})
    if not zipmap["zipmap"] or len(rules) > 1:
        return outputs
    zipped = ZipMap(onnx_labels(rules[0].labels), columns=zipmap["zipmap"] == "columns")
    return declare_operator(scope, zipped, outputs, zipped.output_names())


def declare_operator(scope, model, inputs, names):
    """Declare an operator and its outputs.

    Parameters
    ----------
    scope : skl2onnx.common._topology.Scope
    model : estimator or ZipMap
    inputs : list of skl2onnx.common._topology.Variable
    names : list of str
        The names of the outputs.

    Returns
    -------
    outputs : list of skl2onnx.common._topology.Variable
        The outputs. Their types are set later by the ``declare`` function of the operator.
    """
    operator = scope.declare_local_operator(alias_of(type(model)), model)
    operator.inputs = list(inputs)
    for name in names:
        operator.outputs.append(scope.declare_local_variable(name, FloatTensorType()))
    return operator.outputs
