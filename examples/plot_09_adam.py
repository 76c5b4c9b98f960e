r"""
9. Adam
=======

**Why should all weights take steps on the same scale?**

They should not. Suppose that one feature is ten times smaller than another. The slope of its
weight is ten times smaller too, while that weight has ten times as far to go. One learning rate
cannot suit both. Features can be scaled beforehand, but between the layers of a network nobody
does that for us.

*Adam* keeps two running means for each parameter: of its gradient, which smooths the direction as
momentum does, and of the square of its gradient, which tells the usual size. A step is the first
divided by the root of the second. So it hardly matters how large the gradients of a weight are,
only how well they agree. While they agree, a step is about :math:`\eta` long. Where they change
sign, steps become shorter.

For efficiency the code keeps the decaying sums :math:`M` and :math:`V`. The factors in front of
them turn sums into means, also in the first steps :math:`t = 1, 2, \dots`, when there is little to
take the mean of:

.. math::

   M &\leftarrow \beta_1 M + \frac{dL}{d\theta}, \qquad
   V \leftarrow \beta_2 V + \left( \frac{dL}{d\theta} \right)^2 \\
   \theta &\leftarrow \theta - \eta \, \frac{\bar M}{\sqrt{\bar V}}, \qquad
   \bar M = \frac{1 - \beta_1}{1 - \beta_1^t} M, \qquad
   \bar V = \frac{1 - \beta_2}{1 - \beta_2^t} V

The usual :math:`\beta_1` is 0.9 and :math:`\beta_2` is 0.999. A tiny number below the fraction bar
keeps it finite where all gradients were 0.
"""

# %%
# A neuron whose second feature is ten times smaller than its first. Both solvers start at 0 and
# take 100 steps on all samples, and we note the way of the two weights. ``trace`` shows the first
# step.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_moons

from sknn_edu import MLPClassifier, SigmoidNeuronClassifier
from sknn_edu.inspection import TrainingReplay, trace

rng = np.random.default_rng(0)
y = np.arange(200) % 2
X = (rng.normal(size=(200, 2)) + 1.6 * y[:, np.newaxis] - 0.8) * [1.0, 0.1]

ways, curves = {}, {}
for solver, eta in (("gd", 2.0), ("adam", 0.5)):
    neuron = SigmoidNeuronClassifier(
        solver=solver, learning_rate_init=eta, alpha=0.0, batch_size=200, random_state=0
    )
    first_step = trace(neuron, X, y).layers[0].change_W
    print(f"first step of {solver}:", first_step.ravel().round(3))
    ways[solver] = [np.zeros(2)]
    for _ in range(100):
        ways[solver].append(neuron.partial_fit(X, y, classes=[0, 1]).coef_[0].copy())
    curves[solver] = neuron.loss_curve_

# %%
# Gradient descent finds a good first weight soon, and then creeps along the valley. Adam moves
# both weights alike from the first step. (The map is drawn for the best bias.)
best = SigmoidNeuronClassifier(alpha=0.0).fit(X, y)
w1, w2 = np.meshgrid(np.linspace(-0.5, 4, 120), np.linspace(-3, 26, 120))
z = w1[..., np.newaxis] * X[:, 0] + w2[..., np.newaxis] * X[:, 1] + best.intercept_
loss = np.logaddexp(0, np.where(y == 1, -z, z)).mean(axis=-1)
figure, axes = plt.subplots(1, 2, figsize=(9, 4.2), layout="constrained")
axes[0].contour(w1, w2, loss, levels=np.geomspace(1.01 * best.loss_, 2, 12), colors="0.75")
looks = (("gd", "tab:orange", "s", "gradient descent"), ("adam", "tab:blue", "o", "Adam"))
for solver, colour, marker, name in looks:
    way = np.transpose(ways[solver])
    axes[0].plot(*way, color=colour, marker=marker, markersize=4, linewidth=1, label=name)
    axes[1].plot(range(1, 101), curves[solver], color=colour, label=name,
                 linestyle="--" if solver == "gd" else "-")  # fmt: skip
axes[0].plot(*best.coef_[0], "*", color="black", markersize=14, label="lowest point")
axes[0].set(title="100 steps", xlabel="first weight", ylabel="second weight")
axes[1].set(title="the loss on the way", xlabel="step", ylabel="mean loss")
axes[0].legend(loc="center right")
axes[1].legend()
plt.show()

# %%
# Networks in this package are trained by Adam unless you say otherwise. Here it trains one with
# two hidden layers to tell two half-moons apart.
moons, side = make_moons(200, noise=0.15, random_state=0)
network = MLPClassifier(
    (8, 8), "tanh", learning_rate_init=0.05, max_iter=400, random_state=0
)  # fmt: skip
TrainingReplay(network, title="Adam learns two half-moons").fit(moons, side)

# %%
# The code that does it: :doc:`/core/optimizers`. You now know every step of training. All of them
# together, in fewer than a hundred lines of plain NumPy, are on one page: :doc:`/core/one_page`
#
# **Exercise.** Both numbers of Adam's first step are 0.5, the learning rate. Why? What would the
# first step be if all features were a thousand times larger?
#
# .. dropdown:: Answer
#
#    In the first step both means are made of one gradient only, and a number divided by the root
#    of its square is 1 or -1. So the first step of each weight is the learning rate, up or down,
#    however large the features are.
#
#    .. code-block:: python
#
#       neuron = SigmoidNeuronClassifier(solver="adam", learning_rate_init=0.5, alpha=0.0)
#       print(trace(neuron, 1000 * X, y).layers[0].change_W.ravel().round(3))  # [0.5 0.5]
#
# Adam brings the training loss down with ease, but that is not yet what we want, as
# :doc:`plot_10_improving_a_network` shows.
