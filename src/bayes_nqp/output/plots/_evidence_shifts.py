"""Plot of placebo effects at earlier adoption dates, with the actual effect."""

from __future__ import annotations

import xarray as xr
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message, Numeral
from bayes_nqp.checks import CheckResult
from bayes_nqp.effects.estimands import convergence_of, percent
from bayes_nqp.output.plots._canvas import canvas
from bayes_nqp.output.plots._intervals import draw_points, points_of
from bayes_nqp.output.plots._notes import POINTS, effect_label, label_beside
from bayes_nqp.output.plots._registry import Appearance, evidence
from bayes_nqp.output.plots._style import COLOURS, MUTED

_SHIFTS = Message(
    "Hollow: placebo adoption dates, with pre-adoption observations only. Filled, at 0: "
    "actual date."
)


@evidence("shifts")
def shifts(result: CheckResult, look: Appearance) -> Figure:
    """Draw the average effect of every pretended adoption, and of the actual one at zero.

    Parameters
    ----------
    result : CheckResult
        Result of kind "shifts".
    """
    evidence = result.evidence
    assert isinstance(evidence, xr.Dataset)
    translate, label = look.translate, effect_label(evidence, look.translate)
    actual = evidence["att"].rename(fit_chain=v.CHAIN, fit_draw=v.DRAW)
    with canvas(look, (4.6, 3.2), (label,)) as page:
        ax, earlier = page.ax, evidence["shift"].to_numpy()
        draw_points(ax, earlier, points_of(evidence["effect"], look.prob), MUTED, hollow=True)
        draw_points(ax, 0, points_of(actual, look.prob), COLOURS[0])
        ax.axhline(0, color=MUTED, linewidth=0.7, zorder=0.5)
        ax.set_xlim(earlier.max() + 0.5, -0.5)
        ax.xaxis.set_major_locator(MaxNLocator(nbins=10, integer=True, min_n_ticks=1))
        ax.set_xlabel(translate("Placebo date: periods before actual adoption"))
        label_beside([ax], label)
        page.note(POINTS, percent(look.prob))
        page.note(_SHIFTS)
        chance = Numeral(f"{evidence.attrs['chance']:.3f}")
        page.note("Joint test of all dates: p = {}.", chance)
        page.gate = convergence_of(evidence)
    return page.figure
