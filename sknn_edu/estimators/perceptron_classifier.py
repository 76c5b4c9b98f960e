"""The perceptron as a scikit-learn classifier."""

from copy import deepcopy
from functools import partial
from numbers import Integral, Real

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.validation import check_is_fitted

from sknn_edu.core.beyond.margins import fit_slope, margin_probabilities
from sknn_edu.core.perceptron import MistakeDriven, Perceptron, winners
from sknn_edu.core.training import RESUMABLE, BestSoFar, Epochs, Outcome
from sknn_edu.estimators.accuracy import AccuracyMixin
from sknn_edu.estimators.class_labels import (
    check_class_labels,
    check_first_call,
    check_neuron_classes,
    class_factors,
)
from sknn_edu.estimators.linear import set_weights
from sknn_edu.estimators.targets import class_numbers
from sknn_edu.fitting.callbacks import FitTasks
from sknn_edu.fitting.estimator import (
    INTERRUPTED,
    Interval,
    NeuralEstimator,
    fit_method,
    hold_out,
    one_of,
    warn,
)
from sknn_edu.fitting.history import History
from sknn_edu.fitting.overflow import largest_input, largest_sum


class PerceptronClassifier(AccuracyMixin, NeuralEstimator):
    """A threshold unit that learns from its mistakes: the perceptron.

    It predicts the second class when ``w . x + b >= 0``, that is, when the weighted sum w . x
    reaches the threshold -b. It learns online: it adds each misclassified sample of the second
    class to its weights, and subtracts each misclassified sample of the first. With more than two
    classes, each class has its own weights, and the class with the largest sum is predicted. A
    mistake raises the sum of the right class and lowers that of the predicted class.

    If some weights classify all samples correctly, training finds such weights and stops. If the
    classes overlap, ``average=True`` uses the mean of the weights over training, which is more
    stable than the last weights.

    Parameters
    ----------
    average : bool, default=False
        Whether ``coef_`` and ``intercept_`` are the means over all samples seen in training,
        instead of the last values.
    fit_intercept : bool, default=True
        Whether to learn the intercept; otherwise the threshold is 0.
    max_iter : int, default=1000
        The maximum number of epochs.
    tol : float or None, default=1e-3
        Training stops when the share of mistakes (weighted by class; with early stopping the
        validation accuracy) has not improved by at least this much for more than
        ``n_iter_no_change`` epochs in a row. With None, training stops only after an epoch without
        mistakes or after ``max_iter`` epochs.
    shuffle : bool, default=True
        Whether to shuffle the samples before each epoch.
    verbose : bool or int, default=False
        Whether to print the mistakes of each epoch.
    eta0 : float, default=1
        The learning rate: the factor with which a misclassified sample is added. Without class
        weights and warm starts it only scales the weights and, apart from rounding, changes no
        prediction.
    random_state : int, RandomState instance or None, default=None
        Determines the order of the samples and the validation split. Pass an int for the same
        result at each call of fit.
    early_stopping : bool, default=False
        Whether to hold out a stratified set of samples, stop on a plateau of the accuracy on them,
        and return to the weights of the best epoch.
    validation_fraction : float, default=0.1
        The share of samples that early stopping holds out, in (0, 1).
    n_iter_no_change : int, default=100
        See ``tol``. scikit-learn waits 5 epochs. That often stops too early on separable classes,
        because the number of mistakes rises many times before it falls to 0.
    class_weight : dict, 'balanced' or None, default=None
        Factors of the learning rate for each class, ``{label: factor}``; 'balanced' uses
        n_samples / (n_classes * n_samples_of_the_class).
    warm_start : bool, default=False
        Whether fit starts from the weights of the last fit instead of zeros.

    Attributes
    ----------
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        The weights.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        The biases; the threshold of a single unit is ``-intercept_[0]``.
    classes_ : ndarray of shape (n_classes,)
        The sorted labels.
    n_iter_ : int
        The number of epochs of the last fit.
    slope_ : float
        The factor by which ``predict_proba`` multiplies the weighted sums; np.inf after
        :meth:`from_weights`.
    converged_ : bool
        Whether training ended with an epoch without mistakes. The weights of that epoch separate
        the training samples. Averaged weights may not, nor may the weights of an earlier epoch,
        which early stopping returns to.
    mistake_curve_ : list of int
        The number of mistakes in each epoch. It continues over warm starts and partial_fit.
    t_ : int
        1 + the number of samples shown, as in scikit-learn.
    n_features_in_ : int
        The number of features.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, if X has names that are all strings.

    See Also
    --------
    SigmoidNeuronClassifier : A smooth step, which gives probabilities.
    sklearn.calibration.CalibratedClassifierCV : Calibrates the probabilities of a classifier.
    sklearn.linear_model.Perceptron : scikit-learn's perceptron; one-vs-rest for several classes.

    Notes
    -----
    Scale the features first. On separable classes the number of mistakes is at most (R / margin)^2,
    where R is the norm of the longest sample (Novikoff 1962), so one feature that is much larger
    than the others makes training long. Training is a Python loop over the mistakes: overlapping
    classes take much longer than classes that are nearly separable. The computation is in float64,
    or in float32 for X of that dtype.

    ``fit`` has no ``sample_weight``: for a rule that processes one sample after the other, a sample
    of weight 2 differs from two samples. For :class:`sklearn.ensemble.AdaBoostClassifier` and
    other tools that weigh samples use :class:`SigmoidNeuronClassifier`.

    References
    ----------
    F. Rosenblatt, "The perceptron: a probabilistic model for information storage and organization
    in the brain", Psychological Review 65 (1958).

    A. Novikoff, "On convergence proofs on perceptrons", Symp. Math. Theory of Automata (1962).

    Y. Freund and R. Schapire, "Large margin classification using the perceptron algorithm",
    Machine Learning 37 (1999): averaged weights.

    K. Crammer and Y. Singer, "Ultraconservative online algorithms for multiclass problems", JMLR 3
    (2003): several classes.

    Examples
    --------
    >>> from sknn_edu import PerceptronClassifier
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1]
    >>> by_hand = PerceptronClassifier.from_weights([1.0, 1.0], threshold=2.0)
    >>> by_hand.predict(X)
    array([0, 0, 0, 1])
    >>> learned = PerceptronClassifier(random_state=0).fit(X, y)
    >>> learned.predict(X), learned.converged_
    (array([0, 0, 0, 1]), True)
    """

    _parameter_constraints: dict = {
        "average": ["boolean"],
        "fit_intercept": ["boolean"],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left"), None],
        "shuffle": ["boolean"],
        "verbose": ["verbose"],
        "eta0": [Interval(Real, 0, None, closed="neither")],
        "random_state": ["random_state"],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "class_weight": [one_of("balanced"), dict, None],
        "warm_start": ["boolean"],
    }

    def __init__(
        self,
        *,
        average=False,
        fit_intercept=True,
        max_iter=1000,
        tol=1e-3,
        shuffle=True,
        verbose=False,
        eta0=1.0,
        random_state=None,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=100,
        class_weight=None,
        warm_start=False,
    ):
        self.average = average
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol
        self.shuffle = shuffle
        self.verbose = verbose
        self.eta0 = eta0
        self.random_state = random_state
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.class_weight = class_weight
        self.warm_start = warm_start

    @classmethod
    def from_weights(cls, weights, *, threshold=0.0, classes=(0, 1), **params):
        """Return a perceptron with the given weights, ready to predict.

        Parameters
        ----------
        weights : array-like of shape (n_features,) or (n_classes, n_features)
            The weights of one unit for two classes, or of one unit per class.
        threshold : float or array-like of shape (n_classes,), default=0.0
            The value that a weighted sum must reach: minus the intercept.
        classes : array-like of shape (n_classes,), default=(0, 1)
            The labels, in the order of their units; for one unit (no, yes).
        **params
            Parameters of the constructor.

        Returns
        -------
        perceptron : PerceptronClassifier
            The fitted perceptron, which can also learn on with partial_fit.

        Raises
        ------
        ValueError
            If the shapes do not agree.

        Examples
        --------
        >>> from sknn_edu import PerceptronClassifier
        >>> gate = PerceptronClassifier.from_weights([1, 1], threshold=1, classes=("off", "on"))
        >>> gate.predict([[0, 0], [0, 1]]).tolist()
        ['off', 'on']
        """
        bias = -np.asarray(threshold, dtype=float)
        perceptron = set_weights(cls(**params), weights, bias, classes)
        perceptron.n_iter_, perceptron.t_, perceptron.mistake_curve_ = 0, 1, []
        perceptron.converged_, perceptron.slope_ = False, np.inf
        return perceptron

    @fit_method
    def fit(self, X, y):
        """Learn from X and y until an epoch makes no mistake, or there is no more progress.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples. X is not changed.
        y : array-like of shape (n_samples,)
            Their labels, of at least two classes.

        Returns
        -------
        self : object
            The fitted perceptron.

        Raises
        ------
        ValueError
            If the data or a parameter is invalid. A perceptron fitted before stays as it was.
        """
        return self._fit(X, y, continuing=self.warm_start and hasattr(self, "coef_"))

    @fit_method
    def partial_fit(self, X, y, classes=None):
        """Learn from the given samples for one epoch, from where the last call stopped.

        The slope of ``predict_proba`` is fitted to the samples of this call.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.
        y : array-like of shape (n_samples,)
            Their labels; not every class need be among them.
        classes : array-like of shape (n_classes,), default=None
            All labels that will ever come. Needed in the first call only.

        Returns
        -------
        self : object
            The perceptron, one epoch further.
        """
        classes = check_first_call(classes, getattr(self, "classes_", None))
        return self._fit(X, y, continuing=hasattr(self, "coef_"), classes=classes)

    def decision_function(self, X):
        """Return the weighted sums w . x + b.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        z : ndarray of shape (n_samples,) or (n_samples, n_classes)
            With two classes the second is predicted where z >= 0.
        """
        z = self._sums(X)
        return z[:, 0] if z.shape[1] == 1 else z

    def predict(self, X):
        """Return the class of each sample.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Labels from ``classes_``.
        """
        numbers = winners(self._sums(X))
        return self.classes_[numbers]

    def predict_proba(self, X):
        """Return the probability of each class, which rises with the margin.

        It is the sigmoid of ``slope_`` times the weighted sum; for several classes the softmax of
        ``slope_`` times the weighted sums; see :mod:`sknn_edu.core.beyond.margins`. The most
        probable class is that of ``predict``, and for two classes the samples are in the same order
        as in ``decision_function``. The slope is fitted to the training samples at the end of
        training. A single number cannot calibrate well: for better probabilities use
        :class:`SigmoidNeuronClassifier` or :class:`sklearn.calibration.CalibratedClassifierCV`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        p : ndarray of float64 of shape (n_samples, n_classes)
            Rows sum to 1. A perceptron made by :meth:`from_weights` has seen no samples and answers
            1 for the predicted class and 0 for the others.
        """
        z = self._sums(X).astype(float)
        slope = getattr(self, "slope_", np.inf)  # not there if weights were set by hand
        return (
            margin_probabilities(slope, z)
            if slope < np.inf
            else np.eye(self.classes_.size)[winners(z)]
        )

    def _sums(self, X):
        check_is_fitted(self)
        with np.errstate(over="ignore", invalid="ignore"):
            X = self._check_X(X, dtype=np.result_type(np.float32, np.asarray(self.coef_)))
            return X @ np.asarray(self.coef_).T + self.intercept_

    # -- fitting -------------------------------------------------------------------------------

    def _fit(self, X, y, *, continuing, classes=None):
        given, incremental = {"X": X, "y": y, "metadata": None}, classes is not None
        X, numbers, factors = self._check_samples(X, y, continuing, classes)
        eta = self._learning_rates(factors, X.dtype)
        learner = MistakeDriven(self._start(X, continuing), X, numbers, eta, self.fit_intercept)
        rng = self._rng(incremental)
        order, accuracy = np.arange(numbers.size), None
        if self.early_stopping and not incremental:
            order, held_out = hold_out(order, self.validation_fraction, rng, stratify=numbers)
            accuracy = _HeldOutAccuracy(self, learner, X[held_out], numbers[held_out])
        epochs = Epochs(
            max_epochs=1 if incremental else self.max_iter,
            tol=0.0 if self.tol is None else self.tol,
            patience=np.inf if self.tol is None else self.n_iter_no_change,
            shuffle=self.shuffle,
            keep_best=accuracy is not None,
        )
        history = self._start_history(given, epochs, learner, accuracy)

        outcome = epochs.run(learner, order, rng, BestSoFar(), history)

        self._record(learner, outcome, history, order.size, continuing)
        self._warn_or_raise(outcome, incremental, X)
        vars(self).pop("_training_state", None)
        if incremental or outcome in RESUMABLE:
            self._training_state = (learner.perceptron, rng)
        history.fit_ended()
        return self

    def _learning_rates(self, factors, dtype):
        """Return the learning rate for mistakes on each class: (n_classes,)."""
        eta = (self.eta0 * factors).astype(dtype)
        if not (np.isfinite(eta).all() and eta.max() > 0):
            raise ValueError(
                f"eta0 times the class weights must be finite {dtype} numbers, not all 0; got "
                f"{eta}. Choose an eta0 closer to 1 (now {self.eta0})."
            )
        return eta

    def _check_samples(self, X, y, continuing, classes):
        """Return checked X, class numbers, and a factor of the learning rate for each class."""
        dtype = (np.float64, np.float32)
        if continuing:
            dtype = np.result_type(np.float32, np.asarray(self.coef_))
        X, y = self._check_data(X, y, dtype, reset=not continuing)
        y = column_or_1d(y)
        at_least = 2 if classes is None else 1
        labels = check_class_labels(type(self).__name__, y, at_least=at_least)
        classes = labels if classes is None else classes
        check_neuron_classes(classes, self.classes_ if continuing else None)
        self.classes_ = classes
        return X, class_numbers(y, classes), class_factors(self.class_weight, classes, y)

    def _start_history(self, given, epochs, learner, accuracy):
        tasks = None
        if getattr(self, "_skl_callbacks", None):
            attributes = partial(self._model_attributes, learner)
            tasks = FitTasks(self, given, epochs.max_epochs, attributes)
        loss_format = "share of mistakes = {:.6f}"
        return History(self, tasks, accuracy, accuracy is not None, loss_format=loss_format)

    def _start(self, X, continuing):
        if not continuing:
            k = 1 if self.classes_.size == 2 else self.classes_.size
            return Perceptron.start(np.zeros((X.shape[1], k), X.dtype), np.zeros(k, X.dtype))
        coef, intercept = np.asarray(self.coef_, X.dtype), np.asarray(self.intercept_, X.dtype)
        if hasattr(self, "_training_state"):
            perceptron, _ = self._training_state
            W, b = self._weights(perceptron)
            if np.array_equal(W.T, coef) and np.array_equal(b, intercept):
                return perceptron.copy()
        return Perceptron.start(coef.T, intercept)  # the user has set them

    def _rng(self, incremental):
        if (
            incremental
            and hasattr(self, "_training_state")
            and isinstance(self.random_state, Integral)
        ):
            return deepcopy(self._training_state[1])  # continue, not from the seed
        rng = check_random_state(self.random_state)
        return np.random.RandomState(rng.randint(np.iinfo(np.int32).max))  # one draw per fit

    def _weights_and_biases(self):
        """Return the weights (n_features, n_units) and biases of the only layer, as lists."""
        return [np.asarray(self.coef_).T], [np.asarray(self.intercept_)]

    def _weights(self, perceptron):
        return perceptron.average() if self.average else (perceptron.W, perceptron.b)

    def _model_attributes(self, learner):
        W, b = self._weights(learner.perceptron)
        slope = fit_slope((learner.X @ W + b).astype(float), learner.y)
        return {"coef_": W.T.copy(), "intercept_": b.copy(), "slope_": slope}

    def _record(self, learner, outcome, history, n_samples, continuing):
        if not continuing:
            self.mistake_curve_, self.t_ = [], 1
        vars(self).update(self._model_attributes(learner))
        self.mistake_curve_ = [*self.mistake_curve_, *learner.mistake_curve]
        self.n_iter_ = history.n_epochs
        self.t_ += history.n_epochs * n_samples
        self.converged_ = outcome is Outcome.PERFECT

    def _warn_or_raise(self, outcome, incremental, X):
        bound = largest_sum([self.coef_.T], [self.intercept_], [], largest_input(None, None, X))
        is_finite = bound < np.finfo(X.dtype).max / 2 or bool(  # so is the difference of two sums
            np.isfinite(self.coef_).all()
            and np.isfinite(self.intercept_).all()
            and np.isfinite(np.ptp(X @ self.coef_.T + self.intercept_, axis=1)).all()
        )
        if not is_finite:
            raise ValueError(
                "The weights, or the weighted sums of the training samples, became infinite or "
                "NaN: the features or eta0 are too large. Scale the features, for example with "
                "StandardScaler."
            )
        if outcome is Outcome.OUT_OF_EPOCHS and not incremental:
            overlap = "" if self.average else ", or use average=True if the classes overlap"
            message = (
                f"The perceptron still made {self.mistake_curve_[-1]} mistakes in epoch max_iter="
                f"{self.max_iter}. Increase max_iter or scale the features{overlap}."
            )
            warn(message, ConvergenceWarning)
        elif outcome is Outcome.INTERRUPTED:
            warn(INTERRUPTED.format(n=self.n_iter_, what="whole epochs"))


class _HeldOutAccuracy:
    """The share of mistakes and the accuracy of a perceptron in training on held-out samples."""

    def __init__(self, estimator, learner, X, y):
        self.estimator, self.learner, self.X, self.y = estimator, learner, X, y

    def __call__(self):
        W, b = self.estimator._weights(self.learner.perceptron)
        accuracy = float(np.mean(winners(self.X @ W + b) == self.y))
        return 1 - accuracy, accuracy
