"""A pytest plugin: run scikit-learn's own tests of its networks against ours."""

import sklearn.neural_network

import sknn_edu

# These read private attributes of scikit-learn's classes, such as ``_optimizer``.
PRIVATE = {
    "test_gradient",
    "test_learning_rate_warmstart",
    "test_adaptive_learning_rate",
    "test_n_iter_no_change",
    "test_n_iter_no_change_inf",
}


def pytest_configure():
    sklearn.neural_network.MLPClassifier = sknn_edu.MLPClassifier
    sklearn.neural_network.MLPRegressor = sknn_edu.MLPRegressor


def pytest_collection_modifyitems(config, items):
    private = [item for item in items if item.originalname in PRIVATE]
    assert {item.originalname for item in private} == PRIVATE
    config.hook.pytest_deselected(items=private)
    items[:] = [item for item in items if item not in private]
