"""Sentences in two languages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

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
_MINUS = re.compile(r"(?<![\w.)\]-])-(?=\.?\d)")
_POWER = re.compile(r"(?<=\d)e([+-])0*(\d+)(?!\w)")
_PERCENT = re.compile(r"(?<=\d) %")
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
    filled = chinese.format(
        *(told(part, "zh") for part in parts),
        **{name: told(part, "zh") for name, part in named.items()},
    )
    return Said(english.format(*parts, **named), closed(filled))


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


def typeset(text: str) -> Said:
    """Set numbers as print does: minus signs, powers of ten, no space before a percent sign.

    Parameters
    ----------
    text : str

    Returns
    -------
    Said
    """
    return Said(_set(text), _set(str(told(text, "zh"))))


def _set(text: str) -> str:
    plain = _PERCENT.sub("%", _MINUS.sub("−", text))
    return _POWER.sub(
        lambda found: ("×10⁻" if found[1] == "-" else "×10") + found[2].translate(_RAISED), plain
    )
