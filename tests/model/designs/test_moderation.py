"""A continuous moderator: its slope, the effects that hold it, and the picture."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from doors import moderator_rows
from matplotlib.text import Text
from small_study import STUDY, city_rows

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import IdentificationError, PanelError, StudyError
from bayes_nqp.data.simulation import staggered
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.studies import validate

SAMPLER = nqp.Importance(draws=500, chains=4, seed=1)
DESIGN = nqp.StaggeredDiD(nqp.PartialPooling(["region"]), moderator="finance")
FLAT = nqp.StaggeredDiD(nqp.NoPooling(varying=None), nqp.IID(), moderator="finance")


def panel_of(*, seed: int = 3, **columns) -> nqp.Panel:
    """Effect 1 + .4 (finance − 5), and tech, which enters with .8, rises by 1 + .5 (finance − 5).

    Through tech the total effect is then 1.8 + .8 (finance − 5).
    """
    panel = staggered(
        units=160, periods=10, cohorts=(4, 6), never=0.4, level=1.0, deviation_sd=0.2,
        rho=0.3, sigma=0.5, seed=seed,
    ).panel  # fmt: skip
    generator = np.random.default_rng(seed)
    cohort = panel.cohort_codes[panel.unit_codes]
    treated = (cohort >= 0) & (panel.time_codes >= cohort)
    finance = generator.normal(5, 1.5, panel.n_units)[panel.unit_codes]
    tech = generator.normal(0, 0.6, panel.n_rows) + treated * (1 + 0.5 * (finance - 5))
    frame = panel.frame.assign(finance=finance, tech=tech, idle=1.0)
    shift = 0.4 * (finance - 5) * treated + 0.8 * tech
    frame[panel.roles.outcome] = panel.outcome + shift
    for name, values in columns.items():
        frame[name] = values(frame) if callable(values) else values
    more = {"mediators": ["tech"], "moderators": ["finance", "idle"]}
    return nqp.Panel.from_frame(frame, **{**panel.arguments, **more})


@pytest.fixture(scope="session")
def panel() -> nqp.Panel:
    return panel_of()


@pytest.fixture(scope="session")
def fit(panel: nqp.Panel) -> nqp.Fit:
    return nqp.fit(DESIGN, panel, SAMPLER, progress=False)


@pytest.fixture(scope="session")
def channels(panel: nqp.Panel) -> nqp.Fit:
    return nqp.fit(nqp.Mediation(DESIGN), panel, SAMPLER, progress=False)


def _near(draws, truth) -> None:
    """Within four posterior sd of the truth, and the sd small enough to tell it from zero."""
    mean, sd = draws.mean(["chain", "draw"]), draws.std(["chain", "draw"])
    assert (np.abs(mean - truth) < 4 * sd).all(), (mean.values, sd.values)
    assert (sd < 0.12).all()


# Recovery


@pytest.mark.slow
def test_the_total_slope_is_recovered(fit: nqp.Fit) -> None:
    slopes = fit.posterior["outcome__moderation"]
    assert slopes.dims == ("chain", "draw", "outcome__stratum")
    _near(slopes, 0.8)
    _near(nqp.moderated(fit, [3.0, 5.0, 7.0]), np.array([0.2, 1.8, 3.4]))


@pytest.mark.slow
def test_slopes_of_the_direct_path_and_of_the_first_leg_are_recovered(channels: nqp.Fit) -> None:
    _near(channels.posterior["outcome__moderation"], 0.4)
    _near(channels.posterior["tech__moderation"], 0.5)
    _near(nqp.moderated(channels, [5.0, 7.0], path="direct"), np.array([1.0, 1.8]))
    _near(nqp.moderated(channels, [5.0, 7.0], path="tech"), np.array([0.8, 1.6]))


# Identities


def test_conditional_means_are_least_squares(panel: nqp.Panel) -> None:
    """Cells hold their rows' mean moderator; slopes are those of treated × moderator."""
    effects = nqp.posterior_mean(FLAT, panel)
    model_frame = model_frame_of(FLAT, panel)
    frame, cells = model_frame.codes, model_frame.cell_of_row
    stratum = frame.stratum[frame.unit]
    z = panel.moderators[:, 0] * frame.treated
    dummies = [
        np.equal.outer(codes, np.unique(codes))
        for codes in (frame.unit, stratum * 100 + frame.time, stratum)
    ]
    cell = np.equal.outer(cells, np.arange(model_frame.table.size))
    columns = [dummies[0], dummies[1], dummies[2] * z[:, None], cell]
    found = np.linalg.lstsq(np.concatenate(columns, axis=1), panel.outcome, rcond=None)[0]
    slope = found[-model_frame.table.size - dummies[2].shape[1] : -model_frame.table.size]
    own = found[-model_frame.table.size :]
    treated = cells >= 0
    mean = np.bincount(cells[treated], z[treated]) / np.bincount(cells[treated])
    expected = own + slope[model_frame.table.stratum] * mean
    np.testing.assert_allclose(effects["effect"].squeeze(), expected, atol=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize("design", [FLAT, DESIGN, nqp.Mediation(DESIGN, interaction=True)])
def test_effects_do_not_depend_on_centre_and_units(panel: nqp.Panel, design) -> None:
    other = panel_of(finance=lambda frame: 100 * frame["finance"] - 7)
    ours, theirs = (nqp.posterior_mean(design, x) for x in (panel, other))
    np.testing.assert_allclose(ours["effect"], theirs["effect"], atol=1e-8)


@pytest.mark.slow
def test_the_effect_at_the_mean_moderator_is_the_average_effect(panel: nqp.Panel) -> None:
    """One slope for all: the line passes through the mean of the treated rows."""
    design = DESIGN.replace(effect=nqp.CompletePooling())
    for one in (design, nqp.Mediation(design, interaction=True)):
        fit = nqp.fit(one, panel, nqp.Importance(draws=100, chains=2, seed=1), progress=False)
        centre = moderator_rows(fit)[1].mean()
        for path in map(str, fit.effects["path"].values):
            line = nqp.moderated(fit, [centre], path=path)
            np.testing.assert_allclose(line.isel(finance=0), nqp.att(fit, path=path), atol=1e-10)


@pytest.mark.slow
def test_paths_add_up_at_every_moderator(panel: nqp.Panel) -> None:
    design = nqp.Mediation(DESIGN, interaction=True, lag=1)
    fit = nqp.fit(design, panel, nqp.Importance(draws=100, chains=2, seed=1), progress=False)
    total, *parts = (
        nqp.moderated(fit, [2.0, 9.0], "region", path) for path in ("total", "direct", "tech")
    )
    np.testing.assert_allclose(total, parts[0] + parts[1], atol=1e-10)
    np.testing.assert_allclose(total["slope"], parts[0]["slope"] + parts[1]["slope"], atol=1e-10)


@pytest.mark.slow
def test_units_have_the_effect_of_their_own_moderator(fit: nqp.Fit, panel: nqp.Panel) -> None:
    own = nqp.att(fit, by="unit")
    np.testing.assert_allclose(own.weighted(own["rows"]).mean("unit"), nqp.att(fit), atol=1e-10)
    finance = panel.frame.groupby(panel.roles.unit)["finance"].first()
    z = finance.rename(index=str).loc[own["unit"].to_numpy()].to_numpy()
    slope = np.polyfit(z, own.mean(["chain", "draw"]), 1)[0]
    assert slope == pytest.approx(0.8, abs=0.12)


def _reported(model, point):
    """Every reported quantity of a model of rows, at a point of its free variables."""
    import pymc as pm
    from pytensor.compile.mode import Mode

    outputs = model.replace_rvs_by_values(model.deterministics)
    function = pm.compile(
        model.value_vars, outputs, mode=Mode("py", None), on_unused_input="ignore"
    )
    found = function(*[point[v.name] for v in model.value_vars])
    names = [d.name.removeprefix("outcome__") for d in model.deterministics]
    return dict(zip(names, map(np.asarray, found), strict=True))


def test_the_model_of_rows_reports_cells_at_their_moderator(panel: nqp.Panel) -> None:
    model = nqp.to_pymc(DESIGN, panel)
    plain = nqp.to_pymc(DESIGN.replace(moderator=None), panel)
    rng = np.random.default_rng(1)
    point = {k: 0.5 * rng.standard_normal(np.shape(x)) for k, x in model.initial_point().items()}
    found, bare = _reported(model, point), _reported(plain, point)
    model_frame = model_frame_of(DESIGN, panel)
    equation, cells = model_frame.equations[0], model_frame.cell_of_row
    slope = found["moderation"]
    assert slope.all()
    rows = cells >= 0
    mean = np.bincount(cells[rows], equation.rows.columns[-1].values[rows]) / model_frame.cells.rows
    mean = mean * equation.slopes[-1].size
    shift = slope[model_frame.table.stratum] * mean
    np.testing.assert_allclose(found["cell_mean"], bare["cell_mean"], atol=1e-10)
    np.testing.assert_allclose(found["cell_effect"] - bare["cell_effect"], shift, atol=1e-10)


def test_other_views_of_a_fit_hold_the_moderator(fit: nqp.Fit, panel: nqp.Panel) -> None:
    """Draws of rows, of left-out units, of a new unit, and of the prior."""
    drawn = nqp.posterior_predictive(fit, draws=200, seed=1)
    treated = fit.model_frame.codes.treated[fit.model_frame.kept]
    gap = drawn["outcome"].mean(["chain", "draw"]) - drawn["observed"]
    z = panel.moderators[fit.model_frame.kept, 0]
    assert abs(np.polyfit(z[treated], gap[treated], 1)[0]) < 0.1
    assert np.isfinite(nqp.log_likelihood(fit)).all()
    new = nqp.att(nqp.group_time_effects(fit, "population"))
    assert float(new.mean()) == pytest.approx(float(nqp.att(fit).mean()), abs=0.1)
    prior = nqp.prior_predictive(DESIGN, panel, draws=5, seed=1)
    unit = nqp.att(prior[list(fit.effects.data_vars)], by="unit").isel(chain=0, draw=0)
    finance = panel.frame.groupby(panel.roles.unit)["finance"].first()
    own = finance.rename(index=str).loc[unit["unit"].to_numpy()].to_numpy()
    slope = prior["outcome__z_finance_mean"].isel(chain=0, draw=0).item()
    scale = model_frame_of(DESIGN, panel).equations[0].slopes[-1].size
    spread = prior["outcome__scale_deviation"].isel(chain=0, draw=0).item()
    expected = pytest.approx(slope / scale, abs=spread + abs(0.2 * slope))
    assert np.polyfit(own, unit, 1)[0] == expected


def test_influence_takes_units_out_with_their_moderators(panel: nqp.Panel) -> None:
    """All groups' sums are the total, with deviations by unit and without."""
    from bayes_nqp.inference.fitting import effect_sums, group_rows, left_out

    for varying in ("unit", None):
        design = DESIGN.replace(effect=nqp.PartialPooling(["region"], varying=varying))
        fit = nqp.fit(design, panel, nqp.Importance(draws=50, chains=2, seed=1), progress=False)
        groups = left_out(fit)
        share = group_rows(fit, groups)
        sums = effect_sums(fit, groups, share, fit.posterior["draw"])
        whole = nqp.att(fit).to_numpy().ravel() * share.sum()
        np.testing.assert_allclose(sums.sum(axis=1), whole, rtol=1e-8)
        if varying == "unit":
            own = nqp.att(fit, by="unit")
            at = [list(groups.labels).index(str(u)) for u in own["unit"].to_numpy()]
            rows = share.sum(axis=1)[at]
            np.testing.assert_allclose(
                sums[:, at], own.to_numpy().reshape(len(sums), -1) * rows, atol=1e-8
            )


def test_a_stratum_without_treated_rows_has_no_slope() -> None:
    """Nothing says what the moderator would do there."""
    panel = panel_of()
    frame = panel.frame.copy()
    frame.loc[frame["region"] == "inland", panel.roles.cohort] = np.nan
    some = nqp.Panel.from_frame(frame, **panel.arguments)
    fit = nqp.fit(FLAT, some, nqp.Importance(draws=50, chains=2, seed=1), progress=False)
    slopes = fit.posterior["outcome__moderation"].mean(["chain", "draw"])
    assert np.isnan(slopes.sel(outcome__stratum="inland"))
    assert np.isfinite(slopes.sel(outcome__stratum="coastal"))


# What is refused


def _missing(frame):
    hole = (frame["unit"] == frame["unit"].iloc[-1]) & (frame["time"] > 8)
    return frame["finance"].mask(frame["cohort"].notna() & (frame["time"] > 9) | hole)


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (lambda p: DESIGN.replace(moderator=3), StudyError, "'moderator' is 3"),
        (lambda p: DESIGN.replace(likelihood=nqp.StudentT()), StudyError, "StudentT does not"),
        (lambda p: model_frame_of(DESIGN.replace(moderator="finances"), p), StudyError,
        "mean 'finance'"),
        (
            lambda p: model_frame_of(DESIGN.replace(moderator="idle"), p),
            IdentificationError,
            "is constant over",
        ),
        (lambda p: model_frame_of(DESIGN, panel_of(finance=_missing)), PanelError,
        "panel.complete("),
        (lambda p: nqp.Mediation(DESIGN, vary_by="unit"), StudyError, "moderator"),
        (lambda p: model_frame_of(FLAT, panel_of(finance=lambda f: f["region"].eq("inland") * 1.0)),
         IdentificationError, "finance × treated"),
    ],
)  # fmt: skip
def test_what_a_design_refuses(panel: nqp.Panel, make, error, said: str) -> None:
    with pytest.raises(error) as caught:
        make(panel)
    assert said in str(caught.value)
    assert "\nTry: " in str(caught.value)


def test_missing_rows_are_named() -> None:
    with pytest.raises(PanelError) as caught:
        model_frame_of(DESIGN, panel_of(finance=_missing))
    assert "treated rows" in caught.value.what
    assert ", 10)" in caught.value.where


def test_moderators_of_untreated_rows_may_be_missing(panel: nqp.Panel) -> None:
    some = panel_of(finance=lambda f: f["finance"].where(f["time"] >= f["cohort"].fillna(99)))
    ours, theirs = (nqp.posterior_mean(DESIGN, x) for x in (panel, some))
    np.testing.assert_allclose(ours["effect"], theirs["effect"], atol=1e-10)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"values": [np.nan]}, "not finite"),
        ({"by": "unit"}, "no other value applies"),
        ({"by": "regio"}, "'region'"),
        ({"path": "direct"}, "path='direct'"),
    ],
)
def test_what_an_estimand_refuses(fit: nqp.Fit, arguments, said: str) -> None:
    with pytest.raises(StudyError, match=said):
        nqp.moderated(fit, **arguments)


def test_a_fit_without_a_moderator_has_no_line(fit: nqp.Fit) -> None:
    with pytest.raises(StudyError, match="'fit' is"):
        nqp.moderated(fit.effects)
    bare = nqp.Fit(
        DESIGN.replace(moderator=None), fit.panel, fit.sampler, fit.groups, fit.gate, fit.record,
        fit.versions,
    )  # fmt: skip
    with pytest.raises(StudyError, match="has no moderator"):
        nqp.moderated(bare)


# Default values, picture, files


@pytest.mark.slow
def test_default_values_span_the_treated_rows(fit: nqp.Fit, panel: nqp.Panel) -> None:
    line = nqp.moderated(fit, by="region")
    assert line.dims == ("chain", "draw", "region", "finance")
    assert line.attrs["moderator"] == "finance"
    treated = fit.model_frame.codes.treated
    ends = np.quantile(panel.moderators[treated, 0], [0.025, 0.975])
    np.testing.assert_allclose(line["finance"][[0, -1]], ends)
    assert line.sizes["finance"] == 21
    step = line.diff("finance") / line["finance"].diff("finance")
    np.testing.assert_allclose(step, line["slope"].expand_dims(finance=20, axis=3), atol=1e-8)


def _said(figure) -> str:
    return " ".join(t.get_text() for t in figure.findobj(Text)).replace("\n", " ")


@pytest.mark.slow
def test_the_picture_has_the_line_and_the_support(fit: nqp.Fit) -> None:
    figure = nqp.plots.moderation(fit)
    (ax,) = figure.axes
    line = max((x for x in ax.lines if x.get_linestyle() == "-"), key=lambda x: x.get_zorder())
    x, y = line.get_xdata(), line.get_ydata()
    mean = nqp.moderated(fit, x).mean(["chain", "draw"])
    np.testing.assert_allclose(y, mean, atol=1e-8)
    cells, rows = moderator_rows(fit)
    heights = np.array([bar.get_height() for bar in ax.patches])
    edges = np.linspace(rows.min(), rows.max(), heights.size + 1)
    np.testing.assert_allclose(heights / heights.sum(), np.histogram(rows, edges)[0] / cells.size)
    assert ax.get_xlabel() == "finance"
    assert "Dashed" not in _said(figure)


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
def test_lines_fade_beyond_the_support(channels: nqp.Fit, language) -> None:
    figure = nqp.plots.moderation(
        channels, by="region", path="tech", values=np.linspace(-4, 14, 31), language=language
    )
    assert [ax.get_title("left") for ax in figure.axes] == ["coastal", "inland"]
    for ax in figure.axes:
        drawn = [x for x in ax.lines if len(x.get_xdata()) > 2]
        faded = [x for x in drawn if x.get_linestyle() != "-"]
        full = [x for x in drawn if x.get_linestyle() == "-"]
        assert len(full) == 1
        assert len(faded) == 2
        assert max(x.get_alpha() for x in faded) < full[0].get_alpha()
        seen = np.asarray(full[0].get_xdata())[~np.isnan(full[0].get_ydata())]
        assert -4 < seen.min() < seen.max() < 14
    assert ("Dashed and faded" if language == "en" else "虚线") in _said(figure)
    figure.savefig(io.BytesIO(), dpi=50)


@pytest.mark.slow
def test_a_file_keeps_the_moderator(fit: nqp.Fit, tmp_path: Path) -> None:
    again = nqp.load(fit.save(tmp_path / "fit.nc"))
    assert again.design == DESIGN
    np.testing.assert_array_equal(nqp.moderated(again), nqp.moderated(fit))
    bare = nqp.load(fit.save(tmp_path / "bare.nc", rows=False))
    with pytest.raises(StudyError, match="saved without its observations"):
        nqp.moderated(bare)


def test_a_study_names_the_moderator(tmp_path: Path) -> None:
    rows = city_rows()
    rows["数字金融"] = np.random.default_rng(1).normal(size=20)[np.repeat(np.arange(20), 8)]
    rows.to_csv(tmp_path / "cities.csv", index=False, encoding="utf-8-sig")
    text = STUDY.replace('strata = ["地区"]', 'strata = ["地区"]\nmoderators = "数字金融"')
    text = text.replace('errors = "AR1"', 'errors = "AR1"\nmoderator = "数字金融"')
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    study = validate(tmp_path / "study.toml")
    assert study.design.moderator == "数字金融"
