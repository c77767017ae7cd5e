"""Robust regions against the size of violations of parallel trends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message, Numeral, Translator
from bayes_nqp._core.types import Language, Style
from bayes_nqp.checks import CheckResult
from bayes_nqp.effects.estimands import convergence_of, percent
from bayes_nqp.output.plots._canvas import canvas
from bayes_nqp.output.plots._notes import effect_label, remarked, words
from bayes_nqp.output.plots._registry import Appearance, evidence, plot
from bayes_nqp.output.plots._style import COLOURS, MUTED
from bayes_nqp.output.tables import apart

_ROBUST_NOTE = Message(
    "Blue: robust {0} region. Orange: {0} interval and posterior mean under parallel "
    "trends, from the model with leads."
)


@dataclass(frozen=True, slots=True, eq=False)
class _Regions:
    title: str
    regions: xr.Dataset
    remark: str = ""


@plot(Message("Effects under violations of parallel trends."))
def trend_sensitivity(
    regions: xr.Dataset,
    *,
    ax: Axes | None = None,
    title: str | None = None,
    language: Language = "en",
    style: Style | None = None,
) -> Figure:
    """Draw robust credible regions against M̄ or M, with one panel per group.

    Parameters
    ----------
    regions : Dataset (..., limit), outcome units
        Result of ``nqp.trend_sensitivity``.
    ax : Axes, optional
        Axes to draw into, where there is one group.
    title : str, optional
        Title of the figure.
    language : str, default "en"
        Language of labels and notes.
    style : mapping, optional
        Appearance of parts by name, such as ``{"points": {"color": "k"}, "note": False}``.

    Raises
    ------
    StudyError
        If the dataset has no such regions, or one ax is given for several groups.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> draws = nqp.event_study_draws([0.1, 1.0], [[0.01, 0], [0, 0.04]], [-2, 0])
    >>> figure = nqp.plots.trend_sensitivity(nqp.trend_sensitivity(draws))
    >>> len(figure.axes)
    1
    """
    candidate: object = regions
    if not isinstance(candidate, xr.Dataset) or "breakdown" not in candidate:
        raise StudyError(
            f"'regions' is a {type(candidate).__name__} without a breakdown",
            hint="nqp.plots.trend_sensitivity(nqp.trend_sensitivity(fit))",
        )
    dims = [str(dim) for dim in regions["breakdown"].dims]
    translate, panels = words(language, regions), []
    for labels, group in apart(regions, dims):
        label = " × ".join(_named(dim, level, translate) for dim, level in labels.items())
        if "contrast" in group.coords:
            label = " · ".join(filter(None, [translate.name(group["contrast"].item()), label]))
        if not np.isnan(group["breakdown"]):
            panels.append(_Regions(label, group))
    if ax is not None and len(panels) > 1:
        raise StudyError(f"one ax cannot hold {len(panels)} groups", hint="leave out ax")
    return _drawn(panels, regions, Appearance(0.95, ax, title, translate, style))


@evidence("trend_sensitivity")
def regions(result: CheckResult, look: Appearance) -> Figure:
    """Draw the robust regions of the average effect, of every group and of contrasts.

    Parameters
    ----------
    result : CheckResult
        Result of kind "trend_sensitivity".
    look : Appearance
        Appearance, with the probability of the check; on a single ax only the average effect is
        drawn.
    """
    evidence = result.evidence
    assert isinstance(evidence, xr.Dataset)
    translate, panels = look.translate, []
    for k in range(evidence.sizes["quantity"]):
        quantity = evidence.isel(quantity=k)
        kind, label = str(quantity["kind"].item()), str(quantity["label"].item())
        column = str(quantity["factor"].item()) if kind == "level" else ""
        label = translate("Overall") if kind == "overall" else translate.name(label, column)
        panels.append(
            _Regions(label, quantity, translate("separate bounds") if kind == "own" else "")
        )
    return _drawn(panels[:1] if look.ax is not None else panels, evidence, look)


def _named(dim: str, level: object, translate: Translator) -> str:
    name = translate.name(level, dim)
    return f"e = {name}" if dim == v.EVENT_TIME else name


def _drawn(panels: list[_Regions], evidence: xr.Dataset, look: Appearance) -> Figure:
    translate, smooth = look.translate, evidence.attrs["bound"] == "smoothness"
    label = effect_label(evidence, translate)
    columns = len(panels) if len(panels) < 4 else {4: 2}.get(len(panels), 3)
    rows = -(-len(panels) // columns)
    size = (5.2, 3.3) if len(panels) == 1 else (2.4 * columns + 0.5, 1.95 * rows + 0.85)
    across = translate(
        "M: largest change per period of the slope of the violation"
        if smooth
        else "M̄: ratio of changes after adoption to the largest change before"
    )
    titles = [panel.title for panel in panels]
    with canvas(look, size, [label, *titles], rows, columns) as page:
        for ax, panel in zip(page.axes, panels, strict=False):
            _panel(ax, panel, smooth, translate)
        page.grid(titles, columns, label, across)
        page.note(_ROBUST_NOTE, percent(float(evidence.attrs["prob"])))
        broken = any(0 < float(panel.regions["breakdown"]) < np.inf for panel in panels)
        page.note("Dashed: breakdown value, above which the interval includes zero.", when=broken)
        page.gate = convergence_of(evidence)
    return page.figure


def _panel(ax: Axes, panel: _Regions, smooth: bool, translate: Translator) -> None:
    region = panel.regions
    limits = region["limit"].to_numpy()
    low, high = region["lower"].to_numpy(), region["upper"].to_numpy()
    step = float(np.diff(limits).min()) if limits.size > 1 else 1.0
    # At M̄ = 0 the region is the interval under parallel trends; at M = 0 trends go on.
    origin = -step if smooth else 0.0
    robust = limits > 0 if not smooth else np.ones(limits.size, dtype=bool)
    ax.axhline(0, color=MUTED, linewidth=0.7, zorder=0.5)
    ax.fill_between(limits, low, high, color=COLOURS[0], alpha=0.09, linewidth=0, zorder=0.3)
    bars: dict[str, Any] = {"linewidth": 2.2, "zorder": 2}
    ax.vlines(limits[robust], low[robust], high[robust], color=COLOURS[0], **bars)
    ends = [float(region[f"original_{end}"]) for end in ("lower", "upper")]
    ax.vlines([origin], ends[0], ends[1], color=COLOURS[1], **bars)
    ax.plot([origin], [float(region["estimate"])], "o", color=COLOURS[1], markersize=3.8, zorder=3)
    ax.set_xlim(origin - 0.6 * step, limits.max() + 0.6 * step)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
    ax.yaxis.set_major_locator(MaxNLocator(nbins=5))
    ax.margins(y=0.14)
    remark = _breakdown(region, float(limits.max()), ends, translate)
    if 0 < float(region["breakdown"]) <= limits.max():
        ax.axvline(
            float(region["breakdown"]), color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1
        )
    # Regions are narrow at the left, so that there is room above them.
    remarked(ax, "\n".join(filter(None, [remark, panel.remark])), top=True)


def _breakdown(region: xr.Dataset, last: float, ends: list[float], translate: Translator) -> str:
    """Return the label of the breakdown value, also per period."""
    value = float(region["breakdown"])
    if ends[0] <= 0 <= ends[1]:
        return translate("interval includes zero")
    if np.isinf(value):
        return translate("no breakdown value")
    remark = translate("breakdown value {}", Numeral(f"{value:.2g}"))
    if "largest_step" in region:
        remark += translate(
            " ({} per period)", Numeral(f"{value * float(region['largest_step']):.2g}")
        )
    return f"{remark} →" if value > last else remark
