"""Effects given coefficients: the definition that all other modules use.

A treated observation r of cell c, member m and stratum s has the effect

    e_r = mu_c + theta_s z_r + u_m,

with mu_c the effect of the cell, z the centred moderator, theta_s its coefficient and u_m the
member's deviation. Reported effects are means over observations. Let n_c be the number of all
observations of a cell, n_mc the number of treated observations of a member in it, and S_mc = n_mc /
n_c. Let z-bar_c be the mean over the treated observations of c, and Z_sm the sum over those of m in
stratum s, divided by the number of its treated observations. Then

    e_c = mu_c + theta_s z-bar_c + sum_m S_mc u_m,
    v_m = u_m + sum_s theta_s Z_sm,
    e_r = e_c + v_m - (mean of v over the treated observations of c), given only cell and member.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from bayes_nqp._core.arrays import Array, Index


@dataclass(frozen=True, eq=False)
class EffectMap:
    """Maps from coefficients to effects of cells and members.

    Parameters
    ----------
    rows, cell, unit, unit_effect : ndarray of int (treated row)
        Positions of the treated observations in the panel; their cells, units and members.
    moderator : ndarray (treated row) or None, the moderator's units
        z, the centred moderator; None if the model frame has no moderator.
    codes : ndarray of int (unit effect)
        Members with treated observations, among all.
    labels : ndarray of str (unit effect)
        Their labels.
    weight : ndarray (treated row)
        Number of observations that each represents.
    sizes : ndarray of int (cell)
        n_c, untreated observations included.
    stratum : ndarray of int (cell)
        Stratum of every cell.
    stratum_of_unit_effects : ndarray of int (unit effect)
        Stratum of the first unit of each member.
    """

    rows: Index
    cell: Index
    unit: Index
    unit_effect: Index
    moderator: Array | None
    codes: Index
    labels: npt.NDArray[np.str_]
    weight: Array
    sizes: Index
    stratum: Index
    stratum_of_unit_effects: Index

    def of_cells(
        self, mean: Array, theta: Array | None = None, average: Array | float = 0.0
    ) -> Array:
        """Compute ``e_c = mu_c + theta_s z-bar_c + sum_m S_mc u_m`` (draw, cell).

        Parameters
        ----------
        mean : ndarray (draw, cell)
            mu.
        theta : ndarray (draw, stratum), optional
            None if no moderator shifts effects.
        average : ndarray (draw, cell), default 0
            ``S'u`` (`averaged`), or the deviation of one unit to which all observations belong.
        """
        if theta is not None:
            mean = mean + theta[:, self.stratum] * self.mean_of_cells
        return np.asarray(mean + average)

    def of_unit_effects(self, deviation: Array, theta: Array | None = None) -> Array:
        """Compute ``v_m = u_m + sum_s theta_s Z_sm`` (draw, member)."""
        if theta is None:
            return deviation
        table = self.moderator_of_unit_effects
        return np.asarray(deviation + (table.T @ theta[:, : table.shape[0]].T).T)

    def beyond_cells(self, deviation: Array) -> Array:
        """Compute ``v_m`` less its mean over the treated observations of the cell (treated row)."""
        of_row = deviation[self.unit_effect]
        return np.asarray(of_row - self.cell_means(of_row)[self.cell])

    def net_of_cells(self, values: Array) -> Array:
        """Return columns of the treated observations less their means over each cell."""
        means = np.stack([self.cell_means(x)[self.cell] for x in values.T], axis=1)
        return np.asarray(values - means)

    def averaged(self, deviation: Array) -> Array:
        """Compute ``S'u`` (draw, cell), S the shares of members."""
        return np.asarray((self.shares.T @ deviation.T).T)

    @cached_property
    def shares(self) -> csr_array:
        """Return S, the share of each member in the observations of each cell (member, cell)."""
        return self.shares_of(self.unit_effect, self.codes.size)

    def shares_of(self, cluster: Index, size: int) -> csr_array:
        """Return the shares of other groupings of the treated observations (cluster, cell).

        Observations with -1 belong to no cluster, but count in n_c.
        """
        some = cluster >= 0
        places = cluster[some], self.cell[some]
        table = csr_array((self.weight[some], places), shape=(size, self.sizes.size))
        return csr_array(table / self.sizes)

    def cells_of_unit_effects(self, values: Array | float = 1.0) -> csr_array:
        """Return the map from effects of cells, times values of observations, to means of members.

        Its dims are (member, cell).
        """
        share = (
            self.weight
            / np.bincount(self.unit_effect, self.weight, self.codes.size)[self.unit_effect]
        )
        shape = (self.codes.size, self.sizes.size)
        return csr_array((share * values, (self.unit_effect, self.cell)), shape=shape)

    @cached_property
    def membership(self) -> tuple[Index, Index, Index]:
        """Return all pairs of a cell and a member in it, by cell, and n_mc: cell, member, rows."""
        pair, at = np.unique(self.cell * self.codes.size + self.unit_effect, return_inverse=True)
        cell, unit_effect = np.divmod(pair, self.codes.size)
        return cell, unit_effect, np.rint(np.bincount(at, self.weight)).astype(np.int64)

    def cell_means(self, values: Array) -> Array:
        """Average values of treated observations over each cell (cell); zero for empty cells."""
        return self._means(values, self.cell, self.sizes.size)

    def unit_effect_means(self, values: Array) -> Array:
        """Average values of treated observations over each member (member)."""
        return self._means(values, self.unit_effect, self.codes.size)

    @cached_property
    def mean_of_cells(self) -> Array:
        """Return z-bar of the treated observations of every cell, zero for leads (cell)."""
        return self.cell_means(self.z)

    @cached_property
    def moderator_of_unit_effects(self) -> csr_array:
        """Return Z (stratum, member)."""
        stratum = self.stratum[self.cell]
        shape = (int(self.stratum.max()) + 1, self.codes.size)
        table = csr_array((self.weight * self.z, (stratum, self.unit_effect)), shape=shape)
        return csr_array(table / np.bincount(self.unit_effect, self.weight, self.codes.size))

    @cached_property
    def mean_of_unit_effects(self) -> Array:
        """Return z-bar of the treated observations of every member (member)."""
        return self.unit_effect_means(self.z)

    @property
    def z(self) -> Array:
        """Return the centred moderator, zero without one (treated row)."""
        return np.zeros(self.rows.size) if self.moderator is None else self.moderator

    def _means(self, values: Array, cluster: Index, size: int) -> Array:
        count = np.bincount(cluster, self.weight, size)
        return np.asarray(
            np.bincount(cluster, self.weight * values, size) / np.where(count, count, 1)
        )
