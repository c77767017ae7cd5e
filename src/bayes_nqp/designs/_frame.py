"""What a staggered design sees of a panel: codes, cells and what may be dropped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bayes_nqp.errors import PanelError, StudyError, nearest, shown
from bayes_nqp.moments import distinct_rows

if TYPE_CHECKING:
    from bayes_nqp.panel import Panel

__all__ = ["DesignFrame", "combine", "design_frame", "unit_column"]

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class DesignFrame:
    """Codes of a panel's rows and units under one design.

    Parameters
    ----------
    stratum, level, cohort, member : ndarray of int (unit)
        Combination of strata; time-effect level; first treated period with anticipation
        (-1 = never); what has its own deviation.
    adoption : ndarray of int (unit)
        First treated period without anticipation (-1 = never).
    treated, lead : ndarray of bool (row)
        Treated rows; rows of lead cells.
    stratum_levels : ndarray of int (stratum, factor)
        Level of every factor in each combination.
    level_names : tuple of str
        Labels of the time-effect levels.
    """

    unit: Index
    time: Index
    stratum: Index
    level: Index
    cohort: Index
    adoption: Index
    member: Index
    treated: Mask
    lead: Mask
    stratum_levels: Index
    level_names: tuple[str, ...]
    member_labels: npt.NDArray[np.str_]

    @property
    def n_units(self) -> int:
        """Number of units."""
        return int(self.stratum.size)

    @property
    def n_periods(self) -> int:
        """Length of the time grid."""
        return int(self.time.max()) + 1


def combine(codes: Index) -> tuple[Index, Index]:
    """Number the combinations of several codes.

    Parameters
    ----------
    codes : ndarray of int (row, factor)
        Codes; no factor at all makes one combination.

    Returns
    -------
    tuple of ndarray
        Number of each row's combination; the table (combination, factor).
    """
    if codes.shape[1] == 0:
        return np.zeros(codes.shape[0], dtype=np.int64), np.zeros((1, 0), dtype=np.int64)
    table, number = distinct_rows(codes.astype(np.int64))
    return number, table


def unit_column(panel: Panel, name: str, argument: str) -> tuple[Index, npt.NDArray[np.str_]]:
    """Codes and labels of a column that is constant within units.

    Parameters
    ----------
    name : str
        The column.
    argument : str
        The argument that named it, for messages.

    Returns
    -------
    tuple of ndarray
        Codes (unit), labels.

    Raises
    ------
    StudyError
        If there is no such column.
    PanelError
        If it is missing or changes within a unit.
    """
    if name not in panel.frame.columns:
        raise StudyError(
            f"'{argument}' names the column {name!r}, which the panel does not have",
            hint=nearest(name, panel.frame.columns),
        )
    values = panel.frame[name]
    if values.isna().any():
        raise PanelError(
            f"'{argument}' column {name!r} is missing in {int(values.isna().sum())} rows",
            hint="fill it in, or drop these rows",
        )
    text = values.astype(str).to_numpy(dtype=str)
    labels, codes = np.unique(text, return_inverse=True)
    first = np.zeros(panel.n_units, dtype=np.int64)
    first[panel.unit_codes[::-1]] = codes[::-1]
    changing = np.unique(panel.unit_codes[codes != first[panel.unit_codes]])
    if changing.size:
        raise PanelError(
            f"'{argument}' column {name!r} changes within units",
            where=shown(panel.unit_labels[changing]),
            hint="give each unit one value",
        )
    return first, labels


def design_frame(
    panel: Panel,
    *,
    time_by: tuple[str, ...],
    varying: str | None,
    anticipation: int,
    leads: bool,
) -> DesignFrame:
    """Number strata, levels, cohorts and members, and mark treated and lead rows.

    Parameters
    ----------
    time_by : tuple of str
        Factors whose combinations have their own time effects.
    varying : str or None
        "unit", a column above the unit, or None.
    anticipation : int
        Periods by which treatment begins before adoption.
    leads : bool
        Whether pre-periods but the last are cells of their own.
    """
    factors = panel.roles.strata
    codes = np.stack([panel.strata_codes[f] for f in factors], axis=1) if factors else None
    table = codes if codes is not None else np.zeros((panel.n_units, 0), dtype=np.int64)
    stratum, stratum_levels = combine(table)
    positions = [factors.index(f) for f in time_by]
    level, level_table = combine(table[:, positions])
    names = tuple(
        " × ".join(str(panel.levels[f][k]) for f, k in zip(time_by, row, strict=True))
        for row in level_table
    )
    adoption = np.asarray(panel.cohort_codes, dtype=np.int64)
    cohort = np.where(adoption < 0, -1, np.maximum(adoption - anticipation, 0))
    if varying is None or varying == "unit":
        member, labels = np.arange(panel.n_units), panel.unit_labels
    else:
        member, labels = unit_column(panel, varying, "varying")
    row_cohort = cohort[panel.unit_codes]
    time = np.asarray(panel.time_codes, dtype=np.int64)
    treated = (row_cohort >= 0) & (time >= row_cohort)
    lead = (row_cohort >= 0) & (time < row_cohort - 1) & leads
    return DesignFrame(
        np.asarray(panel.unit_codes, dtype=np.int64), time, stratum, level, cohort, adoption,
        member.astype(np.int64), treated, lead, stratum_levels, names, labels,
    )  # fmt: skip
