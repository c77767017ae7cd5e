"""Notes and stamps of figures: key, labels and convergence diagnostics."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message, Translator, separated
from bayes_nqp._core.texts import size_of
from bayes_nqp.checks import failures_of
from bayes_nqp.effects import estimands
from bayes_nqp.output.plots._style import MUTED, WARNING

_WIDEST = 48
"""Latin characters of a name in a figure."""
POINTS = Message(
    "Points: posterior means. Thick and thin bars: 50 % and {} equal-tailed intervals."
)
LAST_THROUGH = Message(
    "Indirect effects count the last mediator of a path; a single one is causal only if "
    "mediators do not affect one another."
)
CONTRASTS_LEFT_OUT = Message("Contrasts are not shown for factors with more than {} levels.")
"""Notes of several figures."""


def words(language: str, source: object = None) -> Translator:
    """Return a translator for figures, which shortens long names.

    Parameters
    ----------
    source : object, optional
        A panel, a fit, draws or the result of a check, with printed names of its labels.

    Raises
    ------
    StudyError
        If the language is unknown.
    """
    return Translator(language, estimands.words(language, source).labels, _WIDEST)


def effect_label(draws: xr.DataArray | xr.Dataset, translate: Translator) -> str:
    """Return the label of an effect axis, with outcome and unit if the draws contain them.

    Parameters
    ----------
    draws : DataArray or Dataset
        Draws with or without attrs ``outcome``, ``outcome_unit`` and ``link``.
    """
    outcome = translate.name(draws.attrs.get("outcome", ""))
    unit = translate.name(schema.effect_unit(draws.attrs))
    label = Message("Effect on {}", outcome) if outcome else Message("Effect")
    return translate("{} ({})", label, unit) if unit else translate(label)


_SIZE = 6.8
_LABEL = 9.0
"""Size of the labels of axes."""
_REASONS = 2
"""Reasons of a failed gate that a figure spells out."""


def annotate(
    figure: Figure,
    axes: Sequence[Axes],
    notes: Sequence[str],
    gate: str,
    translate: Translator,
    *,
    owned: bool,
    title: str | None = None,
) -> None:
    """Write notes and title of a figure, and a stamp if convergence diagnostics failed.

    Parameters
    ----------
    figure : Figure
        Figure to annotate.
    axes : sequence of Axes
        Panels of the figure, or the user's axes.
    notes : sequence of str
        Sentences of the key.
    gate : str
        Verdict of the convergence diagnostics.
    translate : Translator
        Translator for the figure's language.
    owned : bool
        If True, the figure was created by the library, so that margins can be used.
    title : str, optional
        Title over all panels.
    """
    sentences = (
        [*notes, translate("Convergence diagnostics: unverified.")]
        if gate == v.UNVERIFIED
        else list(notes)
    )
    failed = gate not in (v.PASSED, v.UNVERIFIED)
    stamp = _stamp(gate, translate) if failed else ""
    wide = _characters(figure.get_size_inches()[0] if owned else _width(axes[0]))
    text = wrapped(" ".join(filter(None, sentences)).replace("。 ", "。"), wide)
    if owned:
        if text:
            figure.supxlabel(
                text, x=0.01, ha="left", fontsize=_SIZE, color=MUTED, linespacing=1.35, gid="note"
            )
        over = "\n".join(filter(None, [title, wrapped(stamp, wide * 0.68)]))
        if over:
            colour = WARNING if failed else None
            figure.suptitle(over, x=0.01, ha="left", fontsize=9, color=colour, fontweight="bold")
    else:
        _beneath(axes[0], text)
        if title:
            axes[0].set_title(title)
    for ax in axes if failed else ():
        _across(
            ax,
            translate("convergence diagnostics failed"),
            "" if owned else wrapped(stamp, wide * 0.9),
        )


def beside(
    ax: Axes,
    text: str,
    place: tuple[float, float],
    step: tuple[float, float],
    within: Any = "data",
    **look: Any,
) -> None:
    """Write a text a few points away from a position.

    Parameters
    ----------
    place : tuple of float
        Position in the coordinates of `within`.
    step : tuple of float, points
        Distance from the position.
    within : str or Transform, default "data"
        Coordinate system of the position.
    **look : object
        Options of `matplotlib.axes.Axes.annotate`.
    """
    ax.annotate(
        text, xy=place, xycoords=within, xytext=step, textcoords="offset points",
        annotation_clip=False, **{"va": "center", **look},
    )  # fmt: skip


def remarked(ax: Axes, text: str, *, top: bool) -> None:
    """Write a remark into a left corner of a panel, on white."""
    white = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.8}
    place, step, va = ((0, 1), (4, -1), "top") if top else ((0, 0), (4, 3), "bottom")
    look: dict[str, Any] = {"va": va, "fontsize": 7.2, "color": MUTED, "bbox": white}
    beside(ax, text, place, step, "axes fraction", **look)


def label_beside(axes: Sequence[Axes], label: str) -> None:
    """Write the vertical label of one or all panels, broken if longer than their height.

    Parameters
    ----------
    axes : sequence of Axes
        The panels of a figure, or the only one.
    label : str
        Label of the vertical axis.
    """
    figure = axes[0].get_figure(root=True)
    assert isinstance(figure, Figure)
    high = figure.get_size_inches()[1]
    place = axes[0].get_subplotspec()
    if len(axes) > 1 and (place is None or place.get_gridspec().nrows > 1):
        figure.supylabel(wrapped(label, _characters(0.9 * high, _LABEL)), fontsize=_LABEL)
        return
    inches = float(axes[0].get_position().height) * high
    axes[0].set_ylabel(wrapped(label, _characters(inches, _LABEL)))


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


def _stamp(gate: str, translate: Translator) -> str:
    failures = failures_of(gate)
    more = [f"… (+{len(failures) - _REASONS})"] if len(failures) > _REASONS else []
    reason = separated([*failures[:_REASONS], *more]).in_(translate.language)
    return (
        translate("{}: {}", translate("convergence diagnostics failed"), reason)
        if reason
        else translate("convergence diagnostics failed")
    )


def _characters(inches: float, size: float = _SIZE) -> float:
    return inches * 72 / (size * 0.56)


def _width(ax: Axes) -> float:
    figure = ax.get_figure(root=True)
    assert figure is not None
    return float(ax.get_position().width * figure.get_size_inches()[0])


def _beneath(ax: Axes, text: str) -> None:
    if text:
        ax.annotate(
            text,
            xy=(0, 0),
            xycoords=("axes fraction", ax.xaxis.label),
            xytext=(0, -5),
            textcoords="offset points",
            va="top",
            fontsize=_SIZE,
            color=MUTED,
            annotation_clip=False,
            gid="note",
        )


def _across(ax: Axes, words: str, stamp: str) -> None:
    where: dict[str, Any] = {"transform": ax.transAxes, "color": WARNING, "in_layout": False}
    ax.text(
        0.5,
        0.5,
        words,
        ha="center",
        va="center",
        rotation=18,
        fontsize=float(np.clip(6.5 * _width(ax), 9, 19)),
        alpha=0.22,
        zorder=5,
        **where,
    )
    if stamp:
        ax.text(
            0.02,
            0.98,
            stamp,
            ha="left",
            va="top",
            fontsize=7.5,
            fontweight="bold",
            zorder=6,
            **where,
        )
