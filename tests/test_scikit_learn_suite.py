"""scikit-learn's own tests pass with our classes instead of its networks and its perceptron."""

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import sklearn
from packaging.version import Version

from tests.scikit_learn_with_ours import names_ours

PASSING = {
    "sklearn.neural_network.tests.test_mlp": (53, 53),
    "sklearn.linear_model.tests.test_perceptron": (4, 4),
    "sklearn.ensemble.tests.test_bagging": (2, 2),
    "sklearn.ensemble.tests.test_stacking": (82, 6),
    "sklearn.tests.test_multiclass": (57, 0),
    "sklearn.metrics.tests.test_score_objects": (276, 0),
}
"""The number of tests that pass with scikit-learn 1.8, and of those that name our classes.

In the last two modules all tests that name the classes are left out, each for a reason.
"""

ADDED_IN_1_9 = {
    "sklearn.neural_network.tests.test_mlp": (1, 1),  # test_mlp_early_stopping_string_labels
    # test_invalid_default_pos_label_ignored_on_multiclass
    "sklearn.metrics.tests.test_score_objects": (1, 0),
}

WITHOUT_OURS = ["sklearn.tests.test_calibration", "sklearn.ensemble.tests.test_voting"]
"""They name none of the classes, so they would test scikit-learn alone, for half a minute."""


@pytest.mark.parametrize("module", PASSING)
def test_scikit_learns_own_tests_pass(module, tmp_path):
    done = subprocess.run(
        [
            sys.executable,
            *("-m", "pytest", "-q", "-p", "tests.scikit_learn_with_ours"),
            *("-p", "no:cacheprovider", "-c", "/dev/null", "--rootdir", str(tmp_path)),
            *("--pyargs", module),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[1],
        env={**os.environ, "PYTHONWARNINGS": "ignore", "OPENBLAS_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    passed, with_ours = expected(module)
    assert int(re.search(r"(\d+) passed", done.stdout).group(1)) >= passed
    assert int(re.search(r"(\d+) of them name", done.stdout).group(1)) >= with_ours


def expected(module):
    """Return the numbers of tests for the scikit-learn that is installed."""
    passed, with_ours = PASSING[module]
    if Version(sklearn.__version__) >= Version("1.9"):
        new, new_with_ours = ADDED_IN_1_9.get(module, (0, 0))
        return passed + new, with_ours + new_with_ours
    return passed, with_ours


@pytest.mark.parametrize("module", WITHOUT_OURS)
def test_modules_that_do_not_run_use_none_of_the_classes(module):
    assert not names_ours(Path(find_spec(module).origin).read_text(encoding="utf-8"))
