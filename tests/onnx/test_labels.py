"""Labels are int64 or strings; others are refused."""

import numpy as np
import pytest
from sklearn.base import clone

from sknn_edu import PerceptronClassifier
from sknn_edu.onnx.labels import onnx_labels
from tests.onnx.conversion import MAY_STOP_EARLY, NAMES, NETWORK, X32, X, Y, converted

pytestmark = MAY_STOP_EARLY


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        (np.array([False, True]), [0, 1]),
        (np.array([1.0, 2.0]), [1, 2]),
        (np.array([-1, 7], dtype=np.int8), [-1, 7]),
        (np.array(["a", "bc"], dtype=object), ["a", "bc"]),
    ],
)
def test_bools_and_whole_floats_become_ints_and_strings_stay_strings(classes, expected):
    labels = onnx_labels(classes)
    assert labels.tolist() == expected
    assert labels.dtype == np.int64 or labels.dtype.kind == "U"


def test_labels_that_onnx_has_no_type_for_are_refused():
    perceptron = PerceptronClassifier.from_weights(np.ones(4), classes=[0.5, 1.5])
    with pytest.raises(ValueError, match=r"whole floats or strings.*y\.astype\(str\)"):
        converted(perceptron, X32)


def test_columns_of_numbers_beside_columns_of_strings_are_refused():
    mixed = np.stack([NAMES.astype(object), Y.astype(object)], axis=1)
    with pytest.raises(ValueError, match="labels of all columns must be numbers"):
        converted(clone(NETWORK).fit(X, mixed), X32)
