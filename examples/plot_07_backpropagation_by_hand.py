r"""
7. Backpropagation by hand
==========================

**How much does the loss change when a weight changes?**

The answer for one weight is the slope of the loss with respect to it, written
:math:`dL/dW` or short :math:`dW`: if the weight grows by a small amount, the
loss grows by about :math:`dW` times that amount. All these slopes together are
the *gradient*.

A network may have thousands of weights. To change each of them a little and
measure the loss would take thousands of forward passes. *Backpropagation*
computes all slopes in one backward pass.

It starts at the output with :math:`\delta = dL/dz` from the last chapter. Two
rules do the rest:

* The slope for a weight is the number that came in through it, times the
  :math:`\delta` of its neuron. The slope for a bias is the :math:`\delta`
  itself, because its input is always 1.
* The :math:`\delta` of a hidden neuron is the sum over its outgoing weights,
  each times the :math:`\delta` of the neuron it leads to, times the slope of
  the activation of the hidden neuron.

For a whole layer, in the notation of :doc:`plot_05_forward_propagation`:

.. math::

   dW_k = A_{k-1}^T \, \delta_k, \qquad
   db_k = \textstyle\sum \delta_k, \qquad
   \delta_{k-1} = (\delta_k \, W_k^T) \circ g'(Z_{k-1})

:math:`\delta_k` has the shape of :math:`Z_k`, one row per sample, and
:math:`dW_k` has the shape of :math:`W_k`. The transpose :math:`A^T` swaps the
rows and columns of :math:`A`, the sum runs over the samples, and :math:`\circ`
multiplies number by number. For the sigmoid, :math:`g'(z) = a (1 - a)`. This
chapter uses the rules, and the next one explains why they hold.
"""

# %%
# **Forward.** Two inputs, two hidden sigmoid neurons, one sigmoid output. The
# sample is (1, 2), and the right answer is no, so y = 0.
#
# * The first hidden neuron has weights 1 and 0.5 and bias -2. Its sum is
#   1 + 1 - 2 = 0, and its activation is 0.5.
# * The second has weights -1 and 1 and bias 0. Its sum is -1 + 2 = 1, and its
#   activation is 0.7311.
# * The output has weights 3 and -1 and bias 0. Its sum is
#   1.5 - 0.7311 = 0.7689, and its activation is 0.6833.
#
# So the network says "probably yes", which is wrong. The cross-entropy is
# -log(1 - 0.6833) = 1.1498.
import numpy as np

from sknn_edu import MLPClassifier
from sknn_edu.inspection import check_gradient, trace

X = np.array([[1.0, 2.0]])  # one sample, so one row
y = 0
W1, b1 = np.array([[1.0, -1.0], [0.5, 1.0]]), np.array([-2.0, 0.0])
W2, b2 = np.array([[3.0], [-1.0]]), np.array([0.0])

Z1 = X @ W1 + b1
A1 = 1 / (1 + np.exp(-Z1))
Z2 = A1 @ W2 + b2
A2 = 1 / (1 + np.exp(-Z2))
L = -np.log(1 - A2)
print("Z1", Z1, " A1", A1.round(4))
print("Z2", Z2.round(4), " A2", A2.round(4), " L", L.round(4))

# %%
# **Backward.** The delta of the output is a - y = 0.6833. The two weights of
# the output received 0.5 and 0.7311, so their slopes are 0.3416 and 0.4995.
#
# The first hidden neuron is connected to the output by the weight 3. Its delta
# is 3 times 0.6833, times the slope of its sigmoid, 0.5 times 0.5, which makes
# 0.5125. For the second, the weight is -1 and the slope 0.7311 times 0.2689,
# so its delta is -0.1343. These two, multiplied by the inputs 1 and 2, are the
# slopes for the weights of the first layer.
delta2 = A2 - y
dW2, db2 = A1.T @ delta2, delta2.sum(axis=0)
delta1 = (delta2 @ W2.T) * A1 * (1 - A1)
dW1, db1 = X.T @ delta1, delta1.sum(axis=0)
print("delta2", delta2.round(4), " dW2", *dW2.round(4))
print("delta1", delta1.round(4), " dW1", *dW1.round(4))
# sphinx_gallery_start_ignore
import matplotlib.pyplot as plt

places = [(0, 1), (0, 0), (1, 1), (1, 0), (2, 0.5)]
edges = [(0, 2), (0, 3), (1, 2), (1, 3), (2, 4), (3, 4)]
activations = [*X.flat, *A1.flat, *A2.flat]
deltas = [None, None, *delta1.flat, *delta2.flat]
pairs = zip([*W1.flat, *W2.flat], [*dW1.flat, *dW2.flat], strict=True)
blue, orange = "tab:blue", "tab:orange"
fig, ax = plt.subplots(figsize=(6.4, 4.6), layout="constrained")


def write(x, y, forward, backward, **kwargs):
    up, down = (y, y) if backward is None else (y + 0.05, y - 0.05)
    kwargs |= {"ha": "center", "va": "center"}
    ax.text(x, up, f"{forward.round(4):g}", color=blue, **kwargs)
    if backward is not None:
        ax.text(x, down, f"{backward.round(4):g}", color=orange, **kwargs)


for (start, end), (weight, slope) in zip(edges, pairs, strict=True):
    ends = np.array([places[start], places[end]])
    ax.plot(*ends.T, color="0.6", zorder=1)
    at = (0.65, 0.35) @ ends if end < 4 else (0.5, 0.5) @ ends
    ax.scatter(*at, s=1500, color="white", zorder=2)
    write(*at, weight, slope, zorder=3)
for place, a, delta in zip(places, activations, deltas, strict=True):
    ax.scatter(*place, s=2600, color="white", edgecolors="0.4", zorder=4)
    write(*place, a, delta, zorder=5)
ax.text(1.6, 1.28, "forward: a, W", color=blue, ha="left")
ax.text(1.6, 1.16, "backward: delta, dW", color=orange, ha="left")
ax.set(xlim=(-0.25, 2.4), ylim=(-0.3, 1.4), yticks=[])
ax.set_xticks([0, 1, 2], ["inputs", "hidden layer", "output"])
ax.set_title("Forward and backward pass")
ax.tick_params(length=0)
ax.spines[:].set_visible(False)
fig.suptitle(
    "A network of two inputs, two hidden neurons and one output. Each neuron "
    "contains its activation and its delta, each line has its weight and the "
    "slope for that weight",
    visible=False,
    in_layout=False,
)
plt.show()
# sphinx_gallery_end_ignore

# %%
# The picture shows all numbers in their places. The blue ones, activations and
# weights, are used from left to right. The orange ones, deltas and slopes, are
# computed from right to left.
#
# **The same network in the package.** ``partial_fit`` creates the arrays, and
# then we replace them by our own. ``trace`` shows every number as on a
# blackboard. The package stores one *column* per sample, so ``z``, ``a`` and
# ``delta`` are the transposes of our arrays, and the rules look a little
# different. ``dW`` and ``db`` are the same. The rows that begin with "step"
# are what the optimiser adds to the weights, the subject of chapter 9.
network = MLPClassifier(
    2,
    "logistic",
    solver="sgd",
    learning_rate_init=1.0,
    momentum=0.0,
    alpha=0.0,
)
network.partial_fit(X, [y], classes=[0, 1])
network.coefs_, network.intercepts_ = [W1, W2], [b1, b2]
board = trace(network, X, [y])
print(board)

# %%
# The numbers are the same. But we and the package could make the same mistake,
# so we also need an independent check. ``check_gradient`` moves all weights
# and biases a little in random directions, measures how the loss changes, and
# compares this with the slopes from backpropagation.
print("dW1 is the same:", np.allclose(board.layers[0].dW, dW1))
print("dW2 is the same:", np.allclose(board.layers[1].dW, dW2))
print("error is small:", check_gradient(network, X, [y]).error < 1e-6)

# %%
# **The source:** ``backward`` in :doc:`/core/one_page`, and
# :doc:`/core/network`
#
# **Exercise.** Increase the first weight of the output by 0.01, from 3 to
# 3.01. How much larger should the loss be, according to the slope 0.3416?
# Measure it.
#
# .. dropdown:: Answer
#
#    About 0.01 times 0.3416, which is 0.0034.
#
#    .. code-block:: python
#
#       network.coefs_ = [W1, np.array([[3.01], [-1.0]])]
#       print(round(trace(network, X, [y]).loss - board.loss, 4))  # 0.0034
#
# **Next:** :doc:`plot_08_chain_rule` derives the two rules.
