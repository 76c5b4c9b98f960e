"""One training step, written out as on a blackboard.

The numbers are the engine's own: it runs forward and backward once, and what passes through its
layers is copied on the way.
"""

from dataclasses import dataclass, replace
from html import escape
from itertools import chain

import numpy as np

from sknn_edu.core.losses import add_l2
from sknn_edu.core.network import Network, is_weight
from sknn_edu.estimators.interface import training_problem


@dataclass(frozen=True)
class LayerTrace:
    """The numbers of one layer; one column per sample.

    Attributes
    ----------
    inputs : ndarray of shape (n_in, m)
        What W is multiplied by: the samples (embedded, if their numbers or categories are, and
        times the feature scales), or the activations of the layer before.
    W, b : ndarray of shape (n_in, n_out) and (n_out,)
        Weights and biases.
    z, a : ndarray of shape (n_out, m)
        Weighted sums z = W^T inputs + b and activations a = g(z).
    delta : ndarray of shape (n_out, m)
        dL/dz, the derivative of the mean loss by each weighted sum.
    dW, db : ndarray of the shapes of W and b
        dL/dW = inputs delta^T + alpha W / n and dL/db = delta summed over the samples.
    change_W, change_b : ndarray of the shapes of W and b, or None
        What the first step of the optimiser would add; None for solver="lbfgs".
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
class ParameterTrace:
    """Parameters besides weights and biases.

    Attributes
    ----------
    symbol : str
        Such as "s".
    name : str
        Such as "feature scales".
    value, gradient : ndarray
        Their values, and the derivatives of the mean loss by them.
    """

    symbol: str
    name: str
    value: np.ndarray
    gradient: np.ndarray


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
        The name of the loss.
    alpha_over_n : float
        The factor of W in dL/dW.
    extra : list of ParameterTrace
        What activations and inputs learn; empty for a plain network.
    """

    layers: list
    y: np.ndarray
    losses: np.ndarray
    penalty: float
    loss: float
    loss_name: str
    alpha_over_n: float
    extra: list

    def _rows(self):
        """Yield (section, symbol, equation, value) in the order of a blackboard."""
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
        for parameter in self.extra:
            what = "Learned besides weights and biases"
            yield what, parameter.symbol, parameter.name, parameter.value
            yield what, f"d{parameter.symbol}", f"dL/d{parameter.symbol}", parameter.gradient

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


@dataclass(frozen=True)
class AverageTrace:
    """The traces of the members of an average.

    Attributes
    ----------
    members : list of Trace
        One for each member.
    """

    members: list

    def __str__(self):
        boards = (f"Member {k}\n\n{board}" for k, board in enumerate(self.members, 1))
        return "\n\n\n".join(boards)

    def _repr_html_(self):
        boards = (
            f"<h4>Member {k}</h4>{board._repr_html_()}" for k, board in enumerate(self.members, 1)
        )
        return "\n".join(boards)


def numbers(value):
    """Return an array as text with few digits, abbreviated to what fits a screen."""
    return np.array2string(
        value, precision=4, suppress_small=True, threshold=60, edgeitems=3, max_line_width=72
    )


def trace(estimator, X, y):
    """Follow a few samples forward, and the derivatives of their loss backward, number by number.

    Parameters
    ----------
    estimator : SigmoidNeuronClassifier, MLPClassifier or MLPRegressor
        Fitted or not; one that is not fitted is shown as ``fit`` would start it on these samples.
        It is not changed. Dropout is left out. Also a fitted :class:`~sknn_edu.AveragingClassifier`
        or :class:`~sknn_edu.AveragingRegressor` of them.
    X : array-like of shape (n_samples, n_features)
        A few samples; dense.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Their targets.

    Returns
    -------
    trace : Trace or AverageTrace
        Its fields are arrays, ``print(trace)`` a blackboard. An average has a trace per member.

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
    if hasattr(estimator, "estimators_"):
        return AverageTrace([trace(member, X, y) for member in estimator.estimators_])
    problem = training_problem(estimator, X, y)
    samples, parameters, architecture = problem.samples, problem.parameters, problem.architecture
    recorder, gradient = PassRecorder(architecture.loss), parameters.zeros_like()
    losses, deltas = forward_and_backward(problem, recorder, gradient)
    alpha_over_n = problem.alpha / samples.total()
    strengths = parameters.per_parameter(is_weight) * alpha_over_n
    workspace = np.empty_like(gradient.theta)
    penalty = float(add_l2(gradient.theta, parameters.theta, strengths, workspace))

    before = [array.copy() for array in (*parameters.weights, *parameters.biases)]
    inputs = samples.X[:, :-1]
    if parameters.of_inputs:
        inputs = architecture.inputs.learned_inputs(inputs, parameters.of_inputs)
    extra = extra_parameters(parameters, gradient)
    changes = first_step(problem, before)
    names = [*(g.name for g in architecture.activations), architecture.loss.output]
    layers = layer_traces(inputs, before, recorder, deltas, gradient, changes, names)
    loss = samples.sum(losses) / samples.total() + penalty
    y, name = samples.y.copy(), architecture.loss.name
    return Trace(layers, y, losses, penalty, loss, name, alpha_over_n, extra)


def layer_traces(inputs, before, recorder, deltas, gradient, changes, names):
    """Return what each layer computed; ``before`` and ``changes``: of weights, then of biases."""
    n_layers = len(deltas)
    return [
        LayerTrace(
            inputs=np.array(inputs.T) if k == 0 else recorder.a[k - 1],
            W=before[k],
            b=before[n_layers + k],
            z=recorder.z[k],
            a=recorder.a[k],
            delta=deltas[k],
            dW=gradient.weights[k],
            db=gradient.biases[k],
            change_W=changes[k],
            change_b=changes[n_layers + k],
            activation=names[k],
        )
        for k in range(n_layers)
    ]


def forward_and_backward(problem, recorder, gradient):
    """Run the engine once; return the loss of each sample, and delta of each layer."""
    samples, loss = problem.samples, problem.architecture.loss
    architecture = replace(problem.architecture, loss=recorder.loss)
    network = Network(architecture, problem.parameters, gradient, samples.n, recorder)
    losses = loss.value(samples.y, network.forward(samples.X).copy())
    share = network.share if samples.weight is None else samples.weight / samples.total()
    network.backward(samples.X, samples.y, share)
    return losses, [layer.delta.copy() for layer in network.layers]


class PassRecorder:
    """Copies the weighted sums and activations of each layer while the engine computes them.

    Parameters
    ----------
    loss : Loss

    Attributes
    ----------
    z, a : dict of ndarray (n_neurons, m)
        By the number of the layer.
    loss : Loss
        The same loss; its output activation is recorded.
    """

    def __init__(self, loss):
        self.z, self.a = {}, {}
        self._n_hidden = 0

        def activate(z):
            k = self._n_hidden
            self.z[k] = z.copy()
            loss.activate(z)
            self.a[k] = z.copy()

        self.loss = replace(loss, activate=activate)

    def __call__(self, k, activation, n_neurons, m, dtype):
        """Return the activation of hidden layer k such that it is recorded."""
        self._n_hidden = max(self._n_hidden, k + 1)
        return RecordedActivation(self, k, activation, (n_neurons, m))


class RecordedActivation:
    """An activation that is recorded; used like an Activation."""

    def __init__(self, recorder, k, activation, shape):
        self.recorder, self.k, self.activation, self.shape = recorder, k, activation, shape

    def forward(self, z, a):
        self.recorder.z[self.k] = z.reshape(self.shape).copy()
        self.activation.forward(z, a)
        self.recorder.a[self.k] = a.reshape(self.shape).copy()

    def backward(self, z, a, delta):
        self.activation.backward(z, a, delta)


SYMBOLS = {
    "slope": ("alpha", "slopes of the activations in layer {}"),
    "feature_scale": ("s", "feature scales"),
    "category_vector": ("E", "vectors of the levels of category {}"),
    "number_embedding": ("e", "embedding of numbers: w, phi, W, b ({} of 4)"),
}


def extra_parameters(parameters, gradient):
    """Return the traces of what activations and inputs learn."""
    groups = parameters.specs[parameters.n_layers :]
    values = [*chain.from_iterable(parameters.of_activations), *parameters.of_inputs]
    derivatives = [*chain.from_iterable(gradient.of_activations), *gradient.of_inputs]
    numbered, traces = {}, []
    labels = [(k, spec) for k, group in enumerate(groups, 1) for spec in group]
    for (layer, spec), value, derivative in zip(labels, values, derivatives, strict=True):
        numbered[spec.kind] = numbered.get(spec.kind, 0) + 1
        number = layer if spec.kind == "slope" else numbered[spec.kind]
        symbol, name = SYMBOLS.get(spec.kind, (spec.kind, spec.kind))
        symbol = symbol if spec.kind == "feature_scale" else f"{symbol}{number}"
        traces.append(ParameterTrace(symbol, name.format(number), value.copy(), derivative.copy()))
    return traces


def first_step(problem, before):
    """Return what the optimiser's first step on all samples adds to each W and each b."""
    if problem.learner is None:
        return [None] * len(before)
    problem.learner.step(problem.samples)
    after = [*problem.parameters.weights, *problem.parameters.biases]
    return [new - old for new, old in zip(after, before, strict=True)]
