"""Steps of long work are said in the language of whoever listens."""

from __future__ import annotations

import re

import pytest

import bayes_nqp as nqp
from bayes_nqp._core import progress
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.simulation import staggered

QUICK = ("control_group", "error_model", "leave_out", "placebo_space", "placebo_mixed")


@pytest.mark.slow
def test_steps_of_fits_and_checks_are_said_in_chinese() -> None:
    panel = staggered(units=40, periods=8, cohorts=(4, 6), seed=1).panel
    steps: list[str] = []
    with progress.listening(lambda work, done, total: steps.append(work)):
        fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(draws=100, seed=1))
        for name in QUICK:
            options = {"repetitions": 20} if name.startswith("placebo") else {}
            nqp.check(fit, name, **options)
    assert len(set(steps)) > len(QUICK)
    for step in steps:
        assert isinstance(step, Message), step
        assert not re.search("[a-z]{4}", step.in_("zh")), step.in_("zh")


def test_names_in_steps_are_no_markup() -> None:
    with progress.bar():
        progress.say("drawing event_study_[/x][red]", 0, 1)
