"""What the multi-layer perceptrons share: parameters, and how the engine is made of them.

Thin shells: they check, choose the parts of the engine that the parameters name, and give the
results scikit-learn's names.
"""

from collections.abc import Sequence
from dataclasses import replace
from numbers import Integral, Real

import numpy as np
from scipy.sparse import issparse

from sknn_edu._base import (
    Interval,
    InvalidParameterError,
    Options,
    RealNotInt,
    StrOptions,
    fit_method,
)
from sknn_edu._mlp_docs import FIT
from sknn_edu._trainable import TrainableNetwork
from sknn_edu.core.activations import ACTIVATIONS, Activation, for_rows
from sknn_edu.core.embeddings import EMBEDDINGS, NumberEmbedding, Waves, worth_embedding
from sknn_edu.core.factors import Factors, find_groups
from sknn_edu.core.gradient_descent import GradientDescent, Regularization
from sknn_edu.core.initializers import (
    DATA_DRIVEN,
    INITIALIZERS,
    ROWS_LOOKED_AT,
    data_driven,
)
from sknn_edu.core.lbfgs import LBFGS
from sknn_edu.core.network import (
    ROWS_AT_A_TIME,
    inner_inputs,
    input_gradients,
    output_sums,
)
from sknn_edu.core.optimizers import OPTIMIZERS, Optimizer
from sknn_edu.core.parameters import Network
from sknn_edu.core.parametrization import PARAMETRIZATIONS, Parametrization
from sknn_edu.core.schedules import SCHEDULES, Curve, InverseScaling, Schedule, WarmUp


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
    is_list = isinstance(value, Sequence) or (isinstance(value, np.ndarray) and value.ndim > 0)
    values = tuple(value) if is_list else (value,)
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


PLAIN_STRUCTURE = {"number_embedding": None, "category_embedding": None, "feature_scale": False}
"""The parameters that say what a network is made of besides its layers, and what they are if not.
"""

CURVES = {
    name: schedule.curve for name, schedule in SCHEDULES.items() if hasattr(schedule, "curve")
}
"""The schedules that are functions of the progress of training."""


def named(registry, value):
    """Return what a name stands for, or the value itself."""
    return registry[value] if isinstance(value, str) else value


def spelled_out(structure):
    """Return these parameters with what a name of waves stands for."""
    return {**structure, "number_embedding": named(EMBEDDINGS, structure["number_embedding"])}


def refuse_sparse(X, name):
    """Refuse sparse samples for a parameter that needs dense ones."""
    if issparse(X):
        raise TypeError(f"{name} needs dense samples; pass X.toarray(), or fit with {name}=None.")


def check_curve(name, curve, most):
    """Refuse a function of the progress that returns anything but factors from 0 to this."""
    if not callable(curve):
        return
    limit = "a finite factor of at least 0" if most == np.inf else f"a factor from 0 to {most}"
    for progress in np.linspace(0, 1, 101).tolist():
        factor = curve(progress)
        if not (isinstance(factor, Real) and 0 <= factor <= most and factor < np.inf):
            raise InvalidParameterError(
                f"{name} must return {limit} for each progress from 0 to 1; for {progress} it "
                f"returned {factor!r}."
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
        "batch_size": [
            StrOptions({"auto"}),
            Interval(Integral, 1, None, closed="left"),
            Interval(RealNotInt, 0, 1, closed="neither"),
        ],
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
        "early_stopping": ["boolean", StrOptions({"last_best"})],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
        "beta_1": [Interval(Real, 0, 1, closed="left")],
        "beta_2": [Interval(Real, 0, 1, closed="left")],
        "epsilon": [Interval(Real, 0, None, closed="neither")],
        "n_iter_no_change": [
            Interval(Integral, 1, None, closed="left"),
            Options(Real, {np.inf}),
        ],
        "max_fun": [Interval(Integral, 1, None, closed="left")],
        "init": [StrOptions({*INITIALIZERS, DATA_DRIVEN})],
        "dropout": [Interval(Real, 0, 1, closed="left"), "array-like"],
        "weight_decay": [StrOptions({"auto"}), Interval(Real, 0, None, closed="left")],
        "clip_norm": [Interval(Real, 0, None, closed="neither"), None],
        "warmup_fraction": [Interval(Real, 0, 1, closed="both")],
        "scoring": [str, callable, None],
        "dtype": [StrOptions({"auto", "float32", "float64"})],
        "parametrization": [StrOptions(set(PARAMETRIZATIONS)), Parametrization],
        "feature_scale": ["boolean"],
        "number_embedding": [StrOptions(set(EMBEDDINGS)), Waves, None],
        "category_embedding": [Interval(Integral, 1, None, closed="left"), None],
        "regularization_schedule": [StrOptions(set(CURVES)), callable, None],
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
        n_hidden = len(layer_sizes_of(self.hidden_layer_sizes))
        one_for_each_layer("activation", self.activation, n_hidden, is_activation)
        one_for_each_layer("dropout", self.dropout, n_hidden, is_rate)
        check_curve("learning_rate", self.learning_rate, np.inf)
        check_curve("regularization_schedule", self.regularization_schedule, 1)
        if isinstance(self.category_embedding, bool | np.bool_):
            raise InvalidParameterError(
                "category_embedding must be the length of a vector, such as 8, or None; got "
                f"{self.category_embedding!r}."
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
            "parametrization": self.parametrization != "standard",
            "regularization_schedule": self.regularization_schedule is not None,
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
        X, weights, biases = self._ready_to_answer(X)
        activations, n_hidden = self._hidden_activations(), len(weights) - 1
        check_layer(layer, n_hidden)
        k = layer % n_hidden + 1
        with np.errstate(over="ignore", invalid="ignore"):
            a = output_sums(activations[: k - 1], weights[:k], biases[:k], X)
            flat = a.reshape(-1)
            activations[k - 1].forward(flat, flat)
        return a

    def input_gradient(self, X):
        """Return how each output answers to a small change of each feature.

        Backpropagation carried down to the inputs. The outputs are those of
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
        with np.errstate(over="ignore", invalid="ignore"):
            embedding, seen = self._embedding(), self._seen(X)
            network = replace(self._network_of(seen.shape[1]), factors=None)
            parameters = network.parameters(X.dtype)
            parameters.load_others(self._others()[0], [], [])
            parameters.load(weights, biases)
            slopes = input_gradients(network, parameters, seen)
            if embedding is not None:
                slopes = embedding.chain(X, self.embedding_, slopes)
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

    def _fitted(self, parameters):
        own = parameters.factors
        scales = self.feature_scale
        return {
            "coefs_": parameters.weights,
            "intercepts_": parameters.biases,
            "n_layers_": len(parameters.blocks) + 1,
            "feature_scale_": own[0] if scales else None,
            "category_vectors_": own[1:] if scales else own,
            "activation_bends_": parameters.bends,
            "embedding_": parameters.embedding,
        }

    def _others(self):
        scale = getattr(self, "feature_scale_", None)
        return (
            self._bends(self._activations(len(self.coefs_) - 1)),
            [*([] if scale is None else [scale]), *getattr(self, "category_vectors_", [])],
            getattr(self, "embedding_", []),
        )

    def _bends(self, activations):
        """Return the bends for these activations: 1, where they start, if they came after fit."""
        had = getattr(self, "activation_bends_", [None] * len(activations))
        return [
            (np.ones_like(b) if bend is None else bend) if g.is_parametric else None
            for g, bend, b in zip(activations, had, self.intercepts_, strict=False)
        ]

    def _seen(self, X):
        if not getattr(self, "embedding_", None):
            return X
        refuse_sparse(X, "number_embedding")
        return self._embedding().embed(X, self.embedding_, ROWS_AT_A_TIME)

    def _hidden_activations(self):
        plain = self._activations(len(self.coefs_) - 1)
        if any(g.is_parametric for g in plain):
            return for_rows(plain, self._bends(plain))
        return plain

    def _activations(self, n_hidden):
        each = one_for_each_layer("activation", self.activation, n_hidden, is_activation)
        return tuple(named(ACTIVATIONS, g) for g in each)

    def _network(self, X, continuing):
        for name in ("number_embedding", "category_embedding"):
            if getattr(self, name) is not None:
                refuse_sparse(X, name)
        if not continuing:
            self._keep_structure({"n_features": X.shape[1], **self._find_structure(X)})
        wanted = self._structure_wanted()
        had = getattr(self, "_structure_made_for", PLAIN_STRUCTURE)
        if spelled_out(wanted) != spelled_out(had):
            raise ValueError(
                "warm_start and partial_fit continue with the same network, which was made with "
                f"{had}; now there is {wanted}. Restore them, or start anew with warm_start=False "
                "or clone()."
            )
        return self._network_of(**self._structure_facts())

    def _find_structure(self, X):
        """Return the features that are worth embedding, and the groups that are categories."""
        embedded = () if self.number_embedding is None else worth_embedding(X)
        groups = ()
        if self.category_embedding is not None:
            embedding = self._embedding_of(X.shape[1], embedded, self.number_embedding)
            handed_on = X if embedding is None else X[:, embedding.kept]
            groups = find_groups(handed_on, self.category_embedding)
        return {"embedded": embedded, "groups": groups}

    def _structure_facts(self):
        return getattr(self, "_structure", {"n_features": self.n_features_in_})

    def _keep_structure(self, facts):
        self._structure, self._structure_made_for = facts, self._structure_wanted()

    def _structure_wanted(self):
        wanted = {name: getattr(self, name) for name in PLAIN_STRUCTURE}
        return {**wanted, "feature_scale": bool(self.feature_scale)}

    def _network_of(self, n_features, embedded=(), groups=()):
        embedding, factors = self._embedding_of(n_features, embedded, self.number_embedding), None
        n_inputs = n_features if embedding is None else embedding.n_inputs
        if self.feature_scale or groups:
            groups, k = tuple(map(tuple, groups)), self.category_embedding or 0
            factors = Factors(n_inputs, bool(self.feature_scale), groups, k)
        hidden = layer_sizes_of(self.hidden_layer_sizes)
        return Network(
            layer_sizes=(n_inputs, *hidden, self.n_outputs_),
            activations=self._activations(len(hidden)),
            loss=self._loss(),
            factors=factors,
            embedding=embedding,
        )

    def _embedding_of(self, n_features, embedded, waves):
        if not embedded:
            return None
        return NumberEmbedding(n_features, tuple(embedded), named(EMBEDDINGS, waves))

    def _embedding(self):
        """Return the embedding of the fitted network, or None."""
        facts = self._structure_facts()
        if not facts.get("embedded"):
            return None
        waves = self._structure_made_for["number_embedding"]
        return self._embedding_of(facts["n_features"], facts["embedded"], waves)

    def _loss(self):
        """Return the Loss to minimise."""
        raise NotImplementedError

    def _fill(self, parameters, network, rng, X):
        if network.embedding is not None:
            network.embedding.fill(rng, parameters.embedding)
        if network.factors is not None:
            network.factors.fill(rng, parameters.factors)
        for bend in parameters.bends:
            if bend is not None:
                bend[...] = 1
        weights = [block[:-1] for block in parameters.learned]
        biases = [block[-1] for block in parameters.learned]
        if self.init == DATA_DRIVEN:
            some = X[rng.permutation(X.shape[0])[:ROWS_LOOKED_AT]]
            seen = inner_inputs(network, parameters, some)
            data_driven(rng, network.activations, weights, biases, seen)
            return
        fill = INITIALIZERS[self.init]
        # as in scikit-learn, the last layer starts like those before it; alone, for its output
        last = network.activations[-1] if network.activations else ACTIVATIONS[self._only_like()]
        layers = zip(weights, biases, (*network.activations, last), strict=True)
        for W, b, g in layers:
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
                curve=named(CURVES, self.regularization_schedule),
            ),
            parametrization=named(PARAMETRIZATIONS, self.parametrization),
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
