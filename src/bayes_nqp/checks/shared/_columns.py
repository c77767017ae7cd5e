"""Columns that checks add to a panel: values of other periods, and functions of columns."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import NotApplicable, PanelError
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks.shared._labels import reason
from bayes_nqp.data.panel import Panel, free_name


def shifted(panel: Panel, values: Array, periods: int) -> Array:
    """Take from each row the value that its unit has so many periods later.

    Parameters
    ----------
    values : ndarray (row)
        Of any column, NaN where it is missing.
    periods : int
        Below zero: so many periods before.

    Returns
    -------
    ndarray (row)
        NaN where the unit has no such row.
    """
    far = abs(periods)
    place = np.full((panel.unit_labels.size, panel.periods + 2 * far), -1, dtype=np.int64)
    place[panel.unit_codes, panel.time_codes + far] = np.arange(panel.unit_codes.size)
    row = place[panel.unit_codes, panel.time_codes + far + periods]
    return np.where(row >= 0, values[row], np.nan)


def beside(panel: Panel, columns: Mapping[str, Array]) -> tuple[Panel, tuple[str, ...]]:
    """Add columns as covariates, on the rows in which all of them are known.

    Parameters
    ----------
    columns : mapping of str to ndarray (row)
        By their names, NaN where they are not known.

    Returns
    -------
    tuple of Panel and tuple of str
        And what the columns are called there.

    Raises
    ------
    NotApplicable
        If too few rows have them.
    """
    complete = ~np.isnan(np.column_stack(list(columns.values()))).any(axis=1)
    if complete.sum() < 2:
        raise NotApplicable(Message("No unit is observed in both periods of this comparison."))
    frame, names = panel.frame, []
    for name, values in columns.items():
        names.append(free_name(name, frame))
        frame = frame.assign(**{names[-1]: values})
    arguments = {**panel.arguments, "covariates": (*panel.roles.covariates, *names)}
    try:
        return type(panel).from_frame(frame[complete], **arguments), tuple(names)
    except PanelError as error:
        raise NotApplicable(
            Message("Too few observations have a value in the other period: {}", reason(error))
        ) from None
