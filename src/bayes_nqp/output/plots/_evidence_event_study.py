"""Leads and effects of a lead fit, the bound of the leads, and the trend prolonged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message, Translator
from bayes_nqp.checks import CheckResult
from bayes_nqp.effects.estimands import ENOUGH, percent, simultaneous
from bayes_nqp.output.plots._canvas import Canvas, canvas
from bayes_nqp.output.plots._intervals import draw_points, few_units, points_of
from bayes_nqp.output.plots._notes import POINTS, effect_label
from bayes_nqp.output.plots._registry import Appearance, evidence
from bayes_nqp.output.plots._style import COLOURS, FAINT, MUTED

_PANELS = 12
"""Panels that one page can hold."""
_AFTER = f"{v.EVENT_TIME}_after"


_LEAD_FIT = Message(
    "Hollow: leads; filled: effects of the same model; both relative to event time {}."
)
_LEAD_BOUND = Message(
    "Grey: size of the average effect (or twice its SD); leads should lie inside."
)
_BAND = Message("Dashes: simultaneous {} band for all leads of a panel.")
_TREND_LINE = Message(
    "Line: differential pre-trend, dashed where extrapolated, with its {} interval."
)


@dataclass(frozen=True, slots=True, eq=False)
class _Curve:
    """Content of one panel, for all units or one group."""

    label: str
    lead: xr.DataArray | None
    effect: xr.DataArray
    slope: npt.NDArray[np.float64] | None
    bound: float


@evidence("event_study")
def event_study(result: CheckResult, look: Appearance) -> Figure:
    """Draw leads and effects by event time, overall and for every level of every factor.

    Parameters
    ----------
    result : CheckResult
        Result of kind "event_study": effects, and leads, slopes and bounds where it has them.
    look : Appearance
        With an ax, only the overall panel is drawn, into it.
    """
    evidence, translate = result.evidence, look.translate
    assert isinstance(evidence, xr.Dataset)
    every = _parts(evidence, translate)
    parts = every[: 1 if look.ax is not None else _PANELS]
    label = effect_label(evidence, translate)
    columns = {1: 1, 2: 2, 4: 2}.get(len(parts), 3 if len(parts) <= 9 else 4)
    rows = -(-len(parts) // columns)
    size = (5.6, 3.6) if len(parts) == 1 else (2.3 * columns + 0.5, 1.9 * rows + 1.1)
    reference = int(evidence.attrs.get("reference", -1))
    with canvas(look, size, [label, *(part.label for part in parts)], rows, columns) as page:
        for ax, part in zip(page.axes, parts, strict=False):
            _draw(ax, part, look.prob, reference)
        titles = [translate.name(part.label) if len(parts) > 1 else "" for part in parts]
        page.grid(titles, columns, label, translate("Event time (periods since adoption)"))
        _notes(page, parts, look, reference)
        left_out = len(every) - len(parts) if look.ax is None else 0
        page.note("… {} not shown …", left_out, when=left_out > 0)
        page.gate = str(evidence.coords.get(v.GATE, xr.DataArray(v.UNVERIFIED)).item())
    return page.figure


def _parts(evidence: xr.Dataset, translate: Translator) -> list[_Curve]:
    overall = _Curve(
        translate("Overall"),
        None if "lead" not in evidence else _counted(evidence, "lead"),
        _counted(evidence, "effect"),
        evidence["slope"].to_numpy() if "slope" in evidence else None,
        float(evidence.attrs.get("bound", np.nan)),
    )
    parts = [overall]
    if "stratum_level" not in evidence:
        return parts
    for name in evidence["stratum_level"].to_numpy():
        factor, level = _split(evidence, str(name))
        at = {"stratum_level": str(name)}
        parts.append(
            _Curve(
                str(name),
                _counted(evidence, f"lead_{factor}").sel({factor: level}),
                _counted(evidence, f"effect_{factor}").sel({factor: level}),
                evidence["slope_by_level"].sel(at).to_numpy(),
                float(evidence["bound_by_level"].sel(at)),
            )
        )
    return parts


def _counted(evidence: xr.Dataset, name: str) -> xr.DataArray:
    """Return draws with their numbers of units, if the evidence contains these."""
    units = evidence.get(f"{v.UNITS}_{name}")
    if units is None:
        return evidence[name]
    return evidence[name].assign_coords({v.UNITS: (units.dims, units.to_numpy())})


def _split(evidence: xr.Dataset, name: str) -> tuple[str, object]:
    """Find the factor and the level that a name like "region = inland" joins."""
    for variable in evidence.data_vars:
        factor = str(variable).removeprefix("lead_")
        if factor == variable or factor not in evidence.coords:
            continue
        for level in evidence[factor].to_numpy():
            if name == f"{factor} = {level}":
                return factor, level
    raise KeyError(name)


def _draw(ax: Axes, part: _Curve, prob: float, reference: int) -> None:
    effect = _seen(part.effect, _AFTER)
    periods = effect[_AFTER].to_numpy()
    lead = None if part.lead is None else _seen(part.lead, v.EVENT_TIME)
    if lead is not None:
        before = lead[v.EVENT_TIME].to_numpy()
        draw_points(ax, before, points_of(lead, prob), MUTED, hollow=True, faint=few_units(lead))
        for end in simultaneous(lead.transpose(*v.SAMPLE_DIMS, ...).to_numpy(), prob):
            ax.plot(before, end, "_", color=MUTED, markersize=5, zorder=1, gid="band")
        ax.plot([reference], [0.0], "D", color=MUTED, markersize=3.2, zorder=3)
        ax.axvline(reference + 0.5, color=MUTED, linewidth=0.7, linestyle=(0, (4, 3)), zorder=0.5)
        if np.isfinite(part.bound):
            ax.fill_between(
                [before.min() - 0.5, reference + 0.5], -part.bound, part.bound,
                color=FAINT, alpha=0.3, linewidth=0, zorder=0,
            )  # fmt: skip
        periods = np.concatenate([before, [reference], periods])
    at, points = effect[_AFTER].to_numpy(), points_of(effect, prob)
    draw_points(ax, at, points, COLOURS[0], faint=few_units(effect))
    if part.slope is not None:
        _trend(ax, part.slope, periods, reference, prob)
    ax.axhline(0, color=MUTED, linewidth=0.7, zorder=0.5)
    ax.set_xlim(periods.min() - 0.5, periods.max() + 0.5)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, min_n_ticks=1))
    ax.yaxis.set_major_locator(MaxNLocator(nbins=6))


def _trend(
    ax: Axes,
    slope: npt.NDArray[np.float64],
    periods: npt.NDArray[np.int64],
    reference: int,
    prob: float,
) -> None:
    """Draw the line through the reference, dashed from there on, and its interval."""
    ends = np.array([periods.min(), reference, periods.max()], dtype=np.float64)
    away = ends - reference
    low, high = np.quantile(slope, [(1 - prob) / 2, (1 + prob) / 2])
    colour = COLOURS[1]
    ax.fill_between(
        ends, low * away, high * away, color=colour, alpha=0.13, linewidth=0, zorder=0.8
    )
    for part, line in ((slice(0, 2), "-"), (slice(1, 3), (0, (5, 2)))):
        ax.plot(
            ends[part], slope.mean() * away[part], color=colour, linewidth=1.1, linestyle=line,
            zorder=1.5,
        )  # fmt: skip


def _known(draws: xr.DataArray) -> npt.NDArray[np.bool_]:
    return ~np.isnan(draws.isel(chain=0, draw=0).to_numpy())


def _seen(draws: xr.DataArray, dim: str) -> xr.DataArray:
    """Leave out event times without draws."""
    return draws.isel({dim: _known(draws)})


def _notes(page: Canvas, parts: list[_Curve], look: Appearance, reference: int) -> None:
    page.note(POINTS, percent(look.prob))
    shown = [draws for part in parts for draws in (part.effect, part.lead) if draws is not None]
    alone = parts[0].lead is None
    page.note("Zero: expected outcome without the policy.", when=alone)
    page.note(_LEAD_FIT, f"−{-reference}", when=not alone)
    page.note(_BAND, percent(look.prob), when=not alone)
    page.note(_LEAD_BOUND, when=not alone and bool(np.isfinite(parts[0].bound)))
    page.note(_TREND_LINE, percent(look.prob), when=not alone and parts[0].slope is not None)
    few = any((few_units(draws) & _known(draws)).any() for draws in shown)
    page.note("Faint: fewer than {} units.", ENOUGH, when=few)
