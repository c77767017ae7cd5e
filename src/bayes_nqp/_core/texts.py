"""Cleaning of names, titles and labels: removal of unprintable and invisible characters."""

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
    """Remove characters that pages, tables and figures cannot print; keep line breaks.

    Parameters
    ----------
    text : str
        Text, such as the name of a level in a file.

    Returns
    -------
    str
        Cleaned text; the same object, possibly a message, if nothing is removed.
    """
    if text.isascii() and text.isprintable():
        return text
    plain = _STACK.sub(r"\1", UNPRINTABLE.sub("", _BREAKS.sub("\n", text)))
    return text if plain == text else plain


def one_line(text: str) -> str:
    """Put a name on one line, with unchanged letters as in other files.

    Parameters
    ----------
    text : str
        Name of a unit, a level or a column.

    Returns
    -------
    str
        Name on one line; the same object if unchanged.
    """
    line = _GAPS.sub(" ", printable(text)).strip()
    return text if line == text else line


def cleaned(text: str) -> str:
    """Put a display text on one line and in composed form (NFC).

    Parameters
    ----------
    text : str
        A title, a question, a label or a unit of measurement.
    """
    return unicodedata.normalize("NFC", one_line(text))


def size_of(text: str) -> int:
    """Return the width of a text in Latin characters; a Chinese character counts two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def narrowed(text: str, most: int) -> str:
    """Shorten a text with an ellipsis to a maximal width.

    Parameters
    ----------
    most : int
        Maximal width, in units of `size_of`.
    """
    if size_of(text) <= most:
        return text
    ends = (k for k in range(len(text), 0, -1) if size_of(text[:k]) < most)
    return text[: next(ends, 0)].rstrip() + "…"


def folded(text: str, most: int, *, hang: int = 0) -> list[str]:
    """Break a line at words, and Chinese text anywhere except before closing punctuation.

    Parameters
    ----------
    most : int
        Maximal width of lines, in units of `size_of`; a longer word has its own line.
    hang : int, default 0
        Indentation of all lines except the first.
    """
    lines, begun = [], text[: len(text) - len(text.lstrip())]
    for piece in _PIECE.findall(text.strip()):
        if size_of(begun + piece.rstrip()) > most and begun.strip():
            lines.append(begun.rstrip())
            begun = " " * hang
        begun += piece
    return [*lines, begun.rstrip()]


def shortened(text: str, most: int) -> str:
    """Shorten a text with an ellipsis to a maximal number of characters.

    Parameters
    ----------
    most : int
        Maximal number of characters; those beyond 16 bits count two, as in office programs.
    """
    units = text.encode("utf-16-le", "surrogatepass")
    if len(units) <= 2 * most:
        return text
    return units[: 2 * (most - 1)].decode("utf-16-le", "ignore").rstrip() + "…"
