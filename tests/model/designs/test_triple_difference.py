"""Triple differences beside dense densities, least squares and diff-diff, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.linalg as sl
from same_density import assert_dense

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import IdentificationError, PanelError, StudyError
from bayes_nqp.checks import CHECKS, VERDICTS
from bayes_nqp.data.panel import INELIGIBLE_UNITS
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.numerics.linear_gaussian import gaussian_problem

DESIGN = nqp.TripleDifference(eligible="eligible", by="state")
FLAT = DESIGN.replace(effect=nqp.NoPooling(varying=None), errors=nqp.IID())
SAMPLER = nqp.Importance(draws=200, chains=2, seed=1)
made = partial(nqp.simulation.triple_difference, states=14, periods=7, cohorts=(3, 5))


def dummies(*columns: object) -> np.ndarray:
    """Indicators of the combinations of columns."""
    keys = pd.MultiIndex.from_arrays(columns)
    return np.eye(len(keys.unique()))[keys.factorize()[0]]


def raw(panel: nqp.Panel) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """All observations; dummies of unit, state × time and group × time; and dummies of cells."""
    frame = panel.frame.reset_index(drop=True)
    treated = (frame["time"] >= frame["cohort"]).to_numpy()
    cells = np.zeros((len(frame), 0))
    if treated.any():
        on = frame[treated]
        of_cell = dummies(on["group"], on["cohort"], on["time"])
        cells = np.zeros((len(frame), of_cell.shape[1]))
        cells[treated] = of_cell
    fixed = [
        dummies(frame["unit"]), dummies(frame["state"], frame["time"]),
        dummies(frame["group"], frame["time"]),
    ]  # fmt: skip
    return frame, np.column_stack(fixed), cells


@pytest.mark.parametrize("missing", [0.0, 0.15])
@pytest.mark.parametrize("varying", [None, "unit"])
def test_density_is_that_of_all_observations(missing: float, varying: str | None) -> None:
    """With flat state × time effects, whose elimination correlates the errors of two units."""
    panel = made(missing=missing, seed=3).panel
    design = DESIGN.replace(effect=nqp.NoPooling(varying=varying), unidentified="drop")
    gaps = design.prepared(panel)
    model_frame = model_frame_of(design, gaps)
    scale = model_frame.equations[0].scale
    assert model_frame.kept.all()
    frame, fixed, cells = raw(panel)
    y = frame["outcome"].to_numpy() / scale
    basis = sl.orth(np.column_stack([fixed, cells]), rcond=1e-10)
    unit, time = frame["unit"].factorize()[0], frame["time"].to_numpy()
    treated = (time >= frame["cohort"]).to_numpy()
    same, apart = unit[:, None] == unit, abs(time[:, None] - time)

    def log_likelihood(p: dict[str, float]) -> float:
        # A gap of two independent errors has twice their variance.
        v = 0.5 * p["sigma"] ** 2 / (1.0 - p["rho"] ** 2) * same * p["rho"] ** apart
        if varying:
            v = v + p["scale_deviation"] ** 2 * same * np.outer(treated, treated)
        factor = sl.cho_factor(v, lower=True)
        inner, moment = basis.T @ sl.cho_solve(factor, basis), basis.T @ sl.cho_solve(factor, y)
        energy = y @ sl.cho_solve(factor, y) - moment @ np.linalg.solve(inner, moment)
        size = 2.0 * np.log(np.diag(factor[0])).sum() + np.linalg.slogdet(inner)[1]
        return float(-0.5 * (energy + size))

    problem = gaussian_problem(model_frame.equations[0].problem)
    assert_dense(problem, log_likelihood, rel=1e-8, abs=1e-8)


@pytest.mark.parametrize("ineligible", [["c"], ["c", "d", "e"]])
@pytest.mark.parametrize("eligible", [["a"], ["a", "b"]])
def test_saturated_effects_are_least_squares(eligible: list[str], ineligible: list[str]) -> None:
    """By hand: dummies of unit, state × time and group × time."""
    panel = made(eligible=eligible, ineligible=ineligible, seed=5).panel
    shocks = nqp.ClusterTimeEffects("state") if len(eligible) > 1 else None
    effects = nqp.posterior_mean(FLAT.replace(shocks=shocks), panel)
    _, fixed, cells = raw(panel)
    y = panel.outcome
    tau = np.linalg.lstsq(np.column_stack([cells, fixed]), y)[0][: cells.shape[1]]
    average = cells.sum(axis=0) @ tau / cells.sum()
    assert float(nqp.att(effects).mean()) == pytest.approx(average, abs=1e-6)
    assert np.sort(effects["effect"].to_numpy().ravel()) == pytest.approx(np.sort(tau), abs=1e-6)


def test_state_effects_are_removed() -> None:
    """Whatever a state adds to all of its units in a period changes no effect."""
    panel = made(missing=0.1, seed=2).panel
    shift = 50.0 * np.random.default_rng(1).standard_normal((14, 7)).cumsum(axis=1)
    state = panel.frame["state"].factorize()[0]
    moved = panel.with_outcome(panel.outcome + shift[state, panel.time_codes])
    design = DESIGN.replace(unidentified="drop")
    one, two = (nqp.posterior_mean(design, x)["effect"].to_numpy() for x in (panel, moved))
    assert one == pytest.approx(two, abs=1e-9)


def test_pooled_controls_do_not_bias() -> None:
    """States that adopt later drift, have other sizes of groups, and still are valid controls.

    Pooling all not-yet-enabled states, weighted by their units, is biased in this design
    (Ortiz-Villavicencio and Sant'Anna 2025): trends of states differ, and so do group shares.
    """
    rng, rows = np.random.default_rng(4), []
    for s in range(24):
        cohort = (4, 7, np.nan)[s % 3]
        slope = {4: 0.0, 7: 3.0}.get(cohort, -2.0)
        number = {4: 1, 7: 4}.get(cohort, 2)
        for unit in ["e", *(f"i{k}" for k in range(number))]:
            for t in range(1, 9):
                on = unit == "e" and t >= cohort
                y = slope * t + 0.5 * t * (unit == "e") + 1.5 * on + 0.05 * rng.standard_normal()
                rows.append((f"s{s}", f"s{s}{unit}", int(unit == "e"), t, cohort, y))
    names = ["state", "unit", "eligible", "time", "cohort", "outcome"]
    frame = pd.DataFrame(rows, columns=names)
    roles = {"unit": "unit", "time": "time", "cohort": "cohort", "outcome": "outcome"}
    effects = nqp.posterior_mean(FLAT, nqp.Panel.from_frame(frame, **roles))
    assert float(nqp.att(effects).mean()) == pytest.approx(1.5, abs=0.05)
    treated = frame.assign(cohort=frame["cohort"].where(frame["eligible"] == 1))
    pooled = nqp.Panel.from_frame(treated, **roles)
    pooled = nqp.posterior_mean(
        nqp.StaggeredDiD(nqp.NoPooling(varying=None), nqp.IID()), pooled
    )  # fmt: skip
    assert abs(float(nqp.att(pooled).mean()) - 1.5) > 0.5


def test_means_use_the_same_units_in_all_periods() -> None:
    panel = made(ineligible=["c", "d"], seed=1).panel
    frame = panel.frame
    gone = (frame["unit"] == frame["unit"].iloc[0]) & frame["time"].isin([3, 4])
    gaps = DESIGN.prepared(panel.where(~gone.to_numpy()))
    last = gaps.frame["state"] == frame["state"].iloc[0]
    assert (gaps.frame[INELIGIBLE_UNITS] == np.where(last, 1, 2)).all()
    assert any("1 ineligible units left out" in note for note in gaps.notes)
    assert DESIGN.prepared(gaps) is gaps


def test_covariates_of_states_are_absorbed() -> None:
    panel = made(seed=1).panel
    rng = np.random.default_rng(0)
    own = rng.standard_normal(len(panel.frame))
    of_state = panel.frame["state"].factorize()[0] + panel.time_codes**2 * 1.0
    frame = panel.frame.assign(own=own, of_state=of_state)
    roles = {"unit": "unit", "time": "time", "cohort": "cohort", "outcome": "outcome"}
    gaps = DESIGN.prepared(
        nqp.Panel.from_frame(frame, **roles, covariates=["own", "of_state"])
    )  # fmt: skip
    assert gaps.roles.covariates == ("own",)
    assert any("of_state" in note for note in gaps.notes)


def _changed(column: str, value: object, where: Callable[[pd.DataFrame], pd.Series]) -> nqp.Panel:
    frame = made(seed=1).panel.frame.copy()
    frame[column] = frame[column].mask(where(frame), value)
    roles = {"unit": "unit", "time": "time", "cohort": "cohort", "outcome": "outcome"}
    return nqp.Panel.from_frame(frame, **roles)


@pytest.mark.parametrize(
    ("column", "value", "where", "words"),
    [
        ("eligible", 1, lambda x: x["unit"] != "", "is 1 in all units"),
        ("eligible", 1, lambda x: x["state"] == "u03", "no ineligible units.*\n.*u03"),
        ("eligible", 2, lambda x: x["state"] == "u03", "other than 0 and 1.*\n.*2"),
        ("eligible", 1, lambda x: x["time"] == 3, "changes within units"),
        ("state", None, lambda x: x["time"] == 3, "is missing in 28 rows"),
        ("cohort", 6, lambda x: x["unit"] == "u09 ineligible", "differs among units.*\n.*u09"),
    ],
)
def test_what_is_no_third_difference_is_refused(
    column: str, value: object, where: Callable[[pd.DataFrame], pd.Series], words: str
) -> None:
    with pytest.raises(PanelError, match=words):
        nqp.fit(DESIGN, _changed(column, value, where), SAMPLER, progress=False)


def test_arguments_are_refused() -> None:
    with pytest.raises(StudyError, match="'by' is ''"):
        nqp.TripleDifference(eligible="eligible")
    with pytest.raises(StudyError, match="'spillovers'"):
        DESIGN.replace(spillovers=nqp.Rings([100]))
    with pytest.raises(StudyError, match="'likelihood'"):
        DESIGN.replace(likelihood=nqp.Poisson())
    with pytest.raises(StudyError, match=r"'design\.eligible'"):
        nqp.Mediation(DESIGN)
    panel = made(seed=1).panel
    with pytest.raises(StudyError, match="'by' names the column 'province'"):
        nqp.fit(DESIGN.replace(by="province"), panel, SAMPLER, progress=False)
    several = made(eligible=["a", "b"], seed=1).panel
    with pytest.raises(IdentificationError, match="14 states have several eligible units"):
        nqp.fit(DESIGN, several, SAMPLER, progress=False)


@pytest.fixture(scope="module")
def fit() -> nqp.Fit:
    simulated = nqp.simulation.triple_difference(states=20, seed=1)
    return nqp.fit(DESIGN, simulated.panel, SAMPLER, progress=False)


def test_a_fit_is_read_as_it_was_saved(fit: nqp.Fit, tmp_path: Path) -> None:
    fit.save(tmp_path / "whole.nc")
    fit.save(tmp_path / "bare.nc", rows=False)
    again = nqp.load(tmp_path / "whole.nc")
    panel = nqp.simulation.triple_difference(states=20, seed=1).panel
    bare = nqp.load(tmp_path / "bare.nc", panel=panel)
    for read in (again, bare):
        assert read.digest == fit.digest
        assert read.panel is not None
        assert INELIGIBLE_UNITS in read.panel.frame
        one, two = (nqp.check(x, "ineligible_units", progress=False) for x in (read, fit))
        assert one.figure == two.figure


def test_an_effect_on_ineligible_units_is_shown() -> None:
    found = []
    for spillover in (0.0, 3.0):
        panel = made(
            states=30, spillover=spillover, shock_sd=0.02, state_trend=0.0, sigma=0.2, seed=1
        ).panel
        fit = nqp.fit(DESIGN, panel, SAMPLER, progress=False)
        found.append(nqp.check(fit, "ineligible_units", progress=False))
    assert [x.verdict for x in found] == ["passed", "caution"]
    evidence = found[1].evidence
    assert evidence.loc[2, "mean"] == pytest.approx(3.0, abs=0.3)
    assert evidence.loc[1, "mean"] - evidence.loc[0, "mean"] == pytest.approx(3.0, abs=0.5)


def test_unequal_and_few_ineligible_units_are_named() -> None:
    panel = made(ineligible=list("cdefg"), seed=1).panel
    frame = panel.frame
    small = frame["state"].isin(["u01", "u14"]) & frame["group"].isin(list("defg"))
    unequal = nqp.fit(DESIGN, panel.where(~small.to_numpy()), SAMPLER, progress=False)
    found = nqp.check(unequal, "eligible_support", progress=False)
    assert found.verdict == "caution"
    assert "ineligible_units" in found.sentence
    errors = nqp.Heteroskedastic(by=INELIGIBLE_UNITS)
    allowed = nqp.fit(DESIGN.replace(errors=errors), panel.where(~small.to_numpy()), SAMPLER,
                      progress=False)  # fmt: skip
    assert nqp.check(allowed, "eligible_support", progress=False).verdict == "passed"


@pytest.mark.slow
def test_every_check_has_a_verdict_or_a_reason(fit: nqp.Fit) -> None:
    for name in CHECKS:
        found = nqp.check(fit, name, progress=False)
        assert found.verdict in VERDICTS
        assert found.sentence


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_report_states_the_equation(fit: nqp.Fit, language: str, tmp_path: Path) -> None:
    nqp.report(fit, tmp_path / "report", language=language, progress=False)
    text = next((tmp_path / "report").glob("*.html")).read_text(encoding="utf-8")
    assert "η_st" in text
    assert "α_sq" in text


def test_diff_diff_agrees() -> None:
    """Group-time effects with never-enabled controls, by enabling group."""
    dd = pytest.importorskip("diff_diff")
    frame = dd.generate_staggered_ddd_data(
        n_units=240, cohort_periods=[4, 6], dynamic_effects=True, seed=3
    )  # fmt: skip
    theirs = dd.TripleDifference(
        estimation_method="reg", control_group="never_treated", base_period="universal"
    ).fit(
        frame, "outcome", unit="unit", time="period", first_treat="first_treat",
        partition="eligibility",
    )  # fmt: skip
    frame = frame.assign(cohort=frame["first_treat"].where(frame["first_treat"] > 0))
    roles = {"unit": "unit", "time": "period", "cohort": "cohort", "outcome": "outcome"}
    panel = nqp.Panel.from_frame(frame, **roles)
    design = FLAT.replace(
        eligible="eligibility", by="first_treat", controls="never",
        shocks=nqp.ClusterTimeEffects("first_treat"),
    )  # fmt: skip
    effects = nqp.posterior_mean(design, panel)
    cells = effects.to_dataframe().reset_index().drop_duplicates(["cohort", "time"])
    compared = 0
    for cell in cells.itertuples():
        reference = theirs.group_time_effects.get((cell.cohort, cell.time))
        if reference is not None and cell.event_time >= 0:
            assert cell.effect == pytest.approx(reference["effect"], abs=1e-3)
            compared += 1
    assert compared > 4


@pytest.mark.slow
def test_pymc_model_is_that_of_the_gaps() -> None:
    panel = made(missing=0.1, seed=1).panel
    design = DESIGN.replace(unidentified="drop")
    plain = nqp.StaggeredDiD(unidentified="drop")
    one, two = nqp.to_pymc(design, panel), nqp.to_pymc(plain, design.prepared(panel))
    point = one.initial_point()
    assert one.compile_logp()(point) == pytest.approx(two.compile_logp()(point))


def test_simulation_is_what_it_states() -> None:
    """Without errors, effects are differences of observed outcomes."""
    simulated = made(
        eligible=["a", "b"], contrast=0.5, deviation_sd=0.0, sigma=1e-6, shock_sd=3.0, seed=1
    )  # fmt: skip
    effects = nqp.posterior_mean(
        FLAT.replace(shocks=nqp.ClusterTimeEffects("state")), simulated.panel
    )  # fmt: skip
    ours, truth = (nqp.att(x, by="group").to_numpy().ravel() for x in (effects, simulated.truth))
    assert ours == pytest.approx(truth, abs=1e-4)
    assert truth == pytest.approx([1.25, 0.75])
    with pytest.raises(StudyError, match="eligible"):
        made(eligible=["a"], ineligible=["a"], seed=1)


@pytest.mark.slow
def test_several_eligible_groups_have_checks_and_reports(tmp_path: Path) -> None:
    panel = made(eligible=["a", "b"], states=20, seed=1).panel
    design = DESIGN.replace(shocks=nqp.ClusterTimeEffects("state", errors=nqp.AR1()))
    fit = nqp.fit(design, panel, SAMPLER, progress=False)
    names = ["ineligible_units", "eligible_support", "pretrends", "error_model", "leave_out"]
    for name in names:
        assert nqp.check(fit, name, progress=False).verdict in VERDICTS
    table = nqp.table(fit, "third_difference").to_frame()
    assert len(table) == 3
