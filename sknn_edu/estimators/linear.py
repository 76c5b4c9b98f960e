"""Weights set by hand: what ``from_weights`` of the two single-layer classifiers shares."""

import numpy as np


def set_weights(classifier, weights, bias, classes):
    """Give an unfitted single-layer classifier its weights, intercept, classes and features.

    Parameters
    ----------
    classifier : PerceptronClassifier or SigmoidNeuronClassifier
    weights : array-like (n_features,) or (n_units, n_features)
    bias : array-like () or (n_units,)
    classes : array-like (n_classes,)
        In the order of the units; for a single unit (no, yes).

    Returns
    -------
    classifier : object
        The same one.

    Raises
    ------
    ValueError
        If the shapes do not agree, or the numbers are not finite.
    """
    classifier._validate_params()
    W, classes = np.atleast_2d(np.asarray(weights, dtype=float)), np.asarray(classes)
    n_units = 1 if classes.size == 2 else classes.size
    if W.ndim != 2 or W.shape[0] != n_units or W.shape[1] == 0:
        raise ValueError(
            f"weights must have the shape ({n_units}, n_features) for the {classes.size} classes "
            f"{classes}, one row per unit; got {W.shape}."
        )
    if np.unique(classes).size != classes.size or classes.size < 2:
        raise ValueError(f"classes must be at least two different labels; got {classes}.")
    order = np.argsort(classes)
    if n_units == 1 and order[0] == 1:
        raise ValueError(
            f"classes must be sorted, (no, yes) = {tuple(classes[order])}, with weights and bias "
            "that say yes for the second class."
        )
    b = np.asarray(bias, dtype=float)
    if b.size not in (1, n_units):
        raise ValueError(
            f"threshold or bias must be one number per unit, so {n_units}; got {b.size}."
        )
    b = np.broadcast_to(b.reshape(-1), n_units)
    if not (np.isfinite(W).all() and np.isfinite(b).all()):
        raise ValueError("weights and bias must be finite numbers.")
    rows = order if n_units > 1 else [0]
    classifier.coef_, classifier.intercept_ = W[rows], b[rows].copy()
    classifier.classes_ = classes[order]
    classifier.n_features_in_ = W.shape[1]
    return classifier
