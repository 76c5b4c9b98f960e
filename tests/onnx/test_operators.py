"""The converters accept the features of the estimator in every form."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from sknn_edu import HiddenLayerTransformer, MLPRegressor
from tests.onnx.conversion import (
    CLASSIFIERS,
    MAY_STOP_EARLY,
    NETWORK,
    RAW,
    SHORT,
    X32,
    X,
    Y,
    class_name,
    onnx_outputs,
    ort,
    skl2onnx,
)

pytestmark = MAY_STOP_EARLY


def test_each_column_of_a_data_frame_is_an_input():
    frame = pd.DataFrame(X32, columns=list("abcd"))
    mlp = clone(NETWORK).fit(frame, Y)
    proto = skl2onnx.to_onnx(mlp, frame[:1], options={"zipmap": False})
    session = ort.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
    columns = {name: frame[[name]].to_numpy() for name in frame}
    np.testing.assert_array_equal(session.run(["label"], columns)[0], mlp.predict(frame))


def test_int_inputs_are_converted_to_float32():
    Z = np.round(RAW * 10).astype(int)
    mlp = clone(NETWORK).fit(Z, Y)
    label, p = onnx_outputs(mlp, Z, zipmap=False).values()
    assert p.dtype == np.float32
    np.testing.assert_array_equal(label, mlp.predict(Z))
    np.testing.assert_allclose(p, mlp.predict_proba(Z), atol=1e-4)


@pytest.mark.parametrize("zipmap", [True, False])
@pytest.mark.parametrize(
    "model",
    [*CLASSIFIERS, MLPRegressor(), HiddenLayerTransformer(NETWORK), make_pipeline(NETWORK)],
    ids=class_name,
)
def test_estimators_that_are_not_fitted_are_refused(model, zipmap):
    options = {} if zipmap else {type(NETWORK): {"zipmap": False}}
    with pytest.raises(NotFittedError):
        skl2onnx.to_onnx(clone(model), X32[:1], options=options)


def test_a_wrong_number_of_features_is_refused():
    mlp = MLPRegressor(hidden_layer_sizes=2, **SHORT).fit(X, Y)
    with pytest.raises(ValueError, match=r"fitted with 4 features, but the inputs.*have 3"):
        skl2onnx.to_onnx(mlp, X32[:1, :3])
