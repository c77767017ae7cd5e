"""Processes of violations for every group defined by `by`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import StudyError, nearest
from bayes_nqp.effects.estimands import Axis, By, average_of, axes_of, entries_of, names_of
from bayes_nqp.robustness.trends._event_study import EventStudy
from bayes_nqp.robustness.trends._process import TrendCells, process_of

type EventTime = int | Sequence[int] | None
type Weights = str | Mapping[int, float]


def groups_of(study: EventStudy, by: By, event_time: EventTime, weights: Weights) -> xr.DataArray:
    """Compute the process of violations of every group.

    Parameters
    ----------
    by : str, sequence of str, mapping, or None
        Stratum factors, "stratum", "cohort", "event_time".
    event_time : int, sequence of int, or None
        Periods averaged in the estimand; by default all from adoption on.
    weights : str or mapping of int to float
        See `att`; or a weight for each event time.

    Returns
    -------
    DataArray (...) of Violations or None
        None if a combination is empty, or has no leads.

    Raises
    ------
    StudyError
        If a name, an event time or a weight is unknown.
    """
    names = names_of(by)
    dims = (*schema.factors(study.effects), v.STRATUM, v.COHORT, v.EVENT_TIME)
    for old in names.values():
        if old not in dims:
            raise StudyError(
                f"by={old!r} does not distinguish pre-adoption coefficients (leads)",
                hint=nearest(old, dims),
            )
    effects = _chosen(study.effects, event_time, weights)
    axes, maps = _maps(effects, names, weights, anticipated=event_time is not None)
    untimed = {new: old for new, old in names.items() if old != v.EVENT_TIME}
    entries = entries_of(study.leads, untimed)
    before = {axis.name: axis for axis in axes_of(study.leads, untimed, entries)}
    leads, after = (
        TrendCells.of(study.leads, study.reference),
        TrendCells.of(effects, study.reference),
    )
    groups = xr.DataArray(
        np.full([len(axis.labels) for axis in axes], None, dtype=object),
        dims=[axis.name for axis in axes],
        coords={axis.name: axis.labels for axis in axes},
    )
    for place, weight in zip(np.ndindex(*groups.shape), maps, strict=True):
        inside = np.ones(leads.rows.size, dtype=bool)
        for axis, k in zip(axes, place, strict=True):
            if axis.name in before:
                lead_axis = before[axis.name]
                inside &= (lead_axis.labels == axis.labels[k])[lead_axis.codes]
        counted = weight != 0
        if counted.any() and inside.any():
            process = process_of(leads.only(inside), after.only(counted), weight[counted])
            # Without a step before adoption, later steps are unbounded.
            groups.values[place] = process if process.step_times else None
    return groups


def _chosen(effects: xr.Dataset, event_time: EventTime, weights: Weights) -> xr.Dataset:
    """Select the cells at the requested event times."""
    if isinstance(weights, Mapping):
        if event_time is not None:
            raise StudyError(
                "'event_time' and weights by event time exclude each other", hint="give one of them"
            )
        event_time = list(weights)
        values = np.asarray(list(weights.values()), dtype=np.float64)
        if not np.isfinite(values).all() or not values.any():
            raise StudyError(f"weights={dict(weights)!r} are not weights", hint="{3: 1, 0: -1}")
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
    effects: xr.Dataset, names: Mapping[str, str], weights: Weights, *, anticipated: bool
) -> tuple[list[Axis], npt.NDArray[np.float64]]:
    """Return the weights of the cells in every group (group, cell)."""
    if isinstance(weights, str):
        average = average_of(effects, names, weights, None, anticipated=anticipated)
        return average.axes, average.cells.toarray()
    if v.EVENT_TIME in names.values():
        raise StudyError(
            "by='event_time' and weights by event time exclude each other", hint="give one of them"
        )
    name = "event time of the weights"
    average = average_of(effects, {**names, name: v.EVENT_TIME}, v.ROWS, None)
    times = average.axes[-1].labels
    factors = np.asarray([weights[int(e)] for e in times], dtype=np.float64)
    cells = average.cells.toarray().reshape(-1, times.size, effects.sizes[v.CELL])
    present = (average.weight.reshape(-1, times.size) > 0) | (factors == 0)
    # Weights of cells in sum_e f_e × (average of the cells at event time e), group by group.
    maps = np.einsum("gec,e->gc", cells, factors)
    maps[~present.all(axis=1)] = 0.0
    return average.axes[:-1], maps
