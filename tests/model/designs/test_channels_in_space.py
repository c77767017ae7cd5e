"""Channels that others' treatment, and mediators of linked units, reach."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from linked_cities import PANEL, PERIODS, UNITS, WEIGHTS, W, dense, design_of, tables
from marginal import Marginal

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import PanelError, StudyError
from bayes_nqp.data.simulation import SpatialChannel, Spillover, channels_in_space
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.numerics.linear_gaussian import density

SLX = nqp.SpatialLag(WEIGHTS, lag=False)
RINGS = nqp.Rings([40, 80])
KINDS = ["linked", "exposure"]


def mediated(strata: tuple[str, ...] = ("coast",)) -> nqp.Panel:
    """Linked cities with a mediator that treatment near and far moves."""
    y, _, event = tables(PANEL)
    rng, treated = np.random.default_rng(7), (event >= 0) * 1.0
    m = treated + 0.7 * W @ treated + rng.standard_normal((UNITS, 1))
    m = m + 0.5 * rng.standard_normal((UNITS, PERIODS))
    at = PANEL.unit_codes, PANEL.time_codes
    frame = PANEL.frame.assign(digital=m[at], y=(y + 0.6 * m + 0.4 * W @ m)[at])
    return nqp.Panel.from_frame(
        frame, unit="city", time="year", cohort="cohort", outcome="y", covariates=["x"],
        strata=list(strata), moderators=["m"], mediators=["digital"],
    )  # fmt: skip


MEDIATED = mediated()


@cache
def made(kind: str = "linked") -> nqp.simulation.Simulated:
    """Two mediators; received by shares of linked units, or by rings."""
    spillover = Spillover(RINGS, [1.0, 0.5], [0.6, 0.3]) if kind == "exposure" else None
    mediators = {"digital": SpatialChannel(), "finance": SpatialChannel(0.5, 0.1, 0.4, 0.3, 0.2)}
    return channels_in_space(
        mediators=mediators, units=60, periods=7, cohorts=(4, 5), spillover=spillover, seed=1
    )


@cache
def fitted(kind: str = "linked") -> nqp.Fit:
    """With deviations of units."""
    panel = made(kind).panel
    weights = nqp.spatial_weights.nearest(panel, 4)
    term = RINGS if kind == "exposure" else nqp.SpatialLag(weights, lag=False)
    design = nqp.StaggeredDiD(nqp.CompletePooling(), time=nqp.TimeEffects(), spillovers=term)
    return nqp.fit(
        nqp.Mediation(design, links=weights), panel, nqp.Importance(draws=150, seed=1),
        progress=False,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("errors", "varying"), [(nqp.IID(), None), (nqp.AR1(), "unit")])
def test_densities_of_all_equations_are_the_dense_ones(
    errors: nqp.AR1 | nqp.IID, varying: str | None
) -> None:
    outcome = design_of(spillovers=SLX, effect=nqp.CompletePooling(varying=varying), errors=errors)
    design = nqp.Mediation(outcome, links=WEIGHTS)
    y, _, _ = tables(MEDIATED)
    m = np.zeros_like(y)
    m[MEDIATED.unit_codes, MEDIATED.time_codes] = MEDIATED.mediators[:, 0]
    model_frame, left = model_frame_of(design, MEDIATED), {"outcome": y, "digital": m}
    for equation in model_frame.equations:
        problem = equation.gaussian
        points = 0.5 * np.random.default_rng(1).standard_normal((3, len(problem.space)))
        more = (m, W @ m) if equation.name == "outcome" else ()
        theirs = np.array([
            dense(MEDIATED, outcome, dict(zip(problem.space.names, row, strict=True)), W,
                  np.zeros(UNITS), outcome=left[equation.name] / equation.scale, more=more)
            for row in problem.space.constrain(points)
        ])  # fmt: skip
        bare = density(problem, points) - problem.space.log_prior(points)
        assert bare - bare[0] == pytest.approx(theirs - theirs[0], rel=1e-8, abs=1e-8)


@pytest.mark.slow
def test_the_row_model_is_the_same() -> None:
    outcome = design_of(spillovers=SLX, effect=nqp.CompletePooling(varying=None))
    design = nqp.Mediation(outcome, links=WEIGHTS)
    equations = model_frame_of(design, MEDIATED).equations
    names = [f"{e.name}__{x}" for e in equations for x in e.gaussian.space.names]
    row = Marginal(nqp.to_pymc(design, MEDIATED), names)
    points = 0.4 * np.random.default_rng(2).standard_normal((2, len(names)))
    cut = len(equations[0].gaussian.space)
    ours = [density(e.gaussian, x) for e, x in
            zip(equations, (points[:, :cut], points[:, cut:]), strict=True)]  # fmt: skip
    gap = np.array([row(point) for point in points]) - sum(ours)
    assert np.ptp(gap) < 1e-7


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_paths_are_those_of_rows_one_by_one(kind: str) -> None:
    """What treatment does to mediators, row by row, through slopes of own and linked ones."""
    fit, panel = fitted(kind), made(kind).panel
    model_frame, posterior = fit.model_frame, fit.posterior.isel(chain=0, draw=slice(0, 5))
    unit, time = panel.unit_codes, panel.time_codes
    w = nqp.spatial_weights.nearest(panel, 4).aligned(panel.unit_labels).matrix.toarray()
    treated = np.zeros((panel.n_units, panel.periods))
    treated[unit, time] = model_frame.codes.treated
    event = np.where(treated > 0, np.arange(panel.periods) - panel.cohort_codes[:, None], -1)
    number = np.full(treated.shape, -1)
    number[unit, time] = model_frame.cell_of_row

    def effects(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Own and received effects of an equation, and own ones received back by linked units."""
        mean = posterior[f"{name}__cell_mean"].to_numpy()
        mean = np.pad(mean, ((0, 0), (0, 1)))[:, number]
        u = np.zeros((5, panel.n_units))
        labels = [str(x) for x in panel.unit_labels]
        if name == "outcome":  # its own deviations are in the cell effects
            mean = np.pad(posterior[f"{name}__cell_effect"].to_numpy(), ((0, 0), (0, 1)))[:, number]
        elif kind == "linked":
            members = [labels.index(str(x)) for x in fit.posterior["member"].to_numpy()]
            u[:, members] = posterior[f"{name}__deviation"].to_numpy()
        if kind == "exposure":
            return mean, mean, mean
        level, drift = (posterior[f"{name}__linked_{x}"].to_numpy() for x in ("level", "drift"))
        steps = posterior[f"{name}__linked_walk"].to_numpy()
        theta = [level.reshape(5) + e * drift.reshape(5) + steps[:, :e].sum(axis=1)
                 for e in range(int(event.max()) + 1)]  # fmt: skip
        received = sum(x[:, None, None] * (w @ (event == e)) for e, x in enumerate(theta))
        itself = sum(x[:, None, None] * (event == e) for e, x in enumerate(theta))
        back = (w * w.T).sum(axis=1)[:, None] * itself
        return mean + u[..., None] * treated, received, back

    if kind == "exposure":
        _check_exposure(fit, w, number, effects)
        return
    direct, near, _ = effects("outcome")
    rows = (treated > 0)[None] * np.ones((5, 1, 1))
    slopes = posterior["outcome__slope"]
    total = direct + near
    for name in ("digital", "finance"):
        own, received, back = effects(name)
        b = posterior["outcome__b"].sel(mediator=name).to_numpy().reshape(5, 1, 1)
        c = slopes.sel(outcome__slope_label=f"W × {name}").to_numpy().reshape(5, 1, 1)
        parts = {
            (name, "own"): b * own, (name, "others"): b * received,
            (f"W × {name}", "own"): c * back,
            (f"W × {name}", "others"): c * (w @ (own + received) - back),
        }  # fmt: skip
        for (path, whose), values in parts.items():
            ours = nqp.paths_in_space(fit).sel(path=path, treatment_of=whose)[0, :5]
            theirs = (values * rows).sum(axis=(1, 2)) / rows.sum(axis=(1, 2))
            assert ours.to_numpy() == pytest.approx(theirs, abs=1e-10)
            total = total + values
        bare = 1.0 - treated
        bare[:, : int(np.flatnonzero(treated.any(axis=0))[0])] = 0.0
        ours = nqp.paths_in_space(fit, onto="untreated").sel(path=f"W × {name}")[0, :5, 1]
        theirs = (c * (w @ (own + received)) * bare).sum(axis=(1, 2)) / bare.sum()
        assert ours.to_numpy() == pytest.approx(theirs, abs=1e-10)
    mean = (total * rows).sum(axis=(1, 2)) / rows.sum(axis=(1, 2))
    assert nqp.att(fit)[0, :5].to_numpy() == pytest.approx(mean, abs=1e-10)


def _check_exposure(fit, w, number, effects):  # type: ignore[no-untyped-def]
    """Effects by whose treatment and in whom are those of the cells that linked units are in."""
    seen = fit.effects["role"].to_numpy()
    assert (seen == "neighbour").any()
    assert (fit.effects["ring"].to_numpy() == "").any()
    cells, model_frame = fit.effects, fit.model_frame
    mean = fit.posterior["digital__cell_effect"].to_numpy()[0, :5]
    via = cells["via"].sel(mediator="digital", mediator_of="own").to_numpy()[0, :5]
    b = fit.posterior["outcome__b"].sel(mediator="digital").to_numpy()[0, :5].reshape(5, 1)
    size = mean.shape[1]
    assert via[..., :size].sum(axis=1) == pytest.approx(b * mean, abs=1e-10)
    near = seen[:size] == "neighbour"
    assert via[:, 0, :size][:, near] == pytest.approx(0.0, abs=1e-12)
    ring = model_frame.table.labels["ring"]
    assert via[:, 1, :size][:, (ring == "") & ~near] == pytest.approx(0.0, abs=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_paths_add_up_to_own_and_received_effects(kind: str) -> None:
    for onto in ("treated", "untreated"):
        paths = nqp.paths_in_space(fitted(kind), onto=onto)  # type: ignore[arg-type]
        parts = paths.drop_sel(path="total").sum("path")
        assert parts.to_numpy() == pytest.approx(paths.sel(path="total").to_numpy(), abs=1e-10)
        own, others, both = (paths.sel(treatment_of=x) for x in ("own", "others", "total"))
        assert (own + others).to_numpy() == pytest.approx(both.to_numpy(), abs=1e-10)
        received = nqp.att(fitted(kind), path="received")
        if onto == "treated":
            assert others.sel(path="total").to_numpy() == pytest.approx(received.to_numpy())
            assert both.sel(path="total").to_numpy() == pytest.approx(nqp.att(fitted(kind)).values)
        else:
            received = nqp.spillover_effects(fitted(kind))
            assert others.sel(path="total").to_numpy() == pytest.approx(received.to_numpy())
            assert not own.to_numpy().any()


def test_a_saturated_fit_is_least_squares() -> None:
    """Flat effects and independent errors: two regressions, and products of their slopes."""
    design = nqp.Mediation(
        design_of(spillovers=SLX, effect=nqp.NoPooling(varying=None)), links=WEIGHTS
    )
    effects = nqp.posterior_mean(design, mediated(()))
    y, x, event = tables(MEDIATED)
    m = np.zeros_like(y)
    m[MEDIATED.unit_codes, MEDIATED.time_codes] = MEDIATED.mediators[:, 0]
    start, on = MEDIATED.cohort_codes, event >= 0
    keys = [(g, t) for g in np.unique(start[start >= 0]) for t in range(int(g), PERIODS)]
    cells = [((start[:, None] == g) & (np.arange(PERIODS) == t)) * 1.0 for g, t in keys]
    events = range(int(event.max()) + 1)
    near = [W @ (event == e) for e in events]
    time = [np.tile(np.arange(PERIODS) == t, (UNITS, 1)) * 1.0 for t in range(1, PERIODS)]

    def solved(left: np.ndarray, more: list[np.ndarray]) -> np.ndarray:
        columns = [*cells, *near, *more, x, W @ x, *time]
        z = np.stack([(c - c.mean(axis=1, keepdims=True)).ravel() for c in columns], axis=1)
        z0 = (left - left.mean(axis=1, keepdims=True)).ravel()
        return np.linalg.lstsq(z, z0, rcond=None)[0]

    first, second = solved(m, []), solved(y, [m, W @ m])
    n, k = len(cells), len(near)
    b, c = second[n + k : n + k + 2]
    a = sum(v * cell for v, cell in zip(first[:n], cells, strict=True))
    got = sum(v * col for v, col in zip(first[n : n + k], near, strict=True))
    back = sum(v * (event == e) for v, e in zip(first[n : n + k], events, strict=True))
    back = (W * W.T).sum(axis=1)[:, None] * back
    theirs = {
        ("own", "digital"): b * a, ("others", "digital"): b * got,
        ("own", "W × digital"): c * back, ("others", "W × digital"): c * (W @ (a + got) - back),
    }  # fmt: skip
    paths = nqp.paths_in_space(effects)
    for (whose, path), values in theirs.items():
        ours = float(paths.sel(treatment_of=whose, path=path).item())
        assert ours == pytest.approx(float(values[on].mean()), abs=1e-7)


def test_the_truth_of_a_simulation_is_the_difference_that_the_policy_makes() -> None:
    """The same panel without any effect, row by row."""
    none = SpatialChannel(0.0, 0.0, 0.0, 0.5, 0.4, 0.0)
    with_policy = channels_in_space(
        mediators={"digital": SpatialChannel(deviation_sd=0.0)}, deviation_sd=0.0, units=60, seed=3
    )
    without = channels_in_space(
        mediators={"digital": none}, level=0.0, received=0.0, deviation_sd=0.0, units=60, seed=3
    )
    panel = with_policy.panel
    gap = panel.outcome - without.panel.outcome
    treated = panel.time_codes >= np.where(
        panel.cohort_codes < 0, panel.periods, panel.cohort_codes
    )[panel.unit_codes]  # fmt: skip
    assert float(nqp.att(with_policy.truth).item()) == pytest.approx(gap[treated].mean())
    bare = ~treated & (panel.time_codes >= 3)
    received = nqp.spillover_effects(with_policy.truth)
    assert float(received.item()) == pytest.approx(gap[bare].mean())


def test_it_is_saved_and_asked(tmp_path: Path) -> None:
    fit = fitted()
    assert nqp.load(fit.save(tmp_path / "fit.nc")).digest == fit.digest
    table = nqp.table(fit, "channels_in_space")
    assert "Through linked units' finance" in table.to_markdown()
    curve = nqp.mediation_sensitivity(fit, "digital", rho=[0.0, 0.3], prior=None)["estimate"]
    assert float(curve.sel(path="digital", rho=0.3).squeeze()) < float(
        curve.sel(path="digital", rho=0.0).squeeze()
    )
    with pytest.raises(StudyError, match="single units"):
        nqp.att(fit, by="unit")
    with pytest.raises(StudyError, match="no spatial mediation paths"):
        nqp.paths_in_space(nqp.simulation.channels(units=40, seed=1).truth)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("world", "k", "said"),
    [({}, 4, None), ({"shocks": 1.0}, 4, "share"), ({"nearest_units": 12}, 2, "beyond the links")],
)
def test_innovations_tell_shared_shocks_and_links_that_are_too_short(
    world: dict[str, float], k: int, said: str | None
) -> None:
    mediators = {"digital": SpatialChannel(linked=2.0 if "nearest_units" in world else 0.4)}
    panel = channels_in_space(units=120, mediators=mediators, seed=2, **world).panel  # type: ignore[arg-type]
    weights = nqp.spatial_weights.nearest(panel, k)
    design = nqp.StaggeredDiD(
        nqp.CompletePooling(), time=nqp.TimeEffects(), spillovers=nqp.SpatialLag(weights, lag=False)
    )
    fit = nqp.fit(
        nqp.Mediation(design, links=weights), panel, nqp.Importance(draws=100, seed=1),
        progress=False,
    )  # fmt: skip
    result = nqp.check(fit, "linked_mediators", progress=False)
    if said is None:
        assert result.verdict == "passed"
    else:
        assert result.verdict in ("caution", "failed")
        assert said in f"{result.sentence} {result.details}"


def test_links_that_are_better_longer_reach_too_short() -> None:
    panel = nqp.simulation.channels_in_space(nearest_units=8, seed=3000).panel
    links = nqp.spatial_weights.nearest(panel, 2)
    outcome = nqp.StaggeredDiD(
        nqp.CompletePooling(), time=nqp.TimeEffects(), spillovers=nqp.SpatialLag(links, lag=False)
    )
    design = nqp.Mediation(outcome, links=links)
    fit = nqp.fit(design, panel, nqp.Importance(seed=1, draws=250), progress=False)
    result = nqp.check(fit, "linked_mediators", progress=False)
    assert result.verdict in ("caution", "failed")
    assert "more neighbours" in f"{result.sentence} {result.details}"
    assert result.evidence is not None
    share = result.evidence.set_index("scale")["value"]["share"]
    alone = nqp.fit(outcome, panel, nqp.Importance(seed=1, draws=250), progress=False)
    weights = {"own": links} | {
        str(k): nqp.spatial_weights.nearest(panel, k) for k in (3, 5, 8, 12)
    }
    answer = nqp.weights_probabilities(alone, weights, forms=["SLX"])
    assert share == pytest.approx(answer.weights["own"], abs=0.02)


def test_what_it_does_not_go_with_is_refused() -> None:
    moderated = nqp.StaggeredDiD(moderator="m")
    for changes in ({"lag": 1}, {"vary_by": "unit"}):
        with pytest.raises(StudyError, match="cannot be combined with mediators of neighbours"):
            nqp.Mediation(nqp.StaggeredDiD(), ["digital"], links=WEIGHTS, **changes)  # type: ignore[arg-type]
    with pytest.raises(StudyError, match="cannot be combined with mediators of neighbours"):
        nqp.Mediation(moderated, ["digital"], moderates=("a", "b"), links=WEIGHTS)
    with pytest.raises(StudyError, match=r"the current 'design\.spillovers'(?s:.)*lag=False"):
        nqp.Mediation(nqp.StaggeredDiD(spillovers=nqp.SpatialLag(WEIGHTS)), ["digital"])
    gaps = MEDIATED.where(np.arange(MEDIATED.n_rows) != 5)
    with pytest.raises(PanelError, match="of linked units is needed in every period"):
        nqp.fit(nqp.Mediation(design_of(spillovers=None), links=WEIGHTS), gaps, progress=False)


def test_a_moderator_and_strata_stand_beside_links() -> None:
    design = nqp.Mediation(
        nqp.StaggeredDiD(
            nqp.PartialPooling(["coast"], varying=None),
            moderator="m",
            time=nqp.TimeEffects(),
            covariates=["x"],
        ),
        links=WEIGHTS,
    )
    fit = nqp.fit(design, MEDIATED, nqp.Importance(draws=100, seed=1), progress=False)
    model_frame, draws = fit.model_frame, fit.posterior.isel(chain=0, draw=slice(0, 4))
    unit, time = MEDIATED.unit_codes, MEDIATED.time_codes
    table, z, rows = np.zeros((4, UNITS, PERIODS)), model_frame.effects.z, model_frame.effects.rows
    theta = np.nan_to_num(draws["digital__moderation"].to_numpy())
    mean = draws["digital__cell_mean"].to_numpy()
    stratum = model_frame.codes.stratum[unit[rows]]
    table[:, unit[rows], time[rows]] = (
        mean[:, model_frame.cell_of_row[rows]] + theta[:, stratum] * z
    )
    c = draws["outcome__slope"].sel(outcome__slope_label="W × digital").to_numpy()
    on = table[0] != 0.0
    theirs = (c[:, None, None] * (W @ table))[:, on].mean(axis=1)
    ours = nqp.paths_in_space(fit).sel(path="W × digital", treatment_of="others")[0, :4]
    assert ours.to_numpy() == pytest.approx(theirs, abs=1e-10)


def test_a_way_that_is_not_there_has_no_line_and_no_sentence(tmp_path: Path) -> None:
    """Under rings nothing of the own treatment comes back through linked units' mediators."""
    through = "Through linked units' digital"
    linked, rings = (
        nqp.table(fitted(kind), "channels_in_space").to_markdown().split("others' treatment")
        for kind in KINDS
    )
    assert through in linked[0]
    assert through not in rings[0]
    assert through in rings[1]
    nqp.report(fitted("exposure"), tmp_path / "r", checks=[], formats=["html"], progress=False)
    text = (tmp_path / "r" / "report.html").read_text()
    own = re.search(r"For treated units, the effect of a unit.{1,8}s own treatment is[^<]*", text)
    assert own is not None
    assert "linked units" not in own.group()
