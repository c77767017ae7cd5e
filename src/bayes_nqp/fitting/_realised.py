"""What a calendar of treatment did where outcomes follow those of linked units.

Of the actual calendar against none, period by period: ``S^-1 [D (tau + u) + W D theta]``, with
``S = I - delta W``. Averages over the rows of a cell are linear in ``(tau, theta, u)``, by loadings
that depend on delta alone; these are computed at Chebyshev nodes of ``atanh delta`` over the draws
at hand, and one polynomial gives them in between, to rounding (docs/spatial_lag.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.interpolate import BarycentricInterpolator
from scipy.sparse.linalg import splu

from bayes_nqp import vocabulary as v
from bayes_nqp.gaussian import Coefficients, is_dense
from bayes_nqp.planning import CellInfo, Equation, Plan, members_of
from bayes_nqp.terms import LINKED, NEIGHBOUR

__all__ = ["PATHS", "Reach", "reach_of"]

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]

PATHS = (v.TOTAL, v.DIRECT, v.RECEIVED)
"""All of an effect; what rows have of their own unit's treatment; what they have of others'."""

_DIGITS = 1e-12
"""What nodes leave out, of the largest loading."""
_COLUMNS = 64
"""Right-hand sides that are solved at once: these stay in the cache."""


@dataclass(frozen=True, eq=False)
class Reach:
    """Whom the treatment of units reaches, and by which coefficients.

    Parameters
    ----------
    links : csr_array (unit, unit)
        W.
    cells : CellInfo
        Of the plan, and then those of untreated rows from the first treated period on.
    share : csc_array (unit, cell)
        One over the rows of each cell, in the rows of its units.
    time : ndarray of int (cell)
        Period of each cell; -1 of leads.
    treated : ndarray of int (unit, T)
        Plan's cell of each treated row, -1 for none.
    owner : ndarray of int (unit)
        What the deviation of each unit is that of, where it is treated.
    columns : mapping of str to ndarray (unit, T)
        ``D`` of each event time, by the column of linked units' treatment.
    n_cells, n_owners : int
        Cells of the plan; what has a deviation.
    """

    links: sparse.csr_array
    cells: CellInfo
    share: sparse.csc_array
    time: Index
    treated: Index
    owner: Index
    columns: Mapping[str, Array]
    n_cells: int
    n_owners: int

    def theta(self, equation: Equation, draws: Coefficients) -> Array:
        """Coefficients of the treatment of linked units (draw, event time), outcome units."""
        names = [column.name for column in equation.rows.columns]
        places = [names.index(name) for name in self.columns]
        return (
            draws.slots[:, equation.slope_slots[0] + np.array(places, dtype=int)] * equation.scale
        )

    def effects(self, delta: Array, tau: Array, theta: Array, u: Array | None) -> Array:
        """Effects of cells along `PATHS`.

        Parameters
        ----------
        delta : ndarray (draw)
            Of the lag.
        tau : ndarray (draw, cell)
            Effects of the plan's cells, without deviations.
        theta : ndarray (draw, event time)
            Of the treatment of linked units.
        u : ndarray (draw, owner) or None
            Deviations.

        Returns
        -------
        ndarray (draw, path, cell)
            Leads, which no calendar has, have their coefficient as the total.
        """
        values = np.concatenate([tau, theta, *([] if u is None else [u])], axis=1)
        basis, nodes = _nodes(delta)
        solved = [self._solved(node) for node in nodes]
        total = np.zeros((len(delta), self.time.size))
        for t in np.unique(self.time[self.time >= 0]):
            at, (places, loads) = np.flatnonzero(self.time == t), self._in_force(t)
            onto = np.concatenate([loads @ weights[:, at] for weights, _, _ in solved], axis=1)
            parts = (values[:, places] @ onto).reshape(len(values), len(nodes), at.size)
            total[:, at] = (basis[:, None] @ parts)[:, 0]
        direct = np.zeros_like(total)
        itself = basis @ np.stack([part for _, part, _ in solved])
        back = basis @ np.stack([part for _, _, part in solved])
        direct[:, : self.n_cells] = self._direct(itself, back, tau, theta, u)
        lead = np.flatnonzero(self.time < 0)
        total[:, lead] = direct[:, lead] = tau[:, lead]
        return np.stack([total, direct, total - direct], axis=1)

    def _direct(
        self, itself: Array, back: Array, tau: Array, theta: Array, u: Array | None
    ) -> Array:
        """``(S^-1)_ii (tau + u_i) + (S^-1 W)_ii theta``, mean over a cell's rows (draw, cell).

        Parameters
        ----------
        itself, back : ndarray (draw, treated unit)
            Diagonals of ``S^-1`` and ``S^-1 W``.
        """
        units = self.units
        share = self.share[units][:, : self.n_cells].toarray()
        event = np.zeros((len(self.columns), self.n_cells))
        for k, place in enumerate(self.columns.values()):
            event[k, self.treated[place > 0]] = 1.0
        out = np.asarray((itself @ share) * tau + (back @ share) * (theta @ event))
        return out if u is None else out + (itself * u[:, self.owner[units]]) @ share

    def _solved(self, delta: float) -> tuple[Array, Array, Array]:
        """``e_c' S^-1`` (unit, cell); ``(S^-1)_ii`` and ``(S^-1 W)_ii`` of treated units."""
        solve = self._solver(delta)
        itself, back = self._diagonals(solve)
        return solve(self.share.toarray(order="F")), itself, back

    def _in_force(self, t: int) -> tuple[Index, sparse.csr_array]:
        """Values that count in a period, and what each of them is of every unit (value, unit)."""
        units = np.flatnonzero(self.treated[:, t] >= 0)
        first = self.n_cells + len(self.columns)
        number = [self.treated[units, t], *([first + self.owner[units]] if self.n_owners else [])]
        at = np.concatenate(number), np.tile(units, len(number))
        size = (first + self.n_owners, len(self.treated))
        direct = sparse.coo_array((np.ones(at[0].size), at), shape=size).tocsr()
        places, theta = np.unique(at[0]), self.n_cells + np.arange(len(self.columns))
        near = [sparse.csr_array([self.links @ x[:, t]]) for x in self.columns.values()]
        return np.concatenate([places, theta]), sparse.vstack([direct[places], *near]).tocsr()

    @property
    def units(self) -> Index:
        """Units with treated rows."""
        return np.flatnonzero((self.treated >= 0).any(axis=1))

    def _diagonals(self, solve: Callable[[Array], Array]) -> tuple[Array, Array]:
        """``(S^-1)_ii`` and ``(S^-1 W)_ii`` of treated units."""
        n, units = self.links.shape[0], self.units
        itself, back = np.empty((2, units.size))
        columns = self.links.tocsc()
        for start in range(0, units.size, _COLUMNS):
            part = units[start : start + _COLUMNS]
            unit_columns = np.zeros((n, part.size), order="F")
            unit_columns[part, np.arange(part.size)] = 1.0
            rows = solve(unit_columns)
            itself[start : start + part.size] = rows[part, np.arange(part.size)]
            back[start : start + part.size] = (columns[:, part].multiply(rows)).sum(axis=0)
        return itself, back

    def _solver(self, delta: float) -> Callable[[Array], Array]:
        """Solutions of ``S' x = b``."""
        n = self.links.shape[0]
        if is_dense(self.links):
            inverse = np.linalg.inv(np.eye(n) - delta * self.links.toarray()).T
            return lambda b: np.asarray(inverse @ b)
        s = (sparse.eye_array(n, format="csc") - delta * self.links).T.tocsc()
        factor = splu(
            s, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.01, options={"SymmetricMode": True}
        )
        return lambda b: np.asarray(factor.solve(b))


def _nodes(delta: Array) -> tuple[Array, list[float]]:
    """Nodes over the range of draws, and what values there count for in each draw (draw, node)."""
    x = np.arctanh(delta)
    middle, half = 0.5 * (x.min() + x.max()), max(0.5 * (x.max() - x.min()), 1e-3)
    # Eigenvalues of W are no larger than 1: the nearest poles in atanh delta lie at ± i pi / 2.
    ratio = 0.5 * np.pi / half
    n_nodes = int(np.ceil(-np.log(_DIGITS) / np.log(ratio + np.sqrt(ratio**2 + 1.0)))) + 1
    nodes = middle + half * np.cos(np.pi * (np.arange(n_nodes) + 0.5) / n_nodes)
    basis = BarycentricInterpolator(nodes, np.eye(n_nodes))(x)
    return np.asarray(basis), [float(node) for node in np.tanh(nodes)]


def reach_of(plan: Plan, equation: Equation) -> Reach | None:
    """Whom treatment reaches under the lag of an equation; None where it has none with links."""
    lag = plan.model.equations[0].lag
    if (
        lag is None
        or lag.links is None
        or lag.error
        or equation.name != plan.model.equations[0].name
    ):
        return None
    frame = plan.frame
    treated = np.full((frame.n_units, frame.n_periods), -1, dtype=np.int64)
    rows = np.flatnonzero(frame.treated)
    treated[frame.unit[rows], frame.time[rows]] = plan.cell_of_row[rows]
    near, row_cells = _untreated(plan)
    cells = _joined(plan.cells, near)
    n_before = plan.table.size
    of_row = np.where(row_cells >= 0, row_cells + n_before, np.where(treated >= 0, treated, -1))
    unit, time = np.nonzero(of_row >= 0)
    cell = of_row[unit, time]
    share = sparse.csc_array(
        (1.0 / cells.rows[cell], (unit, cell)), shape=(frame.n_units, cells.rows.size)
    )
    period = np.full(cells.rows.size, -1, dtype=np.int64)
    period[cell] = time
    event = np.where(treated >= 0, plan.table.event_time[treated], np.iinfo(np.int64).min)
    codes, _ = members_of(plan)
    deviates = equation.problem.member_scale is not None
    return Reach(
        lag.links, cells, share, period, treated, np.searchsorted(codes, frame.member),
        {f"{LINKED} {e}": (event == e).astype(np.float64) for e in lag.treated},
        n_before, codes.size if deviates else 0,
    )  # fmt: skip


def _untreated(plan: Plan) -> tuple[CellInfo, Index]:
    """Cells of untreated rows, stratum by period, from the first treated period on.

    Returns
    -------
    tuple of CellInfo and ndarray of int (unit, T)
        Event time counts from that period; -1 of rows in no such cell.
    """
    frame, panel = plan.frame, plan.panel
    first = int(frame.time[frame.treated].min())
    rows = np.flatnonzero(~frame.treated & (frame.time >= first))
    number = frame.stratum[frame.unit[rows]] * frame.n_periods + frame.time[rows]
    numbers, cell, count = np.unique(number, return_inverse=True, return_counts=True)
    stratum, time = np.divmod(numbers, frame.n_periods)
    table = np.full((frame.n_units, frame.n_periods), -1, dtype=np.int64)
    table[frame.unit[rows], frame.time[rows]] = cell
    labels, factors = np.asarray(panel.time_labels), panel.roles.strata
    info = CellInfo(
        strata={f: panel.levels[f][frame.stratum_levels[stratum, k]]
                for k, f in enumerate(factors)},
        cohort=np.full(numbers.size, labels[first]).astype(plan.cells.cohort.dtype),
        time=labels[time],
        event_time=time - first,
        role=np.full(numbers.size, NEIGHBOUR),
        rows=count,
        units=count,
        observed=np.bincount(cell, panel.outcome[rows], minlength=numbers.size) / count,
        weight=count.astype(np.float64),
    )  # fmt: skip
    return info, table


def _joined(first: CellInfo, second: CellInfo) -> CellInfo:
    """Cells of both, one after another."""
    names = ("cohort", "time", "event_time", "role", "rows", "units", "observed", "weight")
    ends: dict[str, Any] = {
        name: np.concatenate([getattr(first, name), getattr(second, name)]) for name in names
    }
    return CellInfo(
        strata={f: np.concatenate([first.strata[f], second.strata[f]]) for f in first.strata},
        **ends,
    )
