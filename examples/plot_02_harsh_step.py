r"""
2. The harsh step
=================

**By how much was the answer wrong?**

A perceptron cannot say. A sum just below the threshold and a sum far below it get the same answer,
no. The answer is a step: 0 up to the threshold, 1 from there on.

Suppose that we want to improve a weight. We move it a little and look what happens. Almost always
nothing happens, because no sum crosses the threshold. Then, all of a sudden, an answer flips. The
step has slope 0 wherever it has a slope at all, and a slope of 0 does not tell which way is
better.

There is a second trouble. If some straight line makes no mistake, the perceptron's rule finds such
a line. But if the classes overlap, there is no such line, and the rule never comes to rest: each
mistake kicks the weights, whether it was narrow or gross.

.. math::

   a = \begin{cases} 1 & \text{if } z \ge 0 \\ 0 & \text{if } z < 0 \end{cases}
   \qquad\qquad
   \frac{da}{dz} = 0 \quad \text{for all } z \ne 0
"""

# %%
# Let us turn one weight of the AND gate and ask for its answer to (1, 1). Then we take two clouds
# of samples that overlap, count the mistakes for many values of that weight, and let a perceptron
# learn. It cannot finish, so we ignore the warning that says so.
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_blobs
from sklearn.exceptions import ConvergenceWarning

from sknn_edu import PerceptronClassifier

for w1 in (0.0, 0.5, 0.9, 1.0, 1.5):
    gate = PerceptronClassifier.from_weights([w1, 1], threshold=2)
    print(f"first weight {w1}: sum {w1 + 1}, answer {gate.predict([[1, 1]])[0]}")

X, y = make_blobs(100, centers=[[0, 0], [2, 2]], random_state=0)
weights = np.linspace(-0.5, 2.5, 301)
units = [PerceptronClassifier.from_weights([w1, 1], threshold=2) for w1 in weights]
mistakes = [(unit.predict(X) != y).sum() for unit in units]
with warnings.catch_warnings():
    warnings.simplefilter("ignore", ConvergenceWarning)  # it cannot converge: that is the lesson
    restless = PerceptronClassifier(max_iter=60, tol=None, random_state=0).fit(X, y)

# %%
# On the left, the mistakes are a staircase. Between two stairs the slope is 0, and at a stair
# there is none. On the right, the number of mistakes goes up and down for ever.
figure, axes = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
axes[0].step(weights, mistakes, where="post", color="tab:blue")
axes[0].set(title="one weight is turned", xlabel="first weight", ylim=(0, None))
axes[0].set(ylabel="mistakes among 100 samples")
axes[1].plot(range(1, 61), restless.mistake_curve_, color="tab:orange", marker=".")
axes[1].set(title="a perceptron learns, and never rests", xlabel="epoch", ylim=(0, None))
axes[1].set(ylabel="mistakes in the epoch")
plt.show()

# %%
# The code that does it: :doc:`/core/perceptron`
#
# **Exercise.** The weights never come to rest, but their *average* over training does. Fit a
# second perceptron with ``average=True`` to the same samples. Which of the two gets more of them
# right?
#
# .. dropdown:: Answer
#
#    The average. It has seen the kicks from both sides, and they nearly cancel.
#
#    .. code-block:: python
#
#       steady = PerceptronClassifier(average=True, max_iter=60, tol=None, random_state=0)
#       with warnings.catch_warnings():
#           warnings.simplefilter("ignore", ConvergenceWarning)
#           steady.fit(X, y)
#       print(steady.score(X, y) > restless.score(X, y))  # True
#
# What we would rather have is an answer that changes a little when a weight changes a little, and
# that is what the neuron of :doc:`plot_03_sigmoid_neuron` gives.
