"""How to do the arithmetic of the course fastest in NumPy. Not needed to understand it.

The course says *what* is computed; the files here say *how*, and cite the benchmark that shows
the gain:

- :mod:`~sknn_edu.core.speed.arrays` - names for arrays, and arrays that are aligned in memory
- :mod:`~sknn_edu.core.speed.products` - the fastest way to multiply two matrices
- :mod:`~sknn_edu.core.speed.vectors` - scaled vector sums by BLAS
- :mod:`~sknn_edu.core.speed.mini_batches` - samples copied out of the data, batch by batch
- :mod:`~sknn_edu.core.speed.chunks` - updates of long vectors, one cache-sized chunk at a time

An engine on another array library would replace this folder and keep the course.
"""
