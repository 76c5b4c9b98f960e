"""Neurons, networks and their training, in NumPy and SciPy alone.

Read the files in the order of the story that they tell:

1. :mod:`~sknn_edu.core.perceptron` - a weighted sum against a threshold
2. :mod:`~sknn_edu.core.sigmoid_neuron` - the threshold made smooth, and two losses for it
3. :mod:`~sknn_edu.core.activations` - other ways to answer a weighted sum
4. :mod:`~sknn_edu.core.initializers` - how weights start
5. :mod:`~sknn_edu.core.network` - layers; forward propagation and backpropagation (and
   :mod:`~sknn_edu.core.parameters` - the numbers that they learn)
6. :mod:`~sknn_edu.core.losses` - how wrong an output is, and which way is better
7. :mod:`~sknn_edu.core.optimizers` - gradient descent, momentum, Adam
8. :mod:`~sknn_edu.core.schedules` - how the learning rate moves
9. :mod:`~sknn_edu.core.training` - epochs, and when to stop
10. :mod:`~sknn_edu.core.gradient_descent` - a step for each mini-batch
11. :mod:`~sknn_edu.core.lbfgs` - the alternative: few, clever steps on all samples
12. :mod:`~sknn_edu.core.parametrization` - a step length for each kind of parameter
13. :mod:`~sknn_edu.core.factors` - the first layer as a product that is easier to learn
14. :mod:`~sknn_edu.core.embeddings` - what else there is in a number

The symbols are those of the tutorial throughout (see ``docs/notation.md``). Arrays of activations
have **one column per sample**, so a layer reads as it is written on the blackboard:
``z = W^T a + b``.
"""
