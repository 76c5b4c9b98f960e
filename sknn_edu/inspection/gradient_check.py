"""Check the gradient: compare backpropagation with finite differences."""

from typing import NamedTuple

import numpy as np

from sknn_edu.core.network import Network
from sknn_edu.estimators.interface import training_problem


class GradientCheck(NamedTuple):
    """The result of :func:`check_gradient`.

    Attributes
    ----------
    error : float
        The largest difference beyond rounding error, divided by the largest derivative. If it is
        below 1e-6, the gradient is right. It can be larger if a sample is at a kink of relu or of
        the loss.
    backpropagated : ndarray of float64 of shape (n_directions,)
        The directional derivatives of the mean loss, computed by backpropagation.
    measured : ndarray of float64 of shape (n_directions,)
        The same derivatives, computed by central differences.
    """

    error: float
    backpropagated: np.ndarray
    measured: np.ndarray


def check_gradient(estimator, X, y, *, n_directions=20, step=1e-6, random_state=0):
    """Compare backpropagation with finite differences, in float64.

    The derivatives of the mean loss are compared along random directions in the space of all
    parameters. Use this function to check a custom activation or loss.

    Parameters
    ----------
    estimator : SigmoidNeuronClassifier, MLPClassifier or MLPRegressor
        A fitted or unfitted estimator; it is not changed. Dropout and the L2 penalty are ignored.
    X : array-like of shape (n_samples, n_features)
        The samples; must be dense.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        The targets.
    n_directions : int, default=20
        The number of random directions.
    step : float, default=1e-6
        The step size of the central differences.
    random_state : int, default=0
        The seed of the random directions.

    Returns
    -------
    check : GradientCheck
        A named tuple with ``error``, ``backpropagated`` and ``measured``.

    Raises
    ------
    TypeError
        If the estimator has another type, or if X is sparse.
    ValueError
        If X or y is invalid for the estimator.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknn_edu import MLPClassifier
    >>> from sknn_edu.inspection import check_gradient
    >>> X, y = load_iris(return_X_y=True)
    >>> check_gradient(MLPClassifier(activation="tanh", random_state=0), X, y).error < 1e-6
    True
    """
    problem = training_problem(estimator, X, y, dtype="float64")
    samples, parameters, loss = problem.samples, problem.parameters, problem.architecture.loss
    gradient = parameters.zeros_like()
    network = Network(problem.architecture, parameters, gradient, samples.n)
    share = network.share if samples.weight is None else samples.weight / samples.total()
    network.forward(samples.X)
    network.backward(samples.X, samples.y, share)
    start, rng = parameters.theta.copy(), np.random.default_rng(random_state)

    def mean_loss(theta):
        parameters.theta[:] = theta
        return samples.sum(loss.value(samples.y, network.forward(samples.X))) / samples.total()

    directions = rng.normal(size=(n_directions, start.size))
    measured = [
        (mean_loss(start + step * d) - mean_loss(start - step * d)) / (2 * step) for d in directions
    ]
    backpropagated = directions @ gradient.theta
    info = np.finfo(float)
    rounding = 10 * info.eps * abs(mean_loss(start)) / step
    unexplained = max(np.abs(backpropagated - measured).max() - rounding, 0.0)
    error = unexplained / max(np.abs(backpropagated).max(), info.tiny)
    return GradientCheck(float(error), backpropagated, np.array(measured))
