"""Columns of spatial neighbours: their outcomes, their treatment and their covariates."""

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
    """Return columns of neighbours' treatment or covariates, then neighbours' outcomes / ``s``."""
    lag, linked = equation.lag, equation.linked
    if lag is not None and not ground.kept.all():
        raise IdentificationError(
            Message(
                "a spatial lag requires all observations, but the effects of some are not"
                " identified"
            ),
            where=Message("{} observations", int((~ground.kept).sum())),
            hint="a panel that starts earlier or ends before all units are treated, or "
            "drop these units",
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
    """Return parts of neighbours' treatment, of tied coefficients, and of their outcomes."""
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
    """Return the divisor of neighbours' treatment, such that priors of theta have one meaning.

    It is one, or the size of an exposure, if the links of a unit add up to one: theta is then the
    effect of treating all neighbours. Otherwise it also contains the ratio of the spread of W D to
    that of D, both net of unit and time effects: with small weights, such as inverse kilometres,
    theta would otherwise be large relative to its prior.
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
    """Return ``W x`` of covariates, of columns of effects, and of neighbours' columns (row).

    With spatial errors, ``(I - lambda W)(y - x beta)`` is independent over units. An error is
    raised if cells have their own coefficients: their columns are too many.
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
    """Return columns of neighbours' treatment, one for each of their coefficients (row)."""
    if equation.linked is None or not equation.linked.treated:
        return []
    events = equation.linked.treated
    parts = linked_parts([*events], 0, 1, len(events), equation.priors)
    by_event = np.stack([*events.values()], axis=1) / _size(ground, equation)
    return [column for part in parts for column in (by_event @ part.columns).T]


def _effect_columns(ground: ModelFrame, equation: EquationSpec) -> list[Array]:
    """Return columns of effects, one for each of their coefficients (row)."""
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
            Message("'error' of a spatial lag requires one common path of effects over event time"),
            hint=Message("{}", Hint("effect", single_curve())),
        )
    return [column for part in shared for column in (part.columns[place] * inside[:, None]).T]
