"""Which effects the untreated rows can identify, and why the others are not."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from bayes_nqp.designs._frame import DesignFrame

__all__ = ["OK", "REASONS", "row_reasons"]

Index = npt.NDArray[np.int64]

OK = 0
REASONS = (
    "",
    "its units have no untreated period (treated throughout)",
    "no untreated unit in that period",
    "no never-treated unit to compare with in that period",
    "its untreated periods and the untreated units of that period are not connected",
)


def row_reasons(frame: DesignFrame, *, never: bool) -> Index:
    """Tell for each treated or lead row why it identifies no effect.

    An effect needs untreated rows of its unit, untreated rows of its period (among the units
    that share its time effects), and a chain of untreated rows between the two.

    Parameters
    ----------
    frame : DesignFrame
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
    size = frame.n_units + n_nodes
    edges = coo_matrix(
        (
            np.ones(int(control.sum()), dtype=np.int8),
            (frame.unit[control], frame.n_units + node[control]),
        ),
        shape=(size, size),
    )
    component = connected_components(edges, directed=False)[1]
    reason = np.zeros(frame.unit.size, dtype=np.int64)
    apart = component[frame.unit] != component[frame.n_units + node]
    reason[cell & apart & has_base[frame.unit]] = 4
    reason[cell & ~has_control[node]] = 3 if never else 2
    reason[cell & ~_based(frame, has_base, never)[frame.unit]] = 1
    return reason


def _based(
    frame: DesignFrame, has_base: npt.NDArray[np.bool_], never: bool
) -> npt.NDArray[np.bool_]:
    """Units with untreated periods; with flat leads one such unit serves its whole class."""
    if not never:
        return has_base
    keys = pd.MultiIndex.from_arrays([frame.stratum, frame.cohort])
    shared = pd.Series(has_base, index=keys).groupby(level=[0, 1]).transform("any").to_numpy()
    own_lead = np.zeros(frame.n_units, dtype=bool)
    own_lead[frame.unit[frame.lead]] = True
    return np.asarray(has_base | (shared & own_lead))
