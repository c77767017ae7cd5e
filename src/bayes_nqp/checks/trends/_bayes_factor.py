"""Bayes factors of parallel against differential trends, from untreated observations.

The log Bayes factor is ``log p(y | parallel) - log p(y | differential trends)``. Effects of treated
cells are flat in both designs, so only untreated observations distinguish them. Priors are the
defaults in every case, because wider priors would favour parallel trends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from bayes_nqp._core.arrays import Mask
from bayes_nqp._core.exceptions import NQPError
from bayes_nqp._core.i18n import NOTHING, Message
from bayes_nqp.checks.shared import comparable, marginal
from bayes_nqp.data.panel import Panel
from bayes_nqp.inference.fitting import Fit, Marginal, log_marginal, panel_of
from bayes_nqp.model.designs import Design, DifferentialTrends, Facts, Noise, saturated_design
from bayes_nqp.model.pooling import flat_pooling
from bayes_nqp.model.priors import Priors

HELD: Final = 4.0
"""Log Bayes factor above which the data support parallel trends (docs/trends.md)."""
AGAINST: Final = -3.0
"""Log Bayes factor below which the data reject parallel trends."""


@dataclass(frozen=True, slots=True)
class BayesFactor:
    """Evidence for parallel trends against differential trends.

    Parameters
    ----------
    stratum : str
        Name of the stratum; empty for all observations.
    errors : str
        Error structure of both designs.
    value, error : float
        The log Bayes factor and its Monte Carlo error; missing if it does not exist.
    reason : Message
        Reason for a missing value.
    """

    stratum: str
    errors: str
    value: float = np.nan
    error: float = np.nan
    reason: Message = NOTHING


def bayes_factors(fit: Fit) -> tuple[BayesFactor, ...]:
    """Return log Bayes factors of parallel trends from untreated observations.

    Returns
    -------
    tuple of BayesFactor
        One for every stratum with its own time effects, under the errors of the fit and, if these
        decide, under a richer error structure.
    """
    return tuple(_by_stratum(fit))


def log_bayes_factor(design: Design, panel: Panel, noise: Noise, seed: int) -> tuple[float, float]:
    """Compute the log Bayes factor of parallel over differential trends, and its Monte Carlo error.

    Parameters
    ----------
    design : Design
        Design of the outcome alone.
    panel : Panel
        Observations of one stratum, or all.
    noise : Noise
        Errors of both designs.

    Raises
    ------
    IdentificationError
        If the panel cannot identify differential trends.
    """
    flat = untreated(design, panel, noise)
    return _against(flat, panel, DifferentialTrends(), partial(log_marginal, seed=seed))


def evidence_against_differential_trend(fit: Fit) -> tuple[float, float]:
    """Compute the log Bayes factor of parallel trends on all observations; its Monte Carlo error.

    Raises
    ------
    IdentificationError
        If the panel cannot identify differential trends.
    """
    panel = panel_of(fit)
    flat = untreated(fit.outcome_design, panel, fit.facts.noise)
    return _against(flat, panel, DifferentialTrends(), partial(marginal, fit))


def _by_stratum(fit: Fit) -> Iterator[BayesFactor]:
    noise, weights = fit.facts.noise, panel_of(fit).weights
    richer = [x for x in noise.richer[:1] if x.takes_weights or weights is None]
    for stratum, rows in _strata(fit):
        first = _factor(fit, rows, noise, stratum)
        yield first
        for errors in richer if first.value < AGAINST or first.value > HELD else ():
            yield _factor(fit, rows, errors, stratum)


def _factor(fit: Fit, rows: Mask, noise: Noise, stratum: str) -> BayesFactor:
    """Return the factor of some observations, or the reason why there is none."""
    errors, design, panel = noise.phrase(), fit.outcome_design, panel_of(fit)
    if not fit.takes("trends"):
        why = Message("this design has no alternative with differential trends")
        return BayesFactor(stratum, errors, reason=why)
    try:
        panel = panel if rows.all() else panel.where(rows)
        parallel = untreated(design, panel, noise)
        value, error = _against(parallel, panel, DifferentialTrends(), partial(marginal, fit))
    except NQPError as refusal:
        return BayesFactor(stratum, errors, reason=refusal.what)
    return BayesFactor(stratum, errors, value, error)


def _against(
    design: Design,
    panel: Panel,
    trends: DifferentialTrends,
    evidence: Callable[[Design, Panel], Marginal],
) -> tuple[float, float]:
    """Compute the log Bayes factor of a design over itself with trends; its Monte Carlo error."""
    parallel = evidence(design, panel)
    with_differential_trend = evidence(design.variant({"trends": trends}), panel)
    comparable(parallel, with_differential_trend)
    return parallel.value - with_differential_trend.value, float(
        np.hypot(parallel.error, with_differential_trend.error)
    )


def untreated(design: Design, panel: Panel, noise: Noise) -> Design:
    """Return the design with parallel trends and flat effects of treated cells.

    Treated observations then contain no information about trends.
    """
    facts = design.facts
    changes = _common(facts, noise)
    if facts.moderator is not None:
        changes["moderator"] = None
    effect = flat_pooling(facts.varying)
    return saturated_design(design, panel, effect=effect, **changes)


def _common(facts: Facts, noise: Noise) -> dict[str, object]:
    """Return the shared arguments: errors, default priors, and all untreated controls."""
    changes: dict[str, object] = {"errors": noise, "priors": Priors(), "unidentified": "drop"}
    changes |= {"controls": "all"} if facts.leads else {}
    return changes | ({} if facts.parallel else {"trends": None})


def _strata(fit: Fit) -> Iterator[tuple[str, Mask]]:
    """Yield the observations of each stratum with its own time effects, or all observations."""
    panel, facts = panel_of(fit), fit.facts
    factors = facts.strata(panel)
    if not factors or not set(factors) <= set(facts.time_strata(panel)):
        yield "", np.ones(panel.unit_codes.size, dtype=bool)
        return
    codes = np.stack([panel.strata_codes[f] for f in factors], axis=1)
    table, number = np.unique(codes, axis=0, return_inverse=True)
    adopts = np.asarray(panel.cohort_codes) >= 0
    for k, row in enumerate(table):
        units = number.ravel() == k
        if (units & adopts).any():
            name = " × ".join(panel.levels[f][j] for f, j in zip(factors, row, strict=True))
            yield name, units[panel.unit_codes]
