"""Widths of table columns."""

from __future__ import annotations

from bayes_nqp._core.texts import size_of
from bayes_nqp.output.tables._model import Table

_SIZES = (10.0, 9.5, 9.0, 8.5, 8.0)
"""Of letters, points; the largest that fits is taken."""
_EM, _WIDE_EM = 0.53, 0.64
"""Width of an average character, of its size: in the font that is asked for, and in the widest
that stands in for it where it is missing, so that no reader's machine breaks a number."""
_NARROW, _WIDE = " \u00a0.,:;[]()", "−><+=×"
SIDE = 3.0
"""Room at either side of a cell, points."""
INDENT = 10.0
"""Of labels beneath a heading, points."""
_SLACK = 2.0
_MOST, _BESIDE_WORDS = 0.42, 0.32
"""Shares of the page that labels may take: beside numbers, and beside sentences."""
_LEAST = 0.18
"""Share of the page that labels keep in wide tables; they break between words, numbers do not."""


def slanted(text: str) -> bool:
    """Return True if a heading is set in italics; Chinese has no italics."""
    return size_of(text) == len(text)


def fits(table: Table, room: float) -> bool:
    """Return True if a table fits on a page without breaking its numbers.

    Parameters
    ----------
    room : float
        Text width of the page, points.
    """
    return sum(_needed(table, 9.0, _EM, room)) <= room


def widths_of(table: Table, room: float) -> tuple[float, list[float]]:
    """Choose the font size and the column widths that fill the page.

    Parameters
    ----------
    room : float
        Text width of the page, points.

    Returns
    -------
    tuple of float, list of float
        Font size and widths, points; the first width is that of the labels.
    """
    words = [k for k, column in enumerate(table.columns, 1) if column.words]
    first = 2 if words else 0
    chosen = next(
        (
            (size, needed)
            for most in (_MOST, _LEAST)
            for em, sizes in ((_WIDE_EM, _SIZES[first:4]), (_EM, _SIZES[first:]))
            for size in sizes
            if sum(needed := _needed(table, size, em, room, most)) <= room
        ),
        None,
    )
    if chosen is None:
        size = _SIZES[-1]
        needed = _needed(table, size, _EM, room, _LEAST)
        return size, [width * room / sum(needed) for width in needed]
    size, needed = chosen
    spare = room - sum(needed)
    if words:
        return size, [w + (spare / len(words) if k in words else 0) for k, w in enumerate(needed)]
    return size, [width + spare / len(needed) for width in needed]


def _needed(table: Table, size: float, em: float, room: float, most: float = _MOST) -> list[float]:
    body = [row for row in table.rows if not row.heading]
    around, letter = 2 * SIDE + _SLACK, size * em
    indent = INDENT if len(body) < len(table.rows) else 0.0
    labels = [table.stub, *(row.label for row in body)]
    if any(column.words for column in table.columns):
        most = min(most, _BESIDE_WORDS)
    widest = [min(_longest(labels) * letter + indent + around, most * room)]
    for k, column in enumerate(table.columns):
        # A heading may be broken between words, the numbers beneath it may not.
        heads = [_broken(piece) for piece in column.label.split()]
        if column.words:
            widest.append(0.3 * room)
        else:
            texts = [*heads, *(row.cells[k].text for row in body)]
            widest.append(_longest(texts) * letter + around)
    return widest


def _broken(word: str) -> str:
    """The longer half of a long Chinese word, which may be broken anywhere."""
    chinese = size_of(word) > len(word)
    return word[: max(4, -(-len(word) // 2))] if chinese else word


def _longest(texts: list[str]) -> float:
    return max((_measured(line) for text in texts for line in text.split("\n")), default=1.0)


def _measured(text: str) -> float:
    """Measure a text in digits: stops and brackets are narrower, signs wider."""
    narrow, wide = (sum(text.count(c) for c in some) for some in (_NARROW, _WIDE))
    return size_of(text) - 0.4 * narrow + 0.35 * wide
