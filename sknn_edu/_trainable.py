"""One way to fit for the neuron and the networks: from checked data to the engine and back.

No arithmetic here: chapters 5 to 11 of :mod:`sknn_edu.core` do the work. What differs between the
estimators (targets, layers, names of the fitted attributes) is left to the methods that raise
NotImplementedError.
"""

from copy import copy, deepcopy
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from sknn_edu._base import (
    INTERRUPTED,
    NeuralEstimator,
    check_sample_weight,
    fit_method,
    hold_out,
    warn,
)
from sknn_edu._threads import one_thread_for_scipy
from sknn_edu._watch import Watch
from sknn_edu.core._mini_batches import MiniBatches
from sknn_edu.core.gradient_descent import Pace
from sknn_edu.core.network import Parameters, output_sums
from sknn_edu.core.training import Epochs, Outcome, Patience

DIVERGED = (
    "Solver produced non-finite parameter weights. The input data may contain large values and "
    "need to be preprocessed. Training diverged in epoch {epoch}: scale the features (and the "
    "targets of a regression), for example with StandardScaler in a Pipeline, or lower "
    "learning_rate_init (now {rate})."
)


class TrainableNetwork(NeuralEstimator):
    """Fits a :class:`~sknn_edu.core.network.Network` by gradient descent or L-BFGS.

    A subclass provides the parameters solver, alpha, batch_size, learning_rate_init, max_iter,
    shuffle, random_state, tol, verbose, warm_start, early_stopping, validation_fraction,
    n_iter_no_change and dtype, and the methods below.
    """

    def _check_targets(self, X, y, *, dtype, continuing, classes):
        """Return X and y checked, y as the loss wants it: (n, n_outputs), or class numbers (n,)."""
        raise NotImplementedError

    def _network(self, n_features):
        """Return the network to train."""
        raise NotImplementedError

    def _fill(self, parameters, network, rng):
        """Give the parameters their starting values."""
        raise NotImplementedError

    def _layers(self):
        """Return the fitted weights and biases, one array a layer; they are the model."""
        raise NotImplementedError

    def _set_layers(self, weights, biases):
        """Make these arrays the model."""
        raise NotImplementedError

    def _learner(self, network, parameters, batches):
        """Return the :class:`~sknn_edu.core.gradient_descent.GradientDescent` of the solver."""
        raise NotImplementedError

    def _lbfgs(self):
        """Return the training method of solver="lbfgs"."""
        raise NotImplementedError

    def _validation_score(self, z, y, weight):
        """Return the score of the output sums z (n, n_outputs) against checked targets."""
        raise NotImplementedError

    def _is_fitted_before(self):
        """Tell whether there are weights to continue from."""
        raise NotImplementedError

    def _hidden_activations(self):
        """Return the Activation of each hidden layer."""
        return ()

    def _total_weight(self, y, weight):
        """Return the weight of each sample, given that of the user, or None for 1."""
        return weight

    def _has_epochs(self):
        """Raise AttributeError unless the solver can train for one epoch."""
        if self.solver == "lbfgs":
            raise AttributeError(
                "partial_fit is only available for solvers that train in epochs; solver='lbfgs' "
                "looks at all samples at every step."
            )
        return True

    # -- fitting -------------------------------------------------------------------------------

    def _fit(self, X, y, sample_weight, *, incremental=False, classes=None):
        continuing = self._is_fitted_before() and (self.warm_start or incremental)
        if incremental:
            self._refuse_unsuited_partial_fit()
        dtype = self._dtype(continuing)
        X, y = self._check_targets(X, y, dtype=dtype, continuing=continuing, classes=classes)
        weight = self._total_weight(y, check_sample_weight(sample_weight, X))
        network = self._network(X.shape[1])

        rng = self._rng(incremental)
        compute_dtype = np.float64 if self.solver == "lbfgs" else X.dtype
        parameters = Parameters(network.layer_sizes, compute_dtype)
        if continuing:
            self._load_layers(parameters)
        else:
            self._fill(parameters, network, rng)

        if self.solver == "lbfgs":
            self._train_lbfgs(network, parameters, X, y, weight, continuing)
        else:
            self._train_stochastic(network, parameters, X, y, weight, rng, incremental, continuing)

        if parameters.theta.dtype != X.dtype:
            rounded = Parameters(network.layer_sizes, X.dtype)
            rounded.theta[:] = parameters.theta
            parameters = rounded
        self._set_layers(parameters.weights, parameters.biases)
        return self

    def _refuse_unsuited_partial_fit(self):
        if self.early_stopping and getattr(self, "validation_scores_", None):
            raise ValueError(
                "partial_fit does not support early_stopping=True after fit: the weights are those "
                "of the epoch that scored best on samples held out, and partial_fit, which holds "
                "none out, would silently replace them. Call set_params(early_stopping=False) to "
                "go on from them."
            )

    def _dtype(self, continuing):
        if self.dtype != "auto":
            return np.dtype(self.dtype)
        if continuing:
            weights, biases = self._layers()
            return np.result_type(np.float32, *weights, *biases)
        return (np.float64, np.float32)

    def _rng(self, incremental):
        paused = getattr(self, "_paused", None)
        if incremental and paused is not None and isinstance(self.random_state, Integral):
            return deepcopy(paused.rng)  # go on where the last call stopped, not from the seed
        return check_random_state(self.random_state)

    def _load_layers(self, parameters):
        weights, biases = self._layers()
        had = [W.shape for W in weights]
        wanted = [W.shape for W in parameters.weights]
        if had != wanted:
            raise ValueError(
                f"The fitted weights have the shapes {had}, but hidden_layer_sizes and the data "
                f"ask for {wanted}. warm_start and partial_fit continue with the same network: "
                "restore hidden_layer_sizes, or start anew with warm_start=False or clone()."
            )
        parameters.load(weights, biases)

    def _train_stochastic(self, network, parameters, X, y, weight, rng, incremental, continuing):
        order, score = np.arange(X.shape[0]), None
        if self.early_stopping and not incremental:
            order, held_out = self._hold_out(y, weight, rng)
            score = _HeldOutScore(self, network, parameters, X, y, weight, held_out)
        n_outputs, batch_size = network.layer_sizes[-1], self._batch_size(order.size)
        batches = MiniBatches(X, y, n_outputs, weight, batch_size, X.dtype)
        learner = self._learner(network, parameters, batches)
        paused = self._resumable(learner) if incremental else None
        if paused is not None:
            learner.go_on_from(deepcopy(paused.pace))
            patience = copy(paused.patience)
            if learner.eta_0 != paused.eta_0:
                learner.pace.eta = learner.eta_0
        else:
            learner.pace.n_seen, patience = (self.t_ if continuing else 0), Patience()
        epochs = Epochs(
            max_epochs=1 if incremental else self.max_iter,
            tol=self.tol,
            patience=self.n_iter_no_change,
            shuffle=self._shuffles(),
            keep_best=score is not None,
        )
        watch = Watch(self, score)

        outcome = epochs.run(learner, order, rng, patience, watch)

        self._warn_or_raise(outcome, watch, learner, incremental)
        self._record(watch, learner.pace.n_seen, patience.best, continuing)
        if incremental or outcome is Outcome.INTERRUPTED:
            if score is not None:
                patience = Patience()  # it counted scores; the next call will count losses
            self._paused = Paused(learner.optimizer, learner.eta_0, learner.pace, patience, rng)
        else:  # training is over: what only training needs goes
            vars(self).pop("_paused", None)

    def _resumable(self, learner):
        """Return what the last call to partial_fit left, or None where that is of no use."""
        paused = getattr(self, "_paused", None)
        same = paused is not None and type(paused.optimizer) is type(learner.optimizer)
        return paused if same else None  # another solver begins anew

    def _hold_out(self, y, weight, rng):
        """Return the rows to train on and those to score on; samples of weight 0 are in neither."""
        rows = np.arange(y.shape[0]) if weight is None else np.flatnonzero(weight > 0)
        binary = y.dtype == bool and y.ndim == 2 and y.shape[1] == 1
        train, held_out = hold_out(
            rows, self.validation_fraction, rng, stratify=y[rows] if binary else None
        )
        if held_out.size < 2:
            raise ValueError(
                "The validation set is too small. Increase 'validation_fraction' (now "
                f"{self.validation_fraction}, which holds out {held_out.size} of {rows.size} "
                "samples) or the size of your dataset."
            )
        return train, held_out

    def _shuffles(self):
        return self.shuffle

    def _batch_size(self, n_samples):
        if self.batch_size == "auto":
            return min(200, n_samples)
        if self.batch_size > n_samples:
            warn(
                f"batch_size={self.batch_size} is larger than the number of training samples, "
                f"{n_samples}: each epoch is one batch of them all.",
            )
        return min(int(self.batch_size), n_samples)

    def _warn_or_raise(self, outcome, watch, learner, incremental):
        scored = watch.best_score_was_finite()
        lost = not scored and watch.losses and not np.isfinite(watch.losses[-1])
        if not learner.is_finite() or lost:
            raise ValueError(DIVERGED.format(epoch=watch.n_epochs, rate=learner.eta_0))
        if outcome is Outcome.DIVERGED:
            message = (
                f"Training diverged in epoch {watch.n_epochs}; the weights are those of the best "
                "epoch before. Scale the features, for example with StandardScaler, or lower "
                f"learning_rate_init (now {learner.eta_0})."
            )
            warn(message, ConvergenceWarning)
        elif outcome is Outcome.OUT_OF_EPOCHS and not incremental:
            message = (
                f"Training stopped after max_iter={self.max_iter} epochs, before it converged. "
                "Increase max_iter, scale the features, or raise tol."
            )
            warn(message, ConvergenceWarning)
        elif outcome is Outcome.INTERRUPTED:
            warn(INTERRUPTED.format(n=watch.n_epochs, what="whole epochs"))

    def _train_lbfgs(self, network, parameters, X, y, weight, continuing):
        batch_size = min(X.shape[0], 2048)
        batches = MiniBatches(X, y, network.layer_sizes[-1], weight, batch_size, np.float64)
        watch = Watch(self)
        with one_thread_for_scipy():
            report = self._lbfgs().train(network, parameters, batches, watch)
        if report.outcome is Outcome.DIVERGED:
            raise ValueError(
                "Solver produced non-finite parameter weights. The loss or the weights became "
                f"infinite or NaN in iteration {report.n_iter} of lbfgs: scale the features, for "
                "example with StandardScaler in a Pipeline."
            )
        if report.outcome is Outcome.OUT_OF_EPOCHS:
            message = (
                f"lbfgs did not converge after {report.n_iter} iterations ({report.message}). "
                f"Increase max_iter (now {self.max_iter}), scale the features, or raise tol."
            )
            warn(message, ConvergenceWarning)
        elif report.outcome is Outcome.INTERRUPTED:
            warn(INTERRUPTED.format(n=report.n_iter, what="iterations"))
        vars(self).pop("_paused", None)
        n_seen = report.n_iter * X.shape[0]
        best = min(watch.losses, default=report.loss)
        self._record(watch, n_seen + (self.t_ if continuing else 0), best, continuing)
        self.n_iter_, self.loss_ = min(report.n_iter, self.max_iter), report.loss

    def _record(self, watch, n_seen, best, continuing):
        """Set what a fit leaves beside the weights; curves go on over warm starts."""

        def continued(name, values):
            return [*((continuing and getattr(self, name, None)) or []), *values]

        self.t_ = n_seen
        self.n_iter_ = watch.n_epochs
        self.loss_ = watch.losses[-1] if watch.losses else np.inf
        self.loss_curve_ = continued("loss_curve_", watch.losses)
        if watch.score is None:
            self.best_loss_ = best
            self.validation_scores_ = self.best_validation_score_ = None
        else:
            self.best_loss_ = None
            self.validation_scores_ = continued("validation_scores_", watch.scores)
            self.best_validation_score_ = -best

    # -- answering -----------------------------------------------------------------------------

    def _output_sums(self, X):
        """Return z of the output layer for raw X: (n_samples, n_outputs)."""
        check_is_fitted(self)
        weights, biases = self._layers()
        with np.errstate(over="ignore", invalid="ignore"):
            X = self._check_X(X, dtype=np.result_type(np.float32, *weights, *biases))
            return output_sums(self._hidden_activations(), weights, biases, X)


class NetworkClassifier(ClassifierMixin, TrainableNetwork):
    """What the classifiers among them have in common."""

    @available_if(lambda self: self._has_epochs())
    @fit_method
    def partial_fit(self, X, y, sample_weight=None, classes=None):
        """Train for one epoch on the given samples, from where the last call stopped.

        The optimiser's state, the learning rate and the random numbers go on as well, so calls on
        the same samples are epochs that differ in their shuffling. No samples are held out, so
        ``early_stopping`` has no effect; after a fit that was stopped early, it is refused.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Their labels; not every class need be among them.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights, at least 0 and not all 0.
        classes : array-like of shape (n_classes,), default=None
            All labels that will ever come. Needed in the first call only.

        Returns
        -------
        self : object
            The estimator, one epoch further.
        """
        classes = self._check_first_call(classes)
        return self._fit(X, y, sample_weight, incremental=True, classes=classes)

    def decision_function(self, X):
        """Return the weighted sums of the output neurons, before the output activation.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        z : ndarray of shape (n_samples,) or (n_samples, n_classes)
            With two classes, the log-odds of the second; else one column per class or label. The
            dtype is that of the weights.
        """
        z = self._output_sums(X)
        return z[:, 0] if z.shape[1] == 1 else z

    def _winners(self, z):
        """Return the class number of each row of output sums."""
        if z.shape[1] > 1:
            return z.argmax(axis=1)
        return np.minimum(z[:, 0] > 0, self.classes_.size - 1).astype(int)


@dataclass
class Paused:
    """Training between two calls of partial_fit, or after an interrupt."""

    optimizer: Any
    eta_0: float
    pace: Pace
    patience: Patience
    rng: np.random.RandomState


class _HeldOutScore:
    """Scores a network in training on the rows held out."""

    def __init__(self, estimator, network, parameters, X, y, weight, rows):
        self.estimator, self.network, self.parameters = estimator, network, parameters
        self.X, self.y = X[rows], y[rows]
        self.weight = None if weight is None else weight[rows]

    def __call__(self):
        weights, biases = self.parameters.weights, self.parameters.biases
        z = output_sums(self.network.activations, weights, biases, self.X)
        if not np.isfinite(z).all():
            return np.nan
        return float(self.estimator._validation_score(z, self.y, self.weight))
