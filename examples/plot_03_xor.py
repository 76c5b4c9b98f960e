"""
XOR needs a hidden layer
========================

No line parts the corners of XOR, so a single unit never comes to rest on it. Two layers of neurons
bend the boundary.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.inspection import DecisionBoundaryDisplay

from sknn_edu import MLPClassifier, PerceptronClassifier

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
y = np.array([0, 1, 1, 0])

with warnings.catch_warnings():
    warnings.simplefilter("ignore", ConvergenceWarning)  # it cannot converge: that is the lesson
    unit = PerceptronClassifier(max_iter=100, tol=None, random_state=0).fit(X, y)
network = MLPClassifier(4, activation="tanh", solver="lbfgs", random_state=0).fit(X, y)

figure, axes = plt.subplots(1, 2, figsize=(8, 4), layout="constrained")
for ax, model, response, title in (
    (axes[0], unit, "predict", "one perceptron"),
    (axes[1], network, "predict_proba", "four hidden neurons"),
):
    DecisionBoundaryDisplay.from_estimator(
        model, X, response_method=response, cmap="Blues", alpha=0.6, ax=ax, eps=0.5
    )
    ax.scatter(*X.T, c=y, cmap="Blues", edgecolor="black", s=90, vmin=-0.5)
    right = int((model.predict(X) == y).sum())
    ax.set(title=f"{title}: {right} of 4 right", xlabel="first input", ylabel="second input")
    ax.set(xticks=[0, 1], yticks=[0, 1])
plt.show()
