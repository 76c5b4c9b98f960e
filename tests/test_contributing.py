"""Only one file has to be edited to add an activation or a kind of target."""

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_iris, make_classification

import sknn_edu
from sknn_edu import Checkpoint, MLPClassifier
from sknn_edu.core.losses import LOSSES
from sknn_edu.estimators.targets import CLASSIFICATION_KINDS, LabelRule, MulticlassTargets
from sknn_edu.inspection import TrainingReplay, check_gradient, trace

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

ROOT = Path(__file__).parents[1]
PACKAGE = Path(sknn_edu.__file__).parent
X, Y = load_iris(return_X_y=True)
X = (X - X.mean(axis=0)) / X.std(axis=0)


# -- the worked example of CONTRIBUTING.md -----------------------------------------------------

USE_IT_EVERYWHERE = """
import numpy as np
from sklearn.datasets import load_iris, make_moons
from sklearn.exceptions import ConvergenceWarning
import warnings
warnings.simplefilter("ignore", ConvergenceWarning)
from sknn_edu import MLPClassifier
from sknn_edu.inspection import ActivationDisplay, TrainingReplay, check_gradient, trace

X, y = load_iris(return_X_y=True)
mlp = MLPClassifier(5, "softsign", max_iter=20, random_state=0).fit(X, y)
assert "'softsign'" in MLPClassifier.__doc__
assert check_gradient(mlp, X, y).error < 1e-6
assert trace(mlp, X[:3], y[:3]).layers[0].activation == "softsign"
assert "softsign" == ActivationDisplay("softsign").plot().ax_.get_title()
try:
    import sklearn.callback
except ImportError:  # scikit-learn 1.8
    pass
else:
    moons = make_moons(60, random_state=0)
    TrainingReplay(MLPClassifier(3, "softsign", max_iter=15)).fit(*moons).to_html()
try:
    import skops.io as sio
except ImportError:
    pass
else:
    data = sio.dumps(mlp)
    loaded = sio.loads(data, trusted=["sknn_edu.estimators.mlp_classifier.MLPClassifier"])
    assert (loaded.predict_proba(X) == mlp.predict_proba(X)).all()
try:
    import sknn_edu.onnx as sknn_onnx
except ImportError:
    raise SystemExit
from skl2onnx import to_onnx
try:
    to_onnx(mlp, X[:1])
except NotImplementedError as error:
    assert "ACTIVATION_NODES" in str(error)
sknn_onnx.ACTIVATION_NODES["softsign"] = lambda graph, z: graph.add(
    "Div", z, graph.add("Add", 1, graph.add("Abs", z))
)
to_onnx(mlp, X[:1])
"""


def with_the_example(folder):
    """Copy the package to a folder, with the edits that CONTRIBUTING.md shows."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text[text.index("## Add an activation") :]
    example = re.search(r"```python\n(.*?)```", section, re.DOTALL)[1]
    functions, registry = example.split("ACTIVATIONS: dict")
    (entry,) = re.findall(r'^ +Activation\("softsign".*\),$', registry, re.MULTILINE)
    shutil.copytree(PACKAGE, folder / "sknn_edu", ignore=shutil.ignore_patterns("__pycache__"))
    path = folder / "sknn_edu" / "core" / "activations.py"
    source = path.read_text(encoding="utf-8")
    start = source.index("ACTIVATIONS: dict")
    before, after = source[:start], source[start:]
    after = after.replace('        Activation("mish"', f'{entry}\n        Activation("mish"')
    path.write_text(before + functions + after, encoding="utf-8")


@pytest.mark.skipif(not (ROOT / "CONTRIBUTING.md").exists(), reason="not a checkout")
def test_the_activation_of_contributing_is_used_everywhere_after_editing_one_file(tmp_path):
    with_the_example(tmp_path)
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{USE_IT_EVERYWHERE}"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={"MPLBACKEND": "Agg", "PATH": "", "PYTHONPATH": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr[-3000:]


# -- a new kind of target ----------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class LeastSquaresTargets(MulticlassTargets):
    """Labels as regression targets 0 and 1; the largest output is the prediction."""

    name, output = "least_squares", "identity"

    def loss(self):
        return LOSSES["squared_error", "identity"]

    def probabilities(self, z):
        return np.eye(self.n_outputs)[z.argmax(axis=1)].astype(z.dtype)

    def log_probabilities(self, z):
        return np.log(self.probabilities(z) + np.finfo(z.dtype).tiny)

    def label_rules(self):
        (rule,) = super().label_rules()
        return [LabelRule(rule.labels, rule.outputs, "largest", "decision")]


@pytest.fixture
def least_squares():
    CLASSIFICATION_KINDS.insert(0, LeastSquaresTargets)
    yield MLPClassifier(8, max_iter=60, learning_rate_init=0.01, batch_size=20, random_state=0)
    CLASSIFICATION_KINDS.remove(LeastSquaresTargets)


NAMES = np.array(["setosa", "versicolor", "virginica"])[Y]


def test_a_new_kind_of_target_fits_and_validates(least_squares):
    least_squares.fit(X, NAMES, X_val=X, y_val=NAMES)
    assert least_squares.out_activation_ == "identity"
    assert least_squares.score(X, NAMES) > 0.9
    assert least_squares.validation_scores_[-1] == least_squares.score(X, NAMES)
    least_squares.partial_fit(X[:50], NAMES[:50])
    assert set(least_squares.predict(X)) == set(NAMES)


def test_a_new_kind_of_target_is_inspected(least_squares):
    least_squares.fit(X, NAMES)
    assert check_gradient(least_squares, X, NAMES).error < 1e-6
    board = trace(least_squares, X[:4], NAMES[:4])
    np.testing.assert_allclose(board.layers[-1].a.T, least_squares.decision_function(X[:4]))


def test_a_new_kind_of_target_is_replayed(least_squares):
    pytest.importorskip("sklearn.callback")
    A, b = make_classification(
        60, 2, n_informative=2, n_redundant=0, n_classes=3, n_clusters_per_class=1, random_state=0
    )
    replay = TrainingReplay(least_squares).fit(A, b)
    assert "<canvas" in replay.to_html()


def test_a_new_kind_of_target_is_saved_by_skops_as_plain_data(least_squares):
    sio = pytest.importorskip("skops.io")
    fitted = least_squares.fit(X, NAMES)
    data = sio.dumps(fitted)
    assert sio.get_untrusted_types(data=data) == [
        "sknn_edu.estimators.mlp_classifier.MLPClassifier"
    ]
    np.testing.assert_array_equal(
        sio.loads(data, trusted=[MLPClassifier]).predict(X), fitted.predict(X)
    )


def test_a_new_kind_of_target_survives_a_checkpoint(least_squares, tmp_path):
    pytest.importorskip("sklearn.callback")
    path = tmp_path / "fit"
    least_squares.set_params(warm_start=True, max_iter=20)
    whole = least_squares.set_callbacks(Checkpoint(path, every=7)).fit(X, NAMES)
    resumed = MLPClassifier(**whole.get_params())
    resumed = Checkpoint(path).restore(resumed).fit(X, NAMES)
    np.testing.assert_array_equal(resumed.coefs_[0], whole.coefs_[0])
    with np.load(path) as file:
        assert json.loads(str(file["facts"]))["target_kind"] == "least_squares"


def test_a_new_kind_of_target_is_exported(least_squares):
    pytest.importorskip("sknn_edu.onnx")
    runtime, skl2onnx = pytest.importorskip("onnxruntime"), pytest.importorskip("skl2onnx")
    fitted = least_squares.fit(X.astype(np.float32), NAMES)
    model = skl2onnx.to_onnx(fitted, X[:1].astype(np.float32), options={"zipmap": False})
    session = runtime.InferenceSession(model.SerializeToString())
    label, p = session.run(None, {"X": X.astype(np.float32)})
    np.testing.assert_array_equal(label, fitted.predict(X.astype(np.float32)))
    np.testing.assert_allclose(p, fitted.predict_proba(X.astype(np.float32)), atol=1e-6)
