"""Leads and effects by event time, from one baseline."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

import bayes_nqp as nqp
from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.effects.estimands import att, by_event_time
from bayes_nqp.robustness import event_study_of


@pytest.fixture(scope="module")
def effects() -> xr.Dataset:
    return schema.build(
        1 + 0.01 * np.random.default_rng(1).normal(size=(2, 200, 1, 4)),
        strata={"region": ["coastal", "inland"] * 2},
        cohort=[2015] * 4,
        time=[2015, 2015, 2016, 2016],
        event_time=[0, 0, 1, 1],
        rows=[3] * 4,
        units=[3] * 4,
    )


@pytest.fixture(scope="module")
def fit() -> nqp.Fit:
    """Cohorts of two regions, whose treated units stand apart before adoption."""
    frame = nqp.simulation.staggered(units=40, periods=8, cohorts=(4, 6), seed=1).panel.frame
    early = frame["cohort"].notna() & (frame["time"] < frame["cohort"])
    frame["outcome"] -= 2.0 * early * (frame["time"] < frame["cohort"] - 1)
    panel = nqp.Panel.from_frame(
        frame, unit="unit", time="time", cohort="cohort", outcome="outcome", strata=["region"]
    )
    design = nqp.StaggeredDiD(nqp.CompletePooling(), nqp.IID())
    return nqp.fit(design, panel, nqp.Importance(draws=200, chains=2, seed=1), progress=False)


def drawn(figure: object, marker: str) -> dict[float, float]:
    """Heights of the points of one shape by event time, in the first panel."""
    return {
        float(x): float(y)
        for line in figure.axes[0].lines  # type: ignore[attr-defined]
        if line.get_marker() == marker
        for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)
    }


def test_leads_and_effects_are_of_one_fit_with_one_reference(fit: nqp.Fit) -> None:
    study = event_study_of(fit)
    of_one = {
        float(e): float(x)
        for part in (study.leads, study.effects)
        for e, x in att(part, "event_time").mean(["chain", "draw"]).to_series().items()
    }
    figure = nqp.plots.event_study(fit)
    assert drawn(figure, "o") == pytest.approx(of_one)
    assert drawn(figure, "D") == {-1.0: 0.0}
    averaged = att(nqp.model_average(fit), "event_time").mean(["chain", "draw"]).to_numpy()
    assert list(drawn(figure, "s").values()) == pytest.approx(averaged)
    assert drawn(nqp.plots.event_study(fit, efficient=False), "s") == {}
    assert "relative to event time −1." in note(figure)
    # Periods before the last are two lower, and the baseline of the fit's own effects with them.
    both = nqp.plots.event_study(fit, efficient=True)
    assert list(drawn(both, "s").values()) == pytest.approx(averaged)
    own = att(fit, "event_time").mean(["chain", "draw"]).to_numpy()
    assert own[0] - of_one[0] > 0.5
    assert min(drawn(both, "o")) < -1
    colours = {x.get_color() for x in both.axes[0].lines if x.get_marker() in ("o", "s")}
    assert len(colours) == 3


@pytest.mark.slow
@pytest.mark.parametrize(("periods", "named"), [(8, True), (24, False)])
def test_the_reference_is_named_where_there_is_room(periods: int, named: bool) -> None:
    panel = nqp.simulation.staggered(units=40, periods=periods, cohorts=(4, 6), seed=1).panel
    design = nqp.StaggeredDiD(nqp.CompletePooling(), nqp.IID())
    fit = nqp.fit(design, panel, nqp.Importance(draws=200, chains=2, seed=1), progress=False)
    texts = [x.get_text() for x in nqp.plots.event_study(fit).axes[0].texts]
    assert ("reference" in texts) == named


def test_the_band_holds_all_points_at_once(fit: nqp.Fit) -> None:
    study = event_study_of(fit)
    parts = [by_event_time(part).to_numpy() for part in (study.leads, study.effects)]
    draws = np.concatenate(parts, axis=-1).reshape(400, -1)
    table = nqp.event_study_table(fit, efficient=False).query("part != 'reference'")
    low, high = (table[f"joint_{end}"].to_numpy(float) for end in ("lower", "upper"))
    inside = ((draws >= low) & (draws <= high)).all(axis=1).mean()
    assert inside == pytest.approx(0.95, abs=0.005)
    marks = [
        line.get_xydata()
        for line in nqp.plots.event_study(fit, efficient=False).axes[0].lines
        if line.get_marker() == "_"
    ]  # fmt: skip
    seen = np.concatenate(marks)
    ends = seen[np.lexsort(seen.T[::-1]), 1].reshape(-1, 2)
    np.testing.assert_allclose(ends, np.column_stack([low, high]))


def test_a_number_shows_the_last_leads_and_false_none(fit: nqp.Fit) -> None:
    assert min(drawn(nqp.plots.event_study(fit, leads=2), "o")) == -3
    without = nqp.plots.event_study(fit, leads=False)
    averaged = att(nqp.model_average(fit), "event_time").mean(["chain", "draw"]).to_numpy()
    assert list(drawn(without, "o").values()) == pytest.approx(averaged)
    with pytest.raises(StudyError, match="must not be negative"):
        nqp.plots.event_study(fit, leads=-1)
    with pytest.raises(StudyError, match="'leads' is a CheckResult"):
        nqp.plots.event_study(fit, leads=nqp.CheckResult("a", "?", "passed", "", ""))  # type: ignore[arg-type]


@pytest.mark.slow
def test_the_table_holds_what_the_figure_shows(fit: nqp.Fit) -> None:
    table = nqp.event_study_table(fit, "region", efficient=True)
    figure = nqp.plots.event_study(fit, by="region", efficient=True)
    first = table[table["region"] == figure.axes[0].get_title(loc="left")]
    for marker, baseline in (("o", "-1"), ("s", "model average")):
        some = first[(first["baseline"] == baseline) & (first["part"] != "reference")]
        assert sorted(drawn(figure, marker).values()) == pytest.approx(sorted(some["mean"]))
    assert len(figure.axes) == 2


def test_a_fit_without_rows_says_why_it_has_no_leads(fit: nqp.Fit) -> None:
    bare = replace(fit, panel=None)
    assert "No leads: " in note(nqp.plots.event_study(bare))


@pytest.mark.slow
def test_effects_beside_a_drift_are_drawn_by_default() -> None:
    panel = nqp.simulation.staggered(units=40, periods=8, cohorts=(4, 6), seed=1).panel
    design = nqp.StaggeredDiD(nqp.CompletePooling(), trends=nqp.DifferentialTrends())
    sampler = nqp.Importance(draws=200, chains=2, seed=1)
    figure = nqp.plots.event_study(nqp.fit(design, panel, sampler, progress=False))
    assert drawn(figure, "s")


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
    assert "Points refer to different sets of units." in note(figure)
    # The line between means stops where they are faint: it would look like growth.
    line = next(x for x in figure.axes[0].lines if len(x.get_xdata()) == 4)
    assert np.isnan(line.get_ydata()).tolist() == [False, False, True, True]
    labels = [text.get_text() for text in figure.axes[0].texts]
    assert labels[:4] == ["21", "5", "4", "1"]
    chinese = nqp.plots.event_study(counted([21, 4]), language="zh")
    said = note(chinese).replace(" ", "")
    assert "浅色：不足5个单位。" in said
    assert "各点所依据的单位不同。" in said


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
        if line.get_marker() == "o"
    }
    assert sorted(alpha for _, alpha in alphas) == [pytest.approx(0.32), 1.0]


def test_leads_of_a_check_are_faint_as_effects_are() -> None:
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
    found = nqp.CheckResult("pretrends", "?", "passed", "", "", evidence, "event_study")
    drawn = nqp.plots.check(found)
    assert pale(drawn) == {-3, 1}
    assert "Faint: fewer than 5 units." in note(drawn)
    known = evidence.drop_vars(["units_lead", "units_effect"])
    bare = nqp.CheckResult("pretrends", "?", "passed", "", "", known, "event_study")
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
