"""Sentences in two languages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from bayes_nqp.errors import shown

__all__ = ["NOTHING", "Language", "Said", "joined", "listed", "said", "separated", "told"]

type Language = Literal["en", "zh"]


_SPACE = re.compile("(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])")
"""Between Chinese characters, where a template leaves room for names of another script."""


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
    return Said(english.format(*parts, **named), _SPACE.sub("", filled))


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
