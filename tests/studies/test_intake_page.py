"""The summary of reading a file, as a page, as values and as lines on a terminal."""

from __future__ import annotations

import re
from pathlib import Path

import messy_books
import pandas as pd
import pytest
from typer.testing import CliRunner

from bayes_nqp._core.exceptions import PanelError
from bayes_nqp._core.texts import size_of
from bayes_nqp.cli import app
from bayes_nqp.data.reading import STEPS
from bayes_nqp.studies import look, new, style


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_page_says_each_step_and_how_it_is_undone(tmp_path: Path, language: str) -> None:
    path, _ = messy_books.write("all_at_once", tmp_path, 1)
    made = new(path, language=language, page=True)
    text = (tmp_path / "all_at_once.look.html").read_text(encoding="utf-8")
    assert f'lang="{language}' in text
    assert not re.search(r"https?://|<script|<link|@import|url\(", text)
    assert "prefers-color-scheme: dark" in text
    study = made.path.read_text(encoding="utf-8")
    assert [step.key for step in made.page.steps] == [x for x in STEPS if x in made.guess.steps]
    for step in made.page.steps:
        assert step.line in study
        assert step.reason in text
        assert re.match(r"\d", step.size)
    assert "bayes-nqp run" in made.page.command
    assert ("reading of the cells" in text.lower()) == (language == "en")
    assert f'language = "{language}"' in study


def test_what_is_refused_has_a_page_and_no_study(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    messy_books.truth(1).drop(columns="年份").to_excel(path, index=False)
    with pytest.raises(PanelError) as refused:
        new(path, page=True)
    text = (tmp_path / "a.look.html").read_text(encoding="utf-8")
    assert "最接近的是" in text
    assert "批复年份" in text
    assert refused.value.language == "zh"
    assert not (tmp_path / "a.toml").exists()
    page = look(path)
    assert page.problems == (refused.value.in_("zh"),)
    assert not page.roles
    assert "<body" not in page.body()
    assert ".intake" in style()


def test_looking_writes_nothing_and_names_every_problem(tmp_path: Path) -> None:
    frame = messy_books.truth(2).astype({"贷款余额": object})
    frame.loc[3, "贷款余额"] = "约40<b>"
    path = tmp_path / "a.xlsx"
    pd.concat([frame, frame.iloc[[9]].assign(专利数=1)]).to_excel(path, index=False)
    page = look(path)
    assert [x.name for x in tmp_path.iterdir()] == ["a.xlsx"]
    assert len(page.problems) == 2
    assert "约40&lt;b&gt;" in page.html()
    assert page.command == ""


@pytest.mark.slow
@pytest.mark.parametrize("name", messy_books.BOOKS)
def test_the_list_fits_80_columns(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _ = messy_books.write(name, tmp_path, 1)
    monkeypatch.chdir(tmp_path)
    language = "zh" if len(name) % 2 else "en"
    shown = CliRunner().invoke(app, ["new", path.name, "--look", "--language", language])
    assert shown.exit_code in (0, 1), shown.output
    widest = max(shown.output.splitlines(), key=size_of)
    assert size_of(widest) <= 80, widest
    assert Path(f"{name}.look.html").exists()
