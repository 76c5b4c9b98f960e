"""What estimators with a network share: prediction, and how they are saved."""

from copy import copy

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_is_fitted

from sknn_edu.core.network import ROWS_AT_ONCE, output_sums
from sknn_edu.estimators.plan import NetworkPlan
from sknn_edu.fitting.estimator import NeuralEstimator
from sknn_edu.fitting.history import CURVES


def trains_in_epochs(estimator):
    """Return True, or raise AttributeError for a solver without epochs, so without partial_fit."""
    if isinstance(estimator, NetworkEstimator) and estimator.solver == "lbfgs":
        raise AttributeError(
            "partial_fit is only available for solvers that train in epochs; solver='lbfgs' "
            "uses all samples at every step."
        )
    return True


def in_batches(of_rows, n_samples):
    """Return the results of ``of_rows(slice)``, an array or a list of them, for all rows.

    The results of one batch after the other are written into arrays that have as many rows.
    """
    if n_samples <= ROWS_AT_ONCE:
        return of_rows(slice(None))
    wholes = []
    for rows in gen_batches(n_samples, ROWS_AT_ONCE):
        results = of_rows(rows)
        parts = results if isinstance(results, list) else [results]
        wholes = wholes or [np.empty((n_samples, *part.shape[1:]), part.dtype) for part in parts]
        for whole, part in zip(wholes, parts, strict=True):
            whole[rows] = part
    return wholes if isinstance(results, list) else wholes[0]


class NetworkEstimator(NeuralEstimator):
    """An estimator with a network; :class:`~sknn_edu.fitting.fit.Trainable` says how it is fitted.

    A fitted one has the attribute ``_plan``, a :class:`~sknn_edu.estimators.plan.NetworkPlan`.
    """

    __metadata_request__fit = {"X_val": True, "y_val": True, "sample_weight_val": True}
    _target_attributes = (
        "classes_",
        "target_range_",
        "target_center_",
        "target_scale_",
        "n_outputs_",
        "out_activation_",
    )
    """Which attributes of the targets are published."""

    def __sklearn_is_fitted__(self):
        return hasattr(self, "_plan")

    def __getstate__(self):
        state = super().__getstate__()
        if "_plan" in state:
            state["_plan"] = state["_plan"].to_dict()
        return state

    def __setstate__(self, state):
        super().__setstate__(state)
        if hasattr(self, "_plan"):
            self._plan = NetworkPlan.from_dict(self._plan)

    def _extra_parameters(self, architecture):
        return [], []

    def _fitted_copy(self, architecture, parameters):
        """Return a copy that predicts as if training had ended with these parameters."""
        fitted = copy(self)
        vars(fitted).update(self._model_attributes(architecture, parameters))
        vars(fitted).pop("feature_names_in_", None)  # it predicts on samples that were checked
        return fitted

    def _restore_targets(self, name, learned):
        """Return the targets of a checkpoint, and set the attributes that describe them."""
        kind = next((kind for kind in self._target_kinds if kind.name == name), None)
        if kind is None or set(learned) != set(kind.learned):
            raise ValueError(f"there are no targets {name!r} with {', '.join(learned)} here")
        targets = kind(**learned, **kind.parameters_of(self))
        targets.check_learned()
        attributes = targets.attributes()
        vars(self).update({k: v for k, v in attributes.items() if k in self._target_attributes})
        return targets

    def slim(self):
        """Drop what only training needs, so that a pickle is little more than the weights.

        This drops the curves and the state from which ``partial_fit`` or a stopped fit would
        continue; a later ``partial_fit`` or warm start begins with a fresh optimiser.

        Returns
        -------
        self : object
            The estimator, which predicts as before.
        """
        check_is_fitted(self)
        for name in ("_training_state", *CURVES):
            vars(self).pop(name, None)
        return self

    def _output_sums(self, X):
        """Return z of the output layer for raw X: (n_samples, n_outputs)."""
        return self._of_output_sums(X, lambda z, _: z)

    def _of_output_sums(self, X, function):
        """Return ``function(z, targets)``, an array or a list of arrays, for raw X.

        z is that of the output layer, (n_samples, n_outputs). The function is called for some rows
        at a time, so that beside its results only what belongs to these rows is in memory.
        """
        X, weights, biases = self._checked(X)
        activations = self._fitted_activations()

        def of_rows(rows):
            with np.errstate(over="ignore", invalid="ignore"):
                z = output_sums(activations, weights, biases, self._transformed(X[rows]))
            return function(z, self._plan.targets)

        return in_batches(of_rows, X.shape[0])

    def _first_layer_inputs(self, X):
        """Return what the first layer receives for raw X, and the weights and biases."""
        X, weights, biases = self._checked(X)
        with np.errstate(over="ignore", invalid="ignore"):
            return self._transformed(X), weights, biases

    def _transformed(self, X):
        """Return what the first layer receives for checked X."""
        architecture = self._plan.architecture
        if not self._plan.embedded_columns:
            return X
        if issparse(X):
            raise TypeError("number_embedding needs dense samples; pass X.toarray().")
        _, learned = self._extra_parameters(architecture)
        return architecture.inputs.transform(X, learned)

    def _checked(self, X):
        """Return raw X, checked in the dtype of the weights, and the weights and biases."""
        check_is_fitted(self)
        weights, biases = self._weights_and_biases()
        with np.errstate(over="ignore", invalid="ignore"):
            X = self._check_X(X, dtype=np.result_type(np.float32, *weights, *biases))
        return X, weights, biases

    def _fitted_activations(self):
        """Return the activation of each hidden layer, for one row per sample."""
        architecture = self._plan.architecture
        if not any(g.parameter_kinds for g in architecture.activations):
            return architecture.activations
        of_activations, _ = self._extra_parameters(architecture)
        return architecture.fitted_activations(of_activations)
