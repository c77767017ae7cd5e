"""Observed statistics among those of replicated outcomes."""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bayes_nqp._core.i18n import Message, Numeral
from bayes_nqp.checks import CheckResult
from bayes_nqp.output.plots._canvas import Canvas, canvas
from bayes_nqp.output.plots._registry import Appearance, evidence
from bayes_nqp.output.plots._style import COLOURS, FAINT, MUTED, WARNING
from bayes_nqp.output.plots._wrapped import wrapped

_COLUMNS = 4
_BINS = 24


_STATISTICS: Final = {
    "autocorrelation, lag 1": Message("Autocorrelation, lag 1"),
    "autocorrelation, lag 2": Message("Autocorrelation, lag 2"),
    "autocorrelation, lag 3": Message("Autocorrelation, lag 3"),
    "partial autocorrelation, lag 2": Message("Partial autocorrelation, lag 2"),
    "kurtosis of innovations": Message("Kurtosis of innovations"),
    "largest eigenvalue, share": Message("Largest eigenvalue, share"),
    "largest innovation": Message("Largest innovation, in SDs"),
    "spread between strata": Message("Ratio of largest to smallest SD, groups"),
    "spread between periods": Message("Ratio of largest to smallest SD, periods"),
    "pre-period slope": Message("Pre-adoption slope of treated units"),
    "last pre-period": Message("Last period before adoption"),
    "pre-period steps": Message("Pre-adoption changes, root mean square"),
    "sd within units": Message("Within-unit SD"),
    "sd of changes": Message("SD of changes"),
    "treated less untreated": Message("Difference of treated and untreated"),
    "sd of treated less untreated": Message("SD of the difference of treated and untreated"),
}
"""What small panels call the statistics."""


_P_SINGLE = Message(
    "p: two-sided, for each statistic separately. Red: more extreme than the most extreme"
    " statistic of 95 % of simulated panels."
)
_DISTANCES = Message(
    "Bars: central 95 % of simulated panels. Red: more extreme than the most extreme "
    "statistic of 95 % of panels."
)


@evidence("predictive")
def predictive(result: CheckResult, look: Appearance) -> Figure:
    """Draw a histogram of replicated values for every statistic, with the observed value.

    On a user's axes, statistics are drawn one below another in standard deviations of their
    replications.

    Parameters
    ----------
    result : CheckResult
        Result of kind "predictive".
    """
    evidence = result.evidence
    assert isinstance(evidence, xr.Dataset)
    translate = look.translate
    names = [str(name) for name in evidence["statistic"].to_numpy()]
    labels = [translate.name(_STATISTICS.get(name, name)) for name in names]
    columns, size = _size(len(names))
    layout = partial(_panels, len(names), columns)
    with canvas(look, size if look.ax is None else (5.0, 3.0), names, layout=layout) as page:
        if look.ax is None:
            for k, (ax, label) in enumerate(zip(page.axes, labels, strict=True)):
                _histogram(ax, evidence.isel(statistic=k), label, evidence)
        else:
            _distances(page.ax, evidence, labels)
            page.ax.set_xlabel(
                translate("Observed minus mean of simulations, in SDs of simulations")
            )
        _notes(page, evidence, single=look.ax is None)
    return page.figure


def _notes(page: Canvas, evidence: xr.Dataset, *, single: bool) -> None:
    prior = evidence.attrs.get("predictive") == "prior"
    page.note(
        "Grey: {} panels simulated from the priors; coloured: observed."
        if prior
        else "Grey: {} panels simulated from the fitted model; coloured: observed.",
        evidence.sizes["replication"],
    )
    page.note(_P_SINGLE if single else _DISTANCES)
    page.note("Joint test: p = {}.", Numeral(f"{float(evidence.attrs['overall_p_value']):.3f}"))


def _size(number: int) -> tuple[int, tuple[float, float]]:
    """Columns of panels, and the size of their figure, inches."""
    rows = -(-number // _COLUMNS)
    columns = -(-number // rows)
    return columns, (1.75 * columns + 0.1, 1.35 * rows + 0.5)


def _panels(number: int, columns: int, figure: Figure) -> list[Axes]:
    """Panels that share nothing."""
    axes = list(figure.subplots(-(-number // columns), columns, squeeze=False).ravel())
    for ax in axes[number:]:
        ax.set_axis_off()
    return axes[:number]


def _histogram(ax: Axes, statistic: xr.Dataset, name: str, evidence: xr.Dataset) -> None:
    replicated, observed = statistic["replicated"].to_numpy(), float(statistic["observed"])
    out = abs(float(statistic["distance"])) > float(evidence.attrs["bound"])
    ax.hist(replicated, bins=_BINS, color=FAINT, linewidth=0, histtype="stepfilled")
    ax.axvline(observed, color=COLOURS[1], linewidth=1.6)
    ax.set_yticks([])
    ax.margins(y=0.25)
    ax.spines["left"].set_visible(False)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=3))
    ax.set_title(wrapped(name, 26), fontsize=7.6, fontweight="normal")
    low, high = ax.get_xlim()
    right = observed < 0.5 * (low + high)
    ax.text(
        0.98 if right else 0.02, 0.97, f"p = {float(statistic['p_value']):.3f}", fontsize=7,
        ha="right" if right else "left", va="top", color=WARNING if out else MUTED,
        fontweight="bold" if out else "normal", transform=ax.transAxes,
    )  # fmt: skip


def _distances(ax: Axes, evidence: xr.Dataset, names: list[str]) -> None:
    """All statistics in one panel, in sd of their replications."""
    draws = evidence["replicated"].to_numpy()
    observed = evidence["observed"].to_numpy()
    spread = np.maximum(draws.std(axis=0), 1e-300)
    low, high = (
        (q - draws.mean(axis=0)) / spread for q in np.quantile(draws, (0.025, 0.975), axis=0)
    )
    height = np.arange(len(names))[::-1]
    ax.hlines(height, low, high, color=FAINT, linewidth=4)
    bound = float(evidence.attrs["bound"])
    out = np.abs(evidence["distance"].to_numpy()) > bound
    far = (observed - draws.mean(axis=0)) / spread
    for where, colour in ((~out, COLOURS[1]), (out, WARNING)):
        ax.plot(far[where], height[where], "o", color=colour, markersize=4)
    ax.set_yticks(height, names)
    ax.set_ylim(-0.6, len(names) - 0.4)
    ax.axvline(0, color=MUTED, linewidth=0.7, zorder=0.5)
