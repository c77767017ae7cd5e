"""Columns of linked units whose coefficients are tied: ``-lambda`` times those of the columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bayes_nqp.designs import EquationSpec, LagSpec
from bayes_nqp.errors import Hint, StudyError
from bayes_nqp.language import Message
from bayes_nqp.moments import VaryingColumn
from bayes_nqp.planning._plan import Plan
from bayes_nqp.pooling import Complete
from bayes_nqp.terms import GlobalPart, cell_parts

__all__ = ["tied_columns"]

Array = npt.NDArray[np.float64]


def tied_columns(
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
