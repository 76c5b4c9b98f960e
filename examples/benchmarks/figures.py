"""Write every table of figures in the README and in docs/ from the stored results.

    python examples/benchmarks/figures.py            # write the tables
    python examples/benchmarks/figures.py --check    # only name the pages that differ

Nothing is measured: run.py, tabular.py and data_parallel.py measure, store what they found and
call this.
"""

import sys
from pathlib import Path

import data_parallel_report as parallel
import report
import tabular_report as tabular
from markdown_tables import put_between

ROOT = Path(__file__).resolve().parents[2]


def tables() -> list[tuple[str, str, str]]:
    """Return (page, marker, text) for each table that is made from stored results."""
    speed, environment = report.stored()
    tasks, others = tabular.stored(tabular.STORED), tabular.stored(tabular.STORED_OTHERS)
    page, stored = "docs/howto/data_parallel.md", parallel.stored()
    on_workers, in_float32 = stored["tasks"], stored["tasks"]["parquet"]
    return [
        ("README.md", "speed", report.beside_scikit_learn(speed, report.README_ROWS)),
        ("README.md", "others", tabular.readme_section(others)),
        ("docs/coming_from_scikit_learn.md", "speed", report.beside_scikit_learn(speed)),
        ("docs/benchmarks.md", "results", report.page(speed, environment)),
        ("docs/tables.md", "contestants", tabular.table_of_contestants(tasks)),
        ("docs/tables.md", "tasks", tabular.table_of_tasks(tasks)),
        ("docs/tables.md", "others", tabular.table_of_contestants(others)),
        (page, "speed", parallel.table_of_speed(on_workers)),
        (page, "losses", parallel.table_of_losses(on_workers)),
        (page, "shards", parallel.table_of_shards(on_workers)),
        (page, "machine", parallel.facts(stored["environment"], in_float32)),
        (page, "plan-6", parallel.plan_of(in_float32, 10**6)),
        (page, "plan-8", parallel.plan_of(in_float32, 10**8)),
    ]


def write(check_only: bool = False) -> list[str]:
    """Write the tables, or only look; return the pages that were different."""
    old = {page: (ROOT / page).read_text() for page, _, _ in tables()}
    new = dict(old)
    for page, marker, text in tables():
        new[page] = put_between(new[page], marker, text)
    changed = [page for page in old if new[page] != old[page]]
    if not check_only:
        for page in changed:
            (ROOT / page).write_text(new[page])
    return changed


def main(arguments: list[str]) -> None:
    check_only = arguments == ["--check"]
    changed = write(check_only)
    if check_only and changed:
        raise SystemExit(f"These pages differ from the stored results: {', '.join(changed)}")
    print(f"written: {', '.join(changed) or 'nothing, all are up to date'}")


if __name__ == "__main__":
    main(sys.argv[1:])
