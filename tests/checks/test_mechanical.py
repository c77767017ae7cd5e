"""Mediators that contain the outcome, and mediators that do not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

import bayes_nqp as nqp

Array = npt.NDArray[np.float64]
UNITS, PERIODS = 60, 10
DESIGN = nqp.Mediation(nqp.StaggeredDiD(nqp.PartialPooling(varying=None)))
SAMPLER = nqp.Importance(draws=200, chains=2, seed=1)
KINDS: dict[str, Callable[[Array, Array], Array]] = {
    "y / x": lambda y, x: y / x,
    "x / y": lambda y, x: x / y,
    "log x − log y": lambda y, x: np.log(x) - np.log(y),
    "share": lambda y, x: y / (x + y),
    "share of the outcome, in per cent": lambda y, x: 100.0 * x / (x + y),
}


def errors(rng: np.random.Generator, rho: float) -> Array:
    out = rng.normal(size=(UNITS, PERIODS))
    for t in range(1, PERIODS):
        out[:, t] += rho * out[:, t - 1]
    return out


def tables(seed: int) -> tuple[Array, Array, Array]:
    """An outcome that the policy moves, another quantity, and where units are treated."""
    rng = np.random.default_rng(seed)
    on = (np.arange(PERIODS) >= np.array([4, 6, 99])[np.arange(UNITS) % 3][:, None]) * 1.0
    y, x = (
        np.exp(2.0 + rng.normal(size=(UNITS, 1)) + 0.2 * errors(rng, rho)) for rho in (0.3, 0.6)
    )
    return y * np.exp(0.2 * on), x, on


def verdict_of(y: Array, m: Array, *, digits: int = 12, **columns: Array) -> nqp.CheckResult:
    unit, time = np.divmod(np.arange(y.size), PERIODS)
    frame = pd.DataFrame({"unit": unit, "time": time, "y": y.ravel(), "m": m.ravel()})
    frame["cohort"] = np.array([4, 6, np.nan])[unit % 3]
    frame = frame.assign(**{k: z.ravel() for k, z in columns.items()}).round(digits)
    panel = nqp.Panel.from_frame(
        frame, unit="unit", time="time", cohort="cohort", outcome="y", mediators=["m"]
    )
    fit = nqp.fit(DESIGN, panel, SAMPLER, progress=False)
    return nqp.check(fit, "mechanical", progress=False)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_relation_with_another_column_of_the_file_fails(kind: str) -> None:
    y, x, _ = tables(1)
    found = verdict_of(y, KINDS[kind](y, x), x=x, digits=4)
    assert found.verdict == "failed", found
    assert "x" in found.figure
    assert "computed from the outcome" in found.sentence


def test_a_few_winsorised_observations_do_not_hide_it() -> None:
    y, x, _ = tables(2)
    m = y / x
    assert verdict_of(y, m.clip(*np.quantile(m, (0.02, 0.98))), x=x).verdict == "failed"


@pytest.mark.parametrize("logs", [False, True])
def test_the_other_part_need_not_be_in_the_file(logs: bool) -> None:
    y, x, _ = tables(3)
    found = verdict_of(np.log(y) if logs else y, np.log(x / y))
    assert found.verdict == "caution", found
    assert "one to one" in found.sentence


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.05, 0.5])
@pytest.mark.parametrize("slope", [0.5, 3.0])
def test_an_actual_mediator_does_not_contain_the_outcome(slope: float, noise: float) -> None:
    for seed in (4, 5):
        rng = np.random.default_rng(seed)
        _, x, on = tables(seed)
        m = np.log(x) + 0.5 * errors(rng, 0.7) + 0.5 * on
        y = slope * m + np.log(x) + noise * slope * errors(rng, 0.2) + 0.2 * on
        found = verdict_of(y, m, digits=3, x=x)
        assert found.verdict == "passed", found


def test_an_index_contains_its_indicators() -> None:
    rng = np.random.default_rng(6)
    parts = [np.exp(0.3 * errors(rng, 0.5)) for _ in range(3)]
    y = 0.5 * parts[0] + 0.3 * parts[1] + 0.2 * parts[2]
    found = verdict_of(y, parts[0], second=parts[1], third=parts[2], digits=6)
    assert found.verdict == "failed", found


@pytest.mark.slow
def test_shares_that_sum_to_one_are_not_the_outcome() -> None:
    rng = np.random.default_rng(7)
    a, b = (np.exp(0.3 * errors(rng, 0.5)) for _ in range(2))
    y = 0.5 * a / (a + b) + 0.1 * errors(rng, 0.5)
    assert verdict_of(y, a / (a + b), other=b / (a + b)).verdict == "passed"
