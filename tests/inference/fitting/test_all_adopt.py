"""Everyone adopts: the sample ends before the last do, and these stand in for the never treated."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from doors import Context, Paragraph, data_section

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import PanelError
from bayes_nqp.checks import run_checks
from bayes_nqp.data.simulation import staggered

SAMPLER = nqp.Importance(draws=250, seed=1)


@pytest.fixture(scope="module")
def panel() -> nqp.Panel:
    made = staggered(units=40, periods=11, cohorts=(5, 7, 10), never=0.0, strata={}, seed=3)
    assert (made.panel.cohort_codes >= 0).all()
    return made.panel


@pytest.fixture(scope="module")
def fit(panel: nqp.Panel) -> nqp.Fit:
    return nqp.fit(nqp.StaggeredDiD(unidentified="drop"), panel, SAMPLER, progress=False)


@pytest.mark.slow
def test_the_fit_is_that_of_the_shorter_sample(fit: nqp.Fit, panel: nqp.Panel) -> None:
    before = panel.where(panel.time_codes < panel.cohort_codes.max())
    shorter = nqp.fit(nqp.StaggeredDiD(), before, SAMPLER, progress=False)
    np.testing.assert_array_equal(nqp.att(fit), nqp.att(shorter))
    assert fit.panel is not None
    assert fit.panel.digest == before.digest
    assert any("when all units have adopted" in note for note in fit.notes)


@pytest.mark.slow
def test_leads_and_placebo_dates_are_asked(fit: nqp.Fit) -> None:
    asked = ["pretrends", "placebo_time", "anticipation", "control_group"]
    assert {x.verdict for x in run_checks(fit, asked)}.isdisjoint({"not applicable"})
    assert len(nqp.model_average(fit).designs) > 1


def test_what_is_left_out_leaves_doubt(fit: nqp.Fit, panel: nqp.Panel) -> None:
    result = nqp.check(fit, "identification")
    beyond = panel.time_codes >= panel.cohort_codes.max()
    assert result.verdict == "caution"
    assert f"{beyond.sum()} treated observations from 10 on are left out" in result.sentence
    treated = panel.time_codes >= panel.cohort_codes[panel.unit_codes]
    assert f"of {treated.sum()} treated observations" in result.figure


def test_a_report_says_where_the_sample_ends(fit: nqp.Fit) -> None:
    """Cells that the first page counts are those that `identification` counts."""
    result = nqp.check(fit, "identification")
    known, counted = re.findall(r"(\d+) of (\d+) group-time cells", result.figure)[0]
    text = " ".join(
        str(block.text)
        for block in data_section(Context(fit, [result], "en"))
        if isinstance(block, Paragraph)
    )
    assert "The sample ends before 10, when all units are treated" in text
    assert f"Effects of {known} of {counted} cells" in text
    assert not any("mask" in note for note in (*fit.notes, *fit.panel.notes))  # type: ignore[union-attr]


@pytest.mark.slow
def test_anticipation_ends_it_sooner(panel: nqp.Panel) -> None:
    design = nqp.StaggeredDiD(unidentified="drop", anticipation=1)
    fit = nqp.fit(design, panel, SAMPLER, progress=False)
    assert fit.panel is not None
    assert fit.panel.periods == panel.cohort_codes.max() - 1


@pytest.mark.slow
def test_it_is_read_again_beside_the_whole_panel(
    fit: nqp.Fit, panel: nqp.Panel, tmp_path: Path
) -> None:
    path = fit.save(tmp_path / "fit.nc")
    assert nqp.load(path).digest == fit.digest
    assert nqp.load(path, panel).digest == fit.digest
    with pytest.raises(PanelError, match="not the one that was fitted"):
        nqp.load(path, panel.where(panel.unit_codes > 0))


def test_a_region_in_which_all_adopt_ends_by_itself(tmp_path: Path) -> None:
    """Its last to adopt are never treated; other regions keep their rows, draws their values."""
    made = staggered(units=60, periods=11, cohorts=(5, 7, 9), strata={"region": ("a", "b")}, seed=4)
    frame = made.frame
    # In region b the never treated adopt in period 9.
    frame["cohort"] = frame["cohort"].where(frame["region"] == "a", frame["cohort"].fillna(9))
    roles = {"unit": "unit", "time": "time", "cohort": "cohort", "outcome": "outcome"}
    panel = nqp.Panel.from_frame(frame, **roles, strata=["region"])
    design = nqp.StaggeredDiD(nqp.PartialPooling(["region"]), unidentified="drop")
    fit = nqp.fit(design, panel, SAMPLER, progress=False)
    assert any("ends before 9 (b), when all" in note for note in fit.notes)
    assert fit.panel is not None
    rows = fit.panel.frame
    assert rows.loc[rows["region"] == "b", "time"].max() == 8
    assert rows.loc[rows["region"] == "a", "time"].max() == panel.time_labels[-1]
    shorter = frame[(frame["region"] == "a") | (frame["time"] < 9)]
    last = (shorter["region"] == "b") & (shorter["cohort"] == 9)
    by_hand = shorter.assign(cohort=shorter["cohort"].mask(last))
    same = nqp.fit(
        nqp.StaggeredDiD(nqp.PartialPooling(["region"])),
        nqp.Panel.from_frame(by_hand, **roles, strata=["region"]),
        SAMPLER,
        progress=False,
    )
    np.testing.assert_array_equal(nqp.att(fit, by="region"), nqp.att(same, by="region"))
    said = {x.name: x for x in run_checks(fit, ["pretrends", "identification", "selection"])}
    assert said["pretrends"].verdict != "not applicable"
    assert said["identification"].verdict == "caution"
    assert said["selection"].figure.startswith("0 of")
    path = fit.save(tmp_path / "fit.nc")
    assert nqp.load(path, panel).digest == fit.digest


@pytest.mark.slow
@pytest.mark.parametrize(
    "design",
    [
        nqp.ContinuousExposure("dose", unidentified="drop"),
        nqp.StaggeredDiD(time=nqp.TimeEffects(), unidentified="drop"),
    ],
    ids=["an exposure", "common time effects"],
)
def test_no_row_that_enters_the_fit_is_left_out(design: nqp.StaggeredDiD) -> None:
    """A region in which all adopt goes on where other rows tell its periods after it."""
    made = staggered(units=60, periods=11, cohorts=(5, 7, 9), strata={"region": ("a", "b")}, seed=4)
    frame = made.frame
    frame["cohort"] = frame["cohort"].where(frame["region"] == "a", frame["cohort"].fillna(9))
    frame["dose"] = np.random.default_rng(1).gamma(2.0, 1.0, len(frame))
    roles = {"unit": "unit", "time": "time", "cohort": "cohort", "outcome": "outcome"}
    panel = nqp.Panel.from_frame(frame, **roles, strata=["region"], exposures="dose")
    fit = nqp.fit(design, panel, SAMPLER, progress=False)
    assert fit.panel is not None
    assert fit.panel.n_rows == panel.n_rows
    assert not any("ends before" in note for note in fit.notes)
