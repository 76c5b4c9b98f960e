"""What the multi-layer perceptrons share: parameters, and the parts of the engine they name."""

from ast import literal_eval
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from math import ceil
from numbers import Integral, Real

import numpy as np
from scipy.sparse import issparse

from sknn_edu.core.activations import Activation
from sknn_edu.core.beyond import data_driven
from sknn_edu.core.beyond.factored_weights import CATEGORY_VECTOR, FEATURE_SCALE
from sknn_edu.core.beyond.input_gradient import input_gradients
from sknn_edu.core.beyond.number_embedding import EMBEDDINGS, Waves
from sknn_edu.core.beyond.number_embedding import KIND as NUMBER_EMBEDDING
from sknn_edu.core.beyond.parametric_activations import ALL_ACTIVATIONS
from sknn_edu.core.beyond.parametrization import PARAMETRIZATIONS, Parametrization
from sknn_edu.core.gradient_descent import Regularization
from sknn_edu.core.initializers import INITIALIZERS
from sknn_edu.core.lbfgs import LBFGS
from sknn_edu.core.network import DENSE, output_sums
from sknn_edu.core.optimizers import OPTIMIZERS, Optimizer
from sknn_edu.core.schedules import SCHEDULES, Curve, InverseScaling, Schedule, WarmUp
from sknn_edu.estimators.class_labels import class_weighted
from sknn_edu.estimators.mlp_docs import FIT
from sknn_edu.estimators.network_estimator import NetworkEstimator
from sknn_edu.estimators.plan import NetworkPlan, find_structure
from sknn_edu.estimators.targets import learn_targets
from sknn_edu.fitting.continuing import fill_parameters
from sknn_edu.fitting.estimator import (
    Interval,
    InvalidParameterError,
    Options,
    RealNotInt,
    fit_method,
    one_of,
)
from sknn_edu.fitting.fit import StochasticSettings, fit_network
from sknn_edu.fitting.names import did_you_mean
from sknn_edu.fitting.remote import is_sparse_matrix, to_local

PROGRESS_CURVES = {
    name: schedule.curve for name, schedule in SCHEDULES.items() if isinstance(schedule, Curve)
}
"""The schedules that are functions of the progress of training."""


def as_layer_sizes(hidden_layer_sizes):
    """Return ``hidden_layer_sizes`` as a tuple of positive ints; refuse anything else."""
    sizes = hidden_layer_sizes
    if isinstance(sizes, str):
        try:
            sizes = literal_eval(sizes)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            sizes = (hidden_layer_sizes,)
    sizes = np.atleast_1d(np.asarray(sizes, dtype=object))
    for size in sizes:
        if not isinstance(size, Integral) or isinstance(size, bool | np.bool_):
            raise InvalidParameterError(
                "hidden_layer_sizes must be an int or a sequence of ints, the number of neurons "
                "in each hidden layer, such as (100, 50), or the same as a string, '100,50'; got "
                f"{hidden_layer_sizes!r}."
            )
        if size <= 0:
            raise ValueError(
                f"hidden_layer_sizes must be > 0, got {list(sizes)}. Leave a layer out instead of "
                "giving it no neurons."
            )
    return tuple(int(size) for size in sizes)


def one_per_layer(name, value, n_hidden, is_valid, known_names=()):
    """Return a parameter as a tuple with one value for each hidden layer.

    Parameters
    ----------
    name : str
    value : object
        One value for all layers, or a sequence of them.
    n_hidden : int
    is_valid : callable ``is_valid(value) -> bool``
    known_names : sequence of str
        The valid names, to suggest one.
    """
    if is_valid(value):
        return (value,) * n_hidden
    is_sequence = isinstance(value, Sequence) or (isinstance(value, np.ndarray) and value.ndim > 0)
    values = tuple(value) if is_sequence else (value,)
    for wrong in (v for v in values if not is_valid(v)):
        hint = did_you_mean(name, wrong, known_names)
        raise InvalidParameterError(
            f"The {name!r} parameter has an invalid value: {wrong!r} in {value!r}. {hint}".rstrip()
        )
    if len(values) != n_hidden:
        raise ValueError(
            f"{name} must be one value or one for each of the {n_hidden} hidden layers; got "
            f"{len(values)} values: {value!r}."
        )
    return values


def check_layer(layer, n_hidden):
    """Refuse the number of a hidden layer that the network does not have."""
    if n_hidden == 0:
        raise ValueError("This network has no hidden layers: set hidden_layer_sizes.")
    if not (isinstance(layer, Integral) and -n_hidden <= layer < n_hidden):
        raise ValueError(
            f"layer must be an int from {-n_hidden} to {n_hidden - 1}, for the {n_hidden} hidden "
            f"layers of this network; got {layer!r}."
        )


def refuse_sparse(X, name):
    """Refuse sparse samples for a parameter that needs dense ones."""
    if is_sparse_matrix(X):
        raise TypeError(f"{name} needs dense samples; pass X.toarray(), or fit with {name}=None.")


def check_schedule(name, schedule, largest):
    """Refuse a function of the progress that returns anything but factors from 0 to `largest`."""
    expected = "a finite factor of at least 0"
    if largest < np.inf:
        expected = f"a factor from 0 to {largest}"
    for progress in np.linspace(0, 1, 101).tolist():
        factor = schedule(progress)
        if not (isinstance(factor, Real) and 0 <= factor <= largest and factor < np.inf):
            raise InvalidParameterError(
                f"{name} must return {expected} for each progress from 0 to 1; for {progress} it "
                f"returned {factor!r}."
            )


def is_activation(value):
    """Return whether a value is an Activation, or the name of one."""
    return isinstance(value, Activation) or (isinstance(value, str) and value in ALL_ACTIVATIONS)


def is_rate(value):
    """Return whether a value is a number in [0, 1)."""
    return isinstance(value, Real) and not isinstance(value, bool) and 0 <= value < 1


class BaseMLP(NetworkEstimator):
    """What the classifier and the regressor share: everything but the targets."""

    _parameter_constraints: dict = {
        "hidden_layer_sizes": ["array-like", Integral, str],
        "activation": [one_of(*ALL_ACTIVATIONS), Activation, list, tuple],
        "solver": [one_of("adam", "sgd", "lbfgs", *OPTIMIZERS), Optimizer],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "batch_size": [
            one_of("auto"),
            Interval(Integral, 1, None, closed="left"),
            Interval(RealNotInt, 0, 1, closed="neither"),
        ],
        "learning_rate": [one_of(*SCHEDULES), Schedule, callable],
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
        "early_stopping": ["boolean", one_of("last_best")],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
        "beta_1": [Interval(Real, 0, 1, closed="left")],
        "beta_2": [Interval(Real, 0, 1, closed="left")],
        "epsilon": [Interval(Real, 0, None, closed="neither")],
        "n_iter_no_change": [
            Interval(Integral, 1, None, closed="left"),
            Options(Real, {np.inf}),
        ],
        "max_fun": [Interval(Integral, 1, None, closed="left")],
        "init": [one_of(*INITIALIZERS, data_driven.NAME)],
        "dropout": [Interval(Real, 0, 1, closed="left"), "array-like"],
        "weight_decay": [one_of("auto"), Interval(Real, 0, None, closed="left")],
        "clip_norm": [Interval(Real, 0, None, closed="neither"), None],
        "warmup_fraction": [Interval(Real, 0, 1, closed="both")],
        "scoring": [str, callable, None],
        "dtype": [one_of("auto", "float32", "float64")],
        "parametrization": [one_of(*PARAMETRIZATIONS), Parametrization],
        "feature_scale": ["boolean"],
        "number_embedding": [one_of(*EMBEDDINGS), Waves, None],
        "category_embedding": [Interval(Integral, 1, None, closed="left"), None],
        "regularization_schedule": [one_of(*PROGRESS_CURVES), callable, None],
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
        parametrization="standard",
        feature_scale=False,
        number_embedding=None,
        category_embedding=None,
        regularization_schedule=None,
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
        self.parametrization = parametrization
        self.feature_scale = feature_scale
        self.number_embedding = number_embedding
        self.category_embedding = category_embedding
        self.regularization_schedule = regularization_schedule

    def _validate_params(self):
        super()._validate_params()
        if callable(self.learning_rate):
            check_schedule("learning_rate", self.learning_rate, np.inf)
        if callable(self.regularization_schedule):
            check_schedule("regularization_schedule", self.regularization_schedule, 1)
        if isinstance(self.category_embedding, bool | np.bool_):
            raise InvalidParameterError(
                "category_embedding must be a number of dimensions, such as 8, or None; got "
                f"{self.category_embedding!r}."
            )
        if isinstance(self.solver, type):
            raise InvalidParameterError(
                f"solver must be a name or an instance, not a class: {self.solver.__name__}()."
            )
        if self.solver == "lbfgs":
            self._refuse_unsupported_by_lbfgs()

    def _refuse_unsupported_by_lbfgs(self):
        is_used = {
            "dropout": (np.asarray(self.dropout, dtype=object) != 0).any(),
            "weight_decay": self.weight_decay not in ("auto", 0),
            "clip_norm": self.clip_norm is not None,
            "warmup_fraction": self.warmup_fraction > 0,
            "learning_rate": self.learning_rate not in ("constant", "invscaling", "adaptive"),
            "parametrization": self.parametrization != "standard",
            "regularization_schedule": self.regularization_schedule is not None,
        }
        for name, value in is_used.items():
            if value:
                raise ValueError(
                    f"{name}={getattr(self, name)!r} has no meaning for solver='lbfgs', which "
                    "chooses its own steps and needs the same loss at each of them. Use 'adam' or "
                    f"another stochastic solver, or leave {name} at its default."
                )

    @fit_method
    def fit(self, X, y, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None):
        return fit_network(self, X, y, sample_weight, (X_val, y_val, sample_weight_val))

    fit.__doc__ = FIT

    # -- looking inside ------------------------------------------------------------------------

    def hidden_activations(self, X, layer=-1):
        """Return the activations of a hidden layer for each sample.

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
        X, weights, biases = self._first_layer_inputs(X)
        activations, n_hidden = self._fitted_activations(), len(weights) - 1
        check_layer(layer, n_hidden)
        k = layer % n_hidden + 1
        with np.errstate(over="ignore", invalid="ignore"):
            a = output_sums(activations[: k - 1], weights[:k], biases[:k], X)
            flat = a.reshape(-1)
            activations[k - 1].forward(flat, flat)
        return a

    def input_gradient(self, X):
        """Return the derivative of each output by each feature.

        It is backpropagation carried down to the inputs. The outputs are those of
        ``decision_function`` for a classifier and of ``predict`` for a regressor, before they are
        clipped.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The samples; dense.

        Returns
        -------
        gradient : ndarray of shape (n_samples, n_features) or (n_samples, n_outputs, n_features)
            The derivatives, for one output or several, in the dtype of the weights.

        Raises
        ------
        TypeError
            If X is sparse.

        Examples
        --------
        >>> import numpy as np
        >>> from sknn_edu import MLPRegressor
        >>> X = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
        >>> line = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", alpha=0)
        >>> line.fit(X, 2 * X[:, 0] - X[:, 1]).input_gradient(X[:1]).round(3)
        array([[ 2., -1.]])
        """
        X, weights, biases = self._checked(X)
        if issparse(X):
            raise TypeError("input_gradient needs dense samples; pass X.toarray().")
        architecture = self._plan.architecture
        of_activations, learned = self._extra_parameters(architecture)
        with np.errstate(over="ignore", invalid="ignore"):
            inputs = self._transformed(X)
            fitted = replace(architecture, inputs=DENSE)
            parameters = fitted.parameters(X.dtype)
            fill_parameters(parameters, weights, biases, of_activations, [])
            gradients = input_gradients(fitted, parameters, inputs)
            if learned:
                gradients = architecture.inputs.chain_rule(X, learned, gradients)
            gradients = self._output_gradients(X, gradients)
        return gradients[:, 0] if gradients.shape[1] == 1 else gradients

    def _output_gradients(self, X, gradients):
        """Return the gradients of the outputs, given those of their weighted sums."""
        return gradients

    # -- what fit asks for (fitting.fit.Trainable) ---------------------------------------------

    _target_kinds = ()
    """The kinds of targets among which to choose."""

    def _learn_targets(self, y, weight, classes, continuing):
        known = self._plan.targets if continuing and hasattr(self, "_plan") else None
        targets = learn_targets(self._target_kinds, y, weight, known, classes, self)
        vars(self).update(targets.attributes())
        return targets

    def _total_weight(self, targets, y, weight):
        class_weight = getattr(self, "class_weight", None)
        if class_weight is None:
            return weight
        total = class_weighted(class_weight, targets, y, weight)
        return total if weight is None else total.astype(weight.dtype, copy=False)

    def _has_weights(self):
        return hasattr(self, "coefs_")

    def _weights_and_biases(self):
        return [np.asarray(W) for W in self.coefs_], [np.asarray(b) for b in self.intercepts_]

    def _model_attributes(self, architecture, parameters):
        of_inputs = {FEATURE_SCALE: [], CATEGORY_VECTOR: [], NUMBER_EMBEDDING: []}
        for spec, values in zip(parameters.specs[-1], parameters.of_inputs, strict=True):
            of_inputs[spec.kind].append(values)
        return {
            "coefs_": architecture.fitted_weights(parameters),
            "intercepts_": parameters.biases,
            "n_layers_": len(parameters.biases) + 1,
            "feature_scale_": next(iter(of_inputs[FEATURE_SCALE]), None),
            "category_vectors_": of_inputs[CATEGORY_VECTOR],
            "activation_slopes_": [next(iter(alpha), None) for alpha in parameters.of_activations],
            "embedding_": of_inputs[NUMBER_EMBEDDING],
        }

    def _extra_parameters(self, architecture):
        fitted = vars(self)  # weights set by hand have nothing else
        of_layers = fitted.get("activation_slopes_", [None] * len(architecture.activations))
        layers = zip(architecture.activations, of_layers, self.intercepts_, strict=False)
        slopes = [
            [np.ones(b.size) if alpha is None else alpha] if g.parameter_kinds else []
            for g, alpha, b in layers  # None: plain when it was fitted, parametric now
        ]
        scales = [fitted["feature_scale_"]] if fitted.get("feature_scale_") is not None else []
        others = (*fitted.get("category_vectors_", ()), *fitted.get("embedding_", ()))
        return slopes, [*scales, *others]

    def _make_plan(self, X, targets, continuing):
        for name in ("number_embedding", "category_embedding"):
            if getattr(self, name) is not None:
                refuse_sparse(X, name)
        found, known = {"n_features": X.shape[1]}, None
        if continuing:
            known = getattr(self, "_plan", None)  # None: the weights were set by hand
        if known is not None:
            found = known.found_in_samples()
        elif (self.number_embedding, self.category_embedding) != (None, None):
            waves = EMBEDDINGS.get(self.number_embedding, self.number_embedding)
            found = find_structure(X, waves, self.category_embedding)
        plan = self._plan_with(found, targets)
        if known is not None and plan.options() != known.options():
            raise ValueError(
                "warm_start and partial_fit continue with the same network, which was made with "
                f"{known.options()}; the parameters are now {plan.options()}. Restore them, or "
                "start over with warm_start=False or clone()."
            )
        return plan

    def _plan_with(self, found, targets):
        """Return the plan that the parameters ask for, given what was found in the samples."""
        sizes = as_layer_sizes(self.hidden_layer_sizes)
        return NetworkPlan(
            targets,
            hidden_layer_sizes=sizes,
            activations=one_per_layer(
                "activation", self.activation, len(sizes), is_activation, (*ALL_ACTIVATIONS,)
            ),
            feature_scale=bool(self.feature_scale),
            category_embedding=self.category_embedding,
            number_embedding=EMBEDDINGS.get(self.number_embedding, self.number_embedding),
            **found,
        )

    def _initialize(self, architecture, parameters, rng, X):
        if parameters.of_inputs:
            architecture.inputs.initialize(rng, parameters.of_inputs)
        for alpha in chain.from_iterable(parameters.of_activations):
            alpha[...] = 1
        weights, biases = parameters.weights, parameters.biases
        activations = architecture.activations
        if self.init == data_driven.NAME:
            rows = rng.permutation(X.shape[0])[: data_driven.MAX_ROWS]
            inputs = to_local(X[rows])
            if parameters.of_inputs:
                inputs = architecture.inputs.learned_inputs(inputs, parameters.of_inputs)
            data_driven.data_driven(rng, activations, weights, biases, inputs)
            return
        initialize = INITIALIZERS[self.init]
        # as in scikit-learn, the last layer starts like the one before; a layer alone like a hidden
        # one with the parameter's activation
        alone = self.activation if isinstance(self.activation, str) else "identity"
        last = activations[-1] if activations else ALL_ACTIVATIONS[alone]
        for W, b, g in zip(weights, biases, (*activations, last), strict=True):
            initialize(rng, g, W, b)

    def _training_settings(self, plan, X, weight):
        if self.solver == "lbfgs":
            return LBFGS(
                alpha=float(self.alpha),
                tol=self.tol,
                ftol=1e7 * np.finfo(float).eps,  # SciPy's default, and so scikit-learn's
                max_iter=self.max_iter,
                max_fun=self.max_fun,
            )
        optimizer, n_hidden, dropout = self._optimizer(), len(plan.hidden_layer_sizes), ()
        if (np.asarray(self.dropout, dtype=object) != 0).any():  # also of what is no number
            dropout = one_per_layer("dropout", self.dropout, n_hidden, is_rate)
        return StochasticSettings(
            optimizer,
            self._schedule(),
            eta_0=float(self.learning_rate_init),
            n_epochs=self.max_iter,
            regularization=self._regularization(optimizer),
            batch_size=self.batch_size,
            shuffle=self.shuffle,
            dropout=dropout,
            parametrization=PARAMETRIZATIONS.get(self.parametrization, self.parametrization),
            min_epochs=ceil(self.warmup_fraction * self.max_iter),
        )

    def _regularization(self, optimizer):
        decay, schedule = self.weight_decay, self.regularization_schedule
        return Regularization(
            alpha=float(self.alpha),
            weight_decay=getattr(optimizer, "weight_decay", 0.0) if decay == "auto" else decay,
            max_norm=np.inf if self.clip_norm is None else float(self.clip_norm),
            schedule=PROGRESS_CURVES[schedule] if isinstance(schedule, str) else schedule,
        )

    def _optimizer(self):
        if not isinstance(self.solver, str):
            return self.solver
        adam = {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}
        hyperparameters = {
            "sgd": {"momentum": self.momentum, "nesterov": self.nesterovs_momentum},
            "adam": adam,
            "adamw": adam,
            "rmsprop": {"epsilon": self.epsilon},
        }
        return replace(OPTIMIZERS[self.solver], **hyperparameters.get(self.solver, {}))

    def _schedule(self):
        schedule = self.learning_rate
        if schedule == "invscaling":
            schedule = InverseScaling(self.power_t)
        elif isinstance(schedule, str):
            schedule = SCHEDULES[schedule]
        elif not isinstance(schedule, Schedule):
            schedule = Curve(schedule)
        return WarmUp(schedule, self.warmup_fraction) if self.warmup_fraction > 0 else schedule
