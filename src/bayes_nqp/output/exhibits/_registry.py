"""Registration of exhibits that referees expect, with the call that makes each."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType, SimpleNamespace
from typing import Final, NamedTuple

from bayes_nqp._core.i18n import NOTHING, Message
from bayes_nqp._core.plugins import Plugins
from bayes_nqp.inference.fitting import Fit

type Number = Callable[[Fit], Message | None]
"""A result that the fit already contains; None without it. It may raise `NotApplicable`."""

THEMES: Final[Mapping[str, Message]] = MappingProxyType(
    {
        "data": Message("Data and descriptive statistics"),
        "baseline": Message("Baseline estimates"),
        "trends": Message("Parallel trends and anticipation"),
        "estimators": Message("Estimators for heterogeneous effects"),
        "placebo": Message("Placebo tests"),
        "endogeneity": Message("Endogeneity and selection"),
        "robustness": Message("Robustness checks"),
        "mechanisms": Message("Mechanisms and heterogeneity"),
        "space": Message("Spatial models and spillovers"),
        "designs": Message("Other designs and models"),
    }
)
"""Headings of the checklist, in its order."""


@dataclass(frozen=True, slots=True, eq=False)
class Exhibit:
    """An exhibit of a paper, and its answer.

    Parameters
    ----------
    title : Message
        Name of the exhibit, as papers and referees call it.
    theme : str
        Key of `THEMES`.
    code : str
        Python that makes the exhibit from ``fit`` and ``panel``; for an exhibit of another library
        a recipe on ``rows``, the frame of the panel with a column "treated".
    check : str, default ""
        Name of the check that has the result as its key figure.
    change : tuple of str, default ()
        Rows of the evidence of this check that belong to the exhibit, by their ``change``.
    number : callable, optional
        Function from a fit to the result, without refits.
    because : Message, optional
        Reason why the library does not make the exhibit; `code` then uses another library.
    section : str, default ""
        Section of reports that contains the exhibit.
    home : str, default ""
        Module that registers the exhibit.
    """

    name: str
    title: Message
    theme: str
    code: str
    check: str = ""
    change: tuple[str, ...] = ()
    number: Number | None = None
    because: Message = NOTHING
    section: str = ""
    home: str = ""


EXHIBITS: Final = Plugins[Exhibit]("bayes_nqp.output.exhibits", "_rows_")
"""Every exhibit by name, in the order of the checklist."""


def exhibit(
    name: str,
    title: Message,
    theme: str,
    code: str,
    *,
    place: float = 1000,
    check: str = "",
    change: tuple[str, ...] = (),
    number: Number | None = None,
    because: Message = NOTHING,
    section: str = "",
) -> Exhibit:
    """Register an exhibit.

    Parameters
    ----------
    name : str
        Name of the exhibit, for lookups.
    place : float, default 1000
        Position within its theme, in ascending order.
    title, theme, code, check, change, number, because, section
        As in `Exhibit`.

    Returns
    -------
    Exhibit
        The registered exhibit; it replaces an earlier one of the same name.
    """
    # The module of the caller, found as by `collections.namedtuple`.
    home = str(sys._getframe(1).f_globals.get("__name__", ""))
    entry = Exhibit(name, title, theme, code.strip(), check, change, number, because, section, home)
    return EXHIBITS.add(name, entry, place, SimpleNamespace(__module__=home))


class Call(NamedTuple):
    """A call in the code of an exhibit.

    Parameters
    ----------
    function : str
        Dotted name, such as "nqp.plots.forest".
    source : str
        First argument as written; "" without arguments.
    texts : tuple of str
        Texts among the positional arguments.
    keywords : tuple of str
        Names of keyword arguments.
    """

    function: str
    source: str
    texts: tuple[str, ...]
    keywords: tuple[str, ...]


def calls_of(code: str) -> Iterator[Call]:
    """Yield the calls of public functions of the library in code."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and re.fullmatch(r"nqp(\.\w+)+", ast.unparse(node.func)):
            texts = (x.value for x in node.args if isinstance(x, ast.Constant))
            yield Call(
                ast.unparse(node.func),
                ast.unparse(node.args[0]) if node.args else "",
                tuple(x for x in texts if isinstance(x, str)),
                tuple(x.arg for x in node.keywords if x.arg),
            )
