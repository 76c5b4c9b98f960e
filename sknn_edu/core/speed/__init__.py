"""The fastest ways to do the arithmetic of the course in NumPy. You can skip these files.

The course says *what* is computed. The files here say *how*, and cite the benchmark that shows the
gain:

- :mod:`~sknn_edu.core.speed.arrays` - names for arrays, and arrays that are aligned in memory
- :mod:`~sknn_edu.core.speed.products` - the fastest way to multiply two matrices
- :mod:`~sknn_edu.core.speed.vectors` - vector operations with BLAS
- :mod:`~sknn_edu.core.speed.mini_batches` - mini-batches, copied out of the training data
- :mod:`~sknn_edu.core.speed.chunks` - updates of long vectors, one cache-sized chunk at a time

To use another array library, one would replace this folder and keep the course.
"""
