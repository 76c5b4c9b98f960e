"""Networks for tables: from raw columns to predictions, without cleaning or tuning.

- :mod:`~sknn_edu.tables.columns` - reads a column as numbers or as categories
- :mod:`~sknn_edu.tables.preprocessor` - turns a table into an array that networks train well on
- :mod:`~sknn_edu.tables.averaging` - averages the predictions of several networks
- :mod:`~sknn_edu.tables.pipeline` - combines these parts, with recommended parameters
"""
