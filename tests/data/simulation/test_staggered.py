"""The truth of a simulated panel keeps the waist's contract and tells what happened."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import bayes_nqp as nqp
from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.data.simulation import COHORTS, Simulated, staggered
from bayes_nqp.effects.estimands import att, contrast

QUIET = {"deviation_sd": 0.0, "seed": 3}


def rows_of(simulated: Simulated) -> pd.DataFrame:
    """Treated rows with their true effects, put together from units and cells, not by `att`."""
    panel, truth = simulated.panel, simulated.truth
    frame = panel.frame.loc[panel.frame["time"] >= panel.frame["cohort"]]
    factors = list(panel.roles.strata)
    cells = truth["effect"].squeeze().to_series().rename("shared").to_frame()
    for name in (*factors, "cohort", "time"):
        cells[name] = truth[name].to_numpy()
    out = frame.merge(cells, on=[*factors, "cohort", "time"], how="left", validate="m:1")
    own = truth["deviation"].squeeze().to_series()
    out["deviation"] = out["unit"].map(own)
    mean = out.groupby([*factors, "cohort", "time"])["deviation"].transform("mean")
    return out.assign(effect=out["shared"] + out["deviation"] - mean)


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"effect": "growing", "contrast": 1.5, "missing": 0.2},
        {"effect": "cohorts", "strata": {}, "units": 23, "missing": 0.1},
        {"strata": {"region": ["b", "a"], "market": ["x", "y", "z"]}, "units": 97},
    ],
    ids=["default", "missing", "no strata", "two factors"],
)
def test_att_of_the_truth_is_the_mean_effect_of_treated_rows(arguments: dict[str, Any]) -> None:
    simulated = staggered(**arguments, seed=11)
    rows, truth = rows_of(simulated), simulated.truth
    schema.validate(truth)
    assert int(truth["rows"].sum()) == len(rows)
    np.testing.assert_allclose(att(truth).item(), rows["effect"].mean(), rtol=1e-12)
    for by in ("event_time", "cohort", "unit", *simulated.panel.roles.strata):
        column = rows["time"] - rows["cohort"] if by == "event_time" else rows[by]
        expected = rows["effect"].groupby(column).mean()
        got = att(truth, by=by).squeeze().to_series()
        pd.testing.assert_series_equal(
            got.sort_index(), expected.sort_index(), check_names=False, check_index_type=False
        )


def test_the_truth_holds_what_was_asked_for() -> None:
    flat = staggered(**QUIET).truth
    np.testing.assert_allclose(flat["effect"], 1.0)
    growing = att(staggered(effect="growing", **QUIET).truth, by="event_time").squeeze()
    np.testing.assert_allclose(growing, 1.0 + 0.25 * np.arange(growing.size))
    split = att(staggered(contrast=1.5, **QUIET).truth, by="region")
    np.testing.assert_allclose(contrast(split, region="inland", minus="coastal"), 1.5)
    own = staggered(effect=lambda cells: 0.1 * cells["time"], **QUIET).truth
    np.testing.assert_allclose(own["effect"].squeeze(), 0.1 * own["time"])


def test_cohorts_get_fixed_values_in_random_order() -> None:
    sets = []
    for seed in (1, 2):
        simulated = staggered(effect="cohorts", spread=0.5, deviation_sd=0.0, seed=seed)
        by_cohort = att(simulated.truth, by="cohort").squeeze()
        assert by_cohort["cohort"].to_numpy().tolist() == list(COHORTS)
        added = simulated.parameters["cohort_effects"]
        np.testing.assert_allclose(by_cohort, [1.0 + added[c] for c in COHORTS])
        sets.append(by_cohort.to_numpy())
    np.testing.assert_allclose(np.sort(sets[0]), np.sort(sets[1]))
    np.testing.assert_allclose(np.std(sets[0]), 0.5)
    assert not np.allclose(sets[0], sets[1])


def test_the_outcome_moves_by_the_effect_alone() -> None:
    without = staggered(level=0.0, deviation_sd=0.0, seed=5).panel
    simulated = staggered(effect="growing", contrast=0.5, seed=5)
    rows = rows_of(simulated).set_index(["unit", "time"])["effect"]
    both = [p.frame.set_index(["unit", "time"])["outcome"] for p in (simulated.panel, without)]
    moved = both[0] - both[1]
    np.testing.assert_allclose(moved.loc[rows.index], rows, atol=1e-12)
    np.testing.assert_allclose(moved.drop(rows.index), 0.0, atol=1e-12)


def test_parts_have_their_own_streams() -> None:
    one, same, other = (staggered(rho=rho, seed=7) for rho in (0.5, 0.5, 0.8))
    assert one.digest == same.digest
    assert one.panel.digest != other.panel.digest
    np.testing.assert_array_equal(one.truth["effect"], other.truth["effect"])
    assert staggered().parameters["seed"] != staggered().parameters["seed"]


def test_cells_come_in_the_order_of_a_design() -> None:
    simulated = staggered(units=40, strata={"region": ["inland", "coastal"]}, missing=0.1, seed=2)
    design = nqp.StaggeredDiD(nqp.NoPooling(varying=None), nqp.IID())
    effects = nqp.posterior_mean(design, simulated.panel)
    for name in ("region", "cohort", "time", "event_time", "rows", "units"):
        np.testing.assert_array_equal(effects[name], simulated.truth[name])
    np.testing.assert_allclose(effects["observed"], simulated.truth["observed"])


@pytest.mark.slow
@pytest.mark.parametrize("rho", [0.0, 0.5, 0.8])
@pytest.mark.parametrize("noise", ["ar1", "ar1+white", "student"])
def test_errors_have_the_moments_they_promise(noise: str, rho: float) -> None:
    arguments = {"units": 20_000, "strata": {}, "never": 0.99, "level": 0.0, "deviation_sd": 0.0}
    simulated = staggered(**arguments, noise=noise, rho=rho, sigma=2.0, seed=1)
    y = simulated.panel.outcome.reshape(20_000, 14)
    # Differences of a unit's rows, less the period's mean, hold errors alone.
    steps = np.diff(y, axis=1)
    steps -= steps.mean(axis=0)
    added = 1.0 if noise == "ar1+white" else 0.0
    expected = 4.0 * 2.0 * (1.0 / (1.0 + rho) + added)
    np.testing.assert_allclose(steps.var(), expected, rtol=0.03)
    lag = (steps[:, 1:] * steps[:, :-1]).mean()
    np.testing.assert_allclose(lag, -4.0 * ((1 - rho) / (1 + rho) + added), rtol=0.05)


def test_a_trend_parts_treated_units_from_the_others() -> None:
    with_trend, without = (staggered(trend=t, sigma=2.0, seed=4).panel for t in (0.1, 0.0))
    moved = with_trend.frame["outcome"] - without.frame["outcome"]
    treated = with_trend.frame["cohort"].notna()
    expected = np.where(treated, 0.2 * (with_trend.frame["time"] - 1), 0.0)
    np.testing.assert_allclose(moved, expected, atol=1e-12)


def test_noise_may_be_a_function() -> None:
    arguments = {"level": 0.0, "deviation_sd": 0.0, "seed": 6}
    silent = staggered(noise=lambda rng, units, periods: np.zeros((units, periods)), **arguments)
    y = silent.panel.outcome.reshape(60, 14)
    by_stratum = [y[silent.panel.strata_codes["region"] == k] for k in (0, 1)]
    for part in by_stratum:
        gaps = part - part[:1]
        np.testing.assert_allclose(gaps, gaps[:, :1] * np.ones(14), atol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"units": 3}, "'units' is 3"),
        ({"cohorts": [1, 5]}, "'cohorts'"),
        ({"cohorts": [5, 15]}, "'cohorts'"),
        ({"never": 1.0}, "'never'"),
        ({"rho": 1.0}, "'rho'"),
        ({"sigma": 0.0}, "'sigma'"),
        ({"missing": -0.1}, "'missing'"),
        ({"level": float("nan")}, "'level'"),
        ({"effect": "grwing"}, "'effect' is 'grwing'"),
        ({"effect": lambda cells: [1.0]}, "for 88 cells"),
        ({"strata": {"region": ["a", "a"]}}, "'strata'"),
        ({"strata": {}, "contrast": 0.5}, "'contrast'"),
    ],
)
def test_a_simulation_says_what_it_refuses(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(StudyError, match=words):
        staggered(**arguments)


def test_the_repr_tells_truth_and_panel() -> None:
    text = repr(nqp.simulation.staggered(seed=1))
    assert "seed=1" in text
    assert "42 treated" in text


@pytest.mark.parametrize("drift", ["lines", "unit lines", "bend", "factor", "two factors"])
def test_drifts_are_beside_the_parallel_panel(drift: str) -> None:
    """The same seed without a drift has the same effects and errors."""
    plain, other = (staggered(drift=d, seed=5) for d in ("none", drift))
    assert plain.truth.equals(other.truth.assign(observed=plain.truth["observed"]))
    apart = (other.panel.outcome - plain.panel.outcome).reshape(60, 14)
    never = other.panel.cohort_codes < 0
    assert np.abs(apart[~never]).max() > 0.5
    if drift in ("lines", "bend"):
        assert apart[never] == pytest.approx(0.0, abs=1e-12)
    if drift == "lines":
        assert np.diff(apart, 2, axis=1) == pytest.approx(0.0, abs=1e-9)
    if drift == "bend":
        assert np.diff(apart[:, 7:]) == pytest.approx(0.0, abs=1e-9)
    if drift == "factor":
        assert np.linalg.matrix_rank(apart, tol=1e-8) == 1


def test_a_drift_of_ones_own() -> None:
    plain = staggered(sigma=2.0, seed=5)
    other = staggered(
        sigma=2.0, seed=5,
        drift=lambda rng, cohort, periods: np.outer(cohort == 0, np.arange(periods)),
    )  # fmt: skip
    apart = (other.panel.outcome - plain.panel.outcome).reshape(60, 14)
    never = other.panel.cohort_codes < 0
    assert apart[never] == pytest.approx(np.tile(2.0 * np.arange(14), (never.sum(), 1)))
    assert apart[~never] == pytest.approx(0.0, abs=1e-12)


def test_cohorts_of_given_sizes() -> None:
    sizes = {5: 12, 6: 1, 8: 22, 9: 22, 10: 51}
    panel = staggered(units=285, periods=12, cohorts=sizes, seed=1).panel
    counted = panel.frame.groupby("unit")["cohort"].first().value_counts().to_dict()
    assert {int(k): n for k, n in counted.items()} == sizes
    with pytest.raises(StudyError, match="there are 20 units"):
        staggered(units=20, cohorts={5: 30})
    with pytest.raises(StudyError, match="'drift' is 'walk'"):
        staggered(drift="walk")
