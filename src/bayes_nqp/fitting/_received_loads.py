"""What linked units' treatment adds to effects, where outcomes do not follow theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bayes_nqp.fitting._reach import reach_of
from bayes_nqp.terms import LINKED

if TYPE_CHECKING:
    from bayes_nqp.planning import Equation, Plan


Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]


def received_loads(plan: Plan, equation: Equation) -> tuple[Index, Array] | None:
    """Loadings of a plan's cells on the coefficients of linked units' treatment.

    Returns
    -------
    tuple of ndarray of int (event) and ndarray (event, cell), or None
        Slots of the coefficients, and by how much of each the effects of cells are larger; None
        where none enter, or outcomes follow those of linked units.
    """
    reach = reach_of(plan, equation)
    if reach is None or reach.near is None:
        return None
    names = [column.name for column in equation.rows.columns]
    at = [names.index(f"{LINKED} {e}") for e in reach.events]
    # The coefficients are those of every stratum: the first has them as well.
    return equation.slots.slopes[0, at], reach.near_of_cells[:, : plan.table.size]
