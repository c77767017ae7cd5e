"""Effects by the share of a unit's neighbours that are treated."""

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
    """Spillover effects by the share of treated neighbours and exposure time.

    Parameters
    ----------
    weights : SpatialWeights
        Neighbours and their weights. Islands are never exposed.
    above : sequence of float, default (0.0, 0.5)
        Lower bounds of the classes of exposure, increasing: here up to half of the neighbours, and
        more than half. Each class has a separate time path of effects; exposure time counts from
        the first period with such a share.
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
        """Return the labels of the shares, the largest first."""
        ends = [100.0 * share for share in (*self.above, 1.0)]
        return tuple(f"{a:g}–{b:g} %" for a, b in pairwise(ends))[::-1]

    @property
    def bystanders(self) -> Message:
        """Return a name for untreated units with links to treated ones."""
        return Message("untreated units linked to treated ones")

    def words(self, attrs: Mapping[str, object]) -> Message:
        """Describe the term in the methods section of a report."""
        return self._exposed_words(
            Message("by the share of their neighbours ({}) that are treated", self.weights.name)
        )

    def since(self, panel: Panel) -> Index:
        """Return the period from which the share exceeds each bound (unit, ring), largest first."""
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
