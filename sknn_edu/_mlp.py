"""The multi-layer perceptrons: scikit-learn's classes, parameter for parameter, on our engine.

Thin shells: they check, choose the parts of the engine that the parameters name, and give the
results scikit-learn's names.
"""

from numbers import Integral, Real

import numpy as np
from scipy.sparse import issparse
from scipy.special import expit, log_expit, log_softmax
from sklearn.base import RegressorMixin
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import column_or_1d
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets, type_of_target, unique_labels

from sknn_edu._base import (
    Interval,
    InvalidParameterError,
    Options,
    StrOptions,
    class_numbers,
    fill_docstring,
    fit_method,
)
from sknn_edu._mlp_docs import ATTRIBUTES, NOTES, PARAMETERS, REFERENCES
from sknn_edu._trainable import NetworkClassifier, TrainableNetwork
from sknn_edu.core.activations import ACTIVATIONS
from sknn_edu.core.gradient_descent import GradientDescent
from sknn_edu.core.initializers import glorot_uniform
from sknn_edu.core.lbfgs import LBFGS
from sknn_edu.core.losses import LOSSES, OUTPUTS, within_0_and_1
from sknn_edu.core.network import Network
from sknn_edu.core.optimizers import SGD, Adam
from sknn_edu.core.schedules import Adaptive, Constant, InverseScaling

REGRESSION_OUTPUTS = {name: output for name, output in LOSSES if output in ("identity", "exp")}
"""The output activation that belongs to each loss of the regressor."""


def layer_sizes_of(hidden_layer_sizes):
    """Return ``hidden_layer_sizes`` as a tuple of positive ints; refuse anything else."""
    sizes = np.atleast_1d(np.asarray(hidden_layer_sizes, dtype=object))
    for size in sizes:
        if not isinstance(size, Integral) or isinstance(size, bool | np.bool_):
            raise InvalidParameterError(
                "hidden_layer_sizes must be an int or a sequence of ints, the number of neurons "
                f"in each hidden layer, such as (100, 50); got {hidden_layer_sizes!r}."
            )
        if size <= 0:
            raise ValueError(
                f"hidden_layer_sizes must be > 0, got {list(sizes)}. Leave a layer out rather "
                "than give it no neurons."
            )
    return tuple(int(size) for size in sizes)


class BaseMLP(TrainableNetwork):
    """What the classifier and the regressor have in common: all but the targets."""

    _parameter_constraints: dict = {
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "solver": [StrOptions({"lbfgs", "sgd", "adam"})],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "learning_rate": [StrOptions({"constant", "invscaling", "adaptive"})],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "power_t": [Interval(Real, 0, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "shuffle": ["boolean"],
        "random_state": ["random_state"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "verbose": ["verbose"],
        "warm_start": ["boolean"],
        "momentum": [Interval(Real, 0, 1, closed="both")],
        "nesterovs_momentum": ["boolean"],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
        "beta_1": [Interval(Real, 0, 1, closed="left")],
        "beta_2": [Interval(Real, 0, 1, closed="left")],
        "epsilon": [Interval(Real, 0, None, closed="neither")],
        "n_iter_no_change": [
            Interval(Integral, 1, None, closed="left"),
            Options(Real, {np.inf}),
        ],
        "max_fun": [Interval(Integral, 1, None, closed="left")],
        "dtype": [StrOptions({"auto", "float32", "float64"})],
    }

    def __init__(
        self,
        hidden_layer_sizes=(100,),
        activation="relu",
        *,
        solver="adam",
        alpha=0.0001,
        batch_size="auto",
        learning_rate="constant",
        learning_rate_init=0.001,
        power_t=0.5,
        max_iter=200,
        shuffle=True,
        random_state=None,
        tol=1e-4,
        verbose=False,
        warm_start=False,
        momentum=0.9,
        nesterovs_momentum=True,
        early_stopping=False,
        validation_fraction=0.1,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        n_iter_no_change=10,
        max_fun=15000,
        dtype="auto",
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.dtype = dtype

    def _validate_params(self):
        super()._validate_params()
        layer_sizes_of(self.hidden_layer_sizes)

    @fit_method
    def fit(self, X, y, sample_weight=None):
        """Fit the network to X and y.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples. float32 and float64 are used as they are (see ``dtype``), anything else
            becomes float64. Scale the features first; X is not changed.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets: class labels for a classifier, numbers for a regressor.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights, at least 0 and not all 0. A sample of weight k counts as k samples.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If the data or a parameter is invalid, or if training diverges. An estimator that was
            fitted before stays as it was.
        """
        return self._fit(X, y, sample_weight)

    # -- what TrainableNetwork asks for --------------------------------------------------------

    def _is_fitted_before(self):
        return hasattr(self, "coefs_")

    def _layers(self):
        return [np.asarray(W) for W in self.coefs_], [np.asarray(b) for b in self.intercepts_]

    def _set_layers(self, weights, biases):
        self.coefs_, self.intercepts_ = weights, biases
        self.n_layers_ = len(weights) + 1

    def _hidden_activations(self):
        return (ACTIVATIONS[self.activation],) * (len(self.coefs_) - 1)

    def _network(self, n_features):
        hidden = layer_sizes_of(self.hidden_layer_sizes)
        return Network(
            layer_sizes=(n_features, *hidden, self.n_outputs_),
            activations=(ACTIVATIONS[self.activation],) * len(hidden),
            loss=LOSSES[self.loss, self.out_activation_],
        )

    def _fill(self, parameters, network, rng):
        factor = ACTIVATIONS[self.activation].glorot_factor
        for W, b in zip(parameters.weights, parameters.biases, strict=True):
            glorot_uniform(rng, factor, W, b)

    def _learner(self, network, parameters, batches):
        return GradientDescent(
            network,
            parameters,
            batches,
            optimizer=self._make_optimizer(),
            schedule=self._make_schedule(),
            eta_0=float(self.learning_rate_init),
            alpha=float(self.alpha),
        )

    def _make_optimizer(self):
        if self.solver == "sgd":
            return SGD(self.momentum, self.nesterovs_momentum)
        return Adam(self.beta_1, self.beta_2, self.epsilon)

    def _make_schedule(self):
        if self.solver == "sgd" and self.learning_rate == "invscaling":
            return InverseScaling(self.power_t)
        if self.solver == "sgd" and self.learning_rate == "adaptive":
            return Adaptive()
        return Constant()

    def _lbfgs(self):
        return LBFGS(
            alpha=float(self.alpha),
            tol=self.tol,
            ftol=1e7 * np.finfo(float).eps,  # SciPy's default, and so scikit-learn's
            max_iter=self.max_iter,
            max_fun=self.max_fun,
        )


@fill_docstring(parameters=PARAMETERS, attributes=ATTRIBUTES, notes=NOTES, references=REFERENCES)
class MLPClassifier(NetworkClassifier, BaseMLP):
    r"""Multi-layer perceptron classifier: layers of neurons trained on the cross-entropy.

    A superset of :class:`sklearn.neural_network.MLPClassifier`: the same parameters, defaults and
    attributes and, given the same ``random_state``, the same numbers, faster.

    Two classes have one output neuron with the logistic function, more have one each with softmax,
    and several labels per sample (a 0/1 matrix y) have one logistic neuron each.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted; for multilabel y the column numbers.
    {attributes}

    See Also
    --------
    MLPRegressor : The same for real-valued targets.
    SigmoidNeuronClassifier : A single neuron: logistic regression.
    PerceptronClassifier : A single neuron with a step.

    Notes
    -----
    The loss is the cross-entropy in nats, averaged over samples and summed over labels,

    .. math:: L = -\frac{1}{n} \sum_i \log p(y_i \mid x_i)
              + \frac{\alpha}{2 n} \lVert W \rVert^2

    {notes}

    References
    ----------
    {references}

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import train_test_split
    >>> from sknn_edu import MLPClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(X / 16, y, random_state=0)
    >>> mlp = MLPClassifier(random_state=0, max_iter=60, tol=1e-2).fit(X_train, y_train)
    >>> mlp.score(X_test, y_test) > 0.95
    True
    >>> mlp.predict_proba(X_test).shape
    (450, 10)
    """

    loss = "log_loss"

    def predict(self, X):
        """Return the most probable class of each sample, or for multilabel y each label's 0 or 1.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
            Labels from ``classes_``.
        """
        z = self._output_sums(X)
        if self._is_multilabel():
            return (z > 0).astype(int)
        return self.classes_[self._winners(z)]

    def predict_proba(self, X):
        """Return the probability of each class, or of each label.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        p : ndarray of shape (n_samples, n_classes)
            Rows sum to 1, except for multilabel y, whose columns are independent of each other.
        """
        return self._probabilities(self._output_sums(X))

    def predict_log_proba(self, X):
        """Return the natural logarithm of :meth:`predict_proba`, finite where that rounds to 0.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        log_p : ndarray of shape (n_samples, n_classes)
            Where the probability has underflowed, the logarithm comes from the weighted sums.
        """
        z = self._output_sums(X)
        log_p = self._log_probabilities(z)
        p = self._probabilities(z)
        normal = p > 1e4 * np.finfo(p.dtype).tiny
        np.log(p, out=log_p, where=normal)  # the same to the last digit
        return log_p

    def _probabilities(self, z):
        if self.out_activation_ == "softmax":
            columns = z.T.copy()  # softmax takes one column per sample, and is faster so
            OUTPUTS["softmax"](columns)
            p = columns.T.copy()
        else:
            p = expit(z if self._is_multilabel() else self._for_two_classes(z))
        within_0_and_1(p, lambda: self._log_probabilities(z))
        return p

    def _log_probabilities(self, z):
        if self.out_activation_ == "softmax":
            return log_softmax(z, axis=1)
        return log_expit(z if self._is_multilabel() else self._for_two_classes(z))

    def _for_two_classes(self, z):
        """Return the log-odds of each class; one that was alone in training is (nearly) certain."""
        return np.hstack([-z, z]) if self.classes_.size == 2 else np.full_like(z, 1e3)

    def _is_multilabel(self):
        return self.n_outputs_ > 1 and self.out_activation_ == "logistic"

    def _check_targets(self, X, y, *, dtype, continuing, classes):
        X, y = self._check_X_y(X, y, dtype=dtype, reset=not continuing, multi_output=True)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        if type_of_target(y) == "multiclass-multioutput":
            raise ValueError(
                "Multioutput target data is not supported: y has several columns with more than "
                "two classes. Fit one classifier per column with MultiOutputClassifier."
            )
        multilabel = y.ndim == 2
        if classes is None:
            classes = unique_labels(y)
        if multilabel:
            y = (y.toarray() if issparse(y) else y).astype(bool)
            output = y.shape[1], "logistic"
        else:
            y = class_numbers(y, classes)
            output = (1, "logistic") if classes.size <= 2 else (classes.size, "softmax")
        if continuing and hasattr(self, "classes_"):
            self._check_same_task(classes, output)
        if multilabel and not np.array_equal(classes, np.arange(y.shape[1])):
            raise ValueError(
                f"y has {y.shape[1]} columns of labels, so classes must be the column numbers, "
                f"np.arange({y.shape[1]}); got {classes}."
            )
        self.classes_ = classes
        self.n_outputs_, self.out_activation_ = output
        return X, (y == 1)[:, np.newaxis] if output == (1, "logistic") else y

    def _check_same_task(self, classes, output):
        before = self.n_outputs_, self.out_activation_
        if output != before and set(classes) == set(self.classes_):
            raise ValueError(
                f"y asks for {output[0]} {output[1]} outputs, but the network was fitted with "
                f"{before[0]} {before[1]} outputs. Go on with targets of the same kind, or start "
                "anew with clone()."
            )
        self._check_same_classes(classes)

    def _check_same_classes(self, labels):
        if set(labels) != set(self.classes_):
            raise ValueError(
                "warm_start can only be used where `y` has the same classes as in the previous "
                f"call to fit. Previously got {self.classes_}, `y` has {labels}"
            )

    def _validation_score(self, z, y, weight):
        decided = z > 0 if self._is_multilabel() else self._winners(z)
        truth = y[:, 0].astype(int) if self.n_outputs_ == 1 else y
        return accuracy_score(truth, decided, sample_weight=weight)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


@fill_docstring(parameters=PARAMETERS, attributes=ATTRIBUTES, notes=NOTES, references=REFERENCES)
class MLPRegressor(RegressorMixin, BaseMLP):
    r"""Multi-layer perceptron regressor: layers of neurons trained on the squared error.

    A superset of :class:`sklearn.neural_network.MLPRegressor`: the same parameters, defaults and
    attributes and, given the same ``random_state``, the same numbers, faster. As
    there, the first positional parameter is ``loss``.

    Parameters
    ----------
    loss : {'squared_error', 'poisson'}, default='squared_error'
        What to minimise: half the squared error, for any real target, or half the Poisson
        deviance, for counts and rates y >= 0; its predictions are exp(z), always positive.
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    MLPClassifier : The same for class labels.
    sklearn.compose.TransformedTargetRegressor : To train on standardised targets.

    Notes
    -----
    The loss is averaged over samples and summed over outputs; with the squared error

    .. math:: L = \frac{1}{2 n} \sum_i \lVert \hat{y}_i - y_i \rVert^2
              + \frac{\alpha}{2 n} \lVert W \rVert^2

    {notes}

    References
    ----------
    {references}

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sknn_edu import MLPRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> mlp = MLPRegressor(learning_rate_init=0.01, tol=1e-3, random_state=0)
    >>> model = make_pipeline(StandardScaler(), mlp).fit(X, y / 100)
    >>> model.score(X, y / 100) > 0.5
    True
    """

    _parameter_constraints: dict = {
        **BaseMLP._parameter_constraints,
        "loss": [StrOptions(set(REGRESSION_OUTPUTS))],
    }

    def __init__(
        self,
        loss="squared_error",
        hidden_layer_sizes=(100,),
        activation="relu",
        *,
        solver="adam",
        alpha=0.0001,
        batch_size="auto",
        learning_rate="constant",
        learning_rate_init=0.001,
        power_t=0.5,
        max_iter=200,
        shuffle=True,
        random_state=None,
        tol=1e-4,
        verbose=False,
        warm_start=False,
        momentum=0.9,
        nesterovs_momentum=True,
        early_stopping=False,
        validation_fraction=0.1,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        n_iter_no_change=10,
        max_fun=15000,
        dtype="auto",
    ):
        super().__init__(
            hidden_layer_sizes=hidden_layer_sizes,
            activation=activation,
            solver=solver,
            alpha=alpha,
            batch_size=batch_size,
            learning_rate=learning_rate,
            learning_rate_init=learning_rate_init,
            power_t=power_t,
            max_iter=max_iter,
            shuffle=shuffle,
            random_state=random_state,
            tol=tol,
            verbose=verbose,
            warm_start=warm_start,
            momentum=momentum,
            nesterovs_momentum=nesterovs_momentum,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            beta_1=beta_1,
            beta_2=beta_2,
            epsilon=epsilon,
            n_iter_no_change=n_iter_no_change,
            max_fun=max_fun,
            dtype=dtype,
        )
        self.loss = loss

    def _validate_params(self):
        if not isinstance(self.loss, str):
            raise InvalidParameterError(
                f"loss must be one of {sorted(REGRESSION_OUTPUTS)}, got {self.loss!r}. The first "
                "positional parameter of MLPRegressor is loss, as in scikit-learn: did you mean "
                f"MLPRegressor(hidden_layer_sizes={self.loss!r})?"
            )
        super()._validate_params()

    @available_if(lambda self: self._has_epochs())
    @fit_method
    def partial_fit(self, X, y, sample_weight=None):
        """Train for one epoch on the given samples, from where the last call stopped.

        The optimiser's state, the learning rate and the random numbers go on as well, so calls on
        the same samples are epochs that differ in their shuffling. No samples are held out, so
        ``early_stopping`` has no effect; after a fit that was stopped early, it is refused.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights, at least 0 and not all 0.

        Returns
        -------
        self : object
            The estimator, one epoch further.
        """
        return self._fit(X, y, sample_weight, incremental=True)

    def predict(self, X):
        """Return the network's output for each sample.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            In the dtype of the weights.
        """
        return self._outputs(self._output_sums(X))

    def _outputs(self, z):
        with np.errstate(over="ignore"):
            OUTPUTS[self.out_activation_](z.T)
        return z[:, 0] if z.shape[1] == 1 else z

    def _check_targets(self, X, y, *, dtype, continuing, classes):
        X, y = self._check_X_y(
            X, y, dtype=dtype, reset=not continuing, multi_output=True, y_numeric=True
        )
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if self.loss == "poisson" and y.min() < 0:
            raise ValueError(
                f"loss='poisson' is for counts and rates, y >= 0; the smallest y is {y.min()}. "
                "Use loss='squared_error' for targets that may be negative."
            )
        y = y.astype(X.dtype, copy=False).reshape(X.shape[0], -1)
        if not np.isfinite(y).all():
            raise ValueError(
                f"y has values too large for {X.dtype}. Scale y, for example with "
                "TransformedTargetRegressor."
            )
        self.n_outputs_, self.out_activation_ = y.shape[1], REGRESSION_OUTPUTS[self.loss]
        return X, y

    def _validation_score(self, z, y, weight):
        predicted = self._outputs(z)
        if not np.isfinite(predicted).all():
            return np.nan
        return r2_score(y, predicted, sample_weight=weight)
