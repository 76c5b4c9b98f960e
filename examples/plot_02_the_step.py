r"""
2. The trouble with the step
============================

**Why can a perceptron not improve its weights little by little?**

The answer of a perceptron is a step function of the sum :math:`z`: 0 below the
threshold, 1 from there on. A sum just below the threshold and a sum far below
it get the same answer.

Suppose that we change a weight a little to see whether the answers improve.
Almost always nothing changes, because no sum crosses the threshold. Then, at
some value of the weight, an answer suddenly flips. In terms of derivatives:
the slope of the step is 0 wherever it exists, so it does not say in which
direction the weight should move.

.. math::

   a = \begin{cases} 1 & \text{if } z \ge 0 \\ 0 & \text{if } z < 0 \end{cases}
   \qquad\qquad
   \frac{da}{dz} = 0 \quad \text{for all } z \ne 0

From here on :math:`a` is the answer of a neuron, also called its *activation*.

There is a second problem. If a straight line separates the two classes, the
perceptron finds such a line. If the classes overlap, no such line exists, and
the weights keep changing: every mistake moves them by a whole sample, no
matter how close the sum was to the threshold.
"""

# %%
# Here we change the first weight of the AND gate and look at its answer to the
# inputs (1, 1). The sum grows steadily, and the answer flips once.

# sphinx_gallery_start_ignore
import matplotlib.pyplot as plt

# sphinx_gallery_end_ignore
import numpy as np
from sklearn.datasets import make_blobs

from sknn_edu import PerceptronClassifier

for w1 in (0.0, 0.5, 0.9, 1.0, 1.5):
    gate = PerceptronClassifier.from_weights([w1, 1], threshold=2)
    print(f"w1 = {w1}: sum {w1 + 1}, answer {gate.predict([[1, 1]])[0]}")

# %%
# The same with two overlapping classes of 50 samples each: we count the
# mistakes for 301 values of the first weight.
X, y = make_blobs(100, centers=[[0, 0], [2, 2]], random_state=0)
weights = np.linspace(-0.5, 2.5, 301)
mistakes = []
for w1 in weights:
    neuron = PerceptronClassifier.from_weights([w1, 1], threshold=2)
    mistakes.append((neuron.predict(X) != y).sum())
# sphinx_gallery_start_ignore
fig, ax = plt.subplots(figsize=(5, 3.6), layout="constrained")
ax.step(weights, mistakes, where="post", color="tab:blue")
ax.set(xlabel="first weight", ylabel="mistakes among 100 samples")
ax.set(title="Mistakes for each value of a weight", ylim=(0, None))
fig.suptitle(
    "A curve made of horizontal pieces and jumps falls and rises again",
    visible=False,
    in_layout=False,
)
plt.show()
# sphinx_gallery_end_ignore

# %%
# The curve is a staircase. On each stair the slope is 0, so no stair tells
# where the next lower one is.
#
# Now a perceptron learns from the same samples for 60 epochs. ``tol=None``
# lets it continue although it makes no progress.

# sphinx_gallery_start_ignore
import warnings

warnings.simplefilter("ignore")  # it cannot converge: that is the lesson
# sphinx_gallery_end_ignore
perceptron = PerceptronClassifier(max_iter=60, tol=None, random_state=0)
perceptron.fit(X, y)
print("converged:", perceptron.converged_)
# sphinx_gallery_start_ignore
fig, ax = plt.subplots(figsize=(5, 3.6), layout="constrained")
ax.plot(range(1, 61), perceptron.mistake_curve_, ".-", color="tab:orange")
ax.set(xlabel="epoch", ylabel="mistakes in the epoch", ylim=(0, None))
ax.set(title="Mistakes of a perceptron that learns")
fig.suptitle(
    "The number of mistakes goes up and down over 60 epochs",
    visible=False,
    in_layout=False,
)
plt.show()
# sphinx_gallery_end_ignore

# %%
# The number of mistakes goes up and down and does not settle.
#
# **The source:** :doc:`/core/perceptron`
#
# **Exercise.** The weights do not settle, but their *average* over the whole
# training does. Fit a second perceptron with ``average=True`` to the same
# samples. Which of the two classifies more of them correctly?
#
# .. dropdown:: Answer
#
#    The one with the average. The weights jump to both sides of a good
#    position, and in the average these jumps nearly cancel.
#
#    .. code-block:: python
#
#       steady = PerceptronClassifier(
#           average=True, max_iter=60, tol=None, random_state=0
#       )
#       steady.fit(X, y)  # warns that it does not converge
#       print(steady.score(X, y) > perceptron.score(X, y))  # True
#
# **Next:** we need an answer that changes a little when a weight changes a
# little. :doc:`plot_03_sigmoid_neuron` has one.
