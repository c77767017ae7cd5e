"""Processes on the time grid, path by path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayes_nqp.rowmodel._names import Names

if TYPE_CHECKING:
    from bayes_nqp.planning import Equation

__all__ = ["border_paths_of_rows", "paths_of_rows"]


def paths_of_rows(names: Names, equation: Equation, scales: Mapping[str, Any]) -> Any:
    """What processes add to each row in multiples of s, ``sum_k tau_k D_k z_k`` of its paths."""
    problem, rows = equation.problem, equation.rows
    group = rows.group[rows.unit]
    total = pt.zeros(rows.unit.size)
    for number, block in enumerate(problem.blocks):
        for k, law in enumerate(block.processes):
            users = [
                g
                for g, member in enumerate(problem.groups)
                if member.block == number and k in member.processes
            ]
            process = problem.processes[law]
            z = pm.Normal(names(f"z_path_{number}_{k}"), shape=process.size)
            path, start = pt.zeros(problem.n_periods), 0
            for part, scale in zip(process.loadings, process.scales, strict=True):
                step = z[start : start + part.shape[1]]
                path = path + scales[problem.scales[scale].name] * (pt.as_tensor(part) @ step)
                start += part.shape[1]
            at = np.flatnonzero(np.isin(group, users))
            total = total[at].inc(path[rows.time[at]])
    return total


def border_paths_of_rows(equation: Equation, paths: Any) -> Any:
    """What paths of the border (path × period), multiples of s, add to each row."""
    problem, rows = equation.problem, equation.rows
    group, total = rows.group[rows.unit], pt.zeros(rows.unit.size)
    for k in sorted({k for member in problem.groups for k in member.paths}):
        users = [g for g, member in enumerate(problem.groups) if k in member.paths]
        at = np.flatnonzero(np.isin(group, users))
        total = total[at].inc(paths[k * problem.n_periods + rows.time[at]])
    return total
