"""The ONNX graph under construction."""

import numpy as np
from onnx import TensorProto

TENSOR_TYPES = {
    np.float32: TensorProto.FLOAT,
    np.float64: TensorProto.DOUBLE,
    np.int64: TensorProto.INT64,
}
"""The ONNX element type of each NumPy type."""


class Graph:
    """An ONNX graph under construction; its values are identified by their names.

    Parameters
    ----------
    scope : skl2onnx.common._topology.Scope
        Creates unique names.
    container : skl2onnx.common._container.ModelComponentContainer
        Receives the nodes.
    dtype : {numpy.float32, numpy.float64}
        The dtype of the computation.
    """

    def __init__(self, scope, container, dtype):
        self.scope, self.container, self.dtype = scope, container, dtype

    def add(self, op_type, *inputs, **attributes):
        """Add a node.

        Parameters
        ----------
        op_type : str
            An ONNX operator, such as ``"Exp"``.
        *inputs : str, float or ndarray
            Names of values, or constants. Numbers and arrays of floats become constants in the
            dtype of the graph; arrays of ints become int64, and arrays of strings stay strings.
        **attributes
            The attributes of the operator.

        Returns
        -------
        name : str
            The name of the node's output.
        """
        output = self.scope.get_unique_variable_name(op_type.lower())
        names = [value if isinstance(value, str) else self._constant(value) for value in inputs]
        node = self.scope.get_unique_operator_name(op_type)
        self.container.add_node(op_type, names, output, name=node, **attributes)
        return output

    def cast(self, value, dtype):
        """Convert a value to numpy.float32, numpy.float64 or numpy.int64; return its name."""
        return self.add("Cast", value, to=TENSOR_TYPES[dtype])

    def in_double(self):
        """Return a Graph that adds nodes in float64 to the same model."""
        return Graph(self.scope, self.container, np.float64)

    def add_float32(self, op_type, value):
        """Add a node of an operator that onnxruntime only implements for float32."""
        if self.dtype is np.float32:
            return self.add(op_type, value)
        return self.cast(self.add(op_type, self.cast(value, np.float32)), self.dtype)

    def softplus(self, z):
        """Return log(1 + e^z), computed as max(0, z) + log(1 + e^-abs(z)) to avoid overflow."""
        small = self.add("Exp", self.add("Neg", self.add("Abs", z)))
        return self.add("Add", self.add("Relu", z), self.add("Log", self.add("Add", small, 1)))

    def expm1_below_0(self, z):
        """Return e^z - 1 for z < 0, and 0 otherwise."""
        return self.add("Sub", self.add("Exp", self.add("Min", z, 0)), 1)

    def columns(self, value, start, stop):
        """Return the columns from start (inclusive) to stop (exclusive)."""
        ends = (np.array([end], dtype=np.int64) for end in (start, stop, 1))
        return self.add("Slice", value, *ends)

    def output(self, value, variable, op_type="Identity", **attributes):
        """Connect a value to an output that skl2onnx has declared.

        Parameters
        ----------
        value : str
            The name of the value.
        variable : skl2onnx.common._topology.Variable
            The declared output.
        op_type : str, default="Identity"
            The operator that connects the two.
        **attributes
            The attributes of the operator.
        """
        name = self.scope.get_unique_operator_name(op_type)
        self.container.add_node(op_type, [value], variable.full_name, name=name, **attributes)

    def _constant(self, value):
        """Add a constant and return its name."""
        array = np.asarray(value)
        if isinstance(value, int | float) or array.dtype.kind == "f":
            array, tensor_type = array.astype(self.dtype), TENSOR_TYPES[self.dtype]
        else:
            tensor_type = TensorProto.INT64 if array.dtype.kind == "i" else TensorProto.STRING
        content = array.ravel()
        if tensor_type == TensorProto.STRING:
            content = [text.encode() for text in content.tolist()]
        name = self.scope.get_unique_variable_name("constant")
        self.container.add_initializer(name, tensor_type, array.shape, content)
        return name
