"""Posteriors of what tells spatial forms apart, and their marginal likelihoods.

A prior of theta rules a marginal likelihood by its width: one as wide as c posterior sds costs a
Durbin model log c for each coefficient, whatever the data say. Here it is as wide as what one of
n units tells (unit information), whatever the columns are measured in. With z the thetas of
treatment in multiples of their prior sds and those of covariates in multiples of ``s`` by
within-unit sd of W x, so that a marginal likelihood of the design has z_T ~ N(0, I) and z_X of
density one; V their posterior covariance; and g = z + a, a = delta beta in the same multiples, the
common factor, zero in SEM as z is in SAR, with posterior covariance V_g,

    p(z | delta, beta) = f(z) [N(z; 0, n V) / c(0, V) + N(g; 0, n V_g) / c(a, V_g)] / 2,
    f(z) = N(z_T; 0, I),   c(a, V) = int f(z) N(z + a; 0, n V) dz = N(a_T; 0, I + n V_TT).

Half of it is about SAR and half about SEM, so that neither is nearer to it than the other; where
no outcome follows another's (SLX, SDEM), or effects are not on one curve, all is about z = 0. The
ratio of the marginal likelihoods under p and under f is the posterior mean of ``p / f`` under f,
which is the bracket: it is bounded, and 1 in directions of which the data tell nothing.

n counts units, not rows: errors are correlated within units, and of a policy that stays a unit
tells about as much in ten periods as in a hundred. V knows that, and a count of rows does not: with
ever finer periods V would settle and the prior widen without end.

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
    """Draws of theta and of the common factor, by column, outcome units.

    Raises
    ------
    NotApplicable
        If no column of linked units enters.
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
    """A column of linked units.

    Parameters
    ----------
    theta, beta : ndarray (chain, draw), outcome units
        Its coefficient, and that of a unit's own; None where there is no single one.
    unit : float, outcome units
        What theta is a multiple of.
    proper : bool
        Whether its prior in the design is.
    """

    label: str
    theta: Array
    beta: Array | None
    unit: float
    proper: bool


def _columns(durbin: Fit) -> list[_LinkedColumn]:
    """Treatment of linked units, a level and a drift or each event time, and covariates."""
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
    """The coefficient of own treatment, which is one for all levels of who receives."""
    if beta is None:
        return None
    several = beta.size == theta.size
    return beta.reshape(theta.shape)[..., k] if several else beta.reshape(theta.shape[:2])


def _common_factor(durbin: Fit, columns: Sequence[_LinkedColumn]) -> Array | None:
    """``theta + delta beta`` (chain, draw, column) where outcomes follow others'."""
    delta = equation_draws(durbin, DELTA)
    pairs = [(x.theta, x.beta) for x in columns if x.beta is not None]
    if delta is None or durbin.facts.reach != "lag" or len(pairs) < len(columns):
        return None
    return np.stack([theta + delta * beta for theta, beta in pairs], axis=-1)


def marginals(
    fit: Fit, durbin: Fit, designs: Mapping[str, Design], theta_sd: float | None
) -> dict[str, float]:
    """Log marginal likelihoods by form; none where the likelihood is an adjusted one."""
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
    """What a proper prior of theta makes of the log marginal likelihood of a Durbin model.

    Parameters
    ----------
    sd : float, optional
        Prior sd of linked units' covariates in place of unit information, in multiples of ``s`` by
        within-unit sd of W x; treatment then keeps the priors of the design.
    """
    columns, evidence = _columns(durbin), posteriors(durbin)
    units, proper = (np.array([getattr(x, name) for x in columns]) for name in ("unit", "proper"))
    # What is zero in SAR, and in SEM: z and g.
    z, *g = (x.to_numpy().reshape(-1, units.size) / units for x in evidence.data_vars.values())
    if sd is not None:
        log_ratio = _log_normal(z[:, ~proper], sd**2 * np.eye((~proper).sum()))
        return float(logsumexp(log_ratio) - np.log(len(z)))
    n = panel_of(durbin).n_units
    log_ratio = np.concatenate([_log_about(x, x - z, proper, n) for x in (z, *g)])
    return float(logsumexp(log_ratio) - np.log(log_ratio.size))


def _log_about(x: Array, shift: Array, proper: Mask, n: int) -> Array:
    """``log N(x; 0, n V) - log c(shift, V)``, V the covariance of the draws x (draw)."""
    spread = n * np.atleast_2d(np.cov(x, rowvar=False))
    joint = spread[np.ix_(proper, proper)] + np.eye(proper.sum())
    return _log_normal(x, spread) - _log_normal(shift[:, proper], joint)


def _log_normal(x: Array, covariance: Array) -> Array:
    """Log density about zero (draw)."""
    root = np.linalg.cholesky(covariance)
    squared = (np.linalg.solve(root, x.T) ** 2).sum(axis=0)
    constant = len(root) * np.log(2.0 * np.pi) / 2.0 + np.log(np.diag(root)).sum()
    return np.asarray(-squared / 2.0 - constant)
