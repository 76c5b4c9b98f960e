"""The activations of hidden neurons, as features for another model."""

from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

from sknn_edu.estimators.mlp import BaseMLP, as_layer_sizes, check_layer
from sknn_edu.fitting.callbacks import MetaCallbackMixin, as_task_of, with_callbacks
from sknn_edu.fitting.estimator import HasMethods, checked_parameters
from sknn_edu.fitting.routing import routed_to_fit, router_to_fit


class HiddenLayerTransformer(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, MetaCallbackMixin, BaseEstimator
):
    """Transforms samples into the activations of a hidden layer of a network.

    The features that a network has learned can be useful to another model: put this transformer
    before it in a Pipeline. ``fit`` trains a clone of the network on y; to use a network that is
    already trained, wrap it in :class:`sklearn.frozen.FrozenEstimator`.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
        The network, possibly in a FrozenEstimator.
    layer : int, default=-1
        Which hidden layer: 0 is the first, -1 the last.

    Attributes
    ----------
    estimator_ : MLPClassifier or MLPRegressor
        The trained network.
    n_features_in_ : int
        The number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, if X has names that are all strings.

    See Also
    --------
    MLPClassifier.hidden_activations : The same for a fitted network.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> from sknn_edu import HiddenLayerTransformer, MLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> network = MLPClassifier(hidden_layer_sizes=5, solver="lbfgs", random_state=0)
    >>> model = make_pipeline(HiddenLayerTransformer(network), KNeighborsClassifier()).fit(X, y)
    >>> model[:-1].transform(X).shape
    (150, 5)
    """

    __metadata_request__fit = {"sample_weight": True}  # the network receives it
    __metadata_request__fit_transform = {"sample_weight": True}
    _parameter_constraints: dict = {"estimator": [HasMethods(["fit"])], "layer": [Integral]}

    def __init__(self, estimator, layer=-1):
        self.estimator = estimator
        self.layer = layer

    @checked_parameters
    @with_callbacks
    def fit(self, X, y=None, sample_weight=None, **fit_params):
        """Train a clone of the network.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their targets; not needed with a FrozenEstimator.
        sample_weight : array-like of shape (n_samples,), default=None
            Their weights.
        **fit_params
            Further parameters of the network's fit, such as ``X_val`` and ``y_val``. With metadata
            routing enabled, the network must request them, and sample_weight, with
            ``set_fit_request``.

        Returns
        -------
        self : object
            The fitted transformer.

        Raises
        ------
        TypeError
            If the estimator is not a multi-layer perceptron of this package.
        ValueError
            If it has no such layer.
        """
        network = clone(self.estimator)
        inner = network.estimator if isinstance(network, FrozenEstimator) else network
        if not isinstance(inner, BaseMLP):
            raise TypeError(
                "estimator must be an MLPClassifier or MLPRegressor of sknn_edu, which have "
                f"hidden layers; got {self.estimator!r}."
            )
        check_layer(self.layer, len(as_layer_sizes(inner.hidden_layer_sizes)))
        task, (part,) = self._begin_tasks(X, y, 1)
        with as_task_of(self, part, network, X, y):
            network.fit(X, y, **routed_to_fit(self, sample_weight, fit_params))
        task.call_on_fit_task_end(estimator=self, X=X, y=y)
        self.estimator_ = inner
        self.n_features_in_ = inner.n_features_in_
        if hasattr(inner, "feature_names_in_"):
            self.feature_names_in_ = inner.feature_names_in_
        return self

    def get_metadata_routing(self):
        """Return how metadata is routed: parameters of fit go to the fit of the network.

        Returns
        -------
        routing : MetadataRouter
            The routing information, for scikit-learn.
        """
        return router_to_fit(self, callers=("fit", "fit_transform"))

    def transform(self, X):
        """Return the activations of the layer for each sample.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        a : ndarray of shape (n_samples, n_neurons)
            In the dtype of the weights.
        """
        check_is_fitted(self)
        return self.estimator_.hidden_activations(X, layer=self.layer)

    @property
    def _n_features_out(self):
        weights = self.estimator_.coefs_[:-1]
        return int(np.asarray(weights[self.layer]).shape[1])

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.input_tags.sparse = True
        return tags
