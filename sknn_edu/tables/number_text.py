"""Numbers that are written as text: ``1,234.50``, ``1.234,50``, ``$99``, ``12 %``, ``(5)``.

A column has one format: which character separates decimals, which one separates thousands, and a
unit that may stand beside the number. It is found from all texts of a column together, because a
single text can be ambiguous: ``1.234`` is a little more than one in New York and more than a
thousand in Berlin.
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
"""Currencies by name; any character that Unicode calls a currency symbol is a currency as well."""

LONGEST_UNIT = 5
"""The most characters of a unit that is no currency, such as kg or km/h; it follows the number."""

ON_KEYBOARDS = str.maketrans("\u00a0\u2009\u202f\u2019\u2212", "   '-")
"""Fixed and narrow spaces, typographic apostrophes and minus signs: how a keyboard writes them."""

CODE = re.compile(r"\s*0\d+\s*")
"""A whole number with a leading zero is a code, such as a postcode."""

MISSING_WORDS = {
    "", "-", "--", "---", "?", ".", "na", "n/a", "#n/a", "nan", "none", "null", "nil", "nat",
    "missing", "unknown", "not available",
}  # fmt: skip
"""What stands for a missing value in a column of numbers or dates, in lower case."""

ENOUGH = 0.95
"""The share of the texts that a format must fit; the others count as missing."""


@dataclass(frozen=True)
class NumberFormat:
    """How the numbers of a column are written.

    Parameters
    ----------
    decimal : {".", ","}
        What separates decimals.
    thousands : {"", ",", ".", " ", "'"}
        What separates groups of three digits; "" if nothing does.
    unit : str
        What may stand beside a number: a currency, "%", another unit, or "" for none.

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
        """Return the number that a text stands for.

        Parameters
        ----------
        text : str
            The text.

        Returns
        -------
        number : float
            Negative in brackets, and divided by 100 for per cent. NaN if the text has another
            format or exceeds the range of float64.
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
    """Return the sign in front of a text, or "", and the rest."""
    return (text[0], text[1:].lstrip()) if text[:1] in ("-", "+") else ("", text)


@cache
def digits_of(decimal, thousands):
    """Return the regular expression of a number without its sign."""
    decimal, group = re.escape(decimal), re.escape(thousands)
    plain = rf"(?:\d+(?:{decimal}\d*)?|{decimal}\d+)"
    if not thousands:
        return re.compile(rf"{plain}(?:[eE][-+]?\d+)?")
    return re.compile(rf"[1-9]\d{{0,2}}(?:{group}\d{{3}})+(?:{decimal}\d*)?|{plain}")


def is_currency(unit):
    """Return whether a unit is a currency, by name or by symbol."""
    return unit in CURRENCIES or (len(unit) == 1 and unicodedata.category(unit) == "Sc")


def is_missing_word(text):
    """Return whether a text stands for a missing value, in a column of numbers or dates."""
    return text.strip().lower() in MISSING_WORDS


# -- the format of a column --------------------------------------------------------------------


def find_number_format(texts):
    """Return how the numbers of a column are written.

    Parameters
    ----------
    texts : collection of str
        The different texts of the column, without those that stand for a missing value.

    Returns
    -------
    found : NumberFormat, str or None
        The format; why the texts, which look like numbers, cannot be read; or None if they do not
        look like numbers.
    """
    have_digits = sum(map(bool, map(re.compile(r"\d").search, texts)))
    if not is_nearly_all(have_digits, texts) or any(map(CODE.fullmatch, texts)):
        return None
    units = Counter(map(unit_of, texts))
    known = [unit for unit in units if not unit or unit == "%" or is_currency(unit)]
    most = (1 - ENOUGH) * len(texts)  # what is rarer than that is no unit of the column
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
        return f"{example!r} may mean {meanings}"
    if formats:
        return formats[0]
    each = [NumberFormat(*pair, unit) for pair in SEPARATORS for unit in known]
    n_read = sum(any(one.parse(text) == one.parse(text) for one in each) for text in texts)
    return "the numbers are written in several ways" if is_nearly_all(n_read, texts) else None


def unit_of(text):
    """Return what remains of a text without its digits, separators, sign, brackets and exponent."""
    return re.sub(r"(?<=\d)[eE][-+]?\d+|[\d.,'()+\s-]", "", text.translate(ON_KEYBOARDS))


def best_formats(candidates, texts, read):
    """Return the formats that fit nearly all texts; of formats with the same result the first.

    Parameters
    ----------
    candidates : list
        The formats to try, the preferred ones first.
    texts : collection of str
        The texts.
    read : callable
        Returns an array of what the texts mean in a format, NaN or NaT where it does not fit.

    Returns
    -------
    formats : list
        The candidates that fit most of the texts; empty if that is less than nearly all.
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
    """Return whether n of the texts are at least one, and enough to tell how they are written."""
    return n > 0 and n >= ENOUGH * len(texts)
