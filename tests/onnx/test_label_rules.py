"""Labels and probabilities only depend on the label rules of the targets."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.base import clone

from sknn_edu import MLPClassifier, PerceptronClassifier, SigmoidNeuronClassifier
from sknn_edu.estimators.targets import LabelRule, MulticlassTargets, MultilabelTargets
from tests.labels import EACH_FORM, in_form
from tests.onnx.conversion import (
    CLOSE,
    EACH_DTYPE,
    MAY_STOP_EARLY,
    NETWORK,
    SHORT,
    X32,
    X,
    Y,
    assert_same_answers,
    converted,
    onnx_outputs,
)

pytestmark = MAY_STOP_EARLY


@EACH_DTYPE
@EACH_FORM
def test_undo_smoothing_gives_the_same_probabilities_in_onnx(form, dtype):
    y = in_form(form, Y)
    mlp = MLPClassifier(9, label_smoothing=0.2, undo_smoothing=True, **SHORT).fit(X, y)
    assert_same_answers(mlp, X.astype(dtype))


def test_a_single_class_in_training_has_probability_1():
    only = clone(NETWORK).fit(X, np.full(150, "only"))
    assert_same_answers(only, X32)
    assert (onnx_outputs(only, X32, zipmap=False)["probabilities"] == 1).all()


def test_small_probabilities_of_sigmoid_neurons_are_normalised_without_underflow():
    neuron = SigmoidNeuronClassifier.from_weights(
        [[-100.0], [-101.0], [-102.0]], bias=[-50.0] * 3, classes=range(3)
    )
    assert_same_answers(neuron, np.array([[1.0], [2.0], [5.0]], dtype=np.float32))


def test_a_perceptron_fires_in_a_tie_and_a_network_does_not():
    corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.float32)
    gate = PerceptronClassifier.from_weights([1, 1], threshold=1)
    assert onnx_outputs(gate, corners)["output_label"].tolist() == [0, 1, 1, 1]
    soft = SigmoidNeuronClassifier.from_weights([1, 1], bias=-1)
    assert onnx_outputs(soft, corners)["output_label"].tolist() == [0, 0, 0, 1]
    several = PerceptronClassifier.from_weights(np.ones((3, 2)), classes=["a", "b", "c"])
    assert onnx_outputs(several, corners)["output_label"].tolist() == ["a"] * 4


# -- a new kind of target ----------------------------------------------------------------------

LABELS = np.stack([Y > 0, Y > 1, Y == 1], axis=1).astype(int)


def describe(monkeypatch, kind, *rules):
    """Give a kind of target other label rules."""
    monkeypatch.setattr(kind, "label_rules", lambda _: list(rules))


def test_columns_of_two_classes_with_one_output_each_are_converted_by_their_rules(monkeypatch):
    mlp = clone(NETWORK).fit(X, LABELS)
    labels = [np.array(pair) for pair in (["no", "yes"], ["left", "right"], ["a", "b"])]
    rules = [LabelRule(labels[k], slice(k, k + 1), "positive", "logistic") for k in range(3)]
    describe(monkeypatch, MultilabelTargets, *rules)
    label, p = onnx_outputs(mlp, X32).values()
    z = mlp.decision_function(X32)
    expected = [pair[column] for pair, column in zip(labels, (z > 0).T.astype(int), strict=True)]
    np.testing.assert_array_equal(label, np.stack(expected, axis=1))
    for of_column, sums in zip(p, z.T, strict=True):
        expected = expit(np.stack([-sums, sums], axis=1))
        np.testing.assert_allclose(of_column, expected, **CLOSE[np.float32])


def test_a_column_of_classes_beside_labels_is_converted_by_its_rules(monkeypatch):
    mlp = clone(NETWORK).fit(X, Y)
    beside = LabelRule(np.array([0, 1]), slice(0, 2), "each positive", "logistic")
    alone = LabelRule(np.array([5, 6]), slice(1, 3), "largest", "softmax")
    describe(monkeypatch, MulticlassTargets, beside, alone)
    label, p = onnx_outputs(mlp, X32).values()
    z = mlp.decision_function(X32)
    winners = 5 + z[:, 1:].argmax(axis=1)
    np.testing.assert_array_equal(label, np.column_stack([z[:, :2] > 0, winners]))
    np.testing.assert_allclose(p[0], expit(z[:, :2]), **CLOSE[np.float32])
    np.testing.assert_allclose(p[1], softmax(z[:, 1:], axis=1), **CLOSE[np.float32])


@pytest.mark.parametrize("decision", ["largest", "each positive"])
def test_probabilities_can_be_0_and_1_of_the_decision(decision, monkeypatch):
    mlp = clone(NETWORK).fit(X, Y)
    describe(
        monkeypatch,
        MulticlassTargets,
        LabelRule(np.arange(3), slice(0, 3), decision, "decision"),
    )
    label, p = onnx_outputs(mlp, X32, zipmap=False).values()
    expected = label if decision == "each positive" else np.eye(3)[label]
    np.testing.assert_array_equal(p, expected)


@pytest.mark.parametrize("field", ["decision", "probabilities"])
def test_a_rule_with_an_unknown_value_is_refused(field, monkeypatch):
    mlp = clone(NETWORK).fit(X, Y)
    rule = LabelRule(np.arange(3), slice(0, 3), "largest", "softmax")
    describe(monkeypatch, MulticlassTargets, replace(rule, **{field: "guess"}))
    with pytest.raises(ValueError, match=rf"{field} of a LabelRule must be one of.*'guess'"):
        converted(mlp, X32)
