"""Pictures of mediation as objects: what stands on the arrows, in the bars and in the squares."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from doors import COLOURS
from matplotlib.colors import to_hex
from matplotlib.patches import FancyArrowPatch, Rectangle
from matplotlib.text import Text
from mediated import channels_fit, random_paths
from pictures import rendered

import bayes_nqp as nqp
from bayes_nqp import plots
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.effects.estimands import by_path, path_coefficients, path_coefficients_in_space
from bayes_nqp.inference.fitting import mediate

pytestmark = pytest.mark.xdist_group("mediation_pictures")

LONG = (
    "数字化转型",
    "融资约束（SA 指数绝对值）",
    "技术创新水平（绿色发明专利授权数）",
    "产业结构升级",
)


@pytest.fixture(scope="session")
def fit():
    return channels_fit()


def _texts(root):
    return [t.get_text() for t in root.findobj(Text) if t.get_text() and t.get_visible()]


def _said(figure):
    return " ".join(_texts(figure)).replace("\n", " ")


def _arrows(ax):
    return [p for p in ax.patches if isinstance(p, FancyArrowPatch)]


def _number(draws):
    return float(draws.mean())


def test_legs_average_over_treated_rows_as_effects_do(fit):
    parts, posterior, effects = path_coefficients(fit), fit.posterior, fit.effects
    rows = effects["rows"].to_numpy()
    strata = list(posterior["outcome__stratum"].to_numpy())
    place = [strata.index(name) for name in effects["region"].to_numpy()]
    for name in ("digital", "finance"):
        a = (posterior[f"{name}__cell_effect"].to_numpy() * rows).sum(-1) / rows.sum()
        b = posterior["outcome__b"].sel(mediator=name).to_numpy()[..., place] @ rows / rows.sum()
        np.testing.assert_allclose(parts["a"].sel(mediator=name), a)
        np.testing.assert_allclose(parts["b"].sel(mediator=name), b)
    assert _number(parts["a"].sel(mediator="digital")) == pytest.approx(2, abs=0.3)
    assert _number(parts["b"].sel(mediator="digital")) == pytest.approx(1, abs=0.2)


def test_legs_by_cell_multiply_to_the_indirect_effect(fit):
    parts = path_coefficients(fit, by="cell")
    via = nqp.nie(fit, by="cell", mediators=["digital", "finance"])
    np.testing.assert_allclose(parts["a"] * parts["b"], via, atol=1e-12)


def test_legs_of_a_lagged_design_with_interaction_multiply_to_the_indirect_effect(fit):
    design = fit.design.replace(lag=1, interaction=True)
    sampler = nqp.Importance(draws=50, chains=2, seed=2)
    lagged = nqp.fit(design, fit.panel, sampler, progress=False)
    parts = path_coefficients(lagged, by="cell")
    via = nqp.nie(lagged, by="cell", mediators=["digital", "finance"])
    np.testing.assert_allclose(parts["a"] * parts["b"], via, atol=1e-12)
    assert "Lag of the mediators, in periods: 1." in _said(plots.paths(lagged))


def test_effects_alone_do_not_say_what_is_on_the_arrows(fit):
    with pytest.raises(StudyError, match="require a fit of a Mediation"):
        plots.paths(fit.effects)
    with pytest.raises(StudyError, match="no mediators"):
        nqp.plots.channels(fit.effects.sel(path=["total"]))


def test_paths_writes_the_posterior_on_every_arrow(fit):
    figure = plots.paths(fit)
    (ax,) = figure.axes
    assert len(_arrows(ax)) == 5
    texts, parts = _texts(figure), path_coefficients(fit)
    a = parts["a"].sel(mediator="digital")
    low, high = np.quantile(a, [0.025, 0.975])
    assert f"{_number(a):.1f}" in texts or f"{_number(a):.2f}" in texts
    assert any(t in texts for t in (f"[{low:.1f}, {high:.1f}]", f"[{low:.2f}, {high:.2f}]"))
    assert {"digital", "finance", "Treatment", "outcome", "All mediators", "Total"} <= set(texts)
    assert rendered(figure) > 1000


@pytest.mark.slow
def test_an_arrow_is_coloured_and_wide_if_its_sign_is_sure(fit):
    arrows = _arrows(plots.paths(fit).axes[0])
    # To digital, from digital, to finance, from finance, direct.
    assert to_hex(arrows[0].get_edgecolor()).upper() == COLOURS[0]
    assert to_hex(arrows[1].get_edgecolor()).upper() == COLOURS[0]
    parts = path_coefficients(fit)
    for arrow, path in zip(arrows[2:4], ("a", "b"), strict=True):
        draws = parts[path].sel(mediator="finance")
        low, high = np.quantile(draws, [0.025, 0.975])
        expected = COLOURS[0] if low > 0 else COLOURS[1] if high < 0 else "#9A9A9A"
        assert to_hex(arrow.get_edgecolor()).upper() == expected
        chance = float((draws > 0).mean())
        assert arrow.get_linewidth() == pytest.approx(0.7 + 4.2 * abs(chance - 0.5))
    assert arrows[0].get_linewidth() > max(a.get_linewidth() for a in arrows[2:4])


def test_channels_in_space_have_arrows_of_own_and_of_others_treatment():
    made = nqp.simulation.channels_in_space(units=40, periods=6, cohorts=(4,), seed=1)
    weights = nqp.spatial_weights.nearest(made.panel, 4)
    design = nqp.StaggeredDiD(nqp.CompletePooling(), spillovers=nqp.SpatialLag(weights, lag=False))
    fit = nqp.fit(
        nqp.Mediation(design, links=weights), made.panel, nqp.Importance(draws=100, seed=1),
        progress=False,
    )  # fmt: skip
    parts = path_coefficients_in_space(fit, by="cell")
    along = nqp.paths_in_space(fit, by="cell").sel(treatment_of=["own", "others"])
    assert parts["path"].to_numpy().tolist() == ["digital", "W × digital"]
    np.testing.assert_allclose(
        parts["a"] * parts["b"], along.sel(path=parts["path"].to_numpy()), atol=1e-10
    )
    np.testing.assert_allclose(
        path_coefficients_in_space(fit)["b"].sel(path="digital"),
        path_coefficients(fit)["b"].sel(mediator="digital"),
    )
    figure = plots.paths(fit)
    arrows = _arrows(figure.axes[0])
    solid = [arrow.get_linestyle() in ("-", "solid") for arrow in arrows]
    assert (len(arrows), solid.count(False)) == (8, 3)  # to each mediator, and directly
    assert {"digital", "Own", "Received", "Total"} <= set(_texts(figure))
    assert "Linked units' digital" in _said(figure)
    assert "dashed: of others'" in _said(figure)
    chinese = plots.paths(fit, language="zh")
    assert "关联单位的digital" in _said(chinese).replace(" ", "")
    assert rendered(chinese) > 1000


def test_paths_by_level(fit):
    figure = plots.paths(fit, by="region")
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["coastal", "inland"]
    one = plots.paths(fit, by="region", level="inland")
    assert [ax.get_title(loc="left") for ax in one.axes] == ["inland"]
    assert set(_texts(one)) <= set(_texts(figure)) | {""}
    drawn, ax = plt.subplots()
    try:
        assert plots.paths(fit, ax=ax, title="Mine") is drawn
        assert len(_arrows(ax)) == 5
        with pytest.raises(StudyError, match="one ax cannot hold 2 diagrams"):
            plots.paths(fit, by="region", ax=ax)
        assert rendered(drawn) > 1000
    finally:
        plt.close(drawn)
    with pytest.raises(StudyError, match="of no factor"):
        plots.paths(fit, level="inland")
    with pytest.raises(StudyError, match="several factors"):
        plots.paths(fit, by=["region", "cohort"])
    with pytest.raises(StudyError, match="not a level"):
        plots.paths(fit, by="region", level="inlnd")


def test_a_cross_section_names_its_treatment_and_the_change():
    rng = np.random.default_rng(4)
    dose = rng.normal(5, 2, 300)
    search = 0.5 * dose + rng.normal(size=300)
    data = pd.DataFrame({"dose": dose, "search": search, "mood": search + rng.normal(size=300)})
    found = mediate(
        data, outcome="mood", treatment="dose", mediators="search", change=(4, 6), interaction=True,
        draws=200, chains=2,
    )  # fmt: skip
    figure = plots.paths(found)
    texts = [text.replace("\n", " ") for text in _texts(figure)]
    assert {"dose 4 → 6", "search", "mood"} <= set(texts)
    parts = path_coefficients(found)
    np.testing.assert_allclose(parts["a"] * parts["b"], nqp.nie(found), atol=1e-12)
    assert _number(parts["a"]) == pytest.approx(1, abs=0.2)


def _bars(ax):
    return [p for p in ax.patches if isinstance(p, Rectangle)]


def test_parts_add_up_to_the_total_and_negative_ones_stack_downwards():
    effects = random_paths()
    (ax,) = plots.decomposition(effects).axes
    means = by_path(effects, "event_time").mean(["chain", "draw"])
    steps = means["event_time"].to_numpy()
    bars = _bars(ax)
    assert len(bars) == 3 * len(steps)
    for k, step in enumerate(steps):
        mine = bars[k :: len(steps)]
        heights = [bar.get_height() for bar in mine]
        expected = means.sel(event_time=step, path=["direct", "digital", "finance"])
        np.testing.assert_allclose(heights, expected)
        assert sum(heights) == pytest.approx(float(means.sel(event_time=step, path="total")))
        up = [bar for bar in mine if bar.get_height() > 0]
        down = [bar for bar in mine if bar.get_height() < 0]
        assert len(down) == 1
        assert down[0].get_y() == pytest.approx(0)
        ends = [bar.get_y() + bar.get_height() for bar in up]
        np.testing.assert_allclose([bar.get_y() for bar in up], [0, *ends[:-1]], atol=1e-12)
        assert mine[0].get_x() + mine[0].get_width() / 2 == pytest.approx(step)
    points = next(line for line in ax.lines if line.get_marker() == "o" and len(line.get_xdata()))
    np.testing.assert_allclose(points.get_ydata(), means.sel(path="total"))


def test_decomposition_by_group_overall_and_both():
    effects = random_paths(drop=[("inland", "low"), ("inland", "high")])
    assert [
        t.get_text() for t in plots.decomposition(effects, by="market").axes[0].get_xticklabels()
    ] == ["low", "high"]
    overall = plots.decomposition(effects, by=None).axes[0]
    assert [t.get_text() for t in overall.get_xticklabels()] == ["Overall"]
    assert len(_bars(overall)) == 3
    panels = plots.decomposition(random_paths(), by=["region", "event_time"]).axes
    assert [ax.get_title(loc="left") for ax in panels] == ["inland", "coastal"]
    assert all(len(_bars(ax)) == 15 for ax in panels)
    with pytest.raises(StudyError, match="one ax cannot hold 2 panels"):
        plots.decomposition(random_paths(), by=["region", "event_time"], ax=panels[0])


def test_a_group_that_lacks_a_level_keeps_the_axis_of_the_others():
    effects = random_paths(drop=[("coastal", "low")])
    inland, coastal = plots.decomposition(effects, by=["region", "market"]).axes
    assert len(_bars(inland)) == 6
    assert len(_bars(coastal)) == 3
    assert [t.get_text() for t in coastal.get_xticklabels()] == ["low", "high"]
    assert _bars(coastal)[0].get_x() > 0.5


def test_channels_draws_every_path_and_the_probability_of_every_pair():
    effects = random_paths()
    figure = plots.channels(effects)
    forest, square = figure.axes
    labels = [t.get_text() for t in forest.get_yticklabels()]
    assert labels == ["Total", "Direct", "digital", "finance", "All mediators"]
    marks = [line.get_xydata() for line in forest.lines if line.get_marker() in ("o", "D")]
    points = sorted(np.concatenate(marks).tolist(), key=lambda point: -point[1])  # from the top
    order = ["total", "direct", "digital", "finance", "all mediators"]
    means = by_path(effects).mean(["chain", "draw"]).sel(path=order)
    np.testing.assert_allclose([x for x, _ in points], means)
    draws = by_path(effects)
    a, b = draws.sel(path="digital"), draws.sel(path="direct")
    chance = square.images[0].get_array()
    assert chance.shape == (3, 3)
    assert chance[1, 0] == pytest.approx(float((a > b).mean()))
    assert chance[1, 0] + chance[0, 1] == pytest.approx(1)
    assert [t.get_text() for t in square.get_yticklabels()] == [
        "Direct  1",
        "digital  2",
        "finance  3",
    ]


def test_channels_by_group_stand_side_by_side_each_with_its_own_square():
    effects = random_paths()
    figure = plots.channels(effects, by="region")
    forest, *squares = figure.axes
    labels = [t.get_text() for t in forest.get_yticklabels()]
    assert labels[:6] == ["Total", "inland", "coastal", "Direct", "inland", "coastal"]
    assert len(squares) == 2
    draws = by_path(effects, "region").sel(region="coastal")
    chance = float((draws.sel(path="digital") > draws.sel(path="direct")).mean())
    assert squares[1].images[0].get_array()[1, 0] == pytest.approx(chance)
    alone = plots.channels(effects, direct=False)
    assert [t.get_text() for t in alone.axes[0].get_yticklabels()] == [
        "digital",
        "finance",
        "All mediators",
    ]
    many = plots.channels(effects, by="event_time")
    assert len(many.axes) == 1
    assert "more than 4 levels" in _said(many)
    with pytest.raises(StudyError, match="cannot hold 20 groups"):
        plots.channels(effects, by=["stratum", "event_time"])


@pytest.mark.slow
def test_a_single_channel_has_no_sum_and_no_note_on_others():
    effects = random_paths(("digital",))
    figure = plots.channels(effects)
    labels = [t.get_text() for t in figure.axes[0].get_yticklabels()]
    assert labels == ["Total", "Direct", "digital"]
    assert "only if mediators do not affect one another" not in _said(figure)
    assert "only if mediators do not affect one another" in _said(plots.channels(random_paths()))


FIGURES = {"decomposition": plots.decomposition, "channels": plots.channels}


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
def test_a_failed_gate_is_stamped(name):
    failed = random_paths(gate="failed: R-hat 1.08 of nie")
    assert "convergence diagnostics failed: R-hat 1.08 of nie" in _said(FIGURES[name](failed))
    assert "收敛诊断未通过：R-hat" in _said(FIGURES[name](failed, language="zh"))
    assert "unverified" in _said(FIGURES[name](random_paths(gate="unverified")))
    assert "failed" not in _said(FIGURES[name](random_paths()))


@pytest.mark.slow
def test_a_failed_gate_is_stamped_on_paths(fit):
    said = _said(plots.paths(fit))
    assert ("convergence diagnostics failed" in said) is (not fit.gate.passed)


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
def test_chinese_figures_have_every_glyph_and_draw_into_given_axes(name):
    effects = random_paths(LONG, attrs={"outcome": "新质生产力"})
    figure = FIGURES[name](effects, language="zh", title="标题")
    assert rendered(figure) > 1000
    assert {"标题", "直接效应", "总效应"} <= set(_texts(figure))
    drawn, ax = plt.subplots()
    try:
        assert FIGURES[name](effects, ax=ax, language="zh") is drawn
        assert rendered(drawn) > 1000
    finally:
        plt.close(drawn)


@pytest.mark.slow
def test_chinese_paths(fit):
    figure = plots.paths(fit, language="zh")
    assert {"政策", "全部中介变量", "总效应"} <= set(_texts(figure))
    assert rendered(figure) > 1000


def test_long_names_wrap_within_their_box():
    from doors import _fitted

    size, said = _fitted(LONG[2], 0.185 * 7 * 72, 36)
    assert said.replace("\n", "") == LONG[2]
    assert max(map(len, said.split("\n"))) * size <= 0.185 * 7 * 72
    assert (said.count("\n") + 1) * size * 1.2 <= 36
    _, latin = _fitted("ln_green_invention_patents_granted", 0.185 * 7 * 72, 36)
    assert "\n" in latin
    assert latin.replace("\n", "") == "ln_green_invention_patents_granted"


def test_paths_of_single_units_are_refused_with_what_to_try(fit):
    with pytest.raises(StudyError) as caught:
        nqp.plots.paths(fit, by="unit")
    assert "every unit" in str(caught.value)
    assert "by='region'" in str(caught.value)
    assert "nqp.nie(fit, by='unit')" in str(caught.value)
