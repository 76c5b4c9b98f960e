"""Networks for tables: from raw columns to predictions, without cleaning or tuning.

- :mod:`~sknn_edu.tables.columns` - the values of a column, and of which kinds they are
- :mod:`~sknn_edu.tables.number_text` and :mod:`~sknn_edu.tables.date_text` - numbers and dates that
  are written as text
- :mod:`~sknn_edu.tables.reader` - turns a column into numbers, each row for itself
- :mod:`~sknn_edu.tables.scaling` and :mod:`~sknn_edu.tables.levels` - scale numbers, and encode
  categories
- :mod:`~sknn_edu.tables.feature_names` - names the features
- :mod:`~sknn_edu.tables.preprocessor` - turns a table into an array that networks train well on
- :mod:`~sknn_edu.tables.averaging` - averages the predictions of several networks
- :mod:`~sknn_edu.tables.pipeline` - combines these parts, with recommended parameters
"""
