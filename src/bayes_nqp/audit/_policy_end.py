"""A policy that ends, by a column of the file, while rows after it count as treated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from bayes_nqp._core.i18n import Message, listed
from bayes_nqp.audit._column import Trace
from bayes_nqp.checks.shared import DOUBT
from bayes_nqp.data.panel import Panel

_ALIKE: Final = 0.95
"""Share of ones in treated rows, and of adopters that begin with a one, from which it is theirs."""
_FEWEST: Final = 3
"""Units in which it ends."""


def ended(panel: Panel) -> Iterator[Trace]:
    """Look for a column of zeros and ones that begins with adoption, and ends.

    The panel knows when units adopt, and takes all later rows as treated. An effect averaged over
    them is one since adoption; over rows in which the policy is in force it is another.
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
