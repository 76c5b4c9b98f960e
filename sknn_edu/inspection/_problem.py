"""A network with its numbers and some samples, ready to be looked at."""

from copy import copy, deepcopy
from typing import NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_random_state

from sknn_edu._paused import Training
from sknn_edu._trainable import TrainableNetwork
from sknn_edu.core._mini_batches import Samples
from sknn_edu.core.gradient_descent import GradientDescent
from sknn_edu.core.parameters import Network, Parameters


class Problem(NamedTuple):
    """What a fit would begin with."""

    network: Network
    parameters: Parameters
    samples: Samples
    learner: GradientDescent | None


def problem(estimator, X, y, dtype=None):
    """Return the problem of a fitted estimator, or of a fresh one as ``fit`` would start it.

    The estimator stays as it is; dropout is left out. X must be dense. The learner is None for
    solver="lbfgs". A ``dtype`` takes the place of the estimator's.
    """
    if not isinstance(estimator, TrainableNetwork):
        raise TypeError(
            "estimator must be a SigmoidNeuronClassifier, MLPClassifier or MLPRegressor of "
            f"sknn_edu; got {estimator!r}."
        )
    fitted = estimator._is_fitted_before()
    model = copy(estimator) if fitted else clone(estimator)
    model._validate_params()
    if hasattr(model, "dropout"):
        model.dropout = 0.0
    if dtype is not None:
        model.dtype = dtype
    X, y = model._check_data(X, y, model._dtype(fitted), reset=not fitted)
    if not isinstance(X, np.ndarray):
        raise TypeError("X must be dense to be looked at; pass X.toarray().")
    if not fitted:
        model._prepare_targets(X, y, None, continuing=False, classes=None)
    encoded, n = model._encode(y, X), X.shape[0]
    network = model._network(X, continuing=fitted)
    rng = deepcopy(check_random_state(model.random_state))
    parameters = model._start(network, X, rng, continuing=fitted)
    weight = model._total_weight(encoded, y, None)
    batches = model._batches(X, encoded, weight, network, n, parameters.theta.dtype)
    samples = next(batches.over(np.arange(n)))
    learner = None
    if model.solver != "lbfgs":
        training = Training(network, parameters, rng, np.arange(n), None, None)
        learner = model._learner(training, batches)
    return Problem(network, parameters, samples, learner)
