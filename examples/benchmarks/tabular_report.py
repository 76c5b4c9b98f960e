"""What was measured on tables, as text and as Markdown between two markers of docs/tables.md."""

from pathlib import Path

import numpy as np

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tables.md"
KINDS = {"classifier": "classifications", "regressor": "regressions"}


def summary(results, kind, key="error"):
    """Return the geometric mean of (error + 0.01), or the plain mean of another number."""
    numbers = [r[key] for r in results if r["kind"] == kind and r[key] is not None]
    if not numbers:
        return None
    if key != "error":
        return float(np.mean(numbers))
    return float(np.exp(np.mean(np.log(np.array(numbers) + 0.01))))


def row(*cells):
    return "| " + " | ".join("" if c is None else c for c in cells) + " |"


def number(value, form=".4f"):
    return None if value is None else format(value, form)


def head(*names):
    return [row(*names), row("---", *["---:"] * (len(names) - 1))]


def table_of_contestants(stored):
    """Return the summaries, a contestant a row."""
    lines = head(
        "",
        "classification: error",
        "log-loss (nats)",
        "calibration error",
        "regression: error",
        "seconds for all",
    )
    for name, results in stored.items():
        lines.append(
            row(
                name,
                number(summary(results, "classifier")),
                number(summary(results, "classifier", "log_loss"), ".3f"),
                number(summary(results, "classifier", "calibration"), ".3f"),
                number(summary(results, "regressor")),
                f"{sum(r['seconds'] for r in results):.0f}",
            )
        )
    return lines


def table_of_tasks(stored):
    """Return the error of each contestant on each task, the mean over splits."""
    names = list(stored)
    tasks = list(dict.fromkeys(r["task"] for results in stored.values() for r in results))
    lines = head("task", *names)
    for task in tasks:
        errors = [[r["error"] for r in stored[name] if r["task"] == task] for name in names]
        best = min((np.mean(e) for e in errors if e), default=None)
        cells = [number(np.mean(e)) if e else None for e in errors]
        cells = [
            f"**{c}**" if e and np.mean(e) == best else c
            for c, e in zip(cells, errors, strict=True)
        ]
        lines.append(row(task, *cells))
    return lines


def table_of_ablations(stored, techniques, whole, plain):
    """Return what each technique is worth: taken away from the recipe, added to the plain network.

    ``stored`` has results by name; "- technique" is without it, "+ technique" with it alone.
    """
    lines = head(
        "technique",
        "without it: classification",
        "regression",
        "alone: classification",
        "regression",
    )

    def change(results, base, kind):
        if results is None or (one := summary(results, kind)) is None:
            return None
        return f"{100 * (one / summary(base, kind) - 1):+.1f} %"

    for technique in techniques:
        without, alone = stored.get(f"- {technique}"), stored.get(f"+ {technique}")
        lines.append(
            row(
                technique,
                *(change(without, whole, kind) for kind in KINDS),
                *(change(alone, plain, kind) for kind in KINDS),
            )
        )
    return lines


def table_of_pace(ratios):
    """Return the times for an epoch and a parameter, scikit-learn's MLP being 1."""
    lines = head("task", "recipe / scikit-learn", "of three: smallest", "largest")
    for name, ratio in ratios.items():
        lines.append(row(name, *(f"{value:.2f}" for value in ratio)))
    return lines


def write(marker, lines):
    """Put lines between two markers of the page."""
    begin, end = f"<!-- {marker}: begin -->", f"<!-- {marker}: end -->"
    text = PAGE.read_text()
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    PAGE.write_text("\n".join([before + begin, *lines, end + after]))
