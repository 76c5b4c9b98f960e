"""A pytest plugin: run scikit-learn's own tests with our classes in place of its own.

Each test that is left out is listed with the reason. The others have to pass, and
``tests/test_scikit_learn_suite.py`` counts them.
"""

import sklearn.linear_model
import sklearn.neural_network

import sknn_edu

OURS = {
    (sklearn.neural_network, "MLPClassifier"): sknn_edu.MLPClassifier,
    (sklearn.neural_network, "MLPRegressor"): sknn_edu.MLPRegressor,
    (sklearn.linear_model, "Perceptron"): sknn_edu.PerceptronClassifier,
}

READS_PRIVATE = "reads private attributes of scikit-learn's classes, such as _optimizer"
TIES = "the tie comes from the weights of scikit-learn's perceptron, for which z = 0 is a mistake"
HAS_PROBABILITIES = "expects a classifier without predict_proba; ours has one"

LEFT_OUT = {
    "sklearn.neural_network.tests.test_mlp": {
        "test_gradient": READS_PRIVATE,
        "test_learning_rate_warmstart": READS_PRIVATE,
        "test_adaptive_learning_rate": READS_PRIVATE,
        "test_n_iter_no_change": READS_PRIVATE,
        "test_n_iter_no_change_inf": READS_PRIVATE,
    },
    "sklearn.linear_model.tests.test_perceptron": {
        "test_undefined_methods": HAS_PROBABILITIES,
        "test_perceptron_l1_ratio": "our perceptron has no penalty",
    },
    "sklearn.tests.test_multiclass": {"test_ovo_ties": TIES, "test_ovo_ties2": TIES},
    "sklearn.metrics.tests.test_score_objects": {
        "test_multiclass_roc_no_proba_scorer_errors": HAS_PROBABILITIES,
    },
}


def pytest_configure():
    for (module, name), ours in OURS.items():
        setattr(module, name, ours)


def pytest_collection_modifyitems(config, items):
    module = items[0].module
    for (_, name), ours in OURS.items():
        assert getattr(module, name, ours) is ours, f"{module.__name__} has another {name}"
    left_out = LEFT_OUT.get(module.__name__, {})
    deselected = [item for item in items if item.originalname in left_out]
    assert {item.originalname for item in deselected} == set(left_out)
    config.hook.pytest_deselected(items=deselected)
    items[:] = [item for item in items if item not in deselected]
