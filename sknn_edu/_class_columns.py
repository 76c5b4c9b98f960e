"""Targets of several columns, with classes in each: how they are told, put together and scored."""

import numpy as np
from scipy.sparse import issparse
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils.multiclass import type_of_target


def target_kind(y):
    """Return scikit-learn's name for the kind of y; it knows none for numbers beside strings."""
    try:
        return type_of_target(y)
    except TypeError:
        return "multiclass-multioutput"


def has_columns_of_classes(y):
    """Tell whether y has several columns, some with more than two classes or of mixed types."""
    return y.ndim > 1 and not issparse(y) and target_kind(y) == "multiclass-multioutput"


def plain(y):
    """Return the columns of y, dense, each with a dtype of its own."""
    dense = y.toarray() if issparse(y) else y
    return [np.array(column.tolist()) if column.dtype == object else column for column in dense.T]


def side_by_side(labels):
    """Return the labels of each column as one array, of objects where "1" would become 1."""
    if len({of_column.dtype.kind for of_column in labels}) > 1:
        labels = [of_column.astype(object) for of_column in labels]
    return np.stack(labels, axis=1)


class ColumnsClassifierMixin(ClassifierMixin):
    """A classifier that may answer with several columns, which scikit-learn's score refuses."""

    def score(self, X, y, sample_weight=None):
        """Return the accuracy: the share of samples all of whose columns are predicted right.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.
        y : array-like of shape (n_samples,) or (n_samples, n_columns)
            Their labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Their weights.

        Returns
        -------
        accuracy : float
            In [0, 1].
        """
        predicted = self.predict(X)
        if isinstance(self.classes_, list):
            if np.shape(y) != predicted.shape:
                raise ValueError(
                    f"y must have the shape of what is predicted, {predicted.shape}; got "
                    f"{np.shape(y)}."
                )
            right = (np.asarray(y) == predicted).all(axis=1)
            return float(np.average(right, weights=sample_weight))
        return accuracy_score(y, predicted, sample_weight=sample_weight)
