"""Processes on the time grid, path by path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from bayes_nqp.designs import Noise
from bayes_nqp.rowmodel._density import over_periods
from bayes_nqp.rowmodel._names import Variables
from bayes_nqp.rowmodel._tables import parameter

if TYPE_CHECKING:
    from bayes_nqp.gaussian import PathLaw
    from bayes_nqp.planning import Equation


def paths_of_rows(
    names: Variables, equation: Equation, scales: Mapping[str, Any], border: Any, s: Any
) -> Any:
    """What processes add to each row in multiples of s, ``L sum_k tau_k D_k z_k`` of its paths.

    Parameters
    ----------
    border : tensor (path × period)
        Paths of the border without L, multiples of s.
    s : tensor
        The outcome's scale.
    """
    problem, rows = equation.problem, equation.rows
    values = [parameter(names, stated, s) for stated in problem.process_parameters]
    group, total = rows.group[rows.unit], pt.zeros(rows.unit.size)
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
            path = _correlated(path, process.law, problem.n_periods, values)
            at = np.flatnonzero(np.isin(group, users))
            total = total[at].inc(path[rows.time[at]])
    laws = {int(path): x.law for x in problem.border_laws for path in x.paths}
    for k in sorted({k for member in problem.groups for k in member.paths}):
        users = [g for g, member in enumerate(problem.groups) if k in member.paths]
        path = border[k * problem.n_periods + np.arange(problem.n_periods)]
        path = _correlated(path, laws.get(k), problem.n_periods, values)
        at = np.flatnonzero(np.isin(group, users))
        total = total[at].inc(path[rows.time[at]])
    return total


def _correlated(path: Any, law: PathLaw | None, n_periods: int, values: Sequence[Any]) -> Any:
    """Multiply a path (T) with the root of a law's correlation."""
    if law is None:
        return path
    assert isinstance(law.errors, Noise)
    covariance = over_periods(law.errors, n_periods, [values[k] for k in law.parameters])
    sd = pt.sqrt(covariance[np.arange(n_periods), np.arange(n_periods)])
    return pt.linalg.cholesky(covariance / (sd[:, None] * sd)) @ path
