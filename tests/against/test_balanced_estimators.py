"""Kernel matching and entropy balancing next to direct computations and the jackknife."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from matched_units import EFFECT, selected

import bayes_nqp as nqp
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp.data.matching import METHODS, Pool
from bayes_nqp.robustness import AVERAGE, ESTIMATORS, Sample

NAMES = ("kernel_matching", "entropy_balancing")


@cache
def panel() -> nqp.Panel:
    return selected(70, 7, seed=4)


@cache
def rows(cohorts: tuple[int, ...] = (4,)) -> Sample:
    made = panel() if cohorts == (4,) else selected(120, 7, seed=2, cohorts=cohorts)
    return Sample.of(made, 0, ("z",), ("x",))


def pool_and_outcomes() -> tuple[Pool, Array]:
    """Baseline values of the units, z averaged before adoption, and outcomes (unit, time)."""
    frame = panel().frame
    early = frame[frame["time"] < 2004].groupby("unit")[["z", "x"]].mean()
    treated = panel().cohort_codes >= 0
    return Pool(("z", "x"), early.to_numpy(), treated, np.arange(70)), panel().outcome.reshape(
        70, 7
    )


@pytest.mark.parametrize(("name", "method"), [(NAMES[0], "kernel"), (NAMES[1], "entropy")])
def test_effects_are_weighted_differences_of_changes(name: str, method: str) -> None:
    pool, y = pool_and_outcomes()
    weights = METHODS[method].weigh(pool)
    groups = [
        np.average(y[mask], weights=weights[mask], axis=0) for mask in (pool.treated, ~pool.treated)
    ]
    gap = groups[0] - groups[1]
    found = ESTIMATORS[name].estimate(rows())
    effects = dict(zip(found.event_time.tolist(), found.mean, strict=True))
    for event_time in (-4, -2, 0, 1, 2):
        direct = gap[4 + event_time] - gap[3]
        assert effects[event_time] == pytest.approx(direct, abs=1e-8)
    assert effects[AVERAGE] == pytest.approx((gap[4:] - gap[3]).mean(), abs=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_standard_errors_are_those_of_the_jackknife(name: str) -> None:
    """Each unit is left out in turn, with new weights; kernel matching is conservative."""
    sample = rows()
    found = ESTIMATORS[name].estimate(sample)
    left = np.array(
        [ESTIMATORS[name].estimate(sample.where(sample.unit != u)).mean[-1] for u in range(70)]
    )
    jackknife = np.sqrt(69 / 70 * ((left - left.mean()) ** 2).sum())
    assert 0.9 < found.sd[-1] / jackknife < (1.25 if name == "kernel_matching" else 1.1)


@pytest.mark.parametrize("name", NAMES)
def test_several_cohorts_each_with_weights_of_its_own(name: str) -> None:
    found = ESTIMATORS[name].estimate(rows((3, 4)))
    assert abs(found.mean[-1] - EFFECT) < 3 * found.sd[-1]
    biased = ESTIMATORS["callaway_santanna"].estimate(rows((3, 4)))
    assert biased.mean[-1] - 3 * biased.sd[-1] > EFFECT


@pytest.mark.parametrize("name", NAMES)
def test_gaps_lose_units_and_not_the_effect(name: str) -> None:
    sample = rows()
    gone = np.random.default_rng(1).random(sample.y.size) < 0.1
    thinned = sample.where(~gone)
    found = ESTIMATORS[name].estimate(thinned)
    assert abs(found.mean[-1] - EFFECT) < 3 * found.sd[-1]
    assert np.isfinite(found.sd).all()


def test_what_cannot_be_weighted_says_why() -> None:
    bare = Sample.of(panel())
    for name in NAMES:
        with pytest.raises(NotApplicable, match="neither covariates nor baseline"):
            ESTIMATORS[name].estimate(bare)
    few = rows().where(rows().never | (rows().unit < 6))
    with pytest.raises(NotApplicable, match="fewer than 5"):
        ESTIMATORS["kernel_matching"].estimate(few)
    far = Sample.of(panel(), 0, (), ("x",))
    apart = {"x": np.where(far.never, far.z["x"], far.z["x"] + 9.0)}
    far = type(far)(far.y, far.unit, far.time, far.cohort, z=apart)
    with pytest.raises(NotApplicable, match="no weights of never-treated"):
        ESTIMATORS["entropy_balancing"].estimate(far)
    with pytest.raises(NotApplicable, match="no treated unit has a similar"):
        ESTIMATORS["kernel_matching"].estimate(far)
