"""One fit, from the user's data to trained parameters; between the mathematics and scikit-learn.

- :mod:`~sknn_edu.fitting.fit` - a fit from top to bottom
- :mod:`~sknn_edu.fitting.training_state` - what an interrupted fit needs to continue
- :mod:`~sknn_edu.fitting.history` - curves, printing, callbacks
- :mod:`~sknn_edu.fitting.validation` - measuring on samples that training does not learn from
- :mod:`~sknn_edu.fitting.callbacks` - scikit-learn's callbacks
- :mod:`~sknn_edu.fitting.overflow` - no fit ends with a model that overflows
- :mod:`~sknn_edu.fitting.checkpoint` - the state of a fit in a file; with
  :mod:`~sknn_edu.fitting.checkpoint_state`, what is in it,
  :mod:`~sknn_edu.fitting.checkpoint_file`, how it is written, locked and read, and
  :mod:`~sknn_edu.fitting.parameter_text`, how parameters are recognised
- :mod:`~sknn_edu.fitting.threads` - two BLAS libraries in one process
- :mod:`~sknn_edu.fitting.estimator` - what all estimators share; the only file that touches private
  parts of scikit-learn
"""
