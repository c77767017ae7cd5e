"""Errors of a latent outcome with the independent noise of a likelihood on top.

The parameters of a likelihood may add independent noise to the latent outcome, such as the log of
gamma noise of negative binomial counts. Its variance u is absolute, and ``sigma² V + u I`` is the
covariance of the latent outcome with this noise. The Gaussian approximations treat it as normal;
the weights of draws use its own distribution.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp.model.designs import Noise
from bayes_nqp.model.likelihoods import Likelihood
from bayes_nqp.model.priors import Priors
from bayes_nqp.numerics.parameters import Parameter


@dataclass(frozen=True, slots=True)
class WithIndependentNoise(Noise):
    """An error structure, and independent noise with one parameter.

    Parameters
    ----------
    errors : Noise
        The structure of the design.
    likelihood : Likelihood
        With an `independent_variance`.
    scale : float
        ``s``, on the scale of the link.
    """

    errors: Noise
    likelihood: Likelihood
    scale: float

    def parameters(self, n_periods: int, priors: Priors) -> tuple[Parameter, ...]:
        """Return those of both; that of the noise is last."""
        return (*self.errors.parameters(n_periods, priors), *self.likelihood.parameters)

    def relative(self, values: Array, sigma: Array) -> Array:
        """Replace the parameter of the noise by ``u / sigma²``, u in multiples of ``s²``."""
        variance = self.likelihood.independent_variance([values[:, -1]])
        assert variance is not None
        out = values.copy()
        out[:, -1] = variance / (self.scale * sigma) ** 2
        return out

    def covariance(self, n_periods: int, values: Array) -> Array:
        """``V + u / sigma² I``; the last value is ``u / sigma²``."""
        own = values[:, -1, None, None] * np.eye(n_periods)
        return np.asarray(self.errors.covariance(n_periods, values[:, :-1]) + own)

    def white(self, values: Array) -> Array | None:
        """Add up the variances of white noise."""
        white = self.errors.white(values[:, :-1])
        return None if white is None else white + values[:, -1]
