"""The contestants: sknn_edu, scikit-learn, PyTorch, JAX, and the matrix products alone.

There is one function for each. It takes a :class:`Task` and returns a *trainer*: a function that
trains a new network for a number of epochs and returns the loss of each epoch. PyTorch and JAX
start from the same weights and use the samples in the same order as the other two, so their losses
can be compared as well. Both train in their fastest way: PyTorch with the fused Adam and without
DataLoader, JAX with a whole epoch as one compiled `lax.scan` over the batches.
"""

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import Any

import numpy as np
from sklearn import neural_network
from timing import blas_threads

import sknn_edu
from sknn_edu.core.activations import ACTIVATIONS
from sknn_edu.core.initializers import glorot_uniform
from sknn_edu.core.training import shuffled

Trainer = Callable[[int], list[float]]

SEED = 0
ETA, BETA_1, BETA_2, EPSILON, ALPHA = 1e-3, 0.9, 0.999, 1e-8, 1e-4  # scikit-learn's defaults
NAMES = {"sklearn": "scikit-learn", "torch": "PyTorch", "jax": "JAX", "floor": "floor"}


def is_installed(peer: str) -> bool:
    return peer not in ("torch", "jax") or importlib.util.find_spec(peer) is not None


@dataclass(frozen=True)
class Task:
    """The data and the network: relu, trained by Adam on shuffled mini-batches."""

    X: Any
    y: np.ndarray
    hidden: tuple[int, ...]
    batch_size: int

    @property
    def is_regression(self) -> bool:
        return self.y.dtype.kind == "f"

    @property
    def n_outputs(self) -> int:
        return 1 if self.is_regression or self.y.max() == 1 else int(self.y.max()) + 1

    @property
    def layer_sizes(self) -> tuple[int, ...]:
        return (self.X.shape[1], *self.hidden, self.n_outputs)

    def as_type(self, dtype: str) -> "Task":
        """Return the task with data of this dtype."""
        y = self.y.astype(dtype) if self.is_regression else self.y
        return Task(self.X.astype(dtype), y, self.hidden, self.batch_size)

    def parameters(self) -> dict:
        """Return the parameters of the estimator; only the number of epochs ends training."""
        return {
            "hidden_layer_sizes": self.hidden,
            "batch_size": self.batch_size,
            "tol": 0.0,
            "n_iter_no_change": inf,
            "random_state": SEED,
        }

    def start(self) -> tuple[list[tuple[np.ndarray, np.ndarray]], Iterator[np.ndarray]]:
        """Return the initial (W, b) of each layer, and the order of the samples in each epoch."""
        rng = np.random.RandomState(SEED)
        layers = []
        for n_in, n_out in pairwise(self.layer_sizes):
            W, b = np.empty((n_in, n_out)), np.empty(n_out)
            glorot_uniform(rng, ACTIVATIONS["relu"], W, b)
            layers.append((W, b))
        return layers, self._orders(rng)

    def _orders(self, rng: np.random.RandomState) -> Iterator[np.ndarray]:
        order = np.arange(self.X.shape[0])
        while True:
            order = shuffled(order, rng)
            yield order


def ours(task: Task) -> Trainer:
    """Train with sknn_edu, in the dtype of the data."""
    return _estimator(sknn_edu, task)


def scikit_learn(task: Task) -> Trainer:
    """Train with scikit-learn."""
    return _estimator(neural_network, task)


def _estimator(module: Any, task: Task) -> Trainer:
    kind = module.MLPRegressor if task.is_regression else module.MLPClassifier

    def train(epochs: int) -> list[float]:
        estimator = kind(max_iter=epochs, **task.parameters())
        return estimator.fit(task.X, task.y).loss_curve_

    return train


def pytorch(task: Task) -> Trainer:
    """Train with PyTorch in eager mode on the CPU, with the number of threads that BLAS has."""
    import torch
    from torch import nn

    torch.set_num_threads(blas_threads())
    X = torch.from_numpy(task.X)
    y = torch.from_numpy(task.y)
    if task.n_outputs == 1:
        y = y.to(X.dtype)[:, None]
    if task.is_regression:
        mean_loss = lambda z, y: 0.5 * nn.functional.mse_loss(z, y)  # noqa: E731
    elif task.n_outputs == 1:
        mean_loss = nn.functional.binary_cross_entropy_with_logits
    else:
        mean_loss = nn.functional.cross_entropy

    def make_network(layers):
        modules = []
        for W, b in layers:
            layer = nn.Linear(*W.shape, dtype=X.dtype)
            with torch.no_grad():
                layer.weight.copy_(torch.from_numpy(W.T))
                layer.bias.copy_(torch.from_numpy(b))
            modules += [layer, nn.ReLU()]
        return nn.Sequential(*modules[:-1])

    def train(epochs: int) -> list[float]:
        layers, orders = task.start()
        network = make_network(layers)
        optimizer = torch.optim.Adam(
            network.parameters(), lr=ETA, weight_decay=ALPHA / task.batch_size, fused=True
        )
        losses = []
        for _, order in zip(range(epochs), orders, strict=False):
            total = torch.zeros(())
            for rows in torch.from_numpy(order).split(task.batch_size):
                optimizer.zero_grad()
                loss = mean_loss(network(X[rows]), y[rows])
                loss.backward()
                optimizer.step()
                total += loss.detach() * len(rows)
            losses.append(total.item() / len(order))
        return losses

    return train


def jax_scan(task: Task) -> Trainer:
    """Train with JAX: an epoch is one function, which the first call compiles."""
    import jax
    import jax.numpy as jnp

    X = jnp.asarray(task.X)
    y = jnp.asarray(task.y if task.is_regression else task.y.astype("int32"))
    batch_size = min(task.batch_size, X.shape[0])
    n_whole = X.shape[0] // batch_size * batch_size

    def mean_loss(layers, X, y):
        a = X
        for W, b in layers[:-1]:
            a = jax.nn.relu(a @ W + b)
        W, b = layers[-1]
        z = a @ W + b
        if task.is_regression:
            losses = 0.5 * (z[:, 0] - y) ** 2
        elif task.n_outputs == 1:
            losses = jax.nn.softplus(z[:, 0]) - y * z[:, 0]
        else:
            losses = -jnp.take_along_axis(jax.nn.log_softmax(z), y[:, None], axis=1)
        return losses.mean()

    def step(state, rows):
        layers, m, v, t = state
        loss, gradient = jax.value_and_grad(mean_loss)(layers, X[rows], y[rows])
        decay = ALPHA / rows.shape[0]
        gradient = [(dW + decay * W, db) for (dW, db), (W, _) in zip(gradient, layers, strict=True)]
        t += 1
        eta = ETA * jnp.sqrt(1 - BETA_2**t) / (1 - BETA_1**t)
        m = jax.tree.map(lambda m, g: BETA_1 * m + (1 - BETA_1) * g, m, gradient)
        v = jax.tree.map(lambda v, g: BETA_2 * v + (1 - BETA_2) * g * g, v, gradient)
        layers = jax.tree.map(lambda p, m, v: p - eta * m / (jnp.sqrt(v) + EPSILON), layers, m, v)
        return (layers, m, v, t), loss * rows.shape[0]

    @jax.jit
    def epoch(state, order):
        state, losses = jax.lax.scan(step, state, order[:n_whole].reshape(-1, batch_size))
        total = losses.sum()
        if n_whole < order.size:
            state, last = step(state, order[n_whole:])
            total += last
        return state, total / order.size

    def train(epochs: int) -> list[float]:
        layers, orders = task.start()
        layers = [(jnp.asarray(W, X.dtype), jnp.asarray(b, X.dtype)) for W, b in layers]
        zeros = jax.tree.map(jnp.zeros_like, layers)
        state = (layers, zeros, zeros, jnp.zeros((), X.dtype))
        losses = []
        for _, order in zip(range(epochs), orders, strict=False):
            state, loss = epoch(state, order.astype("int32"))
            losses.append(float(loss))
        return losses

    return train


def floor(task: Task) -> Trainer:
    """Compute only the matrix products of training, in arrays that are allocated once.

    For each batch these are the forward pass through each layer, the derivative of each W, and the
    backpropagation of delta to each hidden layer. There are no biases, activations, loss or
    optimiser, and the samples are not shuffled.
    """
    n_samples, dtype = task.X.shape[0], task.X.dtype
    W = [np.ones(shape, dtype) for shape in pairwise(task.layer_sizes)]
    dW = [np.empty_like(w) for w in W]
    widest = min(task.batch_size, n_samples)
    z = [np.ones((widest, n_out), dtype) for n_out in task.layer_sizes[1:]]
    delta = [np.ones_like(a) for a in z]

    def train(epochs: int) -> list[float]:
        for _ in range(epochs):
            for start in range(0, n_samples, task.batch_size):
                a = task.X[start : start + task.batch_size]
                m = a.shape[0]
                inputs = [a, *(z_k[:m] for z_k in z)]
                for k, w in enumerate(W):
                    np.matmul(inputs[k], w, out=inputs[k + 1])
                for k in range(len(W) - 1, -1, -1):
                    np.matmul(inputs[k].T, delta[k][:m], out=dW[k])
                    if k > 0:
                        np.matmul(delta[k][:m], W[k].T, out=delta[k - 1][:m])
        return []

    return train
