"""Typesetting rules of languages: spaces, numbers and fonts."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self, SupportsFloat

from bayes_nqp._core.i18n._catalogue import ENGLISH

_HAN, _MARKS = "\u4e00-\u9fff", "、。（），：；？“”"
_SPACE = re.compile(f"(?<=[{_HAN}]) (?=[{_HAN}])|(?<=[{_MARKS}]) | (?=[{_MARKS}])")
"""Where a template leaves room for names of another script, and none is needed."""
_ROOM: Final = "\ue000"
"""Mark between a character of another script and a place of a template."""
_PLACE = re.compile(f"(?<=[{_HAN}])(?={{)|(?<=}})(?=[{_HAN}])")
_GAP = re.compile(
    f"(?<=[{_HAN}]){_ROOM}(?=[^\\W{_HAN}]|[-−+<>])|(?<=[^\\W{_HAN}]|%){_ROOM}(?=[{_HAN}])"
)
"""Marks next to a Latin name or a number, which is set off by a space."""
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


class Numeral(str):
    """Number in English format; messages in other languages use their own format."""

    __slots__ = ()


class Sized(float):
    """Number with its posterior SD; messages show at least one digit of the SD.

    Parameters
    ----------
    value : float
        The number.
    sd : float
        Its posterior SD.
    """

    sd: float

    def __new__(cls, value: float, sd: float) -> Self:
        """Create the number with its SD."""
        number = super().__new__(cls, value)
        number.sd = float(sd)
        return number

    def __reduce__(self) -> tuple[type[Sized], tuple[float, float]]:
        """Copy and pickle number and SD."""
        return Sized, (float(self), self.sd)

    def __format__(self, spec: str) -> str:
        """Format with the requested digits, or more if the SD is smaller than these show."""
        match = _GENERAL.fullmatch(spec)
        usable = all(math.isfinite(x) and x for x in (self, self.sd))
        if match is None or not usable:
            return format(float(self), spec)
        needed = math.floor(math.log10(abs(self))) - math.floor(math.log10(abs(self.sd))) + 1
        return format(float(self), f"{match[1]},.{min(max(int(match[2]), needed), _MOST)}g")


@dataclass(frozen=True, slots=True)
class Typography:
    """Typesetting rules of a language.

    Parameters
    ----------
    tag : str
        Language tag of pages and documents (BCP 47).
    font : str
        Font of spreadsheets, and of the language's script in documents.
    fonts : str
        Fonts of pages, in CSS.
    document : str
        Class of LaTeX documents.
    packages : tuple of str
        LaTeX packages of the language.
    sample : str, default ""
        Character of its script, if not Latin.
    date : tuple of str, default ()
        Suffixes after a single year, and after the year, month and day of a date: four regular
        expressions.
    """

    tag: str
    font: str = "Times New Roman"
    fonts: str = '"Times New Roman",Georgia,serif'
    document: str = "article"
    packages: tuple[str, ...] = ()
    sample: str = ""
    date: tuple[str, ...] = ()

    def opened(self, template: str) -> str:
        """Mark where a template has no space between the language's script and a place."""
        return _PLACE.sub(_ROOM, template) if self.sample else template

    def closed(self, text: str) -> str:
        """Put spaces around Latin names and numbers, and remove those around other names."""
        return _SPACE.sub("", _GAP.sub(" ", text).replace(_ROOM, "")) if self.sample else text


_TYPOGRAPHIES: Final = {
    "zh": Typography(
        "zh-CN",
        "宋体",
        '"Times New Roman","Noto Serif CJK SC","Songti SC",SimSun,serif',
        "ctexart",
        ("ctex (xelatex)",),
        sample="汉",
        date=("年?度?", "年", "月", "[日号]"),
    )
}
"""Of languages that are not set as English is."""


def dates() -> list[tuple[str, ...]]:
    """Return the suffixes of a single year and of the year, month and day, by language."""
    return [setting.date for setting in _TYPOGRAPHIES.values() if setting.date]


def typography(language: str) -> Typography:
    """Return the typesetting rules of a language."""
    return _TYPOGRAPHIES.get(language, Typography(language))


def language_of(text: str) -> str:
    """Guess the language of a name by its script."""
    han = any(re.match(f"[{_HAN}]", character) for character in text)
    return next((x for x, setting in _TYPOGRAPHIES.items() if han and setting.sample), ENGLISH)


def leading(languages: Iterable[str]) -> str:
    """Return the main language of a page with texts in several languages."""
    return max(languages, key=lambda language: typography(language).sample, default=ENGLISH)


def figures(value: float, sd: float, decimals: int | None = None) -> Numeral:
    """Format a number with the decimals implied by its posterior SD, or with given decimals."""
    if decimals is None:
        decimals = 3 if not (math.isfinite(sd) and sd > 0) else 1 - math.floor(math.log10(sd))
    text = f"{value:,.{min(max(decimals, 0), 10)}f}"
    if float(text.replace(",", "")) == 0:
        text = text.removeprefix("-")
    return Numeral(text.replace("-", "−"))


LIMITS: Final = (0.66, 0.7, 0.9, 0.95, 0.975, 0.99, 0.995)
"""Probabilities from which words, marks and verdicts are stronger."""


def chance(value: float, decimals: int = 3) -> Numeral:
    """Format a probability; estimates from draws are never shown as 0 or 1.

    Rounding does not reach the limits of words and marks: 0.9895 is written as 0.989.
    """
    edge = 10.0**-decimals
    if value < edge or value > 1 - edge:
        return Numeral(f"> {1 - edge:.{decimals}f}" if value > 0.5 else f"< {edge:.{decimals}f}")
    shown = float(f"{value:.{decimals}f}")
    sure, seen = (round(max(x, 1 - x), 9) for x in (value, shown))
    if any(sure < limit <= seen for limit in LIMITS):
        shown += edge if shown < 0.5 else -edge
    return Numeral(f"{shown:.{decimals}f}")


def equality(value: float, decimals: int = 3) -> Numeral:
    """Format a probability with its relation sign: ``= 0.982``, ``> 0.999``."""
    written = chance(value, decimals)
    return written if written[0] in "<>" else Numeral(f"= {written}")


def spanned(value: float, lower: float, upper: float, sd: float | None = None) -> Numeral:
    """Format a number with its 95 % interval, ``.12 [.09, .15]``, with equal decimals.

    Parameters
    ----------
    sd : float, optional
        SD that implies the decimals; by default a quarter of the interval.
    """
    sd = (upper - lower) / 4.0 if sd is None else sd
    mean, low, high = (figures(x, sd) for x in (value, lower, upper))
    return Numeral(f"{mean} [{low}, {high}]")


_WRITTEN_OUT: Final = 7
"""Powers of ten from which a number of few digits is not written out."""
_MOST: Final = 12
"""Digits that are shown at most."""
_GENERAL: Final = re.compile(r"([+]?)\.(\d+)g")


def in_digits(value: SupportsFloat, spec: str) -> str:
    """Format a number for print; thousands are written in full, as in tables.

    Parameters
    ----------
    spec : str
        Format of Python; ``.3g`` shows three digits, or all before the point.
    """
    text = format(value, spec)
    match = _GENERAL.fullmatch(spec)
    power = int(text.partition("e")[2] or 0)
    if match is None or not power or abs(power) >= _WRITTEN_OUT:
        return typeset(text)
    digits = len(text.partition("e")[0].strip("+-").replace(".", ""))
    return typeset(format(float(value), f"{match[1]},.{max(digits - 1 - power, 0)}f"))


def typeset(number: str) -> str:
    """Typeset a number: minus signs, powers of ten, and thousands written out.

    Parameters
    ----------
    number : str
        Number as formatted by Python.
    """
    base, _, power = number.partition("e")
    if power and 0 < int(power) < _WRITTEN_OUT:
        base = f"{float(number):{'+' if number[0] == '+' else ''},.0f}"
    elif power:
        sign = "⁻" if power[0] == "-" else ""
        base += "×10" + sign + power.lstrip("+-0").translate(_RAISED)
    return base.replace("-", "−")


def localised(number: str, language: str) -> str:
    """Convert decimal, grouping and per cent symbols of a number to a language.

    In English, a space separates the number from the per cent sign (ISO 80000-1): 95 %.

    Parameters
    ----------
    number : str
        Number in English format.
    """
    if language == ENGLISH:
        return re.sub(r"(?<=\d)%", " %", number)
    from babel import Locale
    from babel.numbers import get_decimal_symbol, get_group_symbol

    locale = Locale.parse(language)
    symbols: dict[str, str | int | None] = {
        ".": get_decimal_symbol(locale),
        ",": get_group_symbol(locale),
    }
    symbols["%"] = locale.percent_formats[None].suffix[1] or "%"
    if symbols["."] != ".":
        number = re.sub(r"(?<!\d)\.(?=\d)", "0.", number)  # .98 is 0,98
    return number.translate(str.maketrans(symbols))
