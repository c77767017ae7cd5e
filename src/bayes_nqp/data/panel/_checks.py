"""Checks that refuse invalid columns of a panel."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.exceptions import PanelError, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.panel._roles import Roles
from bayes_nqp.data.reading import FEW, SourceRows, Strings, counted, plain

_COMPARED: Final = 1000
"""Largest number of duplicated rows compared for a message."""
_RATIO: Final = 1e10
"""Largest ratio of two weights."""

_PEOPLE: Final = 10_000_000_000
"""Largest number of units represented by one; sums over more units lose digits."""


def distinct_rows(key: Index, rows: SourceRows) -> None:
    """Refuse rows that repeat a unit and a time, and report the columns that differ.

    Parameters
    ----------
    key : ndarray of int (row)
        Number of the pair of unit and time, in order.
    """
    same = key[1:] == key[:-1]
    if not same.any():
        return
    repeated = np.append(same, False) | np.append(False, same)
    first = np.flatnonzero(same)[:_COMPARED]
    raise PanelError(
        Message(
            "unit={!r} and time={!r} are duplicated: {} rows have the same unit and time "
            "as another row",
            rows.unit,
            rows.time,
            repeated.sum(),
        ),
        where=_apart(rows, rows.shown(repeated), first),
        hint=Message(
            "df[df.duplicated([{!r}, {!r}], keep=False)] lists them; aggregate or drop, "
            "name a finer unit, or use Panel.from_micro if rows are persons",
            rows.unit,
            rows.time,
        ),
        about="rows duplicated",
    )


def _apart(rows: SourceRows, places: str, first: Index) -> Message:
    """Return the columns in which consecutive rows differ."""
    first_row, next_row = rows.frame.iloc[first], rows.frame.iloc[first + 1]
    names = [
        str(name)
        for k, name in enumerate(rows.frame.columns)
        if name not in (rows.unit, rows.time)
        and [*map(plain, first_row.iloc[:, k])] != [*map(plain, next_row.iloc[:, k])]
    ]
    if names:
        return Message("{}; these rows differ in {}", places, shown(names))
    return Message("{}; these rows are identical in all other columns", places)


def constant_stratum(
    name: str, codes: Index, labels: Strings, starts: Index, units: Strings
) -> None:
    """Refuse a stratum that varies within a unit."""
    high = np.maximum.reduceat(codes, starts)
    low = np.minimum.reduceat(np.where(codes < 0, len(labels), codes), starts)
    changing = (high >= 0) & (low != high)
    if changing.any():
        listed = [
            f"{units[i]} ({labels[low[i]]}, {labels[high[i]]})" for i in np.flatnonzero(changing)
        ]
        raise PanelError(
            Message(
                "strata={!r} varies within {}; a stratum must be constant within a unit",
                name,
                counted(changing.sum(), "unit"),
            ),
            where=shown(listed),
            hint=Message(
                "use panel.stratify({!r}, at=…) to form a stratum from a baseline value, "
                "or use each unit's first value",
                name,
            ),
            about="strata varies",
            column=name,
        )


def whole_stratum(name: str, codes: Index, units: Index, rows: SourceRows) -> None:
    """Refuse a stratum that is given in some rows of a unit only, as in merged cells."""
    gone, stated = codes < 0, np.unique(units[codes >= 0])
    partly = gone & np.isin(units, stated)
    if partly.sum() > FEW * len(codes):
        raise PanelError(
            Message(
                "strata={!r} is empty in {} of {} rows, but other rows of the same units "
                "have a value",
                name,
                int(partly.sum()),
                len(codes),
            ),
            where=rows.shown(partly),
            hint=Message(
                "df[{0!r}] = df.groupby({1!r})[{0!r}].transform('first'), if it is "
                "constant within units",
                name,
                rows.unit,
            ),
            about="strata empty",
            column=name,
        )


def not_continuous(name: str, column: pd.Series[Any], levels: int, units: int) -> None:
    """Refuse a non-integer stratum with nearly as many levels as units."""
    if levels > 10 and 2 * levels > units and column.dtype.kind == "f":
        raise PanelError(
            Message(
                "strata={!r} has {} levels for {} units and appears to be continuous",
                name,
                levels,
                units,
            ),
            hint=Message(
                "remove it from strata and divide it into groups: panel.stratify({!r}, "
                "cuts='median')",
                name,
            ),
            about="strata continuous",
            column=name,
        )


def constant_counts(values: Array, name: str, starts: Index, units: Strings) -> None:
    """Refuse counts that vary within a unit."""
    low, high = np.fmin.reduceat(values, starts), np.fmax.reduceat(values, starts)
    changing = high > low
    if changing.any():
        raise PanelError(
            Message(
                "counts={!r} varies within {}; it must be the number of units that one "
                "unit represents",
                name,
                counted(changing.sum(), "unit"),
            ),
            where=shown(f"{units[i]} ({low[i]:g}, {high[i]:g})" for i in np.flatnonzero(changing)),
            hint="use weights= for values that vary across observations; a group of "
            "changing composition is not a unit",
        )


def known_exposure(values: Array, outcome: Array, name: str, rows: SourceRows) -> None:
    """Refuse counts without an exposure."""
    wrong = np.isnan(values) & ~np.isnan(outcome)
    if wrong.any():
        raise PanelError(
            Message(
                "exposure={!r} is missing in {} with an outcome",
                name, counted(wrong.sum(), "row"),
            ),
            where=rows.shown(wrong),
            hint=Message(
                "complete these cells, or drop these rows: df.dropna(subset=[{!r}])", name
            ),
            about="values missing",
        )  # fmt: skip


def comparable(weights: Array, name: str, rows: SourceRows) -> None:
    """Refuse weights so unequal that the smallest are lost in rounding."""
    few = weights < weights.max(initial=0.0) / _RATIO
    if few.any():
        raise PanelError(
            Message("weights={!r}: {} values are more than {:,} times smaller than the largest, "
                    "{:g}", name, int(few.sum()), int(_RATIO), weights.max()),
            where=rows.shown(few, name),
            hint="drop these rows, or use the precision of each observation as weight",
        )  # fmt: skip


def standard_errors(values: Array, name: str, rows: SourceRows) -> None:
    """Refuse standard errors that are negative, infinite or all zero."""
    wrong = (values < 0) | np.isinf(values)
    if wrong.any():
        raise PanelError(
            Message(
                "outcome_se={!r} must be zero or positive and finite, but is not in {}",
                name, counted(wrong.sum(), "row"),
            ),
            where=rows.shown(wrong, name),
            hint=Message("drop these rows: df[df[{!r}] >= 0]", name),
        )  # fmt: skip
    if not np.nan_to_num(values).any():
        raise PanelError(
            Message("outcome_se={!r} is zero in all rows", name),
            hint=Message("leave out {!r}", "outcome_se"),
        )


def possible_counts(values: Array, name: str, rows: SourceRows) -> None:
    """Refuse counts above the world population."""
    wrong = values > _PEOPLE
    if wrong.any():
        raise PanelError(
            Message(
                "counts={!r} is above {:,} in {}: it must be the number of units that one"
                " unit represents",
                name, _PEOPLE, counted(wrong.sum(), "row"),
            ),
            where=rows.shown(wrong, name),
            hint=
                "use weights= for a variable that is not a number of units, such as a "
                "population or an amount",
        )  # fmt: skip


def positive(values: Array, part: str, name: str, rows: SourceRows) -> None:
    """Refuse weights or counts that are zero or negative."""
    wrong = values <= 0
    if wrong.any():
        raise PanelError(
            Message(
                "{}={!r} must be positive, but is zero or negative in {}",
                part,
                name,
                counted(wrong.sum(), "row"),
            ),
            where=rows.shown(wrong, name),
            hint=Message("drop these rows: df[df[{!r}] > 0]", name),
        )


def whole(
    values: dict[str, Array], roles: Roles, units: Strings, starts: Index, rows: SourceRows
) -> None:
    """Check properties that require all kept rows: units, outcome, covariates, mediators."""
    if len(units) == 1:
        raise PanelError(
            Message(
                "unit={!r} contains a single unit, {}: there is no comparison unit",
                roles.unit,
                str(units[0]),
            ),
            hint="name the column that identifies the units, or add untreated units",
        )
    outcome = values[roles.outcome]
    if len(outcome) > 1 and outcome.min() == outcome.max():
        raise PanelError(
            Message("outcome={!r} is {:g} in every row", roles.outcome, outcome[0]),
            hint="check the name of the column",
        )
    for part, name in roles.named():
        if part not in ("covariates", "mediators", "moderators", "exposures"):
            continue
        present = ~np.isnan(values[name])
        if not present.any():
            raise PanelError(Message("{}={!r} is missing in every row", part, name), hint="omit it")
        made_of_it = np.array_equal(values[name][present], outcome[present])
        if made_of_it and part in ("mediators", "exposures"):
            raise PanelError(
                Message("{}={!r} equals outcome={!r} in every row", part, name, roles.outcome),
                hint="name the column of this variable",
            )
        if part in ("covariates", "mediators"):
            _varies_within(part, name, values[name], starts)


def _varies_within(argument: str, name: str, values: Array, starts: Index) -> None:
    low, high = np.fmin.reduceat(values, starts), np.fmax.reduceat(values, starts)
    if ((high > low).any()) or not len(starts) < len(values):
        return
    everywhere = np.nanmin(low) == np.nanmax(high)
    reason = Message("is constant") if everywhere else Message("never changes within a unit")
    advice = (
        Message("omit it")
        if everywhere
        else Message(
            "allow the trend to depend on its baseline value, "
            "StaggeredDiD(baseline=[{!r}]), and remove it from covariates",
            name,
        )
        if argument == "covariates"
        else Message("name a column that changes over time")
    )
    raise PanelError(
        Message("{}={!r} {}, so the unit effects absorb it", argument, name, reason), hint=advice
    )
