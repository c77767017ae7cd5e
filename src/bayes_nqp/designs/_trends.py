"""Who drifts with whom, and whether pre-periods can tell it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bayes_nqp.designs._facts import Facts
from bayes_nqp.errors import IdentificationError, shown
from bayes_nqp.language import Message
from bayes_nqp.parameters import Scale
from bayes_nqp.terms import DifferentialTrends, ProcessPart

if TYPE_CHECKING:
    from bayes_nqp.panel import Panel

__all__ = ["drift_of"]

Index = npt.NDArray[np.int64]

LEAST = 3
"""Untreated periods that a cohort of each stratum must have."""


def drift_of(facts: Facts, panel: Panel) -> Sequence[ProcessPart]:
    """State the drift of adopters as processes; none under parallel trends.

    Raises
    ------
    IdentificationError
        If periods before adoption have effects of their own, or a stratum has no units that are
        never treated, or no cohort with three untreated periods.
    """
    if facts.trends is None:
        return ()
    if facts.leads:
        raise IdentificationError(
            Message("differential trends and flat leads cannot be told apart"),
            hint="controls='all', or leave out 'trends'",
        )
    factors = dict.fromkeys([*facts.strata(panel), *facts.time_strata(panel)])
    codes = np.stack(
        [np.zeros(panel.n_units, dtype=np.int64), *(panel.strata_codes[f] for f in factors)], axis=1
    )
    table, stratum = np.unique(codes, axis=0, return_inverse=True)
    cohort = np.asarray(panel.cohort_codes, dtype=np.int64)
    names = [
        " × ".join(panel.levels[f][k] for f, k in zip(factors, row[1:], strict=True))
        for row in table
    ]
    _check(panel, stratum.ravel(), np.where(cohort < 0, -1, cohort - facts.anticipation), names)
    return _parts(facts.trends, stratum.ravel(), cohort, panel.periods)


def _parts(
    trends: DifferentialTrends, stratum: Index, cohort: Index, n_periods: int
) -> Sequence[ProcessPart]:
    """``b_s t + w_st`` of a stratum's adopters, and ``b_k t + w_kt`` of each cohort of them."""
    ever = cohort >= 0
    t = np.asarray(np.arange(n_periods) - 0.5 * (n_periods - 1), dtype=np.float64)
    loadings = (t[:, None], np.asarray(np.tri(n_periods)[:, 1:]))
    alone = np.unique(np.stack([stratum, cohort]), axis=1, return_inverse=True)[1].ravel()
    together = (Scale("trend_line", trends.line, False), Scale("trend_walk", trends.walk))
    apart = (
        Scale("cohort_trend_line", trends.cohort_line),
        Scale("cohort_trend_walk", trends.cohort_walk),
    )
    return (
        ProcessPart("trend", np.where(ever, stratum, -1), loadings, together),
        ProcessPart("cohort_trend", np.where(ever, alone, -1), loadings, apart),
    )


def _check(panel: Panel, stratum: Index, start: Index, names: Sequence[str]) -> None:
    """See that each stratum has never treated units, and a cohort with some untreated periods."""
    unit, time = np.asarray(panel.unit_codes), np.asarray(panel.time_codes)
    before = (start[unit] >= 0) & (time < start[unit])
    seen = np.unique(np.stack([stratum[unit], start[unit], time])[:, before], axis=1)
    pairs, counts = np.unique(seen[:2], axis=1, return_counts=True)
    adopts = np.unique(stratum[start >= 0])
    lacking = np.setdiff1d(adopts, stratum[start < 0])
    if lacking.size:
        raise IdentificationError(
            Message("differential trends need units that are never treated in each stratum"),
            where=shown([names[int(k)] for k in lacking]),
            hint="a design with fewer strata, or trends=None",
        )
    short = np.setdiff1d(adopts, pairs[0][counts >= LEAST])
    if short.size:
        raise IdentificationError(
            Message(
                "differential trends need a cohort with {} untreated periods in each stratum", LEAST
            ),
            where=shown([names[int(k)] for k in short]),
            hint="a panel that starts earlier, a design with fewer strata, or trends=None",
        )
