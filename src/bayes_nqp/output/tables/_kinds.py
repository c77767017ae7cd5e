"""Registration of kinds of tables, and their options."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message, Translator
from bayes_nqp._core.labels import UNLABELLED, Labels
from bayes_nqp._core.plugins import Plugins
from bayes_nqp.checks import CHANNELS, CheckResult, Need, meets
from bayes_nqp.effects.estimands import By, words
from bayes_nqp.inference.fitting import Fit
from bayes_nqp.output.tables._model import Table
from bayes_nqp.output.tables._parts import per_words
from bayes_nqp.output.tables._summary import summary


@dataclass(frozen=True, slots=True)
class Ask:
    """Options of `table`, without the tabulated object."""

    by: By = None
    language: str = "en"
    prob: float = 0.95
    interval: Literal["eti", "hdi"] = "eti"
    digits: int | None = None
    spread: Literal["interval", "sd"] = "interval"
    weights: str = "rows"
    leads: bool | int = True
    checks: Sequence[CheckResult] = ()
    title: str | None = None
    labels: Labels = UNLABELLED
    estimands: Sequence[str] | None = None
    marks: bool = False
    steps: Sequence[Sequence[str]] | None = None
    coefficients: bool = False
    twfe: bool | None = None

    @property
    def translate(self) -> Translator:
        """Words of the table's language."""
        return words(self.language, self)

    def summary(self, draws: xr.DataArray) -> pd.DataFrame:
        """Summarise draws, with numbers of observations and units if available."""
        table = summary(draws, self.prob, self.interval)
        for name in (x for x in (v.ROWS, v.UNITS) if x in draws.coords):
            first = draws.isel(dict.fromkeys(v.SAMPLE_DIMS, 0)).to_numpy().ravel()
            counts: Any = draws[name].to_numpy().ravel()
            table[name] = counts[~np.isnan(first)].astype(np.int64)
        return table

    def weighted(self) -> str:
        """Return a note on the weights of cells."""
        if self.weights == "rows":
            return self.translate("Averages over treated observations.")
        return self.translate("Averages weighted by {}.", self.weights)

    def averaged(self, attrs: Mapping[Any, Any]) -> list[str]:
        """Return notes on the observations in averages and in counts."""
        if attrs.get("exposure"):
            per = per_words(attrs, self.translate)
            return [
                self.translate("Effects per {}, averaged over exposed observations.", per),
                self.translate("Observations, Units: exposed observations and their units."),
            ]
        return [
            self.weighted(),
            self.translate(
                "Observations, Units: treated observations with an identified effect, and"
                " their units."
            ),
        ]

    def facts(self, gate: str) -> dict[str, str]:
        """Return the interval and the convergence diagnostics of a table."""
        return {"gate": gate, "interval": self.interval, "probability": f"{self.prob:g}"}


type Subject = Literal["fit", "fits", "panel", "checks", "weights", "decay", "matched"]
"""What can be tabulated: a fit or its effects, several of them by heading, a panel, checks, an
answer over weights or lengths of decay, or matched units."""
type Build = Callable[[Any, Ask], Table]


@dataclass(frozen=True, slots=True, eq=False)
class TableKind:
    """Registered kind of table.

    The function ``build`` makes a table from an object and the options. The kind tabulates objects
    of the types ``of``. It is part of a section of the report, unless the section is "". A fit must
    meet all ``needs``.
    """

    name: str
    title: Message
    build: Build
    of: tuple[Subject, ...] = ("fit",)
    section: str = ""
    needs: tuple[Need, ...] = ()

    def tabulate(self, source: object, ask: Ask) -> Table:
        """Make the table, with variables and levels called by their labels."""
        table = self.build(source, ask)
        return labelled(table, ask.translate) if ask.labels else table

    def suits(self, subject: Subject, source: object) -> bool:
        """Return True if the kind tabulates this type of object and its requirements are met."""
        if subject not in self.of:
            return False
        if isinstance(source, xr.Dataset):
            offered = {CHANNELS} if source.sizes.get(v.PATH, 1) > 1 else set()
            return offered.issuperset(self.needs)
        return not isinstance(source, Fit) or meets(source, self.needs)


def labelled(table: Table, translate: Translator) -> Table:
    """Call variables and levels by their labels; levels by those of the heading above them."""
    rows, heading = [], ""
    for row in table.rows:
        heading = row.label if row.heading else heading
        rows.append(replace(row, label=translate.name(row.label, "" if row.heading else heading)))
    columns = (
        replace(column, label=translate.name(column.label), group=translate.name(column.group))
        for column in table.columns
    )
    return replace(table, rows=tuple(rows), columns=tuple(columns))


KINDS: Final = Plugins[TableKind]("bayes_nqp.output.tables", "_kind_")
"""Every kind of table by name; of those that suit, the first is the usual one."""


def kind(
    title: Message,
    *,
    of: tuple[Subject, ...] = ("fit",),
    section: str = "",
    place: float = 1000,
    needs: tuple[Need, ...] = (),
) -> Callable[[Build], Build]:
    """Register a function as a kind of table with the name of the function.

    Parameters
    ----------
    title : Message
        Title of the table.
    of : tuple of {"fit", "fits", "panel", "checks", "weights", "decay", "matched"}
        Types of objects that it tabulates.
    section : str, default ""
        Section of the report that ends with the table.
    place : float, default 1000
        Position among the kinds, in ascending order.
    needs : tuple of Need, default ()
        Requirements that a fit must meet for this kind of table.

    Returns
    -------
    callable
        Decorator of a function of the tabulated object and an `Ask`.
    """

    def decorate(build: Build) -> Build:
        name = build.__name__
        KINDS.add(name, TableKind(name, title, build, of, section, needs), place, build)
        return build

    return decorate
