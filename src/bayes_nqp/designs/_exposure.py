"""Rows and calendars of units that are exposed to others in force."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bayes_nqp.designs._facts import Facts
from bayes_nqp.designs._spec import Calendar, EquationSpec, Neighbours
from bayes_nqp.errors import Hint, IdentificationError, StudyError
from bayes_nqp.language import Message
from bayes_nqp.terms import BARE, EXPOSURE_TIME, LEAD, NEIGHBOUR, TREATED, Spillover

if TYPE_CHECKING:
    from bayes_nqp.panel import Panel

__all__ = ["exposed_calendar", "unexposed_rows", "with_neighbours"]

Index = npt.NDArray[np.int64]


def unexposed_rows(panel: Panel, facts: Facts) -> Panel:
    """Leave out untreated exposed rows, where the term says so."""
    term = facts.exposures
    if term is None or not term.drops_rows:
        return panel
    unit, time = panel.unit_codes, panel.time_codes
    treated = (panel.cohort_codes[unit] >= 0) & (time >= panel.cohort_codes[unit])
    keep = treated | (time < term.since(panel)[unit, -1])
    return panel if keep.all() else panel.where(keep)


def with_neighbours(equation: EquationSpec, facts: Facts, panel: Panel) -> EquationSpec:
    """Let what neighbours receive share strength as effects do.

    Raises
    ------
    IdentificationError
        If the design has leads of its own.
    """
    term = facts.exposures
    if term is None or term.drops_rows:
        return equation
    if facts.leads:
        raise IdentificationError(
            Message(
                "'spillovers' makes controls of rows that no unit in force is near, and "
                "controls='never' of none but the never treated"
            ),
            hint=Message("{}", Hint("controls", "all")),
        )
    return replace(equation, neighbours=Neighbours(facts.pooling, facts.strata(panel)))


def exposed_calendar(panel: Panel, facts: Facts) -> Calendar:
    """Treat from adoption on; before, count from exposure; cells go by both, and by the ring.

    Raises
    ------
    StudyError
        If no row is exposed in one of the rings.
    """
    term = facts.exposures
    assert term is not None
    first = np.where(panel.cohort_codes < 0, panel.periods, panel.cohort_codes)
    dates = np.column_stack([first, term.since(panel)])
    classes, key = np.unique(dates, axis=0, return_inverse=True)
    first, time = classes[:, 1:], np.arange(panel.periods)
    adoption, since = classes[:, :1], first[:, :, None] <= time
    exposed = since.any(axis=1)
    # The nearest ring in which a unit stands, and since when it has stood there or nearer.
    ring = np.where(exposed, since.argmax(axis=1), 0)
    start = np.take_along_axis(first, ring, axis=1)
    treated = (time >= np.maximum(adoption - facts.anticipation, 0)) & (adoption < panel.periods)
    before = time - first[:, -1:]
    lead = ~exposed & ~treated & (before <= -2) & (before >= -1 - term.leads)
    lead &= first[:, -1:] < panel.periods
    role = np.select([treated, exposed, lead], [TREATED, NEIGHBOUR, LEAD], BARE)
    bare = np.where(adoption < panel.periods, adoption, -1)
    origin = np.select([treated, exposed, lead], [adoption, start, first[:, -1:]], bare)
    onto = exposed & (~treated | ("treated" in term.onto))
    names = np.where(onto, np.array(term.rings)[ring], "")
    _check_rings(term, names[key.ravel()], panel)
    x = np.where(onto, time - start, np.where(lead, before, -1))
    table = np.stack([role, origin, np.where(onto, ring, -1), np.where(onto, start, -1)], axis=-1)
    cell = np.unique(table.reshape(-1, 4), axis=0, return_inverse=True)[1].reshape(role.shape)
    return Calendar(
        key.ravel().astype(np.int64), origin.astype(np.int64), role.astype(np.int64),
        {"ring": names, EXPOSURE_TIME: x.astype(np.int64)}, cell.astype(np.int64),
    )  # fmt: skip


def _check_rings(term: Spillover, names: npt.NDArray[np.str_], panel: Panel) -> None:
    """Refuse rings in which no row of the panel stands."""
    present = set(names[panel.unit_codes, panel.time_codes])
    for ring in term.rings:
        if ring not in present:
            raise StudyError(
                Message("no row of the panel is exposed in the ring {}", ring),
                hint="other bounds: nqp.spatial_weights.band(panel, km=…).describe() has distances",
            )
