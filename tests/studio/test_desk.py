"""The desk without a browser: the study, its edits, and its runs."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import bayes_nqp as nqp
from bayes_nqp import studies
from bayes_nqp._core.exceptions import PanelError, StudyError
from bayes_nqp.studio import _serve, serve
from bayes_nqp.studio._edits import differences, edited
from bayes_nqp.studio._run import Run
from bayes_nqp.studio._workspace import COVARIATES, MEDIATORS, Desk

SHORT = {("checks", "run"): ["convergence", "identification"], ("sampler", "draws"): 100}


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
    """Return the study that `new` writes for the file in its folder."""
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


@pytest.mark.slow
def test_a_role_is_said_as_to_new(
    desk: Desk, workbook: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.role("outcome", "other")
    assert desk.text == proposed(workbook, monkeypatch, outcome="other")
    desk.role("outcome", "")
    assert desk.text == desk.base


@pytest.mark.slow
def test_edits_stand_in_the_study_and_outlive_another_role(desk: Desk) -> None:
    comments = desk.text.count("#")
    desk.edit({("report", "author"): "甲", ("report", "language"): "zh", **SHORT})
    desk.role("outcome", "other")
    written = tomllib.loads(desk.path.read_text("utf-8"))
    assert written["report"]["author"] == "甲"
    assert written["report"]["outcome"] == written["data"]["outcome"] == "other"
    assert written["checks"]["run"] == ["convergence", "identification"]
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
    with pytest.raises(StudyError, match="not valid TOML"):
        desk.edit({("title",): "x"})


def test_a_file_that_cannot_be_read_is_refused_in_words(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "broken.xlsx").write_bytes(b"PK nothing")
    desk.open(tmp_path / "broken.xlsx")
    assert desk.study is None
    assert "broken.xlsx" in desk.problems("en")[0]


@pytest.mark.slow
def test_a_run_writes_what_the_command_writes(desk: Desk, tmp_path: Path) -> None:
    desk.edit(SHORT)
    run = desk.start()
    run.wait(300)
    assert (run.state, run.error, run.answered) == ("done", {}, True)
    assert [check["name"] for check in run.checks] == ["convergence", "identification"]
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_nothing_of_the_user_is_overwritten(workbook: Path) -> None:
    Path("cities.toml").write_text("of the user", encoding="utf-8")
    Path("cities.csv").write_text("of the user", encoding="utf-8")
    frame = pd.read_excel(workbook, engine="openpyxl")
    frame.to_csv(workbook.with_suffix(".csv"), index=False)
    desk = Desk()
    for source in (workbook, workbook.with_suffix(".csv")):
        desk.open(source)
        desk.edit({("title",): "of the studio"})
        assert Path("cities.toml").read_text("utf-8") == "of the user"
        assert Path("cities.csv").read_text("utf-8") == "of the user"
    assert {path.name for path in Path().glob("cities*")} >= {
        "cities.toml", "cities.csv", "cities-2.xlsx", "cities-2.toml", "cities-3.csv",
        "cities-3.toml",
    }  # fmt: skip
    frame.to_csv("inside.csv", index=False)
    Path("inside.toml").write_text("of the user", encoding="utf-8")
    desk.open(Path("inside.csv"))
    assert (desk.file, desk.path) == (Path("inside.csv"), Path("inside-2.toml"))
    assert Path("inside.toml").read_text("utf-8") == "of the user"


@pytest.mark.slow
def test_a_study_is_taken_up_again_unless_somebody_changed_it(desk: Desk, workbook: Path) -> None:
    desk.edit({("title",): "kept"})
    again = Desk()
    again.open(workbook)
    assert (again.path, again.text) == (desk.path, desk.text)
    mine = desk.text + "# mine\n"
    desk.path.write_text(mine, encoding="utf-8")
    again.edit({("title",): "another"})
    assert again.path.name == "cities-2.toml"
    assert desk.path.read_text("utf-8") == mine


@pytest.mark.slow
@pytest.mark.parametrize("name", ["x.toml", "..", "results", ".lock", "x", "x.html"])
def test_what_is_no_data_is_refused_and_changes_nothing(
    desk: Desk, workbook: Path, name: str
) -> None:
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    with pytest.raises(PanelError, match="format that cannot be read"):
        desk.open(workbook, name)
    assert desk.file == Path("cities.xlsx")
    assert before == {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}


@pytest.mark.sample(2)
@pytest.mark.parametrize(
    "name", ["results.xlsx", "市" * 200 + ".xlsx", "../../x.xlsx", "....xlsx", "50%_#1_.XLSX"]
)
def test_any_name_of_data_is_taken(workbook: Path, name: str) -> None:
    desk = Desk()
    desk.open(workbook, name)
    assert desk.study is not None
    assert desk.file.parent == desk.path.parent == Path()
    assert desk.file.suffix.lower() == ".xlsx"
    desk.edit(SHORT)
    run = desk.start()
    desk.cancel()
    assert run.study.exists()


@pytest.mark.parametrize("broken", ["", '{"seconds":', "[]", '{"seconds": "long"}', None])
def test_a_run_with_a_damaged_record_is_still_offered(workbook: Path, broken: str | None) -> None:
    folder = Path("results/cities-1")
    (folder / "report").mkdir(parents=True)
    (folder / "report" / "report.html").write_text("<p>", encoding="utf-8")
    folder.with_name("cities-1.toml").write_text('title = "x"', encoding="utf-8")
    if broken is not None:
        (folder / "provenance.json").write_text(broken, encoding="utf-8")
    desk = Desk()
    desk.open(workbook)
    (run,) = desk.runs
    assert (run.state, run.seconds, run.text) == ("done", None, 'title = "x"')


PRINTS = """
import os, subprocess, sys
from bayes_nqp.studio import _worker
_worker.claim()
print("a check prints")
os.write(1, b"and so does C\\n")
subprocess.run([sys.executable, "-c", "print('and a process')"], check=True)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
_worker.tell("step", text={"en": "x"}, done=0, total=0)
END
"""


@pytest.mark.sample(2)
@pytest.mark.parametrize(
    ("end", "state", "words"),
    [
        ('_worker.tell("done")', "done", ""),
        ("os.kill(os.getpid(), 9)", "broken", "memory ran out"),
        ("raise ZeroDivisionError", "broken", "error in the program"),
        ("os._exit(3)", "broken", "error in the program"),
    ],
)
def test_a_run_ends_whatever_is_printed_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str, state: str, words: str
) -> None:
    program = tmp_path / "program.py"
    program.write_text(PRINTS.replace("END", end), encoding="utf-8")
    popen = subprocess.Popen

    def instead(command: list[str], **how: Any) -> Any:
        return popen([sys.executable, str(program)], **how)

    monkeypatch.setattr("bayes_nqp.studio._run.subprocess.Popen", instead)
    run = Run(1, "", tmp_path / "results")
    run.start(tmp_path / "x.toml")
    run.wait(60)
    assert (run.state, run.step["text"]) == (state, {"en": "x"})
    for said in run.error.values():
        assert not re.search(r"exit|Error|-9|Traceback", said)
    assert words in run.error.get("en", "")
    assert run.log.exists() == (state == "broken")
    if state == "broken":
        assert "a check prints" in run.log.read_text("utf-8")


def test_any_number_is_taken_as_its_logarithm_by_a_tick(desk: Desk) -> None:
    for way in (COVARIATES, MEDIATORS):
        desk.choose(way, ["large"], ["large"])
        assert desk.study is not None
        assert desk.get(*way) == ["ln_large"]
        assert desk.chosen(way) == {"large": True}
        assert desk.get("data", "derive") == {"ln_large": 'log(col("large"))'}
        desk.choose(way, [])
    desk.choose(COVARIATES, ["large"])
    assert desk.chosen(COVARIATES) == {"large": False}
    desk.choose(COVARIATES, [])
    assert differences(desk.base, desk.text) == {}
    assert desk.study is not None
    assert "region" not in desk.numeric


CODE = re.compile(
    r"--[a-z]|#|\b(?:unit|time|outcome|cohort|treated|strata|path)=|Error|nqp\.|pip install|pandas"
)


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
def test_problems_hold_no_word_of_code(workbook: Path, tmp_path: Path, language: str) -> None:
    frame = pd.read_excel(workbook, engine="openpyxl").drop(columns=["zoned", "cohort"])
    files = {
        "untreated.csv": frame, "units.csv": frame[["unit"]],
        "words.csv": frame[["unit", "time"]].assign(outcome="high"),
        "empty.csv": frame.head(0),
    }  # fmt: skip
    sources = [tmp_path / name for name in files]
    for source, rows in zip(sources, files.values(), strict=True):
        rows.to_csv(source, index=False)
    for name, content in {"broken.xlsx": b"PK nothing", "b.dta": b"x" * 90, "b.csv": b""}.items():
        sources.append(tmp_path / name)
        sources[-1].write_bytes(content)
    for source in sources:
        desk = Desk()
        desk.open(source)
        problems = desk.problems(language)
        assert problems, source
        for text in (*problems, *desk.page_in(language).notes):
            assert not CODE.search(text), text
            assert language == "en" or re.search("[\u4e00-\u9fff]", text), text


@pytest.mark.slow
@pytest.mark.parametrize(("key", "value"), [("outcome", "region"), ("unit", "region")])
def test_a_wrong_choice_is_said_by_the_labels_of_the_page(desk: Desk, key: str, value: str) -> None:
    desk.role(key, value)
    for language in ("en", "zh"):
        for text in desk.problems(language):
            assert not CODE.search(text), text


def test_a_study_that_should_be_looked_at_runs_once_somebody_agrees(workbook: Path) -> None:
    frame = pd.read_excel(workbook, engine="openpyxl")
    frame[frame["cohort"].notna()].to_excel(workbook, index=False)
    desk = Desk()
    desk.open(workbook)
    assert desk.study is None
    if desk.doubtful:
        assert "Use the file without changes" in "".join(desk.problems("en"))
        desk.accept()
    else:
        desk.edit({("design", "unidentified"): "drop"})
    assert desk.study is not None
    assert desk.problems("en") == ()


@pytest.mark.slow
def test_a_chinese_file_has_a_chinese_study_whatever_its_outcome_is_called(
    workbook: Path,
) -> None:
    names = {"unit": "城市", "time": "年份", "cohort": "试点年份", "region": "地区"}
    pd.read_excel(workbook, engine="openpyxl").rename(columns=names).to_excel(workbook, index=False)
    desk = Desk()
    desk.open(workbook)
    assert desk.language == desk.get("report", "language") == "zh"


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
