"""Whether what is reported rests on the priors, by power scaling."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from bayes_nqp import schema
from bayes_nqp import vocabulary as v
from bayes_nqp.checks._labels import AVERAGE, average_in, labels, texts_of
from bayes_nqp.checks._needs import ROWS
from bayes_nqp.checks._paired import paired
from bayes_nqp.checks._reasons import reason
from bayes_nqp.checks._refit import estimator, panel_of
from bayes_nqp.checks._result import DOUBT, FAILS, HOLDS, Finding, NotApplicable, Verdict, asks
from bayes_nqp.effects import cell_effects
from bayes_nqp.errors import StudyError
from bayes_nqp.estimands import att, contrast, text
from bayes_nqp.fitting import log_likelihood, parameter_units
from bayes_nqp.language import Message, joined, listed
from bayes_nqp.likelihoods import Gaussian, StudentT
from bayes_nqp.parameters import FIXED

if TYPE_CHECKING:
    from bayes_nqp.fitting import Fit

__all__ = ["THRESHOLD", "log_priors", "prior_sensitivity"]

Array = npt.NDArray[np.float64]

THRESHOLD = 0.05
"""Of Kallioinen et al. (2024): above it a quantity is sensitive."""

_TOP = ("level", "drift", "strata_")
"""Coefficients whose priors, where fixed, are no part of the pooling."""

_LEVELS = 4
"""Levels of a factor up to which all pairs are compared."""

CONFLICT = "prior-data conflict"
STRONG = "strong prior or weak likelihood"
FINE = ""


@asks("Does what is reported rest on the priors?", "prior sensitivity", place=150, needs=(ROWS,))
def prior_sensitivity(fit: Fit, *, threshold: float = THRESHOLD) -> Finding:
    """Scale the priors, and the likelihood, by powers near one and see what moves.

    Scaled are the priors at the top: those of the level, the drift, contrasts and interactions
    with a fixed scale, every estimated scale, rho and sigma, all together. Effects of cohorts,
    cells and steps given their scales, and deviations of members, are the pooling itself and
    stay as they are (see 'specifications'); so do flat priors, which no power changes. The
    likelihood is that of units given the coefficients, with unit effects and deviations
    integrated out.

    A quantity's sensitivity is the rate at which its posterior's cumulative
    Jensen–Shannon distance from the scaled one grows with the logarithm (base 2) of the power.
    Prior and likelihood both above the threshold: they disagree. Only the prior: it is strong
    for what the data say. The verdict looks at reported effects and contrasts only. It fails
    where the average effect on the treated is more sensitive to the prior than to the
    likelihood, or in conflict; other effects that are sensitive to the prior leave doubt, and
    so does a level that its prior decides.

    References
    ----------
    Kallioinen, N., Paananen, T., Bürkner, P.-C. and Vehtari, A. (2024). Detecting and
    diagnosing prior and likelihood sensitivity with power-scaling. Statistics and Computing 34.
    """
    given: object = threshold
    if type(given) not in (int, float) or not 0 < threshold < np.inf:
        raise StudyError(f"'threshold' is {threshold!r}", hint="a positive number, such as 0.05")
    panel_of(fit), estimator(fit)
    priors = log_priors(fit)
    if not priors:
        raise NotApplicable(Message("Every prior of this design is flat."))
    reported, parameters = _reported(fit), _parameters(fit)
    quantities = {**reported, **parameters}
    likelihood = _likelihood(fit)
    table = _table(quantities, priors, likelihood, threshold)
    table["reported"] = [name in reported for name in table["quantity"]]
    mine = table[table["reported"]]
    bad = mine[mine["diagnosis"] != FINE]
    overall = mine.iloc[0]
    verdict: Verdict = HOLDS
    if len(bad) or _level(table) != FINE:
        verdict = DOUBT
    ruled = overall["prior"] > max(threshold, np.nan_to_num(overall["likelihood"], nan=np.inf))
    if overall["diagnosis"] == CONFLICT or ruled:
        verdict = FAILS
    worst = mine.iloc[int(mine["prior"].to_numpy().argmax())]
    figure = Message(
        "att: prior {:.3f}{}; most sensitive to the prior: {}, {:.3f} (threshold {:g})",
        overall["prior"],
        "" if likelihood is None else Message(", likelihood {:.3f}", overall["likelihood"]),
        texts_of(mine.iloc[[int(mine["prior"].to_numpy().argmax())]], "quantity")[0],
        worst["prior"],
        threshold,
    )
    return Finding(verdict, figure, _sentence(verdict, bad, table), table, "power_scaling")


def _level(table: pd.DataFrame) -> str:
    """Diagnosis of the level: what other effects may make up for, but is what was stated."""
    return str(next(iter(table.loc[table["quantity"] == "level", "diagnosis"]), FINE))


def _sentence(verdict: Verdict, bad: pd.DataFrame, table: pd.DataFrame) -> Message:
    others = table[~table["reported"] & (table["diagnosis"] != FINE)]["quantity"].tolist()
    if verdict == HOLDS:
        calm = Message(
            "A little more or less weight on the priors hardly moves any reported effect."
        )
        lean = Message("Parameters that lean on their own priors: {}.", listed(others, 4))
        return joined([calm, lean] if others else [calm])
    if not len(bad):
        return Message(
            "The prior of the level, not the data, says what the level is; the effects of cohorts "
            "and cells make up for it, and the reported effects stand: state priors.level wider."
        )
    names = listed(texts_of(bad, "quantity"), 4)
    which = listed(bad["strongest"].unique().tolist(), 3)
    if verdict == FAILS:
        return Message(
            "The priors (of {}) pull at {}, the average effect included: state them wider, in "
            "multiples of s, or defend them.",
            which,
            names,
        )
    against = CONFLICT in set(bad["diagnosis"])
    return Message(
        "The priors (of {}) shape {}, {}; the average effect stands.",
        which,
        names,
        Message("against what the data say") if against else Message("where the data say little"),
    )


def log_priors(fit: Fit) -> dict[str, xr.DataArray]:
    """Log densities of the priors at the top, draw by draw, up to constants.

    Returns
    -------
    dict of str to DataArray (chain, draw)
        By what they are the prior of.
    """
    equation, posterior = fit.plan.equations[0], fit.posterior
    problem, s, prefix = equation.problem, fit.scale, f"{equation.name}__"
    found: dict[str, xr.DataArray] = {}
    for part in equation.globals:
        if part.scale != FIXED or not part.name.startswith(_TOP):
            continue
        values = posterior[prefix + part.name].to_numpy() / s
        z = values.reshape(*values.shape[:2], -1)
        if part.display is not None:
            z = z @ np.linalg.pinv(part.display).T
        found[part.name] = _labelled(fit, -0.5 * (z**2).sum(axis=2))
    units = parameter_units(equation)
    for parameter, unit in zip(problem.space.parameters, units, strict=True):
        values = posterior[prefix + parameter.name].to_numpy() / unit
        found[parameter.name] = _labelled(fit, parameter.prior.log_kernel(values))
    likelihood = fit.facts.likelihood
    if isinstance(likelihood, StudentT) and likelihood.nu is None:
        more = posterior[f"{prefix}nu"].to_numpy() - 2.0
        found["nu"] = _labelled(fit, np.log(more) - 0.1 * more)
    return found


def _labelled(fit: Fit, values: Array) -> xr.DataArray:
    coords = {dim: fit.posterior[dim].to_numpy() for dim in v.SAMPLE_DIMS}
    return xr.DataArray(values, dims=v.SAMPLE_DIMS, coords=coords)


def _likelihood(fit: Fit) -> xr.DataArray | None:
    """Log likelihood of all units together (chain, draw); None where rows were sampled."""
    if not isinstance(fit.facts.likelihood, Gaussian):
        return None
    paired(fit)
    try:
        units = log_likelihood(fit)
    except StudyError as error:
        raise NotApplicable(Message("No likelihood to scale: {}.", reason(error))) from None
    return units.sum(str(units.dims[2])).reset_coords(drop=True)


def _reported(fit: Fit) -> dict[str, xr.DataArray]:
    """Effects that are reported: overall, by level, contrasts, first and last event time."""
    effects = cell_effects(fit)
    named: dict[str, xr.DataArray] = {AVERAGE: att(effects)}
    for factor in schema.factors(effects):
        draws = att(effects, factor)
        known = [x for x in draws[factor].to_numpy() if not _missing(draws.sel({factor: x}))]
        for level in known:
            named[average_in(factor, text(level))] = draws.sel({factor: level})
        for a, b in combinations(known, 2) if len(known) <= _LEVELS else ():
            named[f"{text(a)} − {text(b)}"] = contrast(draws, {factor: a}, minus=b)
    if not schema.is_timed(effects):
        return named
    draws = att(effects, v.EVENT_TIME)
    times = [e for e in draws[v.EVENT_TIME].to_numpy() if e >= 0]
    for e in sorted({min(times), max(times)}):
        one = draws.sel({v.EVENT_TIME: e})
        if not _missing(one):
            named[average_in(v.EVENT_TIME, e)] = one
    return named


def _missing(draws: xr.DataArray) -> bool:
    return bool(np.isnan(draws.to_numpy()).any())


def _parameters(fit: Fit) -> dict[str, xr.DataArray]:
    equation = fit.plan.equations[0]
    prefix = f"{equation.name}__"
    wanted = ("level", "drift", "nu", *equation.problem.space.names)
    return {
        str(name).removeprefix(prefix): values
        for name, values in fit.posterior.items()
        if str(name).removeprefix(prefix) in wanted
        or str(name).removeprefix(prefix).startswith("scale_")
    }


def _table(
    quantities: Mapping[str, xr.DataArray],
    priors: Mapping[str, xr.DataArray],
    likelihood: xr.DataArray | None,
    threshold: float,
) -> pd.DataFrame:
    """Sensitivity of every quantity; and the strongest prior, where it is sensitive to them."""
    kept = slice(None) if likelihood is None else likelihood[v.DRAW].to_numpy()
    draws = np.stack(
        [q.reset_coords(drop=True).sel({v.DRAW: kept}).to_numpy() for q in quantities.values()],
        axis=2,
    )
    named = {name: p.sel({v.DRAW: kept}).to_numpy() for name, p in priors.items()}
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
    """Power-scaling sensitivity of every quantity.

    Parameters
    ----------
    log_density : ndarray (chain, draw)
        Of what is scaled.
    """
    from arviz_stats.psense import psense

    tree = xr.DataTree.from_dict(
        {
            "posterior": xr.Dataset({"q": ((*v.SAMPLE_DIMS, "quantity"), draws)}),
            "log_prior": xr.Dataset({"all": (v.SAMPLE_DIMS, log_density)}),
        }
    )
    with warnings.catch_warnings():
        # Few distinct values in the tails: the weights are then smoothed over fewer of them.
        warnings.simplefilter("ignore", UserWarning)
        found = psense(tree, group="prior", sample_dims=list(v.SAMPLE_DIMS))  # type: ignore[no-untyped-call]
    return np.asarray(found["q"].to_numpy(), dtype=np.float64)
