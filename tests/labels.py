"""The same labels in every form that classifiers accept."""

import numpy as np
import pytest


def in_form(form, y):
    """Return y, with classes 0 to 2, as two classes, unchanged, as multilabel y, or as columns."""
    forms = {
        "two": y > 0,
        "three": y,
        "labels": np.stack([y == 0, y > 1], axis=1).astype(int),
        "columns": np.stack([y, y[::-1]], axis=1),
    }
    return forms[form]


EACH_FORM = pytest.mark.parametrize("form", ["two", "three", "labels", "columns"])
