"""Is the gradient right? The slope of the loss, measured, beside backpropagation's."""

from typing import NamedTuple

import numpy as np

from sknn_edu.core.network import Pass
from sknn_edu.inspection._problem import problem


class GradientCheck(NamedTuple):
    """The result of :func:`check_gradient`.

    Attributes
    ----------
    error : float
        The largest difference beyond what rounding explains, divided by the largest slope: below
        1e-6 the gradient is right. A sample in a kink of relu or of the loss may raise it.
    backpropagated, measured : ndarray of shape (n_directions,)
        The slopes of the mean loss along random directions, by backpropagation and by central
        differences.
    """

    error: float
    backpropagated: np.ndarray
    measured: np.ndarray


def check_gradient(estimator, X, y, *, n_directions=20, step=1e-6, random_state=0):
    """Compare backpropagation with finite differences, in float64.

    For a reader who doubts, or who wrote an activation or a loss of their own.

    Parameters
    ----------
    estimator : SigmoidNeuronClassifier, MLPClassifier or MLPRegressor
        Fitted or fresh; it is not changed. Dropout and the L2 penalty are left out.
    X : array-like of shape (n_samples, n_features)
        Some samples; dense.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Their targets.
    n_directions : int, default=20
        Along how many random directions to compare.
    step : float, default=1e-6
        How far to go in each direction.
    random_state : int, default=0
        Draws the directions.

    Returns
    -------
    check : GradientCheck
        ``error``, and both slopes along each direction.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknn_edu import MLPClassifier
    >>> from sknn_edu.inspection import check_gradient
    >>> X, y = load_iris(return_X_y=True)
    >>> check_gradient(MLPClassifier(activation="tanh", random_state=0), X, y).error < 1e-6
    True
    """
    network, parameters, samples, _ = problem(estimator, X, y, dtype="float64")
    gradient = network.parameters(np.float64)
    work = Pass(network, parameters, gradient, samples.n)
    share = work.share if samples.weight is None else samples.weight / samples.total()
    work.forward(samples.X)
    work.backward(samples.X, samples.y, share)
    start, rng = parameters.theta.copy(), np.random.default_rng(random_state)

    def mean_loss(theta):
        parameters.theta[:] = theta
        return samples.sum(network.loss.value(samples.y, work.forward(samples.X))) / samples.total()

    directions = rng.normal(size=(n_directions, start.size))
    measured = [
        (mean_loss(start + step * way) - mean_loss(start - step * way)) / (2 * step)
        for way in directions
    ]
    slopes = directions @ gradient.theta
    info = np.finfo(float)
    rounding = 10 * info.eps * abs(mean_loss(start)) / step
    unexplained = max(np.abs(slopes - measured).max() - rounding, 0.0)
    error = unexplained / max(np.abs(slopes).max(), info.tiny)
    return GradientCheck(float(error), slopes, np.array(measured))
