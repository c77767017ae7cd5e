"""Clusters of units, and the contribution of shared processes to variances of estimates.

A path ``eta_o = R z`` of owner o, z standard normal (q) and R the root of its covariance (T, q),
moves cluster c's part of an estimate by ``h_co' eta_o``, ``h_cot = sum_i (q_i a_i)_t`` over its
units of the owner, and the saturated normal equations by ``P_o' eta_o``, ``P_ot = sum_i (q_i
X_i)_t`` over all units of the owner: both enter as ``R'h`` and ``R'P``. Shocks have ``R = tau I``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.exceptions import NotApplicable, StudyError, nearest
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks.shared import nesting, unit_word
from bayes_nqp.data.panel import Panel, unit_column
from bayes_nqp.inference.fitting import Fit, panel_of
from bayes_nqp.numerics.sufficient_statistics import UnitClass

FEWEST = 5
"""Smallest number of clusters for a robust standard error."""


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """Units by cluster and by random effect, and the name of the clusters.

    Parameters
    ----------
    codes, unit_effect : ndarray of int (unit)
        Codes of clusters, and of random effects of the treatment.
    above : bool
        True if a cluster contains several random effects.
    """

    name: str
    codes: Index
    unit_effect: Index
    above: bool


def clusters_by(fit: Fit, name: str | None = None) -> Clusters:
    """Cluster the units of a fit by a column; by default by the level at which effects vary.

    Raises
    ------
    StudyError
        If the panel does not have the column, or effects vary at a level that clusters divide.
    NotApplicable
        If there are too few clusters.
    """
    panel, varying = fit.rows, fit.facts.varying or v.UNIT
    unit_effect = np.arange(panel.unit_labels.size)
    if varying != v.UNIT:
        unit_effect = unit_column(panel, varying, "varying")[0]
    codes = unit_effect if name is None or name == varying else _codes(panel, name)
    pairs = np.unique(np.stack([unit_effect, codes]), axis=1)
    if np.unique(pairs[0]).size < pairs.shape[1]:
        raise StudyError(
            f"clusters by {name!r} cut through what effects vary by, {varying!r}",
            hint=f"cluster={varying!r}, or a level above it",
        )
    count = np.unique(codes).size
    if count < FEWEST:
        raise NotApplicable(
            Message(
                "There are {} clusters by {}; a cluster-robust standard error needs at least {}.",
                count,
                unit_word(name or varying),
                FEWEST,
            )
        )
    return Clusters(name or varying, codes, unit_effect, count < np.unique(unit_effect).size)


def clusters_above(fit: Fit, least: Clusters) -> Iterator[Clusters]:
    """Cluster by every column with at least five levels that contain several random effects."""
    for name in nesting(panel_of(fit)):
        try:
            clusters = clusters_by(fit, name)
        except (NotApplicable, StudyError):
            continue
        if clusters.above and name != least.name:
            yield clusters


def _codes(panel: Panel, name: str) -> Index:
    """Return the level of each unit."""
    if name in panel.strata_codes:
        return np.asarray(panel.strata_codes[name], dtype=np.int64)
    if name in panel.frame.columns:
        return unit_column(panel, name, "cluster", alone=True)[0]
    raise StudyError(
        f"'cluster' names the column {name!r}, which the panel does not have",
        hint=nearest(name, [*panel.frame.columns, *panel.strata_codes]),
    )


class SharedSums:
    """Sums over the units of owners of a shared process, and of clusters within them.

    Parameters
    ----------
    root : ndarray (T, q), multiples of s
        ``R``.
    owner, cluster : ndarray of int (unit)
        Owner of the path, and cluster of the robust variance; -1 for units that are left out.
    shape : tuple of int
        Numbers of periods, estimates and coefficients.
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
        """Contribution to the covariance of the normal equations (coefficient, coefficient)."""
        flat = self.pulls.reshape(-1, self.pulls.shape[2])
        return flat.T @ flat

    @property
    def model(self) -> Array:
        """Contribution to the variances of estimates (estimate)."""
        total = np.zeros((len(self.pulls), *self.responses.shape[1:]))
        np.add.at(total, self.owner_of_pair, self.responses)
        return np.asarray((total**2).sum(axis=(0, 1)))

    def between(self, estimate: int) -> Array:
        """Contribution to the covariance of clusters' parts of an estimate (cluster, cluster)."""
        response = self.responses[:, :, estimate]
        same = np.equal.outer(self.owner_of_pair, self.owner_of_pair)
        size = int(self.cluster_of_pair.max()) + 1
        out = np.zeros((size, size))
        at = np.ix_(*[np.flatnonzero(self.cluster_of_pair >= 0)] * 2)
        places = self.cluster_of_pair[at[0]], self.cluster_of_pair[at[1]]
        np.add.at(out, places, (same * (response @ response.T))[at])
        return out

    def mix(self, mixed: Array, variance: Array, estimate: int) -> None:
        """Add the covariance with the normal equations, and the variances of clusters, in place.

        Parameters
        ----------
        mixed : ndarray (cluster, coefficient)
            Covariance of a cluster's part of the estimate with the normal equations.
        variance : ndarray (cluster,)
            Variance of that part.
        estimate : int
            Position of the estimate.
        """
        response = self.responses[:, :, estimate]
        np.add.at(variance, self.cluster_of_pair, (response**2).sum(axis=1))
        for number, pull in enumerate(self.pulls):
            at = np.flatnonzero((self.owner_of_pair == number) & (self.cluster_of_pair >= 0))
            np.add.at(mixed, self.cluster_of_pair[at], response[at] @ pull)
