"""Robust variances of estimates and their moments under a model of errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincinv

from bayes_nqp._core.arrays import Array


@dataclass(frozen=True, slots=True)
class Errors:
    """Values of the parameters of an error structure and of random effects of the treatment.

    Parameters
    ----------
    sigma : float, outcome units
        Standard deviation of innovations.
    parameters : mapping of str to float
        Parameters of the error structure by name, on their own scales, in multiples of ``s``.
    deviation : float, default 0, outcome units
        Standard deviation of the random effects of the treatment.
    processes : sequence of (ndarray of int (unit), ndarray (T, q)), outcome units
        Owners of a shared path, -1 for none, and the root of its covariance: ``root root'``.
    """

    sigma: float
    parameters: Mapping[str, float] = field(default_factory=dict)
    deviation: float = 0.0
    processes: Sequence[tuple[npt.NDArray[np.int64], Array]] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Controls:
    """Parts of robust variances due to clusters without treated units.

    They include no random effect of the treatment, so persistent errors that a model confuses with
    random effects appear here.

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
        """Ratio of robust to expected standard deviation (estimate)."""
        return np.asarray(np.sqrt(self.variance / self.expected))

    def quantile(self, probability: float) -> Array:
        """Return a quantile of the ratio if the model is true."""
        return np.asarray(np.sqrt(chi2_over_mean(probability, self.expected, self.spread)))


@dataclass(frozen=True, slots=True, eq=False)
class Robust:
    """Robust variances of linear estimates, and their moments under the model.

    Parameters
    ----------
    estimate : ndarray (estimate), outcome units
        Estimates of the saturated fit.
    variance : ndarray (estimate), squared outcome units
        Cluster-robust variance, with the factor ``clusters / (clusters - 1)``.
    expected, spread : ndarray (estimate)
        Mean and standard deviation of ``variance`` if the model is true.
    model : ndarray (estimate)
        Variance of the estimate around the mean effect on the observed treated units, if the
        model is true.
    controls : Controls
        The same for never-treated clusters only.
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
        """Factor by which the model's standard deviation is to be multiplied (estimate)."""
        return self._ratio(self.variance)

    @property
    def freedom(self) -> Array:
        """Satterthwaite's degrees of freedom of the robust variance (estimate)."""
        return np.asarray(2.0 * (self.expected / self.spread) ** 2)

    def quantile(self, probability: float) -> Array:
        """Return a quantile of the ratio if the model is true."""
        return self._ratio(self.expected * chi2_over_mean(probability, self.expected, self.spread))

    def _ratio(self, variance: Array) -> Array:
        excess = (variance - self.expected) / self.model
        return np.asarray(np.sqrt(np.maximum(1.0 + excess, 0.0)))


def chi2_over_mean(probability: float, expected: Array, spread: Array) -> Array:
    """Return a quantile of a robust variance over its mean (Satterthwaite's degrees of freedom)."""
    freedom = 2.0 * (expected / spread) ** 2
    return np.asarray(2.0 * gammaincinv(freedom / 2.0, probability) / freedom)
