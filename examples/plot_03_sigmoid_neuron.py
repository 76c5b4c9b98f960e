r"""
3. The sigmoid neuron
=====================

**How can a neuron answer "probably yes"?**

A *sigmoid neuron* computes the same sum :math:`z` as a perceptron, but
replaces the step by a smooth curve in the shape of an S, the *sigmoid*
:math:`g`. Far below 0 the curve is almost 0, far above 0 it is almost 1, and
at 0 it is one half. Its value :math:`a` is a probability: how likely a yes is
according to the neuron.

.. math::

   z = w_1 x_1 + w_2 x_2 + b, \qquad
   a = g(z) = \frac{1}{1 + e^{-z}}, \qquad
   \frac{da}{dz} = a \, (1 - a)

Now a small change of a weight changes the answer a little. The curve has a
slope everywhere, and the slope follows from the answer itself: it is
:math:`a (1 - a)`. It is largest where the neuron is undecided, at
:math:`a = 1/2`, and almost 0 where the neuron is certain.
"""

# %%
# Three AND gates with larger and larger weights. Their bias is chosen such
# that z is 0 where the sum of the inputs is 1.5, halfway between (1, 1) and
# its neighbours.

# sphinx_gallery_start_ignore
import matplotlib.pyplot as plt

# sphinx_gallery_end_ignore
import numpy as np
from sklearn.datasets import make_blobs
from sklearn.inspection import DecisionBoundaryDisplay

from sknn_edu import SigmoidNeuronClassifier
from sknn_edu.inspection import Playground

corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
for w in (1, 3, 10):
    neuron = SigmoidNeuronClassifier.from_weights([w, w], bias=-1.5 * w)
    a = neuron.predict_proba(corners)[:, 1]  # the probability of yes
    print(f"weights {w:2}: a =", a.round(3))
# sphinx_gallery_start_ignore
fig, ax = plt.subplots(figsize=(5, 3.6), layout="constrained")
z = np.linspace(-4, 4, 401)
for w, style in ((1, "-"), (3, "-."), (10, "--")):
    ax.plot(z, 1 / (1 + np.exp(-w * z)), style, label=f"sigmoid, weight {w}")
ax.step(z, z >= 0, ":", color="black", label="step")
ax.set(xlabel="input x", ylabel="answer a", title="The sigmoid")
ax.legend()
fig.suptitle(
    "Three curves in the shape of an S rise from 0 to 1; the larger the "
    "weight, the steeper the curve and the closer to a step",
    visible=False,
    in_layout=False,
)
plt.show()
# sphinx_gallery_end_ignore

# %%
# The picture shows neurons with one input and bias 0. The larger the weight,
# the steeper the curve. With very large weights it is almost the step of the
# perceptron.
#
# Now a neuron learns from the two overlapping classes on which the perceptron
# did not settle.
X, y = make_blobs(100, centers=[[0, 0], [2, 2]], random_state=0)
learned = SigmoidNeuronClassifier().fit(X, y)
print("weights:", learned.coef_[0].round(1))
print("bias:", learned.intercept_.round(1))

display = DecisionBoundaryDisplay.from_estimator(
    learned,
    X,
    response_method="predict_proba",
    plot_method="pcolormesh",
    cmap="RdBu",
    alpha=0.6,
)
# sphinx_gallery_start_ignore
ax, fig = display.ax_, display.figure_
fig.set_size_inches(5, 4)
looks = (("no", "o", "tab:red"), ("yes", "s", "tab:blue"))
for k, (label, marker, colour) in enumerate(looks):
    ax.scatter(
        *X[y == k].T, c=colour, marker=marker, edgecolors="black", label=label
    )
ax.set(xlabel="first input", ylabel="second input")
ax.set(title="The probability of yes")
ax.legend(title="right answer")
fig.suptitle(
    "The colour changes smoothly from red, where the answer is no, to blue, "
    "where it is yes, between two overlapping clouds of samples",
    visible=False,
    in_layout=False,
)
plt.show()
# sphinx_gallery_end_ignore

# %%
# Dark red is a certain no, dark blue a certain yes, and white is one half. The
# neuron is certain far from the line and undecided near it, where the two
# classes mix.
#
# In the playground you can watch the neuron learn: it starts undecided
# everywhere. Point at the picture to read the probability at any place. Then
# click on a weight and make it ten times as large: the line stays nearly where
# it is if you also multiply the other weight and the bias by ten, but the
# neuron becomes certain, as in the first picture.
neuron = SigmoidNeuronClassifier(solver="gd", random_state=0)
Playground(neuron, title="A sigmoid neuron").fit(X, y)

# %%
# **The source:** :doc:`/core/sigmoid_neuron`
#
# **Exercise.** What is the slope of the sigmoid at :math:`z = 0`, and at
# :math:`z = 5`? Which neuron changes its answer more when its weights change a
# little: one that is undecided or one that is certain?
#
# .. dropdown:: Answer
#
#    At 0 the answer is 1/2, so the slope is 1/2 times 1/2, which is 1/4. This
#    is the largest slope that the sigmoid has. At 5 the slope is less than
#    1/100. So an undecided neuron changes its answer easily, and a certain one
#    hardly at all, even when it is wrong.
#
#    .. code-block:: python
#
#       one = SigmoidNeuronClassifier.from_weights([1.0])
#       a = one.predict_proba([[0.0], [5.0]])[:, 1]
#       print((a * (1 - a)).round(4))  # [0.25   0.0066]
#
# **Next:** a single neuron draws a single straight line.
# :doc:`plot_04_hidden_layer` shows what to do when one line is not enough.
