"""Updates of long vectors, one cache-sized chunk at a time.

An update makes many passes over the parameters, their gradient and the optimiser's vectors. If the
vectors are processed in chunks that fit the processor's cache, all passes together take little
longer than the first one (``examples/benchmarks``, W4, W5, sparse).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sknn_edu.core.speed.arrays import Array, zeros
from sknn_edu.core.speed.vectors import MAX_LENGTH

CHUNK_LENGTH = MAX_LENGTH
"""This many parameters fit the cache, together with their gradient and the optimiser's vectors."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A slice of all vectors that an update needs; its arrays are views unless noted otherwise.

    Attributes
    ----------
    theta, gradient : ndarray (length,)
    memory : list of ndarray (length,)
        The optimiser's vectors.
    is_weight : ndarray (length,) or ()
        1 for a weight, else 0. If all entries are equal, it is a single number, which saves a pass
        over the chunk (``examples/benchmarks``, W5).
    l2 : ndarray of the shape of is_weight
        Buffer of this chunk for the L2 strength of each parameter.
    multipliers : ndarray (length,) or () or None
        Learning-rate multipliers, if there are any; a single number if all are equal.
    rates : ndarray (length,) or None
        Buffer of this chunk for the learning rate of each parameter, if they differ.
    workspace : ndarray (length,)
        Buffer for intermediate results, shared by all chunks.
    """

    theta: Array
    gradient: Array
    memory: list[Array]
    is_weight: Array
    l2: Array
    multipliers: Array | None
    rates: Array | None
    workspace: Array

    def rates_at(self, rate: float) -> float | Array:
        """Return the learning rate of each parameter, or one number if they are all equal."""
        if self.multipliers is None:
            return rate
        if self.rates is None:
            return rate * float(self.multipliers)
        return np.multiply(self.multipliers, rate, out=self.rates)


def split_into_chunks(
    theta: Array,
    gradient: Array,
    memory: Sequence[Array],
    is_weight: Array,
    multipliers: Array | None,
) -> list[Chunk]:
    """Split vectors of the length of theta into chunks."""
    workspace = zeros(min(CHUNK_LENGTH, theta.size), theta.dtype)
    chunks = []
    for start in range(0, theta.size, CHUNK_LENGTH):
        s = slice(start, start + CHUNK_LENGTH)
        weights = scalar_if_constant(is_weight[s])
        factors = None if multipliers is None else scalar_if_constant(multipliers[s])
        rates = None
        if factors is not None and factors.ndim:
            rates = zeros(factors.shape, theta.dtype)
        chunks.append(
            Chunk(
                theta=theta[s],
                gradient=gradient[s],
                memory=[vector[s] for vector in memory],
                is_weight=weights,
                l2=zeros(weights.shape, theta.dtype),
                multipliers=factors,
                rates=rates,
                workspace=workspace[: theta[s].size],
            )
        )
    return chunks


def scalar_if_constant(vector: Array) -> Array:
    """Return a zero-dimensional array if all entries of a vector are equal, else the vector."""
    return np.asarray(vector[0]) if (vector == vector[0]).all() else vector
