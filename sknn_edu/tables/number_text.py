"""Parse numbers that are stored as text: ``1,234.50``, ``1.234,50``, ``$99``, ``12 %``, ``(5)``.

All numbers in a column have the same format: a decimal separator, a thousands separator and an
optional unit. The format is determined from all texts of the column, because a single text can be
ambiguous: in American notation ``1.234`` is a little more than one, in German notation it is more
than a thousand.
"""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import cache
from math import inf, nan

import numpy as np

SEPARATORS = ((".", ""), (",", ""), (".", ","), (",", "."), (".", " "), (",", " "), (".", "'"))
"""The pairs of a decimal and a thousands separator that are tried."""

CURRENCIES = {
    "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "IDR", "ILS",
    "INR", "JPY", "KRW", "MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "RON", "RUB", "SEK", "SGD",
    "THB", "TRY", "TWD", "USD", "ZAR", "kr", "Rs", "Fr", "US$", "A$", "C$", "R$", "zł", "Kč",
}  # fmt: skip
"""The names of currencies. All currency symbols of Unicode are also recognised."""

LONGEST_UNIT = 5
"""The largest number of characters of other units, such as kg or km/h, which follow the number."""

ON_KEYBOARDS = str.maketrans("\u00a0\u2009\u202f\u2019\u2212", "   '-")
"""Replaces special spaces, typographic apostrophes and minus signs by their ASCII characters."""

CODE = re.compile(r"\s*0\d+\s*")
"""An integer with a leading zero is a code, such as a postcode."""

MISSING_WORDS = {
    "", "-", "--", "---", "?", ".", "na", "n/a", "#n/a", "nan", "none", "null", "nil", "nat",
    "missing", "unknown", "not available",
}  # fmt: skip
"""Texts that mean a missing value in a column of numbers or dates, in lower case."""

ENOUGH = 0.95
"""A format must fit at least this share of the texts; the other texts are missing values."""


@dataclass(frozen=True)
class NumberFormat:
    """The format of the numbers in a column.

    Parameters
    ----------
    decimal : {".", ","}
        The decimal separator.
    thousands : {"", ",", ".", " ", "'"}
        The thousands separator; "" if there is none.
    unit : str
        The unit, which a number may have or lack: a currency, "%" or another unit; "" if there is
        none. A currency may precede or follow the number, other units follow it.

    Examples
    --------
    >>> from sknn_edu.tables.number_text import NumberFormat
    >>> dollars = NumberFormat(".", ",", "$")
    >>> [dollars.parse(text) for text in ("$1,234.50", "(99)", "-$3", "free")]
    [1234.5, -99.0, -3.0, nan]
    >>> NumberFormat(",", "", "%").parse("12,5 %")
    0.125
    """

    decimal: str
    thousands: str
    unit: str

    def parse(self, text):
        """Parse a text in this format.

        Parameters
        ----------
        text : str
            The text.

        Returns
        -------
        number : float
            The number; negative if the text is in brackets, and divided by 100 if the unit is "%".
            NaN if the text has another format or the number exceeds the range of float64.
        """
        text = text.translate(ON_KEYBOARDS).strip()
        is_negative = text[:1] == "(" and text[-1:] == ")"
        text = text[1:-1].strip() if is_negative else text
        sign, text = split_sign(text)
        text = text.removesuffix(self.unit).rstrip()
        if is_currency(self.unit):
            text = text.removeprefix(self.unit).lstrip()
        second_sign, text = split_sign(text)
        digits = digits_of(self.decimal, self.thousands).fullmatch(text)
        if digits is None or (sign and second_sign):
            return nan
        if self.thousands:
            text = text.replace(self.thousands, "")
        number = float(text.replace(self.decimal, "."))
        number = -number if is_negative or "-" in (sign, second_sign) else number
        number = number / 100 if self.unit == "%" else number
        return number if abs(number) < inf else nan

    def __str__(self):
        example = f"1{self.thousands}234{self.decimal}5"
        return f"numbers like {example}{' ' * bool(self.unit)}{self.unit}"


def split_sign(text):
    """Return the sign at the start of a text, or "", and the rest of the text."""
    return (text[0], text[1:].lstrip()) if text[:1] in ("-", "+") else ("", text)


@cache
def digits_of(decimal, thousands):
    """Return the regular expression of a number without a sign."""
    decimal, group = re.escape(decimal), re.escape(thousands)
    plain = rf"(?:\d+(?:{decimal}\d*)?|{decimal}\d+)"
    if not thousands:
        return re.compile(rf"{plain}(?:[eE][-+]?\d+)?")
    return re.compile(rf"[1-9]\d{{0,2}}(?:{group}\d{{3}})+(?:{decimal}\d*)?|{plain}")


def is_currency(unit):
    """Return whether a unit is the name or symbol of a currency."""
    return unit in CURRENCIES or (len(unit) == 1 and unicodedata.category(unit) == "Sc")


def is_missing_word(text):
    """Return whether a text means a missing value in a column of numbers or dates."""
    return text.strip().lower() in MISSING_WORDS


# -- the format of a column --------------------------------------------------------------------


def find_number_format(texts):
    """Determine the format of the numbers in a column.

    Parameters
    ----------
    texts : collection of str
        The distinct texts of the column, without those that mean a missing value.

    Returns
    -------
    found : NumberFormat, str or None
        The format. A str if the texts look like numbers but cannot be parsed; it explains why.
        None if the texts do not look like numbers.
    """
    have_digits = sum(map(bool, map(re.compile(r"\d").search, texts)))
    if not is_nearly_all(have_digits, texts) or any(map(CODE.fullmatch, texts)):
        return None
    units = Counter(map(unit_of, texts))
    known = [unit for unit in units if not unit or unit == "%" or is_currency(unit)]
    most = (1 - ENOUGH) * len(texts)  # the unit of the column must be more frequent than this
    unit = next((unit for unit, n in units.most_common() if unit and n > most), "")
    candidates = [NumberFormat(*pair, unit) for pair in SEPARATORS]
    if unit not in known and len(unit) > LONGEST_UNIT:
        return None
    formats = best_formats(candidates, texts, lambda one: [one.parse(text) for text in texts])
    if len(formats) > 1 and is_currency(unit):  # money rarely has exactly three decimals
        formats = [one for one in formats if one.thousands]
    if len(formats) > 1:
        example = next(text for text in texts if formats[0].parse(text) != formats[1].parse(text))
        meanings = " or ".join(f"{one.parse(example):.12g}" for one in formats)
        return f"{example!r} could mean {meanings}"
    if formats:
        return formats[0]
    each = [NumberFormat(*pair, unit) for pair in SEPARATORS for unit in known]
    n_read = sum(any(one.parse(text) == one.parse(text) for one in each) for text in texts)
    return "its numbers have different formats" if is_nearly_all(n_read, texts) else None


def unit_of(text):
    """Return a text without digits, separators, sign, brackets and exponent: its unit."""
    return re.sub(r"(?<=\d)[eE][-+]?\d+|[\d.,'()+\s-]", "", text.translate(ON_KEYBOARDS))


def best_formats(candidates, texts, read):
    """Return the formats that fit the largest number of texts, if that is nearly all of them.

    Parameters
    ----------
    candidates : list
        The formats to try, in order of preference.
    texts : collection of str
        The texts.
    read : callable ``read(format) -> array``
        Returns the texts parsed in a format, with NaN or NaT for texts that it does not fit.

    Returns
    -------
    formats : list
        The best candidates; of candidates with identical results only the first. Empty if no
        candidate fits nearly all texts.
    """
    results = [(candidate, np.asarray(read(candidate))) for candidate in candidates]
    n_read = [np.count_nonzero(values == values) for _, values in results]
    most = max(n_read, default=0)
    if not is_nearly_all(most, texts):
        return []
    different = {}
    for (candidate, values), n in zip(results, n_read, strict=True):
        if n == most:
            different.setdefault(values.tobytes(), candidate)
    return list(different.values())


def is_nearly_all(n, texts):
    """Return whether n is at least 1 and at least the share ENOUGH of the texts."""
    return n > 0 and n >= ENOUGH * len(texts)
