"""Consistency of the draws, effects and counts of a file, with or without observations."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import StudyError, shown
from bayes_nqp.inference.fitting._fit_index import pooled_over, variances
from bayes_nqp.inference.fitting._moderation import path_coefficient_draws
from bayes_nqp.inference.fitting._reported import OUTCOME

if TYPE_CHECKING:
    from bayes_nqp.inference.fitting._fit import Fit


_ROUNDING = 1e-8
"""Largest loss by rounding, relative to the largest number."""


def check_arithmetic(fit: Fit) -> None:
    """Recompute the quantities that follow from draws and counts, and compare.

    Raises
    ------
    StudyError
        With the name of the quantity that differs.
    """
    _check_draws(fit)
    for name, effects_dataset in (("effects", fit.effects), ("leads", fit.leads)):
        if effects_dataset is not None:
            _check_cells(effects_dataset, name)
            _check_calendar(effects_dataset, name)
    _check_kind(fit)
    _check_unit_effects(fit.effects)
    _check_paths(fit)
    _check_record(fit)


def alike(a: Array, b: Array) -> bool:
    """Return True if two arrays are equal to rounding, with NaN in the same places."""
    if a.shape != b.shape:
        return False
    gone = np.isnan(b)
    if gone.any():
        return np.array_equal(gone, np.isnan(a)) and alike(a[~gone], b[~gone])
    size = max(float(np.abs(b).max(initial=0.0)), np.finfo(np.float64).tiny)
    return bool(np.abs(a - b).max(initial=0.0) <= _ROUNDING * size)


def _check_draws(fit: Fit) -> None:
    for group, dataset in fit.groups.items():
        for name, variable in dataset.data_vars.items():
            # Strata without mediated observations have no slope of the moderator; samplers may omit
            # it.
            if group == "sample_stats" or str(name).endswith("__moderation"):
                continue
            if not np.isfinite(variable.to_numpy()).all():
                raise StudyError(f"{str(name)!r} of its {group} is not finite")
        for dim in v.SAMPLE_DIMS:
            if not np.array_equal(dataset[dim].to_numpy(), np.arange(dataset.sizes[dim])):
                raise StudyError(f"the {dim}s of its {group} are not numbered from 0")
    posterior, sampler = fit.groups["posterior"], fit.sampler
    size = tuple(posterior.sizes[dim] for dim in v.SAMPLE_DIMS)
    stated = (sampler.chains, sampler.draws)
    if size != stated and not (fit.record.get("interrupted") and size < stated):
        raise StudyError(f"it has {size} chains and draws, and its sampler made {stated}")


def _check_cells(effects_dataset: xr.Dataset, name: str) -> None:
    """Require that counts are positive integers and that no cell occurs twice."""
    for count in (v.ROWS, v.UNITS):
        values = effects_dataset[count].to_numpy()
        if values.dtype.kind not in "iu" or (values < 1).any():
            raise StudyError(f"{count!r} of its {name} are not positive whole numbers")
    if (effects_dataset[v.UNITS].to_numpy() > effects_dataset[v.ROWS].to_numpy()).any():
        raise StudyError(f"cells of its {name} have more units than rows")
    if v.WEIGHT in effects_dataset.coords:
        weight = effects_dataset[v.WEIGHT].to_numpy()
        if not (np.isfinite(weight).all() and (weight >= 0.0).all()):
            raise StudyError(f"'weight' of its {name} is negative, or not a number")
    names = [*schema.factors(effects_dataset), v.TIME, *_present(effects_dataset, v.COHORT, v.ROLE)]
    missing = [
        n for n in names if n not in effects_dataset.coords or effects_dataset[n].dims != (v.CELL,)
    ]
    if missing:
        raise StudyError(f"{shown(missing)} of its {name} label no cells")
    counts = (v.CELL, v.ROWS, v.UNITS, v.WEIGHT, v.IDENTIFIED)
    labels = [
        x for n, x in effects_dataset.coords.items() if x.dims == (v.CELL,) and n not in counts
    ]
    lines = list(zip(*(label.to_numpy().tolist() for label in labels), strict=True))
    if len(set(lines)) < len(lines):
        raise StudyError(f"cells of its {name} occur twice")
    paths = effects_dataset[v.PATH].to_numpy().tolist()
    if len(set(paths)) < len(paths) or v.TOTAL not in paths:
        raise StudyError(f"the paths of its {name} are {shown(paths)}")


def _present(effects_dataset: xr.Dataset, *names: str) -> list[str]:
    return [name for name in names if name in effects_dataset.coords]


def _check_calendar(effects_dataset: xr.Dataset, name: str) -> None:
    """Event times are steps from cohorts to times on one grid of periods."""
    if not schema.is_timed(effects_dataset):
        return
    event = effects_dataset[v.EVENT_TIME].to_numpy()
    # Labels of cohorts and times are nodes, e is the length of the edge from cohort to time.
    # Breadth
    # first search gives every label one position, or the event times contradict one another.
    place: dict[object, int] = {}
    edges: dict[object, list[tuple[object, int]]] = {}
    cohorts, times = (effects_dataset[n].to_numpy().tolist() for n in (v.COHORT, v.TIME))
    for cohort, time, e in zip(cohorts, times, event.tolist(), strict=True):
        edges.setdefault(cohort, []).append((time, e))
        edges.setdefault(time, []).append((cohort, -e))
    for start in edges:
        if start in place:
            continue
        place[start], ahead, part = 0, [start], [start]
        while ahead:
            label = ahead.pop()
            for to, step in edges[label]:
                if to not in place:
                    place[to] = place[label] + step
                    ahead.append(to)
                    part.append(to)
                elif place[to] != place[label] + step:
                    raise StudyError(
                        f"event times of its {name} are not those from {label!r} to {to!r}"
                    )
        ordered = sorted(part, key=lambda label: place[label])
        numbers = [label for label in ordered if isinstance(label, int | float)]
        if any(a >= b for a, b in pairwise(numbers)):
            raise StudyError(f"event times of its {name} run against its times")


def _check_kind(fit: Fit) -> None:
    """Effects and parameters are of the kind that the design makes."""
    facts, effects, posterior = fit.facts, fit.effects, fit.posterior
    if facts.adopted != schema.is_timed(effects):
        raise StudyError("its design and its effects differ in the kind of treatment")
    channels = len(effects[v.PATH]) > 1 and v.MEDIATOR in posterior.coords
    if (facts.channels is not None) != channels:
        raise StudyError("its design and its effects differ in mediators")
    if facts.leads != ("leads" in fit.groups):
        raise StudyError("its design and its groups differ in leads")
    if facts.varying != effects.attrs.get("varying"):
        raise StudyError("its design and its effects differ in 'varying'")
    if facts.varying is None and v.DEVIATION in effects:
        raise StudyError("its effects deviate, and its design has nothing that varies")
    if effects.attrs.get("outcome", fit.record["outcome"]) != fit.record["outcome"]:
        raise StudyError("the outcome in its head is not that of its effects")


def _check_unit_effects(effects: xr.Dataset) -> None:
    """Members' rows add up to those of their cells."""
    if v.MEMBERSHIP_CELL not in effects:
        return
    cell, unit_effect, rows = (
        effects[name].to_numpy()
        for name in (v.MEMBERSHIP_CELL, v.MEMBERSHIP_MEMBER, v.MEMBERSHIP_ROWS)
    )
    if min(cell.min(initial=0), unit_effect.min(initial=0), rows.min(initial=1) - 1) < 0:
        raise StudyError("its membership table contains negative numbers")
    if len(set(zip(cell.tolist(), unit_effect.tolist(), strict=True))) < cell.size:
        raise StudyError("members occur twice in its membership table")
    if len(set(effects[v.MEMBER].to_numpy().tolist())) < effects.sizes[v.MEMBER]:
        raise StudyError("its members have the same names")
    if v.DEVIATION not in effects:
        return
    counts = np.bincount(cell, rows, effects.sizes[v.CELL])
    treated = schema.roles(effects) == v.TREATED
    if not np.array_equal(counts[treated], effects[v.ROWS].to_numpy()[treated]):
        raise StudyError("rows of its members do not add up to those of its cells")


def _check_paths(fit: Fit) -> None:
    """Require that paths add up, and that effects equal means, deviations and products of paths."""
    effects, posterior, leads = fit.effects, fit.posterior, fit.leads
    for name, effects_dataset in (("effects", effects), ("leads", leads)):
        if effects_dataset is None or effects_dataset.sizes[v.PATH] == 1:
            continue
        for variable in (v.EFFECT, v.DEVIATION):
            if variable in effects_dataset and not _adds_up(effects_dataset, variable):
                raise StudyError(f"paths of {variable!r} in its {name} do not add up")
    facts = fit.facts
    linked = facts.has("lag") or facts.has("linked")
    moderated = facts.moderator is not None or facts.has("moderators")
    if (linked and not facts.channels) or moderated or facts.joined:
        return
    if facts.channels is not None:
        path_coefficients = path_coefficient_draws(fit)
        for mediator in path_coefficients[v.MEDIATOR].to_numpy():
            coefficients = path_coefficients.sel({v.MEDIATOR: mediator})
            # Effect on the mediator times its slope, draw by draw and cell by cell.
            product = (coefficients["a"] * coefficients["b"]).to_numpy()
            if not alike(_through(effects, str(mediator)), product):
                raise StudyError(f"effects through {mediator} are not the product of a and b")
        if f"{OUTCOME}__d" in posterior or facts.reach != "none":
            return
    if facts.varying is not None and v.DEVIATION not in effects:
        return
    path = v.TOTAL if facts.channels is None else v.DIRECT
    mean = posterior[f"{OUTCOME}__cell_mean"].transpose(*v.SAMPLE_DIMS, v.CELL).to_numpy()
    if not alike(_effect(effects, path), mean + _mean_deviation(effects, path)):
        raise StudyError(f"{path} effects are not the means of cells and of their deviations")


def _through(effects: xr.Dataset, mediator: str) -> Array:
    """Effects of own treatment through the own mediator (chain, draw, cell)."""
    if v.VIA not in effects:
        return _effect(effects, mediator)
    place = {v.MEDIATOR: mediator, v.TREATMENT_OF: v.OWN, v.MEDIATOR_OF: v.OWN}
    return np.asarray(effects[v.VIA].sel(place).transpose(*v.SAMPLE_DIMS, v.CELL).to_numpy())


def _effect(effects: xr.Dataset, path: str) -> Array:
    return np.asarray(
        effects[v.EFFECT].sel({v.PATH: path}).transpose(*v.SAMPLE_DIMS, v.CELL).to_numpy()
    )


def _adds_up(effects_dataset: xr.Dataset, name: str) -> bool:
    values = effects_dataset[name].transpose(v.PATH, *v.SAMPLE_DIMS, ...).to_numpy()
    paths = effects_dataset[v.PATH].to_numpy().tolist()
    total = paths.index(v.TOTAL)
    if v.DIRECT in paths:
        return alike(values[total], values.sum(axis=0) - values[total])
    if name == v.DEVIATION:
        return not values[paths.index(v.RECEIVED)].any()
    near = schema.roles(effects_dataset) == v.NEIGHBOUR
    return alike(values[paths.index(v.RECEIVED)], np.where(near, values[total], 0.0))


def _mean_deviation(effects: xr.Dataset, path: str) -> Array | float:
    """Mean deviation of the rows of each cell (chain, draw, cell)."""
    if v.DEVIATION not in effects:
        return 0.0
    deviation = effects[v.DEVIATION].sel({v.PATH: path}).transpose(*v.SAMPLE_DIMS, v.MEMBER)
    share = np.zeros((effects.sizes[v.MEMBER], effects.sizes[v.CELL]))
    # Observations of a member in a cell over those of the cell: untreated ones have no deviation.
    entry = effects[v.MEMBERSHIP_MEMBER].to_numpy(), effects[v.MEMBERSHIP_CELL].to_numpy()
    share[entry] = effects[v.MEMBERSHIP_ROWS].to_numpy()
    return np.asarray(deviation.to_numpy() @ (share / effects[v.ROWS].to_numpy()))


def _check_record(fit: Fit) -> None:
    """Numbers of the record that follow from draws."""
    if not pooled_over(fit):
        return
    for name, value in zip(("within", "between"), variances(fit.effects), strict=True):
        if not np.isclose(float(fit.record[f"index_{name}"]), value):
            raise StudyError(f"index_{name} of its facts is not that of its draws")
    numbers = np.unique(fit.effects[v.INDEX_DRAW].to_numpy())
    if not np.array_equal(numbers, np.arange(pooled_over(fit))):
        raise StudyError("its draws are not those of so many draws of an index")
