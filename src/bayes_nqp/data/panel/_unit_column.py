"""Columns that are constant within units, as codes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.exceptions import PanelError, StudyError, nearest, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.panel._panel_arrays import Rectangle
from bayes_nqp.data.reading import frozen

_UNKNOWN: Final = 0.05
"""Largest share of units without a value that form separate levels."""


def unit_column(
    panel: Rectangle, name: str, argument: str, *, alone: bool = False
) -> tuple[Index, npt.NDArray[np.str_]]:
    """Return codes and labels of a column that is constant within units.

    Parameters
    ----------
    name : str
        Name of the column.
    argument : str
        Argument of the user that contains the name, for messages.
    alone : bool, default False
        If True, empty cells are filled from other rows of the unit, and a unit without any value
        forms a separate level, if these are at most 5 % of all units.

    Returns
    -------
    tuple of ndarray
        Codes (unit), labels.

    Raises
    ------
    StudyError
        If the column does not exist.
    PanelError
        If the column is missing or varies within a unit.
    """
    if name not in panel.frame.columns:
        raise StudyError(
            f"'{argument}' names the column {name!r}, which the panel does not have",
            hint=Message("panel.summed_up(by=[{!r}]) keeps it", name)
            if panel.summed
            else nearest(name, panel.frame.columns),
        )
    values = panel.frame[name]
    if alone and values.isna().any():
        values = _with_alone(panel, values)
    if values.isna().any():
        raise PanelError(
            f"'{argument}' column {name!r} is missing in {int(values.isna().sum())} rows",
            hint="complete it, or drop these rows",
        )
    text = values.astype(str).to_numpy(dtype=str)
    labels, codes = np.unique(text, return_inverse=True)
    first = np.zeros(panel.unit_labels.size, dtype=np.int64)
    first[panel.unit_codes[::-1]] = codes[::-1]
    changing = np.unique(panel.unit_codes[codes != first[panel.unit_codes]])
    if changing.size:
        raise PanelError(
            f"'{argument}' column {name!r} changes within units",
            where=shown(panel.unit_labels[changing]),
            hint="give each unit one value",
        )
    return first, labels


def first_values(panel: Rectangle, name: str, argument: str) -> Array:
    """Return a numeric column's value in the first observation of each unit (unit).

    Parameters
    ----------
    name, argument : str
        As in `unit_column`.

    Raises
    ------
    StudyError
        If the column does not exist.
    PanelError
        If it is not numeric, or missing in the first observation of a unit.
    """
    if name not in panel.frame.columns:
        raise StudyError(
            f"'{argument}' names the column {name!r}, which the panel does not have",
            hint=nearest(name, panel.frame.columns),
        )
    column = panel.frame[name]
    if column.dtype.kind not in "iufb":
        raise PanelError(
            f"'{argument}' column {name!r} is not numeric",
            where=f"values such as {shown(column.drop_duplicates().head(3))}",
            hint="encode it as numbers",
        )
    first = np.searchsorted(panel.unit_codes, np.arange(panel.unit_labels.size))
    x = column.to_numpy(dtype=float, na_value=np.nan)[first]
    if np.isnan(x).any():
        raise PanelError(
            f"'{argument}' column {name!r} is missing in the first observation of "
            f"{int(np.isnan(x).sum())} units",
            where=shown(panel.unit_labels[np.isnan(x)]),
            hint="fill it in, or drop these units",
        )
    return np.asarray(x)


def units_alone(panel: Rectangle, name: str) -> npt.NDArray[np.str_]:
    """Return the labels of units without a value of a column in any row."""
    labels = panel.unit_labels
    rows = np.bincount(panel.unit_codes, panel.frame[name].notna().to_numpy(), labels.size)
    return np.asarray(labels[rows == 0])


def _with_alone(panel: Rectangle, values: pd.Series[Any]) -> pd.Series[Any]:
    """Fill empty cells from other rows of the unit, or with a separate level of the unit."""
    values_of_units = values.groupby(panel.unit_codes).transform("first")
    unknown = values_of_units.isna().to_numpy()
    if np.unique(panel.unit_codes[unknown]).size > _UNKNOWN * panel.unit_labels.size:
        return values
    labels = pd.Series(panel.unit_labels[panel.unit_codes], values.index)
    filled = values.astype(object).where(values.notna(), values_of_units)
    return filled.where(~unknown, "unit " + labels)


def with_stratum[P: Rectangle](panel: P, column: str) -> P:
    """Use a column that is constant within units as a stratum.

    Raises
    ------
    PanelError
        If the column is missing or varies within a unit.
    """
    codes, labels = unit_column(panel, column, "strata", alone=True)
    return stratified(panel, column, labels, codes)


def stratified[P: Rectangle](
    panel: P, name: str, labels: npt.NDArray[np.str_], codes: Index, **others: Any
) -> P:
    """Add a stratum with sorted labels and codes (unit), and change other fields."""
    return replace(
        panel,
        roles=replace(panel.roles, strata=(*panel.roles.strata, name)),
        levels={**panel.levels, name: frozen(labels)},
        strata_codes={**panel.strata_codes, name: frozen(codes.astype(np.int64))},
        **others,
    )
