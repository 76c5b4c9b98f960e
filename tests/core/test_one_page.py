"""one_page.py computes the same numbers as MLPClassifier."""

import ast
import inspect
from itertools import chain

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_iris, load_wine, make_classification

from sknn_edu import MLPClassifier
from sknn_edu.core import one_page
from sknn_edu.core.activations import ACTIVATIONS
from sknn_edu.core.initializers import glorot_uniform

LAYERS = [(100,), (20, 10), (7,), ()]

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:batch_size=.* is larger than the number of"),
]


def made_up():
    return make_classification(
        n_samples=230, n_features=9, n_informative=6, n_classes=4, random_state=0
    )


def standardised(X, y):
    spread = X.std(axis=0)
    return (X - X.mean(axis=0)) / np.where(spread > 0, spread, 1), y


DATA = {
    "iris": standardised(*load_iris(return_X_y=True)),
    "wine": standardised(*load_wine(return_X_y=True)),
    "digits": standardised(*load_digits(return_X_y=True)),
    "made up": standardised(*made_up()),
}


def assert_the_classifier_agrees(X, y, **options):
    """Assert that the page, called with these parameters, gives the numbers of the classifier."""
    names = {
        "n_epochs": "max_iter",
        "learning_rate": "learning_rate_init",
        "seed": "random_state",
    }
    weights, biases, losses = one_page.fit(X, np.eye(y.max() + 1)[y], **options)
    settings = {names.get(name, name): value for name, value in options.items()}
    mlp = MLPClassifier(**{"random_state": 0, **settings}, n_iter_no_change=np.inf).fit(X, y)
    np.testing.assert_allclose(losses, mlp.loss_curve_, rtol=0, atol=1e-9)
    assert len(weights) == len(biases) == len(mlp.coefs_)
    for ours, theirs in zip(weights + biases, mlp.coefs_ + mlp.intercepts_, strict=True):
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)


@pytest.mark.parametrize("hidden_layer_sizes", LAYERS, ids=str)
@pytest.mark.parametrize("name", DATA)
def test_the_page_gives_the_numbers_of_the_classifier(name, hidden_layer_sizes):
    X, y = DATA[name]
    assert_the_classifier_agrees(X, y, hidden_layer_sizes=hidden_layer_sizes, n_epochs=2)


@pytest.mark.parametrize("name", ["iris", "made up"])
def test_the_defaults_are_those_of_the_classifier(name):
    assert_the_classifier_agrees(*DATA[name])


@pytest.mark.parametrize("hidden_layer_sizes", LAYERS, ids=str)
@pytest.mark.parametrize("batch_size", [1, 7, 64, 177, 178, 179, 1000])
def test_the_page_agrees_for_any_batch_size(batch_size, hidden_layer_sizes):
    X, y = DATA["wine"]  # 178 samples: 64 and 177 leave a rest, 179 and 1000 are too many
    assert_the_classifier_agrees(
        X, y, hidden_layer_sizes=hidden_layer_sizes, n_epochs=3, batch_size=batch_size
    )


@pytest.mark.parametrize(
    "options",
    [
        {"alpha": 0.0},
        {"alpha": 3.0},
        {"alpha": 0.5, "batch_size": 23},
        {"learning_rate": 0.1},
        {"learning_rate": 1e-5},
        {"seed": 1},
        {"seed": 42, "alpha": 0.1, "learning_rate": 0.01, "batch_size": 50},
    ],
    ids=str,
)
@pytest.mark.parametrize("name", ["iris", "made up"])
def test_the_page_agrees_for_any_settings(name, options):
    assert_the_classifier_agrees(*DATA[name], hidden_layer_sizes=(20, 10), n_epochs=20, **options)


def test_the_page_agrees_at_the_limit_of_the_loss():
    X, y = DATA["iris"]  # features so large that the wrong class gets probability 0
    assert_the_classifier_agrees(1000 * X, y, hidden_layer_sizes=(7,), n_epochs=1)


def test_the_initial_weights_are_those_of_the_classifier():
    weights, biases = one_page.initialize([5, 4, 3], np.random.RandomState(0))
    rng = np.random.RandomState(0)
    for W, b in zip(weights, biases, strict=True):
        expected_W, expected_b = np.empty_like(W), np.empty_like(b)
        glorot_uniform(rng, ACTIVATIONS["relu"], expected_W, expected_b)
        np.testing.assert_array_equal(W, expected_W)
        np.testing.assert_array_equal(b, expected_b)


def test_a_network_worked_by_hand():
    # x = (1, 2); hidden z = (1 + 0 + 0, -1 + 2 - 2) = (1, -1), relu a = (1, 0)
    # output z = (0, log 3), p = (1/4, 3/4); the first class is true: loss log 4
    # delta = (-3/4, 3/4), back through W2 = (0, log 3; 5, 7) times relu': (3/4 log 3, 0)
    X, Y = np.array([[1.0, 2.0]]), np.array([[1.0, 0.0]])
    log3 = np.log(3)
    weights = [np.array([[1.0, -1.0], [0.0, 1.0]]), np.array([[0.0, log3], [5.0, 7.0]])]
    activations = one_page.forward(X, weights, [np.array([0.0, -2.0]), np.zeros(2)])
    np.testing.assert_array_equal(activations[0], X)
    np.testing.assert_array_equal(activations[1], [[1, 0]])
    np.testing.assert_allclose(activations[2], [[0.25, 0.75]])
    np.testing.assert_allclose(one_page.log_loss(activations[2], Y), [np.log(4)])
    dweights, dbiases = one_page.backward(activations, Y, weights, alpha=0.0)
    np.testing.assert_allclose(dweights[1], [[-0.75, 0.75], [0, 0]])
    np.testing.assert_allclose(dbiases[1], [-0.75, 0.75])
    np.testing.assert_allclose(dweights[0], 0.75 * log3 * np.array([[1, 0], [2, 0]]))
    np.testing.assert_allclose(dbiases[0], [0.75 * log3, 0])


@pytest.mark.parametrize("hidden_layer_sizes", [(7,), (5, 4), ()], ids=str)
@pytest.mark.parametrize("alpha", [0.0, 2.0])
def test_backward_gives_the_slope_of_the_loss(hidden_layer_sizes, alpha):
    X, y = (part[::10] for part in DATA["made up"])
    Y = np.eye(4)[y]
    rng = np.random.RandomState(1)
    weights, biases = one_page.initialize([9, *hidden_layer_sizes, 4], rng)

    def loss():
        losses = one_page.log_loss(one_page.forward(X, weights, biases)[-1], Y)
        return losses.mean() + alpha / (2 * len(X)) * sum((W**2).sum() for W in weights)

    activations = one_page.forward(X, weights, biases)
    dweights, dbiases = one_page.backward(activations, Y, weights, alpha)
    h = 1e-6
    for theta, g in zip(weights + biases, dweights + dbiases, strict=True):
        assert g.shape == theta.shape
        start, direction = theta.copy(), rng.normal(size=theta.shape)
        theta[...] = start + h * direction
        above = loss()
        theta[...] = start - h * direction
        below = loss()
        theta[...] = start
        assert (g * direction).sum() == pytest.approx((above - below) / (2 * h), rel=1e-6, abs=1e-9)


def test_the_loss_of_a_sample_is_at_most_minus_log_eps():
    P, Y = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[1.0, 0.0], [1.0, 0.0]])
    worst = -np.log(np.finfo(float).eps)
    np.testing.assert_array_equal(one_page.log_loss(P, Y), [worst, 0])


def test_adams_first_step_is_the_learning_rate_whatever_the_gradient():
    theta, m, v = np.zeros(3), np.zeros(3), np.zeros(3)
    g = np.array([1.0, -5.0, 100.0])
    one_page.adam(theta, g, m, v, t=1, learning_rate=0.1)
    np.testing.assert_allclose(theta, [-0.1, 0.1, -0.1], rtol=1e-6)
    np.testing.assert_allclose(m, 0.1 * g)
    np.testing.assert_allclose(v, 0.001 * g**2)


def test_the_page_does_not_write_into_its_arguments():
    X, Y = DATA["iris"][0].copy(), np.eye(3)[DATA["iris"][1]]
    X.flags.writeable = Y.flags.writeable = False
    one_page.fit(X, Y, (7,), n_epochs=2)
    np.testing.assert_array_equal(X, DATA["iris"][0])


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others():
    X, Y = DATA["iris"][0], np.eye(3)[DATA["iris"][1]]
    first, again, other = (one_page.fit(X, Y, (7,), 2, seed=seed) for seed in (3, 3, 4))
    for ours, theirs in zip(chain(*first), chain(*again), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert first[2] != other[2]


def test_the_page_learns_a_classification_task():
    X, y = DATA["wine"]
    weights, biases, losses = one_page.fit(
        X, np.eye(3)[y], (20,), n_epochs=50, batch_size=20, learning_rate=0.01
    )
    assert len(losses) == 50
    assert losses[-1] < 0.05 * losses[0]
    assert (one_page.forward(X, weights, biases)[-1].argmax(axis=1) == y).all()


def test_the_page_is_short_and_imports_only_numpy():
    source = inspect.getsource(one_page)
    assert len(source.splitlines()) <= 100
    modules = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            modules |= {name.name for name in node.names}
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0
            modules.add(node.module)
    assert modules == {"itertools", "numpy"}
