r"""
8. Gradient descent
===================

**Which way is downhill, and how long should a step be?**

Think of the loss as a landscape over all weights. The slopes that backpropagation finds, taken
together, are the *gradient*. It points uphill, so a step against it goes down. *Gradient descent*
is nothing but many such steps. All weights and biases together are called :math:`\theta`.

How far to go is up to the *learning rate* :math:`\eta`. Too small, and one hardly gets anywhere.
Too large, and one jumps across the valley and may land higher up on the other side.

A long and narrow valley makes trouble: its walls are steep, its floor hardly slopes. *Momentum*
helps. The weights get a velocity :math:`v`, like a heavy ball. What points to and fro cancels,
what points along the valley adds up.

.. math::

   \text{gradient descent:} \quad & \theta \leftarrow \theta - \eta \, \frac{dL}{d\theta} \\
   \text{momentum:} \quad & v \leftarrow \mu \, v - \eta \, \frac{dL}{d\theta}, \qquad
   \theta \leftarrow \theta + v
"""

# %%
# A neuron with one input has two parameters, a weight and a bias, so its landscape can be drawn.
# The made-up question: who passes an examination after so many hours of study? Each column of
# ``A`` is a sample with a 1 below it, the input of the bias.
import matplotlib.pyplot as plt
import numpy as np

from sknn_edu import SigmoidNeuronClassifier

rng = np.random.default_rng(0)
hours = rng.uniform(0, 5, 60)
y = (hours + rng.normal(0, 0.9, 60) > 2.5).astype(int)
A = np.vstack([hours, np.ones(60)])


def descend(eta, mu=0.0, n_steps=100, A=A):
    """Return the way from theta = (0, 0), one row per step."""
    theta, v, way = np.zeros(2), np.zeros(2), [np.zeros(2)]
    for _ in range(n_steps):
        a = 1 / (1 + np.exp(-theta @ A))  # forward
        v = mu * v - eta * A @ (a - y) / 60  # backward, and the velocity
        theta = theta + v
        way.append(theta)
    return np.array(way)


neuron = SigmoidNeuronClassifier(solver="gd", learning_rate_init=1.0, alpha=0.0)
for _ in range(100):
    neuron.partial_fit(hours[:, np.newaxis], y, classes=[0, 1])
same = np.allclose([neuron.coef_[0, 0], neuron.intercept_[0]], descend(eta=1.0)[-1])
print("the package takes the same 100 steps:", same)

# %%
# Four ways down, 100 steps each. Lines join points of equal loss, and the star is the lowest
# point. With a rate that is too large the way does not come to rest, and it even leaves the
# picture. Momentum with a smaller rate is at the star when plain gradient descent is still on its
# way.
lowest = SigmoidNeuronClassifier(alpha=0.0).fit(hours[:, np.newaxis], y)
w, b = np.meshgrid(np.linspace(-1, 4.5, 120), np.linspace(-7.5, 2, 120))
sign = np.where(y == 1, 1, -1)
loss = np.logaddexp(0, -sign * (w[..., np.newaxis] * hours + b[..., np.newaxis])).mean(axis=-1)
figure, axes = plt.subplots(2, 2, figsize=(9, 8), layout="constrained", sharex=True, sharey=True)
for ax, title, eta, mu in (
    (axes[0, 0], "too small", 0.02, 0.0),
    (axes[0, 1], "about right", 1.0, 0.0),
    (axes[1, 0], "too large", 6.0, 0.0),
    (axes[1, 1], "with momentum", 0.4, 0.9),
):
    ax.contour(w, b, loss, levels=np.geomspace(1.02 * lowest.loss_, 4, 14), colors="0.75")
    ax.plot(*descend(eta, mu).T, color="tab:blue", marker=".", linewidth=1, label="the way")
    ax.plot(0, 0, "o", color="black", label="start")
    ax.plot(lowest.coef_[0], lowest.intercept_, "*", color="tab:orange", markersize=16,
            markeredgecolor="black", label="lowest point")  # fmt: skip
    ax.set_title(f"{title}: $\\eta$ = {eta:g}" + (f", $\\mu$ = {mu:g}" if mu else ""))
    ax.set(xlim=(-1, 4.5), ylim=(-7.5, 2))
axes[0, 0].legend(loc="lower left")
figure.supxlabel("weight of the hours")
figure.supylabel("bias")
plt.show()

# %%
# Here each step looked at all samples. With many samples that is a waste: the slope of a few of
# them, a *mini-batch*, is only a rough guess of the slope of all, but so cheap that many more
# steps can be taken. ``solver="sgd"`` does that. On small data the opposite may be best:
# ``solver="lbfgs"`` looks at all samples and takes few but clever steps.
#
# The code that does it: :doc:`/core/optimizers`, with mini-batches in
# :doc:`/core/gradient_descent` and the clever steps in :doc:`/core/lbfgs`
#
# **Exercise.** Above, the rate 6 was too large. Subtract from the hours their mean and divide them
# by their standard deviation, and try it again. Is it still too large?
#
# .. dropdown:: Answer
#
#    No, 100 steps end at the lowest point. Weight and bias no longer work against each other, and
#    the narrow valley has become a round bowl. Without the steep walls long steps do no harm.
#
#    .. code-block:: python
#
#       scaled = (hours - hours.mean()) / hours.std()
#       bottom = SigmoidNeuronClassifier(alpha=0.0).fit(scaled[:, np.newaxis], y)
#       end = descend(eta=6.0, A=np.vstack([scaled, np.ones(60)]))[-1]
#       print(np.allclose(end, [bottom.coef_[0, 0], bottom.intercept_[0]], atol=0.01))  # True
#
# Not every valley can be made round beforehand, and :doc:`plot_09_adam` therefore gives each
# weight a step of its own.
