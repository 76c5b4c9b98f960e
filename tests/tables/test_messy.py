"""The pipeline learns from messy tables."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import r2_score

from sknn_edu import tabular_pipeline

RNG = np.random.default_rng(0)
N = 600
AMOUNT = RNG.lognormal(5, 1, N)
DATES = pd.to_datetime("2020-01-01") + pd.to_timedelta(RNG.integers(0, 3 * 365 * 24, N), unit="h")
WORDS = RNG.choice(["sunny", "dark", "quiet", "noisy", "garden", "balcony"], (N, 6))
OF_LEVEL, LEVEL = RNG.normal(size=400), np.tile(np.arange(400), 15)

TABLES = {
    "prices": (pd.Series([f"${x:,.2f}" for x in AMOUNT]), np.log(AMOUNT)),
    "German numbers": (
        pd.Series([f"{x:,.2f}".translate(str.maketrans(",.", ".,")) for x in AMOUNT]),
        np.log(AMOUNT),
    ),
    "shares in per cent": (pd.Series([f"{k / 6:.1f} %" for k in range(N)]), np.arange(N) / N),
    "dates as text": (
        pd.Series(DATES.strftime("%d.%m.%Y")),
        DATES.year + DATES.day_of_year / 365.25,
    ),
    "the hour": (pd.Series(DATES), np.sin(2 * np.pi * DATES.hour / 24)),
    "the day of the week": (pd.Series(DATES), 1.0 * (DATES.day_of_week > 4)),
    "the season": (pd.Series(DATES), np.cos(2 * np.pi * DATES.day_of_year / 365)),
    "words in prose": (pd.Series(map(" ".join, WORDS)), 1.0 * (WORDS == "sunny").sum(axis=1)),
    "many levels": (pd.Series([f"street {k}" for k in LEVEL]), OF_LEVEL[LEVEL]),
}


@pytest.mark.parametrize("name", TABLES)
def test_the_pipeline_learns_from_each_kind_of_messy_column(name):
    column, y = TABLES[name]
    y = np.asarray(y, dtype=float)
    table = pd.DataFrame({"a": column, "noise": np.random.default_rng(1).normal(size=len(y))})
    rows = np.random.default_rng(2).permutation(len(y))
    train, test = rows[: -len(y) // 4], rows[-len(y) // 4 :]
    model = tabular_pipeline("regressor", n_estimators=1, max_iter=24, random_state=0)
    predictions = model.fit(table.iloc[train], y[train]).predict(table.iloc[test])
    assert r2_score(y[test], predictions) > (0.9 if name == "words in prose" else 0.97)


def test_the_prediction_of_a_row_does_not_depend_on_other_rows():
    table = pd.DataFrame({name: column for name, (column, y) in TABLES.items() if len(y) == N})
    y = 1e8 + np.log(AMOUNT)
    model = tabular_pipeline("regressor", n_estimators=2, max_iter=16, random_state=0).fit(table, y)
    among = model.predict(table)
    alone = [model.predict(table.iloc[[k]])[0] for k in range(10)]
    np.testing.assert_allclose(alone, among[:10], rtol=0, atol=1e-5 * y.std())
