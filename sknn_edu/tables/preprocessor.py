"""Turning a table into an array of numbers that a neural network trains well on."""

from collections import Counter
from itertools import count
from numbers import Integral, Real

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils.validation import check_is_fitted, validate_data

from sknn_edu.fitting.estimator import Interval, checked_parameters, one_of, warn
from sknn_edu.tables.columns import (
    NOTHING,
    READABLE_FROM,
    TIME_CONVERTERS,
    Column,
    columns_of,
    is_readable_as,
    kind_of_column,
)

NUMERIC_KINDS = {"number", *TIME_CONVERTERS}
"""The kinds of numeric columns. Columns of kind 'nothing' are dropped, all others categorical."""


class TabularPreprocessor(TransformerMixin, BaseEstimator):
    r"""Scale the numbers of a table smoothly into an interval and one-hot encode its categories.

    The input is a pandas or polars frame, or an array, as it is: numbers, missing values, strings,
    categories, booleans, dates and durations. The kind of each column is detected in ``fit``.

    *Numeric columns* are numbers, and dates and durations in days. They are centred on their
    median and divided by their interquartile range, which outliers do not affect, and then clipped
    smoothly to :math:`(-c, c)`:

    .. math:: z = \frac{x - \mathrm{median}}{q_{3/4} - q_{1/4}}, \qquad
              x' = \frac{z}{\sqrt{1 + (z / c)^2}}

    If the interquartile range is 0, half of the full range replaces it. A missing value becomes 0,
    which stands for the median. A column with missing values in training gets a second column, the
    missing indicator: 1 where a value is missing, else 0.

    *Categorical columns* hold anything else: strings, booleans, and the categories of pandas and
    polars. They are one-hot encoded, except that two categories become a single column of -1 and
    1. If values were missing in training, missing is a category as well. A category that training
    did not contain becomes 0 in all columns, or counts as a rare category if ``max_categories``
    has merged rare categories into one column.

    Dates with a time zone are converted to UTC. A column without any value in training is dropped.

    Parameters
    ----------
    scaling : {'robust', 'standard', 'none'}, default='robust'
        How numeric columns are centred and scaled: by median and interquartile range, by mean and
        standard deviation, or not at all.
    smooth_clip : float or None, default=3.0
        The bound c of the smooth clipping; None does not clip.
    max_categories : int or None, default=100
        The largest number of one-hot columns for a categorical column. If it has more categories,
        the rare ones share a column. With None there is no limit, and a column of names may exhaust
        the memory.
    missing_indicator : bool, default=True
        Whether numeric columns with missing values in training get a missing indicator.
    dtype : {'float32', 'float64'}, default='float32'
        The dtype of the result. Networks compute in the dtype of their input.

    Attributes
    ----------
    kinds_ : list of str
        The kind of each column: 'number', 'date', 'duration', 'boolean', 'category' or 'nothing'.
    numbers_ : list of int
        The indices of the numeric columns: numbers, dates and durations.
    categories_ : list of int
        The indices of the categorical columns: booleans and categories.
    center_ : ndarray of float64 of shape (n_numbers,)
        What is subtracted from each numeric column, in its unit; days for dates and durations.
    scale_ : ndarray of float64 of shape (n_numbers,)
        What each numeric column is then divided by, in the same unit; inf for a constant column,
        which becomes 0.
    gaps_ : ndarray of bool of shape (n_numbers,)
        Whether each numeric column had missing values in training.
    encoder_ : OneHotEncoder or None
        The fitted encoder of the categorical columns; None if there are none.
    n_features_in_ : int
        The number of columns of the table.
    feature_names_in_ : ndarray of shape (n_features,)
        The names of the columns, if all of them are strings.

    See Also
    --------
    tabular_pipeline : This preprocessor followed by networks with parameters for tables.

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

    _parameter_constraints: dict = {
        "scaling": [one_of("robust", "standard", "none")],
        "smooth_clip": [Interval(Real, 0, None, closed="neither"), None],
        "max_categories": [Interval(Integral, 2, None, closed="left"), None],
        "missing_indicator": ["boolean"],
        "dtype": [one_of("float32", "float64")],
    }

    def __init__(
        self,
        scaling="robust",
        smooth_clip=3.0,
        max_categories=100,
        missing_indicator=True,
        dtype="float32",
    ):
        self.scaling = scaling
        self.smooth_clip = smooth_clip
        self.max_categories = max_categories
        self.missing_indicator = missing_indicator
        self.dtype = dtype

    @checked_parameters
    def fit(self, X, y=None):
        """Learn the kind of each column, its centre and scale, or its categories.

        Parameters
        ----------
        X : array-like or frame of shape (n_samples, n_features)
            The table; it is not changed.
        y : None
            Ignored.

        Returns
        -------
        self : object
            The fitted preprocessor.

        Raises
        ------
        ValueError
            If a number is infinite or complex, or the table has no rows or no columns.
        TypeError
            If X is a sparse matrix or a lazy frame.

        Warns
        -----
        UserWarning
            If a column contains both numbers and words: it is then categorical.
        """
        columns = self._columns(X, reset=True)
        self.kinds_ = [self._kind_of(j, column) for j, column in enumerate(columns)]
        kinds = list(enumerate(self.kinds_))
        self.numbers_ = [j for j, kind in kinds if kind in NUMERIC_KINDS]
        self.categories_ = [j for j, kind in kinds if kind not in {NOTHING, *NUMERIC_KINDS}]
        numbers = self._numbers(columns)
        self.gaps_ = np.isnan(numbers).any(axis=0)
        self.center_, self.scale_ = center_and_scale(numbers, self.scaling)
        self.encoder_ = None
        if self.categories_:
            self.encoder_ = OneHotEncoder(
                sparse_output=False,
                handle_unknown="infrequent_if_exist",
                max_categories=self.max_categories,
                dtype=np.dtype(self.dtype).type,  # skops trusts the type
            ).fit(self._categories(columns))
        return self

    def transform(self, X):
        """Turn a table into an array of numbers.

        Parameters
        ----------
        X : array-like or frame of shape (n_samples, n_features)
            The table, with the columns of training; it is not changed.

        Returns
        -------
        X_out : ndarray of shape (n_samples, n_features_out)
            The numeric columns first, then their missing indicators, then the encoded categories,
            in the dtype of the parameter ``dtype``. With ``smooth_clip=None``, numbers are limited
            so that their squares are finite.

        Raises
        ------
        ValueError
            If the columns differ from those of training, in name, number or kind, or a number is
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
            parts.append(is_missing[:, self.gaps_].astype(self.dtype))
        if self.encoder_ is not None:
            encoded = self.encoder_.transform(self._categories(columns))
            parts += [
                one_hot[:, 1:] - one_hot[:, :1] if one_hot.shape[1] == 2 else one_hot
                for one_hot in self._split_by_column(encoded)
            ]
        return np.hstack(parts)

    def get_feature_names_out(self, input_features=None):
        """Return the names of the columns that ``transform`` returns.

        Parameters
        ----------
        input_features : array-like of str of shape (n_features,), default=None
            The names of the columns, if the table of ``fit`` had none; otherwise they must equal
            its names.

        Returns
        -------
        names : ndarray of object of shape (n_features_out,)
            The name of a column, followed by ``_missing`` for a missing indicator and by ``_`` and
            the category for a one-hot column. Repeated names are numbered.

        Raises
        ------
        ValueError
            If ``input_features`` does not fit the table of ``fit``.
        """
        check_is_fitted(self)
        names = input_names(self, input_features)
        names_out = [names[j] for j in self.numbers_]
        if self.missing_indicator:
            indicators = zip(self.numbers_, self.gaps_, strict=True)
            names_out += [f"{names[j]}_missing" for j, had_missing in indicators if had_missing]
        if self.encoder_ is not None:
            encoded = self.encoder_.get_feature_names_out([names[j] for j in self.categories_])
            for one_hot in self._split_by_column(encoded):
                names_out += list(one_hot[1:] if len(one_hot) == 2 else one_hot)
        return np.asarray(make_unique(names_out), dtype=object)

    def _split_by_column(self, encoded):
        """Split an array along its last axis: one part for each categorical column."""
        return np.split(encoded, np.cumsum(self._n_one_hot())[:-1], axis=-1)

    def _n_one_hot(self):
        """Return how many columns the encoder makes of each categorical column."""
        categories = self.encoder_.categories_
        if self.max_categories:
            rare_categories = self.encoder_.infrequent_categories_
        else:
            rare_categories = [None] * len(categories)
        return [
            len(names) - (0 if rare is None else len(rare) - 1)
            for names, rare in zip(categories, rare_categories, strict=True)
        ]

    def _columns(self, X, reset):
        """Check a table and return its columns; with ``reset`` it defines the features."""
        if hasattr(X, "collect"):
            raise TypeError(
                f"TabularPreprocessor needs a table with its rows, but a {type(X).__name__} only "
                "describes how to compute them. Pass X.collect()."
            )
        if issparse(X):
            raise TypeError(
                "TabularPreprocessor needs a frame or a dense array; got a sparse matrix. Pass "
                "X.toarray()."
            )
        if hasattr(X, "columns") and hasattr(X, "dtypes"):
            validate_data(self, X, skip_check_array=True, reset=reset)
            if min(X.shape) == 0:
                raise ValueError(
                    f"X must have at least one row and one column; got the shape {X.shape}."
                )
            return columns_of(X)
        # in a list of rows with numbers and words, NumPy would turn the numbers into strings
        dtype = None if hasattr(X, "dtype") else object
        X = validate_data(self, X, dtype=dtype, ensure_all_finite=False, reset=reset)
        return list(map(Column, X.T))

    def _kind_of(self, j, column):
        """Return the kind of column j; warn if it contains both numbers and words."""
        kinds = column.kinds()
        if {"number", "category"} <= kinds:
            word = column.first_value_outside(kinds - {"category"})
            warn(
                f"Column {self._name(j)} contains numbers and also {word!r}, so it is treated as "
                "categorical. Replace that value with NaN if it marks a missing value, or convert "
                "the whole column to strings."
            )
        return kind_of_column(kinds)

    def _check_kinds(self, columns):
        """Refuse a column with values that do not fit its kind in training."""
        for j, (column, kind) in enumerate(zip(columns, self.kinds_, strict=True)):
            if not is_readable_as(kind, column.kinds()):
                unexpected = column.first_value_outside(READABLE_FROM[kind])
                plural = "categories" if kind == "category" else f"{kind}s"
                raise ValueError(
                    f"Column {self._name(j)} contained {plural} in training, but now contains "
                    f"{unexpected!r}. Replace it with NaN if it marks a missing value, or convert "
                    f"the column to {plural}."
                )

    def _numbers(self, columns):
        """Return the numeric columns in float64, NaN where missing: (n_samples, n_numbers)."""
        numbers = np.empty((len(columns[0].missing), len(self.numbers_)))
        for k, j in enumerate(self.numbers_):
            try:
                numbers[:, k] = columns[j].as_numbers(self.kinds_[j])
            except OverflowError:  # a Python int beyond the range of float64
                numbers[:, k] = np.inf
            if np.isinf(numbers[:, k]).any():
                raise ValueError(
                    f"Column {self._name(j)} has infinite values; numbers must be finite. Replace "
                    "them with large numbers, or with NaN where a value is missing."
                )
        return numbers

    def _categories(self, columns):
        """Return the categorical columns as text, None where missing: (n_samples, n_columns)."""
        return np.stack([columns[j].as_text(self.kinds_[j]) for j in self.categories_], axis=1)

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


# -- numbers -----------------------------------------------------------------------------------


def center_and_scale(numbers, scaling):
    """Return what to subtract from each column and what to divide it by.

    Parameters
    ----------
    numbers : ndarray of float64 of shape (n_samples, n_numbers)
        NaN where missing; each column has at least one value.
    scaling : {'robust', 'standard', 'none'}
        Median and interquartile range, mean and standard deviation, or 0 and 1.

    Returns
    -------
    center, scale : ndarray of float64 of shape (n_numbers,)
        In the units of the columns. The scale of a constant column is inf.
    """
    n_columns = numbers.shape[1]
    center, scale = np.zeros(n_columns), np.full(n_columns, np.inf)
    if scaling == "none":
        return center, np.ones(n_columns)
    for k in range(n_columns):
        present = numbers[~np.isnan(numbers[:, k]), k]
        largest = np.abs(present).max()
        # very large or small numbers are rescaled, so that their squares are finite and not 0
        unit = 1.0 if 1e-100 < largest < 1e100 else largest or 1.0
        present = present / unit
        if scaling == "standard":
            middle, spread = present.mean(), present.std()
        else:
            low, middle, high = np.quantile(present, [0.25, 0.5, 0.75])
            spread = high - low or (present.max() - present.min()) / 2
        center[k], scale[k] = middle * unit, spread * unit or np.inf
    return center, scale


def scale_and_clip(numbers, center, scale, bound, largest):
    """Return z = (x - center) / scale, clipped smoothly to (-c, c): z / sqrt(1 + (z / c)^2).

    Parameters
    ----------
    numbers : ndarray of float64 of shape (n_samples, n_numbers)
        The numbers x; NaN stays NaN.
    center, scale : ndarray of float64 of shape (n_numbers,)
        In the units of the columns.
    bound : float or None
        The bound c; None does not clip smoothly.
    largest : float
        The limit of abs(z) before it is clipped smoothly.

    Returns
    -------
    z : ndarray of float64 of shape (n_samples, n_numbers)
        Without a unit.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        z = np.clip((numbers - center) / scale, -largest, largest)
        if bound is not None:
            z /= np.sqrt(1 + np.square(z / bound))
    return z


# -- names -------------------------------------------------------------------------------------


def make_unique(names):
    """Return the names as a list; a name that occurred before gets a number: a, a_2, a_3."""
    if len(set(names)) == len(names):
        return names
    taken, unique = Counter(names), []
    for name in names:
        if name in unique:
            name = next(new for k in count(2) if (new := f"{name}_{k}") not in taken)
            taken[name] += 1
        unique.append(name)
    return unique


def input_names(preprocessor, input_features):
    """Return the column names of a fitted preprocessor as a list; x0, x1, ... if it has none.

    Raises
    ------
    ValueError
        If ``input_features`` is not None and has another length, or differs from the names in fit.
    """
    known = getattr(preprocessor, "feature_names_in_", None)
    n_features = preprocessor.n_features_in_
    if input_features is None:
        return [f"x{j}" for j in range(n_features)] if known is None else list(known)
    names = list(input_features)
    if len(names) != n_features or (known is not None and names != list(known)):
        raise ValueError(
            f"input_features is not equal to feature_names_in_: expected {n_features} names"
            f"{'' if known is None else f', {list(known)}'}; got {names}. Omit input_features to "
            "use the names of the columns in fit."
        )
    return names
