"""Effects given coefficients: the one place that says what adds up to them.

A treated row r of cell c, member m and stratum s has the effect

    e_r = mu_c + theta_s z_r + u_m,

with mu_c the effect of the cell, z the moderator less its centre, theta_s what one of it adds, and
u_m the member's deviation. What is reported are means over rows: with n_c all rows of a cell, n_mc
the treated ones of a member in it, S_mc = n_mc / n_c, z-bar_c the mean over the treated rows of c,
and Z_sm the sum over those of m in stratum s, divided by all of its treated rows,

    e_c = mu_c + theta_s z-bar_c + sum_m S_mc u_m,
    v_m = u_m + sum_s theta_s Z_sm,
    e_r = e_c + v_m - (mean of v over the treated rows of c), as far as cells and members tell.
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
    """From coefficients to effects of cells and members.

    Parameters
    ----------
    rows, cell, unit, unit_effect : ndarray of int (treated row)
        Places of the treated rows in the panel, and whose effect and deviation they have.
    moderator : ndarray (treated row) or None, the moderator's units
        z, less its centre; None where the plan has no moderator.
    codes : ndarray of int (unit effect)
        Members with treated rows, among all.
    labels : ndarray of str (unit effect)
        What they are called.
    weight : ndarray (treated row)
        How many rows each stands for.
    sizes : ndarray of int (cell)
        n_c, untreated rows included.
    stratum : ndarray of int (cell)
        Stratum of every cell.
    stratum_of_unit_effects : ndarray of int (unit effect)
        That of the first unit of each.
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
        """``e_c = mu_c + theta_s z-bar_c + sum_m S_mc u_m`` (draw, cell).

        Parameters
        ----------
        mean : ndarray (draw, cell)
            mu.
        theta : ndarray (draw, stratum), optional
            None where no moderator shifts effects.
        average : ndarray (draw, cell), default 0
            ``S'u`` (`averaged`), or the deviation of one unit that all rows are of.
        """
        if theta is not None:
            mean = mean + theta[:, self.stratum] * self.mean_of_cells
        return np.asarray(mean + average)

    def of_unit_effects(self, deviation: Array, theta: Array | None = None) -> Array:
        """``v_m = u_m + sum_s theta_s Z_sm`` (draw, member)."""
        if theta is None:
            return deviation
        table = self.moderator_of_unit_effects
        return np.asarray(deviation + (table.T @ theta[:, : table.shape[0]].T).T)

    def beyond_cells(self, deviation: Array) -> Array:
        """``v_m`` less its mean over the treated rows of the cell (treated row)."""
        of_row = deviation[self.unit_effect]
        return np.asarray(of_row - self.cell_means(of_row)[self.cell])

    def averaged(self, deviation: Array) -> Array:
        """``S'u`` (draw, cell), S the shares of members."""
        return np.asarray((self.shares.T @ deviation.T).T)

    @cached_property
    def shares(self) -> csr_array:
        """S, the share of each member in the rows of each cell (member, cell)."""
        return self.shares_of(self.unit_effect, self.codes.size)

    def shares_of(self, cluster: Index, size: int) -> csr_array:
        """The same of others that hold rows, by treated row (cluster, cell).

        Rows of nobody, -1, say nothing, and count in n_c.
        """
        some = cluster >= 0
        places = cluster[some], self.cell[some]
        table = csr_array((self.weight[some], places), shape=(size, self.sizes.size))
        return csr_array(table / self.sizes)

    def cells_of_unit_effects(self, values: Array | float = 1.0) -> csr_array:
        """What maps effects of cells, times values of rows, to means of members (member, cell)."""
        share = (
            self.weight
            / np.bincount(self.unit_effect, self.weight, self.codes.size)[self.unit_effect]
        )
        shape = (self.codes.size, self.sizes.size)
        return csr_array((share * values, (self.unit_effect, self.cell)), shape=shape)

    @cached_property
    def membership(self) -> tuple[Index, Index, Index]:
        """Every pair of a cell and a member in it, by cell, and n_mc: cell, member, rows."""
        pair, at = np.unique(self.cell * self.codes.size + self.unit_effect, return_inverse=True)
        cell, unit_effect = np.divmod(pair, self.codes.size)
        return cell, unit_effect, np.rint(np.bincount(at, self.weight)).astype(np.int64)

    def cell_means(self, values: Array) -> Array:
        """Means of what treated rows have over those of each cell (cell); zero of none."""
        return self._means(values, self.cell, self.sizes.size)

    def unit_effect_means(self, values: Array) -> Array:
        """The same of members (member)."""
        return self._means(values, self.unit_effect, self.codes.size)

    @cached_property
    def mean_of_cells(self) -> Array:
        """z-bar of the treated rows of every cell, zero in leads (cell)."""
        return self.cell_means(self.z)

    @cached_property
    def moderator_of_unit_effects(self) -> csr_array:
        """Z (stratum, member)."""
        stratum = self.stratum[self.cell]
        shape = (int(self.stratum.max()) + 1, self.codes.size)
        table = csr_array((self.weight * self.z, (stratum, self.unit_effect)), shape=shape)
        return csr_array(table / np.bincount(self.unit_effect, self.weight, self.codes.size))

    @cached_property
    def mean_of_unit_effects(self) -> Array:
        """z-bar of the treated rows of every member (member)."""
        return self.unit_effect_means(self.z)

    @property
    def z(self) -> Array:
        """The moderator less its centre, zero without one (treated row)."""
        return np.zeros(self.rows.size) if self.moderator is None else self.moderator

    def _means(self, values: Array, cluster: Index, size: int) -> Array:
        count = np.bincount(cluster, self.weight, size)
        return np.asarray(
            np.bincount(cluster, self.weight * values, size) / np.where(count, count, 1)
        )
