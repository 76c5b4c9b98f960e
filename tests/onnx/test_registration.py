"""Importing the package registers the converters, and conversion has no side effects."""

import importlib
import pickle
import sys

import pytest
from sklearn.base import clone

from sknn_edu import SigmoidNeuronClassifier
from tests.onnx.conversion import (
    COLUMNS,
    MAY_STOP_EARLY,
    NAMES,
    NETWORK,
    X32,
    X,
    Y,
    converted,
    onnx_outputs,
    sknn_onnx,
)

pytestmark = MAY_STOP_EARLY


@pytest.mark.parametrize(
    ("model", "y"),
    [(NETWORK, NAMES), (NETWORK, COLUMNS["ints"]), (SigmoidNeuronClassifier(), Y)],
    ids=["strings", "columns", "neuron"],
)
def test_conversion_does_not_change_the_estimator(model, y):
    model = clone(model).fit(X, y)
    before = pickle.dumps(model)
    onnx_outputs(model, X32)
    assert pickle.dumps(model) == before


def test_registering_twice_has_no_effect():
    mlp = clone(NETWORK).fit(X, Y)
    before = converted(mlp, X32)
    sknn_onnx.register()
    assert converted(mlp, X32) == before


def test_without_skl2onnx_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "skl2onnx", None)
    monkeypatch.delitem(sys.modules, "sknn_edu.onnx")
    with pytest.raises(ImportError, match=r'pip install "sknn_edu\[onnx\]"'):
        importlib.import_module("sknn_edu.onnx")
