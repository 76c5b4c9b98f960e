"""Neurons, networks and their training, in NumPy and SciPy alone.

Start with :mod:`~sknn_edu.core.one_page`: the whole story on one page, in plain NumPy. Then read
the files of the course in this order:

- :mod:`~sknn_edu.core.perceptron` - a weighted sum against a threshold
- :mod:`~sknn_edu.core.sigmoid_neuron` - the threshold made smooth, and two losses for it
- :mod:`~sknn_edu.core.activations` - other functions of the weighted sum
- :mod:`~sknn_edu.core.initializers` - where the weights start
- :mod:`~sknn_edu.core.losses` - how wrong an output is, and how it should change
- :mod:`~sknn_edu.core.network` - layers, forward propagation and backpropagation
- :mod:`~sknn_edu.core.optimizers` - gradient descent, momentum, Adam, AdamW
- :mod:`~sknn_edu.core.schedules` - how the learning rate changes
- :mod:`~sknn_edu.core.training` - epochs, and when to stop
- :mod:`~sknn_edu.core.gradient_descent` - one step for each mini-batch
- :mod:`~sknn_edu.core.lbfgs` - the alternative: few, well-chosen steps on all samples

Two folders can wait: :mod:`~sknn_edu.core.beyond` has what a first course leaves out (dropout,
embeddings and the like), :mod:`~sknn_edu.core.speed` the fastest way to do the arithmetic in NumPy.

The symbols are listed in ``docs/notation.md``. The tutorial and ``one_page`` have one row per
sample, ``z = a W + b``. All other files have **one column per sample**, ``z = W^T a + b``.
"""
