"""Draws of designs with approximated observations, and their exact importance weights.

Parameters theta and coefficients beta are drawn under the Gaussian approximations ``N(z; o, v)`` of
all observations and weighted by

    ``prod_i E[prod_t p(y_it | o_it) / N(z_it; o_it, v_it)]``,

the expectation over the latent outcomes ``o_i`` of unit i given z, theta and beta, an identity. It
is computed unit by unit from randomised quasi-Monte Carlo points and their mirror images, the same
for all draws, so that their error cancels in ratios of weights. If the flat level of a unit
integrates out of ``prod_t p(y_it | o_it)`` in closed form, it is also integrated out of the
approximation; the remaining contrasts have a proper prior. Otherwise points follow a Student-t
distribution, because tails of p may be heavier than those of a normal distribution.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import xarray as xr
from scipy.special import gammaln, logsumexp, ndtri
from scipy.stats import qmc

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.vocabulary import LOG
from bayes_nqp.inference.fitting._approximation import (
    Approximation,
    Observations,
    approximate,
    type_of_units,
)
from bayes_nqp.inference.fitting._cell_means import CellMeans
from bayes_nqp.inference.fitting._draws import assembled_draws, cell_shares, unit_effects_stored
from bayes_nqp.inference.fitting._equations import equation_density
from bayes_nqp.inference.fitting._groups import Drawn, build_groups
from bayes_nqp.inference.fitting._parameters import constrain
from bayes_nqp.inference.model_frame import ModelFrame
from bayes_nqp.numerics.diagnostics import ConvergenceDiagnostics
from bayes_nqp.numerics.linear_gaussian import (
    Coefficients,
    DrawsWithDensity,
    GaussianProblem,
    Values,
    draw,
    small,
)
from bayes_nqp.numerics.sampling import Importance, corrected_importance

_POINTS = 8
"""Latent outcomes of each unit; their mirror images double the number.

Average effects from 8 differ by at most 0.03 posterior SDs from those from 128, with up to 63 %
zeros.
"""
_NU = 12.0
"""Degrees of freedom of the points if the level of a unit does not integrate out."""
_FAR = -500.0
"""Latent outcome of an unobserved period, far below all others."""
_NUMBERS = 250_000
"""Latent outcomes that are computed at once."""
_KEPT = 4_000_000
"""Numbers of coefficients that are kept with proposals: 32 MB."""
_LOG_2PI = float(np.log(2.0 * np.pi))


@dataclass(frozen=True, eq=False)
class UnitPoints:
    """Standardised latent outcomes of units and the log density ratio of their distribution.

    Parameters
    ----------
    numbers : ndarray (unit, point, T)
        Zero in unobserved periods.
    log_ratio : ndarray (unit, point)
        Log of the normal density over that of the points.
    """

    numbers: Array
    log_ratio: Array

    @classmethod
    def drawn(
        cls, seen: Any, size: int, generator: np.random.Generator, *, heavy: bool
    ) -> UnitPoints:
        """Draw Sobol points, shifted independently for each unit, and their mirror images."""
        n, n_periods = seen.shape
        sobol = qmc.Sobol(n_periods, scramble=True, rng=generator).random(size)
        shifted = (sobol + generator.random((n, 1, n_periods))) % 1.0
        half = ndtri(np.clip(shifted, 1e-12, 1.0 - 1e-12))
        count, log_ratio = seen.sum(axis=1)[:, None], np.zeros((n, 2 * size))
        if heavy:
            half = half * np.sqrt(_NU / generator.chisquare(_NU, (n, size)))[..., None]
        half = np.where(seen[:, None], half, 0.0)
        numbers = np.concatenate([half, -half], axis=1)
        if heavy:
            # log N(x; 0, I) - log t_nu(x; 0, I) in as many dimensions as there are observations.
            energy = (numbers**2).sum(axis=2)
            log_t = gammaln(0.5 * (_NU + count)) - gammaln(0.5 * _NU)
            log_t = log_t - 0.5 * count * np.log(_NU * np.pi)
            log_t = log_t - 0.5 * (_NU + count) * np.log1p(energy / _NU)
            log_ratio = -0.5 * energy - 0.5 * count * _LOG_2PI - log_t
        return cls(numbers, log_ratio)


@dataclass(eq=False)
class Correction:
    """Log weights of draws under the approximations; the draws are stored.

    Parameters
    ----------
    coefficients : list of Coefficients
        Draws of each call.
    deviation : list of ndarray (point, unit), multiples of ``s``
        Deviations of single units given their latent outcomes.
    added : list of ndarray (point, cell), outcome units
        Mean effects on the expected outcome; empty under a log link, where they follow from the
        effects and the outcome.
    keeper : DrawsWithDensity, optional
        Coefficients that were drawn when the density was computed.
    """

    observations: Observations
    approximation: Approximation
    generator: np.random.Generator
    keeper: DrawsWithDensity | None = None
    size: int = _POINTS
    coefficients: list[Coefficients] = field(default_factory=list)
    deviation: list[Array] = field(default_factory=list)
    added: list[Array] = field(default_factory=list)

    def __post_init__(self) -> None:
        data, near = self.observations, self.approximation
        self.kind = type_of_units(near.equation)
        self.units = np.flatnonzero(self.kind >= 0)
        seen = data.seen[self.units]
        closed = data.likelihood.without_level(np.zeros((1, 1, 1)), np.zeros((1, 1, 1)))
        self.points = UnitPoints.drawn(seen, self.size, self.generator, heavy=closed is None)
        self.seen = seen
        self.outcome = data.grid(data.outcome)[self.units]
        self.trials = data.grid(data.trials, 1.0)[self.units]
        self.offset = data.grid(data.offset, _FAR)[self.units]
        self.z = data.grid(near.outcome)[self.units]
        self.v = data.grid(near.variances, 1.0)[self.units]
        # The density of the approximation has its constants: prod_t (2 pi v_t)^-1/2.
        self.cell_means = None
        if data.likelihood.link != LOG:
            self.cell_means = CellMeans.of(data, self.units)
        self.log_scale = 0.5 * np.where(seen, _LOG_2PI + np.log(self.v), 0.0).sum(axis=1)

    @property
    def problem(self) -> GaussianProblem:
        """Return the problem of the approximations."""
        return self.approximation.equation.gaussian.for_many

    def __call__(self, points: Array) -> Array:
        """Draw coefficients at points and return the log weights of both (point)."""
        coefficients = draw(self.problem, points, self.generator, keeper=self.keeper)
        by_unit, deviation, added = self.by_unit(points, coefficients)
        self.coefficients.append(coefficients)
        self.deviation.append(deviation)
        if added is not None:
            self.added.append(added)
        return by_unit.sum(axis=1)

    def by_unit(
        self, points: Array, coefficients: Coefficients
    ) -> tuple[Array, Array, Array | None]:
        """Return log weights of units (point, unit), their deviations, and effects of cells."""
        eta = self.observations.expected(coefficients)
        out = np.empty((len(points), self.units.size))
        deviation = np.zeros((len(points), len(self.kind)))
        means, added = self.cell_means, None
        if means is not None:
            added = np.empty((len(points), means.n_cells))
        step = max(1, _NUMBERS // max(self.points.numbers.size, 1))
        outer = max(step, 2_000_000 // max(self.z.size * self.z.shape[1], 1))
        for start in range(0, len(points), outer):
            part = slice(start, start + outer)
            values = self.problem.values(points[part])
            q = small(self.problem, values).q / (values.sigma**2)[:, None, None, None]
            pure = self._pure(points[part], values)
            gaps = np.where(self.seen, self.z - self.observations.grid(eta[part])[:, self.units], 0)
            for first in range(0, len(q), step):
                inner = slice(first, first + step)
                at = slice(start + first, start + first + len(q[inner]))
                latent = self._latent(q[inner][:, self.kind[self.units]], gaps[inner])
                log_ratio = self._log_ratio(latent)
                top = logsumexp(log_ratio, axis=2)
                out[at] = top - np.log(log_ratio.shape[2])
                if pure is None and means is None:
                    continue
                chosen = self._chosen(latent, log_ratio - top[..., None])
                if pure is not None:
                    error = np.where(self.seen, chosen - self.z + gaps[inner], 0.0)
                    qd, precision, sigma = (x[inner] for x in pure)
                    deviation[at, self.units] = self._deviation(qd, precision, sigma, error)
                if means is not None and added is not None:
                    added[at] = means.added(chosen, means.effects(coefficients, deviation, at))
        return out, deviation, added

    def _latent(self, q: Array, gap: Array) -> Array:
        """Return latent outcomes (B, unit, point, T), multiples of ``s``.

        ``o | z ~ N(z - v Q̃ (z - eta), diag(v) - v Q̃ v')``, Q̃ in units of ``sigma²``.
        """
        v = self.v
        mean = self.z - v * (q @ gap[..., None])[..., 0]
        covariance = -v[..., None] * q * v[:, None]
        diagonal = np.arange(v.shape[1])
        covariance[..., diagonal, diagonal] += v
        lower = np.linalg.cholesky(covariance)
        half = self.points.numbers[:, : self.size] @ lower.swapaxes(-1, -2)
        centre = mean[:, :, None]
        return np.concatenate([centre + half, centre - half], axis=2)

    def _log_ratio(self, latent: Array) -> Array:
        """Return the log of ``prod_t p(y_t | o_t) / N(z_t; o_t, v_t)`` at every point."""
        s, likelihood = self.approximation.equation.scale, self.observations.likelihood
        location = s * latent + self.offset[:, None]
        precision = np.where(self.seen, 1.0 / self.v, 0.0)
        gap = self.z[:, None] - latent
        energy = (gap**2 @ precision[..., None])[..., 0]
        closed = likelihood.without_level(self.outcome[:, None], location)
        if closed is None:
            seen = self.seen[:, None]
            density = likelihood.log_density(
                self.outcome[:, None], np.where(seen, location, 0.0), trials=self.trials[:, None]
            )
            log_p = np.where(seen, density, 0.0).sum(axis=-1)
            more = self.log_scale[:, None] + self.points.log_ratio
            return np.asarray(log_p + 0.5 * energy + more)
        # ∫ prod_t N(z_t; o_t + a, v_t) da, and the level in multiples of s.
        whole = precision.sum(axis=-1)
        along = (gap @ precision[..., None])[..., 0]
        flat = 0.5 * np.log(whole / (2.0 * np.pi))[:, None] + 0.5 * (
            energy - along**2 / whole[:, None]
        )
        return np.asarray(closed - np.log(s) + flat + self.log_scale[:, None])

    def _chosen(self, latent: Array, log_share: Array) -> Array:
        """Choose one latent outcome of every unit by its weight (B, unit, T)."""
        share = np.cumsum(np.exp(log_share), axis=2)
        picked = (share < self.generator.random((*share.shape[:2], 1))).sum(axis=2)
        picked = np.minimum(picked, share.shape[2] - 1)
        return np.take_along_axis(latent, picked[:, :, None, None], axis=2)[:, :, 0]

    def _pure(self, points: Array, values: Values) -> tuple[Array, Array, Array] | None:
        """Return ``Q̃d`` (B, unit, T), ``d'Q̃d + sigma²/omega²`` (B, unit) and sigma (B).

        Q̃ is the precision of latent errors, net of the level. None without deviations of single
        units.
        """
        raw = self.observations.raw
        if raw.problem.unit_effect_scale is None or raw.problem.shares_deviations:
            return None
        kind = type_of_units(raw)[self.units]
        d = raw.gaussian.moments.loadings[kind, :, 0]
        q = small(raw.gaussian, raw.gaussian.values(points), flat_only=True).q
        qd = (q @ raw.gaussian.moments.loadings)[..., 0][:, kind]
        prior = values.sigma**2 / values.deviation[:, 0, 0]
        return qd, (qd * d).sum(axis=2) + prior[:, None], values.sigma

    def _deviation(self, qd: Array, precision: Array, sigma: Array, error: Array) -> Array:
        """Draw deviations given latent outcomes: ``N(d'Q̃r / P, sigma² / P)``."""
        mean = (qd * error).sum(axis=2) / precision
        normal = self.generator.standard_normal(mean.shape)
        return np.asarray(mean + sigma[:, None] / np.sqrt(precision) * normal)


@dataclass(frozen=True, eq=False)
class _GivenDeviations:
    """Deviations that are already drawn (draw, member), multiples of ``s``."""

    deviation: Array

    def draw(self, draws: Coefficients, scale: float, stream: object) -> Array:
        """Return them in reported units."""
        return self.deviation * scale


def fit_approximated(
    model_frame: ModelFrame, sampler: Importance
) -> tuple[dict[str, xr.Dataset], ConvergenceDiagnostics]:
    """Draw a design with approximated observations.

    Parameters
    ----------
    sampler : Importance
        With a seed.

    Returns
    -------
    tuple of dict and ConvergenceDiagnostics
        As `build_groups` returns them; diagnostics are those of the corrected weights.
    """
    observations = Observations.of(model_frame)
    approximation = approximate(observations)
    equation = approximation.equation
    generator = np.random.default_rng(np.random.SeedSequence([_seed(sampler), 4]))
    keeper = DrawsWithDensity(equation.gaussian.for_many, 1, _KEPT, generator)
    correction = Correction(observations, approximation, generator, keeper)
    density = equation_density(equation, often=True, keeper=keeper)
    chains, chosen = corrected_importance(
        density, equation.problem.space, sampler, approximation.point, correction
    )
    x = chains.values["x"]
    facts = {**chains.facts, "approximation_rounds": float(approximation.rounds)}
    chains = replace(chains, facts=facts)
    draws, units = _recovered_inputs(model_frame, correction, chosen.ravel())
    stated_frame = replace(model_frame, equations=(equation,))
    recovered = assembled_draws(
        stated_frame, equation, draws, cell_shares(stated_frame, equation), None, units, None,
        None, None,
    )  # fmt: skip
    if correction.added:
        recovered = replace(recovered, added=np.concatenate(correction.added)[chosen.ravel()])
    drawn = Drawn(equation, chains, x, constrain(equation, x), recovered)
    return build_groups(stated_frame, [drawn])


def _recovered_inputs(
    model_frame: ModelFrame, correction: Correction, chosen: Index
) -> tuple[Coefficients, Any]:
    """Return the chosen draws, with deviations of single units by class and by member."""
    parts = correction.coefficients
    names = [each.name for each in fields(Coefficients)]
    draws = Coefficients(
        **{name: np.concatenate([getattr(part, name) for part in parts])[chosen] for name in names}
    )
    raw = model_frame.equations[0].problem
    if raw.unit_effect_scale is None or raw.shares_deviations:
        return draws, None
    deviation = np.concatenate(correction.deviation)[chosen]
    classes = correction.approximation.equation.problem.classes
    means = np.stack([deviation[:, c.units].mean(axis=1) for c in classes], axis=1)
    stored = unit_effects_stored(model_frame)
    units = _GivenDeviations(deviation[:, model_frame.effects.codes]) if stored else None
    return replace(draws, deviation=means), units


def _seed(sampler: Importance) -> int:
    assert sampler.seed is not None
    return sampler.seed
