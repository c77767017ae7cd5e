"""Merge the pilot zones on request, or offer to merge them if a column has prefectures."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from bayes_nqp._core.exceptions import NQPError, PanelError, Spoken, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.column_inference._file_overview import Look, SourceColumn
from bayes_nqp.data.column_inference._guessed import Guess
from bayes_nqp.data.column_inference._merge_zones import merge_zones
from bayes_nqp.data.column_inference._spellings import spelled_twice

_PREFECTURES: Final = 0.7
"""Share of units that must be prefectures for the zones to be merged."""
_FULL_NAME: Final = "prefecture_name"
"""Name of the added column with the full name of the prefecture."""


def prefecture_of(overview: Look) -> str | None:
    """Find the column that contains prefectures."""
    for name, column in overview.columns.items():
        if column.whole or not column.numeric:
            share = _share(name, column.values)[0]
            if share >= _PREFECTURES:
                return name
    return None


def offer_zones(proposal: Guess, columns: dict[str, SourceColumn], frame: pd.DataFrame) -> None:
    """Record how to merge the zones, for users whose policy is the pilot zones.

    Parameters
    ----------
    proposal : Guess
        Modified in place.
    frame : DataFrame
        Values of the columns, with ``__unit`` and ``__time``.
    """
    unit = proposal.roles["unit"]
    others = [name for name, column in columns.items() if name != unit and not column.numeric]
    for name in [unit, *others]:
        values = frame["__unit"] if name == unit else columns[name].values
        share, unmatched = _share(name, values)
        if share < _PREFECTURES:
            continue
        proposal.zones = {"prefecture": name}
        proposal.reasons["zones"] = Message(
            "{:.0%} of the values of {} are prefectures: is the policy the cross-border e-commerce "
            "pilot zones?",
            share,
            name,
        )
        if len(unmatched):
            proposal.zones["unmatched"] = "drop"
            pairs = zip(unmatched["value"], unmatched["nearest"], strict=True)
            listed = (f"{value} (near {near})" if near else str(value) for value, near in pairs)
            proposal.reasons["unmatched"] = Message("not prefectures: {}", shown(listed, 6))
        return


def take_zones(proposal: Guess, columns: dict[str, SourceColumn], frame: pd.DataFrame) -> None:
    """Merge the pilot zones as requested.

    Parameters
    ----------
    frame : DataFrame
        Modified in place: the zones add ``region``, and ``__first``, the first treated year.

    Raises
    ------
    PanelError
        If no column contains prefectures.
    """
    offer_zones(proposal, columns, frame)
    if not proposal.zones:
        raise PanelError(
            Spoken(
                Message(
                    "--zones merges the pilot zones by prefecture, but no column of the "
                    "file contains prefectures"
                ),
                Message(
                    "the pilot zones are merged by prefecture, but no column of the file "
                    "contains prefectures"
                ),
            ),
            where=Message("the columns are {}", shown(columns, 20)),
            hint="add a column of prefecture names (杭州市) or codes (330100)",
        )
    name, unit = proposal.zones["prefecture"], proposal.roles["unit"]
    proposal.merges = True
    proposal.reasons["zones"] = Message("the cross-border e-commerce pilot zones, specified by you")
    values = frame["__unit"] if name == unit else columns[name].values
    spelling = spelled_twice(name, values) if name == unit else ""
    if spelling and _FULL_NAME not in columns:
        proposal.take("unit", _FULL_NAME, Message("added with the pilot zones: {}", spelling))
    merged = merge_zones(pd.DataFrame({name: values}), name).frame
    frame["__first"] = merged["cohort"]
    if "region" not in columns:
        frame["region"] = merged["region"]
        proposal.roles.setdefault("strata", ["region"])
        proposal.reasons.setdefault(
            "strata", Message("coastal and inland provinces, added with the pilot zones")
        )


def _share(name: str, values: pd.Series[Any]) -> tuple[float, pd.DataFrame]:
    """Return the share of values of a column that are prefectures, and the other values."""
    distinct = pd.DataFrame({name: values.dropna().unique()})
    try:
        unmatched = merge_zones(distinct, name).unmatched
    except NQPError:
        return 0.0, pd.DataFrame()
    return 1 - len(unmatched) / len(distinct), unmatched
