"""Fit of likelihoods with latent outcomes: statistics of observed and replicated observations.

Residuals are those of working outcomes, such as ``log(y + 1/2)`` of counts less the log exposure:
finite functions of single observations, computed alike on observed and replicated ones. Quantile
residuals compare each observation with its distribution given all others.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.stats import kstest

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import Hint, NotApplicable, NQPError
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks.model._untreated import Untreated
from bayes_nqp.checks.shared import average_effect
from bayes_nqp.inference.fitting import Fit, LatentPredictive, panel_of, refit
from bayes_nqp.model.designs import AR1

SPREAD, SKEWED, ZEROS, AMONG = (
    Message("sd of residuals"),
    Message("skewness of residuals"),
    Message("share of zeros"),
    Message("zeros in units with many events"),
)


def latent_statistics(
    fit: Fit, rows: Untreated, draws: int
) -> tuple[dict[str, Array], dict[str, Array], Array]:
    """Compute statistics of the observed and of replicated observations.

    Returns
    -------
    tuple of dict, dict and ndarray (untreated row)
        Observed (1) and replicated (draw) statistics, and quantile residuals.
    """
    predictive = LatentPredictive(fit, fit.sampler.seed or 0)
    observed = predictive.observations.outcome[None]
    zeros = bool((observed[:, rows.rows] == 0).any())
    both = [
        _statistics(rows, outcome, predictive.working(outcome), fit.scale, zeros=zeros)
        for outcome in (observed, predictive.replications(draws))
    ]
    return both[0], both[1], predictive.quantile_residuals()[rows.rows]


def _statistics(
    rows: Untreated, outcome: Array, working: Array, scale: float, *, zeros: bool
) -> dict[str, Array]:
    """Compute all statistics of observations (replication, row)."""
    residuals, _, _ = rows.residuals(working)
    centred = residuals - residuals.mean(axis=1, keepdims=True)
    before = rows.before(working, residuals) if rows.model_frame.exposure is None else {}
    y = outcome[:, rows.rows]
    # The mean of the unit at an observation without events, over the mean of all: small if zeros
    # come from low rates.
    sums = np.stack([np.bincount(rows.unit, each, rows.count.size) for each in y])
    at_zeros = ((y == 0) * (sums / rows.count)[:, rows.unit]).mean(axis=1)
    statistics = {
        **rows.shape(residuals),
        SPREAD: centred.std(axis=1),
        SKEWED: (centred**3).mean(axis=1) / (centred**2).mean(axis=1) ** 1.5,
        **{name: x * scale for name, x in before.items()},
    }
    if zeros:
        statistics |= {ZEROS: (y == 0).mean(axis=1), AMONG: at_zeros / y.mean(axis=1)}
    return statistics


def uniformity(residuals: Array) -> tuple[float, float]:
    """Return the SD of quantile residuals, and the p-value of Kolmogorov and Smirnov's test."""
    return float(residuals.std()), float(kstest(residuals, "norm").pvalue)


def richer_errors(fit: Fit) -> tuple[Hint, float, float] | None:
    """Refit under a richer error structure.

    Returns
    -------
    tuple of Hint, float and float, or None
        The structure, the ratio of the SDs of the average effect, and its shift in SDs; None if
        there is no richer structure, or its refit failed.
    """
    noise = fit.facts.noise
    richer = [x for x in noise.richer if x.groups(panel_of(fit)) is None]
    if not noise.correlated:
        richer = [AR1()]
    if not richer:
        return None
    try:
        other = refit(fit, fit.variant(errors=richer[-1]))
    except (NotApplicable, NQPError):
        return None
    draws, others = average_effect(fit), average_effect(other)
    sd = float(draws.std())
    shift = abs(float(others.mean() - draws.mean())) / sd
    return Hint("errors", richer[-1]), float(others.std()) / sd, shift


def latent_advice(fit: Fit) -> Iterator[tuple[str, Message, Message]]:
    """Yield a part of a statistic's name, the reason for a misfit of it, and the next step."""
    low = Message(
        "There are more observations without events, or far below their expectation, than the "
        "model allows. Some zeros may come from another process, such as missing records."
    )
    look = Message(
        "Next: inspect the zeros of units with many events, and leave out observations that were "
        "not recorded; or report Gaussian and Poisson estimates for comparison."
    )
    for name in ("skewness", "zeros"):
        yield name, low, look
    more = Message("Observations vary more or less than the model allows.")
    yield SPREAD, more, Message(
        "Next: inspect the priors of the errors, or fit again with {} in the design.",
        "errors=nqp.AR1PlusNoise()",
    )  # fmt: skip
    heavy = Message(
        "Some changes are larger or smaller than {} counts allow.", fit.facts.likelihood.label
    )
    yield "innovation", heavy, Message(
        "Next: inspect the observations with the largest changes, or compare with another "
        "likelihood in the design: {} or {}.",
        "nqp.NegativeBinomial()", "nqp.Poisson() with errors=nqp.AR1PlusNoise()",
    )  # fmt: skip
