"""A level that shifted before adoption: its column, what it repairs, what is said of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import IdentificationError, StudyError

SAMPLER = nqp.Importance(draws=500, seed=1)
COHORTS, PERIODS = (5, 7, 9), 11


def shifted(units: int, seed: int, size: float = 0.8, periods: int = 3) -> nqp.Panel:
    """Adopters' level rises by `size` some periods before adoption; the effect is one."""
    rng = np.random.default_rng([91, seed])
    errors = rng.normal(size=(units, PERIODS))
    for t in range(1, PERIODS):
        errors[:, t] += 0.5 * errors[:, t - 1]
    start = rng.choice([*COHORTS, PERIODS], size=units)
    time = np.arange(PERIODS)
    event = np.where((start < PERIODS)[:, None], time - start[:, None], -99)
    level = rng.normal(0.0, 3.0, (units, 1)) + np.cumsum(rng.normal(0.0, 0.4, PERIODS))
    y = level + errors + (event >= 0) + size * (event >= -periods)
    frame = pd.DataFrame({
        "unit": np.repeat(np.arange(units), PERIODS), "time": np.tile(time, units),
        "cohort": np.repeat(np.where(start < PERIODS, start, np.nan), PERIODS),
        "column": (event >= -periods).ravel().astype(float), "y": y.ravel(),
    })  # fmt: skip
    return nqp.Panel.from_frame(
        frame, unit="unit", time="time", cohort="cohort", outcome="y", covariates=["column"]
    )


@pytest.mark.slow
@pytest.mark.parametrize("periods", [1, 3])
def test_it_is_a_covariate_that_adopters_have_from_then_on(periods: int) -> None:
    panel = shifted(60, 1, periods=periods)
    named = nqp.fit(
        nqp.StaggeredDiD(trends=nqp.PreAdoptionShift(periods), covariates=()),
        panel, SAMPLER, progress=False,
    )  # fmt: skip
    written = nqp.fit(nqp.StaggeredDiD(), panel, SAMPLER, progress=False)
    np.testing.assert_allclose(nqp.att(named), nqp.att(written), atol=1e-8)


@pytest.mark.slow
def test_with_channels_every_equation_has_a_change_of_its_own() -> None:
    panel = shifted(60, 3)
    frame = panel.frame.assign(m=np.random.default_rng(4).normal(size=len(panel.frame)))
    frame["m"] += 2.0 * frame["column"]
    panel = nqp.Panel.from_frame(frame, **{**panel.arguments, "mediators": ["m"]})
    named, written = (
        nqp.fit(nqp.Mediation(design, ["m"]), panel, SAMPLER, progress=False)
        for design in (
            nqp.StaggeredDiD(trends=nqp.PreAdoptionShift(), covariates=()), nqp.StaggeredDiD()
        )
    )  # fmt: skip
    np.testing.assert_allclose(nqp.nie(named), nqp.nie(written), atol=1e-8)
    np.testing.assert_allclose(nqp.total(named), nqp.total(written), atol=1e-8)


@pytest.mark.slow
def test_it_repairs_what_parallel_trends_do_not() -> None:
    """A response of three periods takes the whole change for an effect, parallel trends a part."""
    stories = {
        "parallel": {}, "response": {"anticipation": 3}, "shift": {"trends": nqp.PreAdoptionShift()}
    }  # fmt: skip
    distances: dict[str, list[float]] = {name: [] for name in stories}
    for seed in range(6):
        panel = shifted(160, seed, size=3.0)
        for name, story in stories.items():
            design = nqp.StaggeredDiD(nqp.CompletePooling(), **story, covariates=())
            draws = nqp.att(nqp.fit(design, panel, SAMPLER, progress=False))
            distances[name].append(float((draws.mean() - 1.0) / draws.std()))
    mean = {name: np.mean(z) for name, z in distances.items()}
    assert mean["response"] > 5.0
    assert mean["parallel"] > abs(mean["shift"]) + 0.5
    assert abs(mean["shift"]) < 0.9


@pytest.mark.slow
def test_the_average_weighs_it_beside_a_response() -> None:
    """Both explain the same rows before adoption; together they leave both answers open."""
    panel = shifted(200, 2)
    fit = nqp.fit(nqp.StaggeredDiD(covariates=()), panel, SAMPLER, progress=False)
    answer = nqp.model_average(fit)
    names = answer.table.set_index("design")["weight"]
    assert names["a level shift three periods before adoption"] > 0.1
    assert names["parallel trends"] < 0.05
    details = nqp.check(fit, "pretrends", progress=False).details
    first, second = details.split("The second is")
    assert "trends=nqp.PreAdoptionShift()" in first
    assert second.strip().startswith("anticipation=3")
    low, high = np.quantile(nqp.att(answer), [0.025, 0.975])
    assert low < 1.0 < high


def test_what_it_needs_and_says() -> None:
    panel = shifted(30, 1)
    with pytest.raises(StudyError, match="'periods' is 0"):
        nqp.PreAdoptionShift(0)
    with pytest.raises(IdentificationError, match="flat leads"):
        nqp.StaggeredDiD(trends=nqp.PreAdoptionShift(), controls="never").spec(panel)
    with pytest.raises(IdentificationError, match="more than 9 periods before"):
        nqp.StaggeredDiD(trends=nqp.PreAdoptionShift(9)).spec(panel)
    with pytest.raises(IdentificationError, match="more than 3 periods before"):
        nqp.StaggeredDiD(trends=nqp.PreAdoptionShift(3), anticipation=6).spec(panel)
    words = nqp.PreAdoptionShift(2).words({})
    assert "2 periods before adoption" in words


@pytest.mark.slow
def test_checks_judge_it_by_its_own_leads() -> None:
    panel = shifted(150, 1)
    design = nqp.StaggeredDiD(trends=nqp.PreAdoptionShift(), covariates=())
    fit = nqp.fit(design, panel, SAMPLER, progress=False)
    found = nqp.check(fit, "pretrends", progress=False)
    assert found.verdict == "reported"
    assert "Net of the level shift" in found.sentence
    assert "An early response to the policy would look the same" in found.details
    assert "none of the policy's" in str(design.trends.question)
    for name in ("placebo_time", "placebo_mixed", "anticipation"):
        assert nqp.check(fit, name, progress=False).verdict == "not applicable"
