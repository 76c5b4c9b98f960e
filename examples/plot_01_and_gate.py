r"""
1. The AND gate
===============

**How can a single neuron decide between yes and no?**

A *perceptron* is the smallest neural network: a single neuron. It receives
some numbers, its inputs, and multiplies each of them by a *weight*, which says
how much that input counts. It adds up the products. If the sum reaches a
*threshold*, the neuron answers yes, which we write as 1. Otherwise it answers
no, which we write as 0.

Take two inputs that are 0 or 1. With both weights 1 and the threshold 2, the
sum reaches the threshold only if both inputs are 1. This is an AND gate.

The threshold is usually moved to the other side of the comparison. It is then
called the *bias* :math:`b`, which is minus the threshold. The neuron answers
yes if the sum :math:`z`, which now includes the bias, is at least 0:

.. math::

   z = w_1 x_1 + w_2 x_2 + b, \qquad
   \text{answer} = \begin{cases}
   1 & \text{if } z \ge 0 \\ 0 & \text{if } z < 0 \end{cases}

The weights need not be chosen by hand: a perceptron can learn them. Show it
one *sample* :math:`x = (x_1, x_2)` after another. If the answer is right,
leave the weights alone. After a wrong no, add the sample to the weights, so
that the sum is larger next time. After a wrong yes, subtract the sample:

.. math::

   w &\leftarrow w + x, \quad b \leftarrow b + 1 \qquad
   \text{after a wrong no} \\
   w &\leftarrow w - x, \quad b \leftarrow b - 1 \qquad
   \text{after a wrong yes}
"""

# %%
# First we set the weights by hand. ``X`` has one row per sample, and ``y``
# contains the right answers. ``decision_function`` returns z.

# sphinx_gallery_start_ignore
import matplotlib.pyplot as plt

# sphinx_gallery_end_ignore
import numpy as np
from sklearn.inspection import DecisionBoundaryDisplay

from sknn_edu import PerceptronClassifier
from sknn_edu.inspection import Playground

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
y = np.array([0, 0, 0, 1])

by_hand = PerceptronClassifier.from_weights([1, 1], threshold=2)
print("z:      ", by_hand.decision_function(X))
print("answers:", by_hand.predict(X))

# %%
# Now a perceptron learns the gate. One pass through all samples is called an
# *epoch*. The perceptron stops after an epoch without a mistake.
learned = PerceptronClassifier(random_state=0).fit(X, y)
print("weights:", learned.coef_[0], "bias:", learned.intercept_[0])
print("answers:", learned.predict(X))
print("mistakes in each epoch:", learned.mistake_curve_)

# %%
# The two inputs span a plane, and the points where z is 0 form a straight line
# in it. The perceptron answers yes on one side of the line and no on the other
# side.
display = DecisionBoundaryDisplay.from_estimator(
    learned, X, response_method="predict", cmap="RdBu", alpha=0.4, eps=0.5
)
# sphinx_gallery_start_ignore
ax, fig = display.ax_, display.figure_
fig.set_size_inches(5, 4)
looks = (("no", "o", "tab:red"), ("yes", "s", "tab:blue"))
for k, (label, marker, colour) in enumerate(looks):
    ax.scatter(*X[y == k].T, s=120, c=colour, marker=marker, label=label)
ax.set(xlabel="first input", ylabel="second input")
ax.set(xticks=[0, 1], yticks=[0, 1], title="The answers of the perceptron")
ax.legend(title="right answer", loc="center left")
fig.suptitle(
    "A straight line separates the corner (1, 1), where the answer is yes, "
    "from the other three corners of a square",
    visible=False,
    in_layout=False,
)
plt.show()
# sphinx_gallery_end_ignore

# %%
# The blue area is yes, the red area is no. The learned weights differ from
# ours, and so does the line, but it separates the samples just as well.
#
# The *playground* below trains the same perceptron in your browser. *Step*
# shows it one sample, and *What just happened* says whether the weights
# changed and how. *Train* continues until an epoch makes no mistake. You can
# also click on a weight, or on the output for its bias, and type a number.
# Press *Restart*, then try our gate: the weights 1 and 1, and the bias -2.
perceptron = PerceptronClassifier(random_state=0)
Playground(perceptron, test_size=0, title="A perceptron learns AND").fit(X, y)

# %%
# **The source:** :doc:`/core/perceptron`
#
# **Exercise.** Which threshold turns the AND gate into an OR gate, which
# answers yes if at least one input is 1? A NOT gate has a single input and
# answers the opposite. Which weight and threshold make a NOT gate?
#
# .. dropdown:: Answer
#
#    OR needs the threshold 1: one input that is 1 is enough to reach it. NOT
#    needs a negative weight. With the weight -1 and the threshold 0, the input
#    0 gives the sum 0, which reaches the threshold, and the input 1 gives the
#    sum -1, which does not.
#
#    .. code-block:: python
#
#       or_gate = PerceptronClassifier.from_weights([1, 1], threshold=1)
#       print(or_gate.predict(X))  # [0 1 1 1]
#       not_gate = PerceptronClassifier.from_weights([-1], threshold=0)
#       print(not_gate.predict([[0], [1]]))  # [1 0]
#
# **Next:** the perceptron only uses whether an answer was wrong, not by how
# much. :doc:`plot_02_the_step` shows what that costs.
