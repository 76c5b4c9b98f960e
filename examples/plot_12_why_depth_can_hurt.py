r"""
12. Why depth can hurt
======================

**Why do networks with many layers sometimes learn nothing, and what helps?**

Backpropagation passes delta from layer to layer, and each layer multiplies it
twice, by its weights and by the slope of the activation:

.. math::

   \delta_{k-1} = (\delta_k \, W_k^T) \circ g'(Z_{k-1})

If these factors are mostly smaller than 1, delta becomes smaller with every
layer, and after many layers almost nothing is left. The gradient *vanishes*:
the first layers receive slopes so small that they hardly learn. If the factors
are mostly larger than 1, the gradient *explodes* instead.

The slope of the sigmoid is at most 1/4, so with a sigmoid in every layer the
gradient vanishes quickly. Two choices prevent this:

* **An activation function with a larger slope.** The slope of tanh is 1 at 0,
  and the slope of relu, :math:`\max(0, z)`, is 1 wherever :math:`z` is
  positive.
* **Initial weights of the right size.** A sum of :math:`n` inputs that are
  each multiplied by a random weight varies more, the larger :math:`n` is. To
  keep the sums of all layers equally large, the variance of the weights must
  be about :math:`1/n`. For a layer with :math:`n_\text{in}` inputs and
  :math:`n_\text{out}` neurons:

  ===========  =========================================  ==================
  ``init``     variance of the weights                    made for
  ===========  =========================================  ==================
  ``glorot``   :math:`2 / (n_\text{in} + n_\text{out})`   tanh
  ``lecun``    :math:`1 / n_\text{in}`                    tanh
  ``he``       :math:`2 / n_\text{in}`                    relu
  ===========  =========================================  ==================

  *glorot* is a compromise between the forward pass, which needs
  :math:`1 / n_\text{in}`, and the backward pass, which needs
  :math:`1 / n_\text{out}`. In *he*, the 2 makes up for relu, which sets half
  of the sums to 0.
"""

# %%
# Four networks with eight hidden layers of 50 neurons, before training.
# ``trace`` passes 200 images of digits forward and backward, and we print the
# mean absolute value of the gradient of each layer's weights. The default
# ``init`` is that of scikit-learn; for the sigmoid, whose name is
# ``"logistic"``, it draws even smaller weights than ``"glorot"``.

# sphinx_gallery_start_ignore
import matplotlib.pyplot as plt

# sphinx_gallery_end_ignore
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from sknn_edu import MLPClassifier
from sknn_edu.inspection import trace

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X / 16, y, random_state=0)

choices = [
    ("logistic", "auto"),
    ("tanh", "glorot"),
    ("relu", "glorot"),
    ("relu", "he"),
]
sizes = {}
for activation, init in choices:
    network = MLPClassifier(
        (50,) * 8, activation, init=init, alpha=0.0, random_state=0
    )
    layers = trace(network, X_train[:200], y_train[:200]).layers
    sizes[activation, init] = [np.abs(layer.dW).mean() for layer in layers]

print("layer  " + "  ".join(f"{a + ', ' + i:>14}" for a, i in choices))
for k in range(9):
    row = "  ".join(f"{sizes[choice][k]:14.1e}" for choice in choices)
    print(f"{k + 1:>5}  {row}")
# sphinx_gallery_start_ignore
fig, ax = plt.subplots(figsize=(6, 4), layout="constrained")
for (activation, init), marker in zip(choices, "osv^", strict=True):
    ax.semilogy(
        range(1, 10),
        sizes[activation, init],
        f"{marker}-",
        label=f"{activation}, {init}",
    )
ax.set(xlabel="layer", ylabel="mean |dW|", xticks=range(1, 10))
ax.set(title="The gradient in each layer")
ax.legend(title="activation, init", loc="lower right")
fig.suptitle(
    "On a logarithmic axis, the gradient of the sigmoid network falls in a "
    "straight line from layer 9 to layer 1, by a factor of ten million. "
    "Those of tanh with glorot and relu with he stay level",
    visible=False,
    in_layout=False,
)
plt.show()
# sphinx_gallery_end_ignore

# %%
# Read the picture from right to left, in the direction of backpropagation.
# With the sigmoid, each layer makes the gradient about eight times smaller, so
# that almost nothing is left in layer 1. With tanh and glorot weights, or relu
# and he weights, it has about the same size in all layers. With relu and
# glorot weights it is smaller everywhere, because the activations become
# smaller on the way forward, and delta on the way back.
#
# Does that matter for training? We train each network for 15 epochs.

# sphinx_gallery_start_ignore
import warnings

warnings.simplefilter("ignore")  # 15 epochs are not enough to converge
# sphinx_gallery_end_ignore
for activation, init in choices:
    network = MLPClassifier(
        (50,) * 8,
        activation,
        init=init,
        batch_size=50,
        max_iter=15,
        random_state=0,
    )
    network.fit(X_train, y_train)
    score = network.score(X_test, y_test)
    print(f"{activation:>8}, {init:<6}: {score:.2f} correct on the test data")

# %%
# The sigmoid network has learned nothing: guessing one of ten classes is right
# one time in ten. The other networks have learned to read digits.
#
# **The source:** :doc:`/core/initializers` and :doc:`/core/activations`
#
# **Exercise.** How deep can a sigmoid network be? Train networks with 1, 2, 4,
# 6 and 8 hidden layers of 50 sigmoid neurons for 100 epochs, and compare their
# scores on the test data.
#
# .. dropdown:: Answer
#
#    The scores are 0.97, 0.96, 0.90, 0.42 and 0.08: each layer makes the
#    network worse.
#
#    .. code-block:: python
#
#       for n_layers in (1, 2, 4, 6, 8):
#           network = MLPClassifier(
#               (50,) * n_layers,
#               "logistic",
#               batch_size=50,
#               max_iter=100,
#               n_iter_no_change=100,
#               random_state=0,
#           )
#           network.fit(X_train, y_train)
#           print(n_layers, round(network.score(X_test, y_test), 2))
#
# **Next:** a network that learns its training samples well is not yet a good
# network. :doc:`plot_13_overfitting` shows why.
