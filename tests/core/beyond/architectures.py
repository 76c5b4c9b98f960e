"""A table of numbers and categories, and networks with all parts of ``core.beyond``."""

from dataclasses import replace

import numpy as np
import pytest

from sknn_edu.core.beyond.dropout import Dropout
from sknn_edu.core.beyond.factored_weights import FactoredWeights
from sknn_edu.core.beyond.number_embedding import EMBEDDINGS, EmbeddedNumbers, Waves
from sknn_edu.core.beyond.parametric_activations import ALL_ACTIVATIONS
from sknn_edu.core.losses import LOSSES
from sknn_edu.core.network import DENSE, Architecture

SQUARED_ERROR = LOSSES["squared_error", "identity"]
DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32])

# Seven features: 0 and 5 numbers, 1 to 4 a category of four levels, 6 a category of two.
N_FEATURES = 7
PBLD = EmbeddedNumbers(N_FEATURES, (0, 5), Waves(n_waves=5, sigma=0.7))
PERIODIC = EmbeddedNumbers(N_FEATURES, (0, 5), replace(EMBEDDINGS["periodic"], sigma=0.7))


def table(n, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, N_FEATURES))
    X[:, 1:5] = np.eye(4)[rng.integers(4, size=n)]
    X[:, 6] = rng.integers(2, size=n)
    return X.astype(dtype)


def targets(n):
    return np.random.default_rng(1).normal(size=(2, n))


def architecture_with(inputs=DENSE, activation="tanh", n_hidden=(6, 4)):
    n_inputs = getattr(inputs, "n_inputs", N_FEATURES)
    activations = (ALL_ACTIVATIONS[activation],) * len(n_hidden)
    return Architecture((n_inputs, *n_hidden, 2), activations, SQUARED_ERROR, inputs)


def same_dropout():
    """Dropout that switches off the same neurons each time, by restarting its random numbers."""
    return Dropout((0.5, 0.25), np.random.default_rng(7))


FACTORED = {
    "scale": architecture_with(FactoredWeights(N_FEATURES, True)),
    "category": architecture_with(FactoredWeights(N_FEATURES, False, ((1, 5),), 2)),
    "scale and category": architecture_with(FactoredWeights(N_FEATURES, True, ((1, 5),), 3)),
    "two categories": architecture_with(FactoredWeights(N_FEATURES, True, ((1, 4), (4, 7)), 2)),
    "categories alone": architecture_with(FactoredWeights(N_FEATURES, False, ((0, 3), (3, 7)), 1)),
}

EMBEDDED = {
    "pbld": architecture_with(PBLD),
    "periodic": architecture_with(PERIODIC),
}

COMBINED = {
    "embedded and factored": architecture_with(
        FactoredWeights(PBLD.n_inputs, True, ((1, 5),), 2, PBLD)
    ),
    "periodic and scaled": architecture_with(
        FactoredWeights(PERIODIC.n_inputs, True, base=PERIODIC)
    ),
    "factored and parametric": architecture_with(
        FactoredWeights(N_FEATURES, True, ((1, 5),), 2), "parametric_relu"
    ),
    "embedded and parametric": architecture_with(PBLD, "parametric_mish"),
    "all": architecture_with(
        FactoredWeights(PBLD.n_inputs, True, ((1, 5),), 2, PBLD), "parametric_selu"
    ),
    "without hidden layers": architecture_with(
        FactoredWeights(PBLD.n_inputs, True, ((1, 5),), 2, PBLD), n_hidden=()
    ),
}
