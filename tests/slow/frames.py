"""Strategies: tables with columns of every kind, most of them valid, and options for tables."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
from hypothesis import strategies as st

from sknn_edu.core.beyond.number_embedding import Waves
from sknn_edu.core.beyond.parametric_activations import ALL_ACTIVATIONS
from sknn_edu.core.beyond.parametrization import NTK, Parametrization
from tests.strategies import FLAGS, nearly_always, network_parameters, numbers, subset_of

DAY = datetime(2020, 1, 1)


def pick(values):
    """Return a column of these values at random."""
    values = list(values)
    return lambda rng, n: [values[k] for k in rng.integers(len(values), size=n)]


def series(values, dtype):
    """Return a column of these values at random, in a dtype of pandas."""
    return lambda rng, n: pd.Series(pick(values)(rng, n), dtype=dtype)


PLAIN = {
    "normal": lambda rng, n: rng.normal(size=n).tolist(),
    "lognormal": lambda rng, n: rng.lognormal(9, 3, n).tolist(),
    "outlier": lambda rng, n: np.r_[rng.normal(size=n - 1), 1e12].tolist(),
    "ints": lambda rng, n: rng.integers(-5, 5, n).tolist(),
    "constant": lambda _, n: [3.5] * n,
    "zeros": lambda _, n: [0.0] * n,
    "huge": lambda rng, n: (rng.normal(size=n) * 1e300).tolist(),
    "tiny": lambda rng, n: (rng.normal(size=n) * 1e-300).tolist(),
    "close": lambda rng, n: (1e9 + 1e-3 * rng.normal(size=n)).tolist(),
    "booleans": pick([True, False]),
    "always": lambda _, n: [True] * n,
    "words": pick(["Ulm", "Bonn", "Rom"]),
    "two words": pick(["yes", "no"]),
    "odd words": pick(["", " ", "nan", "None", "Zürich", "東京", "a,b;c\n", "x" * 300]),
    "names": lambda _, n: [f"name {k}" for k in range(n)],
    "digits": pick(["1", "2", "10"]),
    "times": lambda rng, n: [DAY + timedelta(hours=int(h)) for h in rng.integers(9999, size=n)],
    "days": lambda rng, n: [date(1900 + int(k), 2, 3) for k in rng.integers(200, size=n)],
    "durations": lambda rng, n: [timedelta(minutes=int(k)) for k in rng.integers(-99, 99, n)],
    "hours": lambda rng, n: [time(int(k), 30) for k in rng.integers(24, size=n)],
    "nothing": lambda _, n: [None] * n,
}
"""Columns as lists, for frames of both libraries and for arrays: names and ``make(rng, n)``."""

OF_PANDAS = {
    "category": series(["low", "high", "top"], "category"),
    "category of ints": series([3, 1, 2], "category"),
    "category of floats": series([0.5, 1.0, np.nan], "category"),
    "category of days": series([pd.Timestamp(DAY), pd.Timestamp("2021-05-05")], "category"),
    "Int64": series([1, 2, 5, None], "Int64"),
    "UInt8": series([1, 255, None], "UInt8"),
    "Float32": series([0.5, -1.5, None], "Float32"),
    "boolean": series([True, False, None], "boolean"),
    "string": series(["a", "b", None], "string"),
    "objects": series(["a", 1, None, 2.5, True], object),
    "numbers and words": series([1, 2.5, "missing"], object),
    "Decimal": series([Decimal("1.5"), Decimal(7), Decimal("nan")], object),
    "long ints": series([2**70, -(2**65), 3], object),
    "bytes": series([b"a", b"b"], object),
    "tuples": series([(1, 2), (3,)], object),
    "float16": lambda rng, n: pd.Series(rng.normal(size=n).astype(np.float16)),
    "int8": lambda rng, n: pd.Series(rng.integers(-99, 99, n).astype(np.int8)),
    "uint64": lambda rng, n: pd.Series(2**64 - 1 - rng.integers(99, size=n).astype("u8")),
    "zone": lambda rng, n: pd.Series(pd.to_datetime(PLAIN["times"](rng, n))).dt.tz_localize("UTC"),
    "ns": lambda rng, n: pd.Series(pd.to_datetime(PLAIN["times"](rng, n))).astype("M8[ns]"),
    "timedelta": lambda rng, n: pd.Series(pd.to_timedelta(PLAIN["durations"](rng, n))),
    "period": lambda _, n: pd.Series(pd.period_range("2000-01", periods=n, freq="M")),
    "interval": lambda rng, n: pd.Series(pd.cut(rng.normal(size=n), [-9, 0, 9])),
    "sparse": lambda rng, n: pd.Series(pd.arrays.SparseArray(rng.integers(2, size=n) * 1.5)),
}
"""Columns with a dtype of pandas."""

FLAWED = {
    "inf": lambda rng, n: pd.Series(np.r_[rng.normal(size=n - 1), np.inf]),
    "complex": lambda _, n: pd.Series(np.full(n, 1 + 2j)),
    "endless int": lambda _, n: pd.Series([10**400] * n, dtype=object),
    "lists": lambda _, n: pd.Series([[1, 2]] * n, dtype=object),
    "dicts": lambda _, n: pd.Series([{"a": 1}] * n, dtype=object),
    "types": lambda _, n: pd.Series([float] * n, dtype=object),
}
"""Columns that fit may refuse."""


def with_gaps(values, rng, share):
    """Return a list in which a share of the values is missing."""
    gaps = rng.random(len(values)) < share
    return [None if is_gap else value for value, is_gap in zip(values, gaps, strict=True)]


@st.composite
def tables(draw):
    """Draw a table of 2 to 40 rows and 1 to 5 columns, and its number of rows."""
    n = draw(st.integers(8, 40) | st.integers(2, 7))
    rng = np.random.default_rng(draw(st.integers(0, 9999)))
    form = draw(st.sampled_from(["pandas", "pandas", "pandas", "polars", "array", "rows"]))
    names = draw(st.lists(st.sampled_from([*PLAIN]), min_size=1, max_size=5))
    share = draw(st.sampled_from([0, 0, 0.2, 0.9]))
    columns = {f"{k} {name}": PLAIN[name](rng, n) for k, name in enumerate(names)}
    columns = {name: with_gaps(values, rng, share) for name, values in columns.items()}
    if form == "pandas":
        return with_columns_of_pandas(draw, pd.DataFrame(columns), rng), n
    if form == "polars":
        return polars_frame(draw, columns), n
    rows = list(map(list, zip(*columns.values(), strict=True)))
    return (np.array(rows, dtype=object) if form == "array" else rows), n


def with_columns_of_pandas(draw, frame, rng):
    """Return the frame with more columns; perhaps also with odd names or an odd index."""
    n = len(frame)
    for name in draw(st.lists(st.sampled_from([*OF_PANDAS]), max_size=3, unique=True)):
        frame[name] = OF_PANDAS[name](rng, n)
    flaw = draw(nearly_always([None], [*FLAWED]))
    if flaw is not None:
        frame[flaw] = FLAWED[flaw](rng, n)
    naming = draw(st.sampled_from(["as it is"] * 8 + ["ints", "equal", "mixed"]))
    if naming == "ints":
        frame.columns = range(frame.shape[1])
    elif naming == "equal":
        frame.columns = ["same"] * frame.shape[1]
    elif naming == "mixed":
        frame.columns = [0, *frame.columns[1:]]
    if draw(st.booleans()):
        frame.index = rng.permutation(n) // 2
    return frame


def polars_frame(draw, columns):
    """Return a polars frame; words may be categorical, and numbers may have a small dtype."""
    frame = pl.DataFrame(columns, strict=False)
    cast = draw(st.sampled_from([None, pl.Categorical, pl.Float32, pl.Int8, pl.Int128]))
    if cast is pl.Categorical:
        return frame.with_columns(pl.col(pl.String).cast(cast))
    if cast is not None:
        return frame.with_columns(pl.col(pl.Int64).cast(cast))
    return frame


# -- options of the networks and of the preprocessor -----------------------------------------------


def fading(progress):
    """Return a custom schedule."""
    return 1 - progress


FOR_TABLES = {
    "feature_scale": FLAGS,
    "number_embedding": st.sampled_from(
        ["pbld", "periodic", Waves(2, 1), Waves(3, 2, keeps_number=False, sigma=30.0), None]
    ),
    "category_embedding": st.sampled_from([1, 2, 8, None]),
    "parametrization": st.sampled_from(
        ["standard", "ntk", "ntk", NTK, Parametrization(0.0, 3.0, 0.0, 2.0, 0.5)]
    ),
    "activation": st.sampled_from([name for name in ALL_ACTIVATIONS if "parametric" in name]),
    "init": st.just("data_driven"),
    "dropout": st.sampled_from([0.15, 0.5, 0.0]),
    "regularization_schedule": st.sampled_from(["flat_cosine", "coslog4", fading, None]),
    "learning_rate": st.sampled_from(["coslog4", "constant", "one_cycle"]),
    "early_stopping": st.sampled_from(["last_best", True, False]),
    "batch_size": st.sampled_from([0.25, "auto", 5]),
    "weight_decay": st.sampled_from([0.02, "auto"]),
    "warm_start": FLAGS,
    "dtype": st.sampled_from(["auto", "float32", "float64"]),
    "learning_rate_init": st.sampled_from([0.04, 0.14, 1e-3, 3.0]),
    "clip_norm": st.sampled_from([None, 1.0]),
    "alpha": st.sampled_from([0.0, 1e-2]),
    "solver": st.sampled_from(["adam", "adam", "sgd", "adamw", "rmsprop", "lbfgs"]),
}
OF_KIND = {
    "classifier": {
        "label_smoothing": st.sampled_from([0.1, 0.9, 1e-12, 0.0]),
        "undo_smoothing": FLAGS,
        "class_weight": st.sampled_from(["balanced", None]),
    },
    "regressor": {
        "clip_output": FLAGS,
        "loss": st.sampled_from(["squared_error", "huber", "absolute_error", "log_cosh"]),
    },
}
OF_PREPROCESSOR = {
    "preprocessor__scaling": st.sampled_from(["robust", "standard", "none"]),
    "preprocessor__smooth_clip": st.none() | numbers(usual=[3.0, 1e-3]),
    "preprocessor__max_categories": st.sampled_from([2, 5, 100, None]),
    "preprocessor__missing_indicator": FLAGS,
    "preprocessor__dtype": st.sampled_from(["float32", "float64"]),
}


@st.composite
def options_for_tables(draw, kind, network):
    """Draw parameters for tabular_pipeline: usually moderate ones, sometimes any of a network."""
    likely = ["number_embedding", "category_embedding", "feature_scale", "parametrization", "init"]
    usual = draw(subset_of(FOR_TABLES | OF_KIND[kind], draw(st.sets(st.sampled_from(likely)))))
    if draw(st.integers(0, 3)) == 3:
        params = draw(network_parameters(network)) | usual
    else:
        params = {"hidden_layer_sizes": draw(st.sampled_from([(), (5,), (4, 3)]))} | usual
        params |= {"max_iter": draw(st.integers(1, 6)), "random_state": draw(st.integers(0, 9))}
    params.pop("verbose", None)
    sizes = np.atleast_1d(params["hidden_layer_sizes"])
    if len(sizes) != len(np.atleast_1d(params.get("activation", "relu"))) > 1:
        del params["activation"]
    return params | draw(subset_of(OF_PREPROCESSOR, []))
