"""The option zipmap returns the probabilities together with their labels."""

import numpy as np
import pytest
from sklearn.base import clone

from tests.onnx.conversion import MAY_STOP_EARLY, NAMES, NETWORK, X32, X, Y, onnx_outputs

pytestmark = MAY_STOP_EARLY

EACH_X = pytest.mark.parametrize("Z", [X32, X], ids=["float32", "float64"])


@EACH_X
@pytest.mark.parametrize(
    ("y", "keys"),
    [(NAMES, ["setosa", "versicolor", "virginica"]), (Y - 1, [-1, 0, 1])],
    ids=["strings", "ints"],
)
def test_zipmap_makes_dictionaries(y, keys, Z):
    mlp = clone(NETWORK).fit(X, y)
    zipped = onnx_outputs(mlp, Z)
    assert list(zipped) == ["output_label", "output_probability"]
    np.testing.assert_array_equal(zipped["output_label"], mlp.predict(Z))
    assert all(list(row) == keys for row in zipped["output_probability"])
    p = [list(row.values()) for row in zipped["output_probability"]]
    np.testing.assert_allclose(p, mlp.predict_proba(Z), atol=1e-5)


@EACH_X
@pytest.mark.parametrize("y", [NAMES, Y - 1], ids=["strings", "ints"])
def test_zipmap_with_columns_makes_an_output_for_each_class(y, Z):
    mlp = clone(NETWORK).fit(X, y)
    label, *p = onnx_outputs(mlp, Z, zipmap="columns").values()
    np.testing.assert_array_equal(label, mlp.predict(Z))
    np.testing.assert_allclose(np.stack(p, axis=1), mlp.predict_proba(Z), atol=1e-5)


def test_the_outputs_of_columns_are_named_by_the_type_and_the_label():
    for y, names in ((Y - 1, ["i-1", "i0", "i1"]), (np.where(Y, "b", "a"), ["sa", "sb"])):
        outputs = onnx_outputs(clone(NETWORK).fit(X, y), X32, zipmap="columns")
        assert list(outputs) == ["output_label", *names]
