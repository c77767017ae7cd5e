"""Check of prior sensitivity by power scaling."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import NotApplicable, StudyError
from bayes_nqp._core.hints import Code
from bayes_nqp._core.i18n import NOTHING, Message, advised, detailed, figures, joined, listed
from bayes_nqp._core.process import quiet
from bayes_nqp._core.types import Positive
from bayes_nqp.checks.model._rescaled_priors import argument_of, rescaled
from bayes_nqp.checks.shared import (
    FAILS,
    HOLDS,
    Finding,
    Guide,
    Verdict,
    asks,
    in_words,
    labels,
    ladder,
    paired,
    parameter,
    reason,
    reported_draws,
    texts_of,
)
from bayes_nqp.effects.effects import group_time_effects
from bayes_nqp.inference.fitting import (
    ROWS,
    UNITS,
    Fit,
    log_likelihood,
    log_priors,
    parameter_draws,
)

THRESHOLD = 0.05
"""Sensitivity from which a quantity is sensitive (Kallioinen et al. 2024)."""
_ALPHAS = (0.99, 1.01)
"""Powers of a density between which the slope is computed (Kallioinen et al. 2024)."""
_HALF = 0.5
"""Power of the priors for which the change of the average effect is given."""
_WIDER = 2.0
"""Factor of the priors of the next step."""

CONFLICT = "prior-data conflict"
STRONG = "strong prior or weak likelihood"
FINE = ""


@asks(
    "Do the reported effects depend on the priors?",
    "prior sensitivity",
    place=150,
    needs=(ROWS, UNITS),
    guide=Guide(
        statistic=Message(
            "Power-scaling sensitivity: the change of the posterior of each reported effect "
            "when the priors, or the likelihood, are raised to powers near one.",
        ),
        thresholds=Message(
            "Failed: the average effect is more sensitive to the priors than to the likelihood"
            " and than {0:g}, or both sensitivities exceed {0:g}. Caution: another reported "
            "effect, or the overall level, has a sensitivity to the priors above {0:g}. "
            "Otherwise passed.",
            THRESHOLD,
        ),
        failure=Message(
            "The estimate reflects the priors at least as much as the data, or priors and data"
            " disagree.",
        ),
        remedy=Message(
            "fit with wider priors, {} in multiples of s, the SD of untreated outcomes "
            "within units, and compare, or justify the priors",
            Code("priors=nqp.Priors(...)", "[priors]"),
        ),
        code=(
            "wide = nqp.fit(design.replace(priors=nqp.Priors(level=10.0, cell=1.0)), panel)\n"
            "nqp.att(wide)"
        ),
        literature="Kallioinen et al. (2024)",
        limits=Message(
            "Scaled are the priors at the top level only. The check does not cover the choice "
            "of partial pooling, which the check of specifications varies.",
        ),
    ),
)
def prior_sensitivity(fit: Fit, *, threshold: Positive = THRESHOLD) -> Finding:
    """Scale priors and likelihood by powers near one and measure the change of the posterior.

    The priors at the top level are scaled together: those of the level, the differential trend,
    contrasts and interactions with a fixed scale, every estimated scale, rho and sigma. Effects of
    cohorts, cells and steps given their scales, and unit-level random effects, are the pooling
    itself and are not scaled (see 'specifications'); flat priors do not change with a power. The
    likelihood is that of units given the coefficients, with unit effects and random effects
    integrated out.

    The sensitivity of a quantity is the rate at which the cumulative Jensen–Shannon distance
    between its posterior and the scaled posterior grows with the logarithm (base 2) of the power.
    If the sensitivities to prior and likelihood both exceed the threshold, prior and data conflict.
    If only that to the prior does, the prior is strong relative to the data. The verdict uses
    reported effects and contrasts, and the overall level.

    Parameters
    ----------
    threshold : float, default 0.05
        Sensitivity from which a quantity is sensitive.

    References
    ----------
    Kallioinen, N., Paananen, T., Bürkner, P.-C. and Vehtari, A. (2024). Detecting and
    diagnosing prior and likelihood sensitivity with power-scaling. Statistics and Computing 34.
    """
    priors = log_priors(fit)
    if not priors:
        raise NotApplicable(Message("All priors of this design are flat."))
    reported = reported_draws(group_time_effects(fit), times="ends")
    likelihood = _likelihood(fit)
    table = _table(reported | parameter_draws(fit), priors, likelihood, threshold)
    table["reported"] = [name in reported for name in table["quantity"]]
    effects = table[table["reported"]]
    bad, overall = effects[effects["diagnosis"] != FINE], effects.iloc[0]
    strong = overall["prior"] > max(threshold, np.nan_to_num(overall["likelihood"], nan=np.inf))
    # Other effects may compensate for the level, but its prior was stated.
    level = table.loc[table["quantity"] == "level", "diagnosis"]
    verdict = ladder(
        fails=overall["diagnosis"] == CONFLICT or strong, doubt=len(bad) or (level != FINE).any()
    )
    worst = effects.iloc[[int(effects["prior"].to_numpy().argmax())]]
    figure = Message(
        "sensitivity of the average effect to the priors {:.3f}{}; most sensitive effect: {}, "
        "{:.3f} (threshold {:g})",
        overall["prior"],
        "" if likelihood is None else Message(", to the likelihood {:.3f}", overall["likelihood"]),
        in_words(texts_of(worst, "quantity")[0]),
        worst["prior"].iloc[0],
        threshold,
    )
    sentence = _sentence(fit, verdict, bad, table)
    if verdict == FAILS:
        sentence = _failure(fit, next(iter(reported.values())), sum(priors.values()), bad)
    return Finding(verdict, figure, sentence, table, "power_scaling")


def _failure(fit: Fit, effect: xr.DataArray, log_prior: Any, bad: pd.DataFrame) -> Message:
    """Return the finding, with the posterior mean under the square root of the priors."""
    draws, density = (x.reset_coords(drop=True) for x in (effect, log_prior))
    weights = _power_weights(density.transpose(*v.SAMPLE_DIMS), _HALF)
    mean = float((draws * weights).sum() / weights.sum())
    found = Message(
        "With half the weight on all priors (raised to the power 1/2), the posterior mean of the "
        "average effect would be about {} instead of {}.",
        *(figures(x, float(draws.std())) for x in (mean, float(draws.mean()))),
    )
    meaning = Message(
        "The average effect depends considerably on the priors (most influential on the reported "
        "effects: {}).",
        listed(map(parameter, bad["strongest"].unique().tolist()), 3),
    )
    others = texts_of(bad, "quantity")[1:]
    also = Message("Other effects that the priors influence: {}.", listed(map(in_words, others), 4))
    return joined([found, meaning, _wider(fit, bad), *([detailed(also)] if others else [])])


def _wider(fit: Fit, bad: pd.DataFrame) -> Message:
    """Return the next step: wider priors of the parameters with the largest influence."""
    hint = rescaled(fit, dict.fromkeys(map(argument_of, bad["strongest"])), _WIDER)
    if not hint:
        return NOTHING
    return advised(
        Message(
            "Next: fit again with wider priors, for example {} in nqp.Priors, and compare the "
            "effects, or justify the priors.",
            hint,
        )
    )


def _sentence(fit: Fit, verdict: Verdict, bad: pd.DataFrame, table: pd.DataFrame) -> Message:
    others = table[~table["reported"] & (table["diagnosis"] != FINE)]["quantity"].tolist()
    if verdict == HOLDS:
        calm = Message(
            "Slightly more or less weight on the priors hardly changes any reported effect."
        )
        which = Message(
            "Parameters sensitive to the priors: {}.", listed(map(parameter, others), 4)
        )
        return joined([calm, detailed(which)] if others else [calm])
    if not len(bad):
        level = Message(
            "The overall level of the effects is determined by its prior, not by the data."
        )
        reported = Message(
            "The reported effects are not affected, because cohort and cell effects compensate."
        )
        step = Message(
            "Next: fit again with a wider prior of the level, {} in nqp.Priors.",
            rescaled(fit, ["level"], _WIDER),
        )
        return joined([level, reported, advised(step)])
    names = listed(map(in_words, texts_of(bad, "quantity")), 4)
    which = listed(map(parameter, bad["strongest"].unique().tolist()), 3)
    found = Message(
        "The priors of {} influence {}, but not the average effect over all treated observations.",
        which,
        names,
    )
    meaning = Message("The data contain little information about these effects.")
    if CONFLICT in set(bad["diagnosis"]):
        meaning = Message("For these effects, priors and data disagree.")
    return joined([found, meaning, _wider(fit, bad)])


def _likelihood(fit: Fit) -> xr.DataArray | None:
    """Return the log likelihood of all units (chain, draw); None if NUTS sampled the fit."""
    if not fit.facts.exact:
        return None
    paired(fit)
    try:
        units = log_likelihood(fit)
    except StudyError as error:
        raise NotApplicable(
            Message("The likelihood of this fit cannot be computed: {}.", reason(error))
        ) from None
    return units.sum(str(units.dims[2])).reset_coords(drop=True)


def _table(
    quantities: Mapping[str, xr.DataArray],
    priors: Mapping[str, xr.DataArray],
    likelihood: xr.DataArray | None,
    threshold: float,
) -> pd.DataFrame:
    """Compute the sensitivity of every quantity, and the strongest prior if it is sensitive."""
    at = slice(None) if likelihood is None else likelihood[v.DRAW].to_numpy()
    draws = np.stack(
        [q.reset_coords(drop=True).sel({v.DRAW: at}).to_numpy() for q in quantities.values()],
        axis=2,
    )
    named = {name: p.sel({v.DRAW: at}).to_numpy() for name, p in priors.items()}
    table = pd.DataFrame({"quantity": list(quantities)})
    table["prior"] = _sensitivity(draws, np.sum(list(named.values()), axis=0))
    table["likelihood"] = np.nan
    if likelihood is not None:
        table["likelihood"] = _sensitivity(draws, likelihood.to_numpy())
    table.attrs |= {"threshold": threshold, **labels(quantities)}
    table["diagnosis"] = FINE
    strong = table["prior"] >= threshold
    table.loc[strong, "diagnosis"] = STRONG
    table.loc[strong & (table["likelihood"] >= threshold), "diagnosis"] = CONFLICT
    table["strongest"] = ""
    if strong.any():
        single = np.stack([_sensitivity(draws[:, :, strong], values) for values in named.values()])
        table.loc[strong, "strongest"] = [list(named)[k] for k in single.argmax(axis=0)]
    return table


def _sensitivity(draws: Array, log_density: Array) -> Array:
    """Compute the power-scaling sensitivity of every quantity.

    Parameters
    ----------
    log_density : ndarray (chain, draw)
        Log density that is scaled.
    """
    stats: Any = _statistics()
    dims = list(v.SAMPLE_DIMS)
    out = np.zeros(draws.shape[2])
    varying = np.ptp(draws, axis=(0, 1)) > 0.0  # constant or missing quantities have no sensitivity
    if not varying.any():
        return out
    quantities = xr.DataArray(draws[:, :, varying], dims=[*dims, "quantity"])
    density = xr.DataArray(log_density, dims=dims)
    # Few distinct values in the tails: the weights are then smoothed over fewer of them.
    with quiet(UserWarning):
        weights = [_power_weights(density, a) for a in _ALPHAS]
        distance = stats.power_scale_sense(
            quantities, *(w / w.sum(dims) for w in weights), *_ALPHAS, sample_dims=dims
        )
    out[varying] = distance.to_numpy()
    return out


def _power_weights(log_density: xr.DataArray, power: float) -> xr.DataArray:
    """Return Pareto-smoothed weights of draws for a density raised to a power."""
    dims = list(v.SAMPLE_DIMS)
    weights: xr.DataArray = np.exp(_statistics().power_scale_lw(log_density, alpha=power, dim=dims))
    return weights


def _statistics() -> Any:
    """Return the array functions of ArviZ, whose trees keep draws in memory by cycles."""
    return import_module("arviz_stats.base").dataarray_stats
