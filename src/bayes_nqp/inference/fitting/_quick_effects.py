"""Posterior draws of effects from few proposals, for methods that need many refits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import xarray as xr
from scipy.special import logsumexp

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp.inference.fitting._draws import cell_shares, recovered
from bayes_nqp.inference.fitting._effects_dataset import effects_dataset
from bayes_nqp.inference.fitting._equations import equation_density, numbered
from bayes_nqp.inference.fitting._existing_draws import ExistingDraws
from bayes_nqp.inference.fitting._marginal import marginal_of
from bayes_nqp.inference.fitting._parameters import point_at
from bayes_nqp.inference.fitting._paths import paths_of
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.model.predictors import SLOPE
from bayes_nqp.numerics.diagnostics import (
    ConvergenceDiagnostics,
    importance_diagnostics,
    population_diagnostics,
    worst_diagnostics,
)
from bayes_nqp.numerics.linear_gaussian import averages
from bayes_nqp.numerics.sampling import (
    LEAST_BRIEF,
    Chains,
    Importance,
    importance,
    refit_importance,
)

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel
    from bayes_nqp.inference.model_frame import Equation
    from bayes_nqp.model.designs import Design


SHORT: Final = (4, 250)
"""Chains and draws of a refit."""
_CORRECTED = 1_000
"""Proposals of a refit with Gaussian approximations of observations."""


@dataclass(frozen=True, eq=False)
class SlopeLaw:
    """A mixture of normal distributions of slopes.

    Parameters
    ----------
    share : ndarray (point)
        Shares of draws at each point of the parameters, which sum to one.
    means, covariances : ndarray (point, covariate) and (point, covariate, covariate)
        Moments given the parameters, outcome units per unit of each covariate.
    s : float, outcome units
        The standard deviation in multiples of which priors are given.
    flat : float
        Log marginal likelihood ``log p(y)`` if the slopes have prior density one; NaN if the draws
        were made without it.
    counts : tuple of int, default ()
        Counts as in `Marginal`, without the slopes.
    """

    share: Array
    means: Array
    covariances: Array
    s: float
    flat: float = np.nan
    counts: tuple[int, ...] = ()

    @property
    def mean(self) -> Array:
        """Return ``E[m(x)]`` (covariate)."""
        return np.asarray(self.share @ self.means)

    @property
    def covariance(self) -> Array:
        """Return ``E[V(x)] + Var[m(x)]`` (covariate, covariate)."""
        off = self.means - self.mean
        inside = np.einsum("p,pij->ij", self.share, self.covariances)
        return np.asarray(inside + (self.share[:, None] * off).T @ off)

    def log_density(self, prior: Array) -> float:
        """Compute ``log E[N(0; m(x), V(x) + P)]``, P a prior covariance (covariate, covariate).

        It is the increase of ``log p(y)`` if the slopes have the prior ``N(0, P)`` instead of a
        density of one.
        """
        spread = self.covariances + prior
        energy = np.einsum("pi,pij,pj->p", self.means, np.linalg.inv(spread), self.means)
        log = -0.5 * (energy + np.linalg.slogdet(2.0 * np.pi * spread)[1])
        return float(logsumexp(log, b=self.share))


def quick_effects(
    design: Design, panel: Panel, *, seed: int = 0, stock: ExistingDraws | None = None
) -> xr.Dataset:
    """Draw effects from their posterior by a few hundred evaluations of its density.

    The posterior is that of `fit`, with a fourth of its draws. Equations are drawn independently
    of one another.

    Parameters
    ----------
    design : StaggeredDiD, ContinuousExposure or Mediation
        With a Gaussian likelihood; its equations must not be joined by ``vary_by``.
    stock : ExistingDraws, optional
        Available draws of equations' parameters, and starting values for the others, as returned by
        `reused_draws`.

    Returns
    -------
    Dataset
        An effects dataset with 4 chains of 250 draws.

    Raises
    ------
    IdentificationError
        If the panel does not identify an effect of the design.
    """
    if design.facts.approximated:
        from bayes_nqp.inference.fitting._fit import fit

        sampler = Importance(*SHORT[::-1], proposals=_CORRECTED, seed=seed)
        return fit(design, panel, sampler, progress=False).effects
    model_frame = model_frame_of(design, panel)
    draws, gates = [], {}
    for number, equation in enumerate(model_frame.equations):
        x, gates[f"{equation.name}: "] = _points(equation, number, seed, stock)
        generator = np.random.default_rng([seed, number, 1])
        draws.append(recovered(model_frame, equation, x, generator))
    paths = paths_of(model_frame, draws)
    effect = paths.effect.reshape(*SHORT, *paths.effect.shape[1:])
    deviation = paths.deviation
    if deviation is not None:
        deviation = deviation.reshape(*SHORT, *deviation.shape[1:])
    return effects_dataset(
        model_frame,
        effect,
        deviation,
        paths=paths.names,
        cells=paths.cells,
        via=None if paths.via is None else paths.via.reshape(*SHORT, *paths.via.shape[1:]),
        gate=worst_diagnostics(gates if len(gates) > 1 else {"": next(iter(gates.values()))}),
        attrs={"target": "sample", "outcome": panel.roles.outcome},
    )


def slope_law(
    design: Design,
    panel: Panel,
    names: Sequence[str],
    *,
    seed: int = 0,
    stock: ExistingDraws | None = None,
) -> SlopeLaw:
    """Compute the posterior of covariates' slopes: a mixture of normals over few draws.

    Given parameters x it is exactly ``N(m(x), V(x))``.

    Parameters
    ----------
    names : sequence of str
        Covariates of the outcome.

    Returns
    -------
    SlopeLaw
        Outcome units per unit of each.

    Raises
    ------
    IdentificationError
        If the panel does not identify an effect of the design.
    """
    model_frame = model_frame_of(design, panel)
    equation = model_frame.equations[0]
    chains = _chains(equation, numbered(Importance(*SHORT[::-1], seed=seed), 0), stock)
    drawn = _thinned(chains.values["x"])
    x, counts = np.unique(drawn.reshape(-1, drawn.shape[2]), axis=0, return_counts=True)
    share = counts / counts.sum()
    part = next(part for part in equation.globals if part.name == SLOPE)
    columns = [part.labels.index(name) for name in names]
    # A slope is a slot of every block; var(a + b) = var a + var b + 2 cov(a, b).
    place = equation.positions.slopes[0, columns]
    i, j = np.triu_indices(len(names), 1)
    single = np.zeros((equation.n_positions, len(names)))
    single[place, np.arange(len(names))] = 1.0
    loads = np.concatenate([single, single[:, i] + single[:, j]], axis=1)
    shares = cell_shares(model_frame, equation)
    unit_effects = np.zeros((0 if shares is None else shares.shape[0], loads.shape[1]))
    mean, variance = averages(equation.gaussian, x, loads, unit_effects)
    mean = mean[:, : len(names)]
    slopes = variance[:, : len(names)]
    covariance = slopes[:, :, None] * np.eye(len(names))
    covariance[:, i, j] = covariance[:, j, i] = 0.5 * (
        variance[:, len(names) :] - slopes[:, i] - slopes[:, j]
    )
    unit = equation.scale * np.diag(np.asarray(part.display))[columns]
    # A density of one in outcome units is one of |unit| in those of the density: dx = unit dz.
    flat = marginal_of(chains.facts)[0] + float(np.log(np.abs(unit)).sum())
    return SlopeLaw(
        share, mean * unit, covariance * np.outer(unit, unit), equation.scale, flat,
        (equation.gaussian.n_free, equation.gaussian.n_flat - len(names)),
    )  # fmt: skip


def _points(
    equation: Equation, number: int, seed: int, stock: ExistingDraws | None
) -> tuple[Array, ConvergenceDiagnostics]:
    """Draw an equation's parameters (draw, parameter), with their diagnostics."""
    chains = _chains(equation, numbered(Importance(*SHORT[::-1], seed=seed), number), stock)
    x = _thinned(chains.values["x"])
    return x.reshape(-1, x.shape[2]), _diagnostics(chains.facts)


def _chains(equation: Equation, sampler: Importance, stock: ExistingDraws | None) -> Chains:
    """Return draws of an equation's parameters: available ones, or a few hundred evaluations."""
    density, space = equation_density(equation, often=True), equation.problem.space
    if stock is None:
        return importance(density, space, sampler)
    at_hand = stock.chains.get(equation.gaussian.digest)
    if at_hand is not None:
        return at_hand
    values = stock.of(equation.name)
    if not values:
        return importance(density, space, sampler)
    return refit_importance(density, space, sampler, point_at(equation, values))


def _diagnostics(facts: Mapping[str, float]) -> ConvergenceDiagnostics:
    """Return the diagnostics of a refit, with a lower limit of effective weights than a fit."""
    draws = SHORT[0] * SHORT[1]
    if v.IMPORTANCE_ESS in facts:
        return importance_diagnostics(facts, draws, least=LEAST_BRIEF)
    return population_diagnostics(facts, draws)


def _thinned(x: Array) -> Array:
    """Keep evenly spaced draws (chain, draw, parameter)."""
    if x.shape[:2] == SHORT:
        return x
    flat = x.reshape(-1, x.shape[2])
    places = np.linspace(0, len(flat) - 1, SHORT[0] * SHORT[1]).astype(np.int64)
    return flat[places].reshape(*SHORT, -1)
