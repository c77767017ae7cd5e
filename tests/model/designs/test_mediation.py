"""Mediation: what it refuses, and identities that hold exactly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import IdentificationError, PanelError, StudyError
from bayes_nqp._core.testing import assert_equal
from bayes_nqp.data.simulation import staggered
from bayes_nqp.inference.model_frame import model_frame_of

SAMPLER = nqp.Importance(draws=250, chains=2, seed=1)
FLAT = nqp.Mediation(nqp.StaggeredDiD(nqp.NoPooling(varying=None)))
NAMES = ["tech", "finance"]


def panel_of(*, seed: int = 2, missing: float = 0.0, mediators: list[str] | None = None, **columns):
    """Tech rises by 1 in the treated and enters with a slope by region; finance is noise."""
    panel = staggered(units=80, periods=10, cohorts=(4, 6), never=0.4, seed=seed).panel
    generator = np.random.default_rng(seed)
    cohort = panel.cohort_codes[panel.unit_codes]
    treated = (cohort >= 0) & (panel.time_codes >= cohort)
    tech, finance = generator.standard_normal((2, panel.n_rows))
    tech = tech + treated + generator.standard_normal(panel.n_units)[panel.unit_codes]
    slope = np.where(panel.strata_codes["region"][panel.unit_codes] == 0, 0.4, 0.9)
    frame = panel.frame.assign(tech=tech, finance=finance, treated=treated.astype(float))
    frame[panel.roles.outcome] = panel.outcome + slope * tech + 0.3 * finance
    frame.loc[generator.random(panel.n_rows) < missing, "finance"] = np.nan
    for name, values in columns.items():
        frame[name] = values(frame) if callable(values) else values
    arguments = {**panel.arguments, "mediators": NAMES if mediators is None else mediators}
    return nqp.Panel.from_frame(frame, **arguments)


@pytest.fixture(scope="session")
def panel() -> nqp.Panel:
    return panel_of()


@pytest.fixture(scope="session")
def rich(panel: nqp.Panel) -> nqp.Fit:
    """Everything at once: unit deviations, an interaction, a lag."""
    design = nqp.Mediation(nqp.StaggeredDiD(), interaction=True, lag=1)
    return nqp.fit(design, panel, SAMPLER, progress=False)


# What it refuses


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"design": "did"}, "'design' is 'did'"),
        ({"mediators": ()}, "'mediators' is"),
        ({"mediators": ("tech", "tech")}, "'mediators' is"),
        ({"interaction": 1}, "'interaction' is 1"),
        ({"interaction": "yes"}, "'interaction' is 'yes'"),
        ({"lag": -1}, "'lag' is -1"),
        ({"lag": 1.0}, "'lag' is 1.0"),
        ({"lag": True}, "'lag' is True"),
        ({"design": nqp.StaggeredDiD(likelihood=nqp.StudentT())}, "does not compress"),
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, object], said: str) -> None:
    with pytest.raises(StudyError) as caught:
        nqp.Mediation(**arguments)  # type: ignore[arg-type]
    assert said in str(caught.value)


def test_an_unknown_argument_names_the_nearest() -> None:
    with pytest.raises(StudyError, match="no argument 'mediator'") as caught:
        FLAT.replace(mediator=("tech",))
    assert "mediators" in str(caught.value)


def test_one_name_is_one_mediator() -> None:
    assert nqp.Mediation(mediators="tech").mediators == ("tech",)  # type: ignore[arg-type]


def test_an_unknown_mediator_names_the_nearest(panel: nqp.Panel) -> None:
    with pytest.raises(StudyError, match="'tecj', which is no mediator") as caught:
        model_frame_of(FLAT.replace(mediators=("tecj",)), panel)
    assert "tech" in str(caught.value)


def test_a_panel_without_mediators_is_refused() -> None:
    with pytest.raises(StudyError, match="no mediators"):
        model_frame_of(FLAT, panel_of(mediators=[]))


def test_a_mediator_called_outcome_is_refused() -> None:
    made = panel_of()
    frame = made.frame.rename(columns={"outcome": "y"}).assign(outcome=made.mediators[:, 0])
    arguments = {**made.arguments, "outcome": "y", "mediators": ["outcome"]}
    with pytest.raises(StudyError, match="called 'outcome'"):
        model_frame_of(FLAT, nqp.Panel.from_frame(frame, **arguments))


def test_a_constant_mediator_is_refused() -> None:
    with pytest.raises((PanelError, IdentificationError), match="still"):
        model_frame_of(FLAT, panel_of(still=1.0, mediators=["tech", "still"]))


def test_the_outcome_itself_is_no_mediator() -> None:
    with pytest.raises((PanelError, IdentificationError, StudyError), match=r"copy|outcome"):
        model_frame_of(
            FLAT, panel_of(copy=lambda frame: frame["outcome"], mediators=["tech", "copy"])
        )


def test_the_treatment_itself_is_no_mediator() -> None:
    with pytest.raises(IdentificationError) as caught:
        model_frame_of(FLAT, panel_of(mediators=["treated"]))
    assert "collinear with" in str(caught.value)
    assert "the effects of treatment" in str(caught.value)
    assert "Where: mediator 'treated': " in str(caught.value)


def test_the_same_mediator_twice_is_refused() -> None:
    with pytest.raises(IdentificationError, match="collinear"):
        model_frame_of(
            FLAT, panel_of(twin=lambda frame: 2 * frame["tech"] + 1, mediators=["tech", "twin"])
        )


def test_a_mediator_that_a_cohort_lacks_is_named() -> None:
    def gone(frame):
        return frame["finance"].where(~((frame["cohort"] == 4) & (frame["time"] >= 4)))

    lacking = panel_of(gone=gone, mediators=["tech", "gone"])
    with pytest.raises(PanelError, match="missing in all treated rows of cohort 4") as caught:
        model_frame_of(FLAT, lacking)
    assert "gone" in str(caught.value)
    assert model_frame_of(FLAT.replace(mediators=("tech",)), lacking) is not None


def test_a_mediator_that_is_nowhere_is_named() -> None:
    def never(frame):
        return frame["finance"].where(frame["time"] < 0)

    with pytest.raises(PanelError, match="never"):
        model_frame_of(FLAT, panel_of(never=never, mediators=["tech", "never"]))


def test_a_lag_longer_than_the_panel_is_refused(panel: nqp.Panel) -> None:
    with pytest.raises(StudyError, match="'lag' is 30"):
        model_frame_of(FLAT.replace(lag=30), panel)


# What holds exactly


@pytest.mark.slow
@pytest.mark.parametrize("by", [None, "region", "event_time", "cell"])
@pytest.mark.parametrize("missing", [0.0, 0.1])
def test_effects_add_up_to_the_outcome_alone(by: str | None, missing: float) -> None:
    panel = panel_of(missing=missing)
    kept = FLAT.rows(panel)
    assert (kept.n_rows < panel.n_rows) == (missing > 0)
    whole = nqp.posterior_mean(FLAT, panel, rho=0.4)
    alone = nqp.posterior_mean(FLAT.design, kept, rho=0.4)
    parts = nqp.nde(whole, by) + sum(nqp.nie(whole, by, mediators=name) for name in NAMES)
    expected = nqp.att(alone, by).to_numpy()
    np.testing.assert_allclose(nqp.total(whole, by).to_numpy(), expected, atol=1e-10)
    np.testing.assert_allclose(parts.to_numpy(), expected, atol=1e-10)


def test_they_would_not_with_other_autocorrelation(panel: nqp.Panel) -> None:
    """The identity needs equal error models: it is no tautology."""
    whole = nqp.posterior_mean(FLAT, panel, rho=0.4)
    alone = nqp.posterior_mean(FLAT.design, panel, rho=0.0)
    assert abs(float((nqp.total(whole) - nqp.att(alone)).mean())) > 1e-4


def test_with_a_lag_they_do_not_add_up_exactly_yet_draws_do(rich: nqp.Fit) -> None:
    assert rich.posterior["outcome__d"].sizes["mediator"] == 2
    effect = rich.effects["effect"]
    parts = effect.sel(path=["direct", *NAMES]).sum("path")
    np.testing.assert_allclose(parts, effect.sel(path="total"), atol=1e-12)


@pytest.mark.parametrize("by", ["unit", ["region", "event_time"], "cohort"])
def test_averages_add_up_draw_by_draw(rich: nqp.Fit, by: str | list[str]) -> None:
    direct, via, whole = nqp.nde(rich, by), nqp.nie(rich, by), nqp.total(rich, by)
    joint = via.sel(mediator="all mediators")
    np.testing.assert_allclose(joint, via.sel(mediator=NAMES).sum("mediator", skipna=False))
    np.testing.assert_allclose((direct + joint).to_numpy(), whole.to_numpy(), atol=1e-12)


def test_units_differ_along_every_path(rich: nqp.Fit) -> None:
    for draws in (nqp.nde(rich, "unit"), nqp.nie(rich, "unit", mediators="tech")):
        assert float(draws.isel(chain=0, draw=0).std()) > 0.0


@pytest.mark.slow
def test_a_saved_fit_says_the_same(rich: nqp.Fit, tmp_path: Path) -> None:
    rich.save(tmp_path / "fit.nc")
    again = nqp.load(tmp_path / "fit.nc")
    assert_equal(rich, again)
    assert again.design == rich.design
    xr.testing.assert_identical(nqp.nie(again, "region"), nqp.nie(rich, "region"))


@pytest.mark.slow
def test_a_repeated_fit_says_the_same(rich: nqp.Fit, panel: nqp.Panel) -> None:
    again = nqp.fit(rich.design, panel, SAMPLER, progress=False)
    np.testing.assert_array_equal(again.effects["effect"], rich.effects["effect"])


@pytest.mark.slow
@pytest.mark.parametrize("changes", [{}, {"interaction": True}, {"lag": 1}])
def test_the_order_of_mediators_does_not_matter(
    panel: nqp.Panel, changes: dict[str, object]
) -> None:
    design = nqp.Mediation(nqp.StaggeredDiD(nqp.PartialPooling(["region"], varying="unit")))
    first = design.replace(mediators=("tech", "finance"), **changes)
    second = design.replace(mediators=("finance", "tech"), **changes)
    ours, theirs = (nqp.posterior_mean(one, panel, rho=0.3) for one in (first, second))
    for path in ("total", "direct", *NAMES):
        one, other = (x["effect"].sel(path=path).to_numpy() for x in (ours, theirs))
        np.testing.assert_allclose(one, other, atol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("interaction", [False, True])
def test_the_units_of_a_mediator_do_not_matter(panel: nqp.Panel, interaction: bool) -> None:
    """Shifted and rescaled it has another slope, and the same effects."""
    frame = panel.frame.assign(tech=100 * panel.frame["tech"] + 7)
    other = nqp.Panel.from_frame(frame, **panel.arguments)
    design = nqp.Mediation(nqp.StaggeredDiD(), interaction=interaction)
    ours, theirs = (nqp.posterior_mean(design, x, rho=0.3) for x in (panel, other))
    np.testing.assert_allclose(ours["effect"], theirs["effect"], atol=1e-8)
    fits = [nqp.fit(design, x, SAMPLER, progress=False) for x in (panel, other)]
    slopes = [float(f.posterior["outcome__b"].sel(mediator="tech").mean()) for f in fits]
    assert slopes[1] == pytest.approx(slopes[0] / 100, rel=1e-4)
    np.testing.assert_allclose(fits[0].effects["effect"], fits[1].effects["effect"], atol=1e-5)


def test_the_level_of_an_untreated_mediator_enters_the_direct_effect() -> None:
    """VanderWeele: direct = effect + d (untreated level), indirect = a (b + d)."""
    panel = panel_of()
    design = FLAT.replace(interaction=True, mediators=("tech",))
    effects = nqp.posterior_mean(design, panel, rho=0.0)
    model_frame = model_frame_of(design, panel)
    treated, tech = (
        model_frame.codes.treated,
        panel.mediators[:, panel.roles.mediators.index("tech")],
    )
    cells = model_frame.cell_of_row
    stratum = model_frame.codes.stratum[model_frame.codes.unit]
    dummies = [
        np.equal.outer(codes, np.unique(codes[codes >= 0]))
        for codes in (
            model_frame.codes.unit,
            model_frame.codes.level[model_frame.codes.unit] * 100 + model_frame.codes.time,
        )
    ]
    cell = np.equal.outer(cells, np.arange(model_frame.table.size))
    base = np.concatenate([*dummies, cell], axis=1).astype(float)
    a = np.linalg.lstsq(base, tech, rcond=None)[0][-model_frame.table.size :]
    by = np.equal.outer(stratum, np.unique(stratum)).astype(float)
    columns = [by * tech[:, None], by * (tech * treated)[:, None]]
    full = np.concatenate([*columns, base], axis=1)
    found = np.linalg.lstsq(full, panel.outcome, rcond=None)[0]
    size = by.shape[1]
    b, d, own = found[:size], found[size : 2 * size], found[-model_frame.table.size :]
    of_cell = model_frame.table.stratum
    level = np.bincount(cells[treated], tech[treated]) / np.bincount(cells[treated])
    direct = own + d[of_cell] * (level - a)
    indirect = a * (b + d)[of_cell]
    np.testing.assert_allclose(effects["effect"].sel(path="tech").squeeze(), indirect, atol=1e-8)
    np.testing.assert_allclose(effects["effect"].sel(path="direct").squeeze(), direct, atol=1e-8)


def test_rows_without_a_mediator_are_counted() -> None:
    lacking = panel_of(missing=0.05)
    gone = int(np.isnan(lacking.mediators).any(axis=1).sum())
    said = f"{gone} rows where finance is missing are left out of every equation: complete cases"
    assert model_frame_of(FLAT, lacking).notes == (said,)
    assert (
        f"finance is missing in {gone} observations, which are kept in the panel" in lacking.notes
    )
    assert model_frame_of(FLAT.replace(mediators=("tech",)), lacking).notes == ()
    assert said in nqp.fit(FLAT, lacking, SAMPLER, progress=False).notes


def test_rows_without_an_earlier_mediator_are_counted(rich: nqp.Fit) -> None:
    assert rich.notes == (
        "80 rows without tech or finance one period before are left out of every equation",
    )
