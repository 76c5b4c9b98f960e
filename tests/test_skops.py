"""Estimators saved with skops load with the same bits, trust only this package, and run no code."""

import io
import json
import os
import zipfile

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn_edu import (
    HiddenLayerTransformer,
    MLPClassifier,
    MLPRegressor,
    PerceptronClassifier,
    tabular_pipeline,
)
from sknn_edu import SigmoidNeuronClassifier as Neuron
from sknn_edu.core.activations import Activation, relu, relu_backward
from sknn_edu.core.losses import Loss, absolute_error, absolute_error_delta, identity_output
from sknn_edu.core.optimizers import RMSprop
from sknn_edu.estimators.plan import NetworkPlan
from sknn_edu.tables.reader import SKRUB_TYPES
from tests.callbacks import StopAfter

sio = pytest.importorskip("skops.io")
UntrustedTypesFoundException = pytest.importorskip(
    "skops.io.exceptions"
).UntrustedTypesFoundException

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])[Y]
PARAMETERS = {"max_iter": 8, "random_state": 0}

CLASSIFIER = "sknn_edu.estimators.mlp_classifier.MLPClassifier"
REGRESSOR = "sknn_edu.estimators.mlp_regressor.MLPRegressor"
NEURON = "sknn_edu.estimators.sigmoid_neuron_classifier.SigmoidNeuronClassifier"
PERCEPTRON = "sknn_edu.estimators.perceptron_classifier.PerceptronClassifier"
TRANSFORMER = "sknn_edu.estimators.hidden_layer_transformer.HiddenLayerTransformer"
IN_TRAINING = [
    "sknn_edu.core.optimizers.OptimizerState",
    "sknn_edu.core.training.BestSoFar",
    "sknn_edu.fitting.training_state.TrainingState",
]
"""The types in a network in the middle of training, besides its class."""


def saved_and_loaded(model, trusted):
    """Return the loaded model; ``trusted`` must be exactly the types that skops asks about."""
    data = sio.dumps(model)
    assert sio.get_untrusted_types(data=data) == sorted(trusted)
    return sio.loads(data, trusted=trusted)


def assert_same(a, b):
    """Assert that two values and all their parts have the same types and bits."""
    assert type(a) is type(b)
    if isinstance(a, np.ndarray):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)
    elif isinstance(a, dict):
        assert_same(list(a.items()), list(b.items()))
    elif isinstance(a, list | tuple):
        assert len(a) == len(b)
        for in_a, in_b in zip(a, b, strict=True):
            assert_same(in_a, in_b)
    elif hasattr(a, "__func__"):  # bound methods
        assert a.__func__ == b.__func__
        assert_same(a.__self__, b.__self__)
    elif isinstance(a, np.random.RandomState):
        assert_same(a.get_state(), b.get_state())
    elif isinstance(a, NetworkPlan):  # its architecture is computed from it when needed
        assert_same(a.to_dict(), b.to_dict())
    elif hasattr(a, "__dict__") and not callable(a):
        assert_same(vars(a), vars(b))
    else:
        assert a == b


FITTED = {
    "perceptron": (PerceptronClassifier(**PARAMETERS), Y, [PERCEPTRON]),
    "averaged perceptron": (PerceptronClassifier(average=True, **PARAMETERS), NAMES, [PERCEPTRON]),
    "neuron": (Neuron(), NAMES, [NEURON]),
    "neuron, early": (Neuron(solver="adam", early_stopping=True, **PARAMETERS), Y > 0, [NEURON]),
    "classifier": (
        MLPClassifier((5, 4), activation=["gelu", "tanh"], **PARAMETERS),
        Y,
        [CLASSIFIER],
    ),
    "lbfgs": (MLPClassifier(5, solver="lbfgs", **PARAMETERS), NAMES, [CLASSIFIER]),
    "early": (
        MLPClassifier(5, early_stopping=True, scoring="loss", **PARAMETERS),
        NAMES,
        [CLASSIFIER],
    ),
    "weighed": (MLPClassifier(5, class_weight={0: 1, 1: 2.5, 2: 3}, **PARAMETERS), Y, [CLASSIFIER]),
    "columns": (
        MLPClassifier(5, **PARAMETERS),
        np.stack([NAMES, NAMES[::-1]], axis=1),
        [CLASSIFIER],
    ),
    "labels": (MLPClassifier(5, **PARAMETERS), np.stack([Y > 0, Y > 1], axis=1), [CLASSIFIER]),
    "float32": (MLPClassifier(5, dtype="float32", **PARAMETERS), Y, [CLASSIFIER]),
    "regressor": (MLPRegressor(hidden_layer_sizes=5, **PARAMETERS), X[:, :2], [REGRESSOR]),
    "quantiles": (
        MLPRegressor("quantile", quantile=[0.1, 0.9], **PARAMETERS),
        X[:, 0],
        [REGRESSOR],
    ),
    "optimiser": (
        MLPRegressor(solver=RMSprop(), learning_rate="cosine", **PARAMETERS),
        X[:, 0],
        [REGRESSOR, "sknn_edu.core.optimizers.RMSprop"],
    ),
    "hidden layer": (
        HiddenLayerTransformer(MLPClassifier(5, **PARAMETERS)),
        Y,
        [TRANSFORMER, CLASSIFIER],
    ),
    "pipeline": (
        make_pipeline(StandardScaler(), MLPClassifier(5, **PARAMETERS)),
        NAMES,
        [CLASSIFIER],
    ),
}


@pytest.mark.parametrize("name", FITTED)
def test_a_fitted_estimator_asks_for_its_class_only_and_is_the_same_to_the_bit(name):
    model, y, trusted = FITTED[name]
    model = clone(model).fit(X, y)
    loaded = saved_and_loaded(model, trusted)
    assert_same(vars(model), vars(loaded))
    for method in ("predict", "predict_proba", "decision_function", "transform"):
        if hasattr(model, method):
            assert_same(getattr(model, method)(X), getattr(loaded, method)(X))


@pytest.mark.parametrize(
    "estimator", [PerceptronClassifier(), Neuron(), MLPClassifier(), MLPRegressor()]
)
def test_an_estimator_that_is_not_fitted_can_be_saved_too(estimator):
    loaded = saved_and_loaded(
        estimator, [f"{type(estimator).__module__}.{type(estimator).__name__}"]
    )
    assert_same(loaded.get_params(), estimator.get_params())


# -- in the middle of training -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("estimator", "classes", "trusted"),
    [
        (PerceptronClassifier(random_state=0), {0, 1, 2}, [PERCEPTRON]),
        (Neuron(solver="adam", random_state=0), {0, 1, 2}, [NEURON, *IN_TRAINING]),
        (MLPClassifier(5, random_state=0), {0, 1, 2}, [CLASSIFIER, *IN_TRAINING]),
        (MLPRegressor(solver="sgd", random_state=0), None, [REGRESSOR, *IN_TRAINING]),
    ],
)
def test_after_partial_fit_the_training_state_must_be_trusted_too_and_continues(
    estimator, classes, trusted
):
    if isinstance(estimator, PerceptronClassifier):
        trusted = [*trusted, "sknn_edu.core.perceptron.Perceptron"]
    options = {} if classes is None else {"classes": list(classes)}
    model = clone(estimator).partial_fit(X, Y, **options)
    loaded = saved_and_loaded(model, trusted)
    assert_same(vars(model), vars(loaded))
    assert_same(vars(model.partial_fit(X, Y)), vars(loaded.partial_fit(X, Y)))


@pytest.mark.parametrize("early_stopping", [False, True])
def test_after_a_fit_that_a_callback_stopped_the_training_state_must_be_trusted_too(early_stopping):
    pytest.importorskip("sklearn.callback")
    mlp = MLPClassifier(5, early_stopping=early_stopping, warm_start=True, **PARAMETERS)
    stopped = clone(mlp).set_callbacks(StopAfter(3)).fit(X, NAMES).set_callbacks()
    loaded = saved_and_loaded(stopped, [CLASSIFIER, *IN_TRAINING])
    whole = mlp.fit(X, NAMES)
    assert_same(loaded.fit(X, NAMES).coefs_, whole.coefs_)
    assert_same(loaded.loss_curve_, whole.loss_curve_)


def test_slim_leaves_nothing_to_trust_but_the_class():
    model = MLPClassifier(5, random_state=0).partial_fit(X, Y, classes=[0, 1, 2]).slim()
    assert_same(saved_and_loaded(model, [CLASSIFIER]).predict_proba(X), model.predict_proba(X))


def test_functions_within_an_activation_or_a_loss_are_named_one_by_one():
    custom = Activation("mine", relu, relu_backward)
    loss = Loss("mine", "identity", identity_output, absolute_error, absolute_error_delta)
    mlp = MLPRegressor(loss, hidden_layer_sizes=3, activation=custom, **PARAMETERS).fit(X, Y)
    activations, losses = "sknn_edu.core.activations", "sknn_edu.core.losses"
    trusted = [
        REGRESSOR,
        *(f"{activations}.{name}" for name in ("Activation", "relu", "relu_backward")),
        *(f"{losses}.{name}" for name in ("Loss", "absolute_error", "absolute_error_delta")),
        f"{losses}.identity_output",
    ]
    assert_same(saved_and_loaded(mlp, trusted).predict(X), mlp.predict(X))


# -- damaged and hostile archives --------------------------------------------------------------


@pytest.fixture(scope="module")
def honest():
    """Return an archive of a fitted network."""
    return sio.dumps(MLPClassifier(3, solver="lbfgs", max_iter=5, random_state=0).fit(X, NAMES))


def test_nothing_is_loaded_that_is_not_trusted(honest):
    with pytest.raises(UntrustedTypesFoundException, match=CLASSIFIER):
        sio.loads(honest)
    with pytest.raises(UntrustedTypesFoundException, match=CLASSIFIER):
        sio.loads(honest, trusted=[MLPRegressor])
    assert isinstance(sio.loads(honest, trusted=[MLPClassifier]), MLPClassifier)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_archive_is_refused(honest, share):
    with pytest.raises(zipfile.BadZipFile):
        sio.loads(honest[: int(share * len(honest))], trusted=[CLASSIFIER])


def test_an_archive_with_a_flipped_bit_is_refused_or_is_the_same_model(honest):
    expected = vars(sio.loads(honest, trusted=[CLASSIFIER]))
    n_refused = 0
    for position in np.random.default_rng(0).choice(len(honest), 150, replace=False):
        damaged = bytearray(honest)
        damaged[position] ^= 1 << (position % 8)
        try:
            loaded = sio.loads(bytes(damaged), trusted=[CLASSIFIER])
        except Exception:  # zipfile raises many kinds
            n_refused += 1
        else:  # such as a bit of a time stamp
            assert_same(vars(loaded), expected)
    assert n_refused > 100


def unpacked(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    return json.loads(files.pop("schema.json")), files


def packed(schema, files):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in {**files, "schema.json": json.dumps(schema).encode()}.items():
            archive.writestr(name, content)
    return data.getvalue()


def state_of(value):
    """Return what skops writes about a value of plain Python."""
    schema, _ = unpacked(sio.dumps(value))
    return schema


def call(module, function, argument):
    """Return a node that calls a function when it is loaded."""
    return {
        "__module__": module,
        "__class__": function,
        "__loader__": "ConstructorFromReduceNode",
        "content": state_of((argument,)),
    }


def partial(module, function, argument):
    """Return a node that makes a functools.partial of a function."""
    named = {"__module__": module, "__class__": function, "__loader__": "FunctionNode"}
    content = {
        "func": named,
        "args": state_of((argument,)),
        "kwds": state_of({}),
        "namespace": state_of(None),
    }
    return {
        "__module__": "functools",
        "__class__": "partial",
        "__loader__": "PartialNode",
        "content": content,
    }


def hostile_nodes(path):
    """Return nodes that would write a file, or contain a function that could."""
    shell, code = f"echo ran > {path}", f"open({str(path)!r}, 'w').close()"
    named = {"__module__": "builtins", "__class__": "eval"}
    return {
        "os.system": call("os", "system", shell),
        "builtins.eval": call("builtins", "eval", code),
        "functools.partial": partial("os", "system", shell),
        "a function": {**named, "__loader__": "FunctionNode"},
        "a type": {**named, "__loader__": "TypeNode"},
        "an object": {**named, "__loader__": "ObjectNode", "content": state_of({})},
    }


HOSTILE = list(hostile_nodes("anywhere"))


@pytest.mark.parametrize("place", ["the model", "an attribute", "a parameter", "a key"])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_is_refused_and_nothing_runs(honest, name, place, tmp_path):
    schema, files = unpacked(honest)
    node = hostile_nodes(tmp_path / "ran")[name]
    attributes = schema["content"]["content"]
    if place == "the model":
        schema = {**schema, "content": None, **node}
    elif place == "an attribute":
        attributes["loss_"] = node
    elif place == "a parameter":
        attributes["activation"] = node
    else:
        schema["content"]["key_types"]["content"][0] = node
    data = packed(schema, files)

    asked_for = set(sio.get_untrusted_types(data=data)) - {CLASSIFIER}
    assert asked_for & {"os.system", "builtins.eval"}
    with pytest.raises(UntrustedTypesFoundException):
        sio.loads(data, trusted=[CLASSIFIER, *IN_TRAINING])
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["os.system", "builtins.eval"])
def test_the_hostile_archives_would_run_if_they_were_trusted(name, tmp_path):
    node = hostile_nodes(tmp_path / "ran")[name]
    protocol = {key: value for key, value in state_of(None).items() if key == "protocol"}
    sio.loads(packed({**protocol, **node}, {}), trusted=[name])
    assert (tmp_path / "ran").exists()


class Pickled:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"echo ran > {self.path}",)


def test_a_pickle_in_the_place_of_an_array_is_refused_and_nothing_runs(honest, tmp_path):
    schema, files = unpacked(honest)
    for name in files:
        content = io.BytesIO()
        np.save(content, np.array([Pickled(tmp_path / "ran")]), allow_pickle=True)
        files[name] = content.getvalue()
    with pytest.raises(ValueError, match="allow_pickle=False"):
        sio.loads(packed(schema, files), trusted=[CLASSIFIER])
    assert not (tmp_path / "ran").exists()
    np.load(io.BytesIO(content.getvalue()), allow_pickle=True)
    assert (tmp_path / "ran").exists()  # it would have run


@pytest.mark.filterwarnings("ignore:The network is no better than a constant")
@pytest.mark.parametrize("reader", ["skrub", None])
def test_a_pipeline_for_tables_asks_for_classes_of_this_package_and_named_ones_of_skrub(reader):
    rng = np.random.default_rng(0)
    words = ["red", "green", "blue", "old", "new", "soft"]
    table = pd.DataFrame(
        {
            "price": [f"${x:.2f}" for x in rng.lognormal(3, 1, 60)],
            "day": pd.date_range("2024-01-01", periods=60, freq="17h"),
            "note": [" ".join(rng.choice(words, 5)) for _ in range(60)],
            "town": rng.choice(["Ulm", "Bonn"], 60),
        }
    )
    kept = table if reader else table[["town"]].assign(x=rng.normal(size=60))
    model = tabular_pipeline("regressor", n_estimators=1, max_iter=2, random_state=0, reader=reader)
    model.fit(kept, rng.normal(size=60))
    data = sio.dumps(model)
    asked = sio.get_untrusted_types(data=data)
    assert set(asked) - set(SKRUB_TYPES) == {n for n in asked if n.startswith("sknn_edu.")}
    assert bool(set(asked) & set(SKRUB_TYPES)) == (reader is not None)
    loaded = sio.loads(data, trusted=asked)
    np.testing.assert_array_equal(loaded.predict(kept), model.predict(kept))
