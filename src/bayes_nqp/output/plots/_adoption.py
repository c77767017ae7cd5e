"""Who was treated when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from bayes_nqp._core.i18n import Message, Translator
from bayes_nqp._core.types import Language, Style, Words
from bayes_nqp.checks import ADOPTION, ROWS
from bayes_nqp.effects.estimands import text
from bayes_nqp.output.plots._canvas import NAMED, canvas
from bayes_nqp.output.plots._notes import beside, words
from bayes_nqp.output.plots._registry import Appearance, Sketch, plot
from bayes_nqp.output.plots._scene import Scene
from bayes_nqp.output.plots._style import INK

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


_NO_ROW, _NEVER, _NOT_YET, _ENDED, _TREATED = 0, 1, 2, 3, 4
_COLOURS = ("white", "#ECECEC", "#C9C9C9", "#F2CFA5")


_SHARE = Message(
    "Each row shows the units of one cohort and group; the number of units is in brackets."
)


class PanelLike(Protocol):
    """Interface of a panel that the figure requires."""

    @property
    def unit_labels(self) -> npt.NDArray[Any]: ...
    @property
    def unit_codes(self) -> npt.NDArray[np.int64]: ...
    @property
    def time_labels(self) -> npt.NDArray[Any]: ...
    @property
    def time_codes(self) -> npt.NDArray[np.int64]: ...
    @property
    def cohort_codes(self) -> npt.NDArray[np.int64]: ...
    @property
    def levels(self) -> Mapping[str, npt.NDArray[Any]]: ...
    @property
    def strata_codes(self) -> Mapping[str, npt.NDArray[np.int64]]: ...
    @property
    def counts(self) -> npt.NDArray[np.float64]: ...
    @property
    def summed(self) -> bool: ...


@dataclass(frozen=True, slots=True, eq=False)
class _AdoptionLines:
    """The rows of the picture: a label, the cohort, and the periods treated and with data."""

    labels: list[str]
    cohort: npt.NDArray[np.int64]
    on: npt.NDArray[np.bool_]
    seen: npt.NDArray[np.bool_]
    units: npt.NDArray[np.int64]
    note: str = ""


_TITLE = Message("Adoption of the policy by unit and period.")


def _sheets(scene: Scene) -> Iterator[Sketch]:
    panel = scene.panel
    if panel is not None:
        yield Sketch(
            "adoption",
            scene.translate(_TITLE),
            lambda: adoption(panel, language=scene.language),
            lambda: _adopted(panel),
        )


def _adopted(panel: Panel) -> pd.DataFrame:
    """Count units by cohort and strata."""
    frame = pd.DataFrame({"cohort": panel.cohort_labels})
    units = pd.Series(panel.counts, name="units")
    for name, codes in panel.strata_codes.items():
        frame[name] = panel.levels[name][codes]
    by = list(frame.columns)
    sizes = units.groupby([frame[name] for name in by], dropna=False, sort=True).sum()
    return sizes.round().astype(np.int64).reset_index()


@plot(_TITLE, section="data", place=10, needs=(ADOPTION, ROWS), sheets=_sheets)
def adoption(
    panel: Annotated[PanelLike, Words("a Panel")],
    *,
    most: int = 80,
    ax: Axes | None = None,
    title: str | None = None,
    language: Language = "en",
    style: Style | None = None,
) -> Figure:
    """Draw units against time, coloured by status and cohort, the earliest cohort on top.

    Parameters
    ----------
    panel : Panel
        The data.
    most : int, default 80
        Units up to which each has a line; of more, each cohort within a stratum has one.
    ax : Axes, optional
        Axes to draw into.
    title : str, optional
        Title of the figure.
    language : str, default "en"
        Language of labels and notes.
    style : mapping, optional
        Appearance of parts by name, such as ``{"points": {"color": "k"}, "note": False}``.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import numpy as np
    >>> from bayes_nqp.output import plots
    >>> panel = SimpleNamespace(
    ...     unit_labels=np.array(["a", "b"]), unit_codes=np.array([0, 0, 1, 1]),
    ...     time_labels=np.array([2014, 2015]), time_codes=np.array([0, 1, 0, 1]),
    ...     cohort_codes=np.array([1, -1]), levels={}, strata_codes={},
    ...     counts=np.ones(2), summed=False,
    ... )
    >>> figure = plots.adoption(panel)
    >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
    ['a', 'b']
    """
    translate = words(language, panel)
    lines = _lines(panel, most, translate)
    times = [text(label) for label in panel.time_labels]
    n = len(lines.labels)
    step = 0.135 if n > 30 else 0.19
    size = (float(np.clip(0.3 * len(times) + 2.4, 4.6, 9.0)), max(1.8, step * n + 1.0))
    look = Appearance(0.0, ax, title, translate, style)
    with canvas(look, size, [*lines.labels, *times]) as page:
        _paint(page.ax, lines, len(times))
        _ticks(page.ax, lines, times)
        _cohorts(page.ax, lines, panel.time_labels, translate)
        _legend(page.ax, lines, translate)
        page.notes.append(lines.note)
        page.ticks = {**NAMED, "labelsize": 6.6 if n > 30 else 7.6}
    return page.figure


def _lines(panel: PanelLike, most: int, translate: Translator) -> _AdoptionLines:
    n, periods = len(panel.unit_labels), len(panel.time_labels)
    seen = np.zeros((n, periods), dtype=bool)
    seen[panel.unit_codes, panel.time_codes] = True
    cohort = np.asarray(panel.cohort_codes)
    late = np.where(cohort < 0, periods, cohort)
    on = getattr(panel, "treatment_path", np.arange(periods) >= late[:, None])
    if n <= most and not panel.summed:
        order = np.lexsort((np.arange(n), late))
        labels = [translate.name(panel.unit_labels[i]) for i in order]
        return _AdoptionLines(
            labels, cohort[order], on[order], seen[order], np.ones(n, dtype=np.int64)
        )
    strata = _strata(panel, translate)
    if len(set(zip(late, strata, strict=True))) > most:
        strata = [""] * n
    return _together(late, np.asarray(strata, dtype=object), on, seen, panel.counts, translate)


def _strata(panel: PanelLike, translate: Translator) -> list[str]:
    """Label every unit's stratum, "" without strata."""
    columns = [
        np.asarray(panel.levels[name], dtype=object)[codes]
        for name, codes in panel.strata_codes.items()
    ]
    if not columns:
        return [""] * len(panel.unit_labels)
    return [
        translate.names(dict(zip(panel.strata_codes, levels, strict=True)))
        for levels in zip(*columns, strict=True)
    ]


def _together(
    late: npt.NDArray[np.int64],
    strata: npt.NDArray[np.object_],
    on: npt.NDArray[np.bool_],
    seen: npt.NDArray[np.bool_],
    counts: npt.NDArray[np.float64],
    translate: Translator,
) -> _AdoptionLines:
    """Give the units of one cohort, path and stratum one line."""
    periods = seen.shape[1]
    path = np.unique(on, axis=0, return_inverse=True)[1].ravel()
    keys: list[tuple[int, int, str]] = sorted(
        set(zip(late.tolist(), path.tolist(), strata.tolist(), strict=True))
    )
    groups = [(late == g) & (path == k) & (strata == s) for g, k, s in keys]
    named = any(s for *_, s in keys)
    units = np.array([round(counts[group].sum()) for group in groups], dtype=np.int64)
    labels = [f"{s} ({n})" if s else f"({n})" for (*_, s), n in zip(keys, units, strict=True)]
    first = np.array([g if g < periods else -1 for g, *_ in keys], dtype=np.int64)
    observed = np.stack([seen[group].any(axis=0) for group in groups])
    return _AdoptionLines(
        labels,
        first,
        np.stack([on[group].any(axis=0) for group in groups]),
        observed,
        units,
        translate(
            (_SHARE)
            if named
            else "Each row shows the units of one cohort; the number of units is in brackets."
        ),
    )


def _paint(ax: Axes, lines: _AdoptionLines, periods: int) -> None:
    time = np.arange(periods)
    batches = sorted({int(g) for g in lines.cohort if g >= 0})
    status = np.full(lines.seen.shape, _NOT_YET)
    status[lines.cohort < 0] = _NEVER
    for k, g in enumerate(batches):
        later = (lines.cohort == g)[:, None] & (time >= g)
        status[later] = np.where(lines.on, _TREATED + k, _ENDED)[later]
    status[~lines.seen] = _NO_ROW
    shades = mpl.colormaps["viridis"](np.linspace(0.12, 0.86, max(len(batches), 1)))
    colours = ListedColormap([*_COLOURS, *map(tuple, shades)])
    n = len(lines.labels)
    ax.pcolormesh(
        np.arange(periods + 1) - 0.5,
        np.arange(n + 1) - 0.5,
        status,
        cmap=colours,
        vmin=-0.5,
        vmax=len(colours.colors) - 0.5,  # type: ignore[arg-type]
        edgecolor="white",
        linewidth=0.35 if n > 30 else 0.7,
    )
    ax.set_ylim(n - 0.5, -0.5)
    ax.spines[["left", "bottom"]].set_visible(False)


def _ticks(ax: Axes, lines: _AdoptionLines, times: list[str]) -> None:
    wide = max(map(len, times))
    column = 72 * min(0.3, 6.6 / len(times))
    every = int(np.ceil((5.2 * wide + 6) / column))
    ax.set_xticks(np.arange(0, len(times), every), times[::every])
    ax.set_yticks(np.arange(len(lines.labels)), lines.labels)


def _cohorts(
    ax: Axes, lines: _AdoptionLines, times: npt.NDArray[Any], translate: Translator
) -> None:
    """Name every cohort at the right of its block, and rule a line between blocks."""
    starts = np.flatnonzero(np.r_[True, lines.cohort[1:] != lines.cohort[:-1]])
    ends = np.r_[starts[1:], len(lines.cohort)]
    for start, end in zip(starts, ends, strict=True):
        g, count = int(lines.cohort[start]), int(lines.units[start:end].sum())
        number = translate("1 unit") if count == 1 else translate("{} units", count)
        name = translate("never treated") if g < 0 else text(times[g])
        place, right = (1, (start + end - 1) / 2), ax.get_yaxis_transform()
        beside(ax, f"{name}: {number}", place, (5, 0), right, fontsize=7.2)
        if start:
            ax.axhline(start - 0.5, color=INK, linewidth=0.6)


def _legend(ax: Axes, lines: _AdoptionLines, translate: Translator) -> None:
    middle = mpl.colormaps["viridis"](0.35)
    keys = [Patch(facecolor=middle, label=translate("treated (colour: cohort)"))]
    keys.append(Patch(facecolor=_COLOURS[_NOT_YET], label=translate("not yet treated")))
    if (~lines.on[:, 1:] & lines.on[:, :-1]).any():
        keys.append(Patch(facecolor=_COLOURS[_ENDED], label=translate("no longer treated")))
    if (lines.cohort < 0).any():
        keys.append(Patch(facecolor=_COLOURS[_NEVER], label=translate("never treated")))
    if not lines.seen.all():
        keys.append(
            Patch(
                facecolor="white",
                edgecolor="#999999",
                linewidth=0.5,
                label=translate("no observation"),
            )
        )
    figure = ax.get_figure(root=False)
    below = -(18 + 4) / (72 * figure.get_size_inches()[1]) if figure else -0.1  # type: ignore[union-attr]
    ax.legend(
        handles=keys,
        loc="upper left",
        bbox_to_anchor=(0, below),
        ncols=len(keys),
        frameon=False,
        fontsize=7.2,
        handlelength=1.0,
        handleheight=1.0,
        columnspacing=1.2,
        borderaxespad=0,
    )
