"""The code of how-to pages runs and gives the printed results."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import bayes_nqp as nqp

DOCS = Path(__file__).parent.parent / "docs"


def run(page: str) -> tuple[dict[str, Any], str]:
    """Run the examples of a page, without excerpts; return its names and its text."""
    text = (DOCS / f"{page}.md").read_text("utf-8")
    code = re.findall(r"(?<!<!-- excerpt -->\n)```python\n(.*?)```", text, flags=re.S)
    names: dict[str, Any] = {}
    exec(compile("\n".join(code), page, "exec"), names)
    return names, text


def cell(value: float, digits: int) -> str:
    """Print a number as tables do, with a minus sign."""
    return f"{value:.{digits}f}".replace("-", "−")


@pytest.mark.slow
def test_pretrends() -> None:
    names, text = run("pretrends")
    words = " ".join(text.split())
    assert " ".join(names["pretrends"].sentence.split()) in words
    assert " ".join(names["in_time"].figure.split()) in words
    assert names["pretrends"].verdict == "inconclusive"
    assert names["sensitivity"].verdict == "not applicable"
    for row in names["average"].families.round(2).itertuples():
        assert re.search(rf"{row.Index} +{row.prior:.1f} +{row.posterior:.2f}\n", text)
    for draws, name in ((nqp.att(names["average"]), "model average"),
                        (nqp.att(names["fit"]), "under parallel trends")):  # fmt: skip
        found = nqp.summary(draws).iloc[0]
        numbers = " | ".join(cell(found[x], 3) for x in ("mean", "sd"))
        assert f"| {name} | {numbers} |" in text


@pytest.mark.slow
def test_mediators() -> None:
    names, text = run("mediators")
    for row in names["effects"].itertuples():
        numbers = f"{cell(row.mean, 3)} | {cell(row.sd, 3)}"
        assert f"| {row.path} | {numbers} |" in text
    verdicts = [names[x].verdict for x in ("trends", "mechanical", "slopes", "periods")]
    assert str(verdicts) in text


@pytest.mark.slow
def test_spillovers() -> None:
    names, text = run("spillovers")
    for draws in (names["total"], names["own"], names["others"]):
        assert f"{cell(float(draws.mean()), 4)} ({cell(float(draws.std()), 4)})" in text
    assert names["ignoring"].verdict == "failed"
    assert names["reach"].verdict == names["without"].verdict == "inconclusive"
    assert names["alike"].verdict == "caution"


@pytest.mark.slow
def test_reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names, text = run("reports")
    rows = [x for x in names["table"].to_markdown().splitlines() if x.startswith("| ")]
    printed = dict(x.strip("| ").split(" | ", 1) for x in rows[2:] if "[" in x)
    for name in ("Overall", "Midwest", "South", "West", "Midwest − South"):
        numbers = " | ".join(printed[name].split(" | ")[:6])
        assert f"| {name} | {numbers} |" in text
    answer = names["answer"]
    grade = answer["confidence"]["grade"]
    assert f"{answer['average']['mean']:.3f} {answer['posterior']} {grade}\n" in text
    for name in ("report.html", "report.docx", "tables.xlsx", "tables.tex", "answer.json"):
        assert (tmp_path / "report" / name).is_file()
    assert nqp.att(names["same"]).identical(nqp.att(names["fit"]))
