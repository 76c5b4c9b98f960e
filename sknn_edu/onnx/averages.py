"""The converters of AveragingClassifier and AveragingRegressor."""

from sklearn.utils.validation import check_is_fitted

from sknn_edu.estimators.interface import fitted_network
from sknn_edu.estimators.network_estimator import NetworkEstimator
from sknn_edu.estimators.perceptron_classifier import PerceptronClassifier
from sknn_edu.onnx.classifier import (
    answers,
    declare_answers_of,
    labels_of,
    output_answers,
    parse_answers_of,
)
from sknn_edu.onnx.label_rules import most_probable
from sknn_edu.onnx.layers import sums_of_outputs
from sknn_edu.onnx.operators import check_ready, input_features, start_graph
from sknn_edu.onnx.regressor import declare_predictions_of, predictions


def networks_of(average):
    """Return the FittedNetwork of each member of an average.

    Raises
    ------
    TypeError
        If a member is not a network of this package, but for example a pipeline.
    """
    for member in average.estimators_:
        if not isinstance(member, NetworkEstimator | PerceptronClassifier):
            raise TypeError(
                f"The members of an {type(average).__name__} must be networks of sknn_edu to "
                f"convert it to ONNX; got {type(member).__name__}. Put other steps before the "
                "average: make_pipeline(step, average)."
            )
    return [fitted_network(member) for member in average.estimators_]


def mean_of(graph, values):
    """Return the name of the mean of values of the same shape."""
    total = values[0]
    for value in values[1:]:
        total = graph.add("Add", total, value)
    return graph.add("Div", total, float(len(values)))


def convert_averaging_classifier(scope, operator, container):
    """Add the nodes of an AveragingClassifier: mean probabilities and the labels."""
    graph = start_graph(scope, operator, container)
    networks, X = networks_of(operator.raw_operator), input_features(graph, operator)
    scores = [
        answers(graph, network, sums_of_outputs(graph, network, X), raw=False)[1]
        for network in networks
    ]
    p = [mean_of(graph, of_rule) for of_rule in zip(*scores, strict=True)]
    rules, known = networks[0].label_rules, labels_of(networks[0])
    labels = [
        most_probable(graph, rule, of_rule, names, keepdims=len(rules) > 1)
        for rule, of_rule, names in zip(rules, p, known, strict=True)
    ]
    output_answers(graph, operator, labels, p)


def declare_averaging_classifier(operator):
    """Declare the outputs of an AveragingClassifier: labels and probabilities."""
    check_ready(operator.raw_operator, operator)
    declare_answers_of(networks_of(operator.raw_operator)[0], operator)


def parse_averaging_classifier(scope, model, inputs, custom_parsers=None):  # noqa: ARG001
    """Declare an AveragingClassifier, followed by a ZipMap if the option ``zipmap`` is set."""
    check_is_fitted(model)
    return parse_answers_of(networks_of(model)[0], scope, model, inputs)


def convert_averaging_regressor(scope, operator, container):
    """Add the nodes of an AveragingRegressor: the mean prediction."""
    graph = start_graph(scope, operator, container)
    X = input_features(graph, operator)
    results = [predictions(graph, network, X) for network in networks_of(operator.raw_operator)]
    _, graph = results[0]
    graph.output(mean_of(graph, [y for y, _ in results]), operator.outputs[0])


def declare_averaging_regressor(operator):
    """Declare the output of an AveragingRegressor: (n_samples, n_outputs)."""
    check_ready(operator.raw_operator, operator)
    declare_predictions_of(networks_of(operator.raw_operator)[0], operator)
