r"""
9. Gradient descent
===================

**In which direction should the weights move, and how far?**

Write all weights and biases of a network into one vector :math:`\theta`
(theta), and think of the loss as the height of a landscape over it. The
gradient, which backpropagation computes, points uphill. *Gradient descent*
therefore takes many small steps against it:

.. math::

   \theta \leftarrow \theta - \eta \, \frac{dL}{d\theta}

The *learning rate* :math:`\eta` (eta) says how long the steps are. If it is
too small, many steps are needed. If it is too large, a step crosses the valley
and may end higher up on the other side.
"""

# %%
# A neuron with one input has two parameters, a weight and a bias, so we can
# draw its landscape. The made-up question: will a student who has studied for
# so many hours pass the exam?
#
# The function ``descend`` is gradient descent for this neuron. It starts at
# weight 0 and bias 0. ``A`` has one row per student: the hours and a 1, which
# is the input of the bias, so that theta is the weight and the bias.

# sphinx_gallery_start_ignore
import matplotlib.pyplot as plt

# sphinx_gallery_end_ignore
import numpy as np
from sklearn.datasets import make_moons

from sknn_edu import MLPClassifier, SigmoidNeuronClassifier
from sknn_edu.inspection import Playground

rng = np.random.default_rng(0)
hours = rng.uniform(0, 5, 60)
y = (hours + rng.normal(0, 0.9, 60) > 2.5).astype(int)  # 1: passed
A = np.column_stack([hours, np.ones(60)])  # (60, 2)


def descend(eta, n_steps=100, A=A):
    theta = np.zeros(2)
    path = [theta]
    for _ in range(n_steps):
        a = 1 / (1 + np.exp(-A @ theta))  # forward
        gradient = A.T @ (a - y) / len(y)  # backward: delta is a - y
        theta = theta - eta * gradient
        path.append(theta)
    return np.array(path)  # one row per step


for eta in (0.02, 1.0, 6.0):
    print(f"eta = {eta}: weight and bias", descend(eta)[-1].round(2))
# sphinx_gallery_start_ignore


def mean_loss(w, b):
    z = np.multiply.outer(w, hours) + b[..., np.newaxis]
    return np.logaddexp(0, np.where(y == 1, -z, z)).mean(axis=-1)


def draw(paths, title):
    fig, ax = plt.subplots(figsize=(6, 4.4), layout="constrained")
    w, b = np.meshgrid(np.linspace(-1, 4.5, 120), np.linspace(-7.5, 2, 120))
    best = SigmoidNeuronClassifier(alpha=0.0).fit(hours[:, np.newaxis], y)
    levels = np.geomspace(1.02 * best.loss_, 4, 14)
    ax.contour(w, b, mean_loss(w, b), levels=levels, colors="0.75")
    for (label, path), marker in zip(paths.items(), "os^", strict=False):
        ax.plot(*path.T, f"{marker}-", lw=1, ms=4, label=label)
    ax.plot(0, 0, "o", color="black", ms=9, label="start")
    ax.plot(
        *best.coef_[0], *best.intercept_, "k*", ms=18, label="lowest point"
    )
    ax.set(title=title, xlim=(-1, 4.5), ylim=(-7.5, 2))
    ax.set(xlabel="weight of the hours", ylabel="bias")
    ax.legend(loc="lower left")
    return fig


paths = {
    "eta = 1: about right": descend(1.0),
    "eta = 6: too large": descend(6.0),
    "eta = 0.02: too small": descend(0.02),
}
draw(paths, "100 steps with three learning rates").suptitle(
    "Contour lines of a long valley. With the small rate the steps hardly "
    "leave the start, with the middle one they follow the valley, with the "
    "large one they jump between its sides",
    visible=False,
    in_layout=False,
)
plt.show()
# sphinx_gallery_end_ignore

# %%
# The grey lines join points of equal loss, and the star is the lowest point.
# With the rate 0.02, 100 steps do not get far. With the rate 1 they follow the
# valley towards the star. With the rate 6 they jump from one side of the
# valley to the other and leave the picture.
#
# The package takes the same steps:
neuron = SigmoidNeuronClassifier(
    solver="gd", learning_rate_init=1.0, alpha=0.0
)
for _ in range(100):
    neuron.partial_fit(hours[:, np.newaxis], y, classes=[0, 1])
theta = [neuron.coef_[0, 0], neuron.intercept_[0]]
print("the same after 100 steps:", np.allclose(theta, descend(eta=1.0)[-1]))

# %%
# **Momentum.** A long and narrow valley is difficult: its sides are steep, so
# the rate must be small, but the slope along the valley is slight. *Momentum*
# helps. The parameters get a velocity :math:`v`, to which each step adds. What
# points back and forth between the sides cancels out, and what points along
# the valley adds up. The factor :math:`\mu` (mu), often 0.9, lets old steps
# fade:
#
# .. math::
#
#    v \leftarrow \mu \, v - \eta \, \frac{dL}{d\theta}, \qquad
#    \theta \leftarrow \theta + v
theta, v = np.zeros(2), np.zeros(2)
path = [theta]
for _ in range(100):
    a = 1 / (1 + np.exp(-A @ theta))
    v = 0.9 * v - 0.4 * A.T @ (a - y) / len(y)
    theta = theta + v
    path.append(theta)
print("with momentum:", theta.round(2))
# sphinx_gallery_start_ignore
paths = {"no momentum": descend(0.4), "mu = 0.9": np.array(path)}
draw(paths, "100 steps with and without momentum, eta = 0.4").suptitle(
    "Without momentum, 100 steps end halfway along the valley. With momentum "
    "they swing a little and reach the lowest point",
    visible=False,
    in_layout=False,
)
plt.show()
# sphinx_gallery_end_ignore

# %%
# With the same learning rate, the steps with momentum reach the lowest point,
# and those without it are only halfway there.
#
# **Mini-batches.** Each step above used all samples. The gradient of a few
# samples, a *mini-batch*, is only an estimate, but it is so cheap that many
# more steps can be taken in the same time. ``solver="sgd"`` does that.
#
# Try it: the network below learns two half-moons in mini-batches of 20
# samples, without momentum. Its learning rate 0.001 is too small: after 100
# epochs the boundary is still almost straight. Change the rate to 1, then to
# 10. With 1 the loss falls quickly, with 10 it jumps up and down. What does
# momentum do for the small rate?
moons, side = make_moons(200, noise=0.2, random_state=0)
network = MLPClassifier(
    8,
    "tanh",
    solver="sgd",
    learning_rate_init=0.001,
    momentum=0.0,
    alpha=0.0,
    batch_size=20,
    max_iter=50,
    random_state=0,
)
# sphinx_gallery_start_ignore
import warnings

warnings.simplefilter("ignore")  # 50 epochs are not enough to converge
# sphinx_gallery_end_ignore
Playground(network, title="Which learning rate is right?").fit(moons, side)

# %%
# **The source:** :doc:`/core/optimizers`, with mini-batches in
# :doc:`/core/gradient_descent`
#
# **Exercise.** Above, the rate 6 was too large. Subtract the mean from the
# hours, divide them by their standard deviation, and try again. Is the rate
# still too large?
#
# .. dropdown:: Answer
#
#    No, 100 steps end at the lowest point. The narrow valley has become a
#    round bowl without steep sides, so long steps do no harm. This is why
#    features are scaled before a network is trained.
#
#    .. code-block:: python
#
#       scaled = (hours - hours.mean()) / hours.std()
#       best = SigmoidNeuronClassifier(alpha=0.0)
#       best.fit(scaled[:, np.newaxis], y)
#       A = np.column_stack([scaled, np.ones(60)])
#       theta = descend(eta=6.0, A=A)[-1]
#       lowest = [best.coef_[0, 0], best.intercept_[0]]
#       print(np.allclose(theta, lowest, atol=0.01))  # True
#
# **Next:** not every valley can be made round beforehand.
# :doc:`plot_10_adam` gives each weight a step size of its own.
