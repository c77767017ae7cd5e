"""The actual estimate among those of permuted cohorts."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bayes_nqp.checks import CheckResult
from bayes_nqp.language import Message, Numeral
from bayes_nqp.plots._canvas import canvas
from bayes_nqp.plots._registry import Appearance, evidence
from bayes_nqp.plots._style import COLOURS, FAINT, MUTED

__all__ = ["permutation"]


_PLACEBOS = Message("Bars: {} permutations of the cohorts within strata. Dashed: ±1.96. p = {}.")


@evidence("permutation")
def permutation(result: CheckResult, look: Appearance) -> Figure:
    """Draw the distribution of placebo estimates over their sd, and where the actual one lies.

    Parameters
    ----------
    result : CheckResult
        Of kind "permutation".
    """
    evidence = result.evidence
    assert isinstance(evidence, xr.Dataset)
    translate = look.translate
    placebo = (evidence["placebo"] / evidence["placebo_sd"]).to_numpy()
    actual = float(evidence["actual"] / evidence["actual_sd"])
    with canvas(look, (5.0, 3.0), ()) as page:
        ax, most = page.ax, max(3.0, 1.05 * np.abs([*placebo, actual]).max())
        bins = np.arange(-most, most + 0.25, 0.25).tolist()
        ax.hist(placebo, bins=bins, color=FAINT, edgecolor="white", linewidth=0.4)
        for x in (-1.96, 1.96):
            ax.axvline(x, color=MUTED, linewidth=0.7, linestyle=(0, (4, 3)), zorder=0.5)
        ax.axvline(actual, color=COLOURS[1], linewidth=1.6)
        side = "right" if actual > 0 else "left"
        ax.annotate(
            translate("actual"), (actual, 1), (-4 if actual > 0 else 4, -2), color=COLOURS[1],
            xycoords=("data", "axes fraction"), textcoords="offset points", ha=side, va="top",
        )  # fmt: skip
        ax.set_xlabel(translate("Average effect over its posterior sd"))
        ax.set_ylabel(translate("Permutations"))
        ax.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
        page.note(_PLACEBOS, placebo.size, Numeral(f"{evidence.attrs['p']:.3f}"))
    return page.figure
