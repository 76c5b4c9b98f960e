r"""
11. A training loop of your own
===============================

**What does a complete program that trains a network look like?**

It has five parts: initial weights, forward propagation, the loss,
backpropagation and a step of the optimiser. A loop repeats the last four. All
of it fits on one page of plain NumPy, :doc:`/core/one_page`. This chapter
reads that page and runs it.

The network is a classifier. Its hidden layers have the activation *relu*,
:math:`\max(0, z)`, and its output layer has softmax, so ``Y`` has a column for
each class: 1 for the right class, 0 for the others. As in
:doc:`plot_05_forward_propagation`, arrays have one row per sample.

**Initial weights.** They are drawn at random, because neurons that start with
equal weights stay equal. The more neurons a layer connects, the smaller its
weights; the next chapter explains why.

.. literalinclude:: ../../sknn_edu/core/one_page.py
   :pyobject: initialize

**Forward.** Every layer computes ``a @ W + b``. The hidden layers apply relu,
the last one softmax. Subtracting the largest ``z`` of a row does not change
its softmax and keeps ``exp`` from overflowing. All activations are kept,
because the backward pass needs them.

.. literalinclude:: ../../sknn_edu/core/one_page.py
   :pyobject: forward

**Loss.** The cross-entropy of a sample is minus the logarithm of the
probability of its right class. ``P * Y`` keeps that probability and sets the
others to 0.

.. literalinclude:: ../../sknn_edu/core/one_page.py
   :pyobject: log_loss

**Backward.** The first delta is ``a - y``, divided by n because the loss is a
mean over n samples. The loop goes from the last layer to the first and applies
the two rules of :doc:`plot_07_backpropagation_by_hand`. The slope of relu is 1
where its activation is positive and 0 elsewhere. The term with ``alpha`` is
the slope of an L2 penalty, which keeps the weights small; ``alpha=0`` switches
it off, and :doc:`plot_13_overfitting` uses it.

.. literalinclude:: ../../sknn_edu/core/one_page.py
   :pyobject: backward

**The step.** This is Adam from :doc:`plot_10_adam`. The two corrections are
combined in ``rate``.

.. literalinclude:: ../../sknn_edu/core/one_page.py
   :pyobject: adam
"""

# %%
# With these five functions we can write a training loop. The first task is
# XOR: four samples, two classes, eight hidden neurons. Every step uses all
# four samples.

# sphinx_gallery_start_ignore
import matplotlib.pyplot as plt

# sphinx_gallery_end_ignore
import numpy as np

from sknn_edu.core.one_page import (
    adam,
    backward,
    forward,
    initialize,
    log_loss,
)

X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
y = np.array([0, 1, 1, 0])
Y = np.eye(2)[y]  # one row per sample, one column per class

weights, biases = initialize([2, 8, 2], np.random.RandomState(0))
params = weights + biases
means = [np.zeros_like(theta) for theta in params]
squares = [np.zeros_like(theta) for theta in params]
losses = []

for t in range(1, 201):
    activations = forward(X, weights, biases)
    losses.append(log_loss(activations[-1], Y).mean())
    dweights, dbiases = backward(activations, Y, weights, alpha=0.0)
    gradient = dweights + dbiases
    for theta, g, m, s in zip(params, gradient, means, squares, strict=True):
        adam(theta, g, m, s, t, learning_rate=0.05)

print(f"loss: {losses[0]:.3f} before, {losses[-1]:.3f} after 200 steps")
print("probability of yes:", forward(X, weights, biases)[-1][:, 1].round(2))
# sphinx_gallery_start_ignore
fig, ax = plt.subplots(figsize=(5, 3.6), layout="constrained")
ax.plot(range(1, 201), losses, lw=2)
ax.set(xlabel="step", ylabel="mean loss", ylim=(0, None))
ax.set(title="Our loop learns XOR")
fig.suptitle(
    "The mean loss falls from about 1.2 to almost 0 within 200 steps",
    visible=False,
    in_layout=False,
)
plt.show()
# sphinx_gallery_end_ignore

# %%
# The loss falls to almost 0, and the network answers all four samples
# correctly.
#
# **Mini-batches.** With many samples, one step for each mini-batch is faster.
# The function ``fit`` of the page contains the same loop with two additions:
# the samples are shuffled before each epoch, and each step uses the next
# ``batch_size`` of them.
#
# .. literalinclude:: ../../sknn_edu/core/one_page.py
#    :pyobject: fit
#
# We use it for handwritten digits: images of 8 by 8 pixels, ten classes. The
# images of the test data are not used for training.
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from sknn_edu.core import one_page

images, digits = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    images / 16, digits, random_state=0
)
weights, biases, losses = one_page.fit(
    X_train, np.eye(10)[y_train], (50,), n_epochs=30, batch_size=50
)
answers = forward(X_test, weights, biases)[-1].argmax(axis=1)
print(f"correct on the test data: {(answers == y_test).mean():.3f}")

# %%
# **The same with MLPClassifier.** It has the same steps inside, with more
# options and faster arithmetic. With the same settings, its weights and losses
# are the same up to rounding errors. (``n_iter_no_change`` keeps it from
# stopping early.)
from sknn_edu import MLPClassifier

mlp = MLPClassifier(
    (50,), max_iter=30, batch_size=50, n_iter_no_change=30, random_state=0
)
# sphinx_gallery_start_ignore
import warnings

warnings.simplefilter("ignore")  # 30 epochs are not enough to converge
# sphinx_gallery_end_ignore
mlp.fit(X_train, y_train)
pairs = zip(weights + biases, mlp.coefs_ + mlp.intercepts_, strict=True)
of_parameters = max(abs(ours - theirs).max() for ours, theirs in pairs)
of_losses = abs(np.array(losses) - mlp.loss_curve_).max()
print("parameters differ by less than 1e-9:", of_parameters < 1e-9)
print("losses differ by less than 1e-9:    ", of_losses < 1e-9)

# %%
# **The source:** :doc:`/core/one_page` is the page. The same loop in the
# package is in :doc:`/core/training` (epochs) and
# :doc:`/core/gradient_descent` (mini-batches).
#
# **Exercise.** Replace Adam by gradient descent in the loop for XOR. How large
# is the loss after 200 steps with the learning rates 0.05, 0.5 and 2?
#
# .. dropdown:: Answer
#
#    The step becomes one line. With the rate 0.05 the loss is 0.55, so that
#    training has only begun. With 0.5 it is 0.01. With 2 it is 0.48, and one
#    sample is still wrong: the steps are too long.
#
#    .. code-block:: python
#
#       for eta in (0.05, 0.5, 2.0):
#           weights, biases = initialize([2, 8, 2], np.random.RandomState(0))
#           for _ in range(200):
#               activations = forward(X, weights, biases)
#               gradients = backward(activations, Y, weights, alpha=0.0)
#               for theta, g in zip(weights + biases, sum(gradients, [])):
#                   theta -= eta * g
#           P = forward(X, weights, biases)[-1]
#           print(eta, P.argmax(axis=1) == y, log_loss(P, Y).mean().round(2))
#
# **Next:** more layers do not always make a better network.
# :doc:`plot_12_why_depth_can_hurt` shows why.
