"""Convert a table to an array of numbers that a neural network trains well on."""

from numbers import Integral, Real

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from sknn_edu.fitting.estimator import (
    Interval,
    check_sample_weight,
    checked_parameters,
    one_of,
    warn,
)
from sknn_edu.fitting.given_samples import refuse_lazy
from sknn_edu.tables.columns import (
    NOTHING,
    READABLE_FROM,
    Column,
    columns_of,
    kind_of_column,
)
from sknn_edu.tables.feature_names import input_names, make_unique
from sknn_edu.tables.levels import find_levels
from sknn_edu.tables.reader import IDENTIFIER, Number, find_reader, look_at_text
from sknn_edu.tables.scaling import as_frequencies, center_and_scale, scale_and_clip

DROPPED = (NOTHING, IDENTIFIER)
"""The kinds of columns that are dropped."""

MUCH = 0.2
"""A warning is issued if a larger share of the rows than this has a rare category."""


class TabularPreprocessor(TransformerMixin, BaseEstimator):
    r"""Convert the columns of a raw table to numbers that a neural network trains well on.

    Numbers are scaled and clipped smoothly to an interval, and categories are one-hot encoded. The
    input is a pandas or polars frame or an array. It may contain numbers, missing values, strings,
    categories, booleans, dates and durations. ``fit`` decides how to read each column, by the
    values of that column alone; :meth:`report` shows the decisions. ``transform`` converts each row
    independently of the others.

    *Numeric columns* are numbers, numbers stored as text, durations in days, and the features
    computed from dates and prose. The median is subtracted and the result is divided by the
    interquartile range, because outliers affect neither. Then it is clipped smoothly to
    :math:`(-c, c)`:

    .. math:: z = \frac{x - \mathrm{median}}{q_{3/4} - q_{1/4}}, \qquad
              x' = \frac{z}{\sqrt{1 + (z / c)^2}}

    If the interquartile range is 0, half of the full range is used instead. A missing value becomes
    0, which represents the median. A column with missing values in training gets a missing
    indicator: a second column with 1 if the value is missing, else 0.

    *Dates* become the number of days since 1970, and the sine and cosine of their position in the
    year, month, week and day; those that do not vary in training are left out. Dates with a time
    zone are converted to UTC.

    *Text* columns are read according to nearly all of their values (95 %); in a column of numbers
    or dates the other values are treated as missing. A text column can contain

    - numbers in one format, such as ``"1,234.50"``, ``"$99"``, ``"12 %"`` or ``"(5)"``. Integers
      with a leading zero are codes, and therefore categories. If the format is ambiguous, for
      example if all values look like ``"1.234"``, a warning names the column, and it is
      categorical.
    - dates or times of day in one format.
    - prose: texts of at least three words on average, of which at least half are distinct. The
      n-grams of their letters become up to 30 numbers.
    - identifiers: nearly all values are distinct. They are dropped, with a warning.
    - names of categories: all other text. A column with fewer than 30 distinct texts that are
      neither numbers nor dates is always categorical.

    *Categorical columns* are all other columns: names, booleans, and the categories of pandas and
    polars. They are one-hot encoded, except that two categories become a single column of -1 and
    1. If values were missing in training, missing is another category. Categories beyond the 100
    most frequent ones share a column if they have fewer than ``min_frequency`` rows. A category
    that did not occur in training is treated like these rare categories; if there are none, it is
    0 in all columns.

    A column with only missing values in training is dropped.

    Parameters
    ----------
    scaling : {'robust', 'standard', 'none'}, default='robust'
        How numeric columns are centred and scaled: by median and interquartile range, by mean and
        standard deviation, or not at all.
    smooth_clip : float or None, default=3.0
        The bound c of the smooth clipping. With None the values are not clipped.
    max_categories : int, None or 'auto', default='auto'
        The largest number of one-hot columns for a categorical column. If it has more categories,
        the rare ones share a column. With 'auto' the limit is the number of columns that fit into
        512 MiB in training, but at least 100. With None all categories have their own column,
        which can exhaust the memory if a column contains names.
    missing_indicator : bool, default=True
        Whether numeric columns with missing values in training get a missing indicator.
    dtype : {'float32', 'float64'}, default='float32'
        The dtype of the result. Networks compute in the dtype of their input.
    min_frequency : int, default=2
        A category with at least this many rows has its own column, if ``max_categories`` allows
        it. The default only pools categories with a single row. For very noisy targets, 5 or 10
        can be better. With sample weights, the weights of the rows are summed; they are scaled to
        a mean of 1 unless all of them are integers.
    reader : {'skrub', None}, default='skrub'
        Whether skrub encodes dates and text. The package skrub, which the extra ``tables``
        installs, is only needed for columns of dates or prose. With None dates only become a
        number of days, and all text is categorical; a warning names the columns that 'skrub' would
        read differently.

    Attributes
    ----------
    kinds_ : list of str
        The kind of each column: 'number', 'date', 'duration', 'text' (prose), 'boolean',
        'category', 'identifier' or 'nothing'.
    numbers_ : list of int
        The indices of the numeric columns: numbers, dates, durations and prose.
    readers_ : list of length n_numbers
        The objects that convert each numeric column to numbers.
    categories_ : list of int
        The indices of the categorical columns: booleans and categories.
    levels_ : list of length n_categories
        The categories of each categorical column.
    center_ : ndarray of float64 of shape (n_number_features,)
        The value that is subtracted from each numeric feature, in the unit of the feature. The
        unit of dates and durations is days.
    scale_ : ndarray of float64 of shape (n_number_features,)
        The value that each numeric feature is divided by, in the unit of the feature; inf for a
        constant feature, which becomes 0.
    gaps_ : ndarray of bool of shape (n_numbers,)
        Whether each numeric column had missing values in training.
    missing_shares_ : ndarray of float64 of shape (n_features,)
        For each column, the share of its values in training that were missing or could not be
        read.
    n_features_in_ : int
        The number of columns seen in ``fit``.
    feature_names_in_ : ndarray of shape (n_features,)
        The names of the columns seen in ``fit``. Only defined if all names are strings.

    See Also
    --------
    tabular_pipeline : This preprocessor followed by networks with recommended parameters.

    References
    ----------
    D. Holzmueller, L. Grinsztajn, I. Steinwart, "Better by default: Strong pre-tuned MLPs and
    boosted trees on tabular data", arXiv 2407.04491, section 3.

    Examples
    --------
    >>> import pandas as pd
    >>> from sknn_edu import TabularPreprocessor
    >>> table = pd.DataFrame({"age": [20, 30, None, 60], "city": ["Ulm", "Bonn", "Ulm", "Rom"]})
    >>> preprocessor = TabularPreprocessor().set_output(transform="pandas")
    >>> preprocessor.fit_transform(table).round(2)
        age  age_missing  city_Bonn  city_Rom  city_Ulm
    0 -0.49          0.0        0.0       0.0       1.0
    1  0.00          0.0        1.0       0.0       0.0
    2  0.00          1.0        0.0       0.0       1.0
    3  1.34          0.0        0.0       1.0       0.0
    """

    __metadata_request__fit = {"sample_weight": True}
    _parameter_constraints: dict = {
        "scaling": [one_of("robust", "standard", "none")],
        "smooth_clip": [Interval(Real, 0, None, closed="neither"), None],
        "max_categories": [Interval(Integral, 2, None, closed="left"), None, one_of("auto")],
        "missing_indicator": ["boolean"],
        "dtype": [one_of("float32", "float64")],
        "min_frequency": [Interval(Integral, 1, None, closed="left")],
        "reader": [one_of("skrub"), None],
    }

    def __init__(
        self,
        scaling="robust",
        smooth_clip=3.0,
        max_categories="auto",
        missing_indicator=True,
        dtype="float32",
        min_frequency=2,
        reader="skrub",
    ):
        self.scaling = scaling
        self.smooth_clip = smooth_clip
        self.max_categories = max_categories
        self.missing_indicator = missing_indicator
        self.dtype = dtype
        self.min_frequency = min_frequency
        self.reader = reader

    @checked_parameters
    def fit(self, X, y=None, sample_weight=None):
        """Decide how to read each column, and learn its centre and scale or its categories.

        Parameters
        ----------
        X : array-like or frame of shape (n_samples, n_features)
            The table; it is not changed.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            The weights of the rows for centres, scales and the frequencies of categories. Rows of
            weight 0 are ignored. An integer weight has the same effect as repeating the row.

        Returns
        -------
        self : object
            The fitted preprocessor.

        Raises
        ------
        ImportError
            If there is a column of dates or prose, and skrub is not installed.
        ValueError
            If a number is infinite or complex, or if the table has no rows or no columns.
        TypeError
            If X is a sparse matrix or a lazy frame.

        Warns
        -----
        UserWarning
            If a column contains both numbers and words, or text that looks like numbers or dates
            but has no single format (such columns are categorical); if a column of identifiers is
            dropped; and if many rows share a column of rare categories.
        """
        columns = self._columns(X, reset=True)
        weight = None
        if sample_weight is not None:
            weight = check_sample_weight(sample_weight, np.empty((len(columns[0].missing), 0)))
            counts = weight > 0
            columns = [column.take(counts) for column in columns]
            weight = as_frequencies(weight[counts])
        found = [self._read_as(j, column) for j, column in enumerate(columns)]
        self.kinds_ = [kind for kind, _ in found]
        self.numbers_ = [j for j, (_, reader) in enumerate(found) if reader is not None]
        self.readers_ = [found[j][1] for j in self.numbers_]
        if set(self.kinds_) <= set(DROPPED):
            warn(
                "All columns of the table are dropped, because each of them is empty or contains "
                "identifiers, so there is nothing to learn from. Pass other columns, or give a "
                "column of identifiers the dtype 'category' to keep it."
            )
        self._accepted = self._what_is_accepted(columns)
        self.categories_ = [
            j for j, kind in enumerate(self.kinds_) if kind in {"boolean", "category"}
        ]
        numbers = self._numbers(columns)
        is_missing = np.isnan(numbers[:, self._edges()[:-1]])
        self.gaps_ = is_missing.any(axis=0)
        self.center_, self.scale_ = center_and_scale(numbers, self.scaling, weight)
        self.levels_ = [self._levels_of(j, columns[j], weight) for j in self.categories_]
        self.missing_shares_ = np.array([column.missing.mean() for column in columns])
        self.missing_shares_[self.numbers_] = is_missing.mean(axis=0)
        return self

    def transform(self, X):
        """Convert a table to an array of numbers.

        Parameters
        ----------
        X : array-like or frame of shape (n_samples, n_features)
            The table, with the same columns as in ``fit``; it is not changed.

        Returns
        -------
        X_out : ndarray of shape (n_samples, n_features_out)
            First the numeric features, then the missing indicators, then the encoded categories.
            The dtype is the parameter ``dtype``. With ``smooth_clip=None``, the magnitude of the
            numbers is limited so that their squares are finite.

        Raises
        ------
        ValueError
            If the columns differ from those in ``fit`` in name, number or kind, or if a number is
            infinite.
        TypeError
            If X is a sparse matrix or a lazy frame.
        """
        check_is_fitted(self)
        columns = self._columns(X, reset=False)
        self._check_kinds(columns)
        numbers = self._numbers(columns)
        is_missing = np.isnan(numbers)
        largest = np.sqrt(np.finfo(self.dtype).max)
        z = scale_and_clip(numbers, self.center_, self.scale_, self.smooth_clip, largest)
        z[is_missing] = 0
        parts = [z.astype(self.dtype)]
        if self.missing_indicator:
            parts.append(is_missing[:, self._edges()[:-1][self.gaps_]].astype(self.dtype))
        for j, levels in zip(self.categories_, self.levels_, strict=True):
            parts.append(levels.encode(columns[j].as_text(self.kinds_[j]), self.dtype))
        return np.hstack(parts)

    def get_feature_names_out(self, input_features=None):
        """Return the names of the columns that ``transform`` returns.

        Parameters
        ----------
        input_features : array-like of str of shape (n_features,), default=None
            The names of the columns, if the table in ``fit`` had no names. Otherwise they must be
            equal to its names.

        Returns
        -------
        names : ndarray of object of shape (n_features_out,)
            The names of the features. The name of a missing indicator is the name of the column
            and ``_missing``; the name of a one-hot column is the name of the column, ``_`` and the
            category. Repeated names are numbered.

        Raises
        ------
        ValueError
            If ``input_features`` does not match the table in ``fit``.
        """
        check_is_fitted(self)
        names = input_names(self, input_features)
        readers = zip(self.numbers_, self.readers_, strict=True)
        names_out = [names[j] + suffix for j, reader in readers for suffix in reader.suffixes]
        if self.missing_indicator:
            indicators = zip(self.numbers_, self.gaps_, strict=True)
            names_out += [f"{names[j]}_missing" for j, had_missing in indicators if had_missing]
        for j, levels in zip(self.categories_, self.levels_, strict=True):
            names_out += [f"{names[j]}_{level}" for level in levels.suffixes]
        return np.asarray(make_unique(names_out), dtype=object)

    def report(self):
        """Return a report of how each column of the training table was read; needs pandas.

        Returns
        -------
        report : pandas.DataFrame of shape (n_features, 3)
            A row for each column of the table, with the columns 'read as', 'features' (the number
            of features computed from it) and 'missing' (the share of its values that were missing
            or could not be read).

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        check_is_fitted(self)
        try:
            import pandas as pd
        except ImportError as error:
            raise ImportError('report needs pandas: pip install "sknn_edu[tables]".') from error
        read_as, n_features = list(self.kinds_), np.zeros(len(self.kinds_), dtype=int)
        for j, reader, has_gaps in zip(self.numbers_, self.readers_, self.gaps_, strict=True):
            read_as[j] = reader.description
            n_features[j] = len(reader.suffixes) + bool(has_gaps and self.missing_indicator)
        for j, levels in zip(self.categories_, self.levels_, strict=True):
            read_as[j] = levels.description
            n_features[j] = len(levels.suffixes)
        columns = {"read as": read_as, "features": n_features, "missing": self.missing_shares_}
        return pd.DataFrame(columns, index=pd.Index(input_names(self, None), name="column"))

    def _edges(self):
        """Return the index of the first feature of each numeric column, and the total number.

        The shape is (n_numbers + 1,).
        """
        return np.cumsum([0, *(len(reader.suffixes) for reader in self.readers_)])

    def _columns(self, X, reset):
        """Check a table and return its columns; with ``reset=True`` it sets ``n_features_in_``."""
        refuse_lazy(X)
        if issparse(X):
            raise TypeError(
                "TabularPreprocessor needs a frame or a dense array; got a sparse matrix. Pass "
                "X.toarray()."
            )
        if hasattr(X, "columns") and hasattr(X, "dtypes"):
            validate_data(self, X, skip_check_array=True, reset=reset)
            if min(X.shape) == 0:
                raise ValueError(
                    f"X must have at least one row and one column; got the shape {X.shape}. Check "
                    "how the table was loaded or filtered."
                )
            return columns_of(X)
        # NumPy would convert the numbers in a list of rows with numbers and words to strings
        dtype = None if hasattr(X, "dtype") else object
        X = validate_data(self, X, dtype=dtype, ensure_all_finite=False, reset=reset)
        return list(map(Column, X.T))

    def _read_as(self, j, column):
        """Return the kind of column j, and its reader or None.

        Warns if the user might not expect the way in which the column is read.
        """
        kind = self._kind_of(j, column)
        if kind in {NOTHING, "boolean"}:
            return kind, None
        if self.reader is None:
            return self._read_without(j, column, kind)
        try:
            found = find_reader(column, kind)
        except ImportError as error:
            raise ImportError(f"To read column {self._name(j)}, {error}") from error
        if found == IDENTIFIER:
            warn(
                f"Column {self._name(j)} is dropped, because nearly all of its texts are distinct, "
                "so they say nothing about other rows. Give it the dtype 'category' to keep it."
            )
            return IDENTIFIER, None
        if isinstance(found, str):
            warn(
                f"Column {self._name(j)} is treated as categorical: {found}. Convert it, for "
                "example with pandas.to_numeric or pandas.to_datetime."
            )
            return kind, None
        return (kind, None) if found is None else (found.kind, found)

    def _kind_of(self, j, column):
        """Return the kind of column j; warn if categories are probably not what is meant."""
        kinds = column.kinds()
        if column.is_nested():
            warn(
                f"Column {self._name(j)} contains lists, arrays or the like, and each distinct one "
                "is treated as a category. To learn from their entries, give each entry a column "
                "of its own, for example with np.stack; to keep them as categories, convert the "
                "column to strings."
            )
        elif {"number", "category"} <= kinds:
            word = column.first_value_outside(kinds - {"category"})
            warn(
                f"Column {self._name(j)} contains numbers and also {word!r}, so it is treated as "
                "categorical. Replace this value with NaN if it means a missing value, or convert "
                "the whole column to strings."
            )
        return kind_of_column(kinds)

    def _read_without(self, j, column, kind):
        """Return the kind of column j, and its reader or None, if ``reader=None``."""
        if kind == "category":
            looks_like, _ = look_at_text(column)
            if looks_like != "words":
                warn(
                    f"Column {self._name(j)} contains text that looks like {looks_like}, but is "
                    "treated as categorical because of reader=None. Use reader='skrub' to read "
                    "such text."
                )
            return kind, None
        if kind == "date":
            warn(
                f"Column {self._name(j)} contains dates, which only become a number of days "
                "because of reader=None. Use reader='skrub' to add the season, weekday and hour."
            )
        return kind, Number(kind)

    def _what_is_accepted(self, columns):
        """Return for each column the kinds of values that ``transform`` accepts."""
        accepted = [
            READABLE_FROM[NOTHING] if kind in DROPPED else READABLE_FROM[kind] | column.kinds()
            for kind, column in zip(self.kinds_, columns, strict=True)
        ]
        for j, reader in zip(self.numbers_, self.readers_, strict=True):
            accepted[j] |= reader.also_accepts
        return accepted

    def _check_kinds(self, columns):
        """Refuse a column with values that do not fit its kind in training."""
        for j, (column, accepted) in enumerate(zip(columns, self._accepted, strict=True)):
            if not column.kinds() <= accepted:
                unexpected = column.first_value_outside(accepted)
                kind = self.kinds_[j]
                plural = "categories" if kind == "category" else f"{kind}s"
                raise ValueError(
                    f"Column {self._name(j)} contained {plural} in training, but now contains "
                    f"{unexpected!r}. Replace it with NaN if it means a missing value, or convert "
                    f"the column to {plural}."
                )

    def _levels_of(self, j, column, weight):
        """Return the levels of column j; warn if many rows share the column of rare levels."""
        values = column.as_text(self.kinds_[j])
        levels = find_levels(values, self.min_frequency, self.max_categories, weight)
        if self.max_categories == "auto" and levels.pooled_share > MUCH:
            warn(
                f"Column {self._name(j)}: {levels.n_pooled} of its {levels.n_levels} categories, "
                f"with {levels.pooled_share:.0%} of the rows, share one feature. To give more of "
                f"them their own feature, lower min_frequency (now {self.min_frequency}) or raise "
                "max_categories, or drop the column."
            )
        return levels

    def _numbers(self, columns):
        """Return the numeric features (n_samples, n_features), with NaN for missing values."""
        edges = self._edges()
        numbers = np.empty((len(columns[0].missing), edges[-1]))
        for k, (j, reader) in enumerate(zip(self.numbers_, self.readers_, strict=True)):
            part = numbers[:, edges[k] : edges[k + 1]]
            try:
                part[...] = reader.read(columns[j])
            except OverflowError:  # a Python int beyond the range of float64
                part[...] = np.inf
            if np.isinf(part).any():
                raise ValueError(
                    f"Numbers must be finite, but column {self._name(j)} has infinite values. "
                    "Replace them with large numbers, or with NaN if they mean missing values."
                )
        return numbers

    def _name(self, j):
        """Return the quoted name of column j, or its index if it has no name."""
        names = getattr(self, "feature_names_in_", None)
        return j if names is None else repr(names[j])

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.transformer_tags.preserves_dtype = []
        return tags
