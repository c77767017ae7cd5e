"""Leads, a differential slope and Bayes factors, and what they say together."""

from __future__ import annotations

from dataclasses import dataclass

import xarray as xr

from bayes_nqp.checks.shared import Verdict, worst_of
from bayes_nqp.checks.trends._differential_trend import Trend, trend_design
from bayes_nqp.checks.trends._earned import Earned, earned
from bayes_nqp.checks.trends._parallel import Judgement, judge
from bayes_nqp.effects import cell_effects, lead_effects
from bayes_nqp.fitting import Fit, covariate_slopes, lead_fit, panel_of, refit


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

    fit: Fit
    judged: Judgement
    lead_fit: Fit
    trend_fit: Fit
    leads: xr.Dataset
    reference: int

    @property
    def earned(self) -> Earned:
        """What Bayes factors say."""
        return earned(self.fit)

    @property
    def verdict(self) -> Verdict:
        """The worse of leads and slope, and Bayes factors."""
        return worst_of([self.judged.verdict, self.earned.verdict])

    @property
    def worst(self) -> Fit:
        """The fit whose gate failed, if there is one."""
        return self.trend_fit if self.lead_fit.gate.passed else self.lead_fit


def parted(fit: Fit) -> Parted:
    """Fit leads and a differential slope, and judge them; the fit keeps both fits.

    Raises
    ------
    NotApplicable
        If no cohort is observed for two periods before adoption.
    """
    panel, flat = panel_of(fit), lead_fit(fit)
    leads = lead_effects(flat)
    sloped, wider, names, strata = trend_design(flat.outcome_design, panel, leads)
    trend_fit = refit(fit, sloped, wider)
    trend = Trend(cell_effects(trend_fit), covariate_slopes(trend_fit, names), strata)
    reference = -1 - fit.facts.anticipation
    judged = judge(panel, fit, leads, trend, reference)
    return Parted(fit, judged, flat, trend_fit, leads, reference)
