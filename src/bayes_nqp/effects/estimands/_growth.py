"""Change of the effect over event time, for units observed at both ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from scipy.sparse import csr_array

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.draws import Draws
from bayes_nqp._core.exceptions import StudyError, nearest
from bayes_nqp._core.i18n import Message
from bayes_nqp.effects.estimands._effects_of import effects_of
from bayes_nqp.effects.estimands._registry import EVENT_TIMES, estimand
from bayes_nqp.effects.estimands._units_behind import pieces_of
from bayes_nqp.effects.estimands._weights import ENOUGH, cell_weights
from bayes_nqp.effects.estimands._words import distinct, text


@dataclass(frozen=True, slots=True, eq=False)
class Growth:
    """The effect at both ends of a window of event time, for the same cohorts.

    Parameters
    ----------
    last : int
        Event time at which the window ends; it begins at 0.
    cohorts : tuple of str
        Cohorts observed at both ends.
    units : int
        Number of their units observed at both ends.
    start, end : DataArray (chain, draw), outcome units
        Average effects with the same weights.
    """

    last: int
    cohorts: tuple[str, ...]
    units: int
    start: xr.DataArray
    end: xr.DataArray

    @property
    def change(self) -> xr.DataArray:
        """Return the difference between the effects at the end and the start, draw by draw."""
        return self.end - self.start


def growth(
    fit_or_effects: object, weights: str = "rows", path: str = v.TOTAL, enough: int = ENOUGH
) -> Growth | None:
    """Compare the effect at adoption with the later effect on the same cohorts.

    Averages at different event times are averages over different cohorts, because late cohorts are
    observed for few periods. Their difference combines growth and composition. Here both ends
    contain the same cohorts within strata and, if effects vary by unit, the same units with fixed
    weights. The window is the longest one with enough units.

    Parameters
    ----------
    fit_or_effects : Fit or Dataset
        A fit, or a Dataset of group-time effects.
    weights : str, default "rows"
        As in ``att``; weights of both ends are averaged.
    path : str, default "total"
        "total", "direct", or a mediator.
    enough : int, default 5
        Minimum number of units observed at both ends.

    Returns
    -------
    Growth or None
        None if no window has enough units, or the treatment has no adoption date.

    Raises
    ------
    StudyError
        If the path or the weights do not exist, or no cell is identified.

    Examples
    --------
    The early cohort has larger effects, and no effect grows:

    >>> import numpy as np
    >>> from bayes_nqp._core import effects_schema as schema
    >>> from bayes_nqp.effects.estimands import att, growth
    >>> effects = schema.build(
    ...     np.ones((4, 100, 1, 3)) * [3.0, 3.0, 1.0], strata={}, cohort=[2015, 2015, 2016],
    ...     time=[2015, 2016, 2016], event_time=[0, 1, 0], rows=[6, 6, 9], units=[6, 6, 9],
    ... )
    >>> att(effects, "event_time").mean(["chain", "draw"]).values
    array([1.8, 3. ])
    >>> change = growth(effects)
    >>> float(change.change.mean()) if change is not None else "one event time"
    0.0
    """
    effects = effects_of(fit_or_effects)
    if not schema.is_timed(effects):
        return None
    paths = effects[v.PATH].to_numpy()
    if path not in paths:
        raise StudyError(f"path={path!r} is not a path of these effects", hint=nearest(path, paths))
    pieces = pieces_of(effects)
    pieces["weight"] = cell_weights(effects, weights)[pieces[v.CELL]] * pieces["share"]
    blocks = pieces.groupby([v.EVENT_TIME, "block", v.MEMBER])
    for name in ("weight", v.UNITS):
        pieces[f"all_{name}"] = blocks[name].transform("sum")
    first = pieces[pieces[v.EVENT_TIME] == 0]
    for last in sorted(set(pieces[v.EVENT_TIME]) - {0}, reverse=True):
        ends = first.merge(
            pieces[pieces[v.EVENT_TIME] == last], on=["block", v.MEMBER], suffixes=("", "_last")
        )
        ends = _shared(ends, "weight")
        weight = ends["weight"] + ends["weight_last"]
        ends = ends[weight > 0].assign(part=weight / weight.sum())
        ends = _shared(ends, v.UNITS)
        if min(ends[v.UNITS].sum(), ends[f"{v.UNITS}_last"].sum()) >= enough - 1e-6:
            return _compared(effects.sel({v.PATH: path}), ends, int(last))
    return None


@estimand(
    Message("Change of the effect since adoption, for the same units"),
    place=41,
    needs=(EVENT_TIMES,),
)
def change(fit_or_effects: object, weights: str = "rows") -> xr.DataArray:
    """Subtract the effect at adoption from the later effect on the same cohorts.

    Parameters
    ----------
    fit_or_effects : Fit or Dataset
        A fit, or a Dataset of group-time effects.
    weights : str, default "rows"
        See `growth`.

    Returns
    -------
    DataArray (chain, draw), outcome units
        Change over the longest window of `growth`.

    Raises
    ------
    StudyError
        See `growth`; also if no window has enough units.
    """
    moved = growth(fit_or_effects, weights)
    if moved is None:
        raise StudyError(
            Message("no two event times have {} units in common", ENOUGH),
            hint="nqp.att(fit, by='event_time')",
        )
    attrs = {**moved.end.attrs, "estimand": "change of the effect"}
    return moved.change.assign_attrs(attrs).rename("change")


def _shared(ends: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the shares of a block at each end among pairs of its cells, split by exposure.

    A pair receives a cell's amount times the share of the other cell in its end. The pairs of a
    block therefore add up to the amount of the block at each end.
    """
    names = (name, f"{name}_last")
    part = {x: ends[x] / ends[f"all_{x}"].where(ends[f"all_{x}"] > 0, 1.0) for x in names}
    share = part[names[0]] * part[names[1]]
    return ends.assign(**{x: ends[f"all_{x}"] * share for x in names})


def _compared(effects: xr.Dataset, ends: pd.DataFrame, last: int) -> Growth:
    part, unit_effect = ends["part"].to_numpy(), ends[v.MEMBER].to_numpy()
    start, end = (
        _average(effects, ends[name].to_numpy(), unit_effect, part)
        for name in (v.CELL, f"{v.CELL}_last")
    )
    cohorts = effects[v.COHORT].to_numpy()[ends[v.CELL]]
    labels = tuple(text(x) for x in distinct(cohorts, in_order=True)[0])
    units = ends[[v.UNITS, f"{v.UNITS}_last"]].min(axis=1).sum()
    return Growth(last, labels, round(units), start, end)


def _average(
    effects: xr.Dataset,
    cell: npt.NDArray[np.int64],
    unit_effect: npt.NDArray[np.int64],
    part: Array,
) -> xr.DataArray:
    """Average unit effects: the cell's effect plus centred unit-level random effects."""
    of_cell = np.bincount(cell, part, effects.sizes[v.CELL])
    weights = np.flatnonzero(of_cell)
    draws = effects[v.EFFECT].isel({v.CELL: weights}).transpose(*v.SAMPLE_DIMS, v.CELL)
    values = _weighed(draws.to_numpy(), of_cell[weights])
    if v.DEVIATION in effects and (unit_effect >= 0).all():
        pairs, size = pieces_of(effects), effects.sizes[v.MEMBER]
        expected = of_cell[pairs[v.CELL]] * pairs["share"]
        weight = np.bincount(unit_effect, part, size) - np.bincount(pairs[v.MEMBER], expected, size)
        deviation = effects[v.DEVIATION].transpose(*v.SAMPLE_DIMS, v.MEMBER)
        values = values + _weighed(deviation.to_numpy(), weight)
    names = (*v.SAMPLE_DIMS, *v.EVIDENCE)
    coords = {name: effects[name] for name in names if name in effects.coords}
    attrs = {**effects.attrs, "estimand": "att of the same units"}
    return Draws(values, dims=v.SAMPLE_DIMS, coords=coords, attrs=attrs)


def _weighed(draws: Array, weight: Array) -> Array:
    """Return weighted sums over the last axis, computed separately for each draw."""
    rows = np.ascontiguousarray(draws.reshape(-1, weight.size).T)
    return np.asarray(csr_array(weight[None]) @ rows).reshape(draws.shape[:-1])
