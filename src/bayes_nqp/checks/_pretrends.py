"""Whether treated and untreated units moved in parallel before adoption."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp import schema
from bayes_nqp import vocabulary as v
from bayes_nqp.checks._refit import cautious, panel_of, refit, staggered
from bayes_nqp.checks._result import (
    DOUBT,
    FAILS,
    HOLDS,
    Finding,
    NotApplicable,
    Verdict,
    asks,
)
from bayes_nqp.effects import lead_effects
from bayes_nqp.errors import shown
from bayes_nqp.estimands import att
from bayes_nqp.pooling import Separate
from bayes_nqp.terms.time_effects import TimeEffects

if TYPE_CHECKING:
    from bayes_nqp.designs import StaggeredDiD
    from bayes_nqp.fitting import Fit
    from bayes_nqp.panel import Panel

__all__ = ["lead_design", "leads_of", "pretrends"]

Array = npt.NDArray[np.float64]

_SMALL, _POWER = 0.05, 2.8
"""Tail probability that counts as small; sd's of a trend found four times out of five."""


@dataclass(frozen=True, slots=True, eq=False)
class _Joint:
    """What the joint posterior of the leads says."""

    tail: float
    inside: float
    bound: float
    slope: float
    slope_sd: float
    well: npt.NDArray[np.bool_]

    @property
    def trending(self) -> bool:
        return abs(self.slope) > 1.96 * self.slope_sd


@asks("Did treated and untreated units move in parallel before adoption?")
def pretrends(fit: Fit) -> Finding:
    """Judge flat, unshrunk leads of a separate fit by their joint posterior.

    Leads of all cohorts are averaged by event time, with event time −1 as their reference.
    The tail probability of zero is the posterior probability of values farther from the mean
    than zero is, in the metric of the posterior covariance. The bound is the larger of the
    average effect's size and twice its posterior sd; it is asked of the event times for which
    at least half as many rows are there as for the fullest. The trend is the slope of the line
    through event time −1 that fits the leads best in that metric. Every level of every factor
    is judged too, at a threshold divided by their number.
    """
    design = lead_design(staggered(fit), panel_of(fit))
    leads_fit = refit(fit, design)
    if "leads" not in leads_fit.tree.children:
        raise NotApplicable("No cohort is observed for two periods before adoption.")
    leads = lead_effects(leads_fit)
    average = att(leads, v.EVENT_TIME)
    overall = att(fit)
    bound = max(abs(float(overall.mean())), 2 * float(overall.std()))
    joint = _joint(average, bound)
    levels = _levels(leads, bound)
    apart = [name for name, one in levels.items() if one.tail < _SMALL / len(levels)]
    first = int(average[v.EVENT_TIME][joint.well].min())
    verdict: Verdict = HOLDS
    if apart or joint.trending or joint.inside < 0.5:
        verdict = DOUBT
    if joint.tail < _SMALL:
        verdict = FAILS
    figure = (
        f"tail probability of zero {_chance(joint.tail)}; "
        f"P(all |leads| < {bound:.3g} from {first} on) = {_chance(joint.inside)}; "
        f"trend {joint.slope:.3g} ± {joint.slope_sd:.2g} a period"
    )
    if levels:
        lowest = min(levels, key=lambda name: levels[name].tail)
        figure += f"; lowest tail probability by stratum {_chance(levels[lowest].tail)} ({lowest})"
    evidence = _evidence(leads_fit, leads, average, joint, levels)
    verdict, sentence = cautious(verdict, _sentence(verdict, joint, apart), leads_fit)
    return Finding(verdict, figure, sentence, evidence, "event_study")


def lead_design(design: StaggeredDiD, panel: Panel) -> StaggeredDiD:
    """Turn a design into its lead fit: flat leads and effects, never-treated controls.

    Parameters
    ----------
    design : StaggeredDiD
    panel : Panel

    Returns
    -------
    StaggeredDiD
        With the time effects of the design.
    """
    time = design.time or TimeEffects(design.time_strata(panel))
    return design.replace(effect=Separate(varying=None), controls="never", time=time)


def leads_of(evidence: xr.Dataset, factor: str | None = None) -> xr.DataArray | None:
    """Take the leads out of the evidence of this check.

    Parameters
    ----------
    evidence : Dataset
    factor : str, optional
        By which they are told apart; averages over all strata by default.

    Returns
    -------
    DataArray (chain, draw, ..., event_time), outcome units, or None
        With the coordinate ``rows``; None if the evidence has none by that factor.
    """
    name = "lead" if factor is None else f"lead_{factor}"
    if name not in evidence:
        return None
    counts = evidence[f"rows_{name}"]
    return evidence[name].assign_coords({v.ROWS: (counts.dims, counts.to_numpy())})


def _joint(leads: xr.DataArray, bound: float) -> _Joint:
    event_time = leads[v.EVENT_TIME].to_numpy().astype(float)
    draws = leads.transpose(*v.SAMPLE_DIMS, v.EVENT_TIME).to_numpy().reshape(-1, event_time.size)
    mean = draws.mean(axis=0)
    precision = np.linalg.pinv(np.atleast_2d(np.cov(draws, rowvar=False)), hermitian=True)

    def distance(x: Array) -> Array:
        return np.asarray(np.einsum("...i,ij,...j->...", x, precision, x))

    rows = leads[v.ROWS].to_numpy()
    well = rows >= 0.5 * rows.max()
    span = event_time + 1.0
    weights = precision @ span / (span @ precision @ span)
    slopes = draws @ weights
    return _Joint(
        tail=float((distance(draws - mean) >= distance(mean)).mean()),
        inside=float((np.abs(draws[:, well]) < bound).all(axis=1).mean()),
        bound=bound,
        slope=float(slopes.mean()),
        slope_sd=float(slopes.std()),
        well=well,
    )


def _levels(leads: xr.Dataset, bound: float) -> dict[str, _Joint]:
    """Judge every level of every factor by itself."""
    found = {}
    for factor in schema.factors(leads):
        draws = att(leads, [factor, v.EVENT_TIME])
        if draws.sizes[factor] < 2:
            continue
        for level in draws[factor].to_numpy():
            one = draws.sel({factor: level})
            one = one.isel({v.EVENT_TIME: ~np.isnan(one.isel(chain=0, draw=0).to_numpy())})
            found[f"{factor} = {level}"] = _joint(one, bound)
    return found


def _sentence(verdict: Verdict, joint: _Joint, apart: list[str]) -> str:
    if verdict == FAILS:
        return (
            "Before adoption the treated already moved apart from the never treated: zero leads "
            "are far out in their joint posterior, so later differences are not all effect."
        )
    detectable = f"{_POWER * joint.slope_sd:.2g} a period"
    if verdict == HOLDS:
        return (
            "The leads are near zero and smaller than the effect; a differential trend of "
            f"{detectable} would have been seen four times out of five."
        )
    if apart:
        return (
            f"On average the leads are compatible with zero, but not in {shown(apart, 4)}: there "
            "the treated moved apart from the never treated before adoption."
        )
    if joint.trending:
        return (
            f"Jointly the leads are compatible with zero, but they lie along a trend of "
            f"{joint.slope:.2g} a period."
        )
    return (
        "The leads are compatible with zero but too uncertain to rule out differences as large "
        f"as the effect; only a trend beyond {detectable} would have been seen four times out "
        "of five."
    )


def _evidence(
    leads_fit: Fit,
    leads: xr.Dataset,
    average: xr.DataArray,
    joint: _Joint,
    levels: dict[str, _Joint],
) -> xr.Dataset:
    """Leads and effects of the lead fit by event time, overall and by every factor."""
    both = {"lead": average, "effect": att(leads_fit, v.EVENT_TIME)}
    for factor in schema.factors(leads):
        both[f"lead_{factor}"] = att(leads, [factor, v.EVENT_TIME])
    rows = {
        f"rows_{name}": (draws.dims[2:], draws[v.ROWS].to_numpy())
        for name, draws in both.items()
        if name != "effect"
    }
    parts = {
        name: draws.reset_coords(drop=True).rename({v.EVENT_TIME: f"{v.EVENT_TIME}_after"})
        if name == "effect"
        else draws.reset_coords(drop=True)
        for name, draws in both.items()
    }
    evidence = xr.Dataset({**parts, **rows}, attrs=average.attrs)
    evidence = evidence.assign_coords({v.GATE: str(leads_fit.gate)})
    if levels:
        named = np.asarray(list(levels), dtype=str)
        tails = [one.tail for one in levels.values()]
        evidence = evidence.assign_coords(stratum_level=named)
        evidence["tail_probability_by_level"] = ("stratum_level", tails)
    return evidence.assign_attrs(
        tail_probability=joint.tail, bound=joint.bound, inside=joint.inside, slope=joint.slope,
        slope_sd=joint.slope_sd,
    )  # fmt: skip


def _chance(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.2f}" if value >= 0.01 else f"{value:.3f}"
