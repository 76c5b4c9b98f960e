"""Is the gradient right? Backpropagation compared with finite differences."""

from typing import NamedTuple

import numpy as np

from sknn_edu.core.network import Network
from sknn_edu.estimators.interface import training_problem


class GradientCheck(NamedTuple):
    """The result of :func:`check_gradient`.

    Attributes
    ----------
    error : float
        The largest difference beyond rounding error, divided by the largest derivative: below
        1e-6 the gradient is right. A sample in a kink of relu or of the loss may increase it.
    backpropagated, measured : ndarray of shape (n_directions,)
        The directional derivatives of the mean loss, by backpropagation and by central
        differences.
    """

    error: float
    backpropagated: np.ndarray
    measured: np.ndarray


def check_gradient(estimator, X, y, *, n_directions=20, step=1e-6, random_state=0):
    """Compare backpropagation with finite differences, in float64.

    Useful after writing an activation or a loss of your own.

    Parameters
    ----------
    estimator : SigmoidNeuronClassifier, MLPClassifier or MLPRegressor
        Fitted or not; it is not changed. Dropout and the L2 penalty are left out.
    X : array-like of shape (n_samples, n_features)
        Some samples; dense.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Their targets.
    n_directions : int, default=20
        The number of random directions.
    step : float, default=1e-6
        The step of the central differences.
    random_state : int, default=0
        Determines the directions.

    Returns
    -------
    check : GradientCheck
        ``error``, and both derivatives along each direction.

    Raises
    ------
    TypeError
        If the estimator is none of these, or X is sparse.

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
