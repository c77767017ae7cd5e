"""What neighbours receive: its table, and its section of reports."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from spilled import spilled

import bayes_nqp as nqp


@cache
def fitted(onto: tuple[str, ...] = ("untreated", "treated")) -> nqp.Fit:
    """Zones of a small land, and their neighbours by ring."""
    design = nqp.StaggeredDiD(
        nqp.CompletePooling(varying=None), nqp.IID(), spillovers=nqp.Rings([100, 200], onto=onto),
        time=nqp.TimeEffects(), unidentified="drop",
    )  # fmt: skip
    panel = spilled(units=80, periods=8).panel
    return nqp.fit(design, panel, nqp.Importance(draws=200, seed=1), progress=False)


def test_the_table_holds_what_estimands_say() -> None:
    fit = fitted()
    frame = nqp.table(fit, "spillover_effects").to_frame()
    mean = [float(nqp.att(fit, path=path).mean()) for path in ("total", "direct", "received")]
    mean += [
        float(x)
        for x in nqp.spillover_effects(fit, by="ring", onto="treated").mean(["chain", "draw"])
    ]
    mean += [float(nqp.spillover_effects(fit).mean())]
    mean += [float(x) for x in nqp.spillover_effects(fit, by="ring").mean(["chain", "draw"])]
    column = next(name for name in frame if "Mean" in str(name))
    assert [float(x) for x in frame[column].dropna()] == pytest.approx(mean, abs=1e-9)
    assert mean[0] == pytest.approx(mean[1] + mean[2])
    text = nqp.table(fit, "spillover_effects", language="zh").to_markdown()
    assert "溢出效应" in text
    assert "0–100 km" in text


def test_cells_of_neighbours_are_no_treated_ones() -> None:
    fit = fitted()
    treated = int(fit.effects["rows"][fit.effects["role"] == "treated"].sum())
    support = nqp.check(fit, "identification")
    assert f"{treated} of {treated} treated observations; " in support.figure
    assert support.figure.endswith("cells of exposed neighbours")
    assert nqp.att(fit).attrs["cells_left_out"] == 0
    assert nqp.spillover_effects(fit).attrs["cells_left_out"] == 0


@pytest.mark.slow
def test_without_treated_rows_there_is_the_total_alone() -> None:
    text = nqp.table(fitted(("untreated",)), "spillover_effects").to_markdown()
    assert "Own |" not in text
    assert "part of their total" in text


@pytest.mark.slow
def test_a_lag_has_no_rings() -> None:
    panel = spilled(units=40, periods=8).panel
    design = nqp.StaggeredDiD(
        nqp.CompletePooling(varying=None), time=nqp.TimeEffects(),
        spillovers=nqp.SpatialLag(nqp.spatial_weights.nearest(panel, k=4)),
    )  # fmt: skip
    fit = nqp.fit(design, panel, nqp.Importance(draws=200, seed=1), progress=False)
    text = nqp.table(fit, "spillover_effects").to_markdown()
    assert "since the first adoption" in text
    assert "km" not in text
    by_unit = nqp.spillover_effects(fit, by="unit")
    rows = by_unit["rows"]
    mean = (by_unit * rows).sum("unit") / rows.sum()
    assert mean.to_numpy() == pytest.approx(nqp.spillover_effects(fit).to_numpy(), abs=1e-12)


def test_receivers_are_called_by_what_they_are_near_or_linked_to() -> None:
    links = nqp.spatial_weights.nearest(spilled(units=80, periods=8).panel, 4)
    assert nqp.Rings([100]).bystanders.in_("en") == "untreated units near treated ones"
    share = nqp.ShareTreated(links)
    assert share.bystanders.in_("en") == "untreated units linked to treated ones"
    assert "关联" in share.bystanders.in_("zh")


@pytest.mark.slow
def test_reports_say_what_neighbours_receive(tmp_path: Path) -> None:
    nqp.report(
        fitted(), tmp_path, language="zh", formats=["html"], checks=[], force=True, progress=False
    )
    page = (tmp_path / "report.html").read_text("utf-8")
    for word in (
        "空间溢出效应",
        "受处理单位附近的未受处理单位",
        "由直接效应",
        "0–100 km 处为",
    ):
        assert word in page
    assert page.count("受处理单位附近的未受处理单位") == 2  # in short, and in the section
