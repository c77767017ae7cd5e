"""Effects by the share of a unit's neighbours that are in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from bayes_nqp._core.arrays import Index
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.types import Natural
from bayes_nqp._core.validation import value
from bayes_nqp.data.spatial_weights import SpatialWeights
from bayes_nqp.space.terms._spillover import RingTerm, rising

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


_ROUNDING = 1e-9
"""Of a share of weights."""


@value("spillovers")
class ShareTreated(RingTerm):
    """What units receive, by how large a share of their neighbours has adopted, and since when.

    Parameters
    ----------
    weights : SpatialWeights
        Who is a neighbour, and how much each counts. Islands are never exposed.
    above : sequence of float, default (0.0, 0.5)
        Shares above which neighbours count as more exposed, rising: here up to half of them, and
        more than half. Each has its own course of effects in exposure time, which counts from the
        period in which the share first was as large.
    onto : sequence of {"untreated", "treated"}, default both
        As in `Rings`.
    leads : int, default 0
        As in `Rings`.

    Raises
    ------
    StudyError
        If an argument is not one of those above.

    Examples
    --------
    >>> import pandas as pd
    >>> import bayes_nqp as nqp
    >>> links = pd.DataFrame([[0, 1], [1, 0]], index=["a", "b"], columns=["a", "b"])
    >>> nqp.ShareTreated(nqp.spatial_weights.matrix(links)).rings
    ('50–100 %', '0–50 %')
    """

    weights: SpatialWeights
    above: Sequence[float] = (0.0, 0.5)
    onto: str | Sequence[str] = ("untreated", "treated")
    leads: Natural = 0

    def __post_init__(self) -> None:
        bounds = rising(
            self.above, "above", last=1.0, hint="shares that rise, from 0 up, such as [0, 0.5]"
        )
        object.__setattr__(self, "above", bounds)
        self._check_onto()

    @property
    def rings(self) -> tuple[str, ...]:
        """Labels of the shares, from the largest on."""
        ends = [100.0 * share for share in (*self.above, 1.0)]
        return tuple(f"{a:g}–{b:g} %" for a, b in pairwise(ends))[::-1]

    @property
    def bystanders(self) -> Message:
        """Those who are linked, wherever they are."""
        return Message("untreated units linked to treated ones")

    def words(self, attrs: Mapping[str, object]) -> Message:
        """What the methods of a report say of it."""
        return self._exposed_words(
            Message("by the share of their neighbours ({}) that are treated", self.weights.name)
        )

    def since(self, panel: Panel) -> Index:
        """Period from which the share is above each bound (unit, ring), the largest first."""
        links = self.weights.aligned(panel.unit_labels).matrix
        total = links.sum(axis=1)
        adoption = np.where(panel.cohort_codes < 0, panel.periods, panel.cohort_codes)
        force = np.arange(panel.periods) >= adoption[:, None]
        share = np.asarray(links @ force.astype(np.float64))
        share /= np.where(total > 0.0, total, 1.0)[:, None]
        columns = []
        for bound in self.above[::-1]:
            beyond = share > bound + _ROUNDING
            columns.append(np.where(beyond.any(axis=1), beyond.argmax(axis=1), panel.periods))
        return np.stack(columns, axis=1).astype(np.int64)
