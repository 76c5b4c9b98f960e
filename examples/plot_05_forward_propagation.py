r"""
5. Forward propagation
======================

**How does a sample become an answer?**

Layer by layer. The features of the sample enter the first layer. Each neuron makes its weighted
sum and bends it. The answers of a layer are the inputs of the next one. This is *forward
propagation*, and it is the whole of what a trained network does.

All weighted sums of a layer are made at once by a product of matrices. Column :math:`j` of
:math:`W` holds the weights of neuron :math:`j`, so :math:`W` has one row for each input and one
column for each neuron. Inside a network each sample is a *column*. Hence many samples need no new
formula, only more columns.

The output layer depends on the task. For yes or no it is one sigmoid neuron. For several classes
there is one neuron each, and *softmax* turns their sums into probabilities that add up to 1. To
predict a number, the output is the weighted sum itself.

.. math::

   a_0 &= X^T \\
   z_k &= W_k^T a_{k-1} + b_k \qquad \text{for the layers } k = 1, 2, \dots \\
   a_k &= g(z_k) \\
   \text{softmax:} \quad a_i &= \frac{e^{z_i}}{\sum_j e^{z_j}}
"""

# %%
# A network for iris flowers: 4 measurements, 5 hidden neurons, 3 species. We train it (the next
# chapters explain how) and follow three flowers, one of each species, through it. ``trace`` keeps
# every number on the way.
import matplotlib.pyplot as plt
from sklearn.datasets import load_iris
from sklearn.preprocessing import StandardScaler

from sknn_edu import MLPClassifier
from sknn_edu.inspection import NetworkDisplay, trace

X, y = load_iris(return_X_y=True)
X = StandardScaler().fit_transform(X)  # mean 0 and standard deviation 1
network = MLPClassifier(5, "tanh", solver="lbfgs", alpha=1.0, random_state=0)
network.fit(X, y)

flowers = [0, 50, 100]
for k, layer in enumerate(trace(network, X[flowers], y[flowers]).layers, 1):
    print(f"layer {k}, {layer.activation}:")
    print(f"  inputs {layer.inputs.shape}, W {layer.W.shape}, b {layer.b.shape}")
    print(f"  z {layer.z.shape}, a {layer.a.shape}")
print("probabilities, a column for each flower and a row for each species:")
print(layer.a.round(2))

# %%
# Two flowers in the same network. A line is a weight: blue if positive, red if negative, and
# thicker if larger. A circle shows what its neuron answers. The weights are the same in both
# pictures. Only the answers differ.
features = ["sepal length", "sepal width", "petal length", "petal width"]
figure, axes = plt.subplots(1, 2, figsize=(9, 4.2), layout="constrained")
for ax, flower, name in zip(axes, (0, 100), ("setosa", "virginica"), strict=True):
    NetworkDisplay.from_estimator(network, X[flower], ax=ax)
    ax.set_yticks([1.5, 0.5, -0.5, -1.5], features)
    ax.set_title(f"a flower of the species {name}")
plt.show()

# %%
# The code that does it: :doc:`/core/network`
#
# **Exercise.** A network has 64 inputs, hidden layers of 30 and 20 neurons, and 10 outputs. How
# many numbers does it have to learn?
#
# .. dropdown:: Answer
#
#    A layer has a weight for each pair of an input and a neuron, and a bias for each neuron. That
#    makes 64 times 30 + 30, then 30 times 20 + 20, then 20 times 10 + 10, which is 2780
#    altogether.
#
#    .. code-block:: python
#
#       from sklearn.datasets import load_digits
#
#       pixels, digits = load_digits(return_X_y=True)
#       large = MLPClassifier((30, 20), random_state=0)
#       large.partial_fit(pixels, digits, classes=range(10))
#       print(sum(array.size for array in large.coefs_ + large.intercepts_))  # 2780
#
# An answer alone does not say how good it is, so :doc:`plot_06_two_losses` gives it a mark.
