"""What a first course leaves out. Each part plugs into a seam that the course defines.

- :mod:`~sknn_edu.core.beyond.dropout` - hidden neurons silenced at random, between two layers
- :mod:`~sknn_edu.core.beyond.parametric_activations` - activations whose shape is learned
- :mod:`~sknn_edu.core.beyond.data_driven` - initial weights that depend on the samples
- :mod:`~sknn_edu.core.beyond.parametrization` - a learning rate for each kind of parameter
- :mod:`~sknn_edu.core.beyond.sparse_inputs` - samples that are mostly zeros
- :mod:`~sknn_edu.core.beyond.learned_inputs` - inputs that learn; the next two do
- :mod:`~sknn_edu.core.beyond.number_embedding` - several functions of each number as inputs
- :mod:`~sknn_edu.core.beyond.factored_weights` - first-layer weights that are a product
- :mod:`~sknn_edu.core.beyond.input_gradient` - how the outputs change with the features
- :mod:`~sknn_edu.core.beyond.margins` - how sure a perceptron is

The course never imports these files; the estimators pass the parts in.
"""
