"""The processes of every group that `by` keeps apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp import schema
from bayes_nqp import vocabulary as v
from bayes_nqp.errors import StudyError, nearest
from bayes_nqp.estimands import Axis, By, average_of, axes_of, entries_of, names_of, text
from bayes_nqp.robustness.trends._event_study import EventStudy
from bayes_nqp.robustness.trends._process import Cells, Violations, process_of

__all__ = ["EventTime", "Groups", "Weights", "contrasted", "groups_of", "label_of"]

type EventTime = int | Sequence[int] | None
type Weights = str | Mapping[int, float]


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Processes of groups.

    Parameters
    ----------
    axes : list of Axis
        Dimensions of the groups.
    processes : list of Violations or None
        In C order; None where a combination is empty, or has no leads.
    """

    axes: list[Axis]
    processes: list[Violations | None]

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the groups' dimensions."""
        return tuple(len(axis.labels) for axis in self.axes)


def groups_of(study: EventStudy, by: By, event_time: EventTime, weights: Weights) -> Groups:
    """Work out the process of every group.

    Parameters
    ----------
    by : str, sequence of str, mapping, or None
        Stratum factors, "stratum", "cohort", "event_time".
    event_time : int, sequence of int, or None
        Which periods the estimand averages; all by default.
    weights : str or mapping of int to float
        As in ``att``; or a weight for each event time.

    Raises
    ------
    StudyError
        If a name, an event time or a weight is unknown.
    """
    names = names_of(by)
    dims = (*schema.factors(study.effects), v.STRATUM, v.COHORT, v.EVENT_TIME)
    for old in names.values():
        if old not in dims:
            raise StudyError(f"by={old!r} does not tell leads apart", hint=nearest(old, dims))
    effects = _chosen(study.effects, event_time, weights)
    axes, maps = _maps(effects, names, weights)
    untimed = {new: old for new, old in names.items() if old != v.EVENT_TIME}
    entries = entries_of(study.leads, untimed)
    before = {axis.name: axis for axis in axes_of(study.leads, untimed, entries)}
    leads, after = Cells.of(study.leads, study.reference), Cells.of(effects, study.reference)
    shape = tuple(len(axis.labels) for axis in axes)
    processes = []
    for place, weight in zip(np.ndindex(*shape), maps, strict=True):
        inside = np.ones(leads.rows.size, dtype=bool)
        for axis, k in zip(axes, place, strict=True):
            if axis.name in before:
                lead_axis = before[axis.name]
                inside &= (lead_axis.labels == axis.labels[k])[lead_axis.codes]
        counted = weight != 0
        process = None
        if counted.any() and inside.any():
            process = process_of(leads.only(inside), after.only(counted), weight[counted])
        processes.append(process if process is not None and process.step_times else None)
    return Groups(axes, processes)


def contrasted(
    groups: Groups, pair: Mapping[str, object], minus: object
) -> tuple[Groups, list[tuple[Violations | None, Violations | None]]]:
    """Pair the groups at one level with those at another.

    Returns
    -------
    tuple of Groups, list of tuple of Violations or None
        Without the dims that are compared.

    Raises
    ------
    StudyError
        If a dim or a level is unknown.
    """
    names = [axis.name for axis in groups.axes]
    places: list[dict[int, int]] = [{}, {}]
    for place, levels in zip(places, (pair, _other(pair, minus)), strict=True):
        for dim, level in levels.items():
            if dim not in names:
                raise StudyError(f"{dim!r} is not kept apart", hint=nearest(dim, names))
            labels = groups.axes[names.index(dim)].labels
            same = np.flatnonzero(labels == level)
            if not same.size:
                raise StudyError(
                    f"{level!r} is not a level of {dim!r}",
                    hint=nearest(text(level), [text(label) for label in labels]),
                )
            place[names.index(dim)] = int(same[0])
    table = np.empty(groups.shape, dtype=object)
    table.ravel()[:] = groups.processes
    first, second = (
        np.ravel(
            np.asarray(table[tuple(place.get(k, slice(None)) for k in range(len(names)))], object)
        )
        for place in places
    )
    axes = [axis for k, axis in enumerate(groups.axes) if k not in places[0]]
    return Groups(axes, list(first)), list(zip(first, second, strict=True))


def label_of(pair: Mapping[str, object], minus: object) -> str:
    """Name a contrast."""
    sides = (pair, _other(pair, minus))
    return " − ".join(" × ".join(map(text, side.values())) for side in sides)


def _chosen(effects: xr.Dataset, event_time: EventTime, weights: Weights) -> xr.Dataset:
    """Keep the cells at the event times that are asked for."""
    if isinstance(weights, Mapping):
        if event_time is not None:
            raise StudyError(
                "both 'event_time' and weights by event time are given", hint="give one of them"
            )
        event_time = list(weights)
        values = np.asarray(list(weights.values()), dtype=np.float64)
        if not np.isfinite(values).all() or not values.any():
            raise StudyError(f"weights={dict(weights)!r} are no weights", hint="{3: 1, 0: -1}")
    if event_time is None:
        return effects
    wanted = [event_time] if isinstance(event_time, int | np.integer) else list(event_time)
    times = effects[v.EVENT_TIME].to_numpy()
    identified = effects[v.IDENTIFIED].to_numpy()
    missing = sorted(set(wanted) - set(times[identified].tolist()))
    if missing or not wanted:
        raise StudyError(
            f"no effect is identified at event time {missing[0] if missing else 'none'}",
            hint=f"event times {times[identified].min()} to {times[identified].max()}",
        )
    return effects.isel({v.CELL: np.isin(times, wanted)})


def _maps(
    effects: xr.Dataset, names: Mapping[str, str], weights: Weights
) -> tuple[list[Axis], npt.NDArray[np.float64]]:
    """Weights of the cells in every group (group, cell)."""
    if isinstance(weights, str):
        average = average_of(effects, names, weights, None)
        return average.axes, average.cells.toarray()
    if v.EVENT_TIME in names.values():
        raise StudyError(
            "by='event_time' and weights by event time do not go together", hint="give one of them"
        )
    name = "event time of the weights"
    average = average_of(effects, {**names, name: v.EVENT_TIME}, v.ROWS, None)
    times = average.axes[-1].labels
    factors = np.asarray([weights[int(e)] for e in times], dtype=np.float64)
    cells = average.cells.toarray().reshape(-1, times.size, effects.sizes[v.CELL])
    present = (average.weight.reshape(-1, times.size) > 0) | (factors == 0)
    maps = np.einsum("gec,e->gc", cells, factors)
    maps[~present.all(axis=1)] = 0.0
    return average.axes[:-1], maps


def _other(pair: Mapping[str, object], minus: object) -> dict[str, object]:
    if not pair:
        raise StudyError("'minus' is given, but no level to compare", hint="region='inland'")
    if isinstance(minus, Mapping):
        if set(minus) != set(pair):
            raise StudyError("'minus' names other dims than the levels", hint="the same dims")
        return {dim: minus[dim] for dim in pair}
    if len(pair) > 1:
        raise StudyError(
            f"minus={minus!r} is one level, and {len(pair)} dims are compared",
            hint="minus={'dim': level, ...} with a level for each dim",
        )
    return dict.fromkeys(pair, minus)
