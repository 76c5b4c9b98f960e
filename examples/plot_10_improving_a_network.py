r"""
10. Improving a network
=======================

**Why does a network that makes no mistakes in training make them later?**

Because it can learn its samples by heart, the accidents among them included. This is called
*overfitting*. It shows only on samples that were held out: their loss falls at first, and then
rises while the training loss still falls. So keep a *validation set* aside, and look at it.

Four remedies are in common use. *Dropout* silences hidden neurons at random in training, so that
no neuron can rely on a particular other one. *Weight decay* shrinks all weights a little at each
step, so that only those stay large that are needed again and again. *Early stopping* watches the
validation set and goes back to the weights of the best epoch. A *schedule* makes the learning rate
smaller towards the end, so that the last steps no longer chase after each single sample.

.. math::

   \text{dropout:} \quad & a \leftarrow a \, r, \qquad
   r = \begin{cases} 0 & \text{with probability } p \\ 1 / (1 - p) & \text{otherwise} \end{cases} \\
   \text{weight decay:} \quad & W \leftarrow W - \eta \, \lambda \, W \\
   \text{cosine schedule:} \quad & \eta = \eta_0 \, \tfrac12 \bigl( 1 + \cos (\pi s) \bigr)

Here :math:`p` is the rate of dropout, and the factor :math:`r` is drawn separately for each neuron,
sample and step. :math:`\lambda` is the decay, which comes on top of the optimiser's step. The
progress :math:`s` of training runs from 0 to 1.
"""

# %%
# Handwritten digits, 600 of them for training and 600 for validation. About one in seven gets a
# label drawn by lot: that is what the network should *not* learn. The labels of the validation set
# are right.
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split

from sknn_edu import MLPClassifier

X, y = load_digits(return_X_y=True)
X = X / 16  # so that pixels are from 0 to 1
X_train, X_val, y_train, y_val = train_test_split(
    X, y, train_size=600, test_size=600, random_state=0
)
y_train[:90] = np.random.default_rng(0).integers(0, 10, 90)

plain = {"learning_rate_init": 0.01, "batch_size": 60, "alpha": 0.0, "max_iter": 80}
plain |= {"n_iter_no_change": 80, "random_state": 0}  # patient for all 80 epochs
remedies = {
    "nothing": {},
    "dropout": {"dropout": 0.5},
    "weight decay": {"weight_decay": 0.3},
    "early stopping": {"early_stopping": True, "scoring": "loss", "n_iter_no_change": 10},
    "cosine schedule": {"learning_rate": "cosine"},
}
networks = {}
print(" " * 15, "loss and accuracy on the validation set")
for name, remedy in remedies.items():
    network = MLPClassifier(**(plain | remedy))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # 80 epochs are enough
        networks[name] = network.fit(X_train, y_train, X_val=X_val, y_val=y_val)
    last = network.best_epoch_ if network.early_stopping else network.n_iter_
    loss = network.validation_loss_curve_[last - 1]
    print(f"{name:>15} {loss:.2f}  {network.score(X_val, y_val):.2f}")

# %%
# The loss on the validation set, each remedy in blue beside the network without any. Early
# stopping follows the untreated network until it gives up, and the dot is the epoch whose weights
# it keeps.
figure, axes = plt.subplots(2, 2, figsize=(9, 6.5), layout="constrained", sharex=True, sharey=True)
for ax, name in zip(axes.flat, list(remedies)[1:], strict=True):
    untreated, treated = networks["nothing"], networks[name]
    ax.plot(range(1, 81), untreated.validation_loss_curve_, "--", color="tab:orange",
            label="nothing")  # fmt: skip
    epochs = range(1, treated.n_iter_ + 1)
    ax.plot(epochs, treated.validation_loss_curve_, color="tab:blue", label=name)
    if treated.early_stopping:
        best = treated.best_epoch_
        ax.plot(best, treated.validation_loss_curve_[best - 1], "o", color="tab:blue")
    ax.set(title=name, ylim=(0, 1))
    ax.legend()
figure.supxlabel("epoch")
figure.supylabel("mean loss on the validation set")
plt.show()

# %%
# The code that does it: :doc:`/core/beyond/dropout`, :doc:`/core/optimizers` (weight decay),
# :doc:`/core/training` (early stopping) and :doc:`/core/schedules`
#
# **Exercise.** Remedies can be combined, and they can be overdone. Try dropout together with the
# cosine schedule, and dropout with the rate 0.95 instead of 0.5. How do their validation losses at
# the end compare with that of dropout alone?
#
# .. dropdown:: Answer
#
#    With so much dropout the loss is far larger: only five neurons in a hundred are left at a
#    time, and the network cannot learn enough. This is *underfitting*. The schedule changes little
#    here, because dropout has already kept the network from learning by heart.
#
#    .. code-block:: python
#
#       for remedy in ({"dropout": 0.5, "learning_rate": "cosine"}, {"dropout": 0.95}):
#           network = MLPClassifier(**(plain | remedy))
#           with warnings.catch_warnings():
#               warnings.simplefilter("ignore", ConvergenceWarning)
#               network.fit(X_train, y_train, X_val=X_val, y_val=y_val)
#           print(remedy, round(network.validation_loss_curve_[-1], 2))
#
# So many knobs call for a method to turn them, and for a fair judge of the result: both are in
# :doc:`plot_11_pipeline_and_grid_search`.
