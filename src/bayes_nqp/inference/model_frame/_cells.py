"""The cells of a model, and the observations that are dropped as unidentified."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np
import pandas as pd

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Index, Mask
from bayes_nqp._core.exceptions import Hint, IdentificationError
from bayes_nqp._core.i18n import NOTHING, Message, listed, separated
from bayes_nqp.data.panel import Panel
from bayes_nqp.data.reading import plain
from bayes_nqp.inference.model_frame._codes import PanelCodes
from bayes_nqp.inference.model_frame._identification import NO_BASE, OK, REASONS, row_reasons
from bayes_nqp.inference.model_frame._model_frame import CellInfo
from bayes_nqp.model.designs import Calendar, ModelSpec
from bayes_nqp.model.predictors import AFTER, NEIGHBOUR, TREATED, CellTable, TimeEffects
from bayes_nqp.numerics.sufficient_statistics import distinct_rows

_SHOWN = 6
"""Number of places that a note lists."""
_ROLES = {TREATED: v.TREATED, NEIGHBOUR: v.NEIGHBOUR, AFTER: v.AFTER}
_BEGINNINGS = {
    NEIGHBOUR: Message("exposed from {}"),
    AFTER: Message("no longer treated from {}"),
}
_CELLS = {
    v.NEIGHBOUR: Message("({}exposed from {}, time {})"),
    v.AFTER: Message("({}no longer treated from {}, time {})"),
}


def drop_reasons(model: ModelSpec, frame: PanelCodes) -> tuple[Mask, tuple[Message, ...]]:
    """Return the observations that enter the likelihood, and notes on the others.

    An error is raised if nothing is identified; or, depending on the model, if some effect is not.
    """
    panel = model.panel
    _check_whole(model, frame)
    reason = row_reasons(frame, never=model.facts.leads)
    bad = reason != OK
    if not bad.any():
        return ~bad, ()
    where = separated([*_baseless(panel, frame, reason), *_apart(panel, frame, reason)])
    rows = round(frame.weight[bad].sum())
    if model.unidentified == "raise" or not (frame.treated & ~bad).any():
        early, less = _earlier(model, frame, reason)
        cause = Message(
            "the effects of {:,} of {:,} observations affected by the policy are not identified",
            rows,
            round(frame.weight[frame.own_effect].sum()),
        )
        raise IdentificationError(
            Message("{}{}", cause, early),
            where=where,
            hint=reduce(lambda x, y: Message("{}; or {}", x, y), [*less, *_hints(frame, reason)]),
        )
    note = Message(
        "observations dropped because their effects are not identified: {:,} ({})", rows, where
    )
    return ~bad, (note,)


def _check_whole(model: ModelSpec, frame: PanelCodes) -> None:
    panel = model.panel
    if frame.n_periods < 2 or np.unique(frame.time).size < 2:
        raise IdentificationError(
            Message("the panel has a single period"),
            hint="difference-in-differences needs periods before and after treatment",
        )
    if not frame.treated.any():
        raise IdentificationError(
            Message("no unit is treated within the sample"),
            where=Message("periods {!s} to {!s}", panel.time_labels[0], panel.time_labels[-1]),
            hint=Message(
                "check that 'cohort' contains the first treated period in the units of 'time'"
            ),
        )
    if frame.treated.all():
        raise IdentificationError(
            Message(
                "all observations are treated, so that there is no counterfactual without"
                " the policy"
            ),
            hint="add units or periods before treatment",
        )
    if model.facts.leads:
        treated_levels = np.unique(frame.level[frame.cohort >= 0])
        never = np.unique(frame.level[frame.cohort < 0])
        lacking = np.setdiff1d(treated_levels, never)
        if lacking.size:
            names = [frame.level_names[k] or "the panel" for k in lacking]
            raise IdentificationError(
                Message(
                    "controls='never' needs never-treated units in every stratum with treated units"
                ),
                where=Message("none in {}", listed(names)),
                hint=Message(
                    "common time effects ({}), or {}",
                    Hint("time", TimeEffects()),
                    Hint("controls", "all"),
                ),
            )


def _baseless(panel: Panel, frame: PanelCodes, reason: Index) -> list[Message]:
    """Return units without an untreated observation, by the period in which their effects begin."""
    rows = np.flatnonzero(reason == NO_BASE)
    places = []
    kinds = np.where(np.isin(frame.role, list(_BEGINNINGS)), frame.role, TREATED)
    for kind, start in np.unique([kinds[rows], frame.origin[rows]], axis=1).T:
        alike = (kinds == kind) & (frame.origin == start) & frame.own_effect
        units, alone = (np.unique(frame.unit[x]) for x in (alike, alike & (reason == NO_BASE)))
        single = bool((frame.counts[alone] == 1.0).all())
        places.append(
            Message(
                "{}: {:,} of {:,} units without an untreated observation{}",
                _BEGINNINGS.get(kind, Message("treated from {}")).fill(
                    plain(panel.time_labels[start])
                ),
                round(frame.counts[alone].sum()),
                round(frame.counts[units].sum()),
                Message(" ({})", listed(panel.unit_labels[alone], 3)) if single else NOTHING,
            )
        )
    return _first(places, len(places))


def _apart(panel: Panel, frame: PanelCodes, reason: Index) -> list[Message]:
    """Return cells of units that have untreated observations but no comparison group."""
    rows = np.where(reason == NO_BASE, OK, reason)
    if not rows.any():
        return []
    support = support_frame(panel, frame, rows)
    lost = support[support["identifying"] < support["rows"]]
    some = [
        Message("{}: {}", _cell_name(x, panel), Message(x["reason"]))
        for _, x in lost.head(_SHOWN).iterrows()
    ]
    return _first(some, len(lost))


def _first(places: list[Message], count: int) -> list[Message]:
    more = [Message("and {} more", count - _SHOWN)] if count > _SHOWN else []
    return [*places[:_SHOWN], *more]


def _earlier(model: ModelSpec, frame: PanelCodes, reason: Index) -> tuple[Message, list[Message]]:
    """Return the argument that removes all pre-adoption observations, and a smaller value."""
    panel, facts = model.panel, model.facts
    first = np.full(panel.unit_labels.size, panel.periods)
    np.minimum.at(first, panel.unit_codes, panel.time_codes)
    before = (panel.cohort_codes - first)[frame.unit[reason == NO_BASE]]
    if facts.anticipation and (before > 0).any():
        name, value, less = "anticipation", facts.anticipation, int(before[before > 0].min()) - 1
    elif facts.lag and (before == 0).any():
        name, value, less = "lag", facts.lag, facts.lag - 1
    else:
        return NOTHING, []
    return Message(", and '{}' is {}", name, value), [Message("{}", Hint(name, less))]


def _hints(frame: PanelCodes, reason: Index) -> list[Message]:
    hints = []
    if (reason == NO_BASE).any():
        hints.append(Message("start the panel earlier"))
    if (reason[frame.treated] == NO_BASE).all():
        since = Message(
            "give the first treated period, if the column only indicates which units are treated"
        )
        return [*hints, since]
    if np.isin(reason, (2, 3)).any():
        if len(frame.level_names) > 1:
            hints.append(Message("common time effects ({})", Hint("time", TimeEffects())))
        if (frame.role == AFTER).any():
            hints.append(Message("{}, if effects end with the treatment", Hint("after", "none")))
        if (frame.role == NEIGHBOUR).any():
            hints.append(
                Message("fewer or narrower distance bands, with control units outside of them")
            )
        hints.append(Message("end the sample before all units are treated"))
    drop = Hint("unidentified", "drop")
    hints.append(Message("{} drops these observations; nqp.identification lists their cells", drop))
    return hints


def _cell_name(row: Any, panel: Panel) -> Message:
    strata = ", ".join(str(row[f]) for f in panel.roles.strata)
    lead = f"{strata}, " if strata else ""
    kind = _CELLS.get(row.get("role"), Message("({}cohort {}, time {})"))
    return kind.fill(lead, plain(row["cohort"]), plain(row["time"]))


def cell_table(
    panel: Panel, frame: PanelCodes, sample: Mask, calendar: Calendar
) -> tuple[CellTable, Index]:
    """Return cells of the kept observations, and the cell of each observation (-1 for none).

    Cells are combinations of stratum, class of the calendar and time.
    """
    rows = np.flatnonzero(frame.own_effect & sample)
    unit = frame.unit[rows]
    kind = frame.key[unit]
    if calendar.cell is not None:
        kind = calendar.cell[kind, frame.time[rows]]
    width, n_kinds = frame.n_periods, int(kind.max(initial=0)) + 1
    number = (frame.stratum[unit] * n_kinds + kind) * width + frame.time[rows]
    _, first, cell = np.unique(number, return_index=True, return_inverse=True)
    cell_of_row = np.full(frame.unit.size, -1, dtype=np.int64)
    cell_of_row[rows] = cell
    at = rows[first]
    unit = frame.unit[at]
    stratum, origin, key = frame.stratum[unit], frame.origin[at], frame.key[unit]
    factors = panel.roles.strata
    table = CellTable(
        stratum=stratum,
        cohort=origin,
        time=frame.time[at],
        event_time=frame.time[at] - origin,
        role=frame.role[at],
        levels={f: frame.stratum_levels[stratum, i] for i, f in enumerate(factors)},
        names={f: panel.levels[f] for f in factors},
        cohort_names={int(c): plain(panel.time_labels[c]) for c in np.unique(origin)},
        labels={
            name: labels[key] if labels.ndim == 1 else labels[key, frame.time[at]]
            for name, labels in calendar.labels.items()
        },
        moving={
            f: names[level[key, frame.time[at]]] for f, (names, level) in calendar.factors.items()
        },
    )
    return table, cell_of_row


def cell_info(
    panel: Panel, frame: PanelCodes, sample: Mask, table: CellTable, cell_of_row: Index
) -> CellInfo:
    """Return labels, sizes and mean outcomes of cells."""
    rows = np.flatnonzero(cell_of_row >= 0)
    cell = cell_of_row[rows]
    f = frame.weight[rows]
    weight = exact = np.bincount(cell, f, minlength=table.size)
    if panel.weights is not None:
        weight = np.bincount(cell, f * panel.weights[rows], minlength=table.size)
    labels = np.asarray(panel.time_labels)
    cohort = labels[table.time - table.event_time]
    exposure = {}
    if panel.exposure is not None and v.EXPOSURE not in table.levels:
        exposure[v.EXPOSURE] = np.bincount(cell, f * panel.exposure[rows], minlength=table.size)
    return CellInfo(
        strata={**{f: table.names[f][table.levels[f]] for f in table.levels}, **table.moving},
        cohort=cohort.astype(float) if cohort.dtype.kind in "iuf" else cohort,
        time=labels[table.time],
        event_time=table.event_time,
        role=table.role,
        labels={**table.labels, **exposure},
        rows=np.rint(exact).astype(np.int64),
        observed=np.bincount(cell, f * panel.outcome[rows], minlength=table.size) / exact,
        weight=weight,
    )


def support_frame(panel: Panel, frame: PanelCodes, reason: Index) -> pd.DataFrame:
    """List all group-time cells, identified or not, with the reasons of `row_reasons`."""
    rows = np.flatnonzero(frame.own_effect)
    role = np.where(np.isin(frame.role[rows], list(_BEGINNINGS)), frame.role[rows], TREATED)
    codes = [frame.stratum[frame.unit[rows]], frame.origin[rows], frame.time[rows], role]
    _, cell = distinct_rows(np.column_stack(codes).astype(np.int64))
    _, first = np.unique(cell, return_index=True)
    at, f = rows[first], frame.weight[rows]
    unit, labels = frame.unit[at], np.asarray(panel.time_labels)
    data: dict[str, Any] = {
        f: panel.levels[f][panel.strata_codes[f][unit]] for f in panel.roles.strata
    }
    data |= {
        "cohort": labels[frame.origin[at]],
        "time": labels[frame.time[at]],
        "event_time": frame.time[at] - frame.origin[at],
    }
    if (role != TREATED).any():
        data["role"] = [_ROLES[k] for k in role[first]]
    keys = [*data]
    worst = np.zeros(at.size, dtype=np.int64)
    np.maximum.at(worst, cell, reason[rows])
    for name, weight in (("rows", f), ("identifying", np.where(reason[rows] == OK, f, 0.0))):
        data[name] = np.rint(np.bincount(cell, weight, at.size)).astype(np.int64)
    out = pd.DataFrame(data)
    out["identified"] = out["identifying"] > 0
    out["reason"] = [REASONS[k] for k in worst]
    return out.sort_values(keys, kind="stable", ignore_index=True)
