"""Unmeasured confounding of mediators: the bias against regressions, and the check."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from doors import Pattern, constrain, crossing, flat, recovered, strength
from doors import _panel as panel_bias

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.data.simulation import Channel, channels
from bayes_nqp.effects.estimands import att
from bayes_nqp.inference.fitting import modes
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.numerics.sufficient_statistics import Rows, VaryingColumn

SAMPLER = nqp.Importance(draws=400, chains=2, seed=4)
DESIGN = nqp.Mediation(nqp.StaggeredDiD(nqp.PartialPooling(["region"])))
LAYOUT = {"units": 200, "cohorts": (5, 7, 9), "never": 1 / 3}


@pytest.fixture(scope="session")
def strong() -> tuple[nqp.simulation.Simulated, nqp.Fit]:
    """A strong channel, confounded with a correlation of .3, under unequal autocorrelation."""
    simulated = channels(
        mediators={"digital": Channel(level=1.0, slope=0.7, rho=0.2)}, rho=0.7, confounding=0.3,
        seed=3, **LAYOUT,
    )  # fmt: skip
    return simulated, nqp.fit(DESIGN, simulated.panel, SAMPLER, progress=False)


@pytest.fixture(scope="session")
def weak() -> nqp.Fit:
    """A channel that is certain, but weak."""
    mediators = {"digital": Channel(level=1.0, growth=0.2, slope=0.05)}
    simulated = channels(mediators=mediators, seed=3, **LAYOUT)
    return nqp.fit(DESIGN, simulated.panel, SAMPLER, progress=False)


def draws_of(*values: float) -> np.ndarray:
    return np.array([values])


def one_bias(patterns: list[Pattern], phi: tuple[float, float]) -> panel_bias.Bias:
    return panel_bias.bias_of(
        patterns, 0, phi_outcome=np.array([phi[0]]), phi_mediators=draws_of(phi[1]),
        sigma_outcome=np.array([1.3]), sigma_mediators=draws_of(0.8),
        correlation=np.ones((1, 1)), strata=1,
    )  # fmt: skip


def whole(periods: int, *, adoption: int | None = None) -> Pattern:
    times = np.arange(periods)
    return Pattern(0, times, times >= (periods if adoption is None else adoption), 10)


# -- the bias


@pytest.mark.parametrize("phi", [0.0, 0.6])
def test_equal_autocorrelation_gives_the_formula_of_a_cross_section(phi: float) -> None:
    found = one_bias([whole(12), whole(9, adoption=4)], (phi, phi))
    for rho in (-0.4, 0.3, 0.8):
        shift = found.slope[0, 0, 0] * strength(np.array(rho), found.curvature[0])
        assert shift == pytest.approx(1.3 / 0.8 * rho / np.sqrt(1 - rho**2), rel=1e-9)


def test_several_mediators_give_the_slopes_of_a_regression() -> None:
    correlation = np.array([[1.0, 0.5, -0.2], [0.5, 1.0, 0.3], [-0.2, 0.3, 1.0]])
    sigma, rho, sigma_outcome = np.array([0.8, 1.5, 0.4]), 0.35, 1.2
    covariance = correlation * np.outer(sigma, sigma)
    # Innovations of the outcome that go with what the others leave of the first mediator's.
    own = 1 / np.sqrt(np.linalg.inv(covariance)[0, 0])
    expected = np.linalg.solve(covariance, [rho * sigma_outcome * own, 0.0, 0.0])
    left = np.sqrt(sigma_outcome**2 - expected @ covariance @ expected)
    found = panel_bias.bias_of(
        [whole(10)], 0, phi_outcome=np.zeros(1), phi_mediators=np.zeros((1, 3)),
        sigma_outcome=np.array([left]), sigma_mediators=sigma[None], correlation=correlation,
        strata=1,
    )  # fmt: skip
    shift = found.slope[0, 0] * strength(np.array(rho), found.curvature[0])
    assert shift == pytest.approx(expected, rel=1e-9)
    others = np.linalg.solve(covariance[1:, 1:], covariance[1:, 0])
    assert shift[1:] == pytest.approx(-others * shift[0], rel=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("phi", [(0.8, 0.2), (0.2, 0.8)])
def test_unequal_autocorrelation_gives_the_bias_of_generalised_least_squares(
    phi: tuple[float, float],
) -> None:
    rng, units, rho = np.random.default_rng(1), 40_000, 0.4
    times = np.array([0, 1, 2, 4, 5, 6, 7, 8])
    treated = times >= 5
    noise = rng.standard_normal((2, units, times[-1] + 200))
    noise[0] = rho * noise[1] + np.sqrt(1 - rho**2) * noise[0]
    errors = np.zeros((2, units))
    kept = []
    for t in range(noise.shape[2]):
        errors = np.array(phi)[:, None] * errors + noise[:, :, t]
        kept.append(errors)
    y, m = np.stack(kept[-times[-1] - 1 :], axis=2)[:, :, times]
    precision, free = panel_bias.absorbed(times, treated, np.array([phi[0]]))
    assert free == times.size - 2
    weighted = m @ precision[0]
    slope = (weighted * y).sum() / (weighted * m).sum()
    left = y - slope * m
    sigma = np.sqrt(((left @ precision[0]) * left).sum() / units / free)
    found = panel_bias.bias_of(
        [Pattern(0, times, treated, units)], 0, phi_outcome=np.array([phi[0]]),
        phi_mediators=draws_of(phi[1]), sigma_outcome=np.array([sigma]),
        sigma_mediators=draws_of(1.0), correlation=np.ones((1, 1)), strata=1,
    )  # fmt: skip
    shift = found.slope[0, 0, 0] * strength(np.array(rho), found.curvature[0])
    plain = sigma * rho / np.sqrt(1 - rho**2)
    assert shift == pytest.approx(slope, abs=0.006)
    assert abs(plain - slope) > 0.05


def test_effects_are_zero_at_their_crossing() -> None:
    value, slope, curvature = np.array([0.5, -0.2, 0.3]), np.array([1.2, 0.7, -0.4]), 0.8
    rho = crossing(value, slope, np.array(curvature))
    assert value - slope * strength(rho, np.array(curvature)) == pytest.approx(0)
    assert np.sign(rho).tolist() == [1, -1, -1]


def test_correlation_of_innovations_is_found_under_effects_and_gaps() -> None:
    rng, units, periods = np.random.default_rng(2), 600, 10
    noise = rng.standard_normal((units, periods + 100, 2))
    noise[..., 1] = 0.4 * noise[..., 0] + np.sqrt(1 - 0.16) * noise[..., 1]
    phi, errors, kept = np.array([0.2, 0.8]), np.zeros((units, 2)), []
    for t in range(periods + 100):
        errors = phi * errors + noise[:, t]
        kept.append(errors)
    values = np.stack(kept[-periods:], axis=1)
    cohort = rng.integers(-1, 2, units)
    start = np.where(cohort < 0, periods, 4 + cohort)
    treated = np.arange(periods) >= start[:, None]
    # Unit effects, time effects and effects of units, in both.
    values += 5 * rng.standard_normal((units, 1, 1)) + np.arange(periods)[:, None] ** 2
    values += treated[..., None] * (1 + rng.standard_normal((units, 1, 1)))
    seen = rng.uniform(size=(units, periods)) > 0.1
    unit, time = np.nonzero(seen)
    rows = Rows(
        unit, time, cohort, np.zeros(unit.size),
        [VaryingColumn(str(k), values[..., k][seen]) for k in range(2)],
    )  # fmt: skip
    patterns = [Pattern(0, np.flatnonzero(s), t[s], 1) for s, t in zip(seen, treated, strict=True)]
    found = panel_bias.correlation_of(rows, treated[seen], patterns, phi)
    assert found[0, 1] == pytest.approx(0.4, abs=0.03)


def test_flat_deviations_are_those_of_least_squares() -> None:
    mediators = {"digital": Channel(deviation_sd=1.0), "finance": Channel(deviation_sd=1.0)}
    panel = channels(mediators=mediators, units=40, periods=8, cohorts=(4, 6), seed=5).panel
    design = nqp.Mediation(nqp.StaggeredDiD(nqp.NoPooling(), nqp.IID()))
    model_frame = model_frame_of(flat(design), panel)
    outcome = model_frame.equations[0]
    x = np.zeros((1, len(outcome.problem.space.names)))
    slopes = np.stack([*recovered(model_frame, outcome, x, None).slopes.values()], axis=-1)
    frame = model_frame.codes
    unit, time, treated = frame.unit, frame.time, frame.treated
    stratum = frame.stratum[unit]
    dummies = [
        pd.get_dummies(pd.Series(code)).to_numpy(dtype=float)
        for code in (unit, stratum * 100 + time, np.where(treated, unit + 1, 0),
                     np.where(treated, 1 + model_frame.cell_of_row, 0))
    ]  # fmt: skip
    split = [panel.mediators * (stratum == s)[:, None] for s in range(2)]
    x = np.hstack([*split, *dummies])
    expected = np.linalg.lstsq(x, panel.outcome, rcond=None)[0][:4].reshape(2, 2)
    assert slopes[0] == pytest.approx(expected, abs=1e-3)
    model_frame = model_frame_of(design, panel)
    outcome = model_frame.equations[0]
    random = recovered(model_frame, outcome, np.zeros((1, len(outcome.problem.space.names))), None)
    slopes = np.stack([*random.slopes.values()], axis=-1)
    assert np.abs(slopes[0] - expected).max() > 0.01


# -- fits


@pytest.mark.slow
def test_the_truth_is_covered_at_the_correlation_that_was_simulated(
    strong: tuple[nqp.simulation.Simulated, nqp.Fit],
) -> None:
    simulated, fit = strong
    found = nqp.mediation_sensitivity(fit, "digital", rho=[0, 0.3])
    assert found["path"].to_numpy().tolist() == ["digital", "direct"]
    for path in ("digital", "direct"):
        truth = att(simulated.truth, path=path).item()
        at = found.sel(path=path)
        assert at["lower"][1] < truth < at["upper"][1]
        if path == "digital":
            assert truth < at["lower"][0]
    assert float(found["estimate"].sum("path").std("rho")) == pytest.approx(0, abs=1e-12)
    assert found["original"].to_numpy() == pytest.approx(found["estimate"].sel(rho=0).to_numpy())


@pytest.mark.slow
def test_crossings_are_those_of_the_curves(
    strong: tuple[nqp.simulation.Simulated, nqp.Fit],
) -> None:
    _, fit = strong
    one = nqp.mediation_sensitivity(fit, by="region", prior=None)
    assert "adjusted" not in one
    for region in ("coastal", "inland"):
        at = one.sel(region=region, confounded="digital", path="digital")
        rho, end = float(at["crossing"]), float(at["breakdown"])
        assert 0 < end < rho
        there = nqp.mediation_sensitivity(fit, "digital", rho=[end, rho], by="region", prior=None)
        there = there.sel(region=region, path="digital")
        assert float(there["estimate"].sel(rho=rho)) == pytest.approx(0, abs=0.02)
        assert float(there["lower"].sel(rho=end)) == pytest.approx(0, abs=0.01)
        assert float(at["r2"]) == pytest.approx(rho**2)


def test_a_common_cause_explains_shares_whose_product_is_r2() -> None:
    rng = np.random.default_rng(1)
    cause, own = rng.standard_normal(200_000), rng.standard_normal((2, 200_000))
    first = np.sqrt(0.3) * cause + np.sqrt(0.7) * own[0]
    second = np.sqrt(0.5) * cause + np.sqrt(0.5) * own[1]
    rho = np.corrcoef(first, second)[0, 1]
    shares = [np.corrcoef(x, cause)[0, 1] ** 2 for x in (first, second)]
    assert rho**2 == pytest.approx(shares[0] * shares[1], abs=0.01)
    assert rho**2 == pytest.approx(0.15, abs=0.01)


def test_a_prior_widens_what_is_known(strong: tuple[nqp.simulation.Simulated, nqp.Fit]) -> None:
    _, fit = strong
    known = nqp.mediation_sensitivity(
        fit, "digital", rho=[0.3], prior=nqp.UniformCorrelation(0.3, 0.3)
    )
    draws = known["adjusted"].sel(path="digital")
    assert float(draws.mean()) == pytest.approx(
        float(known["estimate"].sel(path="digital").item()), abs=1e-9
    )
    vague = nqp.mediation_sensitivity(fit, "digital", prior=nqp.NormalCorrelation(0.2))["adjusted"]
    assert float(vague.sel(path="digital").std()) > 1.5 * float(draws.std())
    with pytest.raises(StudyError, match="'sd' is 0"):
        nqp.NormalCorrelation(0)
    with pytest.raises(StudyError, match="'low' is 1"):
        nqp.UniformCorrelation(1, 2)


@pytest.mark.slow
def test_a_far_crossing_is_reported_and_does_not_hold(
    strong: tuple[nqp.simulation.Simulated, nqp.Fit],
) -> None:
    """This very channel is confounded, and its crossing lies the further out for it."""
    found = nqp.check(strong[1], "mediation_sensitivity", progress=False)
    assert found.verdict == "reported", found
    assert "correlations from -0.2 to 0.2" in found.details.replace("−", "-")
    curve = nqp.mediation_sensitivity(strong[1], "digital", rho=[-0.2, 0.2]).sel(path="digital")
    low, high = sorted(float(x) for x in curve["estimate"])
    said = re.search(r"digital: (\S+) to (\S+)\.", found.details)
    assert said is not None
    assert [float(x) for x in said.groups()] == pytest.approx([low, high], abs=0.005)
    assert found.evidence["kind"].to_numpy().tolist() == ["overall", "level", "level"]
    assert float(found.evidence["crossing"].sel(path="indirect")[0]) > 0.4


@pytest.mark.slow
def test_it_fails_for_a_weak_one(weak: nqp.Fit) -> None:
    found = nqp.check(weak, "mediation_sensitivity", progress=False)
    assert found.verdict == "failed", found
    assert 0 < float(found.evidence["crossing"].sel(path="indirect")[0]) < 0.1
    assert "digital: ρ = +0.0" in found.sentence


def test_what_may_be_chance_is_told_and_not_judged() -> None:
    """The interval of a mediator without a slope excludes zero, and at once crosses it."""
    panel = channels(units=60, periods=14, seed=46_000_004).panel
    fit = nqp.fit(nqp.Mediation(), panel, nqp.Importance(seed=4), progress=False)
    found = nqp.check(fit, "mediation_sensitivity", progress=False)
    idle = found.evidence.isel(quantity=2).sel(path="indirect")
    low, high = (float(idle[f"original_{end}"]) for end in ("lower", "upper"))
    assert high < 0 or low > 0
    assert abs(float(idle["crossing"])) < 0.1
    assert found.verdict == "inconclusive", found
    assert "The indirect effect via idle may differ from zero by chance" in found.sentence
    assert "idle: ρ" in found.sentence
    # The weakest is that of the listed correlations.
    listed = [
        abs(float(x.replace("−", "-"))) for x in re.findall(r"ρ = ([+−]0\.\d+)", found.sentence)
    ]
    share = re.search(r"A common cause of (\d+) %", found.details)
    assert share is not None, found.details
    assert float(share[1]) / 100.0 == pytest.approx(min(listed), abs=0.011)


def test_what_cannot_be_asked_is_said(weak: nqp.Fit) -> None:
    design = weak.design
    assert isinstance(design, nqp.Mediation)
    for changed, reason in (
        (design.replace(design=design.design.replace(errors=nqp.AR1PlusNoise())), "AR1PlusNoise"),
    ):
        other = replace(weak, design=changed)
        found = nqp.check(other, "mediation_sensitivity", progress=False)
        assert found.verdict == "not applicable"
        assert reason in found.sentence
        with pytest.raises(StudyError, match=reason):
            nqp.mediation_sensitivity(other)
    with pytest.raises(StudyError, match="'rho' is"):
        nqp.mediation_sensitivity(weak, rho=[1.2])
    with pytest.raises(StudyError, match=r"'mediator' is 'digitl'.*\n.*digital"):
        nqp.mediation_sensitivity(weak, "digitl")
    with pytest.raises(StudyError, match="single units"):
        nqp.mediation_sensitivity(weak, by="unit")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:labels need a Chinese")
def test_pictures_show_a_panel_for_each_mediator_and_group(weak: nqp.Fit) -> None:
    found = nqp.check(weak, "mediation_sensitivity", progress=False)
    for language in ("en", "zh"):
        figure = nqp.plots.check(found, language=language)
        titles = [ax.get_title(loc="left") for ax in figure.axes]
        assert [title.startswith("digital · ") for title in titles] == [True] * 3
    curves = nqp.mediation_sensitivity(weak, by="region")
    figure = nqp.plots.mediation_sensitivity(curves)
    assert [ax.get_title(loc="left") for ax in figure.axes] == [
        "digital · coastal", "digital · inland",
    ]  # fmt: skip
    for ax, region in zip(figure.axes, ("coastal", "inland"), strict=True):
        drawn = {float(line.get_xdata()[0]) for line in ax.lines if len(line.get_xdata()) == 2}
        assert curves["crossing"].sel(region=region, path="digital").item() in drawn
    for drawn_now in (figure, nqp.plots.check(found)):
        drawn_now.canvas.draw()
        first = drawn_now.axes[0]
        key, seen = first.get_legend().get_window_extent(), first.transData
        for band in first.collections:
            heights = seen.transform(band.get_paths()[0].vertices)[:, 1]
            assert heights.max() < key.y0 + 5
    with pytest.raises(StudyError, match="one ax"):
        nqp.plots.mediation_sensitivity(curves, ax=figure.axes[0])
    with pytest.raises(StudyError, match="'dataset' is a Draws"):
        nqp.plots.mediation_sensitivity(att(weak))  # type: ignore[arg-type]


# -- interactions, moderators, weights


def shifted(
    design: nqp.Mediation, panel: nqp.Panel, rho: float = 0.3
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Slopes at the mode of the parameters, by kind and mediator, and the bias of each."""
    model_frame = model_frame_of(flat(design), panel)
    at = [mode.point[None] for mode in modes(flat(design), panel)]
    outcome, given = model_frame.equations[0], []
    for equation, x in zip(model_frame.equations, at, strict=True):
        given.append({k: a.ravel() for k, a in constrain(equation, x[None]).items()})
    found = recovered(model_frame, outcome, at[0], None).slopes
    phi = np.array([[one.get("rho", np.zeros(1))[0] for one in given[1:]]])
    patterns = panel_bias.patterns_of(outcome.problem, model_frame.codes.stratum)
    treated = model_frame.codes.treated[model_frame.kept]
    bias = panel_bias.bias_of(
        patterns, 0, phi_outcome=given[0].get("rho", np.zeros(1)), phi_mediators=phi,
        sigma_outcome=given[0]["sigma"],
        sigma_mediators=np.array([[one["sigma"][0] for one in given[1:]]]),
        correlation=panel_bias.correlation_of(outcome.rows, treated, patterns, phi[0]),
        strata=model_frame.codes.stratum_levels.shape[0],
    )  # fmt: skip
    shift = bias.slope[0] * strength(np.array(rho), bias.curvature[0])
    kinds = {f"{s.kind} {s.mediator}": x[0].mean() for s, x in found.items()}
    return kinds, shift.mean(axis=0)


LARGE = {
    "units": 1500,
    "cohorts": (5, 7, 9),
    "never": 1 / 3,
    "confounding": 0.3,
    "seed": 5,
}


@pytest.mark.slow
@pytest.mark.parametrize("phi", [(0.5, 0.5), (0.8, 0.2)])
def test_an_interaction_is_not_biased(phi: tuple[float, float]) -> None:
    """The mediator's slope is, by the same as without one."""
    panel = channels(
        mediators={"m": Channel(0.8, slope=0.5, rho=phi[1], interaction=0.4)}, rho=phi[0], **LARGE
    ).panel
    slopes, shift = shifted(DESIGN.replace(interaction=True), panel)
    assert shift[0] > 0.15
    assert slopes["b m"] - shift[0] == pytest.approx(0.5, abs=0.03)
    assert slopes["d m"] == pytest.approx(0.4, abs=0.04)


@pytest.mark.slow
def test_what_a_moderator_adds_is_not_biased() -> None:
    panel = channels(mediators={"m": Channel(0.8, slope=0.5, rho=0.2)}, rho=0.7, **LARGE).panel
    z = np.random.default_rng(1).normal(size=panel.n_units)[panel.unit_codes]
    frame = panel.frame.assign(z=z)
    frame[panel.roles.outcome] += 0.3 * z * panel.mediators[:, 0]
    panel = nqp.Panel.from_frame(frame, **{**panel.arguments, "moderators": ["z"]})
    design = DESIGN.replace(design=DESIGN.design.replace(moderator="z"), moderates=("a", "b"))
    slopes, shift = shifted(design, panel)
    assert slopes["b m"] - shift[0] == pytest.approx(0.5, abs=0.03)
    assert slopes["m m"] == pytest.approx(0.3, abs=0.03)


@pytest.mark.slow
def test_precision_weights_change_nothing() -> None:
    """Innovations of both equations are as noisy where a row has little weight."""
    rng, units, periods = np.random.default_rng(4), 2000, 8
    unit, time = np.repeat(np.arange(units), periods), np.tile(np.arange(periods), units)
    cohort = np.where(np.arange(units) % 3 == 0, np.nan, 4.0 + np.arange(units) % 2)
    treated = time >= np.where(np.isnan(cohort), 99, cohort)[unit]
    weight = rng.uniform(0.2, 5.0, unit.size)
    noise = rng.standard_normal((3, unit.size))
    # Two mediators whose errors are correlated; the first's own part goes with the outcome's.
    second = 0.5 * noise[0] + np.sqrt(0.75) * noise[1]
    own = (noise[0] - 0.5 * second) / np.sqrt(0.75)
    error = 0.3 * own + np.sqrt(1 - 0.09) * noise[2]
    m, k = (x / np.sqrt(weight) + 0.8 * treated for x in (noise[0], second))
    y = 0.5 * m + 0.2 * k + error / np.sqrt(weight) + 0.4 * treated
    frame = pd.DataFrame(
        {"unit": unit, "time": time, "cohort": cohort[unit], "y": y, "m": m, "k": k, "w": weight}
    )
    panel = nqp.Panel.from_frame(
        frame, unit="unit", time="time", cohort="cohort", outcome="y", mediators=["m", "k"],
        weights="w",
    )  # fmt: skip
    design = nqp.Mediation(nqp.StaggeredDiD(nqp.CompletePooling(), nqp.IID()))
    slopes, shift = shifted(design, panel)
    assert slopes["b m"] - 0.5 > 0.25
    found = np.array([slopes["b m"], slopes["b k"]]) - shift
    np.testing.assert_allclose(found, [0.5, 0.2], atol=0.02)


@pytest.mark.slow
def test_effects_with_an_interaction_shift_as_the_slope_does(weak: nqp.Fit) -> None:
    design = weak.design.replace(interaction=True)
    made = nqp.fit(design, weak.panel, SAMPLER, progress=False)
    found = nqp.mediation_sensitivity(made, "digital", rho=[0.0, 0.2])
    total = found["estimate"].sum("path")
    np.testing.assert_allclose(total[0], total[1], atol=1e-10)
    moved = found["estimate"].sel(path="digital")
    assert float(moved[1]) < float(moved[0]) - 0.1


# -- breakdown, and intervals of pictures


@pytest.mark.slow
def test_breakdown_is_one_thing_in_panels_and_in_rows(weak: nqp.Fit) -> None:
    """From there on the interval holds zero, and not before; the same of draws with other dims."""
    from doors import breakdown

    rng = np.random.default_rng(2)
    value = rng.normal(0.4, 0.1, (4, 500))
    pull = rng.normal(1.0, 0.05, (4, 500))
    zero = np.median(crossing(value, pull, np.ones(1)))[None]
    one = breakdown(value.reshape(1, -1), pull.reshape(1, -1), np.ones(1), zero, 0.95)
    low, high = (
        np.quantile(value - pull * strength(np.array(r), np.ones(1)), 0.025)
        for r in (one[0] - 0.006, one[0] + 0.006)
    )
    assert low > 0 > high
    curve = nqp.mediation_sensitivity(weak, "digital", prior=None)
    at = float(curve["breakdown"].sel(path="digital"))
    ends = nqp.mediation_sensitivity(weak, "digital", rho=[at - 0.003, at + 0.003], prior=None)[
        "lower"
    ]
    assert float(ends.sel(path="digital")[0]) > 0 > float(ends.sel(path="digital")[1])


def test_breakdown_beyond_every_crossing() -> None:
    """Without a crossing the interval may still hold zero; or it never does."""
    from doors import breakdown

    rng = np.random.default_rng(2)
    pull, curvature, none = rng.normal(1.0, 0.05, (2, 900)), np.full(900, 1.7), np.full(2, np.nan)
    value = np.stack([rng.normal(3.0, 1.4, 900), rng.normal(400.0, 1.0, 900)])
    found = breakdown(value, pull, curvature, none, 0.95)
    assert 0 < found[0] < 1 / np.sqrt(1.7)
    assert np.isnan(found[1])


def test_pictures_take_a_probability(weak: nqp.Fit) -> None:
    curves = nqp.mediation_sensitivity(weak, "digital", rho=np.linspace(-0.2, 0.2, 9))
    wide, narrow = (nqp.plots.mediation_sensitivity(curves, prob=p).axes[0] for p in (0.95, 0.5))

    def band(ax):
        return ax.collections[1].get_paths()[0].vertices[:, 1]

    own = curves.sel(path="digital")
    assert band(wide).min() == pytest.approx(float(own["lower"].min()), abs=1e-9)
    assert np.ptp(band(narrow)) < np.ptp(band(wide))
    found = nqp.check(weak, "mediation_sensitivity", progress=False)
    narrow, wide = (nqp.plots.check(found, prob=p).axes[0] for p in (0.5, 0.95))
    assert np.ptp(band(narrow)) < np.ptp(band(wide))


@pytest.mark.slow
def test_the_same_fit_gives_the_same_bytes(weak: nqp.Fit) -> None:
    """Weights of an interpolation are computed in an order that would be random."""
    digests = {
        nqp.check(replace(weak), "mediation_sensitivity", progress=False).digest for _ in range(4)
    }
    assert len(digests) == 1
