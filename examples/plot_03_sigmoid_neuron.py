r"""
3. The sigmoid neuron
=====================

**How can a neuron say "rather yes"?**

It keeps the weighted sum and replaces the step by a smooth curve in the shape of an S, the
*sigmoid*. Far below 0 the curve is nearly 0, far above nearly 1, and at 0 it is one half. We read
its value :math:`a` as a probability: the neuron says how likely it thinks a yes is.

Now a small change of a weight makes a small change of the answer. The curve has a slope
everywhere, and the slope is easily told from the answer itself: it is :math:`a (1 - a)`. It is
largest where the neuron is in doubt, and next to 0 where it is certain.

The perceptron has not gone away. The larger the weights, the steeper the curve becomes, and with
very large weights it can hardly be told from the step.

.. math::

   z &= w_1 x_1 + w_2 x_2 + b \\
   a &= g(z) = \frac{1}{1 + e^{-z}}, \qquad
   \frac{da}{dz} = a \, (1 - a)
"""

# %%
# Three soft AND gates, with larger and larger weights. Their line lies halfway between (1, 1) and
# its neighbours, where the sum of the inputs is 1.5. Then a neuron learns from the two clouds that
# overlap, on which the perceptron found no rest.
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from sklearn.datasets import make_blobs
from sklearn.inspection import DecisionBoundaryDisplay

from sknn_edu import SigmoidNeuronClassifier

corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
for w in (1, 3, 10):
    neuron = SigmoidNeuronClassifier.from_weights([w, w], bias=-1.5 * w)
    a = neuron.predict_proba(corners)[:, 1]  # the probability of yes
    print(f"weights {w:2}: a =", a.round(3))

X, y = make_blobs(100, centers=[[0, 0], [2, 2]], random_state=0)
learned = SigmoidNeuronClassifier().fit(X, y)
print("learned weights and bias:", learned.coef_[0].round(1), learned.intercept_.round(1))

# %%
# On the right, the neuron has found a compromise. It is certain far from the line and in doubt
# near it, where the classes mix.
no_yes = LinearSegmentedColormap.from_list("no_yes", ["tab:orange", "white", "tab:blue"])
figure, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
x = np.linspace(-4, 4, 401)[:, np.newaxis]
axes[0].step(x[:, 0], x[:, 0] >= 0, color="black", linestyle=":", label="step")
for w, colour, style in ((10, "tab:gray", "--"), (3, "tab:orange", "-."), (1, "tab:blue", "-")):
    a = SigmoidNeuronClassifier.from_weights([w]).predict_proba(x)[:, 1]
    axes[0].plot(x, a, color=colour, linestyle=style, label=f"sigmoid, weight {w}")
axes[0].set(title="the step made smooth", xlabel="input x", ylabel="answer a")
axes[0].legend()
DecisionBoundaryDisplay.from_estimator(
    learned, X, response_method="predict_proba", plot_method="pcolormesh", cmap=no_yes, vmin=0,
    vmax=1, alpha=0.6, grid_resolution=300, ax=axes[1],
)  # fmt: skip
axes[1].scatter(*X[y == 0].T, c="tab:orange", marker="o", edgecolors="black", label="no")
axes[1].scatter(*X[y == 1].T, c="tab:blue", marker="s", edgecolors="black", label="yes")
axes[1].set(title="probability of yes: white is one half", xlabel="first input")
axes[1].set(ylabel="second input")
axes[1].legend(title="right answer", loc="upper left")
plt.show()

# %%
# The code that does it: :doc:`/core/sigmoid_neuron`
#
# **Exercise.** How steep is the sigmoid at :math:`z = 0`, and how steep at :math:`z = 5`? Which
# neuron is easier to win over by a small change of its weights, one in doubt or one that is
# certain?
#
# .. dropdown:: Answer
#
#    At 0 the answer is 1/2 and the slope 1/2 times 1/2, which is 1/4: the steepest there is. At 5
#    the slope is less than a hundredth. So the one in doubt is easy to win over, and the one that
#    is certain hardly moves, even when it is wrong. Chapter 6 finds a way around that.
#
#    .. code-block:: python
#
#       one = SigmoidNeuronClassifier.from_weights([1.0])
#       a = one.predict_proba([[0.0], [5.0]])[:, 1]
#       print((a * (1 - a)).round(4))  # [0.25   0.0066]
#
# A single neuron, harsh or smooth, draws a single straight line, so :doc:`plot_04_layers` asks
# what to do where one line is not enough.
