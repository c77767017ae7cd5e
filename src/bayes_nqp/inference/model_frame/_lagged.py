"""Columns of linked units: their outcomes, their treatment, and what is tied to others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import Hint, IdentificationError, StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp.inference.model_frame._columns import centred
from bayes_nqp.inference.model_frame._exposure import parts_of_exposure
from bayes_nqp.inference.model_frame._model_frame import Dose, ModelFrame
from bayes_nqp.model.designs import EquationSpec
from bayes_nqp.model.pooling import single_curve
from bayes_nqp.model.predictors import (
    LAG,
    LINKED,
    GlobalPart,
    LocalPart,
    cell_parts,
    lag_parts,
    linked_parts,
    tied_parts,
)
from bayes_nqp.numerics.parameters import FLAT
from bayes_nqp.numerics.sufficient_statistics import VaryingColumn


def lagged_columns(
    ground: ModelFrame, equation: EquationSpec, covariates: Sequence[VaryingColumn], scale: float
) -> list[VaryingColumn]:
    """Treatment of other units, or what is tied; then the second outcome, in multiples of ``s``."""
    lag, linked = equation.lag, equation.linked
    if lag is not None and not ground.kept.all():
        raise IdentificationError(
            Message("a spatial lag needs every row, and the effects of some are not identified"),
            where=Message("{} rows", int((~ground.kept).sum())),
            hint="a panel that starts earlier or ends before everyone is treated, or leave these "
            "units out",
        )
    columns: dict[str, Array] = {}
    if linked is not None:
        size = _size(ground, equation)
        columns |= {f"{LINKED} {e}": x / size for e, x in linked.treated.items()}
    if lag is not None:
        before = () if lag.before is None else lag.before.outcomes
        columns |= {} if lag.ties is None else dict(_tied(ground, equation, lag.ties, covariates))
        columns |= {LAG: lag.outcome / scale}
        columns |= {f"{LAG} {k}": x / scale for k, x in enumerate(before)}
    return [
        VaryingColumn(name, centred(ground.codes, x, ground.kept, common=equation.pooled_time))
        for name, x in columns.items()
    ]


def lagged_parts(
    ground: ModelFrame,
    equation: EquationSpec,
    columns: Sequence[VaryingColumn],
    n_strata: int,
    dose: Dose | None,
) -> list[GlobalPart]:
    """Parts of linked units' treatment, of what is tied, and of their outcomes."""
    names, parts = [column.name for column in columns], []
    if equation.linked is not None and equation.linked.treated:
        events = list(equation.linked.treated)
        start = names.index(f"{LINKED} {events[0]}")
        size = _size(ground, equation)
        if dose is not None and ground.exposure is not None:
            size *= dose.size / ground.exposure.size
        parts += linked_parts(
            events, start, n_strata, len(names), equation.priors, size, flat=equation.linked.flat
        )
    if equation.lag is not None:
        parts += tied_parts(names, n_strata)
        start, before = names.index(LAG), equation.lag.before
        places = range(start, start + 1 + (0 if before is None else len(before.outcomes)))
        parts += lag_parts(places, n_strata, len(names))
    return parts


def _size(ground: ModelFrame, equation: EquationSpec) -> float:
    """What linked units' treatment is divided by, so that priors of theta mean the same.

    One, or the size of an exposure, where links of a unit add up to one: theta is then of all
    linked units treated. Else the spread of W D over that of D as well, both net of unit and time
    effects: links of one over kilometres would otherwise make theta large against its prior.
    """
    linked, exposure, frame = equation.linked, ground.exposure, ground.codes
    size = 1.0 if exposure is None else exposure.size
    assert linked is not None
    sums = np.asarray(linked.links.sum(axis=1)).ravel()
    if not linked.treated or np.allclose(sums[sums != 0.0], 1.0):
        return size
    exposed = np.asarray(
        ground.cell_of_row >= 0 if exposure is None else exposure.values, dtype=float
    )
    near = np.sum([*linked.treated.values()], axis=0)
    spread, unit = (
        float(np.linalg.norm(centred(frame, x, ground.kept, common=equation.pooled_time)))
        for x in (near, exposed)
    )
    return size * spread / unit if spread > 0.0 < unit else size


def _tied(
    ground: ModelFrame,
    equation: EquationSpec,
    links: sparse.csr_array,
    covariates: Sequence[VaryingColumn],
) -> list[tuple[str, Array]]:
    """``W x`` of covariates, of columns that effects are made of, and of linked units' (row).

    Where errors follow those of linked units, ``(I - lambda W)(y - x beta)`` is what is independent
    over units. Refused where cells have coefficients of their own: their columns are too many.
    """
    frame = ground.codes
    columns = [x.at(frame.time) for x in covariates]
    columns += _effect_columns(ground, equation)
    columns += _linked_columns(ground, equation)
    table = np.zeros((frame.n_units, frame.n_periods, len(columns)))
    table[frame.unit, frame.time] = np.stack(columns, axis=1)
    near = (links @ table.reshape(frame.n_units, -1)).reshape(table.shape)[frame.unit, frame.time]
    return [(f"tied {k}", x) for k, x in enumerate(near.T)]


def _linked_columns(ground: ModelFrame, equation: EquationSpec) -> list[Array]:
    """Columns of linked units' treatment, one for each of their coefficients (row)."""
    if equation.linked is None or not equation.linked.treated:
        return []
    events = equation.linked.treated
    parts = linked_parts([*events], 0, 1, len(events), equation.priors)
    by_event = np.stack([*events.values()], axis=1) / _size(ground, equation)
    return [column for part in parts for column in (by_event @ part.columns).T]


def _effect_columns(ground: ModelFrame, equation: EquationSpec) -> list[Array]:
    """Columns that effects are made of, one for each of their coefficients (row)."""
    frame, exposure = ground.codes, ground.exposure
    parts: Sequence[GlobalPart | LocalPart]
    if exposure is None:
        parts = cell_parts(ground.table, equation.pooling, equation.strata, equation.priors)
        place, inside = ground.cell_of_row, np.where(ground.cell_of_row >= 0, 1.0, 0.0)
    else:
        dose = Dose(0, exposure.size)
        parts = parts_of_exposure(ground, equation, exposure, dose, frame.n_periods)
        place = frame.stratum[frame.unit] * frame.n_periods + frame.time
        inside = exposure.values / exposure.size
    shared = [part for part in parts if isinstance(part, GlobalPart) and part.scale != FLAT]
    if len(shared) < len(parts):
        raise StudyError(
            Message("'error' of a spatial lag goes with effects on one curve"),
            hint=Message("{}", Hint("effect", single_curve())),
        )
    return [column for part in shared for column in (part.columns[place] * inside[:, None]).T]
