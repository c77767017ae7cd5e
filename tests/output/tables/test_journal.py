"""Tables as journals print them, and a layout of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from effects_dataset import random_effects
from mediated import channels_fit

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.output.tables import TABLE_FORMATS, Row, Table, table
from bayes_nqp.output.tables._layouts import LAYOUTS, layout

FAILED = "failed: R-hat 1.08 of att"


@pytest.fixture(scope="module")
def fits() -> dict[str, nqp.Fit]:
    frame = nqp.simulation.staggered(units=40, periods=8, cohorts=(4, 6), seed=1).panel.frame
    frame["income"] = frame["outcome"].rank() / len(frame) + 0.01 * frame.index
    roles = {"unit": "unit", "time": "time", "cohort": "cohort", "outcome": "outcome"}
    panel = nqp.Panel.from_frame(frame, **roles, strata=["region"], covariates=["income"])
    sampler = nqp.Importance(draws=200, chains=2, seed=1)
    plain = nqp.StaggeredDiD(nqp.CompletePooling(), time=nqp.TimeEffects(), covariates=())
    more = nqp.StaggeredDiD(nqp.CompletePooling(), time=nqp.TimeEffects(["region"]))
    designs = {"plain": plain, "more": more}
    return {k: nqp.fit(x, panel, sampler, progress=False) for k, x in designs.items()}


def cells(made: Table) -> dict[str, list[str]]:
    return {row.label: [cell.text for cell in row.cells] for row in made.rows}


def test_rows_are_those_of_a_printed_table(fits: dict[str, nqp.Fit]) -> None:
    made = table(fits, layout="journal", language="zh")
    found = cells(made)
    draws = nqp.att(fits["plain"])
    mean, sd, chance = float(draws.mean()), float(draws.std(ddof=1)), float((draws > 0).mean())
    assert made.rows[0].cells[0].values == pytest.approx((mean, sd, chance))
    lines = found["平均效应"][0].split("\n")
    assert lines[0] == f"{mean:.3f}"
    assert lines[1] == f"({sd:.3f})"
    assert lines[2].startswith("[")
    assert [column.label.split("\n")[0] for column in made.columns] == ["(1)", "(2)"]
    assert found["单位效应"] == found["时间效应"] == ["是", "是"]
    assert found["控制变量"] == ["否", "是"]
    assert found["region × 时间效应"] == ["否", "是"]
    assert found["N"] == ["320", "320"]
    assert "后验标准差" in made.note
    assert "*" not in made.note


def test_marks_are_asked_for_and_no_p_values(fits: dict[str, nqp.Fit]) -> None:
    made = table(fits, layout="journal", marks=True)
    chance = float((nqp.att(fits["plain"]) > 0).mean())
    assert chance > 0.995
    assert made.rows[0].cells[0].text.split("\n")[0].endswith("***")
    assert "not p-values" in made.note
    assert "*" not in cells(table(fits, layout="journal"))["Average effect"][0]


def test_every_format_takes_it(fits: dict[str, nqp.Fit], tmp_path: Path) -> None:
    for language in ("en", "zh"):
        made = table(fits, layout="journal", marks=True, by="region", language=language)
        assert "<table" in made.to_html()
        assert "***" in made.to_markdown().replace("\\", "")
        assert r"\midrule" in made.to_latex()
        for name, form in TABLE_FORMATS.items():
            if form.method in ("to_docx", "to_excel"):
                getattr(made, form.method)(tmp_path / f"{language}.{name}")
        assert len(made.to_frame()) == len(made.rows)


def test_channels_and_failed_gates_are_in_it() -> None:
    fit = channels_fit()
    found = cells(table(fit, layout="journal"))
    via = nqp.nie(fit).sel(mediator="digital")
    assert {"Direct", "Through digital", "Through finance"} <= set(found)
    assert found["Through digital"][0].startswith(f"{float(via.mean()):.3f}")
    failed = table({"a": random_effects(), "b": random_effects(gate=FAILED)}, layout="journal")
    assert failed.stamps[0].startswith("(2) ")


def test_a_layout_of_ones_own_is_one_function(fits: dict[str, nqp.Fit]) -> None:
    @layout
    def bare(sources: object, ask: object) -> Table:
        """Name the fits alone."""
        names = tuple(Row(name) for name, _ in sources)  # type: ignore[attr-defined]
        return Table("bare", "Fits", "", (), names)

    try:
        assert [row.label for row in table(fits, layout="bare").rows] == ["plain", "more"]
    finally:
        del LAYOUTS["bare"]
    with pytest.raises(StudyError, match="journal"):
        table(fits, layout="journals")
    with pytest.raises(StudyError, match="takes no kind"):
        table(fits, "robustness", layout="journal")


def test_effects_of_own_and_of_others_treatment_are_rows() -> None:
    """Models of spillovers have paths, but no mediators."""
    near = nqp.simulation.Spillover(nqp.Rings([100]), untreated=[0.8], treated=[0.4])
    panel = nqp.simulation.cities(spillover=near, strata=[], years=(2013, 2017), seed=2).panel
    design = nqp.StaggeredDiD(
        nqp.CompletePooling(), spillovers=nqp.Rings([100]), unidentified="drop", covariates=()
    )
    fit = nqp.fit(design, panel, nqp.Importance(draws=200, chains=2, seed=1), progress=False)
    paths = {
        "Direct effect (own treatment)": "direct",
        "Indirect effect (others' treatment)": "received",
    }
    for made in (table(fit, "baseline", steps=[[]], twfe=False), table(fit, layout="journal")):
        rows = {row.label: row.cells[0].values for row in made.rows if row.cells}
        for label, path in paths.items():
            assert rows[label][0] == pytest.approx(float(nqp.att(fit, path=path).mean()))
    marked = table(fit, "baseline", steps=[[]], twfe=False, marks=True)
    assert "***" in marked.note
