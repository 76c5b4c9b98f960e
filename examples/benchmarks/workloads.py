"""The workloads that are measured.

A workload has a name for the command line, a size and contestants. ``prepare`` makes the data,
checks that the contestants compute the same numbers, warms them up and returns a measurement for
each. ``comparisons`` returns the pairs of contestants whose ratio is reported.
"""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import peers
import scipy.sparse
from sklearn import linear_model, neural_network
from sklearn.datasets import load_digits, load_iris, make_classification
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits
from timing import Measurement, seconds

import sknn_edu
from sknn_edu import PerceptronClassifier

SAME = 1e-8
"""In float64 the numbers of sknn_edu and scikit-learn may differ by this much."""
ALIKE = 1e-2
"""Losses in float32, and those of PyTorch and JAX, may differ by this share of the loss."""

SKLEARN, OURS, OURS_32 = "scikit-learn", "ours float64", "ours float32"
FLOOR_64, FLOOR_32 = "floor float64", "floor float32"
LOOP, TEXTBOOK = "shortest NumPy loop", "textbook's loop"

MEMORY = str(Path(__file__).with_name("memory.py"))


class Comparison(NamedTuple):
    """The ratio of the measurements of two contestants, and its target."""

    above: str
    below: str
    target: float | None = None


class NotTheSame(AssertionError):
    """Two contestants that should compute the same numbers compute different ones."""


def check(name: str, got, wanted, atol: float = SAME, rtol: float = 0.0) -> None:
    """Raise NotTheSame unless the numbers agree."""
    got, wanted = np.asarray(got), np.asarray(wanted)
    if got.shape != wanted.shape or not np.allclose(got, wanted, rtol=rtol, atol=atol):
        raise NotTheSame(f"{name}: got {got.ravel()[:5]}, expected {wanted.ravel()[:5]}")


@dataclass(frozen=True)
class Workload:
    """The base class of all workloads; each subclass adds its sizes."""

    name: str
    title: str
    unit: str = field(default="per epoch", kw_only=True)
    targets: tuple[float | None, ...] = field(default=(None, None), kw_only=True)

    def comparisons(self) -> list[Comparison]:
        return [Comparison(SKLEARN, OURS, self.targets[0])]

    def prepare(self, quick: bool, chosen: set[str]) -> dict[str, Measurement]:
        """Return a measurement for sknn_edu and each of the chosen peers."""
        raise NotImplementedError


# -- training, per epoch ---------------------------------------------------------------------------


def noise(n_samples: int, n_features: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((n_samples, n_features))


def classes(n_samples: int, n_features: int, n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return random samples; their label is the index of the largest of random linear functions."""
    X = noise(n_samples, n_features)
    W = np.random.default_rng(1).standard_normal((n_features, n_classes))
    return X, (X @ W).argmax(axis=1)


def regression(n_samples: int, n_features: int) -> tuple[np.ndarray, np.ndarray]:
    """Return random samples and a non-linear function of them with variance 1."""
    X = noise(n_samples, n_features)
    z = X @ np.random.default_rng(1).standard_normal(n_features)
    y = np.tanh(z / np.sqrt(n_features)) + 0.1 * np.abs(z)
    return X, (y - y.mean()) / y.std()


def iris() -> tuple[np.ndarray, np.ndarray]:
    X, y = load_iris(return_X_y=True)
    return StandardScaler().fit_transform(X), y


def digits() -> tuple[np.ndarray, np.ndarray]:
    X, y = load_digits(return_X_y=True)
    return X / 16, y


def sparse_classes(n_samples: int, n_features: int, density: float):
    rng = np.random.default_rng(0)
    X = scipy.sparse.random_array(
        (n_samples, n_features), density=density, format="csr", rng=rng, dtype=np.float64
    )
    return X, (X @ rng.standard_normal(n_features) > 0).astype(int)


@dataclass(frozen=True)
class Training(Workload):
    """Training with Adam and relu; the measurement is the mean time of an epoch.

    Parameters
    ----------
    make_data : callable ``make_data() -> (X, y)``
    quick_data : callable ``quick_data() -> (X, y)``
        The same with fewer samples.
    epochs, quick_epochs : int
        The number of epochs in one measurement.
    full : bool
        Whether float32, PyTorch, JAX and the floor take part, too.
    """

    make_data: Callable
    quick_data: Callable
    hidden: tuple[int, ...]
    batch_size: int
    epochs: int
    quick_epochs: int
    full: bool = True

    def comparisons(self) -> list[Comparison]:
        compared = [Comparison(SKLEARN, OURS, self.targets[0])]
        if self.full:
            compared += [
                Comparison(SKLEARN, OURS_32, self.targets[1]),
                Comparison(peers.NAMES["torch"], OURS_32),
                Comparison(peers.NAMES["jax"], OURS_32),
                Comparison(OURS, FLOOR_64),
                Comparison(OURS_32, FLOOR_32),
            ]
        return compared

    def prepare(self, quick, chosen):
        X, y = self.quick_data() if quick else self.make_data()
        epochs = self.quick_epochs if quick else self.epochs
        trainers = self._trainers(peers.Task(X, y, self.hidden, self.batch_size), chosen)
        self._check(trainers, min(epochs, 3))
        return {
            name: lambda train=train: seconds(lambda: train(epochs)) / epochs
            for name, train in trainers.items()
        }

    def _trainers(self, task, chosen) -> dict[str, peers.Trainer]:
        """Return the trainers; those that are compared with each other are neighbours."""
        trainers = {}
        if self.full and "floor" in chosen:
            trainers[FLOOR_64] = peers.floor(task)
        trainers[OURS] = peers.ours(task)
        if "sklearn" in chosen:
            trainers[SKLEARN] = peers.scikit_learn(task)
        if self.full:
            task_32 = task.as_type("float32")
            trainers[OURS_32] = peers.ours(task_32)
            if "torch" in chosen:
                trainers[peers.NAMES["torch"]] = peers.pytorch(task_32)
            if "jax" in chosen:
                trainers[peers.NAMES["jax"]] = peers.jax_scan(task_32)
            if "floor" in chosen:
                trainers[FLOOR_32] = peers.floor(task_32)
        return trainers

    def _check(self, trainers, epochs) -> None:
        curves = {name: train(epochs) for name, train in trainers.items()}
        for name, curve in curves.items():
            if name == SKLEARN:
                check(f"{self.name}, loss_curve_ of {OURS}", curves[OURS], curve)
            elif curve:
                check(f"{self.name}, losses of {name}", curve, curves[OURS], atol=0, rtol=ALIKE)


# -- whole fits ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class IrisFit(Workload):
    """A fit with default parameters, as a beginner would call it; the mean over several seeds."""

    def prepare(self, quick, chosen):
        X, y = load_iris(return_X_y=True)
        seeds = range(2 if quick else 10)

        def fits(module):
            return [module.MLPClassifier(random_state=seed).fit(X, y) for seed in seeds]

        modules = _modules(chosen)
        losses = {name: [mlp.loss_curve_ for mlp in fits(m)] for name, m in modules.items()}
        if SKLEARN in losses:
            check(
                "iris, loss_curve_", np.concatenate(losses[OURS]), np.concatenate(losses[SKLEARN])
            )
        return {
            name: lambda module=module: seconds(lambda: fits(module)) / len(seeds)
            for name, module in modules.items()
        }


def _modules(chosen) -> dict:
    """Return the modules with an MLPClassifier to compare."""
    modules = {OURS: sknn_edu}
    if "sklearn" in chosen:
        modules[SKLEARN] = neural_network
    return modules


@dataclass(frozen=True)
class LBFGSFit(Workload):
    """solver="lbfgs" on 2000 samples, per iteration; ``threads`` limits BLAS for both."""

    threads: int | None = None

    def prepare(self, quick, chosen):
        X, y = make_classification(2000, 20, n_informative=10, random_state=0)
        modules = _modules(chosen)

        def fit(module, max_iter):
            mlp = module.MLPClassifier(
                (50,), "tanh", solver="lbfgs", max_iter=max_iter, tol=0, random_state=0
            )
            with threadpool_limits(self.threads, user_api="blas"):
                return mlp.fit(X, y)

        losses = {name: fit(module, 10).loss_ for name, module in modules.items()}
        if SKLEARN in losses:
            check(f"{self.name}, loss_", losses[OURS], losses[SKLEARN])

        def measure(module):
            fitted = []
            taken = seconds(lambda: fitted.append(fit(module, 20 if quick else 300)))
            return taken / fitted[0].n_iter_

        return {name: lambda module=module: measure(module) for name, module in modules.items()}


@dataclass(frozen=True)
class GridFit(Workload):
    """GridSearchCV(n_jobs=2) over 12 fits of a network for the digits."""

    max_iter: int = 50

    def prepare(self, quick, chosen):
        X, y = digits()
        grid = {"alpha": [1e-4, 1e-2], "learning_rate_init": [1e-3, 1e-2]}

        def search(module, max_iter):
            mlp = module.MLPClassifier(max_iter=max_iter, random_state=0)
            return GridSearchCV(mlp, grid, cv=3, n_jobs=2, refit=False).fit(X, y)

        modules = _modules(chosen)
        scores = {  # this also starts the worker processes
            name: search(module, 3).cv_results_["mean_test_score"]
            for name, module in modules.items()
        }
        if SKLEARN in scores:
            check("grid, scores", scores[OURS], scores[SKLEARN])
        max_iter = 10 if quick else self.max_iter
        return {
            name: lambda module=module: seconds(lambda: search(module, max_iter))
            for name, module in modules.items()
        }


# -- prediction ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Prediction(Workload):
    """predict_proba for ``n_rows`` rows, with a network fitted to the digits."""

    n_rows: int
    calls: int

    def prepare(self, quick, chosen):
        X, y = digits()
        rows = np.random.default_rng(0).integers(X.shape[0], size=self.n_rows)
        X_new = X[rows]
        fitted = {
            name: module.MLPClassifier(max_iter=5, random_state=0).fit(X, y)
            for name, module in _modules(chosen).items()
        }
        if SKLEARN in fitted:
            ours, theirs = (fitted[name].predict_proba(X_new) for name in (OURS, SKLEARN))
            check(f"{self.name}, probabilities", ours, theirs)
        calls = max(1, self.calls // 10) if quick else self.calls

        def predict(mlp):
            for _ in range(calls):
                mlp.predict_proba(X_new)

        return {
            name: lambda mlp=mlp: seconds(lambda: predict(mlp)) / calls
            for name, mlp in fitted.items()
        }


# -- memory ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Memory(Workload):
    """The growth of the peak memory of a fresh process in a fit."""

    n_samples: int
    n_features: int

    def prepare(self, quick, chosen):
        n_samples = self.n_samples // 4 if quick else self.n_samples
        modules = {name: module.__name__ for name, module in _modules(chosen).items()}

        def measure(module):
            command = [sys.executable, MEMORY, module, str(n_samples), str(self.n_features)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            return float(done.stdout)

        return {name: lambda module=module: measure(module) for name, module in modules.items()}


# -- the perceptron --------------------------------------------------------------------------------


@dataclass(frozen=True)
class PerceptronTraining(Workload):
    """Perceptrons, per epoch: sknn_edu, scikit-learn's compiled loop, and two loops in Python.

    The first target is the largest acceptable time relative to scikit-learn. The second target is
    the smallest acceptable speed relative to the textbook's loop.
    """

    flipped: float
    epochs: int = 20

    def comparisons(self) -> list[Comparison]:
        behind, ahead = self.targets
        return [
            Comparison(OURS, SKLEARN, behind),
            Comparison(TEXTBOOK, OURS, ahead),
            Comparison(LOOP, OURS),
        ]

    def prepare(self, quick, chosen):
        X = noise(20_000 if quick else 100_000, 30)
        rng = np.random.default_rng(1)
        y = X @ rng.standard_normal(X.shape[1]) > 0
        y ^= rng.random(y.size) < self.flipped
        y = y.astype(int)

        one = PerceptronClassifier(max_iter=1, tol=None, shuffle=False).fit(X, y)
        for loop in (shortest_loop, textbook_loop):
            w, b = loop(X, y, 1)
            check(f"{self.name}, weights", np.append(one.coef_[0], one.intercept_), np.append(w, b))

        epochs = 5 if quick else self.epochs
        measurements = {
            TEXTBOOK: lambda: seconds(lambda: textbook_loop(X, y, 1)),
            LOOP: lambda: seconds(lambda: shortest_loop(X, y, 2)) / 2,
        }
        return measurements | perceptrons(X, y, epochs, chosen)


@dataclass(frozen=True)
class SparsePerceptronTraining(Workload):
    """Perceptrons on sparse samples, the mean of ten epochs: sknn_edu and scikit-learn.

    scikit-learn runs one compiled loop for each class.
    """

    n_samples: int = 3000
    n_features: int = 4000
    density: float = 0.01
    n_classes: int = 4

    def comparisons(self) -> list[Comparison]:
        return [Comparison(OURS, SKLEARN, self.targets[0])]

    def prepare(self, quick, chosen):
        X, _ = sparse_classes(self.n_samples, self.n_features, self.density)
        W = np.random.default_rng(1).standard_normal((self.n_features, self.n_classes))
        y = (X @ W).argmax(axis=1)
        sparse, dense = (
            PerceptronClassifier(max_iter=2, tol=None, random_state=0).fit(samples, y)
            for samples in (X, X.toarray())
        )
        check(f"{self.name}, weights", sparse.coef_, dense.coef_)
        return perceptrons(X, y, 10, chosen)


def perceptrons(X, y, epochs: int, chosen: set[str]) -> dict[str, Measurement]:
    """Return measurements of the time per epoch of sknn_edu and scikit-learn."""
    kinds = {OURS: PerceptronClassifier}
    if "sklearn" in chosen:
        kinds[SKLEARN] = linear_model.Perceptron

    def measure(kind):
        perceptron = kind(max_iter=epochs, tol=None, random_state=0)
        return seconds(lambda: perceptron.fit(X, y)) / perceptron.n_iter_

    return {name: lambda kind=kind: measure(kind) for name, kind in kinds.items()}


def textbook_loop(X: np.ndarray, y: np.ndarray, epochs: int) -> tuple[np.ndarray, float]:
    """Train a perceptron with the textbook's loop, which updates w and b for every sample."""
    w, b = np.zeros(X.shape[1]), 0.0
    for _ in range(epochs):
        for x, target in zip(X, y, strict=True):
            answer = np.where(np.dot(x, w) + b >= 0, 1, 0)
            w += (target - answer) * x
            b += target - answer
    return w, float(b)


def shortest_loop(X: np.ndarray, y: np.ndarray, epochs: int) -> tuple[np.ndarray, float]:
    """Train a perceptron with the shortest loop, which only updates w and b after a mistake."""
    w, b = np.zeros(X.shape[1]), 0.0
    for _ in range(epochs):
        for x, target in zip(X, y.tolist(), strict=True):
            answer = 1 if x @ w + b >= 0 else 0
            if answer != target:
                step = target - answer
                w += step * x
                b += step
    return w, b


# -- scaling ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scaling(Workload):
    """sknn_edu alone with growing numbers of samples; the cost per row should stay the same."""

    sizes: tuple[int, ...]

    def contestants(self) -> dict[int, str]:
        return {n: f"{n:,} rows" for n in self.sizes}

    def comparisons(self) -> list[Comparison]:
        names = list(self.contestants().values())
        return [Comparison(name, names[0]) for name in names[1:]]

    def prepare(self, quick, chosen):
        X, y = classes(max(self.sizes) // (10 if quick else 1), 30, 2)

        def measure(n):
            epochs = max(1, min(self.sizes) * 30 // n)
            train = peers.ours(peers.Task(X[:n], y[:n], (100,), 200))
            return seconds(lambda: train(epochs)) / (epochs * n)

        return {
            name: lambda n=n: measure(n) for n, name in self.contestants().items() if n <= len(X)
        }


WORKLOADS: tuple[Workload, ...] = (
    Training(
        "W1",
        "150 x 4, 3 classes, (10,), one batch",
        make_data=iris,
        quick_data=iris,
        hidden=(10,),
        batch_size=150,
        epochs=3000,
        quick_epochs=400,
        targets=(5, 5),
    ),
    Training(
        "W2",
        "1,797 x 64, 10 classes, (100,), batch 200",
        make_data=digits,
        quick_data=digits,
        hidden=(100,),
        batch_size=200,
        epochs=100,
        quick_epochs=15,
        targets=(2.1, 3.5),
    ),
    Training(
        "W3",
        "50,000 x 30, 2 classes, (100,), batch 200",
        make_data=lambda: classes(50_000, 30, 2),
        quick_data=lambda: classes(10_000, 30, 2),
        hidden=(100,),
        batch_size=200,
        epochs=6,
        quick_epochs=4,
        targets=(3.2, 4.5),
    ),
    Training(
        "W4",
        "50,000 x 100, regression, (256, 256), batch 256",
        make_data=lambda: regression(50_000, 100),
        quick_data=lambda: regression(5_000, 100),
        hidden=(256, 256),
        batch_size=256,
        epochs=1,
        quick_epochs=1,
        targets=(1.45, 2.7),
    ),
    Training(
        "W5",
        "60,000 x 784, 10 classes, (512, 256), batch 256",
        make_data=lambda: classes(60_000, 784, 10),
        quick_data=lambda: classes(2_600, 784, 10),
        hidden=(512, 256),
        batch_size=256,
        epochs=1,
        quick_epochs=1,
        targets=(1.25, 2.3),
    ),
    Training(
        "W9",
        "50,000 x 30, 2 classes, (100,), batch 32",
        make_data=lambda: classes(50_000, 30, 2),
        quick_data=lambda: classes(10_000, 30, 2),
        hidden=(100,),
        batch_size=32,
        epochs=6,
        quick_epochs=4,
        targets=(4.8, 7),
    ),
    IrisFit("iris", "150 x 4, default parameters, whole fit", unit="per fit", targets=(3.5,)),
    LBFGSFit("lbfgs", "2,000 x 20, (50,), tanh", unit="per iteration", targets=(5,)),
    LBFGSFit(
        "lbfgs-1thread",
        "the same, both with one BLAS thread",
        unit="per iteration",
        targets=(1.7,),
        threads=1,
    ),
    Training(
        "sparse",
        "CSR 20,000 x 10,000 at 0.5 %, (100,), batch 200",
        make_data=lambda: sparse_classes(20_000, 10_000, 0.005),
        quick_data=lambda: sparse_classes(4_000, 10_000, 0.005),
        hidden=(100,),
        batch_size=200,
        epochs=1,
        quick_epochs=1,
        full=False,
        targets=(1.5,),
    ),
    Prediction("predict-1", "1 row", 1, 4000, unit="per call", targets=(1.1,)),
    Prediction("predict-1000", "1,000 rows", 1000, 200, unit="per call", targets=(1.0,)),
    Prediction("predict-100000", "100,000 rows", 100_000, 5, unit="per call", targets=(1.4,)),
    GridFit("grid", "GridSearchCV(n_jobs=2), 12 fits to the digits", unit="", targets=(2.3,)),
    Memory("memory", "growth in a fit to 200,000 x 100", 200_000, 100, unit="MB"),
    PerceptronTraining("perceptron", "100,000 x 30, separable", flipped=0.0, targets=(3, 20)),
    PerceptronTraining(
        "perceptron", "100,000 x 30, 1 % of the labels flipped", flipped=0.01, targets=(5, None)
    ),
    SparsePerceptronTraining(
        "perceptron-sparse", "CSR 3,000 x 4,000 at 1 %, four classes", targets=(10,)
    ),
    Scaling(
        "scaling",
        "W3 with more and more rows",
        unit="per row and epoch",
        sizes=(10_000, 30_000, 100_000, 300_000, 1_000_000),
    ),
)
