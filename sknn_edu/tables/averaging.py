"""Averages of several copies of an estimator that are trained with different random seeds."""

from multiprocessing import current_process
from numbers import Integral

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs
from sklearn.base import (
    BaseEstimator,
    MetaEstimatorMixin,
    RegressorMixin,
    clone,
    is_classifier,
)
from sklearn.metrics import r2_score
from sklearn.utils import check_random_state, get_tags
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import ThreadpoolController

from sknn_edu.estimators.accuracy import AccuracyMixin
from sknn_edu.estimators.targets import target_kind
from sknn_edu.fitting.callbacks import MetaCallbackMixin, as_task_of, with_callbacks
from sknn_edu.fitting.checkpoint import checkpoint_member
from sknn_edu.fitting.estimator import (
    HasMethods,
    Interval,
    InvalidParameterError,
    checked_parameters,
    fill_docstring,
)
from sknn_edu.fitting.given_targets import side_by_side
from sknn_edu.fitting.routing import routed_to_fit, router_to_fit

ENOUGH_FOR_PROCESSES = 1000
"""With at least this many samples, members are trained in several processes by default."""

_PARAMETERS = """
    estimator : {kind}
        The estimator to copy and train several times. It is not fitted itself.
    n_estimators : int, default=4
        The number of members, that is, of trained copies.
    n_jobs : int or None, default=None
        The number of processes in which the members are trained; -1 means one per CPU core.
        Within :func:`joblib.parallel_config` None means the ``n_jobs`` set there. Otherwise None
        means one process per BLAS thread, except in three cases with a single process: for fewer
        than 1,000 samples, because starting processes takes longer than they save; for an
        estimator with callbacks; and in the workers of a parallel search.
    random_state : int, RandomState instance or None, default=None
        Draws a seed for each member. The seed becomes the ``random_state`` of the member and of
        all estimators inside it, such as the steps of a pipeline. Pass an int for reproducible
        results.
"""


class _Average(MetaEstimatorMixin, MetaCallbackMixin, BaseEstimator):
    """The base class of both averages: training, metadata routing and tags."""

    __metadata_request__fit = {"sample_weight": True}  # all members receive it
    __metadata_request__score = {"sample_weight": True}
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
                f"The estimator of {type(self).__name__} must be a {kind}; got {self.estimator!r}. "
                "Use AveragingClassifier for classifiers and AveragingRegressor for regressors."
            )

    @checked_parameters
    @with_callbacks
    def fit(self, X, y, sample_weight=None, **fit_params):
        """Train all members on the same samples.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets.
        sample_weight : array-like of shape (n_samples,), default=None
            The sample weights.
        **fit_params
            Further parameters of the estimator's ``fit``, such as ``X_val`` and ``y_val``. If
            metadata routing is enabled, the estimator must request them; the networks of this
            package do.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is invalid, if the estimator has the wrong type (for example a regressor
            in an AveragingClassifier), or if the estimator's ``fit`` raises it.
        """
        fit_params = routed_to_fit(self, sample_weight, fit_params)
        rng = check_random_state(self.random_state)
        seeds = rng.randint(np.iinfo(np.int32).max, size=self.n_estimators).tolist()
        task, tasks = self._begin_tasks(X, y, self.n_estimators)
        n_jobs = self.n_jobs
        if n_jobs is None and effective_n_jobs(None) == 1:
            n_samples = sum(np.asarray(y).shape[:1])  # 0 for a scalar, which the members refuse
            n_jobs = min(n_processes(self.estimator, n_samples), len(seeds))
        self.estimators_ = Parallel(n_jobs=n_jobs)(
            delayed(_fit_member)(self, k, seed, tasks[k], X, y, fit_params)
            for k, seed in enumerate(seeds)
        )
        task.call_on_fit_task_end(estimator=self, X=X, y=y)
        self._is_multilabel = is_classifier(self) and target_kind(y) == "multilabel-indicator"
        for name in ("n_features_in_", "feature_names_in_", "classes_"):
            vars(self).pop(name, None)
            if hasattr(self.estimators_[0], name):
                setattr(self, name, getattr(self.estimators_[0], name))
        return self

    def get_metadata_routing(self):
        """Return the metadata routing: parameters of ``fit`` go to the ``fit`` of the estimator.

        Returns
        -------
        routing : MetadataRouter
            The routing information.
        """
        return router_to_fit(self)

    def _mean(self, method, X):
        """Return the mean of a method's results over the members.

        If the results are lists of arrays, return a list of means.
        """
        check_is_fitted(self)
        first, *others = self.estimators_
        results = getattr(first, method)(X)
        arrays = results if isinstance(results, list) else [results]
        means = [np.array(a, dtype=a.dtype if a.dtype.kind == "f" else float) for a in arrays]
        for member in others:  # one by one, so that only two results are in memory
            added = getattr(member, method)(X)
            for mean, a in zip(means, added if isinstance(added, list) else [added], strict=True):
                mean += a
        for mean in means:
            mean /= len(self.estimators_)
        return means if isinstance(results, list) else means[0]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        member_tags = self.estimator.__sklearn_tags__()
        tags.input_tags, tags.target_tags = member_tags.input_tags, member_tags.target_tags
        tags.classifier_tags = member_tags.classifier_tags
        tags.regressor_tags = member_tags.regressor_tags
        tags.non_deterministic = member_tags.non_deterministic
        return tags


def n_processes(estimator, n_samples):
    """Return the best number of processes for training copies of an estimator.

    Parameters
    ----------
    estimator : estimator
    n_samples : int

    Returns
    -------
    n_processes : int
        The number of BLAS threads. 1 for few samples, in a process that must not start other
        processes, and if callbacks are set, because they may not work in another process.
    """
    inside = (estimator, *estimator.get_params().values())
    has_callbacks = any(getattr(part, "_skl_callbacks", ()) for part in inside)
    if n_samples < ENOUGH_FOR_PROCESSES or has_callbacks or current_process().daemon:
        return 1
    blas = ThreadpoolController().select(user_api="blas")
    return max((library.num_threads for library in blas.lib_controllers), default=1)


def _fit_member(average, k, seed, task, X, y, fit_params):
    """Return copy k of the estimator, fitted with this seed for all random_state parameters."""
    member = clone(average.estimator)
    seeded = [name for name in member.get_params() if name.split("__")[-1] == "random_state"]
    member.set_params(**dict.fromkeys(seeded, seed))
    checkpoint_member(member, k)
    with as_task_of(average, task, member, X, y):
        return member.fit(X, y, **fit_params)


@fill_docstring(parameters=_PARAMETERS.replace("{kind}", "classifier with predict_proba"))
class AveragingClassifier(AccuracyMixin, _Average):
    r"""Average the predicted probabilities of classifiers that differ only in their random seed.

    .. math:: p(y \mid x) = \frac{1}{k} \sum_{i=1}^{k} p_i(y \mid x)

    Networks that start from different random weights make different mistakes. If they agree, they
    are usually right; if they disagree, the averaged probabilities are less certain. With early
    stopping, each member holds out different samples for validation, so together the members train
    on nearly all samples.

    :class:`sklearn.ensemble.BaggingClassifier` trains each member on a random subset of the
    samples; here all members train on all samples. :class:`sklearn.ensemble.VotingClassifier`
    combines different estimators; here all members are copies of one estimator, so a grid search
    over its parameters changes all of them.

    All members share the callbacks of the estimator, except for :class:`Checkpoint`: each member
    writes its own file, with its number appended to the path. With ``warm_start=True`` and an int
    as ``random_state``, fitting the average again continues from these files.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    estimators_ : list of estimators
        The fitted members.
    classes_ : ndarray of shape (n_classes,), or list of such arrays
        The sorted labels; for several columns of classes, one array per column.
    n_features_in_ : int
        The number of features seen in ``fit``.
    feature_names_in_ : ndarray of shape (n_features,)
        The names of the features seen in ``fit``. Only defined if X has feature names that are all
        strings.

    See Also
    --------
    AveragingRegressor : The average of regressors.
    tabular_pipeline : An average of networks with recommended parameters for tables.

    References
    ----------
    B. Lakshminarayanan, A. Pritzel, C. Blundell, "Simple and scalable predictive uncertainty
    estimation using deep ensembles", arXiv 1612.01474.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknn_edu import AveragingClassifier, MLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> mlp = MLPClassifier(solver="lbfgs", hidden_layer_sizes=5, max_iter=1000)
    >>> AveragingClassifier(mlp, n_estimators=3, random_state=0).fit(X, y).score(X, y) > 0.95
    True
    """

    _parameter_constraints: dict = {
        **_Average._parameter_constraints,
        "estimator": [HasMethods(["fit", "predict_proba"])],
    }

    def decision_function(self, X):
        """Return the log-odds or the logarithms of the average probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        z : ndarray of shape (n_samples,) or (n_samples, n_classes)
            For two classes, the log-odds of the second class. For multilabel targets, the log-odds
            of each label. Otherwise the logarithm of each class's probability; for several columns
            of classes, the arrays of the columns side by side.
        """
        log_p = self.predict_log_proba(X)
        if self._is_multilabel:
            return log_p - np.log1p(-np.exp(log_p))
        if isinstance(log_p, list):
            return np.hstack(log_p)
        return log_p[:, 1] - log_p[:, 0] if log_p.shape[1] == 2 else log_p

    def predict(self, X):
        """Predict the class with the largest average probability.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_columns)
            The predicted labels, in the format of y in ``fit``. For multilabel targets, a label is
            1 if its average probability is greater than 0.5.
        """
        p = self.predict_proba(X)
        if isinstance(p, list):
            columns = zip(self.classes_, p, strict=True)
            return side_by_side([classes[p_k.argmax(axis=1)] for classes, p_k in columns])
        if self._is_multilabel:
            return (p > 0.5).astype(int)
        return self.classes_[p.argmax(axis=1)]

    def predict_proba(self, X):
        """Return the average probability of each class or label.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        p : ndarray of shape (n_samples, n_classes), or list of such arrays
            The probabilities, in the dtype of the members' probabilities. For several columns of
            classes, one array per column.
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
        log_p : ndarray of shape (n_samples, n_classes), or list of such arrays
            The logarithms of the average probabilities; -inf for a probability of 0.
        """
        p = self.predict_proba(X)
        with np.errstate(divide="ignore"):  # all members may predict a probability of 0
            return list(map(np.log, p)) if isinstance(p, list) else np.log(p)


@fill_docstring(parameters=_PARAMETERS.replace("{kind}", "regressor"))
class AveragingRegressor(RegressorMixin, _Average):
    """Average the predictions of regressors that differ only in their random seed.

    :class:`AveragingClassifier` explains why an average is better than its members.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    estimators_ : list of estimators
        The fitted members.
    n_features_in_ : int
        The number of features seen in ``fit``.
    feature_names_in_ : ndarray of shape (n_features,)
        The names of the features seen in ``fit``. Only defined if X has feature names that are all
        strings.

    See Also
    --------
    AveragingClassifier : The average of classifiers.
    tabular_pipeline : An average of networks with recommended parameters for tables.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sknn_edu import AveragingRegressor, MLPRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> mlp = MLPRegressor(solver="lbfgs", hidden_layer_sizes=(), max_iter=500)
    >>> AveragingRegressor(mlp, n_estimators=2, random_state=0).fit(X, y).score(X, y) > 0.5
    True
    """

    _parameter_constraints: dict = {
        **_Average._parameter_constraints,
        "estimator": [HasMethods(["fit", "predict"])],
    }

    def predict(self, X):
        """Return the average prediction.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            The predictions, in the unit of the targets.
        """
        return self._mean("predict", X)

    def score(self, X, y, sample_weight=None):
        """Return the coefficient of determination R^2.

        If the members predict several quantiles, this is the score of the middle quantile.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The true targets.
        sample_weight : array-like of shape (n_samples,), default=None
            The sample weights.

        Returns
        -------
        r2 : float
            The score. The best possible score is 1; a model that always predicts the mean has 0.
        """
        predictions = self.predict(X)
        if predictions.ndim == 2 and np.ndim(y) == 1:
            predictions = predictions[:, predictions.shape[1] // 2]
        return r2_score(y, predictions, sample_weight=sample_weight)
