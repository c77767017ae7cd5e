"""Draws of processes over time, given parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp.numerics.parameters import Scale

if TYPE_CHECKING:
    from bayes_nqp.inference.model_frame import Equation


def path_draws(
    equation: Equation, parameters: Mapping[str, Array], generator: np.random.Generator
) -> Array:
    """Draw the contributions of processes to the periods of every group.

    Parameters
    ----------
    parameters : mapping of str to ndarray (draw,)
        Parameters of the equation, on their own scales, in multiples of ``s``.

    Returns
    -------
    ndarray (draw, group + 1, T), multiples of s
        Zero for the last group, to which units without a group (-1) point.
    """
    problem = equation.problem
    draws = len(next(iter(parameters.values())))
    out = np.zeros((draws, len(problem.groups) + 1, problem.n_periods))
    none = np.zeros((draws, 0))
    scales = [_scale(x, parameters, draws) for x in problem.scales]
    law_parameters = [parameters[x.name] for x in problem.process_parameters]
    tau, processes = (np.stack(x, axis=1) if x else none for x in (scales, law_parameters))
    common = _border(equation, parameters, processes, generator)
    for g, group in enumerate(problem.groups):
        out[:, g] += common[:, list(group.paths)].sum(axis=1)
    for number, block in enumerate(problem.blocks):
        for k, law in enumerate(block.processes):
            process = problem.processes[law]
            z = generator.standard_normal((draws, process.size, 1))
            path = (process.root(tau, processes) @ z)[..., 0]
            for g, group in enumerate(problem.groups):
                if group.block == number and k in group.processes:
                    out[:, g] += path
    return out


def _scale(scale: Scale, parameters: Mapping[str, Array], draws: int) -> Array:
    return parameters[f"scale_{scale.name}"] if scale.estimated else np.full(draws, scale.fixed)


def _border(
    equation: Equation,
    parameters: Mapping[str, Array],
    processes: Array,
    generator: np.random.Generator,
) -> Array:
    """Draw paths of the border (draw, path, T)."""
    problem, draws = equation.problem, len(processes)
    count = max((1 + k for group in problem.groups for k in group.paths), default=0)
    out = np.zeros((draws, count * problem.n_periods))
    for part in equation.globals:
        if part.place == "paths":
            assert isinstance(part.scale, Scale)
            z = generator.standard_normal((draws, part.columns.shape[1]))
            out += z * _scale(part.scale, parameters, draws)[:, None] @ part.columns.T
    paths = out.reshape(draws, count, problem.n_periods)
    for border in problem.border_laws:
        root = border.law.root(problem.n_periods, processes)
        paths[:, border.paths] = paths[:, border.paths] @ root.swapaxes(-1, -2)
    return paths
