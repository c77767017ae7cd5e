"""Leave-one-out cross-validation of units by importance sampling, and comparison of fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from functools import cache
from hashlib import sha256
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import softmax

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import NQPError, StudyError, shown
from bayes_nqp._core.process import quiet
from bayes_nqp._core.validation import door
from bayes_nqp.checks.shared import comparable, marginal
from bayes_nqp.effects.estimands import ResultFrame, convergence_of
from bayes_nqp.inference.fitting import Fit, left_out, log_likelihood, panel_of

if TYPE_CHECKING:
    from arviz_stats.utils import ELPDDataLOO


_RELIABLE = 0.7
"""Pareto k above which no number of draws is enough (Vehtari et al. 2024)."""


@door
def loo(fit: Fit, by: str | None = None) -> ELPDDataLOO:
    """Compute leave-one-out cross-validation of units by Pareto-smoothed importance sampling.

    No refit is needed. The unit effect and the unit-level random effect of the treatment are
    integrated out of the density of a unit, since the other units contain no information about
    them; importance sampling would fail otherwise.

    Parameters
    ----------
    by : str, optional
        Column that is constant within units, such as "province", whose groups are left out. By
        default each unit is left out, or each group of units that shares a random effect of the
        treatment.

    Returns
    -------
    ELPDDataLOO
        Result as of ``arviz_stats.loo``, pointwise: ``elpd``, ``se``, ``p``, ``elpd_i``,
        ``pareto_k``, ``good_k``, ``log_weights``. Printed, it names the units whose Pareto k is
        above ``good_k``, for which importance sampling is unreliable and a refit is needed, and the
        failure of the fit's convergence diagnostics, if there is one.

    Raises
    ------
    StudyError
        As `log_likelihood`.

    Notes
    -----
    The relative efficiency of the draws, which determines how many weights are smoothed, is that of
    ArviZ: the effective sample size divided by the number of draws, averaged over parameters and
    coefficients. Densities are those of contrasts within units, in outcome units, so ``elpd``
    compares fits to the same observations and has no absolute meaning.

    References
    ----------
    Vehtari, A., Gelman, A. and Gabry, J. (2017). Practical Bayesian model evaluation using
    leave-one-out cross-validation and WAIC. Statistics and Computing 27. Vehtari, A., Simpson,
    D., Gelman, A., Yao, Y. and Gabry, J. (2024). Pareto smoothed importance sampling. Journal
    of Machine Learning Research 25(72).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> design = nqp.StaggeredDiD(unidentified="drop")
    >>> fit = nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)
    >>> int(nqp.loo(fit).n_data_points)
    50
    """
    # Use the array functions: ArviZ's trees have reference cycles that keep draws in memory.
    stats: Any = import_module("arviz_stats.base").dataarray_stats
    values, dims = log_likelihood(fit, by), list(v.SAMPLE_DIMS)
    number = values.sizes[v.CHAIN] * values.sizes[v.DRAW]
    share = _independent(fit.posterior.sel({v.DRAW: values[v.DRAW]})) / number
    log_weights, k = stats.psislw(values, r_eff=share, dim=dims)
    elpd_i, k, p_i = stats.loo(values, sample_dims=dims, log_weights=log_weights, pareto_k=k)
    elpd, se, p, _ = stats.loo_summary(elpd_i, p_i)
    good = min(1.0 - 1.0 / np.log10(number), _RELIABLE)
    return _named(
        {"kind": "loo", "elpd": elpd, "se": se, "p": p, "n_samples": number,
         "n_data_points": elpd_i.size, "scale": "log", "warning": bool((k > good).any()),
         "good_k": good, "elpd_i": elpd_i, "pareto_k": k, "log_weights": log_weights}
    )  # fmt: skip


def _independent(posterior: xr.Dataset) -> float:
    """Return the mean effective sample size; for one chain, the number of draws."""
    stats: Any = import_module("arviz_stats.base").dataarray_stats
    if posterior.sizes[v.CHAIN] == 1:
        return float(posterior.sizes[v.DRAW])
    dims = list(v.SAMPLE_DIMS)
    sizes = [stats.ess(x, sample_dims=dims, method="mean") for x in posterior.data_vars.values()]
    return float(np.concatenate([x.to_numpy().ravel() for x in sizes]).mean())


def unreliable(result: ELPDDataLOO) -> list[str]:
    """Return the units that importance sampling cannot leave out, the worst first.

    Parameters
    ----------
    result : ELPDDataLOO
        Result of `loo`.

    Returns
    -------
    list of str
        Label and Pareto k of each unit.
    """
    k = result.pareto_k
    (dim,) = k.dims
    order = np.argsort(-k.to_numpy(), kind="stable")
    order = order[k.to_numpy()[order] > result.good_k]
    return [f"{k[dim].to_numpy()[i]} ({float(k[i]):.2f})" for i in order]


@cache
def _naming() -> Any:
    """Return ArviZ's result class, extended to print units; ArviZ is imported on use."""
    from arviz_stats.utils import ELPDDataLOO

    class Loo(ELPDDataLOO):
        def __str__(self) -> str:
            text = str(super().__str__())  # type: ignore[no-untyped-call]
            gate = convergence_of(self.elpd_i)
            if gate not in (v.PASSED, v.UNVERIFIED):
                text = f"{text}\n\nConvergence gate {gate}"
            named = unreliable(self)
            if not named:
                return text
            (dim,) = self.pareto_k.dims
            return f"{text}\n\nPareto k above {self.good_k:.2f}: {dim} {shown(named, 10)}"

        __repr__ = __str__

        def __reduce__(self) -> tuple[Any, ...]:
            return _named, (_numbers(self),)

    return Loo


def _named(numbers: dict[str, Any]) -> ELPDDataLOO:
    kind = _naming()
    # Early versions of ArviZ have the kind as a field.
    names = {f.name for f in fields(kind)}
    named: ELPDDataLOO = kind(**{k: x for k, x in numbers.items() if k in names})
    return named


def _numbers(result: ELPDDataLOO) -> dict[str, Any]:
    return {f.name: getattr(result, f.name) for f in fields(result)}


@door
def compare(
    fits: Mapping[str, Fit] | Sequence[Fit],
    by: str | None = None,
    method: Literal["stacking", "bb-pseudo-bma", "pseudo-bma"] = "stacking",
) -> pd.DataFrame:
    """Compare fits to the same observations by leave-one-out cross-validation of units.

    Parameters
    ----------
    fits : mapping of str to Fit, or sequence of Fit
        Fits by name, such as ``{"AR(1)": fit, "iid": other}``; fits without names are numbered from
        "(1)" on.
    by : str, optional
        Column whose groups are left out, as in `loo`.
    method : {"stacking", "bb-pseudo-bma", "pseudo-bma"}, default "stacking"
        Method for the weights.

    Returns
    -------
    DataFrame
        One row for each fit, the best first: ``fit``, ``elpd``, ``se``, ``elpd_diff`` (from the
        best; negative is worse) and its standard error ``se_diff``, ``p``, ``weight``,
        ``log_marginal`` and ``probability`` (posterior model probability with equal prior
        probabilities), ``worst_k``, ``unreliable`` (the units whose Pareto k is too large) and
        ``gate``. ``log_marginal`` and ``probability`` are missing if a design has no marginal
        likelihood, or if the designs differ in coefficients with flat priors, such as those of
        covariates. With a spatial lag no unit can be left out, and only these two are computed.

    Raises
    ------
    StudyError
        If the fits have different panels, use different observations, or leave out different
        groups; or as `log_likelihood`.

    Notes
    -----
    A difference below about 4, or below twice its standard error, is inconclusive. In the log
    marginal likelihood, effects and parameters are integrated out over their priors. It can
    separate designs with the same predictions for new units, such as designs with different spatial
    weights.

    References
    ----------
    Sivula, T., Magnusson, M., Matamoros, A. and Vehtari, A. (2025). Uncertainty in Bayesian
    leave-one-out cross-validation based model comparison. Bayesian Analysis. Yao, Y., Vehtari,
    A., Simpson, D. and Gelman, A. (2018). Using stacking to average Bayesian predictive
    distributions. Bayesian Analysis 13(3).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> design = nqp.StaggeredDiD(unidentified="drop")
    >>> fits = {
    ...     errors.__class__.__name__: nqp.fit(
    ...         design.replace(errors=errors), panel, nqp.Importance(seed=1), progress=False
    ...     )
    ...     for errors in (nqp.AR1(), nqp.IID())
    ... }
    >>> nqp.compare(fits)["fit"].tolist()
    ['AR1', 'IID']
    """
    arviz_stats: Any = import_module("arviz_stats")
    fits = fits if isinstance(fits, Mapping) else {f"({k})": x for k, x in enumerate(fits, 1)}
    _comparable(fits, by)
    marginals = _marginals(fits)
    probabilities = dict(zip(marginals, softmax([*marginals.values()]), strict=True))
    lagged = any(fit.facts.reach == "lag" for fit in fits.values())
    if lagged and np.isfinite([*marginals.values()]).all():
        return _without_loo(fits, marginals, probabilities)
    results = {str(name): loo(fit, by) for name, fit in fits.items()}
    best = np.max([result.elpd_i.to_numpy() for result in results.values()], axis=0)
    # Shifting avoids underflow and changes neither weights nor differences.
    near = {name: _moved(result, best) for name, result in results.items()}
    with quiet():
        table = arviz_stats.compare(near, method=method, round_to="none")
    rows = [
        {
            "fit": name,
            "elpd": float(results[name].elpd),
            "se": float(results[name].se),
            "elpd_diff": 0.0 if name == table.index[0] else -abs(float(row["elpd_diff"])),
            "se_diff": float(row["dse"]),
            "p": float(results[name].p),
            "weight": float(row["weight"]),
            "log_marginal": marginals[str(name)],
            "probability": probabilities[str(name)],
            "worst_k": float(results[name].pareto_k.max()),
            "unreliable": shown(unreliable(results[name]), 10),
            "gate": str(fits[name].gate),
        }
        for name, row in table.iterrows()
    ]
    return ResultFrame(rows)


def _without_loo(
    fits: Mapping[str, Fit], marginals: Mapping[str, float], probabilities: Mapping[str, float]
) -> pd.DataFrame:
    """Return the table for fits in which outcomes of units depend on one another (spatial lag)."""
    missing = dict.fromkeys(("elpd", "se", "elpd_diff", "se_diff", "p", "weight"), np.nan)
    rows = [
        {"fit": name, **missing, "log_marginal": marginals[name],
         "probability": probabilities[name], "worst_k": np.nan, "unreliable": "",
         "gate": str(fits[name].gate)}
        for name in sorted(marginals, key=marginals.__getitem__, reverse=True)
    ]  # fmt: skip
    return ResultFrame(rows)


def _marginals(fits: Mapping[str, Fit]) -> dict[str, float]:
    """Return log marginal likelihoods by name; NaN for all if some are not comparable."""
    try:
        values = {str(k): marginal(x, x.outcome_design, panel_of(x)) for k, x in fits.items()}
        first, *others = values.values()
        for other in others:
            comparable(first, other)
    except NQPError:
        return {str(name): float("nan") for name in fits}
    return {name: x.value for name, x in values.items()}


def _moved(result: ELPDDataLOO, by: Any) -> ELPDDataLOO:
    """Subtract a constant from the density of every unit."""
    densities = result.elpd_i - by
    return replace(result, elpd_i=densities, elpd=float(densities.sum()))


def _comparable(fits: Mapping[str, Fit], by: str | None) -> None:
    if len(fits) < 2:
        raise StudyError(
            f"nqp.compare needs two fits or more, and has {len(fits)}",
            hint="nqp.compare({'AR(1)': a, 'iid': b})",
        )
    (first, fit), *others = fits.items()
    rows, groups = _rows(fit), left_out(fit, by)
    for name, other in others:
        same = other.record["panel_digest"] == fit.record["panel_digest"]
        # A sample that ends before all units are treated is another panel.
        if not (same or any("ends_before" in x.record for x in (fit, other))):
            raise StudyError(
                f"{first!r} and {name!r} are fits of different panels",
                hint="fit both designs to one panel",
            )
        if not same or _rows(other) != rows:
            raise StudyError(
                f"{first!r} and {name!r} use different observations of the panel",
                where=shown([*fit.notes, *other.notes]),
                hint="nqp.identification lists the observations that each design drops; fit both "
                "to those that they share",
            )
        theirs = left_out(other, by)
        if theirs.dim != groups.dim or (theirs.group != groups.group).any():
            raise StudyError(
                f"{first!r} leaves out one {groups.dim} at a time, {name!r} one {theirs.dim}",
                hint="by=… with a column at the higher level, which both can leave out",
            )


def _rows(fit: Fit) -> str:
    """Return the digest of the observations that enter the likelihood."""
    equation = fit.model_frame.equations[0]
    inside = np.isin(equation.rows.unit, equation.problem.units)
    pairs = np.stack([equation.rows.unit[inside], equation.rows.time[inside]])
    return sha256(np.ascontiguousarray(pairs)).hexdigest()
