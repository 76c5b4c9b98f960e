"""The accuracy of classifiers: of labels of any kind, and of several columns of them."""

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score

from sknn_edu.fitting.given_targets import readable_labels


class AccuracyMixin(ClassifierMixin):
    """What makes an estimator a classifier whose score is the accuracy."""

    def score(self, X, y, sample_weight=None):
        """Return the accuracy: the share of samples whose columns are all predicted correctly.

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

        Raises
        ------
        ValueError
            If y does not have the shape of the predictions.
        """
        predicted, y = self.predict(X), readable_labels(y)
        if not isinstance(self.classes_, list):
            return accuracy_score(y, predicted, sample_weight=sample_weight)
        # scikit-learn's has no definition for several columns of classes
        if np.shape(y) != predicted.shape:
            raise ValueError(
                f"y must have the shape of the predictions, {predicted.shape}; got {np.shape(y)}."
            )
        is_right = (np.asarray(y) == predicted).all(axis=1)
        return float(np.average(is_right, weights=sample_weight))
