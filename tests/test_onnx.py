"""What ONNX Runtime answers is what the estimators answer."""

import importlib
import pickle
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_iris
from sklearn.ensemble import BaggingClassifier, StackingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn_edu import HiddenLayerTransformer, MLPClassifier, MLPRegressor, PerceptronClassifier
from sknn_edu import SigmoidNeuronClassifier as Neuron
from sknn_edu.core.activations import ACTIVATIONS, Activation
from sknn_edu.core.activations import relu_backward as any_backward
from sknn_edu.core.losses import LOSSES, OUTPUTS, Loss, absolute_error, absolute_error_delta
from tests.labels import EACH_FORM, in_form

onnx = pytest.importorskip("onnx")
ort = pytest.importorskip("onnxruntime")
skl2onnx = pytest.importorskip("skl2onnx")
sknn_onnx = importlib.import_module("sknn_edu.onnx")

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RAW, Y = load_iris(return_X_y=True)
X = StandardScaler().fit_transform(RAW)
X32 = X.astype(np.float32)
NAMES = np.array(["setosa", "versicolor", "virginica"])[Y]
SOME = {"random_state": 0, "max_iter": 20}
NETWORK = MLPClassifier((7, 5), activation=["gelu", "tanh"], solver="lbfgs", **SOME)

# Sums of a dozen float32 products, each exact to 6e-8, through two or three layers. Single numbers
# near 0 may lose more of their share, but not of what the other numbers of their size lose.
CLOSE = {np.float32: {"rtol": 1e-5, "atol": 1e-5}, np.float64: {"rtol": 1e-12, "atol": 1e-12}}


def converted(model, X, **options):
    """Return the ONNX model, which the checker has accepted."""
    proto = skl2onnx.to_onnx(model, X[:1], options=options or None)
    onnx.checker.check_model(proto, full_check=True)
    return proto


def run(proto, X):
    """Return the outputs by name."""
    session = ort.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {"X": X}), strict=True))


def answers(model, X, **options):
    return run(converted(model, X, **options), X)


def assert_same_predictions(model, X, **tolerance):
    (a,) = answers(model, X).values()
    expected = model.predict(X)
    tolerance = tolerance or CLOSE[X.dtype.type]
    np.testing.assert_allclose(a, expected.reshape(len(X), -1), **tolerance)


def assert_same_answers(model, X, **options):
    """Labels and probabilities agree, without dictionaries."""
    label, p = answers(model, X, zipmap=False, **options).values()
    np.testing.assert_array_equal(label, model.predict(X))
    expected = model.predict_proba(X)
    assert isinstance(p, list) == isinstance(expected, list)
    if not isinstance(p, list):
        p, expected = [p], [expected]
    for of_column, expected_of_column in zip(p, expected, strict=True):
        np.testing.assert_allclose(of_column, expected_of_column, **CLOSE[X.dtype.type])


# -- the functions -----------------------------------------------------------------------------


def test_every_activation_and_every_output_activation_has_its_nodes():
    plain = {name for name, g in ACTIVATIONS.items() if not g.is_parametric}
    assert plain <= set(sknn_onnx.ACTIVATION_NODES)
    assert set(OUTPUTS) <= set(sknn_onnx.OUTPUT_NODES)
    assert {output for _, output in LOSSES} <= set(OUTPUTS)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_networks_of_every_activation_agree(name, dtype):
    mlp = MLPRegressor(hidden_layer_sizes=(9, 7), activation=[name, "tanh"], random_state=0)
    mlp.partial_fit(X, RAW[:, :2])
    is_rounded = name == "gelu" and dtype is np.float64  # Erf is float32 in onnxruntime
    assert_same_predictions(mlp, X.astype(dtype), **({"atol": 1e-6} if is_rounded else {}))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_of_tiny_and_huge_sums_agree_and_do_not_overflow(name, dtype):
    sizes = np.array([0.0, 1e-6, 1e-3, 0.1, 1, 3, 9, 30, 89, 710, 1e4])
    z = np.concatenate([-sizes, sizes]).astype(dtype)[:, np.newaxis]
    mlp = MLPRegressor(hidden_layer_sizes=1, activation=name).partial_fit(X[:, :1], Y)
    one, zero = np.ones((1, 1), dtype), np.zeros(1, dtype)
    mlp.coefs_, mlp.intercepts_ = [one, one], [zero, zero]
    (a,) = answers(mlp, z).values()
    assert np.isfinite(a).all()
    size = np.abs(a[:, 0])
    if ACTIVATIONS[name].is_parametric:  # z + bend (g(z) - z) may be small, but is as exact as z
        size = np.maximum(size, np.abs(z[:, 0]))
    assert (np.abs(a[:, 0] - mlp.predict(z)) <= 1e-6 * size + 2e-7).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("embedding", ["pbld", "periodic"])
def test_embedded_numbers_clipped_outputs_and_hidden_layers_agree(embedding, dtype):
    options = {"number_embedding": embedding, "activation": "parametric_mish"}
    mlp = MLPRegressor(hidden_layer_sizes=(9, 7), clip_output=True, feature_scale=True, **options)
    mlp.set_params(random_state=0, max_iter=5).fit(X, RAW[:, :2])
    mlp.target_range_ = np.quantile(mlp.predict(X), [0.2, 0.8], axis=0)
    assert_same_predictions(mlp, X.astype(dtype), atol=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@EACH_FORM
def test_undone_label_smoothing_agrees(form, dtype):
    y = in_form(form, Y)
    mlp = MLPClassifier(9, label_smoothing=0.2, undo_smoothing=True, **SOME).fit(X, y)
    assert_same_answers(mlp, X.astype(dtype))


@pytest.mark.parametrize("loss", dict.fromkeys(name for name, _ in LOSSES if name != "log_loss"))
def test_regressors_of_every_loss_agree(loss):
    mlp = MLPRegressor(loss, hidden_layer_sizes=5, solver="lbfgs", **SOME)
    for y in (RAW[:, 0], RAW[:, :2]):
        assert_same_predictions(mlp.fit(X, y), X32)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_quantiles_agree_and_do_not_cross(dtype):
    levels = [0.1, 0.3, 0.5, 0.9]
    mlp = MLPRegressor("quantile", quantile=levels, hidden_layer_sizes=5, **SOME).fit(X, RAW[:, 0])
    for scale in (1, 1e3):  # the second puts sums of hundreds into the softplus
        Z = (scale * X).astype(dtype)
        assert_same_predictions(mlp, Z)
        (a,) = answers(mlp, Z).values()
        assert (np.diff(a, axis=1) >= 0).all()


# -- classifiers -------------------------------------------------------------------------------

LABELS = {
    "two ints": (Y > 0) * 3 - 1,
    "three ints": Y - 1,
    "two strings": np.where(Y > 0, "yes", "no"),
    "three strings": NAMES,
    "objects": NAMES.astype(object),
    "bools": Y > 0,
    "whole floats": Y + 1.0,
}
CLASSIFIERS = [
    NETWORK,
    Neuron(),
    Neuron("squared_error"),
    PerceptronClassifier(max_iter=10, random_state=0),
]


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("classifier", CLASSIFIERS, ids=lambda c: type(c).__name__)
def test_classifiers_within_a_pipeline_agree(classifier, labels):
    model = make_pipeline(StandardScaler(), clone(classifier)).fit(RAW, LABELS[labels])
    assert_same_answers(model, RAW.astype(np.float32))


@pytest.mark.parametrize("classifier", CLASSIFIERS[1:], ids=lambda c: type(c).__name__)
def test_classifiers_agree_in_float64(classifier):
    for y in (Y, Y > 0):
        assert_same_answers(clone(classifier).fit(X, y), X)


@pytest.mark.parametrize("n_labels", [2, 3])
def test_labels_that_are_independent_of_each_other_agree(n_labels):
    y = np.stack([Y > 0, Y > 1, Y == 1], axis=1)[:, :n_labels]
    assert_same_answers(clone(NETWORK).fit(X, y), X32)


COLUMNS = {
    "ints": np.stack([Y, Y % 2], axis=1),
    "strings": np.stack([NAMES, NAMES[::-1]], axis=1),
}


@pytest.mark.parametrize("columns", COLUMNS)
def test_several_columns_of_classes_are_a_matrix_of_labels_and_a_sequence(columns):
    mlp = clone(NETWORK).fit(X, COLUMNS[columns])
    assert_same_answers(mlp, X32)
    whatever_the_option = answers(mlp, X32)
    assert list(whatever_the_option) == ["label", "probabilities"]
    z = np.hstack(answers(mlp, X32, zipmap=False, raw_scores=True)["probabilities"])
    np.testing.assert_allclose(z, mlp.decision_function(X32), **CLOSE[np.float32])


def test_a_class_that_was_alone_in_training_is_certain():
    assert_same_answers(clone(NETWORK).fit(X, np.full(150, "only")), X32)


def test_small_probabilities_of_sigmoid_neurons_are_normalised_without_underflow():
    neuron = Neuron.from_weights([[-100.0], [-101.0], [-102.0]], bias=[-50.0] * 3, classes=range(3))
    assert_same_answers(neuron, np.array([[1.0], [2.0], [5.0]], dtype=np.float32))


def test_a_perceptron_fires_in_a_tie_and_a_network_does_not():
    corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.float32)
    gate = PerceptronClassifier.from_weights([1, 1], threshold=1)
    assert answers(gate, corners)["output_label"].tolist() == [0, 1, 1, 1]
    soft = Neuron.from_weights([1, 1], bias=-1)
    assert answers(soft, corners)["output_label"].tolist() == [0, 0, 0, 1]
    several = PerceptronClassifier.from_weights(np.ones((3, 2)), classes=["a", "b", "c"])
    assert answers(several, corners)["output_label"].tolist() == ["a"] * 4


def test_zipmap_makes_dictionaries_or_an_output_for_each_class():
    for y, keys in ((NAMES, ["setosa", "versicolor", "virginica"]), (Y - 1, [-1, 0, 1])):
        for Z in (X32, X):
            mlp = clone(NETWORK).fit(X, y)
            zipped = answers(mlp, Z)
            assert list(zipped) == ["output_label", "output_probability"]
            np.testing.assert_array_equal(zipped["output_label"], mlp.predict(Z))
            assert all(list(row) == keys for row in zipped["output_probability"])
            p = [list(row.values()) for row in zipped["output_probability"]]
            np.testing.assert_allclose(p, mlp.predict_proba(Z), atol=1e-5)

            label, *p = answers(mlp, Z, zipmap="columns").values()
            np.testing.assert_array_equal(label, mlp.predict(Z))
            np.testing.assert_allclose(np.stack(p, axis=1), mlp.predict_proba(Z), atol=1e-5)
    assert list(answers(mlp, X32, zipmap="columns")) == ["output_label", "i-1", "i0", "i1"]


@pytest.mark.parametrize("classifier", CLASSIFIERS, ids=lambda c: type(c).__name__)
def test_raw_scores_are_the_decision_function(classifier):
    for y in (Y, Y > 0):
        fitted = clone(classifier).fit(X, y)
        z = answers(fitted, X32, zipmap=False, raw_scores=True)["probabilities"]
        expected = fitted.decision_function(X32)
        if expected.ndim == 1:
            expected = np.stack([-expected, expected], axis=1)
        np.testing.assert_allclose(z, expected, rtol=1e-5, atol=1e-4)  # sums of up to 1e2


def test_labels_that_onnx_has_no_type_for_are_refused():
    with pytest.raises(ValueError, match=r"whole floats or strings.*y\.astype\(str\)"):
        converted(Neuron.from_weights(np.ones(4), classes=[0.5, 1.5]), X32)
    mixed = np.stack([NAMES.astype(object), Y.astype(object)], axis=1)
    with pytest.raises(ValueError, match="all numbers or all strings"):
        converted(clone(NETWORK).fit(X, mixed), X32)


# -- in company --------------------------------------------------------------------------------


@pytest.mark.parametrize("classifier", [NETWORK, CLASSIFIERS[-1]], ids=lambda c: type(c).__name__)
@pytest.mark.parametrize(
    "around",
    [
        lambda c: GridSearchCV(c, {"random_state": [0, 1]}, cv=2),
        lambda c: CalibratedClassifierCV(c, cv=2),
        lambda c: BaggingClassifier(c, n_estimators=3, random_state=0),
        lambda c: StackingClassifier([("one", c)], cv=2),
    ],
)
def test_estimators_of_scikit_learn_around_them_agree(around, classifier):
    assert_same_answers(around(clone(classifier)).fit(X, NAMES), X32)


def test_one_perceptron_against_the_rest_needs_raw_scores():
    model = OneVsRestClassifier(CLASSIFIERS[-1]).fit(X, Y)
    label = answers(model, X32, zipmap=False, raw_scores=True)["label"]
    np.testing.assert_array_equal(label, model.predict(X32))


@pytest.mark.parametrize("layer", [0, 1, -1])
def test_hidden_layers_before_another_model_agree(layer):
    hidden = HiddenLayerTransformer(NETWORK, layer=layer)
    model = make_pipeline(StandardScaler(), hidden, LogisticRegression()).fit(RAW, Y)
    assert_same_answers(model, RAW.astype(np.float32))


def test_columns_of_a_data_frame_are_inputs_of_their_own():
    frame = pd.DataFrame(X32, columns=list("abcd"))
    mlp = clone(NETWORK).fit(frame, Y)
    proto = skl2onnx.to_onnx(mlp, frame[:1], options={"zipmap": False})
    session = ort.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
    columns = {name: frame[[name]].to_numpy() for name in frame}
    np.testing.assert_array_equal(session.run(["label"], columns)[0], mlp.predict(frame))


def test_ints_are_taken_as_float32():
    Z = np.round(RAW * 10).astype(int)
    mlp = clone(NETWORK).fit(Z, Y)
    label, p = answers(mlp, Z, zipmap=False).values()
    assert p.dtype == np.float32
    np.testing.assert_array_equal(label, mlp.predict(Z))
    np.testing.assert_allclose(p, mlp.predict_proba(Z), atol=1e-4)


@pytest.mark.parametrize("opset", [14, 18, 22])
def test_older_versions_of_onnx_can_be_asked_for(opset):
    mlp = clone(NETWORK).fit(X, COLUMNS["ints"])
    proto = skl2onnx.to_onnx(mlp, X32[:1], target_opset=opset)
    np.testing.assert_array_equal(run(proto, X32)["label"], mlp.predict(X32))


def test_float32_networks_without_hidden_layers_and_weights_of_ones_own_count():
    mlp = MLPClassifier((), random_state=0, max_iter=3, dtype="float32").fit(X, Y)
    assert_same_answers(mlp, X32)
    mlp.coefs_ = [mlp.coefs_[0] * 2]
    assert_same_answers(mlp, X32)


def test_converting_changes_nothing_in_the_estimator():
    for model, y in [(clone(NETWORK), NAMES), (clone(NETWORK), COLUMNS["ints"]), (Neuron(), Y)]:
        model.fit(X, y)
        before = pickle.dumps(model)
        answers(model, X32)
        assert pickle.dumps(model) == before


def test_registering_again_changes_nothing():
    mlp = clone(NETWORK).fit(X, Y)
    before = converted(mlp, X32)
    sknn_onnx.register()
    assert converted(mlp, X32) == before


# -- what cannot be ----------------------------------------------------------------------------


@pytest.mark.parametrize("zipmap", [True, False])
@pytest.mark.parametrize(
    "model",
    [*CLASSIFIERS, MLPRegressor(), HiddenLayerTransformer(NETWORK), make_pipeline(NETWORK)],
    ids=lambda m: type(m).__name__,
)
def test_estimators_that_are_not_fitted_are_refused(model, zipmap):
    options = {} if zipmap else {type(NETWORK): {"zipmap": False}}
    with pytest.raises(NotFittedError):
        skl2onnx.to_onnx(clone(model), X32[:1], options=options)


def test_another_number_of_features_is_refused():
    mlp = MLPRegressor(hidden_layer_sizes=2, **SOME).fit(X, Y)
    with pytest.raises(ValueError, match=r"fitted to 4 features, but the inputs.*have 3"):
        skl2onnx.to_onnx(mlp, X32[:1, :3])


def square(z, a):
    a[...] = z * z


def halve(z):
    z /= 2


@pytest.mark.parametrize("name", ["square", "relu"])  # one's own, though it may be called relu
def test_an_activation_of_ones_own_is_refused_by_its_name(name):
    own = Activation(name, square, any_backward)
    mlp = MLPRegressor(hidden_layer_sizes=2, activation=own, **SOME).fit(X, Y)
    with pytest.raises(NotImplementedError, match=rf"activation '{name}'.*ACTIVATION_NODES\[name"):
        converted(mlp, X32)


@pytest.mark.parametrize("output", ["halve", "exp"])
def test_an_output_activation_of_ones_own_is_refused_by_its_name(output):
    own = Loss("mine", output, halve, absolute_error, absolute_error_delta)
    mlp = MLPRegressor(own, hidden_layer_sizes=2, **SOME).fit(X, Y)
    with pytest.raises(NotImplementedError, match=rf"'mine'.*'{output}'.*OUTPUT_NODES\[name"):
        converted(mlp, X32)


def test_functions_of_ones_own_can_be_told_in_nodes(monkeypatch):
    own = Activation("square", square, any_backward)
    loss = Loss("mine", "halve", halve, absolute_error, absolute_error_delta)
    mlp = MLPRegressor(loss, hidden_layer_sizes=2, activation=own, **SOME).fit(X, Y)
    nodes = {"square": lambda graph, z: graph.add("Mul", z, z)}
    monkeypatch.setitem(sknn_onnx.ACTIVATION_NODES, "square", nodes["square"])
    monkeypatch.setitem(sknn_onnx.OUTPUT_NODES, "halve", lambda graph, z: graph.add("Div", z, 2.0))
    assert_same_predictions(mlp, X32)


def test_a_loss_of_ones_own_with_an_output_of_ours_is_no_obstacle():
    own = Loss("mine", "exp", OUTPUTS["exp"], absolute_error, absolute_error_delta)
    assert_same_predictions(MLPRegressor(own, hidden_layer_sizes=2, **SOME).fit(X, Y), X32)


def test_without_skl2onnx_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "skl2onnx", None)
    monkeypatch.delitem(sys.modules, "sknn_edu.onnx")
    with pytest.raises(ImportError, match=r'pip install "sknn_edu\[onnx\]"'):
        importlib.import_module("sknn_edu.onnx")
