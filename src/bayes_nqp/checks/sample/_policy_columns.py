"""Detect columns of the panel's file that look like another policy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp.data.panel import ADOPTIONS, Panel, Roles, is_paired
from bayes_nqp.data.reading import marks_of, year_of

_FEWEST: Final = 3
"""Smallest number of units with the other policy."""
_YEARS: Final = 1000
"""Smallest integer that counts as a year."""
_WORDS: Final = 2
"""Largest number of distinct texts that are no dates, such as "none"."""
_LONG: Final = 500
"""Number of distinct texts above which a column contains no dates."""
_INSIDE: Final = 0.5
"""Smallest share of dates within the panel's periods."""
_OWN: Final = 0.9
"""Share of treated units with the date within a period of adoption: a date of the policy itself."""
_ELSE: Final = 0.05
"""Largest share of untreated units with such a date."""


@dataclass(frozen=True, slots=True, eq=False)
class PolicyColumn:
    """Column of the file that records another policy.

    Parameters
    ----------
    name : str
        Name of the column.
    start : ndarray of int (row)
        Period in which the policy starts (or ends) for the unit; -1 if never, or always.
    columns : mapping of str to ndarray (row)
        Columns by which the policy enters the outcome equation.
    """

    name: str
    start: Index
    columns: Mapping[str, Array]


def policies_of(panel: Panel) -> Iterator[PolicyColumn]:
    """Yield the columns that look like another policy.

    These are zeros and ones, or words for yes and no, that each unit changes once, or that start
    and end once; dates, also as text, that are constant within units; and amounts that are zero
    until a date and positive from then on, if some units have them before adoption.
    """
    roles = panel.roles
    covariates = set(roles.covariates)
    # Adoption dates of both ends of a pair belong to the policy itself.
    taken = _taken(roles) - covariates | (set(ADOPTIONS) if is_paired(panel) else set())
    for name in map(str, panel.frame.columns):
        if name in taken:
            continue
        policy = _by_row(panel, name, covariate=name in covariates)
        if policy is None and name not in covariates:
            policy = _by_date(panel, name)
        if policy is not None:
            yield policy


def with_policies(panel: Panel) -> bool:
    """Return True if the frame has a column that looks like another policy."""
    return any(True for _ in policies_of(panel))


def _taken(roles: Roles) -> set[str]:
    named = (
        roles.unit, roles.time, roles.outcome, roles.cohort, roles.treatment, roles.weights,
        roles.counts,
    )  # fmt: skip
    several = (roles.strata, roles.mediators, roles.moderators, roles.exposures, roles.covariates)
    return {name for name in named if name} | {name for names in several for name in names}


def _policy(
    panel: Panel, name: str, start: Index, columns: Mapping[str, Array]
) -> PolicyColumn | None:
    """Return a policy if units start it at several dates that adoption does not determine."""
    takers = start >= 0
    pairs = np.unique(np.stack([panel.cohort_codes, start]), axis=1)
    of_adoption = pairs.shape[1] == np.unique(panel.cohort_codes).size
    if takers.sum() < _FEWEST or np.unique(start[takers]).size < 2 or of_adoption:
        return None
    return PolicyColumn(name, start[panel.unit_codes], columns)


def _seen(panel: Panel, start: Index) -> Index:
    """Return the first periods (unit), -1 for units without earlier observations.

    The policy of these units, such as the founding of a firm, is absorbed by their unit effects.
    """
    unit = panel.unit_codes
    before = np.bincount(unit[panel.time_codes < start[unit]], minlength=start.size) > 0
    return np.where(before, start, -1)


def _since(panel: Panel, name: str, start: Index, *, level: bool) -> dict[str, Array]:
    """Return a linear trend since the start, and a level from the start on."""
    first = start[panel.unit_codes]
    since = np.where(first >= 0, panel.time_codes - first, -1)
    columns = {f"{name}, since": np.maximum(since, 0).astype(np.float64)}
    if level:
        columns[f"{name}, in force"] = (since >= 0).astype(np.float64)
    return columns


def _numbers(panel: Panel, name: str) -> Array | None:
    column = panel.frame[name]
    if column.dtype.kind in "biuf":
        return column.to_numpy(np.float64, na_value=np.nan)
    if column.dtype.kind == "M" or isinstance(column.dtype, pd.PeriodDtype):
        return None
    marks = marks_of(column) if column.nunique() <= _LONG else None
    return None if marks is None else marks.values.to_numpy(np.float64)


def _by_row(panel: Panel, name: str, *, covariate: bool) -> PolicyColumn | None:
    """Read a column of zeros and ones, or of amounts, with one value for each observation."""
    values = _numbers(panel, name)
    if values is None or np.isnan(values).any() or values.min() < 0.0 or not (values == 0.0).any():
        return None
    on = values > 0.0
    start, end, back = _spell(panel, on)
    if start is None:
        return None
    if not (values[on] == 1.0).all():
        early = (start >= 0) & ((panel.cohort_codes < 0) | (start < panel.cohort_codes))
        if covariate or back or early.sum() < _FEWEST:
            return None
        amount = {f"{name}, amount": values, f"{name}, in force": on.astype(np.float64)}
        return _policy(panel, name, start, amount)
    if back:
        force = {f"{name}, in force": on.astype(np.float64)}
        return None if covariate else _policy(panel, name, start, force)
    start = end if (start < 0).all() else start
    return _policy(panel, name, start, _since(panel, name, start, level=not covariate))


def _spell(panel: Panel, on: Mask) -> tuple[Index | None, Index, bool]:
    """Return start and end of the policy (unit; -1 for none), and True if both occur in the panel.

    The start is None if a unit has several spells.
    """
    unit, time, size = panel.unit_codes, panel.time_codes, panel.unit_labels.size
    steps = np.diff(on.astype(np.int64))
    steps[unit[1:] != unit[:-1]] = 0
    up, down = np.flatnonzero(steps > 0) + 1, np.flatnonzero(steps < 0) + 1
    start, end = np.full(size, -1), np.full(size, -1)
    start[unit[up]], end[unit[down]] = time[up], time[down]
    twice = np.unique(unit[up]).size < up.size or np.unique(unit[down]).size < down.size
    spells = (start >= 0) & (end >= 0)
    if twice or (spells & (end < start)).any():
        return None, end, False
    return start, end, bool((end >= 0).any() and (start >= 0).any())


def _by_date(panel: Panel, name: str) -> PolicyColumn | None:
    """Read a column of dates that is constant within units; most units may have no date."""
    unit, periods = panel.unit_codes, _periods_of(panel, panel.frame[name])
    if periods is None:
        return None
    dated = periods > _MISSING
    first = np.full(panel.unit_labels.size, _MISSING)
    first[unit[dated]] = periods[dated]
    have = first > _MISSING
    inside = (first >= 0) & (first < panel.periods)
    if not (first[unit] == periods).all() or inside.sum() < _INSIDE * max(int(have.sum()), 1):
        return None
    start = _seen(panel, np.where(inside, first, -1))
    if _own(panel.cohort_codes, start):
        return None
    return _policy(panel, name, start, _since(panel, name, start, level=True))


def _own(cohort: Index, start: Index) -> bool:
    """Return True if the date belongs to the policy itself, such as its announcement."""
    adopts, near = cohort >= 0, (start >= 0) & (np.abs(start - cohort) <= 1)
    others = float((start >= 0)[~adopts].mean()) if (~adopts).any() else 0.0
    return bool(adopts.any() and near[adopts].mean() >= _OWN and others <= _ELSE)


_MISSING: Final = -(10**6)


def _periods_of(panel: Panel, column: pd.Series[Any]) -> Index | None:
    """Return positions of dates on the panel's grid, also outside of it (row); None if not dates.

    Texts that are no dates, such as "none", count as missing if few of them are distinct.
    """
    if column.dtype.kind == "b":
        return None
    codes, distinct = pd.factorize(column)
    if not len(distinct) or len(distinct) > _LONG:
        return None
    read = [_position(panel, x) for x in distinct]
    words = {str(x).strip() for x, at in zip(distinct, read, strict=True) if at is None}
    if len(words) > _WORDS or len(words) == len(distinct):
        return None
    places = [_MISSING if at is None else at for at in read]
    return np.append(np.asarray(places, dtype=np.int64), _MISSING)[codes]


def _position(panel: Panel, value: Any) -> int | None:
    """Return the period of a date; a date between two periods counts from the later one."""
    grid = panel.grid
    ordinal: int | None = None
    if grid.base is None or grid.base.startswith("Y"):
        if int(grid.start) + (0 if grid.base is None else 1970) >= _YEARS:
            ordinal = year_of(value)
            if ordinal is not None and grid.base is not None:
                ordinal -= 1970
    elif not isinstance(value, int | float | np.number) and year_of(str(value)) != value:
        with suppress(ValueError, TypeError):
            dated = isinstance(value, pd.Period | pd.Timestamp)
            if dated or len(str(value).strip()) > len("2015"):
                ordinal = int(_period(value, grid.base).ordinal)
    return None if ordinal is None else -((grid.start - ordinal) // grid.step)


def _period(value: Any, base: str) -> pd.Period:
    return value.asfreq(base) if isinstance(value, pd.Period) else pd.Period(value, freq=base)
