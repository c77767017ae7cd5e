"""Paths of processes drawn given parameters: their covariance is the one that is stated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from design_table import DESIGNS
from doors import path_draws

from bayes_nqp import TimeEffects
from bayes_nqp.inference.model_frame import make_model_frame

DRAWS = 6_000


@pytest.mark.parametrize("border", [False, True])
def test_shocks_of_a_cluster_last_and_those_of_others_are_their_own(border: bool) -> None:
    case = DESIGNS["lasting shocks, units"]
    model = case.design.replace(time=TimeEffects()).spec(case.make(3))
    (outcome,) = model.equations
    processes = [replace(x, border=border) for x in outcome.processes]
    model_frame = make_model_frame(
        replace(model, equations=(replace(outcome, processes=processes),))
    )
    (equation,) = model_frame.equations
    values = {name: np.full(DRAWS, 0.7) for name in equation.problem.space.names}
    paths = path_draws(equation, values, np.random.default_rng(1))
    assert not paths[:, -1].any()
    cluster = np.zeros(len(equation.problem.groups), dtype=int)
    rows = equation.rows
    used = rows.group >= 0
    cluster[rows.group[used]] = processes[0].owner[used]
    time = np.arange(model_frame.codes.n_periods)
    apart = 0.7 ** np.abs(time[:, None] - time) * 0.49
    same = np.equal.outer(cluster, cluster)
    assert same.sum() > cluster.size
    flat = paths[:, :-1].reshape(DRAWS, -1)
    gap = flat.T @ flat / DRAWS - np.kron(same, apart)
    assert np.abs(gap).max() < 6.0 * 0.49 * np.sqrt(2.0 / DRAWS)
