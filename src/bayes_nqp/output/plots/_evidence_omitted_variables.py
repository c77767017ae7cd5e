"""Contours of the average effect and of its t statistic with a confounder."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from bayes_nqp._core.i18n import Message, Translator
from bayes_nqp.checks import CheckResult
from bayes_nqp.effects.estimands import percent
from bayes_nqp.output.plots._canvas import canvas
from bayes_nqp.output.plots._notes import effect_label
from bayes_nqp.output.plots._registry import Appearance, evidence
from bayes_nqp.output.plots._style import ACCENT, INK, MUTED, WARNING

_LINES = 8
"""Contours of a panel."""
_NAMED = 6
"""Benchmarks with a label; more would cover each other."""
_KEY = Message(
    "Lines: average effect (left) and t statistic (right) with a confounder of these partial R². "
    "Dashed: zero, and significance at the {} level. Circle: no confounder."
)
_BENCHMARKS = Message("Diamonds: confounders in multiples of a covariate.")


@evidence("omitted_variables")
def omitted_variables(result: CheckResult, look: Appearance) -> Figure:
    """Draw contours over the partial R² of a confounder, with each covariate as a benchmark.

    Parameters
    ----------
    result : CheckResult
        Result of kind "omitted_variables".
    look : Appearance
        Appearance; on a single ax only the effect is drawn.
    """
    evidence = result.evidence
    assert isinstance(evidence, xr.Dataset)
    translate, value = look.translate, float(evidence["value"][1])
    critical = float(np.copysign(evidence.attrs["critical"], value))
    titles = [effect_label(evidence, translate), translate("t statistic")]
    panels = [("contour", 0.0), ("contour_t", critical)][: 1 if look.ax else 2]
    with canvas(look, (6.8, 3.5), titles, 1, len(panels)) as page:
        for ax, (name, limit) in zip(page.axes, panels, strict=True):
            _contours(ax, evidence[name], limit, translate)
            _points(ax, evidence, translate)
        across = translate("Partial R² of the confounder with the treatment")
        upward = translate("Partial R² with the outcome")
        page.grid(titles[: len(panels)], len(panels), upward, across)
        page.note(_KEY, percent(evidence.attrs["alpha"]))
        page.note(_BENCHMARKS)
    return page.figure


def _contours(ax: Axes, values: xr.DataArray, limit: float, translate: Translator) -> None:
    """Draw labelled contours, and the one of a limit dashed."""
    x, y = (values[axis].to_numpy() for axis in ("r2_treatment", "r2_outcome"))
    z = values.to_numpy().T
    # Beyond the mirror image of the estimate, contours would only crowd the corner.
    ends = np.sort([z[0, 0], np.clip(-z[0, 0], z.min(), z.max())])
    levels = [z0 for z0 in MaxNLocator(_LINES).tick_values(*ends) if z0 != limit]
    lines = ax.contour(x, y, z, levels, colors=MUTED, linewidths=0.7, linestyles="solid")
    ax.clabel(lines, fontsize=6.5, fmt=lambda z0: f"{z0:g}".replace("-", "−"))
    if z.min() < limit < z.max():
        edge = ax.contour(x, y, z, [limit], colors=WARNING, linewidths=1.3, linestyles="dashed")
        ax.clabel(edge, fontsize=6.5, fmt=f"{limit:.2f}".replace("-", "−") if limit else "0")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
        axis.set_major_formatter(FuncFormatter(lambda share, _: translate("{}", percent(share))))


def _points(ax: Axes, evidence: xr.Dataset, translate: Translator) -> None:
    """Mark the benchmarks, and name the strongest."""
    ax.plot(0, 0, "o", color=INK, markersize=5, clip_on=False, zorder=4)
    across, up = (evidence[x].to_numpy() for x in ("bound_treatment", "bound_outcome"))
    ax.plot(across, up, "D", color=ACCENT, markersize=4, clip_on=False, zorder=4)
    lost = np.abs(evidence["bound_value"].to_numpy() - float(evidence["value"][1]))
    for k in np.argsort(-np.nan_to_num(lost, nan=-1.0))[:_NAMED]:
        if np.isnan(across[k]):
            continue
        name = translate.name(str(evidence["covariate"][k].item()))
        text = f"{evidence['times'][k].item():g} × {name}"
        left = across[k] > 0.6 * evidence["r2_treatment"].to_numpy().max()
        ax.annotate(
            text, (across[k], up[k]), (-5 if left else 5, 2), textcoords="offset points",
            ha="right" if left else "left", fontsize=6.8, color=ACCENT, zorder=5,
        )  # fmt: skip
