"""Event studies relative to another reference period.

With flat leads ``l_be`` and effects ``t_be`` of block b (cohort within stratum) relative to its
reference r0, those relative to r are ``l_be - l_br`` and ``t_be - l_br``, and ``- l_br`` at r0.
This is the posterior of the same model with r as the omitted period.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp.effects.effects import lead_effects
from bayes_nqp.effects.estimands import strata_labels
from bayes_nqp.inference.fitting import Fit
from bayes_nqp.robustness.trends._event_study import EventStudy


def relative_to(study: EventStudy, reference: int) -> EventStudy:
    """Return leads and effects relative to another period before effects begin.

    Cohorts (within strata) that are not observed at this event time are left out.

    Parameters
    ----------
    study : EventStudy
        Leads and effects of a fit.
    reference : int
        Event time at which all cohorts are zero.

    Raises
    ------
    StudyError
        If no cohort has an identified lead at this event time.
    """
    if reference == study.reference:
        return study
    assert study.fit is not None
    times = study.leads[v.EVENT_TIME].to_numpy()
    at, blocks = times == reference, cohorts_of(study.leads)
    if not at.any():
        raise StudyError(
            Message("reference={}: no lead is identified at this event time", reference),
            hint=Message(
                "an event time from {} to {}, at which leads exist", times.min(), study.reference
            ),
        )
    zero = study.leads.isel({v.CELL: at})
    base = dict(zip(blocks[at], zero[v.EFFECT].transpose(..., v.CELL).to_numpy().T, strict=True))
    counts = _observations(study.fit, study.reference)
    rows = np.array([counts[block] for block in blocks[at]])
    place = {name: (v.CELL, rows.astype(zero[name].dtype)) for name in (v.ROWS, v.UNITS, v.WEIGHT)}
    place[v.EVENT_TIME] = (v.CELL, np.full(rows.size, study.reference))
    former = zero.assign_coords(place).assign({v.EFFECT: xr.zeros_like(zero[v.EFFECT])})
    leads = [study.leads.isel({v.CELL: ~at}), former.isel({v.CELL: rows > 0})]
    joined = xr.concat([_less(part, base) for part in leads], v.CELL)
    return replace(
        study,
        leads=joined.assign_coords({v.CELL: np.arange(joined.sizes[v.CELL])}),
        effects=_less(study.effects, base),
        reference=reference,
    )


def cohorts_of(effects: xr.Dataset) -> npt.NDArray[np.str_]:
    """Return the stratum and cohort of every cell, as one text."""
    cohorts = effects[v.COHORT].to_numpy().astype(str)
    return np.asarray(np.char.add(np.char.add(strata_labels(effects).astype(str), "\x1f"), cohorts))


def _less(effects: xr.Dataset, base: dict[str, Any]) -> xr.Dataset:
    """Subtract the lead of each block from its cells; cells of other blocks are left out."""
    blocks = cohorts_of(effects)
    selected = np.isin(blocks, list(base))
    effects = effects.isel({v.CELL: selected})
    values = effects[v.EFFECT].transpose(..., v.CELL)
    less = np.stack([base[block] for block in blocks[selected]], axis=0).T
    return effects.assign({v.EFFECT: values - less})


def _observations(fit: Fit, event_time: int) -> dict[str, float]:
    """Count the observations of each block at an event time without a cell."""
    frame = fit.model_frame
    of_cell = np.empty(frame.cells.lead.size, dtype=object)
    of_cell[frame.cells.lead] = cohorts_of(lead_effects(fit))
    of_cell[~frame.cells.lead] = cohorts_of(fit.effects)
    codes, rows = frame.codes, np.flatnonzero(frame.cell_of_row >= 0)
    cell, unit = frame.cell_of_row[rows], codes.unit[rows]
    block = np.full(codes.n_units, "", dtype=object)
    start = np.full(codes.n_units, np.iinfo(np.int64).min // 2)
    block[unit] = of_cell[cell]
    start[unit] = codes.time[rows] - frame.cells.event_time[cell]
    seen = codes.unit[(codes.time == start[codes.unit] + event_time) & frame.kept]
    return {x: float(codes.counts[seen][block[seen] == x].sum()) for x in set(of_cell)}
