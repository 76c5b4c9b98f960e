"""The house: imports run one way, and nothing heavy comes in by the front door."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import sknn_edu

PACKAGE = Path(sknn_edu.__file__).parent

MAY_IMPORT = {
    "core._arrays": set(),
    "core._mini_batches": {"core._arrays"},
    "core._products": {"core._arrays"},
    "core._vectors": {"core._arrays"},
    "core.perceptron": {"core._arrays"},
    "core.sigmoid_neuron": {"core._arrays"},
    "core.activations": {"core._arrays", "core.sigmoid_neuron"},
    "core.initializers": {"core._arrays", "core.activations"},
    "core.losses": {"core._arrays", "core.sigmoid_neuron"},
    "core.factors": {"core._arrays"},
    "core.embeddings": {"core._arrays"},
    "core.parameters": {
        "core._arrays",
        "core.activations",
        "core.embeddings",
        "core.factors",
        "core.losses",
    },
    "core.network": {
        "core._arrays",
        "core._products",
        "core._vectors",
        "core.activations",
        "core.embeddings",
        "core.losses",
        "core.parameters",
    },
    "core.parametrization": {"core.optimizers", "core.parameters", "core._arrays"},
    "core.optimizers": {"core._arrays", "core._vectors"},
    "core.schedules": set(),
    "core.training": {"core._arrays"},
    "core.gradient_descent": {
        "core._arrays",
        "core._mini_batches",
        "core._vectors",
        "core.network",
        "core.optimizers",
        "core.parameters",
        "core.parametrization",
        "core.schedules",
    },
    "core.lbfgs": {
        "core._arrays",
        "core._mini_batches",
        "core.network",
        "core.parameters",
        "core.training",
    },
    "_callbacks": set(),
    "_axes": set(),
    "_class_columns": set(),
    "_averaging": {"_base", "_class_columns"},
    "_table_columns": set(),
    "_tabular_preprocessor": {"_base", "_table_columns"},
    "_tabular_pipeline": {
        "_averaging",
        "_mlp_classifier",
        "_mlp_regressor",
        "_tabular_preprocessor",
    },
    "_base": {"_callbacks"},
    "_watch": set(),
    "_paused": {"_watch", "core.gradient_descent", "core.parameters", "core.training"},
    "_checkpoint": {
        "_base",
        "_paused",
        "_trainable",
        "core.gradient_descent",
        "core.network",
        "core.optimizers",
        "core.training",
    },
    "_validation": {"_base", "core._mini_batches", "core.network"},
    "_threads": set(),
    "_mlp_docs": {"core.activations"},
    "_trainable": {
        "_base",
        "_callbacks",
        "_paused",
        "_validation",
        "_threads",
        "_watch",
        "core._mini_batches",
        "core.network",
        "core.training",
    },
    "_perceptron": {"_base", "_callbacks", "_watch", "core.perceptron", "core.training"},
    "_sigmoid_neuron": {
        "_base",
        "_trainable",
        "core.gradient_descent",
        "core.lbfgs",
        "core.losses",
        "core.optimizers",
        "core.parameters",
        "core.schedules",
        "core.sigmoid_neuron",
    },
    "_find_learning_rate": {"_axes", "_mlp"},
    "_hidden_layer_transformer": {"_mlp"},
    "onnx": {
        "_hidden_layer_transformer",
        "_mlp_classifier",
        "_mlp_regressor",
        "_perceptron",
        "_sigmoid_neuron",
        "core.activations",
        "core.losses",
    },
    "inspection._problem": {
        "_paused",
        "_trainable",
        "core._mini_batches",
        "core.gradient_descent",
        "core.parameters",
    },
    "inspection._trace": {"core.activations", "core.network", "inspection._problem"},
    "inspection._gradient": {"core.network", "inspection._problem"},
    "inspection._answers": {"_perceptron", "core.perceptron"},
    "inspection._displays": {
        "_axes",
        "_trainable",
        "core.activations",
        "inspection._answers",
    },
    "inspection._replay": {
        "_perceptron",
        "_trainable",
        "inspection._answers",
        "inspection._displays",
    },
    "_mlp": {
        "_base",
        "_mlp_docs",
        "_trainable",
        "core.activations",
        "core.embeddings",
        "core.factors",
        "core.gradient_descent",
        "core.initializers",
        "core.lbfgs",
        "core.network",
        "core.optimizers",
        "core.parameters",
        "core.parametrization",
        "core.schedules",
    },
    "_mlp_classifier": {
        "_base",
        "_class_columns",
        "_mlp",
        "_mlp_docs",
        "_trainable",
        "core._mini_batches",
        "core.losses",
    },
    "_mlp_regressor": {
        "_base",
        "_mlp",
        "_mlp_docs",
        "core.losses",
    },
}


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("module", MAY_IMPORT)
def test_imports_run_one_way(module):
    path = PACKAGE / (module.replace(".", "/") + ".py")
    ours = {name.removeprefix("sknn_edu.") for name in imported(path) if "sknn_edu" in name}
    assert ours <= MAY_IMPORT[module]


@pytest.mark.parametrize("path", sorted((PACKAGE / "core").glob("*.py")), ids=lambda p: p.stem)
def test_core_knows_numpy_and_scipy_only(path):
    roots = {name.split(".")[0] for name in imported(path)}
    assert roots <= {*sys.stdlib_module_names, "numpy", "scipy", "sknn_edu"}


def test_every_module_has_its_rule_here():
    modules = {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        for path in PACKAGE.rglob("*.py")
        if path.stem not in ("__init__", "__main__", "_tour_pictures")
    }
    assert modules == set(MAY_IMPORT)


def test_private_parts_of_scikit_learn_are_touched_in_one_file():
    private = {}
    for path in PACKAGE.rglob("*.py"):
        names = [
            f"{node.module}.{alias.name}"
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] == "sklearn"
            for alias in node.names
        ]
        if any(part.startswith("_") for name in names for part in name.split(".")):
            private[path.name] = names
    assert set(private) == {"_base.py"}


def test_importing_the_package_imports_nothing_heavy_that_scikit_learn_does_not():
    code = (
        "import sys, sklearn.neural_network; before = set(sys.modules); import sknn_edu; "
        "print(*{name.split('.')[0] for name in set(sys.modules) - before} - {'sknn_edu'})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= {"sklearn", "timeit"}
