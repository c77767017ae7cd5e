"""Paths of units through a treatment that may end and begin again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp._core.exceptions import PanelError, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.panel._cohorts import NEVER
from bayes_nqp.data.panel._times import TimeScale, read_times
from bayes_nqp.data.reading import SourceRows, counted

if TYPE_CHECKING:
    from bayes_nqp.data.panel._panel_arrays import Rectangle


def status_until(
    column: pd.Series[Any],
    first: Index,
    rows: SourceRows,
    codes: Index,
    ordinals: Index,
    scale: TimeScale,
) -> Array:
    """Return the treatment (row) of units that are treated until a period of exit.

    Parameters
    ----------
    column : Series (row)
        First period after the treatment; missing if it does not end.
    first : ndarray of int (unit)
        Ordinals of first treated periods.
    codes, ordinals : ndarray of int (row)
        Units and periods.

    Raises
    ------
    PanelError
        If the period of exit varies within a unit, or does not follow that of entry.
    """  # fmt: skip
    until, present, _ = read_times(column, "exit", rows, TimeScale(scale.base or None, scale.step))
    until[~present] = NEVER
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    changing = np.minimum.reduceat(until, starts) != np.maximum.reduceat(until, starts)
    if changing.any():
        raise PanelError(
            Message("exit={!r} varies within {}", column.name, counted(changing.sum(), "unit")),
            where=rows.shown(changing[codes], str(column.name)),
            hint="enter the first period after the treatment in every row of the unit; for "
            "treatments that begin again, pass a 0/1 column as treatment=",
        )
    wrong = (until != NEVER) & (until <= first[codes])
    if wrong.any():
        raise PanelError(
            Message("exit={!r} does not follow the first treated period", column.name),
            where=rows.shown(wrong, str(column.name)),
            hint="enter the first period in which the unit is no longer treated, and leave the "
            "cell empty if the unit is never treated or the treatment does not end",
        )
    return ((ordinals >= first[codes]) & (ordinals < until)).astype(np.float64)


def first_treated(on: Mask, starts: Index, ordinals: Index) -> Index:
    """Return the first treated period of each unit as an ordinal, NEVER if there is none."""
    return np.minimum.reduceat(np.where(on, ordinals, NEVER), starts)


def entry_unknown(on: Mask, starts: Index, units: Any, name: str, *, drop: bool) -> Mask:
    """Mark units that are treated in their first observation (unit), or raise an error.

    Raises
    ------
    PanelError
        If there are such units and they are not dropped.
    """
    unknown = np.asarray(on[starts])
    if unknown.any() and not drop:
        raise PanelError(
            Message(
                "treatment={!r}: {} treated in the first observation, so that the period of entry "
                "is unknown",
                name, counted(unknown.sum(), "unit"),
            ),
            where=shown(units[unknown]),
            hint="begin the panel earlier; entry_unknown='drop' leaves these units out; if the "
            "period of entry is known, name its column as cohort= in addition",
        )  # fmt: skip
    return unknown


def check_entries(on: Mask, first: Index, ordinals: Index, rows: SourceRows, name: str) -> None:
    """Require that a treatment begins in the first treated period of the cohort column.

    Parameters
    ----------
    on : ndarray of bool (row)
        True if the unit is treated.
    first, ordinals : ndarray of int (row)
        First treated period of the unit, and period of the observation.

    Raises
    ------
    PanelError
        If a unit is treated before this period, or untreated in it.
    """
    wrong = (on & (ordinals < first)) | (~on & (ordinals == first))
    if wrong.any():
        raise PanelError(
            Message("treatment={!r} does not begin in the first treated period of cohort=", name),
            where=rows.shown(wrong, name),
            hint="omit cohort=, which is then derived from treatment=; or correct these rows",
        )


def in_force(on: Mask, units: Index, times: Index, cohorts: Index, periods: int) -> Mask:
    """Return the treatment of each unit in each period (unit, period).

    Periods without an observation have the treatment of the last observation, and that of the first
    treated period from this period on.

    Parameters
    ----------
    on : ndarray of bool (row)
        True if the unit is treated.
    units, times : ndarray of int (row)
        Codes.
    cohorts : ndarray of int (unit)
        First treated period, -1 for never.
    """
    status = np.full((cohorts.size, periods), -1, dtype=np.int64)
    entering = np.flatnonzero(cohorts >= 0)
    status[entering, cohorts[entering]] = 1
    status[units, times] = on
    known = np.where(status >= 0, np.arange(periods), -1)
    last = np.maximum.accumulate(known, axis=1)
    filled = np.take_along_axis(status, np.maximum(last, 0), axis=1) == 1
    return np.asarray(filled & (last >= 0) & (cohorts >= 0)[:, None])


def moved(panel: Rectangle, cohorts: Index) -> Mask:
    """Return the treatment (unit, period) if each unit's path begins in another period.

    Units without a path are treated from this period on.
    """
    assert panel.in_force is not None
    time, old = np.arange(panel.periods), panel.cohort_codes
    place = np.clip(time - cohorts[:, None] + old[:, None], 0, panel.periods - 1)
    path = np.take_along_axis(panel.in_force, place, axis=1) | (old < 0)[:, None]
    return np.asarray(path & (time >= cohorts[:, None]) & (cohorts >= 0)[:, None])


def switches(status: Mask) -> tuple[Index, Index, Index]:
    """Return the number of spells so far, the last entry and the last exit (unit, period).

    Entries and exits are positions of periods, -1 if there is none so far. An exit is the first
    period after a spell.
    """
    time = np.arange(status.shape[1])
    before = np.concatenate([np.zeros((len(status), 1), dtype=bool), status[:, :-1]], axis=1)
    spell = np.cumsum(status & ~before, axis=1)
    entry = np.maximum.accumulate(np.where(status & ~before, time, -1), axis=1)
    end = np.maximum.accumulate(np.where(~status & before, time, -1), axis=1)
    return spell.astype(np.int64), entry, end


def path_table(panel: Rectangle) -> pd.DataFrame:
    """Describe the path of each unit through the treatment.

    Returns
    -------
    DataFrame (unit)
        ``entry``: first treated period. ``exit``: first period after the last spell, missing if the
        treatment does not end. ``spells``: number of spells. ``periods``: treated periods.
    """
    status = panel.treatment_path
    spell, _, end = switches(status)
    last = np.where(status[:, -1], -1, end[:, -1])
    # Position -1 is that of the missing label.
    labels = np.array([*panel.time_labels.tolist(), None], dtype=object)
    table = {
        "entry": labels[panel.cohort_codes],
        "exit": labels[last],
        "spells": spell[:, -1],
        "periods": status.sum(axis=1),
    }
    return pd.DataFrame(table, index=pd.Index(panel.unit_labels, name=panel.roles.unit))
