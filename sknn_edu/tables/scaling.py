"""Centre and scale the numbers of a table, and clip them smoothly."""

import numpy as np


def center_and_scale(numbers, scaling, weight=None):
    """Return the value to subtract from each column and the value to divide it by.

    Parameters
    ----------
    numbers : ndarray of float64 of shape (n_samples, n_numbers)
        The numbers, with NaN for missing values. Each column has at least one value.
    scaling : {'robust', 'standard', 'none'}
        Median and interquartile range, mean and standard deviation, or 0 and 1.
    weight : ndarray of float64 of shape (n_samples,), optional
        The weight with which each sample is counted; positive.

    Returns
    -------
    center, scale : ndarray of float64 of shape (n_numbers,)
        The values, in the units of the columns. The scale of a constant column is inf.
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
        # rescale very large or small numbers, so that their squares neither overflow nor become 0
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
    """Return weighted quantiles, with linear interpolation.

    An integer weight has the same effect as repeating the value.

    Parameters
    ----------
    values : ndarray of float64 of shape (n_values,)
        At least one value.
    levels : list of float
        The levels of the quantiles, from 0 to 1.
    weight : ndarray of float64 of shape (n_values,), optional
        The weight with which each value is counted.

    Returns
    -------
    quantiles : ndarray of float64 of shape (n_levels,)
        The quantiles, in the unit of the values.
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
    """Return sample weights as frequencies.

    Parameters
    ----------
    weight : ndarray of float64 of shape (n_samples,)
        Positive sample weights.

    Returns
    -------
    frequencies : ndarray of float64 of shape (n_samples,)
        The weights, if all of them are integers; otherwise the weights scaled to a mean of 1.
    """
    return weight if (weight == np.floor(weight)).all() else weight / weight.mean()


def halved(scale):
    """Return 1/2 for columns with such a wide range that x - center may overflow, else 1."""
    return np.where((scale > LARGEST / 8) & (scale < np.inf), 0.5, 1.0)


def scale_and_clip(numbers, center, scale, bound, largest):
    """Return z = (x - center) / scale, clipped smoothly to (-c, c): z / sqrt(1 + (z / c)^2).

    Parameters
    ----------
    numbers : ndarray of float64 of shape (n_samples, n_numbers)
        The numbers x; NaN stays NaN.
    center, scale : ndarray of float64 of shape (n_numbers,)
        The values from :func:`center_and_scale`, in the units of the columns.
    bound : float or None
        The bound c. With None there is no smooth clipping.
    largest : float
        The limit of abs(z) before smooth clipping.

    Returns
    -------
    z : ndarray of float64 of shape (n_samples, n_numbers)
        The scaled numbers, which have no unit.
    """
    half = halved(scale)
    with np.errstate(over="ignore", invalid="ignore"):
        z = (numbers * half - center * half) / (scale * half)
        z = np.clip(z, -largest, largest)
        if bound is not None:
            z /= np.sqrt(1 + np.square(z / bound))
    return z
