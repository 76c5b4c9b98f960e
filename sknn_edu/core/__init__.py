"""Neurons, networks and their training, in NumPy and SciPy alone.

Start with :mod:`~sknn_edu.core.one_page`: the whole story on one page, in plain NumPy. Then read
the chapters in the order of the story:

1. :mod:`~sknn_edu.core.perceptron` - a weighted sum against a threshold
2. :mod:`~sknn_edu.core.sigmoid_neuron` - the threshold made smooth, and two losses for it
3. :mod:`~sknn_edu.core.activations` - other functions of the weighted sum
4. :mod:`~sknn_edu.core.initializers` - where the weights start
5. :mod:`~sknn_edu.core.losses` - how wrong an output is, and how it should change
6. :mod:`~sknn_edu.core.network` - layers, forward propagation and backpropagation
7. :mod:`~sknn_edu.core.optimizers` - gradient descent, momentum, Adam, AdamW
8. :mod:`~sknn_edu.core.schedules` - how the learning rate changes
9. :mod:`~sknn_edu.core.training` - epochs, and when to stop
10. :mod:`~sknn_edu.core.gradient_descent` - one step for each mini-batch
11. :mod:`~sknn_edu.core.lbfgs` - the alternative: few, well-chosen steps on all samples

Two folders can wait: :mod:`~sknn_edu.core.beyond` has what a first course leaves out (dropout,
embeddings and the like), :mod:`~sknn_edu.core.speed` the fastest way to do the arithmetic in NumPy.

The symbols are those of the tutorial (see ``docs/notation.md``). Arrays of activations have **one
column per sample**, so a layer reads as it is written on a blackboard: ``z = W^T a + b``.
"""
