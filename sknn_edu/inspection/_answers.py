"""What every neuron answers, layer by layer."""

import numpy as np

from sknn_edu._perceptron import PerceptronClassifier
from sknn_edu.core.perceptron import winners


def answers(estimator, X):
    """Return what the neurons of each layer answer to each sample, the inputs first.

    Parameters
    ----------
    estimator : a fitted estimator of ours
    X : ndarray of shape (n_samples, n_features)

    Returns
    -------
    answers : list of ndarray (n_samples, n_neurons)
        Of the inputs, of each hidden layer, and of the outputs; in the dtype of the weights.
    """
    weights, biases = estimator._layers()
    said = [np.asarray(X, dtype=weights[0].dtype)]
    if isinstance(estimator, PerceptronClassifier):
        won = winners(said[0] @ weights[0] + biases[0])[:, np.newaxis]
        fires = won == 1 if weights[0].shape[1] == 1 else won == np.arange(weights[0].shape[1])
        return [*said, fires.astype(weights[0].dtype)]
    said, activations = [estimator._seen(said[0])], estimator._hidden_activations()
    loss = estimator._network_of(said[0].shape[1]).loss
    for k, (W, b) in enumerate(zip(weights, biases, strict=True)):
        a = said[-1] @ W + b
        if k < len(activations):
            flat = a.reshape(-1)
            activations[k].forward(flat, flat)
        else:
            a = np.ascontiguousarray(a.T)  # a loss has one column per sample
            loss.activate(a)
            a = a.T
        said.append(a)
    return said
