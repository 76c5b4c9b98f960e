"""How does the first layer work on samples that are mostly zeros?

A sparse matrix stores only the non-zero numbers, and products with it skip the zeros. No column of
ones is added to sparse samples, so the biases are added separately::

    z = W^T x + b          dW = x delta^T          db = sum of delta over the samples
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sknn_edu.core.beyond.factored_weights import FactoredWeights
from sknn_edu.core.network import Architecture, Inputs, Layer
from sknn_edu.core.speed.arrays import Array


@dataclass(frozen=True)
class SparseInputs(Inputs):
    """Sparse samples: a CSR array (m, n_features) without a column of ones."""

    def first_layer(
        self,
        block: Array,
        dblock: Array,
        learned: list[Array],
        dlearned: list[Array],
        m: int,
        **options: bool,
    ) -> "SparseFirstLayer":
        return SparseFirstLayer(Layer(block, dblock, m, is_first=True, **options))


class SparseFirstLayer:
    """The computation of the first layer on sparse samples."""

    def __init__(self, layer: Layer) -> None:
        self.layer = layer

    def forward(self, X: Any) -> None:
        """Write z."""
        layer = self.layer
        layer.z[...] = (X @ layer.W).T
        layer.z += layer.block[-1][:, np.newaxis]

    def backward(self, X: Any) -> None:
        """Write [dW; db]."""
        layer = self.layer
        layer.dblock[:-1] = X.T @ layer.delta_T
        layer.delta.sum(axis=1, out=layer.dblock[-1])


def with_sparse_inputs(architecture: Architecture) -> Architecture:
    """Return the same architecture for sparse samples, which cannot have embedded numbers."""
    inputs = architecture.inputs
    if isinstance(inputs, FactoredWeights):
        return replace(architecture, inputs=replace(inputs, base=SparseInputs()))
    return replace(architecture, inputs=SparseInputs())
