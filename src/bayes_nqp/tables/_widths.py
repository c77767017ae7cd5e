"""How wide the columns of a table have to be."""

from __future__ import annotations

import unicodedata

from bayes_nqp.tables._model import Table

__all__ = ["fits", "size_of", "slanted", "widths_of"]

_SIZES = (10.0, 9.0, 8.0)
"""Of letters, points; the largest that fits is taken."""
_EM = 0.53
"""Width of an average character, of its size."""
_PADDING = 11.0
_MOST = 0.42
"""Share of the page that labels may take."""


def size_of(text: str) -> int:
    """Measure a text in Latin characters; a Chinese one takes two.

    Parameters
    ----------
    text : str

    Returns
    -------
    int
    """
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def slanted(text: str) -> bool:
    """Tell whether a heading is set in italics: Chinese has none.

    Parameters
    ----------
    text : str

    Returns
    -------
    bool
    """
    return size_of(text) == len(text)


def fits(table: Table, room: float) -> bool:
    """Tell whether a table fits a page without breaking its numbers.

    Parameters
    ----------
    table : Table
    room : float
        Width of the page's text, points.

    Returns
    -------
    bool
    """
    return sum(_needed(table, _SIZES[1], room)) <= room


def widths_of(table: Table, room: float) -> tuple[float, list[float]]:
    """Choose the size of letters, and the widths of columns that together fill the page.

    Parameters
    ----------
    table : Table
    room : float
        Width of the page's text, points.

    Returns
    -------
    tuple of float, list of float
        Points; the first width is that of the labels.
    """
    sizes = [size for size in _SIZES if sum(_needed(table, size, room)) <= room]
    size = sizes[0] if sizes else _SIZES[-1]
    needed = _needed(table, size, room)
    words = [k for k, column in enumerate(table.columns, 1) if column.words]
    spare = room - sum(needed)
    if spare <= 0:
        return size, [width * room / sum(needed) for width in needed]
    if words:
        return size, [w + (spare / len(words) if k in words else 0) for k, w in enumerate(needed)]
    return size, [width + spare / len(needed) for width in needed]


def _needed(table: Table, size: float, room: float) -> list[float]:
    body = [row for row in table.rows if not row.heading]
    labels = [table.stub, *(row.label for row in body)]
    widest = [min(_longest(labels) * size * _EM + _PADDING + 10, _MOST * room)]
    for k, column in enumerate(table.columns):
        # A heading may be broken between words, the numbers beneath it may not.
        heads = [_broken(piece) for piece in column.label.split()]
        if column.words:
            widest.append(0.3 * room)
        else:
            texts = [*heads, *(row.cells[k].text for row in body)]
            widest.append(_longest(texts) * size * _EM + _PADDING)
    return widest


def _broken(word: str) -> str:
    """The longer half of a long Chinese word, which may be broken anywhere."""
    chinese = size_of(word) > len(word)
    return word[: max(4, -(-len(word) // 2))] if chinese else word


def _longest(texts: list[str]) -> int:
    return max((size_of(line) for text in texts for line in text.split("\n")), default=1)
