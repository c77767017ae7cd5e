"""Checks, tables and studies average what a fit with anticipation says from adoption on."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import bayes_nqp as nqp
from bayes_nqp.checks.shared import AS_FITTED, average_effect, called, reported_draws
from bayes_nqp.data.simulation import staggered
from bayes_nqp.effects.estimands import by_event_time, reference_of

pytestmark = pytest.mark.xdist_group("anticipated average")


@cache
def early() -> nqp.Fit:
    """Effects of 2 that begin a period before adoption, with half their size."""
    simulated = staggered(units=40, periods=8, cohorts=(4, 6), effect="flat", level=2.0, seed=5)
    frame = simulated.panel.frame
    before = frame["time"] == frame["cohort"] - 1
    frame = frame.assign(outcome=frame["outcome"] + np.where(before, 1.0, 0.0))
    panel = nqp.Panel.from_frame(frame, **simulated.panel.arguments)
    design = nqp.StaggeredDiD(nqp.PartialPooling(["region"], varying="unit"), anticipation=1)
    return nqp.fit(design, panel, nqp.Importance(seed=1, draws=250), progress=False)


@pytest.mark.slow
def test_one_number_is_the_average_everywhere() -> None:
    fit = early()
    att = nqp.att(fit)
    assert float(att.mean()) == pytest.approx(2.0, abs=2.0 * float(att.std()))
    assert float(nqp.att(fit, anticipated=True).mean()) < float(att.mean()) - 0.1
    np.testing.assert_array_equal(average_effect(fit), att)
    np.testing.assert_allclose(reported_draws(fit.effects)["att"], att)
    assert called(fit) == AS_FITTED
    frame = fit.panel.frame
    assert int(att["rows"]) == int((frame["time"] >= frame["cohort"]).sum())


@pytest.mark.slow
def test_tables_mark_what_came_before() -> None:
    fit = early()
    assert reference_of(by_event_time(fit)) == -2
    text = nqp.table(fit, "event_study").to_markdown()
    assert "| −1 |" in text
    assert "averages over event times exclude them" in text
    assert "not identified" not in nqp.table(fit, "effects").to_markdown()
