"""One estimator, trained on all workers of a Dask cluster at once."""

from copy import copy
from numbers import Integral, Real

import numpy as np
from dask.base import compute, is_dask_collection
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.utils import check_random_state, get_tags
from sklearn.utils.metadata_routing import UNUSED
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from sknn_edu.distributed.cluster import (
    LOST,
    LOST_EARLY,
    Cluster,
    SchedulerLostError,
    connected,
)
from sknn_edu.distributed.lazy import of_blocks
from sknn_edu.distributed.partitions import Partitions, SamplesToSend, to_client
from sknn_edu.estimators.network_estimator import NetworkEstimator
from sknn_edu.fitting.callbacks import MetaCallbackMixin, as_task_of, with_callbacks
from sknn_edu.fitting.checkpoint import Checkpoint
from sknn_edu.fitting.estimator import (
    HasMethods,
    Interval,
    InvalidParameterError,
    checked_parameters,
    one_of,
)
from sknn_edu.fitting.routing import routed_to_fit, router_to_fit

LARGEST_SEED = np.iinfo(np.int32).max


def estimator_has(method):
    """Return a check that raises AttributeError if the estimator lacks a method."""

    def check(self):
        getattr(getattr(self, "estimator_", self.estimator), method)
        return True

    return check


class DataParallel(MetaEstimatorMixin, MetaCallbackMixin, BaseEstimator):
    """Train one network on all workers of a Dask cluster at once.

    Each worker has a part of the samples, a shard. How shards work together depends on the solver:

    - ``'lbfgs'``: each shard computes the loss and the gradient of its samples, and SciPy decides
      the step from their sums. The numbers are those of one machine up to rounding.
    - ``'sgd'``, ``'adam'`` and the other solvers that train in epochs: each shard takes the steps
      of an epoch on its own mini-batches, from common parameters. Then the parameters and the
      state of the optimiser are averaged, weighted by samples, and the next epoch begins (local
      SGD). ``batch_size`` is the number of samples in a step of each shard, so an epoch has fewer
      steps than on one machine; ``outer_momentum`` makes up for that. The numbers depend on the
      seed, the partitions and the number of shards, but not on which worker did what and when.
      With one shard they are those of one machine.

    What is left is an ordinary estimator, ``estimator_``, which needs no Dask.

    Parameters
    ----------
    estimator : MLPClassifier, MLPRegressor or SigmoidNeuronClassifier
        The network to train. It stays unfitted itself.
    n_shards : int or None, default=None
        The number of shards, at most that of the partitions that have samples. None is the number
        of workers when fit begins; for ``'lbfgs'`` on Dask collections it is that of the
        partitions, at most 256. Set it for the same numbers on clusters of any size.
    batches_per_round : int or None, default=None
        After at most how many mini-batches of each shard the parameters are averaged; None is after
        each epoch, and up to four times in the first. Has no meaning for ``'lbfgs'``.
    outer_momentum : float or 'auto', default='auto'
        The share of the mean movement per step in one round that all shards repeat in each step of
        the next, in [0, 1). Without it, K shards learn about as much in an epoch as one machine
        does with batches that are K times as large. ``'auto'`` is 1 - 1 / (1 + log2 K), or less
        for rounds of fewer than 20 steps. Has no meaning for ``'lbfgs'``, nor if every step uses
        all samples.

    Attributes
    ----------
    estimator_ : estimator
        The fitted network.
    n_shards_ : int
        The number of shards of the last fit.
    classes_ : ndarray of shape (n_classes,), or a list of them
        The sorted labels, for a classifier.
    n_features_in_ : int
        The number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, if X has names that are all strings.

    See Also
    --------
    sknn_edu.MLPClassifier : The network for class labels.
    sknn_edu.MLPRegressor : The network for real numbers.

    Notes
    -----
    The features stay on the workers. Targets and sample weights, a few bytes for each sample, also
    come to the client, which learns from all of them what has to be known before the first step:
    the classes, class weights, the unit of targets, the validation split.

    References
    ----------
    S. U. Stich, "Local SGD converges fast and communicates little", arXiv 1805.09767; T. Lin, S. U.
    Stich, K. K. Patel, M. Jaggi, "Don't use large mini-batches, use local SGD", arXiv 1808.07217;
    J. Xu, S. Wang, L. Wang, A. C.-C. Yao, "FedCM: Federated learning with client-level momentum",
    arXiv 2106.10874, from which the momentum of rounds comes.

    Examples
    --------
    >>> import dask.array as da
    >>> from distributed import Client
    >>> from sklearn.datasets import load_iris
    >>> from sknn_edu import MLPClassifier
    >>> from sknn_edu.distributed import DataParallel
    >>> X, y = load_iris(return_X_y=True)
    >>> A, b = da.from_array(X, chunks=(50, 4)), da.from_array(y, chunks=50)
    >>> mlp = MLPClassifier(solver="lbfgs", max_iter=500, random_state=0)
    >>> with Client(processes=False, dashboard_address="127.0.0.1:0"):
    ...     model = DataParallel(mlp).fit(A, b)
    >>> model.n_shards_
    3
    >>> model.estimator_.score(X, y) > 0.95
    True
    """

    __metadata_request__fit = {"sample_weight": True, "client": UNUSED}
    __metadata_request__score = {"sample_weight": True}
    _parameter_constraints: dict = {
        "estimator": [HasMethods(["fit", "predict"])],
        "n_shards": [Interval(Integral, 1, None, closed="left"), None],
        "batches_per_round": [Interval(Integral, 1, None, closed="left"), None],
        "outer_momentum": [Interval(Real, 0, 1, closed="left"), one_of("auto")],
    }

    def __init__(self, estimator, *, n_shards=None, batches_per_round=None, outer_momentum="auto"):
        self.estimator = estimator
        self.n_shards = n_shards
        self.batches_per_round = batches_per_round
        self.outer_momentum = outer_momentum

    def _validate_params(self):
        super()._validate_params()
        if not isinstance(self.estimator, NetworkEstimator):
            raise InvalidParameterError(
                "estimator must be a MLPClassifier, MLPRegressor or SigmoidNeuronClassifier of "
                f"sknn_edu; got {self.estimator!r}. Put a pipeline around DataParallel rather than "
                "into it; a search is parallel already: see the page on Dask in the documentation."
            )
        if self.batches_per_round is not None and self.estimator.solver == "lbfgs":
            raise ValueError(
                f"batches_per_round={self.batches_per_round} has no meaning for solver='lbfgs', "
                "which uses all samples at every step. Leave it at None, or use another solver."
            )
        if any(isinstance(c, Checkpoint) for c in getattr(self.estimator, "_skl_callbacks", ())):
            raise ValueError(
                "Checkpoint cannot save a fit of DataParallel, whose samples are on many machines. "
                "If the scheduler is lost, estimator_ has the parameters of the last round; to "
                "save more often, fit with a smaller max_iter and warm_start=True."
            )

    def fit(self, X, y, sample_weight=None, *, client=None, **fit_params):
        """Train on all workers at once.

        Parameters
        ----------
        X : Dask array or data frame, or array-like of shape (n_samples, n_features)
            The samples. Blocks of a Dask array may be sparse. Data of this process are sent to the
            workers.
        y : Dask array or series, or array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets, in the partitions of X.
        sample_weight : Dask array or series, or array-like of shape (n_samples,), default=None
            The sample weights, in the partitions of X.
        client : distributed.Client, default=None
            Where to train; None is the current client. It is not kept.
        **fit_params
            Further parameters of the estimator's fit: ``X_val``, ``y_val`` and
            ``sample_weight_val``, which come to the client.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If there is no client, if partitions of X and y do not fit together, or if the
            estimator refuses the data or a parameter.
        MemoryError
            If a shard does not fit the memory of a worker.
        SchedulerLostError
            If the connection to the scheduler is lost. If training had begun, ``estimator_`` has
            the parameters of the last round.
        """
        with connected(client) as client:
            lost = self._fit(X, y, sample_weight, client, fit_params)
        if lost is not None:
            raise SchedulerLostError(lost)
        return self

    @checked_parameters
    @with_callbacks
    def _fit(self, X, y, sample_weight, client, fit_params):
        """Fit; return None, or what to say if the scheduler was lost after training began."""
        fit_params = routed_to_fit(self, sample_weight, fit_params)
        sample_weight = fit_params.pop("sample_weight", None)
        fit_params = {name: to_client(data) for name, data in fit_params.items()}
        cluster, model = Cluster(client), self._start()
        task, (member,) = self._begin_tasks(X, y, 1)
        try:
            samples, y_here, weight = self._samples(cluster, model, X, y, sample_weight)
            with as_task_of(self, member, model, X, y):
                model.fit(samples, y_here, sample_weight=weight, **fit_params)
        except KeyboardInterrupt as error:
            if not cluster.is_lost:
                raise
            raise SchedulerLostError(LOST_EARLY.format(address=cluster.address)) from error
        task.call_on_fit_task_end(estimator=self, X=X, y=y)
        self._adopt(model, samples)
        if not cluster.is_lost:
            return None
        what = "iterations" if model.solver == "lbfgs" else "epochs"
        return LOST.format(address=cluster.address, n=model.n_iter_, what=what)

    def _start(self):
        """Return the estimator to train: a new one, or with warm_start the fitted one."""
        if self.estimator.warm_start and hasattr(self, "estimator_"):
            return self.estimator_.set_params(**self.estimator.get_params(deep=False))
        return clone(self.estimator)

    def _samples(self, cluster, model, X, y, sample_weight):
        """Return X as samples that fit accepts; y and the weights in this process."""
        options = {
            "seed": int(check_random_state(model.random_state).randint(LARGEST_SEED)),
            "shuffle": bool(model.shuffle) and model.solver != "gd",
            "batches_per_round": self.batches_per_round,
            "outer_momentum": self.outer_momentum,
        }
        if not is_dask_collection(X):
            samples = SamplesToSend(cluster, X, self.n_shards, model.solver, options)
            return samples, to_client(y), to_client(sample_weight)
        samples = Partitions(cluster, X, y, sample_weight, self.n_shards, model.solver, options)
        return samples, samples.y, samples.sample_weight

    def _adopt(self, model, samples):
        """Take over what was learned."""
        self.estimator_, self.n_shards_ = model, samples.n_blocks
        for name in ("n_features_in_", "feature_names_in_", "classes_"):
            vars(self).pop(name, None)
            if hasattr(model, name):
                setattr(self, name, getattr(model, name))

    def get_metadata_routing(self):
        """Return how metadata is routed: parameters of fit go to the fit of the estimator.

        Returns
        -------
        routing : MetadataRouter
            The routing information, for scikit-learn.
        """
        return router_to_fit(self)

    # -- prediction ----------------------------------------------------------------------------

    def predict(self, X):
        """Return the predictions of ``estimator_``; lazy for a Dask collection.

        Parameters
        ----------
        X : Dask array or data frame, or array-like of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        y : ndarray or Dask array of shape (n_samples,) or (n_samples, n_outputs)
            For a Dask collection a Dask array with its partitions, which is computed block by
            block when it is asked for. The same holds for the other methods.
        """
        check_is_fitted(self)
        return of_blocks(self.estimator_, "predict", X)

    @available_if(estimator_has("predict_proba"))
    def predict_proba(self, X):
        """Return the probability of each class; lazy for a Dask collection.

        Parameters
        ----------
        X : Dask array or data frame, or array-like of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        p : ndarray or Dask array of shape (n_samples, n_classes), or a list of them
            As ``estimator_`` returns it.
        """
        check_is_fitted(self)
        return of_blocks(self.estimator_, "predict_proba", X)

    @available_if(estimator_has("predict_log_proba"))
    def predict_log_proba(self, X):
        """Return the logarithm of :meth:`predict_proba`; lazy for a Dask collection.

        Parameters
        ----------
        X : Dask array or data frame, or array-like of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        log_p : ndarray or Dask array of shape (n_samples, n_classes), or a list of them
            As ``estimator_`` returns it.
        """
        check_is_fitted(self)
        return of_blocks(self.estimator_, "predict_log_proba", X)

    @available_if(estimator_has("decision_function"))
    def decision_function(self, X):
        """Return the weighted sums of the output neurons; lazy for a Dask collection.

        Parameters
        ----------
        X : Dask array or data frame, or array-like of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        z : ndarray or Dask array of shape (n_samples,) or (n_samples, n_classes)
            As ``estimator_`` returns it.
        """
        check_is_fitted(self)
        return of_blocks(self.estimator_, "decision_function", X)

    def score(self, X, y, sample_weight=None):
        """Return the score of ``estimator_``: the accuracy, or R^2.

        Parameters
        ----------
        X : Dask array or data frame, or array-like of shape (n_samples, n_features)
            The samples.
        y : Dask array or series, or array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their targets.
        sample_weight : Dask array or series, or array-like of shape (n_samples,), default=None
            Their weights.

        Returns
        -------
        score : float
            Predictions of a Dask collection are computed on the workers.
        """
        predicted, y, sample_weight = compute(self.predict(X), y, sample_weight)
        scored = copy(self.estimator_)
        scored.predict = lambda _: predicted
        return scored.score(None, y, sample_weight=sample_weight)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.estimator_type = inner.estimator_type
        tags.input_tags, tags.target_tags = inner.input_tags, inner.target_tags
        tags.classifier_tags, tags.regressor_tags = inner.classifier_tags, inner.regressor_tags
        tags.non_deterministic = inner.non_deterministic
        return tags
