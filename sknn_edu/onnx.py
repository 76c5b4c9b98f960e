"""Serve a network elsewhere: how skl2onnx makes ONNX models of the estimators.

``import sknn_edu.onnx`` tells skl2onnx about them; from then on ``skl2onnx.to_onnx(model, X[:1])``
converts them, alone or within a Pipeline. It needs the extra ``onnx``.

A network is one Gemm node (a W + b) for each layer, with the nodes of its activation behind it.
:data:`ACTIVATION_NODES` and :data:`OUTPUT_NODES` say which nodes: for a new function add one line
there. They make do with plain operators, because onnxruntime has Elu, Selu, LeakyRelu, Softplus and
Mish for float32 only. So it has Erf, which gelu cannot do without: it is exact to 1e-7 at most.

The model computes in float64 where its input is float64, else in float32. A classifier has two
outputs, as those of scikit-learn have with skl2onnx:

- ``label``: of shape (n,), or one column for each column of y. Ints, bools and whole floats are
  int64, strings are strings.
- ``probabilities``: what ``predict_proba`` says, of shape (n, n_classes); with the option
  ``raw_scores`` the weighted sums instead, for two classes -z and z. If y has several columns of
  classes, a sequence with one such tensor for each.

With the option ``zipmap``, which is skl2onnx's default, they are ``output_label`` and
``output_probability``, a sequence of dictionaries ``{label: probability}``, or with
``zipmap="columns"`` one output for each class. Several columns of classes have no such form, and
are as described above whatever the option.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf, pi, sqrt

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sknn_edu._hidden_layer_transformer import HiddenLayerTransformer
from sknn_edu._mlp_classifier import MLPClassifier
from sknn_edu._mlp_regressor import MLPRegressor
from sknn_edu._perceptron import PerceptronClassifier
from sknn_edu._sigmoid_neuron import SigmoidNeuronClassifier
from sknn_edu.core.activations import (
    ACTIVATIONS,
    LEAK,
    PARAMETRIC,
    SELU_ALPHA,
    SELU_SCALE,
    Bent,
)
from sknn_edu.core.losses import BEND_OF_UNSMOOTHED, OUTPUTS

try:
    from onnx import TensorProto
    from skl2onnx import update_registered_converter
    from skl2onnx.common.data_types import (
        DictionaryType,
        DoubleTensorType,
        FloatTensorType,
        Int64TensorType,
        SequenceType,
        StringTensorType,
    )
except ImportError as error:
    raise ImportError(
        'sknn_edu.onnx needs the package skl2onnx: pip install "sknn_edu[onnx]".'
    ) from error

__all__ = ["ACTIVATION_NODES", "OUTPUT_NODES", "Graph", "register"]

TENSORS = {np.float32: TensorProto.FLOAT, np.float64: TensorProto.DOUBLE}


class Graph:
    """The ONNX graph in the making. Values go by their names, which are strings.

    Parameters
    ----------
    scope : skl2onnx's Scope
        Gives names.
    container : skl2onnx's ModelComponentContainer
        Takes the nodes.
    dtype : type
        What is computed in: numpy.float32 or numpy.float64.
    """

    def __init__(self, scope, container, dtype):
        self.scope, self.container, self.dtype = scope, container, dtype

    def add(self, op_type, *inputs, **attributes):
        """Add a node.

        Parameters
        ----------
        op_type : str
            An operator of ONNX, such as ``"Exp"``.
        *inputs : str, float or ndarray
            Names of values, or constants. Numbers and arrays of floats become constants in the
            graph's dtype; arrays of ints become int64, arrays of strings strings.
        **attributes
            Those of the operator.

        Returns
        -------
        name : str
            The name of its output.
        """
        output = self.scope.get_unique_variable_name(op_type.lower())
        names = [value if isinstance(value, str) else self._constant(value) for value in inputs]
        node = self.scope.get_unique_operator_name(op_type)
        self.container.add_node(op_type, names, output, name=node, **attributes)
        return output

    def cast(self, value, dtype):
        """Return a value in another dtype: numpy.float32, numpy.float64 or numpy.int64."""
        return self.add("Cast", value, to=TENSORS.get(dtype, TensorProto.INT64))

    def add_float32(self, op_type, value):
        """Add a node of an operator that onnxruntime has for float32 only."""
        if self.dtype is np.float32:
            return self.add(op_type, value)
        return self.cast(self.add(op_type, self.cast(value, np.float32)), self.dtype)

    def softplus(self, z):
        """Return log(1 + e^z) as max(0, z) + log(1 + e^-abs(z)), which does not overflow."""
        small = self.add("Exp", self.add("Neg", self.add("Abs", z)))
        return self.add("Add", self.add("Relu", z), self.add("Log", self.add("Add", small, 1)))

    def expm1_below_0(self, z):
        """Return e^z - 1 below 0, and 0 above."""
        return self.add("Sub", self.add("Exp", self.add("Min", z, 0)), 1)

    def columns(self, value, start, stop):
        """Return the columns from start to before stop."""
        ends = (np.array([end], dtype=np.int64) for end in (start, stop, 1))
        return self.add("Slice", value, *ends)

    def output(self, value, variable, op_type="Identity", **attributes):
        """Make a value one of the outputs that skl2onnx has declared."""
        name = self.scope.get_unique_operator_name(op_type)
        self.container.add_node(op_type, [value], variable.full_name, name=name, **attributes)

    def _constant(self, value):
        array = np.asarray(value)
        if isinstance(value, int | float) or array.dtype.kind == "f":
            array, kind = array.astype(self.dtype), TENSORS[self.dtype]
        else:
            kind = TensorProto.INT64 if array.dtype.kind == "i" else TensorProto.STRING
        content = array.ravel()
        if kind == TensorProto.STRING:
            content = [text.encode() for text in content.tolist()]
        name = self.scope.get_unique_variable_name("constant")
        self.container.add_initializer(name, kind, array.shape, content)
        return name


def gelu(graph, z):
    """Return z P(N <= z) = z (1 + erf(z / sqrt 2)) / 2."""
    erf = graph.add_float32("Erf", graph.add("Mul", z, sqrt(0.5)))
    return graph.add("Mul", graph.add("Mul", z, 0.5), graph.add("Add", erf, 1))


def selu(graph, z):
    """Return 1.0507 z above 0 and 1.7581 (e^z - 1) below."""
    below = graph.add("Mul", graph.expm1_below_0(z), SELU_ALPHA)
    return graph.add("Mul", graph.add("Add", graph.add("Relu", z), below), SELU_SCALE)


def mish(graph, z):
    """Return z tanh(log(1 + e^z)) = z n / (n + 2), n = e^z (e^z + 2); from z = 20 on it is z."""
    e = graph.add("Exp", graph.add("Min", z, 20))
    n = graph.add("Mul", e, graph.add("Add", e, 2))
    return graph.add("Mul", z, graph.add("Div", n, graph.add("Add", n, 2)))


Nodes = Callable[[Graph, str], str]

ACTIVATION_NODES: dict[str, Nodes] = {
    "identity": lambda _, z: z,
    "logistic": lambda graph, z: graph.add("Sigmoid", z),
    "tanh": lambda graph, z: graph.add("Tanh", z),
    "relu": lambda graph, z: graph.add("Relu", z),
    "leaky_relu": lambda graph, z: graph.add("Max", z, graph.add("Mul", z, LEAK)),
    "elu": lambda graph, z: graph.add("Max", z, graph.expm1_below_0(z)),
    "selu": selu,
    "gelu": gelu,
    "silu": lambda graph, z: graph.add("Mul", z, graph.add("Sigmoid", z)),
    "softplus": lambda graph, z: graph.softplus(z),
    "mish": mish,
}
"""For the name of each activation, ``nodes(graph, z)`` adds its nodes and returns a."""


def in_order(graph, z):
    """Return z_1, z_1 + softplus(z_2), and so on: a cumulative sum, so that nothing crosses."""
    first, rest = graph.columns(z, 0, 1), graph.columns(z, 1, np.iinfo(np.int64).max)
    steps = graph.add("Concat", first, graph.softplus(rest), axis=1)
    return graph.add("CumSum", steps, np.array(1))


OUTPUT_NODES: dict[str, Nodes] = {
    "identity": lambda _, z: z,
    "logistic": lambda graph, z: graph.add("Sigmoid", z),
    "softmax": lambda graph, z: graph.add("Softmax", z, axis=1),
    "exp": lambda graph, z: graph.add("Exp", z),
    "in_order": in_order,
}
"""For the name of each output activation, the same; z has one column for each output."""


# -- from an estimator to its nodes ------------------------------------------------------------


def activation_nodes(activation):
    """Return the entry of ACTIVATION_NODES that is right for an Activation."""
    name = activation.name
    known = ACTIVATIONS.get(name, activation)  # one's own may stand in ACTIVATION_NODES alone
    if name not in ACTIVATION_NODES or known.forward is not activation.forward:
        raise NotImplementedError(
            f"activation {name!r} is a function of your own, and ONNX takes no functions, only "
            "nodes. Say which nodes compute it, under a name that no other activation has: "
            "sknn_edu.onnx.ACTIVATION_NODES[name] = function(graph, z). Or train with one of "
            f"{sorted(ACTIVATIONS)}."
        )
    return ACTIVATION_NODES[name]


def output_nodes(loss):
    """Return the entry of OUTPUT_NODES that is right for a Loss."""
    name = loss.output
    known = OUTPUTS.get(name, loss.activate)
    if name not in OUTPUT_NODES or known is not loss.activate:
        raise NotImplementedError(
            f"loss {loss.name!r} has an output activation {name!r} of your own, and ONNX takes no "
            "functions, only nodes. Say which nodes compute it, under a name that no other output "
            "activation has: sknn_edu.onnx.OUTPUT_NODES[name] = function(graph, z). Or make the "
            f"loss with one of the functions in sknn_edu.core.losses.OUTPUTS: {sorted(OUTPUTS)}."
        )
    return OUTPUT_NODES[name]


def answer(graph, z, activation):
    """Return what neurons with this activation say to z."""
    if not isinstance(activation, Bent):
        return activation_nodes(activation)(graph, z)
    plain = replace(activation.g, name=activation.g.name.removeprefix(PARAMETRIC))
    change = graph.add("Sub", answer(graph, z, plain), z)
    return graph.add("Add", z, graph.add("Mul", change, activation.bend))


def embedded(graph, X, model):
    """Return what the first layer sees of X."""
    embedding = model._embedding() if hasattr(model, "_embedding") else None
    if embedding is None:
        return X
    w, phi, W, b = model.embedding_
    x = graph.add("Gather", X, np.array([[j] for j in embedding.columns]), axis=1)  # (m, c, 1)
    angles = graph.add("Add", graph.add("Mul", x, 2 * pi * w), phi)
    functions = graph.add("Einsum", graph.add_float32("Cos", angles), W, equation="nch,che->nce")
    functions = graph.add("Add", functions, b)
    flat = graph.add("Reshape", functions, np.array([-1, b.size]))
    kept = graph.add("Gather", X, np.array(embedding.kept, dtype=np.int64), axis=1)
    return graph.add("Concat", kept, flat, axis=1)


def through_layers(graph, a, weights, biases, activations):
    """Return what comes out of some layers; those without an activation give z."""
    for k, (W, b) in enumerate(zip(weights, biases, strict=True)):
        a = graph.add("Gemm", a, W, b)
        if k < len(activations):
            a = answer(graph, a, activations[k])
    return a


def output_sums(graph, model, X):
    """Return z of the output layer."""
    weights, biases = model._layers()
    activations = model._hidden_activations() if hasattr(model, "_hidden_activations") else ()
    return through_layers(graph, embedded(graph, X, model), weights, biases, activations)


def n_outputs_of(model):
    """Return the number of output neurons."""
    return model._layers()[1][-1].size


def features(graph, operator):
    """Return the inputs of an operator as one value in the graph's dtype."""
    parts = [
        variable.full_name
        if isinstance(variable.type, float_type(operator))
        else graph.cast(variable.full_name, graph.dtype)
        for variable in operator.inputs
    ]
    return parts[0] if len(parts) == 1 else graph.add("Concat", *parts, axis=1)


def float_type(operator):
    """Return skl2onnx's type of what is computed from these inputs."""
    is_double = any(isinstance(variable.type, DoubleTensorType) for variable in operator.inputs)
    return DoubleTensorType if is_double else FloatTensorType


def graph_of(scope, operator, container):
    """Return the Graph to add an operator's nodes to."""
    dtype = np.float64 if float_type(operator) is DoubleTensorType else np.float32
    return Graph(scope, container, dtype)


def check_ready(model, operator):
    """Refuse an estimator that is not fitted, or inputs with another number of features."""
    check_is_fitted(model)
    widths = [variable.get_second_dimension() for variable in operator.inputs]
    if all(isinstance(width, int) for width in widths) and sum(widths) != model.n_features_in_:
        raise ValueError(
            f"{type(model).__name__} was fitted to {model.n_features_in_} features, but the inputs "
            f"of the ONNX model have {sum(widths)}. Pass rows of the samples that it was fitted "
            "to, or the initial_types of such samples."
        )


def convert_regressor(scope, operator, container):
    """Add the nodes of an MLPRegressor."""
    graph, model = graph_of(scope, operator, container), operator.raw_operator
    nodes = output_nodes(model._loss())
    y = nodes(graph, output_sums(graph, model, features(graph, operator)))
    if model.clip_output:
        low, high = model.target_range_
        y = graph.add("Min", graph.add("Max", y, low), high)
    graph.output(y, operator.outputs[0])


def shape_of_regressor(operator):
    """Declare the output of an MLPRegressor: (n, n_outputs)."""
    model = operator.raw_operator
    check_ready(model, operator)
    n = operator.inputs[0].get_first_dimension()
    operator.outputs[0].set_type(float_type(operator)([n, n_outputs_of(model)]))


def convert_transformer(scope, operator, container):
    """Add the nodes of a HiddenLayerTransformer: those up to its layer."""
    graph, model = graph_of(scope, operator, container), operator.raw_operator
    network, n_layers = model.estimator_, hidden_layers_up_to(model)
    weights, biases = (arrays[:n_layers] for arrays in network._layers())
    activations = network._hidden_activations()[:n_layers]
    X = embedded(graph, features(graph, operator), network)
    a = through_layers(graph, X, weights, biases, activations)
    graph.output(a, operator.outputs[0])


def shape_of_transformer(operator):
    """Declare the output of a HiddenLayerTransformer: (n, n_neurons)."""
    model = operator.raw_operator
    check_ready(model, operator)
    n = operator.inputs[0].get_first_dimension()
    weights, _ = model.estimator_._layers()
    n_neurons = weights[hidden_layers_up_to(model) - 1].shape[1]
    operator.outputs[0].set_type(float_type(operator)([n, n_neurons]))


def hidden_layers_up_to(transformer):
    """Return how many hidden layers a HiddenLayerTransformer looks through."""
    n_hidden = len(transformer.estimator_.coefs_) - 1
    return transformer.layer % n_hidden + 1


# -- classifiers -------------------------------------------------------------------------------


def has_columns(model):
    """Tell whether a classifier answers several columns of classes."""
    return isinstance(model.classes_, list)


def is_multilabel(model):
    """Tell whether a classifier answers 0 or 1 for each of several labels."""
    return isinstance(model, MLPClassifier) and model._is_multilabel()


def onnx_labels(classes):
    """Return an array of labels as int64 or as strings, the two kinds that ONNX has for them."""
    values = classes.tolist()
    if all(isinstance(label, str) for label in values):
        return np.array(values)
    if all(isinstance(label, int | float) and label == int(label) for label in values):
        return np.array(values).astype(np.int64)
    raise ValueError(
        "classes_ must be ints, bools, whole floats or strings, which ONNX has as labels; got "
        f"{classes!r}. Train with y.astype(str), or with the numbers of the classes."
    )


def same_kind(columns):
    """Return the labels of several columns, which one tensor will hold; refuse a mixture."""
    columns = [onnx_labels(classes) for classes in columns]
    if len({labels.dtype.kind for labels in columns}) > 1:
        raise ValueError(
            "The columns of classes must be all numbers or all strings, since ONNX has one tensor "
            f"for their labels; got {columns}. Train with y.astype(str)."
        )
    return columns


def convert_classifier(scope, operator, container):
    """Add the nodes of a classifier: labels, and probabilities or weighted sums."""
    graph, model = graph_of(scope, operator, container), operator.raw_operator
    z = output_sums(graph, model, features(graph, operator))
    raw = scope.get_options(model, {"raw_scores": False})["raw_scores"]
    answer = answers_of_columns if has_columns(model) else answers
    for value, variable in zip(answer(graph, model, z, raw), operator.outputs, strict=True):
        graph.output(value, variable)


def answers(graph, model, z, raw):
    """Return the labels, and the probabilities or weighted sums, of an ordinary classifier."""
    n_classes, winner = len(model.classes_), None
    if is_multilabel(model):
        label = graph.cast(graph.add("Greater", z, 0), np.int64)
    else:
        winner = winners(graph, model, z)
        label = graph.add("Gather", onnx_labels(model.classes_), winner)
    if n_classes == 2 and n_outputs_of(model) == 1:
        z = graph.add("Concat", graph.add("Neg", z), z, axis=1)
    if raw:
        return label, z
    if isinstance(model, PerceptronClassifier):
        row = graph.add("Reshape", winner, np.array([-1, 1]))
        won = graph.add("Equal", row, np.arange(n_classes))
        return label, graph.cast(won, graph.dtype)
    p = probabilities(graph, model, z)
    return label, unsmoothed(graph, model, p, n_classes)


def unsmoothed(graph, model, p, k):
    """Return the probabilities that belong to those of smoothed labels."""
    if k == 1 or not (isinstance(model, MLPClassifier) and model._undoes_smoothing()):
        return p
    if is_multilabel(model):
        yes = believed(graph, model, p, 2)
        no = believed(graph, model, graph.add("Sub", 1, p), 2)
        return graph.add("Div", yes, graph.add("Add", yes, no))
    each = believed(graph, model, p, k)
    return graph.add("Div", each, graph.add("ReduceSum", each, np.array([1]), keepdims=1))


def believed(graph, model, p, k):
    """Return what :func:`~sknn_edu.core.losses.undo_smoothing` makes of probabilities."""
    floor = model.label_smoothing / k
    above = graph.add("Sub", p, floor)
    return graph.softplus(graph.add("Div", above, BEND_OF_UNSMOOTHED * floor))


def answers_of_columns(graph, model, z, raw):
    """Return the same for several columns of classes."""
    stops = np.cumsum([len(classes) for classes in model.classes_])
    ends = zip([0, *stops[:-1]], stops, strict=True)
    columns = [graph.columns(z, start, stop) for start, stop in ends]
    labels = [
        graph.add("Gather", classes, graph.add("ArgMax", z_k, axis=1, keepdims=1))
        for classes, z_k in zip(same_kind(model.classes_), columns, strict=True)
    ]
    if not raw:
        columns = [
            unsmoothed(graph, model, OUTPUT_NODES["softmax"](graph, z_k), len(classes))
            for classes, z_k in zip(model.classes_, columns, strict=True)
        ]
    return graph.add("Concat", *labels, axis=1), graph.add("SequenceConstruct", *columns)


def winners(graph, model, z):
    """Return the class number of each sample."""
    if n_outputs_of(model) > 1:
        return graph.add("ArgMax", z, axis=1, keepdims=0)
    fires = "GreaterOrEqual" if isinstance(model, PerceptronClassifier) else "Greater"
    threshold = 0 if len(model.classes_) == 2 else inf  # a class alone is always the answer
    winner = graph.cast(graph.add(fires, z, threshold), np.int64)
    return graph.add("Reshape", winner, np.array([-1]))


def probabilities(graph, model, z):
    """Return the probabilities that belong to the weighted sums, for two classes (-z, z)."""
    if len(model.classes_) == 1:
        return graph.add("Max", graph.add("Sigmoid", z), 1)
    if isinstance(model, MLPClassifier):
        return OUTPUT_NODES[model.out_activation_](graph, z)
    if len(model.classes_) == 2:
        return OUTPUT_NODES["logistic"](graph, z)
    # p_k / sum_j p_j by way of log p, since all p may be too small to be told from 0
    log_p = graph.add("Neg", graph.softplus(graph.add("Neg", z)))
    return OUTPUT_NODES["softmax"](graph, log_p)


def shape_of_classifier(operator):
    """Declare the outputs of a classifier."""
    model, (label, scores) = operator.raw_operator, operator.outputs
    check_ready(model, operator)
    n, of_floats = operator.inputs[0].get_first_dimension(), float_type(operator)
    if has_columns(model):
        labels = same_kind(model.classes_)
        label.set_type(type_of_labels(labels[0])([n, len(labels)]))
        scores.set_type(SequenceType(of_floats([n, None])))
        return
    n_classes = len(model.classes_)
    shape = [n, n_classes] if is_multilabel(model) else [n]
    label.set_type(type_of_labels(onnx_labels(model.classes_))(shape))
    scores.set_type(of_floats([n, n_classes]))


def type_of_labels(labels):
    """Return skl2onnx's type of what ``onnx_labels`` has made."""
    return Int64TensorType if labels.dtype.kind == "i" else StringTensorType


def parse_classifier(scope, model, inputs, custom_parsers=None):  # noqa: ARG001, skl2onnx's own
    """Declare a classifier and its outputs, with what the option zipmap asks for behind them."""
    check_is_fitted(model)
    operator = scope.declare_local_operator(ALIASES[type(model)], model)
    operator.inputs = inputs
    for name in ("label", "probabilities"):  # shape_of_classifier will know their types
        operator.outputs.append(scope.declare_local_variable(name, FloatTensorType()))
    zipmap = scope.get_options(model, {"zipmap": True})["zipmap"]
    if not zipmap or has_columns(model):
        return operator.outputs
    labels = onnx_labels(model.classes_)
    names = ["output_label", "output_probability"]
    if zipmap == "columns":
        initial = "i" if labels.dtype.kind == "i" else "s"
        names[1:] = [f"{initial}{label}" for label in labels.tolist()]
    zipped = scope.declare_local_operator(ALIASES[ZipMap], ZipMap(labels, zipmap == "columns"))
    zipped.inputs = list(operator.outputs)
    for name in names:
        zipped.outputs.append(scope.declare_local_variable(name, FloatTensorType()))
    return zipped.outputs


@dataclass(frozen=True)
class ZipMap:
    """What puts labels to the probabilities of a classifier: in dictionaries, or one by one."""

    labels: np.ndarray
    columns: bool


def convert_zipmap(scope, operator, container):
    """Add the nodes of a ZipMap."""
    graph, zipmap = graph_of(scope, operator, container), operator.raw_operator
    label, scores = (variable.full_name for variable in operator.inputs)
    graph.output(label, operator.outputs[0])
    if zipmap.columns:
        for k, variable in enumerate(operator.outputs[1:]):
            graph.output(graph.add("Gather", scores, np.array(k), axis=1), variable)
        return
    kind = "int64s" if zipmap.labels.dtype.kind == "i" else "strings"
    if graph.dtype is not np.float32:  # ZipMap takes nothing else
        scores = graph.cast(scores, np.float32)
    graph.output(
        scores,
        operator.outputs[1],
        "ZipMap",
        op_domain="ai.onnx.ml",
        **{f"classlabels_{kind}": zipmap.labels.tolist()},
    )


def shape_of_zipmap(operator):
    """Declare the outputs of a ZipMap."""
    (label, scores), zipmap = operator.inputs, operator.raw_operator
    operator.outputs[0].set_type(type(label.type)(label.type.shape))
    if zipmap.columns:
        for variable in operator.outputs[1:]:
            variable.set_type(type(scores.type)([label.get_first_dimension()]))
        return
    of_keys = type_of_labels(zipmap.labels)
    operator.outputs[1].set_type(SequenceType(DictionaryType(of_keys([None]), FloatTensorType())))


# -- what skl2onnx is told ---------------------------------------------------------------------

CLASSIFIERS = (PerceptronClassifier, SigmoidNeuronClassifier, MLPClassifier)

ALIASES = {
    model: f"SknnEdu{model.__name__}"
    for model in (*CLASSIFIERS, MLPRegressor, HiddenLayerTransformer, ZipMap)
}
"""What skl2onnx calls them."""


def register():
    """Tell skl2onnx how to convert the estimators of this package.

    Importing :mod:`sknn_edu.onnx` does so; to do it again changes nothing.

    Examples
    --------
    >>> import sknn_edu.onnx
    >>> from skl2onnx import to_onnx
    >>> from sklearn.datasets import load_iris
    >>> from sknn_edu import MLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> mlp = MLPClassifier(5, solver="lbfgs", random_state=0).fit(X, y)
    >>> model = to_onnx(mlp, X[:1].astype("float32"), options={"zipmap": False})
    >>> [output.name for output in model.graph.output]
    ['label', 'probabilities']
    """
    options = {"zipmap": [True, False, "columns"], "raw_scores": [True, False]}
    for model in CLASSIFIERS:
        update_registered_converter(
            model,
            ALIASES[model],
            shape_of_classifier,
            convert_classifier,
            parser=parse_classifier,
            options=options,
        )
    for model, shape, convert in (
        (MLPRegressor, shape_of_regressor, convert_regressor),
        (HiddenLayerTransformer, shape_of_transformer, convert_transformer),
        (ZipMap, shape_of_zipmap, convert_zipmap),
    ):
        update_registered_converter(model, ALIASES[model], shape, convert)


register()
