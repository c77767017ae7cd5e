"""A format, table, figure or section that fails costs itself: the others tell of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pytest
from doors import (
    _WRITERS,
    KINDS,
    PLOTS,
    SECTIONS,
    Ask,
    Document,
    Finding,
    Paragraph,
    Sketch,
    asks,
    figure_of,
    kind,
    plot,
    report_format,
    section,
)
from matplotlib.figure import Figure
from small_study import STUDY, write_study

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import PanelError, StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks import CHECKS
from bayes_nqp.cli import main
from bayes_nqp.output.reports import Context, FigureFolder
from bayes_nqp.studies import run, validate

TOLD = {
    "The check broken_check": "IndexError: no evidence",
    "The figure broken_figure": "ZeroDivisionError: no ink",
    "The section broken_section": "KeyError: 'no words'",
    "The table broken_table": "RuntimeError: no rows",
    "The report as broken": "ValueError: no paper",
}
FORMATS = ["html", "docx", "broken", "xlsx", "tex", "md"]
SMALL = STUDY.replace("[report]", f"[report]\nformats = {json.dumps(FORMATS)}") + (
    '[figures]\ndraw = ["forest", "broken_figure"]\n'
)
SMALL = SMALL.replace('"identification"]', '"identification", "broken_check"]')


@pytest.fixture
def broken() -> Iterator[None]:
    """Plug-ins of each kind that raise what their authors did not expect."""

    @asks("Does it break?")
    def broken_check(fit: nqp.Fit) -> Finding:
        raise IndexError("no evidence")

    @plot(Message("Broken."), section="results")
    def broken_figure(effects: object, **look: object) -> Figure:
        raise ZeroDivisionError("no ink")

    @kind(Message("Broken"), section="results")
    def broken_table(source: object, ask: Ask) -> nqp.Table:
        raise RuntimeError("no rows")

    @section(place=15)
    def broken_section(context: Context) -> Iterable[Paragraph]:
        yield Paragraph("Before it breaks.")
        raise KeyError("no words")

    @report_format("broken", place=15)
    def write_broken(document: Document, folder: Path) -> None:
        raise ValueError("no \x1bpaper")

    yield
    del PLOTS["broken_figure"], KINDS["broken_table"], SECTIONS["broken_section"]
    del _WRITERS["broken"], CHECKS["broken_check"]


@pytest.mark.slow
@pytest.mark.usefixtures("broken")
def test_a_run_is_whole_but_for_what_fails(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="could not be created") as warned:
        outcome = run(write_study(tmp_path, SMALL), tmp_path / "out", progress=False)
    sentences = [f"{what} could not be created: {why}" for what, why in TOLD.items()]
    assert [str(omission.sentence) for omission in outcome.omissions] == sentences
    assert [str(warning.message) for warning in warned] == sentences
    assert all(sentence in repr(outcome) for sentence in sentences)
    record = json.loads((outcome.folder / "provenance.json").read_text(encoding="utf-8"))
    assert record["omissions"] == sentences
    assert {path.name for path in outcome.folder.rglob("*.*")} == {
        "summary.csv", "contrasts.csv", "checks.csv", "event_study.csv", "model_average.csv",
        "forest.csv",
        "forest.png", "forest.svg", "report.html", "report.docx", "tables.xlsx", "tables.tex",
        "tables.md", "answer.json", "posterior.nc", "study.toml", "provenance.json",
    }  # fmt: skip
    report = outcome.folder / "report"
    page = (report / "report.html").read_text(encoding="utf-8")
    assert "Before it breaks." in page
    assert "The average effect" in page
    for text in (page.replace("&#39;", "'"), _words(report / "report.docx")):
        assert all(sentence in text for sentence in sentences)
    for name in ("report.html", "tables.tex", "tables.md"):
        text = (report / name).read_text(encoding="utf-8").replace("\\_", "_")
        assert all(what in text and why.split(":")[0] in text for what, why in TOLD.items())
    sheet = openpyxl.load_workbook(report / "tables.xlsx")["Parts that could not be created"]
    cells = {str(cell.value) for row in sheet.iter_rows() for cell in row}
    assert {*TOLD, *TOLD.values()} <= cells


def _words(path: Path) -> str:
    document = docx.Document(str(path))
    boxes = [cell for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([p.text for p in document.paragraphs] + [cell.text for cell in boxes])


@pytest.mark.slow
@pytest.mark.usefixtures("broken")
def test_a_report_warns_and_is_whole_but_for_what_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = {name: held for name, held in PLOTS._places.items() if name == "broken_figure"}
    monkeypatch.setattr(PLOTS, "_places", few)
    study = validate(write_study(tmp_path))
    fit = nqp.fit(study.design, study.panel, study.sampler, progress=False)
    with pytest.warns(UserWarning, match="could not be created"):
        folder = nqp.report(fit, tmp_path / "r", formats=FORMATS[:3], checks=[], progress=False)
    assert {path.name for path in folder.glob("*.*")} == {
        "report.html",
        "report.docx",
        "answer.json",
    }


@pytest.mark.slow
@pytest.mark.usefixtures("broken")
def test_the_exit_code_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    study = write_study(tmp_path, SMALL.replace("[report]", '[report]\nlanguage = "zh"'))
    arguments = ["bayes-nqp", "run", str(study), "--out", str(tmp_path / "out"), "--quiet"]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit) as left:
        main()
    said = capsys.readouterr()
    assert left.value.code == 73
    assert said.out.count("未能生成") == len(TOLD)
    assert "Traceback" not in said.out + said.err
    assert (tmp_path / "out" / "report" / "report.docx").is_file()


@pytest.mark.slow
def test_any_file_of_a_run_may_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from doors import _run

    places = {"summary.csv", "posterior.nc", "study.toml"}

    def failing(function: Callable[..., object]) -> Callable[..., object]:
        def failed(*arguments: object, **options: object) -> object:
            if any(isinstance(x, Path) and x.name in places for x in arguments):
                raise TypeError("unforeseen")
            return function(*arguments, **options)

        return failed

    for name in ("write_table", "write_study"):
        monkeypatch.setattr(_run, name, failing(getattr(_run, name)))
    monkeypatch.setattr(nqp.Fit, "save", failing(nqp.Fit.save))
    with pytest.warns(UserWarning, match="could not be created: TypeError: unforeseen"):
        outcome = run(write_study(tmp_path), tmp_path / "out", progress=False)
    names = {path.name for path in outcome.folder.iterdir()}
    assert not names & places
    assert {"contrasts.csv", "checks.csv", "provenance.json", "figures"} <= names
    assert len(outcome.omissions) == len(places)


def test_figures_of_names_that_a_disk_takes_for_one_are_two(tmp_path: Path) -> None:
    drawn: list[str] = []

    def sketch(stem: str) -> Sketch:
        def make() -> Figure:
            drawn.append(stem)
            return figure_of(None, (1.0, 1.0))[0]

        return Sketch(stem, stem, make)

    folder = FigureFolder(tmp_path)
    stems = [folder.draw(sketch(stem)) for stem in ("by_a/b", "by_a:b", "BY_a?b", "by_a/b")]
    assert stems == ["by_a_b", "by_a_b_2", "BY_a_b_3", "by_a_b"]
    assert drawn == ["by_a/b", "by_a:b", "BY_a?b"]
    assert len(list(tmp_path.glob("*.png"))) == 3


def test_a_text_beyond_its_bound_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    study = validate(write_study(tmp_path))
    fit = nqp.fit(study.design, study.panel, study.sampler, progress=False)
    for name, most in (("title", 1_000), ("outcome_unit", 1_000), ("question", 10_000)):
        texts: dict[str, Any] = {name: "x" * (most + 1)}
        with pytest.raises(StudyError, match=f"'{name}' has {most + 1:,} characters"):
            nqp.report(fit, tmp_path / "report", progress=False, **texts)
    with pytest.raises(PanelError, match=r"labels\.en\.nqp has 1,001 characters"):
        study.panel.with_labels({"en": {"nqp": "x" * 1_001}})
