"""Columns of a study by their roles: those that other tables imply, and checks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pandas as pd

from bayes_nqp._core.exceptions import StudyError, nearest, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading import further_down, joined_unit
from bayes_nqp.studies._data_keys import Data
from bayes_nqp.studies._derive import derive, numbers_of
from bayes_nqp.studies._schema import Settings

if TYPE_CHECKING:
    from bayes_nqp.data.simulation import Simulated


ROLES = (
    "unit", "time", "outcome", "cohort", "treated", "treatment", "exit", "weights", "outcome_se",
    "exposure", "trials",
)  # fmt: skip
LISTS = ("strata", "covariates", "mediators", "moderators", "exposures")
_NEEDED = ("unit", "time", "outcome")


def completed(settings: Settings, simulated: Simulated | None) -> Data:
    """Add the roles that other tables and a simulation imply."""
    data, channels = settings.data, settings.channels
    added = _simulated_roles(data, simulated) if simulated is not None else {}
    if settings.index is not None and data.outcome is None:
        # A simulation may contain an index; the index of the study takes precedence.
        added["outcome"] = settings.index.name
    if data.zones is not None and not (data.cohort or data.treated or data.treatment):
        added["cohort"] = data.zones.cohort
    if channels is not None:
        names = list(dict.fromkeys([*data.mediators, *channels.mediators]))
        if not names and simulated is not None:
            names = list(simulated.panel.roles.mediators)
        if not names:
            raise StudyError(
                "[channels] has no mediators",
                hint='add mediators = ["…"], with columns of the data',
            )
        added["mediators"] = names
    for key, role in (("exposure", "exposures"), ("moderator", "moderators")):
        name = settings.design.get(key)
        if isinstance(name, str) and name not in getattr(data, role):
            added[role] = [*getattr(data, role), name]
    if data.unit is not None:
        added["unit"] = joined_unit(data.unit)
    data = data.model_copy(update=added)
    for name in _NEEDED:
        if getattr(data, name) is None:
            raise StudyError(
                Message("[data] lacks the key {!r}", name), hint=Message('add {} = "…"', name)
            )
    return data


def _simulated_roles(data: Data, simulated: Simulated) -> dict[str, Any]:
    """Take roles that the study does not state from the simulation, if its rows contain them."""
    roles, columns = simulated.panel.roles, set(simulated.frame.columns)
    roles_implied: dict[str, Any] = {
        name: getattr(roles, name)
        for name in ("unit", "time", "outcome", "cohort")
        if getattr(data, name) is None and getattr(roles, name) in columns
    }
    if data.treated is not None or data.treatment is not None:
        roles_implied.pop("cohort", None)
    if data.strata is None and set(roles.strata) <= columns:
        roles_implied["strata"] = list(roles.strata)
    return roles_implied


def check_columns(data: Data, frame: pd.DataFrame, notes: list[str], settings: Settings) -> None:
    """Refuse roles that are not columns; detect a header in a later row."""
    names_made = {
        *data.derive,
        *(stratum.name or f"{stratum.column}_group" for stratum in data.stratify),
    }
    names_made |= {settings.index.name} if settings.index is not None else set()
    wanted = [
        ("data", name, getattr(data, name)) for name in ROLES if getattr(data, name) is not None
    ]
    wanted += [("data", name, x) for name in LISTS for x in getattr(data, name) or ()]
    wanted += [("data", "stratify", stratum.column) for stratum in data.stratify]
    for name, plugin in settings.plugins.items():
        wanted += [(name, key, column) for key, column in plugin.number_columns]
        names_made |= {*plugin.row_columns, *plugin.panel_columns}
    for table, key, column in wanted:
        if column in frame.columns or column in names_made:
            continue
        row = further_down(column, frame)
        if key == "mediators" and column not in settings.data.mediators:
            table = "channels"
        if row is not None:
            raise StudyError(
                Message(
                    "'{}.{}' is {!r}, which is not a column name: it is a value in row {}",
                    table,
                    key,
                    column,
                    row,
                ),
                where=Message("row 1 reads {}", shown(frame.columns, 4)),
                hint=Message(
                    "if the column names are in that row, write header = {} in [data.read]", row
                ),
            )
        raise StudyError(
            Message("'{}.{}' is {!r}, which is not a column of the data", table, key, column),
            where="; ".join(note for note in notes if "sheets" in note),
            hint=nearest(column, [*frame.columns, *sorted(names_made)]),
        )


def numeric_columns(data: Data, frame: pd.DataFrame, settings: Settings) -> Iterable[str]:
    """Return the names of the columns that must be numeric."""
    lists = (getattr(data, name) for name in LISTS if name != "strata")
    names = [str(data.outcome), *(name for some in lists for name in some)]
    names += [x for x in (data.weights, data.outcome_se, data.exposure, data.trials) if x]
    names += [stratum.column for stratum in data.stratify]
    names += [column for table in settings.plugins.values() for _, column in table.number_columns]
    for name, expression in data.derive.items():
        try:
            names += numbers_of(expression)
        except SyntaxError:
            derive(frame, name, expression)
    return names
