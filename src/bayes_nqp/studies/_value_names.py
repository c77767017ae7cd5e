"""Values of a study's tables, such as spatial weights, by their names in designs and in checks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bayes_nqp._core.exceptions import StudyError, brief, nearest
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.panel import Panel
from bayes_nqp.studies._plugins import value_example, value_keys
from bayes_nqp.studies._study_table import StudyTable, Values
from bayes_nqp.studies._values import written


def values_of(
    tables: Mapping[str, StudyTable], panel: Panel | None = None, folder: Path = Path()
) -> Values:
    """Make what designs and checks may name.

    Parameters
    ----------
    tables : mapping of str to StudyTable
        Those that the study has.
    panel : Panel, optional
        Without one, values of nobody.
    folder : Path
        Of the study, where relative paths start.

    Returns
    -------
    mapping of str to mapping
        By every key that may name values; empty where the study has none.
    """
    values: dict[str, dict[str, Any]] = {key: {} for key in value_keys()}
    for table in tables.values():
        if table.value_key:
            values[table.value_key] |= (
                table.values_of_nobody() if panel is None else table.values_for(panel, folder)
            )
    return values


def with_values(table: Mapping[str, Any], values: Values, where: str) -> dict[str, Any]:
    """Put values in the place of their names, in the table of a design or of a check.

    Parameters
    ----------
    where : str
        The table, for messages.

    Raises
    ------
    StudyError
        If a name is none of the study's.
    """
    valued: dict[str, Any] = {}
    for key, item in table.items():
        valued[key] = item
        if isinstance(item, Mapping):
            valued[key] = with_values(item, values, f"{where}.{key}")
        elif key in values and isinstance(item, list):
            each = [with_values({key: name}, values, where)[key] for name in item]
            valued[key] = each
        elif key in values:
            if item not in list(values[key]):
                place = value_keys()[key]
                missing = f"[{place}.{item}] {value_example(key)}".rstrip()
                raise StudyError(
                    Message("'{}.{}' is {}, which is no table of [{}]", where, key, brief(item),
                            place),
                    hint=nearest(str(item), values[key])
                    if values[key]
                    else Message("a table of that name: {}", missing),
                )  # fmt: skip
            valued[key] = values[key][item]
    return valued


def with_names(table: Mapping[str, Any], values: Values) -> dict[str, Any]:
    """Put the names of values in their place, as a study's file has them."""
    plain = {key: {name: written(x) for name, x in values[key].items()} for key in values}
    return _with_names(table, plain)


def _with_names(table: Mapping[str, Any], plain: Values) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for key, item in table.items():
        # Tables are known by what they hold, whatever the argument that holds them is called.
        every = plain.values() if isinstance(item, Mapping) else [plain.get(key, {})]
        name = next((name for values in every for name, x in values.items() if x == item), None)
        inner = _with_names(item, plain) if isinstance(item, Mapping) else item
        named[key] = inner if name is None else name
    return named
