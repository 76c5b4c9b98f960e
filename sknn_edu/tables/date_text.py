"""Dates and times that are written as text: ``2024-05-13``, ``13.05.2024 18:30``, ``May 13, 2024``.

Like a number, a single date can be ambiguous (``05/06/2024``), so the format is that of a column.
pandas, which comes with skrub, guesses the formats and reads the texts.
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
"""What decides whether a text may be a date, with and without pandas."""

ALWAYS_TRIED = (
    "ISO8601", "%H:%M", "%H:%M:%S", "%I:%M %p", "%m/%d/%y", "%d/%m/%y", "%d.%m.%y", "%d-%m-%y",
)  # fmt: skip
"""Formats that are tried beside pandas' guesses; ISO8601 is any mixture of its dates and times."""

N_GUESSES = 30
"""How many texts of a column pandas guesses formats from."""


@dataclass(frozen=True)
class DateFormat:
    """How the dates of a column are written.

    Parameters
    ----------
    format : str
        The format as in :meth:`datetime.datetime.strftime`, such as ``"%d.%m.%Y"``, or
        ``"ISO8601"``.
    """

    format: str

    def parse(self, texts):
        """Return the dates that texts stand for.

        Parameters
        ----------
        texts : sequence of str
            The texts.

        Returns
        -------
        dates : ndarray of datetime64[us] of shape (n_texts,)
            In UTC if the texts have an offset; times of a day are those of 1900-01-01. NaT where a
            text has another format.
        """
        import pandas as pd

        texts = pd.Index([text.strip() for text in texts], dtype=object)
        dates = pd.to_datetime(texts, format=self.format, errors="coerce", utc=True)
        return dates.tz_localize(None).to_numpy().astype("M8[us]")

    def __str__(self):
        return f"dates like {self.format}"


def look_like_dates(texts):
    """Return whether nearly all texts look like dates or times of a day."""
    return is_nearly_all(sum(map(bool, map(LOOKS_LIKE_A_DATE.fullmatch, texts))), texts)


def find_date_format(texts):
    """Return how the dates of a column are written; this needs pandas.

    Parameters
    ----------
    texts : list of str
        The different texts of the column, which look like dates.

    Returns
    -------
    found : DateFormat or str
        The format, or why the texts cannot be read.
    """
    from pandas.tseries.api import guess_datetime_format

    sample = texts[:: -(-len(texts) // N_GUESSES)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a guess that is not of the asked order warns
        guesses = [
            guess_datetime_format(text.strip(), dayfirst=day_first)
            for text in sample
            for day_first in (False, True)
        ]
    candidates = map(DateFormat, dict.fromkeys([*ALWAYS_TRIED, *filter(None, guesses)]))
    candidates = [one for one in candidates if not np.isnat(one.parse(sample)).all()]
    formats = best_formats(candidates, texts, lambda one: one.parse(texts))
    if not formats:
        return "the dates are written in several ways"
    if len(formats) == 1:
        return formats[0]
    first, second = (one.parse(texts) for one in formats[:2])
    k = np.flatnonzero(first != second)[0]
    return f"{texts[k]!r} may mean {first[k].item():%d %B %Y} or {second[k].item():%d %B %Y}"
