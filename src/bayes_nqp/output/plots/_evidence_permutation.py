"""Plot of the estimate in its permutation distribution."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message, Numeral
from bayes_nqp.checks import CheckResult
from bayes_nqp.output.plots._canvas import canvas
from bayes_nqp.output.plots._notes import effect_label
from bayes_nqp.output.plots._registry import Appearance, evidence
from bayes_nqp.output.plots._style import COLOURS, FAINT, MUTED

_PERMUTATIONS = Message("Bars and curve: {} permutations of adoption by {}, within groups.")
_P_VALUES = Message("p = {} two-sided, {} left, {} right.")


@evidence("permutation")
def permutation(result: CheckResult, look: Appearance) -> Figure:
    """Draw the density of placebo estimates and the actual estimate.

    Parameters
    ----------
    result : CheckResult
        Result of kind "permutation".
    """
    from scipy.stats import gaussian_kde

    evidence = result.evidence
    assert isinstance(evidence, xr.Dataset)
    translate, attrs = look.translate, evidence.attrs
    placebo, actual = evidence["placebo"].to_numpy(), float(evidence["actual"])
    label = effect_label(evidence, translate)
    with canvas(look, (5.0, 3.2), (label,)) as page:
        ax = page.ax
        ax.hist(placebo, bins="auto", density=True, color=FAINT, edgecolor="white", linewidth=0.4)
        if placebo.std() > 0:
            reach = np.linspace(placebo.min() - placebo.std(), placebo.max() + placebo.std(), 200)
            ax.plot(reach, gaussian_kde(placebo)(reach), color=COLOURS[0], linewidth=1.2)
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
        numbers = (Numeral(f"{attrs[name]:.3f}") for name in ("p", "p_left", "p_right"))
        page.note(_P_VALUES, *numbers)
        page.note("Random assignment of adoption does not test parallel trends.")
    return page.figure
