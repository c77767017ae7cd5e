"""Replications and quantile residuals of observations that are given latent outcomes.

Both use the Gaussian approximations ``N(z; o, v)`` of the observations. Replications draw
parameters from the posterior, coefficients and unit effects given z, new errors, and observations
given the new latent outcome. The quantile residual of an observation is the normal quantile of its
position among draws given all other observations. Without its own approximation, its latent outcome
has the cavity distribution

    ``1 / s_c² = 1 / s² - 1 / v``,  ``m_c = s_c² (m / s² - z / v)``,  ``o ~ N(m, s²)``,

and ties are broken at random, so that residuals of a correct model are standard normal. If
parameters of the likelihood add independent noise to the latent outcome, the approximations include
it, with its mean in the level; it is taken out before observations are drawn.

References
----------
Dunn, P. K. and Smyth, G. K. (1996). Randomized quantile residuals. Journal of Computational and
Graphical Statistics 5(3). Held, L., Schrödle, B. and Rue, H. (2010). Posterior and cross-validatory
predictive checks. In Statistical Modelling and Regression Structures. Physica-Verlag.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from bayes_nqp._core.arrays import Array
from bayes_nqp.inference.fitting._approximation import Approximation, Observations, approximate
from bayes_nqp.inference.fitting._parameters import natural, unconstrained
from bayes_nqp.inference.fitting._unit_rows import UnitRows
from bayes_nqp.inference.pymc_model import chunks, errors_of
from bayes_nqp.numerics.linear_gaussian import draw

if TYPE_CHECKING:
    from bayes_nqp.inference.fitting._fit import Fit

_POSITIONS = 2_000
"""Draws among which the position of an observation is found."""


class LatentPredictive:
    """Predictive distributions of a fit with approximated observations.

    Parameters
    ----------
    fit : Fit
        With its panel.
    seed : int
        Seed of all random numbers.
    """

    def __init__(self, fit: Fit, seed: int) -> None:
        self.fit, self.seed = fit, seed
        self.observations = Observations.of(fit.model_frame)

    @cached_property
    def approximation(self) -> Approximation:
        """Return the approximations of all observations."""
        return approximate(self.observations)

    def working(self, outcome: Array) -> Array:
        """Return finite latent outcomes of observations (..., row), multiples of ``s``."""
        data = self.observations
        latent = data.likelihood.start(outcome, trials=data.trials) - data.offset
        return np.asarray(latent / data.raw.scale)

    def replications(self, draws: int) -> Array:
        """Draw replicated observations of the untreated and treated rows (draw, row)."""
        data, equation = self.observations, self.approximation.equation
        x = unconstrained(equation, self.fit.posterior).reshape(-1, len(equation.problem.space))
        x = x[np.linspace(0, len(x) - 1, draws).round().astype(np.int64)]
        coefficient, unit, last, *errors = np.random.default_rng(self.seed).spawn(6)
        problem, rows = equation.gaussian, UnitRows(self.fit.model_frame, equation)
        parameters = natural(equation, x)
        own = [parameters[p.name][:, None] for p in data.likelihood.parameters]
        out = np.empty((draws, data.outcome.size))
        for part in chunks(draws, data.outcome.size):
            mean = rows.expected(draw(problem, x[part], coefficient).positions)
            residual, values = equation.rows.outcome - mean, problem.values(x[part])
            mean += rows.drawn(residual, values, unit, "same")
            some = {name: numbers[part] for name, numbers in parameters.items()}
            mean += errors_of(data.raw, rows.layout, data.likelihood, some, errors)
            shape = [y[part] for y in own]
            latent = mean * data.raw.scale + data.offset - data.likelihood.independent_mean(shape)
            out[part] = data.likelihood.observed(latent, shape, last, trials=data.trials)
        return out

    def quantile_residuals(self) -> Array:
        """Compute randomised quantile residuals given all other observations (row)."""
        data, near, s = self.observations, self.approximation, self.observations.raw.scale
        precision = np.maximum(1.0 / near.variance - 1.0 / near.variances, 1e-6)
        variance = 1.0 / precision
        mean = variance * (near.mean / near.variance - near.outcome / near.variances)
        typical = natural(near.equation, near.point[None])
        own = [typical[p.name][:, None] for p in data.likelihood.parameters]
        if data.noisy:
            more = data.likelihood.independent_variance([x[:, 0] for x in own])
            assert more is not None
            variance = np.maximum(variance - more / s**2, 1e-6)
        offset = data.offset - data.likelihood.independent_mean(own)
        generator = np.random.default_rng([self.seed, 1])
        below, equal = np.zeros((2, data.outcome.size))
        for part in chunks(_POSITIONS, data.outcome.size):
            normal = generator.standard_normal((part.stop - part.start, data.outcome.size))
            latent = s * (mean + np.sqrt(variance) * normal) + offset
            drawn = data.likelihood.observed(latent, own, generator, trials=data.trials)
            below += (drawn < data.outcome).sum(axis=0)
            equal += (drawn == data.outcome).sum(axis=0)
        uniform = generator.random(data.outcome.size)
        return np.asarray(ndtri((below + uniform * (equal + 1.0)) / (_POSITIONS + 1.0)))
