"""Sentences in two languages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from string import Formatter
from typing import Any, Literal

import numpy as np

from bayes_nqp.errors import shown

__all__ = [
    "NOTHING",
    "Language",
    "Said",
    "closed",
    "joined",
    "listed",
    "said",
    "separated",
    "told",
    "typeset",
]

type Language = Literal["en", "zh"]


_HAN, _MARKS = "\u4e00-\u9fff", "、。（），：；？“”"
_SPACE = re.compile(f"(?<=[{_HAN}]) (?=[{_HAN}])|(?<=[{_MARKS}]) | (?=[{_MARKS}])")
"""Where a Chinese template leaves room for names of another script, and none is needed."""
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


class Said(str):
    """An English sentence that knows its Chinese one.

    Parameters
    ----------
    english, chinese : str
    """

    zh: str
    __slots__ = ("zh",)

    def __new__(cls, english: str, chinese: str) -> Said:
        """Keep both."""
        made = super().__new__(cls, english)
        made.zh = chinese
        return made

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]
        """Copy and pickle both."""
        return str(self), self.zh


NOTHING = Said("", "")
"""Where there is nothing to say."""


def said(english: str, chinese: str, *parts: object, **named: object) -> Said:
    """Fill two templates with the same parts.

    Parameters
    ----------
    english, chinese : str
        Templates of ``str.format``.
    *parts, **named
        What they hold; a part that is itself said in two languages enters each in its own.

    Returns
    -------
    Said
    """
    filled = _typed(
        chinese,
        *(told(part, "zh") for part in parts),
        **{name: told(part, "zh") for name, part in named.items()},
    )
    return Said(_typed(english, *parts, **named), closed(filled))


def closed(text: str) -> str:
    """Close the spaces around names in Chinese, where the names themselves are Chinese.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
    """
    return _SPACE.sub("", text)


def joined(sentences: Iterable[str]) -> Said:
    """Put sentences one after another.

    Parameters
    ----------
    sentences : iterable of str
        Empty ones are left out.

    Returns
    -------
    Said
    """
    kept = [one for one in sentences if one]
    return Said(" ".join(kept), "".join(str(told(one, "zh")) for one in kept))


def listed(items: Iterable[object], most: int = 6) -> Said:
    """List the first items, and say how many more there are, as each language does.

    Parameters
    ----------
    items : iterable
    most : int, default 6
        How many to spell out.

    Returns
    -------
    Said
    """
    every = list(items)
    chinese = "、".join(str(told(one, "zh")) for one in every[:most])
    more = f"等（另有 {len(every) - most} 项）" if len(every) > most else ""
    return Said(shown(every, most), chinese + more)


def separated(parts: Iterable[str]) -> Said:
    """Join parts by semicolons.

    Parameters
    ----------
    parts : iterable of str

    Returns
    -------
    Said
    """
    every = list(parts)
    return Said("; ".join(every), "；".join(str(told(one, "zh")) for one in every))


def told(part: object, language: Language) -> object:
    """Give a part in one language, as far as it knows it.

    Parameters
    ----------
    part : object
    language : {"en", "zh"}

    Returns
    -------
    object
    """
    return part.zh if language == "zh" and isinstance(part, Said) else part


class _Typesetter(Formatter):
    """Formats templates; numbers, but no names, are set as in print."""

    def format_field(self, value: Any, format_spec: str) -> str:
        text = format(value, format_spec)
        return typeset(text) if isinstance(value, int | float | np.number) else text


def _typed(template: str, *parts: object, **named: object) -> str:
    return _Typesetter().vformat(template, parts, named)


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
