"""Gaussian approximations of single observations given their latent outcomes.

Given the latent outcome o the model is the linear Gaussian one, and an observation has the density
``p(y | o)``. It is replaced by ``N(z; o, v)``: an outcome z with known variance v, so that all
coefficients are integrated out exactly. With the moments m and s² of o under the approximations,

    ``w = E[-d² log p / do²]``,  ``z = m + E[d log p / do] / w``,  ``v = 1 / w``,  o ~ N(m, s²),

which is the stationary point of the variational Gaussian approximation. Laplace's approximation is
the case ``s² = 0``.

References
----------
Opper, M. and Archambeau, C. (2009). The variational Gaussian approximation revisited. Neural
Computation 21(3).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp.inference.fitting._equations import equation_density
from bayes_nqp.inference.fitting._independent_noise import WithIndependentNoise
from bayes_nqp.inference.fitting._unit_rows import UnitRows
from bayes_nqp.inference.model_frame import Equation, ModelFrame
from bayes_nqp.inference.pymc_model import padded
from bayes_nqp.model.designs import Noise
from bayes_nqp.model.likelihoods import Likelihood
from bayes_nqp.numerics.linear_gaussian import Coefficients, class_types, draw, small
from bayes_nqp.numerics.sampling import climb, newton

_DRAWS = 64
"""Draws of coefficients from which the variance of latent outcomes is computed."""
_ROUNDS = 20
_SETTLED = 0.02
"""Largest change of a latent mean, in its SD, at which approximations have converged."""
_STEP = 2.0
"""Largest change of a latent mean in one round, on the scale of the link."""
_LEAST = 1e-8
"""Smallest precision of an observation, on the scale of the link."""


@dataclass(frozen=True, eq=False)
class Observations:
    """Observations of an equation with latent outcomes, on the grid of units and periods.

    Parameters
    ----------
    raw : Equation
        The equation with the outcome as observed.
    rows : UnitRows
        Its observations.
    """

    model_frame: ModelFrame
    raw: Equation
    rows: UnitRows

    @classmethod
    def of(cls, model_frame: ModelFrame) -> Observations:
        """Take the outcome's equation of a model frame."""
        raw = model_frame.equations[0]
        return cls(model_frame, raw, UnitRows(model_frame, raw))

    @property
    def likelihood(self) -> Likelihood:
        """Return the distribution of observations."""
        return self.model_frame.facts.likelihood

    @property
    def outcome(self) -> Array:
        """Return the outcome as observed (row)."""
        return self.raw.rows.outcome

    @cached_property
    def offset(self) -> Array:
        """Return the logarithm of the exposure (row), zero without one."""
        offset = self.raw.rows.offset
        return np.zeros(self.outcome.size) if offset is None else offset

    @cached_property
    def trials(self) -> Array:
        """Return the number of trials (row), one without trials."""
        trials = self.raw.rows.trials
        return np.ones(self.outcome.size) if trials is None else trials

    @cached_property
    def errors(self) -> Noise:
        """Return the errors of the latent outcome, with independent noise of the likelihood."""
        errors, scale = self.raw.problem.errors, self.raw.scale
        assert isinstance(errors, Noise)
        return WithIndependentNoise(errors, self.likelihood, scale) if self.noisy else errors

    @property
    def noisy(self) -> bool:
        """Return True if parameters of the likelihood add independent noise."""
        centres = [np.array([x.prior.centre]) for x in self.likelihood.parameters]
        return bool(centres) and self.likelihood.independent_variance(centres) is not None

    @cached_property
    def seen(self) -> Mask:
        """Return True for observed periods (unit, T)."""
        return self.grid(np.ones(self.outcome.size)) > 0.0

    def grid(self, values: Array, missing: float = 0.0) -> Array:
        """Arrange values of observations (..., row) by unit and period (..., unit, T)."""
        rows = self.raw.rows
        shape = (*values.shape[:-1], len(rows.key), self.raw.problem.n_periods)
        out = np.full(shape, missing)
        out[..., rows.unit, rows.time] = values
        return out

    def expected(self, coefficients: Coefficients) -> Array:
        """Compute latent means (draw, row), without unit effects and deviations of single units."""
        out = self.rows.expected(coefficients.positions)
        if self.raw.problem.shares_deviations:
            layout = self.rows.layout
            out += padded(coefficients.deviation)[:, layout.unit_effect] * layout.loading
        return out


def type_of_units(equation: Equation) -> Index:
    """Return the type of each unit (unit); -1 for units without information on effects."""
    out = np.full(len(equation.rows.key), -1, dtype=np.int64)
    for units, kind in zip(
        (c.units for c in equation.problem.classes), class_types(equation.problem).type_of,
        strict=True,
    ):  # fmt: skip
        out[units] = kind
    return out


@dataclass(frozen=True, eq=False)
class Approximation:
    """Gaussian approximations of all observations.

    Parameters
    ----------
    equation : Equation
        With outcomes z and known variances v, multiples of ``s`` and ``s²``.
    mean, variance : ndarray (row), multiples of ``s`` and ``s²``
        Moments of latent outcomes, from which the approximations were computed.
    point : ndarray (parameter)
        Mode of the parameters, unconstrained.
    rounds : int
        Number of times the approximations were computed.
    settled : bool
        True if they have converged.
    """

    equation: Equation
    mean: Array
    variance: Array
    point: Array
    rounds: int
    settled: bool

    @property
    def outcome(self) -> Array:
        """Return z (row)."""
        return self.equation.rows.outcome

    @property
    def variances(self) -> Array:
        """Return v (row)."""
        variances = self.equation.rows.variances
        assert variances is not None
        return variances


def stated(observations: Observations, mean: Array, variance: Array) -> Equation:
    """Approximate observations at latent outcomes with the given moments (row)."""
    raw, s = observations.raw, observations.raw.scale
    first, second = observations.likelihood.expected_slopes(
        observations.outcome, s * mean + observations.offset, s**2 * variance,
        trials=observations.trials,
    )  # fmt: skip
    second = np.maximum(second, _LEAST)
    z, v = mean + first / second / s, 1.0 / second / s**2
    assert raw.restated is not None
    rows = replace(raw.rows, outcome=z, variances=v)
    return raw.restated(rows, errors=observations.errors)


def approximate(
    observations: Observations,
    *,
    at: Array | None = None,
    laplace: bool = False,
    settled: float = _SETTLED,
    rounds: int = _ROUNDS,
) -> Approximation:
    """Compute the approximations and the mode of the parameters in turn, until both settle.

    Parameters
    ----------
    at : ndarray (parameter), optional
        Unconstrained and fixed values of the parameters.
    laplace : bool, default False
        If True, slopes are those at the latent means.
    settled : float, default 0.02
        Largest change of a latent mean, in its SD, at which approximations have converged.
    rounds : int, default 20
        Maximum number of rounds.
    """
    raw, likelihood, s = observations.raw, observations.likelihood, observations.raw.scale
    start = likelihood.start(observations.outcome, trials=observations.trials)
    mean = (start - observations.offset) / s
    variance, inverse = np.zeros_like(mean), None
    equation, number = raw, 0
    point, moved = at, np.inf
    for number in range(1, rounds + 1):
        equation = stated(observations, mean, np.zeros_like(mean) if laplace else variance)
        if point is None:
            space = equation.problem.space
            point = space.unconstrain(space.typical)
        if at is None:
            density = equation_density(equation)
            if number in (1, 3) or inverse is None:  # The first approximations are rough.
                mode = newton(density, point, rounds=4 if number == 1 else 2)
                point, inverse = mode.point, mode.inverse if mode.smooth else None
            elif moved > settled:
                point = climb(density, point[None], inverse[None], rounds=4)[0][0]
        latest, variance = _latent(observations, equation, point)
        step = latest - mean
        moved = float(np.max(np.abs(step) / np.sqrt(variance + 1e-300)))
        if moved < settled and (number > 3 or at is not None):
            break
        mean = mean + np.clip(step, -_STEP / s, _STEP / s)
    assert point is not None
    return Approximation(equation, mean, variance, point, number, moved < settled)


def _latent(observations: Observations, equation: Equation, point: Array) -> tuple[Array, Array]:
    """Compute means and variances of latent outcomes (row) under the approximations.

    With ``Q̃`` the precision of z given coefficients, ``o | z, beta`` has mean ``z - v Q̃ (z - eta)
    / sigma²`` and variances ``v - v² Q̃_tt / sigma²``; the variance of the mean over draws of beta
    is added. Numbers of draws are common to all rounds.
    """
    problem, rows = equation.gaussian, equation.rows
    assert rows.variances is not None
    points = np.repeat(point[None], 1 + _DRAWS, axis=0)
    numbers = np.random.default_rng(7)
    eta = np.concatenate([
        observations.expected(draw(problem, points[:1], None)),
        observations.expected(draw(problem, points[1:], numbers)),
    ])  # fmt: skip
    values = problem.values(points[:1])
    kind = type_of_units(equation)
    q = np.where((kind >= 0)[:, None, None], small(problem, values).q[0][kind], 0.0)
    q = q / values.sigma[0] ** 2
    gap = observations.grid(rows.outcome - eta)  # (draw, unit, T)
    pulled = np.einsum("uts,dus->dut", q, gap, optimize=True)[:, rows.unit, rows.time]
    means = rows.outcome - rows.variances * pulled
    own = rows.variances - rows.variances**2 * np.einsum("utt->ut", q)[rows.unit, rows.time]
    return means[0], np.maximum(own, 0.0) + means[1:].var(axis=0)
