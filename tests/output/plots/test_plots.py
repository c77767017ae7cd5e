"""Figures as objects: what is on the axes, in which words, and that nothing leaks."""

from __future__ import annotations

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from doors import wrapped
from effects_dataset import random_effects
from matplotlib.collections import LineCollection
from matplotlib.text import Text
from pictures import rendered

import bayes_nqp as nqp
from bayes_nqp import Panel, plots, simulation
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.effects.estimands import att

EFFECTS = random_effects()
CHINESE = random_effects(
    strata={"地区": ("东部", "中部", "西部", "东北", "华南")},
    attrs={"outcome": "新质生产力", "outcome_unit": "对数点"},
)


def _texts(figure):
    return [t.get_text() for t in figure.findobj(Text) if t.get_text() and t.get_visible()]


def _said(figure):
    return "\n".join(_texts(figure)).replace("\n", " ")


def _bars(ax):
    return [c for c in ax.collections if isinstance(c, LineCollection)]


def _panel(n, *, periods=8, gaps=True):
    rng = np.random.default_rng(3)
    seen = rng.random((n, periods)) > (0.05 if gaps else -1)
    unit, time = np.nonzero(seen)
    cohort, region = rng.choice([np.nan, 2015, 2017], n), rng.integers(0, 2, n)
    rows = {
        "unit": [f"城市{i:03d}" for i in unit],
        "year": 2012 + time,
        "cohort": cohort[unit],
        "region": np.array(["coastal", "inland"])[region[unit]],
        "y": rng.normal(size=unit.size),
    }
    return Panel.from_frame(
        pd.DataFrame(rows), unit="unit", time="year", cohort="cohort", outcome="y",
        strata=["region"],
    )  # fmt: skip


FIGURES = {
    "event study": plots.event_study,
    "forest": plots.forest,
    "caterpillar": plots.caterpillar,
    "shrinkage": lambda e, **how: plots.shrinkage(e, e, **how),
    "shrinkage by cohort": lambda e, **how: plots.shrinkage(e, e, by="cohort", **how),
}


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_leaves_the_world_as_it_was(name):
    before, open_figures = dict(mpl.rcParams), plt.get_fignums()
    figure = FIGURES[name](EFFECTS, title="A title")
    assert dict(mpl.rcParams) == before
    assert plt.get_fignums() == open_figures
    assert "A title" in _said(figure)
    assert "ln_output" in _said(figure) or name == "shrinkage"
    assert rendered(figure) > 1000


@pytest.mark.parametrize("name", FIGURES)
def test_chinese_figures_have_every_glyph(name):
    figure = FIGURES[name](CHINESE, title="标题", language="zh")
    assert rendered(figure) > 1000
    assert any("\u4e00" <= c <= "\u9fff" for c in _said(figure))


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_draws_into_given_axes(name):
    figure, ax = plt.subplots()
    try:
        assert FIGURES[name](EFFECTS, ax=ax, title="Mine") is figure
        assert ax.get_title(loc="left") + ax.get_title() == "Mine"
        assert ax.lines or ax.collections
        assert rendered(figure) > 1000
    finally:
        plt.close(figure)


@pytest.mark.parametrize("name", FIGURES)
def test_a_failed_gate_is_stamped(name):
    gate = "failed: R-hat 1.08 of att; 12 divergences"
    failed = random_effects(gate=gate)
    assert "convergence diagnostics failed: R-hat 1.08 of att; 12 divergences" in _said(
        FIGURES[name](failed)
    )
    assert "收敛诊断未通过：R-hat" in _said(FIGURES[name](failed, language="zh"))
    assert "unverified" in _said(FIGURES[name](random_effects(gate="unverified")))
    passed = _said(FIGURES[name](EFFECTS))
    assert "failed" not in passed
    assert "unverified" not in passed


def test_event_study_draws_what_att_says():
    figure = plots.event_study(EFFECTS, prob=0.9)
    (ax,) = figure.axes
    draws = att(EFFECTS, by="event_time")
    outer, inner = (np.array(c.get_segments())[:, :, 1] for c in _bars(ax))
    flat = draws.to_numpy().reshape(-1, 5)
    np.testing.assert_allclose(outer.T, np.quantile(flat, [0.05, 0.95], axis=0))
    np.testing.assert_allclose(inner.T, np.quantile(flat, [0.25, 0.75], axis=0))
    np.testing.assert_allclose(ax.lines[1].get_ydata(), flat.mean(0))
    assert "50 % and 90 %" in _said(figure)
    assert ax.get_ylabel() == "Effect on ln_output (log points)"
    ticks = [t for t in ax.get_xticks() if ax.get_xlim()[0] <= t <= ax.get_xlim()[1]]
    assert ticks == [0, 1, 2, 3, 4]
    counts = [f"{n:.0f}" for n in draws.rows.to_numpy()]
    assert set(counts) <= set(_texts(figure))


def test_event_study_by_few_groups_shares_a_panel_with_direct_labels():
    figure = plots.event_study(EFFECTS, by="region")
    (ax,) = figure.axes
    assert {"inland", "coastal"} <= set(_texts(figure))
    assert ax.get_legend() is None
    assert len(_bars(ax)) == 4


def test_event_study_by_many_groups_has_panels():
    figure = plots.event_study(CHINESE, by={"region": "地区"})
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert titles == ["东部", "中部", "西部", "东北", "华南", ""]
    assert len(plots.event_study(EFFECTS, by=["region", "market"]).axes) == 4
    assert "average over groups" in _said(figure)
    _, ax = plt.subplots()
    with pytest.raises(StudyError, match="one ax cannot hold"):
        plots.event_study(EFFECTS, by="cell", ax=ax)
    plt.close("all")


def test_forest_lists_groups_and_contrasts_with_numbers():
    figure = plots.forest(EFFECTS)
    (ax,) = figure.axes
    labels = [t.get_text() for t in ax.get_yticklabels()]
    assert labels == [
        "Overall",
        "region",
        "inland",
        "coastal",
        "market",
        "low",
        "high",
        "Contrasts",
        "inland − coastal",
        "low − high",
    ]
    said = _texts(figure)
    assert "Mean [95 % interval]" in said
    assert said.count("> 0.99") == 5
    assert said.count("< 0.01") == 2
    assert "contrasts are left out" not in _said(figure).lower()
    many = plots.forest(CHINESE)
    assert "more than 4 levels" in _said(many)
    assert "东部" in _texts(many)


def test_league_is_sorted_and_says_what_it_leaves_out():
    figure = plots.caterpillar(EFFECTS)
    (ax,) = figure.axes
    labels = [t.get_text() for t in ax.get_yticklabels()]
    means = att(EFFECTS, by="unit").mean(["chain", "draw"]).to_series()
    assert labels == means.sort_values(ascending=False, kind="stable").index.tolist()
    few = plots.caterpillar(EFFECTS, most=10)
    shown = [t.get_text() for t in few.axes[0].get_yticklabels()]
    assert shown == labels[:5] + labels[-5:]
    assert f"… {len(labels) - 10} not shown …" in _texts(few)
    with pytest.raises(StudyError, match="'most' is 1"):
        plots.caterpillar(EFFECTS, most=1)
    with pytest.raises(StudyError, match="varying='unit'"):
        plots.caterpillar(random_effects(deviations=False))


def test_figures_of_an_exposure_speak_of_exposed_rows():
    panel = simulation.provinces(years=(2013, 2018), seed=1).panel
    design = nqp.ContinuousExposure(
        "cbec", effect=nqp.CompletePooling(varying="unit"), moderator="digital_finance"
    )
    fit = nqp.fit(design, panel, nqp.Importance(seed=1, draws=100), progress=False)
    for figure in (plots.caterpillar(fit), plots.moderation(fit)):
        assert "exposed observations" in _said(figure)
        assert "treated" not in _said(figure)


def test_shrinkage_lists_few_groups_and_scatters_many():
    separate = random_effects(seed=9, sd=0.8)
    listed = plots.shrinkage(EFFECTS, separate, by="cohort").axes[0]
    assert [t.get_text() for t in listed.get_yticklabels()] == ["2014", "2015", "2017"]
    assert len(_bars(listed)) == 4
    cloud = plots.shrinkage(EFFECTS, separate).axes[0]
    points = cloud.collections[-1].get_offsets()
    np.testing.assert_allclose(
        points[:, 0], separate.effect.mean(["chain", "draw"]).to_numpy()[0], rtol=1e-10
    )
    assert cloud.get_xlim() == cloud.get_ylim()


def test_adoption_sorts_by_cohort_and_colours_by_status():
    panel = _panel(30)
    figure = plots.adoption(panel, title="谁何时")
    (ax,) = figure.axes
    status = ax.collections[0].get_array().reshape(30, 8)
    late = np.where(panel.cohort_codes < 0, 99, panel.cohort_codes)
    order = np.lexsort((np.arange(30), late))
    assert [t.get_text() for t in ax.get_yticklabels()] == panel.unit_labels[order].tolist()
    seen = np.zeros((30, 8), dtype=bool)
    seen[panel.unit_codes, panel.time_codes] = True
    assert ((status == 0) == ~seen[order]).all()
    treated = (np.arange(8) >= late[order][:, None]) & seen[order]
    assert ((status >= 3) == treated).all()
    assert {"never treated: " + f"{(panel.cohort_codes < 0).sum()} units"} <= set(_texts(figure))
    assert "no observation" in _texts(figure)
    assert rendered(figure) > 1000


def test_adoption_of_many_units_is_drawn_by_cohort_and_stratum():
    figure = plots.adoption(_panel(200), language="zh")
    labels = [t.get_text() for t in figure.axes[0].get_yticklabels()]
    assert len(labels) == 6
    assert sum(int(label.split("(")[1][:-1]) for label in labels) == 200
    assert "括号内为单位数" in _said(figure)
    assert len(plots.adoption(_panel(200), most=4).axes[0].get_yticklabels()) == 3


def test_arguments_are_checked():
    with pytest.raises(StudyError, match="'language' is 'xx'"):
        plots.event_study(EFFECTS, language="xx")
    with pytest.raises(StudyError, match=r"prob=0\.3"):
        plots.event_study(EFFECTS, prob=0.3)


def test_dollars_in_labels_are_no_formulas():
    odd = random_effects(attrs={"outcome": "cost $ per $", "outcome_unit": "US$"})
    figure = plots.event_study(odd)
    assert figure.axes[0].get_ylabel() == "Effect on cost $ per $ (US$)"
    assert rendered(figure) > 1000


def test_text_is_wrapped_between_words_and_before_no_punctuation():
    assert wrapped("one two three", 8) == "one two\nthree"
    assert wrapped("点为后验均值；粗线", 12) == "点为后验均\n值；粗线"
    assert wrapped("", 5) == ""


def test_a_notebook_shows_the_figure():
    assert plots.event_study(EFFECTS)._repr_png_().startswith(b"\x89PNG")


def test_lines_of_a_title_leave_room_for_the_figure() -> None:
    panel = simulation.staggered(units=12, periods=5, cohorts=(3,), strata={}, seed=1).panel
    figure = plots.adoption(
        panel, title="first\nsecond\n\n\u2029" + "\n" * 60 + "third" + "\nx" * 60
    )
    shown = [text.get_text() for text in figure.findobj(Text)]
    assert any(text.startswith("first\nsecond\nthird\nx") for text in shown)
    assert not any("x\nx" in text for text in shown)
