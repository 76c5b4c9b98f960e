"""Layers, embedded numbers and composed weights become the nodes that compute them."""

from dataclasses import replace

import numpy as np
import pytest

from sknn_edu import MLPClassifier, MLPRegressor
from sknn_edu.core.network import Inputs
from sknn_edu.estimators.interface import fitted_network
from sknn_edu.onnx.layers import first_layer_inputs
from tests.onnx.conversion import (
    EACH_DTYPE,
    MAY_STOP_EARLY,
    SHORT,
    X32,
    X,
    Y,
    assert_same_answers,
    assert_same_predictions,
)

pytestmark = MAY_STOP_EARLY


@EACH_DTYPE
@pytest.mark.parametrize("embedding", ["pbld", "periodic"])
def test_embedded_numbers_give_the_same_predictions_in_onnx(embedding, dtype):
    y = np.stack([X[:, 0], Y], axis=1)
    mlp = MLPRegressor(hidden_layer_sizes=(9, 7), number_embedding=embedding, **SHORT).fit(X, y)
    assert_same_predictions(mlp, X.astype(dtype), atol=1e-5)  # Cos is float32 in onnxruntime


def test_features_that_are_not_embedded_are_inputs_unchanged():
    Z = np.column_stack([X[:, 0], Y == 1, X[:, 1]])
    mlp = MLPClassifier(5, number_embedding="periodic", **SHORT).fit(Z, Y)
    assert fitted_network(mlp).inputs.kept == [1]
    assert_same_answers(mlp, Z.astype(np.float32))


def test_feature_scales_and_category_vectors_give_the_same_predictions_in_onnx():
    Z = np.hstack([X, np.eye(3)[Y]])
    options = {"feature_scale": True, "category_embedding": 2, "number_embedding": "pbld"}
    mlp = MLPClassifier(6, **options, **SHORT).fit(Z, Y)
    assert len(mlp.category_vectors_) == 1
    assert_same_answers(mlp, Z.astype(np.float32))


def test_trained_parametric_activations_give_the_same_predictions_in_onnx():
    mlp = MLPClassifier(6, activation="parametric_mish", learning_rate_init=0.1, **SHORT)
    mlp.fit(X, Y)
    assert np.ptp(mlp.activation_slopes_[0]) > 0.1
    assert_same_answers(mlp, X32)


def test_float32_networks_with_replaced_weights_give_the_same_predictions_in_onnx():
    mlp = MLPClassifier((), random_state=0, max_iter=3, dtype="float32").fit(X, Y)
    assert_same_answers(mlp, X32)
    mlp.coefs_ = [mlp.coefs_[0] * 2]
    assert_same_answers(mlp, X32)


def test_inputs_of_an_unknown_kind_are_refused():
    class Squares(Inputs):
        def transform(self, X, learned):
            return X * X

    network = fitted_network(MLPClassifier((), random_state=0, max_iter=3).fit(X, Y))
    with pytest.raises(NotImplementedError, match=r"got Squares.*first_layer_inputs"):
        first_layer_inputs(None, replace(network, inputs=Squares()), "X")
