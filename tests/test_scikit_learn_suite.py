"""scikit-learn's own tests of its networks, with our classes in their place."""

import re
import subprocess
import sys
from pathlib import Path


def test_scikit_learns_own_tests_pass(tmp_path):
    done = subprocess.run(
        [
            sys.executable,
            *("-m", "pytest", "-q", "-p", "tests.scikit_learn_with_ours"),
            *("-p", "no:cacheprovider", "-c", "/dev/null", "--rootdir", str(tmp_path)),
            *("--pyargs", "sklearn.neural_network.tests.test_mlp"),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[1],
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert int(re.search(r"(\d+) passed, 5 deselected", done.stdout).group(1)) >= 50
