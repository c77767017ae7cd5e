"""Which effects the untreated rows can identify, and why the others are not."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from bayes_nqp.designs._frame import DesignFrame
from bayes_nqp.language import NOTHING, Message

__all__ = ["OK", "REASONS", "row_reasons"]

Index = npt.NDArray[np.int64]

OK = 0
REASONS = (
    NOTHING,
    Message("its units have no untreated period (treated throughout)"),
    Message("no untreated unit in that period"),
    Message("no never-treated unit to compare with in that period"),
    Message("its untreated periods and the untreated units of that period are not connected"),
)


def row_reasons(frame: DesignFrame, *, never: bool) -> Index:
    """Tell for each treated or lead row why it identifies no effect.

    An effect needs untreated rows of its unit, untreated rows of its period (among the units
    that share its time effects), and a chain of untreated rows between the two.

    Parameters
    ----------
    never : bool
        Whether only never-treated units are controls.

    Returns
    -------
    ndarray of int (row)
        Position in `REASONS`; 0 where nothing is wrong.
    """
    cell = frame.treated | frame.lead
    control = ~cell
    node = frame.level[frame.unit] * frame.n_periods + frame.time
    n_nodes = len(frame.level_names) * frame.n_periods
    has_base = np.zeros(frame.n_units, dtype=bool)
    has_base[frame.unit[control]] = True
    period = control & (frame.cohort[frame.unit] < 0) if never else control
    has_control = np.zeros(n_nodes, dtype=bool)
    has_control[node[period]] = True
    unit, period_node = frame.unit, frame.n_units + node
    component = _components(unit[control], period_node[control], frame.n_units + n_nodes)
    if never:
        component = _through_cells(frame, control, period_node, frame.n_units + n_nodes)
        has_base = np.zeros(frame.n_units, dtype=bool)
        has_base[unit[~frame.treated & (component[unit] == component[period_node])]] = True
    reason = np.zeros(unit.size, dtype=np.int64)
    apart = component[unit] != component[period_node]
    reason[cell & apart & has_base[unit]] = 4
    reason[cell & ~has_control[node]] = 3 if never else 2
    reason[cell & ~has_base[unit]] = 1
    return reason


def _components(a: Index, b: Index, size: int) -> Index:
    edges = coo_matrix((np.ones(a.size, dtype=np.int8), (a, b)), shape=(size, size))
    return np.asarray(connected_components(edges, directed=False)[1], dtype=np.int64)


def _through_cells(
    frame: DesignFrame, control: npt.NDArray[np.bool_], period: Index, size: int
) -> Index:
    """Connect units also through lead cells that other units of their class have tied down."""
    unit = frame.unit
    keys = np.stack([frame.stratum[unit], frame.cohort[unit], frame.time], axis=1)
    cell = np.unique(keys, axis=0, return_inverse=True)[1].ravel()
    linked = control.copy()
    while True:
        component = _components(unit[linked], period[linked], size)
        tied = frame.lead & (component[unit] == component[period])
        known = np.full(int(cell.max()) + 1, -1, dtype=np.int64)
        known[cell[tied]] = component[period][tied]
        more = frame.lead & ~linked & (known[cell] == component[period]) & (known[cell] >= 0)
        if not more.any():
            return component
        linked |= more
