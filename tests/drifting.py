"""Designs whose adopters drift: processes on the time grid, of strata and of cohorts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from doors import ModelFrame

from bayes_nqp.numerics.linear_gaussian import Problem, Process
from bayes_nqp.numerics.parameters import HalfNormal, Scale

NAMES = [
    "partial, units, AR(1)", "partial, none, iid", "partial, cities, AR(1)", "partial, cities, iid",
    "partial, units, AR(1) + noise", "covariates", "separate, units", "common time",
]  # fmt: skip
LINE = 0.5
"""Standard deviation of the line that all adopters of a stratum share, in multiples of s."""


def stated(model_frame: ModelFrame) -> Problem:
    """The problem of an equation, whose adopters drift: together in a stratum, and by cohort."""
    equation, frame = model_frame.equations[0], model_frame.codes
    problem, rows = equation.problem, equation.rows
    t = np.arange(problem.n_periods) - (problem.n_periods - 1) / 2
    steps = np.tri(problem.n_periods)[:, 1:]
    first = len(problem.scales)
    scales = [Scale("line", HalfNormal(LINE), False), Scale("walk_all", HalfNormal(0.3)),
              Scale("slope", HalfNormal(0.1)), Scale("walk_cohort", HalfNormal(0.3))]  # fmt: skip
    laws = [Process((t[:, None], steps), first + np.arange(2)),
            Process((t[:, None], steps), first + np.arange(2, 4))]  # fmt: skip
    stratum, cohort = (np.zeros(len(problem.groups), dtype=int) for _ in range(2))
    used = rows.group >= 0
    stratum[rows.group[used]] = frame.stratum[used]
    cohort[rows.group[used]] = frame.cohort[used]
    processes: list[list[int]] = [[] for _ in problem.blocks]
    shared: dict[tuple[int, int], int] = {}
    groups = []
    for group, level, start in zip(problem.groups, stratum, cohort, strict=True):
        laws_of_block = processes[group.block]
        if start < 0:
            groups.append(group)
            continue
        if (group.block, level) not in shared:
            shared[group.block, level] = len(laws_of_block)
            laws_of_block.append(0)
        laws_of_block.append(1)
        parts = (shared[group.block, level], len(laws_of_block) - 1)
        groups.append(replace(group, processes=parts))
    blocks = [
        replace(b, processes=tuple(x)) for b, x in zip(problem.blocks, processes, strict=True)
    ]
    return replace(
        problem, blocks=blocks, groups=groups, processes=laws, scales=[*problem.scales, *scales]
    )
