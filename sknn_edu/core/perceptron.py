"""Can a machine that only says yes or no learn from its mistakes?

A perceptron adds up its inputs, each multiplied by a weight, and says yes when the sum reaches a
threshold::

    z = w . x + b         with b = -threshold
    yes when z >= 0       a sum that just reaches the threshold is a yes

With w = (1, 1) and threshold 2 it is an AND gate. It learns by a rule that needs no derivative
(Rosenblatt 1958): leave the weights alone while the answer is right; after a mistake, add the
sample to them if the answer should have been yes, and subtract it if it should have been no::

    w <- w + eta y x      b <- b + eta y      with y = +1 for yes and -1 for no

With more than two classes each class has its own weights, the largest sum wins, and a mistake
raises the sum of the right class and lowers that of the winner. If there are weights that make no
mistake at all, the rule finds such weights after finitely many mistakes (Novikoff 1962).

The hard step is also a weakness: a near miss counts as much as a gross mistake, and on overlapping
classes the weights never settle. Their *average* over all samples seen does (Freund and Schapire
1999). sigmoid_neuron.py makes the step smooth.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from sknn_edu.core.speed.arrays import Array, Indices, RowCopies, is_sparse
from sknn_edu.core.speed.vectors import vector_operations

BLOCK, SPARSE_BLOCK = 512, 256
"""This many samples are copied out of the data and scored at a time."""

RIGHT_IN_A_ROW = 20
"""Sparse samples are scored one by one until this many in a row were right."""


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
        W, b = W.copy(), b.copy()
        return cls(W, b, np.zeros_like(W), np.zeros_like(b))

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
    Up to rounding, the result is that of processing one sample after the other. A block of samples
    is scored by one matrix product. Python then only looks at its mistakes or, in sparse samples,
    at what follows the first of them.
    """
    n_mistakes = np.zeros(eta.size, dtype=int)
    learn, size = (_learn_sparse, SPARSE_BLOCK) if is_sparse(X) else (_learn, BLOCK)
    copies = RowCopies(X, size)
    for start in range(0, order.size, size):
        rows = order[start : start + size]
        y_rows = y[rows]
        mistakes = learn(perceptron, copies(rows), y_rows, eta, fit_intercept)
        if mistakes:
            n_mistakes += np.bincount(y_rows[mistakes], minlength=eta.size)
        perceptron.t += rows.size
    return n_mistakes


def _learn(
    perceptron: Perceptron, X: Array, y: Indices, eta: Array, fit_intercept: bool
) -> list[int]:
    """Learn from a block of samples and return the rows of its mistakes.

    W changes by X[mistakes]^T steps at the end. Until then, each mistake corrects the sums z (m, k)
    of the samples behind it: a change of W by x step changes the sum of x' by (x' . x) step.
    """
    z = X @ perceptron.W + perceptron.b
    if z.shape[1] == 1:
        steps, mistakes = _steps_of_one(z[:, 0], X, y == 1, eta, fit_intercept)
    else:
        steps, mistakes = _steps_of_several(z, X, y, eta, fit_intercept)
    if mistakes:
        seen = np.array(mistakes, steps.dtype) + perceptron.t
        late_steps = steps * seen[:, np.newaxis]
        X_T = X[mistakes].T
        perceptron.W += X_T @ steps
        perceptron.late_W += X_T @ late_steps
        if fit_intercept:
            perceptron.b += steps.sum(axis=0)
            perceptron.late_b += late_steps.sum(axis=0)
    return mistakes


def _steps_of_one(
    z: Array, X: Array, yes: Array, eta: Array, fit_intercept: bool
) -> tuple[Array, list[int]]:
    """Return steps (n_mistakes, 1) and mistakes where there is one sum for each sample: z (m,)."""
    add = vector_operations(z).add
    eta_no, eta_yes = eta.tolist()
    threshold = 0.0  # less what the bias has gained in this block
    steps, mistakes, start = [], [], 0
    while start < yes.size:
        wrong = (z[start:] >= threshold) != yes[start:]
        k = int(wrong.argmax())
        if not wrong[k]:
            break
        i, start = start + k, start + k + 1
        step = eta_yes if yes[i] else -eta_no
        steps.append(step)
        mistakes.append(i)
        if fit_intercept:
            threshold -= step
        if start < yes.size:
            add(X[start:].dot(X[i]), z[start:], a=step)
    return np.array(steps, z.dtype)[:, np.newaxis], mistakes


def _steps_of_several(
    z: Array, X: Array, y: Indices, eta: Array, fit_intercept: bool
) -> tuple[Array, list[int]]:
    """Return steps (n_mistakes, k) and mistakes where each class has a sum: z (m, k)."""
    steps, mistakes, start = [], [], 0
    while start < y.size:
        answers = winners(z[start:])
        k = int((answers != y[start:]).argmax())
        i, start = start + k, start + k + 1
        if answers[k] == y[i]:
            break
        step = np.zeros_like(z[i])
        step[answers[k]], step[y[i]] = -eta[y[i]], eta[y[i]]
        steps.append(step)
        mistakes.append(i)
        similarity = X[start:].dot(X[i]) + fit_intercept  # 1 is the bias's input
        z[start:] += similarity[:, np.newaxis] * step
    return np.array(steps), mistakes


def _learn_sparse(
    perceptron: Perceptron, X: Any, y: Indices, eta: Array, fit_intercept: bool
) -> list[int]:
    """Learn from a block of sparse samples and return the rows of its mistakes.

    One matrix product finds the next mistake. From there samples are scored one by one, until so
    many in a row were right that another product takes less time.
    """
    mistakes: list[int] = []
    start, learns_from = 0, None
    while start < y.size:
        wrong = winners(X @ perceptron.W + perceptron.b) != y
        i = start + int(wrong[start:].argmax())
        if not wrong[i]:
            break
        if learns_from is None:
            learns_from = _one_by_one(perceptron, X, y.tolist(), eta.tolist(), fit_intercept)
        last_mistake = i
        while i < y.size and i - last_mistake < RIGHT_IN_A_ROW:
            if learns_from(i):
                mistakes.append(i)
                last_mistake = i
            i += 1
        start = i
    return mistakes


def _one_by_one(
    perceptron: Perceptron, X: Any, y: list[int], eta: list[float], fit_intercept: bool
) -> Callable[[int], bool]:
    """Return a function that shows sparse sample i, and says whether it was a mistake."""
    X.sum_duplicates()
    rows = [slice(start, stop) for start, stop in pairwise(X.indptr.tolist())]
    all_features, values = X.indices.astype(np.intp), X.data
    W, b, late_b, is_one = perceptron.W, perceptron.b, perceptron.late_b, perceptron.b.size == 1
    columns, late_columns = list(W.T), list(perceptron.late_W.T)  # views

    def learns_from(i: int) -> bool:
        row, right = rows[i], y[i]
        features, x = all_features[row], values[row]
        if is_one:
            answer = int(x.dot(columns[0][features]) + b[0] >= 0)
        else:
            answer = int((x.dot(W.take(features, axis=0)) + b).argmax())
        if answer == right:
            return False
        rate, t = eta[right], perceptron.t + i
        steps = ((0, rate if right else -rate),) if is_one else ((answer, -rate), (right, rate))
        for k, step in steps:
            change = step * x
            columns[k][features] += change  # one index takes a fifth of the time of two
            late_columns[k][features] += t * change
            if fit_intercept:
                b[k] += step
                late_b[k] += t * step
        return True

    return learns_from


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
