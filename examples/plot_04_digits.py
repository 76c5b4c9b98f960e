"""
Handwritten digits, beside scikit-learn
=======================================

The same parameters and the same seed give the same loss curve as scikit-learn's own class. Each
image below is what one hidden neuron looks for: its 64 weights as an 8 by 8 picture.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn import neural_network
from sklearn.datasets import load_digits

from sknn_edu import MLPClassifier

X, y = load_digits(return_X_y=True)
X = X / 16
params = {"hidden_layer_sizes": 16, "learning_rate_init": 0.01, "tol": 1e-3, "random_state": 0}
ours = MLPClassifier(**params).fit(X, y)
theirs = neural_network.MLPClassifier(**params).fit(X, y)
print(
    "largest difference of the losses:",
    np.abs(np.subtract(ours.loss_curve_, theirs.loss_curve_)).max(),
)

figure = plt.figure(figsize=(9, 4), layout="constrained")
left, right = figure.subfigures(1, 2)
ax = left.subplots()
ax.plot(theirs.loss_curve_, linewidth=5, alpha=0.4, label="scikit-learn")
ax.plot(ours.loss_curve_, label="sknn_edu")
ax.set(yscale="log", xlabel="epoch", ylabel="loss (nats)", title="the same numbers")
ax.legend()
bound = np.abs(ours.coefs_[0]).max()
for ax, weights in zip(right.subplots(4, 4).flat, ours.coefs_[0].T, strict=True):
    ax.imshow(weights.reshape(8, 8), cmap="RdBu", vmin=-bound, vmax=bound)
    ax.set(xticks=[], yticks=[])
right.suptitle("what the hidden neurons look for")
plt.show()
