r"""
7. Backpropagation by hand
==========================

**Which weight is to blame, and by how much?**

The blame of a weight is the slope of the loss with respect to it: how much does :math:`L` grow
when the weight grows a little? A network may have thousands of weights. To nudge each of them and
see what happens would take thousands of forward passes. *Backpropagation* finds all slopes in one
backward pass.

It begins at the output with :math:`\delta = dL/dz`, as in the last chapter. Two rules do the rest.
The blame of a weight is what came in through it, times the :math:`\delta` of its neuron. And the
:math:`\delta` of a hidden neuron is the blame that comes back through its outgoing weights, times
the slope of its own activation.

That is the chain rule of school, written down once for each layer:

.. math::

   dW_k = a_{k-1} \, \delta_k^T, \qquad db_k = \textstyle\sum \delta_k, \qquad
   \delta_{k-1} = (W_k \, \delta_k) \cdot g'(z_{k-1})

The dot multiplies number by number, and the sum runs over the samples, here only one. For the
sigmoid, :math:`g'(z) = a (1 - a)`.
"""

# %%
# **Forward, by hand.** Two inputs, two hidden sigmoid neurons, one sigmoid output. The sample is
# (1, 2), and the right answer is no, so y = 0.
#
# The first hidden neuron has weights 1 and 0.5 and bias -2. Its sum is 1 + 1 - 2 = 0, its answer
# 0.5. The second has weights -1 and 1 and bias 0. Its sum is -1 + 2 = 1, its answer 0.7311. The
# output has weights 3 and -1 and bias 0. Its sum is 1.5 - 0.7311 = 0.7689, its answer 0.6833. The
# network says "rather yes", which is wrong, and the cross-entropy -log(1 - 0.6833) is 1.1498.
import matplotlib.pyplot as plt
import numpy as np

from sknn_edu import MLPClassifier
from sknn_edu.inspection import check_gradient, trace

x = np.array([[1.0], [2.0]])  # one sample, so one column
y = 0
W1, b1 = np.array([[1.0, -1.0], [0.5, 1.0]]), np.array([[-2.0], [0.0]])
W2, b2 = np.array([[3.0], [-1.0]]), np.array([[0.0]])

z1 = W1.T @ x + b1
a1 = 1 / (1 + np.exp(-z1))
z2 = W2.T @ a1 + b2
a2 = 1 / (1 + np.exp(-z2))
L = -np.log(1 - a2)
print("z1", z1.ravel(), " a1", a1.ravel().round(4))
print("z2", z2.ravel().round(4), " a2", a2.ravel().round(4), " L", L.ravel().round(4))

# %%
# **Backward, by hand.** The delta of the output is a - y = 0.6833. It is multiplied by what came
# in, 0.5 and 0.7311: the two weights of the output get the blame 0.3416 and 0.4995, the bias
# 0.6833.
#
# Through its weight 3, the first hidden neuron gets 3 times 0.6833 back, times the slope of its
# sigmoid, 0.5 times 0.5: its delta is 0.5125. Through its weight -1, the second gets -0.6833,
# times 0.7311 times 0.2689: its delta is -0.1343. Multiplied by the inputs 1 and 2 these are the
# blame of the first layer's weights.
delta2 = a2 - y
dW2, db2 = a1 @ delta2.T, delta2.sum(axis=1)
delta1 = (W2 @ delta2) * a1 * (1 - a1)
dW1, db1 = x @ delta1.T, delta1.sum(axis=1)
print("delta2", delta2.ravel().round(4), " dW2", dW2.ravel().round(4))
print("delta1", delta1.ravel().round(4))
print("dW1", *dW1.round(4), sep="\n")

# %%
# The same in a picture: answers run to the right through the network, and blame runs to the left.
places = [(0, 1), (0, 0), (1, 1), (1, 0), (2, 0.5)]  # two inputs, two hidden neurons, the output
edges = [(0, 2), (0, 3), (1, 2), (1, 3), (2, 4), (3, 4)]
answers, blame = [*x.flat, *a1.flat, *a2.flat], [None, None, *delta1.flat, *delta2.flat]
sides = (
    ("forward: answers a and weights W", answers, [*W1.flat, *W2.flat], "tab:blue"),
    ("backward: delta and blame dW", blame, [*dW1.flat, *dW2.flat], "tab:orange"),
)
figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
for ax, (title, in_neurons, on_edges, colour) in zip(axes, sides, strict=True):
    for (start, end), number in zip(edges, on_edges, strict=True):
        ends = np.array([places[start], places[end]])
        ax.plot(*ends.T, color=colour, zorder=1)
        at = (0.62, 0.38) @ ends if end < 4 else (0.5, 0.5) @ ends
        text = f"{number.round(4):g}"
        ax.text(*at, text, ha="center", va="center", fontsize=9, backgroundcolor="white")
    for place, number in zip(places, in_neurons, strict=True):
        ax.scatter(*place, s=1900, color="white", edgecolors=colour, zorder=3)
        text = "" if number is None else f"{number.round(4):g}"
        ax.text(*place, text, ha="center", va="center", fontsize=9, zorder=4)
    ax.set(title=title, xlim=(-0.25, 2.25), ylim=(-0.3, 1.3), yticks=[])
    ax.set_xticks([0, 1, 2], ["inputs", "hidden layer", "output"])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
plt.show()

# %%
# **The same network in the package.** One call of ``partial_fit`` makes the arrays, and then we
# put our own weights in their place. ``trace`` prints the blackboard. With the learning rate 1,
# the step that the optimiser would take is minus the blame, which is the subject of the next
# chapter.
network = MLPClassifier(
    2, "logistic", solver="sgd", learning_rate_init=1.0, momentum=0.0, alpha=0.0,
    random_state=0,
)  # fmt: skip
network.partial_fit(x.T, [y], classes=[0, 1])
network.coefs_, network.intercepts_ = [W1, W2], [b1.ravel(), b2.ravel()]
board = trace(network, x.T, [y])
print(board)

# %%
# Line by line these are our numbers. But both calculations could be wrong in the same way, so there
# is an independent check: ``check_gradient`` moves all weights a little along random directions,
# measures how the loss changes, and compares that with backpropagation.
print("dW1 the same:", np.allclose(board.layers[0].dW, dW1))
print("dW2 the same:", np.allclose(board.layers[1].dW, dW2))
print("gradient right:", check_gradient(network, x.T, [y]).error < 1e-6)

# %%
# The code that does it: ``backward`` in :doc:`/core/one_page`, in ten lines of plain NumPy, and
# :doc:`/core/network`, the way the package does it
#
# **Exercise.** Make the output's first weight larger by 0.01, from 3 to 3.01. By how much should
# the loss grow, according to the blame 0.3416 of that weight? Measure it.
#
# .. dropdown:: Answer
#
#    By about 0.01 times 0.3416, which is 0.0034.
#
#    .. code-block:: python
#
#       network.coefs_ = [W1, np.array([[3.01], [-1.0]])]
#       print(round(trace(network, x.T, [y]).loss - board.loss, 4))  # 0.0034
#
# Now every weight knows its share of the blame, and :doc:`plot_08_gradient_descent` lets all of
# them make amends.
