"""Cells, columns, rows and words that several tables share, and how many units are behind them."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message, Translator, recalled
from bayes_nqp.data.panel import Panel, switches
from bayes_nqp.effects.estimands import before_adoption, percent, text
from bayes_nqp.inference.fitting import Fit
from bayes_nqp.output.tables._model import NOTHING, Cell, Column, Form
from bayes_nqp.output.tables._summary import STATISTICS

_PER: Final = (Message("{} within-unit sd ({}) of {}"), Message("{} of {}", context="per"))
"""For how much of an exposure effects are, as files hold it."""
_ONE: Final = "1 of "
_PARTS: Final = r" ?[;；(（]|, |[，、]"
"""What parts the number that a check says first from what further it says."""


def per_words(attrs: Mapping[Any, Any], translate: Translator) -> str:
    """Return the change of an exposure that effects refer to.

    Parameters
    ----------
    attrs : mapping
        Attrs of group-time effects: ``exposure`` and ``per``.
    """
    per = str(attrs.get("per", ""))
    if per.startswith(_ONE):
        return translate("unit of {}", per.removeprefix(_ONE))
    return translate(recalled(per, _PER)) if per else translate("unit", context="of an exposure")


def key_of(figure: str) -> str:
    """Return the first number of a key figure, such as "k-hat ≤ 0.37"."""
    ends = [part.start() for part in re.finditer(_PARTS, figure)]
    firsts = [x for x in (figure[:end] for end in ends) if _closed(x)]
    return next((x for x in [*firsts, figure] if re.search(r"\d", x)), [*firsts, figure][0])


def _closed(text: str) -> bool:
    """Return True if all brackets are closed."""
    return all(text.count(x) == text.count(y) for x, y in ("[]", "()", "（）"))


if TYPE_CHECKING:
    type Line = pd.Series[Any] | Mapping[str, Any]


CONTRASTED = 4
"""Levels of a factor up to which all pairs are compared."""

TONES: dict[str, Any] = {
    "failed": "bad",
    "caution": "doubt",
    "inconclusive": "doubt",
    "reported": "",
    "passed": "good",
    "not applicable": "faint",
}
"""By verdict, the worst first."""


def anchor_of(check: str) -> str:
    """Return the anchor of the explanation of a check on a page."""
    return f"check-{check.replace('_', '-')}"


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
    """Make a cell of one count; empty if there is none."""
    if value is None or np.isnan(value):
        return NOTHING
    return Cell((int(value),), _COUNT)


def word(text: str, tone: Any = "", link: str = "") -> Cell:
    """Make a cell of words."""
    return Cell((text,), tone=tone, link=link)


class Writer:
    """Writer of intervals and estimates of one table in one language.

    Parameters
    ----------
    spread : {"interval", "sd"}
        Number below an estimate if both share a cell.
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
            return self.beside_sd(row)
        values = (float(row["mean"]), float(row["lower"]), float(row["upper"]))
        return Cell(values, self._stacked, self.decimals)

    def beside_sd(self, row: Line) -> Cell:
        """Write an estimate over its sd."""
        return Cell((float(row["mean"]), float(row["sd"])), self._sd, self.decimals)

    def share(self, centre: float, lower: float, upper: float) -> Cell:
        """Write a share with its interval, to two decimals."""
        return Cell((centre, lower, upper), self._share, 2)


AVERAGED: Final = Message("Model average")
AS_FITTED: Final = Message("Under parallel trends")
"""Headings of the reported posterior, and of the one next to it."""
AS_FITTED_NOTE: Final = Message(
    "Each column is estimated under its own assumptions; none is a model average."
)


def estimate_columns(
    translate: Translator, prob: float, *, beside: bool = False
) -> tuple[Column, ...]:
    """Make the columns of mean, SD, interval and probability.

    Parameters
    ----------
    beside : bool, default False
        If True, add mean and interval under parallel trends to those of the model average.
    """
    mean, interval = translate("Mean"), translate("{} interval", percent(prob))
    labels = (mean, translate("SD"), interval, translate("P(> 0)"))
    if not beside:
        return tuple(map(Column, labels))
    average, fitted = translate(AVERAGED), translate(AS_FITTED)
    columns = [Column(label, average) for label in labels]
    return (*columns, Column(mean, fitted), Column(interval, fitted))


def sized_columns(
    translate: Translator, prob: float, *, beside: bool = False
) -> tuple[Column, ...]:
    """Make the same, and columns of rows and units."""
    sizes = (Column(translate("Observations")), Column(translate("Units")))
    return (*estimate_columns(translate, prob, beside=beside), *sizes)


def estimate_cells(row: Line, write: Writer, fitted: Line | None = None) -> tuple[Cell, ...]:
    """Make the cells of mean, SD, interval and probability.

    Parameters
    ----------
    fitted : Series or mapping, optional
        Same estimate under parallel trends, with mean and interval to append.
    """
    cells = (
        number(row["mean"], write.decimals),
        number(row["sd"], write.decimals),
        write.interval(row),
        chance(row["p_positive"]),
    )
    if fitted is None:
        return cells
    return (*cells, number(fitted["mean"], write.decimals), write.interval(fitted))


def apart[T: (xr.DataArray, xr.Dataset)](
    draws: T, dims: Sequence[str]
) -> Iterator[tuple[dict[str, Any], T]]:
    """Take draws apart along some dims: the labels of each part, and the part."""
    for place in product(*(range(draws.sizes[dim]) for dim in dims)):
        at = dict(zip(dims, place, strict=True))
        labels = {dim: draws[dim].to_numpy()[k] for dim, k in at.items()}
        yield labels, draws.isel(at)


def level_of(line: Line, name: Callable[[str, str], str] = lambda text, _: text) -> str:
    """Return the label of a summary's row; empty without groups."""
    labels = [(str(dim), x) for dim, x in line.items() if dim not in (*STATISTICS, v.ROWS, v.UNITS)]
    return " × ".join(name(text(x), dim) for dim, x in labels)


def outcome_of(tables: Sequence[pd.DataFrame], translate: Translator) -> str:
    """Return the name of the outcome, if the draws contain it."""
    return str(tables[0].attrs.get("outcome", "")) or translate("the outcome")


def units_by(source: object, effects: xr.Dataset, name: str | None) -> Mapping[str, int]:
    """Count the treated units behind every group.

    Parameters
    ----------
    source : Fit or Dataset
        Fit or effects; units are counted exactly for a fit with its panel.
    effects : Dataset
        Dataset of group-time effects.
    name : str or None
        A stratum factor, "cohort", "time" or "event_time"; None for all units, under "".

    Returns
    -------
    mapping of str to int
        Number of units by group label; empty if unknown. Without a panel: the units of every
        stratum and cohort in the period with most observations.
    """
    cells = _cells(effects)
    if name is not None and name not in cells:
        return {}
    counted = cells[v.IDENTIFIED] & (schema.roles(effects) != v.AFTER)
    if name != v.EVENT_TIME:
        counted = counted & ~before_adoption(effects)
    identified = cells[counted]
    panel = source.panel if isinstance(source, Fit) and v.COHORT in effects.coords else None
    # Units of factors that change over time are in cells of several of their levels.
    if panel is None or not {*schema.factors(effects)} <= {*panel.levels}:
        keys = [key for key in (*schema.factors(effects), v.COHORT) if key in cells]
        groups = [] if name is None or name in keys else [name]
        if not (keys or groups):
            return {"": int(identified[v.UNITS].max())}
        each = list(dict.fromkeys([*keys, *groups, v.TIME]))
        at_once = identified.groupby(each, as_index=False)[v.UNITS].sum()
        most = at_once.groupby([*keys, *groups], as_index=False)[v.UNITS].max()
        return _told(most.groupby(name)[v.UNITS].sum() if name else {"": most[v.UNITS].sum()})
    # Cells of a treatment that begins again are named by the last entry.
    entry = np.maximum(switches(panel.treatment_path)[1], panel.cohort_codes[:, None])
    entry = entry[panel.unit_codes, panel.time_codes]
    on = panel.treatment_path[panel.unit_codes, panel.time_codes]
    treated = (entry >= 0) & (on | (panel.time_codes < entry))
    rows = pd.DataFrame(
        {
            "unit_code": panel.unit_codes[treated],
            v.COHORT: [text(x) for x in panel.time_labels[entry[treated]]],
            v.TIME: [text(x) for x in panel.time_labels[panel.time_codes[treated]]],
        }
    )
    for factor in schema.factors(effects):
        levels = panel.levels[factor][panel.strata_codes[factor]]
        rows[factor] = [text(x) for x in levels[panel.unit_codes[treated]]]
    joined = rows.merge(identified, on=[*schema.factors(effects), v.COHORT, v.TIME])
    if name is None:
        return {"": _units(panel, joined)}
    return {str(label): _units(panel, rows) for label, rows in joined.groupby(name)}


def _units(panel: Panel, rows: pd.DataFrame) -> int:
    """Count units with rows, each as often as it counts."""
    return round(float(panel.counts[rows["unit_code"].unique()].sum()))


def _cells(effects: xr.Dataset) -> pd.DataFrame:
    coordinates = (*schema.factors(effects), v.COHORT, v.TIME, v.EVENT_TIME)
    names = [name for name in coordinates if name in effects.coords]
    frame = pd.DataFrame({name: [text(x) for x in effects[name].to_numpy()] for name in names})
    frame[v.UNITS] = np.asarray(effects[v.UNITS].to_numpy(), dtype=np.int64)
    frame[v.IDENTIFIED] = effects[v.IDENTIFIED].to_numpy().astype(bool)
    return frame


def _told(counts: Mapping[str, int] | pd.Series[int]) -> dict[str, int]:
    pairs: list[tuple[Hashable, int]] = list(counts.items())
    return {str(label): int(count) for label, count in pairs}
