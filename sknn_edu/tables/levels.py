"""The levels of a categorical column and their one-hot encoding."""

import numpy as np

ALWAYS_KEPT = 100
"""This many of the most frequent levels always have their own column."""

MOST_VALUES = 2**27
"""The largest number of entries in the one-hot array of a training column: 512 MiB in float32."""

RARE_SUFFIX = "rare"


class Levels:
    """The levels of a categorical column.

    Each named level has its own one-hot column. The other levels of the training table, if there
    are any, are rare levels and share the last column. A level that was not in the training table
    is treated as a rare level; without rare levels it is 0 in all columns.

    Parameters
    ----------
    names : list of str or None
        The sorted names of the levels with their own column. If values were missing, the last
        entry is None.
    n_pooled : int
        The number of rare levels.
    pooled_share : float
        The share of the rows, by weight, with a rare level.
    """

    def __init__(self, names, n_pooled, pooled_share):
        self.names, self.n_pooled, self.pooled_share = names, n_pooled, pooled_share
        self._code_of = {name: k for k, name in enumerate(names)}

    @property
    def n_codes(self):
        """The number of codes: one for each name, and one for all rare levels."""
        return len(self.names) + bool(self.n_pooled)

    @property
    def other_code(self):
        """The code of any level without a name: the last code, or -1 without rare levels."""
        return len(self.names) if self.n_pooled else -1

    @property
    def suffixes(self):
        """The names of the columns. Two levels become one column, named after the second level."""
        names = [str(name) for name in self.names] + [RARE_SUFFIX] * bool(self.n_pooled)
        return names[1:] if len(names) == 2 else names

    @property
    def n_levels(self):
        """The number of levels in training, including rare levels."""
        return len(self.names) + self.n_pooled

    @property
    def description(self):
        """The description of the column in the report."""
        pooled = f", {self.n_pooled} of them rare" if self.n_pooled else ""
        return f"{self.n_levels} categories{pooled}"

    def codes(self, values):
        """Return the code of the level of each value.

        Parameters
        ----------
        values : ndarray of object of shape (n_samples,)
            Strings, and None for missing values.

        Returns
        -------
        codes : ndarray of int64 of shape (n_samples,)
            The codes; -1 for a level without a column.
        """
        code_of, other = self._code_of, self.other_code
        return np.fromiter((code_of.get(v, other) for v in values), np.int64, len(values))

    def encode(self, values, dtype):
        """Return the values in one-hot encoding.

        Parameters
        ----------
        values : ndarray of object of shape (n_samples,)
            Strings, and None for missing values.
        dtype : {'float32', 'float64'}
            The dtype of the result.

        Returns
        -------
        encoded : ndarray of shape (n_samples, n_columns)
            One column of 0 and 1 for each code. Two levels give a single column of -1 and 1, with
            0 for an unknown level.
        """
        codes = self.codes(values)
        if self.n_codes == 2:
            return np.choose(codes + 1, [0, -1, 1]).astype(dtype)[:, np.newaxis]
        encoded = np.zeros((len(codes), self.n_codes), dtype)
        is_known = codes >= 0
        encoded[np.flatnonzero(is_known), codes[is_known]] = 1
        return encoded


def find_levels(values, min_frequency, max_categories, weight=None):
    """Return the levels of a training column.

    Parameters
    ----------
    values : ndarray of object of shape (n_samples,)
        Strings, and None for missing values.
    min_frequency : int
        A level with at least this many rows has its own column, and so have the
        :data:`ALWAYS_KEPT` most frequent levels.
    max_categories : int, None or 'auto'
        The largest number of columns. With None all levels have their own column; with 'auto' the
        limit follows from :data:`MOST_VALUES`.
    weight : ndarray of float64 of shape (n_samples,), optional
        The weight with which each row is counted.

    Returns
    -------
    levels : Levels
    """
    counts = {}
    for value, w in zip(values, np.ones(len(values)) if weight is None else weight, strict=True):
        counts[value] = counts.get(value, 0) + w
    by_frequency = sorted(counts, key=lambda name: (-counts[name], name is None, name or ""))
    n_kept = max(ALWAYS_KEPT, sum(n >= min_frequency for n in counts.values()))
    if max_categories == "auto":
        n_kept = min(n_kept, max(ALWAYS_KEPT, MOST_VALUES // len(values)))
    elif max_categories is None:
        n_kept = len(counts)
    else:
        n_kept = len(counts) if len(counts) <= max_categories else min(n_kept, max_categories - 1)
    n_kept = len(counts) if n_kept >= len(counts) - 1 else n_kept  # never pool a single level
    pooled = by_frequency[n_kept:]
    names = sorted(by_frequency[:n_kept], key=lambda name: (name is None, name or ""))
    share = sum(counts[name] for name in pooled) / sum(counts.values())
    return Levels(names, len(pooled), float(share))
