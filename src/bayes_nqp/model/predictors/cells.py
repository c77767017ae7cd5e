"""Effects of cells: construction of stratum × cohort × time effects from shared components."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import combinations

import numpy as np
import numpy.typing as npt

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp.model.pooling import Pooling
from bayes_nqp.model.predictors.parts import GlobalPart, LocalPart, zero_sum
from bayes_nqp.model.priors import Priors
from bayes_nqp.numerics.parameters import FIXED, FLAT, Scale

__all__ = [
    "AFTER", "BARE", "ESTIMATED_FROM", "LEAD", "NEIGHBOUR", "OWN_EFFECT", "TREATED", "CellTable",
    "after_parts", "cell_parts", "curve_parts", "lead_parts",
]  # fmt: skip


BARE, TREATED, LEAD, NEIGHBOUR, AFTER = range(5)
"""Roles of a class of units in a period: a control; treated; before treatment, with a flat effect;
near treated ones; after a treatment that has ended, with an effect."""
OWN_EFFECT = (TREATED, LEAD, NEIGHBOUR, AFTER)
"""Roles with cells, whose effects are their own."""

ESTIMATED_FROM = 5
"""Number of levels from which a scale is estimated; below it, it is fixed."""


@dataclass(frozen=True, eq=False)
class CellTable:
    """Cells of the design: stratum × cohort × time.

    Parameters
    ----------
    stratum, cohort, time, event_time : ndarray of int (cell)
        Codes; event time counts from the cohort, the period of adoption.
    role : ndarray of int (cell)
        `TREATED`, `LEAD`, `NEIGHBOUR` or `AFTER`.
    levels : mapping of str to ndarray of int (cell)
        Level of each stratum factor.
    names : mapping of str to ndarray of str
        Labels of these levels.
    cohort_names : mapping of int to str
        Labels of the cohorts.
    labels : mapping of str to ndarray (cell)
        Further coordinates.
    moving : mapping of str to ndarray of str (cell)
        Level of each factor that changes within units; effects of each level have a course of their
        own.
    """

    stratum: Index
    cohort: Index
    time: Index
    event_time: Index
    role: Index
    levels: Mapping[str, Index]
    names: Mapping[str, npt.NDArray[np.str_]]
    cohort_names: Mapping[int, str]
    labels: Mapping[str, npt.NDArray[np.generic]] = field(default_factory=dict)
    moving: Mapping[str, npt.NDArray[np.str_]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Number of cells."""
        return int(self.stratum.size)

    @property
    def lead(self) -> npt.NDArray[np.bool_]:
        """Cells before treatment (cell), which are not reported as effects."""
        return np.asarray(self.role == LEAD)


def lead_parts(cells: CellTable) -> list[LocalPart]:
    """A flat coefficient for each lead."""
    leads = np.flatnonzero(cells.role == LEAD)
    return [LocalPart("lead", "cells", leads, FLAT)] if leads.size else []


def cell_parts(
    cells: CellTable,
    pooling: Pooling,
    strata: tuple[str, ...],
    priors: Priors,
    *,
    role: int = TREATED,
) -> list[GlobalPart | LocalPart]:
    """Parts of the linear predictor that make up the effects of cells of one role.

    Parameters
    ----------
    cells : CellTable
        Of the design.
    pooling : Pooling
        How effects share strength.
    strata : tuple of str
        The factors by which effects vary.
    priors : Priors
        Scales, in multiples of ``s``.
    role : int, default `TREATED`
        Or `NEIGHBOUR`, or `AFTER`.
    """
    inside = cells.role == role
    effects = np.flatnonzero(inside)
    if pooling.flat:
        return [LocalPart("cell", "cells", effects, FLAT)]
    parts: list[GlobalPart | LocalPart] = []
    if "curve" in pooling.pieces:
        for suffix, course in _courses(cells, inside):
            parts += [
                replace(part, name=f"{part.name}{suffix}")
                for part in curve_parts(cells.event_time, course, priors)
            ]
    if "strata" in pooling.pieces:
        parts += _factors(cells, inside, strata, priors)
    if "cohort" in pooling.pieces:
        parts += _cohorts(cells, inside, priors)
    if "cell" in pooling.pieces and effects.size > 1:
        scale = Scale("cell", priors.scale("cell"), effects.size >= ESTIMATED_FROM)
        parts.append(LocalPart("cell", "cells", effects, scale))
    return parts


def after_parts(
    cells: CellTable, pooling: Pooling, strata: tuple[str, ...], priors: Priors
) -> list[GlobalPart | LocalPart]:
    """Return the parts of effects after exit, with event time from exit; none without such cells.

    They are pooled as the effects of treated cells are, around a mean course of their own and with
    separate scales: ``tau_c = mu' + kappa' e + walk'(e) + ...``, e periods after exit.
    """
    if not (cells.role == AFTER).any():
        return []
    parts = cell_parts(cells, pooling, strata, priors, role=AFTER)
    return [_of_family(part, "after") for part in parts]


def _of_family(part: GlobalPart | LocalPart, family: str) -> GlobalPart | LocalPart:
    scale = part.scale
    if isinstance(scale, Scale):
        scale = replace(scale, name=f"{family}_{scale.name}")
    return replace(part, name=f"{family}_{part.name}", scale=scale)


def _courses(cells: CellTable, inside: Mask) -> Iterator[tuple[str, Mask]]:
    """Return the cells that follow one course in event time, and names of its parts."""
    if not cells.moving:
        yield "", inside
        return
    levels = np.stack(list(cells.moving.values()))
    for level in np.unique(levels[:, inside], axis=1).T:
        yield f"[{', '.join(level)}]", inside & (levels == level[:, None]).all(axis=0)


def curve_parts(e: Index, effect: Mask, priors: Priors) -> list[GlobalPart]:
    """``mu + kappa e + walk(e)`` of event times, zero at event time 0 but for ``mu``."""
    ones = effect[:, None].astype(np.float64)
    parts = [
        GlobalPart("level", "cells", ones * priors.level, FIXED, ["level"], _one(priors.level))
    ]
    last, first = int(e[effect].max(initial=0)), int(e[effect].min(initial=0))
    if last > 0 or first < 0:
        parts.append(
            GlobalPart(
                "drift", "cells", ones * e[:, None] * priors.drift, FIXED, ["drift"],
                _one(priors.drift),
            )
        )  # fmt: skip
    forward = [(e >= k) & effect for k in range(1, last + 1)]
    backward = [(e <= k) & effect for k in range(-1, first - 1, -1)]
    steps = [*range(1, last + 1), *range(-1, first - 1, -1)]
    if len(steps) > 1:
        columns = np.stack([*forward, *backward], axis=1).astype(float)
        scale = Scale("walk", priors.scale("walk"), len(steps) >= ESTIMATED_FROM)
        parts.append(GlobalPart("walk", "cells", columns, scale, [str(k) for k in steps]))
    return parts


def _factors(
    cells: CellTable, effect: Mask, strata: tuple[str, ...], priors: Priors
) -> list[GlobalPart]:
    """Zero-sum effects of factor levels and of their interactions, among cells with effects."""
    present = {f: np.unique(cells.levels[f][effect]) for f in strata}
    varying = [f for f in strata if present[f].size > 1]
    parts = []
    for order in range(1, len(varying) + 1):
        for group in combinations(varying, order):
            bases = [zero_sum(present[f].size) for f in group]
            basis: Array = reduce(lambda a, b: np.asarray(np.kron(a, b)), bases)
            sizes = [present[f].size for f in group]
            row = np.zeros(cells.size, dtype=np.int64)
            for f, size in zip(group, sizes, strict=True):
                at = np.searchsorted(present[f], cells.levels[f]).clip(0, size - 1)
                row = row * size + at
            name = "×".join(group)
            scale: Scale | int = FIXED
            if max(sizes) >= ESTIMATED_FROM:
                scale = Scale(f"strata_{name}", priors.scale("factor"))
            else:
                # Orthonormal contrasts with sd c give pairwise differences with sd c √2.
                basis = basis * (priors.contrast / np.sqrt(2.0))
            columns = basis[row] * effect[:, None]
            labels = _level_labels(cells, group, present)
            parts.append(GlobalPart(f"strata_{name}", "cells", columns, scale, labels, basis))
    return parts


def _level_labels(
    cells: CellTable, group: tuple[str, ...], present: Mapping[str, Index]
) -> list[str]:
    labels = [""]
    for f in group:
        names = [str(cells.names[f][k]) for k in present[f]]
        labels = [f"{a} × {b}" if a else b for a in labels for b in names]
    return labels


def _cohorts(cells: CellTable, effect: Mask, priors: Priors) -> list[GlobalPart]:
    cohorts = np.unique(cells.cohort[effect])
    if cohorts.size < 2:
        return []
    at = np.searchsorted(cohorts, cells.cohort).clip(0, cohorts.size - 1)
    columns = np.eye(cohorts.size)[at] * effect[:, None]
    labels, prior = [cells.cohort_names[int(c)] for c in cohorts], priors.scale("cohort")
    if cohorts.size >= ESTIMATED_FROM:
        scale = Scale("cohort", prior)
        return [GlobalPart("cohort", "cells", columns, scale, labels)]
    basis = zero_sum(cohorts.size) * prior.centre
    return [GlobalPart("cohort", "cells", columns @ basis, FIXED, labels, basis)]


def _one(value: float) -> Array:
    return np.array([[value]])
