"""The base class of all estimators, and the functions they share.

This is the only file that uses private parts of scikit-learn (parameter constraints, the context of
fit, the check of sample weights). If scikit-learn changes them, only this file has to change.
"""

import functools
import inspect
import sys
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from threading import get_ident

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator, _fit_context, is_classifier
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
from sklearn.utils.validation import _check_sample_weight, _check_y, validate_data

from sknn_edu.fitting.callbacks import (
    NO_PROGRESS_BAR,
    CallbackSupportMixin,
    new_progress_bar,
    progress_bar,
    with_callbacks,
)
from sknn_edu.fitting.given_samples import NUMBERS, explained, refuse_masked, refuse_unreadable
from sknn_edu.fitting.given_targets import readable_labels, refuse_unreadable_numbers
from sknn_edu.fitting.names import did_you_mean
from sknn_edu.fitting.remote import RemoteSamples

__all__ = [
    "HasMethods",
    "Interval",
    "InvalidParameterError",
    "NeuralEstimator",
    "Options",
    "RealNotInt",
    "one_of",
]


def one_of(*names: str) -> StrOptions:
    """Return the constraint that a parameter is one of these names.

    Error messages list the names in this order.
    """
    return StrOptions(dict.fromkeys(names).keys())


DOCUMENTATION = "https://sknn-edu.readthedocs.io/en/stable/generated/sknn_edu.{estimator_name}.html"

INTERNAL_PACKAGES = ("sknn_edu", "sklearn", "contextlib")
"""Warnings point to the first caller outside of these packages."""

INTERRUPTED = (
    "Training interrupted by user after {n} {what}; the estimator keeps what it has learned so far."
)

SAVED_BY = "_sknn_edu_version"
"""In the state of a saved estimator, the key of the version that saved it."""


def checked_parameters(method: Callable) -> Callable:
    """Decorate a fit method without callbacks: validate the parameters, restore on failure."""
    checked = _fit_context(prefer_skip_nested_validation=True)(method)

    @functools.wraps(method)
    def fit_or_restore(self, *args, **kwargs):
        if not isinstance(self, BaseEstimator):
            raise called_on_the_class(method)
        before, self._fitting_thread = dict(vars(self)), get_ident()
        try:
            return checked(self, *args, **kwargs)
        except BaseException:
            restore_attributes(self, before)
            raise
        finally:
            vars(self).pop("_fitting_thread", None)

    return fit_or_restore


def fit_method(method: Callable) -> Callable:
    """Decorate a method that trains: validate the parameters, restore on failure.

    If training fails, all attributes are restored, so an estimator that was fitted before can still
    be used. Floating-point warnings are silenced, because training checks for infinite numbers
    itself.
    """
    checked = with_callbacks(_fit_context(prefer_skip_nested_validation=True)(method))

    @functools.wraps(method)
    def fit_or_restore(self, *args, **kwargs):
        if not isinstance(self, BaseEstimator):
            raise called_on_the_class(method)
        before, self._fitting_thread = dict(vars(self)), get_ident()
        try:
            if method.__name__ == "partial_fit" and not get_config()["skip_parameter_validation"]:
                self._validate_params()  # scikit-learn validates only at the first call
            if self.verbose == 2 and new_progress_bar() is None:
                warn(NO_PROGRESS_BAR)
            progress = progress_bar(self) if self.verbose == 2 else nullcontext()
            with progress, np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                return checked(self, *args, **kwargs)
        except BaseException:
            restore_attributes(self, before)
            raise
        finally:
            vars(self).pop("_fitting_thread", None)

    return fit_or_restore


def called_on_the_class(method):
    """Return the error for ``MLPClassifier.fit(X, y)``, a call without an instance."""
    name = method.__name__
    return TypeError(
        f"{name} must be called on an estimator, but was called on a class. Add parentheses to "
        f"create an estimator, for example MLPClassifier().{name}(X, y)."
    )


def restore_attributes(estimator, attributes):
    """Replace all attributes of an estimator by these."""
    vars(estimator).clear()
    vars(estimator).update(attributes)


def package_version():
    """Return the version of this package."""
    return sys.modules["sknn_edu"].__version__


def warn(message, category=UserWarning):
    """Issue a warning that points to the user's code, not to this package or scikit-learn."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back and frame.f_globals.get("__name__", "").split(".")[0] in INTERNAL_PACKAGES:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level + 1)


def fill_docstring(**parts: str) -> Callable:
    """Decorate a class: replace each ``{name}`` in its docstring by the text of that name."""

    def decorate(cls: type) -> type:
        doc = inspect.cleandoc(cls.__doc__ or "")
        for name, part in parts.items():
            doc = doc.replace("{" + name + "}", inspect.cleandoc(part))
        cls.__doc__ = doc
        return cls

    return decorate


VALID_PARAMETERS: set = set()
"""Parameters that have been validated: doing it again takes 0.1 ms, a fifth of what a small
fit does besides training."""

MOST_VALID_PARAMETERS = 1000

PLAIN_TYPES = frozenset((bool, int, float, str, tuple, type(None)))


class NeuralEstimator(CallbackSupportMixin, BaseEstimator):
    """The base class of all estimators.

    Provides callbacks, the link to the documentation, support for sparse input, the state of saved
    estimators and the validation of parameters and data.
    """

    _doc_link_module = "sknn_edu"
    _doc_link_template = DOCUMENTATION

    _y_options = {}
    """Options for scikit-learn's check of y."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        if tags.classifier_tags is not None and self._y_options.get("multi_output"):
            tags.target_tags.multi_output = tags.classifier_tags.multi_label = True
        return tags

    # cached, because scikit-learn calls it several times in a fit or a clone, for 0.1 ms each
    _get_param_names = classmethod(functools.cache(BaseEstimator._get_param_names.__func__))

    def _validate_params(self):
        parameters = tuple(self.get_params(deep=False).values())
        entries = [x for value in parameters if type(value) is tuple for x in value]
        types = tuple(map(type, (*parameters, *entries)))
        is_plain = PLAIN_TYPES.issuperset(types)
        key = type(self), types, parameters if is_plain else ()  # the types, as 1 == 1.0 == True
        if is_plain and key in VALID_PARAMETERS:
            return
        try:
            super()._validate_params()
        except InvalidParameterError as error:
            raise self._explained_parameter_error(error) from None
        for name, value in self.get_params(deep=False).items():
            if isinstance(value, int) and abs(value) > sys.float_info.max:
                raise InvalidParameterError(
                    f"{name} must be at most {sys.float_info.max}, the largest float; got a larger "
                    "int. Choose a smaller number."
                )
        if is_plain and len(VALID_PARAMETERS) < MOST_VALID_PARAMETERS:
            VALID_PARAMETERS.add(key)

    def _explained_parameter_error(self, error):
        """Return scikit-learn's error about a parameter, with a suggestion if there is one."""
        parameter = str(error).split("'")[1]
        constraints = self._parameter_constraints[parameter]
        names = [name for c in constraints if isinstance(c, StrOptions) for name in c.options]
        hint = did_you_mean(parameter, getattr(self, parameter), names)
        return InvalidParameterError(f"{error} {hint}") if hint else error

    def __getstate__(self):
        state = {**super().__getstate__(), SAVED_BY: package_version()}
        for name in ("_running_fit", "_validation_samples", "_fitting_thread"):
            state.pop(name, None)  # a copy is not in training
        return state

    def __setstate__(self, state):
        """Load a saved state; warn if another version saved it, and add missing parameters."""
        state = dict(state)
        saved_by, current = state.pop(SAVED_BY, "unknown"), package_version()
        if saved_by != current:
            warn(
                f"This {type(self).__name__} was saved with version {saved_by} of sknn_edu and is "
                f"loaded with version {current}: missing parameters are set to their defaults, and "
                "predictions may differ. Check the predictions, or load the estimator with the "
                "version that saved it."
            )
            for name, parameter in inspect.signature(type(self)).parameters.items():
                if parameter.default is not parameter.empty:
                    state.setdefault(name, parameter.default)
        super().__setstate__(state)

    def _check_X(self, X, dtype):
        """Return X as an array or CSR matrix of this dtype, validated for prediction."""
        if getattr(self, "_fitting_thread", get_ident()) != get_ident():
            raise RuntimeError(
                f"This {type(self).__name__} is being fitted in another thread, so it cannot "
                "predict. Make a copy before fit, copy.deepcopy(estimator), and predict with it."
            )
        if self._needs_no_conversion(X, dtype):
            return X
        refuse_unreadable(X)
        try:
            return validate_data(self, X, accept_sparse="csr", dtype=dtype, reset=False)
        except (TypeError, ValueError) as error:
            raise explained(error, X, n_features=self.n_features_in_) from None

    def _needs_no_conversion(self, X, dtype):
        """Return whether scikit-learn's full check would return X unchanged; this is faster."""
        return (
            type(X) is np.ndarray
            and X.ndim == 2
            and X.dtype == dtype
            and X.shape[1] == getattr(self, "n_features_in_", None)
            and X.shape[0] > 0
            and not hasattr(self, "feature_names_in_")
            and bool(np.isfinite(X.sum()))  # if the sum overflows, the full check decides
        )

    def _check_data(self, X, y, dtype, reset):
        """Return X and y, validated for training.

        With ``reset=True``, X sets ``n_features_in_``; otherwise X must have that many features. If
        y has a single column, its shape becomes (n_samples,).
        """
        if isinstance(X, RemoteSamples):
            return X.checked(self, y, dtype, reset)
        if not all(type(data) is np.ndarray and data.dtype.kind in NUMBERS for data in (X, y)):
            refuse_unreadable(X)
            y = self._readable_targets(y)
        options = {"dtype": dtype, "order": "C", "reset": reset, **self._y_options}
        try:
            X, y = validate_data(self, X, y, accept_sparse="csr", **options)
        except (TypeError, ValueError) as error:
            n_features = None if reset else self.n_features_in_
            raise explained(error, X, y, n_features) from None
        return X, column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y

    def _check_y(self, y):
        """Return y alone, checked for training."""
        y = _check_y(self._readable_targets(y), estimator=self, **self._y_options)
        return column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y

    def _readable_targets(self, y):
        """Return y with labels in their own dtype; refuse y that is neither labels nor numbers."""
        if y is None:
            return y  # scikit-learn raises the error
        if is_classifier(self):
            return readable_labels(y)
        refuse_unreadable_numbers(y)
        return y


def check_samples(estimator, X, y, dtype, reset):
    """Return X and y, checked for training, as :meth:`NeuralEstimator._check_data` does."""
    return estimator._check_data(X, y, dtype, reset=reset)


def check_with_first(estimator, first, y, dtype, reset):
    """Check y and the first of the samples, which are elsewhere, as given.

    Parameters
    ----------
    estimator : NeuralEstimator
        With ``reset`` it learns the number and the names of the features.
    first : array-like, data frame or sparse matrix of one row
    y : array-like (n_samples,) or (n_samples, n_columns)
    dtype, reset
        As for training.

    Returns
    -------
    check : callable ``check(X) -> X``
        Checks other samples in the same way, on whatever machine.
    dtype : dtype
        Of the checked samples.
    y : ndarray
        Checked.
    """
    y = estimator._check_y(y)
    x, _ = estimator._check_data(first, y[:1], dtype, reset)
    stub = type(estimator)()
    for name in ("n_features_in_", "feature_names_in_"):
        if hasattr(estimator, name):
            setattr(stub, name, getattr(estimator, name))
    return functools.partial(checked_block, stub, x.dtype), x.dtype, y


def checked_block(estimator, dtype, X):
    """Return some of the samples, checked for training."""
    refuse_unreadable(X)
    try:
        return validate_data(estimator, X, accept_sparse="csr", dtype=dtype, order="C", reset=False)
    except (TypeError, ValueError) as error:
        raise explained(error, X, n_features=estimator.n_features_in_) from None


def takes_weights(scorer):
    """Return whether a scorer or its metric accepts sample_weight."""
    parameters = inspect.signature(getattr(scorer, "_score_func", scorer)).parameters
    any_keyword = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())
    return "sample_weight" in parameters or any_keyword


def rows_of(data, rows):
    """Return the given rows of an array, data frame, list or sparse matrix."""
    return _safe_indexing(data, rows)


def check_sample_weight(sample_weight, X):
    """Return the weights (n_samples,) in X's dtype; refuse negative and all-zero weights."""
    refuse_masked(sample_weight, "sample_weight")
    weight = _check_sample_weight(sample_weight, X, dtype=X.dtype, ensure_non_negative=True)
    if not (weight > 0).any():
        raise ValueError(
            "sample_weight must be positive for at least one sample; got only zeros. Give the "
            "samples to learn from a positive weight."
        )
    if not np.isfinite(weight.sum()):
        raise ValueError(
            f"The sum of sample_weight must be a finite {weight.dtype} number; got "
            f"{weight.sum()}. Divide all weights by the same constant; only their ratios matter."
        )
    return weight


def hold_out(rows, fraction, rng, stratify):
    """Split rows into those to train on and those held out for early stopping."""
    try:
        return train_test_split(rows, random_state=rng, test_size=fraction, stratify=stratify)
    except ValueError as error:
        raise ValueError(
            f"{error} Early stopping cannot hold out validation_fraction={fraction} of "
            f"{len(rows)} samples: change validation_fraction, or pass more samples."
        ) from error
