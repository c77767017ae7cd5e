"""Whether the effect survives violations of parallel trends like those before adoption."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from bayes_nqp import schema
from bayes_nqp import vocabulary as v
from bayes_nqp.checks._labels import labelled
from bayes_nqp.checks._refit import cautious
from bayes_nqp.checks._result import (
    DOUBT,
    FAILS,
    HOLDS,
    NOT_APPLICABLE,
    Finding,
    Verdict,
    asks,
)
from bayes_nqp.checks._said import Said, listed, said, separated
from bayes_nqp.checks.robust import Study
from bayes_nqp.checks.robust import sensitivity as regions_of
from bayes_nqp.checks.robust._study import study_of
from bayes_nqp.errors import StudyError
from bayes_nqp.estimands import att, text

if TYPE_CHECKING:
    from bayes_nqp.fitting import Fit

_ENOUGH, _LITTLE = 1.0, 0.5
"""Breakdown M̄ from which the effect holds, and below which it fails."""
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
    def clear(self) -> bool:
        """Whether the interval under parallel trends excludes zero."""
        low, high = (float(self.regions[f"original_{end}"]) for end in ("lower", "upper"))
        return not low <= 0 <= high


@asks("Would the effect survive violations of parallel trends like those before adoption?")
def sensitivity(fit: Fit, *, grid: Sequence[float] | None = None) -> Finding:
    """Find the size of violations that would undo the average effect, and each level's.

    Violations are bounded by relative magnitudes: from one period to the next they are at most
    M̄ times the largest step before adoption. Everything is measured by the lead fit. The
    verdict is that of the average effect: it holds if the robust 95 % region excludes zero at
    M̄ = 1, fails if it no longer does at M̄ = .5, and is in doubt between the two. Should the
    interval of the lead fit itself hold zero, there is nothing to be robust: that is in doubt if
    the fit claims an effect, and not applicable if it claims none. A level that has an effect
    but loses it below M̄ = .5 lowers "holds" to "in doubt". Contrasts are reported, bounded both
    ways, and lower nothing.

    Parameters
    ----------
    fit : Fit
    grid : sequence of float, optional
        M̄; from 0 to 2 by default.
    """
    study = study_of(fit)
    found = _quantities(study, grid)
    whole = found[0]
    claims = not _holds_zero(att(fit))
    weak = [
        one.label
        for one in found[1:]
        if one.kind == "level" and one.clear and one.breakdown < _LITTLE
    ]
    verdict = _verdict(whole, weak, claims)
    sentence = _sentence(whole, weak, verdict, claims)
    assert study.fit is not None
    verdict, sentence = cautious(verdict, sentence, study.fit)
    return Finding(verdict, _figure(found), sentence, _evidence(found), "sensitivity")


def _verdict(whole: _Quantity, weak: list[str], claims: bool) -> Verdict:
    if not whole.clear:
        return DOUBT if claims else NOT_APPLICABLE
    if whole.breakdown < _LITTLE:
        return FAILS
    return DOUBT if whole.breakdown < _ENOUGH or weak else HOLDS


def _sentence(whole: _Quantity, weak: list[str], verdict: Verdict, claims: bool) -> Said:
    if not whole.clear:
        if claims:
            return Said(
                "Measured from the last period before adoption, the average effect's interval "
                "holds zero even under parallel trends, so there is nothing to be robust.",
                "以政策实施前最后一期为基期，平均效应的区间即使在平行趋势下也含零，"
                "因而谈不上稳健与否。",
            )
        return Said(
            "Measured from the last period before adoption, the average effect's interval holds "
            "zero, as the fit's own does: no effect is claimed that could fall.",
            "以政策实施前最后一期为基期，平均效应的区间含零，与基准模型一致："
            "本未得出效应，也就无从推翻。",
        )
    size = _times(whole.breakdown)
    step = said(
        "the largest change from one period to the next before adoption ({})",
        "政策实施前最大逐期变化（{}）",
        _step(whole),
    )
    if verdict == FAILS:
        return said(
            "Violations of parallel trends of only {} times {} would undo the average effect: "
            "those seen before adoption were larger.",
            "对平行趋势的偏离只需达到{1}的 {0} 倍，就会推翻平均效应：政策实施前的偏离比这更大。",
            size,
            step,
        )
    also = said(
        "; in {} less than half of it would be enough",
        "；偏离尚不及该变化的一半时，{} 的效应即被推翻",
        listed(weak, 4),
    )
    if np.isinf(whole.breakdown):
        chinese = "无论偏离为{1}的多少倍，平均效应的区间均不含零{2}。"
    elif whole.breakdown < _ENOUGH:
        chinese = "偏离不超过{1}的 {0} 倍时，平均效应的区间不含零；偏离与之相当时则含零{2}。"
    else:
        chinese = "偏离不超过{1}的 {0} 倍时，平均效应的区间均不含零{2}。"
    less = ", but not for violations as large as that" if whole.breakdown < _ENOUGH else ""
    return said(
        f"The average effect excludes zero for violations of up to {{}} times {{}}{less}{{}}.",
        chinese,
        size,
        step,
        also if weak else "",
    )


def _step(one: _Quantity) -> str:
    return f"{float(one.regions['largest_step']):.2g}"


def _times(value: float) -> str:
    return "any number of" if np.isinf(value) else f"{value:.2f}"


def _figure(found: list[_Quantity]) -> Said:
    parts = []
    for one in found:
        kind = Said(", own", "（各自约束）") if one.kind == "own" else ""
        zero = "" if one.clear else Said(" (its interval holds zero)", "（其区间含零）")
        endless = Said("any number of", "无上限")
        size = endless if np.isinf(one.breakdown) else _times(one.breakdown)
        label = labelled(one.label) if one.kind == "overall" else one.label
        parts.append(said("{}{} {}{}", "{}{} {}{}", label, kind, size, zero))
    return said("breakdown M̄: {}", "临界值 M̄：{}", separated(parts))


def _quantities(study: Study, grid: Sequence[float] | None) -> list[_Quantity]:
    """Regions of the average effect, of every level, and of contrasts bounded both ways."""
    found = [_Quantity("overall", "", "overall", regions_of(study, grid=grid))]
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
    coords = {
        name: ("quantity", np.asarray([getattr(one, name) for one in found], dtype=str))
        for name in ("label", "factor", "kind")
    }
    return together.assign_coords(coords)


def _holds_zero(draws: xr.DataArray) -> bool:
    tail = (1 - _PROB) / 2
    low, high = np.quantile(draws.transpose(*v.SAMPLE_DIMS).to_numpy(), [tail, 1 - tail])
    return bool(low <= 0 <= high)
