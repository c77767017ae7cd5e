"""Results that a fit already contains, for the checklist."""

from __future__ import annotations

from typing import Final

import numpy as np
import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks import ADOPTION, ROWS
from bayes_nqp.effects.estimands import (
    att,
    named_logarithm,
    nie,
    pairwise_contrasts,
    relative_effects,
    simultaneous_signs,
)
from bayes_nqp.inference.fitting import Fit, panel_of, require
from bayes_nqp.output.tables import summary

_MOST: Final = 30
"""Groups of a factor up to which all pairs are compared."""


def estimate(draws: xr.DataArray) -> Message:
    """Write a posterior mean with its 95 % interval."""
    row = summary(draws).iloc[0]
    return Message("{:.3g} [{:.3g}, {:.3g}]", row["mean"], row["lower"], row["upper"])


def sizes(fit: Fit) -> Message:
    """Count observations, units and treated units."""
    require(fit, ROWS)
    panel = panel_of(fit)
    counted = Message("{:,} observations of {:,} units", panel.n_rows, panel.unit_labels.size)
    if not fit.facts.adopted:
        return counted
    return Message("{}, {:,} treated", counted, int((panel.cohort_codes >= 0).sum()))


def cohorts(fit: Fit) -> Message:
    """Count the adoption dates."""
    require(fit, ADOPTION, ROWS)
    panel = panel_of(fit)
    codes = np.unique(panel.cohort_codes[panel.cohort_codes >= 0])
    first, last = (panel.time_labels[k] for k in codes[[0, -1]])
    return Message("{} adoption dates, from {} to {}", codes.size, str(first), str(last))


def average(fit: Fit) -> Message:
    """Write the average effect on the treated."""
    return Message("average effect {}", estimate(att(fit)))


def relative(fit: Fit) -> Message:
    """Write the average effect in percent of the untreated outcome."""
    if v.OBSERVED not in fit.effects or schema.link_of(fit.effects) != v.IDENTITY:
        raise NotApplicable(
            Message(
                "The effects are not in units of an observed outcome, so they have no percentage."
            )
        )
    if named_logarithm(fit.effects.attrs.get("outcome", "")):
        growth: xr.DataArray = xr.apply_ufunc(np.expm1, att(fit))
        return Message("average effect {} % (exp(effect) − 1)", estimate(100 * growth))
    share = estimate(100 * relative_effects(fit))
    return Message("average effect {} % of the untreated outcome", share)


def over_time(fit: Fit) -> Message | None:
    """Write the effects in the first and the last period after adoption."""
    require(fit, ADOPTION)
    effects = att(fit, v.EVENT_TIME)
    after = effects[v.EVENT_TIME].to_numpy()[effects[v.EVENT_TIME].to_numpy() >= 0]
    if not after.size:
        return None
    first, last = (effects.sel({v.EVENT_TIME: e}) for e in after[[0, -1]])
    return Message(
        "{} at adoption; {} after {:.0f} periods", estimate(first), estimate(last), float(after[-1])
    )


def slope(fit: Fit) -> Message | None:
    """Write the slope of a continuous exposure."""
    return None if fit.facts.adopted else Message("slope {}", estimate(att(fit)))


def groups(fit: Fit) -> Message | None:
    """Count the differences between groups that differ credibly from zero."""
    several = [x for x in _by_group(fit) if x.sizes[x.dims[-1]] <= _MOST]
    if not several:
        return None
    pairs = [(pairwise_contrasts(x) > 0).mean(v.SAMPLE_DIMS).to_numpy() for x in several]
    tail = np.concatenate([np.minimum(x, 1.0 - x).ravel() for x in pairs])
    return Message(
        "{} of {} differences between groups are credible", int((tail <= 0.025).sum()), tail.size
    )


def signs(fit: Fit) -> Message:
    """Count the groups with effects that jointly differ from zero."""
    named = np.concatenate([simultaneous_signs(x)["named"].to_numpy() for x in _by_group(fit)])
    return Message("{} of {} group effects jointly differ from zero", int(named.sum()), named.size)


def indirect(fit: Fit) -> Message | None:
    """Write the indirect effect of all mediators."""
    return Message("indirect effect {}", estimate(nie(fit))) if fit.facts.channels else None


def _by_group(fit: Fit) -> list[xr.DataArray]:
    """Return the average effects by each factor with at least two groups."""
    effects = [att(fit, name) for name in schema.factors(fit.effects)]
    several = [x for x in effects if x.sizes[x.dims[-1]] > 1]
    if not several:
        raise NotApplicable(
            Message("The effects have no groups; strata=[…] of nqp.Panel names columns of groups.")
        )
    return several
