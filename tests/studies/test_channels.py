"""A study with mediators: its keys, and the files that it writes."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.studies import run, validate

if TYPE_CHECKING:
    from bayes_nqp.studies import Outcome

STUDY = """\
title = "Channels"

[data]
file = "cities.csv"
unit = "unit"
time = "time"
cohort = "cohort"
outcome = "outcome"
strata = ["region"]

[design]
effect = { type = "PartialPooling", varying = "unit" }

[channels]
mediators = ["digital", "finance"]

[sampler]
type = "Importance"
draws = 150
chains = 2
seed = 3

[report]
outcome = "productivity"
formats = ["html"]
question = "Through what?"

[checks]
run = ["convergence", "mediation_sensitivity", "mediator_residuals", "inconsistent"]

[checks.mediation_sensitivity]
rho = [-0.3, 0.0, 0.3]
prior = { type = "NormalCorrelation", sd = 0.1 }
"""
TABLES = {
    "channels.csv",
    "mediator_comparison.csv",
    "channel_contrasts.csv",
    "channel_checks.csv",
    "two_step_mediation.csv",
    "confounding.csv",
    "confounding_curves.csv",
}


def write(folder: Path, text: str = STUDY) -> Path:
    """Write the study and a panel of forty units with known mediators."""
    simulated = nqp.simulation.channels(units=40, periods=8, cohorts=(4, 6), seed=4)
    frame = simulated.panel.frame.assign(treated_twice=0.0)
    frame.to_csv(folder / "cities.csv", index=False, encoding="utf-8-sig")
    path = folder / "study.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    folder = tmp_path_factory.mktemp("channels")
    return run(write(folder), folder / "out", progress=False)


def read(outcome: Outcome, name: str) -> pd.DataFrame:
    return pd.read_csv(outcome.folder / name, encoding="utf-8-sig")


@pytest.mark.slow
def test_a_table_of_channels_makes_a_mediation(tmp_path: Path) -> None:
    text = STUDY.replace('"finance"]', '"finance"]\ninteraction = true\nlag = 1')
    study = validate(write(tmp_path, text))
    design = nqp.StaggeredDiD(nqp.PartialPooling(varying="unit"))
    assert study.design == nqp.Mediation(design, ["digital", "finance"], True, 1)
    assert study.panel.roles.mediators == ("digital", "finance")
    assert study.mediators == ("digital", "finance")


def test_a_mediation_may_also_be_written_out(tmp_path: Path) -> None:
    long = (
        '[design]\ntype = "Mediation"\nmediators = ["digital"]\n'
        'design = { type = "StaggeredDiD", effect = "CompletePooling" }\n'
    )
    start, end = STUDY.index("[design]"), STUDY.index("[sampler]")
    text = STUDY.replace('strata = ["region"]', 'strata = ["region"]\nmediators = ["digital"]')
    end += len(text) - len(STUDY)
    start += len(text) - len(STUDY)
    text = text[:start] + long + "\n[priors]\nlevel = 3.0\n\n" + text[end:]
    design = validate(write(tmp_path, text)).design
    inner = nqp.StaggeredDiD(nqp.CompletePooling(), priors=nqp.Priors(level=3.0))
    assert design == nqp.Mediation(inner, ["digital"])


@pytest.mark.slow
def test_all_checks_of_channels_are_asked_unless_named(tmp_path: Path) -> None:
    named = validate(write(tmp_path)).checks
    text = STUDY.replace(STUDY[STUDY.index("run = [") : STUDY.index("[checks.mediation_")], "\n")
    asked = validate(write(tmp_path, text)).checks
    assert set(named) < set(asked)
    assert {"mediator_pretrends", "timing", "leave_mediator_out", "placebo_time"} <= set(asked)
    alone = text.replace('[channels]\nmediators = ["digital", "finance"]\n', "")
    assert "timing" not in validate(write(tmp_path, alone)).checks


WRONG = [
    ("lag =", "lga = 1", "[channels] has the unknown key 'lga'", "'lag'"),
    ("lag =", "lag = -1", "'channels.lag' is -1", "at least 0"),
    ("lag =", 'vary_by = "city"', "'channels.vary_by' is 'city'", "'unit'"),
    ("lag =", 'vary_by = "unit"', "[channels]: 'vary_by' takes one mediator", "one fit"),
    ('"digital", "finance"', '"digtal"', "'channels.mediators' is 'digtal'", "'digital'"),
    ('["digital", "finance"]', "[]", "[channels] has no mediators", "columns"),
    ("sd = 0.1", "sdd = 0.1", "'checks.mediation_sensitivity.prior' has the unknown key", "'sd'"),
    ('"NormalCorrelation"', '"NormalRo"', "has the type 'NormalRo'", "'NormalCorrelation'"),
    ("[design]", '[design]\ntype = "StagDiD"', "'design.type' is 'StagDiD'", "StaggeredDiD"),
    (
        "[design]",
        '[design]\ntype = "Importance"',
        "'design.type' is 'Importance', which is not a type of design",
        "Med",
    ),
    (
        "[design]",
        '[design]\nerrors = "PartialPooling"',
        "'design.errors' is 'PartialPooling'",
        "AR1",
    ),
    ('formats = ["html"]', 'formats = ["htm"]', "'report.formats' contains 'htm'", "'html'"),
    (
        '[channels]\nmediators = ["digital", "finance"]',
        "",
        "'checks.run' contains 'mediation_sensitivity', which applies to mediation models",
        "[channels]",
    ),
]


@pytest.mark.parametrize(("old", "new", "what", "hint"), WRONG)
def test_what_is_wrong_is_named(tmp_path: Path, old: str, new: str, what: str, hint: str) -> None:
    text = STUDY.replace('"finance"]', '"finance"]\nlag = 0') if old == "lag =" else STUDY
    assert old in text
    text = text.replace("lag = 0", new) if old == "lag =" else text.replace(old, new, 1)
    with pytest.raises(StudyError) as caught:
        validate(write(tmp_path, text))
    message = str(caught.value)
    assert what in message
    assert hint in message.split("\nTry: ")[1]


@pytest.mark.slow
def test_every_table_and_figure_of_channels_is_written(outcome: Outcome) -> None:
    assert set(outcome.tables) >= TABLES
    for name in TABLES:
        table = read(outcome, name)
        assert len(table), name
        assert set(table["gate"]) == {str(outcome.fit.gate)}
        assert {"95 % equal-tailed"} == set(table["interval"])
    figures = {p.stem for p in (outcome.folder / "figures").iterdir()}
    shown = ("paths", "decomposition", "channels")
    assert figures >= {*shown, *(f"{n}_region" for n in shown), "check_mediation_sensitivity"}


@pytest.mark.slow
def test_a_report_is_written_with_the_study(outcome: Outcome) -> None:
    text = (outcome.folder / "report" / "report.html").read_text(encoding="utf-8")
    assert "Through what?" in text
    assert outcome.study.settings.title in text
    record = json.loads((outcome.folder / "provenance.json").read_text(encoding="utf-8"))
    assert "report/report.html" in record["files"]


@pytest.mark.slow
def test_tables_say_what_the_estimands_say(outcome: Outcome) -> None:
    table = read(outcome, "channels.csv").set_index(["by", "level", "path"])["mean"].sort_index()
    average = nqp.model_average(outcome.fit)
    whole = nqp.nie(average, mediators="digital")
    assert table["overall", "overall", "digital"] == pytest.approx(float(whole.mean()), rel=1e-4)
    parts = table["region", "inland"]
    assert parts["total"] == pytest.approx(parts[["direct", "digital", "finance"]].sum(), rel=1e-4)
    via = nqp.contrast(nqp.nie(average, "region"), region="coastal", minus="inland")
    groups = read(outcome, "channel_contrasts.csv").set_index(["level", "minus", "path"])
    groups = groups.sort_index()
    assert groups["mean"]["coastal", "inland", "finance"] == pytest.approx(
        float(via.sel(mediator="finance").mean()), rel=1e-4
    )
    # The three steps are written only by name; coefficients are of one model, as fitted.
    steps = read(outcome, "two_step_mediation.csv").query("by == 'overall' and step == 1")
    assert steps["mean"].item() == pytest.approx(float(nqp.total(outcome.fit).mean()), rel=1e-4)


@pytest.mark.slow
def test_confounding_is_as_asked(outcome: Outcome) -> None:
    curves = read(outcome, "confounding_curves.csv")
    assert sorted(curves["rho"].unique()) == [-0.3, 0.0, 0.3]
    found = nqp.mediation_sensitivity(
        outcome.fit, "digital", rho=[0.3], prior=nqp.NormalCorrelation(0.1)
    )
    here = curves.query("mediator == 'digital' and of == 'overall' and path == 'indirect'")
    assert here.set_index("rho")["estimate"][0.3] == pytest.approx(
        float(found["estimate"].sel(path="digital").item()), rel=1e-3
    )
    crossing = read(outcome, "confounding.csv").query(
        "mediator == 'digital' and of == 'overall' and path == 'indirect'"
    )
    assert crossing["crossing"].item() == pytest.approx(
        float(found["crossing"].sel(path="digital").item()), rel=1e-3
    )
    assert np.isfinite(crossing["adjusted"].item())


@pytest.mark.slow
def test_the_study_as_run_gives_the_same_study(outcome: Outcome) -> None:
    path = outcome.folder / "study.toml"
    text = path.read_text(encoding="utf-8")
    assert tomllib.loads(text)["channels"]["mediators"] == ["digital", "finance"]
    again = validate(path)
    assert again.design == outcome.study.design
    assert again.panel.digest == outcome.study.panel.digest
    assert again.check_options == outcome.study.check_options
