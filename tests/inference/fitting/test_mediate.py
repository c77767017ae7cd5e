"""Mediation in a cross-section: its draws, against least squares and closed forms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from doors import Regression, independent
from scipy import stats
from scipy.integrate import trapezoid

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import IdentificationError, PanelError, StudyError
from bayes_nqp.numerics.parameters import HalfNormal

Array = npt.NDArray[np.float64]


def simulated(rows: int = 600, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    region = rng.integers(0, 3, rows)
    x = rng.normal(50, 10, rows)
    treat = rng.integers(0, 2, rows)
    one, other = rng.multivariate_normal([0, 0], [[1, 0.7], [0.7, 2]], rows).T
    skill = 3 + 0.6 * treat + 0.02 * x + 0.3 * region + one
    effort = -1 + 0.4 * treat - 0.03 * x + other
    wage = 0.5 * treat + (0.8 + 0.2 * region) * skill - 0.4 * effort + 0.5 * treat * skill
    wage += 0.05 * x + region + rng.normal(0, 1.5, rows)
    names = np.asarray(["east", "north", "west"])[region]
    return pd.DataFrame(
        {"treat": treat, "skill": skill, "effort": effort, "wage": wage, "x": x, "region": names}
    )


ARGUMENTS: dict[str, Any] = {"outcome": "wage", "treatment": "treat", "covariates": "x"}


def least_squares(y: Array, columns: Array) -> tuple[Array, Array]:
    """Coefficients and their classical standard errors."""
    found = np.linalg.lstsq(columns, y, rcond=None)[0]
    left = y - columns @ found
    variance = left @ left / (y.size - columns.shape[1])
    return found, np.sqrt(np.diag(variance * np.linalg.inv(columns.T @ columns)))


def close(draws: Any, mean: float, sd: float | None = None) -> None:
    """Posterior mean within Monte-Carlo error, posterior sd within 4 %."""
    values = np.asarray(draws).ravel()
    assert abs(values.mean() - mean) < 4 * values.std() / np.sqrt(values.size)
    if sd is not None:
        assert values.std() == pytest.approx(sd, rel=0.04)


def test_jobs_agrees_with_least_squares(shared_data: Path) -> None:
    path = shared_data / "mediation" / "jobs.csv"
    frame = pd.read_csv(path)
    found = nqp.mediate(
        path, outcome="depress2", treatment="treat", mediators=["job_seek"],
        covariates=["econ_hard", "sex", "age"], draws=5000,
    )  # fmt: skip
    base = np.column_stack([np.ones(len(frame)), frame[["treat", "econ_hard", "sex", "age"]]])
    (_, a, *_), (_, a_se, *_) = least_squares(frame["job_seek"].to_numpy(), base)
    outcome = frame["depress2"].to_numpy()
    slopes, errors = least_squares(outcome, np.column_stack([base, frame["job_seek"]]))
    (_, total, *_), (_, total_se, *_) = least_squares(outcome, base)
    # The values that the data's README gives.
    published = [0.0656, 0.0515, -0.2400, 0.0282, -0.0403, 0.0435, -0.0157, -0.0560]
    ours = [a, a_se, slopes[-1], errors[-1], slopes[1], errors[1], a * slopes[-1], total]
    np.testing.assert_allclose(ours, published, atol=6e-5)
    close(found.posterior["job_seek__cell_effect"], a, a_se)
    close(found.posterior["outcome__b"], slopes[-1], errors[-1])
    close(nqp.nde(found), slopes[1], errors[1])
    close(nqp.nie(found), a * slopes[-1])
    close(nqp.total(found), total, total_se)


def test_correlated_mediators_agree_with_least_squares() -> None:
    frame = simulated()
    found = nqp.mediate(frame, mediators=["skill", "effort"], draws=3000, **ARGUMENTS)
    base = np.column_stack([np.ones(len(frame)), frame[["treat", "x"]]])
    wage = frame["wage"].to_numpy()
    slopes, errors = least_squares(wage, np.column_stack([base, frame[["skill", "effort"]]]))
    total, total_se = least_squares(wage, base)
    for k, name in enumerate(["skill", "effort"]):
        a, a_se = least_squares(frame[name].to_numpy(), base)
        close(found.posterior[f"{name}__cell_effect"], a[1], a_se[1])
        close(nqp.nie(found, mediators=name), a[1] * slopes[3 + k])
    # With the mediators' errors taken as independent the sd of the total would miss by more.
    close(nqp.total(found), total[1], total_se[1])
    close(nqp.nde(found), slopes[1], errors[1])
    joint = nqp.nie(found).sel(mediator="all mediators")
    np.testing.assert_allclose(nqp.total(found), joint + nqp.nde(found), atol=1e-10)
    left = np.stack([
        frame[m] - base @ least_squares(frame[m].to_numpy(), base)[0] for m in ("skill", "effort")
    ])  # fmt: skip
    np.testing.assert_allclose(
        found.posterior["mediator_covariance"].mean(["chain", "draw"]), np.cov(left), rtol=0.03
    )


def test_interaction_is_vanderweeles_decomposition() -> None:
    frame = simulated()
    found = nqp.mediate(frame, mediators="skill", interaction=True, draws=3000, **ARGUMENTS)
    base = np.column_stack([np.ones(len(frame)), frame[["treat", "x"]]])
    (start, a, gamma), _ = least_squares(frame["skill"].to_numpy(), base)
    both = np.column_stack([base, frame["skill"], frame["skill"] * frame["treat"]])
    (_, tau, _, b, d), _ = least_squares(frame["wage"].to_numpy(), both)
    untreated = start + gamma * frame["x"].mean()
    close(nqp.nde(found), tau + d * untreated)
    close(nqp.nie(found), a * (b + d))
    plain = nqp.mediate(frame, mediators="skill", draws=3000, **ARGUMENTS)
    assert abs(float((nqp.nde(found) - nqp.nde(plain)).mean())) > 0.02


def test_separate_strata_agree_with_least_squares_and_pooling_shrinks() -> None:
    frame = simulated(400)
    given = {**ARGUMENTS, "mediators": "skill", "strata": "region", "draws": 3000}
    apart, shared = nqp.mediate(frame, pooled=False, **given), nqp.mediate(frame, **given)
    dummies = pd.get_dummies(frame["region"]).to_numpy(float)
    treat, skill = frame["treat"].to_numpy()[:, None], frame["skill"].to_numpy()[:, None]
    base = np.column_stack([dummies, frame["x"], dummies * treat])
    a, _ = least_squares(frame["skill"].to_numpy(), base)
    slopes, errors = least_squares(
        frame["wage"].to_numpy(), np.column_stack([base, dummies * skill])
    )
    for k, name in enumerate(["east", "north", "west"]):
        close(nqp.nie(apart, by="region").sel(region=name), a[4 + k] * slopes[7 + k])
        close(nqp.nde(apart, by="region").sel(region=name), slopes[4 + k], errors[4 + k])
    spread = [
        float(one.posterior["outcome__cell_effect"].mean(["chain", "draw"]).std())
        for one in (apart, shared)
    ]
    assert spread[1] < spread[0]
    whole = nqp.nie(shared, by="region", mediators="skill")
    average = (whole * whole["rows"]).sum("region") / len(frame)
    np.testing.assert_allclose(nqp.nie(shared, mediators="skill"), average, atol=1e-12)
    tight = nqp.mediate(frame, priors=nqp.Priors(contrast=1e-6), **given)
    tied = tight.posterior["outcome__b"]
    np.testing.assert_allclose(tied, tied.isel(outcome__stratum=[0, 0, 0]), atol=1e-4)


def test_continuous_treatment_moves_by_the_named_change() -> None:
    frame = simulated().drop(columns="treat").rename(columns={"x": "treat"})
    given: dict[str, Any] = {"outcome": "wage", "treatment": "treat", "mediators": "skill"}
    one = nqp.mediate(frame, change=(40, 50), **given)
    two = nqp.mediate(frame, change=(40, 60), **given)
    np.testing.assert_allclose(2 * one.effects["effect"], two.effects["effect"], rtol=1e-6)
    with pytest.raises(StudyError, match="must be named"):
        nqp.mediate(frame, **given)
    curved = nqp.mediate(frame, change=(40, 50), interaction=True, **given)
    base = np.column_stack([np.ones(len(frame)), frame["treat"]])
    (start, a), _ = least_squares(frame["skill"].to_numpy(), base)
    both = np.column_stack([base, frame["skill"], frame["skill"] * frame["treat"]])
    (_, tau, b, d), _ = least_squares(frame["wage"].to_numpy(), both)
    close(nqp.nde(curved), 10 * (tau + d * (start + a * 40)))
    close(nqp.nie(curved), 10 * a * (b + d * 50))


@pytest.mark.slow
def test_units_of_columns_change_nothing_else() -> None:
    frame = simulated(300)
    given = {**ARGUMENTS, "mediators": ["skill", "effort"], "strata": "region"}
    plain = nqp.mediate(frame, interaction=True, **given)
    other = frame.assign(wage=1000 * frame["wage"] + 7, skill=frame["skill"] / 60 - 2)
    scaled = nqp.mediate(other, interaction=True, **given)
    np.testing.assert_allclose(
        1000 * plain.effects["effect"], scaled.effects["effect"], rtol=1e-6, atol=1e-6
    )
    again = nqp.mediate(frame, interaction=True, **given)
    assert again.effects.identical(plain.effects)
    assert not nqp.mediate(frame, seed=1, interaction=True, **given).effects.equals(plain.effects)


def test_sigma_without_prior_is_inverse_gamma() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(12, 3)), rng.normal(size=12)
    beta, _, sigma = Regression(x, np.zeros((12, 0)), y, 1.0, HalfNormal(1e4)).draw(20_000, rng)
    found, errors = least_squares(y, x)
    left = y - x @ found
    law = stats.invgamma((12 - 3 - 1) / 2, scale=left @ left / 2)
    assert stats.kstest(sigma**2, law.cdf).pvalue > 1e-3
    t = stats.t(8, loc=found[0], scale=errors[0] * np.sqrt(9 / 8))
    assert stats.kstest(beta[:, 0], t.cdf).pvalue > 1e-3


@pytest.mark.slow
def test_coefficients_with_a_prior_agree_with_integration() -> None:
    rng = np.random.default_rng(4)
    flat, held, y = np.ones((9, 1)), rng.normal(size=(9, 1)), rng.normal(size=9) + 2
    _, gamma, sigma = Regression(flat, held, y, 0.4, HalfNormal(0.7)).draw(40_000, rng)
    g, s = np.linspace(-2.5, 2.5, 801)[:, None], np.linspace(0.01, 8, 4000)
    x, z = held[:, 0] - held.mean(), y - y.mean()
    rest = (z @ z - 2 * g * (x @ z) + g**2 * (x @ x)) / (2 * s**2)
    log = -8 * np.log(s) - rest - g**2 / (2 * 0.4**2) - s**2 / (2 * 0.7**2)
    mass = np.exp(log - log.max())
    for draws, values, density in (
        (gamma[:, 0], g[:, 0], trapezoid(mass, s, axis=1)),
        (sigma, s, trapezoid(mass, g[:, 0], axis=0)),
    ):
        below = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2)])
        law = below / below[-1]
        assert stats.kstest(draws, lambda q, v=values, p=law: np.interp(q, v, p)).pvalue > 1e-3


def test_independent_names_the_later_of_two_columns() -> None:
    x = np.random.default_rng(1).normal(size=(50, 2))
    whole = np.column_stack([np.ones(50), x, x[:, 0] - 3, x.sum(axis=1)])
    assert independent(whole).tolist() == [0, 1, 2]


def test_incomplete_rows_are_dropped_and_counted() -> None:
    frame = simulated(200)
    frame.loc[[3, 5], "skill"] = np.nan
    frame.loc[[5, 9], "region"] = None
    found = nqp.mediate(frame, mediators="skill", strata="region", **ARGUMENTS)
    kept = nqp.mediate(frame.drop([3, 5, 9]), mediators="skill", strata="region", **ARGUMENTS)
    assert found.effects.identical(kept.effects)
    assert found.notes == ("3 rows of 200 dropped because of missing values (skill 2, region 2)",)
    assert "3 rows of 200" in repr(found)


def test_two_values_are_noted_and_two_words_refused() -> None:
    frame = simulated(200)
    binary = frame.assign(skill=frame["skill"] > 4)
    assert "skill takes two values" in nqp.mediate(binary, mediators="skill", **ARGUMENTS).notes[0]
    words = frame.assign(treat=frame["treat"].map({0: "no", 1: "yes"}))
    with pytest.raises(PanelError, match=r"contains 'no' and 'yes'[\s\S]*== 'yes'"):
        nqp.mediate(words, mediators="skill", **ARGUMENTS)
    codes = nqp.mediate(frame.assign(treat=frame["treat"] + 1), mediators="skill", **ARGUMENTS)
    assert codes.change == (1.0, 2.0)
    plain = nqp.mediate(frame, mediators="skill", **ARGUMENTS)
    np.testing.assert_allclose(codes.effects["effect"], plain.effects["effect"], rtol=1e-9)


BAD: list[tuple[str, type[Exception], str, dict[str, Any], dict[str, Any]]] = [
    ("text", PanelError, r"mediators='skill'.*text in 1 row: '—'[\s\S]*row 4", {"skill": "—"}, {}),
    ("infinite", PanelError, "outcome='wage' has 1 infinite", {"wage": np.inf}, {}),
    ("unknown", PanelError, "mediators='skil'.*[\\s\\S]*'skill'", {}, {"mediators": ["skil"]}),
    ("no mediator", StudyError, "'mediators' is empty", {}, {"mediators": []}),
    ("two roles", PanelError, "two roles", {}, {"mediators": ["treat"]}),
    ("change", StudyError, "'change' is", {}, {"change": (1, 1)}),
    ("switch", StudyError, "'interaction' is 1", {}, {"interaction": 1}),
    ("draws", StudyError, "'draws' is 0", {}, {"draws": 0}),
    ("seed", StudyError, "'seed' is -1", {}, {"seed": -1}),
    ("priors", StudyError, "'priors' is", {}, {"priors": 3}),
]


@pytest.mark.parametrize("case", BAD, ids=[case[0] for case in BAD])
def test_bad_arguments_are_named(case: Any) -> None:
    _, error, words, changed, given = case
    frame = simulated(60).astype(dict.fromkeys(changed, object))
    for name, value in changed.items():
        frame.loc[4, name] = value
    with pytest.raises(error, match=words):
        nqp.mediate(frame, **{**ARGUMENTS, "mediators": ["skill"], **given})


def test_columns_that_say_nothing_are_refused() -> None:
    frame = simulated(80)
    frame["flat"], frame["twice"] = 1.0, 2 * frame["wage"] - 1
    frame["again"], frame["sum"] = 1 - frame["treat"], frame["skill"] + frame["x"]
    frame["made"] = frame["skill"] - frame["effort"]

    def ask(*mediators: str, **given: Any) -> nqp.Mediated:
        return nqp.mediate(frame, **{**ARGUMENTS, "mediators": mediators, **given})

    with pytest.raises(PanelError, match="mediators='flat' is 1 in all 80 complete rows"):
        ask("flat")
    with pytest.raises(PanelError, match="mediators='twice' is a linear function of outcome"):
        ask("twice")
    with pytest.raises(PanelError, match="mediators='again' is a linear function of treatment"):
        ask("again")
    with pytest.raises(IdentificationError, match="mediators='sum'"):
        ask("skill", "sum")
    with pytest.raises(IdentificationError, match="outcome='made' is an exact linear function"):
        ask("skill", "effort", outcome="made")
    frame.loc[frame["region"] == "west", "treat"] = 1
    with pytest.raises(IdentificationError, match=r"does not vary in a stratum[\s\S]*west"):
        ask("skill", strata="region")
    with pytest.raises(IdentificationError, match="too few"):
        nqp.mediate(frame.iloc[:5], mediators=["skill", "effort"], **ARGUMENTS)
    with pytest.raises(PanelError, match="no complete row"):
        nqp.mediate(frame.assign(x=np.nan), mediators="skill", **ARGUMENTS)
    with pytest.raises(StudyError, match=r"'data' is \[1\]"):
        nqp.mediate([1], mediators="skill", **ARGUMENTS)  # type: ignore[arg-type]
