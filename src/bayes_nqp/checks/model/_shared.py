"""What processes that units share, such as shocks of a cluster, add to variances of estimates.

A path ``eta_o = R z`` of owner o, z standard normal (q) and R the root of its covariance (T, q),
moves cluster c's part of an estimate by ``h_co' eta_o``, ``h_cot = sum_i (q_i a_i)_t`` over its
units of the owner, and the saturated normal equations by ``P_o' eta_o``, ``P_ot = sum_i (q_i
X_i)_t`` over all units of the owner: both count as ``R'h`` and ``R'P``. Shocks have ``R = tau I``.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from bayes_nqp.arrays import Array, Index
from bayes_nqp.moments import UnitClass


class SharedSums:
    """Sums over the units of owners, and of clusters within them.

    Parameters
    ----------
    root : ndarray (T, q), multiples of s
        ``R``.
    owner, cluster : ndarray of int (unit)
        Who shares a path, and the clusters of robust variances; -1 of units that are left out.
    shape : tuple of int
        Periods, estimates, coefficients.
    """

    def __init__(
        self, root: Array, owner: Index, cluster: Index, shape: tuple[int, int, int]
    ) -> None:
        self.root, self.owner = root, owner
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
        shared = self.owner[units] >= 0
        units, qa, design = units[shared], qa[shared], design[shared]
        np.add.at(self.response, (self.pair.ravel()[units][:, None], like.times), qa)
        owners, inverse = np.unique(self.owner[units], return_inverse=True)
        total = np.zeros((owners.size, like.times.size, self.pull.shape[2]))
        np.add.at(total, inverse.ravel(), design)
        np.add.at(self.pull, (owners[:, None], like.times), q @ total)

    @cached_property
    def pulls(self) -> Array:
        """``R'P`` (owner, q, coefficient), once all units are added."""
        return np.asarray(self.root.T @ self.pull)

    @cached_property
    def responses(self) -> Array:
        """``R'h`` (pair, q, estimate), once all units are added."""
        return np.asarray(self.root.T @ self.response)

    @property
    def spread(self) -> Array:
        """Their part of the covariance of the normal equations (coefficient, coefficient)."""
        flat = self.pulls.reshape(-1, self.pulls.shape[2])
        return flat.T @ flat

    @property
    def model(self) -> Array:
        """Their part of the variances of estimates (estimate)."""
        total = np.zeros((len(self.pulls), *self.responses.shape[1:]))
        np.add.at(total, self.owner_of_pair, self.responses)
        return np.asarray((total**2).sum(axis=(0, 1)))

    def between(self, estimate: int) -> Array:
        """Their part of the covariance of clusters' parts of an estimate (cluster, cluster)."""
        response = self.responses[:, :, estimate]
        same = np.equal.outer(self.owner_of_pair, self.owner_of_pair)
        size = int(self.cluster_of_pair.max()) + 1
        out = np.zeros((size, size))
        at = np.ix_(*[np.flatnonzero(self.cluster_of_pair >= 0)] * 2)
        places = self.cluster_of_pair[at[0]], self.cluster_of_pair[at[1]]
        np.add.at(out, places, (same * (response @ response.T))[at])
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
        response = self.responses[:, :, estimate]
        np.add.at(variance, self.cluster_of_pair, (response**2).sum(axis=1))
        for number, pull in enumerate(self.pulls):
            at = np.flatnonzero((self.owner_of_pair == number) & (self.cluster_of_pair >= 0))
            np.add.at(mixed, self.cluster_of_pair[at], response[at] @ pull)
