r"""
14. Pipeline and grid search
============================

**Which settings are best, and how good is the network on new samples?**

The networks of this package are scikit-learn estimators, so scikit-learn's
tools answer both questions.

Features should be scaled first, as :doc:`plot_09_gradient_descent` has shown:

.. math::

   x' = \frac{x - \text{mean}}{\text{standard deviation}}

A *pipeline* joins the scaler and the network into one estimator. The scaler
then computes its means from the training samples only. If it used the samples
that are kept for testing, the test would no longer be fair.

*Grid search* tries all combinations of some settings. For each combination it
divides the training samples into a few parts, called *folds*. It trains on all
folds but one, computes the score on that one, and repeats this for each fold
in turn (*cross-validation*). The combination with the best mean score is
trained once more on all training samples.

The best mean score is a little too good, because it was chosen as the best of
many. A fair score
needs samples that were not used for anything so far, the *test data*. They are
set aside at the start and used once, at the end.
"""

# %%
# The digits again, now with all labels right. In the grid, two underscores
# separate the name of a step from the name of its parameter.

# sphinx_gallery_start_ignore
import matplotlib.pyplot as plt

# sphinx_gallery_end_ignore
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from sknn_edu import MLPClassifier

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, random_state=0, stratify=y
)

network = MLPClassifier(
    learning_rate_init=0.01,
    tol=1e-3,
    max_iter=500,
    random_state=0,
)
model = Pipeline([("scale", StandardScaler()), ("network", network)])
sizes, alphas = [4, 16, 64], [0.01, 1, 10, 100]
grid = {
    "network__alpha": alphas,
    "network__hidden_layer_sizes": sizes,
}
search = GridSearchCV(model, grid, cv=3).fit(X_train, y_train)

print("best settings:", search.best_params_)
print(f"their mean score on the folds: {search.best_score_:.2f}")
print(f"score on the test data:        {search.score(X_test, y_test):.2f}")
# sphinx_gallery_start_ignore
scores = search.cv_results_["mean_test_score"]
scores = scores.reshape(len(alphas), len(sizes))
fig, ax = plt.subplots(figsize=(5.5, 4), layout="constrained")
image = ax.imshow(scores, cmap="Blues", vmin=0, vmax=1, aspect="auto")
for (row, column), score in np.ndenumerate(scores):
    ax.text(
        column,
        row,
        f"{score:.2f}",
        ha="center",
        va="center",
        color="white" if score > 0.6 else "black",
        fontsize=13,
    )
row, column = np.unravel_index(search.best_index_, scores.shape)
ax.add_patch(
    plt.Rectangle(
        (column - 0.5, row - 0.5),
        1,
        1,
        fill=False,
        edgecolor="tab:orange",
        linewidth=5,
    )
)
ax.set_xticks(range(len(sizes)), sizes)
ax.set_yticks(range(len(alphas)), alphas)
ax.set(xlabel="hidden neurons", ylabel="alpha")
ax.set_title("Mean score in cross-validation")
fig.colorbar(image, ax=ax)
fig.suptitle(
    "A table of twelve scores. They are low for 4 neurons and for alpha = "
    "100. The best, framed, is at 64 neurons and alpha = 1",
    visible=False,
    in_layout=False,
)
plt.show()
# sphinx_gallery_end_ignore

# %%
# The picture shows the mean score of each combination, with the best one
# framed. Four neurons cannot tell ten digits apart. A penalty that is too
# strong keeps all weights so small that the network learns too little.
#
# **The source:** :doc:`/core/training` for the epochs. The pipeline and the
# search are scikit-learn's own.
#
# **Exercise.** The 13 features of ``load_wine`` are on very different scales.
# Use cross-validation to compare a network with and without a scaler.
#
# .. dropdown:: Answer
#
#    With the scaler, the mean score is clearly higher.
#
#    .. code-block:: python
#
#       from sklearn.datasets import load_wine
#       from sklearn.model_selection import cross_val_score
#
#       wine, kind = load_wine(return_X_y=True)
#       network = MLPClassifier(
#           8, learning_rate_init=0.01, tol=1e-3, max_iter=500, random_state=0
#       )
#       model = Pipeline([("scale", StandardScaler()), ("network", network)])
#       without = cross_val_score(network, wine, kind).mean()
#       scaled = cross_val_score(model, wine, kind).mean()
#       print(scaled > without + 0.02)  # True
#
# **Next:** :doc:`plot_15_a_table` trains a network on a table with numbers,
# words and gaps.
