"""A table as people have it, made into the numbers that a network learns best from."""

from collections import Counter
from itertools import count
from numbers import Integral, Real

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils.validation import check_is_fitted, validate_data

from sknn_edu._base import Interval, StrOptions, checked_parameters, warn
from sknn_edu._table_columns import (
    ACCEPTED,
    NOTHING,
    TIMES,
    Column,
    columns_of,
    kind_of,
    may_be_read_as,
)


class TabularPreprocessor(TransformerMixin, BaseEstimator):
    r"""Make a table of numbers and categories into numbers between two bounds.

    Takes a pandas or polars frame, or an array, as it is: numbers with gaps, strings, categories,
    booleans, dates, durations. Nothing has to be declared.

    *Numbers*, and dates and durations in days, are centred on their median and divided by the
    range of their middle half, so that outliers do not matter, and then bent smoothly into
    :math:`(-c, c)`:

    .. math:: z = \frac{x - \mathrm{median}}{q_{3/4} - q_{1/4}}, \qquad
              x' = \frac{z}{\sqrt{1 + (z / c)^2}}

    If the middle half is a single number, half the whole range takes its place. A gap becomes 0,
    the median, and a feature with gaps has a second column that says where they were.

    *Categories* (all that are not numbers: strings, booleans, pandas' and polars' categories)
    become one column for each level, 1 where it is; two levels become a single column of -1 and
    1. A gap is a level of its own if there were gaps in training. A level that was not there in
    training becomes 0 everywhere; if rare levels share a column, it counts as one of them.

    Dates of a time zone are taken in UTC. A column without any value in training is left out.

    Parameters
    ----------
    scaling : {'robust', 'standard', 'none'}, default='robust'
        What numbers are centred on and divided by: median and middle half, or mean and standard
        deviation, or neither.
    smooth_clip : float or None, default=3.0
        The bound c; None leaves the numbers unbounded.
    max_categories : int or None, default=100
        At most so many columns for a category: rare levels share one. None sets no limit, and a
        column of names may then need more memory than there is.
    missing_indicator : bool, default=True
        Whether features with gaps in training have a second column.
    dtype : {'float32', 'float64'}, default='float32'
        Of what comes out. A network computes in the dtype of its samples.

    Attributes
    ----------
    kinds_ : list of str
        What each column is: 'number', 'date', 'duration', 'boolean', 'category' or 'nothing'.
    numbers_ : list of int
        The columns that are numbers, dates or durations.
    categories_ : list of int
        The columns that are booleans or categories.
    center_ : ndarray (n_numbers,)
        What is subtracted from each number, in float64.
    scale_ : ndarray (n_numbers,)
        What it is divided by; inf for a feature with one value, which becomes 0.
    gaps_ : ndarray of bool (n_numbers,)
        Which had gaps in training.
    encoder_ : OneHotEncoder or None
        Of the categories.
    n_features_in_ : int
        The number of columns.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, if all are strings.

    See Also
    --------
    tabular_pipeline : This and a network made for tables.

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
        "scaling": [StrOptions({"robust", "standard", "none"})],
        "smooth_clip": [Interval(Real, 0, None, closed="neither"), None],
        "max_categories": [Interval(Integral, 2, None, closed="left"), None],
        "missing_indicator": ["boolean"],
        "dtype": [StrOptions({"float32", "float64"})],
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
        """Learn medians, ranges and levels.

        Parameters
        ----------
        X : array-like or frame of shape (n_samples, n_features)
            The table.
        y : None
            Ignored.

        Returns
        -------
        self : object
            The fitted transformer.

        Raises
        ------
        ValueError
            If a number is infinite or complex, or the table has no rows or columns.
        TypeError
            If X is sparse or a lazy frame.
        """
        columns = self._columns(X, reset=True)
        self.kinds_ = [self._kind_of(j, column) for j, column in enumerate(columns)]
        of_numbers = {"number", *TIMES}
        self.numbers_ = [j for j, kind in enumerate(self.kinds_) if kind in of_numbers]
        self.categories_ = [
            j for j, kind in enumerate(self.kinds_) if kind not in {NOTHING, *of_numbers}
        ]
        numbers = self._numbers(columns)
        self.gaps_ = np.isnan(numbers).any(axis=0)
        self.center_, self.scale_ = measured(numbers, self.scaling)
        self.encoder_ = None
        if self.categories_:
            self.encoder_ = OneHotEncoder(
                sparse_output=False,
                handle_unknown="infrequent_if_exist",
                max_categories=self.max_categories,
                dtype=np.dtype(self.dtype),
            ).fit(self._levels(columns))
        return self

    def transform(self, X):
        """Return the numbers that stand for a table.

        Parameters
        ----------
        X : array-like or frame of shape (n_samples, n_features)
            The table; columns as in training.

        Returns
        -------
        X_out : ndarray of shape (n_samples, n_features_out)
            Numbers first, then where their gaps were, then categories. Those that no bound holds
            are cut off where their squares would be infinite.

        Raises
        ------
        ValueError
            If the columns are others than in training, or hold something else.
        """
        check_is_fitted(self)
        columns = self._columns(X, reset=False)
        self._check_kinds(columns)
        numbers = self._numbers(columns)
        gaps = np.isnan(numbers)
        largest = np.sqrt(np.finfo(self.dtype).max)
        z = scaled(numbers, self.center_, self.scale_, self.smooth_clip, largest)
        z[gaps] = 0
        parts = [z.astype(self.dtype)]
        if self.missing_indicator:
            parts.append(gaps[:, self.gaps_].astype(self.dtype))
        if self.encoder_ is not None:
            ones = self.encoder_.transform(self._levels(columns))
            parts += [
                levels[:, 1:] - levels[:, :1] if levels.shape[1] == 2 else levels
                for levels in self._by_category(ones)
            ]
        return np.hstack(parts)

    def get_feature_names_out(self, input_features=None):
        """Return the names of what comes out.

        Parameters
        ----------
        input_features : array-like of str of shape (n_features,), default=None
            Names of the columns where X had none; else they must be those of X.

        Returns
        -------
        names : ndarray of str of shape (n_features_out,)
            A feature's name, with ``_missing`` or ``_`` and a level behind it.
        """
        check_is_fitted(self)
        names = input_names(self, input_features)
        out = [names[j] for j in self.numbers_]
        if self.missing_indicator:
            gaps = zip(self.numbers_, self.gaps_, strict=True)
            out += [f"{names[j]}_missing" for j, has_gaps in gaps if has_gaps]
        if self.encoder_ is not None:
            every = self.encoder_.get_feature_names_out([names[j] for j in self.categories_])
            for levels in self._by_category(every):
                out += list(levels[1:] if len(levels) == 2 else levels)
        return np.asarray(without_repeats(out), dtype=object)

    def _by_category(self, of_levels):
        """Part what there is of each level, along the last axis, by their categories."""
        return np.split(of_levels, np.cumsum(self._n_levels())[:-1], axis=-1)

    def _n_levels(self):
        """Return how many columns the encoder makes of each category."""
        one = self.encoder_
        rare = one.infrequent_categories_ if self.max_categories else [None] * len(one.categories_)
        return [
            len(levels) - (0 if few is None else len(few) - 1)
            for levels, few in zip(one.categories_, rare, strict=True)
        ]

    def _columns(self, X, reset):
        """Return the columns of a table."""
        if hasattr(X, "collect"):
            raise TypeError(
                f"TabularPreprocessor needs the rows of the table, not a plan for them: pass "
                f"X.collect(); got a {type(X).__name__}."
            )
        if issparse(X):
            raise TypeError(
                "TabularPreprocessor needs a frame or a dense array, not a sparse matrix: pass "
                "X.toarray()."
            )
        if hasattr(X, "columns") and hasattr(X, "dtypes"):
            validate_data(self, X, skip_check_array=True, reset=reset)
            if min(X.shape) == 0:
                raise ValueError(f"X must have rows and columns; its shape is {X.shape}.")
            return columns_of(X)
        # as one array of NumPy, numbers in a list beside words would become words
        dtype = None if hasattr(X, "dtype") else object
        X = validate_data(self, X, dtype=dtype, ensure_all_finite=False, reset=reset)
        return list(map(Column, X.T))

    def _kind_of(self, j, column):
        """Return the kind of a column; warn if it holds numbers and words."""
        kinds = column.kinds()
        if {"number", "category"} <= kinds:
            word = column.other_than(kinds - {"category"})
            warn(
                f"Column {self._name(j)} holds numbers and also {word!r}, so it is taken for a "
                "category. Replace that by NaN if it stands for a gap, or make all of the column "
                "strings."
            )
        return kind_of(kinds)

    def _check_kinds(self, columns):
        """Refuse a column that holds something else than in training."""
        for j, (column, wanted) in enumerate(zip(columns, self.kinds_, strict=True)):
            if not may_be_read_as(wanted, column.kinds()):
                other = column.other_than(ACCEPTED[wanted])
                held = "categories" if wanted == "category" else f"{wanted}s"
                raise ValueError(
                    f"Column {self._name(j)} held {held} in training, but now there is {other!r}. "
                    "Replace it by NaN if it stands for a gap, or make the column what it was."
                )

    def _numbers(self, columns):
        """Return the columns of numbers in float64, with NaN for gaps: (n, n_numbers)."""
        numbers = np.empty((len(columns[0].gaps), len(self.numbers_)))
        for k, j in enumerate(self.numbers_):
            try:
                numbers[:, k] = columns[j].as_numbers(self.kinds_[j])
            except OverflowError:  # an int of Python that no float can be
                numbers[:, k] = np.inf
            if np.isinf(numbers[:, k]).any():
                raise ValueError(
                    f"Column {self._name(j)} has infinite values. Replace them by large numbers, "
                    "or by NaN where they stand for gaps."
                )
        return numbers

    def _levels(self, columns):
        """Return the columns of categories as text, with None for gaps: (n, n_categories)."""
        return np.stack([columns[j].as_text(self.kinds_[j]) for j in self.categories_], axis=1)

    def _name(self, j):
        names = getattr(self, "feature_names_in_", None)
        return j if names is None else repr(names[j])

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.transformer_tags.preserves_dtype = []
        return tags


def measured(numbers, scaling):
    """Return what to subtract from each column, and what to divide it by."""
    n_columns = numbers.shape[1]
    center, scale = np.zeros(n_columns), np.full(n_columns, np.inf)
    if scaling == "none":
        return center, np.ones(n_columns)
    for k in range(n_columns):
        present = numbers[~np.isnan(numbers[:, k]), k]
        largest = np.abs(present).max()
        unit = 1.0 if 1e-100 < largest < 1e100 else largest or 1.0  # so that squares are numbers
        present = present / unit
        if scaling == "standard":
            middle, spread = present.mean(), present.std()
        else:
            low, middle, high = np.quantile(present, [0.25, 0.5, 0.75])
            spread = high - low or (present.max() - present.min()) / 2
        center[k], scale[k] = middle * unit, spread * unit or np.inf
    return center, scale


def scaled(numbers, center, scale, bound, largest):
    """Return z = (x - center) / scale, bent smoothly within the bound: z / sqrt(1 + (z / c)^2)."""
    with np.errstate(over="ignore", invalid="ignore"):
        z = np.clip((numbers - center) / scale, -largest, largest)
        if bound is not None:
            z /= np.sqrt(1 + np.square(z / bound))
    return z


def without_repeats(names):
    """Return the names, of which those that were there before have a number behind them."""
    if len(set(names)) == len(names):
        return names
    taken, unique = Counter(names), []
    for name in names:
        if name in unique:
            name = next(new for k in count(2) if (new := f"{name}_{k}") not in taken)
            taken[name] += 1
        unique.append(name)
    return unique


def input_names(transformer, given):
    """Return the names of the columns of a fitted transformer."""
    known = getattr(transformer, "feature_names_in_", None)
    n = transformer.n_features_in_
    if given is None:
        return [f"x{j}" for j in range(n)] if known is None else list(known)
    if len(given) != n or (known is not None and list(given) != list(known)):
        raise ValueError(
            f"input_features is not equal to feature_names_in_: expected {n} names"
            f"{'' if known is None else f', {list(known)}'}; got {list(given)}."
        )
    return list(given)
