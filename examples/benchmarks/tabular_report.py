"""The results on tables in Markdown."""

import json
from pathlib import Path

import numpy as np
from markdown_tables import table

HERE = Path(__file__).resolve().parent
STORED, STORED_OTHERS = HERE / "tabular_results.json", HERE / "tabular_others.json"
KINDS = ("classifier", "regressor")
README_ROWS = {
    "scikit-learn MLP, scaled": "scikit-learn MLP, scaled",
    "HistGradientBoosting": "HistGradientBoosting",
    "LightGBM": "LightGBM",
    "CatBoost": "CatBoost",
    "sknn_edu, one network": "`tabular_pipeline`, one network",
    "sknn_edu, the recipe": "`tabular_pipeline`, four networks (default)",
}
"""The contestants of the README's table, and what they are called there."""


def stored(path):
    """Return the stored results of each contestant."""
    return json.loads(path.read_text())


def summary(results, kind, key="error"):
    """Return the geometric mean of (error + 0.01), or the plain mean of another number."""
    numbers = [r[key] for r in results if r["kind"] == kind and r[key] is not None]
    if not numbers:
        return None
    if key != "error":
        return float(np.mean(numbers))
    return float(np.exp(np.mean(np.log(np.array(numbers) + 0.01))))


def number(value, form=".4f"):
    return "" if value is None else format(value, form)


def table_of_contestants(stored):
    """Return the summaries, with one row per contestant."""
    head = ["", "classification: error", "log-loss (nats)", "calibration error"]
    head += ["regression: error", "seconds for all", "median seconds"]
    rows = [
        [
            name,
            number(summary(results, "classifier")),
            number(summary(results, "classifier", "log_loss"), ".3f"),
            number(summary(results, "classifier", "calibration"), ".3f"),
            number(summary(results, "regressor")),
            f"{sum(r['seconds'] for r in results):.0f}",
            f"{np.median([r['seconds'] for r in results]):.1f}",
        ]
        for name, results in stored.items()
    ]
    return table(head, rows)


def short_table_of_contestants(stored):
    """Return the few columns and rows that the README shows."""
    head = ["default parameters", "classification: error", "log-loss (nats)"]
    head += ["regression: error", "median seconds of a fit"]
    rows = [
        [
            shown,
            number(summary(stored[name], "classifier"), ".3f"),
            number(summary(stored[name], "classifier", "log_loss"), ".3f"),
            number(summary(stored[name], "regressor"), ".3f"),
            f"{np.median([r['seconds'] for r in stored[name]]):.2g}",
        ]
        for name, shown in README_ROWS.items()
    ]
    return table(head, rows)


HARD_FOR_TREES = "mpg"


def readme_section(stored):
    """Return the short table, and what it hides: one table decides between two contestants."""
    others = {
        name: [r for r in results if r["task"] != HARD_FOR_TREES]
        for name, results in stored.items()
    }
    trees, recipe = (
        number(summary(others[name], "regressor"), ".3f")
        for name in ("CatBoost", "sknn_edu, the recipe")
    )
    return f"""{short_table_of_contestants(stored)}

One regression ({HARD_FOR_TREES}) is a table of 234 rows on which all boosted trees fail. Without
it the regression error of CatBoost is {trees}, and that of the four networks {recipe}."""


def table_of_tasks(stored):
    """Return the mean error of each contestant on each task; the best is in bold."""
    tasks = dict.fromkeys(r["task"] for results in stored.values() for r in results)
    rows = []
    for task in tasks:
        errors = [mean_error(results, task) for results in stored.values()]
        best = min(e for e in errors if e is not None)
        rows.append([task, *(f"**{number(e)}**" if e == best else number(e) for e in errors)])
    return table(["task", *stored], rows)


def mean_error(results, task):
    errors = [r["error"] for r in results if r["task"] == task]
    return float(np.mean(errors)) if errors else None


def table_of_ablations(stored, techniques, whole, plain):
    """Return the effect of each technique: removed from the recipe, added to the plain network.

    ``stored`` contains the results by name: "- technique" for the recipe without the technique,
    "+ technique" for the plain network with it.
    """
    head = ["technique", "without it: classification", "regression"]
    head += ["alone: classification", "regression"]
    rows = [
        [
            technique,
            *(change(stored.get(f"- {technique}"), whole, kind) for kind in KINDS),
            *(change(stored.get(f"+ {technique}"), plain, kind) for kind in KINDS),
        ]
        for technique in techniques
    ]
    return table(head, rows)


def change(results, base, kind):
    """Return the relative change of the summary of results with respect to that of the base."""
    one = summary(results or [], kind)
    return "" if one is None else f"{100 * (one / summary(base, kind) - 1):+.1f} %"


def table_of_pace(ratios):
    """Return the times per epoch and parameter, relative to scikit-learn's MLP."""
    rows = [[name, *(f"{value:.2f}" for value in ratio)] for name, ratio in ratios.items()]
    return table(["task", "recipe / scikit-learn", "of three: smallest", "largest"], rows)
