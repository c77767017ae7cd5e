"""Pairs share what either end has: no column of one end alone puts them together."""

from __future__ import annotations

import pytest
from doors import nesting

import bayes_nqp as nqp


@pytest.mark.slow
def test_one_end_is_no_cluster_and_no_level() -> None:
    made = nqp.simulation.network(nodes=16, seed=1)
    assert not {"origin", "destination"} & {*nesting(made.panel)}
    design = nqp.StaggeredDiD(terms=[nqp.EndpointEffects(), nqp.NodeTimeEffects()])
    fit = nqp.fit(design, made.panel, nqp.Importance(seed=1, draws=250), progress=False)
    result = nqp.check(fit, "time_effects", progress=False)
    assert result.verdict == "not applicable"
    assert "nor a column that groups units" in result.sentence
