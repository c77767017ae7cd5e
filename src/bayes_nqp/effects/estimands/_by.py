"""Grouping variables of averages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import StudyError, nearest, shown
from bayes_nqp._core.types import By
from bayes_nqp.data.reading import sounds_like
from bayes_nqp.effects.estimands._words import distinct, text

_OTHERWISE = {
    **dict.fromkeys(("adoption", "gvar", "first_treat", "first_treated", "批次"), v.COHORT),
    **dict.fromkeys(("year", "period", "month", "quarter", "date"), v.TIME),
    **dict.fromkeys(("relative_time", "rel_time", "dynamic", "event", "horizon"), v.EVENT_TIME),
    **dict.fromkeys(("相对时间", "相对年份", "事件时间"), v.EVENT_TIME),
    **dict.fromkeys(("firm", "id", "individual", "city", "county", "company", "country"), v.UNIT),
    **dict.fromkeys(("城市", "地级市", "企业", "公司", "区县", "县", "个体"), v.UNIT),
}
"""Synonyms of grouping variables."""
_PERIODS = (v.COHORT, v.TIME, v.EVENT_TIME)
_TAKEN = (*v.SAMPLE_DIMS, v.PATH, v.ROWS, v.WEIGHT, v.ANTICIPATED, *v.EVIDENCE)


@dataclass(frozen=True, slots=True, eq=False)
class Entries:
    """The pieces that are averaged: cells, or units within cells.

    Parameters
    ----------
    cell : array of int (entry)
        Number of the cell.
    unit_effect : array of int (entry) or None
        Number of the unit, if the result is by unit.
    share : array (entry)
        The unit's share of the observations of its cell; 1 for a whole cell.
    """

    cell: npt.NDArray[np.int64]
    unit_effect: npt.NDArray[np.int64] | None
    share: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Axis:
    """One dimension of a result.

    Parameters
    ----------
    name : str
        Name of the dimension.
    labels : array
        Its distinct labels.
    codes : array of int (entry)
        Position of every entry's label among them.
    """

    name: str
    labels: npt.NDArray[Any]
    codes: npt.NDArray[np.intp]


def names_of(by: By) -> dict[str, str]:
    """Convert `by` to a mapping from dimensions of the result to variables.

    Parameters
    ----------
    by : str, sequence of str, mapping of str to str, or None
        Argument as passed by the user.

    Raises
    ------
    StudyError
        If the type is another, or a name is repeated.
    """
    if by is None:
        return {}
    if isinstance(by, str):
        return {by: by}
    if isinstance(by, Mapping):
        return {str(new): str(old) for new, old in by.items()}
    pairs: object = by
    names = list(pairs) if isinstance(pairs, Iterable) else [pairs]
    texts = [name for name in names if isinstance(name, str)]
    if len(texts) < len(names):
        raise StudyError(
            f"by={by!r} does not consist of names", hint="by='region', or a list of names"
        )
    if len(set(texts)) < len(texts):
        raise StudyError(f"by={by!r} repeats a name", hint="name every dimension once")
    return {name: name for name in texts}


def keeps_event_times(names: Mapping[str, str]) -> bool:
    """Return True if the result is by event time, so no average combines event times.

    Parameters
    ----------
    names : mapping of str to str
        From `names_of`.
    """
    columns = set(names.values())
    return bool(columns & {v.EVENT_TIME, v.FIRST_SWITCH, v.CELL}) or {v.COHORT, v.TIME} <= columns


def along_path(
    effects: xr.Dataset, variables: Iterable[str]
) -> tuple[xr.Dataset, str | tuple[str, ...]]:
    """Return effects with the coordinates of a path, and the roles of the cells of an average.

    Parameters
    ----------
    effects : Dataset
        Group-time effects.
    variables : iterable of str
        Grouping variables. "exit_time" averages cells after exit and "first_switch" all cells from
        the first entry on; without these, averages are over treated cells.

    Raises
    ------
    StudyError
        If no treatment ends, or both are requested.
    """
    names = {v.EXIT_TIME, v.FIRST_SWITCH} & {*variables}
    if not names:
        return effects, v.TREATED
    if len(names) > 1:
        raise StudyError(
            "by names both 'exit_time' and 'first_switch', which are averages over different cells",
            hint="by='first_switch'",
        )
    (name,) = names
    after = schema.roles(effects) == v.AFTER
    if not after.any():
        raise StudyError(
            f"by={name!r}: these effects contain no periods after the end of a treatment",
            hint="Panel.from_frame(…, treatment=…) and StaggeredDiD(after='effects'); "
            "by='event_time' if the treatment does not end",
        )
    if name == v.FIRST_SWITCH:
        return effects, (v.TREATED, v.AFTER)
    ended = effects.isel({v.CELL: np.flatnonzero(after)})
    ended = ended.drop_dims([v.MEMBER, v.MEMBERSHIP], errors="ignore")
    return ended.assign_coords({v.EXIT_TIME: (v.CELL, ended[v.EVENT_TIME].to_numpy())}), v.AFTER


def strata_labels(effects: xr.Dataset) -> npt.NDArray[Any]:
    """Label every cell's stratum by the levels of all factors, as "inland × market".

    Parameters
    ----------
    effects : Dataset
        Group-time effects.
    """
    columns = [effects[name].to_numpy() for name in schema.factors(effects)]
    if not columns:
        return np.full(effects.sizes[v.CELL], "all")
    return np.asarray([" × ".join(map(text, levels)) for levels in zip(*columns, strict=True)])


def unit_effect_name(effects: xr.Dataset) -> str:
    """Return the name of the level of the random effects, "unit" by default.

    Parameters
    ----------
    effects : Dataset
        Group-time effects.
    """
    return str(effects.attrs.get("varying") or v.UNIT)


def entries_of(effects: xr.Dataset, names: Mapping[str, str]) -> Entries:
    """List the pieces of an average: cells, or units within cells if `names` requests them.

    Parameters
    ----------
    effects : Dataset
        Group-time effects.
    names : mapping of str to str
        From `names_of`.

    Raises
    ------
    StudyError
        If units are requested but have no random effects.
    """
    if not set(names.values()) & {unit_effect_name(effects), v.MEMBER}:
        n_cells = effects.sizes[v.CELL]
        return Entries(np.arange(n_cells), None, np.ones(n_cells))
    if v.DEVIATION not in effects or not effects.sizes.get(v.MEMBERSHIP):
        if effects.attrs.get(v.SUMMED):
            raise StudyError(
                f"by={unit_effect_name(effects)!r} requires single units; this panel is aggregated",
                hint="a fit to panel.sample(units=…) of the panel of units",
            )
        raise StudyError(
            f"by={unit_effect_name(effects)!r} requires effects that vary by unit",
            hint="fit the model with PartialPooling([...], varying='unit')",
        )
    cell = effects[v.MEMBERSHIP_CELL].to_numpy()
    rows = effects[v.MEMBERSHIP_ROWS].to_numpy().astype(np.float64)
    of_cell = np.bincount(cell, rows, effects.sizes[v.CELL])
    return Entries(cell, effects[v.MEMBERSHIP_MEMBER].to_numpy(), rows / of_cell[cell])


def axes_of(effects: xr.Dataset, names: Mapping[str, str], entries: Entries) -> list[Axis]:
    """Build the dimensions of a result.

    Parameters
    ----------
    effects : Dataset
        Group-time effects.
    names : mapping of str to str
        From `names_of`.
    entries : Entries
        From `entries_of`.

    Raises
    ------
    StudyError
        If a name is unknown, or the name of a dimension is reserved.
    """
    taken = [new for new in names if new in _TAKEN]
    if taken:
        raise StudyError(
            f"by names a dimension {shown(taken)}, which is reserved in results",
            hint="by={'another_name': ...}",
        )
    return [_axis(effects, new, old, entries) for new, old in names.items()]


def _axis(effects: xr.Dataset, new: str, old: str, entries: Entries) -> Axis:
    if entries.unit_effect is not None and old in (unit_effect_name(effects), v.MEMBER):
        return Axis(new, effects[v.MEMBER].to_numpy(), entries.unit_effect)
    labels = _cell_labels(effects, old)
    levels, codes = distinct(labels, in_order=old in _PERIODS)
    return Axis(new, levels, codes[entries.cell])


def _cell_labels(effects: xr.Dataset, name: str) -> npt.NDArray[Any]:
    factors = schema.factors(effects)
    periods = [period for period in _PERIODS if period in effects.coords]
    if name in _PERIODS and name not in periods:
        raise StudyError(
            f"by={name!r}: a continuous exposure has no adoption date",
            hint="by='time', or a stratum",
        )
    on_path = [x for x in (v.EXIT_TIME, v.FIRST_SWITCH, v.SPELL) if x in effects.coords]
    if name in (*factors, *periods, *on_path):
        return effects[name].to_numpy()
    if name == v.STRATUM:
        return strata_labels(effects)
    if name == v.CELL:
        parts = [effects[p].to_numpy() for p in (v.COHORT, v.TIME) if p in periods]
        if factors:
            parts.insert(0, strata_labels(effects))
        return np.asarray([" · ".join(map(text, labels)) for labels in zip(*parts, strict=True)])
    columns = (*factors, *periods, *on_path, unit_effect_name(effects), v.STRATUM, v.CELL)
    if name == v.MEDIATOR:
        hint = (
            "select the effects of each mediator without by: nqp.nie(fit).sel(mediator='digital')"
        )
        raise StudyError(f"by={name!r} is not a variable by which effects vary", hint=hint)
    wanted = "_".join(name.lower().replace("-", " ").split())
    dated = next((x for x in (v.COHORT, v.TIME) if sounds_like(x, name)), name)
    wanted = wanted if wanted in columns else _OTHERWISE.get(wanted, dated)
    raise StudyError(
        f"by={name!r} is not a variable by which effects vary", hint=nearest(wanted, columns, 0.7)
    )
