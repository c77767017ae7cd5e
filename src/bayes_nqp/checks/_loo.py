"""Leaving units out by importance sampling: how well a fit predicts units it has not seen."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from hashlib import sha256
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.doors import door
from bayes_nqp.errors import StudyError, shown
from bayes_nqp.fitting import Fit, left_out, log_likelihood

if TYPE_CHECKING:
    from arviz_stats.utils import ELPDDataLOO

__all__ = ["compare", "loo", "unreliable"]

_METHODS = ("stacking", "bb-pseudo-bma", "pseudo-bma")


@door
def loo(fit: Fit, by: str | None = None) -> ELPDDataLOO:
    """Predict every unit from the others, by Pareto-smoothed importance sampling.

    No refit is needed. A unit's own effect and deviation are integrated out first, for they
    are not what the other units tell: without that, importance sampling would break down.

    Parameters
    ----------
    by : str, optional
        What is left out together: a column that is constant within units, such as "province".
        By default each unit, or each member where several units share one deviation.

    Returns
    -------
    ELPDDataLOO
        What ``arviz_stats.loo`` gives, pointwise: ``elpd``, ``se``, ``p``, ``elpd_i``,
        ``pareto_k``, ``good_k``, ``log_weights``. Printed, it names the units whose Pareto k is
        above ``good_k``: there, importance sampling cannot stand in for a refit.

    Raises
    ------
    StudyError
        As `log_likelihood`.

    Notes
    -----
    The relative efficiency of the draws, which sets how many weights are smoothed, is ArviZ's:
    the effective sample size over the number of draws, averaged over parameters and
    coefficients. Densities are of contrasts within units, in outcome units: ``elpd`` compares
    fits to the same rows, and has no meaning of its own.

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
    >>> nqp.loo(fit).n_data_points
    50
    """
    arviz_stats: Any = import_module("arviz_stats")
    values = log_likelihood(_a_fit(fit), by)
    posterior = fit.posterior.sel({v.DRAW: values[v.DRAW]})
    tree = xr.DataTree.from_dict({"posterior": posterior, "log_likelihood": values.to_dataset()})
    with warnings.catch_warnings():
        # The result itself names the units.
        warnings.filterwarnings("ignore", message="Estimated shape parameter")
        found = arviz_stats.loo(tree, pointwise=True, var_name=values.name)
    made: ELPDDataLOO = _naming()(**{f.name: getattr(found, f.name) for f in fields(found)})
    return made


def unreliable(found: ELPDDataLOO) -> list[str]:
    """Name the units that importance sampling cannot leave out, the worst first.

    Parameters
    ----------
    found : ELPDDataLOO
        From `loo`.

    Returns
    -------
    list of str
        Label and Pareto k.
    """
    k = found.pareto_k
    (dim,) = k.dims
    order = np.argsort(-k.to_numpy(), kind="stable")
    order = order[k.to_numpy()[order] > found.good_k]
    return [f"{k[dim].to_numpy()[i]} ({float(k[i]):.2f})" for i in order]


@cache
def _naming() -> Any:
    """ArviZ's result, whose print names units; made on first use, for ArviZ loads slowly."""
    from arviz_stats.utils import ELPDDataLOO

    class Loo(ELPDDataLOO):
        def __str__(self) -> str:
            said = str(super().__str__())  # type: ignore[no-untyped-call]
            named = unreliable(self)
            if not named:
                return said
            (dim,) = self.pareto_k.dims
            return f"{said}\n\nPareto k above {self.good_k:.2f}: {dim} {shown(named, 10)}"

        __repr__ = __str__

    return Loo


@door
def compare(
    fits: Mapping[str, Fit], by: str | None = None, method: str = "stacking"
) -> pd.DataFrame:
    """Compare how well fits to the same rows predict units they have not seen.

    Parameters
    ----------
    fits : mapping of str to Fit
        By name, such as ``{"AR(1)": fit, "iid": other}``.
    by : str, optional
        What is left out together, as in `loo`.
    method : {"stacking", "bb-pseudo-bma", "pseudo-bma"}, default "stacking"
        How the weights are made.

    Returns
    -------
    DataFrame
        One row a fit, the best first: ``fit``, ``elpd``, ``se``, ``elpd_diff`` (from the best;
        negative is worse) and its standard error ``se_diff``, ``p``, ``weight``, ``worst_k``
        and ``unreliable``, the units whose Pareto k is too large.

    Raises
    ------
    StudyError
        If the fits are of different panels, use different rows, or leave out different things;
        or as `log_likelihood`.

    Notes
    -----
    A difference below about 4, or twice its standard error, decides nothing.

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
    if method not in _METHODS:
        raise StudyError(f"'method' is {method!r}", hint=" or ".join(map(repr, _METHODS)))
    _comparable(fits, by)
    found = {str(name): loo(fit, by) for name, fit in fits.items()}
    best = np.max([one.elpd_i.to_numpy() for one in found.values()], axis=0)
    # Weights and differences do not change, and densities far from one do not underflow.
    near = {name: _moved(one, best) for name, one in found.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = arviz_stats.compare(near, method=method, round_to="none")
    rows = [
        {
            "fit": name,
            "elpd": float(found[name].elpd),
            "se": float(found[name].se),
            "elpd_diff": 0.0 if name == table.index[0] else -abs(float(row["elpd_diff"])),
            "se_diff": float(row["dse"]),
            "p": float(found[name].p),
            "weight": float(row["weight"]),
            "worst_k": float(found[name].pareto_k.max()),
            "unreliable": shown(unreliable(found[name]), 10) if unreliable(found[name]) else "",
        }
        for name, row in table.iterrows()
    ]
    return pd.DataFrame(rows)


def _moved(one: ELPDDataLOO, by: Any) -> ELPDDataLOO:
    """Take a constant off every unit's density."""
    values = {f.name: getattr(one, f.name) for f in fields(one)}
    values["elpd_i"] = one.elpd_i - by
    values["elpd"] = float(values["elpd_i"].sum())
    return type(one)(**values)


def _a_fit(fit: object) -> Fit:
    if not isinstance(fit, Fit):
        raise StudyError(
            f"a {type(fit).__name__} is given where a fit is needed",
            hint="nqp.fit(design, panel)",
        )
    return fit


def _comparable(fits: Mapping[str, Fit], by: str | None) -> None:
    given: object = fits
    if not isinstance(given, Mapping):
        raise StudyError(
            f"'fits' is a {type(given).__name__}, and fits have names",
            hint="nqp.compare({'AR(1)': a, 'iid': b})",
        )
    if len(fits) < 2:
        raise StudyError(
            f"{len(fits)} fit is nothing to compare", hint="nqp.compare({'AR(1)': a, 'iid': b})"
        )
    (first, one), *others = fits.items()
    panel, rows, groups = _a_fit(one).record["panel_digest"], _rows(one), left_out(one, by)
    for name, other in others:
        if _a_fit(other).record["panel_digest"] != panel:
            raise StudyError(
                f"{first!r} and {name!r} are fits of different panels",
                hint="fit both designs to one panel",
            )
        if _rows(other) != rows:
            raise StudyError(
                f"{first!r} and {name!r} use different rows of the panel",
                where=shown([*one.notes, *other.notes]),
                hint="nqp.support shows what each design drops; give both the rows they share",
            )
        theirs = left_out(other, by)
        if theirs.dim != groups.dim or (theirs.group != groups.group).any():
            raise StudyError(
                f"{first!r} leaves out one {groups.dim} at a time, {name!r} one {theirs.dim}",
                hint="by=… names what both can leave out, such as the higher level",
            )


def _rows(fit: Fit) -> str:
    """Seal of the rows that enter the likelihood."""
    equation = fit.plan.equations[0]
    units = equation.problem.units
    used = np.isin(equation.rows.unit, units)
    pairs = np.stack([equation.rows.unit[used], equation.rows.time[used]])
    return sha256(np.ascontiguousarray(pairs)).hexdigest()
