"""The names of the columns of a table and of the features computed from them."""

from collections import Counter
from itertools import count


def make_unique(names):
    """Return a list of unique names; repeated names get a number: a, a_2, a_3."""
    if len(set(names)) == len(names):
        return names
    taken, unique = Counter(names), []
    for name in names:
        if name in unique:
            name = next(new for k in count(2) if (new := f"{name}_{k}") not in taken)
            taken[name] += 1
        unique.append(name)
    return unique


def input_names(preprocessor, input_features):
    """Return the list of column names of a fitted preprocessor.

    If ``fit`` saw no names, these are ``input_features``, or x0, x1, ... if that is None.

    Raises
    ------
    ValueError
        If ``input_features`` differs in length or names from the columns in ``fit``.
    """
    known = getattr(preprocessor, "feature_names_in_", None)
    n_features = preprocessor.n_features_in_
    if input_features is None:
        return [f"x{j}" for j in range(n_features)] if known is None else list(known)
    names = list(input_features)
    if len(names) != n_features or (known is not None and names != list(known)):
        what = "is not equal to feature_names_in_"
        if known is None:
            what = f"should have length equal to the number of columns in fit, {n_features}"
        raise ValueError(
            f"input_features {what}{'' if known is None else f', {list(known)}'}; got {names}. "
            "Omit input_features to use the names of the columns in fit."
        )
    return names
