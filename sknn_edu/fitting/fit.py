"""A fit, from the user's data to trained parameters. The arithmetic is in :mod:`sknn_edu.core`.

:func:`fit_network` checks the data, plans the network, determines the initial state, trains, and
sets the fitted attributes. It works with every estimator that implements :class:`Trainable`.
"""

from copy import deepcopy
from dataclasses import dataclass, replace
from math import ceil
from numbers import Integral
from typing import Any, Protocol, runtime_checkable

import numpy as np
from scipy.sparse import issparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from sknn_edu.core.beyond.dropout import Dropout
from sknn_edu.core.beyond.parametrization import STANDARD, Parametrization
from sknn_edu.core.beyond.sparse_inputs import with_sparse_inputs
from sknn_edu.core.gradient_descent import GradientDescent, Regularization
from sknn_edu.core.lbfgs import LBFGS, MeanLoss, rows_at_once
from sknn_edu.core.network import Architecture, Parameters
from sknn_edu.core.optimizers import Optimizer
from sknn_edu.core.schedules import Schedule
from sknn_edu.core.speed.mini_batches import MiniBatches
from sknn_edu.core.training import RESUMABLE, Epochs, Outcome
from sknn_edu.fitting.callbacks import FitTasks
from sknn_edu.fitting.continuing import load_parameters, resumable_state
from sknn_edu.fitting.estimator import INTERRUPTED, check_sample_weight, hold_out, warn
from sknn_edu.fitting.history import History, continued_curves, record
from sknn_edu.fitting.overflow import refuse_overflow
from sknn_edu.fitting.remote import RemoteSamples
from sknn_edu.fitting.threads import one_thread_for_scipy
from sknn_edu.fitting.training_state import TrainingState
from sknn_edu.fitting.usefulness import learned_nothing
from sknn_edu.fitting.validation import (
    Validation,
    check_validation_set,
    held_out_set,
)


@runtime_checkable
class Trainable(Protocol):
    """The methods of an estimator that :func:`fit_network` calls.

    :func:`fit_network` stores the plan of the network in the attribute ``_plan``, and the state of
    training that can continue in ``_training_state``.
    """

    def _check_data(self, X, y, dtype, reset):
        """Return X and y, checked by scikit-learn; y with a single column becomes (n_samples,)."""

    def _learn_targets(self, y, weight, classes, continuing):
        """Return the targets for checked y, and set the attributes that describe them."""

    def _total_weight(self, targets, y, weight):
        """Return sample weights times class weights, or None if there are neither.

        ``weight`` holds the user's sample weights, (n_samples,), or is None.
        """

    def _restore_targets(self, name, learned):
        """Return the targets from a checkpoint, and set the attributes that describe them."""

    def _make_plan(self, X, targets, continuing):
        """Return the plan of the network for checked X."""

    def _plan_with(self, found, targets):
        """Return the plan of the network, given the attributes that were found in the samples."""

    def _initialize(self, architecture, parameters, rng, X):
        """Give the parameters their initial values."""

    def _training_settings(self, plan, X, weight):
        """Return the :class:`StochasticSettings` or LBFGS for the estimator's parameters."""

    def _optimizer(self):
        """Return the :class:`~sknn_edu.core.optimizers.Optimizer` for the solver."""

    def _model_attributes(self, architecture, parameters):
        """Return the fitted attributes for these parameters, as a dict; the arrays may be views."""

    def _fitted_copy(self, architecture, parameters):
        """Return a copy of the estimator that is fitted with these parameters."""

    def _has_weights(self):
        """Return whether there are weights to continue from, either fitted or set by hand."""

    def _weights_and_biases(self):
        """Return the fitted weights and biases: two lists with an array for each layer."""

    def _extra_parameters(self, architecture):
        """Return the other fitted parameters: those of each activation, and those of the inputs."""


@dataclass(frozen=True)
class StochasticSettings:
    """The settings of gradient descent.

    Attributes
    ----------
    optimizer, schedule, eta_0, n_epochs, regularization
        See :class:`~sknn_edu.core.gradient_descent.GradientDescent`.
    batch_size : int, float, 'auto' or None
        An int is a number of samples. A float is a share of the training samples, with a maximum
        of 200 samples. 'auto' means min(200, n_samples), and None means all samples.
    shuffle : bool
        Whether to shuffle the samples before each epoch.
    dropout : tuple of float
        The dropout rate of each hidden layer.
    parametrization : Parametrization
    min_epochs : int
        Training does not stop at a plateau during these first epochs.
    """

    optimizer: Optimizer
    schedule: Schedule
    eta_0: float
    n_epochs: int
    regularization: Regularization
    batch_size: Any
    shuffle: bool
    dropout: tuple[float, ...] = ()
    parametrization: Parametrization = STANDARD
    min_epochs: int = 0


@dataclass(frozen=True, eq=False)
class TrainingData:
    """The checked training samples.

    Attributes
    ----------
    X : ndarray or CSR array (n_samples, n_features)
    y : ndarray
        The targets, as ``targets`` encodes them.
    weight : ndarray (n_samples,) or None
        Sample weights times class weights.
    targets : Targets
    X_given : array-like
        X as the user passed it.
    y_given : ndarray
        y after the checks, before encoding.
    sample_weight : ndarray (n_samples,) or None
        The user's sample weights, checked.
    """

    X: Any
    y: np.ndarray
    weight: np.ndarray | None
    targets: Any
    X_given: Any
    y_given: np.ndarray
    sample_weight: np.ndarray | None


@dataclass
class RunningFit:
    """The state of a running fit.

    During training by gradient descent, callbacks find it in the attribute ``_running_fit`` of the
    estimator.

    Attributes
    ----------
    data : TrainingData
    validation_set : ValidationSet or None
    arrays : tuple of ndarray
        The checked training and validation data, for the checksum that recognises the same data.
    architecture : Architecture
    parameters : Parameters
    settings : StochasticSettings or LBFGS
    state : TrainingState
    history : History
    continuing : bool
        Whether training starts from the weights of an earlier fit.
    incremental : bool
        Whether ``partial_fit`` was called.
    is_resumed : bool
        Whether training continues from an earlier training state.
    learner : GradientDescent or None
        None before training by gradient descent, and for lbfgs.
    """

    data: TrainingData
    validation_set: Any
    arrays: tuple
    architecture: Architecture
    parameters: Parameters
    settings: StochasticSettings | LBFGS
    state: TrainingState
    history: History
    continuing: bool
    incremental: bool
    is_resumed: bool
    learner: GradientDescent | None = None


def fit_network(estimator, X, y, sample_weight, validation, *, incremental=False, classes=None):
    """Train an estimator and set its fitted attributes.

    Parameters
    ----------
    estimator : Trainable
    X, y, sample_weight
        The training data as the user passed it.
    validation : tuple
        (X_val, y_val, sample_weight_val), as the user passed them.
    incremental : bool
        Whether to train for a single epoch, as partial_fit does.
    classes : ndarray, list of ndarray, or None
        The labels that calls of partial_fit may contain.

    Returns
    -------
    estimator : object
        The same estimator, fitted.
    """
    run = prepare_fit(estimator, X, y, sample_weight, validation, incremental, classes)
    if getattr(estimator, "_skl_callbacks", None):
        run.history.tasks = start_tasks(estimator, X, y, sample_weight, run)
    if run.validation_set is not None:
        validate_epochs(estimator, run)
    train = train_with_lbfgs if isinstance(run.settings, LBFGS) else train_stochastically
    outcome, message = train(estimator, run)
    parameters = run.parameters
    if parameters.theta.dtype != run.data.X.dtype:
        parameters = parameters.astype(run.data.X.dtype)
    refuse_overflow(estimator, run.architecture, parameters, run.data.X)
    warn_of_the_end(estimator, run, outcome, message)
    vars(estimator).update(estimator._model_attributes(run.architecture, parameters))
    run.history.fit_ended()
    vars(estimator).pop("_validation_samples", None)
    return estimator


# -- before training ---------------------------------------------------------------------------


def prepare_fit(estimator, X, y, sample_weight, validation, incremental, classes):
    """Check the data, plan the network, and prepare the parameters and the training state."""
    continuing = estimator._has_weights() and (estimator.warm_start or incremental)
    if incremental:
        refuse_after_early_stopping(estimator)
    data = check_training_data(estimator, X, y, sample_weight, continuing, classes)
    validation_set = None
    if any(part is not None for part in validation):
        validation_set = check_validation_set(estimator, data.targets, data, *validation)
    plan = estimator._plan = estimator._make_plan(data.X, data.targets, continuing)
    architecture = plan.architecture
    if issparse(data.X) or getattr(data.X, "is_sparse", False):
        architecture = with_sparse_inputs(architecture)
    settings = estimator._training_settings(plan, data.X, data.weight)

    rule = estimator.early_stopping, estimator.scoring, validation_set is not None
    arrays = data.X, data.y, data.weight, *(validation_set.arrays() if validation_set else ())
    paused = resumable_state(estimator, arrays, rule, incremental) if continuing else None
    state = start_state(estimator, paused, data.X.shape[0], rule, incremental)
    parameters = start_parameters(estimator, architecture, data.X, state.rng, continuing)
    if state.order is None:  # the initial weights come first in the sequence of random numbers
        holds_out = estimator.early_stopping and not incremental and validation_set is None
        rows = np.arange(data.X.shape[0]), None
        state.order, state.held_out = split_rows(estimator, data, state.rng) if holds_out else rows
    if state.held_out is not None:
        validation_set = held_out_set(data, state.held_out)
    return RunningFit(
        data, validation_set, arrays, architecture, parameters, settings, state,
        History(estimator), continuing, incremental, is_resumed=paused is not None,
    )  # fmt: skip


def refuse_after_early_stopping(estimator):
    """Refuse partial_fit after a fit with early stopping."""
    if estimator.early_stopping and getattr(estimator, "best_loss_", 0) is None:
        raise ValueError(
            f"partial_fit does not support early_stopping={estimator.early_stopping!r} after fit: "
            "the weights are those of the epoch with the best score on held-out samples, but "
            "partial_fit holds out no samples and would replace these weights. Call "
            "set_params(early_stopping=False) to continue from these weights."
        )


def check_training_data(estimator, X, y, sample_weight, continuing, classes, targets=None):
    """Return the checked samples; without ``targets`` the estimator learns the targets from y."""
    X_given, dtype = X, (np.float64, np.float32)
    if continuing or estimator.dtype != "auto":
        dtype = training_dtype(estimator)
    X, y_given = estimator._check_data(X, y, dtype, reset=not continuing)
    if sample_weight is not None:
        sample_weight = check_sample_weight(sample_weight, X)
    if targets is None:
        targets = estimator._learn_targets(y_given, sample_weight, classes, continuing)
    y = targets.encode(y_given, X)
    weight = estimator._total_weight(targets, y_given, sample_weight)
    if weight is not None and not 0 < weight.sum() < np.inf:
        raise ValueError(
            "The sum of class_weight times sample_weight must be positive and finite; got "
            f"{weight.sum()}. Choose class weights closer to 1."
        )
    return TrainingData(X, y, weight, targets, X_given, y_given, sample_weight)


def training_dtype(estimator):
    """Return the parameter ``dtype``, or the dtype of the fitted weights if it is 'auto'."""
    if estimator.dtype != "auto":
        return np.dtype(estimator.dtype)
    weights, biases = estimator._weights_and_biases()
    return np.result_type(np.float32, *weights, *biases)


def start_state(estimator, paused, n_samples, rule, incremental):
    """Return the initial training state, or a copy of the paused state to continue from."""
    if paused is None:
        rng = check_random_state(estimator.random_state)
        return TrainingState(estimator.solver, n_samples, rng, stopping_rule=rule)
    if paused.order is not None or isinstance(estimator.random_state, Integral):
        rng = deepcopy(paused.rng)  # continue the random sequence instead of starting it again
    else:
        rng = check_random_state(estimator.random_state)
    return replace(paused.resumed(rng, incremental), n_samples=n_samples, stopping_rule=rule)


def start_parameters(estimator, architecture, X, rng, continuing):
    """Return the initial parameters; for lbfgs they are float64."""
    dtype = np.float64 if estimator.solver == "lbfgs" else X.dtype
    parameters = architecture.parameters(dtype)
    if continuing:
        load_parameters(estimator, architecture, parameters)
    else:
        estimator._initialize(architecture, parameters, rng, X)
    return parameters


def split_rows(estimator, data, rng):
    """Return the rows to train on and the rows to hold out; neither include samples of weight 0.

    'last_best' holds out no samples if there are three or fewer, and otherwise at least two.
    """
    rows = np.arange(data.y.shape[0]) if data.weight is None else np.flatnonzero(data.weight > 0)
    stratify, share = data.targets.is_stratified, estimator.validation_fraction
    if estimator.early_stopping == "last_best":
        if rows.size <= 3:
            return np.arange(data.y.shape[0]), None
        share = min(max(2, ceil(share * rows.size)), rows.size - 2)
        stratify = stratify and 1 < np.count_nonzero(data.y[rows]) < rows.size - 1
    train, held_out = hold_out(rows, share, rng, data.y[rows] if stratify else None)
    if held_out.size < 2:
        raise ValueError(
            "The validation set is too small. Increase 'validation_fraction' (now "
            f"{estimator.validation_fraction}, which holds out {held_out.size} of {rows.size} "
            "samples) or the size of your dataset."
        )
    return train, held_out


def start_tasks(estimator, X, y, sample_weight, run):
    """Tell the callbacks that the fit begins; return the FitTasks that reports its epochs."""
    metadata = None if sample_weight is None else {"sample_weight": sample_weight}
    n_tasks = estimator.max_iter + (2 if estimator.solver == "lbfgs" else 0)
    architecture, parameters, dtype = run.architecture, run.parameters, run.data.X.dtype
    return FitTasks(
        estimator,
        {"X": X, "y": y, "metadata": metadata},
        n_tasks,
        lambda: estimator._model_attributes(architecture, parameters.astype(dtype)),
    )


def validate_epochs(estimator, run):
    """Let the history compute the loss and score on the validation set after each epoch."""
    estimator._validation_samples = run.validation_set.as_given()
    targets, history, samples = run.data.targets, run.history, run.validation_set
    validation = Validation(estimator, run.architecture, run.parameters, targets, samples)
    history.measure = validation.measure
    history.steers = estimator.early_stopping and not run.incremental


# -- gradient descent --------------------------------------------------------------------------


def train_stochastically(estimator, run):
    """Train epoch by epoch; return the outcome, and the text of a warning or None."""
    settings, state, history = run.settings, run.state, run.history
    batch_size = n_in_batch(settings.batch_size, state.order.size)
    batches = make_batches(run.data, run.architecture, batch_size, run.data.X.dtype)
    if run.is_resumed and not run.incremental:  # continue exactly where the last fit stopped
        run.parameters.theta[:] = state.theta
    kind = run.data.X.learner if isinstance(run.data.X, RemoteSamples) else GradientDescent
    learner = start_learner(run.architecture, run.parameters, batches, settings, state, kind)
    if run.continuing and not run.is_resumed:
        learner.state.n_seen = getattr(estimator, "t_", 0)  # weights set by hand come without t_
    history.rate = lambda: learner.state.rate
    run.learner = learner

    if not run.incremental:
        estimator._running_fit = run
    epochs = epochs_to_train(estimator, run)
    outcome = epochs.run(learner, state.order, state.rng, state.best_so_far, history)
    vars(estimator).pop("_running_fit", None)

    raise_if_lost(run)
    starts_counting = not run.is_resumed or run.incremental
    n_epochs = history.n_epochs if starts_counting else state.best_so_far.n_epochs
    curves = continued_curves(estimator, history, run.continuing)
    record(estimator, curves, learner.state.n_seen, n_epochs, state.best_so_far, history.steers)
    vars(estimator).pop("_training_state", None)
    if (run.incremental or outcome in RESUMABLE) and not isinstance(run.data.X, RemoteSamples):
        theta = run.parameters.theta
        estimator._training_state = state.between_calls(theta, run.incremental)
    return outcome, stochastic_message(estimator, outcome, run)


def epochs_to_train(estimator, run):
    """Return the rules for the number of epochs."""
    settings, steers = run.settings, run.history.steers
    to_the_end = estimator.early_stopping == "last_best"
    ignores_plateaus = to_the_end or (settings.schedule.runs_to_the_end and not steers)
    remaining = max(settings.n_epochs - run.state.best_so_far.n_epochs, 0)
    return Epochs(
        max_epochs=1 if run.incremental else remaining,
        tol=estimator.tol,
        patience=np.inf if ignores_plateaus else estimator.n_iter_no_change,
        shuffle=settings.shuffle
        and not (isinstance(run.data.X, RemoteSamples) and run.data.X.shuffles),
        keep_best=steers,
        min_epochs=settings.min_epochs,
        keep_last_of_ties=to_the_end,
        checks_plateau_first=not run.incremental,  # partial_fit always trains for an epoch
    )


def n_in_batch(batch_size, n_samples):
    """Return the number of samples in a mini-batch."""
    if batch_size is None:
        return n_samples
    if batch_size == "auto":
        return min(200, n_samples)
    if not isinstance(batch_size, Integral):
        return min(200, ceil(batch_size * n_samples))
    if batch_size > n_samples:
        warn(
            f"batch_size={batch_size} is larger than the number of training samples, {n_samples}: "
            "each epoch is a single batch of all samples. Choose a smaller batch_size for more "
            "steps per epoch.",
        )
    return min(int(batch_size), n_samples)


def make_batches(data, architecture, batch_size, dtype):
    """Return the mini-batches of the training data."""
    if isinstance(data.X, RemoteSamples):
        targets = data.targets
        return data.X.batches(architecture, data.y, data.weight, targets, batch_size, dtype)
    smoothing, uniform = float(data.targets.label_smoothing), None
    if smoothing > 0:
        uniform = data.targets.uniform_target.astype(dtype)[:, np.newaxis]
    n_outputs = architecture.layer_sizes[-1]
    return MiniBatches(
        data.X, data.y, n_outputs, data.weight, batch_size, dtype, smoothing, uniform
    )


def start_learner(architecture, parameters, batches, settings, state, kind=GradientDescent):
    """Return gradient descent that starts over or continues from a state, which it updates."""
    regularization, dropout, multipliers = settings.regularization, None, None
    if any(settings.dropout):
        dropout = start_dropout(settings, state)
        if regularization.schedule is not None:
            schedule = dropout.scheduled(regularization.schedule)
            regularization = replace(regularization, schedule=schedule)
    if settings.parametrization != STANDARD:
        multipliers = settings.parametrization.learning_rate_multipliers(
            parameters, settings.optimizer
        )
    learner = kind(
        architecture,
        parameters,
        batches,
        settings.optimizer,
        settings.schedule,
        settings.eta_0,
        settings.n_epochs,
        regularization,
        multipliers,
        between_layers=dropout,
        state=state.optimizer_state,
    )
    if state.optimizer_state is not None and settings.eta_0 != state.eta_0:
        learner.state.eta = settings.eta_0
    state.optimizer_state, state.eta_0 = learner.state, settings.eta_0
    return learner


def start_dropout(settings, state):
    """Return the Dropout that starts or continues from a state; it updates the state."""
    if state.dropout_rng is None:
        is_new = state.optimizer_state is None
        seed = state.rng.randint(np.iinfo(np.int32).max) if is_new else 0
        state.dropout_rng = np.random.default_rng(seed)
    return Dropout(settings.dropout, state.dropout_rng)


DIVERGED = (
    "Solver produced non-finite parameter weights. The input data may contain large values and "
    "need to be preprocessed. Training diverged in epoch {epoch}: scale the features (and the "
    "targets of a regression), for example with StandardScaler in a Pipeline, or lower "
    "learning_rate_init (now {rate})."
)


def raise_if_lost(run):
    """Raise a ValueError if training diverged and there is no earlier epoch to go back to."""
    history, learner, best = run.history, run.learner, run.state.best_so_far
    has_best_epoch = history.steers and np.isfinite(best.best)
    is_lost = not has_best_epoch and history.losses and not np.isfinite(history.losses[-1])
    if not learner.is_finite() or is_lost:
        raise ValueError(DIVERGED.format(epoch=best.n_epochs, rate=learner.eta_0))


def stochastic_message(estimator, outcome, run):
    """Return the text of a warning if gradient descent diverged or did not converge, or None."""
    to_the_end = run.settings.schedule.runs_to_the_end or estimator.early_stopping == "last_best"
    if outcome is Outcome.DIVERGED:
        return (
            f"Training diverged in epoch {run.state.best_so_far.n_epochs}; the weights are those "
            "of the best epoch before. Scale the features, for example with StandardScaler, or "
            f"lower learning_rate_init (now {run.learner.eta_0})."
        )
    if outcome is Outcome.OUT_OF_EPOCHS and not (run.incremental or to_the_end):
        return (
            f"Training stopped after max_iter={estimator.max_iter} epochs, before it converged. "
            "Increase max_iter, scale the features, or raise tol."
        )
    return None


def warn_of_the_end(estimator, run, outcome, message):
    """Issue at most one warning, if training was interrupted, learned nothing or did not converge.

    ``message`` is the text of the solver's warning, or None.
    """
    if outcome is Outcome.INTERRUPTED:
        if isinstance(run.data.X, RemoteSamples) and run.data.X.is_lost:
            return  # the caller says so
        what = "iterations" if run.learner is None else "whole epochs"
        warn(INTERRUPTED.format(n=run.history.n_epochs, what=what))
        return
    if not (run.incremental or outcome is Outcome.STOPPED):
        message = learned_nothing(estimator, run, outcome) or message
    if message is not None:
        warn(message, ConvergenceWarning)


# -- lbfgs -------------------------------------------------------------------------------------


def train_with_lbfgs(estimator, run):
    """Train on all samples at once; return the outcome, and the text of a warning or None."""
    method, history, data = run.settings, run.history, run.data
    best_so_far = run.state.best_so_far
    if run.state.held_out is not None:
        data = rows_of_data(data, run.state.order)
    n_samples = data.X.shape[0]
    batch_size = min(n_samples, rows_at_once(run.architecture))
    batches = make_batches(data, run.architecture, batch_size, np.float64)
    mean_loss = data.X.mean_loss if isinstance(data.X, RemoteSamples) else MeanLoss
    if history.steers:
        to_the_end = estimator.early_stopping == "last_best"
        patience = np.inf if to_the_end else estimator.n_iter_no_change
        method = replace(method, patience=patience, keep_best=True, keep_last_of_ties=to_the_end)
    with one_thread_for_scipy():
        report = method.train(
            run.architecture, run.parameters, batches, history, best_so_far, mean_loss
        )
    raise_if_lbfgs_diverged(report)
    vars(estimator).pop("_training_state", None)
    if not history.losses and not history.steers:
        best_so_far.best = report.loss
    n_seen = report.n_iter * n_samples + (getattr(estimator, "t_", 0) if run.continuing else 0)
    curves = continued_curves(estimator, history, run.continuing)
    record(estimator, curves, n_seen, history.n_epochs, best_so_far, history.steers)
    estimator.n_iter_, estimator.loss_ = min(report.n_iter, estimator.max_iter), report.loss
    return report.outcome, lbfgs_message(estimator, report)


def rows_of_data(data, rows):
    """Return the training data of these rows."""
    weight = None if data.weight is None else data.weight[rows]
    return replace(data, X=data.X[rows], y=data.y[rows], weight=weight)


def raise_if_lbfgs_diverged(report):
    """Raise a ValueError if lbfgs diverged."""
    if report.outcome is Outcome.DIVERGED:
        raise ValueError(
            "Solver produced non-finite parameter weights. The loss or the weights became "
            f"infinite or NaN in iteration {report.n_iter} of lbfgs: scale the features, for "
            "example with StandardScaler in a Pipeline."
        )


def lbfgs_message(estimator, report):
    """Return the text of a warning if lbfgs did not converge, or None."""
    if report.outcome is not Outcome.OUT_OF_EPOCHS:
        return None
    what = f"lbfgs did not converge after {report.n_iter} iterations ({report.message.strip()}). "
    if report.n_iter >= estimator.max_iter:
        return (
            f"{what}Increase max_iter (now {estimator.max_iter}), scale the features, or raise tol."
        )
    if "EVALUATIONS" in report.message:
        return f"{what}Increase max_fun (now {estimator.max_fun}), or scale the features."
    return (
        f"{what}It found no step that lowers the loss, usually because of badly scaled data. Scale "
        "the features (and the targets of a regression), for example with StandardScaler."
    )
