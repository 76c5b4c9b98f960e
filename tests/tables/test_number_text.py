"""Numbers that are stored as text: the format of a column and the parsed numbers."""

import math

import pytest

from sknn_edu.tables.number_text import NumberFormat, find_number_format


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (["1", "2.5", "-3e-1"], [1, 2.5, -0.3]),
        (["1,234.50", "99", "1,000,000"], [1234.5, 99, 1e6]),
        (["1.234,50", "99", "1.000.000"], [1234.5, 99, 1e6]),
        (["1,5", "0,25"], [1.5, 0.25]),
        (["1 234,5", "12\u00a0345", "7"], [1234.5, 12345, 7]),
        (["1'234.5", "1\u2019000"], [1234.5, 1000]),
        (["$1,234", "$950,000", "-$3", "$-4", "($5)"], [1234, 950000, -3, -4, -5]),
        (["EUR 99", "1.234,50 EUR", "7 EUR"], [99, 1234.5, 7]),
        (["12 %", "3.5%", "-1 %"], [0.12, 0.035, -0.01]),
        (["12 kg", "3.5kg", "7"], [12, 3.5, 7]),
        (["\u22125", " 6 ", "+7"], [-5, 6, 7]),
        (["0.123", "1.500"], [0.123, 1.5]),
        (["9007199254740993", "123456789.01"], [9007199254740992, 123456789.01]),
    ],
    ids=lambda value: str(value[0]),
)
def test_a_column_of_numbers_is_read_in_one_format(texts, numbers):
    found = find_number_format(texts)
    assert [found.parse(text) for text in texts] == numbers


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (["1.234", "2.500"], "'1.234' could mean 1.234 or 1234"),
        (["1,234", "999"], "'1,234' could mean 1.234 or 1234"),
        (["$5", "\u20ac6", "$7"], "its numbers have different formats"),
        (["5,1", "6.2"], "its numbers have different formats"),
    ],
)
def test_ambiguous_or_mixed_formats_are_not_guessed(texts, reason):
    assert find_number_format(texts) == reason


@pytest.mark.parametrize(
    "texts",
    [["01234", "99999"], ["a", "b"], ["A12", "B7"], ["1st", "2nd"], ["2024-05-13"], ["12:30"], []],
    ids=str,
)
def test_codes_names_and_dates_are_not_read_as_numbers(texts):
    assert find_number_format(texts) is None


def test_one_text_in_twenty_may_be_something_else():
    assert find_number_format([*map(str, range(19)), "x"]) == NumberFormat(".", "", "")
    assert find_number_format([*map(str, range(18)), "x"]) is None


@pytest.mark.parametrize(
    "text", ["1,23", "1,,234", "--5", "(5", "5)", "1e999", "$", "", "nan", "inf"]
)
def test_a_text_of_another_format_is_nan(text):
    assert math.isnan(NumberFormat(".", ",", "$").parse(text))


def test_a_format_describes_itself():
    assert str(NumberFormat(",", ".", "EUR")) == "numbers like 1.234,5 EUR"
