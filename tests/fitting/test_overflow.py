"""No fit ends with a model that overflows on its own training samples."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from sknn_edu import MLPClassifier, MLPRegressor, PerceptronClassifier, SigmoidNeuronClassifier
from sknn_edu.core.activations import Activation, identity_backward
from sknn_edu.core.beyond.factored_weights import FactoredWeights
from sknn_edu.core.beyond.number_embedding import EmbeddedNumbers, Waves
from sknn_edu.core.beyond.parametric_activations import ALL_ACTIVATIONS, MixedWithIdentity
from sknn_edu.core.losses import LOSSES
from sknn_edu.core.network import DENSE, Architecture
from sknn_edu.fitting.overflow import (
    largest_activation,
    largest_input,
    largest_sum,
    refuse_overflow,
)
from tests.problems import A, B, X, Y

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_a_bound_worked_by_hand():
    # inputs up to 2; z <= (|1| + |-3|) 2 + 1 = 9, relu a <= 9, then z <= 5 * 9 + 0.5
    W, V = np.array([[1.0, 0.0], [-3.0, 0.5]]), np.array([[5.0], [0.0]])
    weights, biases = [W, V], [np.array([1.0, -1.0]), np.array([0.5])]
    assert largest_sum(weights, biases, [ALL_ACTIVATIONS["relu"]], 2.0) == 45.5
    assert largest_sum(weights, biases, [ALL_ACTIVATIONS["tanh"]], 2.0) == 10.5  # 2 near 0


@pytest.mark.parametrize("name", ALL_ACTIVATIONS)
@pytest.mark.parametrize("bound", [1e-3, 0.7, 3.0, 1e3])
def test_no_activation_exceeds_its_bound(name, bound):
    g, z = ALL_ACTIVATIONS[name], np.linspace(-bound, bound, 2001)
    if g.parameter_kinds:
        alpha = np.full((1, 1), -2.0)
        g, z = MixedWithIdentity(g, alpha), z[:, np.newaxis]
    a = np.empty(z.size)
    g.forward(z.reshape(-1), a)
    assert np.abs(a).max() <= largest_activation(g, bound)


def test_custom_activations_have_no_bound():
    spike = Activation("spike", lambda z, a: np.divide(1, z, out=a), identity_backward)
    impostor = Activation("relu", spike.forward, identity_backward)
    assert largest_activation(spike, 1.0) == largest_activation(impostor, 1.0) == np.inf


def test_the_largest_input_is_found_in_dense_sparse_and_embedded_samples():
    samples = np.array([[0.0, -3.0], [2.0, 0.0]])
    assert largest_input(DENSE, [], samples) == 3
    assert largest_input(DENSE, [], csr_array(samples)) == 3
    embedding = EmbeddedNumbers(2, (0,), Waves(n_waves=2, n_functions=1))
    w, phi = np.ones((1, 2)), np.zeros((1, 2))
    W, b = np.array([[[4.0], [-5.0]]]), np.array([[1.0]])
    assert largest_input(embedding, [w, phi, W, b], samples) == 10
    scaled = FactoredWeights(3, True, base=embedding)
    assert largest_input(scaled, [np.ones(3), w, phi, W, b], samples) == 10


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "model",
    [
        MLPClassifier(5, max_iter=50, learning_rate_init=0.02, random_state=0),
        MLPClassifier(5, "parametric_mish", feature_scale=True, max_iter=20, init="data_driven"),
        MLPRegressor(
            hidden_layer_sizes=(5, 4), number_embedding="pbld", max_iter=50, random_state=0
        ),
        SigmoidNeuronClassifier(),
    ],
    ids=str,
)
def test_an_ordinary_fit_needs_no_further_pass_over_the_data(model, dtype, monkeypatch):
    passes = []
    monkeypatch.setattr(Architecture, "output_sums", lambda *_: passes.append(1))
    is_regressor = isinstance(model, MLPRegressor)
    model.fit((A if is_regressor else X).astype(dtype), B if is_regressor else Y)
    assert passes == []


def test_scales_and_weights_whose_product_overflows_are_refused():
    inputs = FactoredWeights(2, has_scales=True)
    architecture = Architecture((2, 1), (), LOSSES["squared_error", "identity"], inputs)
    parameters, fitted = architecture.parameters(np.float64), MLPRegressor()
    parameters.theta[:], fitted.n_iter_ = 1e200, 7  # finite, but not the product
    with np.errstate(all="ignore"), pytest.raises(ValueError, match=r"in epoch 7: .* infinite"):
        refuse_overflow(fitted, architecture, parameters, np.zeros((3, 2)))


@pytest.mark.parametrize(
    "model",
    [
        MLPRegressor(hidden_layer_sizes=3, feature_scale=True, solver="sgd", max_iter=1),
        MLPRegressor("poisson", hidden_layer_sizes=(), max_iter=1),
        MLPRegressor(hidden_layer_sizes=3, max_iter=1),
    ],
    ids=str,
)
@pytest.mark.parametrize("rate", [1e3, 1e100, 1e160, 1e200, 1e300])
def test_a_fit_with_a_huge_step_is_refused_or_predicts_finite_values(model, rate):
    model.set_params(learning_rate_init=rate, random_state=0)
    before = MLPRegressor(hidden_layer_sizes=3, max_iter=1, random_state=0).fit(A, abs(B))
    model.coefs_ = before.coefs_
    try:
        model.fit(A, abs(B) + 1)
    except ValueError as error:
        assert "Scale the features" in str(error)  # noqa: PT017
        assert model.coefs_ is before.coefs_
    else:
        assert np.isfinite(model.predict(A)).all()


def test_a_perceptron_whose_sums_overflow_is_refused():
    samples = np.array([[1e169], [-1.5e169]])
    with pytest.raises(ValueError, match="weighted sums of the training samples"):
        PerceptronClassifier().fit(samples, [0, 1])


def test_a_perceptron_whose_sums_differ_by_more_than_the_largest_float_is_refused():
    with pytest.raises(ValueError, match="became infinite"):
        PerceptronClassifier(eta0=1e308, max_iter=3, random_state=1).fit(
            np.zeros((5, 1)), [2, 1, 0, 0, 1]
        )


def test_the_message_names_the_epoch_and_the_remedies():
    X = np.array([[6.48780098e137], [-6.81673868e137], [3.3046428e138], [5.41294747e137]])
    neuron = SigmoidNeuronClassifier(
        solver="sgd", alpha=0.0, learning_rate_init=1e32, max_iter=8, n_iter_no_change=99,
        random_state=0,
    )  # fmt: skip
    message = r"in epoch \d: .*StandardScaler in a Pipeline, or lower learning_rate_init\."
    with pytest.raises(ValueError, match=message):
        neuron.fit(X, [0, 1, 0, 1])
