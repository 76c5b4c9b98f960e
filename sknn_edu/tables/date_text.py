"""Parse dates and times that are stored as text, such as ``13.05.2024 18:30`` or ``May 13, 2024``.

Like a number, a single date can be ambiguous (``05/06/2024``), so the format is determined for a
whole column. pandas, which is installed together with skrub, guesses formats and parses the texts.
"""

import re
import warnings
from dataclasses import dataclass

import numpy as np

from sknn_edu.tables.number_text import best_formats, is_nearly_all

MONTHS = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"

LOOKS_LIKE_A_DATE = re.compile(
    rf"""\s*(?:[a-z]{{3,9}},?\s+)?(?:            # the day of the week
        \d{{1,4}}([-/.])\s?\d{{1,2}}\1\s?\d{{1,4}}  # 2024-05-13, 13.05.2024
        |\d{{4}}[-/]\d{{1,2}}                     # 2024-05
        |\d{{1,2}}\.?[-\s]{MONTHS}\.?[-\s,]+\d{{2,4}}  # 13 May 2024
        |{MONTHS}\.?\s+\d{{1,2}},?\s+\d{{4}}          # May 13, 2024
        |\d{{4}}[-\s]{MONTHS}[-\s]\d{{1,2}}        # 2024-May-13
        |\d{{1,2}}:\d{{2}}                        # 18:30
    )(?:[T\s:.,].*)?(?:Z)?""",
    re.VERBOSE | re.IGNORECASE,
)
"""A text that matches this pattern may be a date; the test does not need pandas."""

ALWAYS_TRIED = (
    "ISO8601", "%H:%M", "%H:%M:%S", "%I:%M %p", "%m/%d/%y", "%d/%m/%y", "%d.%m.%y", "%d-%m-%y",
)  # fmt: skip
"""Formats that are tried in addition to pandas' guesses.

ISO8601 accepts any mixture of ISO 8601 dates and times.
"""

N_GUESSES = 30
"""pandas guesses the format of about this many texts of a column."""


@dataclass(frozen=True)
class DateFormat:
    """The format of the dates in a column.

    Parameters
    ----------
    format : str
        A format for :meth:`datetime.datetime.strftime`, such as ``"%d.%m.%Y"``, or ``"ISO8601"``.
    """

    format: str

    def parse(self, texts):
        """Parse texts in this format.

        Parameters
        ----------
        texts : sequence of str
            The texts.

        Returns
        -------
        dates : ndarray of datetime64[us] of shape (n_texts,)
            The dates, converted to UTC if the texts have an offset. A time without a date has the
            date 1900-01-01. A text in another format gives NaT.
        """
        import pandas as pd

        texts = pd.Index([text.strip() for text in texts], dtype=object)
        dates = pd.to_datetime(texts, format=self.format, errors="coerce", utc=True)
        return dates.tz_localize(None).to_numpy().astype("M8[us]")

    def __str__(self):
        return f"dates like {self.format}"


def look_like_dates(texts):
    """Return whether nearly all texts look like dates or times of day."""
    return is_nearly_all(sum(map(bool, map(LOOKS_LIKE_A_DATE.fullmatch, texts))), texts)


def find_date_format(texts):
    """Determine the format of the dates in a column; this needs pandas.

    Parameters
    ----------
    texts : list of str
        The distinct texts of the column, which look like dates.

    Returns
    -------
    found : DateFormat or str
        The format, or a sentence that explains why the texts cannot be parsed.
    """
    from pandas.tseries.api import guess_datetime_format

    sample = texts[:: -(-len(texts) // N_GUESSES)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas warns if a date does not fit dayfirst
        guesses = [
            guess_datetime_format(text.strip(), dayfirst=day_first)
            for text in sample
            for day_first in (False, True)
        ]
    candidates = map(DateFormat, dict.fromkeys([*ALWAYS_TRIED, *filter(None, guesses)]))
    candidates = [one for one in candidates if not np.isnat(one.parse(sample)).all()]
    formats = best_formats(candidates, texts, lambda one: one.parse(texts))
    if not formats:
        return "its dates have different formats"
    if len(formats) == 1:
        return formats[0]
    first, second = (one.parse(texts) for one in formats[:2])
    k = np.flatnonzero(first != second)[0]
    return f"{texts[k]!r} could mean {first[k].item():%d %B %Y} or {second[k].item():%d %B %Y}"
