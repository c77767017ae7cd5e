"""Permutations of treatment in models with spillovers: one model frame for many permutations.

Each permutation has its own cells, by distance band and start of exposure. All permutations are
combined in one panel, with as many units as they have together and with the cells of any of them.
A cell without observations under a permutation has a coefficient that is informed only by its
prior: it integrates to one, and no average changes. Permutations are combined only if the result is
equal to that of a separate model frame (`_likeness`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp._core.exceptions import IdentificationError, StudyError
from bayes_nqp.inference.model_frame._cells import cell_info, cell_table
from bayes_nqp.inference.model_frame._codes import PanelCodes
from bayes_nqp.inference.model_frame._connected import free_times
from bayes_nqp.inference.model_frame._equation import equation_of, usual_scale
from bayes_nqp.inference.model_frame._identification import OK, row_reasons
from bayes_nqp.inference.model_frame._model_frame import ModelFrame
from bayes_nqp.model.designs import Calendar
from bayes_nqp.model.predictors import (
    ESTIMATED_FROM,
    CellTable,
    GlobalPart,
    LocalPart,
    exposed_parts,
)
from bayes_nqp.numerics.parameters import Scale
from bayes_nqp.numerics.sufficient_statistics import Rows

_OPEN = ("walk", "cohort", "cell")
"""Suffixes of parts that have one more coefficient for each further kind of cell."""


@dataclass(frozen=True, eq=False)
class StackedPermutations:
    """Permutations that share the coefficients of one model frame.

    Parameters
    ----------
    model_frame : ModelFrame
        The frame of all units of all permutations.
    numbers : ndarray of int (permutation)
        Numbers of these permutations.
    seen, treated : ndarray of bool (permutation, unit, period)
        Observations in the likelihood, and treated ones among them.
    cell : ndarray of int (permutation, unit, period)
        Cell in the model frame, -1 for none.
    group : ndarray of int (permutation, unit)
        Group in the model frame, -1 for none.
    scales : ndarray (permutation), outcome units
        ``s`` of each.
    """

    model_frame: ModelFrame
    numbers: Index
    seen: Mask
    treated: Mask
    cell: Index
    group: Index
    scales: Array

    @property
    def lasting(self) -> Mask:
        """Return True for units with several observations (permutation, unit)."""
        return self.group >= 0

    def of(self, part: Index) -> StackedPermutations:
        """Select some permutations."""
        names = ("numbers", "seen", "treated", "cell", "group", "scales")
        return replace(self, **{name: getattr(self, name)[part] for name in names})


@dataclass(frozen=True, eq=False)
class _Permutation:
    """One permutation: its codes and its kept observations."""

    number: int
    codes: PanelCodes
    kept: Mask


def stacked_permutations(model_frame: ModelFrame, cohorts: Index) -> Iterator[StackedPermutations]:
    """Combine permutations in models with spillovers, one stack for each set of similar ones."""
    classes, keys, numbers = _classes(model_frame, cohorts)
    if classes is None:
        return
    permutations = [
        permutation
        for number, key in zip(numbers, keys, strict=True)
        if (permutation := _permutation(model_frame, classes, number, key)) is not None
    ]
    if not permutations:
        return
    frame, sample = (
        _stacked(permutations),
        np.concatenate([permutation.kept for permutation in permutations]),
    )
    table, cell = cell_table(model_frame.panel, frame, sample, classes)
    cells = cell.reshape(len(permutations), -1)
    alike: dict[tuple[object, ...], list[int]] = {}
    for k, permutation in enumerate(permutations):
        alike.setdefault(_likeness(model_frame, permutation, table, cells[k]), []).append(k)
    for likeness, members in alike.items():
        stated = _stated(model_frame, classes, [permutations[k] for k in members], likeness)
        if stated is not None:
            yield stated


def _classes(
    model_frame: ModelFrame, cohorts: Index
) -> tuple[Calendar | None, list[Index], list[int]]:
    """Return one calendar of all valid permutations, their units' classes and their numbers."""
    facts, calendars, numbers = model_frame.facts, [], []
    for number, codes in enumerate(cohorts):
        with suppress(IdentificationError, StudyError):
            timing, panel = model_frame.model.timing, model_frame.panel.with_cohorts(codes)
            for term in facts.terms:
                timing = term.timing(timing, facts, panel)
            assert isinstance(timing, Calendar)
            calendars.append(timing)
            numbers.append(number)
    if not calendars:
        return None, [], []
    names = [*calendars[0].labels]
    labels = {name: np.concatenate([c.labels[name] for c in calendars]) for name in names}
    role, origin = (np.concatenate([getattr(c, x) for c in calendars]) for x in ("role", "origin"))
    codes = [np.unique(x, return_inverse=True)[1].reshape(role.shape) for x in labels.values()]
    table = np.stack([role, origin, *codes], axis=-1)
    flat = table.reshape(len(table), -1)
    _, first, same = np.unique(flat, axis=0, return_index=True, return_inverse=True)
    kind = np.unique(table[first].reshape(-1, table.shape[2]), axis=0, return_inverse=True)[1]
    calendar = Calendar(
        np.zeros(0, dtype=np.int64), origin[first], role[first],
        {name: x[first] for name, x in labels.items()}, kind.reshape(role[first].shape),
    )  # fmt: skip
    starts = np.cumsum([0, *(len(c.role) for c in calendars)])
    same = same.ravel()
    keys = [same[start + c.key] for start, c in zip(starts, calendars, strict=False)]
    return calendar, keys, numbers


def _permutation(
    model_frame: ModelFrame, classes: Calendar, number: int, key: Index
) -> _Permutation | None:
    """Return one permutation; None if the panel does not identify an effect of the design."""
    frame = model_frame.codes
    at = key[frame.unit], frame.time
    frame = replace(
        frame, key=key, cohort=classes.start[key], origin=classes.origin[at], role=classes.role[at]
    )
    sample = row_reasons(frame, never=False) == OK
    if not (frame.treated & sample).any() or (
        model_frame.model.unidentified == "raise" and not sample.all()
    ):
        return None
    return _Permutation(number, frame, sample)


def _stacked(permutations: Sequence[_Permutation]) -> PanelCodes:
    """Return the codes of all units of all permutations."""
    frames, n = [permutation.codes for permutation in permutations], len(permutations)
    first = frames[0]
    key, cohort, origin, role = (
        np.concatenate([getattr(frame, name) for frame in frames])
        for name in ("key", "cohort", "origin", "role")
    )
    return PanelCodes(
        np.tile(first.unit, n) + np.repeat(np.arange(n) * first.n_units, first.unit.size),
        np.tile(first.time, n), np.tile(first.stratum, n), np.tile(first.level, n), key, cohort,
        np.arange(n * first.n_units), origin, role, first.stratum_levels, first.level_names,
        np.tile(first.unit_effect_labels, n), np.tile(first.counts, n),
    )  # fmt: skip


def _likeness(
    model_frame: ModelFrame, permutation: _Permutation, table: CellTable, cell: Index
) -> tuple[object, ...]:
    """Return the properties that combined permutations must share.

    These are parts, time effects and the estimation of a scale of deviations.
    """
    frame, sample = permutation.codes, permutation.kept
    inside = np.unique(cell[cell >= 0])

    each = ("stratum", "cohort", "time", "event_time", "role")
    some: dict[str, Any] = {name: getattr(table, name)[inside] for name in each}
    for name in ("levels", "labels", "moving"):
        some[name] = {key: column[inside] for key, column in getattr(table, name).items()}
    cells = replace(table, **some)
    none = np.zeros(frame.n_units, dtype=np.int64)
    rows = Rows(frame.unit[sample], frame.time[sample], none, np.zeros(int(sample.sum())))
    seen, free = free_times(rows, frame.level, len(frame.level_names), frame.n_periods)
    adopters = np.unique(frame.unit_effect[frame.cohort >= 0]).size >= ESTIMATED_FROM
    return _of_parts(_parts(model_frame, cells)), seen.tobytes(), free.tobytes(), adopters


def _parts(model_frame: ModelFrame, table: CellTable) -> Sequence[GlobalPart | LocalPart]:
    (spec,) = model_frame.model.equations
    near = spec.neighbours
    assert near is not None
    return exposed_parts(table, spec.pooling, spec.strata, near.pooling, near.strata, spec.priors)


def _of_parts(parts: Sequence[GlobalPart | LocalPart]) -> object:
    """Return parts by name and scale, with labels if these define comparisons; and scales.

    In a part of independent coefficients, such as cohorts, one more changes no other.
    """
    kinds: dict[object, None] = {}
    for part in parts:
        name = part.name.removesuffix("_shared")
        more = name.rpartition("_")[2] in _OPEN and isinstance(part.scale, Scale)
        labels = () if more or isinstance(part, LocalPart) else tuple(part.labels)
        kinds[name, part.place, part.scale, labels] = None
    order = [p.scale for kind in (GlobalPart, LocalPart) for p in parts if isinstance(p, kind)]
    names = dict.fromkeys(scale.name for scale in order if isinstance(scale, Scale))
    return tuple(kinds), tuple(names)


def _stated(
    model_frame: ModelFrame,
    classes: Calendar,
    permutations: Sequence[_Permutation],
    likeness: tuple[object, ...],
) -> StackedPermutations | None:
    """Combine similar permutations; None if the stack differs from each separate model."""
    (spec,), (equation,), n = model_frame.model.equations, model_frame.equations, len(permutations)
    frame, sample = (
        _stacked(permutations),
        np.concatenate([permutation.kept for permutation in permutations]),
    )
    panel = replace(model_frame.panel, outcome=np.tile(model_frame.panel.outcome, n))
    table, cell = cell_table(panel, frame, sample, classes)
    if _of_parts(_parts(model_frame, table)) != likeness[0]:
        return None
    stacked = replace(spec, outcome=np.tile(spec.outcome, n))
    ground = replace(
        model_frame, model=replace(model_frame.model, panel=panel, equations=(stacked,)),
        codes=frame,
        kept=sample, cells=cell_info(panel, frame, sample, table, cell), cell_of_row=cell,
        table=table,
    )  # fmt: skip
    stated = equation_of(ground, stacked, scale=equation.scale)
    scales = [
        usual_scale(
            replace(model_frame, codes=permutation.codes, kept=permutation.kept), spec, spec.outcome
        )
        for permutation in permutations
    ]
    shape = n * model_frame.codes.n_units, model_frame.codes.n_periods
    seen, treated, cells = np.zeros(shape, bool), np.zeros(shape, bool), np.full(shape, -1)
    rows = frame.unit[sample], frame.time[sample]
    seen[rows], treated[rows], cells[rows] = True, frame.treated[sample], cell[sample]
    by_permutation = [x.reshape(n, -1, shape[1]) for x in (seen, treated, cells)]
    return StackedPermutations(
        replace(ground, equations=(stated,)),
        np.array([permutation.number for permutation in permutations]),
        by_permutation[0], by_permutation[1], by_permutation[2], stated.rows.group.reshape(n, -1),
        np.array(scales),
    )  # fmt: skip
