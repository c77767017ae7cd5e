"""Moran's I by period, and its scatter in the last one."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks import CheckResult
from bayes_nqp.data.spatial_weights import worded
from bayes_nqp.output.plots import Appearance, evidence
from bayes_nqp.output.plots.drawing import ACCENT, FAINT, INK, WARNING, canvas


@evidence("moran")
def moran(result: CheckResult, look: Appearance) -> Figure:
    """Draw units against their neighbours in the last period, and I by period.

    Parameters
    ----------
    result : CheckResult
        Of kind "moran".
    """
    evidence = result.evidence
    assert isinstance(evidence, xr.Dataset)
    translate, last = look.translate, evidence.isel({v.TIME: -1})
    label = translate("Outcome, standardised: {}", str(last[v.TIME].item()))
    with canvas(look, (8.6, 3.7), [label], layout=lambda f: list(f.subplots(1, 2))) as page:
        left, right = page.axes[0], page.axes[-1]
        x, y = (last[name].sel(series="outcome").to_numpy() for name in ("score", "neighbours"))
        left.axhline(0.0, color=FAINT, linewidth=0.8)
        left.axvline(0.0, color=FAINT, linewidth=0.8)
        left.plot(x, y, "o", color=ACCENT, markersize=3.0, alpha=0.6, markeredgewidth=0.0)
        ends, slope = np.array([x.min(), x.max()]), float(x @ y / (x @ x))
        left.plot(ends, slope * ends, color=INK, linewidth=1.2)
        left.set_xlabel(label)
        left.set_ylabel(translate("Average of neighbours"))
        times = np.arange(evidence.sizes[v.TIME])
        for series, colour, text in (
            ("outcome", ACCENT, Message("Outcome")),
            ("residual", WARNING, Message("Residuals")),
        ):
            part = evidence.sel(series=series)
            right.plot(times, part["value"], "o-", color=colour, markersize=3.5, linewidth=1.0,
                       label=translate(text))  # fmt: skip
        part = evidence.sel(series="residual")
        sd = np.abs(part["value"].to_numpy() - part["mean"].to_numpy()) / np.abs(
            part["z_random"].to_numpy()
        )
        right.fill_between(times, part["mean"] - 1.96 * sd, part["mean"] + 1.96 * sd, color=FAINT,
                           linewidth=0.0, alpha=0.4, zorder=0)  # fmt: skip
        step = max(1, -(-times.size // 7))
        right.set_xticks(times[::step], [str(t) for t in evidence[v.TIME].to_numpy()[::step]])
        right.set_ylabel(translate("Moran's I"))
        right.legend(frameon=False, fontsize=7.5)
        page.note("Weights: {}. The line's slope is Moran's I where rows sum to one.",
                  worded(str(evidence.attrs["weights"])))  # fmt: skip
        page.note("Grey: 95 % range of Moran's I without spatial correlation (residuals).")
    return page.figure
