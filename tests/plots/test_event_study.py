"""Leads of an event study, as the check of pre-trends found them."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import bayes_nqp as nqp
from bayes_nqp import schema
from bayes_nqp.errors import StudyError

REGIONS = ["coastal", "inland"]
MEANS = {-2: 0.2, -3: -0.5}


@pytest.fixture(scope="module")
def effects() -> xr.Dataset:
    return schema.build(
        1 + 0.01 * np.random.default_rng(1).normal(size=(2, 200, 1, 4)),
        strata={"region": [*REGIONS, *REGIONS]},
        cohort=[2015] * 4,
        time=[2015, 2015, 2016, 2016],
        event_time=[0, 0, 1, 1],
        rows=[3] * 4,
        units=[3] * 4,
    )


@pytest.fixture(scope="module")
def found() -> nqp.CheckResult:
    rng = np.random.default_rng(2)
    means = np.array(list(MEANS.values()))
    dims = ("chain", "draw", "region", "event_time")
    shift = np.array([[0.0], [2.0]])
    evidence = xr.Dataset(
        {
            "lead": (
                ("chain", "draw", "event_time"),
                means + 0.01 * rng.normal(size=(2, 200, 2)),
            ),
            "lead_region": (dims, means + shift + 0.01 * rng.normal(size=(2, 200, 2, 2))),
            "rows_lead": ("event_time", [3, 3]),
            "rows_lead_region": (("region", "event_time"), np.full((2, 2), 3)),
        },
        coords={"event_time": list(MEANS), "region": REGIONS, "gate": "passed"},
    )
    return nqp.CheckResult("pretrends", "?", "holds", "", "", evidence, "event_study")


def heights(figure: object, x: float) -> set[float]:
    """Heights of all points drawn near an event time, to a tenth."""
    points = set()
    for line in figure.axes[0].lines:  # type: ignore[attr-defined]
        for at, y in zip(line.get_xdata(), line.get_ydata(), strict=True):
            if abs(float(at) - x) < 0.3 and line.get_marker() not in ("", "None", None):
                points.add(round(float(y), 1))
    return points


def test_leads_come_from_the_check(effects: xr.Dataset, found: nqp.CheckResult) -> None:
    figure = nqp.plots.event_study(effects, leads=found)
    assert heights(figure, -2) == {0.2}
    assert heights(figure, -3) == {-0.5}
    assert heights(nqp.plots.event_study(effects), -2) == set()


@pytest.mark.parametrize("by", ["region", {"coast": "region"}])
def test_leads_by_group(effects: xr.Dataset, found: nqp.CheckResult, by: object) -> None:
    figure = nqp.plots.event_study(effects, by=by, leads=found)  # type: ignore[arg-type]
    assert heights(figure, -3) == {-0.5, 1.5}


def test_only_the_check_of_trends_has_leads(effects: xr.Dataset) -> None:
    other = nqp.CheckResult("support", "?", "holds", "", "")
    with pytest.raises(StudyError, match="'leads' is the check 'support'"):
        nqp.plots.event_study(effects, leads=other)


def counted(units: list[int]) -> xr.Dataset:
    """One cohort, with so many units from period to period."""
    times = range(len(units))
    return schema.build(
        1 + 0.01 * np.random.default_rng(3).normal(size=(2, 100, 1, len(units))),
        strata={},
        cohort=[2015] * len(units),
        time=[2015 + e for e in times],
        event_time=list(times),
        rows=units,
        units=units,
        gate="passed",
    )


def pale(figure: object) -> set[float]:
    """Event times whose points are drawn faint."""
    return {
        round(float(x))
        for ax in figure.axes  # type: ignore[attr-defined]
        for line in ax.lines
        if line.get_marker() not in ("", "None", None) and (line.get_alpha() or 1) < 1
        for x in line.get_xdata()
    }


def note(figure: object) -> str:
    return " ".join(figure._supxlabel.get_text().split())  # type: ignore[attr-defined]


def test_points_on_few_units_are_faint_and_the_note_says_so() -> None:
    figure = nqp.plots.event_study(counted([21, 5, 4, 1]))
    assert pale(figure) == {2, 3}
    assert "Faint: fewer than 5 units." in note(figure)
    assert "Points do not all rest on the same units." in note(figure)
    # The line between means stops where they are faint: it would look like growth.
    line = next(x for x in figure.axes[0].lines if len(x.get_xdata()) == 4)
    assert np.isnan(line.get_ydata()).tolist() == [False, False, True, True]
    labels = [text.get_text() for text in figure.axes[0].texts]
    assert labels[:4] == ["21", "5", "4", "1"]
    chinese = nqp.plots.event_study(counted([21, 4]), language="zh")
    said = note(chinese).replace(" ", "")
    assert "浅色：不足5个单位。" in said
    assert "各点并非来自同一批单位。" in said


def test_points_on_the_same_many_units_need_no_note() -> None:
    figure = nqp.plots.event_study(counted([6, 6, 6]))
    assert pale(figure) == set()
    assert "Faint" not in note(figure)
    assert "same units" not in note(figure)
    few = nqp.plots.event_study(counted([3, 3]))
    assert pale(few) == {0, 1}
    assert "same units" not in note(few)


def test_a_small_group_is_faint_beside_a_large_one(effects: xr.Dataset) -> None:
    large = effects.assign_coords(units=("cell", [9, 2, 9, 2]))
    figure = nqp.plots.event_study(large, by="region")
    alphas = {
        (line.get_color(), line.get_alpha())
        for line in figure.axes[0].lines
        if line.get_marker() not in ("", "None", None)
    }
    assert sorted(alpha for _, alpha in alphas) == [pytest.approx(0.32), 1.0]


def test_leads_and_checks_are_faint_as_effects_are(effects: xr.Dataset) -> None:
    rng = np.random.default_rng(5)
    after = "event_time_after"
    evidence = xr.Dataset(
        {
            "lead": (("chain", "draw", "event_time"), rng.normal(size=(2, 100, 2))),
            "rows_lead": ("event_time", [9, 2]),
            "units_lead": ("event_time", [9, 2]),
            "effect": (("chain", "draw", after), rng.normal(size=(2, 100, 2))),
            "units_effect": (after, [9, 4]),
        },
        coords={"event_time": [-2, -3], after: [0, 1], "gate": "passed"},
    )
    found = nqp.CheckResult("pretrends", "?", "holds", "", "", evidence, "event_study")
    drawn = nqp.plots.check(found)
    assert pale(drawn) == {-3, 1}
    assert "Faint: fewer than 5 units." in note(drawn)
    large = effects.assign_coords(units=("cell", [9] * 4))
    assert pale(nqp.plots.event_study(large, leads=found)) == {-3}
    known = evidence.drop_vars(["units_lead", "units_effect"])
    bare = nqp.CheckResult("pretrends", "?", "holds", "", "", known, "event_study")
    assert pale(nqp.plots.check(bare)) == set()


def test_bars_on_few_units_are_faint() -> None:
    parts = np.array([3.0, 1.0, 2.0])[:, None]
    effects = schema.build(
        np.ones((2, 100, 3, 2)) * parts, strata={}, cohort=[2015, 2015], time=[2015, 2016],
        event_time=[0, 1], rows=[9, 2], units=[9, 2], paths=["total", "direct", "digital"],
    )  # fmt: skip
    figure = nqp.plots.decomposition(effects)
    bars = [(round(b.get_x() + b.get_width() / 2), b.get_alpha()) for b in figure.axes[0].patches]
    assert {at for at, alpha in bars if alpha} == {1}
    assert {at for at, alpha in bars if alpha is None} == {0}
    assert pale(figure) == {1}
    assert "Faint: fewer than 5 units." in note(figure)
