"""Robust variances of estimates beside what a model of errors expects of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincinv

from bayes_nqp._core.arrays import Array


@dataclass(frozen=True, slots=True)
class Errors:
    """Values of the parameters of a model of errors and of effect deviations.

    Parameters
    ----------
    sigma : float, outcome units
        Of innovations.
    parameters : mapping of str to float
        Of the error structure, by name, on their own scales, in multiples of ``s``.
    deviation : float, default 0, outcome units
        Standard deviation of the effect deviations.
    processes : sequence of (ndarray of int (unit), ndarray (T, q)), outcome units
        Who shares a path, -1 for none, and the root of its covariance: ``root root'``.
    """

    sigma: float
    parameters: Mapping[str, float] = field(default_factory=dict)
    deviation: float = 0.0
    processes: Sequence[tuple[npt.NDArray[np.int64], Array]] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Controls:
    """Parts of robust variances that clusters without treated units make up.

    No deviation of an effect is in them, so that persistent errors which a model takes for
    deviations of the treated show here.

    Parameters
    ----------
    variance, expected, spread : ndarray (estimate), squared outcome units
        As in `Robust`.
    """

    variance: Array
    expected: Array
    spread: Array
    clusters: int

    @property
    def ratio(self) -> Array:
        """Robust over expected standard deviation (estimate)."""
        return np.asarray(np.sqrt(self.variance / self.expected))

    def quantile(self, probability: float) -> Array:
        """Quantile of the ratio if the model is true."""
        return np.asarray(np.sqrt(chi2_over_mean(probability, self.expected, self.spread)))


@dataclass(frozen=True, slots=True, eq=False)
class Robust:
    """Robust variances of linear estimates, and what the model expects of them.

    Parameters
    ----------
    estimate : ndarray (estimate), outcome units
        Of the saturated fit.
    variance : ndarray (estimate), squared outcome units
        Cluster-robust, with the factor ``clusters / (clusters - 1)``.
    expected, spread : ndarray (estimate)
        Mean and standard deviation of ``variance`` if the model is true.
    model : ndarray (estimate)
        Variance of the estimate around the mean effect of the treated rows at hand, if the
        model is true.
    controls : Controls
        The same of never-treated clusters alone.
    """

    estimate: Array
    variance: Array
    expected: Array
    spread: Array
    model: Array
    clusters: int
    controls: Controls

    @property
    def ratio(self) -> Array:
        """What the model's standard deviation is to be multiplied with (estimate)."""
        return self._ratio(self.variance)

    @property
    def freedom(self) -> Array:
        """Satterthwaite's degrees of freedom of the robust variance (estimate)."""
        return np.asarray(2.0 * (self.expected / self.spread) ** 2)

    def quantile(self, probability: float) -> Array:
        """Quantile of the ratio if the model is true."""
        return self._ratio(self.expected * chi2_over_mean(probability, self.expected, self.spread))

    def _ratio(self, variance: Array) -> Array:
        excess = (variance - self.expected) / self.model
        return np.asarray(np.sqrt(np.maximum(1.0 + excess, 0.0)))


def chi2_over_mean(probability: float, expected: Array, spread: Array) -> Array:
    """Quantile of a robust variance over its mean, by Satterthwaite's degrees of freedom."""
    freedom = 2.0 * (expected / spread) ** 2
    return np.asarray(2.0 * gammaincinv(freedom / 2.0, probability) / freedom)
