"""A converted regressor predicts what the regressor predicts."""

import pytest

from sknn_edu import MLPRegressor
from tests.onnx.conversion import (
    EACH_DTYPE,
    MAY_STOP_EARLY,
    RAW,
    SHORT,
    X,
    assert_same_predictions,
    onnx_outputs,
)

pytestmark = MAY_STOP_EARLY


@EACH_DTYPE
@pytest.mark.parametrize("embedding", ["pbld", "periodic"])
def test_embeddings_slopes_and_clipping_together_agree_in_onnx(embedding, dtype):
    options = {"number_embedding": embedding, "activation": "parametric_mish"}
    mlp = MLPRegressor(hidden_layer_sizes=(9, 7), clip_output=True, feature_scale=True, **options)
    mlp.set_params(solver="lbfgs", **SHORT).fit(X, RAW[:, :2])
    assert_same_predictions(mlp, (10 * X).astype(dtype), atol=1e-5)


@EACH_DTYPE
def test_clip_output_clips_to_the_range_of_each_target_in_onnx(dtype):
    mlp = MLPRegressor(hidden_layer_sizes=(), clip_output=True, solver="lbfgs", **SHORT)
    mlp.fit(X, RAW[:, :2])  # linear, so 10 times the features give too large and too small values
    Z = (10 * X).astype(dtype)
    low, high = mlp.target_range_.astype(dtype)
    assert_same_predictions(mlp, Z)
    (a,) = onnx_outputs(mlp, Z).values()
    assert (a.min(axis=0) == low).all()
    assert (a.max(axis=0) == high).all()
    mlp.clip_output = False
    (a,) = onnx_outputs(mlp, Z).values()
    assert (a.min(axis=0) < low).all()
    assert (a.max(axis=0) > high).all()
