"""Conversion to ONNX, so that a network can predict without Python.

``import sknn_edu.onnx`` registers the estimators of this package with skl2onnx. Afterwards
``skl2onnx.to_onnx(model, X[:1])`` converts them, alone or in a Pipeline. This requires the extra
``onnx``. A pipeline that begins with a :class:`~sknn_edu.TabularPreprocessor` has one input for
each column of the table: ``skl2onnx.to_onnx(model, initial_types=initial_types(model))``.

Each layer is one Gemm node (a W + b), followed by the nodes of its activation.
:data:`ACTIVATION_NODES` and :data:`OUTPUT_NODES` contain the nodes of each function by its name; to
support a custom function, add an entry.

The model computes in float64 if its input is float64, and otherwise in float32. A classifier has
two outputs, like scikit-learn's classifiers in skl2onnx:

- ``label``: the labels, of shape (n_samples,), or (n_samples, n_columns) if y has several columns.
  Ints, bools and whole floats become int64; strings stay strings.
- ``probabilities``: the values of ``predict_proba``, of shape (n_samples, n_classes). With the
  option ``raw_scores`` they are the weighted sums instead; for two classes these are -z and z. If y
  has several columns of classes, the output is a sequence with one such tensor for each column.

With the option ``zipmap``, which is skl2onnx's default, the outputs are ``output_label`` and
``output_probability``, a sequence of dictionaries ``{label: probability}``. With
``zipmap="columns"`` there is one output for each class instead. The option has no effect if y has
several columns of classes.
"""

try:
    import skl2onnx  # noqa: F401
except ImportError as error:
    raise ImportError(
        'sknn_edu.onnx needs the package skl2onnx: pip install "sknn_edu[onnx]".'
    ) from error

from sknn_edu.onnx.graph import Graph
from sknn_edu.onnx.nodes import ACTIVATION_NODES, OUTPUT_NODES
from sknn_edu.onnx.registration import register
from sknn_edu.onnx.table import initial_types

__all__ = ["ACTIVATION_NODES", "OUTPUT_NODES", "Graph", "initial_types", "register"]

register()
