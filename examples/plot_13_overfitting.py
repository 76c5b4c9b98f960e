r"""
13. Overfitting and its remedies
================================

**Why does a network make mistakes on new samples, but none in training?**

It can learn its training samples by heart, including what is accidental in
them, such as wrong labels. This is called *overfitting*. It shows only on
samples that are not used for training, the *validation set*: their loss falls
at first and then rises, while the training loss still falls.

Four remedies are common:

* The *L2 penalty* adds the squared weights to the loss, multiplied by a number
  :math:`\alpha`. Only weights that are needed to lower the loss of the samples
  stay large.
* *Dropout* sets activations to 0 at random in training, each with probability
  :math:`p`. No neuron can rely on another one, because that may be missing.
* *Early stopping* watches the loss on the validation set and returns to the
  weights of the best epoch.
* A *learning-rate schedule* makes the steps smaller towards the end, so that
  the last ones no longer follow single samples.

.. math::

   \text{L2 penalty:} \quad & L \leftarrow L + \frac{\alpha}{2 n} \sum W^2 \\
   \text{dropout:} \quad & a \leftarrow a \, r, \qquad
   r = \begin{cases} 0 & \text{with probability } p \\
   1 / (1 - p) & \text{otherwise} \end{cases} \\
   \text{cosine schedule:} \quad
   & \eta = \eta_0 \, \tfrac12 \bigl( 1 + \cos (\pi s) \bigr)

Here :math:`n` is the number of samples in a step. The factor :math:`r` is
drawn for each neuron, sample and step; dividing by :math:`1 - p` keeps the
mean of the activations the same. The progress :math:`s` of training runs from
0 to 1.
"""

# %%
# Handwritten digits, 600 for training and 600 for validation. We replace 90
# training labels by random ones. The network should *not* learn these. The
# labels of the validation set are right.

# sphinx_gallery_start_ignore
import warnings

import matplotlib.pyplot as plt

# sphinx_gallery_end_ignore
import numpy as np
from sklearn.datasets import load_digits, make_moons
from sklearn.model_selection import train_test_split

from sknn_edu import MLPClassifier
from sknn_edu.inspection import LossCurveDisplay, Playground

X, y = load_digits(return_X_y=True)
X_train, X_val, y_train, y_val = train_test_split(
    X / 16, y, train_size=600, test_size=600, random_state=0
)
y_train[:90] = np.random.default_rng(0).integers(0, 10, 90)

settings = {"learning_rate_init": 0.01, "batch_size": 60, "alpha": 0.0}
settings |= {"max_iter": 80, "n_iter_no_change": 80, "random_state": 0}
remedies = {
    "no remedy": {},
    "L2 penalty": {"alpha": 0.3},
    "dropout": {"dropout": 0.5},
    "early stopping": {
        "early_stopping": True,
        "scoring": "loss",
        "n_iter_no_change": 10,
    },
    "cosine schedule": {"learning_rate": "cosine"},
}
# sphinx_gallery_start_ignore
warnings.simplefilter("ignore")  # 80 epochs are not enough to converge
# sphinx_gallery_end_ignore
networks = {}
for name, remedy in remedies.items():
    network = MLPClassifier(**(settings | remedy))
    network.fit(X_train, y_train, X_val=X_val, y_val=y_val)
    networks[name] = network
    score = network.score(X_val, y_val)
    print(f"{name:>15}: {score:.2f} correct on the validation set")

# %%
# First the network without any remedy. Its training loss falls to almost 0,
# wrong labels included. Its validation loss is smallest in the first epochs
# and then rises: it overfits.
display = LossCurveDisplay.from_estimator(networks["no remedy"])
# sphinx_gallery_start_ignore
display.ax_.lines[-1].remove()  # the last epoch, whose training loss is lowest
display.ax_.legend()
display.ax_.set(title="Overfitting", ylim=(0, 1.2))
display.figure_.suptitle(
    "The training loss falls to almost 0. The validation loss falls to about "
    "0.4 and then rises to 0.6",
    visible=False,
    in_layout=False,
)
plt.show()
# sphinx_gallery_end_ignore

# %%
# With each of the remedies, the validation loss rises less or not at all:
for name, network in networks.items():
    print(f"{name:>15}: {network.validation_loss_curve_[-1]:.2f}")
# sphinx_gallery_start_ignore
# sphinx_gallery_thumbnail_number = 1
fig, axes = plt.subplots(
    2, 2, figsize=(8, 6), layout="constrained", sharex=True, sharey=True
)
for ax, name in zip(axes.flat, list(remedies)[1:], strict=True):
    without, treated = networks["no remedy"], networks[name]
    losses = treated.validation_loss_curve_
    ax.plot(
        range(1, 81),
        without.validation_loss_curve_,
        "--",
        color="tab:orange",
        label="no remedy",
    )
    ax.plot(
        range(1, treated.n_iter_ + 1), losses, color="tab:blue", label=name
    )
    if treated.early_stopping:
        best = treated.best_epoch_
        ax.plot(best, losses[best - 1], "o", color="tab:blue")
    ax.set(title=name, ylim=(0, 1))
    ax.legend(loc="lower right")
fig.supxlabel("epoch")
fig.supylabel("validation loss")
fig.suptitle(
    "Four panels, one for each remedy, beside the network without a remedy, "
    "whose validation loss rises to 0.6. With the L2 penalty and dropout it "
    "stays near 0.4, with the cosine schedule it ends at 0.5, with early "
    "stopping it ends after 23 epochs",
    visible=False,
    in_layout=False,
)
plt.show()
# sphinx_gallery_end_ignore

# %%
# The numbers are the validation losses of the last epoch. In the picture, the
# dot marks the epoch whose weights early stopping returns to.
#
# A relative of the L2 penalty is *weight decay* (``weight_decay``), which
# makes all weights a little smaller after each step instead of changing the
# loss.
#
# Now see it yourself. The network below has 337 weights and biases for 60
# noisy samples. Train it for 300 epochs without a penalty: the boundary winds
# around single samples, the training loss falls below 0.1, and the test loss
# rises from 0.34 to 0.77. Then set *L2 penalty* to 0.1 and train again: the
# boundary is smooth, and the test loss ends at 0.33. With 10 the penalty is
# too strong, and nothing is learned.
moons, side = make_moons(200, noise=0.35, random_state=0)
network = MLPClassifier(
    (16, 16),
    learning_rate_init=0.01,
    alpha=0.0,
    batch_size=20,
    max_iter=300,
    n_iter_no_change=300,
    random_state=0,
)
page = Playground(network, test_size=140, title="Overfitting and the penalty")
page.fit(moons, side)

# %%
# **The source:** :doc:`/core/losses` (L2 penalty),
# :doc:`/core/beyond/dropout`, :doc:`/core/training` (early stopping) and
# :doc:`/core/schedules`
#
# **Exercise.** Remedies can be combined, and they can be too strong. Try
# dropout together with the cosine schedule, and dropout with the probability
# 0.95 instead of 0.5. Compare their last validation losses with that of
# dropout alone.
#
# .. dropdown:: Answer
#
#    Together with the schedule the loss is a little lower, 0.38 instead of
#    0.42. With the probability 0.95 it is 1.92: only five neurons in a hundred
#    are left in each step, and the network cannot learn enough. This is called
#    *underfitting*.
#
#    .. code-block:: python
#
#       for remedy in (
#           {"dropout": 0.5, "learning_rate": "cosine"},
#           {"dropout": 0.95},
#       ):
#           network = MLPClassifier(**(settings | remedy))
#           network.fit(X_train, y_train, X_val=X_val, y_val=y_val)
#           print(remedy, round(network.validation_loss_curve_[-1], 2))
#
# **Next:** how large should alpha be, and how many neurons are enough?
# :doc:`plot_14_pipeline_and_grid_search` searches for the answer.
