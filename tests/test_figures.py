"""The figures of the README and of docs/ are those of the stored benchmark results."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BENCHMARKS = ROOT / "examples" / "benchmarks"

pytestmark = pytest.mark.skipif(not BENCHMARKS.exists(), reason="needs the repository")


def test_the_readme_and_the_docs_show_what_the_result_files_render():
    run = subprocess.run(
        [sys.executable, BENCHMARKS / "figures.py", "--check"],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert run.returncode == 0, run.stderr


def test_the_number_of_tables_in_the_text_is_that_of_the_results():
    results = json.loads((BENCHMARKS / "tabular_others.json").read_text())
    assert {len(tasks) for tasks in results.values()} == {22}
    assert "Twenty-two public tables" in (ROOT / "README.md").read_text()


def test_the_animation_is_small_and_ends_with_its_last_frame():
    webp = (ROOT / "docs" / "images" / "learning.webp").read_bytes()
    assert len(webp) < 400_000
    start = webp.index(b"ANIM") + 8  # name and size of the chunk, then background and loops
    assert int.from_bytes(webp[start + 4 : start + 6], "little") > 0, "0 would repeat for ever"
