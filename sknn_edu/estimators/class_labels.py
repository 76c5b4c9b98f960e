"""Class labels: checks for single neurons and partial_fit, and class weights."""

import numpy as np
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import unique_labels

from sknn_edu.estimators.targets import checked_labels, class_numbers, same_labels
from sknn_edu.fitting.given_targets import readable_labels


def check_class_labels(name, y, *, at_least):
    """Return the sorted labels of y; refuse continuous values and too few classes."""
    classes = checked_labels(y, () if at_least == 1 else None)
    if at_least == 1:  # partial_fit names its classes itself
        classes = unique_labels(y)
    if classes.size < at_least:
        raise ValueError(
            f"{name} needs samples of at least {at_least} classes, but y has only one class: "
            f"{classes}. Pass samples of another class, too."
        )
    return classes


def check_neuron_classes(classes, known):
    """Refuse fewer than two classes, or others than in the fit that is continued."""
    if classes.size < 2:
        raise ValueError(
            f"classes must name at least two classes, got {classes}: a neuron tells one class "
            "from another."
        )
    if known is not None and not np.array_equal(classes, known):
        raise ValueError(
            f"warm_start continues with the same classes; they were {known}, but y has "
            f"{classes}. Use warm_start=False or clone() to start over."
        )


def check_first_call(classes, known):
    """Return the labels that partial_fit expects: those given, or those of earlier calls."""
    if classes is None:
        if known is None:
            raise ValueError(
                "classes must be passed on the first call to partial_fit, because later calls may "
                "contain classes that the first one lacks. Pass classes=np.unique(all_labels)."
            )
        return known
    if len(classes) == 0:
        raise ValueError("classes must name all labels that will ever be seen; got none.")
    if isinstance(classes, list | tuple) and np.ndim(classes[0]) == 1:  # one array per column
        classes = [unique_labels(readable_labels(labels, "classes")) for labels in classes]
    else:
        classes = unique_labels(readable_labels(classes, "classes"))
    if known is not None and not same_labels(classes, known):
        raise ValueError(
            f"classes={classes} differs from the classes of the earlier call to fit or "
            f"partial_fit, {known}. Omit it, or start a new estimator with clone()."
        )
    return classes


def class_factors(class_weight, classes, y, sample_weight=None):
    """Return one factor per class, as ``class_weight`` (None, "balanced" or a dict) asks."""
    present = np.isin(classes, y if sample_weight is None else y[sample_weight > 0])
    if isinstance(class_weight, str) and not present.all():
        raise ValueError(
            f"class_weight='balanced' needs samples of every class, but there are none of class "
            f"{classes[~present]}. Give the factors of all classes as a dict {{label: factor}}, "
            "which partial_fit needs if a call may lack a class."
        )
    factors = compute_class_weight(class_weight, classes=classes, y=y, sample_weight=sample_weight)
    if not (np.isfinite(factors).all() and factors.min() >= 0 and factors[present].max() > 0):
        raise ValueError(
            f"class_weight must give each class a finite factor of at least 0, and not 0 to all "
            f"classes that are present; got {class_weight} for the classes {classes}."
        )
    return factors


def class_weighted(class_weight, targets, y, weight):
    """Return the weight of each sample, times the factors that ``class_weight`` gives its classes.

    Parameters
    ----------
    class_weight : dict, 'balanced', list of dict, or None
    targets : ClassTargets
    y : ndarray
        Checked, not encoded.
    weight : ndarray (n_samples,) or None
        The sample weights.
    """
    if class_weight is None:
        return weight
    columns = targets.class_columns(y)
    same_for_all = class_weight == "balanced" or len(columns) == 1
    per_column = [class_weight] * len(columns) if same_for_all else class_weight
    if not isinstance(per_column, list) or len(per_column) != len(columns):
        raise ValueError(
            "class_weight must be 'balanced' or a list with a dict for each of the "
            f"{len(columns)} columns of y; got {class_weight!r}."
        )
    total = 1.0 if weight is None else weight
    for wanted, (column, classes) in zip(per_column, columns, strict=True):
        if isinstance(wanted, list):
            raise ValueError(
                "class_weight must be 'balanced' or a dict, since y has one column; got a "
                f"list: {class_weight!r}."
            )
        numbers = class_numbers(column, classes)
        factors = class_factors(wanted, classes, classes[numbers], weight)
        total = total * factors[numbers]
    return total
