"""Weights of proposals, with tails smoothed by a generalised Pareto distribution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import logsumexp

from bayes_nqp._core.arrays import Array

_SMALLEST = 1e-290
"""Smallest excess, relative to the largest weight, with a finite reciprocal."""
_PRIOR_DRAWS, _PRIOR_SHAPE = 10, 0.5


def khat(log_weights: Array) -> float:
    """Estimate the shape of the generalised Pareto distribution of the largest weights.

    Of S weights the ``min(S / 5, 3 sqrt(S))`` largest are used, less the next one.

    Parameters
    ----------
    log_weights : ndarray (S)
        Finite, at least 25.

    Returns
    -------
    float
        NaN if the largest weights are not a tail: a quarter of them are equal.

    References
    ----------
    Vehtari, A. et al. (2024). Pareto smoothed importance sampling. Journal of Machine Learning
    Research 25(72).
    """
    size = log_weights.size
    # Weights over the largest: tail of M and the threshold before it, x_j = w_(S-M+j) - w_(S-M).
    count = int(3.0 * np.sqrt(size)) if size > 225 else size // 5
    weights = np.exp(np.sort(log_weights)[-count - 1 :] - log_weights.max())
    return _shape(weights[1:] - weights[0])


def _shape(excess: Array) -> float:
    """Estimate the shape k of sorted excesses, by the mean of a profile posterior.

    With ``x`` the excesses and ``k(b) = mean log(1 - b x)``, the profile likelihood of b is
    ``n (log(-b / k) - k - 1)``. It is averaged over a grid of b that is spanned by the first
    quartile. A prior worth ten excesses of a shape of 1/2 stabilises the estimate if excesses are
    few.

    References
    ----------
    Zhang, J. and Stephens, M. A. (2009). A new and efficient estimation method for the generalized
    Pareto distribution. Technometrics 51(3).
    """
    n = excess.size
    quartile = excess[int(n / 4 + 0.5) - 1]
    # The grid of b would have no scale, or one beyond the range of doubles.
    if quartile <= excess[0] or quartile < _SMALLEST:
        return float("nan")
    m = 30 + int(np.sqrt(n))
    # The density is (1 + k x / sigma)^(-1/k - 1) / sigma, and 1 + k x / sigma = 1 - b x.
    b = 1.0 / excess[-1] + (1.0 - np.sqrt(m / (np.arange(m) + 0.5))) / (3.0 * quartile)
    k = np.log1p(-b[:, None] * excess).mean(axis=1)
    profile = n * (np.log(-b / k) - k - 1.0)
    # Posterior weights of the grid under a flat prior, and k at the posterior mean of b.
    share = np.exp(profile - logsumexp(profile))
    share = np.where(share >= 10.0 * np.finfo(np.float64).eps, share, 0.0)
    mean = float(np.log1p(-(b @ share / share.sum()) * excess).mean())
    return (n * mean + _PRIOR_DRAWS * _PRIOR_SHAPE) / (n + _PRIOR_DRAWS)


LEAST_EFFECTIVE = 400.0
"""Minimum number of effective proposals for valid draws."""


@dataclass(frozen=True, eq=False)
class Weights:
    """Importance weights with their diagnostics.

    Parameters
    ----------
    log_weights : ndarray (point)
        Minus infinity for a point without a density.
    least : float, default 400
        Required number of effective proposals.

    References
    ----------
    Vehtari, A. et al. (2024). Pareto smoothed importance sampling. Journal of Machine Learning
    Research 25(72).
    """

    log_weights: Array
    least: float = LEAST_EFFECTIVE

    @cached_property
    def effective(self) -> float:
        """Return ``(sum w)² / sum w²``."""
        log_sum = logsumexp(self.log_weights)
        if not np.isfinite(log_sum):
            return 0.0
        return float(np.exp(2.0 * log_sum - logsumexp(2.0 * self.log_weights)))

    @cached_property
    def khat(self) -> float:
        """Return the shape of the generalised Pareto distribution of the largest weights."""
        # Equal weights have no tail (k-hat is minus infinity); too few weights give no estimate.
        finite = self.log_weights[np.isfinite(self.log_weights)]
        if finite.size < 25 or np.ptp(finite) == 0.0:
            return float("inf") if finite.size < 25 else float("-inf")
        return khat(finite)

    @property
    def limit(self) -> float:
        """Return the largest valid k-hat for S points: ``min(.7, 1 - 1 / log10 S)``."""
        return min(0.7, 1.0 - 1.0 / float(np.log10(self.log_weights.size)))

    @property
    def refused(self) -> float:
        """Return the share of points without a density."""
        return float(np.mean(~np.isfinite(self.log_weights)))

    @property
    def passed(self) -> bool:
        """Return True if draws resampled by these weights can be used."""
        return self.effective >= self.least and self.khat < self.limit

    @property
    def log_marginal(self) -> float:
        """Return the log marginal likelihood: the log of the mean weight."""
        return float(logsumexp(self.log_weights) - np.log(self.log_weights.size))

    @property
    def facts(self) -> Mapping[str, float]:
        """Return the statistics that are stored with draws."""
        return {
            "importance_ess": self.effective,
            "khat": self.khat,
            "khat_limit": self.limit,
            "refused": self.refused,
            "log_marginal_likelihood": self.log_marginal,
        }
