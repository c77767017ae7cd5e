"""A study with a dynamic spatial lag, from file to report."""

from __future__ import annotations

from pathlib import Path

import dynamic_cities as cities
import pandas as pd
import pytest

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import NQPError

STUDY = """\
title = "Zones that feed on"

[data]
file = "cities.csv"
unit = "city"
time = "year"
cohort = "cohort"
outcome = "y"
covariates = ["x"]
strata = ["side"]

[space.weights.near]
kind = "matrix"
file = "links.csv"

[design]
effect = { type = "CompletePooling", varying = "none" }
errors = "IID"
time = { type = "TimeEffects", by = ["side"] }
spillovers = { type = "SpatialLag", weights = "near", dynamics = true }

[sampler]
type = "Importance"
draws = 200
chains = 2
seed = 7

[report]
formats = ["html"]
by = []

[checks]
run = ["convergence", "dynamics"]

[figures]
draw = ["impulse_responses"]
"""


def written(folder: Path, text: str = STUDY) -> Path:
    cities.panel_of().frame.to_csv(folder / "cities.csv", index=False)
    links = pd.DataFrame(cities.LINKS, cities.IDS, cities.IDS)
    links.to_csv(folder / "links.csv")
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return folder / "study.toml"


def test_it_runs_from_file_to_report(tmp_path: Path) -> None:
    outcome = nqp.studies.run(written(tmp_path), tmp_path / "results", progress=False)
    report = next((tmp_path / "results").rglob("report.html")).read_text(encoding="utf-8")
    assert "Effects build up over periods" in report
    assert "the lagged outcome of the unit" in report
    verdicts = {check.name: check.verdict for check in outcome.checks}
    assert verdicts["dynamics"] == "passed"
    table = pd.read_csv(next((tmp_path / "results").rglob("impulse_responses.csv")))
    assert table["horizon"].max() == 10
    again = nqp.studies.run(tmp_path / "results" / "study.toml", tmp_path / "2", progress=False)
    assert again.fit.design == outcome.fit.design


@pytest.mark.slow
def test_what_it_does_not_go_with_is_named(tmp_path: Path) -> None:
    text = STUDY.replace('errors = "IID"\n', "")
    with pytest.raises(NQPError, match="independent errors"):
        nqp.studies.run(written(tmp_path, text), tmp_path / "results", progress=False)
