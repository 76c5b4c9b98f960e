"""Random fits that train in epochs, and their fitted attributes."""

import numpy as np
from scipy.sparse import csr_array

from sknn_edu import MLPClassifier, MLPRegressor, SigmoidNeuronClassifier
from sknn_edu.core.beyond.number_embedding import Waves
from sknn_edu.core.beyond.parametric_activations import ALL_ACTIVATIONS

OF_ANY_NETWORK = {
    "batch_size": [7, 16, 0.25, "auto"],
    "shuffle": [True, True, False],
    "dropout": [0.0, 0.3],
    "weight_decay": [0.1, "auto"],
    "clip_norm": [None, 0.5],
    "learning_rate": ["constant", "adaptive", "invscaling", "cosine", "one_cycle", "coslog4"],
    "warmup_fraction": [0.0, 0.2],
    "activation": [*ALL_ACTIVATIONS],
    "init": ["auto", "data_driven"],
    "dtype": ["auto", "float32", "float64"],
    "parametrization": ["standard", "ntk"],
    "feature_scale": [False, True],
    "number_embedding": [None, None, "pbld", "periodic", Waves(2, 2)],
    "category_embedding": [None, 2],
    "regularization_schedule": [None, "flat_cosine"],
    "momentum": [0.5, 0.9],
    "nesterovs_momentum": [True, False],
}
STOPPING = {
    "early_stopping": [False, False, True, "last_best"],
    "n_iter_no_change": [2, 3, np.inf],
    "tol": [0.0, 1e-3, 0.03],
    "validation_fraction": [0.1, 0.3],
}
OF_KIND = {
    MLPClassifier: {
        "class_weight": [None, "balanced"],
        "label_smoothing": [0.0, 0.1],
        "undo_smoothing": [False, True],
    },
    MLPRegressor: {
        "loss": ["squared_error", "huber", "quantile", "log_cosh"],
        "clip_output": [False, True],
        "quantile": [0.5, 0.9],
    },
    SigmoidNeuronClassifier: {
        "loss": ["log_loss", "squared_error"],
        "class_weight": [None, "balanced"],
    },
}


def choose(rng, options, share=0.4):
    """Return random values for about this share of the options."""
    return {
        name: values[rng.integers(len(values))]
        for name, values in options.items()
        if rng.random() < share
    }


def samples(rng, n, sparse=False):
    """Return X (n, 6) with three numbers, and three columns that encode a category."""
    X = rng.normal(size=(n, 6))
    X[:, 3:] = np.eye(3)[rng.integers(3, size=n)]
    return csr_array(X * (X > 0)) if sparse else X


def targets(rng, X, kind):
    """Return targets that depend on the samples."""
    z = X[:, [0]].toarray().ravel() if isinstance(X, csr_array) else X[:, 0] + X[:, 3]
    z = z + 0.3 * rng.normal(size=z.size)
    if kind is MLPRegressor:
        return np.stack([z, -z], axis=1) if rng.random() < 0.2 else z
    k = int(rng.integers(2, 4))
    y = np.argsort(np.argsort(z)) * k // z.size
    if kind is MLPClassifier and rng.random() < 0.2:
        return np.stack([y, y[::-1]], axis=1)
    return np.array(["low", "middle", "high"])[y] if rng.random() < 0.5 else y


def random_fit(seed, max_epochs=16):
    """Return a model that trains in epochs, and the parameters of its fit.

    Parameters
    ----------
    seed : int
    max_epochs : int

    Returns
    -------
    model : SigmoidNeuronClassifier, MLPClassifier or MLPRegressor
        Unfitted, with ``warm_start=True`` and moderate learning rates.
    data : dict
        X, y and perhaps sample_weight, X_val, y_val.
    """
    rng = np.random.default_rng(seed)
    kind = [MLPClassifier, MLPRegressor, SigmoidNeuronClassifier][rng.choice(3, p=[0.5, 0.3, 0.2])]
    n = int(rng.integers(30, 80))
    sparse = rng.random() < 0.15
    X = samples(rng, n, sparse)
    y = targets(rng, X, kind)
    params = choose(rng, STOPPING | OF_KIND[kind])
    if kind is SigmoidNeuronClassifier:
        params |= choose(rng, {"batch_size": [7, 16], "shuffle": [False], "dtype": ["float32"]})
        params["solver"] = ["gd", "sgd", "adam"][rng.integers(3)]
        if params.get("n_iter_no_change") == np.inf:
            params["n_iter_no_change"] = 99
        params["early_stopping"] = bool(params.get("early_stopping"))
    else:
        params |= choose(rng, OF_ANY_NETWORK)
        params["solver"] = ["adam", "sgd", "adamw", "rmsprop"][rng.integers(4)]
        params["hidden_layer_sizes"] = [(), (5,), (4, 3)][rng.integers(3)]
        params["learning_rate_init"] = float(rng.choice([1e-3, 0.01, 0.05]))
        if sparse:
            params.pop("number_embedding", None)
            params.pop("category_embedding", None)
            params.pop("init", None)
    params["random_state"] = int(rng.integers(99))
    if rng.random() < 0.1:
        params["random_state"] = np.random.RandomState(params["random_state"])
    data = {"X": X, "y": y}
    if rng.random() < 0.3:
        data["sample_weight"] = rng.uniform(0.5, 2, n)
    if rng.random() < 0.2:
        data |= {"X_val": X[: n // 2], "y_val": y[: n // 2]}
    if params.get("dtype") is None and rng.random() < 0.3:
        data["X"] = X.astype(np.float32)
    return kind(max_iter=int(rng.integers(3, max_epochs)), warm_start=True, **params), data


def outcome(model):
    """Return the fitted attributes by name, as bytes or text."""
    return {
        name: in_bytes(value)
        for name, value in sorted(vars(model).items())
        if name.endswith("_") and not name.startswith("_")
    }


def in_bytes(value):
    if isinstance(value, np.ndarray) and value.dtype != object:
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, list | tuple):
        return [in_bytes(item) for item in value]
    return repr(value)
