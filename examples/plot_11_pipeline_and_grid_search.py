r"""
11. Pipeline and grid search
============================

**Which settings are best, and how good is the network really?**

The networks of this package are scikit-learn estimators, so scikit-learn's tools answer both
questions. Features should be scaled first, for the valley's sake, as chapters 8 and 9 have shown.
A *Pipeline* ties the scaler and the network together. However the samples are split, the scaler
then learns its means from the same samples as the network, and never from those that are to judge
it.

*Grid search* tries all combinations of some settings. It parts the training samples into a few
folds, trains on all but one of them, scores on that one, and does so for each fold in turn. The
settings with the best mean score win. In the end they are trained once more on all training
samples.

The winner was chosen because its score was good, so that score may flatter it. A fair score needs
samples that took part in nothing so far: the *test data*. They are put aside at the very start,
and used once.

.. math::

   x' = \frac{x - \text{mean}}{\text{standard deviation}}, \qquad
   \text{score} = \frac{\text{number of right answers}}{\text{number of samples}}
"""

# %%
# Handwritten digits once more, with their true labels. In a grid, two underscores join the name of
# a step and the name of its parameter. ``alpha`` is the L2 penalty, a relative of weight decay.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from sknn_edu import MLPClassifier

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0, stratify=y)

network = MLPClassifier(
    learning_rate_init=0.01, tol=1e-3, max_iter=500, random_state=0
)  # fmt: skip
model = Pipeline([("scale", StandardScaler()), ("network", network)])
sizes, alphas = [4, 16, 64], [0.01, 1, 10, 100]
grid = {"network__alpha": alphas, "network__hidden_layer_sizes": sizes}
search = GridSearchCV(model, grid, cv=3).fit(X_train, y_train)

print("best settings:", search.best_params_)
print(f"their mean score on the folds: {search.best_score_:.2f}")
print(f"score on the test data:        {search.score(X_test, y_test):.2f}")

# %%
# The mean score of every combination, the best one framed. Too few neurons cannot tell ten digits
# apart. Too strong a penalty keeps all weights so small that hardly anything can be told apart.
scores = search.cv_results_["mean_test_score"].reshape(len(alphas), len(sizes))
figure, ax = plt.subplots(figsize=(6.5, 4), layout="constrained")
image = ax.imshow(scores, cmap="Blues", vmin=0, vmax=1, aspect="auto")
for (row, column), score in np.ndenumerate(scores):
    colour = "white" if score > 0.6 else "black"
    ax.text(column, row, f"{score:.3f}", ha="center", va="center", color=colour)
row, column = np.unravel_index(search.best_index_, scores.shape)
ax.add_patch(
    plt.Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, edgecolor="tab:orange", linewidth=5)
)
ax.set_xticks(range(len(sizes)), sizes)
ax.set_yticks(range(len(alphas)), alphas)
ax.set(xlabel="hidden neurons", ylabel="alpha", title="mean score in cross-validation")
figure.colorbar(image, ax=ax, label="share of right answers")
plt.show()

# %%
# The code that does it: :doc:`/core/training` for the epochs, and :doc:`/core/network` for what
# happens in each of them. The Pipeline and the search are scikit-learn's own.
#
# **Exercise.** The 13 features of ``load_wine`` are on very different scales. Compare, by
# cross-validation, a network with and without the scaler in front of it.
#
# .. dropdown:: Answer
#
#    With the scaler the mean score is clearly higher.
#
#    .. code-block:: python
#
#       from sklearn.datasets import load_wine
#       from sklearn.model_selection import cross_val_score
#
#       wine, kind = load_wine(return_X_y=True)
#       network = MLPClassifier(8, learning_rate_init=0.01, tol=1e-3, max_iter=500, random_state=0)
#       model = Pipeline([("scale", StandardScaler()), ("network", network)])
#       without = cross_val_score(network, wine, kind).mean()
#       print(cross_val_score(model, wine, kind).mean() > without + 0.02)  # True
#
# You have now met every part of a neural network, and the next thing to read is the source itself:
# first :doc:`/core/one_page`, then the chapters from :doc:`/core/perceptron` on, which tell the
# same story line by line.
