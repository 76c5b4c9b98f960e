r"""
1. The AND gate
===============

**How can a machine that only adds come to a decision?**

A *perceptron* is the smallest neural network there is: a single neuron. It is given some numbers,
its inputs, and multiplies each by a *weight*, which says how much that input counts. It adds up
the products. When the sum reaches a *threshold*, the neuron answers yes, which we write as 1.
Otherwise it answers no, which we write as 0.

Take two inputs that are 0 or 1. With both weights 1 and threshold 2 the sum reaches the threshold
only if both inputs are 1: we have built an AND gate. The threshold is often moved to the other
side of the comparison. It is then called the *bias* :math:`b`, which is minus the threshold, and
the neuron says yes when the sum :math:`z`, with the bias in it, is at least 0.

Nobody has to find the weights by hand. Show the perceptron one sample :math:`x` after the other,
and leave the weights alone while the answer is right. After a wrong no, add the sample to the
weights, so that the sum will be larger next time. After a wrong yes, take it away:

.. math::

   z &= w_1 x_1 + w_2 x_2 + b, \qquad
   \text{answer} = \begin{cases} 1 & \text{if } z \ge 0 \\ 0 & \text{if } z < 0 \end{cases} \\
   w &\leftarrow w + x, \quad b \leftarrow b + 1 \qquad \text{after a wrong no} \\
   w &\leftarrow w - x, \quad b \leftarrow b - 1 \qquad \text{after a wrong yes}
"""

# %%
# First the gate by hand, then one that learns. ``X`` has one row per sample, and ``y`` holds the
# right answers. Once every sample has been shown, an *epoch* is over. The perceptron stops after
# an epoch without a mistake.
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from sklearn.inspection import DecisionBoundaryDisplay

from sknn_edu import PerceptronClassifier
from sknn_edu.inspection import TrainingReplay

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
y = np.array([0, 0, 0, 1])

by_hand = PerceptronClassifier.from_weights([1, 1], threshold=2)
print("by hand: z       =", by_hand.decision_function(X))
print("by hand: answers =", by_hand.predict(X))

learned = PerceptronClassifier(random_state=0).fit(X, y)
print("learned: weights =", learned.coef_[0], "threshold", -learned.intercept_[0])
print("learned: answers =", learned.predict(X))
print("mistakes in each epoch:", learned.mistake_curve_)

# %%
# The two inputs span a plane, and the weights and the threshold draw a straight line across it. On
# one side of the line the perceptron says no, on the line and beyond it yes. The learned line is
# not ours, but it parts the samples just as well.
no_yes = LinearSegmentedColormap.from_list("no_yes", ["tab:orange", "white", "tab:blue"])
figure, axes = plt.subplots(1, 2, figsize=(8, 4.6), layout="constrained")
for ax, gate, name in zip(axes, (by_hand, learned), ("by hand", "learned"), strict=True):
    DecisionBoundaryDisplay.from_estimator(
        gate, X, response_method="predict", plot_method="pcolormesh", cmap=no_yes, alpha=0.4,
        grid_resolution=400, eps=0.5, ax=ax,
    )  # fmt: skip
    ax.scatter(*X[y == 0].T, s=90, c="tab:orange", marker="o", edgecolors="black", label="no")
    ax.scatter(*X[y == 1].T, s=90, c="tab:blue", marker="s", edgecolors="black", label="yes")
    (w1, w2), threshold = gate.coef_[0], -gate.intercept_[0]
    ax.set(title=f"{name}: weights {w1:g} and {w2:g}, threshold {threshold:g}")
    ax.set(xlabel="first input", ylabel="second input", xticks=[0, 1], yticks=[0, 1])
figure.legend(*axes[0].get_legend_handles_labels(), title="right answer", ncols=2,
              loc="outside lower center")  # fmt: skip
plt.show()

# %%
# Press Play to watch the line move from epoch to epoch.
perceptron = PerceptronClassifier(random_state=0)
TrainingReplay(perceptron, title="A perceptron learns AND").fit(X, y)

# %%
# The code that does it: :doc:`/core/perceptron`
#
# **Exercise.** Which threshold turns the AND gate into an OR gate, which says yes when at least
# one input is 1? And which weight and threshold make a NOT gate of a perceptron with a single
# input?
#
# .. dropdown:: Answer
#
#    OR needs threshold 1: one input that is 1 is enough to reach it. NOT needs a negative weight:
#    with weight -1 and threshold 0 the input 0 gives the sum 0, which reaches the threshold, and
#    the input 1 gives -1, which does not.
#
#    .. code-block:: python
#
#       or_gate = PerceptronClassifier.from_weights([1, 1], threshold=1)
#       print(or_gate.predict(X))  # [0 1 1 1]
#       not_gate = PerceptronClassifier.from_weights([-1], threshold=0)
#       print(not_gate.predict([[0], [1]]))  # [1 0]
#
# The rule only asks whether an answer was wrong, never by how much, and the next chapter,
# :doc:`plot_02_harsh_step`, shows what that costs.
