"""One equation of a staggered design: a column of the panel and its linear predictor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bayes_nqp.designs._assemble import assemble
from bayes_nqp.designs._cells import cell_info, cell_table, drop_reasons
from bayes_nqp.designs._columns import varying_columns
from bayes_nqp.designs._connected import block_of_strata, free_times
from bayes_nqp.designs._exposure import dose_of, exposure_columns, per_exposure, whole_table
from bayes_nqp.designs._frame import DesignFrame
from bayes_nqp.designs._identified import Roles, check_identified
from bayes_nqp.designs._moderation import moderation, moderator_of, own_slope
from bayes_nqp.designs._plan import CellInfo, Dose, Equation, Exposure, Moderator, Plan
from bayes_nqp.designs._scale import within_scale
from bayes_nqp.designs._size import check_size
from bayes_nqp.errors import StudyError
from bayes_nqp.language import Message
from bayes_nqp.moments import Column, Rows
from bayes_nqp.parameters import FLAT, Scale
from bayes_nqp.terms import (
    ESTIMATED_FROM,
    CellTable,
    ExposureSlots,
    GlobalPart,
    LocalPart,
    Slope,
    cell_parts,
    exposure_parts,
    mediator_parts,
    slope_parts,
    time_parts,
)

if TYPE_CHECKING:
    from bayes_nqp.designs.continuous_exposure import ContinuousExposure
    from bayes_nqp.designs.staggered_did import StaggeredDiD
    from bayes_nqp.panel import Panel

    type Estimator = StaggeredDiD | ContinuousExposure

__all__ = ["Ground", "equation_of", "ground_of"]

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Ground:
    """What all equations of a design share: codes of rows, cells, and what was dropped."""

    frame: DesignFrame
    kept: npt.NDArray[np.bool_]
    table: CellTable
    cell_of_row: Index
    info: CellInfo
    notes: tuple[str, ...]
    moderator: Moderator | None = None
    exposure: Exposure | None = None

    def plan(self, equations: tuple[Equation, ...]) -> Plan:
        """Put equations on this ground."""
        return Plan(
            equations, self.frame, self.kept, self.info, self.cell_of_row, self.table, self.notes,
            self.moderator, self.exposure,
        )  # fmt: skip


def ground_of(design: StaggeredDiD, panel: Panel) -> Ground:
    """Number rows and cells, and drop what is not identified.

    Raises
    ------
    IdentificationError
        If the panel cannot identify what the design asks for.
    PanelError
        If the moderator is missing in treated rows.
    StudyError
        If the panel has no such moderator.
    """
    frame = design.frame(panel)
    kept, notes = drop_reasons(design, panel, frame)
    table, cell_of_row = cell_table(panel, frame, kept)
    info = cell_info(panel, frame, kept, table, cell_of_row)
    moderator = moderator_of(design, panel, frame, kept)
    return Ground(frame, kept, table, cell_of_row, info, notes, moderator)


def equation_of(
    design: Estimator,
    panel: Panel,
    ground: Ground,
    name: str,
    outcome: Array,
    *,
    scale: float | None = None,
    slopes: Sequence[tuple[Slope, Array]] = (),
    moderated: bool = True,
) -> Equation:
    """State one equation and reduce its rows.

    Parameters
    ----------
    name : str
        "outcome", or the mediator it explains.
    outcome : ndarray (row)
        What it explains.
    scale : float, optional
        ``s``, held at this value; computed from the outcome by default.
    slopes : sequence of (Slope, ndarray (row))
        Mediators, whose slopes vary by stratum, and their columns; the design's moderator comes
        after them.
    moderated : bool, default True
        Whether the design's moderator, if it has one, shifts the treatment effect.

    Raises
    ------
    IdentificationError
        If columns are collinear, or rows are too few.
    StudyError
        If ``scale`` is not a positive number.
    """
    frame, kept, priors = ground.frame, ground.kept, design.priors
    pooled_time = design.time is not None and design.time.pooled
    if scale is None:
        levels = _common_levels(frame) if pooled_time else frame
        plain = kept & ~frame.treated & ~frame.lead if ground.exposure is None else kept
        scale = within_scale(levels, outcome, plain)
    elif not 0 < scale < np.inf:
        raise StudyError(f"'scale' is {scale!r}", hint="a positive number, in outcome units")
    members = design.effect.varying not in (None, "unit")
    n_levels, n_periods = len(frame.level_names), frame.n_periods
    local_time = (n_levels > 1 or frame.stratum_levels.shape[0] == 1) and not pooled_time
    block = block_of_strata(frame, local_time=local_time or pooled_time, members=members)
    check_size(design, panel, frame, ground.table, block, slopes=len(slopes))
    shifts = moderation(ground.moderator if moderated else None, frame, kept)
    columns, sizes = varying_columns(design, panel, frame, kept)
    dose = None
    if ground.exposure is not None:
        shifts = per_exposure(shifts, ground.exposure)
        more = own_slope(ground.moderator if moderated else None, panel, frame, kept)
        columns, sizes = columns + [c for c, _ in more], sizes + [size for _, size in more]
        dose = dose_of(ground.exposure, frame, len(columns))
    slopes = (*slopes, *shifts)
    covariates = len(columns)
    if ground.exposure is not None:
        columns += exposure_columns(ground.exposure, frame, kept)
    before = len(columns)
    columns += [Column(slope.label, values[kept]) for slope, values in slopes]
    rows = Rows(
        unit=frame.unit[kept],
        time=frame.time[kept],
        key=np.stack([frame.stratum, frame.cohort], axis=1),
        outcome=_centred(frame, outcome / scale, kept, common=pooled_time),
        columns=columns,
        weights=_weights(design, panel, kept),
        loading=_loading(design, ground),
    )
    level_of_stratum = _level_of_stratum(frame)
    seen, free = free_times(rows, frame.level, n_levels, n_periods)
    if pooled_time:
        free = seen
    b_parts = mediator_parts(
        [slope for slope, _ in slopes], before, design.effect, design.facts.strata(panel),
        panel.roles.strata, frame.stratum_levels, priors,
    )  # fmt: skip
    effects = _effect_parts(design, panel, ground, dose, len(columns))
    flat_doses = [part for part in effects if isinstance(part, GlobalPart) and part.scale == FLAT]
    parts = [
        *time_parts(free, n_levels, n_periods, pooled=pooled_time, local=local_time, priors=priors),
        *flat_doses,
        *slope_parts([c.name for c in columns[:covariates]], sizes, level_of_stratum.size,
                     len(columns)),
        *b_parts,
        *(part for part in effects if part not in flat_doses),
    ]  # fmt: skip
    equation = assemble(
        name, frame, rows, ground.table, parts,
        cell_of_row=ground.cell_of_row[kept], block=block, time_rows=level_of_stratum,
        errors=design.errors, member_scale=_member_scale(design, frame), members=members,
        priors=priors, scale=scale, dose=dose,
    )  # fmt: skip
    names = [c.name for c in columns[:covariates]]
    equation = replace(equation, slopes=tuple(slope for slope, _ in slopes))
    check_identified(equation, _roles(design, panel, name, names), effects)
    return equation


def _roles(design: Estimator, panel: Panel, name: str, columns: Sequence[str]) -> Roles:
    """What messages call the columns of an equation."""
    kinds = dict.fromkeys(panel.roles.covariates, Message("covariate {!r}"))
    kinds |= dict.fromkeys(panel.roles.moderators, Message("moderator {!r}"))
    named = [kinds.get(c, Message("baseline {!r}")).fill(c) for c in columns]
    outcome = Message("mediator {!r}", name)
    if name == "outcome":
        outcome = Message("outcome {!r}", panel.roles.outcome)
    exposure = getattr(design, "exposure", None)
    if exposure is None:
        spanned = Message("the effects of treatment")
        return Roles(outcome, named, Message("treatment"), spanned, certain=True)
    spanned = Message("the effects of the exposure {!r}", exposure)
    return Roles(outcome, named, Message("the exposure {!r}", exposure), spanned, certain=False)


def _effect_parts(
    design: Estimator, panel: Panel, ground: Ground, dose: Dose | None, columns: int
) -> Sequence[GlobalPart | LocalPart]:
    """Effects of cells, or slopes of the exposure in them."""
    strata = design.facts.strata(panel)
    if ground.exposure is None or dose is None:
        return cell_parts(ground.table, design.effect, strata, design.priors)
    return exposure_parts(
        whole_table(panel, ground.frame, ground.table), design.effect, strata, design.priors,
        ExposureSlots(ground.frame.stratum_levels.shape[0], columns, dose.start, dose.size),
        by_time=ground.exposure.by_time, periods=[str(t) for t in panel.time_labels],
    )  # fmt: skip


def _loading(design: Estimator, ground: Ground) -> Array | None:
    """What multiplies deviations: treatment, or the exposure."""
    if design.effect.varying is None:
        return None
    if ground.exposure is None:
        return ground.frame.treated[ground.kept].astype(np.float64)
    return np.asarray(ground.exposure.values[ground.kept] / ground.exposure.size)


def _member_scale(design: Estimator, frame: DesignFrame) -> Scale | None:
    if design.effect.varying is None:
        return None
    treated = np.unique(frame.member[frame.cohort >= 0]).size
    return Scale("deviation", design.priors.member, treated >= ESTIMATED_FROM)


def _weights(design: Estimator, panel: Panel, kept: npt.NDArray[np.bool_]) -> Array | None:
    if panel.weights is None:
        return None
    if not design.errors.takes_weights:
        raise StudyError(
            "'weights' are precision weights, which AR(1) errors do not take",
            hint="errors=nqp.IID(), or leave 'weights' out of the panel and weight the "
            "estimand (nqp.att(fit, weights=…))",
        )
    return panel.weights[kept]


def _level_of_stratum(frame: DesignFrame) -> Index:
    level = np.zeros(frame.stratum_levels.shape[0], dtype=np.int64)
    level[frame.stratum] = frame.level
    return level


def _common_levels(frame: DesignFrame) -> DesignFrame:
    return replace(frame, level=np.zeros_like(frame.level), level_names=("",))


def _centred(
    frame: DesignFrame, outcome: Array, kept: npt.NDArray[np.bool_], *, common: bool
) -> Array:
    """Outcome less unit means and period means: flat effects absorb both, rounding does not."""
    unit, y = frame.unit[kept], outcome[kept]
    count = np.maximum(np.bincount(unit, minlength=frame.n_units), 1)
    y = y - (np.bincount(unit, y, minlength=frame.n_units) / count)[unit]
    level = np.zeros_like(frame.level) if common else frame.level
    node = level[unit] * frame.n_periods + frame.time[kept]
    size = len(frame.level_names) * frame.n_periods
    mean = np.bincount(node, y, minlength=size) / np.maximum(np.bincount(node, minlength=size), 1)
    return np.asarray(y - mean[node])
