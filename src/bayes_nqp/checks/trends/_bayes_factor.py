"""Whether periods without treatment speak for parallel trends or for a drift of those who adopt.

The log Bayes factor is ``log p(y | parallel) - log p(y | differential trends)`` with flat effects
of treated cells in both designs, so that only periods without treatment tell them apart; with
default priors whatever the design's: wider ones would speak for parallel trends by themselves.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from bayes_nqp.designs import Design, Noise, saturated_design
from bayes_nqp.errors import ConvergenceError, IdentificationError
from bayes_nqp.fitting import Fit, Marginal, log_marginal, panel_of
from bayes_nqp.language import Message
from bayes_nqp.panel import Panel
from bayes_nqp.pooling import Separate
from bayes_nqp.priors import Priors
from bayes_nqp.terms import DifferentialTrends

__all__ = ["MONTE_CARLO", "bayes_factors", "log_bayes_factor"]

MONTE_CARLO = 0.3
"""Largest Monte-Carlo error with which a factor is judged."""


def bayes_factors(fit: Fit) -> pd.DataFrame:
    """Log Bayes factors of parallel trends by stratum, under the fit's errors and richer ones.

    Returns
    -------
    DataFrame
        Columns stratum, errors, log_bayes_factor, error (Monte-Carlo), and reason: why there is
        none, where that is so.
    """
    structures = dict.fromkeys([fit.facts.noise, *fit.facts.noise.richer[:1]])
    return pd.DataFrame(
        [
            {"stratum": stratum, "errors": noise.label(), **_factor(fit, panel, noise)}
            for stratum, panel in _strata(fit)
            for noise in structures
        ]
    )


def log_bayes_factor(design: Design, panel: Panel, noise: Noise, seed: int) -> tuple[float, float]:
    """Log Bayes factor of parallel over differential trends, and its Monte-Carlo error.

    Parameters
    ----------
    design : Design
        Of the outcome alone.
    panel : Panel
        Rows of one stratum, or all.
    noise : Noise
        Errors of both designs.

    Raises
    ------
    IdentificationError
        If the panel cannot identify differential trends.
    """
    facts = design.facts
    effect = Separate(varying=facts.varying)
    changes: dict[str, object] = {
        "effect": effect,
        "errors": noise,
        "priors": Priors(),
        "unidentified": "drop",
    }
    if facts.moderator is not None:
        changes["moderator"] = None
    design = saturated_design(design, panel, **changes)
    parallel = log_marginal(design, panel, seed=seed)
    drifting = log_marginal(design.variant({"trends": DifferentialTrends()}), panel, seed=seed)
    _comparable(parallel, drifting)
    return parallel.value - drifting.value, float(np.hypot(parallel.error, drifting.error))


def _comparable(parallel: Marginal, drifting: Marginal) -> None:
    """See that both likelihoods are of the same rows, in the same units, over the same columns."""
    if parallel.ground != drifting.ground:
        raise IdentificationError(
            Message("the two designs have different rows or flat columns, and no Bayes factor"),
            hint="covariates that vary within the periods of every stratum",
        )


def _factor(fit: Fit, panel: Panel, noise: Noise) -> dict[str, object]:
    try:
        seed = int(fit.sampler.seed or 0)
        value, error = log_bayes_factor(fit.outcome_design, panel, noise, seed)
    except (IdentificationError, ConvergenceError) as reason:
        return {"log_bayes_factor": np.nan, "error": np.nan, "reason": reason.what}
    return {"log_bayes_factor": value, "error": error, "reason": ""}


def _strata(fit: Fit) -> Iterator[tuple[str, Panel]]:
    """Rows of each stratum whose time effects are its own; of all, where these are shared."""
    panel, facts = panel_of(fit), fit.facts
    factors = facts.strata(panel)
    if not factors or not set(factors) <= set(facts.time_strata(panel)):
        yield "", panel
        return
    codes = np.stack([panel.strata_codes[f] for f in factors], axis=1)
    table, number = np.unique(codes, axis=0, return_inverse=True)
    adopts = np.asarray(panel.cohort_codes) >= 0
    for k, row in enumerate(table):
        units = number.ravel() == k
        if (units & adopts).any():
            name = " × ".join(panel.levels[f][j] for f, j in zip(factors, row, strict=True))
            yield name, panel.where(units[panel.unit_codes])
