"""Loadings of all groups at once are those of each group by itself."""

from __future__ import annotations

import numpy as np
import pytest
from design_table import DESIGNS

from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.numerics.linear_gaussian.layout import layout_of, positions_of_groups, quadratic_map


@pytest.mark.parametrize(
    "name", ["partial, units, AR(1)", "shocks, units", "covariates", "trends, units"]
)
def test_loadings_and_squares(name: str) -> None:
    case = DESIGNS[name]
    problem = model_frame_of(case.design, case.make(5, missing=0.1)).equations[0].problem
    layout = layout_of(problem)
    head, block_of = layout.arrowhead, [group.block for group in problem.groups]
    map2, stored = quadratic_map(layout.loads, block_of, len(problem.blocks))
    assert (stored == head.stored).all()
    assert (map2.toarray() == head.map2.toarray()).all()
    rng = np.random.default_rng(0)
    proper = head.n_local - head.n_values
    for (block, positions), x in zip(positions_of_groups(problem), layout.loads, strict=True):
        statement, beta = problem.blocks[block], rng.standard_normal(head.size)
        # A slot is its local coefficient and what global ones make of it; the outcome is itself.
        values = statement.columns @ beta[head.n_local : head.n_local + head.n_global]
        local = statement.local_position
        values[local] += beta[: local.size]
        assert local.size <= proper
        processes = beta[proper : head.n_local]
        fitted = positions @ np.concatenate([values, processes, beta[-1:]])
        assert x @ beta == pytest.approx(fitted, rel=1e-12, abs=1e-12)
