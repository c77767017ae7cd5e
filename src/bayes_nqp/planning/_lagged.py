"""Columns of linked units: their outcomes, their treatment, and what is tied to others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bayes_nqp.designs import EquationSpec, LagSpec
from bayes_nqp.errors import Hint, IdentificationError, StudyError
from bayes_nqp.language import Message
from bayes_nqp.moments import VaryingColumn
from bayes_nqp.planning._columns import centred
from bayes_nqp.planning._plan import Plan
from bayes_nqp.pooling import Complete
from bayes_nqp.terms import (
    LAG,
    LINKED,
    GlobalPart,
    cell_parts,
    lag_parts,
    linked_parts,
    tied_parts,
)

__all__ = ["lagged_columns", "lagged_parts"]

Array = npt.NDArray[np.float64]


def lagged_columns(
    ground: Plan,
    equation: EquationSpec,
    lag: LagSpec,
    covariates: Sequence[VaryingColumn],
    scale: float,
) -> list[VaryingColumn]:
    """Treatment of other units, or what is tied; then the second outcome, in multiples of ``s``."""
    if not ground.kept.all():
        raise IdentificationError(
            Message("a spatial lag needs every row, and the effects of some are not identified"),
            where=Message("{} rows", int((~ground.kept).sum())),
            hint="a panel that starts earlier or ends before everyone is treated, or leave these "
            "units out",
        )
    columns = {f"{LINKED} {e}": x for e, x in lag.treated.items()}
    if lag.error:
        columns |= dict(_tied(ground, equation, lag, covariates))
    columns |= {LAG: lag.outcome / scale}
    return [
        VaryingColumn(name, centred(ground.frame, x, ground.kept, common=equation.pooled_time))
        for name, x in columns.items()
    ]


def lagged_parts(
    equation: EquationSpec, columns: Sequence[VaryingColumn], before: int, n_strata: int
) -> list[GlobalPart]:
    """Parts of linked units' treatment, of what is tied, and of their outcomes.

    Parameters
    ----------
    before : int
        Columns before those with slopes by stratum; the last of these holds the outcomes.
    """
    lag, n_columns = equation.lag, len(columns)
    if lag is None:
        return []
    events = list(lag.treated)
    return [
        *linked_parts(events, before - 1 - len(events), n_strata, n_columns, equation.priors),
        *tied_parts([column.name for column in columns], n_strata),
        *lag_parts(before - 1, n_strata, n_columns),
    ]


def _tied(
    ground: Plan, equation: EquationSpec, lag: LagSpec, covariates: Sequence[VaryingColumn]
) -> list[tuple[str, Array]]:
    """``W x`` of every covariate, and then of every column that effects are made of (row).

    Where errors follow those of linked units, ``(I - lambda W)(y - x beta)`` is what is independent
    over units.

    Raises
    ------
    StudyError
        If cells have coefficients of their own, whose columns of linked units are too many.
    """
    frame, links = ground.frame, lag.links
    parts = cell_parts(ground.table, equation.pooling, equation.strata, equation.priors)
    if links is None or not all(isinstance(part, GlobalPart) for part in parts):
        raise StudyError(
            Message("'error' of a spatial lag goes with effects on one curve"),
            hint=Message("{}", Hint("effect", Complete(varying=None))),
        )
    columns = [
        np.where((x.period is None) | (frame.time == x.period), x.values, 0.0) for x in covariates
    ]
    inside = np.where(ground.cell_of_row >= 0, 1.0, 0.0)
    for part in parts:
        if isinstance(part, GlobalPart):
            columns += list((part.columns[ground.cell_of_row] * inside[:, None]).T)
    table = np.zeros((frame.n_units, frame.n_periods, len(columns)))
    table[frame.unit, frame.time] = np.stack(columns, axis=1)
    near = (links @ table.reshape(frame.n_units, -1)).reshape(table.shape)[frame.unit, frame.time]
    return [(f"tied {k}", x) for k, x in enumerate(near.T)]
