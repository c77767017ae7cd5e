"""Validate spillovers by groups of receiving units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.exceptions import IdentificationError, StudyError, nearest
from bayes_nqp._core.i18n import Message
from bayes_nqp.model.predictors import LinkedTime

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


def receivers_of(factors: Sequence[str], panel: Panel) -> npt.NDArray[np.str_]:
    """Level, or combination of levels, of factors that every unit has (unit).

    Raises
    ------
    StudyError
        If the panel does not have them.
    """
    strata, parts = panel.roles.strata, []
    for name in factors:
        if name not in strata:
            raise StudyError(
                Message(
                    "'receivers' names {!r}, which is no factor of the panel's strata",
                    name,
                ),
                hint=nearest(name, strata) if strata else f"Panel(..., strata=[{name!r}])",
            )
        parts.append(np.asarray(panel.levels[name]).astype(str)[panel.strata_codes[name]])
    return np.array([" × ".join(levels) for levels in zip(*parts, strict=True)])


_SAME: Final = 1e-9
"""Of linked treatment: less of it within a period and level is rounding."""


def check_receivers(
    treated: Mapping[LinkedTime, Array], levels: npt.NDArray[np.str_], groups: Index, panel: Panel
) -> None:
    """Require that the data identify the spillover effect on each level of receivers.

    Parameters
    ----------
    treated : mapping of LinkedTime to ndarray (row)
        Treatment of neighbours, by event time and level.
    levels : ndarray of str (unit)
        Level of each receiver.
    groups : ndarray of int (unit)
        Level of time effects.

    Raises
    ------
    IdentificationError
        If units of a level have no treated neighbours, or all of a period have the same.
    """
    cell = groups[panel.unit_codes] * panel.periods + panel.time_codes
    rows = np.maximum(np.bincount(cell), 1)
    for level in np.unique(levels).tolist():
        near = sum((x for time, x in treated.items() if time.level == level), np.zeros(cell.size))
        if not near.any():
            problem = Message("no unit of {!r} is linked to a treated one", level)
        elif (np.abs(near - (np.bincount(cell, near) / rows)[cell]) < _SAME).all():
            problem = Message(
                "units of {!r} are linked to treated ones all alike, which time effects explain",
                level,
            )
        else:
            continue
        raise IdentificationError(
            Message("'receivers': {}, so that their spillover effect is not identified", problem),
            hint="fewer levels, or other factors; other weights",
        )
