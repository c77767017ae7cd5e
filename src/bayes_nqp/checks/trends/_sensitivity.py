"""How large violations of parallel trends would undo the effect."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp import schema
from bayes_nqp.checks.shared import (
    NOT_APPLICABLE,
    OVERALL,
    REPORTED,
    Finding,
    Verdict,
    asks,
    certain,
    stacked,
)
from bayes_nqp.errors import StudyError
from bayes_nqp.estimands import att, text
from bayes_nqp.fitting import ADOPTION, REFITS, ROWS, SEPARATE, Fit
from bayes_nqp.language import NOTHING, Message, joined, listed, separated
from bayes_nqp.robustness import EventStudy, event_study_of, groups_of
from bayes_nqp.robustness import sensitivity as regions_of

_CONTRASTED = 4
"""Levels of a factor up to which all pairs are compared."""
_UNDECIDED = Message(
    "This is measured from the last period before adoption; the fit's own interval, from all "
    "periods before, holds zero as it is."
)


@dataclass(frozen=True, slots=True, eq=False)
class BoundedEffect:
    """Regions of one effect: "overall", of a "level", or a contrast: "difference" or "own"."""

    label: str
    factor: str
    kind: str
    regions: xr.Dataset
    claimed: bool = False
    """Whether the fit's own interval excludes zero."""

    @property
    def named(self) -> str:
        """What it is of: a level with its column, by which it is called."""
        return f"{self.factor} = {self.label}" if self.kind == "level" else self.label

    @property
    def breakdown(self) -> float:
        """M̄ from which the region holds zero."""
        return float(self.regions["breakdown"])

    @property
    def step(self) -> float:
        """Δ, the largest step before adoption, outcome units."""
        return float(self.regions["largest_step"])

    @property
    def bearable(self) -> float:
        """The largest step after adoption that leaves the conclusion standing, outcome units."""
        return self.breakdown * self.step if self.step else 0.0

    @property
    def clear(self) -> bool:
        """Whether the interval under parallel trends excludes zero."""
        low, high = (float(self.regions[f"original_{end}"]) for end in ("lower", "upper"))
        return not low <= 0 <= high


@asks(
    "How large would violations of parallel trends have to be to undo the effect?",
    "sensitivity to non-parallel trends",
    of="errors",
    place=50,
    needs=(ADOPTION, ROWS, REFITS, SEPARATE),
    assumption=True,
)
def sensitivity(fit: Fit, *, grid: Sequence[float] | None = None) -> Finding:
    """Find the size of violations that would undo the average effect, and each level's.

    Violations are bounded by relative magnitudes: from one period to the next they are at most
    M̄ times the largest step before adoption. Everything is measured by the lead fit. Reported is
    the breakdown value, the largest M̄ at which the robust 95 % region excludes zero, of the
    average effect, of each level, and of contrasts, bounded both ways; and what a violation of
    that size would be, in outcome units from one period to the next, beside the panel's own steps
    before adoption.

    No verdict is given: in simulated panels the breakdown value is about as large where trends
    are parallel as where they are not (docs/sensitivity.md), for it grows with the effect and
    falls with the noise of the leads. Where neither the fit nor its lead fit claims an effect,
    there is none to fall, and the check does not apply.

    Parameters
    ----------
    grid : sequence of float, optional
        M̄; from 0 to 2 by default.
    """
    study = event_study_of(fit)
    effects = [BoundedEffect(OVERALL, "", "overall", regions_of(study, grid=grid))]
    factors = schema.factors(study.effects)
    parts = [x for factor in factors for x in _parts(fit, study, factor, grid)]
    effects += sorted(parts, key=lambda x: x.kind != "level")
    overall = effects[0]
    low, high = np.quantile(att(fit), (0.025, 0.975))
    undecided = bool(low <= 0 <= high)
    silent = undecided and not overall.clear
    if overall.clear:
        sentence = joined([_sentence(effects, _steps(study)), _UNDECIDED if undecided else NOTHING])
    elif silent:
        sentence = Message(
            "Measured from the last period before adoption, the average effect's interval holds "
            "zero, as the fit's own does: no effect is claimed that could fall."
        )
    else:
        sentence = Message(
            "Measured from the last period before adoption, the average effect's interval holds "
            "zero even under parallel trends, so there is nothing to be robust."
        )
    evidence = stacked([x.regions for x in effects], effects, "label", "factor", "kind")
    evidence = evidence.assign(bearable=("quantity", [x.bearable for x in effects]))
    verdict: Verdict = NOT_APPLICABLE if silent else REPORTED
    return Finding(verdict, _figure(effects), sentence, evidence, "sensitivity", study.fit)


def _steps(study: EventStudy) -> npt.NDArray[np.float64]:
    """Sizes of the average effect's steps before adoption, as estimated, outcome units."""
    process = groups_of(study, None, None, "rows").item()
    return np.empty(0) if process is None else np.abs(process.steps.mean(axis=0))


def _sentence(effects: list[BoundedEffect], steps: npt.NDArray[np.float64]) -> Message:
    overall = effects[0]
    if np.isinf(overall.breakdown):
        return Message(
            "The average effect stands whatever multiple of the largest change before adoption "
            "({:.3g}) trends move apart by after it.",
            overall.step,
        )
    larger = int((steps > overall.bearable).sum())
    beside = Message("None of the {} changes before adoption was that large.", steps.size)
    if steps.size == 1:
        beside = Message("The one change before adoption was not that large.")
        if larger:
            beside = Message("The one change before adoption was larger than that.")
    elif larger:
        beside = Message(
            "Of the {} changes before adoption {n} was larger than that.",
            steps.size,
            plural="Of the {} changes before adoption {n} were larger than that.",
            n=larger,
        )
    stands = Message(
        "The average effect stands as long as trends after adoption move apart, from one "
        "period to the next, by at most {:.2f} times the largest change before it ({:.3g}): "
        "by {:.3g} a period, in outcome units; beyond that its interval holds zero.",
        overall.breakdown,
        overall.step,
        overall.bearable,
    )
    return joined([stands, beside, _weakest(effects), _unmeasured(effects)])


def _weakest(effects: list[BoundedEffect]) -> Message:
    """Name the level whose effect falls first, where it falls before the average."""
    levels = [x for x in effects if x.kind == "level" and x.clear]
    least = min(levels, key=lambda x: x.breakdown, default=None)
    if least is None or least.breakdown >= effects[0].breakdown:
        return NOTHING
    return Message(
        "The effect in {} bears the least: {:.2f} times its own largest change ({:.3g}).",
        least.named,
        least.breakdown,
        least.step,
    )


def _unmeasured(effects: list[BoundedEffect]) -> Message:
    """Name the differences that the fit claims, and its lead fit is too uncertain to bound."""
    names = [x.label for x in effects if x.kind == "difference" and x.claimed and not x.clear]
    if not names:
        return NOTHING
    return Message(
        "Measured from the last period before adoption, the interval of {} holds zero even under "
        "parallel trends, so what this difference bears cannot be told.",
        listed(names, 3),
        plural="Measured from the last period before adoption, the intervals of {} hold zero even "
        "under parallel trends, so what these differences bear cannot be told.",
        n=len(names),
    )


def _figure(effects: list[BoundedEffect]) -> Message:
    others = len(effects) - 1
    if others and not any(x.clear or x.breakdown for x in effects):
        return Message(
            "breakdown M̄: 0 for the average effect and {} others, whose intervals hold zero",
            others,
        )
    parts = []
    for x in effects:
        size = Message("{:.2f}", x.breakdown)
        if np.isinf(x.breakdown):
            size = Message("any number of")
        elif x.kind == "overall" and x.clear:
            size = Message("{:.2f} ({:.2g} a period)", x.breakdown, x.bearable)
        kind = Message(", own") if x.kind == "own" else ""
        zero = "" if x.clear else Message(" (its interval holds zero)")
        parts.append(Message("{}{} {}{}", x.named, kind, size, zero))
    return Message("breakdown M̄: {}", separated(parts))


def _parts(
    fit: Fit, study: EventStudy, factor: str, grid: Sequence[float] | None
) -> Iterator[BoundedEffect]:
    """Regions of every level of a factor, and of its contrasts, bounded both ways."""
    try:
        by = regions_of(study, by=factor, grid=grid)
    except StudyError:
        return
    levels = [x for x in by[factor].to_numpy() if not np.isnan(by["estimate"].sel({factor: x}))]
    if len(levels) < 2:
        return
    for level in levels:
        yield BoundedEffect(text(level), factor, "level", by.sel({factor: level}, drop=True))
    kinds: tuple[Any, ...] = ("difference", "own")
    effects = att(fit, factor)
    for a, b in combinations(levels, 2) if len(levels) <= _CONTRASTED else ():
        for kind in kinds:
            try:
                regions = regions_of(study, {factor: a}, minus=b, contrast=kind, grid=grid)
            except StudyError:
                continue  # The two have no step before adoption in common.
            label = str(regions["contrast"].item())
            claimed = certain(
                effects.sel({factor: a}).to_numpy() - effects.sel({factor: b}).to_numpy()
            )
            yield BoundedEffect(
                label, factor, kind, regions.drop_vars("contrast"), claimed=claimed != 0
            )
