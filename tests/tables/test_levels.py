"""Categories with their own feature, and rare categories that share one."""

import numpy as np
import pytest

from sknn_edu.tables.levels import find_levels


def names(counts):
    return np.repeat(np.array(list(counts), dtype=object), list(counts.values()))


def many(n_levels, n_rows):
    return names({f"level {k}": n_rows for k in range(n_levels)})


@pytest.mark.parametrize(
    ("values", "n_kept"),
    [(many(400, 15), 400), (many(400, 9), 100), (many(90, 1), 90), (many(101, 1), 101)],
    ids=["frequent", "rare", "few", "one more than few"],
)
def test_min_frequency_decides_beyond_the_most_frequent_categories(values, n_kept):
    levels = find_levels(values, 10, "auto")
    assert len(levels.names) == n_kept
    assert levels.n_levels == len(set(values))
    assert levels.pooled_share == pytest.approx(1 - n_kept / levels.n_levels)


def test_max_categories_keeps_the_most_frequent_categories():
    levels = find_levels(names({"a": 5, "b": 1, "c": 3, "d": 2, None: 4}), 10, 3)
    assert levels.names == ["a", None]
    assert levels.suffixes == ["a", "None", "rare"]
    assert levels.description == "5 categories, 3 of them rare"
    values = np.array(["a", "x", None, "c"], dtype=object)
    np.testing.assert_array_equal(
        levels.encode(values, "float32"), [[1, 0, 0], [0, 0, 1], [0, 1, 0], [0, 0, 1]]
    )


def test_two_categories_are_one_feature():
    levels = find_levels(names({"n": 2, "y": 1}), 10, "auto")
    encoded = levels.encode(np.array(["y", "n", "?"], dtype=object), "float64")
    np.testing.assert_array_equal(encoded, [[1], [-1], [0]])
    assert levels.suffixes == ["y"]


def test_weights_are_summed_like_rows():
    values = many(150, 5)
    weight = np.where(values == "level 99", 3.0, 1.0)
    assert "level 99" in find_levels(values, 10, "auto", weight).names
    assert "level 99" not in find_levels(values, 10, "auto").names


def test_a_hundred_thousand_categories_stay_within_the_memory():
    values = many(100_000, 15)
    assert len(find_levels(values, 10, "auto").names) == 100
