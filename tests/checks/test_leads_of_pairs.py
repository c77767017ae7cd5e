"""Leads of pairs are as certain as their nodes are many, and a verdict names what speaks."""

from __future__ import annotations

import numpy as np
import pytest
from doors import freedom, freedom_of

import bayes_nqp as nqp


def test_pairs_count_by_their_nodes() -> None:
    panel = nqp.simulation.network(nodes=16, seed=3).panel
    ends = panel.frame.groupby("pair")[["origin", "destination"]].first().loc[panel.unit_labels]
    out = {*ends[panel.cohort_codes < 0].to_numpy().ravel()}
    assert panel.n_units == 16 * 15 / 2
    assert freedom_of(panel) == freedom(16 - len(out), len(out))
    some = np.arange(panel.n_units) % 2 == 0
    inside = {*ends[some].to_numpy().ravel()}
    out = {*ends[some & (panel.cohort_codes < 0)].to_numpy().ravel()}
    assert freedom_of(panel, some) == freedom(len(inside) - len(out), len(out))


@pytest.mark.slow
def test_leads_off_any_line_are_named() -> None:
    """A response two periods before adoption, and none in the last: no line of adopters."""
    made = nqp.simulation.staggered(
        units=150, periods=12, cohorts=(6, 8), rho=0.0, deviation_sd=0.0, seed=8
    )
    frame = made.panel.frame
    event = frame["time"] - frame["cohort"]
    outcome = made.panel.outcome + 0.9 * (event == -3).to_numpy() - 0.9 * (event == -5).to_numpy()
    fit = nqp.fit(
        nqp.StaggeredDiD(errors=nqp.IID()), made.panel.with_outcome(outcome),
        nqp.Importance(seed=1), progress=False,
    )  # fmt: skip
    result = nqp.check(fit, "pretrends", progress=False)
    assert result.verdict == "failed"
    assert ("without a linear" in result.sentence) != ("a period (SD" in result.sentence)
    assert "without a linear pattern" in result.sentence


def of_pairs(response: float) -> nqp.Fit:
    """A fit of links between 60 nodes, which respond a period before their first end adopts."""
    panel = nqp.simulation.network(nodes=60, shock_sd=0.0, seed=3).panel
    frame = panel.frame
    first = frame[["origin_adoption", "destination_adoption"]].min(axis=1)
    early = response * (frame["time"] == first - 1).to_numpy()
    design = nqp.StaggeredDiD(terms=[nqp.EndpointEffects()])
    return nqp.fit(
        design, panel.with_outcome(panel.outcome + early), nqp.Importance(seed=1), progress=False
    )


@pytest.mark.slow
def test_what_one_end_does_before_the_second_adopts_is_no_response() -> None:
    fit = of_pairs(0.0)
    result = nqp.check(fit, "anticipation", progress=False)
    assert result.verdict == "passed"
    early = nqp.fit(fit.variant(anticipation=1), fit.panel, nqp.Importance(seed=1), progress=False)
    effects = nqp.att(early, by=["ends", "event_time"]).mean(("chain", "draw"))
    # Links of which one end is in force have an effect of .3 and more before the second adopts.
    assert np.abs(effects.sel(event_time=-1)).max() < 0.15
    assert nqp.model_average(fit).left_out == ()


@pytest.mark.slow
def test_a_response_of_pairs_is_found() -> None:
    fit = of_pairs(0.3)
    assert nqp.check(fit, "anticipation", progress=False).verdict == "failed"
    weights = nqp.model_average(fit).weights
    assert weights["parallel trends"] < 0.01
    assert weights.filter(like="before adoption").sum() > 0.3
