"""Wrap texts to the width of a figure."""

from __future__ import annotations

import unicodedata

from matplotlib.axes import Axes

from bayes_nqp._core.texts import size_of

SIZE = 6.8


def wrapped(text: str, wide: float) -> str:
    """Break a text into lines, between words or between Chinese characters.

    Parameters
    ----------
    text : str
        One paragraph.
    wide : float
        Latin characters per line; a Chinese one takes two.
    """
    lines: list[str] = []
    line, length = "", 0.0
    for piece in _pieces(text):
        size = size_of(piece)
        if line and length + size > wide:
            lines.append(line.rstrip())
            line, length = piece.lstrip(), float(size)
        else:
            line, length = line + piece, length + size
    return "\n".join([*lines, line.rstrip()]) if line.strip() else ""


def fitted(label: str, wide: float, high: float) -> tuple[float, str]:
    """Find the size and the line breaks with which a label fits: few lines, then large letters."""
    share = 0.52 if size_of(label) > len(label) else 0.61
    sizes = (8.0, 7.6, 7.2, 6.8, 6.2, 5.6)
    tries = [(size, _broken(label, wide / (size * share) - 0.8)) for size in sizes]
    fit = [attempt for attempt in tries if (attempt[1].count("\n") + 1) * attempt[0] * 1.2 <= high]
    return min(
        fit[:4] or fit or tries[-1:], key=lambda attempt: (attempt[1].count("\n"), -attempt[0])
    )


def _broken(label: str, wide: float) -> str:
    """Wrap a label, also after underscores."""
    return wrapped(label.replace("_", "_ "), wide).replace("_ ", "_")


def _pieces(text: str) -> list[str]:
    """Split where a line may break, never before a Chinese mark or after an opening one."""
    pieces = [""]
    for character in text:
        breaks = unicodedata.east_asian_width(character) in "WF"
        closing = unicodedata.category(character) in ("Po", "Pe")
        opened = bool(pieces[-1]) and unicodedata.category(pieces[-1][-1]) == "Ps"
        if character == " ":
            pieces[-1] += " "
            pieces.append("")
        elif breaks and not closing and not opened:
            pieces.append(character)
        else:
            pieces[-1] += character
    return pieces


def characters(inches: float, size: float = SIZE) -> float:
    return inches * 72 / (size * 0.56)


def width_of(ax: Axes) -> float:
    figure = ax.get_figure(root=True)
    assert figure is not None
    return float(ax.get_position().width * figure.get_size_inches()[0])
