r"""
4. Layers
=========

**What if no straight line parts the yes from the no?**

XOR is such a case. It says yes when exactly one of two inputs is 1. The two yes lie on opposite
corners of a square, and so do the two no. Draw any line you like: at least one corner is on the
wrong side.

The way out is to ask several neurons, and then a further one that listens to their answers. Let
one neuron be an OR gate and another an AND gate. XOR is what remains: OR, but not AND. Neurons
side by side are a *layer*. A layer between the inputs and the output is called *hidden*. It gives
each sample new coordinates, and in these a straight line is enough.

Two things matter when the weights are to be learned. The curve :math:`g` of the hidden neurons,
their *activation*, must bend, because straight lines put after one another make only another
straight line. And the weights must start at random: hidden neurons that start alike would learn
alike for ever.

.. math::

   a_1 = g(W_1^T x + b_1), \qquad a_2 = g(W_2^T a_1 + b_2)

The indices number the layers.
"""

# %%
# XOR by hand, from three perceptrons. The thresholds lie halfway between the sums that occur.
import matplotlib.pyplot as plt
import numpy as np

from sknn_edu import MLPClassifier, PerceptronClassifier
from sknn_edu.inspection import TrainingReplay

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
y = np.array([0, 1, 1, 0])

or_gate = PerceptronClassifier.from_weights([1, 1], threshold=0.5)
and_gate = PerceptronClassifier.from_weights([1, 1], threshold=1.5)
but_not = PerceptronClassifier.from_weights([1, -1], threshold=0.5)

hidden = np.column_stack([or_gate.predict(X), and_gate.predict(X)])
print("OR and AND, one row per sample:", *hidden, sep="\n")
print("OR but not AND:", but_not.predict(hidden))

# %%
# On the left, the lines of the two hidden neurons among the inputs. On the right, the same samples
# as the output neuron sees them. Two of them have become one point, and its single line is enough.
figure, axes = plt.subplots(1, 2, figsize=(9, 4.2), layout="constrained")
ends = np.array([-0.5, 1.5])
axes[0].plot(ends, 0.5 - ends, color="black", linestyle="--", label="line of OR")
axes[0].plot(ends, 1.5 - ends, color="black", linestyle=":", label="line of AND")
axes[1].plot(ends, ends - 0.5, color="black", label="line of the output neuron")
for ax, points in zip(axes, (X, hidden), strict=True):
    ax.scatter(*points[y == 0].T, s=110, c="tab:orange", marker="o", label="no", zorder=3)
    ax.scatter(*points[y == 1].T, s=110, c="tab:blue", marker="s", label="yes", zorder=3)
    ax.set(xlim=ends, ylim=(-0.5, 1.9), xticks=[0, 1], yticks=[0, 1])
    ax.legend(ncols=2, loc="upper center")
axes[0].set(title="what comes in", xlabel="first input", ylabel="second input")
axes[1].set(title="what the hidden layer says", xlabel="answer of OR", ylabel="answer of AND")
plt.show()

# %%
# Now a network that learns XOR by itself, from clouds of samples around the four corners. It has
# four hidden neurons with the activation tanh, a sigmoid stretched to reach from -1 to 1. Watch
# how the small maps of the hidden neurons turn until their sum fits.
rng = np.random.default_rng(0)
corner = np.arange(120) % 4
cloud = X[corner] + rng.normal(scale=0.18, size=(120, 2))
network = MLPClassifier(4, "tanh", learning_rate_init=0.05, tol=1e-3, random_state=0)
TrainingReplay(network, title="Four hidden neurons learn XOR").fit(cloud, y[corner])

# %%
# The code that does it: :doc:`/core/network`, with :doc:`/core/activations` and
# :doc:`/core/initializers`
#
# **Exercise.** Replace ``"tanh"`` by ``"identity"``, the activation that does not bend, and fit
# the network to the four corners. How many of them can it get right?
#
# .. dropdown:: Answer
#
#    Three at the most. Whatever the number of layers, the network is a single straight line again.
#
#    .. code-block:: python
#
#       right = []
#       for seed in range(10):
#           straight = MLPClassifier(4, "identity", solver="lbfgs", random_state=seed).fit(X, y)
#           right.append(int((straight.predict(X) == y).sum()))
#       print(max(right) <= 3)  # True
#
# With many neurons a notation that takes whole layers at once pays off, and
# :doc:`plot_05_forward_propagation` puts it to work.
