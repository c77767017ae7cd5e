"""Sentences in two languages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

__all__ = ["Said", "joined", "said", "told"]

type Language = Literal["en", "zh"]


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
    return Said(
        english.format(*parts, **named),
        chinese.format(
            *(told(part, "zh") for part in parts),
            **{name: told(part, "zh") for name, part in named.items()},
        ),
    )


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
