"""Kinds of targets, one Python class for each; this file has those for class labels.

A kind knows how to check y, how the engine wants it encoded, which output activation and loss
belong to it, and how weighted sums of the outputs become predictions and a score. To add a kind,
write a class and name it in :data:`CLASSIFICATION_KINDS` (for real numbers in
:mod:`~sknn_edu.estimators.real_targets`).

- :class:`BinaryTargets`: labels of two classes; one logistic output
- :class:`MulticlassTargets`: labels of more classes; softmax over one output per class
- :class:`OneVsRestTargets`: the same labels for single neurons; one logistic output per class
- :class:`MultilabelTargets`: 0/1 columns; one logistic output per column
- :class:`MulticlassMultioutputTargets`: several columns of labels; a softmax per column
"""

from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar

import numpy as np
from scipy.sparse import issparse
from scipy.special import expit, log_expit, log_softmax
from sklearn.metrics import accuracy_score
from sklearn.utils.multiclass import check_classification_targets, type_of_target, unique_labels

from sknn_edu.core.losses import (
    LOSSES,
    OUTPUTS,
    Loss,
    SoftmaxOfEach,
    error_delta,
    mean,
    soft_cross_entropy,
    undo_smoothing,
    within_0_and_1,
)
from sknn_edu.fitting.estimator import warn
from sknn_edu.fitting.given_targets import explained_label_error, side_by_side


@dataclass(frozen=True)
class LabelRule:
    """How labels and probabilities follow from weighted sums, as data that an exporter can read.

    Parameters
    ----------
    labels : ndarray (n_classes,)
        The classes.
    outputs : slice
        The outputs that the rule looks at.
    decision : {'largest', 'positive', 'at least 0', 'each positive'}
        The label is that of the largest sum; or the second one where the only sum is positive, or
        at least 0; or 0 and 1 in as many columns as there are outputs.
    probabilities : {'softmax', 'logistic', 'normalized logistic', 'decision'}
        A function of the sums; with a single output, two classes have the sums -z and z. For
        'normalized logistic' each logistic output is divided by their sum, for 'decision' the
        probability of the label is 1.
    slope : float, default=1.0
        What the sums are multiplied by for the probabilities.
    """

    labels: np.ndarray
    outputs: slice
    decision: str
    probabilities: str
    slope: float = 1.0


@dataclass(frozen=True, eq=False)
class Targets:
    """The common part of all kinds. Fields are plain values, so that they can be saved as data."""

    name: ClassVar[str]
    """The name under which a saved estimator stores the kind."""

    output: ClassVar[str]
    """The name of the output activation."""

    learned: ClassVar[tuple[str, ...]] = ("classes",)
    """The fields that come from y; the others are parameters of the estimator."""

    label_smoothing = 0.0

    has_classes: ClassVar[bool] = False

    is_stratified: ClassVar[bool] = False
    """Whether early stopping holds out samples of each class in proportion."""

    def attributes(self) -> dict[str, Any]:
        """Return the fitted attributes that describe the targets."""
        return {"n_outputs_": self.n_outputs, "out_activation_": self.output}

    @property
    def uniform_target(self) -> np.ndarray | None:
        """The targets (n_outputs,) that favour no class; None where there are no classes."""
        return None

    def check_learned(self) -> None:
        """Raise ValueError if no y can have given the learned fields, as in a forged file."""

    def to_dict(self) -> dict[str, Any]:
        """Return the kind and its fields as plain values."""
        return {"name": self.name} | {f.name: getattr(self, f.name) for f in fields(self)}


# -- classes -----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class ClassTargets(Targets):
    """Labels of one column, or 0/1 columns.

    Parameters
    ----------
    classes : ndarray (n_classes,)
        The sorted labels.
    loss_name : str
        The name of the loss.
    label_smoothing : float
        How far targets are moved towards :attr:`uniform_target`.
    """

    has_classes = True

    classes: np.ndarray
    loss_name: str = "log_loss"
    label_smoothing: float = 0.0

    @classmethod
    def parameters_of(cls, estimator):
        """Return the fields that are parameters of the estimator."""
        smoothing = getattr(estimator, "label_smoothing", 0.0)
        return {"loss_name": estimator.loss, "label_smoothing": float(smoothing)}

    @classmethod
    def learn(cls, y, weight, known, classes, estimator):
        """Return the targets for checked y; see :func:`learn_targets`."""
        targets = cls(classes, **cls.parameters_of(estimator))
        if known is not None:
            targets.check_same_task(known)
        return targets

    def check_learned(self):
        for labels in self.classes if isinstance(self.classes, list) else [self.classes]:
            check_sorted_labels(labels)

    def check_same_task(self, known, n_outputs=None):
        """Refuse to continue from a network for other targets."""
        output = self.n_outputs if n_outputs is None else n_outputs, self.output
        before = known.n_outputs, known.output
        lists = isinstance(self.classes, list) or isinstance(known.classes, list)
        if lists or (output != before and set(self.classes) == set(known.classes)):
            raise ValueError(
                f"y asks for {output[0]} {output[1]} outputs, but the network was fitted with "
                f"{before[0]} {before[1]} outputs for the classes {known.classes}. Continue with "
                "targets of the same kind, or start over with clone()."
            )
        if set(self.classes) != set(known.classes):
            raise ValueError(
                "warm_start can only be used where `y` has the same classes as in the previous "
                f"call to fit. Previously got {known.classes}, `y` has {self.classes}"
            )

    def attributes(self):
        names = "classes_", "n_outputs_", "out_activation_"
        return dict(zip(names, (self.classes, self.n_outputs, self.output), strict=True))

    def loss(self) -> Loss:
        """Return the loss to minimise."""
        return LOSSES[self.loss_name, self.output]

    def class_columns(self, y):
        """Return each column of checked y with its classes."""
        return [(y, self.classes)]

    def predict_proba(self, z, undo=False):
        """Return probabilities (n, n_classes); ``undo`` says whether to undo label smoothing."""
        p = self.probabilities(z)
        if undo and self.label_smoothing > 0 and p.shape[1] > 1:
            return self._unsmoothed(p)
        within_0_and_1(p, lambda: self.log_probabilities(z))
        return p

    def predict_log_proba(self, z, undo=False):
        """Return their logarithms, from z where the probabilities underflow."""
        p = self.predict_proba(z, undo)
        if undo and self.label_smoothing > 0:
            return np.log(p)
        log_p = self.log_probabilities(z)
        is_normal = p > 1e4 * np.finfo(p.dtype).tiny
        np.log(p, out=log_p, where=is_normal)  # the same to the last digit
        return log_p

    def _unsmoothed(self, p):
        p = undo_smoothing(p, self.label_smoothing, p.shape[1])
        return p / p.sum(axis=1, keepdims=True)


class BinaryTargets(ClassTargets):
    """Labels of two classes (or one), encoded as (n, 1): whether it is the second class."""

    name, output, n_outputs, is_stratified = "binary", "logistic", 1, True

    @classmethod
    def accepts(cls, y, classes):
        return y.ndim == 1 and not isinstance(classes, list) and len(classes) <= 2

    def check_learned(self):
        super().check_learned()
        if self.classes.size > 2:
            raise ValueError("one output cannot tell more than two classes apart")

    @property
    def uniform_target(self):
        return np.full(1, 0.5)

    def encode(self, y, X):
        return (class_numbers(y, self.classes) == 1)[:, np.newaxis]

    def decide(self, z):
        """Return class numbers (n,); a single class is always the answer."""
        return np.minimum(z[:, 0] > 0, self.classes.size - 1).astype(int)

    def predict(self, z):
        return self.classes[self.decide(z)]

    def score(self, z, y, weight):
        return accuracy_score(y[:, 0].astype(int), self.decide(z), sample_weight=weight)

    def _log_odds(self, z):
        """Return the log-odds of each class; a single class is almost certain."""
        return np.hstack([-z, z]) if self.classes.size == 2 else np.full_like(z, 1e3)

    def probabilities(self, z):
        return expit(self._log_odds(z))

    def log_probabilities(self, z):
        return log_expit(self._log_odds(z))

    def label_rules(self):
        return [LabelRule(self.classes, slice(0, 1), "positive", "logistic")]


class MulticlassTargets(ClassTargets):
    """Labels of more than two classes, encoded as class numbers (n,)."""

    name, output = "multiclass", "softmax"

    @classmethod
    def accepts(cls, y, classes):
        return y.ndim == 1 and not isinstance(classes, list)

    @property
    def n_outputs(self):
        return self.classes.size

    @property
    def uniform_target(self):
        return np.full(self.n_outputs, 1 / self.n_outputs)

    def loss(self):
        loss = LOSSES[self.loss_name, self.output]
        return replace(loss, value=soft_cross_entropy) if self.label_smoothing > 0 else loss

    def encode(self, y, X):
        return class_numbers(y, self.classes)

    def predict(self, z):
        return self.classes[z.argmax(axis=1)]

    def score(self, z, y, weight):
        return accuracy_score(y, z.argmax(axis=1), sample_weight=weight)

    def probabilities(self, z):
        columns = z.T.copy()  # softmax takes one column per sample, and is faster that way
        OUTPUTS["softmax"](columns)
        return columns.T.copy()

    def log_probabilities(self, z):
        return log_softmax(z, axis=1)

    def label_rules(self):
        return [LabelRule(self.classes, slice(0, self.n_outputs), "largest", "softmax")]


class OneVsRestTargets(MulticlassTargets):
    """The same labels for single neurons, encoded as (n, n_classes): whether it is that class."""

    name, output = "one_vs_rest", "logistic"

    def loss(self):
        return LOSSES[self.loss_name, self.output]

    def encode(self, y, X):
        return class_numbers(y, self.classes)[:, np.newaxis] == np.arange(self.n_outputs)

    def score(self, z, y, weight):
        return accuracy_score(y.argmax(axis=1), z.argmax(axis=1), sample_weight=weight)

    def log_probabilities(self, z):
        return log_softmax(log_expit(z), axis=1)  # log of p_k / sum_j p_j

    def label_rules(self):
        (rule,) = super().label_rules()
        return [replace(rule, probabilities="normalized logistic")]


class MultilabelTargets(ClassTargets):
    """Several 0/1 columns, encoded as they are: (n, n_columns)."""

    name, output = "multilabel", "logistic"

    @classmethod
    def accepts(cls, y, classes):
        return y.ndim == 2

    @classmethod
    def learn(cls, y, weight, known, classes, estimator):
        classes = checked_labels(y, classes)
        if known is None:
            warn_of_one_hot(y)
        targets = cls(classes, **cls.parameters_of(estimator))
        if known is not None:
            targets.check_same_task(known, n_outputs=y.shape[1])
        if not np.array_equal(targets.classes, np.arange(y.shape[1])):
            raise ValueError(
                f"y has {y.shape[1]} columns of labels, so classes must be the column numbers, "
                f"np.arange({y.shape[1]}); got {targets.classes}."
            )
        return targets

    def check_learned(self):
        super().check_learned()
        if not np.array_equal(self.classes, np.arange(self.n_outputs)):
            raise ValueError("the classes are not the column numbers")

    @property
    def n_outputs(self):
        return len(self.classes)

    @property
    def uniform_target(self):
        return np.full(self.n_outputs, 0.5)

    def class_columns(self, y):
        return [(column, np.unique(column)) for column in label_columns(y)]

    def encode(self, y, X):
        check_n_columns(y, self.n_outputs)
        y = y.toarray() if issparse(y) else y
        if not np.isin(y, (0, 1)).all():
            raise ValueError("y with several labels per sample must contain only 0 and 1.")
        return y.astype(bool)

    def predict(self, z):
        return (z > 0).astype(int)

    def score(self, z, y, weight):
        return accuracy_score(y, z > 0, sample_weight=weight)

    def probabilities(self, z):
        return expit(z)

    def log_probabilities(self, z):
        return log_expit(z)

    def _unsmoothed(self, p):
        yes, no = (undo_smoothing(q, self.label_smoothing, 2) for q in (p, 1 - p))
        return yes / (yes + no)

    def label_rules(self):
        return [LabelRule(self.classes, slice(0, self.n_outputs), "each positive", "logistic")]


class MulticlassMultioutputTargets(ClassTargets):
    """Several columns of labels, encoded as output numbers (n, n_columns).

    ``classes`` is a list of arrays, one for each column.
    """

    name, output = "multiclass_multioutput", "softmax_of_each"

    @classmethod
    def accepts(cls, y, classes):
        return isinstance(classes, list) or has_columns_of_classes(y)

    @classmethod
    def learn(cls, y, weight, known, classes, estimator):
        if classes is None:
            classes = [unique_labels(column) for column in label_columns(y)]
        if not isinstance(classes, list) or y.ndim != 2 or len(classes) != y.shape[1]:
            raise ValueError(
                "y with several columns of classes needs the same number of columns in each call, "
                f"and classes as a list of as many arrays; got y of shape {y.shape} and "
                f"classes={classes!r}."
            )
        classes = [np.asarray(labels) for labels in classes]
        targets = cls(classes, **cls.parameters_of(estimator))
        if known is not None and not same_labels(targets.classes, known.classes):
            targets.check_same_task(known)
        return targets

    @property
    def columns(self):
        """The targets of each column."""
        options = self.loss_name, self.label_smoothing
        return [MulticlassTargets(classes, *options) for classes in self.classes]

    @property
    def sizes(self):
        return tuple(classes.size for classes in self.classes)

    @property
    def n_outputs(self):
        return sum(self.sizes)

    @property
    def uniform_target(self):
        return np.repeat(1 / np.array(self.sizes), self.sizes)

    def loss(self):
        activate = SoftmaxOfEach(self.sizes)
        return Loss(self.loss_name, self.output, activate, soft_cross_entropy, error_delta, mean)

    def class_columns(self, y):
        return list(zip(label_columns(y), self.classes, strict=True))

    def _starts(self):
        """Return the number of the first output of each column."""
        return np.cumsum([0, *self.sizes[:-1]])

    def _split(self, z):
        """Return the targets of each column with its part of the weighted sums."""
        return list(zip(self.columns, np.split(z, self._starts()[1:], axis=1), strict=True))

    def encode(self, y, X):
        check_n_columns(y, len(self.classes))
        numbers = map(class_numbers, label_columns(y), self.classes)
        return np.stack(list(numbers), axis=1) + self._starts()

    def predict(self, z):
        return side_by_side([column.predict(z_k) for column, z_k in self._split(z)])

    def score(self, z, y, weight):
        winners = np.stack([z_k.argmax(axis=1) for _, z_k in self._split(z)], axis=1)
        is_right = (winners + self._starts() == y).all(axis=1)
        return float(np.average(is_right, weights=weight))

    def predict_proba(self, z, undo=False):
        return [column.predict_proba(z_k, undo) for column, z_k in self._split(z)]

    def predict_log_proba(self, z, undo=False):
        return [column.predict_log_proba(z_k, undo) for column, z_k in self._split(z)]

    def label_rules(self):
        stops = np.cumsum(self.sizes).tolist()
        ends = zip(self.classes, [0, *stops[:-1]], stops, strict=True)
        return [
            LabelRule(classes, slice(start, stop), "largest", "softmax")
            for classes, start, stop in ends
        ]


CLASSIFICATION_KINDS = [
    BinaryTargets,
    MulticlassTargets,
    MulticlassMultioutputTargets,
    MultilabelTargets,
]
"""The kinds of targets of a classifier; the first that accepts y is used."""

SINGLE_LAYER_KINDS = [BinaryTargets, OneVsRestTargets]
"""Those of a layer of neurons without hidden layers."""


def learn_targets(kinds, y, weight, known, classes, estimator):
    """Return the targets for checked y.

    Parameters
    ----------
    kinds : list of type
        The kinds to choose from.
    y : ndarray
    weight : ndarray (n_samples,) or None
        The sample weights.
    known : Targets or None
        The targets of the fit that is continued.
    classes : ndarray, list of ndarray, or None
        The labels that partial_fit expects.
    estimator : estimator
        Some of its parameters are fields of the targets.
    """
    if classes is None and known is not None and isinstance(getattr(known, "classes", None), list):
        classes = known.classes
    if y.ndim == 1 and kinds[0].has_classes:
        classes = checked_labels(y, classes)
    kind = next(kind for kind in kinds if kind.accepts(y, classes))
    return kind.learn(y, weight, known, classes, estimator)


# -- labels ------------------------------------------------------------------------------------


def checked_labels(y, classes=None):
    """Return the sorted labels: those given, or those of y; refuse real numbers as labels."""
    labels = np.unique(y) if y.ndim == 1 and y.dtype.kind in "iub" else None
    if labels is None or 2 * labels.size > y.size:  # else there is nothing to refuse or to warn of
        try:
            check_classification_targets(y)
        except ValueError as error:
            raise explained_label_error(error, y) from None
    if classes is not None:
        return classes
    if labels is None:
        labels = unique_labels(y)
    n = labels.size
    if n >= MANY_CLASSES and labels.dtype.kind in "iuf":
        first, last = labels[[0, -1]].tolist()
        if first not in (0, 1) or last - first + 1 != n:
            warn(
                f"y has {n} classes, numbers from {first} to {last}. If they are quantities rather "
                "than names, use MLPRegressor, for which 5 is nearer to 6 than to 60."
            )
    return labels


MANY_CLASSES = 100
"""From this many classes on, numbers with gaps are probably quantities."""


def warn_of_one_hot(y):
    """Warn if each row of 0/1 columns has exactly one 1, as if they were classes."""
    if (np.asarray(y.sum(axis=1)) == 1).all():
        warn(
            f"y has {y.shape[1]} columns and exactly one 1 in each row. Each column is learned as "
            "a label of its own (multilabel). If the columns are classes (one-hot), pass "
            "y.argmax(axis=1)."
        )


def has_columns_of_classes(y):
    """Return whether y has several columns, some with more than two classes or mixed types."""
    return y.ndim > 1 and not issparse(y) and target_kind(y) == "multiclass-multioutput"


def target_kind(y):
    """Return scikit-learn's name for the kind of y, which does not cover mixed types."""
    try:
        return type_of_target(y)
    except TypeError:
        return "multiclass-multioutput"


def label_columns(y):
    """Return the columns of y (or y itself), dense, each with a dtype of its own."""
    if y.ndim == 1:
        return [y]
    dense = y.toarray() if issparse(y) else y
    return [np.array(column.tolist()) if column.dtype == object else column for column in dense.T]


def check_n_columns(y, expected):
    """Refuse y with another number of columns."""
    n_columns = 1 if y.ndim == 1 else y.shape[1]
    if n_columns != expected:
        raise ValueError(f"y must have {expected} columns here; got {n_columns}.")


def class_numbers(y, classes):
    """Return the position of each label of y in the sorted ``classes``; refuse unknown labels."""
    if y.ndim > 1:
        check_n_columns(y, 1)
    labels, fits = y, True
    if {classes.dtype.kind, y.dtype.kind} == {"i", "u"}:  # they would meet as floats
        labels = y.astype(classes.dtype)
        fits = (y >= 0) & (labels >= 0)
    try:
        numbers = np.searchsorted(classes, labels)
        known = fits & (classes.take(numbers, mode="clip") == labels)
    except TypeError:  # strings among numbers
        known = np.zeros(len(y), dtype=bool)
    if not known.all():
        unknown = np.unique(y[~known])
        raise ValueError(
            f"y has labels that are not among the classes seen before: {unknown}. The known "
            f"classes are {classes}. Train on samples of all classes, or name them all in the "
            "first call: partial_fit(X, y, classes=...)."
        )
    return numbers


def check_sorted_labels(labels):
    """Raise ValueError unless these are sorted labels, each once, that can be printed."""
    is_right = labels.ndim == 1 and labels.size > 0 and np.array_equal(np.unique(labels), labels)
    if not is_right:
        raise ValueError("the labels are not sorted")
    labels.tolist()  # ValueError if a string has a character that does not exist


def same_labels(classes, others):
    """Return whether two arrays of labels, or two lists with one array per column, are equal."""
    if isinstance(classes, list) and isinstance(others, list):
        return len(classes) == len(others) and all(map(np.array_equal, classes, others))
    return not isinstance(classes, list) and np.array_equal(classes, others)
