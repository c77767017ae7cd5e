"""Whether treated and untreated units moved in parallel before adoption."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp import schema
from bayes_nqp import vocabulary as v
from bayes_nqp.checks._differential_trend import trend_design
from bayes_nqp.checks._labels import AS_FITTED
from bayes_nqp.checks._leads import lead_design, leads_of
from bayes_nqp.checks._needs import ADOPTION, REFITS, ROWS
from bayes_nqp.checks._parallel import Judgement, judge
from bayes_nqp.checks._refit import called, cautious, panel_of, refit, staggered
from bayes_nqp.checks._result import FAILS, HOLDS, Finding, NotApplicable, asks
from bayes_nqp.effects import cell_effects, lead_effects
from bayes_nqp.estimands import by_event_time
from bayes_nqp.language import Message, listed

if TYPE_CHECKING:
    from bayes_nqp.fitting import Fit

__all__ = ["Parted", "lead_design", "leads_of", "parted", "pretrends"]

Array = npt.NDArray[np.float64]


@asks(
    "Did treated and untreated units move in parallel before adoption?",
    "pre-trends",
    place=30,
    needs=(ADOPTION, ROWS, REFITS),
)
def pretrends(fit: Fit) -> Finding:
    """Judge flat, unshrunk leads of a separate fit, and a differential slope of another.

    Leads of all cohorts are averaged by event time, with the last period before adoption (or
    before anticipation) as their reference. The tail probability of zero is that of values
    farther from the posterior mean than zero is, in the metric of the posterior covariance. A
    second fit has, in place of leads, a slope of the ever treated in every stratum; it sees a
    straight trend better, and tells what the effect would be had that trend gone on. It fails
    if zero is far out for either (5 %, shared by the two). It is in doubt if that is so in one
    level of one factor (2 %, shared by all levels); or if the effect has a sign (with
    probability 95 %) and a trend as the posterior has it would, going on, be as large as the
    effect with a probability of 30 % or more.

    The bound is the larger of the average effect's size and twice its posterior sd; the chance
    that leads lie within it, at the event times for which at least half as many rows are there
    as for the fullest, is told and enters no verdict.
    """
    found = parted(fit)
    verdict, sentence = found.judged.verdict, _sentence(found.judged, called(fit))
    verdict, sentence = cautious(verdict, sentence, found.worst)
    evidence = _evidence([found.lead_fit, found.trend_fit], found.leads, found.judged,
                         found.reference)  # fmt: skip
    return Finding(verdict, _figure(found.judged), sentence, evidence, "event_study")


@dataclass(frozen=True, eq=False)
class Parted:
    """Leads and slopes of separate fits, and what they say together.

    Parameters
    ----------
    leads : Dataset
        Of the waist.
    reference : int
        Event time of the leads' reference.
    """

    judged: Judgement
    lead_fit: Fit
    trend_fit: Fit
    leads: xr.Dataset
    reference: int

    @property
    def worst(self) -> Fit:
        """The fit whose gate failed, if there is one."""
        return self.trend_fit if self.lead_fit.gate.passed else self.lead_fit


def parted(fit: Fit) -> Parted:
    """Fit leads and a differential slope, and judge them.

    Parameters
    ----------
    fit : Fit
        Of a `StaggeredDiD`; keeps both fits.

    Raises
    ------
    NotApplicable
        If no cohort is observed for two periods before adoption.
    """
    panel = panel_of(fit)
    design = lead_design(staggered(fit), panel)
    leads_fit = refit(fit, design)
    if "leads" not in leads_fit.tree.children:
        raise NotApplicable(Message("No cohort is observed for two periods before adoption."))
    leads = lead_effects(leads_fit)
    sloped, wider, trend_of = trend_design(design, panel, leads)
    trend_fit = refit(fit, sloped, wider)
    trend = trend_of(trend_fit.posterior["outcome__slope"], cell_effects(trend_fit))
    reference = -1 - design.anticipation
    found = judge(panel, fit, leads, trend, reference)
    return Parted(found, leads_fit, trend_fit, leads, reference)


def _figure(found: Judgement) -> Message:
    whole, joint = found.whole, found.whole.joint
    figure = Message(
        "tail probability of zero: leads {}, slope {}; P(all |leads| < {:.3g} from {} on) = {}; "
        "slope {:.2g} ± {:.2g} a period, detectable {:.2g}; effect less that trend {:.3g} ± {:.2g}",
        _chance(joint.tail),
        _chance(whole.slope_tail),
        joint.bound,
        joint.first,
        _chance(joint.inside),
        whole.slope.mean(),
        whole.slope.std(),
        whole.detectable,
        float(found.adjusted.mean()),
        float(found.adjusted.std()),
    )
    if found.levels:
        lowest = min(found.levels, key=lambda name: found.levels[name].tail)
        figure = Message(
            "{}; lowest tail probability by stratum {} ({})",
            figure,
            _chance(found.levels[lowest].tail),
            lowest,
        )
    return figure


def _sentence(found: Judgement, name: Message) -> Message:
    whole, apart = found.whole, listed(found.apart, 4)
    detectable = f"{whole.detectable:.2g}"
    gone_on = Message(
        "ad a straight trend gone on, the average effect would be {:.2g} (sd {:.1g}), not {:.2g}{}",
        float(found.adjusted.mean()),
        float(found.adjusted.std()),
        float(found.effect.mean()),
        "" if name == AS_FITTED else Message(" ({})", name),
    )
    if found.verdict == FAILS:
        return Message(
            "Before adoption the treated already moved apart from the never treated, by {:.2g} a "
            "period (sd {:.1g}){}, so later differences are not all effect: h{}.",
            whole.slope.mean(),
            whole.slope.std(),
            Message(", most clearly in {}", apart) if apart else "",
            gone_on,
        )
    if found.verdict == HOLDS:
        return Message(
            "Leads and a differential slope are compatible with zero; a differential trend of {} "
            "a period would have been seen four times out of five. H{}.",
            detectable,
            gone_on,
        )
    if apart:
        return Message(
            "On average the leads are compatible with zero, but not in {}: there the treated "
            "moved apart from the never treated before adoption.",
            apart,
        )
    return Message(
        "The leads are compatible with zero, but also with a trend as large as the effect: only a "
        "trend beyond {} a period would have been seen four times out of five, and h{}.",
        detectable,
        gone_on,
    )


def _evidence(fits: list[Fit], leads: xr.Dataset, found: Judgement, reference: int) -> xr.Dataset:
    """Leads and effects of the lead fit by event time, and slopes: overall, by every factor."""
    after = f"{v.EVENT_TIME}_after"
    whole, levels = found.whole, found.levels
    parts: dict[str, Any] = {}
    for factor in (None, *schema.factors(leads)):
        end = "" if factor is None else f"_{factor}"
        before, effect = (by_event_time(one, factor) for one in (leads, fits[0]))
        if factor is not None:
            before, effect = xr.align(before, effect, join="left", exclude=[v.EVENT_TIME])
        parts[f"lead{end}"] = before.reset_coords(drop=True)
        parts[f"rows_lead{end}"] = (before.dims[2:], before[v.ROWS].to_numpy())
        parts[f"units_lead{end}"] = (before.dims[2:], before[v.UNITS].to_numpy())
        effect = effect.rename({v.EVENT_TIME: after})
        parts[f"units_effect{end}"] = (effect.dims[2:], effect[v.UNITS].to_numpy())
        parts[f"effect{end}"] = effect.reset_coords(drop=True)
    evidence = xr.Dataset(parts, attrs=found.effect.attrs)
    evidence["slope"] = ("slope_draw", whole.slope)
    if levels:
        evidence = evidence.assign_coords(stratum_level=np.asarray(list(levels), dtype=str))
        evidence["slope_by_level"] = (
            ("stratum_level", "slope_draw"),
            _even([one.slope for one in levels.values()], whole.slope.size),
        )
        for name, numbers in {
            "tail_probability": [one.joint.tail for one in levels.values()],
            "slope_tail_probability": [one.slope_tail for one in levels.values()],
            "inside": [one.joint.inside for one in levels.values()],
            "bound": [one.joint.bound for one in levels.values()],
            "detectable": [one.detectable for one in levels.values()],
        }.items():
            evidence[f"{name}_by_level"] = ("stratum_level", np.asarray(numbers))
    worst = next((one.gate for one in fits if not one.gate.passed), fits[0].gate)
    return evidence.assign_coords({v.GATE: str(worst)}).assign_attrs(
        tail_probability=whole.joint.tail,
        slope_tail_probability=whole.slope_tail,
        bound=whole.joint.bound,
        inside=whole.joint.inside,
        slope=float(whole.slope.mean()),
        slope_sd=float(whole.slope.std()),
        detectable=whole.detectable,
        reference=reference,
        within=found.within,
        att=float(found.effect.mean()),
        att_adjusted=float(found.adjusted.mean()),
        att_adjusted_sd=float(found.adjusted.std()),
    )


def _even(draws: list[Array], number: int) -> Array:
    """Keep as many draws of each, evenly spaced: a refit may have more of them."""
    kept = [np.linspace(0, one.size - 1, number).astype(np.int64) for one in draws]
    return np.stack([one[k] for one, k in zip(draws, kept, strict=True)])


def _chance(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.2f}" if value >= 0.01 else f"{value:.3f}"
