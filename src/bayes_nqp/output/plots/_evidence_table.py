"""Plot of convergence diagnostics, worst first: R-hat, k-hat and effective sample sizes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message, Translator
from bayes_nqp.checks import CheckResult, messages_of
from bayes_nqp.numerics import diagnostics
from bayes_nqp.output.plots._canvas import NAMED, canvas
from bayes_nqp.output.plots._registry import Appearance, evidence
from bayes_nqp.output.plots._style import ACCENT, COLOURS, FAINT, INK, MUTED, WARNING, settle

_MOST = 40
"""Quantities that are drawn; the others are better."""
_RHAT, _ESS = diagnostics.RHAT, diagnostics.ESS


_ESS_KEY = Message("Effective draws: filled, bulk; hollow, tail. Red: beyond the threshold.")


@dataclass(frozen=True, slots=True)
class _Side:
    """One panel: numbers that should stay on one side of a limit.

    Parameters
    ----------
    columns : tuple of (str, str, str)
        Names, markers and colours.
    """

    columns: tuple[tuple[str, str, str], ...]
    limit: float
    label: str

    @property
    def names(self) -> list[str]:
        return [name for name, _, _ in self.columns]


def _sides(evidence: pd.DataFrame, translate: Translator) -> tuple[_Side, _Side]:
    """Return the diagnostics that should be small and those that should be large."""
    if "khat" in evidence:
        limit = float(evidence["khat_limit"].min())
        return (
            _Side((("khat", "o", ACCENT),), limit, translate("k-hat (below {:.2f})", limit)),
            _Side(
                (("importance_ess", "o", ACCENT),),
                _ESS,
                translate("Effective weights (at least {:.0f})", _ESS),
            ),
        )
    sizes = (("ess_bulk", "o", ACCENT), ("ess_tail", "D", COLOURS[1]))
    return (
        _Side((("r_hat", "o", ACCENT),), _RHAT, translate("R-hat (at most {})", _RHAT)),
        _Side(sizes, _ESS, translate("Effective draws (at least {:.0f})", _ESS)),
    )


@evidence("table")
def table(result: CheckResult, look: Appearance) -> Figure:
    """Draw R-hat and effective sizes, or k-hat and effective weights, against their thresholds.

    Parameters
    ----------
    result : CheckResult
        Result of kind "table".
    """
    evidence = result.evidence
    assert isinstance(evidence, pd.DataFrame)
    translate = look.translate
    sides = _sides(evidence, translate)
    worst = _worst_first(evidence, *sides)
    shown = worst.head(_MOST)
    messages = messages_of(evidence)
    names = [translate.name(messages.get(name, name)) for name in shown["quantity"]]
    layout = _halves if look.ax is None else None
    with canvas(look, (6.8, 0.165 * len(shown) + 1.25), names, layout=layout) as page:
        left, right = page.axes if look.ax is None else _insets(page.ax)
        _fill((left, right), sides, shown, names)
        page.note(_ESS_KEY, when=len(sides[1].columns) > 1)
        page.note("Quantities are sorted by their distance to the threshold.", when=len(worst) > 1)
        page.note("{} not shown.", len(worst) - len(shown), when=len(worst) > len(shown))
        page.gate = "failed" if result.verdict == "failed" else v.PASSED
        if look.ax is not None:
            settle((left, right))
    left.tick_params(**NAMED, labelsize=7.4)
    right.tick_params(**NAMED)
    for tick, bad in zip(left.get_yticklabels(), _bad(shown, *sides), strict=True):
        tick.set_color(WARNING if bad else INK)
    return page.figure


def _halves(figure: Figure) -> list[Axes]:
    """Two panels that share no scale."""
    return list(figure.subplots(1, 2, width_ratios=(0.43, 0.57)))


def _insets(ax: Axes) -> tuple[Axes, Axes]:
    """The same within given axes."""
    ax.set_axis_off()
    return ax.inset_axes((0.0, 0.0, 0.4, 1.0)), ax.inset_axes((0.46, 0.0, 0.54, 1.0))


def _worst_first(evidence: pd.DataFrame, small: _Side, large: _Side) -> pd.DataFrame:
    """Sort by the ratio of each diagnostic to its threshold; non-finite values are worst."""
    below = evidence[small.names].to_numpy(dtype=float).max(1)
    below = below - 1.0 if small.limit > 1.0 else below
    share = below / (small.limit - 1.0 if small.limit > 1.0 else small.limit)
    share = np.maximum(share, large.limit / evidence[large.names].to_numpy(dtype=float).min(1))
    order = np.argsort(-np.nan_to_num(share, nan=np.inf), kind="stable")
    return pd.DataFrame(evidence.iloc[order].reset_index(drop=True))


def _fill(
    axes: tuple[Axes, Axes], sides: tuple[_Side, _Side], shown: pd.DataFrame, names: list[str]
) -> None:
    y = np.arange(len(shown))[::-1]
    left, right = axes
    for ax, side in zip(axes, sides, strict=True):
        for height in y:
            ax.axhline(height, color=FAINT, linewidth=0.4, zorder=0)
        ax.axvline(side.limit, color=MUTED, linewidth=0.8, linestyle=(0, (4, 2)), zorder=0.5)
        for name, marker, colour in side.columns:
            values = shown[name].to_numpy(dtype=float)
            bad = values > side.limit if ax is left else values < side.limit
            for mask, shade in ((~bad, colour), (bad, WARNING)):
                ax.plot(
                    values[mask], y[mask], linestyle="none", marker=marker, markersize=3.6,
                    markerfacecolor=shade if marker == "o" else "white", markeredgecolor=shade,
                    markeredgewidth=0.9, zorder=3 if marker == "o" else 2.5,
                )  # fmt: skip
        ax.set_ylim(-0.7, len(shown) - 0.3)
        ax.spines["left"].set_visible(False)
        ax.set_xlabel(side.label)
    left.set_yticks(y, names)
    right.set_yticks([])
    _linear(left, shown[sides[0].names].to_numpy(dtype=float), sides[0].limit)
    _logarithmic(right, shown[sides[1].names].to_numpy(dtype=float), sides[1].limit)


def _linear(ax: Axes, values: npt.NDArray[np.float64], limit: float) -> None:
    finite = values[np.isfinite(values)]
    high = float(np.max([*finite, limit]))
    start = 0.9995 if limit > 1.0 else 0.0
    low = float(np.min([*finite, start]))
    ax.set_xlim(low - 0.05 * (high - low), high + 0.08 * (high - low))
    ax.xaxis.set_major_locator(MaxNLocator(nbins=4))


def _logarithmic(ax: Axes, values: npt.NDArray[np.float64], limit: float) -> None:
    low, high = float(np.nanmin([values.min(), limit])), float(np.nanmax([values.max(), limit]))
    ax.set_xscale("log")
    ax.set_xlim(low / 1.3, high * 1.3)
    bases = (1, 2, 4) if high > 4 * low else (1, 1.5, 2, 3, 4, 6, 8)
    ticks = [base * 10**k for k in range(7) for base in bases]
    ax.set_xticks([t for t in ticks if low / 1.3 <= t <= high * 1.3])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))


def _bad(shown: pd.DataFrame, small: _Side, large: _Side) -> list[bool]:
    good = (shown[small.names].max(axis=1) <= small.limit) & (
        shown[large.names].min(axis=1) >= large.limit
    )
    return [bool(b) for b in ~good]
