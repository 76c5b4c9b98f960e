"""Chapter 1: can a machine that only says yes or no learn from its mistakes?

A perceptron adds up its inputs, each times a weight, and says yes when the sum reaches a
threshold::

    z = w . x + b         with b = -threshold
    yes when z >= 0       a sum that just reaches the threshold fires

With w = (1, 1) and threshold 2 it is an AND gate. It learns by a rule that needs no slope
(Rosenblatt 1958): leave the weights alone while the answer is right; after a mistake add the
sample to them if the answer should have been yes, and take it away if it should have been no::

    w <- w + eta y x      b <- b + eta y      with y = +1 for yes and -1 for no

Among more than two classes each class has its own weights, the largest sum wins, and a mistake
raises the sum of the right class and lowers that of the winner. If any weights make no mistake at
all, the rule finds such weights after finitely many mistakes (Novikoff 1962).

Its harsh step is also its weakness: a mistake counts alike whether narrow or gross, and on classes
that overlap the weights never come to rest. Their *average* over all samples seen does (Freund and
Schapire 1999). The next chapter softens the step.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sknn_edu.core._arrays import Array, Indices, is_sparse

BLOCK = 256
"""Samples are scored this many at a time; Python walks over the mistakes among them only."""


@dataclass
class Perceptron:
    """Weights W (n_features, k) and biases b (k,), one column a class, or one column for yes or no.

    ``late_W`` and ``late_b`` add up each change times the number of samples seen before it, from
    which :meth:`average` follows; ``t`` counts the samples seen.
    """

    W: Array
    b: Array
    late_W: Array
    late_b: Array
    t: int = 0

    @classmethod
    def start(cls, W: Array, b: Array) -> "Perceptron":
        """Return a perceptron that begins with copies of the given weights."""
        return cls(W.copy(), b.copy(), np.zeros_like(W), np.zeros_like(b))

    def change(self, column: int, step: float, x: Array, t: int, fit_intercept: bool) -> None:
        """Add `step` times the sample x to one column, after t samples have been seen."""
        self.W[:, column] += step * x
        self.late_W[:, column] += step * t * x
        if fit_intercept:
            self.b[column] += step
            self.late_b[column] += step * t

    def average(self) -> tuple[Array, Array]:
        """Return the mean of W and of b over the samples seen, as they stood after each sample."""
        t = max(self.t, 1)
        return self.W - self.late_W / t, self.b - self.late_b / t

    def copy(self) -> "Perceptron":
        """Return a perceptron that learns on by itself."""
        return deepcopy(self)


def winners(z: Array) -> Indices:
    """Return the class number that each row of weighted sums z (m, k) answers.

    One column: 1 (yes) where z >= 0, else 0. Several: the largest, the first one in a tie.
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
    """Show each sample once, in the given order, and learn online.

    Returns the number of mistaken samples of each class (n_classes,).

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
        The learning rate of a mistake on a sample of each class.
    fit_intercept : bool
        Whether the biases learn too.

    Notes
    -----
    Up to rounding, the result is that of looking at one sample after the other. A block is scored
    by one matrix product; after each mistake the rest of the block is scored again, so Python
    only walks from mistake to mistake.
    """
    n_mistakes = np.zeros(eta.size, dtype=int)
    for start in range(0, order.size, BLOCK):
        rows = order[start : start + BLOCK]
        X_block, y_block = X[rows], y[rows]
        z = X_block @ perceptron.W + perceptron.b
        for i in _mistakes(z, y_block):
            n_mistakes[y_block[i]] += 1
            x = X_block[[i]].toarray()[0] if is_sparse(X_block) else X_block[i]
            for column, change in _corrections(z[i], int(y_block[i]), eta):
                perceptron.change(column, change, x, perceptron.t + i, fit_intercept)
            z[i + 1 :] = X_block[i + 1 :] @ perceptron.W + perceptron.b
        perceptron.t += rows.size
    return n_mistakes


def _mistakes(z: Array, y: Indices) -> Iterator[int]:
    """Yield each mistaken sample in turn; z of the later ones may be corrected meanwhile."""
    start = 0
    while (wrong := winners(z[start:]) != y[start:]).any():
        start += int(wrong.argmax())
        yield start
        start += 1


def _corrections(z: Array, right: int, eta: Array) -> list[tuple[int, float]]:
    """Return (column, step) for each column of W that a mistake on sums z changes."""
    step = float(eta[right])
    if z.size == 1:
        return [(0, step if right == 1 else -step)]
    return [(right, step), (int(z.argmax()), -step)]


@dataclass
class MistakeDriven:
    """A perceptron in training: a :class:`~.training.Learner`.

    Its loss is the share of mistaken samples, each counted with the learning rate of its class.
    ``mistake_curve`` counts the mistakes of each epoch. Parameters are those of
    :func:`learn_epoch`.
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
        return float(n @ self.eta) / float(self.eta[self.y[order]].sum())

    def is_perfect(self, loss: float) -> bool:
        return self.mistake_curve[-1] == 0

    def is_finite(self) -> bool:
        return bool(np.isfinite(self.perceptron.W).all() and np.isfinite(self.perceptron.b).all())

    def goes_on(self) -> bool:
        return False

    def snapshot(self) -> Perceptron:
        return self.perceptron.copy()

    def restore(self, snapshot: Perceptron) -> None:
        self.perceptron = snapshot
