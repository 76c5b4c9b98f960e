"""One step of learning, written out as on a blackboard."""

from dataclasses import dataclass
from html import escape

import numpy as np

from sknn_edu.core.activations import for_columns
from sknn_edu.core.network import inner_inputs
from sknn_edu.inspection._problem import problem


@dataclass(frozen=True)
class LayerTrace:
    """The numbers of one layer; one column per sample.

    Attributes
    ----------
    inputs : ndarray of shape (n_in, m)
        What comes in: the samples, or what an embedding makes of them, or the activations of the
        layer before.
    W, b : ndarray of shape (n_in, n_out) and (n_out,)
        Weights and biases.
    z, a : ndarray of shape (n_out, m)
        Weighted sums z = W^T inputs + b and what the neurons answer, a = g(z).
    delta : ndarray of shape (n_out, m)
        dL/dz, the blame of each weighted sum for the mean loss.
    dW, db : ndarray of the shapes of W and b
        dL/dW = inputs delta^T + alpha W / n and dL/db = delta summed over the samples.
    change_W, change_b : ndarray of the shapes of W and b, or None
        What the optimiser's first step would add; None for solver="lbfgs".
    activation : str
        The name of g.
    """

    inputs: np.ndarray
    W: np.ndarray
    b: np.ndarray
    z: np.ndarray
    a: np.ndarray
    delta: np.ndarray
    dW: np.ndarray
    db: np.ndarray
    change_W: np.ndarray | None
    change_b: np.ndarray | None
    activation: str


@dataclass(frozen=True)
class Trace:
    """One forward and one backward pass; ``print`` it, or let a notebook show it as a table.

    Attributes
    ----------
    layers : list of LayerTrace
        From the first hidden layer to the output layer.
    y : ndarray of shape (n_outputs, m)
        The targets as the loss sees them, 0 and 1 for classes.
    losses : ndarray of shape (m,)
        The loss of each sample.
    penalty : float
        The L2 penalty alpha / (2 n) sum W^2.
    loss : float
        The (weighted) mean of the losses, with the penalty.
    loss_name : str
        What the loss is called.
    alpha_over_n : float
        What multiplies W in dL/dW.
    """

    layers: list
    y: np.ndarray
    losses: np.ndarray
    penalty: float
    loss: float
    loss_name: str
    alpha_over_n: float

    def _rows(self):
        """Yield (section, symbol, equation, value) in the order in which one would write them."""
        for k, layer in enumerate(self.layers, 1):
            what = f"Forward: layer {k} of {len(self.layers)}, {layer.activation}"
            inputs = "X^T" if k == 1 else f"a{k - 1}"
            yield what, f"W{k}", "weights", layer.W
            yield what, f"b{k}", "biases", layer.b
            if k == 1:
                yield what, "X^T", "the samples, one a column", layer.inputs
            yield what, f"z{k}", f"W{k}^T {inputs} + b{k}", layer.z
            yield what, f"a{k}", f"g(z{k})", layer.a
        what = f"Loss: {self.loss_name}"
        yield what, "y", "the targets", self.y
        yield what, "L_i", "of each sample", self.losses
        yield what, "L", f"their mean + penalty {self.penalty:.6g}", np.asarray(self.loss)
        pull = " + alpha W / n" if self.alpha_over_n else ""
        for k in range(len(self.layers), 0, -1):
            layer, what = self.layers[k - 1], f"Backward: layer {k}"
            inputs = "X^T" if k == 1 else f"a{k - 1}"
            last = k == len(self.layers)
            rule = "dL/dz" if last else f"(W{k + 1} delta{k + 1}) * g'(z{k})"
            yield what, f"delta{k}", rule, layer.delta
            yield what, f"dW{k}", f"{inputs} delta{k}^T{pull}", layer.dW
            yield what, f"db{k}", f"sum of delta{k} over samples", layer.db
            if layer.change_W is not None:
                yield what, f"step W{k}", "what the optimiser adds to it", layer.change_W
                yield what, f"step b{k}", "what the optimiser adds to it", layer.change_b

    def __str__(self):
        lines, before = [], None
        for section, symbol, equation, value in self._rows():
            if section != before:
                lines += ["", section, "-" * len(section)]
                before = section
            head = f"  {symbol:>8} = {equation:<30} {value.shape!s:>9}  "
            body = numbers(value).splitlines()
            lines.append(head + body[0])
            lines += [" " * len(head) + line for line in body[1:]]
        return "\n".join(lines[1:])

    def _repr_html_(self):
        parts, before = ['<table style="font-family: monospace; text-align: left">'], None
        for section, symbol, equation, value in self._rows():
            if section != before:
                parts.append(f'<tr><th colspan="4">{escape(section)}</th></tr>')
                before = section
            cells = escape(symbol), escape(equation), escape(str(value.shape))
            row = "".join(f'<td style="text-align: left">{cell}</td>' for cell in cells)
            parts.append(f"<tr>{row}<td><pre>{escape(numbers(value))}</pre></td></tr>")
        return "\n".join([*parts, "</table>"])


def numbers(value):
    """Return an array as text, with few digits and no more than a screen holds."""
    return np.array2string(
        value, precision=4, suppress_small=True, threshold=60, edgeitems=3, max_line_width=72
    )


def trace(estimator, X, y):
    """Follow a few samples forward and the blame for their loss backward, number by number.

    Parameters
    ----------
    estimator : SigmoidNeuronClassifier, MLPClassifier or MLPRegressor
        Fitted, or fresh: then it is looked at as ``fit`` would start it on these samples. It is
        not changed. Dropout is left out.
    X : array-like of shape (n_samples, n_features)
        A few samples; dense.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Their targets.

    Returns
    -------
    trace : Trace
        Its fields are arrays, ``print(trace)`` a blackboard.

    Raises
    ------
    TypeError
        If the estimator is none of these, or X is sparse.
    ValueError
        If the data do not fit the estimator.

    Examples
    --------
    >>> from sknn_edu import SigmoidNeuronClassifier
    >>> from sknn_edu.inspection import trace
    >>> neuron = SigmoidNeuronClassifier.from_weights([10, 10], bias=-15, alpha=0.0)
    >>> board = trace(neuron, [[0, 1], [1, 1]], [0, 1])
    >>> board.layers[0].z
    array([[-5.,  5.]])
    >>> board.layers[0].a.round(3)
    array([[0.007, 0.993]])
    """
    network, parameters, samples, learner = problem(estimator, X, y)
    if network.factors is not None:
        raise ValueError(
            "trace shows weights, but here the first layer's are made of factors: set "
            "feature_scale=False and category_embedding=None."
        )
    gradient = network.parameters(parameters.theta.dtype)
    activations = for_columns(network.activations, parameters.bends, gradient.bends)
    n = samples.total()
    weight = np.ones(samples.n) if samples.weight is None else samples.weight
    alpha = float(estimator.alpha) / n
    Ws = [W.copy() for W in parameters.weights]
    bs = [b.copy() for b in parameters.biases]

    seen = inner_inputs(network, parameters, samples.X[:, :-1])
    inputs, zs, answers = [seen.T.copy()], [], []
    names = [*(g.name for g in network.activations), network.loss.output]
    for k, (W, b) in enumerate(zip(Ws, bs, strict=True)):
        z = W.T @ inputs[k] + b[:, np.newaxis]
        a = z.copy()
        if k < len(network.activations):
            activations[k].forward(z.reshape(-1).copy(), a.reshape(-1))
        else:
            network.loss.activate(a)
        zs.append(z)
        answers.append(a)
        inputs.append(a)

    losses = network.loss.value(samples.y, answers[-1].copy())
    penalty = 0.5 * alpha * sum(float((W * W).sum()) for W in Ws)
    delta = answers[-1].copy()
    network.loss.delta(samples.y, delta)
    delta = delta * (weight / n)
    deltas = [delta]
    for k in range(len(Ws) - 1, 0, -1):
        delta = Ws[k] @ delta
        z, a = zs[k - 1].reshape(-1).copy(), answers[k - 1].reshape(-1).copy()
        activations[k - 1].backward(z, a, delta.reshape(-1))
        deltas.insert(0, delta)

    changes = first_step(parameters, samples, learner)
    layers = [
        LayerTrace(
            inputs=inputs[k],
            W=Ws[k],
            b=bs[k],
            z=zs[k],
            a=answers[k],
            delta=deltas[k],
            dW=inputs[k] @ deltas[k].T + alpha * Ws[k],
            db=deltas[k].sum(axis=1),
            change_W=changes[0][k],
            change_b=changes[1][k],
            activation=names[k],
        )
        for k in range(len(Ws))
    ]
    loss = float(losses @ weight / n) + penalty
    y_seen = samples.y.copy()
    return Trace(layers, y_seen, losses, penalty, loss, network.loss.name, alpha)


def first_step(parameters, samples, learner):
    """Return what the optimiser's first step on all samples adds to each W and each b."""
    if learner is None:
        nothing = [None] * len(parameters.weights)
        return nothing, nothing
    before = [array.copy() for array in (*parameters.weights, *parameters.biases)]
    learner.step(samples)
    after = [*parameters.weights, *parameters.biases]
    changes = [new - old for new, old in zip(after, before, strict=True)]
    return changes[: len(parameters.weights)], changes[len(parameters.weights) :]
