"""What shocks that units of a cluster share add to the variances of estimates.

A shock ``eta_ot`` of owner o in period t moves cluster c's part of an estimate by ``h_cot =
sum_i (q_i a_i)_t`` over its units of the owner, and the saturated normal equations by ``P_ot =
sum_i (q_i X_i)_t`` over all units of the owner. Their variance is ``tau²``.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bayes_nqp.moments import UnitClass

__all__ = ["SharedSums"]

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]


class SharedSums:
    """Sums over the units of owners, and of clusters within them.

    Parameters
    ----------
    variance : float, multiples of s²
        ``tau²``.
    owner, cluster : ndarray of int (unit)
        Who shares shocks, and the clusters of robust variances; -1 of units that are left out.
    shape : tuple of int
        Periods, estimates, coefficients.
    """

    def __init__(
        self, variance: float, owner: Index, cluster: Index, shape: tuple[int, int, int]
    ) -> None:
        self.variance, self.owner = variance, owner
        n_periods, n_estimates, n_coefficients = shape
        pairs, self.pair = np.unique(np.stack([cluster, owner]), axis=1, return_inverse=True)
        self.cluster_of_pair, self.owner_of_pair = pairs
        self.response = np.zeros((pairs.shape[1], n_periods, n_estimates))
        self.pull = np.zeros((int(owner.max()) + 1, n_periods, n_coefficients))

    def add(self, like: UnitClass, units: Index, qa: Array, q: Array, design: Array) -> None:
        """Add units of a class.

        Parameters
        ----------
        qa : ndarray (unit, m, estimate)
            ``q_i a_i``.
        q : ndarray (m, m)
            Absorbed precision.
        design : ndarray (unit, m, coefficient)
            ``X_i``.
        """
        np.add.at(self.response, (self.pair.ravel()[units][:, None], like.times), qa)
        owners, inverse = np.unique(self.owner[units], return_inverse=True)
        total = np.zeros((owners.size, like.times.size, self.pull.shape[2]))
        np.add.at(total, inverse.ravel(), design)
        np.add.at(self.pull, (owners[:, None], like.times), q @ total)

    @property
    def spread(self) -> Array:
        """Their part of the covariance of the normal equations (coefficient, coefficient)."""
        flat = self.pull.reshape(-1, self.pull.shape[2])
        return self.variance * flat.T @ flat

    @property
    def model(self) -> Array:
        """Their part of the variances of estimates (estimate)."""
        total = np.zeros((len(self.pull), *self.response.shape[1:]))
        np.add.at(total, self.owner_of_pair, self.response)
        return np.asarray(self.variance * (total**2).sum(axis=(0, 1)))

    def between(self, estimate: int) -> Array:
        """Their part of the covariance of clusters' parts of an estimate (cluster, cluster)."""
        response = self.response[:, :, estimate]
        same = np.equal.outer(self.owner_of_pair, self.owner_of_pair)
        size = int(self.cluster_of_pair.max()) + 1
        out = np.zeros((size, size))
        at = np.ix_(*[np.flatnonzero(self.cluster_of_pair >= 0)] * 2)
        places = self.cluster_of_pair[at[0]], self.cluster_of_pair[at[1]]
        np.add.at(out, places, self.variance * (same * (response @ response.T))[at])
        return out

    def mix(self, mixed: Array, variance: Array, estimate: int) -> None:
        """Add their covariance with the normal equations, and variances of clusters, in place.

        Parameters
        ----------
        mixed : ndarray (cluster, coefficient)
            Covariance of a cluster's part of the estimate with the normal equations.
        variance : ndarray (cluster,)
            Of that part.
        estimate : int
            Which of the estimates.
        """
        response = self.response[:, :, estimate]
        np.add.at(variance, self.cluster_of_pair, self.variance * (response**2).sum(axis=1))
        for number, pull in enumerate(self.pull):
            at = np.flatnonzero((self.owner_of_pair == number) & (self.cluster_of_pair >= 0))
            np.add.at(mixed, self.cluster_of_pair[at], self.variance * response[at] @ pull)
