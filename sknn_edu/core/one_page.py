"""The whole story on one page: how a neural network learns, in plain NumPy.

``fit`` trains a classifier with relu neurons and gives the numbers of
:class:`~sknn_edu.MLPClassifier` to 1e-9, which a test checks. The functions
name the files of this folder that say more.

X holds one sample per row and Y its class, a row with a single 1. A layer has
weights W (n_in, n_out) and biases b (n_out,), receives activations a, and
computes weighted sums z = a W + b. delta = dL/dz is the slope of the loss L
with respect to z. (The other files have one *column* per sample.)
"""

from itertools import pairwise

import numpy as np


def initialize(layer_sizes, rng):
    """Draw W and b of each layer from U(-bound, bound): initializers.py."""
    weights, biases = [], []
    for n_in, n_out in pairwise(layer_sizes):
        bound = np.sqrt(6 / (n_in + n_out))
        weights.append(rng.uniform(-bound, bound, (n_in, n_out)))
        biases.append(rng.uniform(-bound, bound, n_out))
    return weights, biases


def forward(X, weights, biases):
    """Return all activations, X first, probabilities last: network.py."""
    activations = [X]
    for W, b in zip(weights[:-1], biases[:-1], strict=True):
        z = activations[-1] @ W + b
        activations.append(np.maximum(z, 0))  # relu in the hidden layers
    z = activations[-1] @ weights[-1] + biases[-1]
    e = np.exp(z - z.max(axis=1, keepdims=True))
    activations.append(e / e.sum(axis=1, keepdims=True))  # softmax
    return activations


def log_loss(P, Y):
    """Return -log p of the true class of each sample, in nats: losses.py."""
    p = (P * Y).sum(axis=1)
    return -np.log(np.maximum(p, np.finfo(float).eps))


def backward(activations, Y, weights, alpha):
    """Return dL/dW, dL/db of mean loss + alpha / (2 n) sum W^2: network.py."""
    n = len(Y)
    dweights, dbiases = [], []
    delta = (activations[-1] - Y) / n  # dL/dz of softmax with cross-entropy
    for a, W in zip(reversed(activations[:-1]), reversed(weights), strict=True):
        dweights.insert(0, a.T @ delta + alpha / n * W)
        dbiases.insert(0, delta.sum(axis=0))
        delta = (delta @ W.T) * (a > 0)  # times the slope of relu
    return dweights, dbiases


def adam(theta, g, mean, square, t, learning_rate):
    """Move theta against its gradient g, in place: optimizers.py.

    Kingma and Ba, arXiv 1412.6980. The means start at 0; rate corrects that.
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
    """Return weights, biases and each epoch's loss: gradient_descent.py."""
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
            loss += alpha / 2 * sum((W**2).sum() for W in weights)  # n * penalty
            dweights, dbiases = backward(activations, Y[batch], weights, alpha)
            t += 1
            gradient = dweights + dbiases
            for theta, g, (mean, square) in zip(parameters, gradient, memory, strict=True):
                adam(theta, g, mean, square, t, learning_rate)
        losses.append(loss / n)
    return weights, biases, losses
