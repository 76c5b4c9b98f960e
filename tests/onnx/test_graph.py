"""The graph takes numbers, arrays of numbers and arrays of strings as constants."""

import numpy as np
import pytest

from tests.onnx.conversion import onnx, sknn_onnx


class Recorder:
    """Replaces skl2onnx's scope and container."""

    def __init__(self):
        self.constants, self.nodes = {}, []

    def get_unique_variable_name(self, name):
        return f"{name}{len(self.constants) + len(self.nodes)}"

    get_unique_operator_name = get_unique_variable_name

    def add_initializer(self, name, tensor_type, shape, content):
        self.constants[name] = tensor_type, shape, list(content)

    def add_node(self, op_type, inputs, output, **attributes):
        self.nodes.append((op_type, inputs, output))


def recorded(dtype, *inputs):
    """Return the constants of a node with these inputs."""
    recorder = Recorder()
    sknn_onnx.Graph(recorder, recorder, dtype).add("Sum", *inputs)
    return list(recorder.constants.values())


@pytest.mark.parametrize(("dtype", "name"), [(np.float32, "FLOAT"), (np.float64, "DOUBLE")])
def test_floats_become_constants_in_the_dtype_of_the_graph(dtype, name):
    tensor_type = getattr(onnx.TensorProto, name)
    constants = recorded(dtype, "z", 2, np.array([0.5, 1.5], dtype=np.float32))
    assert constants == [(tensor_type, (), [2.0]), (tensor_type, (2,), [0.5, 1.5])]


def test_arrays_of_ints_and_strings_keep_their_type():
    ints, strings = recorded(np.float32, np.array([1, 2]), np.array(["a", "b"]))
    assert ints == (onnx.TensorProto.INT64, (2,), [1, 2])
    assert strings == (onnx.TensorProto.STRING, (2,), [b"a", b"b"])


def test_a_float32_operator_is_surrounded_by_casts_in_a_float64_graph():
    for dtype, expected in ((np.float32, ["Erf"]), (np.float64, ["Cast", "Erf", "Cast"])):
        recorder = Recorder()
        sknn_onnx.Graph(recorder, recorder, dtype).add_float32("Erf", "z")
        assert [op_type for op_type, _, _ in recorder.nodes] == expected
