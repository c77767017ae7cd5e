"""A study whose texts some terminal, page or office program would obey, from the command line."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import docx
import pandas as pd
import pytest
import tomli_w
from small_study import STUDY, city_rows

from bayes_nqp.cli import main

TITLE = "\x1b[31mWho \u202egains\x07?\n[/red] :smile: " + "long " * 80
LABEL = "[/bold] <script>alert(1)</script> $x^$ {0} \x1b]0;x\x07"


@pytest.fixture
def study(tmp_path: Path) -> Path:
    rows = city_rows().assign(convergence=1.0)
    rows["地区"] = rows["地区"].map({"沿海": "=cmd|'/C calc'!A0", "内陆": "a\x1b[2Jb"})
    rows.to_csv(tmp_path / "cities.csv", index=False, encoding="utf-8-sig")
    settings = tomllib.loads(STUDY)
    words = {"convergence": "[/x]", "ln_nqp": LABEL, "地区": {"levels": {"a[2Jb": LABEL}}}
    settings |= {"title": TITLE, "labels": {"en": words}, "figures": {"draw": ["forest"]}}
    settings["report"] = {"question": TITLE, "formats": ["html", "docx", "xlsx", "md"]}
    path = tmp_path / "study.toml"
    path.write_text(tomli_w.dumps(settings), encoding="utf-8")
    return path


def typed(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["bayes-nqp", *map(str, arguments)])
    with pytest.raises(SystemExit) as left:
        main()
    return int(left.value.code or 0)


@pytest.mark.slow
def test_validate_says_what_a_format_does_not_hold_and_run_is_whole(
    study: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(monkeypatch, "validate", study) == 0
    said = capsys.readouterr()
    assert (
        "docx: the document properties keep only the first 255 characters of the title" in said.out
    )
    assert "This study is ready to run." in said.out
    out = study.parent / "out"
    assert typed(monkeypatch, "run", study, "--out", out) == 0
    said = capsys.readouterr()
    assert not {"\x1b", "\x07", "\u202e"} & {*said.out, *said.err}
    assert "[31mWho gains? [/red] :smile:" in " ".join(said.out.split())
    assert "convergence: " in said.out
    title = "[31mWho gains? [/red] :smile: " + ("long " * 80).strip()
    assert title in (out / "report" / "report.html").read_text(encoding="utf-8")
    document = docx.Document(str(out / "report" / "report.docx"))
    assert document.core_properties.title.startswith("[31mWho gains?")
    assert document.core_properties.title.endswith("…")
    assert document.paragraphs[0].text == title
    assert "<script" not in (out / "report" / "tables.md").read_text(encoding="utf-8")
    levels = pd.read_csv(out / "summary.csv", encoding="utf-8-sig")["level"]
    assert {"'=cmd|'/C calc'!A0", "a[2Jb"} <= {*levels}
    assert tomllib.loads((out / "study.toml").read_text(encoding="utf-8"))["title"] == title
