r"""
6. Two losses
=============

**How can we measure how wrong an answer is?**

A *loss* :math:`L` measures it with one number: the larger, the worse. To learn
means to make the mean loss of the samples smaller. Two losses are used most.
The *squared error* is the squared distance between the answer :math:`a` and
the right answer :math:`y`. The *cross-entropy* is minus the logarithm of the
probability that the network gave to the right answer: that is :math:`a` if the
right answer is yes (:math:`y = 1`), and :math:`1 - a` if it is no
(:math:`y = 0`).

What matters for learning is the slope of the loss with respect to the sum
:math:`z`. It is called :math:`\delta` (delta) and tells how the loss changes
when :math:`z` changes a little. For a sigmoid neuron:

.. math::

   \text{squared error:} \quad & L = \tfrac12 (a - y)^2 \\
   & \delta = \frac{dL}{dz} = (a - y) \, a \, (1 - a) \\
   \text{cross-entropy:} \quad & L = -y \log a - (1 - y) \log (1 - a) \\
   & \delta = \frac{dL}{dz} = a - y

With the squared error, delta contains the slope of the sigmoid,
:math:`a (1 - a)`, which is almost 0 where the neuron is certain. A neuron that
is certain and wrong therefore has almost no slope to follow. With the
cross-entropy this factor cancels.

So the cross-entropy is the usual loss for classes; with softmax its delta is
:math:`a - y` for each class as well, where :math:`y` is 1 for the right class
and 0 for the others. The squared error is the usual loss for predicting
numbers. The output is then the sum :math:`z` itself, and delta is again
:math:`a - y`.
"""

# %%
# A neuron with weight 1 and bias 0, so that its sum is its input. We give it
# inputs from -8 to 8, all with the right answer yes. ``trace`` follows the
# samples through the neuron and back, and returns all numbers on the way. Its
# delta belongs to the mean loss of the n samples, so we multiply it by n.

# sphinx_gallery_start_ignore
import matplotlib.pyplot as plt

# sphinx_gallery_end_ignore
import numpy as np

from sknn_edu import SigmoidNeuronClassifier
from sknn_edu.inspection import trace

z = np.linspace(-8, 8, 161)
y = np.ones(161)
losses, deltas = {}, {}
for name in ("squared_error", "log_loss"):  # log_loss is the cross-entropy
    neuron = SigmoidNeuronClassifier.from_weights([1.0], loss=name, alpha=0.0)
    traced = trace(neuron, z[:, np.newaxis], y)
    losses[name] = traced.losses
    deltas[name] = traced.layers[0].delta[0] * len(z)

print("at z =", z[20])
for name in losses:
    loss, delta = losses[name][20], deltas[name][20]
    print(f"{name:>13}: L = {loss:.4f}, delta = {delta:.4f}")
# sphinx_gallery_start_ignore
names = {"squared_error": "squared error", "log_loss": "cross-entropy"}


def draw(values, **texts):
    fig, ax = plt.subplots(figsize=(5, 3.6), layout="constrained")
    for (name, label), style in zip(names.items(), ("--", "-"), strict=True):
        ax.plot(z, values[name], style, lw=2, label=label)
    ax.set(xlabel="sum z", **texts)
    ax.legend()
    return fig


draw(losses, title="The loss if the right answer is yes", ylabel="L").suptitle(
    "The cross-entropy rises in a straight line to the left, where the "
    "squared error becomes flat",
    visible=False,
    in_layout=False,
)
plt.show()
# sphinx_gallery_end_ignore

# %%
# At the left end of the picture the neuron is certain of no, although the
# right answer is yes. There the squared error is flat, and the cross-entropy
# is steep. Their slopes show it more clearly:
for name in deltas:
    print(f"{name:>13}: delta from {deltas[name].min():.2f} to 0")
# sphinx_gallery_start_ignore
draw(
    deltas, title="Its slope if the right answer is yes", ylabel="delta"
).suptitle(
    "The slope of the cross-entropy is -1 far left and 0 far right. The slope "
    "of the squared error is 0 at both ends and -0.15 in between",
    visible=False,
    in_layout=False,
)
plt.show()
# sphinx_gallery_end_ignore

# %%
# Far left, the slope of the cross-entropy is almost -1: the loss becomes
# smaller if z becomes larger. The slope of the squared error is almost 0
# there, so the neuron would hardly learn.
#
# **The source:** :doc:`/core/losses`, with the two losses of a single neuron
# in :doc:`/core/sigmoid_neuron`
#
# **Exercise.** Two neurons start with weight -6 and see one sample 50 times:
# the input 1, whose right answer is yes. At first both are almost certain of
# no. One has the cross-entropy, the other the squared error. Which of them
# learns to answer yes? (``solver="gd"`` is gradient descent, the subject of
# chapter 9.)
#
# .. dropdown:: Answer
#
#    The one with the cross-entropy. The weight of the other one hardly
#    changes.
#
#    .. code-block:: python
#
#       for name in ("squared_error", "log_loss"):
#           neuron = SigmoidNeuronClassifier.from_weights(
#               [-6.0],
#               loss=name,
#               alpha=0.0,
#               solver="gd",
#               learning_rate_init=1.0,
#           )
#           for _ in range(50):
#               neuron.partial_fit([[1.0]], [1])
#           print(name, neuron.predict_proba([[1.0]])[0, 1].round(2))
#
#    It prints 0.0 for the squared error and 0.99 for the cross-entropy.
#
# **Next:** delta is known for the output.
# :doc:`plot_07_backpropagation_by_hand` computes it for the hidden neurons.
