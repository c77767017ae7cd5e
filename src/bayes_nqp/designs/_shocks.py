"""Which units share shocks in each period."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from bayes_nqp.designs._facts import Facts
from bayes_nqp.errors import IdentificationError
from bayes_nqp.language import Message
from bayes_nqp.panel import unit_column
from bayes_nqp.parameters import Scale
from bayes_nqp.terms import ProcessPart

if TYPE_CHECKING:
    from bayes_nqp.panel import Panel

__all__ = ["shocks_of"]


def shocks_of(facts: Facts, panel: Panel) -> Sequence[ProcessPart]:
    """State the shocks that units of a cluster share, ``eta_ct ~ N(0, tau²)``; or none.

    Raises
    ------
    StudyError
        If the panel does not have the column.
    PanelError
        If it is missing or changes within a unit.
    IdentificationError
        If all units are of one cluster.
    """
    if facts.shocks is None:
        return ()
    cluster, labels = unit_column(panel, facts.shocks.by, "shocks")
    if labels.size < 2:
        raise IdentificationError(
            Message("shocks of a single cluster are the time effects of all units"),
            where=str(labels[0]),
            hint="a column with several clusters, or shocks=None",
        )
    scale = Scale("shocks", facts.shocks.scale)
    return (ProcessPart("shocks", cluster, (np.eye(panel.periods),), (scale,)),)
