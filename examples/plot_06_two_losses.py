r"""
6. Two losses
=============

**How wrong is an answer?**

A *loss* says it with one number: the larger, the worse. To learn is to make the mean loss over the
samples smaller. Two losses are met most often. The *squared error* takes the distance between the
answer :math:`a` and the target :math:`y`, and squares it. The *cross-entropy* asks which
probability the network gave to what turned out to be true, and takes minus its logarithm.

What matters for learning is the slope of the loss with respect to the weighted sum :math:`z`. It
is called :math:`\delta`, and it says how much that sum is to blame. For a sigmoid neuron with the
squared error, :math:`\delta` has the factor :math:`a (1 - a)`, the slope of the sigmoid. A neuron
that is certain, and wrong, then has hardly any slope to follow. With the cross-entropy this factor
cancels.

So one takes the cross-entropy for classes. For numbers one takes the squared error: the output is
then the weighted sum itself, and :math:`\delta` is the plain difference :math:`a - y` as well.

.. math::

   \text{squared error:} \quad & L = \tfrac12 (a - y)^2 \\
   & \delta = \frac{dL}{dz} = (a - y) \, a \, (1 - a) \\
   \text{cross-entropy:} \quad & L = -y \log a - (1 - y) \log (1 - a) \\
   & \delta = \frac{dL}{dz} = a - y
"""

# %%
# A neuron with weight 1 and bias 0 has its input as its weighted sum. We ask it about many inputs
# whose right answer is always yes. The delta of ``trace`` belongs to the mean loss, so that of a
# single sample is ``len(z)`` times as large.
import matplotlib.pyplot as plt
import numpy as np

from sknn_edu import SigmoidNeuronClassifier
from sknn_edu.inspection import trace

z = np.linspace(-8, 8, 161)
y = np.ones(161)
losses, deltas = {}, {}
for name in ("squared_error", "log_loss"):  # log_loss is the cross-entropy
    neuron = SigmoidNeuronClassifier.from_weights([1.0], loss=name, alpha=0.0)
    board = trace(neuron, z[:, np.newaxis], y)
    losses[name], deltas[name] = board.losses, board.layers[0].delta[0] * len(z)
    print(f"{name:>13} at z = {z[20]:.0f}: L = {losses[name][20]:.4f}", end=", ")
    print(f"delta = {deltas[name][20]:.4f}")

# %%
# The right answer is yes, so the neuron is confidently wrong at the left end of both pictures.
# There the squared error is flat. The cross-entropy keeps a slope near -1, which says clearly:
# make z larger.
figure, axes = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
looks = (("squared_error", "tab:orange", "--", "squared error"),)
looks += (("log_loss", "tab:blue", "-", "cross-entropy"),)
for name, colour, style, label in looks:
    axes[0].plot(z, losses[name], color=colour, linestyle=style, label=label)
    axes[1].plot(z, deltas[name], color=colour, linestyle=style, label=label)
axes[0].set(title="the loss when y = 1", xlabel="weighted sum z", ylabel="L")
axes[1].set(title="its slope when y = 1", xlabel="weighted sum z", ylabel="delta = dL/dz")
axes[0].legend()
plt.show()

# %%
# The code that does it: :doc:`/core/losses`, with the two of a single neuron in
# :doc:`/core/sigmoid_neuron`
#
# **Exercise.** Two neurons start confidently wrong, with weight -6, and see one sample 50 times:
# the input 1, whose right answer is yes. One has the cross-entropy, the other the squared error.
# Which of them changes its mind? (``solver="gd"`` is gradient descent, the subject of chapter 8.)
#
# .. dropdown:: Answer
#
#    The one with the cross-entropy. The other one has hardly moved.
#
#    .. code-block:: python
#
#       for name in ("squared_error", "log_loss"):
#           neuron = SigmoidNeuronClassifier.from_weights(
#               [-6.0], loss=name, alpha=0.0, solver="gd", learning_rate_init=1.0
#           )
#           for _ in range(50):
#               neuron.partial_fit([[1.0]], [1])
#           print(name, neuron.predict_proba([[1.0]])[0, 1].round(2))
#
#    It prints 0.0 for the squared error and 0.99 for the cross-entropy.
#
# The loss blames the output, but the output only passes on what the hidden neurons told it, and
# :doc:`plot_07_backpropagation_by_hand` finds out what they have to answer for.
