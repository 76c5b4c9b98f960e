"""What the two multi-layer perceptrons share: data types, parameters, hidden layers."""

import pickle
import re
from inspect import signature

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from sknn_edu import MLPClassifier, MLPRegressor
from sknn_edu.core.activations import Activation
from sknn_edu.core.optimizers import SGD, Adam, AdamW
from tests.problems import A, B, X, Y

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


# -- data types and weights ------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_dtype_of_the_samples_is_kept(dtype, solver):
    samples = X.astype(dtype)
    model = MLPClassifier(5, solver=solver, max_iter=10, random_state=0).fit(samples, Y)
    assert {a.dtype for a in model.coefs_ + model.intercepts_} == {np.dtype(dtype)}
    for method in ("predict_proba", "predict_log_proba", "decision_function"):
        assert getattr(model, method)(samples).dtype == dtype
    regressor = MLPRegressor(hidden_layer_sizes=5, solver=solver, max_iter=10, random_state=0)
    assert regressor.fit(samples, Y).predict(samples).dtype == dtype


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_the_dtype_parameter_overrides_the_dtype_of_the_samples(dtype, solver):
    other = np.float64 if dtype == "float32" else np.float32
    model = MLPClassifier(5, solver=solver, dtype=dtype, max_iter=5, random_state=0)
    model.fit(X.astype(other), Y)
    assert model.coefs_[0].dtype == dtype


@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_float32_agrees_with_float64_within_its_precision(solver):
    model = MLPClassifier((8, 4), solver=solver, max_iter=20, random_state=0)
    wide = clone(model).fit(X, Y).predict_proba(X)
    narrow = model.set_params(dtype="float32").fit(X, Y).predict_proba(X)
    np.testing.assert_allclose(wide, narrow, atol=1e-3)


def test_float32_sample_weights_equal_repeated_samples():
    weight = np.arange(150) % 3
    model = MLPRegressor(hidden_layer_sizes=5, dtype="float32", max_iter=50, random_state=0)
    weighted = clone(model).fit(X, Y, sample_weight=weight).predict(X)
    repeated = model.fit(X.repeat(weight, axis=0), Y.repeat(weight)).predict(X)
    np.testing.assert_allclose(weighted, repeated, atol=1e-4)


@pytest.mark.parametrize("dtype", [np.float64, np.int64, np.float16])
def test_arrays_assigned_to_coefs_and_intercepts_are_used(dtype):
    model = MLPRegressor(hidden_layer_sizes=(), max_iter=1).fit(X[:, :3], Y)
    model.coefs_[0] = np.array([[1], [2], [3]], dtype=dtype)
    model.intercepts_[0] = [0.5]
    assert model.predict([[0.5, 0.5, 0.1]]) == pytest.approx(2.3)
    model.set_params(learning_rate_init=1e-9).partial_fit(X[:, :3], Y)
    np.testing.assert_allclose(model.coefs_[0], [[1], [2], [3]], atol=1e-6)


# -- parameters ------------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", [MLPClassifier, MLPRegressor])
def test_every_parameter_has_its_entry_in_the_docstring(cls):
    entries = [line.split(" : ")[0] for line in cls.__doc__.splitlines() if " : " in line]
    assert [name for name in cls().get_params() if name not in entries] == []


@pytest.mark.parametrize("cls", [MLPClassifier, MLPRegressor])
def test_usual_parameters_come_first_and_both_sections_keep_the_order_of_the_signature(cls):
    usual, rest = cls.__doc__.split("\nOther Parameters\n")
    rest, _ = rest.split("\nAttributes\n")
    in_order = list(signature(cls).parameters)
    listed = []
    for section in (usual, rest):
        names = re.findall(r"^(\w+) : ", section, flags=re.MULTILINE)
        assert names == [name for name in in_order if name in names]
        listed += names
    assert sorted(listed) == sorted(in_order)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"dropout": [0.1, 0.2, 0.3]}, "one for each of the 2 hidden layers"),
        ({"dropout": 1.0}, "dropout"),
        ({"dropout": [0.1, -1]}, "dropout"),
        ({"dropout": [[0.1], [0.2, 0.3]]}, "'dropout' parameter has an invalid value"),
        ({"activation": ["relu"]}, "one for each of the 2 hidden layers"),
        ({"activation": ["relu", "nonsense"]}, "activation"),
        ({"label_smoothing": 1.5}, "label_smoothing"),
        ({"learning_rate": lambda progress: -progress}, "finite factor of at least 0"),
        ({"solver": SGD}, "solver"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_wrong_parameters_are_refused(params, message):
    with pytest.raises(ValueError, match=message):
        MLPClassifier((5, 5), **params).fit(X, Y)


@pytest.mark.parametrize(
    "params",
    [
        {"dropout": 0.1},
        {"weight_decay": 0.1},
        {"clip_norm": 1.0},
        {"warmup_fraction": 0.1},
        {"learning_rate": "cosine"},
    ],
    ids=str,
)
def test_lbfgs_refuses_unsupported_options(params):
    with pytest.raises(ValueError, match="has no meaning for solver='lbfgs'"):
        MLPClassifier(solver="lbfgs", **params).fit(X, Y)


# -- regularization --------------------------------------------------------------------------------


def test_dropout_is_off_at_prediction_and_one_seed_gives_one_result():
    params = {"dropout": [0.5, 0.2], "max_iter": 10, "random_state": 0}
    first, second = (MLPClassifier((20, 10), **params).fit(X, Y) for _ in range(2))
    np.testing.assert_array_equal(first.predict_proba(X), second.predict_proba(X))
    np.testing.assert_array_equal(first.predict_proba(X), first.predict_proba(X))
    without = MLPClassifier((20, 10), max_iter=10, random_state=0).fit(X, Y)
    assert not np.array_equal(without.coefs_[0], first.coefs_[0])


def test_weights_decay_geometrically_where_the_gradient_is_zero():
    # X and y are 0, so the gradient is 0 and only the decay changes the weights
    model = MLPRegressor(hidden_layer_sizes=(), solver="sgd", alpha=0.0, weight_decay=0.5)
    model.set_params(learning_rate_init=0.1, max_iter=3, tol=0, momentum=0.0, random_state=0)
    model.fit(np.zeros((4, 2)), np.zeros(4))
    start = MLPRegressor(hidden_layer_sizes=(), random_state=0, max_iter=1, alpha=0.0)
    start.set_params(learning_rate_init=1e-300, solver="sgd").fit(np.zeros((4, 2)), np.zeros(4))
    np.testing.assert_allclose(model.coefs_[0], start.coefs_[0] * 0.95**3, rtol=1e-12)


def test_adamw_decays_weights_by_default():
    plain = MLPRegressor(solver="adam", max_iter=5, random_state=0).fit(A, B)
    decayed = MLPRegressor(solver="adamw", max_iter=5, random_state=0).fit(A, B)
    explicit = MLPRegressor(weight_decay=0.01, max_iter=5, random_state=0).fit(A, B)
    np.testing.assert_array_equal(decayed.coefs_[0], explicit.coefs_[0])
    assert np.linalg.norm(decayed.coefs_[0]) < np.linalg.norm(plain.coefs_[0])


def test_clip_norm_limits_the_length_of_a_gradient_descent_step():
    model = MLPRegressor(hidden_layer_sizes=3, solver="sgd", momentum=0.0, alpha=0.0, max_iter=1)
    model.set_params(batch_size=120, random_state=0, learning_rate_init=0.1)
    start = clone(model).set_params(learning_rate_init=1e-300).fit(A, 100 * B)
    moved = clone(model).set_params(clip_norm=2.0).fit(A, 100 * B)
    step = [W - W0 for W, W0 in zip(moved.coefs_, start.coefs_, strict=True)]
    step += [b - b0 for b, b0 in zip(moved.intercepts_, start.intercepts_, strict=True)]
    assert np.linalg.norm(np.concatenate([part.ravel() for part in step])) == pytest.approx(0.2)


# -- activations and optimizers --------------------------------------------------------------------


def square(z, a):
    np.multiply(z, z, out=a)


def square_backward(z, a, delta):  # noqa: ARG001
    delta *= 2 * z


PARABOLA = Activation("parabola", square, square_backward, keeps_z=True)


def test_a_custom_activation_trains_clones_pickles_and_searches():
    model = MLPRegressor(hidden_layer_sizes=4, activation=PARABOLA, solver="lbfgs", random_state=0)
    line = np.linspace(-1, 1, 40)[:, np.newaxis]
    unpickled = pickle.loads(pickle.dumps(clone(model).fit(line, line[:, 0] ** 2)))
    assert unpickled.score(line, line[:, 0] ** 2) > 0.999
    search = GridSearchCV(model, {"activation": ["relu", PARABOLA]}, cv=2)
    assert search.fit(line, line[:, 0] ** 2).best_params_["activation"] == PARABOLA


def test_each_hidden_layer_may_have_a_different_activation():
    model = MLPRegressor(hidden_layer_sizes=(5, 5), max_iter=5, random_state=0)
    same, listed, mixed = (
        clone(model).set_params(activation=activation).fit(A, B)
        for activation in ("tanh", ["tanh", "tanh"], ["tanh", "relu"])
    )
    np.testing.assert_array_equal(same.coefs_[0], listed.coefs_[0])
    assert not np.array_equal(same.coefs_[0], mixed.coefs_[0])
    by_hand = np.maximum(
        np.tanh(A @ mixed.coefs_[0] + mixed.intercepts_[0]) @ mixed.coefs_[1]
        + mixed.intercepts_[1],
        0,
    )
    np.testing.assert_allclose(mixed.hidden_activations(A), by_hand, rtol=1e-10)


def test_an_optimizer_object_clones_pickles_and_searches():
    by_name = MLPClassifier(5, beta_2=0.95, max_iter=5, random_state=0).fit(X, Y)
    by_object = MLPClassifier(5, solver=Adam(beta_2=0.95), max_iter=5, random_state=0)
    unpickled = pickle.loads(pickle.dumps(clone(by_object).fit(X, Y)))
    np.testing.assert_array_equal(by_name.coefs_[0], unpickled.coefs_[0])
    search = GridSearchCV(by_object, {"solver": [Adam(), AdamW(), SGD(momentum=0.5)]}, cv=2)
    assert isinstance(search.fit(X, Y).best_params_["solver"], Adam | SGD)


# -- hidden layers and gradients -------------------------------------------------------------------


def test_hidden_activations_worked_by_hand():
    model = MLPClassifier((6, 4), "tanh", max_iter=5, random_state=0).fit(X, Y)
    first = np.tanh(X @ model.coefs_[0] + model.intercepts_[0])
    np.testing.assert_allclose(model.hidden_activations(X, layer=0), first, rtol=1e-10)
    np.testing.assert_allclose(model.hidden_activations(X, layer=-2), first, rtol=1e-10)
    sparse = model.hidden_activations(csr_array(X), layer=0)
    np.testing.assert_allclose(sparse, first, rtol=1e-10)
    with pytest.raises(ValueError, match="layer must be an int from -2 to 1"):
        model.hidden_activations(X, layer=2)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("loss", ["squared_error", "poisson", "quantile"])
def test_input_gradient_is_the_slope_of_predict(loss, dtype):
    levels = [0.2, 0.5, 0.8] if loss == "quantile" else 0.5
    model = MLPRegressor(loss, (6, 4), "tanh", quantile=levels, max_iter=30, random_state=0)
    model.fit(A.astype(dtype), np.abs(B))
    at, h = A[:5].astype(dtype), 1e-6 if dtype is np.float64 else 1e-2
    slopes = model.input_gradient(at)
    assert slopes.dtype == dtype
    for j in range(4):
        step = np.zeros(4, dtype)
        step[j] = h
        numeric = (model.predict(at + step) - model.predict(at - step)) / (2 * h)
        tolerance = 1e-5 if dtype is np.float64 else 5e-3
        np.testing.assert_allclose(slopes[..., j], numeric, rtol=tolerance, atol=tolerance)
