"""Chapter 1: can a machine that only says yes or no learn from its mistakes?

A perceptron adds up its inputs, each multiplied by a weight, and says yes when the sum reaches a
threshold::

    z = w . x + b         with b = -threshold
    yes when z >= 0       a sum that just reaches the threshold fires

With w = (1, 1) and threshold 2 it is an AND gate. It learns by a rule that needs no derivative
(Rosenblatt 1958): leave the weights alone while the answer is right; after a mistake, add the
sample to them if the answer should have been yes, and subtract it if it should have been no::

    w <- w + eta y x      b <- b + eta y      with y = +1 for yes and -1 for no

With more than two classes each class has its own weights, the largest sum wins, and a mistake
raises the sum of the right class and lowers that of the winner. If there are weights that make no
mistake at all, the rule finds such weights after finitely many mistakes (Novikoff 1962).

The hard step is also a weakness: a near miss counts as much as a gross mistake, and on overlapping
classes the weights never settle. Their *average* over all samples seen does (Freund and Schapire
1999). The next chapter makes the step smooth.
"""

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sknn_edu.core.speed.arrays import Array, Indices, RowCopies, is_sparse

BLOCK = 512
"""Samples are scored this many at a time; Python only loops over the mistakes among them."""

BLOCKS_AT_ONCE = 2
"""This many blocks are copied out of the data at once."""


@dataclass
class Perceptron:
    """Weights W (n_features, k) and biases b (k,): one column per class, or a single one for yes.

    ``late_W`` and ``late_b`` are the sums of all changes, each times the number of samples seen
    before it. ``t`` counts the samples seen. A change made after s of t samples is part of t - s of
    the t weights, so their mean is W minus each change times s / t: W - late_W / t.
    """

    W: Array
    b: Array
    late_W: Array
    late_b: Array
    t: int = 0

    @classmethod
    def start(cls, W: Array, b: Array) -> "Perceptron":
        """Return a perceptron that starts with copies of the given weights."""
        return cls(W.copy(), b.copy(), np.zeros_like(W), np.zeros_like(b))

    def average(self) -> tuple[Array, Array]:
        """Return the means of W and of b, as they were after each sample seen."""
        t = max(self.t, 1)
        return self.W - self.late_W / t, self.b - self.late_b / t

    def copy(self) -> "Perceptron":
        """Return an independent copy."""
        return deepcopy(self)


def winners(z: Array) -> Indices:
    """Return the predicted class number for each row of weighted sums z (m, k).

    One column: 1 (yes) where z >= 0, else 0. Several: the largest, the first of ties.
    """
    if z.shape[1] == 1:
        return (z[:, 0] >= 0).astype(np.intp)
    largest: Indices = z.argmax(axis=1)
    return largest


def learn_epoch(
    perceptron: Perceptron,
    X: Any,
    y: Indices,
    order: Indices,
    eta: Array,
    fit_intercept: bool,
) -> Array:
    """Show each sample once, in the given order, and learn from each mistake at once.

    Parameters
    ----------
    perceptron : Perceptron
        Changed in place.
    X : ndarray or CSR array (n_samples, n_features)
    y : ndarray of int (n_samples,)
        Class numbers; 1 is yes where there are two classes.
    order : ndarray of int
        Rows of X.
    eta : ndarray (n_classes,)
        For each class, the learning rate for mistakes on its samples.
    fit_intercept : bool
        Whether the biases learn, too.

    Returns
    -------
    n_mistakes : ndarray of int (n_classes,)
        The number of misclassified samples of each class.

    Notes
    -----
    Up to rounding, the result is that of processing one sample after the other. A block is scored
    by one matrix product; after each mistake the sums of the remaining samples are corrected, so
    Python only loops over the mistakes.
    """
    n_mistakes = np.zeros(eta.size, dtype=int)
    copies = RowCopies(X, BLOCKS_AT_ONCE * BLOCK)
    for start in range(0, order.size, BLOCKS_AT_ONCE * BLOCK):
        rows = order[start : start + BLOCKS_AT_ONCE * BLOCK]
        X_rows, y_rows = copies(rows), y[rows]
        for first in range(0, rows.size, BLOCK):
            X_block, y_block = X_rows[first : first + BLOCK], y_rows[first : first + BLOCK]
            z = X_block @ perceptron.W + perceptron.b
            steps, mistakes = _steps(z, X_block, y_block, eta, fit_intercept)
            if mistakes:
                _take_steps(perceptron, X_block, steps, fit_intercept)
                np.add.at(n_mistakes, y_block[mistakes], 1)
            perceptron.t += y_block.size
    return n_mistakes


def _steps(
    z: Array, X: Any, y: Indices, eta: Array, fit_intercept: bool
) -> tuple[Array, list[int]]:
    """Return steps for a block of samples, so that W += X^T steps, and the rows with mistakes.

    Steps are (m, k), one column for each column of W, and 0 where the answer was right. After each
    mistake the sums z (m, k) of the following samples are corrected in place: a change of W by
    step * x changes the sum of x' by (x' . x) * step.
    """
    steps, mistakes, start = np.zeros_like(z), [], 0
    while start < y.size:
        wrong = winners(z[start:]) != y[start:]
        i = start + int(wrong.argmax())
        if not wrong[i - start]:
            break
        right = int(y[i])
        if z.shape[1] == 1:
            steps[i] = eta[right] if right == 1 else -eta[right]
        else:
            steps[i, z[i].argmax()] = -eta[right]
            steps[i, right] = eta[right]
        x = X[[i]].toarray()[0] if is_sparse(X) else X[i]
        start = i + 1
        similarity = X[start:] @ x
        if fit_intercept:
            similarity += 1  # the bias's input
        z[start:] += similarity[:, np.newaxis] * steps[i]
        mistakes.append(i)
    return steps, mistakes


def _take_steps(perceptron: Perceptron, X: Any, steps: Array, fit_intercept: bool) -> None:
    """Add a block's steps to W and b, and to what the average needs."""
    late_steps = steps * (perceptron.t + np.arange(len(steps), dtype=steps.dtype))[:, np.newaxis]
    perceptron.W += X.T @ steps
    perceptron.late_W += X.T @ late_steps
    if fit_intercept:
        perceptron.b += steps.sum(axis=0)
        perceptron.late_b += late_steps.sum(axis=0)


@dataclass
class MistakeDriven:
    """A perceptron in training: a :class:`~.training.Learner`.

    Its loss is the share of misclassified samples, each weighted by the learning rate of its
    class. ``mistake_curve`` holds the number of mistakes of each epoch. The parameters are those
    of :func:`learn_epoch`.
    """

    perceptron: Perceptron
    X: Any
    y: Indices
    eta: Array
    fit_intercept: bool
    mistake_curve: list[int] = field(default_factory=list)

    def epoch(self, order: Indices) -> float:
        n = learn_epoch(self.perceptron, self.X, self.y, order, self.eta, self.fit_intercept)
        self.mistake_curve.append(int(n.sum()))
        share = self.eta / self.eta.max()  # so that the sum does not overflow
        return float(n @ share) / float(share[self.y[order]].sum())

    def is_perfect(self, loss: float) -> bool:
        return self.mistake_curve[-1] == 0

    def is_finite(self) -> bool:
        return bool(np.isfinite(self.perceptron.W).all() and np.isfinite(self.perceptron.b).all())

    def continues_after_plateau(self) -> bool:
        return False

    def snapshot(self) -> Perceptron:
        return self.perceptron.copy()

    def restore(self, snapshot: Perceptron) -> None:
        self.perceptron = snapshot
