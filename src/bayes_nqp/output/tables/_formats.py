"""Registration of table formats."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from bayes_nqp._core.plugins import Plugins
from bayes_nqp._core.validation import attribute
from bayes_nqp.output.tables._model import Table

type Write = Callable[[Iterable[Table], Path], object]


@dataclass(frozen=True, slots=True)
class TableFormat:
    """Output format of tables.

    Parameters
    ----------
    method : str
        Method of `Table` that renders a table.
    file : str
        Name of the file with a report's tables; "" if reports do not write it.
    write : callable or None
        Function that writes several tables to one file.
    longest : mapping of str to int
        Maximal number of characters by place, if limited: "cell", "sheet" (its name), "property"
        (of a document, such as its title).
    """

    name: str
    method: str
    file: str = ""
    write: Write | None = None
    longest: Mapping[str, int] = MappingProxyType({})


TABLE_FORMATS: Final = Plugins[TableFormat]("bayes_nqp.output.tables", "_as_")
"""Every format of tables by name."""


def table_format[F: Callable[..., Any]](
    name: str,
    *,
    file: str = "",
    place: float = 1000,
    write: Write | None = None,
    longest: Mapping[str, int] = MappingProxyType({}),
) -> Callable[[F], F]:
    """Register a function as a method of `Table` and as a table format.

    Parameters
    ----------
    name : str
        Name of the format in reports and studies.
    file : str, default ""
        Name of the file with a report's tables; without a name, reports do not write it.
    place : float, default 1000
        Position among the formats of a report, in ascending order.
    write : callable, optional
        Function that writes several tables to one file.
    longest : mapping of str to int, optional
        Maximal number of characters by place, as for `TableFormat`.

    Returns
    -------
    callable
        Decorator of a function ``to_…`` with the table as first argument.
    """

    def decorate(function: F) -> F:
        method = function.__name__
        attribute("Table")(function)
        TABLE_FORMATS.add(name, TableFormat(name, method, file, write, longest), place, function)
        return function

    return decorate
