"""Networks for tables: from raw columns to predictions, without cleaning or tuning.

- :mod:`~sknn_edu.tables.columns` - the values of a column and their kinds
- :mod:`~sknn_edu.tables.number_text`, :mod:`~sknn_edu.tables.date_text` - parse numbers and dates
  that are stored as text
- :mod:`~sknn_edu.tables.reader` - converts a column to numbers, row by row
- :mod:`~sknn_edu.tables.scaling`, :mod:`~sknn_edu.tables.levels` - scale numbers and encode
  categories
- :mod:`~sknn_edu.tables.feature_names` - the names of the features
- :mod:`~sknn_edu.tables.preprocessor` - converts a table to an array that networks train well on
- :mod:`~sknn_edu.tables.averaging` - averages the predictions of several networks
- :mod:`~sknn_edu.tables.pipeline` - combines these parts, with recommended parameters
"""
