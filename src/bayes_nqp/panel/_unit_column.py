"""Columns that are constant within units, as codes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bayes_nqp.columns import frozen
from bayes_nqp.errors import PanelError, StudyError, nearest, shown
from bayes_nqp.language import Message

if TYPE_CHECKING:
    from bayes_nqp.panel._rectangle import Rectangle


Index = npt.NDArray[np.int64]


def unit_column(panel: Rectangle, name: str, argument: str) -> tuple[Index, npt.NDArray[np.str_]]:
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
            hint=Message("panel.summed_up(by=[{!r}]) keeps it", name)
            if panel.summed
            else nearest(name, panel.frame.columns),
        )
    values = panel.frame[name]
    if values.isna().any():
        raise PanelError(
            f"'{argument}' column {name!r} is missing in {int(values.isna().sum())} rows",
            hint="fill it in, or drop these rows",
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


def with_stratum[P: Rectangle](panel: P, column: str) -> P:
    """Make a column that is constant within units a stratum.

    Raises
    ------
    PanelError
        If it is missing or changes within a unit.
    """
    codes, labels = unit_column(panel, column, "strata")
    return replace(
        panel,
        roles=replace(panel.roles, strata=(*panel.roles.strata, column)),
        levels={**panel.levels, column: frozen(labels)},
        strata_codes={**panel.strata_codes, column: frozen(codes)},
    )
