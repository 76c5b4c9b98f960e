r"""
10. Adam
========

**Why should each weight have a step size of its own?**

Suppose that one feature is ten times smaller than another. The slope for its
weight is then ten times smaller too, although that weight has to become ten
times larger. One learning rate cannot suit both weights. Features can be
scaled beforehand, but the activations of the hidden layers change during
training.

*Adam* keeps two running means for each parameter: one of its gradient
:math:`g`, which smooths the direction as momentum does, and one of
:math:`g^2`, whose square root is the usual size of the gradient. It divides
the first by that square root. So it hardly matters how large the gradients of
a parameter are, only how well they agree. As long as they agree, a step is
about as long as the learning rate :math:`\eta`. Where they change sign, the
steps become shorter.

Step number :math:`t = 1, 2, \dots` is

.. math::

   m &\leftarrow \beta_1 m + (1 - \beta_1) \, g, \qquad
   s \leftarrow \beta_2 s + (1 - \beta_2) \, g^2 \\
   \theta &\leftarrow \theta - \eta \,
   \frac{m / (1 - \beta_1^t)}{\sqrt{s / (1 - \beta_2^t)}}

The means :math:`m` and :math:`s` start at 0 and are therefore too small at
first; the two divisions by :math:`1 - \beta^t` correct that. Usual values are
:math:`\beta_1 = 0.9` and :math:`\beta_2 = 0.999`. In practice a tiny number is
added to the denominator, so that it is never 0.
"""

# %%
# A sigmoid neuron with two features, of which the second is ten times smaller.
# Gradient descent and Adam start at 0 and take 100 steps on all samples.
# ``trace`` shows the first step of each: what it adds to the two weights.

# sphinx_gallery_start_ignore
import matplotlib.pyplot as plt

# sphinx_gallery_end_ignore
import numpy as np
from sklearn.datasets import make_moons

from sknn_edu import MLPClassifier, SigmoidNeuronClassifier
from sknn_edu.inspection import TrainingReplay, trace

rng = np.random.default_rng(0)
y = np.arange(200) % 2
X = rng.normal(size=(200, 2)) + 1.6 * y[:, np.newaxis] - 0.8
X[:, 1] /= 10

paths = {}
for solver, eta in (("gd", 2.0), ("adam", 0.5)):
    neuron = SigmoidNeuronClassifier(
        solver=solver,
        learning_rate_init=eta,
        alpha=0.0,
        batch_size=200,
        random_state=0,
    )
    first_step = trace(neuron, X, y).layers[0].change_W
    print(f"first step of {solver}:", first_step.ravel().round(3))
    paths[solver] = np.zeros((101, 2))  # the two weights after each step
    for t in range(1, 101):
        neuron.partial_fit(X, y, classes=[0, 1])
        paths[solver][t] = neuron.coef_[0]
    print(f"loss after 100 steps: {neuron.loss_curve_[-1]:.3f}")
# sphinx_gallery_start_ignore
best = SigmoidNeuronClassifier(alpha=0.0).fit(X, y)
w1, w2 = np.meshgrid(np.linspace(-0.5, 4, 120), np.linspace(-3, 26, 120))
z = np.multiply.outer(w1, X[:, 0]) + np.multiply.outer(w2, X[:, 1])
z += best.intercept_
loss = np.logaddexp(0, np.where(y == 1, -z, z)).mean(axis=-1)
fig, ax = plt.subplots(figsize=(6, 4.2), layout="constrained")
levels = np.geomspace(1.01 * best.loss_, 2, 12)
ax.contour(w1, w2, loss, levels=levels, colors="0.75")
names = {"gd": "gradient descent", "adam": "Adam"}
for (solver, name), style in zip(names.items(), ("s--", "o-"), strict=True):
    ax.plot(*paths[solver].T, style, ms=4, label=name)
ax.plot(*best.coef_[0], "*", color="black", ms=16, label="lowest point")
ax.set(xlabel="first weight", ylabel="second weight")
ax.set(title="100 steps of each")
ax.legend(loc="center right")
fig.suptitle(
    "Gradient descent first moves along the first weight and then slowly "
    "along the second. Adam takes a curved path to the lowest point",
    visible=False,
    in_layout=False,
)
plt.show()
# sphinx_gallery_end_ignore

# %%
# The lines join points of equal loss, for the best bias. Gradient descent soon
# finds a good first weight, but its second weight grows slowly. Adam changes
# both weights by the same amount in the first step and reaches the lowest
# point.
#
# Adam is the default solver of the networks in this package. Here it trains a
# network with two hidden layers to separate two half-moons.
moons, side = make_moons(200, noise=0.15, random_state=0)
network = MLPClassifier(
    (8, 8),
    "tanh",
    learning_rate_init=0.05,
    max_iter=400,
    random_state=0,
)
TrainingReplay(network, title="Adam learns two half-moons").fit(moons, side)

# %%
# **The source:** ``adam`` in :doc:`/core/one_page`, and
# :doc:`/core/optimizers`
#
# **Exercise.** Both numbers of Adam's first step are 0.5, the learning rate.
# Why? What would the first step be if all features were a thousand times
# larger?
#
# .. dropdown:: Answer
#
#    In the first step, the corrected means are g and g squared. A number
#    divided by the square root of its square is 1 or -1. So the first step of
#    each weight is the learning rate, up or down, however large the features
#    are.
#
#    .. code-block:: python
#
#       neuron = SigmoidNeuronClassifier(
#           solver="adam", learning_rate_init=0.5, alpha=0.0
#       )
#       first_step = trace(neuron, 1000 * X, y).layers[0].change_W
#       print(first_step.ravel().round(3))  # [0.5 0.5]
#
# **Next:** you have seen every part of training. :doc:`plot_11_training_loop`
# puts them together.
