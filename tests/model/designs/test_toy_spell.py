"""A design that a test defines goes all the way, from panel to report: effects that end."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

import bayes_nqp as nqp
from bayes_nqp._core.plugins import register
from bayes_nqp.checks import CheckResult, run_checks
from bayes_nqp.model.designs import Calendar, Facts, Noise, SingleEquation, lead_design
from bayes_nqp.model.pooling import PartialPooling, Pooling
from bayes_nqp.model.predictors import BARE

LENGTH, LEVEL = 3, 1.5


@register("design")
@dataclass(frozen=True, slots=True)
class Spell(SingleEquation):
    """A policy that is taken back: effects in some periods from adoption on, none after.

    Parameters
    ----------
    length : int
        Periods that it lasts.
    effect : Pooling
        How effects share strength.
    errors : Noise
        Of the rows of a unit.
    time : TimeEffects, optional
        Which strata share them.
    unidentified : {"raise", "drop"}
        What becomes of effects that nothing identifies.
    """

    length: int = LENGTH
    effect: Pooling = field(default_factory=PartialPooling)
    errors: Noise = field(default_factory=nqp.AR1)
    time: nqp.TimeEffects | None = None
    unidentified: Literal["raise", "drop"] = "raise"

    @property
    def facts(self) -> Facts:
        """What it assumes."""
        return Facts("adoption", self.effect, self.errors, self.time)

    def timing(self, panel: nqp.Panel) -> Calendar:
        """Treat from adoption on, for so many periods."""
        calendar = Calendar.of_adoption(panel)
        over = np.arange(panel.periods) >= calendar.origin + self.length
        calendar.role[over] = BARE
        return calendar


@pytest.fixture(scope="module")
def panel() -> nqp.Panel:
    """Ninety units; what the policy does ends after three periods."""
    simulated = nqp.simulation.staggered(
        units=90, periods=10, cohorts=(4, 6), effect="flat", level=LEVEL, rho=0.3, sigma=0.5,
        seed=3,
    )  # fmt: skip
    frame = simulated.panel.frame.copy()
    frame.loc[frame["time"] >= frame["cohort"] + LENGTH, "outcome"] -= LEVEL
    return nqp.Panel.from_frame(
        frame, unit="unit", time="time", cohort="cohort", outcome="outcome", strata=["region"]
    )


@pytest.fixture(scope="module")
def fit(panel: nqp.Panel) -> nqp.Fit:
    """Its fit."""
    return nqp.fit(Spell(), panel, nqp.Importance(seed=1), progress=False)


@pytest.fixture(scope="module")
def checks(fit: nqp.Fit) -> list[CheckResult]:
    """All that its design calls for, with few placebos."""
    return run_checks(fit, options={"placebo_space": {"repetitions": 20}})


@pytest.mark.slow
def test_the_truth_is_recovered(fit: nqp.Fit) -> None:
    assert fit.gate.passed
    assert float(nqp.att(fit).mean()) == pytest.approx(LEVEL, abs=0.25)
    events = nqp.att(fit, by="event_time")
    assert events["event_time"].to_numpy().tolist() == [0, 1, 2]
    assert nqp.identification(fit.design, fit.panel)["event_time"].max() == LENGTH - 1


@pytest.mark.slow
def test_it_is_not_the_design_it_resembles(fit: nqp.Fit, panel: nqp.Panel) -> None:
    lasting = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    assert float(nqp.att(lasting).mean()) < float(nqp.att(fit).mean()) - 0.3


@pytest.mark.slow
def test_it_is_stated_row_by_row(fit: nqp.Fit) -> None:
    assert "outcome__cell_effect" in nqp.to_pymc(fit.design, fit.panel).named_vars


@pytest.mark.slow
def test_it_is_saved_and_read(fit: nqp.Fit, tmp_path: Path) -> None:
    again = nqp.load(fit.save(tmp_path / "fit.nc"))
    assert again.design == fit.design
    assert again.digest == fit.digest
    assert again.facts == fit.facts


@pytest.mark.slow
def test_channels_take_it(panel: nqp.Panel) -> None:
    noise = np.random.default_rng(1).normal(size=panel.n_rows)
    frame = panel.frame.assign(tech=0.5 * panel.frame["outcome"] + noise)
    arguments = {**panel.arguments, "mediators": ["tech"]}
    channels = nqp.Mediation(Spell(length=2), ["tech"])
    fit = nqp.fit(
        channels, nqp.Panel.from_frame(frame, **arguments), nqp.Importance(seed=1), progress=False
    )
    gap = nqp.total(fit) - nqp.nde(fit) - nqp.nie(fit, mediators="tech")
    assert float(np.abs(gap).max()) < 1e-8
    assert fit.variant(length=1).outcome_design == Spell(length=1)


@pytest.mark.slow
def test_checks_that_apply_are_made(checks: list[CheckResult]) -> None:
    verdicts = {check.name: check.verdict for check in checks}
    chosen = {"control_group", "anticipation"}
    unasked = {name for name, verdict in verdicts.items() if verdict == "not applicable"}
    # It has neither controls to choose nor anticipation, and no outcome cannot respond.
    assert unasked == {*chosen, "placebo_outcome"}
    for check in checks:
        if check.name in chosen:
            assert "to choose" in check.sentence


def test_it_is_tabulated(fit: nqp.Fit) -> None:
    frame = nqp.table(fit, by="event_time").to_frame()
    assert frame["label"].tolist()[1:] == ["0", "1", "2"]


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_is_reported(
    fit: nqp.Fit, checks: list[CheckResult], language: str, tmp_path: Path
) -> None:
    # Pictures of checks know nothing of languages: drawn once.
    chosen = [check for check in checks if language == "en" or check.name == "identification"]
    out = tmp_path / "out"
    nqp.report(fit, out, language=language, checks=chosen, formats=["html"], progress=False)
    assert (out / "report.html").stat().st_size > 10_000


@pytest.mark.slow
def test_its_leads_are_flat(fit: nqp.Fit) -> None:
    """Periods before the spell have effects of their own; those after it stay controls."""
    design = lead_design(fit.design, fit.panel)
    leads = nqp.fit(design, fit.panel, nqp.Importance(seed=1), progress=False)
    events = nqp.att(nqp.lead_effects(leads), by="event_time")
    assert events["event_time"].to_numpy().tolist() == [-5, -4, -3, -2]
    assert float(np.abs(events.mean(("chain", "draw"))).max()) < 0.5
