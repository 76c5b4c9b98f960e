"""Convert a column of a table to numbers.

:func:`find_reader` looks at a training column and returns its *reader*: an object that converts
this column of any table to numbers, row by row. The reader depends only on the values of the
column:

- numbers and durations: :class:`Number`
- dates: :class:`Calendar`, which adds the season, the day of the month and of the week, and the
  hour
- numbers stored as text, such as prices: :class:`NumberText`
- dates stored as text: :class:`Calendar`
- prose: :class:`Prose`
- any other text contains names of categories, and has no reader

skrub, which the extra ``tables`` installs, encodes dates and prose.
"""

import warnings

import numpy as np

from sknn_edu.tables.columns import MICROSECONDS_PER_DAY, kind_of_type, to_datetime64
from sknn_edu.tables.date_text import find_date_format, look_like_dates
from sknn_edu.tables.number_text import NumberFormat, find_number_format, is_missing_word

N_PROSE_FEATURES = 30
"""The largest number of features of a column of prose."""

SKRUB_TYPES = [
    "skrub._datetime_encoder.DatetimeEncoder",
    "skrub._datetime_encoder._CircularEncoder",
    "skrub._string_encoder.StringEncoder",
    "skrub._to_str.ToStr",
]
"""The types that skops must trust to load a preprocessor that uses skrub.

skops must also trust the classes of this package.
"""

IDENTIFIER = "identifier"
"""The kind of a text column with nearly only distinct values."""

MANY = 30
"""A text column with fewer distinct values than this contains neither prose nor identifiers."""


class Number:
    """Reads a column of numbers, of durations, or of dates as a number of days.

    Parameters
    ----------
    kind : {'number', 'duration', 'date'}
        The kind of the column; see :meth:`sknn_edu.tables.columns.Column.as_numbers`.
    """

    def __init__(self, kind):
        self.kind = kind
        self.description = {"number": "numbers", "duration": "durations", "date": "days"}[kind]
        self.suffixes = [""]
        self.also_accepts = set()

    def read(self, column):
        """Return the numbers (n_samples, 1) in float64, with NaN for missing values."""
        return column.as_numbers(self.kind)[:, np.newaxis]


class NumberText:
    """Reads a column of numbers that are stored as text.

    Values that are numbers already are kept; texts in another format are treated as missing.

    Parameters
    ----------
    number_format : NumberFormat
        The format of the numbers.
    """

    kind = "number"

    def __init__(self, number_format):
        self.number_format = number_format
        self.description = f"{number_format}, written as text"
        self.suffixes = [""]
        self.also_accepts = {"category"}

    def read(self, column):
        """Return the numbers (n_samples, 1) in float64, with NaN for missing values."""
        parse = self.number_format.parse
        numbers = [parse(x) if isinstance(x, str) else as_float(x) for x in column.present.tolist()]
        return column.with_missing(np.array(numbers), np.nan, float)[:, np.newaxis]


class Calendar:
    """Reads a column of dates: the days since 1970, and the position in the year, week and day.

    Parameters
    ----------
    date_format : DateFormat or None
        The format of dates that are stored as text. Texts in another format are treated as
        missing.

    Attributes
    ----------
    encoder : skrub.DatetimeEncoder
        Encodes the month, day of the month, hour and day of the week as points on a circle.
    """

    kind = "date"

    def __init__(self, date_format=None):
        self.date_format = date_format
        self.description = "dates" if date_format is None else f"{date_format}, written as text"
        self.also_accepts = set()

    def fit(self, column):
        """Fit the encoder to a training column, and select the features that vary in it."""
        from skrub import DatetimeEncoder

        dates = dates_of(column.present, self.date_format)
        if "category" in column.kinds():
            self.also_accepts = {"category"}
        self.encoder = DatetimeEncoder(
            add_weekday=True, add_total_seconds=False, periodic_encoding="circular"
        )
        features = self.encoder.fit_transform(as_series(dates[~np.isnat(dates)]))
        self.varying = [
            name
            for name in features.columns
            if name != "_year" and features[name].min() < features[name].max()
        ]
        self.suffixes = ["", *self.varying]
        return self

    def read(self, column):
        """Return the features: float64 of shape (n_samples, n_features), NaN where missing."""
        dates = dates_of(column.present, self.date_format)
        is_date = ~np.isnat(dates)
        features = np.full((len(dates), len(self.suffixes)), np.nan)
        if is_date.any():
            dates = dates[is_date]
            features[is_date, 0] = dates.astype(np.int64) / MICROSECONDS_PER_DAY
            if self.varying:
                encoded = self.encoder.transform(as_series(dates))
                features[is_date, 1:] = encoded[self.varying].to_numpy()
        return column.with_missing(features, np.nan, float)


class Prose:
    """Reads a column of prose by latent semantic analysis of the n-grams of its letters.

    Attributes
    ----------
    encoder : skrub.StringEncoder
        Computes the tf-idf of the n-grams, and then a truncated singular value decomposition.
    """

    kind = "text"
    description = "prose"
    also_accepts = frozenset({"category", "number", "boolean"})

    def fit(self, column):
        """Fit the encoder to a training column."""
        from skrub import StringEncoder

        n_features = min(N_PROSE_FEATURES, len(column.present) - 1)
        self.encoder = StringEncoder(n_components=n_features, random_state=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # skrub warns if there are fewer n-grams than features
            self.encoder.fit(as_series(column.present))
        self.suffixes = [f"_{k}" for k in range(self.encoder.n_components_)]
        return self

    def read(self, column):
        """Return the features: float64 of shape (n_samples, n_features), NaN where missing."""
        features = np.empty((len(column.present), len(self.suffixes)))
        if len(features):
            texts = list(map(str, column.present.tolist()))
            features[:] = self.encoder.transform(as_series(texts)).to_numpy()
        return column.with_missing(features, np.nan, float)


# -- what a column is read as ------------------------------------------------------------------


def find_reader(column, kind):
    """Return the reader of a training column.

    Parameters
    ----------
    column : Column
        The column.
    kind : {'number', 'date', 'duration', 'category'}
        The kind of its values; 'category' if there are several kinds.

    Returns
    -------
    found : Number, NumberText, Calendar, Prose, str or None
        A reader; None for names of categories; :data:`IDENTIFIER` for identifiers; or, if the
        column looks like numbers or dates but cannot be parsed, a sentence that explains why.

    Raises
    ------
    ImportError
        If reading the column needs skrub, which is not installed.
    """
    if kind in {"number", "duration"}:
        return Number(kind)
    if kind == "date" or has_dates_and_missing_words(column):
        return with_skrub(Calendar().fit, column)
    looks_like, found = look_at_text(column)
    if looks_like == "dates":
        found = with_skrub(find_date_format, distinct_texts(column))
        return found if isinstance(found, str) else Calendar(found).fit(column)
    if looks_like == "prose":
        return with_skrub(Prose().fit, column)
    if looks_like == "identifiers":
        return IDENTIFIER
    return NumberText(found) if isinstance(found, NumberFormat) else found


def look_at_text(column):
    """Return what a column of text looks like; needs neither pandas nor skrub.

    Parameters
    ----------
    column : Column
        The column.

    Returns
    -------
    looks_like : {'numbers', 'dates', 'prose', 'identifiers', 'words'}
        Prose and identifiers have at least :data:`MANY` distinct values. In prose at least half of
        the values are distinct, and they have at least three words on average. In identifiers
        nearly all values are distinct.
    found : NumberFormat, str or None
        For numbers their format, or a sentence that explains why they cannot be parsed.
    """
    if not column.is_text():
        return "words", None
    texts = distinct_texts(column)
    found = find_number_format(texts)
    if found is not None:
        return "numbers", found
    if look_like_dates(texts):
        return "dates", None
    n_words = sum(len(text.split()) for text in texts) / max(len(texts), 1)
    share = len(texts) / max(len(column.present), 1)
    if len(texts) >= MANY and share >= 0.5 and n_words >= 3:
        return "prose", None
    if len(texts) >= MANY and share >= 0.95:
        return "identifiers", None
    return "words", None


def has_dates_and_missing_words(column):
    """Return whether the values are date objects and texts that mean a missing value."""
    if column.kinds() != {"date", "category"}:
        return False
    others = [x for x in column.present.tolist() if kind_of_type(type(x)) == "category"]
    return all(isinstance(x, str) and is_missing_word(x) for x in others)


def distinct_texts(column):
    """Return the sorted distinct texts of a column, without those that mean a missing value."""
    return sorted(text for text in set(column.present.tolist()) if not is_missing_word(text))


def with_skrub(read, argument):
    """Return ``read(argument)``; raise an ImportError with a remedy if skrub is not installed."""
    try:
        import skrub  # noqa: F401
    except ImportError as error:
        raise ImportError(NEEDS_SKRUB) from error
    return read(argument)


NEEDS_SKRUB = (
    'which has dates or prose, install the package skrub: pip install "sknn_edu[tables]". Or pass '
    "reader=None, which converts dates to a number of days and treats texts as categories."
)
"""The remedy for a column that cannot be read without skrub."""


# -- values ------------------------------------------------------------------------------------


def as_float(value):
    """Return a number as float; NaN for other objects and for ints beyond the range of float64."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return np.nan


def dates_of(values, date_format):
    """Return date objects and dates stored as text as datetime64.

    Parameters
    ----------
    values : ndarray of shape (n_values,)
        The values; none of them is missing.
    date_format : DateFormat or None
        The format of the texts.

    Returns
    -------
    dates : ndarray of datetime64[us] of shape (n_values,)
        The dates in UTC; NaT for a text in another format.
    """
    if values.dtype.kind != "O" and values.dtype.kind != "U":
        return values.astype("M8[us]")
    dates = np.full(len(values), "NaT", dtype="M8[us]")
    is_text = np.fromiter((isinstance(value, str) for value in values), bool, len(values))
    if date_format is not None and is_text.any():
        dates[is_text] = date_format.parse(values[is_text].tolist())
    dates[~is_text] = np.array([to_datetime64(value) for value in values[~is_text]], dtype="M8[us]")
    return dates


def as_series(values):
    """Return values as a pandas Series without a name, for skrub."""
    import pandas as pd

    return pd.Series(values, name="")
