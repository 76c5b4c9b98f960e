"""The nodes that compute labels and probabilities.

Each kind of target has a :class:`~sknn_edu.estimators.targets.LabelRule`. The nodes depend only on
the fields of the rule, so a new kind of target needs no code here.
"""

from math import inf

import numpy as np

from sknn_edu.core.losses import UNSMOOTHED_CORNER
from sknn_edu.onnx.nodes import OUTPUT_NODES, Nodes


def normalized_logistic(graph, z):
    """Return s(z_k) / sum_j s(z_j), computed from log s(z), because all s(z) may underflow to 0."""
    log_s = graph.add("Neg", graph.softplus(graph.add("Neg", z)))
    return OUTPUT_NODES["softmax"](graph, log_s)


PROBABILITY_NODES: dict[str, Nodes] = {
    "softmax": OUTPUT_NODES["softmax"],
    "logistic": OUTPUT_NODES["logistic"],
    "normalized logistic": normalized_logistic,
}
"""The nodes for each value of ``LabelRule.probabilities`` except 'decision'."""

COMPARISONS = {"positive": "Greater", "at least 0": "GreaterOrEqual"}
"""For each decision about a single sum, the operator that compares the sum with 0."""

DECISIONS = (*COMPARISONS, "largest", "each positive")


def sums_for(graph, rule, z, n_outputs):
    """Return the columns of z (n_samples, n_outputs) that a rule uses."""
    start, stop, _ = rule.outputs.indices(n_outputs)
    return z if (start, stop) == (0, n_outputs) else graph.columns(z, start, stop)


def n_label_columns(rule, n_outputs):
    """Return the number of label columns of a rule."""
    return len(range(n_outputs)[rule.outputs]) if rule.decision == "each positive" else 1


def decide(graph, rule, z, keepdims):
    """Return the index of the predicted class, or 0 or 1 for each output of multilabel targets.

    Parameters
    ----------
    graph : Graph
    rule : LabelRule
    z : str
        The name of the rule's sums (n_samples, n_sums).
    keepdims : bool
        Whether class indices are a column rather than a vector.

    Returns
    -------
    decision : str
        The name of an int64 value: (n_samples,) or (n_samples, 1) for class indices, else
        (n_samples, n_sums).

    Raises
    ------
    ValueError
        If the rule has an unknown decision.
    """
    if rule.decision not in DECISIONS:
        raise ValueError(
            f"decision of a LabelRule must be one of {DECISIONS}; got {rule}. To support another "
            "decision, add it to sknn_edu.onnx.label_rules.decide."
        )
    if rule.decision == "largest":
        return graph.add("ArgMax", z, axis=1, keepdims=int(keepdims))
    if rule.decision == "each positive":
        return graph.cast(graph.add("Greater", z, 0), np.int64)
    threshold = 0 if rule.labels.size == 2 else inf  # a single class is always predicted
    is_second = graph.add(COMPARISONS[rule.decision], z, threshold)
    number = graph.cast(is_second, np.int64)
    return number if keepdims else graph.add("Reshape", number, np.array([-1]))


def labels_and_scores(graph, rule, z, labels, *, raw, keepdims, smoothing):
    """Return the labels of a rule, and the probabilities or weighted sums.

    Parameters
    ----------
    graph : Graph
    rule : LabelRule
    z : str
        The name of the rule's sums (n_samples, n_sums).
    labels : ndarray (n_classes,) of int64 or str
        The labels of the classes.
    raw : bool
        Whether the scores are weighted sums rather than probabilities.
    keepdims : bool
        Whether the labels are a column rather than a vector.
    smoothing : float
        The label smoothing to undo; 0 for none.

    Returns
    -------
    label, scores : tuple of str
        The names of labels (n_samples,) or (n_samples, n_columns), and scores (n_samples,
        n_classes).
    """
    decision = decide(graph, rule, z, keepdims)
    is_matrix = rule.decision == "each positive"
    label = decision if is_matrix else graph.add("Gather", labels, decision)
    if rule.decision in COMPARISONS and rule.labels.size == 2:
        z = graph.add("Concat", graph.add("Neg", z), z, axis=1)
    if raw:
        return label, z
    if rule.probabilities == "decision":
        return label, certain(graph, decision, None if is_matrix else rule.labels.size)
    if rule.slope != 1:
        z = graph.add("Mul", z, rule.slope)
    return label, without_smoothing(graph, rule, probabilities(graph, rule, z), smoothing)


def most_probable(graph, rule, p, labels, *, keepdims):
    """Return the labels with the largest probabilities, or 0 or 1 for each label of multilabel y.

    Parameters
    ----------
    graph : Graph
    rule : LabelRule
    p : str
        The name of the probabilities (n_samples, n_classes).
    labels : ndarray (n_classes,) of int64 or str
    keepdims : bool
        Whether the labels are a column rather than a vector.

    Returns
    -------
    label : str
        The name of the labels.
    """
    if rule.decision == "each positive":
        return graph.cast(graph.add("Greater", p, 0.5), np.int64)
    decision = graph.add("ArgMax", p, axis=1, keepdims=int(keepdims))
    return graph.add("Gather", labels, decision)


def certain(graph, decision, n_classes):
    """Return probabilities of 0 and 1 for a decision.

    The decision is a class index, or consists of 0 and 1 itself if n_classes is None.
    """
    if n_classes is not None:
        number = graph.add("Reshape", decision, np.array([-1, 1]))
        decision = graph.add("Equal", number, np.arange(n_classes))
    return graph.cast(decision, graph.dtype)


def probabilities(graph, rule, z):
    """Return probabilities (n_samples, n_classes) for sums z, which are -z and z for two classes.

    Parameters
    ----------
    graph : Graph
    rule : LabelRule
        A rule whose probabilities are not 'decision'.
    z : str
        The name of the sums, one for each class.

    Returns
    -------
    p : str
        The name of the probabilities.

    Raises
    ------
    ValueError
        If the rule has unknown probabilities.
    """
    if rule.probabilities not in PROBABILITY_NODES:
        known = (*PROBABILITY_NODES, "decision")
        raise ValueError(
            f"probabilities of a LabelRule must be one of {known}; got {rule}. To support other "
            "probabilities, add them to sknn_edu.onnx.label_rules.PROBABILITY_NODES."
        )
    p = PROBABILITY_NODES[rule.probabilities](graph, z)
    if rule.decision in COMPARISONS and rule.labels.size == 1:
        return graph.add("Max", p, 1)  # a single class has the probability 1
    return p


def without_smoothing(graph, rule, p, smoothing):
    """Undo the effect of label smoothing on the probabilities of a network.

    Parameters
    ----------
    graph : Graph
    rule : LabelRule
    p : str
        The name of the probabilities (n_samples, n_classes).
    smoothing : float
        The label smoothing; 0 for none.

    Returns
    -------
    p : str
        The name of the corrected probabilities.
    """
    if smoothing == 0 or rule.labels.size == 1:
        return p
    if rule.decision == "each positive":  # each label has two classes: yes and no
        yes = unsmoothed(graph, p, smoothing / 2)
        no = unsmoothed(graph, graph.add("Sub", 1, p), smoothing / 2)
        return graph.add("Div", yes, graph.add("Add", yes, no))
    p = unsmoothed(graph, p, smoothing / rule.labels.size)
    return graph.add("Div", p, graph.add("ReduceSum", p, np.array([1]), keepdims=1))


def unsmoothed(graph, p, floor):
    """Compute :func:`sknn_edu.core.losses.undo_smoothing`, with floor = s / k."""
    above = graph.add("Sub", p, floor)
    return graph.softplus(graph.add("Div", above, UNSMOOTHED_CORNER * floor))
