"""
Looking inside a network
========================

A small network for iris, drawn with its answers to one flower; how it learned; what the neurons of
another one look for in pictures of digits; and an activation with its derivative.
"""

# %%
from matplotlib import pyplot as plt
from sklearn.datasets import load_digits, load_iris
from sklearn.preprocessing import StandardScaler

from sknn_edu import MLPClassifier
from sknn_edu.inspection import (
    ActivationDisplay,
    LossCurveDisplay,
    NetworkDisplay,
    WeightsDisplay,
    trace,
)

X, y = load_iris(return_X_y=True, as_frame=True)
X = StandardScaler().set_output(transform="pandas").fit_transform(X)
small = MLPClassifier((5, 3), "tanh", solver="lbfgs", alpha=0.1, max_iter=1000, random_state=0)
small.fit(X, y)

# %%
# One step of learning on two flowers, number by number.
print(trace(small, X[::90], y[::90]))

# %%
# The same in pictures.
curves = {
    name: MLPClassifier(
        (20,), solver=name, early_stopping=True, learning_rate_init=0.01, random_state=0
    ).fit(X, y)
    for name in ("adam", "sgd")
}
digits, labels = load_digits(return_X_y=True)
seer = MLPClassifier((40,), alpha=1, tol=1e-2, random_state=0).fit(digits / 16, labels)

figure, axes = plt.subplots(2, 2, figsize=(11, 7.5), layout="constrained")
NetworkDisplay.from_estimator(small, X.iloc[80], ax=axes[0, 0])
LossCurveDisplay.from_estimator(*curves.values(), names=list(curves), ax=axes[0, 1])
WeightsDisplay.from_estimator(seer, (8, 8), ax=axes[1, 0])
ActivationDisplay("mish").plot(ax=axes[1, 1])
plt.show()
