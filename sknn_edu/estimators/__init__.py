"""The estimators: scikit-learn's interface around the engine.

They check parameters, choose the parts of the engine that these name, and give the results
scikit-learn's names.

- :mod:`~sknn_edu.estimators.perceptron_classifier`,
  :mod:`~sknn_edu.estimators.sigmoid_neuron_classifier` - single neurons
- :mod:`~sknn_edu.estimators.linear` - what single neurons share
- :mod:`~sknn_edu.estimators.mlp` - what the two multi-layer perceptrons share, then
  :mod:`~sknn_edu.estimators.mlp_classifier` and :mod:`~sknn_edu.estimators.mlp_regressor`; their
  common parameters are described in :mod:`~sknn_edu.estimators.mlp_docs`
- :mod:`~sknn_edu.estimators.hidden_layer_transformer` - the hidden neurons as features
- :mod:`~sknn_edu.estimators.learning_rate_finder` - a range test of learning rates
- :mod:`~sknn_edu.estimators.targets`, :mod:`~sknn_edu.estimators.real_targets` - a class for each
  kind of target
- :mod:`~sknn_edu.estimators.class_labels` - class weights, and the classes of partial_fit
- :mod:`~sknn_edu.estimators.plan` - targets, layers and inputs of a network, in plain values
- :mod:`~sknn_edu.estimators.network_estimator` - what estimators with a network share
- :mod:`~sknn_edu.estimators.interface` - what inspection and export may ask of an estimator
"""
