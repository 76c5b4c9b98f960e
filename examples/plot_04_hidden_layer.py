r"""
4. A hidden layer
=================

**What can we do if no straight line separates the yes from the no?**

XOR is such a problem. It answers yes if exactly one of two inputs is 1. The
two samples with the answer yes are opposite corners of a square, and so are
the two samples with the answer no. Whatever straight line you draw, at least
one corner is on the wrong side.

The solution is to use several neurons, whose answers are the inputs of one
more neuron. Let one neuron be an OR gate and another an AND gate. XOR is then
"OR but not AND", which a third neuron can compute from their answers.

Neurons that receive the same inputs form a *layer*. A layer between the inputs
and the output is called *hidden*. It gives each sample new coordinates, the
answers of its neurons, and with these a straight line is enough. A network of
such layers is called a *multi-layer perceptron*.
"""

# %%
# XOR from three perceptrons, whose weights are set by hand. Each threshold is
# halfway between two sums that occur.

# sphinx_gallery_start_ignore
import matplotlib.pyplot as plt

# sphinx_gallery_end_ignore
import numpy as np

from sknn_edu import MLPClassifier, PerceptronClassifier
from sknn_edu.inspection import Playground

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
y = np.array([0, 1, 1, 0])

or_gate = PerceptronClassifier.from_weights([1, 1], threshold=0.5)
and_gate = PerceptronClassifier.from_weights([1, 1], threshold=1.5)
but_not = PerceptronClassifier.from_weights([1, -1], threshold=0.5)

hidden = np.column_stack([or_gate.predict(X), and_gate.predict(X)])
print("answers of OR and AND, one row per sample:", *hidden, sep="\n")
print("OR but not AND:", but_not.predict(hidden))
# sphinx_gallery_start_ignore
fig, axes = plt.subplots(1, 2, figsize=(7.5, 4), layout="constrained")
ends = np.array([-0.5, 1.5])
axes[0].plot(ends, 0.5 - ends, "k--", label="line of OR")
axes[0].plot(ends, 1.5 - ends, "k:", label="line of AND")
axes[1].plot(ends, ends - 0.5, "k", label="line of the output")
looks = (("no", "o", "tab:red"), ("yes", "s", "tab:blue"))
for ax, points in zip(axes, (X, hidden), strict=True):
    for k, (label, marker, colour) in enumerate(looks):
        here = points[y == k].T
        ax.scatter(
            *here, s=130, c=colour, marker=marker, label=label, zorder=3
        )
    ax.set(xlim=ends, ylim=(-0.5, 2.1), xticks=[0, 1], yticks=[0, 1])
    ax.legend(ncols=2, loc="upper center")
axes[0].set(title="The inputs")
axes[0].set(xlabel="first input", ylabel="second input")
axes[1].set(title="The answers of the hidden layer")
axes[1].set(xlabel="answer of OR", ylabel="answer of AND")
fig.suptitle(
    "On the left, two lines are needed to separate the four corners. On the "
    "right, both yes samples lie at (1, 0), and one line is enough",
    visible=False,
    in_layout=False,
)
plt.show()
# sphinx_gallery_end_ignore

# %%
# On the left are the four samples with the lines of the two hidden neurons. On
# the right are the same samples as the output neuron sees them. The two
# samples with the answer yes are now the same point, and one line separates
# it from the others.
#
# Can a network find such weights by itself? Two things are needed. First, the
# function :math:`g` of the hidden neurons, their *activation function*, must
# not be linear, because a linear function of linear functions is linear again,
# and the network could only draw one straight line. Second, the weights must
# start at random: hidden neurons that start with equal weights would stay
# equal.
#
# The network below learns XOR from 120 samples around the four corners. It has
# four hidden neurons with the activation function *tanh*, which is a sigmoid
# stretched to the range from -1 to 1. Press *Train*; the small maps show the
# answer of each neuron over the whole square. Then try fewer neurons: with how
# many can the network still learn XOR? And what can it do with the activation
# ``identity``, or without a hidden layer?
rng = np.random.default_rng(0)
corner = np.arange(120) % 4
cloud = X[corner] + rng.normal(scale=0.18, size=(120, 2))
network = MLPClassifier(
    4, "tanh", learning_rate_init=0.05, tol=1e-3, random_state=0
)
Playground(network, title="Four hidden neurons learn XOR").fit(
    cloud, y[corner]
)

# %%
# **The source:** :doc:`/core/network`, with :doc:`/core/activations` and
# :doc:`/core/initializers`
#
# **Exercise.** Replace ``"tanh"`` by the linear activation ``"identity"``, and
# fit the network to the four corners. How many of them can it get right?
#
# .. dropdown:: Answer
#
#    Three at most. However many neurons and layers it has, the network can
#    only draw one straight line.
#
#    .. code-block:: python
#
#       right = []
#       for seed in range(10):
#           linear = MLPClassifier(
#               4, "identity", solver="lbfgs", random_state=seed
#           )
#           right.append(int((linear.fit(X, y).predict(X) == y).sum()))
#       print(max(right) <= 3)  # True
#
# **Next:** with many neurons and many samples we need a shorter notation.
# :doc:`plot_05_forward_propagation` introduces it.
