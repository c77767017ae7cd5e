"""Effects of a calendar of treatment in models with a spatial lag of the outcome.

They compare the actual calendar with none, period by period: ``S^-1 [D (tau + u) + sum_l 1_l W D
theta_l]``, with ``S = I - delta W`` and levels l of receivers, often one for all. Averages over
the observations of a cell are linear in ``(tau, theta, u)``, with loadings that depend on delta
alone. These are computed at Chebyshev nodes of ``atanh delta`` over the draws, and interpolated by
one polynomial, exactly to rounding (docs/spatial.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import sparse

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.inference.fitting._lag_loadings import (
    Kind,
    Loads,
    PeriodLoads,
    back_of,
    nodes_of,
    solver,
)
from bayes_nqp.inference.fitting._linked_coefficients import linked_coefficients
from bayes_nqp.inference.model_frame import CellInfo
from bayes_nqp.model.predictors import LinkedTime
from bayes_nqp.numerics.linear_gaussian import inverse_diagonal

PATHS = (v.TOTAL, v.DIRECT, v.RECEIVED)
"""Total effect; the part of own treatment; the part of others' treatment."""

_NUMBERS = 300_000
"""Effects of groups and periods computed at once: more would wait for memory."""


@dataclass(frozen=True, eq=False)
class Shift:
    """A moderator of treated rows.

    Parameters
    ----------
    values : ndarray (unit, T)
        Less its centre; zero in rows without treatment.
    inside : ndarray of bool (unit, T)
        Rows with treatment.
    stratum : ndarray of int (unit)
        Of each unit.
    """

    values: Array
    inside: npt.NDArray[np.bool_]
    stratum: Index

    @property
    def ones(self) -> Shift:
        """One of the moderator in each of these rows."""
        return Shift(self.inside.astype(np.float64), self.inside, self.stratum)


@dataclass(frozen=True, eq=False)
class LagEffects:
    """Units that treatment affects, and the coefficients of these effects.

    Units of one group have the same cells in every period, so that only deviations distinguish
    them.

    Parameters
    ----------
    links : csr_array (unit, unit)
        W.
    cells : CellInfo
        Cells of the plan, then those of untreated observations from the first treated period on.
    group : ndarray of int (unit)
        Group of each unit.
    cell : ndarray of int (group, T)
        Cell of each observation; -1 for none.
    treated : ndarray of int (group, T)
        Plan's cell of each treated observation, -1 for none.
    column : ndarray of int (level, group, T)
        Position in `events` of each treated observation's event time, by level of the receivers; -1
        for none.
    unit_effect : ndarray of int (unit)
        Member whose deviation each unit has; -1 for none.
    events : tuple of LinkedTime
        Event times for which the treatment of neighbours has coefficients.
    n_cells : int
        Number of cells of the plan.
    onto : tuple of csr_array (unit, unit)
        ``1_l W`` of each level l of receivers: W if there is one level.
    shift : Shift or None, optional
        Moderator of treated observations.
    near : ndarray (event, unit, T), optional
        Treatment of neighbours by event time, in observed rows; only for models without a spatial
        lag of the outcome, so that there are no other spillovers.
    """

    links: sparse.csr_array
    cells: CellInfo
    group: Index
    cell: Index
    treated: Index
    column: Index
    unit_effect: Index
    events: tuple[LinkedTime, ...]
    n_cells: int
    onto: tuple[sparse.csr_array, ...]
    near: Array | None = None
    shift: Shift | None = None

    def of_draws(
        self,
        delta: Array | None,
        tau: Array,
        terms: Mapping[str, Array],
        u: Array | None,
        slope: Array | None = None,
    ) -> Array:
        """Return effects of cells along `PATHS`, from coefficients as they are reported.

        Parameters
        ----------
        delta : ndarray (draw, column) or None
            Coefficients of the spatial lag of outcomes or errors, and of lagged outcomes.
        terms : mapping of str to ndarray (draw, label)
            Coefficients by term.
        slope : ndarray (draw, stratum), optional
            Change of effects per unit of the moderator.
        """
        theta = self.of_linked(terms, len(tau))
        if delta is None or self.near is not None:
            return self._without_feedback(tau, theta, u)
        moderation = None if slope is None or self.shift is None else (slope, self.shift)
        return self.effects(delta[:, 0], tau, theta, u, moderation)

    def of_linked(self, terms: Mapping[str, Array], draws: int) -> Array:
        """Theta of linked units' treatment (draw, event time); without columns of it none."""
        return linked_coefficients(terms, self.events) if self.events else np.zeros((draws, 0))

    def _without_feedback(self, tau: Array, theta: Array, u: Array | None) -> Array:
        """Effects of cells along `PATHS` where S is the identity: ``tau + u`` and ``W D theta``."""
        cell, rows = self.cell[self.group], self.cells.rows
        unit, time = np.nonzero(cell >= 0)
        of_row, received = cell[unit, time], theta @ self.near_of_cells
        direct = np.zeros_like(received)
        direct[:, : self.n_cells] = tau
        if u is not None:
            # Mean of u over all observations of a cell; treated ones with an owner have one.
            some = (self.treated[self.group][unit, time] >= 0) & (self.unit_effect[unit] >= 0)
            share = sparse.csr_array(
                (1.0 / rows[of_row[some]], (of_row[some], self.unit_effect[unit[some]])),
                shape=(rows.size, u.shape[1]),
            )
            direct += (share @ u.T).T
        return np.stack([direct + received, direct, received], axis=1)

    def effects(
        self,
        delta: Array,
        tau: Array,
        theta: Array,
        u: Array | None,
        moderation: tuple[Array, Shift] | None = None,
    ) -> Array:
        """Return effects of cells along `PATHS`.

        Parameters
        ----------
        delta : ndarray (draw)
            Coefficient of the spatial lag.
        tau : ndarray (draw, cell)
            Effects of the plan's cells, without deviations.
        theta : ndarray (draw, event time)
            Coefficients of the treatment of neighbours.
        u : ndarray (draw, owner) or None
            Deviations.
        moderation : tuple of ndarray (draw, stratum) and Shift, optional
            Change per unit of the moderator, and the moderator.

        Returns
        -------
        ndarray (draw, path, cell)
            Leads, which no calendar has, have their coefficient as the total.
        """
        # y = S^-1 (D tau + W D theta + D u + ...), S = I - delta W, in every period: total effects
        # are its rows, direct ones the part of a unit's own treatment through (S^-1)_ii.
        basis, nodes = nodes_of(delta)
        loads = self._loads(nodes)
        periods, kinds = self._periods(loads), [] if u is None else self._kinds(loads)
        out = np.zeros((len(tau), len(PATHS), self.cells.rows.size))
        place = _places([period.cells for period in periods], self.cells.rows.size)
        step = max(_NUMBERS // self.cell.size, 1)
        for rows in (slice(start, start + step) for start in range(0, len(tau), step)):
            some, of_periods = basis[rows], []
            of_units = [
                (kind.inside, kind.effects(some, u[rows], len(self.cell)))
                for kind in kinds
                if u is not None
            ]
            # (S^-1)_ii and (S^-1 1_l W)_ii of each draw, by interpolation between deltas.
            itself, back = some @ loads.itself, some @ loads.back
            for period in periods:
                effect = period.effects(some, itself, back, tau[rows], theta[rows])
                for inside, more in of_units:
                    if inside[period.t]:
                        effect += more
                if moderation is not None:
                    slope, shift = moderation
                    self._add_moderation(period.t, effect, some, loads, slope[rows], shift)
                of_periods.append(effect @ period.shares)
            every = np.concatenate([*of_periods, np.zeros((2, len(some), 1))], axis=2)
            for k, each in enumerate(every):
                out[rows, k] = sum(np.take(each, at, axis=1) for at in place)
        return self._told_apart(out, tau)

    def _told_apart(self, out: Array, tau: Array) -> Array:
        """Set leads' effects, which no calendar has, and spillover effects, in place."""
        lead = np.setdiff1d(np.arange(self.n_cells), self.treated)
        out[:, :2, lead] = tau[:, None, lead]
        np.subtract(out[:, 0], out[:, 1], out=out[:, 2])
        return out

    def along_paths(self, total: Array, direct: Array, tau: Array) -> Array:
        """Effects of cells along `PATHS` (draw, path, cell), of groups' (draw, T, group)."""
        out = np.zeros((len(tau), len(PATHS), self.cells.rows.size))
        out[:, 0] = self._over_cells(total)
        # Untreated observations have no direct effect.
        out[:, 1, : self.n_cells] = self._over_cells(direct, self.n_cells)
        return self._told_apart(out, tau)

    @property
    def near_of_cells(self) -> Array:
        """Treatment of linked units by event time, on average over cells (event, cell)."""
        assert self.near is not None
        cell, rows = self.cell[self.group], self.cells.rows
        unit, time = np.nonzero(cell >= 0)
        of_row = cell[unit, time]
        return np.stack([np.bincount(of_row, x[unit, time], rows.size) / rows for x in self.near])

    def _periods(self, loads: Loads) -> list[PeriodLoads]:
        """Return periods with treatment, and their contributions to groups."""
        size, out = np.bincount(self.group), []
        for t in np.flatnonzero((self.treated >= 0).any(axis=0)):
            h = np.flatnonzero(self.treated[:, t] >= 0)
            # sum_h e_g'S^-1 1_h tau_h + sum_l e_g'S^-1 1_l W 1_h theta_lh, over the groups treated
            # in t and levels l of receivers; those of one event time have one theta.
            column = self.column[:, h, t]
            events = np.unique(column[column >= 0])
            linked = [loads.near[:, h][column == k].sum(axis=0, keepdims=True) for k in events]
            # Means over the observations of cells.
            group = np.flatnonzero(self.cell[:, t] >= 0)
            cells, place = np.unique(self.cell[group, t], return_inverse=True)
            shares = np.zeros((len(self.cell), cells.size))
            shares[group, place] = size[group] / self.cells.rows[cells[place]]
            out.append(PeriodLoads(
                int(t), h, self.treated[h, t], column, events,
                np.concatenate([loads.own[h], *linked]), cells, shares,
            ))  # fmt: skip
        return out

    def _kinds(self, loads: Loads) -> list[Kind]:
        """Units that deviate, by the periods that they are treated in."""
        times, kind = np.unique(self.treated >= 0, axis=0, return_inverse=True)
        deviates, size, out = self.unit_effect >= 0, np.bincount(self.group), []
        for k in np.flatnonzero(times.any(axis=1)):
            groups = np.flatnonzero(kind == k)
            some = np.flatnonzero(deviates & np.isin(self.group, groups))
            place = np.searchsorted(groups, self.group[some])
            # sum_i e_g'S^-1 e_i u_i over the units that are treated in these periods; for a group
            # itself the mean of (S^-1)_ii u_i.
            itself = np.zeros((some.size, loads.unit.shape[1], groups.size))
            mean = loads.unit_itself[some] / size[self.group[some], None]
            itself[np.arange(some.size), :, place] = mean
            target = np.concatenate([loads.unit[some], itself], axis=2)
            out.append(Kind(times[k], groups, self.unit_effect[some], target))
        return out

    def _add_moderation(
        self, t: int, effect: Array, basis: Array, loads: Loads, slope: Array, shift: Shift
    ) -> None:  # fmt: skip
        """Add the moderation of treated units in a period to every group, in place."""
        size = np.bincount(self.group)
        for stratum in np.unique(shift.stratum):
            z = np.where(shift.stratum == stratum, shift.values[:, t], 0.0)
            some = np.flatnonzero(z)
            if not some.size:
                continue
            # sum_i e_g'S^-1 e_i z_it (node, group), and for the group itself (S^-1)_ii z_it.
            onto = np.tensordot(z[some], loads.unit[some], 1)
            moderators = z[some, None] * loads.unit_itself[some]
            itself = np.stack([np.bincount(self.group[some], x, size.size) for x in moderators.T])
            effect += slope[:, [stratum]] * np.stack([basis @ onto, basis @ (itself / size)])

    @cached_property
    def _shares(self) -> sparse.csr_array:
        """Return the shares of groups in means over the observations of cells (cell, T group)."""
        group, time = np.nonzero(self.cell >= 0)
        cell, size = self.cell[group, time], np.bincount(self.group)
        place = time * len(self.cell) + group
        return sparse.csr_array(
            (size[group] / self.cells.rows[cell], (cell, place)),
            shape=(self.cells.rows.size, self.cell.size),
        )

    def _over_cells(self, effects: Array, n_cells: int | None = None) -> Array:
        """Means over the rows of cells (draw, cell) of effects of groups (draw, T, group)."""
        return np.asarray((self._shares[:n_cells] @ effects.reshape(len(effects), -1).T).T)

    def _loads(self, delta: Sequence[float]) -> Loads:
        """Loadings at K deltas."""
        n, n_groups = self.group.size, len(self.cell)
        places = self.group, np.arange(n)
        # 1_h of every group h (group, unit), and means e_g.
        inside = sparse.csr_array((np.ones(n), places), shape=(n_groups, n))
        mean = sparse.csr_array(inside / np.bincount(self.group)[:, None])
        # e_g'S^-1 for the mean e_g of group g: S' x = e_g, one factor of each delta for all groups.
        across = self.links.T.tocsr()
        units = [solver(across, value)(mean.T.toarray(order="F")) for value in delta]
        itself = inverse_diagonal(self.links, delta)
        back = back_of(self.links, delta, itself, self.onto)
        return Loads(
            np.stack([inside @ unit for unit in units], axis=1),
            np.stack([
                np.stack([inside @ (onto.T @ unit) for unit in units], axis=1) for onto in self.onto
            ]),
            itself @ mean.T, np.stack([x @ mean.T for x in back]),
            np.stack(units, axis=1), itself.T,
        )  # fmt: skip


def _places(cells: Sequence[Index], size: int) -> Index:
    """Return the position of each cell among the cells of several periods, side by side (k, cell).

    A cell with observations in several periods has k positions; the last position is for none.
    """
    every = np.concatenate([np.zeros(0, np.int64), *cells])
    order = np.argsort(every, kind="stable")
    rank = np.arange(every.size) - np.searchsorted(every[order], every[order])
    out = np.full((int(rank.max(initial=0)) + 1, size), every.size)
    out[rank, every[order]] = order
    return out
