"""From a column of a table to numbers: dates, prices and texts are read, numbers are taken as is.

:func:`find_reader` looks at a training column and returns its *reader*, a small object that turns
this column of any later table into numbers, each row for itself. What a column is read as depends
on its values only:

- numbers and durations: :class:`Number`;
- dates: :class:`Calendar`, which adds the season, the day of the month and of the week, and the
  hour;
- text that is numbers, such as prices: :class:`NumberText`; text that is dates: :class:`Calendar`;
- text that is prose: :class:`Prose`;
- any other text, whose values are names of categories: no reader.

Dates and prose are encoded by skrub, which the extra ``tables`` installs.
"""

import warnings

import numpy as np

from sknn_edu.tables.columns import MICROSECONDS_PER_DAY, kind_of_type, to_datetime64
from sknn_edu.tables.date_text import find_date_format, look_like_dates
from sknn_edu.tables.number_text import NumberFormat, find_number_format, is_missing_word

N_PROSE_FEATURES = 30
"""The largest number of features that a column of prose becomes."""

SKRUB_TYPES = [
    "skrub._datetime_encoder.DatetimeEncoder",
    "skrub._datetime_encoder._CircularEncoder",
    "skrub._string_encoder.StringEncoder",
    "skrub._to_str.ToStr",
]
"""What skops must trust, beside the classes of this package, to load columns that skrub encodes."""

IDENTIFIER = "identifier"
"""The kind of a text column of which every row has a value of its own."""

MANY = 30
"""A column of text with fewer different values is never prose, nor identifiers."""


class Number:
    """Reads a column of numbers or durations, or dates as a number of days.

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
        """Return the numbers of a column: float64 of shape (n_samples, 1), NaN where missing."""
        return column.as_numbers(self.kind)[:, np.newaxis]


class NumberText:
    """Reads a column of numbers that are written as text.

    Parameters
    ----------
    number_format : NumberFormat
        How the numbers are written. Typed numbers are taken as they are; a text of another format
        counts as missing.
    """

    kind = "number"

    def __init__(self, number_format):
        self.number_format = number_format
        self.description = f"{number_format}, written as text"
        self.suffixes = [""]
        self.also_accepts = {"category"}

    def read(self, column):
        """Return the numbers of a column: float64 of shape (n_samples, 1), NaN where missing."""
        parse = self.number_format.parse
        numbers = [parse(x) if isinstance(x, str) else as_float(x) for x in column.present.tolist()]
        return column.with_missing(np.array(numbers), np.nan, float)[:, np.newaxis]


class Calendar:
    """Reads a column of dates: days since 1970, and where the date stands in year, week and day.

    Parameters
    ----------
    date_format : DateFormat or None
        How the dates are written, if they are text. A text of another format counts as missing.

    Attributes
    ----------
    encoder : skrub.DatetimeEncoder
        Encodes month, day of the month, hour and day of the week as points on a circle.
    """

    kind = "date"

    def __init__(self, date_format=None):
        self.date_format = date_format
        self.description = "dates" if date_format is None else f"{date_format}, written as text"
        self.also_accepts = set()

    def fit(self, column):
        """Fit the encoder to a training column, and choose the features that vary in it."""
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
    """Reads a column of sentences: the main directions in which their n-grams of letters differ.

    Attributes
    ----------
    encoder : skrub.StringEncoder
        Latent semantic analysis: tf-idf of n-grams, followed by a truncated singular value
        decomposition.
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
            warnings.simplefilter("ignore")  # fewer n-grams than that are no fault
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
    """Return what a training column is read as.

    Parameters
    ----------
    column : Column
        The column.
    kind : {'number', 'date', 'duration', 'category'}
        The kind of its values; 'category' if they are of several kinds.

    Returns
    -------
    found : Number, NumberText, Calendar, Prose, str or None
        A reader; :data:`IDENTIFIER` for a column that tells nothing but which row it is; a
        sentence if the column looks like numbers or dates but cannot be read; None for names of
        categories.

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
    """Return what a column of text looks like, without any package that may be missing.

    Parameters
    ----------
    column : Column
        The column.

    Returns
    -------
    looks_like : {'numbers', 'dates', 'prose', 'identifiers', 'words'}
        Prose has three words and more on average. Of prose at least half of the values differ, of
        identifiers nearly all; both have at least :data:`MANY` different values.
    found : NumberFormat, str or None
        For numbers their format, or why they cannot be read.
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
    """Return whether the values are typed dates and texts that stand for a missing value."""
    if column.kinds() != {"date", "category"}:
        return False
    others = [x for x in column.present.tolist() if kind_of_type(type(x)) == "category"]
    return all(isinstance(x, str) and is_missing_word(x) for x in others)


def distinct_texts(column):
    """Return the different texts of a column, sorted, without those that mean missing."""
    return sorted(text for text in set(column.present.tolist()) if not is_missing_word(text))


def with_skrub(read, argument):
    """Return read(argument); if skrub is missing, raise an ImportError that says what to do."""
    try:
        import skrub  # noqa: F401
    except ImportError as error:
        raise ImportError(NEEDS_SKRUB) from error
    return read(argument)


NEEDS_SKRUB = (
    'which has dates or prose, install the package skrub: pip install "sknn_edu[tables]". Or pass '
    "reader=None: a date is then a number of days, and a text the name of a category."
)
"""What to do about a column that cannot be read without skrub."""


# -- values ------------------------------------------------------------------------------------


def as_float(value):
    """Return a number as float; NaN for anything else, and for an int beyond float64."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return np.nan


def dates_of(values, date_format):
    """Return dates, as text or typed, as datetime64[us] in UTC; NaT where a text is no date.

    Parameters
    ----------
    values : ndarray of shape (n_values,)
        None of them is missing.
    date_format : DateFormat or None
        How text is written.

    Returns
    -------
    dates : ndarray of datetime64[us] of shape (n_values,)
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
