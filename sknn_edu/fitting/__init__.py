"""A fit, from the user's data to trained parameters. Connects :mod:`sknn_edu.core` to scikit-learn.

- :mod:`~sknn_edu.fitting.fit` - a fit from start to end
- :mod:`~sknn_edu.fitting.continuing` - continues from fitted weights or an earlier training state
- :mod:`~sknn_edu.fitting.given_samples`, :mod:`~sknn_edu.fitting.given_targets` - checks of the X
  and y that users pass
- :mod:`~sknn_edu.fitting.training_state` - the state that an interrupted fit needs to continue
- :mod:`~sknn_edu.fitting.history` - curves, printing, callbacks, fitted attributes of training
- :mod:`~sknn_edu.fitting.validation` - the loss and score on validation samples
- :mod:`~sknn_edu.fitting.callbacks` - scikit-learn's callbacks
- :mod:`~sknn_edu.fitting.overflow` - checks that the trained model gives finite outputs
- :mod:`~sknn_edu.fitting.usefulness` - checks that the trained model is better than a constant
- :mod:`~sknn_edu.fitting.checkpoint` - saves the state of a fit in a file;
  :mod:`~sknn_edu.fitting.checkpoint_state` defines the content of the file,
  :mod:`~sknn_edu.fitting.checkpoint_file` writes, locks and reads it, and
  :mod:`~sknn_edu.fitting.parameter_text` writes parameters as text
- :mod:`~sknn_edu.fitting.names` - suggestions for misspelled parameter values
- :mod:`~sknn_edu.fitting.routing` - metadata routing of meta-estimators
- :mod:`~sknn_edu.fitting.threads` - the threads of the two BLAS libraries in a process
- :mod:`~sknn_edu.fitting.estimator` - the base class of all estimators; the only file that uses
  private parts of scikit-learn
"""
