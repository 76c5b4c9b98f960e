"""The whole story on one page: how a neural network learns, in plain NumPy.

``fit`` trains a classifier with layers of relu neurons, as :class:`~sknn_edu.MLPClassifier` does: a
test holds the two together to 1e-9. Each step below has a chapter of its own in this folder.

The symbols: X holds one sample per row and Y its class, a row with a single 1. Each layer has
weights W (n_in, n_out) and biases b (n_out,); it receives activations a and computes weighted sums
z = a W + b. delta = dL/dz says how the loss L changes with z. (The chapters write the same with one
*column* per sample.)
"""

from itertools import pairwise

import numpy as np


def initialize(layer_sizes, rng):
    """Chapter 4: draw W and b of each layer from U(-bound, bound) (Glorot and Bengio 2010)."""
    weights, biases = [], []
    for n_in, n_out in pairwise(layer_sizes):
        bound = np.sqrt(6 / (n_in + n_out))
        weights.append(rng.uniform(-bound, bound, (n_in, n_out)))
        biases.append(rng.uniform(-bound, bound, n_out))
    return weights, biases


def forward(X, weights, biases):
    """Chapter 6: return the activations of each layer; X first, probabilities last."""
    activations = [X]
    for W, b in zip(weights[:-1], biases[:-1], strict=True):
        z = activations[-1] @ W + b
        activations.append(np.maximum(z, 0))  # relu in the hidden layers
    z = activations[-1] @ weights[-1] + biases[-1]
    e = np.exp(z - z.max(axis=1, keepdims=True))
    activations.append(e / e.sum(axis=1, keepdims=True))  # softmax in the last layer
    return activations


def log_loss(P, Y):
    """Chapter 5: return -log p of the true class for each sample (n,), in nats; p >= 2e-16."""
    p = (P * Y).sum(axis=1)
    return -np.log(np.maximum(p, np.finfo(float).eps))


def backward(activations, Y, weights, alpha):
    """Chapter 6: return dL/dW and dL/db of each layer, L = mean loss + alpha / (2 n) sum W^2."""
    n = len(Y)
    dweights, dbiases = [], []
    delta = (activations[-1] - Y) / n  # dL/dz of softmax with cross-entropy
    for a, W in zip(reversed(activations[:-1]), reversed(weights), strict=True):
        dweights.insert(0, a.T @ delta + alpha / n * W)
        dbiases.insert(0, delta.sum(axis=0))
        delta = (delta @ W.T) * (a > 0)  # the chain rule; relu has slope 1 where it is positive
    return dweights, dbiases


def adam(theta, g, mean, square, t, learning_rate):
    """Chapter 7: move theta against its gradient g, in place (Kingma and Ba, arXiv 1412.6980).

    The running means of g and of g^2 start at 0; the rate of step t corrects that.
    """
    mean[...] = 0.9 * mean + 0.1 * g
    square[...] = 0.999 * square + 0.001 * g**2
    rate = learning_rate * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    theta -= rate * mean / (np.sqrt(square) + 1e-8)


def fit(
    X,
    Y,
    hidden_layer_sizes=(100,),
    n_epochs=200,
    batch_size=200,
    learning_rate=1e-3,
    alpha=1e-4,
    seed=0,
):
    """Chapters 9 and 10: return weights and biases of each layer, and the loss of each epoch."""
    rng, n = np.random.RandomState(seed), len(X)
    weights, biases = initialize([X.shape[1], *hidden_layer_sizes, Y.shape[1]], rng)
    parameters = weights + biases
    memory = [(np.zeros_like(theta), np.zeros_like(theta)) for theta in parameters]
    order, losses, t = np.arange(n), [], 0
    for _ in range(n_epochs):
        loss = 0.0
        order = order[rng.permutation(n)]
        for start in range(0, n, batch_size):
            batch = order[start : start + batch_size]
            activations = forward(X[batch], weights, biases)
            loss += log_loss(activations[-1], Y[batch]).sum()
            loss += alpha / 2 * sum((W**2).sum() for W in weights)  # the penalty times n
            dweights, dbiases = backward(activations, Y[batch], weights, alpha)
            t += 1
            gradient = dweights + dbiases
            for theta, g, (mean, square) in zip(parameters, gradient, memory, strict=True):
                adam(theta, g, mean, square, t, learning_rate)
        losses.append(loss / n)
    return weights, biases, losses
