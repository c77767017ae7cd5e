"""Texts that enter: names, titles and labels without what no page can carry or nobody sees."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

__all__ = [
    "LONGEST_NAME",
    "LONGEST_TEXT",
    "UNPRINTABLE",
    "cleaned",
    "folded",
    "narrowed",
    "one_line",
    "printable",
    "shortened",
    "size_of",
]

UNPRINTABLE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028\u2029\u202a-\u202e\u2060\u2066-\u2069\ufeff"
    "\ud800-\udfff\ufffe\uffff]"
)
"""Characters that a terminal obeys, that nobody sees, or that no XML, JSON or UTF-8 can carry."""
LONGEST_NAME: Final = 1_000
"""Characters of a title, a name or a label."""
LONGEST_TEXT: Final = 10_000
"""Characters of a question, and of any other text of a study."""
_BREAKS = re.compile("\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_GAPS = re.compile("[\t\n]+")
_MARKS = "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_CLOSES = "，。；：、！？）》」』】”’％…,.;:!?)\\]"
_WIDE = "\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60\U00020000-\U0003ffff"
_OPENS = "（《「『【“‘(\\["
_PIECE = re.compile(f"[{_OPENS}]*(?:[{_WIDE}]|[^\\s{_WIDE}{_OPENS}]+|[{_OPENS}])[{_CLOSES}]*\\s*")
"""What no line is broken within: a word or a Chinese character, with what opens and closes it."""
_STACK = re.compile(f"({_MARKS}{{6}}){_MARKS}+")
"""More marks on one letter than any script sets: they would climb over the page."""


def printable(text: str) -> str:
    """Leave what pages, tables and figures can carry; lines stay lines.

    Parameters
    ----------
    text : str
        Such as the name of a level in a file that others wrote.

    Returns
    -------
    str
        The text itself, which may be a message, where there is nothing to leave out.
    """
    plain = _STACK.sub(r"\1", UNPRINTABLE.sub("", _BREAKS.sub("\n", text)))
    return text if plain == text else plain


def one_line(text: str) -> str:
    """Put a name into one line, letter by letter as other files have it.

    Parameters
    ----------
    text : str
        Of a unit, a level or a column.

    Returns
    -------
    str
        The text itself where it is one line already.
    """
    line = _GAPS.sub(" ", printable(text)).strip()
    return text if line == text else line


def cleaned(text: str) -> str:
    """Put a text that is only shown into one line and into composed letters (NFC).

    Parameters
    ----------
    text : str
        A title, a question, a label or a unit of measurement.
    """
    return unicodedata.normalize("NFC", one_line(text))


def size_of(text: str) -> int:
    """Measure a text in Latin characters; a Chinese one takes two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def narrowed(text: str, most: int) -> str:
    """Cut a text, with an ellipsis, for a place that is so wide.

    Parameters
    ----------
    most : int
        As `size_of` measures.
    """
    if size_of(text) <= most:
        return text
    ends = (k for k in range(len(text), 0, -1) if size_of(text[:k]) < most)
    return text[: next(ends, 0)].rstrip() + "…"


def folded(text: str, most: int, *, hang: int = 0) -> list[str]:
    """Break a line where words end, and Chinese anywhere but before what closes.

    Parameters
    ----------
    most : int
        How wide lines are at most, as `size_of` measures; a longer word has a line to itself.
    hang : int, default 0
        Blanks before all lines but the first.
    """
    lines, begun = [], text[: len(text) - len(text.lstrip())]
    for piece in _PIECE.findall(text.strip()):
        if size_of(begun + piece.rstrip()) > most and begun.strip():
            lines.append(begun.rstrip())
            begun = " " * hang
        begun += piece
    return [*lines, begun.rstrip()]


def shortened(text: str, most: int) -> str:
    """Cut a text, with an ellipsis, for a place that holds no more.

    Parameters
    ----------
    most : int
        Characters, counted as office programs do: those beyond 16 bits are two.
    """
    units = text.encode("utf-16-le", "surrogatepass")
    if len(units) <= 2 * most:
        return text
    return units[: 2 * (most - 1)].decode("utf-16-le", "ignore").rstrip() + "…"
