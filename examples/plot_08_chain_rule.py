r"""
8. The chain rule
=================

**Why do the two rules of backpropagation hold?**

They are the chain rule of calculus: if :math:`u` depends on :math:`v`, and
:math:`v` depends on :math:`w`, then

.. math::

   \frac{du}{dw} = \frac{du}{dv} \cdot \frac{dv}{dw}

If :math:`w` grows by a little, :math:`v` grows :math:`dv/dw` times as much,
and :math:`u` grows :math:`du/dv` times as much as :math:`v`. In a network
this chain has more links, one for each function that is applied between the
weight and the loss.

We follow two weights of the network of the last chapter to its loss. It has
two inputs, two hidden neurons and one output. The sample is (1, 2), and the
right answer is no.

**A weight of the output.** Call it :math:`w`; it connects the first hidden
neuron, whose activation is :math:`a_1`, to the output, whose activation is
:math:`a`. The weight changes the sum :math:`z`, the sum changes :math:`a`, and
:math:`a` changes :math:`L = -\log(1 - a)`:

.. math::

   \frac{dL}{dw}
   = \frac{dL}{da} \cdot \frac{da}{dz} \cdot \frac{dz}{dw}
   = \frac{1}{1 - a} \cdot a \, (1 - a) \cdot a_1

The product of the first two factors is :math:`a`, which is :math:`a - y`
because :math:`y = 0`: this is the :math:`\delta` of the output. The last
factor is what came in through the weight. So the slope is the input times
:math:`\delta`, which is the first rule.

**A weight of the hidden layer.** Call it :math:`v`; it connects the first
input :math:`x_1` to the first hidden neuron. Its chain goes through the sum
:math:`z_1` and the activation :math:`a_1` of that neuron, then through the
output as before:

.. math::

   \frac{dL}{dv}
   &= \frac{dL}{da} \cdot \frac{da}{dz} \cdot \frac{dz}{da_1}
   \cdot \frac{da_1}{dz_1} \cdot \frac{dz_1}{dv} \\
   &= \delta \cdot w \cdot a_1 (1 - a_1) \cdot x_1

The product of all factors but the last is :math:`dL/dz_1`, the :math:`\delta`
of the hidden neuron: the :math:`\delta` of the output, times the weight that
leads there, times the slope of the activation. This is the second rule.

Both chains begin with the same factors. Backpropagation computes them once and
passes them on from layer to layer as :math:`\delta`. That is why one backward
pass gives all slopes.
"""

# %%
# The forward pass of the last chapter, then each factor of both chains.
import numpy as np

from sknn_edu import MLPClassifier
from sknn_edu.inspection import trace


def forward(X, W1, b1, W2, b2):
    A1 = 1 / (1 + np.exp(-(X @ W1 + b1)))
    A2 = 1 / (1 + np.exp(-(A1 @ W2 + b2)))
    return A1, A2


def loss(X, W1, b1, W2, b2):
    return -np.log(1 - forward(X, W1, b1, W2, b2)[1][0, 0])


X = np.array([[1.0, 2.0]])
W1, b1 = np.array([[1.0, -1.0], [0.5, 1.0]]), np.array([-2.0, 0.0])
W2, b2 = np.array([[3.0], [-1.0]]), np.array([0.0])
A1, A2 = forward(X, W1, b1, W2, b2)
x1, w, a1, a = X[0, 0], W2[0, 0], A1[0, 0], A2[0, 0]

dL_da = 1 / (1 - a)
da_dz = a * (1 - a)
dz_dw = a1
factors = dL_da, da_dz, dz_dw
print("dL/dw =", *np.round(factors, 4), "multiplied:", end=" ")
print(round(np.prod(factors), 4))

dz_da1 = w
da1_dz1 = a1 * (1 - a1)
dz1_dv = x1
factors = dL_da, da_dz, dz_da1, da1_dz1, dz1_dv
print("dL/dv =", *np.round(factors, 4), "multiplied:", end=" ")
print(round(np.prod(factors), 4))
# sphinx_gallery_start_ignore
import matplotlib.pyplot as plt

names = ["$v$", "$z_1$", "$a_1$", "$z$", "$a$", "$L$"]
z1 = (X @ W1 + b1)[0, 0]
z = (A1 @ W2 + b2)[0, 0]
values = [W1[0, 0], z1, a1, z, a, loss(X, W1, b1, W2, b2)]
slopes = [dz1_dv, da1_dz1, dz_da1, da_dz, dL_da]
fig, ax = plt.subplots(figsize=(7, 3), layout="constrained")
for k, (name, value) in enumerate(zip(names, values, strict=True)):
    ax.scatter(k, 0, s=1700, color="white", edgecolors="tab:blue", zorder=2)
    ax.text(k, 0, name, ha="center", va="center", fontsize=14)
    ax.text(k, -0.62, f"{value:.4f}", ha="center", va="center")
for k, slope in enumerate(slopes):
    over, under = names[k + 1].strip("$"), names[k].strip("$")
    ax.annotate(
        "",
        (k + 0.75, 0),
        (k + 0.25, 0),
        arrowprops={"arrowstyle": "->", "lw": 1.5},
    )
    formula = rf"$\frac{{d{over}}}{{d{under}}}$"
    ax.text(k + 0.5, 0.75, formula, ha="center", va="center", fontsize=16)
    ax.text(k + 0.5, 0.32, f"{slope:.4f}", ha="center", color="tab:orange")
ax.set(xlim=(-0.4, 5.4), ylim=(-0.9, 1.1))
ax.set_title("The chain from the weight v to the loss L")
ax.set_axis_off()
fig.suptitle(
    "Six circles from left to right: v, z1, a1, z, a and L. Over each arrow "
    "is the slope of the next number with respect to the one before: 1, 0.25, "
    "3, 0.2164 and 3.1575",
    visible=False,
    in_layout=False,
)
plt.show()
# sphinx_gallery_end_ignore

# %%
# In the picture, each circle is computed from the one to its left. Its value
# in the forward pass is below it, and the slopes are above the arrows. The
# product of the five slopes is dL/dv.
#
# **Check 1: finite differences.** Make a weight larger by a small h, then
# smaller by h, and divide the difference of the two losses by 2 h. This needs
# no chain rule.
h = 1e-5
E = np.array([[1.0, 0.0], [0.0, 0.0]])  # changes v, the first weight, only
above, below = loss(X, W1 + h * E, b1, W2, b2), loss(X, W1 - h * E, b1, W2, b2)
print(f"dL/dv measured: {(above - below) / (2 * h):.4f}")
e = np.array([[1.0], [0.0]])  # changes w only
above, below = loss(X, W1, b1, W2 + h * e, b2), loss(X, W1, b1, W2 - h * e, b2)
print(f"dL/dw measured: {(above - below) / (2 * h):.4f}")

# %%
# **Check 2: the package.** Its gradient contains the same two numbers.
network = MLPClassifier(2, "logistic", alpha=0.0)
network.partial_fit(X, [0], classes=[0, 1])
network.coefs_, network.intercepts_ = [W1, W2], [b1, b2]
hidden, output = trace(network, X, [0]).layers
print(f"dL/dv in the package: {hidden.dW[0, 0]:.4f}")
print(f"dL/dw in the package: {output.dW[0, 0]:.4f}")

# %%
# **Several paths.** If a number influences the loss in several ways, the
# slopes of all paths are added. A hidden neuron that leads to several neurons
# has one path through each of them, and the product :math:`\delta_k W_k^T`
# adds these up. A weight influences the loss of every sample, and the product
# :math:`A_{k-1}^T \delta_k` adds up the samples.
#
# **The source:** :doc:`/core/network`. The method ``backward`` stands right
# below ``forward``.
#
# **Exercise.** The first input :math:`x_1` influences the loss through both
# hidden neurons. What is :math:`dL/dx_1`? Check it by finite differences.
#
# .. dropdown:: Answer
#
#    Each path contributes the delta of its hidden neuron times the weight
#    between :math:`x_1` and that neuron. The deltas are 0.5125 and -0.1343,
#    the weights 1 and -1, so the sum is 0.5125 + 0.1343 = 0.6468.
#
#    .. code-block:: python
#
#       paths = hidden.delta[:, 0] * W1[0]
#       step = np.array([[h, 0.0]])
#       above = loss(X + step, W1, b1, W2, b2)
#       below = loss(X - step, W1, b1, W2, b2)
#       print(paths.sum().round(4))  # 0.6468
#       print(round((above - below) / (2 * h), 4))  # 0.6468
#
# **Next:** the gradient tells how the loss changes with each weight.
# :doc:`plot_09_gradient_descent` uses it to make the loss smaller.
