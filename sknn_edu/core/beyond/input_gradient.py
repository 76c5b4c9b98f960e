"""How does each output change when a feature changes a little?

Backpropagation carries delta down to the first layer. Taken one step further, it gives the
derivative of an output with respect to the inputs, which shows the features that matter most for
the prediction of a sample.
"""

from dataclasses import replace

import numpy as np

from sknn_edu.core.losses import Loss, identity_output
from sknn_edu.core.network import ROWS_AT_ONCE, Architecture, Network, Parameters
from sknn_edu.core.speed.arrays import Array, scalar


def input_gradients(architecture: Architecture, parameters: Parameters, X: Array) -> Array:
    """Return dz_k/dx for each sample and each output z_k: (n_samples, n_outputs, n_inputs).

    Backpropagation starts with delta = 1 at one output and 0 at the others, and goes one step
    further than in training: dz_k/dx = W delta, with W and delta of the first layer. X must be
    dense.
    """
    (n_samples, n_inputs), n_outputs = X.shape, architecture.layer_sizes[-1]
    architecture = replace(architecture, loss=ONE_OUTPUT)
    unused = architecture.parameters(X.dtype)
    gradients = np.empty((n_samples, n_outputs, n_inputs), dtype=X.dtype)
    for start in range(0, n_samples, ROWS_AT_ONCE):
        rows = X[start : start + ROWS_AT_ONCE]
        inputs = np.hstack([rows, np.ones((len(rows), 1), X.dtype)])
        network = Network(architecture, parameters, unused, len(rows))
        for k in range(n_outputs):
            selected = np.zeros((n_outputs, len(rows)), X.dtype)
            selected[k] = 1
            network.forward(inputs)
            delta = network.backpropagate(selected, scalar(1, X.dtype))
            gradients[start : start + len(rows), k] = (network.layers[0].W @ delta).T
    return gradients


def _select(y: Array, a: Array) -> None:
    """Write delta: 1 at the selected output and 0 at the others."""
    a[...] = y


ONE_OUTPUT = Loss(
    "selected", "identity", identity_output, lambda y, a: (y * a).sum(axis=0), _select
)
"""Stands in for a loss: its value is one of the outputs, z_k, which y selects."""
