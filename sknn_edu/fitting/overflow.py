"""Does the trained model give finite outputs for its own training samples?

Training checks the loss of every batch, but no batch follows the last step. For almost every model,
a bound computed from the weights and the largest input shows that nothing can overflow. Only if the
bound is too large, the outputs for the training samples are computed.
"""

import numpy as np

from sknn_edu.core.beyond.number_embedding import EmbeddedNumbers
from sknn_edu.core.beyond.parametric_activations import ALL_ACTIVATIONS, MixedWithIdentity
from sknn_edu.core.losses import OUTPUTS
from sknn_edu.fitting.remote import column_range, is_remote, output_sums_of

OVERFLOW = (
    "Solver produced non-finite parameter weights. Training diverged in {when}: the model has "
    "infinite weights, or predicts infinite or undefined values for its own training samples. "
    "Scale the features (and the targets of a regression), for example with StandardScaler in a "
    "Pipeline{remedy}."
)

LARGEST_NEAR_0 = 2.0
"""For a built-in activation g and |z| <= B, |g(z)| is at most max(|g(B)|, |g(-B)|, this)."""


def refuse_overflow(estimator, architecture, parameters, X):
    """Refuse a model whose weights or predictions for X (n_samples, n_features) are not finite."""
    weights = architecture.fitted_weights(parameters)
    activations = architecture.fitted_activations(parameters.of_activations)
    largest = largest_input(architecture.inputs, parameters.of_inputs, X)
    bound = largest_sum(weights, parameters.biases, activations, largest)
    if bound < output_limit(architecture, weights[-1].dtype):
        return
    is_finite = all(np.isfinite(array).all() for array in (*weights, *parameters.biases))
    if is_finite:
        z = np.ascontiguousarray(output_sums_of(architecture, parameters, X).T)
        is_finite = np.isfinite(np.ptp(z, axis=0)).all()  # softmax subtracts the largest
        architecture.loss.activate(z)
    if not (is_finite and np.isfinite(z).all()):
        when, remedy = f"epoch {estimator.n_iter_}", ", or lower learning_rate_init"
        if estimator.solver == "lbfgs":
            when, remedy = f"iteration {estimator.n_iter_} of lbfgs", ""
        raise ValueError(OVERFLOW.format(when=when, remedy=remedy))


def largest_input(inputs, learned, X):
    """Return a bound of the absolute inputs of the first layer."""
    if is_remote(X):
        values = np.stack(column_range(X))
    else:
        values = X if isinstance(X, np.ndarray) else X.data
    largest = max(float(values.max(initial=0)), -float(values.min(initial=0)))
    base = getattr(inputs, "base", inputs)
    if isinstance(base, EmbeddedNumbers):
        *_, W, b = learned
        largest = max(largest, float((np.abs(W).sum(axis=1) + np.abs(b)).max()))
    return largest


def largest_sum(weights, biases, activations, largest):
    """Return a bound of the absolute weighted sums in all layers, for inputs up to `largest`.

    |z| <= max_j sum_i |W_ij| max |a| + max |b|. The bound is infinite after an activation that is
    not built in.
    """
    bound = largest_of_all = 0.0
    for k, (W, b) in enumerate(zip(weights, biases, strict=True)):
        column_sum = np.add.reduce(np.abs(W), axis=0, dtype=np.float64).max(initial=0)
        bound = float(column_sum * largest + np.abs(b).max(initial=0))
        largest_of_all = max(largest_of_all, bound) if bound == bound else np.inf
        if k < len(activations):
            largest = largest_activation(activations[k], bound)
    return largest_of_all


def largest_activation(activation, bound):
    """Return a bound of the absolute activations for weighted sums up to `bound`."""
    if isinstance(activation, MixedWithIdentity):  # a = z + alpha (g(z) - z)
        alpha = float(np.abs(activation.alpha).max())
        return bound + alpha * (bound + largest_activation(activation.activation, bound))
    known = ALL_ACTIVATIONS.get(activation.name)
    if known is None or known.forward is not activation.forward or not bound < np.inf:
        return np.inf
    z = np.array([bound, -bound])
    a = np.empty_like(z)
    activation.forward(z, a)
    return max(float(np.abs(a).max()), LARGEST_NEAR_0)


def output_limit(architecture, dtype):
    """Return the largest weighted sum for which the outputs cannot overflow."""
    largest, output = float(np.finfo(dtype).max), architecture.loss.output
    if OUTPUTS.get(output, architecture.loss.activate) is not architecture.loss.activate:
        return -1.0  # a custom output activation: compute the outputs
    if output == "exp":
        return float(np.log(largest))
    return largest / (4 * architecture.layer_sizes[-1])  # keeps sums and differences finite, too
