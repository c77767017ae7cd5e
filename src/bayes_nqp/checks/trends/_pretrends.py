"""Whether treated and untreated units moved in parallel before adoption."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import xarray as xr

from bayes_nqp import schema
from bayes_nqp import vocabulary as v
from bayes_nqp.checks.model import evenly
from bayes_nqp.checks.shared import (
    AS_FITTED,
    DOUBT,
    FAILS,
    HOLDS,
    REPORTED,
    UNTOLD,
    Finding,
    Verdict,
    asks,
    called,
    ladder,
    with_sd,
)
from bayes_nqp.checks.trends._bayes_factor import BayesFactor
from bayes_nqp.checks.trends._candidates import CHOICES, Evidence, own_leads, preferred
from bayes_nqp.checks.trends._earned import (
    APART,
    CHOSEN,
    DIPPING,
    DRIFTING,
    SHIFTING,
    figure_of,
)
from bayes_nqp.checks.trends._near_slope import near_slope
from bayes_nqp.checks.trends._next_design import next_step
from bayes_nqp.checks.trends._parallel import Judgement, Parted, PreTrend, parted
from bayes_nqp.designs import DifferentialTrends, Dip
from bayes_nqp.errors import Hint
from bayes_nqp.estimands import by_event_time
from bayes_nqp.fitting import ADOPTION, REFITS, ROWS, Fit
from bayes_nqp.language import (
    NOTHING,
    Message,
    Numeral,
    advised,
    figures,
    joined,
    listed,
    separated,
)

_DOUBT, _FAILS = 0.05, 0.01
"""Tail probabilities of leads beside a drift below which there is doubt, and failure."""
_STATED: Final = {
    "drift": (DRIFTING, Message("the drift")),
    "dip": (DIPPING, Message("the dip")),
    "shift": (SHIFTING, Message("the shift of level")),
}
"""What a design may state of adopters before adoption, by role: in a sentence, and its name."""


@asks(
    "Did treated and untreated units move in parallel before adoption?",
    "pre-trends",
    place=30,
    needs=(ADOPTION, ROWS, REFITS),
    assumption=True,
)
def pretrends(fit: Fit) -> Finding:
    """Judge leads, a differential slope, and evidence for parallel trends against a drift.

    It holds if parallel trends are earned: if in every stratum the log Bayes factor of parallel
    over differential trends, on rows without treatment, is above 4 under the fit's errors and
    richer ones, and leads and slope raise no doubt. It fails if that factor is below -3 under
    both, or by leads and slope. It is in doubt where a factor is below minus the log of the number
    of strata, or leads of a level are far out; else, with no factor, one with a Monte-Carlo error
    above .3, or leads that a trend as large as the effect would not have moved, these data could
    not tell; but where one of the designs of `averaged` without a drift has a log Bayes factor over
    parallel trends above 3 and the log of their number, and its own leads stand, there is doubt.
    Then it names the design that explains the periods before adoption best (docs/truth.md), and
    never one that its own leads or a placebo contradict. A design that lets
    adopters drift assumes no parallel trends: the numbers are reported, and its own leads just
    before adoption can speak against it.

    Leads of all cohorts are averaged by event time, with the last period before adoption (or
    before anticipation) as their reference. The tail probability of zero is that of values
    farther from the posterior mean than zero is, in the metric of the posterior covariance. A
    second fit has, in place of leads, a slope of the ever treated in every stratum; it sees a
    straight trend better, and tells what the effect would be had that trend gone on. They fail
    if zero is far out for either (5 %, shared by the two). They are in doubt if that is so in one
    level of one factor (2 %, shared by all levels), and could not tell if the effect has a sign
    (with probability 95 %) and a trend as the posterior has it would, going on, be as large as the
    effect with a probability of 30 % or more.

    The bound is the larger of the average effect's size and twice its posterior sd; the chance
    that leads lie within it, at the event times for which at least half as many rows are there
    as for the fullest, is told and enters no verdict.

    Where units near adopters receive something, a third fit has a slope over time of never treated
    units, by how near adopters they are. What they receive begins with exposure, and moves no such
    slope: it is in doubt if zero has a tail probability below 2 %, and fails below .5 %; the
    sentence says what effects would be with it.

    Leads rest on the spread of errors. Where steps of untreated rows say that errors of those who
    adopt spread otherwise than those of the others (tail probability below .001), all of this is
    asked of a refit under `Unequal` errors, and the answer says so.
    """
    weights = evenly(fit)
    fit = weights.fit
    parts = parted(fit)
    judged, factors = parts.judged, parts.earned
    verdict, words = parts.verdict, [_sentence(judged, called(fit)), factors.sentence]
    beside = advised(Message("Set it beside {}.", Hint("trends", DifferentialTrends())))
    stated = next((role for role in _STATED if fit.facts.has(role)), None)
    if stated is not None:
        statement, name = _STATED[stated]
        if dip := fit.facts.term(Dip):
            statement = (CHOSEN if dip.at_once else DIPPING).fill(n=dip.periods)
        verdict, near = _near_adoption(own_leads(fit), name)
        words = [statement, near, factors.sentence if stated == "drift" else beside]
    elif not fit.facts.parallel:
        verdict, words = UNTOLD, [APART, beside]
    elif verdict != HOLDS and (other := preferred(fit)) is not None:
        if verdict == UNTOLD or other.candidate in CHOICES:
            words.append(_preferring(fit, other))
        verdict = DOUBT if verdict == UNTOLD else verdict
    if fit.facts.parallel or stated is not None:
        words.append(next_step(fit, verdict))
    receiving = near_slope(fit)
    if receiving is not None:
        verdict, words = receiving.worse(verdict), [*words, receiving.words or NOTHING]
    sentence = joined([*words, weights.words])
    figure = separated([figure_of(factors), _figure(judged)])
    evidence = _evidence(parts).merge(_of_factors(factors.factors))
    if receiving is not None:
        evidence.attrs["near_tail_probability"] = receiving.tail
    return Finding(verdict, figure, sentence, evidence, "event_study", parts.worst)


def _preferring(fit: Fit, other: Evidence) -> Message:
    """Say for what untreated periods speak, and what else would leave the same mark."""
    speaks = Message(
        "Untreated periods speak for {}: log Bayes factor over parallel trends {:.1f}.",
        other.candidate.name,
        other.value,
    )
    if other.candidate not in CHOICES:
        return speaks
    choice = Message(
        "If units were chosen so, {}; a cycle of their own leaves the same mark.",
        other.candidate.hint(fit),
    )
    return joined([speaks, choice])


def _near_adoption(tail: float, beside: Message) -> tuple[Verdict, Message]:
    """Judge what a design states by its leads: what the last periods have beside it."""
    against = ladder(fails=tail < _FAILS, doubt=tail < _DOUBT)
    if against != HOLDS:
        return against, Message(
            "Yet {0} does not explain the last periods before adoption: leads beside it are far "
            "from zero (p = {1:.2g}).",
            beside,
            tail,
        )
    if np.isnan(tail):
        return REPORTED, NOTHING
    return REPORTED, Message(
        "Leads beside {0}, in the last periods before adoption, are compatible with zero "
        "(p = {1:.2g}).",
        beside,
        tail,
    )


def _figure(judged: Judgement) -> Message:
    total, joint = judged.total, judged.total.joint
    figure = Message(
        "tail probability of zero: leads {}, slope {}, together {} (the smaller, twice); "
        "P(all |leads| < {:.3g} from {} on) {}; slope {} ± {} a period, detectable {:.2g}; "
        "effect less that trend {} ± {}",
        _chance(joint.tail),
        _chance(total.slope_tail),
        _chance(total.tail),
        joint.bound,
        joint.first,
        _equal(joint.inside),
        *with_sd(total.slope),
        total.detectable,
        *with_sd(judged.adjusted),
    )
    if not judged.levels:
        return figure
    lowest = min(judged.levels, key=lambda name: judged.levels[name].tail)
    return Message(
        "{}; lowest tail probability by stratum {} ({})",
        figure,
        _chance(judged.levels[lowest].tail),
        lowest,
    )


def _sentence(judged: Judgement, name: Message) -> Message:
    return joined(
        [_before(judged), NOTHING if judged.verdict == DOUBT else _prolonged(judged, name)]
    )


def _moved_apart(judged: Judgement, apart: Message) -> Message:
    """Say along what the treated moved before adoption: a line, or leads off any line."""
    total = judged.total
    clearest = Message(", most clearly in {}", apart) if apart else ""
    if total.slope_tail > _DOUBT:
        return Message(
            "Before adoption the treated already moved apart from the never treated{}: leads are "
            "jointly far from zero (tail probability {}), though along no line, so later "
            "differences are not all effect.",
            clearest,
            _chance(total.joint.tail),
        )
    return Message(
        "Before adoption the treated already moved apart from the never treated, by {:.2g} a "
        "period (sd {:.1g}){}, so later differences are not all effect.",
        total.slope.mean(),
        total.slope.std(),
        clearest,
    )


def _before(judged: Judgement) -> Message:
    """Say how the treated moved before adoption."""
    total, apart = judged.total, listed(judged.apart, 4)
    detectable, tail = Numeral(f"{total.detectable:.2g}"), _chance(total.tail)
    if judged.verdict == FAILS:
        return _moved_apart(judged, apart)
    if judged.verdict == HOLDS:
        sentence = Message(
            "Leads and a differential slope are jointly compatible with zero (tail probability "
            "{}); a differential trend of {} a period would have been seen four times out of five.",
            tail,
            detectable,
        )
        return joined([sentence, *_exceptions(judged)])
    if apart:
        return Message(
            "On average the leads are jointly compatible with zero (tail probability {}), but not "
            "in {}: there the treated moved apart from the never treated before adoption.",
            tail,
            apart,
        )
    sentence = Message(
        "The leads are jointly compatible with zero (tail probability {}), but also with a trend "
        "as large as the effect: only a trend beyond {} a period would have been seen four times "
        "out of five.",
        tail,
        detectable,
    )
    return joined([sentence, *_exceptions(judged)])


def _exceptions(judged: Judgement) -> Iterator[Message]:
    """Name leads and levels that, taken alone, are not compatible with zero."""
    joint = judged.total.joint
    alone = tuple(event_time for event_time in joint.alone if event_time not in joint.together)
    if joint.together:
        yield Message(
            "Yet leads leave zero out of the simultaneous 95% band: event time {}.",
            listed(map(_event, joint.together)),
        )
    if alone:
        yield Message(
            "Taken alone, the 95% interval of {n} lead leaves zero out, and the simultaneous band "
            "does not: event time {}.",
            listed(map(_event, alone)),
            plural="Taken alone, the 95% intervals of {n} leads leave zero out, and the "
            "simultaneous band does not: event time {}.",
            n=len(alone),
        )
    far = [name for name, level in judged.levels.items() if level.tail < _DOUBT]
    if far:
        yield Message(
            "Taken alone, levels of strata are less compatible with zero, which among {} may be "
            "chance: {}.",
            len(judged.levels),
            listed([Message("{} ({})", x, _chance(judged.levels[x].tail)) for x in far]),
        )


def _prolonged(judged: Judgement, name: Message) -> Message:
    """Say what the effect would be had a straight trend gone on."""
    adjusted, effect = (float(x.mean()) for x in (judged.adjusted, judged.effect))
    sd, whose = float(judged.adjusted.std()), "" if name == AS_FITTED else Message(" ({})", name)
    then, spread, now = (figures(x, sd) for x in (adjusted, sd, effect))
    if f"{adjusted:.2g}" == f"{effect:.2g}":
        return Message(
            "Had a straight trend gone on, the average effect would not change: {} (sd {}){}.",
            now,
            spread,
            whose,
        )
    return Message(
        "Had a straight trend gone on, the average effect would be {} (sd {}), not {}{}.",
        then,
        spread,
        now,
        whose,
    )


def _evidence(parts: Parted) -> xr.Dataset:
    """Leads and effects of the lead fit by event time, and slopes: overall, by every factor."""
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
    """Leads and effects by event time, with the rows and units behind them."""
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
    """Slopes and tail probabilities of every level; as many draws of each, evenly spaced."""
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
    """Log Bayes factors by stratum and error structure."""
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


def _equal(value: float) -> Numeral:
    """A probability behind what it is of: = 0.24, or < 0.001."""
    chance = _chance(value)
    return chance if chance.startswith("<") else Numeral(f"= {chance}")


def _chance(value: float) -> Numeral:
    return Numeral(
        "< 0.001" if value < 0.001 else f"{value:.2f}" if value >= 0.01 else f"{value:.3f}"
    )
