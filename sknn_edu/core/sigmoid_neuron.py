"""How can a neuron learn from being *slightly* wrong?

The perceptron's step does not show by how much it was wrong. A sigmoid neuron keeps the weighted
sum and replaces the step by a smooth curve::

    z = w . x + b              the same weighted sum
    a = 1 / (1 + exp(-z))      a number in (0, 1): the probability of "yes"

Now a small change of a weight changes the answer a little, so the loss has a derivative, and
learning means following it downhill. By the chain rule, with y in {0, 1},

    dL/dw = dL/dz * x          dL/db = dL/dz          delta = dL/dz = dL/da * da/dz

Two losses, each with its delta below it, show why cross-entropy is the usual choice. The squared
error keeps the factor da/dz = a (1 - a), which is almost 0 just when the neuron is confidently
wrong; in the cross-entropy that factor cancels, and the delta is the plain error a - y.

Both are written for arrays with one row per output and one column per sample. activations.py
has further activations, and losses.py registers the two losses.
"""

from typing import Any

import numpy as np
from scipy.special import expit

from sknn_edu.core.speed.arrays import Array, is_sparse, scalar


def sigmoid(z: Array) -> None:
    """Overwrite z with a = 1 / (1 + exp(-z)), accurate to the last digits even for small a."""
    expit(z, out=z)


def sigmoid_backward(a: Array, delta: Array) -> None:
    """Multiply delta by da/dz = a (1 - a) in place; `a` is overwritten."""
    delta *= a
    np.subtract(1, a, out=a)
    delta *= a


def cross_entropy(y: Array, a: Array) -> Array:
    """Return -y log a - (1 - y) log(1 - a) per sample, in nats, summed over outputs: (m,)."""
    losses: Array = -(y * clipped_log(a) + (1 - y) * clipped_log(1 - a)).sum(axis=0)
    return losses


LIMITS = {
    dtype: (scalar(eps, dtype), scalar(1 - eps, dtype))
    for dtype in (np.float32, np.float64)
    for eps in [float(np.finfo(dtype).eps)]
}


def clipped_log(p: Array) -> Array:
    """Return log p in nats, with p clipped to [eps, 1 - eps] as in scikit-learn.

    The loss of an output is therefore at most ``-log(eps)``: 36 nats in float64, 16 in float32.
    """
    lowest, highest = LIMITS[p.dtype.type]
    p = np.maximum(p, lowest)
    np.minimum(p, highest, out=p)
    return np.log(p, out=p)


def error_delta(y: Array, a: Array) -> None:
    """Overwrite a with dL/dz = a - y: in the cross-entropy the factor a (1 - a) cancels."""
    a -= y


def squared_error(y: Array, a: Array) -> Array:
    """Return (a - y)^2 / 2 per sample, summed over outputs: (m,)."""
    error = a - y
    error *= error
    losses: Array = 0.5 * error.sum(axis=0)
    return losses


def squared_error_delta(y: Array, a: Array) -> None:
    """Overwrite a with dL/dz = (a - y) a (1 - a): nearly 0 when a is confidently wrong."""
    slope = a * (1 - a)
    a -= y
    a *= slope


def longest_safe_step(norms: Array, weight: Array | None, alpha: float) -> float:
    """Return the learning rate 1 / K, where K bounds the curvature of the mean cross-entropy.

    Its second derivative with respect to z is at most 1/4, at z = 0, so with respect to w at most
    K = mean(|x|^2 + 1) / 4 + alpha / n (the 1 is the input of the bias, n the sum of the weights).
    Gradient descent with steps up to 1 / K never increases the loss: Nesterov, Lectures on Convex
    Optimization (2018), section 2.1.5.

    Parameters
    ----------
    norms : ndarray of shape (n_samples,)
        |x|^2 of each sample, see :func:`squared_norms`.
    weight : ndarray of shape (n_samples,) or None
        The weight of each sample in the mean.
    alpha : float
        L2 penalty.
    """
    n = norms.size if weight is None else weight.sum()
    return float(1 / ((np.average(norms, weights=weight) + 1) / 4 + alpha / n))


def squared_norms(X: Any) -> Array:
    """Return x . x of each sample (n_samples,), in float64."""
    squares = X.multiply(X).sum(axis=1) if is_sparse(X) else np.einsum("ij,ij->i", X, X)
    return np.asarray(squares, dtype=np.float64).reshape(-1)
