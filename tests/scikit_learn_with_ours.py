"""A pytest plugin that runs scikit-learn's own tests with the classes of sknn_edu.

Each test that is left out is listed with the reason. All other tests have to pass, and
``tests/test_scikit_learn_suite.py`` counts them, and those that name the replaced classes.
"""

import inspect
import re

import sklearn.linear_model
import sklearn.neural_network

import sknn_edu

OURS = {
    (sklearn.neural_network, "MLPClassifier"): sknn_edu.MLPClassifier,
    (sklearn.neural_network, "MLPRegressor"): sknn_edu.MLPRegressor,
    (sklearn.linear_model, "Perceptron"): sknn_edu.PerceptronClassifier,
}
THEIRS = [getattr(package, name) for package, name in OURS]

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

ONLY_WITH_OURS = {"sklearn.ensemble.tests.test_bagging"}
"""Slow modules; only their tests whose source names one of the classes are run."""


def names_ours(source):
    """Return whether source code names one of the replaced classes."""
    names = "|".join(name for _, name in OURS)
    return re.search(rf"\b({names})\b", source) is not None


def pytest_configure():
    for (package, name), ours in OURS.items():
        setattr(package, name, ours)


def pytest_collection_modifyitems(config, items):
    module = items[0].module
    check_replaced(module)
    left_out = LEFT_OUT.get(module.__name__, {})
    assert set(left_out) <= {item.originalname for item in items}
    deselected = []
    for item in items:
        with_ours = names_ours(inspect.getsource(item.function))
        if with_ours:
            item.user_properties.append(("names", "ours"))
        without_need = module.__name__ in ONLY_WITH_OURS and not with_ours
        if item.originalname in left_out or without_need:
            deselected.append(item)
    config.hook.pytest_deselected(items=deselected)
    items[:] = [item for item in items if item not in deselected]


def check_replaced(module):
    """Check that a test module contains one of our classes, and none of the replaced ones."""
    values = list(vars(module).values())
    assert any(value is ours for value in values for ours in OURS.values()), module.__name__
    assert not any(value is theirs for value in values for theirs in THEIRS), module.__name__


def pytest_terminal_summary(terminalreporter):
    passed = terminalreporter.stats.get("passed", [])
    n = sum(("names", "ours") in report.user_properties for report in passed)
    terminalreporter.write_line(f"{n} of them name our classes")
