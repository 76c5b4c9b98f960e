"""The same network several times, each from another random start; the average knows more."""

from numbers import Integral

import numpy as np
from joblib import Parallel, delayed
from sklearn import get_config
from sklearn.base import (
    BaseEstimator,
    MetaEstimatorMixin,
    RegressorMixin,
    clone,
    is_classifier,
)
from sklearn.utils import check_random_state, get_tags
from sklearn.utils.metadata_routing import (
    UNUSED,
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.validation import check_is_fitted

from sknn_edu._base import (
    HasMethods,
    Interval,
    InvalidParameterError,
    checked_parameters,
    fill_docstring,
)
from sknn_edu._class_columns import ColumnsClassifierMixin, side_by_side, target_kind

_PARAMETERS = """
    estimator : {kind}
        What is trained several times. It stays unfitted.
    n_estimators : int, default=4
        How many times.
    n_jobs : int or None, default=None
        How many are trained side by side, in processes of their own; None is 1, -1 one for each
        processor. See scikit-learn's glossary.
    random_state : int, RandomState instance or None, default=None
        Draws the ``random_state`` of each, and of all that it is made of.
"""


class _Average(MetaEstimatorMixin, BaseEstimator):
    """What the two have in common: training."""

    __metadata_request__fit = {"sample_weight": UNUSED}  # the members ask for it
    _parameter_constraints: dict = {
        "n_estimators": [Interval(Integral, 1, None, closed="left")],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

    def __init__(self, estimator, n_estimators=4, *, n_jobs=None, random_state=None):
        self.estimator = estimator
        self.n_estimators = n_estimators
        self.n_jobs = n_jobs
        self.random_state = random_state

    def _validate_params(self):
        super()._validate_params()
        kind = get_tags(self).estimator_type
        if get_tags(self.estimator).estimator_type != kind:
            raise InvalidParameterError(
                f"estimator must be a {kind}, as {type(self).__name__} is; got {self.estimator!r}."
            )

    @checked_parameters
    def fit(self, X, y, sample_weight=None, **fit_params):
        """Train all of them on the same samples.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Their weights.
        **fit_params
            What else the estimator's fit takes, such as ``X_val`` and ``y_val``. With metadata
            routing it must ask for them, and for weights, by ``set_fit_request``.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If the estimator is none of this kind, or does not take this.
        """
        if sample_weight is not None:
            fit_params = {**fit_params, "sample_weight": sample_weight}
        if get_config()["enable_metadata_routing"]:
            fit_params = process_routing(self, "fit", **fit_params).estimator.fit
        rng = check_random_state(self.random_state)
        seeds = rng.randint(np.iinfo(np.int32).max, size=self.n_estimators)
        self.estimators_ = Parallel(n_jobs=self.n_jobs)(
            delayed(_trained)(self.estimator, int(seed), X, y, fit_params) for seed in seeds
        )
        self._is_multilabel = is_classifier(self) and target_kind(y) == "multilabel-indicator"
        for name in ("n_features_in_", "feature_names_in_", "classes_"):
            vars(self).pop(name, None)
            if hasattr(self.estimators_[0], name):
                setattr(self, name, getattr(self.estimators_[0], name))
        return self

    def get_metadata_routing(self):
        """Return who asks for what is given to fit: the estimator.

        Returns
        -------
        routing : MetadataRouter
            For scikit-learn's metadata routing.
        """
        from_fit_to_fit = MethodMapping().add(caller="fit", callee="fit")
        router = MetadataRouter(owner=self).add_self_request(self)
        return router.add(estimator=self.estimator, method_mapping=from_fit_to_fit)

    def _mean(self, method, X):
        """Return the mean of what all answer; of each array, if they answer with a list."""
        check_is_fitted(self)
        answers = [getattr(one, method)(X) for one in self.estimators_]
        if isinstance(answers[0], list):
            return [np.mean(arrays, axis=0) for arrays in zip(*answers, strict=True)]
        return np.mean(answers, axis=0)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        of_one = self.estimator.__sklearn_tags__()
        tags.input_tags, tags.target_tags = of_one.input_tags, of_one.target_tags
        tags.classifier_tags, tags.regressor_tags = of_one.classifier_tags, of_one.regressor_tags
        tags.non_deterministic = of_one.non_deterministic
        return tags


def _trained(estimator, seed, X, y, fit_params):
    one = clone(estimator)
    random = [name for name in one.get_params() if name.split("__")[-1] == "random_state"]
    return one.set_params(**dict.fromkeys(random, seed)).fit(X, y, **fit_params)


@fill_docstring(parameters=_PARAMETERS.replace("{kind}", "classifier with predict_proba"))
class AveragingClassifier(ColumnsClassifierMixin, _Average):
    r"""The mean of what several classifiers say that differ in their random start alone.

    .. math:: p(y \mid x) = \frac{1}{k} \sum_i p_i(y \mid x)

    Networks err in different places: where they agree they are mostly right, and where they do not
    the mean says so. If they stop early, each holds out other samples, and together they have seen
    all. Unlike :class:`sklearn.ensemble.BaggingClassifier` it draws no samples, so weights of
    samples reach every member; unlike :class:`sklearn.ensemble.VotingClassifier` its members are
    one estimator, so a grid search changes them all. Members share its callbacks; a
    :class:`Checkpoint`, which holds one fit, is refused by the second.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    estimators_ : list of estimators
        The fitted members.
    classes_ : ndarray of shape (n_classes,), or a list of them
        The labels, as the members have them.
    n_features_in_ : int
        The number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, if X has names that are all strings.

    References
    ----------
    B. Lakshminarayanan, A. Pritzel, C. Blundell, "Simple and scalable predictive uncertainty
    estimation using deep ensembles", arXiv 1612.01474.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknn_edu import AveragingClassifier, MLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> one = MLPClassifier(solver="lbfgs", hidden_layer_sizes=5)
    >>> AveragingClassifier(one, n_estimators=3, random_state=0).fit(X, y).score(X, y) > 0.95
    True
    """

    _parameter_constraints: dict = {
        **_Average._parameter_constraints,
        "estimator": [HasMethods(["fit", "predict_proba"])],
    }

    def predict(self, X):
        """Return the class of each sample that is the most probable on average.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_columns)
            Labels, in the form that y had.
        """
        p = self.predict_proba(X)
        if isinstance(p, list):
            columns = zip(self.classes_, p, strict=True)
            return side_by_side([classes[p_k.argmax(axis=1)] for classes, p_k in columns])
        if self._is_multilabel:
            return (p > 0.5).astype(int)
        return self.classes_[p.argmax(axis=1)]

    def predict_proba(self, X):
        """Return the mean probability of each class, or of each label.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        p : ndarray of shape (n_samples, n_classes), or a list of them
            As the members have it.
        """
        return self._mean("predict_proba", X)

    def predict_log_proba(self, X):
        """Return the natural logarithm of :meth:`predict_proba`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        log_p : ndarray of shape (n_samples, n_classes), or a list of them
        """
        p = self.predict_proba(X)
        return list(map(np.log, p)) if isinstance(p, list) else np.log(p)


@fill_docstring(parameters=_PARAMETERS.replace("{kind}", "regressor"))
class AveragingRegressor(RegressorMixin, _Average):
    """The mean of what several regressors say that differ in their random start alone.

    See :class:`AveragingClassifier` for why it is better than each of them.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    estimators_ : list of estimators
        The fitted members.
    n_features_in_ : int
        The number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, if X has names that are all strings.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sknn_edu import AveragingRegressor, MLPRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> one = MLPRegressor(solver="lbfgs", hidden_layer_sizes=(), max_iter=500)
    >>> AveragingRegressor(one, n_estimators=2, random_state=0).fit(X, y).score(X, y) > 0.5
    True
    """

    _parameter_constraints: dict = {
        **_Average._parameter_constraints,
        "estimator": [HasMethods(["fit", "predict"])],
    }

    def predict(self, X):
        """Return the mean prediction.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        return self._mean("predict", X)
