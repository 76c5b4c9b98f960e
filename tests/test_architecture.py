"""The structure of the package: direction of imports, short files, fixed public paths."""

import ast
import inspect
import pickle
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from string import ascii_letters

import pytest
from sklearn.datasets import load_iris

import sknn_edu
import sknn_edu.inspection
from sknn_edu import MLPClassifier

PACKAGE = Path(sknn_edu.__file__).parent
TESTS = Path(__file__).parent
MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path
    for path in sorted(PACKAGE.rglob("*.py"))
}

LAYERS = [
    {"core"},
    {"fitting", "plotting"},
    {"estimators"},
    {"tables", "inspection", "distributed"},
    {"onnx"},
    {"tour"},
]
"""A folder imports only from itself, its own entry and earlier entries of this list."""

COURSE = [
    "one_page",
    "perceptron",
    "sigmoid_neuron",
    "activations",
    "initializers",
    "losses",
    "network",
    "optimizers",
    "schedules",
    "training",
    "gradient_descent",
    "lbfgs",
]
"""The files of the course in reading order; each imports only from earlier files in this list."""


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def imported_from_the_package(path):
    """The modules of the package, without its name: "core.network"."""
    names = [name for name in imported(path) if name.split(".")[0] == "sknn_edu"]
    return {name.removeprefix("sknn_edu").removeprefix(".") for name in names}


def folder_of(module):
    return module.split(".")[0]


IN_FOLDERS = [name for name in MODULES if folder_of(name) not in ("__init__", "__main__")]


@pytest.mark.parametrize("module", IN_FOLDERS)
def test_folders_import_in_one_direction(module):
    level = next(k for k, folders in enumerate(LAYERS) if folder_of(module) in folders)
    allowed = {folder_of(module)}.union(*LAYERS[:level])
    if folder_of(module) == "tour":
        allowed.add("")  # a reader types `from sknn_edu import ...`
    assert {folder_of(name) for name in imported_from_the_package(MODULES[module])} <= allowed


@pytest.mark.parametrize("file", COURSE)
def test_a_file_of_the_course_builds_on_the_files_before_it_and_never_looks_beyond(file):
    names = imported_from_the_package(PACKAGE / "core" / f"{file}.py")
    before = {f"core.{name}" for name in COURSE[: COURSE.index(file)]}
    assert {name for name in names if not name.startswith("core.speed.")} <= before


def test_the_course_is_every_file_of_core_and_is_listed_in_reading_order():
    files = {path.stem for path in (PACKAGE / "core").glob("*.py")} - {"__init__"}
    assert files == set(COURSE)
    listed = [f"sknn_edu.core.{name}`" for name in COURSE]
    text = (PACKAGE / "core" / "__init__.py").read_text(encoding="utf-8")
    assert sorted(listed, key=text.index) == listed


@pytest.mark.parametrize("module", [name for name in MODULES if name.startswith("core.speed.")])
def test_speed_does_not_import_the_course(module):
    names = imported_from_the_package(MODULES[module])
    assert all(name.startswith("core.speed") for name in names)


@pytest.mark.parametrize("module", [name for name in MODULES if folder_of(name) == "core"])
def test_core_needs_numpy_and_scipy_only(module):
    roots = {name.split(".")[0] for name in imported(MODULES[module])}
    assert roots <= {*sys.stdlib_module_names, "numpy", "scipy", "sknn_edu"}


def test_private_parts_of_scikit_learn_are_used_in_one_file_only():
    touching = set()
    for name, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] == "sklearn":
                parts = [*node.module.split("."), *(alias.name for alias in node.names)]
                if any(part.startswith("_") for part in parts):
                    touching.add(name)
    assert touching == {"fitting.estimator"}


@pytest.mark.parametrize(
    "module", [name for name in MODULES if folder_of(name) in ("inspection", "onnx")]
)
def test_inspection_and_export_use_nothing_private_of_an_estimator(module):
    private = {
        node.attr
        for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr.startswith("_")
        if not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"))
    }
    assert private <= {"__name__", "_repr_html_"}


def test_importing_the_package_imports_nothing_heavy_that_scikit_learn_does_not():
    code = (
        "import sys, sklearn.neural_network; before = set(sys.modules); import sknn_edu; "
        "print(*{name.split('.')[0] for name in set(sys.modules) - before} - {'sknn_edu'})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= {"sklearn", "timeit"}


def test_every_file_of_core_has_a_page_whose_title_has_no_number():
    pages = TESTS.parent / "docs" / "core"
    for name in MODULES:
        if name.startswith("core.") and not name.endswith("__init__"):
            page = pages.joinpath(*name.split(".")[1:]).with_suffix(".rst").read_text("utf-8")
            assert page.startswith(tuple(ascii_letters))


def test_only_the_tutorial_numbers_its_chapters_and_leaves_no_gap():
    examples = sorted((TESTS.parent / "examples").glob("plot_*.py"))
    for number, path in enumerate(examples, 1):
        title = path.read_text(encoding="utf-8").splitlines()[1]
        assert path.name.startswith(f"plot_{number:02}_")
        assert title.startswith(f"{number}. ")

    numbered = re.compile(r"chapters?\s+\d", re.IGNORECASE)
    texts = {name: path.read_text(encoding="utf-8") for name, path in MODULES.items()}
    assert [name for name, text in texts.items() if numbered.search(text)] == []


def test_every_chapter_of_the_tutorial_has_a_question_an_exercise_and_a_link_to_the_source():
    for path in (TESTS.parent / "examples").glob("plot_*.py"):
        text = path.read_text(encoding="utf-8")
        question = text.split("\n\n")[1]
        assert re.fullmatch(r"\*\*.+\?\*\*", question)
        assert len(question) <= 95  # the gallery shows it as a tooltip
        for part in ("**Exercise.**", ".. dropdown:: Answer", "**The source:**", "/core/"):
            assert part in text


# -- small enough to be read -------------------------------------------------------------------


def lines(path):
    return path.read_text(encoding="utf-8").count("\n")


def test_the_first_files_for_readers_are_short():
    assert lines(PACKAGE / "core" / "one_page.py") <= 100
    assert lines(PACKAGE / "core" / "network.py") <= 400
    assert len(list(PACKAGE.glob("*.py"))) <= 6


def test_no_name_is_used_twice_at_the_top_level_of_modules():
    places = defaultdict(list)
    for name, path in MODULES.items():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                places[node.name].append(name)
            elif isinstance(node, ast.Assign):
                for target in node.targets:
                    places[getattr(target, "id", "__all__")].append(name)
    twice = {name: found for name, found in places.items() if len(found) > 1}
    assert {name: found for name, found in twice.items() if not name.startswith("__")} == {}


def test_functions_are_short():
    too_long = []
    for path in MODULES.values():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name != "__init__":
                body = node.body[1 if ast.get_docstring(node) is not None else 0 :]
                if body and body[-1].end_lineno - body[0].lineno + 1 > 30:
                    too_long.append((path.name, node.name))
    assert too_long == []


def test_few_methods_raise_NotImplementedError():
    text = "".join(path.read_text(encoding="utf-8") for path in MODULES.values())
    assert text.count("raise NotImplementedError") <= 4


def test_few_calls_lead_from_fit_to_the_first_matrix_product():
    X, y = load_iris(return_X_y=True)
    calls, comprehensions = [], ("<listcomp>", "<genexpr>", "<dictcomp>", "<setcomp>")

    class FirstProduct(BaseException):
        pass

    def count(frame, event, function):
        code = frame.f_code
        if code.co_filename.startswith(str(PACKAGE)):
            if event == "call" and code.co_name not in comprehensions:
                calls.append(code.co_filename)
            is_dot = event == "c_call" and function.__name__ == "dot"
            if is_dot or code.co_name in ("matmul", "product"):
                sys.setprofile(None)
                raise FirstProduct

    mlp, before = MLPClassifier(random_state=0), sys.getprofile()
    sys.setprofile(count)
    try:
        with pytest.raises(FirstProduct):
            mlp.fit(X, y)
    finally:
        sys.setprofile(before)
    assert len(calls) < 90
    assert len(set(calls)) < 14


# -- the tests themselves ----------------------------------------------------------------------


def test_every_file_of_the_course_has_its_test_file_and_no_test_file_is_long():
    assert all((TESTS / "core" / f"test_{name}.py").exists() for name in COURSE)
    assert [path.name for path in TESTS.rglob("*.py") if lines(path) > 600] == []


# -- public paths ------------------------------------------------------------------------------

PUBLIC = {
    "AveragingClassifier": "sknn_edu.tables.averaging",
    "AveragingRegressor": "sknn_edu.tables.averaging",
    "Checkpoint": "sknn_edu.fitting.checkpoint",
    "HiddenLayerTransformer": "sknn_edu.estimators.hidden_layer_transformer",
    "LearningRateSearch": "sknn_edu.estimators.learning_rate_finder",
    "MLPClassifier": "sknn_edu.estimators.mlp_classifier",
    "MLPRegressor": "sknn_edu.estimators.mlp_regressor",
    "PerceptronClassifier": "sknn_edu.estimators.perceptron_classifier",
    "SigmoidNeuronClassifier": "sknn_edu.estimators.sigmoid_neuron_classifier",
    "TabularPreprocessor": "sknn_edu.tables.preprocessor",
    "ValidationMonitor": "sknn_edu.fitting.callbacks",
    "find_learning_rate": "sknn_edu.estimators.learning_rate_finder",
    "tabular_pipeline": "sknn_edu.tables.pipeline",
}
"""The paths in saved models. Moving a class breaks the models that users have saved."""

IN_SAVED_STATES = {
    "sknn_edu.core.activations": ["Activation"],
    "sknn_edu.core.beyond.number_embedding": ["Waves"],
    "sknn_edu.core.beyond.parametrization": ["Parametrization"],
    "sknn_edu.core.losses": ["Loss"],
    "sknn_edu.core.optimizers": ["Adam", "AdamW", "OptimizerState", "RMSprop", "SGD"],
    "sknn_edu.core.perceptron": ["Perceptron"],
    "sknn_edu.core.schedules": ["Curve", "Schedule", "WarmUp"],
    "sknn_edu.core.training": ["BestSoFar"],
    "sknn_edu.fitting.training_state": ["TrainingState"],
}
"""Saved parameters and training states may contain objects of these classes."""


def test_public_classes_and_functions_stay_where_saved_models_look_for_them():
    public = set(sknn_edu.__all__) - {"RECIPES"}
    assert {name: getattr(sknn_edu, name).__module__ for name in public} == PUBLIC
    for module, names in IN_SAVED_STATES.items():
        assert {getattr(sys.modules[module], name).__module__ for name in names} == {module}


def test_a_pickle_names_the_class_by_its_path_and_nothing_else_of_the_package():
    X, y = load_iris(return_X_y=True)
    fitted = MLPClassifier(3, solver="lbfgs", max_iter=500, tol=1e-2, random_state=0).fit(X, y)
    named = set(re.findall(r"c(sknn_edu[\w.]+)\n", pickle.dumps(fitted, 0).decode("latin-1")))
    assert named == {"sknn_edu.estimators.mlp_classifier"}


@pytest.mark.parametrize("module", [sknn_edu, sknn_edu.inspection])
def test_the_source_of_everything_public_can_be_read(module):
    for name in set(module.__all__) - {"RECIPES"}:
        thing = getattr(module, name)
        source = inspect.getsource(thing)
        if not isinstance(thing, type):
            assert f"def {name}(" in source
            continue
        assert f"class {name}(" in source or f"class {name}:" in source
        for method, function in vars(thing).items():
            if inspect.isfunction(function) and not method.startswith("_"):
                assert f"def {method}(" in inspect.getsource(function)
