"""Check of parallel trends before adoption."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import Hint
from bayes_nqp._core.hints import Code
from bayes_nqp._core.i18n import (
    NOTHING,
    Message,
    Numeral,
    advised,
    detailed,
    figures,
    joined,
    listed,
    separated,
    unadvised,
)
from bayes_nqp.checks.model import evenly
from bayes_nqp.checks.shared import (
    AS_FITTED,
    DOUBT,
    FAILS,
    HOLDS,
    REPORTED,
    UNTOLD,
    Finding,
    Guide,
    Verdict,
    asks,
    called,
    ladder,
    unmarked,
    with_sd,
    worst_of,
)
from bayes_nqp.checks.trends._bayes_factor import BayesFactor
from bayes_nqp.checks.trends._candidates import Evidence, chosen, own_leads
from bayes_nqp.checks.trends._family_evidence import (
    PASSED,
    REJECTED,
    FamilyEvidence,
    family_evidence,
)
from bayes_nqp.checks.trends._near_slope import near_slope
from bayes_nqp.checks.trends._parallel import Judgement, Parted, PreTrend, parted
from bayes_nqp.checks.trends._recommended_specification import next_step
from bayes_nqp.checks.trends._trend_evidence import (
    APART,
    CHOSEN,
    DIPPING,
    SHIFTING,
    WITH_DIFFERENTIAL_TRENDS,
)
from bayes_nqp.effects.estimands import att, by_event_time, text
from bayes_nqp.inference.fitting import ADOPTION, REFITS, ROWS, Fit
from bayes_nqp.model.designs import AshenfelterDip, DifferentialTrends

_DOUBT, _FAILS = 0.05, 0.01
"""Tail probabilities of the free pre-adoption coefficients for caution and failure."""
_STATED: Final = {
    "drift": (WITH_DIFFERENTIAL_TRENDS, Message("the differential trend")),
    "dip": (DIPPING, Message("the dip")),
    "shift": (SHIFTING, Message("the level shift")),
}
"""Assumptions about treated units before adoption, by role: a sentence and a name."""


@asks(
    "Did treated and untreated units move in parallel before adoption?",
    "pre-trends",
    place=30,
    needs=(ADOPTION, ROWS, REFITS),
    assumption=True,
    guide=Guide(
        statistic=Message(
            "Posterior probability of parallel trends on untreated observations; joint test that "
            "all pre-adoption coefficients are zero; test of a linear differential pre-trend, "
            "overall and by stratum."
        ),
        thresholds=Message(
            "Passed: P(parallel trends) ≥ {0:.2g} and neither test rejects. Failed: "
            "P(parallel trends) < {1:.2g}, or a test rejects at {2:.0%} (shared by the two). "
            "Caution: only one stratum diverged, or a selection of all treated units at one date "
            "is favoured. Otherwise inconclusive.",
            PASSED,
            REJECTED,
            _DOUBT,
        ),
        failure=Message(
            "Treated and untreated units diverged before adoption, so the average effect includes "
            "the continued divergence."
        ),
        remedy=Message(
            "report the model average, and compare the assumptions with {}",
            Code('nqp.check(fit, "assumptions")', '[checks] run = ["assumptions"]'),
        ),
        code='nqp.check(fit, "assumptions")\naverage = nqp.model_average(fit)\nnqp.att(average)',
        literature="Roth (2022); Rambachan and Roth (2023)",
        limits=Message(
            "The check cannot detect a divergence that begins with adoption, nor one that is "
            "smaller than the detectable slope in the key figure."
        ),
    ),
)
def pretrends(fit: Fit) -> Finding:
    """Test parallel trends by their posterior probability, pre-adoption coefficients and a slope.

    The check passes if the posterior probability of parallel trends is 0.7 or more, at the default
    prior of `model_average`, and neither coefficients nor slope reject. It fails if that
    probability is below 0.05, or if coefficients or slope reject. The verdict is caution if only
    one stratum diverged: its log Bayes factor of parallel over differential trends is below minus
    the log of the number of strata, or its coefficients reject. It is also caution if untreated
    observations favour a selection of all treated units at one date, which the model average does
    not include. Otherwise it is inconclusive. The next step is the design that explains the periods
    before adoption best, unless its coefficients or a placebo reject it. For a design with
    differential trends, a dip or a level shift, the numbers are reported, and the coefficients just
    before adoption can reject it.

    Pre-adoption coefficients of all cohorts are averaged by event time, with the last period before
    adoption (or before anticipation) as their reference. The tail probability of zero is that of
    values farther from the posterior mean than zero, in the metric of the posterior covariance.
    A second fit has a slope of treated units in every stratum in place of coefficients. Both tests
    share a level of 5 %; all levels of all factors share 2 %.

    If units near treated ones receive spillovers, a third fit has a slope over time of
    never-treated units, by proximity. Spillovers begin with exposure and do not affect this slope.
    The verdict is at best caution if zero has a tail probability below 2 %, and failed below 0.5 %.

    If changes of untreated observations show another error variance of treated units (tail
    probability below 0.001), all fits use `Heteroskedastic` errors.
    """
    weights = evenly(fit)
    fit = weights.fit
    parts = parted(fit)
    judged, factors, families = parts.judged, parts.trend_evidence, family_evidence(fit)
    apart = [x.stratum for x in factors.strata if x.stratum and x.verdict in (DOUBT, FAILS)]
    verdict = worst_of([judged.tested, families.verdict, DOUBT if apart else HOLDS])
    words = [*_findings(parts, families, apart), detailed(_prolonged(judged, called(fit)))]
    stated = next((role for role in _STATED if fit.facts.has(role)), None)
    if stated is not None:
        statement, name = _STATED[stated]
        if dip := fit.facts.term(AshenfelterDip):
            statement = (CHOSEN if dip.at_once else DIPPING).fill(n=dip.periods)
        verdict, near = _near_adoption(own_leads(fit), name)
        beside = advised(
            Message(
                "Next: compare with a fit with {} in the design.",
                Hint("trends", DifferentialTrends()),
            )
        )
        words = [statement, near, NOTHING if stated == "drift" else beside]
    elif not fit.facts.parallel:
        beside = advised(
            Message(
                "Next: compare with a fit with {} in the design.",
                Hint("trends", DifferentialTrends()),
            )
        )
        verdict, words = UNTOLD, [APART, beside]
    elif verdict != HOLDS and (other := chosen(fit)) is not None:
        words.append(detailed(_preferring(fit, other)))
        verdict = DOUBT if verdict == UNTOLD else verdict
    if fit.facts.parallel or stated is not None:
        words.append(next_step(fit, verdict))
    receiving = near_slope(fit)
    if receiving is not None:
        before, verdict = verdict, receiving.worse(verdict)
        if (drifting := receiving.words) is not None:
            first, second = (words, [drifting]) if verdict == before else ([drifting], words)
            words = [*first, detailed(unadvised(joined(second)))]
    sentence = joined([*words, detailed(unmarked(weights.words))])
    figures = (families.figure if fit.facts.parallel else NOTHING, _figure(judged))
    figure = separated(found for found in figures if found)
    evidence = _evidence(parts).merge(_of_factors(factors.factors))
    evidence.attrs |= {f"probability_{name}": p for name, p in families.posterior.items()}
    if receiving is not None:
        evidence.attrs["near_tail_probability"] = receiving.tail
    return Finding(verdict, figure, sentence, evidence, "event_study", parts.worst)


def _findings(parts: Parted, families: FamilyEvidence, apart: list[str]) -> Iterator[Message]:
    """Yield the deciding finding first, then the results of the other tests."""
    judged = parts.judged
    tail, detectable = judged.total.tail, Numeral(f"{judged.total.detectable:.2g}")
    compatible = Message(
        "The pre-adoption coefficients and a linear pre-trend are jointly compatible with zero "
        "(p {}).",
        _p(tail),
    )
    strata = list(dict.fromkeys([*judged.apart, *apart]))
    alone = Message(
        "Treated and untreated units diverged before adoption in {}, but not on average.",
        listed(strata, 4),
    )
    if judged.tested == FAILS:
        yield _moved_apart(judged, listed(_clearest(judged), 4))
        yield families.probabilities
    elif families.verdict == FAILS:
        yield families.sentence
        yield detailed(_source(parts.leads))
        yield alone if strata else compatible
    elif strata:
        yield families.sentence
        yield alone
    elif families.verdict == HOLDS:
        yield families.sentence
        yield compatible
    else:
        yield families.sentence
        yield Message(
            "The pre-adoption coefficients and a linear pre-trend are jointly compatible with zero "
            "(p {}), but a differential trend smaller than {} a period may go undetected (power "
            "below 80 %).",
            _p(tail),
            detectable,
        )


def _source(leads: xr.Dataset) -> Message:
    """Return the cohort and event time with the coefficient farthest from zero."""
    every = att(leads, [v.COHORT, v.EVENT_TIME])
    draws = every.transpose(v.COHORT, ..., v.EVENT_TIME)
    z = np.abs((draws.mean(v.SAMPLE_DIMS) / draws.std(v.SAMPLE_DIMS)).to_numpy())
    if not np.isfinite(z).any():
        return NOTHING
    by_cohort = np.nanmax(np.where(np.isfinite(z), z, -np.inf), axis=1)
    cohort = int(np.argmax(by_cohort))
    time = int(np.nanargmax(np.where(np.isfinite(z[cohort]), z[cohort], -np.inf)))
    return Message(
        "The largest pre-adoption difference is that of cohort {} at event time {} ({:.1f} SDs "
        "from zero).",
        text(draws[v.COHORT].to_numpy()[cohort]),
        int(draws[v.EVENT_TIME].to_numpy()[time]),
        float(z[cohort, time]),
    )


def _preferring(fit: Fit, other: Evidence) -> Message:
    """Return the selection that untreated observations favour, and its alternative."""
    speaks = Message(
        "Untreated observations favour {}: log Bayes factor over parallel trends {:.1f}.",
        other.candidate.name,
        other.value,
    )
    choice = Message(
        "If units were selected in this way, use {}; a business cycle of the treated units would "
        "look the same.",
        other.candidate.hint(fit),
    )
    return joined([speaks, choice])


def _near_adoption(tail: float, beside: Message) -> tuple[Verdict, Message]:
    """Return verdict and finding about a design by its free pre-adoption coefficients."""
    against = ladder(fails=tail < _FAILS, doubt=tail < _DOUBT)
    if against != HOLDS:
        return against, Message(
            "Net of {0}, the coefficients of the last periods before adoption differ from zero "
            "(p = {1:.2g}), so the model does not describe these periods.",
            beside,
            tail,
        )
    if np.isnan(tail):
        return REPORTED, NOTHING
    return REPORTED, Message(
        "Net of {0}, the coefficients of the last periods before adoption are compatible with zero "
        "(p = {1:.2g}).",
        beside,
        tail,
    )


def _figure(judged: Judgement) -> Message:
    total, joint = judged.total, judged.total.joint
    figure = Message(
        "p of zero: coefficients {}, slope {}, together {}; slope {} ± {} a period, detectable "
        "{:.2g}; effect net of it {} ± {}",
        _chance(joint.tail),
        _chance(total.slope_tail),
        _chance(total.tail),
        *with_sd(total.slope),
        total.detectable,
        *with_sd(judged.adjusted),
    )
    if not judged.levels:
        return figure
    lowest = min(judged.levels, key=lambda name: judged.levels[name].tail)
    return Message(
        "{}; lowest p by stratum {} ({})",
        figure,
        _chance(judged.levels[lowest].tail),
        lowest,
    )


def _moved_apart(judged: Judgement, apart: Message) -> Message:
    """Return the form of the divergence before adoption: linear, or another pattern."""
    total = judged.total
    clearest = Message(", most clearly in {}", apart) if apart else ""
    if total.slope_tail > _DOUBT:
        return Message(
            "The joint test of the pre-adoption coefficients rejects parallel trends (p {1}){0}, "
            "without a linear pattern.",
            clearest,
            _p(total.joint.tail),
        )
    return Message(
        "Treated units already diverged linearly before adoption, by {:.2g} a period (SD "
        "{:.1g}){}.",
        total.slope.mean(),
        total.slope.std(),
        clearest,
    )


def _clearest(judged: Judgement) -> list[str]:
    """Return the strata that diverged, without factors of which every level did."""
    factors = {name: name.partition(" = ")[0] for name in judged.levels}
    differing = {factor for name, factor in factors.items() if name not in judged.apart}
    return [name for name in judged.apart if factors[name] in differing]


def _prolonged(judged: Judgement, name: Message) -> Message:
    """Return the average effect net of a continued linear trend."""
    adjusted, effect = (float(x.mean()) for x in (judged.adjusted, judged.effect))
    sd, whose = float(judged.adjusted.std()), "" if name == AS_FITTED else Message(" ({})", name)
    then, spread, now = (figures(x, sd) for x in (adjusted, sd, effect))
    if f"{adjusted:.2g}" == f"{effect:.2g}":
        return Message(
            "Net of a linear pre-trend, the average effect is the same as fitted: {} (SD {}){}.",
            now,
            spread,
            whose,
        )
    return Message(
        "Net of a linear pre-trend, the average effect is {} (SD {}); as fitted, it is {}{}.",
        then,
        spread,
        now,
        whose,
    )


def _evidence(parts: Parted) -> xr.Dataset:
    """Return leads and effects of the lead fit by event time, and slopes, overall and by factor."""
    judged, total = parts.judged, parts.judged.total
    variables = _by_time(parts.leads, parts.lead_fit, None)
    for factor in schema.factors(parts.leads):
        variables |= _by_time(parts.leads, parts.lead_fit, factor)
    evidence = xr.Dataset(variables, attrs=judged.effect.attrs)
    evidence["slope"] = ("slope_draw", total.slope)
    if judged.levels:
        evidence = evidence.merge(_by_level(judged.levels, total.slope.size))
    return evidence.assign_coords({v.GATE: str(parts.worst.gate)}).assign_attrs(
        tail_probability=total.joint.tail,
        slope_tail_probability=total.slope_tail,
        bound=total.joint.bound,
        inside=total.joint.inside,
        slope=float(total.slope.mean()),
        slope_sd=float(total.slope.std()),
        detectable=total.detectable,
        reference=parts.reference,
        within=judged.within,
        att=float(judged.effect.mean()),
        att_adjusted=float(judged.adjusted.mean()),
        att_adjusted_sd=float(judged.adjusted.std()),
    )


def _by_time(leads: xr.Dataset, fit: Fit, factor: str | None) -> dict[str, object]:
    """Return leads and effects by event time, with their numbers of observations and units."""
    end, after = "" if factor is None else f"_{factor}", f"{v.EVENT_TIME}_after"
    before, effect = by_event_time(leads, factor), by_event_time(fit, factor)
    if factor is not None:
        before, effect = xr.align(before, effect, join="left", exclude=[v.EVENT_TIME])
    effect = effect.rename({v.EVENT_TIME: after})
    return {
        f"lead{end}": before.reset_coords(drop=True),
        f"rows_lead{end}": (before.dims[2:], before[v.ROWS].to_numpy()),
        f"units_lead{end}": (before.dims[2:], before[v.UNITS].to_numpy()),
        f"units_effect{end}": (effect.dims[2:], effect[v.UNITS].to_numpy()),
        f"effect{end}": effect.reset_coords(drop=True),
    }


def _by_level(levels: dict[str, PreTrend], number: int) -> xr.Dataset:
    """Return slopes and tail probabilities of every level, with equal numbers of draws."""
    slopes = [
        level.slope[np.linspace(0, level.slope.size - 1, number).astype(np.int64)]
        for level in levels.values()
    ]
    numbers = {
        "tail_probability": [level.joint.tail for level in levels.values()],
        "slope_tail_probability": [level.slope_tail for level in levels.values()],
        "inside": [level.joint.inside for level in levels.values()],
        "bound": [level.joint.bound for level in levels.values()],
        "detectable": [level.detectable for level in levels.values()],
    }
    return xr.Dataset(
        {
            "slope_by_level": (("stratum_level", "slope_draw"), np.stack(slopes)),
            **{f"{name}_by_level": ("stratum_level", x) for name, x in numbers.items()},
        },
        coords={"stratum_level": np.asarray(list(levels), dtype=str)},
    )


def _of_factors(rows: Sequence[BayesFactor]) -> xr.Dataset:
    """Return log Bayes factors by stratum and error structure."""
    return xr.Dataset(
        {
            "log_bayes_factor": ("factor", [x.value for x in rows]),
            "log_bayes_factor_error": ("factor", [x.error for x in rows]),
        },
        coords={
            "factor_stratum": ("factor", np.array([x.stratum for x in rows], dtype=str)),
            "factor_errors": ("factor", np.array([x.errors for x in rows], dtype=str)),
        },
    )


def _event(event_time: int) -> Message:
    return Message("{}", event_time)


def _p(value: float) -> Numeral:
    """Format a p-value with its relation sign."""
    shown = _chance(value)
    return shown if shown.startswith("<") else Numeral(f"= {shown}")


def _chance(value: float) -> Numeral:
    return Numeral(
        "< 0.001" if value < 0.001 else f"{value:.2f}" if value >= 0.01 else f"{value:.3f}"
    )
