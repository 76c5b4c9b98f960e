"""The same table for pandas, for polars and as an array, and targets for it."""

from datetime import datetime

import numpy as np
import pandas as pd
import polars as pl

QUICK = {"max_iter": 3, "random_state": 0, "n_estimators": 2}


def columns(n=60):
    """Return columns of every kind, some with missing values, as Python lists."""
    rng = np.random.default_rng(0)
    return {
        "income": [None if k % 7 == 0 else float(x) for k, x in enumerate(rng.lognormal(9, 1, n))],
        "rooms": [int(x) for x in rng.integers(1, 6, n)],
        "owner": [bool(x) for x in rng.integers(2, size=n)],
        "city": [("Ulm", "Bonn", "Rom", None)[k] for k in rng.integers(4, size=n)],
        "plan": [("basic", "gold")[k] for k in rng.integers(2, size=n)],
        "since": [datetime(2020, 1, 1 + int(k)) for k in rng.integers(28, size=n)],
    }


def pandas_table():
    table = pd.DataFrame(columns())
    return table.astype({"plan": "category"})


def polars_table():
    return pl.DataFrame(columns()).with_columns(pl.col("plan").cast(pl.Categorical))


def array_table():
    return np.array(list(zip(*columns().values(), strict=True)), dtype=object)


def targets(kind):
    income = np.array([0 if x is None else x for x in columns()["income"]])
    return np.where(income > 9000, "rich", "poor") if kind == "classifier" else income
