"""Contrasts between groups under alternative specifications."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import xarray as xr

from bayes_nqp._core.i18n import NOTHING, Message
from bayes_nqp.checks.shared import DOUBT, FAILS, CheckResult, texts_of
from bayes_nqp.effects.estimands import text


@dataclass(frozen=True, slots=True)
class AlternativeContrast:
    """A contrast between groups under an alternative specification.

    Parameters
    ----------
    check : str
        Name of the check that computed it.
    choice : Message
        The alternative choice; empty if the draws of the check are not available.
    p_positive : float
        Probability of a positive difference; one half if it is not available.
    less_data : bool, default False
        True if it is less precise by design.
    """

    check: str
    choice: Message
    p_positive: float
    less_data: bool = False


def alternative_contrasts_of(
    results: Iterable[CheckResult], factor: str, first: object, second: object
) -> tuple[AlternativeContrast, ...]:
    """Return the contrast of two levels under the alternative specifications of checks.

    Parameters
    ----------
    results : iterable of CheckResult
        Results of checks. "time_effects" contains every contrast with other time effects, and
        "trend_sensitivity" that of the lead fit.
    first, second : object
        The two levels.

    Returns
    -------
    tuple of AlternativeContrast
        The lead fit has one reference period and is less precise. Time effects that the data reject
        are excluded.
    """
    pair, every = (text(first), text(second)), []
    for result in results:
        if result.name == "time_effects":
            every += [_of_time(result, factor, pair)]
        elif result.name == "trend_sensitivity" and isinstance(result.evidence, xr.Dataset):
            every += list(_of_leads(result.evidence, factor, pair))
    return tuple(rival for rival in every if rival is not None)


def _of_time(result: CheckResult, factor: str, pair: tuple[str, str]) -> AlternativeContrast | None:
    evidence = result.evidence
    if not isinstance(evidence, xr.Dataset) or "contrast" not in evidence:
        open_ = result.verdict in (DOUBT, FAILS)
        return AlternativeContrast(result.name, NOTHING, 0.5) if open_ else None
    if "refuted" in evidence and bool(evidence["refuted"]):
        return None
    columns = (evidence[name].to_numpy() for name in ("factor", "level", "minus"))
    for k, (name, *levels) in enumerate(zip(*columns, strict=True)):
        if name == factor and sorted(levels) == sorted(pair):
            other = evidence["contrast"].isel(specification=1, pair=k).to_numpy()
            above = float((other > 0).mean())
            choice = Message("time effects {}", texts_of(evidence, "specification")[1])
            return AlternativeContrast(
                result.name, choice, above if levels[0] == pair[0] else 1 - above
            )
    return None


def _of_leads(
    evidence: xr.Dataset, factor: str, pair: tuple[str, str]
) -> Iterator[AlternativeContrast]:
    if not {"original_probability", "factor", "kind", "label"} <= {*map(str, evidence.variables)}:
        return
    names = zip(*(evidence[x].to_numpy() for x in ("factor", "kind", "label")), strict=True)
    for k, (name, kind, label) in enumerate(names):
        forward, backward = (f"{a} − {b}" for a, b in (pair, pair[::-1]))
        if name != factor or kind != "difference" or label not in (forward, backward):
            continue
        above = float(evidence["original_probability"][k])
        if np.isfinite(above):
            choice = Message("the last period before adoption as reference")
            yield AlternativeContrast(
                "trend_sensitivity", choice, above if label == forward else 1 - above, True
            )
