"""Permutations of treatment assignment: many problems that share one model frame."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.inference.model_frame._columns import centred
from bayes_nqp.inference.model_frame._equation import usual_scale
from bayes_nqp.inference.model_frame._model_frame import Equation, ModelFrame
from bayes_nqp.inference.model_frame._permuted_exposure import (
    StackedPermutations,
    stacked_permutations,
)
from bayes_nqp.inference.model_frame._permuted_rows import (
    Ground,
    PermutedRows,
    ground_of,
    permuted_rows,
)
from bayes_nqp.inference.model_frame._scale import relative_weights
from bayes_nqp.model.designs import Calendar
from bayes_nqp.model.predictors import BARE, LEAD, TREATED
from bayes_nqp.numerics.linear_gaussian import Permutations, PermutedProblems, Units
from bayes_nqp.numerics.sufficient_statistics import distinct_rows

_LARGEST = 2e6
"""Numbers of permutations on one node, above which they are split: 200 MB with a dozen nodes."""


@dataclass(frozen=True, eq=False)
class PermutedAdoption:
    """Problems of permutations that share the cells and coefficients of a model frame.

    Parameters
    ----------
    model_frame : ModelFrame
        The common model frame.
    numbers : ndarray of int (k)
        Numbers of these permutations.
    scales : ndarray (k), outcome units
        ``s`` of each.
    rows : ndarray of int (k, cell)
        Number of observations of every cell.
    cell : ndarray of int (k, unit, period)
        Cell of each observation that counts in it and has a deviation, -1 for all others.
    """

    model_frame: ModelFrame
    numbers: Index
    problems: PermutedProblems
    scales: Array
    rows: Index
    cell: Index

    def of_units(self, weights: Array) -> Array:
        """Return weights of units' deviations (k, unit) in averages with cell weights (k, cell)."""
        # sum_c w_c n_ic / n_c; the last is for observations without a cell.
        share = np.column_stack([weights / np.maximum(self.rows, 1), np.zeros(len(weights))])
        each = np.take_along_axis(share, self.cell.reshape(len(share), -1), axis=1)
        return np.asarray(each.reshape(self.cell.shape).sum(axis=2))


def permuted_adoption(model_frame: ModelFrame, cohorts: Index) -> list[PermutedAdoption]:
    """Return the problems of an outcome under permuted cohorts.

    Units keep their observations. If cells and time effects are unchanged, so are the coefficients:
    only groups, loadings of deviations and ``s`` change.

    Parameters
    ----------
    model_frame : ModelFrame
        A model frame with one equation.
    cohorts : ndarray of int (permutation, unit)
        Codes, -1 for never.

    Returns
    -------
    list of PermutedAdoption
        The problems of permutations that share the model frame, in multiples of ``s`` of each; in
        several parts if they do not fit into memory together.
    """
    (equation,) = model_frame.equations
    if not _by_adoption_alone(model_frame, equation):
        return []
    if model_frame.model.equations[0].neighbours is not None:
        return [
            part
            for permutations in stacked_permutations(model_frame, cohorts)
            for part in _exposed(model_frame, permutations)
        ]
    ground = ground_of(model_frame)
    actual = permuted_rows(model_frame, ground, ground.key[None])
    key = ground.key_of(cohorts)
    inside = (key >= 0).all(axis=1)
    permutations = permuted_rows(model_frame, ground, np.where(key >= 0, key, 0))
    fits = np.flatnonzero(
        inside & permutations.like(actual, same_rows=bool(equation.problem.n_columns))
    )
    if not actual.connected[0]:
        return []
    most = _most_together(equation, len(equation.rows.key))
    parts = [fits[start : start + most] for start in range(0, fits.size, most)]
    return [_stated(model_frame, equation, ground, permutations.of(part), part) for part in parts]


def _most_together(equation: Equation, n_units: int) -> int:
    """Return the number of permutations that are computed at once."""
    width = equation.gaussian.width
    numbers = len(equation.problem.groups) * width**2 // 2 + n_units * (width + 1)
    return int(max(_LARGEST // numbers, 1))


def _by_adoption_alone(model_frame: ModelFrame, equation: Equation) -> bool:
    """Return True if units differ only by stratum, adoption and observed periods."""
    (spec,), problem, timing = (
        model_frame.model.equations,
        equation.problem,
        model_frame.model.timing,
    )
    unlike = (
        spec.key, spec.lag, spec.linked, spec.series,
        spec.noise.groups(model_frame.panel), model_frame.moderator, model_frame.exposure,
    )  # fmt: skip
    known = equation.rows.variances is not None or bool(spec.curves)
    if known or any(part is not None for part in unlike) or not isinstance(timing, Calendar):
        return False
    alone = (
        not (spec.processes or spec.mediators or problem.absorbed or problem.unit_effects)
        and len(problem.error_parameters) == 2
        and bool((model_frame.codes.counts == 1.0).all())
    )
    if spec.neighbours is not None:
        bare = not problem.n_columns and model_frame.panel.weights is None
        return alone and bare and bool((timing.role != LEAD).all())
    return (
        alone
        and timing.cell is None
        and not timing.factors
        and bool(np.isin(timing.role, (BARE, TREATED)).all())
        and len({*zip(model_frame.panel.cohort_codes, timing.key, strict=True)}) == len(timing.role)
    )


def _stated(
    model_frame: ModelFrame,
    equation: Equation,
    ground: Ground,
    permutations: PermutedRows,
    numbers: Index,
) -> PermutedAdoption:
    """Return the problems of permutations that share the model frame."""
    seen, n_seen = ground.seen, ground.seen.sum(axis=1)
    scales = _scales(model_frame, permutations)
    repeated = permutations.kept & (n_seen > 1)
    kinds = np.flatnonzero(ground.treated.any(axis=1))
    kind = np.full(len(ground.treated), -1)
    kind[kinds] = np.arange(kinds.size)
    deviates = equation.problem.unit_effect_scale is not None
    stated = Permutations(
        group=np.where(repeated, ground.group[permutations.code], -1),
        kind=np.where(repeated, kind[permutations.key], -1)
        if deviates
        else np.full(permutations.key.shape, -1),
        n_free=(repeated * (n_seen - 1)).sum(axis=1),
        scale=equation.scale / scales,
    )
    cell = np.where(repeated[:, :, None] & seen, ground.cell[permutations.code], -1)
    rows = np.zeros((len(numbers), model_frame.table.size), dtype=np.int64)
    inside = ground.cell >= 0
    rows[:, ground.cell[inside]] = permutations.counts[:, inside]
    return PermutedAdoption(
        model_frame, numbers, PermutedProblems(_units_of(model_frame), stated), scales, rows, cell
    )


def _exposed(model_frame: ModelFrame, permutations: StackedPermutations) -> list[PermutedAdoption]:
    """Return the problems of permutations in models with spillovers, in parts."""
    most = _most_together(permutations.model_frame.equations[0], len(model_frame.codes.stratum))
    parts = np.array_split(
        np.arange(permutations.numbers.size), -(-permutations.numbers.size // most)
    )
    return [_of_exposed(model_frame, permutations.of(part)) for part in parts]


def _of_exposed(model_frame: ModelFrame, permutations: StackedPermutations) -> PermutedAdoption:
    """Return the problems of one part of these permutations.

    A unit with other kept observations under a permutation is treated as another unit.
    """
    (equation,), n = permutations.model_frame.equations, permutations.numbers.size
    permutation, unit = np.nonzero(permutations.lasting)
    units, place = distinct_rows(np.column_stack([unit, permutations.seen[permutation, unit]]))
    seen = units[:, 1:] > 0

    def of_places(values: Index) -> Index:
        out = np.full((n, len(units), *values.shape[1:]), -1)
        out[permutation, place] = values
        return out

    kinds, kind = distinct_rows(permutations.treated[permutation, unit].astype(np.int64))
    bare = int(not kinds[0].any())  # Never-treated units come first and have no d.
    deviates = equation.problem.unit_effect_scale is not None
    kinds, kind = (kinds[bare:], kind - bare) if deviates else (kinds[:0], np.full_like(kind, -1))
    z, _ = _columns(model_frame, equation, permutations.seen.shape[1:])
    stated = Permutations(
        of_places(permutations.group[permutation, unit]), of_places(kind),
        np.where(permutations.lasting, permutations.seen.sum(axis=2) - 1, 0).sum(axis=1),
        equation.scale / permutations.scales,
    )  # fmt: skip
    alike = Units(
        equation.gaussian, seen, np.ones(seen.shape), z[units[:, 0]] * seen[:, :, None],
        kinds.astype(np.float64),
    )  # fmt: skip
    rows = [
        np.bincount(cell[cell >= 0], minlength=permutations.model_frame.table.size)
        for cell in permutations.cell
    ]
    return PermutedAdoption(
        permutations.model_frame, permutations.numbers, PermutedProblems(alike, stated),
        permutations.scales, np.stack(rows),
        of_places(np.where(permutations.treated, permutations.cell, -1)[permutation, unit]),
    )  # fmt: skip


@lru_cache(maxsize=2)
def _units_of(model_frame: ModelFrame) -> Units:
    """Return units with the loadings of adoption at every date of the model frame."""
    (equation,), ground = model_frame.equations, ground_of(model_frame)
    kinds = ground.treated[ground.treated.any(axis=1)].astype(np.float64)
    deviates = equation.problem.unit_effect_scale is not None
    z, weights = _columns(model_frame, equation, ground.seen.shape)
    return Units(equation.gaussian, ground.seen, weights, z, kinds if deviates else kinds[:0])


def _columns(
    model_frame: ModelFrame, equation: Equation, shape: tuple[int, ...]
) -> tuple[Array, Array]:
    """Return columns and outcome of all units (unit, period, K + 1), and observation weights."""
    (spec,), frame, panel = model_frame.model.equations, model_frame.codes, model_frame.panel
    at = frame.unit, frame.time
    z = np.zeros((*shape, len(equation.rows.columns) + 1))
    for k, column in enumerate(equation.rows.columns):
        z[*at, k] = column.at(frame.time)
    every = np.ones(frame.unit.size, dtype=bool)
    z[*at, -1] = centred(frame, spec.outcome / equation.scale, every, common=spec.pooled_time)
    weights = np.ones(shape)
    if panel.weights is not None:
        weights[at] = relative_weights(panel.weights, frame.unit, model_frame.kept)
    return z, weights


def _scales(model_frame: ModelFrame, permutations: PermutedRows) -> Array:
    """Return ``s`` of every permutation."""
    (spec,), frame, timing = (
        model_frame.model.equations,
        model_frame.codes,
        model_frame.model.timing,
    )
    assert isinstance(timing, Calendar)
    if (stated := model_frame.facts.likelihood.scale) is not None:
        return np.full(len(permutations.key), stated)
    out = []
    for key, usable in zip(permutations.key, permutations.kept, strict=True):
        role = timing.role[key[frame.unit], frame.time]
        ground = replace(model_frame, codes=replace(frame, role=role), kept=usable[frame.unit])
        out.append(usual_scale(ground, spec, spec.outcome))
    return np.array(out)
