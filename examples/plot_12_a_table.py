r"""
12. A table
===========

**Why is a plain network worse than boosted trees on most tables, and what helps?**

A table has columns of different kinds: numbers on different scales, some with gaps, some with
outliers; words that stand for categories; columns that say nothing. A decision tree compares one
column at a time with a threshold, so the scale of a column makes no difference to it. A network
adds up all columns, each times a weight, so a column with large values drowns the others.

The first remedy is to put all columns on the same scale. A number :math:`x` is centred on its
median, divided by the range of its middle half, and bent smoothly into :math:`(-3, 3)`; a category
becomes one column for each level:

.. math::

   z = \frac{x - \text{median}}{q_{3/4} - q_{1/4}}, \qquad
   x' = \frac{z}{\sqrt{1 + (z / 3)^2}}

The second lets the network reduce the influence of columns that say nothing: each input is
multiplied by a scale :math:`s`, which is learned like a weight,

.. math::

   z = W^T (s \circ x') + b

The third is an *embedding*: the network receives several functions of a number instead of the
number alone, so that it can react to any part of its range. The functions are cosines, whose
frequency :math:`w` and phase :math:`\varphi` are learned like weights,

.. math::

   e = V^T \cos(2 \pi w x' + \varphi) + c

These and a dozen smaller techniques make a recipe (Holzmüller et al. 2024), in which nothing has to
be tuned. Each is a parameter of the networks that one can switch off, and
:doc:`Networks for tables </tables>` says what each is worth on real tables.
"""

# %%
# A table of flats, made up for this page. A square metre costs more in some quarters and near the
# station, and a flat on a high floor less if there is no lift. One size in ten is missing, one in a
# hundred is in square decimetres, and the last three columns have nothing to do with the rent.
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split

from sknn_edu import MLPRegressor, tabular_pipeline

rng, n = np.random.default_rng(0), 1200
size, minutes = rng.gamma(6, 12, n), rng.gamma(2, 4, n)
floor, lift = rng.integers(0, 7, n), rng.random(n) < 0.4
prices = {"north": 9.0, "south": 11.0, "east": 8.0, "west": 12.0, "centre": 16.0}
quarter = rng.choice(list(prices), n)


def nearness(minutes):
    return 0.7 + 0.6 / (1 + np.exp(minutes - 8))


price = np.array([prices[one] for one in quarter]) * nearness(minutes)
rent = size * price - 40 * floor * ~lift + rng.normal(0, 40, n)

seen = np.where(rng.random(n) < 0.1, np.nan, size)
seen = np.where(rng.random(n) < 0.01, 100 * seen, seen)
flats = pd.DataFrame(
    {"size": seen, "quarter": quarter, "floor": floor, "lift": lift, "minutes": minutes}
    | {"colour": rng.choice(["white", "grey"], n), "number": rng.integers(1, 200, n)}
    | {"agent": rng.integers(1, 60, n)}
)
train, test, rent_train, rent_test = train_test_split(flats, rent, random_state=0)
print(train.head(3))

# %%
# A plain network behind the usual scaling, then the recipe, for one network and for an *average* of
# four networks that start from different random weights and whose predictions are averaged. None of
# them needs to be told which columns are numbers.
usual = {"preprocessor__scaling": "standard", "preprocessor__smooth_clip": None}
models = {
    "a plain network": tabular_pipeline(MLPRegressor(random_state=0), **usual),
    "the recipe, once": tabular_pipeline("regressor", n_estimators=1, random_state=0),
    "the recipe, four times": tabular_pipeline("regressor", random_state=0),
}
scores = {}
for name, model in models.items():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        scores[name] = model.fit(train, rent_train).score(test, rent_test)
    print(f"{name:<24} R^2 = {scores[name]:.2f}")

# %%
# On the left are the scores. On the right is what the networks predict for one flat in the centre
# if only the way to the station changes. The dashed line shows how the rents were computed.
way = np.linspace(0, 25, 60)
one = pd.DataFrame(
    {"size": 80.0, "quarter": "centre", "floor": 1, "lift": True, "minutes": way}
    | {"colour": "white", "number": 100, "agent": 30}
)
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
colours = ["tab:gray", "tab:blue", "tab:orange"]
for (name, model), colour in zip(models.items(), colours, strict=True):
    left.barh(name, scores[name], color=colour)
    right.plot(way, model.predict(one), color=colour, label=name)
right.plot(way, 80 * prices["centre"] * nearness(way), "k--", label="the truth")
right.legend()
right.set(xlabel="minutes to the station", ylabel="predicted rent")
left.set(xlabel="$R^2$ on the test data", xlim=(0, 1))
left.invert_yaxis()

# %%
# The rent falls steeply between five and eleven minutes. The plain network turns that step into a
# long slope; the recipe follows it. Near the ends, where there are few flats, all are off by up
# to 150.
#
# **Try it:** switch off one technique at a time, such as ``feature_scale=False`` or
# ``number_embedding=None`` in ``tabular_pipeline``. Is a table of a thousand rows enough to tell
# which of them help?
