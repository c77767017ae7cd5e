"""Direct and indirect effects against the correlation that unmeasured confounding makes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
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

_ACROSS = 3
"""Panels beside one another that a page can show."""
_CONFOUNDED = "confounded"
_KEY_HIGH = 0.36
"""Inches that the key of both lines takes."""


_RHO_KEY = Message(
    "Lines: posterior means with {} intervals if the innovations of mediator and outcome "
    "have correlation ρ, given the other mediators; ρ = 0 means no confounding."
)
_RHO_CROSSING = Message(
    "Dashed: ρ at which the indirect effect is zero; a confounder then explains variance "
    "shares of both innovations with product ρ²."
)


@dataclass(frozen=True, slots=True, eq=False)
class _Curves:
    """One mediator in one group: its indirect effect and the direct one (rho)."""

    title: str
    indirect: xr.Dataset
    direct: xr.Dataset


@plot(Message("Effects under unmeasured confounding."))
def mediation_sensitivity(
    dataset: xr.Dataset,
    *,
    prob: float | None = None,
    ax: Axes | None = None,
    title: str | None = None,
    language: Language = "en",
    style: Style | None = None,
) -> Figure:
    """Draw effects against ``rho``, with one panel per confounded mediator and group.

    Parameters
    ----------
    dataset : Dataset (confounded, path, ..., rho), outcome units
        Result of ``nqp.mediation_sensitivity``.
    prob : float, optional
        Posterior probability of the bands, equal-tailed; that of ``dataset`` by default.
    ax : Axes, optional
        Axes to draw into, where there is one panel.
    title : str, optional
        Title of the figure.
    language : str, default "en"
        Language of labels and notes.
    style : mapping, optional
        Appearance of parts by name, such as ``{"points": {"color": "k"}, "note": False}``.

    Raises
    ------
    StudyError
        If the dataset has no such curves, or one ax is given for several panels.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.simulation.channels(units=40, periods=8, cohorts=(4, 6), seed=1).panel
    >>> fit = nqp.fit(nqp.Mediation(), panel, nqp.Importance(seed=1), progress=False)
    >>> figure = nqp.plots.mediation_sensitivity(nqp.mediation_sensitivity(fit, "digital"))
    """
    curves_given: object = dataset
    if (
        not isinstance(curves_given, xr.Dataset)
        or not {"crossing", "estimate"} <= set(curves_given)
        or curves_given["estimate"].ndim == curves_given["crossing"].ndim
    ):
        raise StudyError(
            f"'dataset' is a {type(curves_given).__name__} without curves over rho",
            hint="nqp.plots.mediation_sensitivity(nqp.mediation_sensitivity(fit))",
        )
    if _CONFOUNDED not in dataset.dims:
        dataset = dataset.expand_dims({_CONFOUNDED: [str(dataset.attrs[_CONFOUNDED])]})
    dims = [str(dim) for dim in dataset["crossing"].dims if dim not in (_CONFOUNDED, v.PATH)]
    names, panels = dataset[_CONFOUNDED].to_numpy(), []
    translate = words(language, dataset)
    groups = 1
    for name in names:
        parts = list(apart(dataset.sel({_CONFOUNDED: name}), dims))
        groups = len(parts)
        for labels, curve in parts:
            label = translate.names(labels)
            indirect, direct = curve.sel({v.PATH: name}), curve.sel({v.PATH: v.DIRECT})
            if not np.isnan(indirect["estimate"]).all():
                panels.append(_Curves(" · ".join(filter(None, [translate.name(name), label])),
                                     indirect, direct))  # fmt: skip
    if ax is not None and len(panels) > 1:
        raise StudyError(f"one ax cannot hold {len(panels)} panels", hint="leave out ax")
    columns = groups if groups > 1 else len(names)
    prob = float(dataset.attrs["prob"]) if prob is None else prob
    return _drawn(panels, dataset, Appearance(prob, ax, title, translate, style), columns)


@evidence("mediation_sensitivity")
def curves(result: CheckResult, look: Appearance) -> Figure:
    """Draw the indirect effect of every mediator, overall and by group, and the direct effect.

    Parameters
    ----------
    result : CheckResult
        Result of kind "mediation_sensitivity".
    look : Appearance
        Appearance; on a single ax only the first mediator is drawn.
    """
    evidence, panels = result.evidence, []
    assert isinstance(evidence, xr.Dataset)
    kind, mediator = evidence["kind"].to_numpy(), evidence["mediator"].to_numpy()
    names = list(dict.fromkeys(mediator))
    wanted = [k for name in names for k in np.flatnonzero((mediator == name) & (kind != "joint"))]
    for k in wanted:
        curve = evidence.isel(quantity=k)
        label = (
            look.translate("Overall")
            if kind[k] == "overall"
            else look.translate.name(curve["label"].item(), curve["factor"].item())
        )
        panels.append(
            _Curves(
                f"{look.translate.name(mediator[k])} · {label}",
                curve.sel(path="indirect"),
                curve.sel({v.PATH: v.DIRECT}),
            )
        )
    if look.ax is not None:
        return _drawn(panels[:1], evidence, look, 1)
    groups = len(wanted) // len(names)
    if groups <= _ACROSS:  # a mediator a line
        return _drawn(panels, evidence, look, groups if groups > 1 else len(names))
    turned = [panels[j * groups + i] for i in range(groups) for j in range(len(names))]
    return _drawn(turned, evidence, look, len(names) if len(names) > 1 else _ACROSS)


def _drawn(panels: list[_Curves], evidence: xr.Dataset, look: Appearance, columns: int) -> Figure:
    translate = look.translate
    label = effect_label(evidence, translate)
    columns = min(columns, len(panels), 5)
    rows = -(-len(panels) // columns)
    size = (5.2, 3.5) if len(panels) == 1 else (2.3 * columns + 0.6, 1.95 * rows + 0.95)
    texts = [label, *(panel.title for panel in panels)]
    with canvas(look, size, texts, rows, columns) as page:
        for ax, panel in zip(page.axes, panels, strict=False):
            _panel(ax, panel, look.prob, translate)
        across = translate("ρ: correlation with the innovations of the outcome")
        _key(page.ax, translate)
        page.grid([panel.title for panel in panels], columns, label, across)
        page.note(_RHO_KEY, percent(look.prob))
        page.note(_RHO_CROSSING)
        page.gate = convergence_of(evidence)
    return page.figure


def _correlations(curve: xr.Dataset) -> Array:
    """Correlations along which the curves of a panel run, their only axis."""
    (axis,) = curve["estimate"].dims
    return curve[axis].to_numpy()


def _band(curve: xr.Dataset, prob: float) -> tuple[Array, Array]:
    """Ends of the intervals along rho."""
    if "unconfounded" not in curve:
        # Curves that were kept without their draws.
        return curve["lower"].to_numpy(), curve["upper"].to_numpy()
    value, pull, curvature = (
        np.ravel(curve[name].transpose(*v.SAMPLE_DIMS).to_numpy())
        for name in ("unconfounded", "pull", "curvature")
    )
    rho = _correlations(curve)[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        draws = value - pull * rho / np.sqrt(1 - rho**2 * curvature)
    low, high = np.quantile(draws, [(1 - prob) / 2, (1 + prob) / 2], axis=1)
    return low, high


def _panel(ax: Axes, panel: _Curves, prob: float, translate: Translator) -> None:
    ax.axhline(0, color=MUTED, linewidth=0.7, zorder=0.5)
    ax.axvline(0, color=MUTED, linewidth=0.5, zorder=0.5)
    for curve, colour, dashes in (
        (panel.direct, COLOURS[1], (0, (5, 1.5))),
        (panel.indirect, COLOURS[0], "-"),
    ):
        rho = _correlations(curve)
        low, high = _band(curve, prob)
        ax.fill_between(rho, low, high, color=colour, alpha=0.14, linewidth=0, zorder=1)
        ax.plot(rho, curve["estimate"].to_numpy(), color=colour, linewidth=1.5, linestyle=dashes,
                zorder=2)  # fmt: skip
    ends = _correlations(panel.indirect)
    ax.set_xlim(ends.min(), ends.max())
    ax.xaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
    ax.yaxis.set_major_locator(MaxNLocator(nbins=5))
    crossing = float(panel.indirect["crossing"])
    if ends.min() < crossing < ends.max():
        ax.axvline(crossing, color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1.5)
    remark = translate("zero for no ρ")
    if np.isfinite(crossing):
        remark = translate("zero at ρ = {}", Numeral(f"{round(crossing, 2) + 0.0:.2f}"))
    remarked(ax, remark, top=False)


def _key(ax: Axes, translate: Translator) -> None:
    """Name both lines, in the first panel, above all that is drawn there."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    inches = float(ax.get_position().height * figure.get_size_inches()[1])
    low, high = ax.get_ylim()
    ax.set_ylim(low, high + (high - low) * _KEY_HIGH / max(inches - _KEY_HIGH, _KEY_HIGH))
    handles = [
        ax.plot([], [], color=COLOURS[0], linewidth=1.5)[0],
        ax.plot([], [], color=COLOURS[1], linewidth=1.5, linestyle=(0, (5, 1.5)))[0],
    ]
    ax.legend(
        handles, [translate("indirect effect"), translate("direct effect")],
        loc="upper right", fontsize=7, framealpha=1.0, edgecolor="none", handlelength=1.8,
        borderaxespad=0.1,
    )  # fmt: skip
