"""Effects that the controls can identify, and the reasons why others are not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayes_nqp._core.arrays import Index, Mask
from bayes_nqp._core.i18n import NOTHING, Message
from bayes_nqp.inference.model_frame._codes import PanelCodes
from bayes_nqp.inference.model_frame._connected import components
from bayes_nqp.model.predictors import AFTER, BARE, LEAD, OWN_EFFECT, TREATED
from bayes_nqp.numerics.sufficient_statistics import distinct_rows

OK, NO_BASE = 0, 1
REASONS = (
    NOTHING,
    Message("units without an untreated observation"),
    Message("no untreated unit in that period"),
    Message("no never-treated unit as a control in that period"),
    Message("untreated observations do not connect the unit with the controls of that period"),
)


@dataclass(frozen=True, eq=False)
class _Classes:
    """One row per class of units with the same stratum, calendar and observed periods.

    ``class_of`` is by unit; ``seen`` and ``role`` by class and period, others by class.
    """

    class_of: Index
    stratum: Index
    level: Index
    key: Index
    cohort: Index
    seen: Mask
    role: Index


def _classes_of(frame: PanelCodes) -> _Classes:
    """Group a frame's units into classes."""
    shape = (frame.n_units, frame.n_periods)
    seen, role = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    seen[frame.unit, frame.time], role[frame.unit, frame.time] = 1, frame.role
    _, class_of = distinct_rows(np.column_stack([frame.stratum, frame.key, seen]))
    first = np.unique(class_of, return_index=True)[1]
    return _Classes(
        class_of, frame.stratum[first], frame.level[first], frame.key[first],
        frame.cohort[first], seen[first] > 0, role[first],
    )  # fmt: skip


def row_reasons(frame: PanelCodes, *, never: bool) -> Index:
    """Return positions in `REASONS` (row): why the effect of an observation is not identified.

    An effect needs untreated observations of its unit, untreated observations of its period (among
    the units that share its time effects), and a chain of untreated observations that connects
    both. Classes of units with the same calendar and observed periods represent their units. With
    ``never``, only never-treated units are controls.
    """
    table = _classes_of(frame)
    # Leads before exposure are a few coefficients common to many cells, so they still compare.
    bare = (BARE,) if never else (BARE, LEAD)
    control = table.seen & np.isin(table.role, bare)
    lead = table.seen & (table.role == LEAD)
    n_classes, n_periods = table.seen.shape
    n_nodes = n_classes + len(frame.level_names) * n_periods
    period = n_classes + table.level[:, None] * n_periods + np.arange(n_periods)
    has_base = control.any(axis=1)
    compared = control & (table.cohort < 0)[:, None] if never else control
    has_control = np.zeros(n_nodes, dtype=bool)
    has_control[period[compared]] = True
    if never:
        component = _through_leads(table, control, lead, period, n_nodes)
        tied = component[:n_classes, None] == component[period]
        has_base = (table.seen & ~np.isin(table.role, (TREATED, AFTER)) & tied).any(axis=1)
    else:
        component = components(np.nonzero(control)[0], period[control], n_nodes)
    apart = component[:n_classes, None] != component[period]
    reason = np.where(apart & has_base[:, None], 4, OK)
    reason[~has_control[period]] = 3 if never else 2
    reason[~has_base] = NO_BASE
    reason[~np.isin(table.role, OWN_EFFECT)] = OK
    return np.asarray(reason[table.class_of[frame.unit], frame.time], dtype=np.int64)


def _through_leads(table: _Classes, control: Mask, lead: Mask, period: Index, size: int) -> Index:
    """Connect classes also through lead cells that are identified by other units of the cell."""
    n_classes, n_periods = table.seen.shape
    keys = np.stack([np.repeat(x, n_periods) for x in (table.stratum, table.key)])
    keys = np.vstack([keys, np.tile(np.arange(n_periods), n_classes)]).T
    cell = distinct_rows(keys)[1].reshape(n_classes, n_periods)
    linked = control.copy()
    while True:
        component = components(np.nonzero(linked)[0], period[linked], size)
        at_period, at_class = component[period], component[:n_classes, None]
        tied = lead & (at_class == at_period)
        anchor = np.full(int(cell.max()) + 1, -1, dtype=np.int64)
        anchor[cell[tied]] = at_period[tied]
        more = lead & ~linked & (anchor[cell] == at_period) & (anchor[cell] >= 0)
        if not more.any():
            return component
        linked |= more
