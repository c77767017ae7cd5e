"""One equation: a column of the panel and its linear predictor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import Hint, PanelError, StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.plugins import registered
from bayes_nqp._core.vocabulary import LOG
from bayes_nqp.inference.model_frame._assemble import assemble
from bayes_nqp.inference.model_frame._codes import PanelCodes
from bayes_nqp.inference.model_frame._columns import (
    Covariate,
    centred,
    varying_columns,
    within,
)
from bayes_nqp.inference.model_frame._connected import block_of_strata, free_times
from bayes_nqp.inference.model_frame._error_variances import relative_variances
from bayes_nqp.inference.model_frame._exposure import (
    exposure_columns,
    parts_of_exposure,
    per_exposure,
)
from bayes_nqp.inference.model_frame._identified import ColumnNames, check_identified
from bayes_nqp.inference.model_frame._lagged import lagged_columns, lagged_parts
from bayes_nqp.inference.model_frame._model_frame import Dose, Equation, ModelFrame
from bayes_nqp.inference.model_frame._moderation import moderated_slope, moderation, own_slope
from bayes_nqp.inference.model_frame._scale import relative_weights, within_scale
from bayes_nqp.inference.model_frame._size import check_size
from bayes_nqp.model.designs import EquationSpec, MediatorSpec, structures
from bayes_nqp.model.predictors import (
    ESTIMATED_FROM,
    GlobalPart,
    LocalPart,
    Slope,
    SlopeKind,
    after_parts,
    cell_parts,
    exposed_parts,
    lead_parts,
    mediator_parts,
    slope_parts,
    time_parts,
)
from bayes_nqp.numerics.parameters import FLAT, Scale, answered
from bayes_nqp.numerics.sufficient_statistics import Rows, VaryingColumn

_TINY = 1e-100
"""Squares of smaller scales vanish, and those of their inverses overflow."""


@dataclass(frozen=True, eq=False)
class _Columns:
    """Varying columns of an equation: covariates, the exposure's, those with slopes by stratum.

    Covariates are the first of the columns; ``slopes`` are those of the last.
    """

    columns: list[VaryingColumn]
    covariates: list[Covariate]
    slopes: tuple[Slope, ...]
    dose: Dose | None

    @property
    def flat(self) -> list[str]:
        """Return the names of covariates with flat slopes."""
        return [x.column.name for x in self.covariates if x.scale is None]


def equation_of(
    ground: ModelFrame, equation: EquationSpec, *, scale: float | None = None
) -> Equation:
    """Build one equation and reduce its observations, with ``s`` given or computed."""
    frame = ground.codes
    scale = _scale(ground, equation, scale)
    unit_effects = equation.pooling.varying not in (None, "unit")
    local_time = not equation.pooled_time and (
        len(frame.level_names) > 1 or frame.stratum_levels.shape[0] == 1
    )
    block = block_of_strata(
        frame, local_time=local_time or equation.pooled_time, unit_effects=unit_effects,
        clusters=[process.owner for process in equation.processes if not process.border],
    )  # fmt: skip
    check_size(
        equation, frame, ground.table, block,
        slopes=sum(
            1 + m.interaction + (m.moderated and ground.moderator is not None)
            for m in equation.mediators
        ),
        exposed=ground.exposure is not None,
    )  # fmt: skip
    columns = _columns(ground, equation, scale)
    rows = _rows(ground, equation, columns, scale)
    effects = _effect_parts(ground, equation, columns)
    restated = partial(
        assemble, ground, equation,
        parts=_parts(ground, equation, rows, columns, effects, local_time),
        block=block, time_rows=frame.level_of_stratum, unit_effects=unit_effects, scale=scale,
        unit_effect_scale=_unit_effect_scale(equation, frame), slopes=columns.slopes,
        dose=columns.dose,
    )  # fmt: skip
    stated = restated(rows)
    check_identified(stated, _roles(ground, equation, columns.flat), effects)
    return replace(stated, restated=restated) if ground.facts.approximated else stated


def _scale(ground: ModelFrame, equation: EquationSpec, scale: float | None) -> float:
    """Return ``s`` of an equation: the given value, or that of observations without effects."""
    if scale is None and (stated := ground.facts.likelihood.scale) is not None:
        return stated
    if scale is None:
        return usual_scale(ground, equation, equation.outcome)
    if not _TINY < scale < 1 / _TINY:
        raise StudyError(f"'scale' is {scale!r}", hint="a positive number, in outcome units")
    return scale


def usual_scale(ground: ModelFrame, equation: EquationSpec, outcome: Array) -> float:
    """Compute ``s`` of an outcome (row): its spread in observations without effects."""
    frame = ground.codes
    plain = ground.kept if ground.exposure is not None else ground.kept & ~frame.own_effect
    if equation.pooled_time:
        frame = replace(frame, level=np.zeros_like(frame.level), level_names=("",))
    return within_scale(frame, outcome, plain)


def _columns(ground: ModelFrame, equation: EquationSpec, scale: float) -> _Columns:
    """Collect the varying columns of an equation."""
    frame, sample, exposure = ground.codes, ground.kept, ground.exposure
    shifts = moderation(ground) if equation.moderated else []
    covariates = varying_columns(ground, equation)
    dose = None
    if exposure is not None:
        shifts = per_exposure(shifts, exposure, ground.panel)
        if equation.moderated:
            covariates += [Covariate(column, size) for column, size in own_slope(ground)]
        dose = Dose(len(covariates), exposure.size / exposure.unit)
    columns = [x.column for x in covariates]
    if exposure is not None:
        columns += exposure_columns(exposure, frame, sample)
    columns += lagged_columns(ground, equation, columns[: len(covariates)], scale)
    slopes = [*_mediator_slopes(ground, equation.mediators), *shifts]
    columns += [VaryingColumn(slope.label, values[sample]) for slope, values in slopes]
    return _Columns(columns, covariates, tuple(slope for slope, _ in slopes), dose)


def _mediator_slopes(
    ground: ModelFrame, mediators: Sequence[MediatorSpec]
) -> list[tuple[Slope, Array]]:
    """Return columns of mediators, of their interactions with treatment, and with the moderator."""
    frame, sample = ground.codes, ground.kept
    slopes, shifted = [], []
    for mediator in mediators:
        values = mediator.values
        column, size = within(frame.unit[sample], values[sample], frame.counts)
        full = np.zeros(values.size)
        full[sample] = column
        slopes.append((Slope(mediator.name, SlopeKind.MEDIATOR, size, lag=mediator.lag), full))
        if mediator.interaction:
            centre = float(np.average(values[sample], weights=frame.weight[sample]))
            product = (values - centre) * frame.treated / size
            slopes.append(
                (Slope(mediator.name, SlopeKind.INTERACTION, size, centre, mediator.lag), product)
            )
        if ground.moderator is not None and mediator.moderated:
            shifted.append(moderated_slope(ground, ground.moderator, mediator.name, values))
    return slopes + shifted


def _rows(ground: ModelFrame, equation: EquationSpec, columns: _Columns, scale: float) -> Rows:
    """Return the observations of the likelihood, in multiples of ``s``; unscaled under a link."""
    frame, sample = ground.codes, ground.kept
    outcome = equation.outcome[sample]
    likelihood = ground.facts.likelihood
    unit, time = frame.unit[sample], frame.time[sample]
    flat = (unit, frame.level[unit] * frame.n_periods + time)
    refuse = partial(likelihood.refusal, outcome, flat)
    refusal = answered(likelihood, "refusal", refuse, PanelError | None)
    if refusal is not None:
        raise refusal
    if not likelihood.latent:
        outcome = centred(frame, equation.outcome / scale, sample, common=equation.pooled_time)
    # Classes of all equations are in the same order, whatever the variances of each.
    more = [equation.key, equation.noise.groups(ground.panel)]
    clusters = [process.owner for process in equation.processes]
    clusters += [groups for groups in more if groups is not None]
    key = np.column_stack([frame.stratum, frame.key, *clusters])
    return Rows(
        unit=unit,
        time=time,
        key=key,
        outcome=outcome,
        columns=columns.columns,
        weights=_precision(ground, equation, outcome, columns),
        variances=_known_variances(ground, equation, scale),
        offset=_offset(ground),
        trials=_trials(ground),
        loading=_loading(ground, equation),
        counts=frame.counts,
        own=1 if equation.series is None else 1 + equation.series.values.shape[1],
    )


def _parts(
    ground: ModelFrame,
    equation: EquationSpec,
    rows: Rows,
    columns: _Columns,
    effects: Sequence[GlobalPart | LocalPart],
    local_time: bool,
) -> list[GlobalPart | LocalPart]:
    """Return all parts of the linear predictor; flat ones of an exposure precede other slopes."""
    frame, pooled, priors = ground.codes, equation.pooled_time, equation.priors
    n_levels, n_periods = len(frame.level_names), frame.n_periods
    series = None if equation.series is None else equation.series.values
    seen, free = free_times(rows, frame.level, n_levels, n_periods, series)
    before = len(columns.columns) - len(columns.slopes)
    flat_doses = [part for part in effects if isinstance(part, GlobalPart) and part.scale == FLAT]
    return [
        *time_parts(seen if pooled else free, n_levels, n_periods,
                    pooled=pooled, local=local_time, priors=priors),
        *flat_doses,
        *slope_parts([x.column.name for x in columns.covariates],
                     [x.size for x in columns.covariates], frame.stratum_levels.shape[0],
                     len(columns.columns), [x.scale for x in columns.covariates]),
        *mediator_parts(columns.slopes, before, equation.pooling, equation.strata,
                        ground.panel.roles.strata, frame.stratum_levels, priors),
        *(part for part in effects if part not in flat_doses),
        *lagged_parts(
            ground, equation, columns.columns, frame.stratum_levels.shape[0], columns.dose
        ),
    ]  # fmt: skip


def _roles(ground: ModelFrame, equation: EquationSpec, columns: Sequence[str]) -> ColumnNames:
    """Return the names of an equation's columns in messages."""
    panel, exposure = ground.panel, ground.exposure
    kinds = dict.fromkeys(panel.roles.covariates, Message("covariate {!r}"))
    kinds |= dict.fromkeys(panel.roles.moderators, Message("moderator {!r}"))
    kinds |= dict.fromkeys(equation.columns, Message("neighbours' column {!r}"))
    named = [kinds.get(c, Message("baseline {!r}")).fill(c) for c in columns]
    if exposure is None:
        spanned = Message("the effects of treatment")
        return ColumnNames(equation.called, named, Message("treatment"), spanned, certain=True)
    effects = Message("the exposure {!r}", exposure.name)
    spanned = Message("the effects of the exposure {!r}", exposure.name)
    return ColumnNames(equation.called, named, effects, spanned, certain=False)


def _effect_parts(
    ground: ModelFrame, equation: EquationSpec, columns: _Columns
) -> Sequence[GlobalPart | LocalPart]:
    """Return the effects of cells, or slopes of the exposure in them."""
    table, strata, priors = ground.table, equation.strata, equation.priors
    if ground.exposure is None or columns.dose is None:
        near = equation.neighbours
        if near is not None:
            return exposed_parts(table, equation.pooling, strata, near.pooling, near.strata, priors)
        return [
            *lead_parts(table),
            *cell_parts(table, equation.pooling, strata, priors),
            *after_parts(table, equation.pooling, strata, priors),
        ]
    return parts_of_exposure(ground, equation, ground.exposure, columns.dose, len(columns.columns))


def _loading(ground: ModelFrame, equation: EquationSpec) -> Array | None:
    """Return the multiplier of deviations: treatment, or the exposure."""
    if equation.pooling.varying is None:
        return None
    if ground.exposure is None:
        return ground.codes.treated[ground.kept].astype(np.float64)
    return np.asarray(ground.exposure.values[ground.kept] / ground.exposure.size)


def _unit_effect_scale(equation: EquationSpec, frame: PanelCodes) -> Scale | None:
    if equation.pooling.varying is None or equation.deviation is not None:
        return equation.deviation
    treated = np.unique(frame.unit_effect[frame.cohort >= 0]).size
    return Scale("deviation", equation.priors.scale("member"), treated >= ESTIMATED_FROM)


def _offset(ground: ModelFrame) -> Array | None:
    """Return logarithms of exposures (row) under a log link."""
    exposure = ground.panel.exposure
    if exposure is None or ground.facts.likelihood.link != LOG:
        return None
    return np.log(exposure[ground.kept])


def _trials(ground: ModelFrame) -> Array | None:
    """Return numbers of trials (row), one by default, if the likelihood has trials."""
    if not ground.facts.likelihood.has_trials:
        return None
    return ground.panel.number_of_trials[ground.kept]


def _known_variances(ground: ModelFrame, equation: EquationSpec, scale: float) -> Array | None:
    """Return squared standard errors of the outcome (row), in multiples of ``s²``."""
    panel = ground.panel
    if panel.outcome_se is None or equation.outcome is not panel.outcome:
        return None
    facts = ground.facts
    refused = {
        f"likelihood={facts.likelihood!r}": not facts.likelihood.exact,
        f"spillovers={equation.lag or equation.linked!r}": equation.lag or equation.linked,
        "mediators": facts.channels is not None,
    }
    for name in (name for name, present in refused.items() if present):
        raise StudyError(
            Message("'outcome_se' cannot be combined with {}", name),
            hint=Message(
                "leave out {!r}: {}", "outcome_se", "panel.with_outcome(panel.roles.outcome)"
            ),
        )
    return np.asarray((panel.outcome_se[ground.kept] / scale) ** 2)


def _precision(
    ground: ModelFrame, equation: EquationSpec, outcome: Array, columns: _Columns
) -> Array | None:
    """Return the precision of observations: weights, over relative variances of groups of units."""
    weights, groups = _weights(ground, equation), equation.noise.groups(ground.panel)
    if groups is None or np.ptp(groups) == 0:
        return weights
    if ground.facts.likelihood.latent:
        raise StudyError(
            Message(
                "'errors' is {!r}, but the errors of {!r} are latent, so that their "
                "variances cannot be estimated by group",
                equation.noise, ground.facts.likelihood,
            ),
            hint="errors of equal variance",
        )  # fmt: skip
    frame, sample = ground.codes, ground.kept
    unit = frame.unit[sample]
    free = frame.untreated[sample]
    controls = [x.values for x in columns.columns[: len(columns.covariates)]]
    variances = relative_variances(
        groups, unit, frame.time[sample], frame.level[unit], free, outcome, controls, frame.counts
    )[unit]
    return np.asarray((1.0 if weights is None else weights) / variances)


def _weights(ground: ModelFrame, equation: EquationSpec) -> Array | None:
    weights = ground.panel.weights
    if weights is None:
        return None
    if ground.facts.likelihood.latent:
        raise StudyError(
            Message(
                "'weights' are precision weights of errors of the outcome itself, but "
                "{!r} has other errors",
                ground.facts.likelihood,
            ),
            hint="leave 'weights' out of the panel",
        )
    if not equation.noise.takes_weights:
        leave = Message(
            "leave 'weights' out of the panel: shocks to a whole city or cluster do not "
            "shrink with its size; to weight an average effect use nqp.att(fit, "
            "weights=…)"
        )
        others = [x for x in structures(*registered("errors")) if x.takes_weights]
        short = Message(
            "{}; {} supports weights, but its intervals are too narrow if errors are "
            "autocorrelated",
            leave,
            Hint("errors", others[0] if others else None),
        )
        raise StudyError(
            Message(
                "'weights' are precision weights of independent errors, but 'errors' is {!r}",
                equation.noise,
            ),
            hint=short if others else leave,
        )
    return relative_weights(weights, ground.codes.unit, ground.kept)[ground.kept]
