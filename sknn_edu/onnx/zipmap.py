"""The option ``zipmap``: the probability of each label in a dictionary or a separate output."""

from dataclasses import dataclass

import numpy as np
from skl2onnx.common.data_types import (
    DictionaryType,
    FloatTensorType,
    SequenceType,
)

from sknn_edu.onnx.labels import label_type
from sknn_edu.onnx.operators import start_graph


@dataclass(frozen=True)
class ZipMap:
    """Returns the probabilities of a classifier as dictionaries, or as one output per class.

    Parameters
    ----------
    labels : ndarray (n_classes,) of int64 or str
        The labels of the classes.
    columns : bool
        Whether there is one output per class instead of dictionaries.
    """

    labels: np.ndarray
    columns: bool

    def output_names(self):
        """Return the names of the outputs."""
        if not self.columns:
            return ["output_label", "output_probability"]
        initial = "i" if self.labels.dtype.kind == "i" else "s"
        return ["output_label", *(f"{initial}{label}" for label in self.labels.tolist())]


def convert_zipmap(scope, operator, container):
    """Add the nodes of a ZipMap."""
    graph, zipmap = start_graph(scope, operator, container), operator.raw_operator
    label, scores = (variable.full_name for variable in operator.inputs)
    graph.output(label, operator.outputs[0])
    if zipmap.columns:
        for k, variable in enumerate(operator.outputs[1:]):
            graph.output(graph.add("Gather", scores, np.array(k), axis=1), variable)
        return
    kind = "int64s" if zipmap.labels.dtype.kind == "i" else "strings"
    if graph.dtype is not np.float32:  # ONNX only defines ZipMap for float32
        scores = graph.cast(scores, np.float32)
    graph.output(
        scores,
        operator.outputs[1],
        "ZipMap",
        op_domain="ai.onnx.ml",
        **{f"classlabels_{kind}": zipmap.labels.tolist()},
    )


def declare_zipmap(operator):
    """Declare the outputs of a ZipMap: labels, and dictionaries or one output per class."""
    (label, scores), zipmap = operator.inputs, operator.raw_operator
    operator.outputs[0].set_type(type(label.type)(label.type.shape))
    if zipmap.columns:
        for variable in operator.outputs[1:]:
            variable.set_type(type(scores.type)([label.get_first_dimension()]))
        return
    keys = label_type(zipmap.labels)
    operator.outputs[1].set_type(SequenceType(DictionaryType(keys([None]), FloatTensorType())))
