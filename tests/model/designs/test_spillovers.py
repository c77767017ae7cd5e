"""What neighbours receive: exactly the dense model, the truth in simulations, and its support."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from marginal import Marginal
from same_density import assert_dense
from spatial_places import panel_of
from spilled import EDGES, Spilled, dense, spilled

import bayes_nqp as nqp
from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core.exceptions import IdentificationError, NQPError, PanelError, StudyError
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.model.pooling import Pooling
from bayes_nqp.numerics.linear_gaussian import density

RINGS = nqp.Rings(EDGES)
SMALL = {"seed": 4, "units": 40, "periods": 10}


def design_of(spillovers: object = RINGS, effect: Pooling | None = None, **more: object):  # type: ignore[no-untyped-def]
    arguments = {"errors": nqp.AR1(), "time": nqp.TimeEffects(), **more}
    return nqp.StaggeredDiD(
        effect or nqp.CompletePooling(varying=None), spillovers=spillovers, **arguments
    )


DESIGNS = {
    "complete": design_of(),
    "complete, units, iid": design_of(effect=nqp.CompletePooling(), errors=nqp.IID()),
    "partial, units": design_of(effect=nqp.PartialPooling()),
    "partial, onto untreated": design_of(nqp.Rings(EDGES, onto="untreated"), nqp.PartialPooling()),
    "separate": design_of(effect=nqp.NoPooling(varying=None)),
    "leads": design_of(nqp.Rings(EDGES, leads=2), nqp.PartialPooling(varying=None)),
}


@pytest.fixture(scope="module")
def small() -> Spilled:
    return spilled(**SMALL)


@pytest.fixture(scope="module")
def world() -> Spilled:
    return spilled(4, sigma=0.5, kappa=(1.0, 0.5, 0.6))


@pytest.fixture(scope="module")
def fit(world: Spilled) -> nqp.Fit:
    return nqp.fit(DESIGNS["complete"], world.panel, nqp.Importance(seed=1), progress=False)


@pytest.mark.slow
@pytest.mark.parametrize("name", DESIGNS)
def test_the_density_is_the_dense_one(name: str, small: Spilled) -> None:
    (equation,) = model_frame_of(DESIGNS[name], small.panel).equations
    assert_dense(equation.gaussian, partial(dense, small, DESIGNS[name]))


@pytest.mark.slow
def test_the_row_model_is_its_definition(small: Spilled) -> None:
    design = DESIGNS["partial, units"]
    (equation,) = model_frame_of(design, small.panel).equations
    names = equation.gaussian.space.names
    points = 0.5 * np.random.default_rng(1).standard_normal((2, len(names)))
    marginal = Marginal(nqp.to_pymc(design, small.panel), [f"outcome__{name}" for name in names])
    gap = np.array([marginal(point) for point in points]) - density(equation.gaussian, points)
    assert gap == pytest.approx(0.0, abs=1e-6)
    assert np.ptp(gap) < 1e-9


def test_rings_and_exposure_times_are_brute_force(small: Spilled) -> None:
    model_frame = model_frame_of(DESIGNS["complete"], small.panel)
    unit, time = small.panel.unit_codes, small.panel.time_codes
    inside = model_frame.cell_of_row >= 0
    cell = model_frame.cell_of_row[inside]
    ring = small.ring[unit[inside], time[inside]]
    expected = np.array(["", *RINGS.rings])[ring + 1]
    assert model_frame.table.labels["ring"][cell].tolist() == expected.tolist()
    near = ~small.treated[unit[inside], time[inside]]
    x = (time - small.since[unit, time])[inside]
    assert model_frame.table.event_time[cell][near].tolist() == x[near].tolist()
    assert inside.tolist() == ((small.ring >= 0) | small.treated)[unit, time].tolist()


@pytest.mark.slow
def test_own_and_received_effects_add_up_and_are_recovered(fit: nqp.Fit, world: Spilled) -> None:
    effects = nqp.group_time_effects(fit)
    assert fit.gate.passed
    assert schema.path_roles(effects) == {
        "total": "total", "direct": "direct", "received": "spillover"
    }  # fmt: skip
    parts = {path: effects["effect"].sel(path=path).to_numpy() for path in effects["path"].values}
    assert parts["direct"] + parts["received"] == pytest.approx(parts["total"], abs=1e-12)
    near = schema.roles(effects) == "neighbour"
    assert not parts["direct"][..., near].any()
    treated = world.treated
    for path, truth in (("direct", world.own), ("total", world.own + world.received)):
        draws = nqp.att(fit, path=path)
        assert float(draws.mean()) == pytest.approx(
            truth[treated].mean(), abs=3 * float(draws.std())
        )
    rings = nqp.spillover_effects(fit, by="ring")
    assert rings["ring"].to_numpy().tolist() == list(RINGS.rings)
    for k, label in enumerate(RINGS.rings):
        draws = rings.sel(ring=label)
        rows = (world.ring == k) & ~treated
        assert int(draws["rows"]) == rows.sum()
        assert float(draws.mean()) == pytest.approx(
            world.received[rows].mean(), abs=3 * float(draws.std())
        )


def test_the_truth_of_a_simulation_is_that_of_its_rows(world: Spilled, fit: nqp.Fit) -> None:
    truth, treated = world.simulated.truth, world.treated
    for path, values in (("direct", world.own), ("received", world.received)):
        assert nqp.att(truth, path=path).item() == pytest.approx(values[treated].mean())
    for onto, rows in (("untreated", ~treated), ("treated", treated)):
        rings = nqp.spillover_effects(truth, by="ring", onto=onto)
        for k, label in enumerate(RINGS.rings):
            expected = world.received[(world.ring == k) & rows].mean()
            assert rings.sel(ring=label).item() == pytest.approx(expected)
    effects = nqp.group_time_effects(fit)
    names = ("role", "cohort", "time", "event_time", "ring", "exposure_time")
    ours, theirs = (
        sorted(zip(*(np.asarray(x[name]).tolist() for name in names), strict=True))
        for x in (truth, effects)
    )
    assert ours == theirs


def test_received_effects_by_time_and_unit(fit: nqp.Fit, world: Spilled) -> None:
    by_time = nqp.spillover_effects(fit, by="event_time")
    overall = nqp.spillover_effects(fit)
    assert float(by_time.weighted(by_time["rows"]).mean("event_time").mean()) == pytest.approx(
        float(overall.mean())
    )
    units = nqp.spillover_effects(fit, by="unit")
    exposed = ((world.ring >= 0) & ~world.treated).sum(axis=1)
    assert units["unit"].to_numpy().tolist() == world.panel.unit_labels[exposed > 0].tolist()
    assert units["rows"].to_numpy().tolist() == exposed[exposed > 0].tolist()
    assert float(units.weighted(units["rows"]).mean("unit").mean()) == pytest.approx(
        float(overall.mean())
    )
    onto = nqp.spillover_effects(fit, by=["ring", "event_time"], onto="treated")
    rows = (world.ring >= 0) & world.treated
    assert float(onto["rows"].sum()) == rows.sum()
    with pytest.raises(StudyError, match="requires a fit with its observations"):
        nqp.spillover_effects(nqp.group_time_effects(fit), by="unit")


def test_a_lone_ring_of_untreated_rows_offers_the_total_alone(world: Spilled) -> None:
    design = design_of(nqp.Rings([200], onto="untreated"), nqp.NoPooling(varying=None))
    effects = nqp.posterior_mean(design, world.panel, sigma=1.0)
    assert effects["path"].to_numpy().tolist() == ["total", "received"]
    assert float(nqp.spillover_effects(effects, by="ring").size) == 1
    with pytest.raises(StudyError, match="no separate spillovers on treated units"):
        nqp.spillover_effects(effects, onto="treated")
    with pytest.raises(StudyError, match="total effect equals the direct effect"):
        nqp.att(effects, path="direct")


def test_the_bias_of_ignoring_is_the_estimate_of_the_exposures(world: Spilled) -> None:
    """``A(y) - A(y - E kappa) = sum kappa A(E)``: the estimator with exposures as the outcome."""
    design = nqp.StaggeredDiD(nqp.NoPooling(varying=None), nqp.IID(), time=nqp.TimeEffects())
    panel = world.panel
    at = panel.unit_codes, panel.time_codes

    def estimate(outcome: np.ndarray) -> float:
        changed = panel.with_outcome(outcome)
        return float(nqp.att(nqp.posterior_mean(design, changed)).item())

    exposures = [
        (world.ring == 0) & ~world.treated, (world.ring == 1) & ~world.treated,
        (world.ring == 0) & world.treated,
    ]  # fmt: skip
    kappa = np.array([1.0, 0.5, 0.6])
    base = estimate(panel.outcome)
    weights = np.array([estimate(panel.outcome + e[at]) - base for e in exposures])
    without = panel.outcome - world.received[at]
    assert base - estimate(without) == pytest.approx(kappa @ weights, abs=1e-10)
    # Means of exposure over treated rows less those over others say little of it.
    assert abs(kappa @ weights) > 0.1


def test_without_rings_the_effect_is_biased(world: Spilled, fit: nqp.Fit) -> None:
    plain = nqp.fit(design_of(None), world.panel, nqp.Importance(seed=1), progress=False)
    truth = world.own[world.treated].mean()
    assert abs(float(nqp.att(plain).mean()) - truth) > abs(
        float(nqp.att(fit, path="direct").mean()) - truth
    )


@pytest.mark.slow
def test_leads_of_exposure_are_flat(world: Spilled) -> None:
    design = design_of(nqp.Rings(EDGES, leads=3))
    fit = nqp.fit(design, world.panel, nqp.Importance(seed=1), progress=False)
    leads = nqp.att(nqp.lead_effects(fit), by="event_time")
    assert leads["event_time"].to_numpy().tolist() == [-4, -3, -2]
    assert (np.abs(leads.mean(["chain", "draw"])) < 3 * leads.std(["chain", "draw"])).all()


def test_a_donut_leaves_rows_out_not_units(world: Spilled) -> None:
    design = design_of(nqp.Donut(km=200))
    rows = design.rows(world.panel)
    exposed = (world.ring >= 0) & ~world.treated
    assert rows.n_rows == world.panel.n_rows - exposed.sum()
    assert design.rows(rows).n_rows == rows.n_rows
    model_frame = model_frame_of(design, world.panel)
    assert model_frame.panel.n_rows == rows.n_rows


@pytest.mark.slow
def test_shares_of_neighbours(world: Spilled) -> None:
    weights = nqp.spatial_weights.nearest(world.panel, k=4, symmetric=False)
    term = nqp.ShareTreated(weights, above=[0.0, 0.4])
    since = term.since(world.panel)
    share = weights.matrix @ (world.treated * 1.0)
    for ring, bound in enumerate((0.4, 0.0)):
        expected = np.where(share > bound, np.arange(14), 14).min(axis=1)
        assert since[:, ring].tolist() == expected.tolist()
    fit = nqp.fit(design_of(term), world.panel, nqp.Importance(seed=1), progress=False)
    assert nqp.spillover_effects(fit, by="ring")["ring"].to_numpy().tolist() == [
        "0–40 %",
        "40–100 %",
    ]


@pytest.mark.slow
def test_it_is_saved_and_read(fit: nqp.Fit, world: Spilled, tmp_path: Path) -> None:
    again = nqp.load(fit.save(tmp_path / "fit.nc"))
    assert again.design == fit.design
    assert float(nqp.spillover_effects(again).mean()) == float(nqp.spillover_effects(fit).mean())
    weights = nqp.spatial_weights.nearest(world.panel, k=4)
    design = design_of(nqp.ShareTreated(weights))
    share = nqp.fit(design, world.panel, nqp.Importance(seed=1), progress=False)
    assert nqp.load(share.save(tmp_path / "share.nc")).design == design


def test_units_in_fine_cells_are_counted_once(fit: nqp.Fit, world: Spilled) -> None:
    from bayes_nqp.effects.estimands import by_event_time

    units = by_event_time(fit)["units"].to_numpy()
    event = (np.arange(14)[None] - world.adoption[:, None])[world.treated]
    assert units.tolist() == np.bincount(event).tolist()


@pytest.mark.slow
def test_units_that_are_exposed_and_treated_later_deviate_once_treated(world: Spilled) -> None:
    fit = nqp.fit(
        design_of(effect=nqp.CompletePooling()), world.panel, nqp.Importance(seed=1), progress=False
    )
    new = nqp.group_time_effects(fit, target="population")["effect"]
    assert (new.sel(path="direct") + new.sel(path="received")).to_numpy() == pytest.approx(
        new.sel(path="total").to_numpy()
    )
    units = nqp.att(fit, by="unit")
    assert units.sizes["unit"] == (world.adoption < 14).sum()
    assert float(units.weighted(units["rows"]).mean("unit").mean()) == pytest.approx(
        float(nqp.att(fit).mean())
    )


FAR = np.array([[100.0, 30.0], [100.2, 30.0], [110.0, 30.0], [115.0, 35.0]])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nqp.Rings([200, 100]), "'km' is"),
        (lambda: nqp.Rings([]), "'km' is"),
        (lambda: nqp.Rings([0, 100]), "'km' is"),
        (lambda: nqp.Rings([100], onto="treated"), "'onto' is 'treated'"),
        (lambda: nqp.Rings([100], leads=-1), "'leads' is -1"),
        (lambda: nqp.Donut(-5), "'km' is -5"),
        (lambda: nqp.ShareTreated(None), "'weights' is"),
        (lambda: nqp.StaggeredDiD(spillovers="rings"), "'spillovers' is 'rings'"),
        (
            lambda: model_frame_of(design_of(nqp.Rings([10, 100])), panel_of(FAR)),
            "no observation of the panel is exposed in the distance band 0–10 km",
        ),
        (
            lambda: model_frame_of(design_of(controls="never"), panel_of(FAR)),
            "not compatible with controls='never'",
        ),
    ],
)
def test_bad_arguments_are_refused(make: object, message: str) -> None:
    with pytest.raises(NQPError, match=message):
        make()  # type: ignore[operator]


def test_no_control_beyond_the_last_ring_is_refused(small: Spilled) -> None:
    with pytest.raises(IdentificationError, match="no untreated unit"):
        model_frame_of(design_of(nqp.Rings([100, 5000])), small.panel)


def test_places_are_needed(small: Spilled) -> None:
    frame = small.panel.frame.drop(columns="longitude")
    panel = nqp.Panel.from_frame(
        frame, unit="unit", time="time", cohort="cohort", outcome="outcome"
    )
    with pytest.raises(PanelError, match="longitude='longitude' is not a column of the panel"):
        model_frame_of(DESIGNS["complete"], panel)


CITIES = Path(__file__).parents[4] / "shared" / "data" / "china" / "city_nqpf_cbec_2010_2021.csv"


@pytest.mark.skipif(not CITIES.exists(), reason="the panel of cities is not here")
def test_cities_of_china() -> None:
    """Own, received and total effects beside those of flat cells (design of 2026)."""
    frame = pd.read_csv(CITIES, encoding="utf-8-sig")
    frame = frame[frame["longitude"].notna() & frame["nqpf"].notna()]
    frame = frame.assign(y=np.log(frame["nqpf"]))
    panel = nqp.Panel.from_frame(frame, unit="code", time="year", cohort="cbec_year", outcome="y")
    design = design_of(nqp.Rings([100, 200, 300], onto="untreated", leads=3))
    fit = nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)
    assert float(nqp.att(fit).mean()) == pytest.approx(0.153, abs=0.006)
    assert float(nqp.att(fit).std()) == pytest.approx(0.019, abs=0.003)
    received = nqp.spillover_effects(fit, by="ring")
    assert received.mean(["chain", "draw"]).to_numpy() == pytest.approx(
        [0.041, 0.036, 0.011], abs=0.008
    )
    assert received.std(["chain", "draw"]).to_numpy() == pytest.approx(
        [0.016, 0.013, 0.011], abs=0.003
    )
    leads = nqp.att(nqp.lead_effects(fit), by="event_time").mean(["chain", "draw"])
    assert leads.to_numpy() == pytest.approx([0.000, -0.012, -0.009], abs=0.003)


@pytest.fixture(scope="module")
def modest() -> Spilled:
    """Sixty places: what refits is quick."""
    return spilled(4, units=60, periods=10, sigma=0.5)


@pytest.mark.slow
@pytest.mark.parametrize("spillovers", [RINGS, nqp.Donut(km=150)], ids=["rings", "donut"])
def test_checks_and_support_take_it_along(modest: Spilled, spillovers: object) -> None:
    design = design_of(spillovers, nqp.PartialPooling(), unidentified="drop")
    fit = nqp.fit(design, modest.panel, nqp.Importance(draws=300, seed=1), progress=False)
    for name in ("identification", "pretrends", "error_model", "model_fit", "prior_predictive"):
        assert nqp.check(fit, name).verdict != "not applicable"
    support = nqp.identification(design, modest.panel)
    assert ("role" in support) == (spillovers is RINGS)
    assert support["rows"].sum() == (fit.model_frame.codes.own_effect).sum()


def test_effects_received_are_drawn(fit: nqp.Fit) -> None:
    figure = nqp.plots.spillover_effects(fit, language="zh")
    assert [ax.get_title(loc="left") for ax in figure.axes] == list(RINGS.rings)
    text = " ".join(t.get_text() for t in figure.findobj(lambda a: hasattr(a, "get_text")))
    assert "暴露以来的期数" in text
    with pytest.raises(StudyError, match="these effects have no spillovers"):
        nqp.spillover_effects(
            nqp.simulation.staggered(units=20, periods=6, cohorts=(3,), seed=1).truth
        )


def test_rings_with_few_steps_share_the_scale_of_the_others() -> None:
    """A pair of 2018 within 50 km has four steps, which alone would fix the scale of walks."""
    pairs = {(100.0, 101.5): 2012, (110.0, 110.5): 2018}
    places = {lon: year for both, year in pairs.items() for lon in both}
    places |= dict.fromkeys((100.8, 111.0, *np.arange(120.0, 132.0, 3.0)), np.nan)
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        [(f"{lon:.1f}", t, year, rng.normal(), lon, 0.0)
         for lon, year in places.items() for t in range(2008, 2023)],
        columns=["unit", "time", "cohort", "outcome", "longitude", "latitude"],
    )  # fmt: skip
    roles = {name: name for name in ("unit", "time", "cohort", "outcome")}
    panel = nqp.Panel.from_frame(table, **roles)
    design = nqp.StaggeredDiD(spillovers=nqp.Rings([100, 200]))
    (equation,) = model_frame_of(design, panel).equations
    walks = [part for part in equation.globals if part.name.startswith("received_treated")]
    steps = {part.columns.shape[1] for part in walks if part.name.endswith("walk")}
    assert steps == {4, 10}
    assert "scale_received_treated_walk" in equation.problem.space.names
    prior = nqp.prior_predictive(design, panel, draws=20, seed=1)
    assert np.isfinite(prior["outcome"]).all()
