"""What lies on the desk, without a browser: the study, its edits, and its runs."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import bayes_nqp as nqp
from bayes_nqp import studies
from bayes_nqp.errors import StudyError
from bayes_nqp.studio import _serve, serve
from bayes_nqp.studio._desk import Desk
from bayes_nqp.studio._edits import differences, edited
from bayes_nqp.studio._run import Run

SHORT = {("checks", "run"): ["convergence", "support"], ("sampler", "draws"): 100}


@pytest.fixture
def workbook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    panel = nqp.simulation.staggered(units=24, periods=8, cohorts=(4, 6), seed=3).panel
    frame = pd.DataFrame(panel.frame)
    frame["other"] = frame["outcome"] * 2 + 1
    frame["large"] = frame["outcome"] + 100
    frame["zoned"] = (frame["time"] >= frame["cohort"]).map({True: "yes", False: "no"})
    path = tmp_path / "given" / "cities.xlsx"
    path.parent.mkdir()
    frame.to_excel(path, index=False)
    (tmp_path / "desk").mkdir()
    monkeypatch.chdir(tmp_path / "desk")
    return path


@pytest.fixture
def desk(workbook: Path) -> Desk:
    desk = Desk()
    desk.open(workbook)
    return desk


def proposed(workbook: Path, monkeypatch: pytest.MonkeyPatch, **roles: object) -> str:
    """What `new` writes for the file where it lies."""
    with monkeypatch.context() as patched:
        patched.chdir(workbook.parent)
        return studies.new(workbook.name, f"{workbook.stem}.toml", roles=roles).path.read_text(
            "utf-8"
        )


def test_the_study_is_the_one_that_new_writes(
    desk: Desk, workbook: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert desk.text == proposed(workbook, monkeypatch)
    assert desk.path.read_text("utf-8") == desk.text
    assert desk.study is not None


def test_a_role_is_said_as_to_new(
    desk: Desk, workbook: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.role("outcome", "other")
    assert desk.text == proposed(workbook, monkeypatch, outcome="other")
    desk.role("outcome", "")
    assert desk.text == desk.base


def test_edits_stand_in_the_study_and_outlive_another_role(desk: Desk) -> None:
    comments = desk.text.count("#")
    desk.edit({("report", "author"): "甲", ("report", "language"): "zh", **SHORT})
    desk.role("outcome", "other")
    written = tomllib.loads(desk.path.read_text("utf-8"))
    assert written["report"]["author"] == "甲"
    assert written["report"]["outcome"] == written["data"]["outcome"] == "other"
    assert written["checks"]["run"] == ["convergence", "support"]
    assert desk.text.count("#") == comments
    desk.edit(dict.fromkeys(SHORT) | {("report", "author"): None})
    assert differences(desk.base, desk.text) == {
        ("report", "language"): "zh", ("sampler", "draws"): None, ("checks",): {},
    }  # fmt: skip


def test_the_logarithm_of_the_outcome_is_an_edit_that_goes_with_it(desk: Desk) -> None:
    desk.edit({("data", "derive", "shifted"): "outcome + 100"})
    desk.edit({("data", "derive", "shifted"): None})
    assert desk.text == desk.base
    desk.role("outcome", "large")
    desk.take_log(True)
    assert desk.study is not None
    assert desk.study.panel.roles.outcome == "ln_large"
    assert desk.study.settings.report.outcome_scale == "log"
    desk.role("outcome", "other")
    assert desk.text == desk.base
    desk.take_log(True)
    assert [*desk.fields("en")] == ["outcome"]
    desk.take_log(False)
    assert desk.text == desk.base


def test_a_problem_stands_beside_the_field_that_caused_it(desk: Desk) -> None:
    desk.role("outcome", "region")
    assert [*desk.fields("en")] == ["outcome"]
    assert desk.study is None
    desk.role("outcome", "")
    desk.role("unit", "region")
    assert [*desk.fields("en")] == ["unit"]
    desk.role("unit", "")
    assert desk.fields("en") == {}
    desk.retype(desk.text.replace("[data]", "[data"))
    assert [*desk.fields("en")] != []
    with pytest.raises(StudyError, match="no TOML"):
        desk.edit({("title",): "x"})


def test_a_file_that_cannot_be_read_is_refused_in_words(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "broken.xlsx").write_bytes(b"PK nothing")
    desk.open(tmp_path / "broken.xlsx")
    assert desk.study is None
    assert "broken.xlsx" in desk.problems("en")[0]


def test_a_run_writes_what_the_command_writes(desk: Desk, tmp_path: Path) -> None:
    desk.edit(SHORT)
    run = desk.start()
    run.wait(300)
    assert (run.state, run.error, run.answered) == ("done", {}, True)
    assert [check["name"] for check in run.checks] == ["convergence", "support"]
    assert (run.early / "answer" / "report.html").exists()
    again = Path("results/again")
    studies.run(desk.path, again, progress=False, command=f"bayes-nqp run {desk.path}")
    files = {p.relative_to(again) for p in again.rglob("*") if p.is_file()}
    assert files == {p.relative_to(run.folder) for p in run.folder.rglob("*") if p.is_file()}
    for name in files - {Path("provenance.json")}:
        assert (again / name).read_bytes() == (run.folder / name).read_bytes(), name
    later = Desk()
    later.open(desk.file)
    (kept,) = later.runs
    assert (kept.number, kept.state, kept.text) == (run.number, "done", desk.text)
    assert kept.folder == run.folder
    assert 0 < kept.seconds < 300


def test_a_cancelled_run_keeps_what_it_answered(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAYES_NQP_STORE", str(tmp_path / "store"))
    run = desk.start()
    while len(run.checks) < 3 and run.state == "running":
        run.wait(0.05)
    desk.cancel()
    run.wait(60)
    assert run.state == "cancelled"
    assert not run.folder.exists()
    said: list[str] = []
    hear = Run._hear

    def overheard(self: Run, event: dict[str, Any]) -> None:
        said.append(event["text"]["en"] if event["event"] == "step" else event["event"])
        hear(self, event)

    monkeypatch.setattr(Run, "_hear", overheard)
    desk.edit({("checks", "run"): [check["name"] for check in run.checks]})
    again = desk.start()
    again.wait(300)
    assert again.state == "done"
    assert [check["name"] for check in again.checks] == [check["name"] for check in run.checks]
    assert [x for x in said if x.startswith(("sampling", "checking"))] == []


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_serve, "find_spec", lambda name: None)
    with pytest.raises(StudyError, match="shiny is not installed") as refused:
        serve()
    assert "bayes-nqp[studio]" in refused.value.hint


def test_comments_stay_beside_what_is_edited() -> None:
    text = 'title = "a"\n[report]\nlanguage = "en"   # or "zh"\nformats = ["html"]\n'
    new = edited(text, {("report", "language"): "zh", ("data", "read", "sheet"): "x"})
    assert 'language = "zh"   # or "zh"' in new
    assert tomllib.loads(new)["data"] == {"read": {"sheet": "x"}}
    assert edited(new, {("report", "language"): "en", ("data",): None}).strip() == text.strip()
