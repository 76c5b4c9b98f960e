"""Checks of fitted estimators, and of the errors that they raise."""

import linecache
import traceback
import warnings
from pathlib import Path

import joblib
import numpy as np
from scipy.sparse import issparse
from sklearn.exceptions import NotFittedError

import sknn_edu
from sknn_edu import PerceptronClassifier

PACKAGE = str(Path(sknn_edu.__file__).parent)
# four samples that no single neuron can separate (XOR)
X4 = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]])
Y4 = np.array([0, 1, 1, 0])


def quietly(call):
    """Call a function without parameters; any warning but a UserWarning is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", UserWarning)  # such as ConvergenceWarning
        return call()


def refusal_of(call):
    """Return the exception with which a call refuses its arguments, or None.

    Only documented exceptions are caught, and only if they are raised on purpose.
    """
    try:
        quietly(call)
    except (ValueError, TypeError, AttributeError) as error:
        check_refusal(error)
        return error
    return None


def check_refusal(error):
    """Raise the error again unless it was raised on purpose, with a message."""
    assert str(error).strip()
    if isinstance(error, AttributeError) and not isinstance(error, NotFittedError):
        assert "solver='lbfgs'" in str(error.__cause__)
        return
    frames = traceback.extract_tb(error.__traceback__)
    ours = [k for k, frame in enumerate(frames) if frame.filename.startswith(PACKAGE)]
    last = max(ours, default=-2)  # scikit-learn may raise it, because a pipeline checks y itself
    if last + 1 < len(frames):  # errors within NumPy should have been prevented by a check
        on_purpose = "/sklearn/" in frames[last + 1].filename
    else:
        on_purpose = linecache.getline(frames[last].filename, frames[last].lineno).strip()
        on_purpose = on_purpose.startswith("raise ")
    if not on_purpose:
        raise error


def is_finite(numbers):
    return bool(np.isfinite(numbers).all())


def fitted_parameters(model):
    names = ("coefs_", "intercepts_", "coef_", "intercept_")
    found = [getattr(model, name) for name in names if hasattr(model, name)]
    return [array for part in found for array in (part if isinstance(part, list) else [part])]


def answers(model, X):
    """Return the predictions, probabilities and decision values for X, as a list of arrays."""
    found = []
    for name in ("predict", "predict_proba", "predict_log_proba", "decision_function"):
        if hasattr(model, name):
            answer = getattr(model, name)(X)
            found += answer if isinstance(answer, list) else [answer]
    return found


def overflows(model, X):
    """Return whether weighted sums or their differences are infinite."""
    with np.errstate(all="ignore"):
        is_classifier = hasattr(model, "classes_")
        z = model.decision_function(X) if is_classifier else model.predict(X)
        return not is_finite(np.ptp(z, axis=1) if z.ndim == 2 else z)


def check_sound(model, X):
    assert not overflows(model, X)
    for array in fitted_parameters(model):
        assert is_finite(array)
    for array in answers(model, X):
        assert array.dtype.kind != "f" or is_finite(array)
    if hasattr(model, "predict_proba"):
        check_probabilities(model, X)


def check_probabilities(model, X):
    p, log_p = model.predict_proba(X), None
    if hasattr(model, "predict_log_proba"):
        log_p = model.predict_log_proba(X)
    sums_to_1 = not (hasattr(model, "n_outputs_") and model.n_outputs_ > 1 and is_multilabel(model))
    for k, of_output in enumerate(p if isinstance(p, list) else [p]):
        if isinstance(model, PerceptronClassifier):
            assert ((of_output >= 0) & (of_output <= 1)).all()
            winners = model.classes_[of_output.argmax(axis=1)]
            np.testing.assert_array_equal(winners, model.predict(X))
        else:
            assert ((of_output > 0) & (of_output < 1)).all()
            log = log_p[k] if isinstance(p, list) else log_p
            assert (log <= 0).all()
        if sums_to_1:
            rounding = 20 * np.finfo(of_output.dtype).eps * of_output.shape[1]
            np.testing.assert_allclose(of_output.sum(axis=1), 1, rtol=0, atol=rounding)


def is_multilabel(model):
    return model.out_activation_ == "logistic"


def same_bits(arrays, expected):
    return len(arrays) == len(expected) and all(map(are_alike, arrays, expected))


def are_alike(a, b):
    same = a.tolist() == b.tolist() if a.dtype == object else a.tobytes() == b.tobytes()
    return same and (a.dtype, a.shape) == (b.dtype, b.shape)


def fingerprint(given):
    """Return what must not change in an argument: its values and its writeable flag."""
    if issparse(given):
        parts = ("data", "indices", "indptr", "row", "col")
        return given.shape, *(fingerprint(getattr(given, p)) for p in parts if hasattr(given, p))
    is_writable = given.flags.writeable if isinstance(given, np.ndarray) else None
    return joblib.hash(given), is_writable


def fingerprints(problem):
    return [fingerprint(v) for v in (problem.X, problem.y, problem.classes)] + [
        fingerprint(v) for v in [*problem.options.values(), *problem.model.get_params().values()]
    ]
