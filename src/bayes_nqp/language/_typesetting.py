"""What is a language's own beside its words: spaces, numbers, fonts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from bayes_nqp.language._catalogue import ENGLISH

__all__ = ["Typography", "localised", "typeset", "typography"]

_HAN, _MARKS = "\u4e00-\u9fff", "、。（），：；？“”"
_SPACE = re.compile(f"(?<=[{_HAN}]) (?=[{_HAN}])|(?<=[{_MARKS}]) | (?=[{_MARKS}])")
"""Where a template leaves room for names of another script, and none is needed."""
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, slots=True)
class Typography:
    """How pages of a language are set.

    Parameters
    ----------
    tag : str
        Of the language, as pages and documents carry it (BCP 47).
    font : str
        Of spreadsheets.
    latex : str, default ""
        The package that typesets it.
    han : bool, default False
        Whether it is written without spaces between words.
    """

    tag: str
    font: str = "Times New Roman"
    latex: str = ""
    han: bool = False

    def closed(self, text: str) -> str:
        """Close the spaces around names, where the names themselves are written without any.

        Parameters
        ----------
        text : str

        Returns
        -------
        str
        """
        return _SPACE.sub("", text) if self.han else text


_TYPOGRAPHIES: Final = {"zh": Typography("zh-CN", "宋体", "ctex", han=True)}
"""Of languages that are not set as English is."""


def typography(language: str) -> Typography:
    """Say how pages of a language are set.

    Parameters
    ----------
    language : str

    Returns
    -------
    Typography
    """
    return _TYPOGRAPHIES.get(language, Typography(language))


def typeset(number: str) -> str:
    """Set a number as print does: minus signs and powers of ten.

    Parameters
    ----------
    number : str
        As Python formats it.

    Returns
    -------
    str
    """
    base, _, power = number.partition("e")
    if power:
        sign = "⁻" if power[0] == "-" else ""
        base += "×10" + sign + power.lstrip("+-0").translate(_RAISED)
    return base.replace("-", "−")


def localised(number: str, language: str) -> str:
    """Give a number the decimal and group symbols of a language, and its sign of per cent.

    Parameters
    ----------
    number : str
        In English.
    language : str

    Returns
    -------
    str
    """
    if language == ENGLISH:
        return number
    from babel import Locale
    from babel.numbers import get_decimal_symbol, get_group_symbol

    locale = Locale.parse(language)
    symbols: dict[str, str | int | None] = {
        ".": get_decimal_symbol(locale),
        ",": get_group_symbol(locale),
    }
    symbols["%"] = locale.percent_formats[None].suffix[1]
    return number.translate(str.maketrans(symbols))


def closed(text: str) -> str:
    return typography("zh").closed(text)
