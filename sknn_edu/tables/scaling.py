"""Centring and scaling the numbers of a table, and clipping them smoothly."""

import numpy as np


def center_and_scale(numbers, scaling, weight=None):
    """Return what to subtract from each column and what to divide it by.

    Parameters
    ----------
    numbers : ndarray of float64 of shape (n_samples, n_numbers)
        NaN where missing; each column has at least one value.
    scaling : {'robust', 'standard', 'none'}
        Median and interquartile range, mean and standard deviation, or 0 and 1.
    weight : ndarray of float64 of shape (n_samples,), optional
        How often each sample counts; positive.

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
        is_present = ~np.isnan(numbers[:, k])
        present = numbers[is_present, k]
        present_weight = None if weight is None else weight[is_present]
        largest = np.abs(present).max()
        # very large or small numbers are rescaled, so that their squares are finite and not 0
        unit = 1.0 if 1e-100 < largest < 1e100 else largest or 1.0
        present = present / unit
        if scaling == "standard":
            middle = np.average(present, weights=present_weight)
            spread = np.sqrt(np.average(np.square(present - middle), weights=present_weight))
        else:
            low, middle, high = weighted_quantiles(present, [0.25, 0.5, 0.75], present_weight)
            spread = high - low or (present.max() - present.min()) / 2
        center[k] = middle * unit
        if spread > 0:
            with np.errstate(over="ignore"):
                scale[k] = min(spread * unit, LARGEST)
    return center, scale


LARGEST = np.finfo(np.float64).max


def weighted_quantiles(values, levels, weight=None):
    """Return quantiles, linear between the values; a whole weight repeats a value.

    Parameters
    ----------
    values : ndarray of float64 of shape (n_values,)
        At least one.
    levels : list of float
        Shares from 0 to 1.
    weight : ndarray of float64 of shape (n_values,), optional
        How often each value counts.

    Returns
    -------
    quantiles : ndarray of float64 of shape (n_levels,)
    """
    if weight is None:
        return np.quantile(values, levels)
    order = np.argsort(values, kind="stable")
    values, ends = values[order], np.cumsum(weight[order])
    position = np.asarray(levels) * max(ends[-1] - 1, 0)
    below = np.floor(position)
    last = len(values) - 1
    low = values[np.minimum(np.searchsorted(ends, below, side="right"), last)]
    high = values[np.minimum(np.searchsorted(ends, below + 1, side="right"), last)]
    return low + (position - below) * (high - low)


def as_frequencies(weight):
    """Return sample weights as how often each sample counts: whole weights as they are.

    Parameters
    ----------
    weight : ndarray of float64 of shape (n_samples,)
        Positive.

    Returns
    -------
    frequencies : ndarray of float64 of shape (n_samples,)
        Other weights are multiplied so that their mean is 1.
    """
    return weight if (weight == np.floor(weight)).all() else weight / weight.mean()


def halved(scale):
    """Return 1/2 for columns that span so much that x - center may overflow, and 1 for others."""
    return np.where((scale > LARGEST / 8) & (scale < np.inf), 0.5, 1.0)


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
    half = halved(scale)
    with np.errstate(over="ignore", invalid="ignore"):
        z = (numbers * half - center * half) / (scale * half)
        z = np.clip(z, -largest, largest)
        if bound is not None:
            z /= np.sqrt(1 + np.square(z / bound))
    return z
