"""The sigmoid neuron as a scikit-learn classifier: chapter 2, trained by the networks' engine."""

from numbers import Integral, Real

import numpy as np
from scipy.special import log_expit, log_softmax
from sklearn.metrics import accuracy_score

from sknn_edu._base import (
    Interval,
    StrOptions,
    class_factors,
    class_numbers,
    fit_method,
    linear_classifier_from_weights,
)
from sknn_edu._trainable import NetworkClassifier
from sknn_edu.core.gradient_descent import GradientDescent, Regularization
from sknn_edu.core.lbfgs import LBFGS
from sknn_edu.core.losses import LOSSES, within_0_and_1
from sknn_edu.core.optimizers import SGD, Adam
from sknn_edu.core.parameters import Network
from sknn_edu.core.schedules import Constant
from sknn_edu.core.sigmoid_neuron import longest_safe_step

NEURON_LOSSES = [name for name, output in LOSSES if output == "logistic"]


class SigmoidNeuronClassifier(NetworkClassifier):
    """A neuron that answers with a probability: the logistic function of a weighted sum.

    ``a = 1 / (1 + exp(-(w . x + b)))`` is the probability of the second class. With more than two
    classes each has a neuron that tells it from the rest, and their answers are normalised. With
    the log loss this is logistic regression; with the squared error it shows why the log loss won.

    Parameters
    ----------
    loss : {'log_loss', 'squared_error'}, default='log_loss'
        What to minimise: the cross-entropy, in nats, or half the squared error of the
        probability, whose slope vanishes where the neuron is confidently wrong.
    solver : {'lbfgs', 'gd', 'sgd', 'adam'}, default='lbfgs'
        - ``'lbfgs'``: quasi-Newton; the most exact. Computes in float64 and rounds at the end.
        - ``'gd'``: gradient descent, all samples at each step: the tutorial's.
        - ``'sgd'``: gradient descent in mini-batches.
        - ``'adam'``: mini-batches, with a step size of its own for each weight.
    alpha : float, default=1.0
        Strength of the L2 penalty alpha / (2 n) w . w next to the mean loss of n samples: that of
        :class:`sklearn.linear_model.LogisticRegression` with ``C=1 / alpha``. In the mini-batches
        of 'sgd' and 'adam', n is the size of a batch, as in scikit-learn's networks: divide alpha
        by the number of batches for the same penalty.
    batch_size : int or 'auto', default='auto'
        Samples in a mini-batch of 'sgd' and 'adam'; 'auto' is min(200, n_samples).
    learning_rate_init : float or 'auto', default='auto'
        The learning rate of 'gd', 'sgd' and 'adam'. 'auto' is 0.1 for 'adam'; for 'gd' and 'sgd'
        it is 1 / (mean(x . x + 1) / 4 + alpha / n), with which 'gd' never raises the log loss.
    max_iter : int, default=1000
        At most this many epochs, or iterations of 'lbfgs'.
    shuffle : bool, default=True
        Whether 'sgd' and 'adam' shuffle the samples before each epoch.
    random_state : int, RandomState instance or None, default=None
        Draws the order of the samples and the validation split. The weights start at 0.
    tol : float, default=1e-7
        'lbfgs' stops when no entry of the gradient of the mean loss exceeds it (or when rounding
        hides any further gain); the others when for more than ``n_iter_no_change`` epochs in a row
        the loss (with early stopping the validation accuracy) has not improved by it.
    verbose : bool or int, default=False
        Whether to print the loss of each epoch or iteration.
    warm_start : bool, default=False
        Whether fit starts from the weights of the last fit instead of zeros.
    early_stopping : bool, default=False
        Whether to score samples held out, or ``X_val``, after each epoch, stop on a plateau of that
        score and end with the weights that scored best.
    scoring : str, callable or None, default=None
        The score of early stopping and of ``validation_scores_``: None is the accuracy, ``'loss'``
        the negative loss, else a scorer's name or ``scorer(estimator, X, y)``.
    validation_fraction : float, default=0.1
        The share of samples that early stopping holds out, in [0, 1).
    n_iter_no_change : int, default=10
        See ``tol``.
    class_weight : dict, 'balanced' or None, default=None
        Factors of the sample weights of each class, ``{label: factor}``; 'balanced' gives all
        classes the same total weight.
    dtype : {'auto', 'float32', 'float64'}, default='auto'
        What to compute in. 'auto' keeps float32 and float64 of X.

    Attributes
    ----------
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        The weights.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        The biases.
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    loss_ : float
        The loss of the last epoch, averaged over samples and summed over neurons, with penalty.
    loss_curve_ : list of float
        The loss of each epoch or iteration. It goes on over warm starts and partial_fit.
    best_loss_ : float or None
        The smallest loss of this fit; None with early stopping.
    validation_scores_ : list of float or None
        With a validation set, or with early stopping, the score of each epoch on it, else None.
    validation_loss_curve_ : list of float or None
        The same for the mean loss, without penalty.
    best_validation_score_ : float or None
        The best of this fit's validation scores; with early stopping the weights belong to it.
    best_epoch_ : int
        The number, counted from 1 in ``loss_curve_``, of the epoch with the smallest loss, or with
        early stopping the best validation score.
    learning_rate_curve_ : list of float
        The learning rate at the end of each epoch; empty for 'lbfgs'.
    n_iter_ : int
        Epochs or iterations of the last fit; 1 after partial_fit.
    t_ : int
        The number of samples shown in training, each counted once an epoch.
    n_features_in_ : int
        The number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, if X has names that are all strings.

    See Also
    --------
    PerceptronClassifier : The same weighted sum with a step.
    MLPClassifier : Layers of neurons.
    sklearn.linear_model.LogisticRegression : The same model, fitted by more specialised solvers.

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

    _parameter_constraints: dict = {
        "loss": [StrOptions(set(NEURON_LOSSES))],
        "solver": [StrOptions({"lbfgs", "gd", "sgd", "adam"})],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "learning_rate_init": [StrOptions({"auto"}), Interval(Real, 0, None, closed="neither")],
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
        "class_weight": [StrOptions({"balanced"}), dict, None],
        "dtype": [StrOptions({"auto", "float32", "float64"})],
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
        """Return a fitted neuron with weights set by hand.

        Parameters
        ----------
        weights : array-like of shape (n_features,) or (n_classes, n_features)
            The weights of one neuron for two classes, or of one neuron per class.
        bias : float or array-like of shape (n_classes,), default=0.0
            What is added to each weighted sum.
        classes : array-like of shape (n_classes,), default=(0, 1)
            The labels, in the order of their neurons; for one neuron (no, yes).
        **params
            Parameters of the constructor.

        Returns
        -------
        neuron : SigmoidNeuronClassifier
            Ready to predict.

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
        neuron = linear_classifier_from_weights(cls(**params), weights, bias, classes)
        neuron.n_iter_, neuron.t_, neuron.loss_curve_ = 0, 0, []
        return neuron

    @fit_method
    def fit(self, X, y, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None):
        """Fit the neuron to X and y.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples. Scale the features first, except for 'lbfgs' on well-scaled data. X is
            not changed.
        y : array-like of shape (n_samples,)
            Their labels, of at least two classes.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights, at least 0 and not all 0. A sample of weight k counts as k samples.
        X_val : {array-like, sparse matrix} of shape (n_val, n_features), default=None
            Samples to validate on after each epoch: the curves ``validation_loss_curve_`` and
            ``validation_scores_``, and early stopping, which then holds no samples out.
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
            If the data or a parameter is invalid, or if training diverges. A neuron that was
            fitted before stays as it was.
        """
        return self._fit(X, y, sample_weight, (X_val, y_val, sample_weight_val))

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
        answers = self._winners(self._output_sums(X))
        return self.classes_[answers]

    def predict_proba(self, X):
        """Return the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        p : ndarray of shape (n_samples, n_classes)
            Rows sum to 1; none is exactly 0 or 1.
        """
        log_p = self.predict_log_proba(X)
        p = np.exp(log_p)
        within_0_and_1(p, lambda: log_p)
        return p

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
        z = self._output_sums(X)
        if z.shape[1] == 1:
            return log_expit(np.hstack([-z, z]))
        return log_softmax(log_expit(z), axis=1)  # log of p_k / sum_j p_j

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        # saturated neurons have next to no slope in the squared error and may stop learning there
        tags.classifier_tags.poor_score = self.loss == "squared_error"
        return tags

    # -- what TrainableNetwork asks for --------------------------------------------------------

    def _prepare_targets(self, X, y, weight, *, continuing, classes):
        labels = self._check_class_labels(y, at_least=1 if classes is not None else 2)
        self._set_classes(labels if classes is None else classes, continuing)

    def _encode(self, y, X):
        y = class_numbers(y, self.classes_)
        if self.classes_.size == 2:
            return (y == 1)[:, np.newaxis]
        return y[:, np.newaxis] == np.arange(self.classes_.size)

    def _total_weight(self, y, y_given, weight):
        if self.class_weight is None:
            return weight
        numbers = y[:, 0].astype(int) if y.shape[1] == 1 else y.argmax(axis=1)
        labels = self.classes_[numbers]
        factors = class_factors(self.class_weight, self.classes_, labels, weight)
        return factors[numbers] if weight is None else factors[numbers] * weight

    def _is_fitted_before(self):
        return hasattr(self, "coef_")

    def _layers(self):
        return [np.asarray(self.coef_).T], [np.asarray(self.intercept_)]

    def _fitted(self, parameters):
        coef = np.ascontiguousarray(parameters.weights[0].T)
        return {"coef_": coef, "intercept_": parameters.biases[0].copy()}

    def _network(self, X, continuing):
        return self._network_of(X.shape[1])

    def _network_of(self, n_features):
        n_neurons = 1 if self.classes_.size == 2 else self.classes_.size
        return Network((n_features, n_neurons), (), LOSSES[self.loss, "logistic"])

    def _fill(self, parameters, network, rng, X):
        """Leave the weights at 0: a neuron alone has no twin that it must differ from."""

    def _learner(self, training, batches):
        return GradientDescent(
            training.network,
            training.parameters,
            batches,
            optimizer=Adam() if self.solver == "adam" else SGD(momentum=0.0, nesterov=False),
            schedule=Constant(),
            eta_0=self._learning_rate(batches),
            n_epochs=self.max_iter,
            regularization=Regularization(alpha=float(self.alpha)),
        )

    def _learning_rate(self, batches):
        if self.learning_rate_init != "auto":
            return float(self.learning_rate_init)
        if self.solver == "adam":
            return 0.1
        eta = longest_safe_step(batches.X, batches.weight, self.alpha)
        if not 0 < eta < np.inf:
            raise ValueError(
                "The features are too large for any learning rate (the mean of their squares is "
                "not a finite number). Scale them, for example with StandardScaler."
            )
        return eta

    def _lbfgs(self):
        return LBFGS(
            alpha=float(self.alpha),
            tol=self.tol,
            ftol=64 * np.finfo(float).eps,  # as precise as LogisticRegression
            max_iter=self.max_iter,
            max_fun=20 * self.max_iter,
        )

    def _shuffles(self):
        return self.shuffle and self.solver != "gd"

    def _batch_size(self, n_samples):
        return n_samples if self.solver == "gd" else super()._batch_size(n_samples)

    def _validation_score(self, z, y, weight):
        if y.shape[1] == 1:
            return accuracy_score(y[:, 0], z[:, 0] > 0, sample_weight=weight)
        return accuracy_score(y.argmax(axis=1), z.argmax(axis=1), sample_weight=weight)
