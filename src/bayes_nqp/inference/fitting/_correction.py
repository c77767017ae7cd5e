"""Exact log weights of draws under Gaussian approximations of observations.

Parameters theta and coefficients beta that are drawn under the approximations ``N(z; o, v)`` have
the weight

    ``prod_i E[prod_t p(y_it | o_it) / N(z_it; o_it, v_it)]``,

the expectation over the latent outcomes ``o_i`` of unit i given z, theta and beta, an identity. It
is computed unit by unit from randomised quasi-Monte Carlo points and their mirror images, the same
for all draws, so that their error cancels in ratios of weights. If the flat level of a unit
integrates out of ``prod_t p(y_it | o_it)`` in closed form, it is also integrated out of the
approximation; the remaining contrasts have a proper prior. Otherwise points follow a Student-t
distribution, because tails of p may be heavier than those of a normal distribution.

If parameters of the likelihood add independent noise of variance u to the latent outcome, p
integrates over this noise, and the approximation is ``N(z; o, v + u)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.special import logsumexp

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.vocabulary import LOG
from bayes_nqp.inference.fitting._approximation import Approximation, Observations, type_of_units
from bayes_nqp.inference.fitting._cell_means import CellMeans
from bayes_nqp.inference.fitting._unit_points import LOG_2PI, UnitPoints
from bayes_nqp.numerics.linear_gaussian import (
    Coefficients,
    DrawsWithDensity,
    GaussianProblem,
    draw,
    small,
)

_POINTS = 8
"""Latent outcomes of each unit; their mirror images double the number.

Average effects from 8 differ by at most 0.03 posterior SDs from those from 128, with up to 63 %
zeros.
"""
_FAR = -500.0
"""Latent outcome of an unobserved period, far below all others."""
_NUMBERS = 250_000
"""Latent outcomes that are computed at once."""


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
        self.cell_means = None
        if data.likelihood.link != LOG:
            self.cell_means = CellMeans.of(data, self.units)
        names = near.equation.problem.space.names
        self.own = [names.index(x) for x in data.raw.problem.space.names]
        self.more = [names.index(x.name) for x in data.likelihood.parameters]

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
            pure = self._pure(points[part][:, self.own])
            shape = self._shape(points[part])
            gaps = np.where(self.seen, self.z - self.observations.grid(eta[part])[:, self.units], 0)
            for first in range(0, len(q), step):
                inner = slice(first, first + step)
                at = slice(start + first, start + first + len(q[inner]))
                shapes = [x[inner] for x in shape]
                spread = self._spread(shapes)
                latent = self._latent(q[inner][:, self.kind[self.units]], gaps[inner], spread)
                log_ratio = self._log_ratio(latent, spread, shapes)
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

    def _shape(self, points: Array) -> list[Array]:
        """Return parameters of the likelihood, on their own scales (point)."""
        if not self.more:
            return []
        values = self.approximation.equation.problem.space.constrain(points)
        return [values[:, k] for k in self.more]

    def _spread(self, shape: Sequence[Array]) -> Array:
        """Return v (1 or B, unit, T), with the variance of independent noise of the likelihood."""
        if not self.observations.noisy:
            return self.v[None]
        more = self.observations.likelihood.independent_variance(shape)
        assert more is not None
        more = more / self.approximation.equation.scale**2
        return np.asarray(self.v + more[:, None, None] * self.seen)

    def _latent(self, q: Array, gap: Array, v: Array) -> Array:
        """Return latent outcomes (B, unit, point, T), multiples of ``s``.

        ``o | z ~ N(z - v Q̃ (z - eta), diag(v) - v Q̃ v')``, Q̃ in units of ``sigma²``.
        """
        mean = self.z - v * (q @ gap[..., None])[..., 0]
        covariance = -v[..., None] * q * v[..., None, :]
        diagonal = np.arange(v.shape[2])
        covariance[..., diagonal, diagonal] += v
        lower = np.linalg.cholesky(covariance)
        half = self.points.numbers[:, : self.size] @ lower.swapaxes(-1, -2)
        centre = mean[:, :, None]
        return np.concatenate([centre + half, centre - half], axis=2)

    def _log_ratio(self, latent: Array, v: Array, shape: Sequence[Array]) -> Array:
        """Return the log of ``prod_t p(y_t | o_t) / N(z_t; o_t, v_t)`` at every point."""
        # The density of the approximation has its constants: prod_t (2 pi v_t)^-1/2.
        log_scale = 0.5 * np.where(self.seen, LOG_2PI + np.log(v), 0.0).sum(axis=2)[..., None]
        s, likelihood = self.approximation.equation.scale, self.observations.likelihood
        location = s * latent + self.offset[:, None]
        precision = np.where(self.seen, 1.0 / v, 0.0)
        gap = self.z[:, None] - latent
        energy = (gap**2 @ precision[..., None])[..., 0]
        closed = likelihood.without_level(self.outcome[:, None], location)
        if closed is None:
            seen = self.seen[:, None]
            density = likelihood.log_density(
                self.outcome[:, None], np.where(seen, location, 0.0),
                trials=self.trials[:, None], values=[x[:, None, None, None] for x in shape],
            )  # fmt: skip
            log_p = np.where(seen, density, 0.0).sum(axis=-1)
            return np.asarray(log_p + 0.5 * energy + (log_scale + self.points.log_ratio))
        # ∫ prod_t N(z_t; o_t + a, v_t) da, and the level in multiples of s.
        whole = precision.sum(axis=-1)
        along = (gap @ precision[..., None])[..., 0]
        flat = 0.5 * np.log(whole / (2.0 * np.pi))[..., None] + 0.5 * (
            energy - along**2 / whole[..., None]
        )
        return np.asarray(closed - np.log(s) + flat + log_scale)

    def _chosen(self, latent: Array, log_share: Array) -> Array:
        """Choose one latent outcome of every unit by its weight (B, unit, T)."""
        share = np.cumsum(np.exp(log_share), axis=2)
        picked = (share < self.generator.random((*share.shape[:2], 1))).sum(axis=2)
        picked = np.minimum(picked, share.shape[2] - 1)
        return np.take_along_axis(latent, picked[:, :, None, None], axis=2)[:, :, 0]

    def _pure(self, points: Array) -> tuple[Array, Array, Array] | None:
        """Return ``Q̃d`` (B, unit, T), ``d'Q̃d + sigma²/omega²`` (B, unit) and sigma (B).

        Q̃ is the precision of latent errors, net of the level. None without deviations of single
        units.
        """
        raw = self.observations.raw
        if raw.problem.unit_effect_scale is None or raw.problem.shares_deviations:
            return None
        kind = type_of_units(raw)[self.units]
        d = raw.gaussian.moments.loadings[kind, :, 0]
        values = raw.gaussian.values(points)
        q = small(raw.gaussian, values, flat_only=True).q
        qd = (q @ raw.gaussian.moments.loadings)[..., 0][:, kind]
        prior = values.sigma**2 / values.deviation[:, 0, 0]
        return qd, (qd * d).sum(axis=2) + prior[:, None], values.sigma

    def _deviation(self, qd: Array, precision: Array, sigma: Array, error: Array) -> Array:
        """Draw deviations given latent outcomes: ``N(d'Q̃r / P, sigma² / P)``."""
        mean = (qd * error).sum(axis=2) / precision
        normal = self.generator.standard_normal(mean.shape)
        return np.asarray(mean + sigma[:, None] / np.sqrt(precision) * normal)
