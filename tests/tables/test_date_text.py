"""Dates that are stored as text: the format of a column and the parsed dates."""

import numpy as np
import pytest

from sknn_edu.tables.date_text import DateFormat, find_date_format, look_like_dates


@pytest.mark.parametrize(
    ("texts", "dates"),
    [
        (["2024-05-13", "2023-01-02"], ["2024-05-13", "2023-01-02"]),
        (["2024-05-13 18:30", "2024-05-14"], ["2024-05-13T18:30", "2024-05-14"]),
        (["2024-05-13T10:00+02:00", "2024-05-13T10:00Z"], ["2024-05-13T08:00", "2024-05-13T10:00"]),
        (["13.05.2024", "01.02.2024"], ["2024-05-13", "2024-02-01"]),
        (["05/23/2024", "03/04/2024"], ["2024-05-23", "2024-03-04"]),
        (["23/05/2024", "03/04/2024"], ["2024-05-23", "2024-04-03"]),
        (["12/31/99", "5/6/24"], ["1999-12-31", "2024-05-06"]),
        (["13 May 2024", "2 Jun 2023"], ["2024-05-13", "2023-06-02"]),
        (["May 13, 2024", "Jun 2, 2023"], ["2024-05-13", "2023-06-02"]),
        (["2024-05", "2023-12"], ["2024-05-01", "2023-12-01"]),
        (["18:30", "07:15"], ["1900-01-01T18:30", "1900-01-01T07:15"]),
        (["1:30 PM", "2:45 AM"], ["1900-01-01T13:30", "1900-01-01T02:45"]),
    ],
    ids=lambda value: value[0],
)
def test_a_column_of_dates_is_read_in_one_format(texts, dates):
    assert look_like_dates(texts)
    found = find_date_format(texts)
    np.testing.assert_array_equal(found.parse(texts), np.array(dates, dtype="M8[us]"))


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (["05/06/2024", "03/04/2024"], "'05/06/2024' could mean 06 May 2024 or 05 June 2024"),
        (["2024-05-13", "13.05.2024"], "its dates have different formats"),
    ],
)
def test_ambiguous_or_mixed_formats_are_not_guessed(texts, reason):
    assert find_date_format(texts) == reason


@pytest.mark.parametrize("text", ["May", "12", "1.5", "2024", "Room 12-3", "12:3", "a-b-c", ""])
def test_other_texts_do_not_look_like_dates(text):
    assert not look_like_dates([text])


def test_a_text_of_another_format_is_nat():
    assert np.isnat(DateFormat("%d.%m.%Y").parse(["2024-05-13", "32.01.2024", "soon"])).all()
