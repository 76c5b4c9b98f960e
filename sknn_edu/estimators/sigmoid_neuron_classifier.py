"""The sigmoid neuron as a scikit-learn classifier, trained by the networks' engine."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils.metaestimators import available_if

from sknn_edu.core.gradient_descent import Regularization
from sknn_edu.core.lbfgs import LBFGS
from sknn_edu.core.losses import LOSSES, within_0_and_1
from sknn_edu.core.optimizers import SGD, Adam
from sknn_edu.core.schedules import Constant
from sknn_edu.core.sigmoid_neuron import longest_safe_step, squared_norms
from sknn_edu.estimators.accuracy import AccuracyMixin
from sknn_edu.estimators.class_labels import (
    check_class_labels,
    check_first_call,
    check_neuron_classes,
    class_weighted,
)
from sknn_edu.estimators.linear import set_weights
from sknn_edu.estimators.mlp_docs import CLASSES, PARTIAL_FIT
from sknn_edu.estimators.network_estimator import NetworkEstimator, trains_in_epochs
from sknn_edu.estimators.plan import NetworkPlan
from sknn_edu.estimators.targets import SINGLE_LAYER_KINDS, learn_targets
from sknn_edu.fitting.estimator import Interval, fit_method, one_of
from sknn_edu.fitting.fit import StochasticSettings, fit_network
from sknn_edu.fitting.remote import map_rows

NEURON_LOSSES = [name for name, output in LOSSES if output == "logistic"]


class SigmoidNeuronClassifier(AccuracyMixin, NetworkEstimator):
    """A neuron whose output is a probability: the logistic function of a weighted sum.

    ``a = 1 / (1 + exp(-(w . x + b)))`` is the probability of the second class. With more than two
    classes there is one neuron per class, which tells that class from the rest, and the outputs
    are divided by their sum. With the log loss this is logistic regression. The squared error is
    included to show why the log loss is the usual choice.

    Parameters
    ----------
    loss : {'log_loss', 'squared_error'}, default='log_loss'
        What to minimise: the cross-entropy, in nats, or half the squared error of the
        probability, whose gradient is almost 0 where the neuron is confident and wrong.
    solver : {'lbfgs', 'gd', 'sgd', 'adam'}, default='lbfgs'
        - ``'lbfgs'``: quasi-Newton; the most exact. It computes in float64 whatever ``dtype`` is,
          and rounds the weights at the end.
        - ``'gd'``: gradient descent on all samples at each step, as in the tutorial.
        - ``'sgd'``: gradient descent in mini-batches.
        - ``'adam'``: mini-batches, with a step size for each weight.
    alpha : float, default=1.0
        Strength of the L2 penalty: alpha / (2 n) w . w is added to the mean loss of n samples. For
        two classes this is the penalty of :class:`sklearn.linear_model.LogisticRegression` with
        ``C=1 / alpha``; for more classes, that of
        ``OneVsRestClassifier(LogisticRegression(C=1 / alpha))``. For 'sgd' and 'adam', n is the
        size of a mini-batch, as in scikit-learn's networks: divide alpha by the number of batches
        to get the same penalty.
    batch_size : int or 'auto', default='auto'
        Samples in a mini-batch of 'sgd' and 'adam'; 'auto' is min(200, n_samples).
    learning_rate_init : float or 'auto', default='auto'
        The learning rate of 'gd', 'sgd' and 'adam'. 'auto' is 0.1 for 'adam'; for 'gd' and 'sgd'
        it is 1 / (mean(x . x + 1) / 4 + alpha / n), with which 'gd' never increases the log loss.
    max_iter : int, default=1000
        The maximum number of epochs, or of iterations for 'lbfgs'.
    shuffle : bool, default=True
        Whether 'sgd' and 'adam' shuffle the samples before each epoch.
    random_state : int, RandomState instance or None, default=None
        Determines the order of the samples and the validation split. The weights start at 0.
    tol : float, default=1e-7
        'lbfgs' stops when no entry of the gradient of the mean loss exceeds it (or when rounding
        errors hide any further progress). The other solvers stop when the loss (with early stopping
        the validation score) has not improved by at least this much for more than
        ``n_iter_no_change`` epochs in a row.
    verbose : bool or int, default=False
        Whether to print the loss of each epoch or iteration.
    warm_start : bool, default=False
        Whether fit starts from the weights of the last fit instead of zeros.
    early_stopping : bool, default=False
        Whether to stop on a plateau of the validation score and return to the weights of the best
        epoch. The score is computed after each epoch, on ``X_val`` or on held-out samples.
    scoring : str, callable or None, default=None
        The score of early stopping and of ``validation_scores_``: None is the accuracy, ``'loss'``
        the negative loss; otherwise a scorer's name or ``scorer(estimator, X, y)``.
    validation_fraction : float, default=0.1
        The share of samples that early stopping holds out, in [0, 1).
    n_iter_no_change : int, default=10
        See ``tol``.
    class_weight : dict, 'balanced' or None, default=None
        Factors of the sample weights for each class, ``{label: factor}``; 'balanced' gives all
        classes the same total weight.
    dtype : {'auto', 'float32', 'float64'}, default='auto'
        The dtype of the computation. 'auto' keeps float32 and float64 of X.

    Attributes
    ----------
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        The weights.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        The biases.
    classes_ : ndarray of shape (n_classes,)
        The sorted labels.
    loss_ : float
        The loss of the last epoch: the (weighted) mean over samples of the sum over neurons, with
        the penalty.
    loss_curve_ : list of float
        The loss of each epoch or iteration. It continues over warm starts and partial_fit.
    best_loss_ : float or None
        The smallest loss of this fit; None with early stopping.
    validation_scores_ : list of float or None
        The validation score of each epoch, if there are validation samples, else None.
    validation_loss_curve_ : list of float or None
        The mean validation loss of each epoch, without penalty.
    best_validation_score_ : float or None
        The best validation score of this fit; with early stopping, that of the final weights.
    best_epoch_ : int
        The epoch, counted from 1 in ``loss_curve_``, with the smallest loss, or with early stopping
        the best validation score.
    learning_rate_curve_ : list of float
        The learning rate at the end of each epoch; empty for 'lbfgs'.
    n_iter_ : int
        The number of epochs or iterations of the last fit; 1 after partial_fit.
    t_ : int
        The number of samples shown in training, each counted once per epoch.
    n_features_in_ : int
        The number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, if X has names that are all strings.

    See Also
    --------
    PerceptronClassifier : The same weighted sum against a threshold.
    MLPClassifier : Layers of neurons.
    sklearn.linear_model.LogisticRegression : The same for two classes, with specialised solvers.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sknn_edu import SigmoidNeuronClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = make_pipeline(StandardScaler(), SigmoidNeuronClassifier()).fit(X, y)
    >>> round(model.score(X, y), 3)
    0.988
    """

    _target_attributes = ("classes_",)
    _target_kinds = SINGLE_LAYER_KINDS

    _parameter_constraints: dict = {
        "loss": [one_of(*reversed(NEURON_LOSSES))],
        "solver": [one_of("lbfgs", "gd", "sgd", "adam")],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "batch_size": [one_of("auto"), Interval(Integral, 1, None, closed="left")],
        "learning_rate_init": [one_of("auto"), Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "shuffle": ["boolean"],
        "random_state": ["random_state"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "verbose": ["verbose"],
        "warm_start": ["boolean"],
        "early_stopping": ["boolean"],
        "scoring": [str, callable, None],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "class_weight": [one_of("balanced"), dict, None],
        "dtype": [one_of("auto", "float32", "float64")],
    }

    def __init__(
        self,
        loss="log_loss",
        *,
        solver="lbfgs",
        alpha=1.0,
        batch_size="auto",
        learning_rate_init="auto",
        max_iter=1000,
        shuffle=True,
        random_state=None,
        tol=1e-7,
        verbose=False,
        warm_start=False,
        early_stopping=False,
        scoring=None,
        validation_fraction=0.1,
        n_iter_no_change=10,
        class_weight=None,
        dtype="auto",
    ):
        self.loss = loss
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.early_stopping = early_stopping
        self.scoring = scoring
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.class_weight = class_weight
        self.dtype = dtype

    @classmethod
    def from_weights(cls, weights, *, bias=0.0, classes=(0, 1), **params):
        """Return a neuron with the given weights, ready to predict.

        Parameters
        ----------
        weights : array-like of shape (n_features,) or (n_classes, n_features)
            The weights of one neuron for two classes, or of one neuron per class.
        bias : float or array-like of shape (n_classes,), default=0.0
            The bias of each neuron.
        classes : array-like of shape (n_classes,), default=(0, 1)
            The labels, in the order of their neurons; for one neuron (no, yes).
        **params
            Parameters of the constructor.

        Returns
        -------
        neuron : SigmoidNeuronClassifier
            The fitted neuron.

        Raises
        ------
        ValueError
            If the shapes do not agree.

        Examples
        --------
        >>> from sknn_edu import SigmoidNeuronClassifier
        >>> soft_and = SigmoidNeuronClassifier.from_weights([10, 10], bias=-15)
        >>> soft_and.predict_proba([[1, 0], [1, 1]])[:, 1].round(3)
        array([0.007, 0.993])
        """
        neuron = set_weights(cls(**params), weights, bias, classes)
        neuron.n_iter_, neuron.t_, neuron.loss_curve_ = 0, 0, []
        classes = neuron.classes_
        kind = next(kind for kind in SINGLE_LAYER_KINDS if kind.accepts(classes, classes))
        targets = kind(classes, **kind.parameters_of(neuron))
        neuron._plan = NetworkPlan(targets, neuron.n_features_in_)
        return neuron

    @fit_method
    def fit(self, X, y, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None):
        """Fit the neuron to X and y.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples. float32 and float64 are used as they are (see ``dtype``), anything else
            becomes float64. Scale the features first. X is not changed.
        y : array-like of shape (n_samples,)
            Their labels, of at least two classes.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights, at least 0 and not all 0. A sample of weight k counts as k samples.
        X_val : {array-like, sparse matrix} of shape (n_val, n_features), default=None
            Validation samples, measured after each epoch: they give ``validation_loss_curve_`` and
            ``validation_scores_``, and early stopping uses them instead of held-out samples.
        y_val : array-like of shape (n_val,), default=None
            Their labels.
        sample_weight_val : array-like of shape (n_val,), default=None
            Their weights.

        Returns
        -------
        self : object
            The fitted neuron.

        Raises
        ------
        ValueError
            If the data or a parameter is invalid, or if the loss or the weights become infinite in
            training. A neuron that was fitted before stays as it was.

        Warns
        -----
        sklearn.exceptions.ConvergenceWarning
            If training ended before it converged; if it diverged and early stopping returned to an
            epoch before; or if the neuron is no better than a constant prediction.
        """
        return fit_network(self, X, y, sample_weight, (X_val, y_val, sample_weight_val))

    @available_if(trains_in_epochs)
    @fit_method
    def partial_fit(
        self,
        X,
        y,
        sample_weight=None,
        classes=None,
        *,
        X_val=None,
        y_val=None,
        sample_weight_val=None,
    ):
        classes = check_first_call(classes, getattr(self, "classes_", None))
        validation = X_val, y_val, sample_weight_val
        return fit_network(self, X, y, sample_weight, validation, incremental=True, classes=classes)

    partial_fit.__doc__ = PARTIAL_FIT.replace("{classes}", CLASSES)

    def decision_function(self, X):
        """Return the weighted sums of the neurons.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        z : ndarray of shape (n_samples,) or (n_samples, n_classes)
            For two classes the log-odds of the second; otherwise one column per class. In the dtype
            of the weights.
        """
        z = self._output_sums(X)
        return z[:, 0] if z.shape[1] == 1 else z

    def predict(self, X):
        """Return the most probable class of each sample.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Labels from ``classes_``.
        """
        return self._of_output_sums(X, lambda z, targets: targets.predict(z))

    def predict_proba(self, X):
        """Return the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        p : ndarray of shape (n_samples, n_classes)
            Rows sum to 1; no probability is exactly 0 or 1.
        """

        def probabilities(z, targets):
            log_p = targets.log_probabilities(z)
            p = np.exp(log_p)
            within_0_and_1(p, lambda: log_p)
            return p

        return self._of_output_sums(X, probabilities)

    def predict_log_proba(self, X):
        """Return the natural logarithm of :meth:`predict_proba`, finite for any finite sums.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        log_p : ndarray of shape (n_samples, n_classes)
            Computed from the weighted sums, not from the probabilities.
        """
        return self._of_output_sums(X, lambda z, targets: targets.log_probabilities(z))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        # the squared error has almost no slope where a neuron is saturated, so it may stop learning
        tags.classifier_tags.poor_score = self.loss == "squared_error"
        return tags

    # -- what fit asks for (fitting.fit.Trainable) ---------------------------------------------

    def _learn_targets(self, y, weight, classes, continuing):
        at_least = 1 if classes is not None else 2
        labels = check_class_labels(type(self).__name__, y, at_least=at_least)
        classes = labels if classes is None else classes
        check_neuron_classes(classes, self.classes_ if continuing else None)
        self.classes_ = classes
        return learn_targets(self._target_kinds, y, weight, None, classes, self)

    def _total_weight(self, targets, y, weight):
        return class_weighted(self.class_weight, targets, y, weight)

    def _has_weights(self):
        return hasattr(self, "coef_")

    def _make_plan(self, X, targets, continuing):
        return self._plan_with({"n_features": X.shape[1]}, targets)

    def _plan_with(self, found, targets):
        return NetworkPlan(targets, n_features=found["n_features"])

    def _initialize(self, architecture, parameters, rng, X):
        """Leave the weights at 0: a single neuron has no twin from which it must differ."""

    def _weights_and_biases(self):
        return [np.asarray(self.coef_).T], [np.asarray(self.intercept_)]

    def _model_attributes(self, architecture, parameters):
        coef = np.ascontiguousarray(parameters.weights[0].T)
        return {"coef_": coef, "intercept_": parameters.biases[0].copy()}

    def _training_settings(self, plan, X, weight):
        if self.solver == "lbfgs":
            return LBFGS(
                alpha=float(self.alpha),
                tol=self.tol,
                ftol=64 * np.finfo(float).eps,  # as precise as LogisticRegression
                max_iter=self.max_iter,
                max_fun=20 * self.max_iter,
            )
        uses_all_samples = self.solver == "gd"
        return StochasticSettings(
            self._optimizer(),
            Constant(),
            eta_0=self._learning_rate(X, weight),
            n_epochs=self.max_iter,
            regularization=Regularization(alpha=float(self.alpha)),
            batch_size=None if uses_all_samples else self.batch_size,
            shuffle=self.shuffle and not uses_all_samples,
        )

    def _optimizer(self):
        return Adam() if self.solver == "adam" else SGD(momentum=0.0, nesterov=False)

    def _learning_rate(self, X, weight):
        if self.learning_rate_init != "auto":
            return float(self.learning_rate_init)
        if self.solver == "adam":
            return 0.1
        eta = longest_safe_step(map_rows(squared_norms, X), weight, self.alpha)
        if not 0 < eta < np.inf:
            raise ValueError(
                "The features are too large for any learning rate (the mean of their squares is "
                "not a finite number). Scale them, for example with StandardScaler."
            )
        return eta
