"""The column by which a continuous moderator shifts the treatment effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bayes_nqp.designs._frame import DesignFrame
from bayes_nqp.errors import IdentificationError, PanelError, StudyError, nearest, shown
from bayes_nqp.terms.mediators import Slope

if TYPE_CHECKING:
    from bayes_nqp.designs.staggered_did import StaggeredDiD
    from bayes_nqp.panel import Panel

__all__ = ["moderation"]

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def moderation(
    design: StaggeredDiD, panel: Panel, frame: DesignFrame, kept: Mask
) -> list[tuple[Slope, Array]]:
    """Multiply treatment by the moderator, centred and scaled over the treated rows.

    Parameters
    ----------
    design : StaggeredDiD
    panel : Panel
    frame : DesignFrame
    kept : ndarray of bool (row)

    Returns
    -------
    list of (Slope, ndarray (row))
        One at most; none where the design has no moderator.

    Raises
    ------
    StudyError
        If the panel has no such moderator.
    PanelError
        If it is missing in treated rows.
    IdentificationError
        If it is the same in all treated rows.
    """
    name = design.moderator
    if name is None:
        return []
    known = panel.roles.moderators
    if name not in known:
        raise StudyError(
            f"'moderator' names {name!r}, which is no moderator of the panel",
            hint=nearest(name, known) if known else f"Panel(..., moderators=[{name!r}])",
        )
    values = panel.moderators[:, known.index(name)]
    treated = kept & frame.treated
    missing = np.flatnonzero(treated & np.isnan(values))
    if missing.size:
        raise PanelError(
            f"the moderator {name!r} is missing in {missing.size} of {treated.sum()} treated rows",
            where=shown(
                f"{panel.unit_labels[panel.unit_codes[k]]} in "
                f"{panel.time_labels[panel.time_codes[k]]}"
                for k in missing
            ),
            hint=f"panel.complete({name!r}) keeps the rows that have it; or fill it in",
        )
    centre = float(values[treated].mean())
    size = float(values[treated].std())
    if size <= 1e-12 * max(abs(centre), 1e-300):
        raise IdentificationError(
            f"the moderator {name!r} is the same in all treated rows",
            hint="leave out 'moderator'",
        )
    column = np.where(treated, (values - centre) / size, 0.0)
    strata = np.unique(frame.stratum[frame.unit[treated]])
    return [(Slope(name, "z", size, centre, strata=tuple(strata.tolist())), column)]
