"""Means of treated units in the last periods before adoption, given a term for trends.

On untreated observations, with flat effects of treated cells, ``g = (g_1, .., g_K)`` are common to
cohorts and strata with a flat density, so given parameters x they are ``N(m(x), V(x))``.
"""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np

from bayes_nqp._core.exceptions import IdentificationError, NQPError
from bayes_nqp.checks.shared import marginal
from bayes_nqp.checks.trends._bayes_factor import untreated
from bayes_nqp.checks.trends._differential_trend import widened
from bayes_nqp.checks.trends._leads import freedom_of, tail_at
from bayes_nqp.data.panel import Panel
from bayes_nqp.inference.fitting import (
    REFITS,
    Fit,
    SlopeLaw,
    once,
    panel_of,
    require,
    reused_draws,
    slope_law,
)
from bayes_nqp.model.designs import DifferentialTrends, Term

_NEAR = 3
"""Number of periods before adoption with separate means."""
LINES: Final = DifferentialTrends(walk=0.0, cohort_walk=0.0)


def near_adoption(fit: Fit, trends: Term | None, least: int = 0) -> SlopeLaw | None:
    """Return the joint law of a term's columns and of treated units' means before adoption.

    Parameters
    ----------
    trends : Term, optional
        Term for the untreated outcomes of treated units.
    least : int, default 0
        Number of means, if larger than three.

    Returns
    -------
    SlopeLaw or None
        The term's columns first, then the means, the last period before adoption first; as many as
        the panel identifies, None if there are none or outcomes are latent. The fit caches it.

    Raises
    ------
    NQPError
        If the model cannot be fitted again, or the panel does not identify the term.
    """
    number = max(least, _NEAR)
    return once(fit, ("near", trends, number), partial(_near, fit, trends, number))


def own_columns(trends: Term | None) -> int:
    """Return the number of columns that carry a term's evidence: of a dip, shift or line."""
    return int(trends is not None and (trends == LINES or trends.column != ""))


def variance_alone(law: SlopeLaw) -> float:
    """Return the variance of a term's first column without means near adoption."""
    return float(1.0 / np.linalg.pinv(law.covariance, hermitian=True)[0, 0])


def tail_of_means(fit: Fit, law: SlopeLaw, which: slice) -> float:
    """Return the tail probability of zero of some of the means."""
    precision = np.linalg.pinv(law.covariance[which, which], hermitian=True)
    return tail_at(law.mean[which], precision, freedom_of(panel_of(fit)))


def at_zero(fit: Fit, trends: Term | None, law: SlopeLaw) -> float:
    """Compute ``log E[N(m; 0, V)] = log p(y) - log p(y | flat slopes)``, both integrated directly.

    The expectation is used if the first has no likelihood, or if the designs differ in more than
    slopes: a lag with linked covariates also has those of the linked units' means.
    """
    panel = panel_of(fit)
    flat = untreated(fit.outcome_design, panel, fit.facts.noise)
    differential_trend = trends is not None and not own_columns(trends)
    try:
        without = marginal(
            fit, flat.variant({"trends": trends}) if differential_trend else flat, panel
        )
    except NQPError:
        without = None
    if without is None or np.isnan(law.flat) or without.counts != law.counts:
        return law.log_density(np.zeros_like(law.covariance))
    return without.value - law.flat


def _near(fit: Fit, trends: Term | None, most: int) -> SlopeLaw | None:
    require(fit, REFITS)
    if not fit.facts.exact:
        return None
    panel = panel_of(fit)
    flat = untreated(fit.outcome_design, panel, fit.facts.noise)
    dips: tuple[str, ...] = ()
    if trends == LINES:
        ever = np.asarray(panel.cohort_codes)[panel.unit_codes] >= 0
        line = (ever * (panel.time_codes - panel.time_codes.mean())).astype(np.float64)
        panel, dips = widened(panel, "line of adopters", line[None])
    elif trends is not None:
        flat = flat.variant({"trends": trends})
        dips = (trends.column,) if trends.column else ()
    added = () if trends != LINES else dips
    seed, stock = int(fit.sampler.seed or 0), reused_draws(fit)
    for number in range(most, -len(dips), -1):
        wider, names = _with_near(panel, fit.facts.anticipation, number)
        if not (names or dips):
            continue
        stated = flat.facts.covariates
        changes = {} if stated is None else {"covariates": (*stated, *added, *names)}
        try:
            return slope_law(flat.variant(changes), wider, (*dips, *names), seed=seed, stock=stock)
        except IdentificationError:
            continue
    return None


def _with_near(panel: Panel, ahead: int, number: int) -> tuple[Panel, tuple[str, ...]]:
    """Add a covariate for each of the last untreated periods of treated units to a panel."""
    start = np.where(panel.cohort_codes >= 0, panel.cohort_codes - ahead, -1)[panel.unit_codes]
    distance = np.where(start >= 0, start - panel.time_codes, 0)
    columns = np.array([distance == k for k in range(1, number + 1)], dtype=np.float64)
    if not number or not columns.any(axis=1).all():
        return panel, ()
    return widened(panel, "period before adoption", columns)
