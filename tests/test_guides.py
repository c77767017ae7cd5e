"""Guides that tell code: every example of theirs runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import diff_diff
import numpy as np
import pytest

import bayes_nqp as nqp

DOCS = Path(__file__).parent.parent / "docs"
GUIDES = ("how_do_i", "from_stata_spatial", "pairs", "pooling_castle")


def code_of(page: str) -> str:
    text = (DOCS / f"{page}.md").read_text("utf-8")
    return "\n".join(re.findall(r"```python\n(.*?)```", text, flags=re.S))


@pytest.mark.parametrize("page", GUIDES)
def test_examples_run_and_say_what_the_guide_says(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(compile(code_of(page), page, "exec"), names)
    text = (DOCS / f"{page}.md").read_text("utf-8")
    if page == "how_do_i":
        assert (tmp_path / "report" / "report.docx").stat().st_size > 10_000
    elif page == "pairs":
        assert names["asked"].verdict == "caution"
        assert float(nqp.att(names["fit"]).std()) > 1.3 * float(nqp.att(names["plain"]).std())
        assert float(names["central"].record["index_between"]) > 0.0
    elif page == "pooling_castle":
        one_state(names, text)
    else:
        table = names["table"].to_markdown()
        for row in ("Treatment", "W × treatment", "ρ", "σ²", "Received of others"):
            assert f"| {row} |" in table
            assert row.lower() in text.lower()


def one_state(names: dict[str, Any], text: str) -> None:
    """The page's numbers are those of its code, and the first column that of another package."""
    assert f"{names['montana']:.3f} {names['printed']:.3f}" == "-0.211 0.034"
    assert f"{names['spread']:.3f} {names['as_far']}" == "0.184 9"
    rows = names["rows"].assign(g=names["rows"]["cohort"].fillna(0).astype(int))
    rows = rows.astype({"l_homicide": float, "year": int, "state": object})
    fitted = diff_diff.CallawaySantAnna(control_group="never_treated").fit(
        rows, outcome="l_homicide", unit="state", time="year", first_treat="g"
    )
    theirs = fitted.aggregate("group")
    labels = map(int, np.ravel(theirs.label))
    for cohort, effect, se in zip(labels, np.ravel(theirs.att), np.ravel(theirs.se), strict=True):
        columns = [(effect, se)]
        columns += [names[k].loc[cohort, ["mean", "sd"]] for k in ("separate", "pooled")]
        printed = " | ".join(f"{mean:.3f} ({sd:.3f})" for mean, sd in columns)
        assert f"| {printed.replace('0.', '.').replace('-', '−')} |" in text
    assert f"in Montana) is {names['chances'][2010]:.2f}".replace("0.", ".") in text
