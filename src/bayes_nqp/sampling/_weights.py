"""What importance weights allow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import logsumexp

from bayes_nqp.arrays import Array
from bayes_nqp.sampling._pareto import khat

LEAST_EFFECTIVE = 400.0
"""Effective proposals that draws need to stand."""


@dataclass(frozen=True, eq=False)
class Weights:
    """Importance weights, and what they allow.

    Parameters
    ----------
    log_weights : ndarray (point)
        Minus infinity where a point has no density.
    least : float, default 400
        Effective proposals that are asked for.

    References
    ----------
    Vehtari, A. et al. (2024). Pareto smoothed importance sampling. Journal of Machine Learning
    Research 25(72).
    """

    log_weights: Array
    least: float = LEAST_EFFECTIVE

    @cached_property
    def effective(self) -> float:
        """``(sum w)² / sum w²``."""
        log_sum = logsumexp(self.log_weights)
        if not np.isfinite(log_sum):
            return 0.0
        return float(np.exp(2.0 * log_sum - logsumexp(2.0 * self.log_weights)))

    @cached_property
    def khat(self) -> float:
        """Shape of the generalised Pareto distribution of the largest weights."""
        # Equal weights have no tail at all (k-hat minus infinity), too few of them no estimate.
        finite = self.log_weights[np.isfinite(self.log_weights)]
        if finite.size < 25 or np.ptp(finite) == 0.0:
            return float("inf") if finite.size < 25 else float("-inf")
        return khat(finite)

    @property
    def limit(self) -> float:
        """Largest k-hat that so many points allow: ``min(.7, 1 - 1 / log10 S)``."""
        return min(0.7, 1.0 - 1.0 / float(np.log10(self.log_weights.size)))

    @property
    def refused(self) -> float:
        """Share of points without a density."""
        return float(np.mean(~np.isfinite(self.log_weights)))

    @property
    def passed(self) -> bool:
        """Whether draws resampled by these weights can be used."""
        return self.effective >= self.least and self.khat < self.limit

    @property
    def log_marginal(self) -> float:
        """Log marginal likelihood: the log of the mean weight."""
        return float(logsumexp(self.log_weights) - np.log(self.log_weights.size))

    @property
    def facts(self) -> Mapping[str, float]:
        """What travels with draws."""
        return {
            "importance_ess": self.effective,
            "khat": self.khat,
            "khat_limit": self.limit,
            "refused": self.refused,
            "log_marginal_likelihood": self.log_marginal,
        }
