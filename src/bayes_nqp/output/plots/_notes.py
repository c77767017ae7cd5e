"""Notes and stamps of figures: key, labels and convergence diagnostics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message, Translator, separated
from bayes_nqp.checks import failures_of
from bayes_nqp.effects import estimands
from bayes_nqp.output.plots._style import MUTED, WARNING
from bayes_nqp.output.plots._wrapped import SIZE, characters, width_of, wrapped

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
    wide = characters(figure.get_size_inches()[0] if owned else width_of(axes[0]))
    text = wrapped(" ".join(filter(None, sentences)).replace("。 ", "。"), wide)
    if owned:
        if text:
            figure.supxlabel(
                text, x=0.01, ha="left", fontsize=SIZE, color=MUTED, linespacing=1.35, gid="note"
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
        figure.supylabel(wrapped(label, characters(0.9 * high, _LABEL)), fontsize=_LABEL)
        return
    inches = float(axes[0].get_position().height) * high
    axes[0].set_ylabel(wrapped(label, characters(inches, _LABEL)))


def _stamp(gate: str, translate: Translator) -> str:
    failures = failures_of(gate)
    more = [f"… (+{len(failures) - _REASONS})"] if len(failures) > _REASONS else []
    reason = separated([*failures[:_REASONS], *more]).in_(translate.language)
    return (
        translate("{}: {}", translate("convergence diagnostics failed"), reason)
        if reason
        else translate("convergence diagnostics failed")
    )


def _beneath(ax: Axes, text: str) -> None:
    if text:
        ax.annotate(
            text,
            xy=(0, 0),
            xycoords=("axes fraction", ax.xaxis.label),
            xytext=(0, -5),
            textcoords="offset points",
            va="top",
            fontsize=SIZE,
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
        fontsize=float(np.clip(6.5 * width_of(ax), 9, 19)),
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
