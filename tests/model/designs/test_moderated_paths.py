"""A moderator of the second leg of channels: products over rows, lines, differences, refusals."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from doors import paths_of, recovered

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import PanelError, StudyError
from bayes_nqp.data.simulation import staggered
from bayes_nqp.inference.model_frame import model_frame_of

ALL_PATHS = ("a", "b", "direct")
POOLED = nqp.StaggeredDiD(nqp.PartialPooling(["region"]), moderator="finance")
FLAT = nqp.StaggeredDiD(nqp.NoPooling(varying=None), nqp.IID(), moderator="finance")
DESIGN = nqp.Mediation(POOLED, ["tech"], moderates=ALL_PATHS)


def panel_of(*, seed: int = 3, moving: float = 0.0, holes: float = 0.0, **more) -> nqp.Panel:
    """Effect on tech 1 + .5 z, slope of tech .8 + .3 z, direct effect 1 + .4 z, z = finance − 5."""
    panel = staggered(
        units=160, periods=10, cohorts=(4, 6), never=0.4, level=1.0, deviation_sd=0.2,
        rho=0.3, sigma=0.5, seed=seed,
    ).panel  # fmt: skip
    rng = np.random.default_rng(seed)
    cohort = panel.cohort_codes[panel.unit_codes]
    treated = (cohort >= 0) & (panel.time_codes >= cohort)
    z = rng.normal(0, 1.0, panel.n_units)[panel.unit_codes] + moving * rng.normal(size=panel.n_rows)
    own = 0.4 * rng.normal(size=panel.n_units)[panel.unit_codes]
    tech = 3 + rng.normal(0, 0.8, panel.n_rows) + treated * (1 + 0.5 * z + own)
    frame = panel.frame.assign(finance=z + 5, tech=tech, idle=rng.normal(size=panel.n_rows))
    frame["city"] = "c" + (panel.unit_codes // 3).astype(str).astype(object)
    frame[panel.roles.outcome] = panel.outcome + 0.4 * z * treated + (0.8 + 0.3 * z) * tech
    for name, values in more.items():
        frame[name] = values(frame)
    if holes:
        frame = frame[rng.uniform(size=len(frame)) > holes]
    columns = {"mediators": ["tech", "idle"], "moderators": ["finance"]}
    return nqp.Panel.from_frame(frame, **{**panel.arguments, **columns})


@pytest.fixture(scope="session")
def panel() -> nqp.Panel:
    return panel_of()


@pytest.fixture(scope="session")
def fit(panel: nqp.Panel) -> nqp.Fit:
    return nqp.fit(DESIGN, panel, nqp.Importance(draws=500, chains=4, seed=1), progress=False)


def _dummies(codes):
    return np.equal.outer(codes, np.unique(codes)).astype(float)


def _least_squares(model_frame, outcome, columns):
    """Coefficients of some columns by stratum, and effects of cells at the columns' zero."""
    frame, cell = model_frame.codes, model_frame.cell_of_row
    stratum = frame.stratum[frame.unit]
    by_stratum = [_dummies(stratum) * x[:, None] for x in columns]
    cells = np.equal.outer(cell, np.arange(model_frame.table.size)).astype(float)
    design = [_dummies(frame.unit), _dummies(stratum * 100 + frame.time), *by_stratum, cells]
    found = np.linalg.lstsq(np.concatenate(design, axis=1), outcome, rcond=None)[0]
    split = found.size - model_frame.table.size
    size = by_stratum[0].shape[1]
    slopes = found[split - size * len(columns) : split].reshape(len(columns), size)
    return slopes[:, model_frame.table.stratum], found[split:]


@pytest.mark.parametrize("moderates", [ALL_PATHS, ("b",), ("a", "b")])
@pytest.mark.parametrize(("moving", "holes"), [(0.0, 0.0), (0.7, 0.15)])
def test_conditional_means_are_products_of_least_squares(moderates, moving, holes) -> None:
    """Row by row, each at its own moderator, and then averaged in cells."""
    panel = panel_of(moving=moving, holes=holes)
    design = nqp.Mediation(FLAT, ["tech"], moderates=moderates)
    effects = nqp.posterior_mean(design, panel)["effect"].isel(chain=0, draw=0)
    model_frame = model_frame_of(design, panel)
    treated = model_frame.codes.treated
    finance, tech = panel.moderators[:, 0], panel.mediators[:, 0]
    z = finance - finance[treated].mean()
    shift = treated * z
    first, a = _least_squares(model_frame, tech, [shift] if "a" in moderates else [0 * z])
    path_coefficients = [tech, z * (tech - tech.mean())] + (
        [shift] if "direct" in moderates else []
    )
    second, direct = _least_squares(model_frame, panel.outcome, path_coefficients)
    rows, cell = np.flatnonzero(treated), model_frame.cell_of_row[treated]
    own = (a[cell] + first[0, cell] * z[rows]) * (second[0, cell] + second[1, cell] * z[rows])
    means = [np.bincount(cell, x) / np.bincount(cell) for x in (own, z[rows])]
    np.testing.assert_allclose(effects.sel(path="tech"), means[0], atol=1e-7)
    added = second[2] * means[1] if "direct" in moderates else 0.0
    np.testing.assert_allclose(effects.sel(path="direct"), direct + added, atol=1e-7)


@pytest.mark.parametrize("varying", ["unit", "city"])
@pytest.mark.parametrize("interaction", [False, True])
def test_cells_are_means_over_their_rows(varying: str, interaction: bool) -> None:
    """Draws of deviations included, on a panel with gaps: nothing is left out of the products."""
    panel = panel_of(moving=0.5, holes=0.1)
    design = nqp.Mediation(
        POOLED.replace(effect=nqp.PartialPooling(["region"], varying=varying)), ["tech"],
        interaction=interaction, moderates=ALL_PATHS,
    )  # fmt: skip
    model_frame = model_frame_of(design, panel)
    rng = np.random.default_rng(1)
    draws = [
        recovered(model_frame, e, 0.3 * rng.normal(size=(6, len(e.problem.parameter_names))), rng)
        for e in model_frame.equations
    ]
    paths = paths_of(model_frame, draws)
    rows = np.flatnonzero(model_frame.kept & model_frame.codes.treated)
    cell, z = model_frame.cell_of_row[rows], model_frame.moderator.values[rows]
    unit = model_frame.codes.unit[rows]
    codes = np.unique(model_frame.codes.unit_effect[unit])
    member = np.searchsorted(codes, model_frame.codes.unit_effect[unit])
    stratum = model_frame.table.stratum[cell]
    y, tech = draws
    (theta,) = tech.slopes.values()
    mine = [np.bincount(member, x) / np.bincount(member) for x in theta[:, stratum] * z]
    own = tech.deviation - np.stack(mine)
    a = tech.cell_mean[:, cell] + theta[:, stratum] * z + own[:, member]
    kinds = {slope.kind: values[:, stratum] for slope, values in y.slopes.items()}
    assert [*kinds] == (["b", "d", "m", "z"] if interaction else ["b", "m", "z"])
    b = kinds["b"] + kinds["m"] * z
    if interaction:
        b = b + kinds["d"]
    count = np.bincount(cell)
    product = np.stack([np.bincount(cell, x) / count for x in a * b])
    via = list(paths.names).index("tech")
    np.testing.assert_allclose(paths.effect[:, via], product, atol=1e-9)
    np.testing.assert_allclose(
        paths.effect[:, 0], paths.effect[:, 1] + paths.effect[:, via], atol=1e-9
    )
    naive = np.stack([np.bincount(cell, x) / count for x in a]) * np.stack(
        [np.bincount(cell, x) / count for x in b]
    )
    assert np.abs(naive - product).max() > 0.05


def test_many_units_have_their_covariance_too(panel: nqp.Panel, monkeypatch) -> None:
    """Where deviations are too many to store, cells are what they are with few."""
    from doors import _draws

    def cells():
        rng = np.random.default_rng(1)
        model_frame = model_frame_of(DESIGN, panel)
        draws = [
            recovered(model_frame, e, np.zeros((4, len(e.problem.parameter_names))), rng)
            for e in model_frame.equations
        ]
        return draws, paths_of(model_frame, draws)

    few, ours = cells()
    monkeypatch.setattr(_draws, "UNIT_EFFECTS_STORED", 10)
    many, theirs = cells()
    assert few[1].deviation is not None
    assert many[1].deviation is None
    assert theirs.deviation is None
    # The outcome's own deviations are drawn or not, and its slopes before them.
    np.testing.assert_allclose(ours.effect[:, 2], theirs.effect[:, 2], atol=1e-9)


def test_results_do_not_depend_on_centres_and_units(panel: nqp.Panel) -> None:
    other = panel_of(
        finance=lambda frame: 100 * frame["finance"] - 7, tech=lambda frame: frame["tech"] - 40
    )
    ours, theirs = (nqp.posterior_mean(DESIGN, x) for x in (panel, other))
    np.testing.assert_allclose(ours["effect"], theirs["effect"], atol=1e-8)


# One fit


def _near(draws, truth, limit: float = 0.15) -> None:
    mean, sd = draws.mean(["chain", "draw"]), draws.std(["chain", "draw"])
    assert (np.abs(mean - truth) < 4 * sd).all(), (mean.values, sd.values)
    assert (sd < limit).all()


def test_both_legs_are_recovered(fit: nqp.Fit) -> None:
    posterior = fit.posterior
    assert posterior["outcome__b_moderation"].dims == (
        "chain", "draw", "outcome__stratum", "mediator",
    )  # fmt: skip
    _near(posterior["outcome__b_moderation"], 0.3, 0.05)
    _near(posterior["tech__moderation"], 0.5)
    _near(posterior["outcome__moderation"], 0.4)


def test_the_line_is_the_product_of_both_legs(fit: nqp.Fit) -> None:
    at = np.array([3.0, 4.0, 5.0, 6.5])
    z = at - 5
    via = nqp.moderated(fit, at, path="tech")
    _near(via, (1 + 0.5 * z) * (0.8 + 0.3 * z), 0.4)
    total, direct = nqp.moderated(fit, at), nqp.moderated(fit, at, path="direct")
    np.testing.assert_allclose(total, direct + via, atol=1e-10)
    assert direct["slope"].dims == ("chain", "draw")
    assert via["slope"].dims == ("chain", "draw", "finance")
    step = 1e-4
    ends = nqp.moderated(fit, [4.0 - step, 4.0 + step], path="tech")
    slope = (ends.isel(finance=1) - ends.isel(finance=0)) / (2 * step)
    np.testing.assert_allclose(slope, via["slope"].isel(finance=1), rtol=1e-5)


def test_a_difference_is_of_two_points_of_the_line(fit: nqp.Fit) -> None:
    gap = nqp.moderated_difference(fit, 4.0, 6.0, by="region", path="tech")
    ends = nqp.moderated(fit, [4.0, 6.0], by="region", path="tech")
    np.testing.assert_allclose(gap, ends.isel(finance=1) - ends.isel(finance=0), atol=1e-12)
    np.testing.assert_allclose(gap["index"], gap / 2, atol=1e-12)
    assert gap.dims == ("chain", "draw", "region")
    default = nqp.moderated_difference(fit, path="direct")
    moderators = fit.panel.moderators[fit.model_frame.codes.treated, 0]
    assert default.attrs["low"] == pytest.approx(moderators.mean() - moderators.std())
    assert default.attrs["high"] == pytest.approx(moderators.mean() + moderators.std())
    np.testing.assert_allclose(
        default["index"], nqp.moderated(fit, path="direct")["slope"], atol=1e-10
    )
    assert nqp.summary(gap).shape[0] == 2


def test_units_average_to_all(fit: nqp.Fit) -> None:
    for path in ("total", "direct", "tech"):
        own = nqp.att(fit, by="unit", path=path)
        np.testing.assert_allclose(
            own.weighted(own["rows"]).mean("unit"), nqp.att(fit, path=path), atol=1e-10
        )


def test_single_units_have_their_own_product(fit: nqp.Fit, panel: nqp.Panel) -> None:
    """On a balanced panel: a(z) b(z) of the unit, its deviation included."""
    own = nqp.att(fit, by="unit", path="tech").mean(["chain", "draw"])
    finance = panel.frame.groupby(panel.roles.unit)["finance"].first()
    z = finance.rename(index=str).loc[own["unit"].to_numpy()].to_numpy() - 5
    found = np.polyfit(z, own, 2)
    np.testing.assert_allclose(found, [0.15, 0.7, 0.8], atol=0.15)


def test_the_second_leg_is_shown_at_the_treated_rows_moderators(fit: nqp.Fit) -> None:
    from bayes_nqp.effects.estimands import path_coefficients

    second = path_coefficients(fit)["b"].mean(["chain", "draw"]).item()
    z = fit.panel.moderators[fit.model_frame.codes.treated, 0].mean() - 5
    assert second == pytest.approx(0.8 + 0.3 * z, abs=0.06)


def test_the_picture_bends(fit: nqp.Fit) -> None:
    figure = nqp.plots.moderation(fit, path="tech")
    (ax,) = figure.axes
    line = max((x for x in ax.lines if x.get_linestyle() == "-"), key=lambda x: x.get_zorder())
    x, y = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
    mean = nqp.moderated(fit, x, path="tech").mean(["chain", "draw"])
    np.testing.assert_allclose(y, mean, atol=1e-8)
    assert np.polyfit(x, y, 2)[0] == pytest.approx(0.15, abs=0.08)
    figure.savefig(io.BytesIO(), dpi=50)


def test_a_file_keeps_what_is_moderated(fit: nqp.Fit, tmp_path: Path) -> None:
    again = nqp.load(fit.save(tmp_path / "fit.nc"))
    assert again.design == DESIGN
    np.testing.assert_array_equal(
        nqp.moderated(again, path="tech"), nqp.moderated(fit, path="tech")
    )


# What is refused


def _untreated_missing(frame):
    return frame["finance"].where(frame["time"] >= frame["cohort"].fillna(99))


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (lambda: nqp.Mediation(POOLED, moderates=()), StudyError, "'moderates' is ()"),
        (lambda: nqp.Mediation(POOLED, moderates="c"), StudyError, "'moderates' is 'c'"),
        (
            lambda: nqp.Mediation(POOLED.replace(moderator=None), moderates="b"),
            StudyError, "no moderator",
        ),
        (lambda: nqp.Mediation(POOLED, lag=1, moderates=["b"]), StudyError, "a lag"),
        (lambda: model_frame_of(DESIGN, panel_of(finance=_untreated_missing)), PanelError, "rows"),
    ],
)  # fmt: skip
def test_what_a_design_refuses(make, error, said: str) -> None:
    with pytest.raises(error) as caught:
        make()
    assert said in str(caught.value)
    assert "\nTry: " in str(caught.value)


def test_a_first_leg_needs_no_moderator_of_untreated_rows() -> None:
    panel = panel_of(finance=_untreated_missing)
    design = DESIGN.replace(moderates=("a", "direct"))
    ours, theirs = (nqp.posterior_mean(design, x) for x in (panel, panel_of()))
    np.testing.assert_allclose(ours["effect"], theirs["effect"], atol=1e-10)


@pytest.mark.parametrize("ends", [(6.0, 4.0), (5.0, 5.0), (4.0, np.inf)])
def test_ends_are_in_order(fit: nqp.Fit, ends) -> None:
    with pytest.raises(StudyError, match=r"in order|'high' is inf"):
        nqp.moderated_difference(fit, *ends)


def test_one_name_may_stand_alone_and_order_does_not_matter() -> None:
    assert nqp.Mediation(POOLED, moderates="b").moderates == ("b",)
    assert nqp.Mediation(POOLED, moderates=["direct", "b", "a"]) == nqp.Mediation(
        POOLED, moderates=ALL_PATHS
    )
