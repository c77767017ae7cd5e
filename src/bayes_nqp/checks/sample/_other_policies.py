"""Whether other policies in the panel's own file carry the average effect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from bayes_nqp.arrays import Array, Index
from bayes_nqp.checks.shared import (
    HOLDS,
    Alternative,
    Finding,
    asks,
    beside,
    compared,
    comparison,
)
from bayes_nqp.errors import NotApplicable
from bayes_nqp.fitting import ADOPTION, ROWS, Fit, panel_of
from bayes_nqp.language import Message, advised, joined, listed
from bayes_nqp.panel import ADOPTIONS, Panel, Roles, is_paired

_FAR: Final = 1.0
_FEWEST: Final = 3
"""Units that take another policy up, for a column to be one."""
_YEARS: Final = 1000
"""From which whole numbers are years."""


def policies_of(panel: Panel) -> Iterator[tuple[str, Index]]:
    """Find columns that look like another policy.

    Yields
    ------
    tuple of str and ndarray (row)
        The column, and the period from which the row's unit has it; -1 for never, or always.
    """
    roles, unit = panel.roles, panel.unit_codes
    covariates = set(roles.covariates)
    # Dates of both ends of a pair are those of the policy itself.
    taken = _taken(roles) - covariates | (set(ADOPTIONS) if is_paired(panel) else set())
    for name in map(str, panel.frame.columns):
        if name in taken:
            continue
        start = _switched(panel, name)
        if start is None and name not in covariates:
            start = _dated(panel, name)
        if start is None:
            continue
        # Of those that are seen from then on alone, as firms by their founding, unit effects tell.
        seen = np.bincount(unit[panel.time_codes < start[unit]], minlength=start.size) > 0
        start = np.where(seen, start, -1)
        takers = seen.sum() >= _FEWEST
        pairs = np.unique(np.stack([panel.cohort_codes, start]), axis=1)
        of_adoption = pairs.shape[1] == np.unique(panel.cohort_codes).size
        if takers and np.unique(start[seen]).size > 1 and not of_adoption:
            yield name, start[unit]


def _taken(roles: Roles) -> set[str]:
    named = (roles.unit, roles.time, roles.outcome, roles.cohort, roles.weights, roles.counts)
    several = (roles.strata, roles.mediators, roles.moderators, roles.exposures, roles.covariates)
    return {name for name in named if name} | {name for names in several for name in names}


def _numbers(panel: Panel, name: str) -> Array | None:
    column = panel.frame[name]
    return column.to_numpy(np.float64, na_value=np.nan) if column.dtype.kind in "biuf" else None


def _switched(panel: Panel, name: str) -> Index | None:
    """First period in which a column of zeros and ones is one, where it stays so (unit)."""
    values, unit, time = _numbers(panel, name), panel.unit_codes, panel.time_codes
    if values is None or not np.isin(values, (0.0, 1.0)).all():
        return None
    on, late = values == 1.0, np.iinfo(np.int64).max
    first, last = np.full(panel.unit_labels.size, late), np.full(panel.unit_labels.size, -1)
    np.minimum.at(first, unit[on], time[on])
    np.maximum.at(last, unit[~on], time[~on])
    once = (first == late) | (last < first)
    if not once.all():
        return None
    return np.where((first == late) | (last < 0), -1, first)


def _dated(panel: Panel, name: str) -> Index | None:
    """First period by a column of dates that is constant within units; most units may lack one."""
    values, unit, labels = _numbers(panel, name), panel.unit_codes, panel.time_labels
    if values is None or labels.dtype.kind not in "iu" or labels[0] < _YEARS:
        return None
    dated = ~np.isnan(values) & (values != 0.0)
    if not dated.any() or not np.isin(values[dated], labels).all():
        return None
    start = np.full(panel.unit_labels.size, -1)
    start[unit[dated]] = np.searchsorted(labels, values[dated])
    same = np.where(dated, np.searchsorted(labels, np.where(dated, values, labels[0])), -1)
    return start if (start[unit] == same).all() else None


def with_policies(panel: Panel) -> bool:
    """Tell whether the frame has a column that looks like another policy."""
    return any(True for _ in policies_of(panel))


@asks(
    "Do other policies in the file leave the average effect as it is?",
    "other policies",
    place=164,
    needs=(ADOPTION, ROWS),
    suits=with_policies,
)
def other_policies(fit: Fit) -> Finding:
    """Refit with each column that switches on within units, and stays, as a second policy.

    Looked at are columns of the panel's frame: of zeros and ones that units change once, from 0 to
    1, and of dates, constant within units, that lie in the panel's periods. Left out is one that
    is the same for all units, or that goes by adoption itself. Each enters the outcome with a level
    from its start and a line since, flat. The average effect may move by a posterior sd, or by
    what chance explains (Hausman 1978), and keeps its conclusion. Policies that the file does not
    date stay open.
    """
    panel, others, named = panel_of(fit), [], []
    stated = fit.facts.covariates_of(panel)
    for name, start in policies_of(panel):
        since = np.where(start < 0, -1, panel.time_codes - start)
        columns = {f"{name}, since": np.maximum(since, 0).astype(np.float64)}
        if name not in panel.roles.covariates:
            columns[f"{name}, in force"] = (since >= 0).astype(np.float64)
        rows, added = beside(panel, columns)
        design = fit.outcome_design.variant({"covariates": (*stated, *added)})
        label = Message("with {}", name, context="other policy")
        others.append(Alternative(label, Message("other policies"), design, rows))
        named.append(name)
    if not others:
        raise NotApplicable(Message("No column of the file looks like another policy."))
    evidence = compared(fit, others, Message("fitting other policies"))
    against = comparison(evidence, far=_FAR)
    figure = Message(
        "average effect {:.3g} {} ({} {:.3g}): {:+.1f} posterior sd",
        against.mean[against.worst],
        against.farthest[0],
        against.names[0],
        against.mean[0],
        against.farthest[1],
    )
    same = Message(
        "With {} as a second policy the average effect stays as it is. Policies that no column of "
        "the file dates stay open.",
        listed(named, 4),
    )
    sentence = against.sentence(same, Message("{}", context="other policy"))
    if against.verdict != HOLDS:
        advice = Message("Dates of other policies are covariates: {}.", listed(named, 4))
        sentence = joined([sentence, advised(advice)])
    return Finding(against.verdict, figure, sentence, evidence, "specifications")
