"""One way to fit for the neuron and the networks: from checked data to the engine and back.

No arithmetic here: chapters 5 to 11 of :mod:`sknn_edu.core` do the work. What differs between the
estimators (targets, layers, names of the fitted attributes) is left to the methods that raise
NotImplementedError.
"""

from copy import copy, deepcopy
from dataclasses import replace
from math import ceil
from numbers import Integral

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
    one_column,
    rows_of,
    warn,
)
from sknn_edu._callbacks import Tasks
from sknn_edu._paused import Paused, Training, checksum
from sknn_edu._threads import one_thread_for_scipy
from sknn_edu._validation import Validation, ValidationSet, check_validation_set
from sknn_edu._watch import Watch
from sknn_edu.core._mini_batches import MiniBatches
from sknn_edu.core.network import output_sums
from sknn_edu.core.training import FINISHED_EARLY, Epochs, Outcome, Patience, shuffled

DIVERGED = (
    "Solver produced non-finite parameter weights. The input data may contain large values and "
    "need to be preprocessed. Training diverged in epoch {epoch}: scale the features (and the "
    "targets of a regression), for example with StandardScaler in a Pipeline, or lower "
    "learning_rate_init (now {rate})."
)


CURVES = (
    "loss_curve_",
    "validation_loss_curve_",
    "validation_scores_",
    "learning_rate_curve_",
)
"""Attributes with a number for each epoch."""


class TrainableNetwork(NeuralEstimator):
    """Fits a :class:`~sknn_edu.core.network.Network` by gradient descent or L-BFGS.

    A subclass provides the parameters solver, alpha, batch_size, learning_rate_init, max_iter,
    shuffle, random_state, tol, verbose, warm_start, early_stopping, scoring, validation_fraction,
    n_iter_no_change and dtype, and the methods below.
    """

    def _target_options(self):
        """Return the options for checking y that scikit-learn's validation takes."""
        return {}

    def _prepare_targets(self, X, y, weight, *, continuing, classes):
        """Learn from checked y what there is to predict: classes, outputs."""
        raise NotImplementedError

    def _encode(self, y, X):
        """Return checked y as the engine wants it: (n, n_outputs), or output numbers."""
        raise NotImplementedError

    def _network(self, X, continuing):
        """Return the network to train on checked X, or to go on training."""
        raise NotImplementedError

    def _network_of(self, n_features):
        """Return the network for so many features, and what else :meth:`_structure_facts` says."""
        raise NotImplementedError

    def _structure_facts(self):
        """Return what the network's structure has from the samples, as JSON may hold it."""
        return {"n_features": self.n_features_in_}

    def _keep_structure(self, facts):
        """Remember what :meth:`_structure_facts` said."""

    def _fill(self, parameters, network, rng, X):
        """Give the parameters their starting values."""
        raise NotImplementedError

    def _layers(self):
        """Return the fitted weights and biases, one array a layer; they are the model."""
        raise NotImplementedError

    def _fitted(self, parameters):
        """Return the attributes of the model that these parameters make; they may be views."""
        raise NotImplementedError

    def _learner(self, training, batches):
        """Return the :class:`~sknn_edu.core.gradient_descent.GradientDescent` of the solver."""
        raise NotImplementedError

    def _lbfgs(self):
        """Return the training method of solver="lbfgs"."""
        raise NotImplementedError

    def _validation_score(self, z, y, weight):
        """Return the score of the output sums z (n, n_outputs) against encoded targets."""
        raise NotImplementedError

    def _is_fitted_before(self):
        """Tell whether there are weights to continue from."""
        raise NotImplementedError

    def _hidden_activations(self):
        """Return the activation of each hidden layer, for rows of samples."""
        return ()

    def _others(self):
        """Return what is fitted besides: bends, factors of the first layer, embedding."""
        return [], [], []

    def _seen(self, X):
        """Return what the first layer sees of checked X."""
        return X

    def _total_weight(self, y, y_given, weight):
        """Return the weight of each sample, given that of the user, or None for 1."""
        return weight

    def _batches(self, X, y, weight, network, batch_size, dtype):
        """Return the samples, to be handed out."""
        return MiniBatches(X, y, network.layer_sizes[-1], weight, batch_size, dtype)

    def _has_epochs(self):
        """Raise AttributeError unless the solver can train for one epoch."""
        if self.solver == "lbfgs":
            raise AttributeError(
                "partial_fit is only available for solvers that train in epochs; solver='lbfgs' "
                "looks at all samples at every step."
            )
        return True

    # -- fitting -------------------------------------------------------------------------------

    def _fit(self, X, y, sample_weight, validation, *, incremental=False, classes=None):
        """Fit to X and y; ``validation`` is (X_val, y_val, sample_weight_val)."""
        given = {
            "X": X,
            "y": y,
            "metadata": None if sample_weight is None else {"sample_weight": sample_weight},
        }
        continuing = self._is_fitted_before() and (self.warm_start or incremental)
        if incremental:
            self._refuse_unsuited_partial_fit()
        X, y, y_given, own_weight = self._check_samples(X, y, sample_weight, continuing, classes)
        weight = self._total_weight(y, y_given, own_weight)
        if weight is not None and not 0 < weight.sum() < np.inf:
            raise ValueError(
                "class_weight times sample_weight must have a finite sum above 0; got "
                f"{weight.sum()}. Choose factors nearer to 1."
            )
        validation = check_validation_set(self, X, *validation)
        network = self._network(X, continuing)
        aim = self.early_stopping, self.scoring, validation is not None
        samples = X, y, weight, *(() if validation is None else validation.arrays())
        paused = self._resumable(samples, aim, incremental) if continuing else None
        rng = self._rng(paused)
        parameters = self._start(network, X, rng, continuing)

        order, held_out = np.arange(X.shape[0]), None
        if paused is not None and not incremental:
            order, held_out = paused.order.copy(), paused.held_out
        elif self.early_stopping and not incremental and validation is None:
            order, held_out = self._hold_out(y, weight, rng)
        if held_out is not None:
            X_given = given["X"] if hasattr(given["X"], "columns") else X
            validation = ValidationSet(
                X[held_out],
                y[held_out],
                None if own_weight is None else own_weight[held_out],
                X_given=rows_of(X_given, held_out),
                y_given=rows_of(y_given, held_out),
            )

        n_tasks = self.max_iter + 2 if self.solver == "lbfgs" else self.max_iter
        tasks = Tasks(
            self, given, n_tasks, lambda: self._fitted(network.copy_of(parameters, X.dtype))
        )
        watch = Watch(self, tasks)
        if validation is not None:
            self._validation_samples = validation.as_given()
            watch.measure = Validation(self, network, parameters, validation).measure
            watch.steers = self.early_stopping and not incremental
        training = Training(
            network, parameters, rng, order, held_out, watch, paused, aim, samples, continuing
        )
        if self.solver == "lbfgs":
            self._train_lbfgs(training, X, y, weight, continuing)
        else:
            self._train_stochastic(training, X, y, weight, continuing, incremental)

        if parameters.theta.dtype != X.dtype:
            parameters = network.copy_of(parameters, X.dtype)
        vars(self).update(self._fitted(parameters))
        tasks.fit_ended()
        vars(self).pop("_validation_samples", None)
        return self

    def _start(self, network, X, rng, continuing):
        """Return the parameters to begin with; lbfgs computes in float64."""
        dtype = np.float64 if self.solver == "lbfgs" else X.dtype
        parameters = network.parameters(dtype)
        if continuing:
            self._load_layers(parameters)
        else:
            self._fill(parameters, network, rng, X)
        return parameters

    def _check_samples(self, X, y, sample_weight, continuing, classes):
        """Return X, y as the engine wants it, y checked only, and the user's weights or None."""
        X, y_given = self._check_data(X, y, self._dtype(continuing), reset=not continuing)
        weight = check_sample_weight(sample_weight, X)
        self._prepare_targets(X, y_given, weight, continuing=continuing, classes=classes)
        return X, self._encode(y_given, X), y_given, weight

    def _check_data(self, X, y, dtype, reset):
        """Return X and y checked as scikit-learn does; a single column y is (n,)."""
        X, y = self._check_X_y(X, y, dtype=dtype, reset=reset, **self._target_options())
        return X, one_column(y)

    def _range_test(self, X, y, rates):
        """Train from the start with these learning rates; yield the mean loss of each batch."""
        self._validate_params()
        X, y, y_given, _ = self._check_samples(X, y, None, False, None)
        weight = self._total_weight(y, y_given, None)
        network, order, rng = self._network(X, False), np.arange(X.shape[0]), self._rng(None)
        parameters = self._start(network, X, rng, continuing=False)
        training = Training(network, parameters, rng, order, None, None)
        batches = self._batches(X, y, weight, network, self._batch_size(order.size), X.dtype)
        learner, to_come = self._learner(training, batches), iter(rates)
        while True:
            order = shuffled(order, rng)
            for samples in batches.over(order):
                for batch in samples.batches:
                    rate = next(to_come, None)
                    if rate is None:
                        return
                    learner.pace.eta = rate
                    learner.step(batch)
                    if batch.total() > 0:
                        loss = batch.sum(network.loss.value(batch.y, batch.outputs))
                        yield loss / batch.total()

    def _as_if_fitted(self, parameters):
        """Return a copy that predicts as if training had ended with these parameters."""
        fitted = copy(self)
        vars(fitted).update(self._fitted(parameters))
        vars(fitted).pop("feature_names_in_", None)  # what it will see has been checked
        return fitted

    def _refuse_unsuited_partial_fit(self):
        if self.early_stopping and getattr(self, "best_loss_", 0) is None:
            raise ValueError(
                f"partial_fit does not support early_stopping={self.early_stopping!r} after fit: "
                "the weights are those of the epoch that scored best on samples held out, and "
                "partial_fit, which holds none out, would silently replace them. Call "
                "set_params(early_stopping=False) to go on from them."
            )

    def _dtype(self, continuing):
        if self.dtype != "auto":
            return np.dtype(self.dtype)
        if continuing:
            weights, biases = self._layers()
            return np.result_type(np.float32, *weights, *biases)
        return (np.float64, np.float32)

    def _resumable(self, samples, aim, incremental):
        """Return where the last call stopped before its end, or None where that is of no use.

        partial_fit goes on from the last partial_fit or stopped fit; fit, which is warm-started
        here, from a fit that was stopped on as many samples and had the same aim: whether and by
        what score to stop early, and whether with a validation set of the user's own.
        """
        paused = getattr(self, "_paused", None)
        if paused is None or paused.solver != self.solver:
            return None  # another solver begins anew
        if paused.checksum not in (None, checksum(*samples)):
            raise ValueError(
                "The checkpoint was written in a fit to other samples, targets or weights, or to "
                "the same in another dtype. Fit to the same ones to go on, or start anew without "
                "restoring it."
            )
        n_samples = samples[0].shape[0]
        same = paused.order is not None and paused.n_samples == n_samples and paused.aim == aim
        return paused if incremental or same else None

    def _rng(self, paused):
        if paused is not None and (
            paused.order is not None or isinstance(self.random_state, Integral)
        ):
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
        parameters.load_others(*self._others())
        parameters.load(weights, biases)
        if not parameters.makes(weights[0]):
            raise ValueError(
                "coefs_[0] has been replaced by weights that no network with these feature_scale_ "
                "and category_vectors_ can have, so training cannot go on from them. Put back what "
                "was there, or train a network with feature_scale=False and "
                "category_embedding=None."
            )

    def _train_stochastic(self, training, X, y, weight, continuing, incremental):
        watch, paused, order = training.watch, training.paused, training.order
        batches = self._batches(
            X, y, weight, training.network, self._batch_size(order.size), X.dtype
        )
        learner = self._learner(training, batches)
        patience = Patience()
        if paused is not None:
            learner.go_on_from(deepcopy(paused.pace))
            if paused.order is None or not incremental:
                patience = replace(paused.patience, last=None)
            if learner.eta_0 != paused.eta_0:
                learner.pace.eta = learner.eta_0
            if not incremental:  # as if the stop had never been
                training.parameters.theta[:] = paused.theta
        elif continuing:
            learner.pace.n_seen = self.t_
        watch.rate = lambda: learner.pace.rate
        planned, to_the_end = learner.schedule.has_an_end, self.early_stopping == "last_best"
        epochs = Epochs(
            max_epochs=1 if incremental else max(self.max_iter - patience.n_epochs, 0),
            tol=self.tol,
            patience=np.inf
            if to_the_end or (planned and not watch.steers)
            else self.n_iter_no_change,
            shuffle=self._shuffles(),
            keep_best=watch.steers,
            grace=ceil(getattr(self, "warmup_fraction", 0) * self.max_iter),
            prefers_last=to_the_end,
        )

        if not incremental:
            self._training = training, self.solver, learner, patience  # for a Checkpoint
        outcome = epochs.run(learner, order, training.rng, patience, watch)
        vars(self).pop("_training", None)

        self._warn_or_raise(outcome, watch, learner, incremental or planned or to_the_end)
        n_epochs = watch.n_epochs if paused is None or incremental else patience.n_epochs
        curves = self._curves(watch, continuing)
        self._record(curves, learner.pace.n_seen, n_epochs, patience, watch.steers)
        if incremental or outcome in FINISHED_EARLY:
            self._paused = Paused.after(training, self.solver, learner, patience, incremental)
        else:  # training is over: what only training needs goes
            vars(self).pop("_paused", None)

    def _hold_out(self, y, weight, rng):
        """Return the rows to train on and those to score on; samples of weight 0 are in neither."""
        rows = np.arange(y.shape[0]) if weight is None else np.flatnonzero(weight > 0)
        binary = y.dtype == bool and y.ndim == 2 and y.shape[1] == 1
        share = self.validation_fraction
        if self.early_stopping == "last_best" and rows.size > 3:  # few samples are no mistake
            share = min(max(2, ceil(share * rows.size)), rows.size - 2)
            binary = binary and 1 < np.count_nonzero(y[rows]) < rows.size - 1
        train, held_out = hold_out(rows, share, rng, stratify=y[rows] if binary else None)
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
        if not isinstance(self.batch_size, Integral):
            return min(200, ceil(self.batch_size * n_samples))
        if self.batch_size > n_samples:
            warn(
                f"batch_size={self.batch_size} is larger than the number of training samples, "
                f"{n_samples}: each epoch is one batch of them all.",
            )
        return min(int(self.batch_size), n_samples)

    def _warn_or_raise(self, outcome, watch, learner, end_is_planned):
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
        elif outcome is Outcome.OUT_OF_EPOCHS and not end_is_planned:
            message = (
                f"Training stopped after max_iter={self.max_iter} epochs, before it converged. "
                "Increase max_iter, scale the features, or raise tol."
            )
            warn(message, ConvergenceWarning)
        elif outcome is Outcome.INTERRUPTED:
            warn(INTERRUPTED.format(n=watch.n_epochs, what="whole epochs"))

    def _train_lbfgs(self, training, X, y, weight, continuing):
        watch, patience, order = training.watch, Patience(), training.order
        if training.held_out is not None:
            X, y, weight = X[order], y[order], None if weight is None else weight[order]
        method = self._lbfgs()
        batch_size = min(X.shape[0], method.rows_at_once(training.network))
        batches = self._batches(X, y, weight, training.network, batch_size, np.float64)
        if watch.steers:
            to_the_end = self.early_stopping == "last_best"
            method = replace(
                method,
                patience=np.inf if to_the_end else self.n_iter_no_change,
                keep_best=True,
                prefers_last=to_the_end,
            )
        with one_thread_for_scipy():
            report = method.train(training.network, training.parameters, batches, watch, patience)
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
        if not watch.losses and not watch.steers:
            patience.best = report.loss
        n_seen += self.t_ if continuing else 0
        curves = self._curves(watch, continuing)
        self._record(curves, n_seen, watch.n_epochs, patience, watch.steers)
        self.n_iter_, self.loss_ = min(report.n_iter, self.max_iter), report.loss

    def _curves(self, watch, continuing):
        """Return the curves of a fit; they go on over warm starts."""

        def continued(name, values):
            return [*((continuing and getattr(self, name, None)) or []), *values]

        curves = {
            "loss_curve_": continued("loss_curve_", watch.losses),
            "learning_rate_curve_": continued("learning_rate_curve_", watch.rates),
            "validation_scores_": None,
            "validation_loss_curve_": None,
        }
        if watch.measure is not None:
            curves["validation_scores_"] = continued("validation_scores_", watch.scores)
            curves["validation_loss_curve_"] = continued(
                "validation_loss_curve_", watch.validation_losses
            )
        return curves

    def _record(self, curves, n_seen, n_epochs, patience, steers):
        """Set what a fit of so many epochs leaves beside the weights."""
        vars(self).update(curves)
        self.t_, self.n_iter_ = n_seen, n_epochs
        self.loss_ = self.loss_curve_[-1] if self.loss_curve_ else np.inf
        self.best_epoch_ = len(self.loss_curve_) - patience.n_epochs + patience.best_epoch
        self.best_loss_ = None if steers else patience.best
        self.best_validation_score_ = None
        if self.validation_scores_ is not None:
            of_this_fit = self.validation_scores_[-n_epochs:] if n_epochs else []
            finite = [score for score in of_this_fit if np.isfinite(score)]
            best = max(finite, default=np.nan)
            if steers and np.isfinite(patience.best):
                best = -patience.best
            self.best_validation_score_ = best

    def slim(self):
        """Drop what only training needs, so that a pickle is little more than the weights.

        Gone are the curves and the state from which ``partial_fit`` or a stopped fit would go on;
        a later ``partial_fit`` or warm start begins with a fresh optimiser.

        Returns
        -------
        self : object
            The estimator, which predicts as before.
        """
        check_is_fitted(self)
        for name in ("_paused", *CURVES):
            vars(self).pop(name, None)
        return self

    # -- answering -----------------------------------------------------------------------------

    def _output_sums(self, X):
        """Return z of the output layer for raw X: (n_samples, n_outputs)."""
        X, weights, biases = self._ready_to_answer(X)
        with np.errstate(over="ignore", invalid="ignore"):
            return output_sums(self._hidden_activations(), weights, biases, X)

    def _ready_to_answer(self, X):
        """Return what the first layer sees of raw X, and the weights and biases."""
        X, weights, biases = self._checked(X)
        with np.errstate(over="ignore", invalid="ignore"):
            return self._seen(X), weights, biases

    def _checked(self, X):
        """Return raw X, checked in the dtype of the weights, and the weights and biases."""
        check_is_fitted(self)
        weights, biases = self._layers()
        with np.errstate(over="ignore", invalid="ignore"):
            X = self._check_X(X, dtype=np.result_type(np.float32, *weights, *biases))
        return X, weights, biases


class NetworkClassifier(ClassifierMixin, TrainableNetwork):
    """What the classifiers among them have in common."""

    @available_if(lambda self: self._has_epochs())
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
        X_val, y_val, sample_weight_val
            A validation set, measured after the epoch; see :meth:`fit`.

        Returns
        -------
        self : object
            The estimator, one epoch further.
        """
        classes = self._check_first_call(classes)
        validation = X_val, y_val, sample_weight_val
        return self._fit(X, y, sample_weight, validation, incremental=True, classes=classes)

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
