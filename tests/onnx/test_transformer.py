"""A converted HiddenLayerTransformer returns the activations of its layer."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn_edu import HiddenLayerTransformer
from tests.onnx.conversion import (
    CLOSE,
    MAY_STOP_EARLY,
    NETWORK,
    RAW,
    X32,
    X,
    Y,
    assert_same_answers,
    onnx_outputs,
)

pytestmark = MAY_STOP_EARLY

EACH_LAYER = pytest.mark.parametrize("layer", [0, 1, -1])


@EACH_LAYER
def test_activations_of_a_hidden_layer_are_the_same_in_onnx(layer):
    hidden = HiddenLayerTransformer(NETWORK, layer=layer).fit(X, Y)
    (a,) = onnx_outputs(hidden, X32).values()
    np.testing.assert_allclose(a, hidden.transform(X32), **CLOSE[np.float32])


@EACH_LAYER
def test_hidden_layers_before_another_model_give_the_same_predictions_in_onnx(layer):
    hidden = HiddenLayerTransformer(NETWORK, layer=layer)
    model = make_pipeline(StandardScaler(), hidden, LogisticRegression()).fit(RAW, Y)
    assert_same_answers(model, RAW.astype(np.float32))
