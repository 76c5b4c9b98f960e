"""How sure is a perceptron?

The prediction only says on which side of the threshold a sample lies. The weighted sum z also says
how far from the threshold it lies. This is the margin: the larger it is, the more certain is the
prediction. The sigmoid (``sigmoid_neuron.py``) turns margins into probabilities, and so does the
softmax (``losses.py``) for several classes. Both need a slope s::

    p = sigmoid(s z)        two classes
    p = softmax(s z)        several classes

s is the positive number with the smallest cross-entropy on the training samples. The derivative of
the cross-entropy is the mean of ``sum_k z_k (p_k - y_k)``, which increases with s, so the best s is
where it is 0.

Multiplying by s > 0 does not change which margin is the largest, so the most probable class is the
perceptron's prediction. For two classes it does not change the order of the samples either, so p
ranks them like z. An offset could change the predictions, so there is none. For several classes
p_k also depends on the margins of the other classes, so it ranks samples differently from z_k.

If no training sample is on the wrong side, the best slope for the targets 1 and 0 would be
infinite. Therefore the targets y are ``(n_k + 1) / (n_k + K)`` for the class k of a sample and
``1 / (n_k + K)`` for the other classes, where n_k is the number of samples of class k and K is the
number of classes.

References
----------
J. Platt, "Probabilistic outputs for support vector machines", Advances in Large Margin Classifiers
(1999). Platt uses the same targets for two classes, and also fits an offset.
"""

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, softmax

from sknn_edu.core.speed.arrays import Array, Indices

FLATTEST, STEEPEST = 1e-2, 1e15
"""Bounds of the slope for margins that are scaled to a largest absolute value of 1."""


def smoothed_targets(y: Indices, n_classes: int) -> Array:
    """Return the smoothed targets (m, n_classes) for class indices y (m,); each row sums to 1."""
    n = np.bincount(y, minlength=n_classes)[y] + n_classes
    targets = np.repeat(1 / n[:, np.newaxis], n_classes, axis=1)
    targets[np.arange(y.size), y] += 1 - n_classes / n
    return targets


def fit_slope(z: Array, y: Indices) -> float:
    """Return the slope s with the smallest cross-entropy.

    Parameters
    ----------
    z : ndarray (m, 1) or (m, n_classes)
        Weighted sums. For two classes there is one column, that of the second class.
    y : ndarray of int (m,)
        Class indices.

    Returns
    -------
    s : float
        Positive and finite.
    """
    if z.shape[1] == 1:
        z = np.hstack([-z, z]) / 2
    z = z - z.max(axis=1, keepdims=True)
    largest = float(np.abs(z).max())
    if not np.finfo(float).tiny * STEEPEST < largest < np.inf:
        return 1.0
    z, targets = z / largest, smoothed_targets(y, z.shape[1])

    def derivative(log_s: float) -> float:
        p = np.exp(np.exp(log_s) * z)
        p /= p.sum(axis=1, keepdims=True)
        p -= targets
        return float(z.ravel() @ p.ravel()) / len(z)

    low, high = np.log(FLATTEST), np.log(STEEPEST)
    if derivative(low) >= 0:  # the margins say nothing about the classes
        return FLATTEST / largest
    if derivative(high) <= 0:
        return STEEPEST / largest
    return float(np.exp(brentq(derivative, low, high, xtol=1e-8)) / largest)


def margin_probabilities(s: float, z: Array) -> Array:
    """Return the probabilities (m, n_classes) for weighted sums z and the slope s.

    If rounding makes the probability of the predicted class no larger than that of another class,
    it is replaced by the next larger floating-point number, so that the most probable class is
    always the perceptron's prediction.
    """
    with np.errstate(over="ignore"):  # an infinite sum gives the probability 0 or 1
        if z.shape[1] == 1:
            winner = (z[:, 0] >= 0).astype(int)
            p = expit(s * np.hstack([-z, z]))
        else:
            winner = z.argmax(axis=1)
            p = softmax(s * (z - z.max(axis=1, keepdims=True)), axis=1)
    rows = np.flatnonzero(p.argmax(axis=1) != winner)
    p[rows, winner[rows]] = np.nextafter(p[rows].max(axis=1), 2)
    probabilities: Array = p
    return probabilities
