"""A report calls its outcome by one name, in its table of descriptive statistics too."""

from __future__ import annotations

from pathlib import Path

import pytest

import bayes_nqp as nqp


@pytest.mark.slow
def test_the_outcome_has_the_name_of_the_report(tmp_path: Path) -> None:
    panel = nqp.simulation.staggered(units=30, periods=7, cohorts=(4,), seed=3).panel
    fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(draws=100, seed=1), progress=False)
    nqp.report(
        fit, tmp_path / "report", outcome="output per head", checks=[], formats=["html"],
        progress=False,
    )  # fmt: skip
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    table = page[page.index("Descriptive statistics") :]
    table = table[: table.index("</table>")]
    assert "output per head" in table
    assert f">{panel.roles.outcome}<" not in table
