"""What a design can identify on a panel."""

from __future__ import annotations

import pandas as pd

from bayes_nqp.designs import Calendar, Design
from bayes_nqp.doors import door
from bayes_nqp.panel import Panel
from bayes_nqp.planning._cells import support_frame
from bayes_nqp.planning._exposure import exposure_support
from bayes_nqp.planning._frame import frame_of
from bayes_nqp.planning._support import row_reasons


@door
def support(design: Design, panel: Panel) -> pd.DataFrame:
    """Tell which cells' effects the data identify, and why the others are not.

    An effect is identified only if its unit has untreated rows, its period has untreated
    rows among the units that share its time effects, and untreated rows connect the two. The
    slope of a continuous exposure is identified in a stratum where exposure varies within
    units, and not by time effects alone.

    Returns
    -------
    DataFrame
        One row a cell: the strata's levels, cohort, time, event_time, rows, identifying
        (rows that identify it), identified (by any), reason (of rows that do not); with
        spillovers a role, "treated" or "neighbour", whose cohort is the period of exposure. Of a
        continuous exposure one row a stratum: its levels, rows, exposed (rows), units, varying
        (units whose exposure changes), sd, sd_within (units), sd_net (of unit and time effects),
        identified, reason.

    References
    ----------
    Borusyak, K., Jaravel, X. and Spiess, J. (2024). Revisiting event-study designs. Review of
    Economic Studies 91(6), section 3.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> bool(nqp.support(nqp.StaggeredDiD(), panel)["identified"].all())
    True
    """
    model = design.spec(panel)
    frame = frame_of(model)
    if isinstance(model.timing, Calendar):
        reason = row_reasons(frame, never=model.facts.leads)
        return support_frame(model.panel, frame, reason)
    return exposure_support(model, frame)
