"""Initial weights that depend on the samples."""

import numpy as np

from sknn_edu.core.activations import ACTIVATIONS
from sknn_edu.core.beyond.data_driven import data_driven
from sknn_edu.core.network import Architecture
from tests.core.beyond.architectures import DTYPES, SQUARED_ERROR, table


def initialized(X, sizes=(7, 60, 50, 2), activation="mish", seed=0):
    architecture = Architecture(sizes, (ACTIVATIONS[activation],) * (len(sizes) - 2), SQUARED_ERROR)
    parameters = architecture.parameters(X.dtype)
    rng = np.random.RandomState(seed)
    data_driven(rng, architecture.activations, parameters.weights, parameters.biases, X)
    return architecture, parameters


@DTYPES
def test_each_hidden_pre_activation_has_standard_deviation_1_on_the_samples(dtype):
    X = table(200, dtype)
    architecture, parameters = initialized(X)
    a = X
    for k in range(2):
        z = a @ parameters.weights[k]
        np.testing.assert_allclose(z.std(axis=0), 1, rtol=1e-3)
        z += parameters.biases[k]
        a = np.empty_like(z)
        architecture.activations[k].forward(z.reshape(-1), a.reshape(-1))
    assert (architecture.output_sums(parameters, X) == 0).all()


def test_every_neuron_is_non_linear_among_the_samples():
    X = table(200)
    _, parameters = initialized(X)
    z = X @ parameters.weights[0] + parameters.biases[0]
    assert (z.min(axis=0) < 0).all()
    assert (z.max(axis=0) > 0).all()


def test_samples_that_do_not_vary_give_finite_weights():
    _, parameters = initialized(np.full((10, 7), 3.0))
    assert np.isfinite(parameters.theta).all()
    assert 0.1 < parameters.weights[0].std() * np.sqrt(7) < 10


def test_a_single_sample_and_samples_of_zeros_give_finite_weights():
    for X in (table(1), np.zeros((10, 7))):
        assert np.isfinite(initialized(X)[1].theta).all()


def test_the_scale_of_the_features_does_not_matter():
    X = table(200)
    _, parameters = initialized(X)
    _, scaled = initialized(1000 * X)
    np.testing.assert_allclose(1000 * scaled.weights[0], parameters.weights[0], rtol=1e-10)
    np.testing.assert_allclose(scaled.biases[0], parameters.biases[0], rtol=1e-10)


def test_the_same_seed_gives_the_same_weights_and_does_not_change_the_samples():
    X = table(50)
    X.flags.writeable = False
    first, again, other = (initialized(X, seed=seed)[1].theta for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_without_hidden_layers_all_outputs_are_zero():
    _, parameters = initialized(table(50), sizes=(7, 2))
    assert (parameters.theta == 0).all()
