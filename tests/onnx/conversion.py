"""Models to convert, and comparisons of what ONNX Runtime and the estimators predict."""

import importlib

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.preprocessing import StandardScaler

from sknn_edu import MLPClassifier, PerceptronClassifier, SigmoidNeuronClassifier

onnx = pytest.importorskip("onnx")
ort = pytest.importorskip("onnxruntime")
skl2onnx = pytest.importorskip("skl2onnx")
sknn_onnx = importlib.import_module("sknn_edu.onnx")

MAY_STOP_EARLY = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
EACH_DTYPE = pytest.mark.parametrize("dtype", [np.float32, np.float64])

RAW, Y = load_iris(return_X_y=True)
X = StandardScaler().fit_transform(RAW)
X32 = X.astype(np.float32)
NAMES = np.array(["setosa", "versicolor", "virginica"])[Y]
COLUMNS = {
    "ints": np.stack([Y, Y % 2], axis=1),
    "strings": np.stack([NAMES, NAMES[::-1]], axis=1),
}

SHORT = {"random_state": 0, "max_iter": 20}
NETWORK = MLPClassifier((7, 5), activation=["gelu", "tanh"], solver="lbfgs", **SHORT)
PERCEPTRON = PerceptronClassifier(max_iter=10, random_state=0)
CLASSIFIERS = [
    NETWORK,
    SigmoidNeuronClassifier(),
    SigmoidNeuronClassifier("squared_error"),
    PERCEPTRON,
]

# Sums of a dozen float32 products, each exact to 6e-8, through two or three layers. The relative
# error of a number near 0 may be larger, but its absolute error is not.
CLOSE = {np.float32: {"rtol": 1e-5, "atol": 1e-5}, np.float64: {"rtol": 1e-12, "atol": 1e-12}}


def class_name(estimator):
    return type(estimator).__name__


EACH_CLASSIFIER = pytest.mark.parametrize("classifier", CLASSIFIERS, ids=class_name)


def converted(model, X, **options):
    """Return the ONNX model, after onnx has checked it."""
    proto = skl2onnx.to_onnx(model, X[:1], options=options or None)
    onnx.checker.check_model(proto, full_check=True)
    return proto


def run(proto, X):
    """Return the outputs by name."""
    session = ort.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {"X": X}), strict=True))


def onnx_outputs(model, X, **options):
    return run(converted(model, X, **options), X)


def assert_same_predictions(model, X, **tolerance):
    (a,) = onnx_outputs(model, X).values()
    expected = model.predict(X)
    tolerance = tolerance or CLOSE[X.dtype.type]
    np.testing.assert_allclose(a, expected.reshape(len(X), -1), **tolerance)


def assert_same_answers(model, X, **options):
    """Compare labels and probabilities, without dictionaries."""
    label, p = onnx_outputs(model, X, zipmap=False, **options).values()
    np.testing.assert_array_equal(label, model.predict(X))
    expected = model.predict_proba(X)
    assert isinstance(p, list) == isinstance(expected, list)
    if not isinstance(p, list):
        p, expected = [p], [expected]
    for of_column, expected_of_column in zip(p, expected, strict=True):
        np.testing.assert_allclose(of_column, expected_of_column, **CLOSE[X.dtype.type])
