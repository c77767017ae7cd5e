"""Columns that checks add to a panel: values of other periods, and functions of columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import NotApplicable, PanelError
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks.shared._labels import reason
from bayes_nqp.data.panel import Panel, free_name
from bayes_nqp.inference.fitting import Fit, panel_of

if TYPE_CHECKING:
    from bayes_nqp.model.designs import Design


def shifted(panel: Panel, values: Array, periods: int) -> Array:
    """Return for each row the value of its unit some periods later.

    Parameters
    ----------
    values : ndarray (row)
        Values of a column, NaN if missing.
    periods : int
        Number of periods later; earlier, if negative.

    Returns
    -------
    ndarray (row)
        NaN if the unit has no such observation.
    """
    far = abs(periods)
    place = np.full((panel.unit_labels.size, panel.periods + 2 * far), -1, dtype=np.int64)
    place[panel.unit_codes, panel.time_codes + far] = np.arange(panel.unit_codes.size)
    row = place[panel.unit_codes, panel.time_codes + far + periods]
    return np.where(row >= 0, values[row], np.nan)


def beside(panel: Panel, columns: Mapping[str, Array]) -> tuple[Panel, tuple[str, ...]]:
    """Add columns as covariates, on the observations for which all of them are known.

    Parameters
    ----------
    columns : mapping of str to ndarray (row)
        Columns by name, NaN if unknown.

    Returns
    -------
    tuple of Panel and tuple of str
        The panel, and the names of the columns in it.

    Raises
    ------
    NotApplicable
        If too few observations have them.
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
            Message("These columns cannot enter the model: {}", reason(error))
        ) from None


def with_controls(fit: Fit, values: Callable[[Array], Array], name: str) -> tuple[Design, Panel]:
    """Replace each control of the design by a function of it.

    Parameters
    ----------
    values : callable
        Function of a column (row) that returns another, NaN if unknown.
    name : str
        Template for the names of the new columns, such as "{} one period earlier".

    Returns
    -------
    tuple of Design and Panel
        The design with these controls, and the observations for which all of them are known.

    Raises
    ------
    NotApplicable
        If the design has no controls, or too few observations have the new ones.
    """
    panel = panel_of(fit)
    stated = fit.facts.covariates_of(panel)
    if not stated:
        raise NotApplicable(Message("the design has no controls"))
    columns = {name.format(x): values(panel.frame[x].to_numpy(dtype=float)) for x in stated}
    wider, names = beside(panel, columns)
    return fit.variant(drop=True, covariates=names), wider
