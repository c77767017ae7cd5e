"""Cells, columns and rows that several tables share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.estimands import percent, text
from bayes_nqp.language import Translator
from bayes_nqp.tables._model import NOTHING, Cell, Column, Form
from bayes_nqp.tables._summary import STATISTICS

if TYPE_CHECKING:
    type Line = pd.Series[Any] | Mapping[str, Any]


CONTRASTED = 4
"""Levels of a factor up to which all pairs are compared."""

_NUMBER = Form("{}", ("number",), ("",))
_CHANCE = Form("{}", ("chance",), ("",))
_COUNT = Form("{}", ("count",), ("",))


def number(value: float, decimals: int) -> Cell:
    """Make a cell of one number."""
    return Cell((float(value),), _NUMBER, decimals)


def chance(value: float) -> Cell:
    """Make a cell of one probability."""
    return Cell((float(value),), _CHANCE)


def count(value: float | None) -> Cell:
    """Make a cell of one count; nothing where there is none to tell."""
    if value is None or np.isnan(value):
        return NOTHING
    return Cell((int(value),), _COUNT)


def word(text: str, tone: Any = "") -> Cell:
    """Make a cell of words."""
    return Cell((text,), tone=tone)


class Writer:
    """Writes intervals and estimates of one table in one language.

    Parameters
    ----------
    spread : {"interval", "sd"}
        What stands beneath an estimate where both share a cell.
    """

    def __init__(self, translate: Translator, decimals: int, spread: str = "interval") -> None:
        self.decimals, self.spread = decimals, spread
        ends = (translate("Lower"), translate("Upper"))
        self._interval = Form("[{}, {}]", ("number",) * 2, ends)
        self._stacked = Form("{}\n[{}, {}]", ("number",) * 3, (translate("Mean"), *ends))
        self._sd = Form("{}\n({})", ("number",) * 2, (translate("Mean"), translate("SD")))
        self._share = Form("{} [{}, {}]", ("number",) * 3, (translate("Median"), *ends))

    def interval(self, row: Line) -> Cell:
        """Write an interval."""
        ends = (float(row["lower"]), float(row["upper"]))
        return Cell(ends, self._interval, self.decimals)

    def estimate(self, row: Line) -> Cell:
        """Write an estimate over its interval, or over its sd."""
        if self.spread == "sd":
            return Cell((float(row["mean"]), float(row["sd"])), self._sd, self.decimals)
        values = (float(row["mean"]), float(row["lower"]), float(row["upper"]))
        return Cell(values, self._stacked, self.decimals)

    def share(self, centre: float, lower: float, upper: float) -> Cell:
        """Write a share with its interval, to two decimals."""
        return Cell((centre, lower, upper), self._share, 2)


def estimate_columns(translate: Translator, prob: float, group: str = "") -> tuple[Column, ...]:
    """Make the columns of mean, sd, interval and probability."""
    labels = (
        translate("Mean"),
        translate("SD"),
        translate("{} interval", percent(prob)),
        translate("P(> 0)"),
    )
    return tuple(Column(label, group) for label in labels)


def sized_columns(translate: Translator, prob: float) -> tuple[Column, ...]:
    """Make the same, and columns of rows and units."""
    sizes = (Column(translate("Rows")), Column(translate("Units")))
    return (*estimate_columns(translate, prob), *sizes)


def estimate_cells(row: Line, write: Writer) -> tuple[Cell, ...]:
    """Make the cells of mean, sd, interval and probability."""
    return (
        number(row["mean"], write.decimals),
        number(row["sd"], write.decimals),
        write.interval(row),
        chance(row["p_positive"]),
    )


def apart[T: (xr.DataArray, xr.Dataset)](
    draws: T, dims: Sequence[str]
) -> Iterator[tuple[dict[str, Any], T]]:
    """Take draws apart along some dims: the labels of each part, and the part."""
    for place in product(*(range(draws.sizes[dim]) for dim in dims)):
        at = dict(zip(dims, place, strict=True))
        labels = {dim: draws[dim].to_numpy()[k] for dim, k in at.items()}
        yield labels, draws.isel(at)


def level_of(line: Line, name: Callable[[str, str], str] = lambda text, _: text) -> str:
    """Name what a line of a summary is of; empty where nothing is kept apart."""
    labels = [(str(dim), x) for dim, x in line.items() if dim not in (*STATISTICS, v.ROWS, v.UNITS)]
    return " × ".join(name(text(x), dim) for dim, x in labels)


def outcome_of(tables: Sequence[pd.DataFrame], translate: Translator) -> str:
    """Name the outcome as far as the draws know it."""
    return str(tables[0].attrs.get("outcome", "")) or translate("the outcome")
