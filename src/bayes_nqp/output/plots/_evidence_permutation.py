"""Plot of placebo estimates with their p-values, and of the actual estimate."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from scipy.special import ndtr
from scipy.stats import gaussian_kde

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.i18n import Message, Numeral
from bayes_nqp.checks import CheckResult
from bayes_nqp.output.plots._canvas import canvas
from bayes_nqp.output.plots._notes import effect_label
from bayes_nqp.output.plots._registry import Appearance, evidence
from bayes_nqp.output.plots._style import COLOURS, FAINT, INK, MUTED

_LEVEL = 0.1
"""p-value of the dashed horizontal line, as papers draw it."""
_PERMUTATIONS = Message(
    "Curve: density of {} placebo estimates; adoption is permuted by {}, within groups."
)
_POINTS = Message(
    "Points: two-sided normal p-values of the placebo estimates, by their posterior SDs; dashed: "
    "p = {}."
)
_P_VALUES = Message("p of the actual effect: {} two-sided, {} left, {} right.")


@evidence("permutation")
def permutation(result: CheckResult, look: Appearance) -> Figure:
    """Draw the density of placebo estimates, their p-values and the actual estimate.

    Parameters
    ----------
    result : CheckResult
        Result of kind "permutation".
    """
    evidence = result.evidence
    assert isinstance(evidence, xr.Dataset)
    translate, attrs = look.translate, evidence.attrs
    placebo, sd = (evidence[name].to_numpy() for name in ("placebo", "placebo_sd"))
    actual = float(evidence["actual"])
    label = effect_label(evidence, translate)
    with canvas(look, (5.4, 3.4), (label,)) as page:
        ax = page.ax
        # ``p = 2 Φ(-|estimate| / SD)``, that of an interval which just includes zero.
        p_axis = _p_values(ax, placebo, 2.0 * ndtr(-np.abs(placebo) / sd))
        p_axis.set_ylabel(translate("p-value"))
        _density(ax, placebo)
        ax.axvline(0, color=MUTED, linewidth=0.7, linestyle=(0, (4, 3)))
        ax.axvline(actual, color=COLOURS[1], linewidth=1.6)
        ax.margins(x=0.08)
        right = actual > placebo.mean()
        ax.annotate(
            translate("actual"), (actual, 1), (-4 if right else 4, -2), color=COLOURS[1],
            xycoords=("data", "axes fraction"), textcoords="offset points",
            ha="right" if right else "left", va="top",
        )  # fmt: skip
        ax.set_xlabel(label)
        ax.set_ylabel(translate("Density"))
        ax.yaxis.set_major_locator(MaxNLocator(nbins=5))
        by = attrs["dealt_to"]
        page.note(_PERMUTATIONS, placebo.size, Message("unit") if by == v.UNIT else by)
        page.note(_POINTS, Numeral(f"{_LEVEL:g}"))
        numbers = (Numeral(f"{attrs[name]:.3f}") for name in ("p", "p_left", "p_right"))
        page.note(_P_VALUES, *numbers)
        page.note("Random assignment of adoption does not test parallel trends.")
    return page.figure


def _density(ax: Axes, placebo: Array) -> None:
    """Draw the kernel density over all estimates; one that has no spread is not drawn."""
    if np.ptp(placebo) > 0:
        reach = np.linspace(placebo.min() - placebo.std(), placebo.max() + placebo.std(), 200)
        ax.plot(reach, gaussian_kde(placebo)(reach), color=COLOURS[0], linewidth=1.4)
    ax.set_ylim(bottom=0.0)


def _p_values(ax: Axes, placebo: Array, p: Array) -> Axes:
    """Draw p-values on a second axis, behind the density."""
    second = ax.twinx()
    second.scatter(placebo, p, s=8, facecolors="none", edgecolors=MUTED, linewidths=0.5)
    second.axhline(_LEVEL, color=FAINT, linewidth=0.9, linestyle=(0, (4, 3)))
    second.set_ylim(0.0, 1.02)
    second.tick_params(axis="y", colors=INK)
    second.spines["right"].set_visible(True)
    ax.set_zorder(second.get_zorder() + 1)
    ax.patch.set_visible(False)
    return second
