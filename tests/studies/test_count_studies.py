"""The studies of counts: they can run, and one does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bayes_nqp.studies import run, validate

MODELS = Path(__file__).parents[2] / "models"


@pytest.mark.parametrize("name", ["castle_homicides", "firm_patents"])
def test_a_study_of_counts_is_valid(name: str) -> None:
    study = validate(MODELS / f"{name}.toml")
    assert study.design.facts.likelihood.link == "log"
    assert study.panel.roles.exposure is not None


@pytest.mark.slow
def test_the_report_has_per_cent_and_events(tmp_path: Path) -> None:
    run(MODELS / "castle_homicides.toml", tmp_path / "out")
    report = (tmp_path / "out" / "report" / "report.html").read_text(encoding="utf-8")
    assert "Additional events" in report
    answer = json.loads((tmp_path / "out" / "report" / "answer.json").read_text(encoding="utf-8"))
    assert answer["unit"] == "log points"
    assert (tmp_path / "out" / "figures" / "model_average.png").exists()
