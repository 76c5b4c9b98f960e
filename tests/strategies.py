"""Hypothesis strategies: estimators, parameters and data, most of them valid.

Each property is tested in two sizes: quick, always with the same examples, and slow (``pytest -m
slow``, about 20 minutes), with new examples. A slow failure prints how to reproduce it.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array, csc_array, csr_array, csr_matrix

from sknn_edu import MLPClassifier, MLPRegressor, PerceptronClassifier, SigmoidNeuronClassifier
from sknn_edu.core.activations import Activation
from sknn_edu.core.beyond.parametric_activations import ALL_ACTIVATIONS as ACTIVATIONS
from sknn_edu.core.initializers import INITIALIZERS
from sknn_edu.core.losses import LOSSES, OUTPUTS, Loss
from sknn_edu.core.optimizers import SGD, Adam, AdamW, RMSprop
from sknn_edu.core.schedules import SCHEDULES, Curve, InverseScaling

KINDS = [PerceptronClassifier, SigmoidNeuronClassifier, MLPClassifier, MLPRegressor]
SETTINGS = settings(
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def fuzz(quick, slow, over=None, **strategies):
    """Make a test of a property with ``quick`` or ``slow`` examples, for each case of ``over``."""

    def decorate(holds):
        repeatable = settings(SETTINGS, max_examples=quick, derandomize=True)(
            given(**strategies)(holds)
        )
        exploring = settings(SETTINGS, max_examples=slow)(given(**strategies)(holds))
        sizes = [
            pytest.param(repeatable, id="quick"),
            pytest.param(exploring, id="slow", marks=pytest.mark.slow),
        ]
        if over is None:

            def test(check):
                check()

        else:

            @pytest.mark.parametrize("case", over)
            def test(check, case):
                check(case)

        test.__name__ = test.__qualname__ = holds.__name__
        return pytest.mark.parametrize("check", sizes)(test)

    return decorate


def nearly_always(usual, flaws):
    """Draw a valid value, or, in one of twenty cases, an invalid one."""
    common = st.sampled_from(usual)
    return st.integers(0, 19).flatmap(lambda k: st.sampled_from(flaws) if k == 19 else common)


# -- samples ---------------------------------------------------------------------------------------


FLOATS = [np.float64, np.float32, np.float16, np.longdouble]
INTEGERS = [np.dtype(f"{kind}{size}").type for kind in "iu" for size in (1, 2, 4, 8)]


def scales(dtype):
    """Return magnitudes of a float dtype, from ordinary to the ends of its range."""
    info = np.finfo(dtype)
    most = float(min(info.max, np.finfo(np.float64).max)) * 0.99
    least = float(max(info.smallest_subnormal, np.finfo(np.float64).smallest_subnormal))
    return [1.0, 30.0, 1e-3, 1e4, most**0.25, most**0.45, most**0.55, most, least * 9]


@st.composite
def matrices(draw):
    """Draw a dense (n_samples, n_features) array of any dtype and magnitude."""
    n = draw(st.integers(5, 30) | st.integers(5, 30) | st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    A = rng.uniform(-1, 1, (n, draw(st.integers(1, 5))))
    A[rng.random(A.shape) < draw(st.sampled_from([0, 0, 0.5, 1]))] = 0
    column = st.integers(0, A.shape[1] - 1)
    A[:, draw(column)] = A[:, draw(column)]
    if draw(st.booleans()):
        A[:, draw(column)] = draw(st.sampled_from([0.0, 0.5, 1.0]))
    dtype = draw(st.sampled_from([*FLOATS, *FLOATS, *INTEGERS, np.bool_]))
    if dtype is np.bool_:
        return A > 0
    if dtype in INTEGERS:
        most = draw(st.sampled_from([3, 100, np.iinfo(dtype).max]))
        A = A if np.issubdtype(dtype, np.signedinteger) else np.abs(A)
        return (A * min(most, np.iinfo(dtype).max) * 0.99).astype(dtype)
    A *= draw(st.sampled_from([scales(dtype)[0], *scales(dtype)]))
    if draw(st.booleans()):  # one feature on a very different scale
        A[:, draw(column)] = rng.uniform(-1, 1, n) * draw(st.sampled_from(scales(dtype)))
    return A.astype(dtype)


def read_only(A):
    A = A.copy()
    A.setflags(write=False)
    return A


def with_explicit_zeros(A):
    return coo_array((A.ravel(), np.indices(A.shape).reshape(2, -1)), A.shape)


def with_long_indices(A):
    X = csr_array(A)
    X.indices, X.indptr = X.indices.astype(np.int64), X.indptr.astype(np.int64)
    return X


def with_repeated_unsorted_entries(A):
    """Return CSR data that store each entry twice, the first as 0, from right to left."""
    n, p = A.shape
    data = np.hstack([np.zeros_like(A), A[:, ::-1]]).ravel()
    columns = np.tile(np.r_[np.arange(p), np.arange(p)[::-1]], n)
    return csr_array((data, columns, 2 * p * np.arange(n + 1)), A.shape)


def frame(A):
    A = A.astype(np.float32) if A.dtype == np.float16 else A  # pandas cannot print it
    return pd.DataFrame(A, columns=[f"f{k}" for k in range(A.shape[1])])


DENSE = [
    np.ascontiguousarray,
    np.asfortranarray,
    lambda A: np.repeat(A, 2, axis=0)[::2],
    lambda A: np.hstack([A, A])[:, : A.shape[1]],
    lambda A: np.ascontiguousarray(A[::-1, ::-1])[::-1, ::-1],
    read_only,
    lambda A: A.tolist(),
    lambda A: A.astype(object),
    lambda A: A.astype(A.dtype.newbyteorder()),
    frame,
]
SPARSE = [
    csr_array,
    csc_array,
    coo_array,
    csr_matrix,
    with_explicit_zeros,
    lambda A: with_explicit_zeros(A).tocsc(),
    with_long_indices,
    with_repeated_unsorted_entries,
]


def with_one(value):
    def spoil(A):
        A = A.astype(np.result_type(A, np.float16))
        A[-1, 0] = value
        return A

    return spoil


FLAWS = [
    with_one(np.nan),
    with_one(np.inf),
    with_one(-np.inf),
    lambda A: A[:0],
    lambda A: A[:, :0],
    lambda A: A[:, 0],
    lambda A: A[np.newaxis],
    lambda A: A + 1j,
    lambda A: A.astype(str).astype(object) + "?",
    lambda A: np.where(np.arange(A.size).reshape(A.shape) == 0, None, A.astype(object)),
    lambda _: None,
    lambda _: "samples",
    lambda A: A[:-1],
]


@st.composite
def layouts(draw, A):
    """Draw a container or memory layout for an array; a few results are invalid."""
    change = draw(nearly_always(DENSE + SPARSE, FLAWS))
    if change in SPARSE and A.dtype == np.float16:  # SciPy has no sparse float16 arrays
        A = A.astype(np.float32)
    return change(A)


# -- targets and weights ---------------------------------------------------------------------------


LABELS = [
    lambda k: np.arange(k),
    lambda k: -3 * np.arange(k)[::-1],
    lambda k: np.arange(k, dtype=np.int8),
    lambda k: np.iinfo(np.uint64).max - np.arange(k, dtype=np.uint64)[::-1],
    lambda k: np.iinfo(np.int64).min + np.arange(k),
    lambda k: np.arange(k, dtype=np.float64),
    lambda k: np.arange(k, dtype=np.float32) - 2,
    lambda k: np.arange(k, dtype=np.float16),
    lambda k: np.array([f"class {j}" for j in range(k)]),
    lambda k: np.array([f"class {j}" for j in range(k)], dtype=object),
    lambda k: np.array([*range(k)], dtype=object),
    lambda k: np.arange(min(k, 2)).astype(bool),
]
CONTAINERS = [
    lambda y: y,
    lambda y: y,
    lambda y: y.tolist(),
    lambda y: y[:, np.newaxis],
    lambda y: np.repeat(y, 2)[::2],
    lambda y: y[::-1].copy()[::-1],
    lambda y: pd.Series(y.tolist()),
    lambda y: pd.Categorical(y.tolist()),
    lambda y: pd.Series(pd.Categorical(y.tolist())),
    lambda y: pd.Series(y.tolist(), index=np.arange(len(y))[::-1]),
]
TARGET_FLAWS = [
    lambda y: y[:-1],
    lambda y: np.full(len(y), np.nan),
    lambda y: np.r_[[None], y[1:].astype(object)] if y.ndim == 1 else y.astype(object),
    lambda y: np.r_[["?"], y[1:].astype(object)] if y.ndim == 1 else y.astype(object),
    lambda y: np.linspace(0, 1.5, len(y)),
    lambda y: np.full(len(y), 1e300),
    lambda y: np.full(len(y), np.inf),
    lambda y: np.zeros(len(y), complex),
    lambda y: np.zeros(len(y), "M8[s]"),
    lambda y: pd.array([*range(len(y) - 1), None], dtype="Int64"),
    lambda y: np.zeros((len(y), 2, 2)),
    lambda _: None,
    lambda _: 1,
    lambda _: "y",
]


@st.composite
def labels(draw, n):
    """Draw class labels of any kind for n samples; a few are invalid."""
    k = draw(st.sampled_from([2, 2, 2, 3, 3, 5, n, 1]))
    classes = draw(st.sampled_from(LABELS))(k)
    numbers = np.arange(n) % len(classes)
    y = classes[np.random.default_rng(draw(st.integers(0, 999))).permutation(numbers)]
    return draw(nearly_always(CONTAINERS, TARGET_FLAWS))(y)


@st.composite
def several_labels(draw, n):
    """Draw a 0/1 matrix, or columns of classes."""
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    y = rng.integers(draw(st.integers(1, 4)), size=(n, draw(st.integers(1, 3))))
    if draw(st.booleans()) and y.max() < 2:
        return csr_array(y)
    return draw(st.sampled_from([y, np.array([*"abcd"])[y], y.tolist()]))


@st.composite
def numbers_to_predict(draw, n):
    """Draw regression targets of any magnitude; a few are invalid."""
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    y = rng.uniform(-1, 1, (n, draw(st.integers(1, 3))))
    y *= draw(st.sampled_from([0.0, 1.0, *scales(np.float64), *scales(np.float32)]))
    if draw(st.booleans()):
        y = np.abs(y)
    if y.shape[1] == 1 and draw(st.booleans()):
        y = y[:, 0]
    if draw(st.booleans()):
        with np.errstate(all="ignore"):
            y = y.astype(draw(st.sampled_from([np.float32, np.float16, np.longdouble, np.int64])))
    same = [lambda y: y, lambda y: y.tolist(), read_only, np.asfortranarray, lambda y: y > 0]
    return draw(nearly_always(same, TARGET_FLAWS))(y)


WEIGHTS = [
    lambda rng, n: rng.uniform(0.5, 2, n),
    lambda rng, n: rng.integers(0, 3, n),
    lambda rng, n: rng.random(n) < 0.5,
    lambda rng, n: rng.uniform(0, 1, n).astype(np.float16),
    lambda _, n: np.r_[np.zeros(n - 1), 1],
    lambda rng, n: rng.uniform(0, 1, n) * 1e306,
    lambda rng, n: rng.uniform(0, 1, n) * 1e37,
    lambda rng, n: rng.uniform(0, 1, n) * 1e-37,
    lambda rng, n: rng.uniform(0, 1, n) * 1e-300,
    lambda _, n: np.full(n, 5e-324),
    lambda rng, n: 10.0 ** rng.integers(-300, 300, n),
    lambda rng, n: rng.uniform(0, 1, n).tolist(),
    lambda *_: 2.0,
]
WEIGHT_FLAWS = [
    lambda _, n: np.zeros(n),
    lambda _, n: -np.ones(n),
    lambda _, n: np.full(n, np.nan),
    lambda _, n: np.full(n, 1e308),
    lambda _, n: np.ones(n + 1),
    lambda _, n: np.ones((n, 1)),
    lambda *_: "heavy",
    lambda _, n: [None] * n,
]


@st.composite
def weights(draw, n):
    """Draw sample weights, most of them None."""
    make = draw(nearly_always([None] * len(WEIGHTS) + WEIGHTS, WEIGHT_FLAWS))
    return None if make is None else make(np.random.default_rng(draw(st.integers(0, 99))), n)


# -- parameters ------------------------------------------------------------------------------------


def bump(z, a):
    a[...] = z / (1 + np.abs(z))


def bump_backward(_, a, delta):
    delta *= (1 - np.abs(a)) ** 2


def half(_):
    return 0.5


def tilted_value(y, a):
    return np.abs(a - y).sum(axis=0)


def tilted_delta(y, a):
    a[...] = np.where(a > y, 1, -1)


REGRESSION_LOSSES = [name for name, output in LOSSES if output in ("identity", "exp")]
CUSTOM_ACTIVATION = Activation("bump", bump, bump_backward)
CUSTOM_LOSS = Loss("tilted", "identity", OUTPUTS["identity"], tilted_value, tilted_delta)


def numbers(least=0.0, most=None, usual=(), ends=()):
    """Draw a real number from an open interval, or one of its ``ends``."""
    anywhere = st.floats(least, most, exclude_min=True, exclude_max=most is not None)
    typical = st.sampled_from([*usual, *ends])
    kinds = st.sampled_from([float, np.float64, np.float32])
    inside = st.one_of(typical, typical, typical, anywhere)
    return st.builds(rounded_to, kinds, inside).filter(
        lambda x: x in ends or least < x < (np.inf if most is None else most)
    )


def rounded_to(kind, x):
    with np.errstate(all="ignore"):
        return kind(np.float64(x))


def one_or_per_layer(values, n):
    return st.one_of(values, st.lists(values, min_size=n, max_size=n), st.tuples(*[values] * n))


FLAGS = st.sampled_from([True, False, np.True_])
SHARED = {
    "random_state": st.sampled_from([0, 1, np.int64(7), 2**32 - 1]),
    "max_iter": st.one_of(st.integers(1, 8), st.just(np.int32(3))),
    "verbose": st.sampled_from([False, True, 0, 1]),
}
TRAINING = {
    **SHARED,
    "shuffle": FLAGS,
    "warm_start": FLAGS,
    "early_stopping": FLAGS,
    "tol": numbers(usual=[1e-4, 1e-300, 1.0], ends=[0]),
    "n_iter_no_change": st.sampled_from([1, 2, 10, np.int64(1)]),
}
BY_GRADIENT = {
    **TRAINING,
    "alpha": numbers(usual=[1e-4, 1.0, 100, 1e300, 1e-310], ends=[0]),
    "validation_fraction": numbers(most=1, usual=[0.1, 0.5, 0.9], ends=[0]),
    "dtype": st.sampled_from(["auto", "float32", "float64"]),
    "batch_size": st.sampled_from(["auto", 1, 2, 7, np.int64(3), 10**6]),
}
RATES = numbers(usual=[1e-3, 0.1, 1.0, 1e3, 1e-300, 1e300, 1e308])
BALANCE = st.sampled_from([None, "balanced"])
CLASS_WEIGHTS = st.dictionaries(
    st.sampled_from([0, 1, 2, -3, 0.0, 1.0, "class 0", "class 1", True, False]),
    st.sampled_from([1, 0, 2.5, 1e-200, 1e200, -1, np.nan, "heavy", None]),
    max_size=3,
)


@st.composite
def subset_of(draw, options, likely):
    """Draw values for the ``likely`` parameters and for a few others."""
    names = draw(st.sets(st.sampled_from(sorted(options)), max_size=6))
    return {name: draw(options[name]) for name in sorted(names | set(likely))}


PERCEPTRON = {
    **TRAINING,
    "average": FLAGS,
    "fit_intercept": FLAGS,
    "tol": st.one_of(st.none(), TRAINING["tol"]),
    "eta0": RATES,
    "validation_fraction": numbers(most=1, usual=[0.1, 0.5, 0.9]),
    "class_weight": BALANCE | CLASS_WEIGHTS,
}
NEURON = {
    **BY_GRADIENT,
    "loss": st.sampled_from(["log_loss", "squared_error"]),
    "solver": st.sampled_from(["lbfgs", "gd", "sgd", "adam"]),
    "learning_rate_init": st.just("auto") | RATES,
    "scoring": st.sampled_from([None, "loss", "accuracy", "neg_log_loss", "r2", "roc_auc", "no"]),
    "class_weight": BALANCE | CLASS_WEIGHTS,
}


@st.composite
def network_parameters(draw, kind):
    """Draw valid parameters of a multi-layer perceptron; some are incompatible."""
    sizes = draw(st.lists(st.integers(1, 6), max_size=3))
    n = len(sizes)
    names = st.sampled_from([*ACTIVATIONS, CUSTOM_ACTIVATION])
    solvers = ["lbfgs", "adam", "sgd", "adamw", "rmsprop"]
    objects = [
        SGD(0.5, nesterov=False),
        Adam(0.0, 0.5, 1e-3),
        AdamW(weight_decay=0.5),
        RMSprop(0.5),
    ]
    schedules = [*SCHEDULES, half, Curve(half), InverseScaling(2.0)]
    scorers = ["loss", "max_error", "r2" if kind is MLPRegressor else "neg_log_loss"]
    options = {
        **BY_GRADIENT,
        "activation": one_or_per_layer(names, n),
        "solver": st.sampled_from([*2 * solvers, *objects]),
        "learning_rate": st.sampled_from(schedules),
        "learning_rate_init": RATES,
        "power_t": numbers(usual=[0.5, 3.0, 1e300], ends=[0]),
        "momentum": numbers(most=1, usual=[0.9], ends=[0, 1]),
        "nesterovs_momentum": FLAGS,
        "beta_1": numbers(most=1, usual=[0.9, 1 - 2**-53], ends=[0]),
        "beta_2": numbers(most=1, usual=[0.999, 1 - 2**-53], ends=[0]),
        "epsilon": numbers(usual=[1e-8, 1e-300, 1.0, 1e300]),
        "n_iter_no_change": TRAINING["n_iter_no_change"] | st.just(np.inf),
        "max_fun": st.sampled_from([1, 2, 15, 10**9]),
        "init": st.sampled_from([*INITIALIZERS]),
        "dropout": one_or_per_layer(numbers(most=1, usual=[0.1, 0.5, 0.999], ends=[0]), n),
        "weight_decay": st.just("auto") | numbers(usual=[0.01, 1.0, 1e300], ends=[0]),
        "clip_norm": st.none() | numbers(usual=[1.0, 1e-300, 1e300]),
        "warmup_fraction": numbers(most=1, usual=[0.1], ends=[0, 1]),
        "scoring": st.sampled_from([None, *scorers]),
    }
    if kind is MLPClassifier:
        options["class_weight"] = BALANCE | CLASS_WEIGHTS | st.lists(CLASS_WEIGHTS, max_size=2)
        options["label_smoothing"] = numbers(most=1, usual=[0.1], ends=[0])
    else:
        options["loss"] = st.sampled_from([*REGRESSION_LOSSES, CUSTOM_LOSS])
        options["quantile"] = st.sampled_from([0.5, 1e-300, [0.1, 0.9], (0.1, 0.5, 0.9), [0.3]])
    likely = ["solver", "activation", "max_iter", "random_state"]
    likely += ["loss"] if kind is MLPRegressor else []
    params = draw(subset_of(options, likely))
    shapes = [tuple(sizes), sizes, np.array(sizes, dtype=int)]
    params["hidden_layer_sizes"] = draw(st.sampled_from([*shapes, sizes[0]] if n == 1 else shapes))
    return params


def parameters(kind):
    if kind in (MLPClassifier, MLPRegressor):
        return network_parameters(kind)
    options = PERCEPTRON if kind is PerceptronClassifier else NEURON
    return subset_of(options, ["max_iter", "random_state", *{"solver"} & {*options}])


JUNK = [
    None,
    "nonsense",
    "auto",
    -1,
    0,
    2,
    1.5,
    -0.5,
    -np.inf,
    True,
    np.array([1.0]),
    [],
    {},
    {"a": 1},
    (0,),
    [3, "a"],
    [[3], [4, 5]],
    b"bytes",
    SGD,
]
INVALID = [np.nan, -np.inf, object(), 1 + 1j]
"""Values that are invalid for every parameter."""


# -- a problem -------------------------------------------------------------------------------------


@dataclass
class Problem:
    """An estimator, its training data, and the calls that fit it."""

    model: Any
    X: Any
    y: Any
    options: dict = field(default_factory=dict)
    history: str = "fit"
    classes: Any = None


@st.composite
def problems(draw, kinds=KINDS):
    """Draw an estimator with valid parameters, and data that are nearly always valid for it."""
    kind = draw(st.sampled_from(kinds))
    model = kind(**draw(parameters(kind)))
    A = draw(matrices())
    n = len(A)
    if kind is MLPRegressor:
        y = draw(numbers_to_predict(n))
    elif kind is MLPClassifier and draw(st.integers(0, 4)) == 4:
        y = draw(several_labels(n))
    else:
        y = draw(labels(n))
    options = {}
    if kind is not PerceptronClassifier:
        options["sample_weight"] = draw(weights(n))
        if draw(st.integers(0, 4)) == 4:
            options |= {"X_val": A, "y_val": y}
            options["sample_weight_val"] = draw(weights(n))
    common = ["fit", "fit, fit"]
    rare = ["partial_fit", "partial_fit, partial_fit", "fit, partial_fit"]
    if getattr(model, "solver", None) == "lbfgs":
        history = draw(nearly_always(common, rare))
    else:
        history = draw(st.sampled_from([*common, *rare]))
    return Problem(model, draw(layouts(A)), y, options, history, draw(classes_of(y)))


def classes_of(y):
    """Draw the argument ``classes`` of partial_fit."""
    try:
        right = np.unique(np.asarray(y))
    except TypeError:
        right = None
    too_few = None if right is None else right[:1]
    return nearly_always([right], [None, too_few, [1, 1], "class"])


def run(model, problem):
    """Fit the model as the problem prescribes; return it."""
    for method in problem.history.split(", "):
        options = dict(problem.options)
        if method == "partial_fit" and hasattr(model, "predict_proba"):
            options["classes"] = problem.classes
        getattr(model, method)(problem.X, problem.y, **options)
    return model
