"""Test of differential trends of never-treated units near treated ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import IdentificationError
from bayes_nqp._core.i18n import Message, advised, detailed, joined
from bayes_nqp.checks.shared import (
    DOUBT,
    DOUBTFUL,
    FAILING,
    FAILS,
    Verdict,
    average_effect,
    beside,
    with_sd,
)
from bayes_nqp.checks.trends._leads import tail_of
from bayes_nqp.effects.estimands import spillover_effects
from bayes_nqp.inference.fitting import Fit, covariate_slopes, refit, total_fit

_FEWEST: Final = 3
"""Smallest number of never-treated units, near treated units and elsewhere, for the test."""
_APART: Final = Message(
    "Never-treated units near treated units follow another trend than other never-treated units, "
    "by {} ± {} per period (p = {:.2g}). The estimated spillovers may include this trend, and the "
    "effects may be measured from a shifted baseline."
)
_NET: Final = Message(
    "Net of a linear trend of these units, the average effect is {} ± {} (as fitted {} ± "
    "{}). The spillovers on untreated units are {} ± {} (as fitted {} ± {})."
)
_NEXT: Final = advised(
    Message(
        "Next: add a covariate that equals the period times the proximity to treated units for "
        "never-treated units, and zero for all others."
    )
)


@dataclass(frozen=True, slots=True, eq=False)
class NearSlope:
    """Slope over time of never-treated units near treated ones, given spillover effects.

    Parameters
    ----------
    slope : ndarray (draw), outcome units per period
        Slope of a unit with links to treated units only, or in a distance band of treated units.
    tail : float
        Tail probability of zero.
    fit, beside : Fit
        Fits without and with the slope.
    """

    slope: Array
    tail: float
    fit: Fit
    beside: Fit

    def worse(self, verdict: Verdict) -> Verdict:
        """Return the verdict of `pretrends`, lowered by this slope."""
        if self.tail >= DOUBTFUL or verdict == FAILS:
            return verdict
        return FAILS if self.tail < FAILING else DOUBT

    @property
    def words(self) -> Message | None:
        """Finding with the effects net of the slope; None if it is compatible with zero."""
        if self.tail >= DOUBTFUL:
            return None
        pairs = [with_sd(of(x)) for of in (average_effect, spillover_effects)
                 for x in (self.beside, self.fit)]  # fmt: skip
        numbers = [number for pair in pairs for number in pair]
        apart = _APART.fill(*with_sd(self.slope), self.tail)
        return joined([apart, detailed(_NET.fill(*numbers)), _NEXT])


def near_slope(fit: Fit) -> NearSlope | None:
    """Refit with a slope over time of never-treated units, by proximity to treated units.

    Let ``n_i`` be the share of a unit's links to ever-treated units, or one if it ever lies in a
    distance band. The column ``n_i t 1[never treated]`` has a zero slope given spillovers, because
    spillovers begin with exposure.

    Returns
    -------
    NearSlope or None
        None without spillovers in the model, or with too few units.
    """
    total = fit if fit.facts.channels is None else total_fit(fit)
    near = _near(total)
    if near is None:
        return None
    panel, facts = total.rows, total.facts
    time = np.asarray(panel.time_codes) - 0.5 * (panel.periods - 1)
    rows, names = beside(panel, {"near × t": near[panel.unit_codes] * time})
    covariates, lag = facts.covariates_of(panel), facts.spatial_term
    changed: dict[str, Any] = {"covariates": (*covariates, *names)}
    if lag is not None and lag.durbin is True:
        changed["spillovers"] = replace(lag, durbin=("treatment", *covariates))
    try:
        other = refit(total, total.variant(**changed), rows)
    except IdentificationError:
        return None
    slope = covariate_slopes(other, names).reshape(-1)
    tail = tail_of(slope[:, None], panel.unit_labels.size - 1.0)
    return NearSlope(slope, tail, total, other)


def _near(fit: Fit) -> Array | None:
    """Return the proximity of never-treated units to treated ones (unit), if enough differ."""
    panel, facts = fit.rows, fit.facts
    ever = np.asarray(panel.cohort_codes) >= 0
    exposures = [x for term in facts.terms if (x := term.exposed_since(panel)) is not None]
    lag = facts.spatial_term
    if facts.reach == "none" or (not exposures and lag is None):
        return None
    if exposures:
        near = (exposures[0] < panel.periods).any(axis=1) * 1.0
    else:
        assert lag is not None
        near = lag.weights.aligned(panel.unit_labels).matrix @ ever.astype(np.float64)
    never = near[~ever]
    middle = 0.5 * (never.min() + never.max()) if never.size else 0.0
    if min(int((never > middle).sum()), int((never <= middle).sum())) < _FEWEST:
        return None
    return np.where(ever, 0.0, near)
