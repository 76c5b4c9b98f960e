"""scikit-learn's own tests, with our classes in place of its networks and its perceptron."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.scikit_learn_with_ours import LEFT_OUT

PASSING = {
    "sklearn.neural_network.tests.test_mlp": 50,
    "sklearn.linear_model.tests.test_perceptron": 4,
    "sklearn.tests.test_multiclass": 50,
    "sklearn.metrics.tests.test_score_objects": 200,
    "sklearn.tests.test_calibration": 100,
    "sklearn.ensemble.tests.test_bagging": 100,
    "sklearn.ensemble.tests.test_voting": 35,
    "sklearn.ensemble.tests.test_stacking": 70,
}
"""At least so many tests of each module pass, on the lowest and the newest scikit-learn."""


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
    assert int(re.search(r"(\d+) passed", done.stdout).group(1)) >= PASSING[module]
    if module in LEFT_OUT:
        assert " deselected" in done.stdout
