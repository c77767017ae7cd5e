"""Whether one indicator of an index carries the average effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp.checks._alternatives import Alternative, compared
from bayes_nqp.checks._judged import Judged, judged
from bayes_nqp.checks._labels import texts_of
from bayes_nqp.checks._needs import ROWS
from bayes_nqp.checks._reasons import reason
from bayes_nqp.checks._refit import estimator, panel_of
from bayes_nqp.checks._result import DOUBT, HOLDS, Finding, NotApplicable, Verdict, asks
from bayes_nqp.errors import NQPError, StudyError
from bayes_nqp.index import ProductivityIndex, Relation, recalled, relation
from bayes_nqp.language import Message, listed, separated
from bayes_nqp.planning import plan_of

if TYPE_CHECKING:
    from bayes_nqp.designs import ContinuousExposure, StaggeredDiD
    from bayes_nqp.fitting import Fit
    from bayes_nqp.panel import Panel

__all__ = ["indicators"]

type Floats = npt.NDArray[np.float64]

_HALF, _TOLD, _SAME = 0.5, 0.975, 1e-8

_INDICATOR, _DIMENSION = Message("indicator"), Message("dimension")
"""What is left out: one indicator, or all of a dimension."""


@asks(
    "Does one indicator of the index carry the average effect?",
    "indicators",
    place=190,
    needs=(ROWS,),
    suits=lambda panel: bool(recalled(panel.frame)),
)
def indicators(fit: Fit, *, index: ProductivityIndex | None = None) -> Finding:
    """Rebuild the index without each indicator and each dimension, and refit.

    An index has no unit of its own, and without an indicator its weights, and so its spread,
    change. Every index is therefore brought to the within-unit spread of the fit's outcome (the
    scale ``s`` of the priors): effects are compared per unit of noise. It fails if an effect
    has the other sign; it is in doubt if a conclusion is lost, or more than half of the effect
    is gone without one indicator.

    Parameters
    ----------
    index : ProductivityIndex, optional
        The recipe. A panel made by ``index.panel(…)`` or from ``index.frame(…)`` remembers it.

    Returns
    -------
    Finding
        Of kind "specifications".

    Raises
    ------
    StudyError
        If ``index`` is no recipe.
    """
    design, panel = estimator(fit), panel_of(fit)
    recipe, made, spread = _origin(panel, index)
    if len(recipe.system.keys) < 2:
        raise NotApplicable(Message("The index has one indicator: without it nothing is left."))
    others, lost = _without(design, panel, recipe, made, fit.scale)
    if not others:
        raise NotApplicable(
            Message("No index can be built without an indicator ({}).", listed(lost, 3))
        )
    if spread > _SAME:
        whole = made(_built(recipe, panel))
        label = Message("all indicators, weighed by these rows alone")
        rebuilt = _outcome(design, panel, whole, fit.scale)
        others.insert(0, Alternative(label, Message("rows"), design, rebuilt))
    evidence = compared(fit, others, "leaving indicators out")
    evidence.attrs["scaled"] = "to the within-unit spread of the outcome as fitted"
    if lost:
        left = evidence.attrs["left_out"]
        evidence.attrs["left_out"] = separated([*([left] if left else []), *lost])
    found = judged(evidence, far=np.inf)
    return _finding(found, evidence)


def _finding(found: Judged, evidence: xr.Dataset) -> Finding:
    draws = evidence["att"]
    means = draws.mean(("chain", "draw")).to_numpy()
    names = texts_of(evidence, "specification")
    carried = 1.0 - means[1:] / means[0]
    single = evidence["change"].to_numpy()[1:] == _INDICATOR
    most = 1 + int(np.argmax(np.where(single, carried, -np.inf)))
    positive = float((draws.isel(specification=0) > 0).mean())
    concluded = max(positive, 1.0 - positive) >= _TOLD
    found_of = [len(names) - 1, means[1:].min(), means[1:].max(), names[0], means[0]]
    parts = [
        Message("{} refits: average effect from {:.3g} to {:.3g} (all: {}, {:.3g})", *found_of)
    ]
    verdict: Verdict = found.verdict
    same = Message("No indicator carries the average effect alone.")
    sentence = found.sentence(same, Message("{}", context="left out"))
    if concluded:
        share = max(float(carried[most - 1]), 0.0)
        parts.append(Message("gone {}: {:.0%}", names[most], share))
        if verdict == HOLDS and share > _HALF:
            verdict = DOUBT
            sentence = Message(
                "The conclusion stays, but {:.0%} of the effect is gone {}: the index responds "
                "mainly through it.",
                share,
                names[most],
            )
    return Finding(verdict, separated(parts), sentence, evidence, "specifications")


def _origin(
    panel: Panel, index: ProductivityIndex | None
) -> tuple[ProductivityIndex, Relation, float]:
    """The recipe, how the outcome is made of the index, and how far rebuilding moves the index."""
    if index is not None and not isinstance(index, ProductivityIndex):
        raise StudyError(f"'index' is {index!r}", hint="index=nqp.ProductivityIndex(system, …)")
    known = {panel.roles.outcome: index} if index is not None else recalled(panel.frame)
    if not known:
        raise NotApplicable(
            Message(
                "The outcome is no index that the panel remembers; panel = index.panel(…), or the "
                "option index=nqp.ProductivityIndex(…)."
            )
        )
    for name, recipe in known.items():
        again = _built(recipe, panel)
        column = panel.frame[name].to_numpy(dtype=np.float64) if index is None else again
        if not np.isfinite(column).all():
            continue
        made = relation(panel.outcome, column)
        if made is not None:
            return recipe, made, float(np.abs(again - column).max())
    raise NotApplicable(
        Message(
            "The outcome {!r} is not made of the index {}: neither the index, nor its logarithm, "
            "nor a linear function of either.",
            panel.roles.outcome,
            listed(known),
        )
    )


def _built(recipe: ProductivityIndex, panel: Panel) -> Floats:
    """Build an index from a panel's rows alone."""
    # A row that was filled between two others may have lost them: they had no index themselves.
    fills = recipe.missing == "interpolate"
    for tried in (recipe, recipe.replace(missing="extend")) if fills else (recipe,):
        try:
            built = tried.build(panel.frame, unit=panel.roles.unit, time=panel.roles.time)
        except NQPError as error:
            raise NotApplicable(
                Message("The index cannot be built again: {}.", reason(error))
            ) from error
        if not built.values.isna().any():
            return built.values.to_numpy(dtype=np.float64)
    raise NotApplicable(
        Message("Built from the panel's rows alone, some have no value of the index.")
    )


def _without(
    design: StaggeredDiD | ContinuousExposure,
    panel: Panel,
    recipe: ProductivityIndex,
    made: Relation,
    scale: float,
) -> tuple[list[Alternative], list[Message]]:
    """Indices without each indicator, and without each dimension of several."""
    system = recipe.system
    parts = [(_INDICATOR, key) for key in system.keys]
    if len(system.dimensions) > 1:
        parts += [(_DIMENSION, d.key) for d in system.dimensions if len(d.indicators) > 1]
    found, lost = [], []
    for change, key in parts:
        single = change is _INDICATOR
        label = Message("without {}" if single else "without dimension {}", key)
        gone = (key,) if single else _members(recipe, key)
        try:
            with np.errstate(divide="ignore"):
                values = made(_built(recipe.without(*gone), panel))
            if not np.isfinite(values).all():
                raise NotApplicable(Message("an index of zero has no logarithm"))
            other = _outcome(design, panel, values, scale)
        except (NotApplicable, NQPError) as why:
            cause = why.why if isinstance(why, NotApplicable) else reason(why)
            lost.append(Message("{}: {}", label, cause))
            continue
        found.append(Alternative(label, change, design, other))
    return found, lost


def _members(recipe: ProductivityIndex, key: str) -> tuple[str, ...]:
    dimension = next(d for d in recipe.system.dimensions if d.key == key)
    return tuple(one.key for one in dimension.indicators)


def _outcome(
    design: StaggeredDiD | ContinuousExposure, panel: Panel, values: Floats, scale: float
) -> Panel:
    """The panel with another index, of the same within-unit spread."""
    raw = panel.with_outcome(values)
    own = plan_of(design, raw).equations[0].scale
    return raw.with_outcome(values * (scale / own))
