"""Detect the end of a policy in a column, if later observations count as treated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from bayes_nqp._core.i18n import Message, listed
from bayes_nqp.audit._column import Trace
from bayes_nqp.checks.shared import DOUBT
from bayes_nqp.data.panel import Panel

_ALIKE: Final = 0.95
"""Minimum share of ones in treated rows, and of treated units that begin with a one."""
_FEWEST: Final = 3
"""Minimum number of units in which the policy ends."""


def ended(panel: Panel) -> Iterator[Trace]:
    """Find a 0/1 column that begins with adoption and later returns to zero.

    The panel contains adoption dates, and all later observations count as treated. The average
    effect since adoption differs from the effect while the policy is active.
    """
    roles, unit = panel.roles, panel.unit_codes
    cohort = panel.cohort_codes[unit]
    on = (cohort >= 0) & (panel.time_codes >= cohort)
    begins = on & (panel.time_codes == cohort)
    for name in map(str, panel.frame.columns):
        column = panel.frame[name]
        named = name in (roles.unit, roles.time, roles.outcome, roles.cohort)
        if named or column.dtype.kind not in "biuf":
            continue
        values = column.to_numpy(np.float64, na_value=np.nan)
        force = values == 1.0
        if not (force | (values == 0.0)).all() or not begins.any() or not force.any():
            continue
        off = on & ~force
        who = np.unique(unit[off])
        if on[force].mean() < _ALIKE or force[begins].mean() < _ALIKE or who.size < _FEWEST:
            continue
        share = off.sum() / on.sum()
        yield Trace(
            Message(
                "it starts with adoption and returns to zero in {:.0%} of the treated "
                "observations, so the average effect includes periods after the policy "
                "ended",
                share,
            ),
            name, DOUBT, int(who.size), listed([str(x) for x in panel.unit_labels[who]]),
        )  # fmt: skip
