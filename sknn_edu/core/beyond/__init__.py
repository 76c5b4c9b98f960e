"""Topics that a first course leaves out. Each one uses an extension point of the course.

- :mod:`~sknn_edu.core.beyond.dropout` - hidden neurons switched off at random during training
- :mod:`~sknn_edu.core.beyond.parametric_activations` - activations whose shape is learned
- :mod:`~sknn_edu.core.beyond.data_driven` - initial weights that depend on the samples
- :mod:`~sknn_edu.core.beyond.parametrization` - a learning rate for each kind of parameter
- :mod:`~sknn_edu.core.beyond.sparse_inputs` - samples that are mostly zeros
- :mod:`~sknn_edu.core.beyond.learned_inputs` - inputs with learned parameters: the base class of
  the next two
- :mod:`~sknn_edu.core.beyond.number_embedding` - several functions of each number as inputs
- :mod:`~sknn_edu.core.beyond.factored_weights` - first-layer weights computed as a product
- :mod:`~sknn_edu.core.beyond.input_gradient` - how the outputs change with the features
- :mod:`~sknn_edu.core.beyond.margins` - probabilities for a perceptron

The course never imports these files; the estimators pass their objects to it.
"""
