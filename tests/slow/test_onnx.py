"""A converted model predicts like the model, for thousands of random configurations."""

import numpy as np
import pytest

from sknn_edu import MLPClassifier, MLPRegressor, PerceptronClassifier, SigmoidNeuronClassifier
from sknn_edu.core.beyond.number_embedding import Waves
from sknn_edu.core.beyond.parametric_activations import ALL_ACTIVATIONS
from tests.fuzz.checks import refusal_of
from tests.onnx.conversion import converted, run
from tests.slow import tally
from tests.slow.fits import choose

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::UserWarning"),  # such as ConvergenceWarning
]

N_BLOCKS, N_MODELS = 10, 300
KINDS = [MLPClassifier, MLPRegressor, SigmoidNeuronClassifier, PerceptronClassifier]
OF_ANY_NETWORK = {
    "solver": ["adam", "sgd", "lbfgs"],
    "feature_scale": [True],
    "number_embedding": ["pbld", "periodic", Waves(2, 1, sigma=1.0)],
    "category_embedding": [1, 3],
    "init": ["data_driven"],
    "early_stopping": [True, "last_best"],
    "learning_rate_init": [0.01, 0.05],
    "dtype": ["float32", "float64"],
}
OF_KIND = {
    MLPClassifier: {"label_smoothing": [0.1, 0.5], "undo_smoothing": [True]},
    MLPRegressor: {
        "loss": ["squared_error", "huber", "quantile", "poisson", "gamma", "log_cosh"],
        "quantile": [0.3, [0.1, 0.5, 0.9]],
        "clip_output": [True],
    },
    SigmoidNeuronClassifier: {"loss": ["squared_error"], "solver": ["adam", "gd"]},
    PerceptronClassifier: {"average": [True], "fit_intercept": [False]},
}
CLASSES = [
    lambda k: np.arange(k) - 1,
    lambda k: np.array(["setosa", "versicolor", "virginica", "é"])[:k],
    lambda k: np.array(["a", "b", "c", "d"], dtype=object)[:k],
    lambda k: np.arange(k) + 1.0,
    lambda k: np.arange(k, dtype=np.int8) * 5,
    lambda k: np.arange(min(k, 2)) > 0,
]


def targets(rng, X, kind):
    """Return targets of any form for samples."""
    n = len(X)
    z = X[:, 0] - X[:, 1] + 0.5 * rng.normal(size=n)
    if kind is MLPRegressor:
        y = np.exp(z / 3)
        return (
            np.stack([y, y[::-1], y**2][: rng.integers(2, 4)], axis=1) if rng.random() < 0.2 else y
        )
    labels = CLASSES[rng.integers(len(CLASSES))](int(rng.integers(1, 5)))
    y = labels[np.argsort(np.argsort(z)) * len(labels) // n]
    form = rng.random()
    if kind is MLPClassifier and form < 0.15:
        return np.stack([z > 0, z > 1, X[:, 2] > 0][: rng.integers(1, 4)], axis=1).astype(int)
    if kind is MLPClassifier and form < 0.3 and y.dtype.kind in "iU":
        return np.stack([y, y[::-1]], axis=1)
    return y


def random_model(rng):
    """Return an unfitted model with random parameters and moderate learning rates."""
    kind = KINDS[rng.choice(4, p=[0.5, 0.3, 0.1, 0.1])]
    params = choose(rng, OF_KIND[kind], 0.5)
    params |= {"max_iter": int(rng.integers(1, 12)), "random_state": int(rng.integers(99))}
    if kind in (MLPClassifier, MLPRegressor):
        sizes = tuple(int(size) for size in rng.integers(1, 20, size=rng.integers(4)))
        names = [*ALL_ACTIVATIONS]
        params |= choose(rng, OF_ANY_NETWORK)
        params |= {
            "hidden_layer_sizes": sizes,
            "activation": [names[k] for k in rng.integers(len(names), size=len(sizes))],
        }
    return kind(**params)


def best_two(scores):
    """Return the difference of the two largest scores of each row."""
    if scores.shape[1] < 2:
        return np.full(len(scores), np.inf)
    return np.diff(np.sort(scores, axis=1)[:, -2:], axis=1).ravel()


def margins(model, X):
    """Return how certain each label is: (n_samples, n_columns)."""
    if isinstance(model, PerceptronClassifier):
        z = model.decision_function(X)
        z = np.stack([z, -z], axis=1) if z.ndim == 1 else z
        return best_two(z / max(1.0, np.abs(z).max()))[:, np.newaxis]
    p = model.predict_proba(X)
    if isinstance(p, list):
        return np.stack([best_two(of_column) for of_column in p], axis=1)
    if model.predict(X).ndim == 2:  # labels that are independent of each other
        return np.abs(2 * p - 1)
    return best_two(p)[:, np.newaxis]


def close(dtype):
    """Return a tolerance: float32 rounds to 6e-8, and so does gelu in a model of float64."""
    return {"rtol": 1e-4, "atol": 2e-5} if dtype == np.float32 else {"rtol": 1e-5, "atol": 1e-6}


def check_model(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(60, 6))
    X[:, 3:] = np.eye(3)[rng.integers(3, size=60)]
    model = random_model(rng)
    X = X.astype(rng.choice(["float32", "float64"]))
    y = targets(rng, X, type(model))
    if refusal_of(lambda: model.fit(X, y)) is not None:  # such as a single class
        return
    proto = converted(model, X, **({} if isinstance(model, MLPRegressor) else {"zipmap": False}))
    with tally.attempt("models in ONNX: same answers"):
        if isinstance(model, MLPRegressor):
            (found,) = run(proto, X).values()
            expected = model.predict(X).reshape(len(X), -1)
            np.testing.assert_allclose(found, expected, **close(X.dtype), err_msg=f"{seed} {model}")
            return
        found, p = run(proto, X).values()
        expected, p_expected = model.predict(X), model.predict_proba(X)
        is_same = (found == expected).reshape(len(X), -1)
        assert (is_same | (margins(model, X) < 1e-5)).all(), f"{seed} {model}"
        if not isinstance(p, list):
            p, p_expected = [p], [p_expected]
        for ours, theirs in zip(p, p_expected, strict=True):
            np.testing.assert_allclose(ours, theirs, **close(X.dtype), err_msg=f"{seed} {model}")


@pytest.mark.parametrize("block", range(N_BLOCKS))
def test_a_converted_model_predicts_like_the_model(block):
    for seed in range(block * N_MODELS, (block + 1) * N_MODELS):
        check_model(seed)
