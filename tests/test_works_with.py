"""The code in docs/works_with.md runs and does what the page says.

Each test runs the code of the page below one heading and checks the names that it defines. It needs
the library of that heading (``pip install "sknn_edu[clients]"``) and is skipped without it.
"""

import re
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits, make_classification
from sklearn.ensemble import AdaBoostClassifier
from sklearn.metrics import get_scorer
from sklearn.preprocessing import StandardScaler

from sknn_edu import (
    MLPClassifier,
    MLPRegressor,
    PerceptronClassifier,
    SigmoidNeuronClassifier,
    tabular_pipeline,
)

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "works_with.md"
MODULES = {
    "Fairlearn": "fairlearn",
    "imbalanced-learn": "imblearn",
    "MAPIE": "mapie",
    "MLflow": "mlflow",
    "Optuna": "optuna",
    "River": "river",
    "SHAP": "shap",
    "skrub": "skrub",
    "sktime": "sktime",
}
"""The heading of each section with code, and the module that it needs."""

REMEMBERS = pytest.mark.filterwarnings("ignore:The default of config ..remember_data:FutureWarning")
"""sktime always warns of a default that will change in its version 1.3."""

pytestmark = pytest.mark.skipif(not PAGE.exists(), reason="not a checkout")


def code_by_heading():
    """Return the code below each heading; a line keeps its number, for tracebacks."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    code, heading, in_block = {}, None, False
    for number, line in enumerate(lines):
        if line.startswith("## "):
            heading = line.removeprefix("## ")
        elif line.startswith("```"):
            in_block = line == "```python"
        elif in_block:
            code.setdefault(heading, [""] * len(lines))[number] = line
    return {heading: "\n".join(of_heading) for heading, of_heading in code.items()}


def run(heading):
    """Run the code below a heading and return the names that it defines."""
    pytest.importorskip(MODULES[heading])
    names = {}
    exec(compile(code_by_heading()[heading], PAGE, "exec"), names)
    return names


# -- the page ----------------------------------------------------------------------------------


def test_every_section_with_code_is_run_here():
    assert list(code_by_heading()) == list(MODULES)


def test_the_table_names_the_versions_of_the_extra_clients():
    table = re.findall(r"^\| \[(.+?)\]\(#.+?\) \|.*?\| ([\d.]+) \|", PAGE.read_text("utf-8"), re.M)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    required = [line.split(">=") for line in project["optional-dependencies"]["clients"]]
    required = [(name.removesuffix("-skinny"), version) for name, version in required]
    assert [(name.lower(), version) for name, version in table] == required


# -- what it says ------------------------------------------------------------------------------


def test_fairlearn_treats_two_groups_more_alike():
    names = run("Fairlearn")
    y, group, answers, differences = (names[k] for k in ("y", "group", "answers", "differences"))
    assert differences["plain"] > 0.15
    assert differences["fair"] < 0.05
    ones = [np.mean(answers["moved"][group == name]) for name in ("a", "b")]
    assert abs(ones[0] - ones[1]) < 0.05
    assert all(np.mean(answer == y) > 0.7 for answer in answers.values())


def test_imbalanced_learn_makes_a_network_find_the_rare_class():
    found = run("imbalanced-learn")["found"]
    assert found["plain"] < 0.2
    assert found["balanced"] > 0.5


def test_mapie_covers_what_it_promises():
    names = run("MAPIE")
    for coverage in (names["coverage"], names["coverage_q"]):
        assert coverage == pytest.approx(0.9, abs=0.03)
    assert np.ptp(names["upper"] - names["lower"]) < 1e-9
    width, noisy = names["upper_q"] - names["lower_q"], names["X_test"][:, 0] > 0
    assert width[noisy].mean() > 3 * width[~noisy].mean()


@pytest.mark.filterwarnings("ignore:.*Any type hint is inferred:UserWarning")  # at its import
def test_mlflow_loads_what_it_has_saved(tmp_path, monkeypatch):
    sio = pytest.importorskip("skops.io")
    monkeypatch.chdir(tmp_path)
    names = run("MLflow")
    X, table = names["X"], names["table"]
    np.testing.assert_array_equal(names["loaded"].predict_proba(X), names["model"].predict_proba(X))
    np.testing.assert_array_equal(
        names["loaded_tabular"].predict(table), names["tabular"].predict(table)
    )
    with_own_list = sio.load(tmp_path / "iris" / "model.skops", trusted=[MLPClassifier])
    np.testing.assert_array_equal(with_own_list.predict_proba(X), names["loaded"].predict_proba(X))


def test_optuna_finds_better_parameters_and_gives_up_bad_ones():
    names = run("Optuna")
    study, pruned_study = names["study"], names["pruned_study"]
    values = [trial.value for trial in study.trials]
    assert study.best_value > 0.9 > min(values)
    assert names["best"].hidden_layer_sizes == study.best_params["hidden_layer_sizes"]
    assert len(names["best"].coefs_) == study.best_params["hidden_layer_sizes"].count(",") + 2
    assert "PRUNED" in {trial.state.name for trial in pruned_study.trials}
    assert pruned_study.best_value > 0.9


def test_river_learns_one_sample_at_a_time():
    assert run("River")["accuracy"].get() > 0.93


@pytest.mark.filterwarnings("ignore:The set_.* function:PendingDeprecationWarning")  # matplotlib's
def test_shap_values_add_up_to_the_prediction(monkeypatch):
    monkeypatch.setattr(pytest.importorskip("numba").config, "DISABLE_JIT", True)  # compiling: 10 s
    names = run("SHAP")
    X, model, explanation = names["X"], names["model"], names["explanation"]
    assert explanation.values.shape == (20, 4, 3)
    np.testing.assert_allclose(names["total"], model.predict_proba(X[:20]))
    importance = abs(explanation.values).mean(axis=(0, 2))
    assert set(X.columns[np.argsort(importance)[-2:]]) == {"petal length (cm)", "petal width (cm)"}

    explanation = names["tabular_explanation"]
    total = explanation.base_values + explanation.values.sum(axis=1)
    np.testing.assert_allclose(total, names["tabular"].predict(names["flats"][:4]))
    assert sum(names["of_city"]) == 3
    assert names["city"].argmax() == 1  # Bonn


def test_skrub_makes_numbers_of_text_for_a_network():
    names = run("skrub")
    assert names["score"] > 0.8
    assert names["score_of_ours"] > 0.95


@REMEMBERS
def test_sktime_forecasts_better_than_last_year():
    names = run("sktime")
    assert names["error"] < 0.1 < names["naive_error"]


# -- what to look out for ----------------------------------------------------------------------

X, Y = make_classification(
    300, 5, n_informative=3, n_redundant=0, n_clusters_per_class=1, random_state=0
)
GROUP = np.arange(300) % 2


def test_fairlearn_weighs_the_samples_of_a_pipeline_and_moves_its_thresholds():
    reductions = pytest.importorskip("fairlearn.reductions")
    postprocessing = pytest.importorskip("fairlearn.postprocessing")
    tabular = tabular_pipeline(
        "classifier", n_estimators=1, max_iter=8, dtype="float64", random_state=0
    )
    fair = reductions.ExponentiatedGradient(
        tabular,
        reductions.DemographicParity(),
        max_iter=3,
        sample_weight_name="classifier__sample_weight",
    ).fit(X, Y, sensitive_features=GROUP)
    moved = postprocessing.ThresholdOptimizer(estimator=tabular, predict_method="predict_proba")
    moved.fit(X, Y, sensitive_features=GROUP)
    assert np.mean(fair.predict(X, random_state=0) == Y) > 0.7
    assert np.mean(moved.predict(X, sensitive_features=GROUP, random_state=0) == Y) > 0.7


def test_class_weights_find_as_many_as_a_sampler_and_do_not_mislead_early_stopping():
    names = run("imbalanced-learn")
    train = names["X_train"], names["y_train"]
    test = names["X_test"], names["y_test"]
    balanced_accuracy = get_scorer("balanced_accuracy")
    mlp = clone(names["mlp"]).set_params(class_weight="balanced")
    plain = names["make_pipeline"](StandardScaler(), mlp).fit(*train)
    assert get_scorer("recall")(plain, *test) > names["found"]["balanced"] - 0.15

    mlp = MLPClassifier(50, learning_rate_init=0.01, early_stopping=True, random_state=0)
    sampled = names["make_pipeline"](StandardScaler(), names["sampler"], clone(mlp)).fit(*train)
    optimism = sampled[-1].best_validation_score_ - balanced_accuracy(sampled, *test)
    assert optimism > 0.2
    mlp.set_params(class_weight="balanced", scoring="balanced_accuracy")
    weighted = names["make_pipeline"](StandardScaler(), mlp).fit(*train)
    optimism = weighted[-1].best_validation_score_ - balanced_accuracy(weighted, *test)
    assert optimism < 0.15


@pytest.mark.parametrize(
    "classifier",
    [
        MLPClassifier(10, learning_rate="cosine", learning_rate_init=0.03, random_state=0),
        SigmoidNeuronClassifier(),
        tabular_pipeline("classifier", n_estimators=1, max_iter=8, random_state=0),
        CalibratedClassifierCV(PerceptronClassifier(average=True, max_iter=5)),
    ],
    ids=["MLPClassifier", "SigmoidNeuronClassifier", "tabular_pipeline", "PerceptronClassifier"],
)
@pytest.mark.filterwarnings("ignore:The perceptron still made:UserWarning")
def test_mapie_makes_sets_of_classes(classifier):
    classification = pytest.importorskip("mapie.classification")
    A, b = load_digits(return_X_y=True)
    A = A / 16
    model = classification.SplitConformalClassifier(
        classifier.fit(A[:600], b[:600]), confidence_level=0.9
    )
    _, sets = model.conformalize(A[600:1200], b[600:1200]).predict_set(A[1200:])
    assert 0.85 < sets[np.arange(597), b[1200:], 0].mean() < 0.99
    assert sets.sum(axis=1).mean() < 2


def test_a_classifier_for_tables_needs_the_names_that_the_page_gives():
    sio = pytest.importorskip("skops.io")
    table = pd.DataFrame(X).assign(side=np.where(X[:, 0] > 0, "left", "right"))
    tabular = tabular_pipeline("classifier", n_estimators=1, random_state=0)
    data = sio.dumps(tabular.fit(table.rename(columns=str), Y))
    shown = re.findall(r'^ +"([a-z_.]+\.\w+)",$', PAGE.read_text("utf-8"), re.M)
    trusted = {
        name.replace("Regressor", "Classifier").replace("regressor", "classifier") for name in shown
    }
    assert set(sio.get_untrusted_types(data=data)) == trusted


@pytest.mark.parametrize(
    "estimator",
    [
        PerceptronClassifier(average=True),
        SigmoidNeuronClassifier(solver="adam", learning_rate_init=0.01, random_state=0),
        MLPRegressor(hidden_layer_sizes=10, learning_rate_init=0.03, random_state=0),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_river_learns_many_samples_at_once(estimator):
    compat = pytest.importorskip("river.compat")
    options = {} if isinstance(estimator, MLPRegressor) else {"classes": [0, 1]}
    model = compat.convert_sklearn_to_river(estimator, **options)
    table, y = pd.DataFrame(X), pd.Series(Y)
    for _ in range(30):
        model.learn_many(table, y)
    assert np.corrcoef(model.predict_many(table), Y)[0, 1] > 0.6


@REMEMBERS
def test_sktime_takes_a_pipeline_for_tables():
    names = run("sktime")
    model = tabular_pipeline("regressor", n_estimators=1, max_iter=16, random_state=0)
    forecaster = names["make_reduction"](model, strategy="direct", window_length=15)
    forecast = forecaster.fit(names["past"], fh=[1, 12]).predict()
    assert np.all(np.abs(forecast / names["future"].iloc[[0, 11]] - 1) < 0.25)


# -- sample weights ----------------------------------------------------------------------------


def reduce(classifier):
    reductions = pytest.importorskip("fairlearn.reductions")
    fair = reductions.ExponentiatedGradient(classifier, reductions.DemographicParity(), max_iter=3)
    return fair.fit(X, Y, sensitive_features=GROUP)


def boost_samples_of_equal_classes(classifier):
    ensemble = pytest.importorskip("imblearn.ensemble")
    return ensemble.RUSBoostClassifier(classifier, n_estimators=3, random_state=0).fit(X, Y)


def boost(classifier):
    return AdaBoostClassifier(classifier, n_estimators=3, random_state=0).fit(X, Y)


@pytest.mark.parametrize("fit", [reduce, boost_samples_of_equal_classes, boost])
def test_methods_that_weigh_samples_take_a_neuron_and_refuse_a_perceptron(fit):
    assert np.mean(fit(SigmoidNeuronClassifier()).predict(X) == Y) > 0.7
    with pytest.raises((TypeError, ValueError), match="sample_weight"):
        fit(PerceptronClassifier())
