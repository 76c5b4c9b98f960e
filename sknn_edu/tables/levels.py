"""The levels of a categorical column, and the columns of 0 and 1 that they become."""

import numpy as np

ALWAYS_KEPT = 100
"""So many of the most frequent levels have a column, however few rows they have."""

MOST_VALUES = 2**27
"""The largest size of a column's one-hot array in training, in numbers: 512 MiB in float32."""

RARE_SUFFIX = "rare"


class Levels:
    """The levels of a categorical column that have a column of their own.

    Parameters
    ----------
    names : list of str or None
        The levels: sorted names, and last None if values were missing.
    n_pooled : int
        How many other levels of the training table share a column, which comes last. Levels that
        training did not contain belong there as well; without it they are 0 in all columns.
    pooled_share : float
        The share of the rows, by weight, that have such a level.
    """

    def __init__(self, names, n_pooled, pooled_share):
        self.names, self.n_pooled, self.pooled_share = names, n_pooled, pooled_share
        self._code_of = {name: k for k, name in enumerate(names)}

    @property
    def n_codes(self):
        """The number of codes: one for each name, and one for the levels that share a column."""
        return len(self.names) + bool(self.n_pooled)

    @property
    def other_code(self):
        """The code of any level without a name: the last one, or -1 if none share a column."""
        return len(self.names) if self.n_pooled else -1

    @property
    def suffixes(self):
        """The names of the columns: two levels share a single one, named after the second."""
        names = [str(name) for name in self.names] + [RARE_SUFFIX] * bool(self.n_pooled)
        return names[1:] if len(names) == 2 else names

    @property
    def n_levels(self):
        """The number of levels in training, those that share a column included."""
        return len(self.names) + self.n_pooled

    @property
    def description(self):
        """What the column is read as."""
        pooled = f", {self.n_pooled} of them rare" if self.n_pooled else ""
        return f"{self.n_levels} categories{pooled}"

    def codes(self, values):
        """Return the number of the level of each value.

        Parameters
        ----------
        values : ndarray of object of shape (n_samples,)
            Strings, with None for missing values.

        Returns
        -------
        codes : ndarray of int64 of shape (n_samples,)
            -1 for a level that has no column.
        """
        code_of, other = self._code_of, self.other_code
        return np.fromiter((code_of.get(v, other) for v in values), np.int64, len(values))

    def encode(self, values, dtype):
        """Return the columns of the values.

        Parameters
        ----------
        values : ndarray of object of shape (n_samples,)
            Strings, with None for missing values.
        dtype : {'float32', 'float64'}
            The dtype of the result.

        Returns
        -------
        encoded : ndarray of shape (n_samples, n_columns)
            One-hot; of two levels a single column of -1 and 1, and 0 for an unknown level.
        """
        codes = self.codes(values)
        if self.n_codes == 2:
            return np.choose(codes + 1, [0, -1, 1]).astype(dtype)[:, np.newaxis]
        encoded = np.zeros((len(codes), self.n_codes), dtype)
        is_known = codes >= 0
        encoded[np.flatnonzero(is_known), codes[is_known]] = 1
        return encoded


def find_levels(values, min_frequency, max_categories, weight=None):
    """Return the levels of a training column that have a column of their own.

    Parameters
    ----------
    values : ndarray of object of shape (n_samples,)
        Strings, with None for missing values.
    min_frequency : int
        The number of rows from which on a level has a column, beside the :data:`ALWAYS_KEPT` most
        frequent ones.
    max_categories : int, None or 'auto'
        The largest number of columns; None for no limit, 'auto' for as many as
        :data:`MOST_VALUES` allows.
    weight : ndarray of float64 of shape (n_samples,), optional
        How often each row counts.

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
    n_kept = len(counts) if n_kept >= len(counts) - 1 else n_kept  # a single level is not pooled
    pooled = by_frequency[n_kept:]
    names = sorted(by_frequency[:n_kept], key=lambda name: (name is None, name or ""))
    share = sum(counts[name] for name in pooled) / sum(counts.values())
    return Levels(names, len(pooled), float(share))
