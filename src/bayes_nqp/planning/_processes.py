"""Which processes on the time grid the groups of units have, and the lag of an equation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bayes_nqp.designs import LagSpec
from bayes_nqp.gaussian import Block, Group, Lag
from bayes_nqp.moments import Rows
from bayes_nqp.terms import LAG, TIED, GlobalPart, ProcessPart

__all__ = ["lag_of", "path_coefficients", "with_common_paths", "with_processes"]


def with_processes(
    parts: Sequence[ProcessPart], rows: Rows, blocks: Sequence[Block], groups: Sequence[Group]
) -> tuple[list[Block], list[Group]]:
    """Give groups their processes, and blocks the list of those that their groups have.

    Parameters
    ----------
    parts : sequence of ProcessPart
        In the order of the laws of processes. Units of one group share them.
    """
    numbers, first = np.unique(rows.group, return_index=True)
    units = first[numbers >= 0]
    places: list[dict[tuple[int, int], int]] = [{} for _ in blocks]
    with_paths = []
    for group, unit in zip(groups, units, strict=True):
        within = places[group.block]
        paths = [
            within.setdefault((law, int(part.owner[unit])), len(within))
            for law, part in enumerate(parts)
            if part.owner[unit] >= 0
        ]
        with_paths.append(replace(group, processes=tuple(paths)))
    laws = [tuple(law for law, _ in place) for place in places]
    return [replace(b, processes=x) for b, x in zip(blocks, laws, strict=True)], with_paths


def path_coefficients(parts: Sequence[ProcessPart]) -> list[GlobalPart]:
    """What the paths that strata have in common are made of, by scale.

    Processes are integrated out block by block, so that one of all blocks would join them: its
    standard normal numbers are coefficients instead, few as they are.

    Parameters
    ----------
    parts : sequence of ProcessPart
        Common ones. Paths are numbered part after part, owner after owner.
    """
    counts = [int(part.owner.max()) + 1 for part in parts]
    starts, out = np.cumsum([0, *counts]), []
    for part, start, count in zip(parts, starts, counts, strict=False):
        paths = np.zeros((starts[-1], count))
        paths[start : start + count] = np.eye(count)
        for loadings, scale in zip(part.loadings, part.scales, strict=True):
            columns = np.kron(paths, loadings).astype(np.float64)
            labels = [str(k) for k in range(columns.shape[1])]
            out.append(GlobalPart(scale.name, "paths", columns, scale, labels))
    return out


def with_common_paths(
    parts: Sequence[ProcessPart], rows: Rows, groups: Sequence[Group]
) -> list[Group]:
    """Give groups the paths that strata have in common, numbered as in `path_coefficients`."""
    numbers, first = np.unique(rows.group, return_index=True)
    starts = np.cumsum([0, *(int(part.owner.max()) + 1 for part in parts)]).tolist()
    out = []
    for group, unit in zip(groups, first[numbers >= 0], strict=True):
        owners = [
            (start, int(part.owner[unit])) for start, part in zip(starts, parts, strict=False)
        ]
        out.append(replace(group, paths=tuple(start + k for start, k in owners if k >= 0)))
    return out


def lag_of(spec: LagSpec | None, shared: Sequence[GlobalPart]) -> Lag | None:
    """The lag, and the number of the coefficient that it gives a value."""
    if spec is None:
        return None
    names = [part.name for part in shared for _ in range(part.columns.shape[1])]
    at = names.index(LAG)
    near = [k for k, name in enumerate(names) if name == TIED]
    # Slopes of covariates come first among the parts, then effects, as their ties do.
    free = [p.place not in ("time", "paths") and p.name not in (LAG, TIED) for p in shared]
    column = np.flatnonzero(np.repeat(free, [p.columns.shape[1] for p in shared]))
    ties = tuple(zip(column.tolist(), near, strict=True)) if near else ()
    return Lag(spec.parameter, at, spec.log_determinant, spec.periods, ties)
