"""The multi-layer perceptrons: scikit-learn's classes, parameter for parameter, on our engine.

Thin shells: they check, choose the parts of the engine that the parameters name, and give the
results scikit-learn's names.
"""

from collections.abc import Sequence
from dataclasses import replace
from numbers import Integral, Real

import numpy as np
from scipy.sparse import issparse
from scipy.special import expit, log_expit, log_softmax
from sklearn.base import RegressorMixin
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import column_or_1d
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets, type_of_target, unique_labels
from sklearn.utils.validation import check_is_fitted

from sknn_edu._base import (
    Interval,
    InvalidParameterError,
    Options,
    StrOptions,
    class_factors,
    class_numbers,
    fill_docstring,
    fit_method,
    same_labels,
)
from sknn_edu._mlp_docs import ATTRIBUTES, FIT, NOTES, PARAMETERS, REFERENCES
from sknn_edu._trainable import NetworkClassifier, TrainableNetwork
from sknn_edu.core._mini_batches import MiniBatches
from sknn_edu.core.activations import ACTIVATIONS, Activation
from sknn_edu.core.gradient_descent import GradientDescent, Regularization
from sknn_edu.core.initializers import INITIALIZERS
from sknn_edu.core.lbfgs import LBFGS
from sknn_edu.core.losses import (
    LOSSES,
    OUTPUTS,
    Loss,
    SoftmaxOfEach,
    error_delta,
    quantiles,
    soft_cross_entropy,
    within_0_and_1,
)
from sknn_edu.core.network import Network, input_gradients, output_sums
from sknn_edu.core.optimizers import OPTIMIZERS, Optimizer
from sknn_edu.core.schedules import SCHEDULES, Curve, InverseScaling, Schedule, WarmUp

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


def one_for_each_layer(name, value, n_hidden, is_one):
    """Return a parameter as a tuple with one value for each hidden layer."""
    if is_one(value):
        return (value,) * n_hidden
    values = tuple(value) if isinstance(value, Sequence | np.ndarray) else (value,)
    if isinstance(value, str) or not all(is_one(v) for v in values):
        raise InvalidParameterError(f"The {name!r} parameter has an invalid value: {value!r}.")
    if len(values) != n_hidden:
        raise ValueError(
            f"{name} must be one value or one for each of the {n_hidden} hidden layers; got "
            f"{len(values)} values: {value!r}."
        )
    return values


def check_layer(layer, n_hidden):
    """Refuse the number of a hidden layer that a network does not have."""
    if not (isinstance(layer, Integral) and -n_hidden <= layer < n_hidden):
        raise ValueError(
            f"layer must be an int from {-n_hidden} to {n_hidden - 1}, for the {n_hidden} hidden "
            f"layers of this network; got {layer!r}."
        )


def is_activation(value):
    return isinstance(value, Activation) or (isinstance(value, str) and value in ACTIVATIONS)


def is_rate(value):
    return isinstance(value, Real) and not isinstance(value, bool) and 0 <= value < 1


class BaseMLP(TrainableNetwork):
    """What the classifier and the regressor have in common: all but the targets."""

    _parameter_constraints: dict = {
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "activation": [StrOptions(set(ACTIVATIONS)), Activation, list, tuple],
        "solver": [StrOptions({"lbfgs", *OPTIMIZERS}), Optimizer],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "learning_rate": [StrOptions(set(SCHEDULES)), Schedule, callable],
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
        "init": [StrOptions(set(INITIALIZERS))],
        "dropout": [Interval(Real, 0, 1, closed="left"), "array-like"],
        "weight_decay": [StrOptions({"auto"}), Interval(Real, 0, None, closed="left")],
        "clip_norm": [Interval(Real, 0, None, closed="neither"), None],
        "warmup_fraction": [Interval(Real, 0, 1, closed="both")],
        "scoring": [str, callable, None],
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
        init="auto",
        dropout=0.0,
        weight_decay="auto",
        clip_norm=None,
        warmup_fraction=0.0,
        scoring=None,
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
        self.init = init
        self.dropout = dropout
        self.weight_decay = weight_decay
        self.clip_norm = clip_norm
        self.warmup_fraction = warmup_fraction
        self.scoring = scoring
        self.dtype = dtype

    def _validate_params(self):
        super()._validate_params()
        n_hidden = len(layer_sizes_of(self.hidden_layer_sizes))
        one_for_each_layer("activation", self.activation, n_hidden, is_activation)
        one_for_each_layer("dropout", self.dropout, n_hidden, is_rate)
        if callable(self.learning_rate):
            factors = [self.learning_rate(progress) for progress in (0.0, 0.5, 1.0)]
            if not all(isinstance(f, Real) and 0 <= f < np.inf for f in factors):
                raise InvalidParameterError(
                    "learning_rate must return a finite factor of at least 0 for each progress "
                    f"from 0 to 1; for 0, 0.5 and 1 it returned {factors}."
                )
        if isinstance(self.solver, type):
            raise InvalidParameterError(
                f"solver must be a name or an instance, not a class: {self.solver.__name__}()."
            )
        if self.solver == "lbfgs":
            self._refuse_what_lbfgs_cannot_do()

    def _refuse_what_lbfgs_cannot_do(self):
        wanted = {
            "dropout": np.any(self.dropout),
            "weight_decay": self.weight_decay not in ("auto", 0),
            "clip_norm": self.clip_norm is not None,
            "warmup_fraction": self.warmup_fraction > 0,
            "learning_rate": self.learning_rate not in ("constant", "invscaling", "adaptive"),
        }
        for name, is_wanted in wanted.items():
            if is_wanted:
                raise ValueError(
                    f"{name}={getattr(self, name)!r} has no meaning for solver='lbfgs', which "
                    "chooses its own steps and needs the same loss at each of them. Use 'adam' or "
                    f"another stochastic solver, or leave {name} at its default."
                )

    @fit_method
    def fit(self, X, y, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None):
        return self._fit(X, y, sample_weight, (X_val, y_val, sample_weight_val))

    fit.__doc__ = FIT

    # -- looking inside ------------------------------------------------------------------------

    def hidden_activations(self, X, layer=-1):
        """Return what the neurons of a hidden layer answer to each sample.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.
        layer : int, default=-1
            Which hidden layer: 0 is the first, -1 the last.

        Returns
        -------
        a : ndarray of shape (n_samples, n_neurons)
            In the dtype of the weights.

        Raises
        ------
        ValueError
            If there is no such layer.
        """
        check_is_fitted(self)
        weights, biases = self._layers()
        activations, n_hidden = self._hidden_activations(), len(weights) - 1
        check_layer(layer, n_hidden)
        k = layer % n_hidden + 1
        X = self._check_X(X, dtype=np.result_type(np.float32, *weights, *biases))
        with np.errstate(over="ignore", invalid="ignore"):
            a = output_sums(activations[: k - 1], weights[:k], biases[:k], X)
            activations[k - 1].forward(a, a)
        return a

    def input_gradient(self, X):
        """Return how each output answers to a small change of each feature.

        Backpropagation carried down to the inputs. The outputs are those of
        ``decision_function`` for a classifier and of ``predict`` for a regressor.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The samples; dense.

        Returns
        -------
        gradient : ndarray of shape (n_samples, n_features) or (n_samples, n_outputs, n_features)
            The derivatives, for one output or several, in the dtype of the weights.

        Examples
        --------
        >>> import numpy as np
        >>> from sknn_edu import MLPRegressor
        >>> X = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
        >>> line = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", alpha=0)
        >>> line.fit(X, 2 * X[:, 0] - X[:, 1]).input_gradient(X[:1]).round(3)
        array([[ 2., -1.]])
        """
        check_is_fitted(self)
        weights, biases = self._layers()
        X = self._check_X(X, dtype=np.result_type(np.float32, *weights, *biases))
        if issparse(X):
            raise TypeError("input_gradient needs dense samples; pass X.toarray().")
        with np.errstate(over="ignore", invalid="ignore"):
            slopes = input_gradients(self._hidden_activations(), weights, biases, X)
            slopes = self._slopes_of_outputs(X, slopes)
        return slopes[:, 0] if slopes.shape[1] == 1 else slopes

    def _slopes_of_outputs(self, X, slopes):
        """Return the gradients of the outputs, given those of the output sums."""
        return slopes

    # -- what TrainableNetwork asks for --------------------------------------------------------

    def _is_fitted_before(self):
        return hasattr(self, "coefs_")

    def _layers(self):
        return [np.asarray(W) for W in self.coefs_], [np.asarray(b) for b in self.intercepts_]

    def _fitted(self, weights, biases):
        return {"coefs_": weights, "intercepts_": biases, "n_layers_": len(weights) + 1}

    def _hidden_activations(self):
        return self._activations(len(self.coefs_) - 1)

    def _activations(self, n_hidden):
        named = one_for_each_layer("activation", self.activation, n_hidden, is_activation)
        return tuple(ACTIVATIONS[g] if isinstance(g, str) else g for g in named)

    def _network(self, n_features):
        hidden = layer_sizes_of(self.hidden_layer_sizes)
        return Network(
            layer_sizes=(n_features, *hidden, self.n_outputs_),
            activations=self._activations(len(hidden)),
            loss=self._loss(),
        )

    def _loss(self):
        """Return the Loss to minimise."""
        raise NotImplementedError

    def _fill(self, parameters, network, rng):
        fill = INITIALIZERS[self.init]
        # as in scikit-learn, the last layer starts like those before it; alone, for its output
        last = network.activations[-1] if network.activations else ACTIVATIONS[self._only_like()]
        layers = zip(parameters.weights, parameters.biases, strict=True)
        for (W, b), g in zip(layers, (*network.activations, last), strict=True):
            fill(rng, g, W, b)

    def _only_like(self):
        one = self.activation
        return one if isinstance(one, str) else "identity"

    def _learner(self, training, batches):
        dropout = one_for_each_layer(
            "dropout", self.dropout, len(training.network.activations), is_rate
        )
        seed = 0
        if any(dropout) and training.paused is None:
            seed = training.rng.randint(np.iinfo(np.int32).max)
        optimizer = self._optimizer()
        decay = self.weight_decay
        return GradientDescent(
            training.network,
            training.parameters,
            batches,
            optimizer=optimizer,
            schedule=self._schedule(),
            eta_0=float(self.learning_rate_init),
            n_epochs=self.max_iter,
            regularization=Regularization(
                alpha=float(self.alpha),
                weight_decay=getattr(optimizer, "weight_decay", 0.0) if decay == "auto" else decay,
                clip_norm=np.inf if self.clip_norm is None else float(self.clip_norm),
                dropout=dropout,
            ),
            seed=seed,
        )

    def _optimizer(self):
        if not isinstance(self.solver, str):
            return self.solver
        adam = {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}
        own_parameters = {
            "sgd": {"momentum": self.momentum, "nesterov": self.nesterovs_momentum},
            "adam": adam,
            "adamw": adam,
            "rmsprop": {"epsilon": self.epsilon},
        }
        return replace(OPTIMIZERS[self.solver], **own_parameters.get(self.solver, {}))

    def _schedule(self):
        schedule = self.learning_rate
        if schedule == "invscaling":
            schedule = InverseScaling(self.power_t)
        elif isinstance(schedule, str):
            schedule = SCHEDULES[schedule]
        elif not isinstance(schedule, Schedule):
            schedule = Curve(schedule)
        return WarmUp(schedule, self.warmup_fraction) if self.warmup_fraction > 0 else schedule

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
    several labels per sample (a 0/1 matrix y) have one logistic neuron each, and several columns of
    classes have a softmax each.

    Parameters
    ----------
    {parameters}
    class_weight : dict, 'balanced' or None, default=None
        Factors of the sample weights of each class, ``{label: factor}``; 'balanced' gives all
        classes the same total weight. If y has several columns, 'balanced' or a list of dicts.
    label_smoothing : float, default=0.0
        The targets are moved by this share towards "all classes alike", in [0, 1): a network that
        need not be certain learns less by heart (Szegedy et al., arXiv 1512.00567).

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,), or a list of them
        The labels, sorted; for multilabel y the column numbers; one array for each column of y if
        there are several with more than two classes.
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

    _parameter_constraints: dict = {
        **BaseMLP._parameter_constraints,
        "class_weight": [StrOptions({"balanced"}), dict, list, None],
        "label_smoothing": [Interval(Real, 0, 1, closed="left")],
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
        init="auto",
        dropout=0.0,
        weight_decay="auto",
        clip_norm=None,
        warmup_fraction=0.0,
        scoring=None,
        dtype="auto",
        class_weight=None,
        label_smoothing=0.0,
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
            init=init,
            dropout=dropout,
            weight_decay=weight_decay,
            clip_norm=clip_norm,
            warmup_fraction=warmup_fraction,
            scoring=scoring,
            dtype=dtype,
        )
        self.class_weight = class_weight
        self.label_smoothing = label_smoothing

    def predict(self, X):
        """Return the most probable class of each sample; for several columns y, of each column.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_columns)
            Labels from ``classes_``; 0 or 1 for multilabel y.
        """
        z = self._output_sums(X)
        if self._is_multilabel():
            return (z > 0).astype(int)
        if self._is_multioutput():
            columns = zip(self.classes_, self._of_each(z), strict=True)
            labels = [classes[z_k.argmax(axis=1)] for classes, z_k in columns]
            if len({of_column.dtype.kind for of_column in labels}) > 1:
                labels = [of_column.astype(object) for of_column in labels]  # "1" is not 1
            return np.stack(labels, axis=1)
        return self.classes_[self._winners(z)]

    def predict_proba(self, X):
        """Return the probability of each class, or of each label.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        p : ndarray of shape (n_samples, n_classes), or a list of them
            Rows sum to 1, except for multilabel y, whose columns are independent of each other. If
            y has several columns of classes, one array for each.
        """
        z = self._output_sums(X)
        if self._is_multioutput():
            return [self._probabilities(z_k) for z_k in self._of_each(z)]
        return self._probabilities(z)

    def predict_log_proba(self, X):
        """Return the natural logarithm of :meth:`predict_proba`, finite where that rounds to 0.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        log_p : ndarray of shape (n_samples, n_classes), or a list of them
            Where the probability has underflowed, the logarithm comes from the weighted sums.
        """
        z = self._output_sums(X)
        if self._is_multioutput():
            return [self._logarithms(z_k) for z_k in self._of_each(z)]
        return self._logarithms(z)

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
        if self._is_multioutput():
            if np.shape(y) != predicted.shape:
                raise ValueError(
                    f"y must have the shape of what is predicted, {predicted.shape}; got "
                    f"{np.shape(y)}."
                )
            right = (np.asarray(y) == predicted).all(axis=1)
            return float(np.average(right, weights=sample_weight))
        return accuracy_score(y, predicted, sample_weight=sample_weight)

    def _probabilities(self, z):
        if self._is_softmax():
            columns = z.T.copy()  # softmax takes one column per sample, and is faster so
            OUTPUTS["softmax"](columns)
            p = columns.T.copy()
        else:
            p = expit(z if self._is_multilabel() else self._for_two_classes(z))
        within_0_and_1(p, lambda: self._log_probabilities(z))
        return p

    def _logarithms(self, z):
        log_p, p = self._log_probabilities(z), self._probabilities(z)
        normal = p > 1e4 * np.finfo(p.dtype).tiny
        np.log(p, out=log_p, where=normal)  # the same to the last digit
        return log_p

    def _log_probabilities(self, z):
        if self._is_softmax():
            return log_softmax(z, axis=1)
        return log_expit(z if self._is_multilabel() else self._for_two_classes(z))

    def _for_two_classes(self, z):
        """Return the log-odds of each class; one that was alone in training is (nearly) certain."""
        return np.hstack([-z, z]) if self.classes_.size == 2 else np.full_like(z, 1e3)

    def _of_each(self, z):
        """Part the output sums by the columns of y that they belong to."""
        return np.split(z, np.cumsum(self._sizes())[:-1], axis=1)

    def _sizes(self):
        return tuple(classes.size for classes in self.classes_)

    def _is_softmax(self):
        return self.out_activation_ in ("softmax", "softmax_of_each")

    def _is_multioutput(self):
        return self.out_activation_ == "softmax_of_each"

    def _is_multilabel(self):
        return self.n_outputs_ > 1 and self.out_activation_ == "logistic"

    # -- what TrainableNetwork asks for --------------------------------------------------------

    def _target_options(self):
        return {"multi_output": True}

    def _prepare_targets(self, X, y, *, continuing, classes):
        y = one_column(y)
        had = getattr(self, "classes_", None) if continuing else None
        if isinstance(had, list) or isinstance(classes, list) or has_columns_of_classes(y):
            self._prepare_columns(y, continuing, classes)
            return
        check_classification_targets(y)
        multilabel = y.ndim == 2
        if classes is None:
            classes = unique_labels(y)
        if not multilabel:
            class_numbers(y, classes)  # no unknown labels
            output = (1, "logistic") if classes.size <= 2 else (classes.size, "softmax")
        else:
            output = y.shape[1], "logistic"
        if continuing and hasattr(self, "classes_"):
            self._check_same_task(classes, output)
        if multilabel and not np.array_equal(classes, np.arange(y.shape[1])):
            raise ValueError(
                f"y has {y.shape[1]} columns of labels, so classes must be the column numbers, "
                f"np.arange({y.shape[1]}); got {classes}."
            )
        self.classes_ = classes
        self.n_outputs_, self.out_activation_ = output

    def _prepare_columns(self, y, continuing, classes):
        """Learn the classes of each column of y."""
        if classes is None:
            known = self.classes_ if continuing else None
            classes = known or [unique_labels(column) for column in plain(y)]
        if not isinstance(classes, list) or y.ndim != 2 or len(classes) != y.shape[1]:
            raise ValueError(
                "y with several columns of classes needs the same number of columns in each call, "
                f"and classes as a list of as many arrays; got y of shape {y.shape} and "
                f"classes={classes!r}."
            )
        classes = [np.asarray(of_column) for of_column in classes]
        if continuing and not same_labels(classes, getattr(self, "classes_", classes)):
            self._check_same_task(classes, (sum(map(len, classes)), "softmax_of_each"))
        self.classes_ = classes
        self.n_outputs_, self.out_activation_ = sum(self._sizes()), "softmax_of_each"

    def _encode(self, y, X):
        y = one_column(y)
        n_columns = 1 if y.ndim == 1 else y.shape[1]
        expected = 1
        if self._is_multioutput():
            expected = len(self.classes_)
        elif self._is_multilabel():
            expected = self.n_outputs_
        if n_columns != expected:
            raise ValueError(f"y must have {expected} columns here; got {n_columns}.")
        if self._is_multioutput():
            numbers = map(class_numbers, plain(y), self.classes_)
            starts = np.cumsum([0, *self._sizes()[:-1]])
            return np.stack(list(numbers), axis=1) + starts
        if self._is_multilabel():
            y = y.toarray() if issparse(y) else y
            if not np.isin(y, (0, 1)).all():
                raise ValueError("y with several labels a sample must hold only 0 and 1.")
            return y.astype(bool)
        y = class_numbers(y, self.classes_)
        return y if self._is_softmax() else (y == 1)[:, np.newaxis]

    def _loss(self):
        if self._is_multioutput():
            activate = SoftmaxOfEach(self._sizes())
            return Loss("log_loss", "softmax_of_each", activate, soft_cross_entropy, error_delta)
        loss = LOSSES[self.loss, self.out_activation_]
        if self.label_smoothing > 0 and self._is_softmax():
            return replace(loss, value=soft_cross_entropy)
        return loss

    def _batches(self, X, y, weight, network, batch_size, dtype):
        return MiniBatches(
            X,
            y,
            self.n_outputs_,
            weight,
            batch_size,
            dtype,
            smoothing=float(self.label_smoothing),
            ignorance=self._ignorance().astype(dtype)[:, np.newaxis],
        )

    def _ignorance(self):
        """Return what each output should say that knows nothing: all classes alike."""
        if self._is_multioutput():
            return np.repeat(1 / np.array(self._sizes()), self._sizes())
        return np.full(self.n_outputs_, 1 / self.n_outputs_ if self._is_softmax() else 0.5)

    def _total_weight(self, y, y_given, weight):
        if self.class_weight is None:
            return weight
        y_given = one_column(y_given)
        columns = [y_given] if y_given.ndim == 1 else plain(y_given)
        same_for_all = self.class_weight == "balanced" or len(columns) == 1
        wanted = [self.class_weight] * len(columns) if same_for_all else self.class_weight
        if not isinstance(wanted, list) or len(wanted) != len(columns):
            raise ValueError(
                f"class_weight must be 'balanced' or a list with a dict for each of the "
                f"{len(columns)} columns of y; got {self.class_weight!r}."
            )
        known = self.classes_ if self._is_multioutput() else [self.classes_]
        if self._is_multilabel():
            known = [np.unique(column) for column in columns]
        total = 1.0 if weight is None else weight
        for of_column, column, classes in zip(wanted, columns, known, strict=True):
            if isinstance(of_column, list):
                raise ValueError(
                    "class_weight must be 'balanced' or a dict, since y has one column; got a "
                    f"list: {self.class_weight!r}."
                )
            factors = class_factors(of_column, classes, column, weight)
            total = total * factors[np.searchsorted(classes, column)]
        return total.astype(weight.dtype) if weight is not None else total

    def _check_same_task(self, classes, output):
        before = self.n_outputs_, self.out_activation_
        is_list = isinstance(classes, list) or isinstance(self.classes_, list)
        if is_list or (output != before and set(classes) == set(self.classes_)):
            raise ValueError(
                f"y asks for {output[0]} {output[1]} outputs, but the network was fitted with "
                f"{before[0]} {before[1]} outputs for the classes {self.classes_}. Go on with "
                "targets of the same kind, or start anew with clone()."
            )
        self._check_same_classes(classes)

    def _check_same_classes(self, labels):
        if set(labels) != set(self.classes_):
            raise ValueError(
                "warm_start can only be used where `y` has the same classes as in the previous "
                f"call to fit. Previously got {self.classes_}, `y` has {labels}"
            )

    def _validation_score(self, z, y, weight):
        if self._is_multioutput():
            starts = np.cumsum([0, *self._sizes()[:-1]])
            won = [z_k.argmax(axis=1) for z_k in self._of_each(z)]
            right = (np.stack(won, axis=1) + starts == y).all(axis=1)
            return float(np.average(right, weights=weight))
        decided = z > 0 if self._is_multilabel() else self._winners(z)
        truth = y[:, 0].astype(int) if self.n_outputs_ == 1 else y
        return accuracy_score(truth, decided, sample_weight=weight)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        tags.target_tags.multi_output = True
        return tags


def has_columns_of_classes(y):
    """Tell whether y has several columns, some with more than two classes or of mixed types."""
    if y.ndim == 1 or issparse(y):
        return False
    try:
        return type_of_target(y) == "multiclass-multioutput"
    except TypeError:  # one column of numbers, one of strings
        return True


def plain(y):
    """Return the columns of y, dense, each with a dtype of its own."""
    dense = y.toarray() if issparse(y) else y
    return [np.array(column.tolist()) if column.dtype == object else column for column in dense.T]


def one_column(y):
    """Return y with a single column as (n,)."""
    return column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y


@fill_docstring(parameters=PARAMETERS, attributes=ATTRIBUTES, notes=NOTES, references=REFERENCES)
class MLPRegressor(RegressorMixin, BaseMLP):
    r"""Multi-layer perceptron regressor: layers of neurons trained on the squared error.

    A superset of :class:`sklearn.neural_network.MLPRegressor`: the same parameters, defaults and
    attributes and, given the same ``random_state``, the same numbers, faster. As
    there, the first positional parameter is ``loss``.

    Parameters
    ----------
    loss : str or Loss, default='squared_error'
        What to minimise, with the error e = prediction - y:

        - ``'squared_error'``: e^2 / 2; predicts the mean.
        - ``'absolute_error'``: abs(e); predicts the median, unmoved by outliers.
        - ``'huber'``: e^2 / 2 where abs(e) <= 1, else abs(e) - 1/2.
        - ``'log_cosh'``: log(cosh(e)), a smooth relative of the two.
        - ``'quantile'``: the pinball loss; see ``quantile``.
        - ``'poisson'``: half the Poisson deviance, for counts and rates y >= 0; predicts exp(z).
        - ``'gamma'``: half the gamma deviance, for amounts y > 0; predicts exp(z).

        Or a :class:`~sknn_edu.core.losses.Loss` of your own.
    {parameters}
    quantile : float or array-like of float, default=0.5
        For ``loss='quantile'``: the share of targets that should lie below the prediction, in
        (0, 1). Several, in increasing order, are predicted by one network and never cross.

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
        "loss": [StrOptions(set(REGRESSION_OUTPUTS)), Loss],
        "quantile": [Interval(Real, 0, 1, closed="neither"), "array-like"],
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
        init="auto",
        dropout=0.0,
        weight_decay="auto",
        clip_norm=None,
        warmup_fraction=0.0,
        scoring=None,
        dtype="auto",
        quantile=0.5,
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
            init=init,
            dropout=dropout,
            weight_decay=weight_decay,
            clip_norm=clip_norm,
            warmup_fraction=warmup_fraction,
            scoring=scoring,
            dtype=dtype,
        )
        self.loss = loss
        self.quantile = quantile

    def _validate_params(self):
        if not isinstance(self.loss, str | Loss):
            raise InvalidParameterError(
                f"loss must be one of {sorted(REGRESSION_OUTPUTS)} or a Loss, got {self.loss!r}. "
                "The first positional parameter of MLPRegressor is loss, as in scikit-learn: did "
                f"you mean MLPRegressor(hidden_layer_sizes={self.loss!r})?"
            )
        super()._validate_params()
        try:
            levels = self._levels()
        except (TypeError, ValueError):
            levels = ()
        if not all(0 < q < 1 for q in levels) or any(np.diff(levels) <= 0) or not levels:
            raise InvalidParameterError(
                "quantile must be a number in (0, 1), or several of them in increasing order, such "
                f"as [0.1, 0.5, 0.9]; got {self.quantile!r}."
            )

    def _levels(self):
        return tuple(float(q) for q in np.atleast_1d(self.quantile))

    @available_if(lambda self: self._has_epochs())
    @fit_method
    def partial_fit(
        self, X, y, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None
    ):
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
        X_val, y_val, sample_weight_val
            A validation set, measured after the epoch; see :meth:`fit`.

        Returns
        -------
        self : object
            The estimator, one epoch further.
        """
        validation = X_val, y_val, sample_weight_val
        return self._fit(X, y, sample_weight, validation, incremental=True)

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

    def score(self, X, y, sample_weight=None):
        """Return the coefficient of determination R^2; of several quantiles that of the middle one.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Their weights.

        Returns
        -------
        r2 : float
            At most 1; 0 for a model that always says the mean.
        """
        return r2_score(y, self._middle(self.predict(X)), sample_weight=sample_weight)

    def _middle(self, predicted):
        """Return what is predicted, of several quantiles the middle one."""
        if self.out_activation_ == "in_order":
            return predicted[:, self.n_outputs_ // 2]
        return predicted

    def _outputs(self, z):
        with np.errstate(over="ignore"):
            self._loss().activate(z.T)
        return z[:, 0] if z.shape[1] == 1 else z

    def _slopes_of_outputs(self, X, slopes):
        z = self._output_sums(X)
        if self.out_activation_ == "exp":
            slopes *= np.exp(z)[:, :, np.newaxis]
        elif self.out_activation_ == "logistic":
            slopes *= (expit(z) * expit(-z))[:, :, np.newaxis]
        elif self.out_activation_ == "in_order":
            slopes[:, 1:] *= expit(z[:, 1:])[:, :, np.newaxis]
            np.cumsum(slopes, axis=1, out=slopes)
        elif self.out_activation_ != "identity":
            raise ValueError(
                "input_gradient knows the slopes of the outputs identity, exp, logistic and "
                f"in_order; the loss {self.loss!r} has the output {self.out_activation_!r}."
            )
        return slopes

    # -- what TrainableNetwork asks for --------------------------------------------------------

    def _target_options(self):
        return {"multi_output": True, "y_numeric": True}

    def _prepare_targets(self, X, y, *, continuing, classes):
        y = one_column(y)
        self.n_outputs_ = 1 if y.ndim == 1 else y.shape[1]
        if self.loss == "quantile" and len(self._levels()) > 1:
            if self.n_outputs_ > 1:
                raise ValueError(
                    f"Several quantiles of one target can be predicted, but y has "
                    f"{self.n_outputs_} columns. Give one quantile, or fit one regressor a column."
                )
            self.n_outputs_ = len(self._levels())
        self.out_activation_ = self._loss().output

    def _encode(self, y, X):
        y = one_column(y).astype(X.dtype, copy=False).reshape(X.shape[0], -1)
        expected = 1 if self.out_activation_ == "in_order" else self.n_outputs_
        if y.shape[1] != expected:
            raise ValueError(f"y must have {expected} columns here; got {y.shape[1]}.")
        lowest = {"poisson": "y >= 0", "gamma": "y > 0"}.get(self.loss)
        if lowest and (y.min() < 0 or (self.loss == "gamma" and y.min() == 0)):
            raise ValueError(
                f"loss={self.loss!r} is for counts, rates and amounts, {lowest}; the smallest y is "
                f"{y.min()}. Use loss='squared_error' for targets that may be negative."
            )
        if not np.isfinite(y).all():
            raise ValueError(
                f"y has values too large for {X.dtype}. Scale y, for example with "
                "TransformedTargetRegressor."
            )
        return np.broadcast_to(y, (y.shape[0], self.n_outputs_))  # each quantile has the same

    def _loss(self):
        if self.loss == "quantile":
            return quantiles(self._levels())
        if isinstance(self.loss, Loss):
            return self.loss
        return LOSSES[self.loss, REGRESSION_OUTPUTS[self.loss]]

    def _validation_score(self, z, y, weight):
        predicted = self._outputs(z.copy())
        if not np.isfinite(predicted).all():
            return np.nan
        y = y[:, 0] if self.out_activation_ == "in_order" else y
        return r2_score(y, self._middle(predicted), sample_weight=weight)
