"""Construction of the model frame of a design and a panel, and of the identification table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pandas as pd

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import IdentificationError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.validation import door
from bayes_nqp.data.panel import Panel, where, with_cohorts
from bayes_nqp.data.reading import plain
from bayes_nqp.inference.model_frame._cells import (
    cell_info,
    cell_table,
    drop_reasons,
    support_frame,
)
from bayes_nqp.inference.model_frame._codes import codes_of
from bayes_nqp.inference.model_frame._equation import equation_of
from bayes_nqp.inference.model_frame._exposure import (
    exposed_cells,
    exposure_of,
    exposure_support,
    kept_rows,
)
from bayes_nqp.inference.model_frame._identification import row_reasons
from bayes_nqp.inference.model_frame._informative import informative_rows
from bayes_nqp.inference.model_frame._model_frame import Equation, ModelFrame
from bayes_nqp.inference.model_frame._moderation import moderator_of
from bayes_nqp.model.designs import Calendar, Design, DoseSpec, EquationSpec, ModelSpec

_REMEMBERED = 4
"""Number of cached model frames: a study builds that of one panel several times."""


@door
def model_frame_of(design: Design, panel: Panel, *, scale: float | None = None) -> ModelFrame:
    """Build the model frame of a design and a panel; the result is cached.

    Parameters
    ----------
    scale : float, optional, outcome units
        Fixed value of the outcome's ``s``; computed from the outcome by default.

    Raises
    ------
    IdentificationError
        If the panel does not identify an effect of the design.
    PanelError
        If an observation lacks a value that the design needs.
    StudyError
        If the panel lacks a column that the design names, or ``scale`` is not a positive number.
    """
    return _remembered(design, panel, scale)


@door
def identification(design: Design, panel: Panel) -> pd.DataFrame:
    """List the cells with identified effects, and the reasons why others are not identified.

    An effect is identified only if its unit has untreated observations, its period has untreated
    observations among the units that share its time effects, and untreated observations connect the
    two. The slope of a continuous exposure is identified in a stratum if exposure varies within
    units and this variation is not common to all units.

    Returns
    -------
    DataFrame
        One row per cell: the strata's levels, cohort, time, event_time, rows (observations),
        identifying (observations that identify it), identified (by any), reason (for the others).
        With spillovers, or if treatments end, also role: "treated", "neighbour" or "after"; the
        cohort of a neighbour is the period of first exposure, that of "after" the period of exit.
        For a continuous exposure one row per stratum: its levels, rows, exposed (rows), units,
        varying (units with changing exposure), sd, sd_within (units), sd_net (of unit and time
        effects), identified, reason.

    References
    ----------
    Borusyak, K., Jaravel, X. and Spiess, J. (2024). Revisiting event-study designs. Review of
    Economic Studies 91(6), section 3.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> bool(nqp.identification(nqp.StaggeredDiD(), panel)["identified"].all())
    True
    """
    model = design.spec(panel)
    frame = codes_of(model)
    if isinstance(model.timing, Calendar):
        reason = row_reasons(frame, never=model.facts.leads)
        return support_frame(model.panel, frame, reason)
    return exposure_support(model.panel, model.timing, frame)


@dataclass(frozen=True, eq=False)
class Ending:
    """The sample that ends before all units have adopted, with counts of the dropped part.

    Parameters
    ----------
    panel : Panel
        The sample: within it, the last units to adopt are never treated.
    before : str
        First excluded period, by level of time effects if these differ.
    rows, cells : int
        Treated observations and cells from this period on.
    units : int
        Number of the last units to adopt.
    """

    panel: Panel
    before: str
    rows: int
    cells: int
    units: int

    @property
    def note(self) -> Message:
        """Describe the dropped observations in one sentence."""
        return Message(
            "the sample ends before {}, when all units have adopted; the last {} units to"
            " adopt are never treated within it",
            self.before,
            self.units,
        )

    @property
    def facts(self) -> dict[str, str | float]:
        """Return the counts for the record of a fit."""
        rows, cells = float(self.rows), float(self.cells)
        return {"ends_before": self.before, "rows_beyond": rows, "cells_beyond": cells}


def before_all_adopt(model_frame: ModelFrame) -> Ending | None:
    """End the panel before all units have adopted, if unidentified effects are dropped.

    Each level of time effects ends separately; later observations do not enter the fit. In the
    remaining sample the last units to adopt are never treated. Leads, placebo dates and model
    averages need such units.
    """
    panel, frame, start = model_frame.panel, model_frame.codes, model_frame.panel.cohort_codes
    if model_frame.model.unidentified == "raise" or model_frame.facts.reach != "none":
        return None
    # end_l = max start - anticipation if all of level l adopt, and there are periods before.
    levels = np.arange(len(frame.level_names))
    last = np.array([start[frame.level == level].max() for level in levels])
    some_never = np.bincount(frame.level, start < 0) > 0
    end = last - model_frame.facts.anticipation
    # No observation of the fit is lost: all with an exposure enter it, whatever the adoption.
    after = model_frame.kept & (frame.time >= end[frame.level[frame.unit]])
    goes_on = np.bincount(frame.level[frame.unit], after) > 0
    end = np.where(some_never | goes_on | (end < 2), frame.n_periods, end)
    before = frame.time < end[frame.level[frame.unit]]
    if before.all():
        return None
    beyond = np.flatnonzero(~before & frame.treated)
    unit = frame.unit[beyond]
    cells = np.stack([frame.stratum[unit], frame.cohort[unit], frame.time[beyond]])
    ended = levels[end < frame.n_periods]
    names = [plain(panel.time_labels[end[level]]) for level in ended]
    if len(levels) > ended.size or len(set(names)) > 1:
        names = [f"{x} ({frame.level_names[k]})" for x, k in zip(names, ended, strict=True)]
    label = ", ".join(dict.fromkeys(names))
    late = start >= end[frame.level]
    note = Message("{} of {} observations, those before {}", before.sum(), before.size, label)
    fewer = where(panel, before, note)
    codes = np.where(np.isin(fewer.unit_labels, panel.unit_labels[late]), -1, fewer.cohort_codes)
    if (codes != fewer.cohort_codes).any():
        fewer = with_cohorts(fewer, codes)
    return Ending(
        fewer,
        label,
        round(frame.weight[beyond].sum()),
        np.unique(cells, axis=1).shape[1],
        round(panel.counts[late].sum()),
    )


@lru_cache(maxsize=_REMEMBERED)
def _remembered(design: Design, panel: Panel, scale: float | None) -> ModelFrame:
    return make_model_frame(design.spec(panel), scale=scale)


def make_model_frame(model: ModelSpec, *, scale: float | None = None) -> ModelFrame:
    """Number the observations and cells of a model, and reduce each of its equations.

    Parameters
    ----------
    scale : float, optional, outcome units
        Fixed value of the outcome's ``s``.

    Raises
    ------
    IdentificationError
        If the panel does not identify an effect of the model.
    PanelError
        If the panel is summed over units, and the model needs single units.
    """
    ground = model_frame_without_equations(model)
    outcome, *mediators = model.equations
    equations = (
        equation_of(ground, outcome, scale=scale),
        *(_explained(ground, mediator) for mediator in mediators),
    )
    means = {m.name: _cell_means(ground, m.values) for m in outcome.mediators}
    cells = replace(ground.cells, mediators=means)
    notes = (*ground.notes, *(e.series.note for e in model.equations if e.series is not None))
    return replace(ground, equations=equations, cells=cells, notes=notes)


def model_frame_without_equations(model: ModelSpec) -> ModelFrame:
    """Number observations and cells, and drop unidentified ones: a frame without equations."""
    panel, timing = model.panel, model.timing
    ground = model.facts.by_units
    if isinstance(timing, DoseSpec) and timing.reference:
        ground = Message("reference={:g}", timing.reference)
    if ground:
        panel.need_units(ground)
    frame = codes_of(model)
    exposure = None
    if isinstance(timing, Calendar):
        sample, notes = drop_reasons(model, frame)
        sample, more = informative_rows(model, frame, sample)
        notes = (*notes, *more)
        table, cell_of_row = cell_table(panel, frame, sample, timing)
        cells = cell_info(panel, frame, sample, table, cell_of_row)
    else:
        sample, notes = kept_rows(model, timing, frame)
        exposure = exposure_of(timing, frame, sample)
        table, cell_of_row, cells = exposed_cells(panel, frame, sample)
    moderator = moderator_of(model, frame, sample)
    return ModelFrame(
        model, frame, sample, cells, cell_of_row, table, (*model.notes, *notes), moderator, exposure
    )


def _explained(ground: ModelFrame, mediator: EquationSpec) -> Equation:
    """Build a mediator's equation; name the mediator in errors."""
    try:
        return equation_of(ground, mediator)
    except IdentificationError as error:
        raise IdentificationError(
            Message(
                "this design cannot estimate an equation of the mediator {!r}: {}",
                mediator.name,
                error.what,
            ),
            where=error.where,
            hint=f"{error.hint}; a mediator must vary over time within untreated units, and "
            "not be the treatment itself",
        ) from None


def _cell_means(ground: ModelFrame, values: Array) -> Array:
    """Return the mean of a column over the observations of each cell."""
    rows = np.flatnonzero(ground.cell_of_row >= 0)
    cell = ground.cell_of_row[rows]
    f = ground.codes.weight[rows]
    total = np.bincount(cell, f * values[rows], minlength=ground.table.size)
    return np.asarray(total / np.bincount(cell, f, minlength=ground.table.size))
