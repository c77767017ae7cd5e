"""Tests of parallel trends by leads and differential slopes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.effects_schema import FitOrEffects
from bayes_nqp.checks.shared import Verdict, ladder
from bayes_nqp.checks.trends._differential_trend import Trend, trend_design
from bayes_nqp.checks.trends._leads import Joint, freedom_of, joint_of, tail_of
from bayes_nqp.checks.trends._trend_evidence import TrendEvidence, trend_evidence
from bayes_nqp.data.panel import Panel
from bayes_nqp.effects.effects import group_time_effects, lead_effects
from bayes_nqp.effects.estimands import att
from bayes_nqp.inference.fitting import Fit, covariate_slopes, lead_fit, panel_of, refit

_OVERALL, _LEVELS = 0.05, 0.02
"""Levels of the tests: of the average over all strata, and of all levels together."""
_SIGNED, _WITHIN = 0.95, 0.7
"""Probability of a credible sign, and that a continued trend is smaller than the effect."""
_POWER = 2.8
"""Size in posterior SDs of a trend that a 5 % test detects with 80 % power."""


@dataclass(frozen=True, slots=True, eq=False)
class PreTrend:
    """Leads and differential slope, of all units or of one level.

    Parameters
    ----------
    slope_tail : float
        Tail probability of a slope of zero.
    """

    joint: Joint
    slope: Array
    slope_tail: float

    @property
    def tail(self) -> float:
        """Tail probability of leads and slope together: twice the smaller (Bonferroni)."""
        return min(1.0, 2.0 * min(self.joint.tail, self.slope_tail))

    @property
    def detectable(self) -> float:
        """Slope that would be detected with 80 % power."""
        return _POWER * float(self.slope.std())


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """Joint result of the tests of leads and slopes.

    Parameters
    ----------
    levels : dict of str to PreTrend
        Results of every factor with two levels or more.
    apart : list of str
        Levels in which zero is rejected.
    effect, adjusted : DataArray (chain, draw), outcome units
        The average effect, and the effect net of the continued slopes.
    within : float
        Probability that the continued trend adds less to the average effect than its size.
    """

    total: PreTrend
    levels: dict[str, PreTrend]
    apart: list[str]
    effect: xr.DataArray
    adjusted: xr.DataArray
    within: float

    @property
    def tested(self) -> Verdict:
        """Verdict by coefficients and slope alone, regardless of power."""
        return ladder(fails=self.total.tail < _OVERALL, doubt=bool(self.apart))

    def verdict_at(self, tail: float, share: int = 1, limit: float = _OVERALL) -> Verdict:
        """Return the verdict if several outcomes are tested.

        Parameters
        ----------
        tail : float
            Tail probability of leads and slope together, adjusted for the other outcomes.
        share : int, default 1
            Number of outcomes that share the false alarms of levels.
        limit : float, default 0.05
            Tail probability below which the test fails; from there to 0.05 the verdict is caution.
        """
        doubt = apart_of(self.levels, share) or tail < _OVERALL
        return ladder(fails=tail < limit, doubt=doubt, untold=self.made_up)

    @property
    def made_up(self) -> bool:
        """True if the effect has a credible sign but may consist of a trend alone."""
        positive = float((self.effect > 0).mean())
        return max(positive, 1.0 - positive) > _SIGNED and self.within < _WITHIN


def judge(
    panel: Panel, effects: FitOrEffects, leads: xr.Dataset, trend: Trend, reference: int = -1
) -> Judgement:
    """Test leads and slopes, overall and at every level of every factor.

    Parameters
    ----------
    effects : Fit or Dataset
        Effects that the verdict concerns.
    leads : Dataset
        Effects dataset of the lead fit.
    reference : int, default -1
        Event time of the leads' reference.
    """
    effect, adjusted = att(effects), att(trend.effects)
    total = _judged(
        att(leads, v.EVENT_TIME), trend.common(), _bound(effect), freedom_of(panel), reference
    )
    levels = {}
    for factor in schema.factors(leads):
        draws, by_level = att(leads, [factor, v.EVENT_TIME]), att(effects, factor)
        for level in draws[factor].to_numpy() if draws.sizes[factor] > 1 else ():
            part = by_level.sel({factor: level}) if level in by_level[factor].to_numpy() else effect
            labels = panel.levels[factor].astype(str)[panel.strata_codes[factor]]
            levels[f"{factor} = {level}"] = _judged(
                draws.sel({factor: level}),
                trend.of(factor, str(level)),
                _bound(part),
                freedom_of(panel, labels == str(level)),
                reference,
            )
    within = _within(adjusted, trend.common(), abs(float(effect.mean())))
    return Judgement(total, levels, apart_of(levels), effect, adjusted, within)


def apart_of(levels: dict[str, PreTrend], share: int = 1) -> list[str]:
    """Return the levels in which zero is rejected.

    Parameters
    ----------
    share : int, default 1
        Number of outcomes that share the false alarms.
    """
    limit = _LEVELS / max(len(levels) * share, 1)
    return [name for name, level in levels.items() if level.tail < limit]


def holm(tails: Sequence[float]) -> list[float]:
    """Adjust tail probabilities for multiple tests (Holm).

    Returns
    -------
    list of float
        In the same order. The probability of a false rejection is at most the chosen level, under
        any dependence of the tests.

    References
    ----------
    Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian
    Journal of Statistics 6(2).
    """
    values = np.asarray(tails, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    raised = values[order] * np.arange(values.size, 0, -1)
    out = np.empty_like(values)
    out[order] = np.minimum(np.maximum.accumulate(raised), 1.0)
    return out.tolist()


def _judged(
    leads: xr.DataArray, slope: Array | None, bound: float, free: float, reference: int
) -> PreTrend:
    joint = joint_of(leads, bound, free, reference)
    slope = joint.slope if slope is None else slope.ravel()
    return PreTrend(joint, slope, tail_of(slope[:, None], free))


def _bound(effect: xr.DataArray) -> float:
    """Return the size of an effect: its mean, or two posterior SDs if larger."""
    return max(abs(float(effect.mean())), 2.0 * float(effect.std()))


def _within(adjusted: xr.DataArray, slope: Array, size: float) -> float:
    """Return the probability that the continued trend adds less than a size to the average effect.

    Without the trend the effect would be the adjusted one plus the slope times the number of
    periods over which the trend continues, which is minus their regression coefficient.
    """
    effect, slope = adjusted.to_numpy().ravel(), slope.ravel()
    together = np.cov(effect, slope)
    prolonged = together[0, 1] / together[1, 1]
    return float((np.abs(prolonged * slope) < size).mean())


@dataclass(frozen=True, eq=False)
class Parted:
    """Leads and slopes of separate fits, with their tests.

    Parameters
    ----------
    leads : Dataset
        Effects dataset.
    reference : int
        Event time of the leads' reference.
    outcomes : int
        Number of outcomes that are tested.
    """

    fit: Fit
    judged: Judgement
    lead_fit: Fit
    trend_fit: Fit
    leads: xr.Dataset
    reference: int
    outcomes: int

    @property
    def trend_evidence(self) -> TrendEvidence:
        """Bayes factors of parallel trends."""
        return trend_evidence(self.fit, self.outcomes)

    @property
    def worst(self) -> Fit:
        """The lead fit, or the trend fit if the lead fit converged."""
        return self.trend_fit if self.lead_fit.gate.passed else self.lead_fit


def parted(fit: Fit, outcomes: int = 1) -> Parted:
    """Fit leads and a differential slope, and test them; the fit caches both fits.

    Parameters
    ----------
    outcomes : int, default 1
        Number of outcomes that are tested: Bayes factors share the odds that one of them has
        differential trends.

    Raises
    ------
    NotApplicable
        If no cohort is observed for two periods before adoption.
    """
    panel, flat = panel_of(fit), lead_fit(fit)
    leads = lead_effects(flat)
    sloped, wider, names, strata = trend_design(flat.outcome_design, panel, leads)
    trend_fit = refit(fit, sloped, wider)
    trend = Trend(group_time_effects(trend_fit), covariate_slopes(trend_fit, names), strata)
    reference = -1 - fit.facts.anticipation
    judged = judge(panel, fit, leads, trend, reference)
    return Parted(fit, judged, flat, trend_fit, leads, reference, outcomes)
