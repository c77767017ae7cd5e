"""Processes over time of groups of units, and the spatial lag of an equation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bayes_nqp.model.designs import LagSpec
from bayes_nqp.model.predictors import LAG, TIED, GlobalPart, ProcessPart
from bayes_nqp.numerics.linear_gaussian import Block, BorderLaw, Group, Lag, PathLaw
from bayes_nqp.numerics.parameters import Parameter
from bayes_nqp.numerics.sufficient_statistics import Rows


def with_processes(
    parts: Sequence[ProcessPart], rows: Rows, blocks: Sequence[Block], groups: Sequence[Group]
) -> tuple[list[Block], list[Group]]:
    """Assign processes to groups, and to each block the list of its groups' processes.

    Units of one group share all processes. Processes are numbered in the order of their laws. Paths
    of the border are coefficients, not processes of blocks, and are numbered as in `border_paths`.
    """
    if not parts:
        return list(blocks), list(groups)
    border = _border(parts)
    places: list[dict[tuple[int, int], int]] = [{} for _ in blocks]
    with_paths = []
    for group, unit in zip(groups, rows.first_units, strict=True):
        within = places[group.block]
        processes = [
            within.setdefault((law, int(part.owner[unit])), len(within))
            for law, part in enumerate(part for part in parts if not part.border)
            if part.owner[unit] >= 0
        ]
        paths = [start + int(p.owner[unit]) for p, start, _ in border if p.owner[unit] >= 0]
        with_paths.append(replace(group, processes=tuple(processes), paths=tuple(paths)))
    laws = [tuple(law for law, _ in place) for place in places]
    return [replace(b, processes=x) for b, x in zip(blocks, laws, strict=True)], with_paths


def border_paths(parts: Sequence[ProcessPart], size: float = 1.0) -> list[GlobalPart]:
    """Return the parts of paths of the border, by scale: part after part, owner after owner.

    Processes are integrated out block by block, so that one common to all blocks would join them.
    Their standard normal numbers are coefficients instead; loadings in outcome units are divided by
    ``s``.
    """
    border, out = _border(parts), []
    for part, start, count in border:
        paths = np.eye(sum(n for *_, n in border))[:, start : start + count]
        if part.mixing is not None:
            paths = paths @ part.mixing
        for loadings, scale in zip(part.loadings, part.scales, strict=True):
            scaled = loadings / size if part.measured else loadings
            columns = np.kron(paths, scaled).astype(np.float64)
            labels = [str(k) for k in range(columns.shape[1])]
            out.append(GlobalPart(scale.name, "paths", columns, scale, labels, reported=False))
    return out


def on_paths(shared: Sequence[GlobalPart]) -> tuple[int, ...]:
    """Return the positions of global coefficients that load on paths."""
    places = [part.place for part in shared for _ in range(part.columns.shape[1])]
    return tuple(k for k, place in enumerate(places) if place == "paths")


def _border(parts: Sequence[ProcessPart]) -> list[tuple[ProcessPart, int, int]]:
    """Return parts of the border, with the number of their first path and their count."""
    border = [(part, int(part.owner.max()) + 1) for part in parts if part.border]
    starts = np.cumsum([0, *(count for _, count in border)])
    return [(part, int(start), n) for (part, n), start in zip(border, starts, strict=False)]


def process_parameters(parts: Sequence[ProcessPart]) -> tuple[Parameter, ...]:
    """Return the parameters of the correlation over time of processes, without duplicates."""
    return tuple({p.name: p for part in parts for p in part.parameters}.values())


def law_of(part: ProcessPart, among: Sequence[Parameter]) -> PathLaw | None:
    """Return the correlation over time of a part, None if it has none; by all parameters."""
    if part.errors is None:
        return None
    names = [parameter.name for parameter in among]
    positions = [names.index(parameter.name) for parameter in part.parameters]
    return PathLaw(part.errors, np.array(positions, dtype=np.int64))


def border_laws(
    parts: Sequence[ProcessPart], shared: Sequence[GlobalPart], among: Sequence[Parameter]
) -> tuple[BorderLaw, ...]:
    """Return the correlation over time of paths of the border with identity loadings."""
    coefficients, out = np.array(on_paths(shared), dtype=np.int64), []
    for part, start, count in _border(parts):
        size = count * sum(loadings.shape[1] for loadings in part.loadings)
        positions, coefficients = np.split(coefficients, [size])
        law = law_of(part, among)
        if law is not None:
            out.append(BorderLaw(law, start + np.arange(count), positions.reshape(count, -1)))
    return tuple(out)


def lag_of(spec: LagSpec | None, shared: Sequence[GlobalPart]) -> Lag | None:
    """Return the spatial lag, with the positions of the coefficients that it determines."""
    if spec is None:
        return None
    names = [part.name for part in shared for _ in range(part.columns.shape[1])]
    columns = tuple(k for k, name in enumerate(names) if name == LAG)
    near = [k for k, name in enumerate(names) if name == TIED]
    # Slopes of covariates come first among the parts, then effects, as their ties do.
    free = [p.place not in ("time", "paths") and p.name not in (LAG, TIED) for p in shared]
    column = np.flatnonzero(np.repeat(free, [p.columns.shape[1] for p in shared]))
    ties = tuple(zip(column.tolist(), near, strict=True)) if near else ()
    before = spec.before
    if before is None:
        return Lag((spec.parameter,), columns, spec.log_determinant, spec.periods, ties)
    parameters = (spec.parameter, *before.parameters)
    return Lag(parameters, columns, spec.log_determinant, spec.periods, law=before.law)
