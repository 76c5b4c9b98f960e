"""What the four estimators share with one another and with scikit-learn.

This is the only file that touches private parts of scikit-learn (parameter constraints, the
context in which fit runs, the check of sample weights), so it is the only one that a change there
can break.
"""

import functools
import inspect
import sys
import warnings
from collections.abc import Callable

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator, _fit_context
from sklearn.model_selection import train_test_split
from sklearn.utils import _safe_indexing, column_or_1d
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    InvalidParameterError,
    Options,
    RealNotInt,
    StrOptions,
)
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets, unique_labels
from sklearn.utils.validation import _check_sample_weight, validate_data

from sknn_edu._callbacks import CallbackSupportMixin, progress_bar, with_callbacks

__all__ = [
    "HasMethods",
    "Interval",
    "InvalidParameterError",
    "NeuralEstimator",
    "Options",
    "RealNotInt",
    "StrOptions",
]

DOCUMENTATION = "https://sknn-edu.readthedocs.io/en/stable/generated/sknn_edu.{estimator_name}.html"


OWN_FRAMES = ("sknn_edu", "sklearn", "contextlib")
INTERRUPTED = (
    "Training interrupted by user after {n} {what}; the estimator keeps what it has learned."
)


def or_leave_as_it_was(method: Callable) -> Callable:
    """Decorate a method that changes an estimator: if it fails, undo everything.

    An estimator that was fitted before keeps every attribute that it had, so a failed fit costs
    nothing but the time.
    """

    @functools.wraps(method)
    def changed_or_as_it_was(self, *args, **kwargs):
        before = dict(vars(self))
        try:
            return method(self, *args, **kwargs)
        except BaseException:
            vars(self).clear()
            vars(self).update(before)
            raise

    return changed_or_as_it_was


def checked_parameters(method: Callable) -> Callable:
    """Decorate a transformer's fit: check the parameters first, and undo everything if it fails."""
    return or_leave_as_it_was(_fit_context(prefer_skip_nested_validation=True)(method))


def fit_method(method: Callable) -> Callable:
    """Decorate a method that trains: check the parameters first, and undo everything if it fails.

    Floating-point warnings are silenced; training looks for infinite numbers itself.
    """
    checked = with_callbacks(_fit_context(prefer_skip_nested_validation=True)(method))

    @or_leave_as_it_was
    @functools.wraps(method)
    def fit_with_progress(self, *args, **kwargs):
        if method.__name__ == "partial_fit" and not get_config()["skip_parameter_validation"]:
            self._validate_params()  # scikit-learn does so at the first call only
        with progress_bar(self), np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            return checked(self, *args, **kwargs)

    return fit_with_progress


SAVED_BY = "_sknn_edu_version"


def package_version():
    """Return the version of this package."""
    return sys.modules["sknn_edu"].__version__


def warn(message, category=UserWarning):
    """Warn at the line that called into scikit-learn or this package, not at one within them."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back and frame.f_globals.get("__name__", "").split(".")[0] in OWN_FRAMES:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level + 1)


def fill_docstring(**parts: str) -> Callable:
    """Decorate a class: put shared paragraphs in place of ``{name}`` in its docstring."""

    def decorate(cls: type) -> type:
        doc = inspect.cleandoc(cls.__doc__ or "")
        for name, part in parts.items():
            doc = doc.replace("{" + name + "}", inspect.cleandoc(part))
        cls.__doc__ = doc
        return cls

    return decorate


class NeuralEstimator(CallbackSupportMixin, BaseEstimator):
    """The base of the four: callbacks, documentation link, sparse input, checks of the data."""

    _doc_link_module = "sknn_edu"
    _doc_link_template = DOCUMENTATION

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _validate_params(self):
        super()._validate_params()
        for name, value in self.get_params(deep=False).items():
            if isinstance(value, int) and abs(value) > sys.float_info.max:
                raise InvalidParameterError(f"{name} must be no larger than a float can be.")

    def __getstate__(self):
        state = {**super().__getstate__(), SAVED_BY: package_version()}
        state.pop("_training", None)  # belongs to the fit that is at work, not to a copy
        return state

    def __setstate__(self, state):
        """Take over a saved state; say so if another version wrote it, and add what it lacks."""
        state = dict(state)
        saved_by, current = state.pop(SAVED_BY, "unknown"), package_version()
        if saved_by != current:
            warn(
                f"This {type(self).__name__} was saved by version {saved_by} of sknn_edu and is "
                f"loaded by version {current}: parameters that it lacks have their defaults, and "
                "its answers may differ. Check them, or load it with the version that saved it."
            )
            for name, parameter in inspect.signature(type(self)).parameters.items():
                if parameter.default is not parameter.empty:
                    state.setdefault(name, parameter.default)
        super().__setstate__(state)

    def _check_X(self, X, dtype):
        """Return X, checked against the fitted features, as rows or CSR of this dtype."""
        if self._needs_no_conversion(X, dtype):
            return X
        return validate_data(self, X, accept_sparse="csr", dtype=dtype, reset=False)

    def _needs_no_conversion(self, X, dtype):
        """Tell quickly whether X is what scikit-learn's full check would return as it is."""
        return (
            type(X) is np.ndarray
            and X.ndim == 2
            and X.dtype == dtype
            and X.shape[1] == getattr(self, "n_features_in_", None)
            and X.shape[0] > 0
            and not hasattr(self, "feature_names_in_")
            and bool(np.isfinite(X.sum()))  # a sum that overflows goes the long way
        )

    def _check_X_y(self, X, y, *, dtype, reset, **options):
        """Return X and y checked for training; ``reset`` says whether X defines the features."""
        return validate_data(
            self, X, y, accept_sparse="csr", dtype=dtype, order="C", reset=reset, **options
        )

    def _check_class_labels(self, y, *, at_least):
        """Return the sorted labels of y; refuse continuous values and too few classes."""
        check_classification_targets(y)
        classes = unique_labels(y)
        if classes.size < at_least:
            raise ValueError(
                f"{type(self).__name__} needs samples of at least {at_least} classes, but y has "
                f"only one class: {classes}. Pass samples of another class too."
            )
        return classes

    def _set_classes(self, classes, continuing):
        """Set ``classes_`` of a classifier of one layer; they must not change in a warm start."""
        if classes.size < 2:
            raise ValueError(
                f"classes must name at least two classes, got {classes}: a neuron tells one class "
                "from another."
            )
        if continuing and not np.array_equal(classes, self.classes_):
            raise ValueError(
                f"warm_start continues with the same classes; they were {self.classes_}, but y has "
                f"{classes}. Use warm_start=False or clone() to start anew."
            )
        self.classes_ = classes

    def _check_first_call(self, classes):
        """Return the labels that partial_fit is to know: those given, or those of earlier calls."""
        known = getattr(self, "classes_", None)
        if classes is None:
            if known is None:
                raise ValueError(
                    "classes must be passed on the first call to partial_fit: later calls may "
                    "bring classes that the first one lacks. Pass classes=np.unique(all_labels)."
                )
            return known
        if len(classes) == 0:
            raise ValueError("classes must name all labels that will ever come; got none.")
        if isinstance(classes, list | tuple) and np.ndim(classes[0]) == 1:  # one array a column
            classes = [unique_labels(of_column) for of_column in classes]
        else:
            classes = unique_labels(classes)
        if known is not None and not same_labels(classes, known):
            raise ValueError(
                f"classes={classes} differs from the classes of the earlier call to fit or "
                f"partial_fit, {known}. Omit it, or start a new estimator with clone()."
            )
        return classes


def takes_weights(scorer):
    """Tell whether a scorer, or the metric that it is made of, can be called with sample_weight."""
    parameters = inspect.signature(getattr(scorer, "_score_func", scorer)).parameters
    any_keyword = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())
    return "sample_weight" in parameters or any_keyword


def same_labels(classes, others):
    """Tell whether two arrays of labels, or lists of one array a column, are equal."""
    if isinstance(classes, list) and isinstance(others, list):
        return len(classes) == len(others) and all(map(np.array_equal, classes, others))
    return not isinstance(classes, list) and np.array_equal(classes, others)


def one_column(y):
    """Return y with a single column as (n,)."""
    return column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y


def rows_of(data, rows):
    """Return some rows of an array, data frame, list or sparse matrix."""
    return _safe_indexing(data, rows)


def check_sample_weight(sample_weight, X):
    """Return the weights (n_samples,) in X's dtype, or None; refuse negative or all-zero ones."""
    if sample_weight is None:
        return None
    weight = _check_sample_weight(sample_weight, X, dtype=X.dtype, ensure_non_negative=True)
    if not (weight > 0).any():
        raise ValueError(
            "sample_weight is 0 for every sample, so there is nothing to learn from. Give at "
            "least one sample a positive weight."
        )
    if not np.isfinite(weight.sum()):
        raise ValueError(
            f"The sum of sample_weight is not a finite {weight.dtype} number. Divide the weights "
            "by a constant; only their ratios matter."
        )
    return weight


def class_factors(class_weight, classes, y, sample_weight=None):
    """Return one factor per class, as ``class_weight`` (None, "balanced" or a dict) asks."""
    present = np.isin(classes, y if sample_weight is None else y[sample_weight > 0])
    if isinstance(class_weight, str) and not present.all():
        raise ValueError(
            f"class_weight='balanced' needs samples of every class, but there are none of class "
            f"{classes[~present]}. Give the factors of all classes as a dict {{label: factor}}, "
            "as partial_fit needs if a call may lack a class."
        )
    factors = compute_class_weight(class_weight, classes=classes, y=y, sample_weight=sample_weight)
    if not (np.isfinite(factors).all() and factors.min() >= 0 and factors[present].max() > 0):
        raise ValueError(
            f"class_weight must give each class a finite factor of at least 0, and not 0 to all "
            f"that are present; got {class_weight} for the classes {classes}."
        )
    return factors


def hold_out(rows, fraction, rng, stratify):
    """Part the rows for early stopping: return those to train on and those to score on."""
    try:
        return train_test_split(rows, random_state=rng, test_size=fraction, stratify=stratify)
    except ValueError as error:
        raise ValueError(
            f"{error} Early stopping cannot hold out validation_fraction={fraction} of "
            f"{len(rows)} samples: change it, or pass more samples."
        ) from error


def class_numbers(y, classes):
    """Return the position of each label of y in the sorted ``classes``; refuse unknown labels."""
    try:
        numbers = np.searchsorted(classes, y)
        known = classes.take(numbers, mode="clip") == y
    except TypeError:  # words among numbers
        known = np.zeros(len(y), dtype=bool)
    if not known.all():
        unknown = np.unique(y[~known])
        raise ValueError(
            f"y has labels that are not among the classes seen before: {unknown}. Known are "
            f"{classes}. Train on samples of all classes, or name them all in the first call: "
            "partial_fit(X, y, classes=...)."
        )
    return numbers


def linear_classifier_from_weights(classifier, weights, bias, classes):
    """Give an unfitted linear classifier its weights, intercept, classes and features by hand."""
    classifier._validate_params()
    W = np.atleast_2d(np.asarray(weights, dtype=float))
    classes = np.asarray(classes)
    n_units = 1 if classes.size == 2 else classes.size
    if W.ndim != 2 or W.shape[0] != n_units or W.shape[1] == 0:
        raise ValueError(
            f"weights must have the shape ({n_units}, n_features) for the {classes.size} classes "
            f"{classes}, one row a unit; got {W.shape}."
        )
    if np.unique(classes).size != classes.size or classes.size < 2:
        raise ValueError(f"classes must be at least two different labels, got {classes}.")
    order = np.argsort(classes)
    if n_units == 1 and order[0] == 1:
        raise ValueError(
            f"classes must be sorted as classes_ are: (no, yes) = {tuple(classes[order])}, with "
            "weights and bias that answer yes for the second."
        )
    b = np.asarray(bias, dtype=float)
    if b.size not in (1, n_units):
        raise ValueError(f"threshold or bias must be one number a unit, {n_units}; got {b.size}.")
    b = np.broadcast_to(b.reshape(-1), n_units)
    if not (np.isfinite(W).all() and np.isfinite(b).all()):
        raise ValueError("weights and bias must be finite numbers.")
    rows = order if n_units > 1 else [0]
    classifier.coef_, classifier.intercept_ = W[rows], b[rows].copy()
    classifier.classes_ = classes[order]
    classifier.n_features_in_ = W.shape[1]
    return classifier
