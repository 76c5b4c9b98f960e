r"""
5. Forward propagation
======================

**How does a network compute its answers, for many samples at once?**

Layer by layer, from the inputs to the output. Each neuron computes its sum
:math:`z` and its activation :math:`a = g(z)`, and the activations of a layer
are the inputs of the next one. This is called *forward propagation*.

One product of matrices computes all sums of a layer. Take two samples, (0, 1)
and (1, 1), and a hidden layer like that of the last chapter: an OR gate with
weights 1 and 1 and bias -0.5, and an AND gate with weights 2 and 2 and bias
-3. Write one row per sample into :math:`X`, and the weights of each neuron
into a column of :math:`W`:

.. math::

   X = \begin{pmatrix} 0 & 1 \\ 1 & 1 \end{pmatrix}, \qquad
   W = \begin{pmatrix} 1 & 2 \\ 1 & 2 \end{pmatrix}, \qquad
   b = \begin{pmatrix} -0.5 & -3 \end{pmatrix}

The product :math:`X W` multiplies each row of :math:`X` by each column of
:math:`W`, number by number, and adds up the products. That is the weighted sum
of each sample in each neuron, still without the bias. For the first sample it
is :math:`0 \cdot 1 + 1 \cdot 1 = 1` in the OR gate and
:math:`0 \cdot 2 + 1 \cdot 2 = 2` in the AND gate. The biases are then added to
each row:

.. math::

   Z = X W + b
   = \begin{pmatrix} 1 & 2 \\ 2 & 4 \end{pmatrix}
   + \begin{pmatrix} -0.5 & -3 \\ -0.5 & -3 \end{pmatrix}
   = \begin{pmatrix} 0.5 & -1 \\ 1.5 & 1 \end{pmatrix}

Row 1 is the first sample: OR says yes (0.5 is at least 0), and AND says no.
Row 2 is the second sample: both say yes. In general, for a layer that receives
:math:`n_\text{in}` numbers from each of :math:`n` samples and has
:math:`n_\text{out}` neurons:

==============  ======================================  =======================
symbol          shape                                   meaning
==============  ======================================  =======================
:math:`X`       :math:`(n, n_\text{in})`                inputs, one row per
                                                        sample
:math:`W`       :math:`(n_\text{in}, n_\text{out})`     weights, a column per
                                                        neuron
:math:`b`       :math:`(n_\text{out},)`                 biases, one per neuron
:math:`Z`       :math:`(n, n_\text{out})`               sums :math:`X W + b`
:math:`A`       :math:`(n, n_\text{out})`               activations
                                                        :math:`g(Z)`
==============  ======================================  =======================

The layers are numbered. With :math:`A_0 = X`, layer :math:`k` computes
:math:`Z_k = A_{k-1} W_k + b_k` and :math:`A_k = g(Z_k)`.
"""

# %%
# In NumPy, ``@`` is the product of matrices, and adding ``b`` of shape (2,) to
# an array of shape (2, 2) adds it to each row.
import numpy as np

X = np.array([[0, 1], [1, 1]])
W1, b1 = np.array([[1, 2], [1, 2]]), np.array([-0.5, -3.0])
W2, b2 = np.array([[1], [-1]]), np.array([-0.5])  # OR but not AND

A1 = (X @ W1 + b1 >= 0).astype(int)  # the step, number by number
A2 = (A1 @ W2 + b2 >= 0).astype(int)
print("hidden layer:", *A1, sep="\n")
print("output:", *A2, sep="\n")

# %%
# The output is one column, because the last layer has one neuron: XOR says yes
# to (0, 1) and no to (1, 1).
#
# **Several classes.** To choose among several classes, the output layer has
# one neuron for each. The function *softmax* turns its sums into probabilities
# that add up to 1; the largest sum gets the largest probability:
#
# .. math::
#
#    a_i = \frac{e^{z_i}}{e^{z_1} + e^{z_2} + \dots}
#
# Here is a network for iris flowers with 4 measurements, 5 hidden neurons and
# 3 species. (The next chapters explain how it is trained.) We compute its
# output for three flowers, one of each species, and compare it with
# ``predict_proba``.
from sklearn.datasets import load_iris
from sklearn.preprocessing import StandardScaler

from sknn_edu import MLPClassifier
from sknn_edu.inspection import NetworkDisplay

X, y = load_iris(return_X_y=True)
X = StandardScaler().fit_transform(X)  # mean 0 and standard deviation 1
network = MLPClassifier(5, "tanh", solver="lbfgs", alpha=1.0, random_state=0)
network.fit(X, y)

flowers = X[[0, 50, 100]]  # (3, 4)
(W1, W2), (b1, b2) = network.coefs_, network.intercepts_
A1 = np.tanh(flowers @ W1 + b1)  # (3, 4) @ (4, 5) -> (3, 5)
E = np.exp(A1 @ W2 + b2)  # (3, 5) @ (5, 3) -> (3, 3)
A2 = E / E.sum(axis=1, keepdims=True)  # softmax of each row
print("one row per flower, one column per species:", *A2.round(2), sep="\n")
print("as predict_proba:", np.allclose(A2, network.predict_proba(flowers)))

# %%
# The same network as a picture, with the first flower as its input. A line is
# a weight: blue if positive, red if negative, thicker if larger. A circle
# contains the activation of its neuron. The output at the top, for the species
# setosa, has the largest probability.
display = NetworkDisplay.from_estimator(network, flowers[0])
# sphinx_gallery_start_ignore
import matplotlib.pyplot as plt

names = ["sepal length", "sepal width", "petal length", "petal width"]
display.ax_.set_yticks([1.5, 0.5, -0.5, -1.5], names)
display.ax_.set_title("A flower of the species setosa")
display.figure_.suptitle(
    "A network with four inputs, five hidden neurons and three outputs, "
    "which are 0.99, 0.01 and 0.00",
    visible=False,
    in_layout=False,
)
plt.show()
# sphinx_gallery_end_ignore

# %%
# **The source:** ``forward`` in :doc:`/core/one_page`, and
# :doc:`/core/network`
#
# **Exercise.** A network has 64 inputs, hidden layers of 30 and 20 neurons,
# and 10 outputs. How many weights and biases does it have?
#
# .. dropdown:: Answer
#
#    A layer has a weight for each pair of an input and a neuron, and a bias
#    for each neuron: 64 times 30 plus 30, 30 times 20 plus 20, and 20 times 10
#    plus 10. That is 2780 altogether.
#
#    .. code-block:: python
#
#       from sklearn.datasets import load_digits
#
#       pixels, digits = load_digits(return_X_y=True)
#       large = MLPClassifier((30, 20), random_state=0)
#       large.partial_fit(pixels, digits, classes=range(10))
#       arrays = large.coefs_ + large.intercepts_
#       print(sum(array.size for array in arrays))  # 2780
#
# **Next:** :doc:`plot_06_two_losses` measures how good such an output is.
