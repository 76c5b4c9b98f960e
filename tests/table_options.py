"""The options of networks that are meant for tables, each alone and all together."""

import numpy as np
import pytest

from sknn_edu import MLPClassifier, MLPRegressor
from sknn_edu.core.beyond.number_embedding import Waves
from sknn_edu.core.beyond.parametrization import NTK

DTYPES = pytest.mark.parametrize("dtype", ["float32", "float64"])
SETTLED = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
OPTIONS = {
    "ntk": {"parametrization": "ntk"},
    "ntk object": {"parametrization": NTK},
    "scale": {"feature_scale": True},
    "pbld": {"number_embedding": "pbld"},
    "periodic": {"number_embedding": "periodic"},
    "waves": {"number_embedding": Waves(n_waves=4, sigma=1.0)},
    "categories": {"category_embedding": 2},
    "parametric": {"activation": ["parametric_selu", "tanh"]},
    "data": {"init": "data_driven"},
    "schedule": {"dropout": 0.3, "weight_decay": 0.1, "regularization_schedule": "flat_cosine"},
    "coslog4": {"learning_rate": "coslog4"},
    "last_best": {"early_stopping": "last_best"},
}
OPTIONS["all"] = {name: value for option in OPTIONS.values() for name, value in option.items()}
OPTIONS["all"] |= {"number_embedding": "pbld", "learning_rate_init": 0.01}
EACH_OPTION = pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
NETWORK = {"hidden_layer_sizes": (9, 7), "max_iter": 8, "batch_size": 20, "random_state": 0}


def numbers_and_levels(dtype="float64", n=80):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 7))
    X[:, 2:6] = np.eye(4)[rng.integers(4, size=n)]
    return X.astype(dtype), X[:, 0] + X[:, 2] - X[:, 3] + 0.5 * np.sin(3 * X[:, 1])


def fitted(options, dtype="float64", kind="regressor", **more):
    X, y = numbers_and_levels(dtype)
    network = MLPRegressor() if kind == "regressor" else MLPClassifier()
    network.set_params(**{**NETWORK, **options, **more})
    return network.fit(X, y if kind == "regressor" else np.digitize(y, [-0.5, 0.5])), X
