"""Sensitivity of conclusions to violations of parallel trends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core.exceptions import Hint, StudyError
from bayes_nqp._core.i18n import NOTHING, Message, advised, detailed, joined, listed, separated
from bayes_nqp.checks.shared import (
    NOT_APPLICABLE,
    OVERALL,
    REPORTED,
    Finding,
    Guide,
    Verdict,
    asks,
    certain,
    stacked,
)
from bayes_nqp.effects.estimands import att, text
from bayes_nqp.inference.fitting import ADOPTION, REFITS, ROWS, SEPARATE, Fit
from bayes_nqp.robustness import EventStudy, event_study_of
from bayes_nqp.robustness import trend_sensitivity as regions_of

_CONTRASTED = 4
"""Largest number of levels of a factor for which all pairs are compared."""
_UNDECIDED = Message(
    "The fit itself, which uses all periods before adoption as reference, has a 95 % interval that "
    "includes zero."
)
_UNCLEAR = Message(
    "With the last period before adoption as reference, the 95 % interval of the average effect "
    "includes zero even under parallel trends (M̄ = 0)."
)
_SILENT = Message(
    "The 95 % interval of the average effect includes zero, both in the fit and with the last "
    "period before adoption as reference, so no conclusion about it depends on parallel trends."
)
_LARGER = Message(
    "Next: discuss if a larger divergence is plausible, in which case the sign of the "
    "effect is open."
)
_OTHER_PERIODS = Message(
    "Next: test with {} if earlier periods can serve as reference.",
    Hint("check", "pretrends"),
)


@dataclass(frozen=True, slots=True, eq=False)
class BoundedEffect:
    """Robust regions of one effect.

    Its kind is "overall", "level", or for contrasts "difference" or "own".
    """

    label: str
    factor: str
    kind: str
    regions: xr.Dataset
    claimed: bool = False
    """True if the interval of the fit excludes zero."""

    @property
    def named(self) -> str:
        """Name of the effect: a level with its column."""
        return f"{self.factor} = {self.label}" if self.kind == "level" else self.label

    @property
    def breakdown(self) -> float:
        """M̄ from which the region includes zero."""
        return float(self.regions["breakdown"])

    @property
    def step(self) -> float:
        """Δ, the largest change before adoption, outcome units."""
        return float(self.regions["largest_step"])

    @property
    def bearable(self) -> float:
        """Largest change after adoption at which the conclusion still holds, outcome units."""
        return self.breakdown * self.step if self.step else 0.0

    @property
    def clear(self) -> bool:
        """True if the interval under parallel trends excludes zero."""
        low, high = (float(self.regions[f"original_{end}"]) for end in ("lower", "upper"))
        return not low <= 0 <= high


@asks(
    "How large a violation of parallel trends would overturn the conclusion?",
    "sensitivity to non-parallel trends",
    of="errors",
    place=50,
    needs=(ADOPTION, ROWS, REFITS, SEPARATE),
    assumption=True,
    guide=Guide(
        statistic=Message(
            "Breakdown value M̄: the largest divergence of trends per period after "
            "adoption at which the robust 95 % interval of the average effect excludes "
            "zero. It is a multiple of the largest pre-adoption change. The same is "
            "computed for groups and contrasts."
        ),
        thresholds=Message(
            "Reported, without a verdict: the breakdown value grows with the effect and falls with "
            "noise, so no threshold separates parallel from differential trends. Not applicable "
            "if neither an effect nor a contrast differs credibly from zero."
        ),
        failure=Message(
            "If a divergence of this size is plausible, the sign of the effect is not established."
        ),
        remedy=Message(
            "report M̄ with its size in outcome units per period, and compare it with the "
            "pre-adoption coefficients"
        ),
        code='nqp.trend_sensitivity(fit)\nnqp.check(fit, "pretrends")',
        literature="Rambachan and Roth (2023); Giacomini and Kitagawa (2021)",
        limits=Message(
            "Short or noisy pre-adoption periods enlarge the largest change and lower M̄, whatever "
            "the trends are."
        ),
    ),
)
def trend_sensitivity(fit: Fit, *, grid: Sequence[float] | None = None) -> Finding:
    """Compute the violation of parallel trends that would overturn the effects.

    Violations are bounded by relative magnitudes: from one period to the next they are at most
    M̄ times the largest change before adoption. All effects are those of the lead fit. The check
    reports the breakdown value, the largest M̄ at which the robust 95 % region excludes zero, for
    the average effect, for each level, and for contrasts with both bounds; and the violation of
    that size in outcome units per period.

    There is no verdict: in simulated panels the breakdown value is about as large under parallel as
    under differential trends (docs/trends.md), because it grows with the effect and falls with
    the noise of the leads. The check does not apply if neither the fit nor its lead fit has an
    average effect that differs credibly from zero, and the fit has no such contrast.

    Parameters
    ----------
    grid : sequence of float, optional
        Values of M̄; from 0 to 2 by default.
    """
    study = event_study_of(fit)
    effects = [BoundedEffect(OVERALL, "", "overall", regions_of(study, grid=grid))]
    factors = schema.factors(study.effects)
    parts = [x for factor in factors for x in _parts(fit, study, factor, grid)]
    effects += sorted(parts, key=lambda x: x.kind != "level")
    overall = effects[0]
    low, high = np.quantile(att(fit), (0.025, 0.975))
    undecided = bool(low <= 0 <= high)
    silent = undecided and not overall.clear and not any(x.claimed for x in effects)
    sentence = _SILENT if silent else _sentence(effects, undecided=undecided)
    evidence = stacked([x.regions for x in effects], effects, "label", "factor", "kind")
    evidence = evidence.assign(bearable=("quantity", [x.bearable for x in effects]))
    verdict: Verdict = NOT_APPLICABLE if silent else REPORTED
    return Finding(verdict, _figure(effects), sentence, evidence, "trend_sensitivity", study.fit)


def _sentence(effects: list[BoundedEffect], *, undecided: bool) -> Message:
    """Return the tolerance of the average effect, the weakest part, and the next step."""
    overall = effects[0]
    finding, advice = _UNCLEAR, _OTHER_PERIODS
    if overall.clear:
        finding, advice = _tolerated(overall), _LARGER
    note = _UNDECIDED if undecided and overall.clear else NOTHING
    weakest = _weakest(effects)
    parts = (finding, note or weakest, detailed(weakest) if note else NOTHING, advised(advice))
    return joined([part for part in parts if part])


def _tolerated(overall: BoundedEffect) -> Message:
    if np.isinf(overall.breakdown):
        return Message(
            "The average effect stays different from zero for every multiple M̄ of the largest "
            "pre-adoption change ({:.2g}) by which trends may diverge after adoption.",
            overall.step,
        )
    return Message(
        "The average effect stays different from zero if trends diverge after adoption by"
        " at most {:.2g} per period, M̄ = {:.2g} times the largest pre-adoption change "
        "({:.2g}).",
        overall.bearable,
        overall.breakdown,
        overall.step,
    )


def _weakest(effects: list[BoundedEffect]) -> Message:
    """Return the weakest claimed difference, or else a level weaker than the average.

    Differences that the lead fit is too uncertain to bound are weaker still.
    """
    claimed = [x for x in effects if x.kind == "difference" and x.claimed]
    unclear = [x for x in claimed if not x.clear]
    if len(unclear) == 1:
        names = ("estimate", "original_lower", "original_upper")
        return Message(
            "Relative to the last period before adoption alone, the difference {} is {:.2g} "
            "[{:.2g}, {:.2g}], which includes zero even if trends are parallel.",
            unclear[0].label,
            *(float(unclear[0].regions[name]) for name in names),
        )
    if unclear:
        return Message(
            "Relative to the last period before adoption alone, the intervals of the differences "
            "{} include zero even if trends are parallel.",
            listed([x.label for x in unclear], 3),
        )
    limit = effects[0].breakdown
    levels = [x for x in effects if x.kind == "level" and x.clear and x.breakdown < limit]
    least = min(claimed or levels, key=lambda x: x.breakdown, default=None)
    if least is None or np.isinf(least.breakdown):
        return NOTHING
    return Message(
        "The weakest {}, {}, stays different from zero up to {:.2g} per period (M̄ = {:.2g} times "
        "its own largest change).",
        Message("difference between groups") if claimed else Message("group effect"),
        least.named,
        least.bearable,
        least.breakdown,
    )


def _figure(effects: list[BoundedEffect]) -> Message:
    others = len(effects) - 1
    if others and not any(x.clear or x.breakdown for x in effects):
        return Message(
            "breakdown M̄: 0 for the average effect and {} other effects, whose intervals include "
            "zero",
            others,
        )
    parts = []
    for x in effects:
        size = Message("{:.2g}", x.breakdown)
        if np.isinf(x.breakdown):
            size = Message("unlimited")
        elif x.kind == "overall" and x.clear:
            size = Message("{:.2g} ({:.2g} per period)", x.breakdown, x.bearable)
        kind = Message(", by its own changes") if x.kind == "own" else ""
        zero = "" if x.clear else Message(" (includes zero)")
        parts.append(Message("{}{} {}{}", x.named, kind, size, zero))
    return Message("breakdown M̄: {}", separated(parts))


def _parts(
    fit: Fit, study: EventStudy, factor: str, grid: Sequence[float] | None
) -> Iterator[BoundedEffect]:
    """Yield the regions of every level of a factor, and of its contrasts with both bounds."""
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
                continue  # The two levels share no change before adoption.
            label = str(regions["contrast"].item())
            claimed = certain(
                effects.sel({factor: a}).to_numpy() - effects.sel({factor: b}).to_numpy()
            )
            yield BoundedEffect(
                label, factor, kind, regions.drop_vars("contrast"), claimed=claimed != 0
            )
