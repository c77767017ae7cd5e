"""By what rows may move together: units, and columns above them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bayes_nqp import vocabulary as v
from bayes_nqp.arrays import Index
from bayes_nqp.checks.shared import nesting, owner
from bayes_nqp.errors import NotApplicable, StudyError, nearest
from bayes_nqp.fitting import Fit, panel_of
from bayes_nqp.language import Message
from bayes_nqp.panel import Panel
from bayes_nqp.planning import unit_column

FEWEST = 5
"""With fewer clusters a robust standard error says nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """Units by cluster and by member, and what clusters are called.

    Parameters
    ----------
    codes, member : ndarray of int (unit)
        Cluster, and what has its own deviation.
    above : bool
        Whether a cluster holds several members.
    """

    name: str
    codes: Index
    member: Index
    above: bool


def clusters_by(fit: Fit, name: str | None = None) -> Clusters:
    """Cluster a fit's units by a column; by what effects vary by where none is named.

    Raises
    ------
    StudyError
        If the panel does not have it, or clusters cut through what effects vary by.
    NotApplicable
        If clusters are too few.
    """
    panel, varying = fit.rows, fit.facts.varying or v.UNIT
    member = np.arange(panel.n_units)
    if varying != v.UNIT:
        member = unit_column(panel, varying, "varying")[0]
    codes = member if name is None or name == varying else _codes(panel, name)
    pairs = np.unique(np.stack([member, codes]), axis=1)
    if np.unique(pairs[0]).size < pairs.shape[1]:
        raise StudyError(
            f"clusters by {name!r} cut through what effects vary by, {varying!r}",
            hint=f"cluster={varying!r}, or a level above it",
        )
    count = np.unique(codes).size
    if count < FEWEST:
        raise NotApplicable(
            Message(
                "There are {} clusters by {}; a robust standard error needs {} at the very least.",
                count,
                owner(name or varying),
                FEWEST,
            )
        )
    return Clusters(name or varying, codes, member, count < np.unique(member).size)


def clusters_above(fit: Fit, least: Clusters) -> Iterator[Clusters]:
    """Cluster by every column that holds several members of at least five levels."""
    for name in nesting(panel_of(fit)):
        try:
            clusters = clusters_by(fit, name)
        except (NotApplicable, StudyError):
            continue
        if clusters.above and name != least.name:
            yield clusters


def _codes(panel: Panel, name: str) -> Index:
    """Level of each unit."""
    if name in panel.strata_codes:
        return np.asarray(panel.strata_codes[name], dtype=np.int64)
    if name in panel.frame.columns:
        return unit_column(panel, name, "cluster")[0]
    raise StudyError(
        f"'cluster' names the column {name!r}, which the panel does not have",
        hint=nearest(name, [*panel.frame.columns, *panel.strata_codes]),
    )
