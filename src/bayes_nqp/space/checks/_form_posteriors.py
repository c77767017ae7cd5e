"""Posteriors of the coefficients that distinguish spatial forms, and marginal likelihoods.

A marginal likelihood depends on the width of the prior of theta: a prior as wide as c posterior
SDs costs a Durbin model log c for each coefficient, whatever the data. Here the prior is as wide as
the information of one of n units (unit information), on any scale of the columns. Let z be the
thetas of treatment in multiples of their prior SDs and those of covariates in multiples of ``s`` by
within-unit SD of W x, so that a marginal likelihood of the design has z_T ~ N(0, I) and z_X of
density one. Let V be their posterior covariance, and g = z + a with a = delta beta in the same
multiples. The common factor g is zero in SEM as z is in SAR, and has posterior covariance V_g:

    p(z | delta, beta) = f(z) [N(z; 0, n V) / c(0, V) + N(g; 0, n V_g) / c(a, V_g)] / 2,
    f(z) = N(z_T; 0, I),   c(a, V) = int f(z) N(z + a; 0, n V) dz = N(a_T; 0, I + n V_TT).

Half of the prior is centred on SAR and half on SEM, so that it favours neither. If there is no
spatial lag of the outcome (SLX, SDEM), or effects are not on one curve, all of it is centred on
z = 0. The ratio of the marginal likelihoods under p and under f is the posterior mean of ``p / f``
under f, which is the bracket. It is bounded, and 1 in directions without information in the data.

n counts units, not observations: errors are correlated within units, and a unit with a permanent
policy has about as much information in ten periods as in a hundred. V reflects this, but a count of
observations does not: with ever finer periods V would converge while the prior widens without
limit.

References
----------
Kass, R. E. and Wasserman, L. (1995). A reference Bayesian test for nested hypotheses and its
relationship to the Schwarz criterion. Journal of the American Statistical Association 90(431).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import xarray as xr
from scipy.special import logsumexp

from bayes_nqp._core.arrays import Array, Mask
from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp._core.i18n import Message
from bayes_nqp.inference.fitting import (
    Fit,
    covariate_slopes,
    equation_draws,
    log_marginal,
    once,
    panel_of,
)
from bayes_nqp.model.designs import Design
from bayes_nqp.model.predictors import DELTA
from bayes_nqp.numerics.parameters import FLAT

FORMS: Final = ("SDM", "SAR", "SEM")
"""The spatial Durbin model, the plain lag and spatial errors."""


def posteriors(durbin: Fit) -> xr.Dataset:
    """Return draws of theta and of the common factor, by column, outcome units.

    Raises
    ------
    NotApplicable
        If the model has no spatially lagged column.
    """
    if not (columns := _columns(durbin)):
        raise NotApplicable(
            Message("No unit is linked to a treated unit and the model has no covariates, so "
"there are no spatially lagged columns to test.")
        )  # fmt: skip
    factor = _common_factor(durbin, columns)
    dims, labels = ("chain", "draw", "column"), {"column": [x.label for x in columns]}
    out = xr.Dataset({"theta": (dims, np.stack([x.theta for x in columns], axis=-1))}, labels)
    return out if factor is None else out.assign(common_factor=(dims, factor))


@dataclass(frozen=True, slots=True, eq=False)
class _LinkedColumn:
    """A spatially lagged column.

    Parameters
    ----------
    theta, beta : ndarray (chain, draw), outcome units
        Its coefficient, and that of the unit's value; None if there is no single one.
    unit : float, outcome units
        Scale of theta.
    proper : bool
        True if its prior in the design is proper.
    """

    label: str
    theta: Array
    beta: Array | None
    unit: float
    proper: bool


def _columns(durbin: Fit) -> list[_LinkedColumn]:
    """Return spatially lagged treatment (level and slope, or each event time) and covariates."""
    equation, panel = durbin.model_frame.equations[0], panel_of(durbin)
    parts = {part.name: part for part in equation.globals if part.display is not None}
    out = []
    for name in ("level", "drift", "each"):
        theta, part = equation_draws(durbin, f"linked_{name}"), parts.get(f"linked_{name}")
        if theta is None or part is None or part.display is None:
            continue
        beta, called = equation_draws(durbin, name), durbin.facts.exposure
        for k, label in enumerate(part.labels):
            out.append(
                _LinkedColumn(
                    called or f"treatment, {label}", theta[..., k],
                    _beta(beta, theta, k),
                    float(part.display[k, k]) * equation.scale, part.scale != FLAT,
                )
            )  # fmt: skip
    count = np.bincount(panel.unit_codes)
    for linked, x in durbin.model_frame.model.equations[0].columns.items():
        name = linked.removeprefix("W × ")
        beta, theta = np.moveaxis(covariate_slopes(durbin, [name, linked]), -1, 0)
        size = (x - (np.bincount(panel.unit_codes, x) / count)[panel.unit_codes]).std()
        out.append(_LinkedColumn(name, theta, beta, equation.scale / size, proper=False))
    return out


def _beta(beta: Array | None, theta: Array, k: int) -> Array | None:
    """Return the coefficient of the unit's treatment, common to all levels of receivers."""
    if beta is None:
        return None
    several = beta.size == theta.size
    return beta.reshape(theta.shape)[..., k] if several else beta.reshape(theta.shape[:2])


def _common_factor(durbin: Fit, columns: Sequence[_LinkedColumn]) -> Array | None:
    """Return ``theta + delta beta`` (chain, draw, column) if the model has a spatial lag."""
    delta = equation_draws(durbin, DELTA)
    pairs = [(x.theta, x.beta) for x in columns if x.beta is not None]
    if delta is None or durbin.facts.reach != "lag" or len(pairs) < len(columns):
        return None
    return np.stack([theta + delta * beta for theta, beta in pairs], axis=-1)


def marginals(
    fit: Fit, durbin: Fit, designs: Mapping[str, Design], theta_sd: float | None
) -> dict[str, float]:
    """Return log marginal likelihoods by form; an empty dict if the likelihood is adjusted."""
    panel, seed = panel_of(fit), int(fit.sampler.seed or 0)
    lag = durbin.model_frame.model.equations[0].lag
    if lag is None or lag.adjusted:
        return {}
    out = {}
    for form, design in designs.items():
        integrate = partial(log_marginal, design, panel, seed=seed)
        out[form] = once(fit, ("marginal", design, panel.digest), integrate).value
    out["SDM"] += log_prior(durbin, theta_sd)
    return out


def log_prior(durbin: Fit, sd: float | None = None) -> float:
    """Return the change in the log marginal likelihood under the prior of theta.

    Parameters
    ----------
    sd : float, optional
        Prior SD of spatially lagged covariates instead of unit information, in multiples of ``s``
        by within-unit SD of W x; treatment then keeps the priors of the design.
    """
    columns, evidence = _columns(durbin), posteriors(durbin)
    units, proper = (np.array([getattr(x, name) for x in columns]) for name in ("unit", "proper"))
    # z is zero in SAR and g in SEM.
    z, *g = (x.to_numpy().reshape(-1, units.size) / units for x in evidence.data_vars.values())
    if sd is not None:
        log_ratio = _log_normal(z[:, ~proper], sd**2 * np.eye((~proper).sum()))
        return float(logsumexp(log_ratio) - np.log(len(z)))
    n = panel_of(durbin).n_units
    log_ratio = np.concatenate([_log_about(x, x - z, proper, n) for x in (z, *g)])
    return float(logsumexp(log_ratio) - np.log(log_ratio.size))


def _log_about(x: Array, shift: Array, proper: Mask, n: int) -> Array:
    """Return ``log N(x; 0, n V) - log c(shift, V)``, V the covariance of the draws x (draw)."""
    spread = n * np.atleast_2d(np.cov(x, rowvar=False))
    joint = spread[np.ix_(proper, proper)] + np.eye(proper.sum())
    return _log_normal(x, spread) - _log_normal(shift[:, proper], joint)


def _log_normal(x: Array, covariance: Array) -> Array:
    """Return the log density of a normal distribution with mean zero (draw)."""
    root = np.linalg.cholesky(covariance)
    squared = (np.linalg.solve(root, x.T) ** 2).sum(axis=0)
    constant = len(root) * np.log(2.0 * np.pi) / 2.0 + np.log(np.diag(root)).sum()
    return np.asarray(-squared / 2.0 - constant)
