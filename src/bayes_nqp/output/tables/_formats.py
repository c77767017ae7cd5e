"""How a rendering becomes a format of tables."""

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
    """A format of tables.

    Parameters
    ----------
    method : str
        The method of `Table` that renders one.
    file : str
        What the file of a report's tables is called; "" where reports do not write it.
    write : callable or None
        Writes several tables into one file.
    longest : mapping of str to int
        Characters that its places hold, where they are bounded: "cell", "sheet" (its name),
        "property" (of a document, such as its title).
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
    """Make a function a method of `Table`, and what it renders a format.

    Parameters
    ----------
    name : str
        Of the format, as reports and studies call it.
    file : str, default ""
        What the file of a report's tables is called; without one, reports do not write it.
    place : float, default 1000
        Where it stands among the formats of a report, from low to high.
    write : callable, optional
        Writes several tables into one file.
    longest : mapping of str to int, optional
        Characters that its places hold, as of a `TableFormat`.

    Returns
    -------
    callable
        A decorator of a function ``to_…`` whose first argument is the table.
    """

    def decorate(function: F) -> F:
        method = function.__name__
        attribute("Table")(function)
        TABLE_FORMATS.add(name, TableFormat(name, method, file, write, longest), place, function)
        return function

    return decorate
