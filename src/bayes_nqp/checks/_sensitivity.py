"""How large violations of parallel trends would undo the effect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp import schema
from bayes_nqp import vocabulary as v
from bayes_nqp.checks._labels import OVERALL, labels
from bayes_nqp.checks._needs import ADOPTION, REFITS, ROWS
from bayes_nqp.checks._refit import cautious
from bayes_nqp.checks._result import NOT_APPLICABLE, REPORTED, Finding, asks
from bayes_nqp.checks.robust import Study, groups_of, study_of
from bayes_nqp.checks.robust import sensitivity as regions_of
from bayes_nqp.errors import StudyError
from bayes_nqp.estimands import att, text
from bayes_nqp.language import NOTHING, Message, joined, separated

if TYPE_CHECKING:
    from bayes_nqp.checks._result import Verdict
    from bayes_nqp.fitting import Fit

Array = npt.NDArray[np.float64]

_CONTRASTED = 4
"""Levels of a factor up to which all pairs are compared."""
_PROB = 0.95


@dataclass(frozen=True, slots=True, eq=False)
class _Quantity:
    label: str
    factor: str
    kind: str
    regions: xr.Dataset

    @property
    def breakdown(self) -> float:
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
    place=50,
    needs=(ADOPTION, ROWS, REFITS),
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
    study = study_of(fit)
    found = _quantities(study, grid)
    whole = found[0]
    verdict: Verdict = REPORTED
    if not whole.clear and _holds_zero(att(fit)):
        verdict = NOT_APPLICABLE
    sentence = _sentence(found, _steps(study)) if whole.clear else _unclear(verdict)
    assert study.fit is not None
    verdict, sentence = cautious(verdict, sentence, study.fit)
    return Finding(verdict, _figure(found), sentence, _evidence(found), "sensitivity")


def _steps(study: Study) -> Array:
    """Sizes of the average effect's steps before adoption, as estimated, outcome units."""
    (process,) = groups_of(study, None, None, "rows").processes
    return np.empty(0) if process is None else np.abs(process.steps.mean(axis=0))


def _unclear(verdict: Verdict) -> Message:
    if verdict == REPORTED:
        return Message(
            "Measured from the last period before adoption, the average effect's interval holds "
            "zero even under parallel trends, so there is nothing to be robust."
        )
    return Message(
        "Measured from the last period before adoption, the average effect's interval holds zero, "
        "as the fit's own does: no effect is claimed that could fall."
    )


def _sentence(found: list[_Quantity], steps: Array) -> Message:
    whole = found[0]
    if np.isinf(whole.breakdown):
        return Message(
            "The average effect stands whatever multiple of the largest change before adoption "
            "({:.2g}) trends move apart by after it.",
            whole.step,
        )
    return joined([
        Message(
            "The average effect stands as long as trends after adoption move apart, from one "
            "period to the next, by at most {:.2f} times the largest change before it ({:.2g}): "
            "by {:.2g} a period, in outcome units; beyond that its region holds zero.",
            whole.breakdown,
            whole.step,
            whole.bearable),
        _beside(int((steps > whole.bearable).sum()), steps.size),
        _weakest(found),
    ])  # fmt: skip


def _beside(larger: int, number: int) -> Message:
    """Put that size beside the panel's own steps."""
    if larger == 0:
        return Message("None of the {} changes before adoption was that large.", number)
    return Message(
        "Of the {} changes before adoption {n} was larger than that.",
        number,
        plural="Of the {} changes before adoption {n} were larger than that.",
        n=larger,
    )


def _weakest(found: list[_Quantity]) -> Message:
    """Name the level whose effect falls first, where it falls before the average."""
    levels = [one for one in found if one.kind == "level" and one.clear]
    least = min(levels, key=lambda one: one.breakdown, default=None)
    if least is None or least.breakdown >= found[0].breakdown:
        return NOTHING
    return Message(
        "The effect in {} bears the least: {:.2f} times its own largest change ({:.2g}).",
        least.label,
        least.breakdown,
        least.step,
    )


def _figure(found: list[_Quantity]) -> Message:
    parts = []
    for one in found:
        kind = Message(", own") if one.kind == "own" else ""
        zero = "" if one.clear else Message(" (its interval holds zero)")
        endless = Message("any number of")
        size = Message("{:.2f}", one.breakdown)
        if np.isinf(one.breakdown):
            size = endless
        elif one.kind == "overall" and one.clear:
            size = Message("{:.2f} ({:.2g} a period)", one.breakdown, one.bearable)
        parts.append(Message("{}{} {}{}", one.label, kind, size, zero))
    return Message("breakdown M̄: {}", separated(parts))


def _quantities(study: Study, grid: Sequence[float] | None) -> list[_Quantity]:
    """Regions of the average effect, of every level, and of contrasts bounded both ways."""
    found = [_Quantity(OVERALL, "", "overall", regions_of(study, grid=grid))]
    for factor in schema.factors(study.effects):
        try:
            by = regions_of(study, by=factor, grid=grid)
        except StudyError:
            continue
        known = [x for x in by[factor].to_numpy() if not np.isnan(by["estimate"].sel({factor: x}))]
        if len(known) < 2:
            continue
        for level in known:
            one = by.sel({factor: level}, drop=True)
            found.append(_Quantity(text(level), factor, "level", one))
        if len(known) > _CONTRASTED:
            continue
        for a, b in combinations(known, 2):
            for kind in ("difference", "own"):
                found += _contrast(study, factor, (a, b), kind, grid)
    order = {"overall": 0, "level": 1, "difference": 2, "own": 2}
    return sorted(found, key=lambda one: order[one.kind])


def _contrast(
    study: Study, factor: str, pair: tuple[Any, Any], kind: Any, grid: Sequence[float] | None
) -> list[_Quantity]:
    try:
        regions = regions_of(study, {factor: pair[0]}, minus=pair[1], contrast=kind, grid=grid)
    except StudyError:
        # The two have no step before adoption in common.
        return []
    label = str(regions["contrast"].item())
    return [_Quantity(label, factor, kind, regions.drop_vars("contrast"))]


def _evidence(found: list[_Quantity]) -> xr.Dataset:
    together = xr.concat(
        [one.regions for one in found],
        dim="quantity",
        data_vars="all",
        coords="minimal",
        compat="override",
        join="exact",
        combine_attrs="override",
    )
    bearable = np.array([one.bearable for one in found])
    together = together.assign(bearable=("quantity", bearable))
    coords = {
        name: ("quantity", np.asarray([getattr(one, name) for one in found], dtype=str))
        for name in ("label", "factor", "kind")
    }
    return together.assign_coords(coords).assign_attrs(labels(one.label for one in found))


def _holds_zero(draws: xr.DataArray) -> bool:
    tail = (1 - _PROB) / 2
    low, high = np.quantile(draws.transpose(*v.SAMPLE_DIMS).to_numpy(), [tail, 1 - tail])
    return bool(low <= 0 <= high)
