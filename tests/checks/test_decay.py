"""How far a policy reaches: lengths of decay by evidence, and the curve over all of them."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError

UNITS, PERIODS, LENGTH, THETA, OWN = 120, 8, 60.0, 0.5, 1.0
SAMPLER = nqp.Importance(seed=1, draws=250)


def panel_of(
    theta: float = THETA, seed: int = 1, length: float = LENGTH, noise: float = 0.4
) -> tuple[nqp.Panel, np.ndarray]:
    """Units receive of each one in force, less by a third every 24 km; and what they receive."""
    rng = np.random.default_rng(seed)
    place = np.column_stack([rng.uniform(110, 116, UNITS), rng.uniform(28, 33, UNITS)])
    start = np.where(rng.random(UNITS) < 0.6, 99, rng.integers(3, 7, UNITS))
    time = np.arange(PERIODS)
    frame = pd.DataFrame(
        {"unit": np.repeat(np.arange(UNITS), PERIODS).astype(str), "y": 0.0,
         "time": np.tile(time, UNITS), "longitude": np.repeat(place[:, 0], PERIODS),
         "latitude": np.repeat(place[:, 1], PERIODS),
         "cohort": np.repeat(np.where(start < 99, start, np.nan), PERIODS)}
    )  # fmt: skip
    roles = {"unit": "unit", "time": "time", "cohort": "cohort", "outcome": "y"}
    blank = nqp.Panel.from_frame(frame.assign(y=rng.standard_normal(len(frame))), **roles)
    weights = nqp.spatial_weights.exponential(blank, length, standardised="none")
    w = weights.matrix.toarray()
    order = [list(weights.ids).index(str(k)) for k in range(UNITS)]
    policy = (time >= start[:, None]) * 1.0
    near = theta * w[np.ix_(order, order)] @ policy
    y = OWN * policy + near + rng.standard_normal((UNITS, 1)) + rng.standard_normal(PERIODS)
    y += noise * rng.standard_normal((UNITS, PERIODS))
    received = near[policy == 0.0]
    return nqp.Panel.from_frame(frame.assign(y=y.ravel()), **roles), received


@pytest.fixture(scope="module")
def answer() -> nqp.Decay:
    panel, _ = panel_of()
    design = nqp.StaggeredDiD(nqp.CompletePooling(varying=None), time=nqp.TimeEffects())
    fit = nqp.fit(design, panel, SAMPLER, progress=False)
    return nqp.decay(fit, km=(15, 30, 60, 120, 240))


@pytest.mark.slow
def test_the_length_that_made_the_outcome_has_the_probability(answer: nqp.Decay) -> None:
    shares = answer.probabilities
    assert abs(np.log(shares.idxmax() / LENGTH)) < 0.3
    assert shares[(shares.index > 40) & (shares.index < 90)].sum() > 0.9
    assert shares.sum() == pytest.approx(1.0)
    # Where the data tell, lengths were put in.
    assert len(shares) > 5
    assert shares.max() < 0.3
    assert "P(60 km)" in repr(answer)


@pytest.mark.slow
def test_the_curve_holds_the_true_one(answer: nqp.Decay) -> None:
    curve = answer.curve
    true = THETA * np.exp(-curve["km"] / LENGTH)
    assert ((curve["lower"] < true) & (true < curve["upper"])).all()
    assert curve["km"].iloc[[0, -1]].tolist() == [0.0, 240.0]
    assert (curve["upper"] - curve["lower"]).max() < 0.3
    at = answer.at([LENGTH])
    expected = (answer.near * np.exp(-LENGTH / answer.length)).mean()
    assert at["mean"][0] == pytest.approx(expected)


@pytest.mark.slow
def test_effects_are_own_and_received(answer: nqp.Decay) -> None:
    _, received = panel_of()
    own = nqp.att(answer, path="direct")
    assert abs(float(own.mean()) - OWN) < 3.0 * float(own.std())
    ours = nqp.spillover_effects(answer.effects)
    after = received[received > 0.0].mean()
    assert float(ours.mean()) == pytest.approx(after, abs=0.25)


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.05, 0.0005])
def test_however_closely_data_tell_the_length_intervals_hold_it(noise: float) -> None:
    panel, received = panel_of(length=47.0, noise=noise)
    design = nqp.StaggeredDiD(nqp.CompletePooling(varying=None), time=nqp.TimeEffects())
    answer = nqp.decay(nqp.fit(design, panel, SAMPLER, progress=False), km=(15, 30, 60, 120, 240))
    ends, after = np.log(answer.length), received[received > 0.0].mean()
    assert np.unique(ends).size > 4
    # Steps are fine against the posterior, and the truth is within it.
    assert abs(ends.mean() - np.log(47.0)) < 3.0 * ends.std()
    steps = np.diff(np.log(answer.probabilities[answer.probabilities > 0.05].index))
    assert steps.max() < 1.2 * ends.std()
    ours = nqp.spillover_effects(answer.effects)
    assert abs(float(ours.mean()) - after) < 3.0 * float(ours.std())


@pytest.mark.slow
def test_where_nothing_is_received_lengths_keep_their_prior() -> None:
    design = nqp.StaggeredDiD(nqp.CompletePooling(varying=None), time=nqp.TimeEffects())
    middle = []
    for seed in (2, 3, 4):
        panel, _ = panel_of(theta=0.0, seed=seed)
        answer = nqp.decay(nqp.fit(design, panel, SAMPLER, progress=False), (15, 30, 60, 120, 240))
        middle.append(np.log2(answer.length / 60.0).mean())
        curve = answer.at([0.0, 50.0, 100.0])
        assert ((curve["lower"] < 0.0) & (curve["upper"] > 0.0)).all()
    # Four doublings, uniform: short lengths are no likelier for making exposure small.
    assert abs(np.mean(middle)) < 0.8
    assert answer.probabilities.max() < 0.9


def test_lengths_are_positive_numbers() -> None:
    panel, _ = panel_of()
    fit = nqp.fit(
        nqp.StaggeredDiD(nqp.CompletePooling(varying=None), time=nqp.TimeEffects()), panel, SAMPLER,
        progress=False,
    )  # fmt: skip
    for km in ((), (0.0, 10.0), (np.inf,)):
        with pytest.raises(StudyError, match="'km'"):
            nqp.decay(fit, km=km)


@pytest.mark.slow
def test_the_check_says_between_which_lengths_or_that_nothing_falls() -> None:
    design = nqp.StaggeredDiD(nqp.CompletePooling(varying=None), time=nqp.TimeEffects())
    panel, _ = panel_of(length=47.0, noise=0.05)
    result = nqp.check(
        nqp.fit(design, panel, SAMPLER, progress=False), "spatial_decay", progress=False
    )
    found = re.search(r"length \(to 37 %\) (\d+) km \[(\d+), (\d+)\]", result.figure)
    assert found is not None, result.figure
    middle, low, high = map(float, found.groups())
    assert low <= 47.0 <= high
    assert low < middle < high < 70.0
    assert f"from {low:.0f} to {high:.0f} km" in result.sentence
    panel, _ = panel_of(theta=0.0, seed=2)
    none = nqp.check(
        nqp.fit(design, panel, SAMPLER, progress=False), "spatial_decay", progress=False
    )
    assert "not identified" in none.sentence
