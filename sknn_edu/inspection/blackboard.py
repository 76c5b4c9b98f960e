"""Trace one training step: show all its numbers, as a teacher would write them on a blackboard.

The numbers are not computed separately. The network runs one forward and one backward pass, and the
values in its layers are copied.
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
    """The numbers of one layer; the arrays have one column per sample.

    Attributes
    ----------
    inputs : ndarray of shape (n_in, m)
        The inputs of the layer: the activations of the previous layer, or, in the first layer, the
        samples (with embedded numbers or categories and multiplied by feature scales, if the
        network has them).
    W : ndarray of shape (n_in, n_out)
        The weights.
    b : ndarray of shape (n_out,)
        The biases.
    z : ndarray of shape (n_out, m)
        The weighted sums z = W^T inputs + b.
    a : ndarray of shape (n_out, m)
        The activations a = g(z).
    delta : ndarray of shape (n_out, m)
        dL/dz, the derivative of the mean loss with respect to each weighted sum.
    dW : ndarray of shape (n_in, n_out)
        dL/dW = inputs delta^T + alpha W / n.
    db : ndarray of shape (n_out,)
        dL/db, the sum of delta over the samples.
    change_W, change_b : ndarray of the shapes of W and b, or None
        The change of W and b in the first step of the optimiser; None for solver="lbfgs".
    activation : str
        The name of the activation g.
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
    """Learned parameters other than weights and biases.

    Attributes
    ----------
    symbol : str
        The symbol, such as "s".
    name : str
        The name, such as "feature scales".
    value : ndarray
        The values of the parameters.
    gradient : ndarray of the shape of value
        The derivatives of the mean loss with respect to the parameters.
    """

    symbol: str
    name: str
    value: np.ndarray
    gradient: np.ndarray


@dataclass(frozen=True)
class Trace:
    """All numbers of one forward and one backward pass; see :func:`trace`.

    ``print`` shows them as text, and a notebook shows them as a table.

    Attributes
    ----------
    layers : list of LayerTrace
        The layers, from the first hidden layer to the output layer.
    y : ndarray of shape (n_outputs, m)
        The encoded targets; 0 and 1 for classes.
    losses : ndarray of shape (m,)
        The loss of each sample, without penalty. Cross-entropies are in nats.
    penalty : float
        The L2 penalty alpha / (2 n) sum W^2.
    loss : float
        The mean of the losses, weighted by class weights if there are any, plus the penalty.
    loss_name : str
        The name of the loss.
    alpha_over_n : float
        alpha / n, the factor of W in dL/dW.
    extra : list of ParameterTrace
        The parameters of activations and inputs; empty for a network without such parameters.
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
        """Yield (section, symbol, equation, value) in the order in which they are shown."""
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
    """The traces of all members of an average; see :func:`trace`.

    Attributes
    ----------
    members : list of Trace
        The trace of each member.
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
    """Return an array as text with few digits, shortened to fit on a screen."""
    return np.array2string(
        value, precision=4, suppress_small=True, threshold=60, edgeitems=3, max_line_width=72
    )


def trace(estimator, X, y):
    """Trace a training step: all numbers of a forward and a backward pass for a few samples.

    Parameters
    ----------
    estimator : SigmoidNeuronClassifier, MLPClassifier or MLPRegressor
        The estimator; it is not changed. If it is not fitted, its parameters are those with which
        ``fit`` would start on these samples. Dropout is ignored. A fitted
        :class:`~sknn_edu.AveragingClassifier` or :class:`~sknn_edu.AveragingRegressor` of such
        estimators is also possible.
    X : array-like of shape (n_samples, n_features)
        A few samples; must be dense.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        The targets.

    Returns
    -------
    trace : Trace or AverageTrace
        The numbers; ``print(trace)`` shows them. For an average, one Trace per member.

    Raises
    ------
    TypeError
        If the estimator has another type, or if X is sparse.
    ValueError
        If X or y is invalid for the estimator.

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
    """Return the trace of each layer.

    ``before`` and ``changes`` list the arrays of all weights, and then those of all biases.
    """
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
    """Run the network forward and backward; return the loss per sample and the delta per layer."""
    samples, loss = problem.samples, problem.architecture.loss
    architecture = replace(problem.architecture, loss=recorder.loss)
    network = Network(architecture, problem.parameters, gradient, samples.n, recorder)
    losses = loss.value(samples.y, network.forward(samples.X).copy())
    share = network.share if samples.weight is None else samples.weight / samples.total()
    network.backward(samples.X, samples.y, share)
    return losses, [layer.delta.copy() for layer in network.layers]


class PassRecorder:
    """Copies the weighted sums and activations of each layer while the network computes them.

    Parameters
    ----------
    loss : Loss

    Attributes
    ----------
    z, a : dict of ndarray (n_neurons, m)
        The weighted sums and activations by the index of the layer.
    loss : Loss
        The same loss with an output activation that is recorded.
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
        """Return an activation of hidden layer k that is recorded."""
        self._n_hidden = max(self._n_hidden, k + 1)
        return RecordedActivation(self, k, activation, (n_neurons, m))


class RecordedActivation:
    """An activation whose values are recorded; has the methods of an Activation."""

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
    """Return the traces of the parameters of activations and inputs."""
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
    """Return the changes of all W, then of all b, in the optimiser's first step on all samples.

    All entries are None if the solver has no steps.
    """
    if problem.learner is None:
        return [None] * len(before)
    problem.learner.step(problem.samples)
    after = [*problem.parameters.weights, *problem.parameters.biases]
    return [new - old for new, old in zip(after, before, strict=True)]
