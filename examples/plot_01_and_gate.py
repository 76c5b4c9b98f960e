"""
The AND gate
============

A perceptron adds up its inputs, each times a weight, and fires when the sum reaches a threshold.
With both weights 1 and threshold 2 it is an AND gate. It finds such weights by itself, too, by
adding or taking away each sample that it gets wrong.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.inspection import DecisionBoundaryDisplay

from sknn_edu import PerceptronClassifier

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
y = np.array([0, 0, 0, 1])

by_hand = PerceptronClassifier.from_weights([1.0, 1.0], threshold=2.0)
learned = PerceptronClassifier(random_state=0).fit(X, y)

figure, axes = plt.subplots(1, 2, figsize=(8, 4), layout="constrained")
for ax, unit, title in zip(axes, (by_hand, learned), ("by hand", "learned"), strict=True):
    DecisionBoundaryDisplay.from_estimator(
        unit, X, response_method="predict", cmap="Blues", alpha=0.4, ax=ax, eps=0.5
    )
    ax.scatter(*X.T, c=y, cmap="Blues", edgecolor="black", s=90, vmin=-0.5)
    w, threshold = unit.coef_[0], -unit.intercept_[0]
    ax.set(title=f"{title}: w = ({w[0]:g}, {w[1]:g}), threshold {threshold:g}")
    ax.set(xlabel="first input", ylabel="second input", xticks=[0, 1], yticks=[0, 1])

print("mistakes in each epoch:", learned.mistake_curve_)
plt.show()
