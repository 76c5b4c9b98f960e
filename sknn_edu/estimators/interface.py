"""What inspection and export may ask of an estimator; they use nothing else of it.

:func:`fitted_network` gives the numbers of a fitted neuron or network, :func:`training_problem`
what a fit would start with. The attributes of what they return are documented and may be relied
on; everything with a leading underscore in an estimator may change.
"""

from copy import copy, deepcopy
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from sknn_edu.core.beyond.factored_weights import FactoredWeights
from sknn_edu.core.gradient_descent import GradientDescent
from sknn_edu.core.losses import Loss
from sknn_edu.core.network import DENSE, Architecture, Inputs, Parameters
from sknn_edu.core.perceptron import winners
from sknn_edu.core.speed.mini_batches import Samples
from sknn_edu.estimators.network_estimator import NetworkEstimator
from sknn_edu.estimators.perceptron_classifier import PerceptronClassifier
from sknn_edu.estimators.targets import LabelRule
from sknn_edu.fitting.fit import (
    check_training_data,
    make_batches,
    start_learner,
    start_parameters,
)
from sknn_edu.fitting.training_state import TrainingState


@dataclass(frozen=True, eq=False)
class FittedNetwork:
    """The numbers and functions of a fitted neuron or network.

    Attributes
    ----------
    weights, biases : list of ndarray (n_in, n_out) and (n_out,)
        Of each layer, as prediction uses them.
    activations : sequence of Activation
        Of each hidden layer, with the values of their parameters; for one row per sample.
    loss : Loss
        It owns the output activation.
    label_rules : list of LabelRule
        How labels follow from the weighted sums of the outputs; empty for a regressor.
    inputs : Inputs
        What the weights of the first layer are multiplied by.
    learned_inputs : list of ndarray
        What the inputs have learned.
    smoothing : float
        The label smoothing that predicted probabilities are corrected for.
    unit : tuple of ndarray (n_outputs,) or (1,), or None
        (center, scale): the predictions are the outputs times scale, plus center, in float64.
    clip_range : ndarray (2, n_outputs) or None
        To which predictions are clipped.
    """

    weights: list[np.ndarray]
    biases: list[np.ndarray]
    activations: Any
    loss: Loss
    label_rules: list[LabelRule]
    inputs: Inputs = DENSE
    learned_inputs: list[np.ndarray] = field(default_factory=list)
    smoothing: float = 0.0
    unit: tuple[np.ndarray, np.ndarray] | None = None
    clip_range: np.ndarray | None = None

    def layer_outputs(self, X):
        """Return what each layer outputs for samples X (n_samples, n_features), inputs first.

        Returns
        -------
        outputs : list of ndarray (n_samples, n_neurons)
            The inputs of the first layer, the activations of each hidden layer, the outputs in the
            unit of the targets; in the dtype of the weights.
        """
        X = np.asarray(X, dtype=self.weights[0].dtype)
        outputs = [self.inputs.transform(X, self.learned_inputs)]
        with np.errstate(over="ignore", invalid="ignore"):  # training may have diverged
            for k, (W, b) in enumerate(zip(self.weights, self.biases, strict=True)):
                a = outputs[-1] @ W + b
                if k < len(self.activations):
                    flat = a.reshape(-1)
                    self.activations[k].forward(flat, flat)
                else:
                    a = np.ascontiguousarray(a.T)  # a loss has one column per sample
                    self.loss.activate(a)
                    a = a.T
                    if self.unit is not None:
                        a = a.astype(float) * self.unit[1] + self.unit[0]
                outputs.append(a)
        return outputs


def fitted_network(estimator):
    """Return the network of a fitted estimator of this package.

    Parameters
    ----------
    estimator : PerceptronClassifier, SigmoidNeuronClassifier, MLPClassifier or MLPRegressor

    Returns
    -------
    network : FittedNetwork

    Raises
    ------
    TypeError
        If the estimator is none of these.
    sklearn.exceptions.NotFittedError
        If it is not fitted.
    """
    if isinstance(estimator, PerceptronClassifier):
        check_is_fitted(estimator)
        return _of_perceptron(estimator)
    check_has_network(estimator)
    check_is_fitted(estimator)
    architecture, targets = estimator._plan.architecture, estimator._plan.targets
    weights, biases = estimator._weights_and_biases()
    _, learned = estimator._extra_parameters(architecture)
    inputs = architecture.inputs
    if isinstance(inputs, FactoredWeights):  # the weights are composed already
        inputs, learned = inputs.base, inputs.of_base(learned)
    smoothing = targets.label_smoothing if getattr(estimator, "undo_smoothing", False) else 0.0
    if smoothing < np.finfo(weights[0].dtype).eps:  # as in losses.undo_smoothing
        smoothing = 0.0
    clips = getattr(estimator, "clip_output", False)
    is_scaled = getattr(targets, "is_scaled", False)
    return FittedNetwork(
        weights,
        biases,
        estimator._fitted_activations(),
        architecture.loss,
        targets.label_rules() if hasattr(targets, "label_rules") else [],
        inputs,
        learned,
        smoothing=smoothing,
        unit=(targets.center, targets.scale) if is_scaled else None,
        clip_range=estimator.target_range_ if clips else None,
    )


def _of_perceptron(perceptron):
    weights, biases = perceptron._weights_and_biases()
    n_units = biases[0].size
    decision = "at least 0" if n_units == 1 else "largest"
    slope = getattr(perceptron, "slope_", np.inf)
    probabilities = "decision"
    if slope < np.inf:
        probabilities = "logistic" if n_units == 1 else "softmax"
    rule = LabelRule(perceptron.classes_, slice(0, n_units), decision, probabilities, slope)
    return FittedNetwork(weights, biases, [], THRESHOLD, [rule])


def _fire(z):
    """Overwrite z (n_outputs, m) with 1 for the winner, or where a single output fires, else 0."""
    won = winners(z.T)
    z[...] = won == 1 if len(z) == 1 else won == np.arange(len(z))[:, np.newaxis]


def _mistakes(y, a):
    return np.abs(y - a).max(axis=0)


def _no_delta(_y, a):
    a[...] = 0


THRESHOLD = Loss("mistakes", "threshold", _fire, _mistakes, _no_delta)
"""The output of a perceptron; its loss has no derivative to learn from."""


def is_inspectable(estimator):
    """Return whether an estimator is one of those that :func:`fitted_network` accepts."""
    return isinstance(estimator, NetworkEstimator | PerceptronClassifier)


def check_has_network(estimator):
    """Refuse anything but a neuron or network that is trained by its gradient."""
    if not isinstance(estimator, NetworkEstimator):
        raise TypeError(
            "estimator must be a SigmoidNeuronClassifier, MLPClassifier or MLPRegressor of "
            f"sknn_edu; got {estimator!r}. Of an average pass a member, such as "
            "average.estimators_[0]."
        )


@dataclass(frozen=True, eq=False)
class TrainingProblem:
    """What a fit starts with: a network, its parameters, and samples.

    Attributes
    ----------
    architecture : Architecture
    parameters : Parameters
        Of the fitted estimator, or the initial ones of a fresh one.
    samples : Samples
        All samples, with their targets as the loss needs them.
    learner : GradientDescent or None
        It takes steps; None for solver="lbfgs".
    alpha : float
        The L2 penalty.
    """

    architecture: Architecture
    parameters: Parameters
    samples: Samples
    learner: GradientDescent | None
    alpha: float


def training_problem(estimator, X, y, dtype=None):
    """Return the problem that a fit would solve; the estimator stays as it is.

    Parameters
    ----------
    estimator : SigmoidNeuronClassifier, MLPClassifier or MLPRegressor
        Fitted or not. Dropout is left out.
    X : array-like (n_samples, n_features)
        Dense samples.
    y : array-like (n_samples,) or (n_samples, n_outputs)
    dtype : str or None
        Takes the place of the estimator's.

    Returns
    -------
    problem : TrainingProblem

    Raises
    ------
    TypeError
        If the estimator is none of these, or X is sparse.
    """
    check_has_network(estimator)
    is_fitted = estimator._has_weights()
    if is_fitted:
        check_is_fitted(estimator)  # not so if the weights were set by hand
    model = copy(estimator) if is_fitted else clone(estimator)
    model._validate_params()
    if hasattr(model, "dropout"):
        model.dropout = 0.0
    if dtype is not None:
        model.dtype = dtype
    targets = model._plan.targets if is_fitted else None
    data = check_training_data(model, X, y, None, is_fitted, classes=None, targets=targets)
    if not isinstance(data.X, np.ndarray):
        raise TypeError("X must be dense to be inspected; pass X.toarray().")
    plan = model._make_plan(data.X, data.targets, continuing=is_fitted)
    architecture = plan.architecture
    rng = deepcopy(check_random_state(model.random_state))
    parameters = start_parameters(model, architecture, data.X, rng, continuing=is_fitted)
    n = data.X.shape[0]
    batches = make_batches(data, architecture, n, parameters.theta.dtype)
    samples = next(batches.over(np.arange(n)))
    learner = None
    if model.solver != "lbfgs":
        settings = model._training_settings(plan, data.X, data.weight)
        state = TrainingState(model.solver, n, rng)
        learner = start_learner(architecture, parameters, batches, settings, state)
    return TrainingProblem(architecture, parameters, samples, learner, float(model.alpha))
