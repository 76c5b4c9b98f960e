"""How sure is a perceptron?

Its answer only says on which side of the threshold a sample lies. How far it lies from there, the
margin, says more: the larger, the surer. The sigmoid turns margins into probabilities,
and so does the softmax for several classes, once a slope s says how steep it is::

    p = sigmoid(s z)        two classes
    p = softmax(s z)        several

s is the number above 0 with the smallest cross-entropy on the training samples. Its derivative is
the mean of ``sum_k z_k (p_k - y_k)``, which rises with s, so the best s is where it is 0. A factor
changes neither the largest of the margins nor, for two classes, their order: so the most probable
class is the perceptron's answer, and p ranks samples like z. With an offset the answers could
differ. For several classes p also depends on the other margins, so it ranks samples differently
from a single z_k.

Where no sample is on the wrong side, the best slope would be infinite. Therefore the targets y are
not 1 and 0 but ``(n_k + 1) / (n_k + K)`` for the class k of a sample and ``1 / (n_k + K)`` for the
others, where n_k of the samples have class k, of K classes.

References
----------
J. Platt, "Probabilistic outputs for support vector machines", Advances in Large Margin Classifiers
(1999), also fits an offset; his targets for two classes are these.
"""

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, softmax

from sknn_edu.core.speed.arrays import Array, Indices

FLATTEST, STEEPEST = 1e-2, 1e15
"""Bounds of the slope for sums of which the largest is 1."""


def smoothed_targets(y: Indices, n_classes: int) -> Array:
    """Return the targets (m, n_classes) for class numbers y (m,); rows sum to 1."""
    n = np.bincount(y, minlength=n_classes)[y] + n_classes
    targets = np.repeat(1 / n[:, np.newaxis], n_classes, axis=1)
    targets[np.arange(y.size), y] += 1 - n_classes / n
    return targets


def fit_slope(z: Array, y: Indices) -> float:
    """Return the slope s with the smallest cross-entropy.

    Parameters
    ----------
    z : ndarray (m, 1) or (m, n_classes)
        Weighted sums: one column for two classes, the second of which it stands for.
    y : ndarray of int (m,)
        Class numbers.

    Returns
    -------
    s : float
        Above 0 and finite.
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
    if derivative(low) >= 0:  # the sums tell nothing
        return FLATTEST / largest
    if derivative(high) <= 0:
        return STEEPEST / largest
    return float(np.exp(brentq(derivative, low, high, xtol=1e-8)) / largest)


def margin_probabilities(s: float, z: Array) -> Array:
    """Return the probabilities (m, n_classes) for sums z and the slope s.

    Where rounding makes the winner's probability no larger than another one, it gets the next
    larger number, so that the most probable class is always the perceptron's answer.
    """
    with np.errstate(over="ignore"):  # an infinite sum has the probability 0 or 1
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
