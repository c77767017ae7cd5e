"""What a panel's columns must not be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from bayes_nqp.columns import Floats, Ints, Rows, Strings, counted
from bayes_nqp.errors import PanelError, shown
from bayes_nqp.language import Message
from bayes_nqp.panel._roles import Roles

_BIG = np.iinfo(np.int64).max


def constant_stratum(name: str, codes: Ints, labels: Strings, starts: Ints, units: Strings) -> None:
    """Refuse a stratum that changes within a unit."""
    high = np.maximum.reduceat(codes, starts)
    low = np.minimum.reduceat(np.where(codes < 0, _BIG, codes), starts)
    changing = (high >= 0) & (low != high)
    if changing.any():
        listed = [
            f"{units[i]} ({labels[low[i]]}, {labels[high[i]]})" for i in np.flatnonzero(changing)
        ]
        raise PanelError(
            f"strata={name!r} changes within {counted(changing.sum(), 'unit')}; "
            "a stratum is one fact of a unit",
            where=shown(listed),
            hint=f"panel.stratify({name!r}, at=…) makes a stratum from a baseline value, or keep "
            "each unit's first value",
        )


def not_continuous(name: str, column: pd.Series[Any], levels: int, units: int) -> None:
    """Refuse a stratum of fractions in which nearly every unit is alone."""
    if levels > 10 and 2 * levels > units and column.dtype.kind == "f":
        raise PanelError(
            f"strata={name!r} has {levels} levels for {units} units; it looks continuous",
            hint=f"leave it out of strata and cut it: panel.stratify({name!r}, cuts='median')",
        )


def positive(values: Floats, name: str, rows: Rows) -> None:
    """Refuse weights that are zero or negative."""
    wrong = values <= 0
    if wrong.any():
        raise PanelError(
            f"weights={name!r} must be positive, and is not in {counted(wrong.sum(), 'row')}",
            where=rows.shown(wrong, name),
            hint=f"drop these rows: df[df[{name!r}] > 0]",
        )


def whole(
    values: dict[str, Floats], roles: Roles, units: Strings, starts: Ints, rows: Rows
) -> None:
    """Check what needs all the kept rows: units, outcome, covariates, mediators."""
    if len(units) == 1:
        raise PanelError(
            Message(
                "unit={!r} has a single unit, {}: there is nothing to compare it to",
                roles.unit,
                str(units[0]),
            ),
            hint="name the column that tells units apart, or add untreated units",
        )
    outcome = values[roles.outcome]
    if len(outcome) > 1 and outcome.min() == outcome.max():
        raise PanelError(
            Message("outcome={!r} is {:g} in every row", roles.outcome, outcome[0]),
            hint="check that the right column was named",
        )
    for name in roles.covariates:
        _varies_within("covariates", name, values[name], starts)
    for name in roles.mediators:
        mediator = values[name]
        if np.isnan(mediator).all():
            raise PanelError(f"mediators={name!r} is missing in every row", hint="leave it out")
        there = ~np.isnan(mediator)
        if np.array_equal(mediator[there], outcome[there]):
            raise PanelError(
                f"mediators={name!r} equals outcome={roles.outcome!r} in every row",
                hint="name the mediator's own column",
            )
        _varies_within("mediators", name, mediator, starts)
    for part in ("moderators", "exposures"):
        for name in getattr(roles, part):
            if np.isnan(values[name]).all():
                raise PanelError(f"{part}={name!r} is missing in every row", hint="leave it out")
    for name in roles.exposures:
        there = ~np.isnan(values[name])
        if np.array_equal(values[name][there], outcome[there]):
            raise PanelError(
                f"exposures={name!r} equals outcome={roles.outcome!r} in every row",
                hint="name the exposure's own column",
            )


def _varies_within(argument: str, name: str, values: Floats, starts: Ints) -> None:
    low, high = np.fmin.reduceat(values, starts), np.fmax.reduceat(values, starts)
    if ((high > low).any()) or not len(starts) < len(values):
        return
    everywhere = np.nanmin(low) == np.nanmax(high)
    what = "is constant" if everywhere else "never changes within a unit"
    advice = (
        "leave it out"
        if everywhere
        else f"let its baseline shift the trend, StaggeredDiD(baseline=[{name!r}]), and leave it "
        "out of covariates"
        if argument == "covariates"
        else "name a column that changes over time"
    )
    raise PanelError(
        f"{argument}={name!r} {what}, so the unit effects absorb it",
        hint=advice,
    )
