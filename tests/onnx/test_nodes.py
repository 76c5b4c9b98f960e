"""The nodes of each function compute the function."""

import re

import numpy as np
import pytest

from sknn_edu import MLPRegressor
from sknn_edu.core.activations import ACTIVATIONS, Activation
from sknn_edu.core.activations import relu_backward as any_backward
from sknn_edu.core.beyond.parametric_activations import ALL_ACTIVATIONS, PREFIX
from sknn_edu.core.losses import LOSSES, OUTPUTS, Loss, absolute_error, absolute_error_delta
from tests.onnx.conversion import (
    EACH_DTYPE,
    MAY_STOP_EARLY,
    RAW,
    SHORT,
    X32,
    X,
    Y,
    assert_same_predictions,
    converted,
    onnx_outputs,
    sknn_onnx,
)

pytestmark = MAY_STOP_EARLY

WITH_NODES = [n for n in ALL_ACTIVATIONS if n.removeprefix(PREFIX) in sknn_onnx.ACTIVATION_NODES]
"""The activations that can be converted; a new activation may be missing here."""


def test_nodes_are_listed_under_the_names_of_existing_functions():
    assert set(sknn_onnx.ACTIVATION_NODES) <= set(ACTIVATIONS)
    assert set(sknn_onnx.OUTPUT_NODES) <= set(OUTPUTS)


def test_the_activations_and_outputs_of_the_first_release_have_nodes():
    assert set(sknn_onnx.ACTIVATION_NODES) >= {
        *("identity", "logistic", "tanh", "relu", "leaky_relu", "elu", "selu", "gelu", "silu"),
        *("softplus", "mish"),
    }
    assert set(sknn_onnx.OUTPUT_NODES) >= {"identity", "logistic", "softmax", "exp", "in_order"}
    assert {"parametric_relu", "parametric_selu", "parametric_mish"} <= set(WITH_NODES)


@EACH_DTYPE
@pytest.mark.parametrize("name", WITH_NODES)
def test_every_activation_gives_the_same_predictions_in_onnx(name, dtype):
    mlp = MLPRegressor(hidden_layer_sizes=(9, 7), activation=[name, "tanh"], random_state=0)
    mlp.partial_fit(X, RAW[:, :2])
    is_rounded = name == "gelu" and dtype is np.float64  # Erf is float32 in onnxruntime
    assert_same_predictions(mlp, X.astype(dtype), **({"atol": 1e-6} if is_rounded else {}))


@EACH_DTYPE
@pytest.mark.parametrize("name", WITH_NODES)
def test_activations_of_tiny_and_huge_sums_are_accurate_and_do_not_overflow(name, dtype):
    sizes = np.array([0.0, 1e-6, 1e-3, 0.1, 1, 3, 9, 30, 89, 710, 1e4])
    z = np.concatenate([-sizes, sizes]).astype(dtype)[:, np.newaxis]
    mlp = MLPRegressor(hidden_layer_sizes=1, activation=name).partial_fit(X[:, :1], Y)
    ones, zeros = np.ones((1, 1), dtype), np.zeros(1, dtype)
    mlp.coefs_, mlp.intercepts_ = [ones, ones], [zeros, zeros]
    (a,) = onnx_outputs(mlp, z).values()
    assert np.isfinite(a).all()
    size = np.abs(a[:, 0])
    if name.startswith(PREFIX):  # z + alpha (g(z) - z) may be small, but is as exact as z
        size = np.maximum(size, np.abs(z[:, 0]))
    assert (np.abs(a[:, 0] - mlp.predict(z)) <= 1e-6 * size + 2e-7).all()


EVERY_LOSS = {loss for loss, output in LOSSES if output in sknn_onnx.OUTPUT_NODES}


@pytest.mark.parametrize("loss", sorted(EVERY_LOSS - {"log_loss"}))
def test_regressors_with_every_loss_give_the_same_predictions_in_onnx(loss):
    mlp = MLPRegressor(loss, hidden_layer_sizes=5, solver="lbfgs", **SHORT)
    for y in (RAW[:, 0], RAW[:, :2]):
        assert_same_predictions(mlp.fit(X, y), X32)


@EACH_DTYPE
def test_quantiles_are_the_same_in_onnx_and_do_not_cross(dtype):
    levels = [0.1, 0.3, 0.5, 0.9]
    mlp = MLPRegressor("quantile", quantile=levels, hidden_layer_sizes=5, **SHORT)
    mlp.fit(X, RAW[:, 0])
    for scale in (1, 1e3):  # the second gives sums of hundreds to the softplus
        Z = (scale * X).astype(dtype)
        assert_same_predictions(mlp, Z)
        (a,) = onnx_outputs(mlp, Z).values()
        assert (np.diff(a, axis=1) >= 0).all()


# -- functions without nodes -------------------------------------------------------------------


def square(z, a):
    a[...] = z * z


def halve(z):
    z /= 2


@pytest.mark.parametrize("name", ["square", "relu"])
def test_a_custom_activation_with_a_built_in_name_is_refused(name):
    activation = Activation(name, square, any_backward)
    mlp = MLPRegressor(hidden_layer_sizes=2, activation=activation, **SHORT).fit(X, Y)
    with pytest.raises(NotImplementedError, match=rf"activation '{name}'.*ACTIVATION_NODES\[name"):
        converted(mlp, X32)


@pytest.mark.parametrize("name", ["relu", "parametric_relu"])
def test_a_built_in_activation_without_nodes_is_refused_with_a_remedy(name, monkeypatch):
    mlp = MLPRegressor(hidden_layer_sizes=2, activation=name, **SHORT).fit(X, Y)
    relu_nodes = sknn_onnx.ACTIVATION_NODES["relu"]
    monkeypatch.delitem(sknn_onnx.ACTIVATION_NODES, "relu")
    with pytest.raises(NotImplementedError) as refused:
        converted(mlp, X32)
    message = str(refused.value)
    assert "activation 'relu'" in message
    assert "sknn_edu.onnx.ACTIVATION_NODES[name] = nodes" in message
    assert "rename" not in message
    trained_with = re.search(r"train with one of (\[.*\])", message)[1]
    assert "'tanh'" in trained_with
    assert "'relu'" not in trained_with
    monkeypatch.setitem(sknn_onnx.ACTIVATION_NODES, "relu", relu_nodes)
    assert_same_predictions(mlp, X32)


@pytest.mark.parametrize("output", ["halve", "exp"])
def test_a_custom_output_activation_is_refused_by_name(output):
    loss = Loss("mine", output, halve, absolute_error, absolute_error_delta)
    mlp = MLPRegressor(loss, hidden_layer_sizes=2, **SHORT).fit(X, Y)
    with pytest.raises(NotImplementedError, match=rf"'mine'.*'{output}'.*OUTPUT_NODES\[name"):
        converted(mlp, X32)


def test_a_custom_function_with_a_built_in_name_has_to_be_renamed():
    loss = Loss("mine", "exp", halve, absolute_error, absolute_error_delta)
    mlp = MLPRegressor(loss, hidden_layer_sizes=2, **SHORT).fit(X, Y)
    with pytest.raises(NotImplementedError, match="rename the function"):
        converted(mlp, X32)


def test_nodes_can_be_added_for_custom_functions(monkeypatch):
    activation = Activation("square", square, any_backward)
    loss = Loss("mine", "halve", halve, absolute_error, absolute_error_delta)
    mlp = MLPRegressor(loss, hidden_layer_sizes=2, activation=activation, **SHORT).fit(X, Y)
    nodes = {"square": lambda graph, z: graph.add("Mul", z, z)}
    monkeypatch.setitem(sknn_onnx.ACTIVATION_NODES, "square", nodes["square"])
    monkeypatch.setitem(sknn_onnx.OUTPUT_NODES, "halve", lambda graph, z: graph.add("Div", z, 2.0))
    assert_same_predictions(mlp, X32)


def test_a_custom_loss_with_a_built_in_output_activation_is_converted():
    loss = Loss("mine", "exp", OUTPUTS["exp"], absolute_error, absolute_error_delta)
    assert_same_predictions(MLPRegressor(loss, hidden_layer_sizes=2, **SHORT).fit(X, Y), X32)
